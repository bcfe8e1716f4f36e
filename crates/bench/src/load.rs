//! Many connections that each send their next request as soon as the last is answered.
//!
//! What to send is a [`Script`]'s business; this file keeps time, counts and latencies. Each
//! thread has its own single-threaded runtime and its own share of the connections, so that the
//! generator has no lock and moves no task between cores.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::client::{Address, Answer, Connection};

/// What one connection sends, one request after the other.
pub(crate) trait Script: Send {
    /// Writes the next request into the empty `request`.
    fn next(&mut self, request: &mut Vec<u8>);

    /// Looks at the answer; an error is counted and its text kept.
    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String>;
}

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Connections, each with one request under way.
    pub(crate) connections: usize,
    /// Not counted.
    pub(crate) warm_up: Duration,
    /// Counted.
    pub(crate) measured: Duration,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Answered as they should.
    pub(crate) requests: u64,
    /// Answered otherwise, or not at all.
    pub(crate) errors: u64,
    /// What the first of them was.
    pub(crate) first_error: Option<String>,
    /// Bytes of bodies received.
    pub(crate) body_bytes: u64,
    /// Time counted.
    pub(crate) seconds: f64,
    /// Microseconds from sending to having the whole answer.
    pub(crate) latency: Histogram<u64>,
}

/// Longest latency told apart, in microseconds.
const LATENCY_MICROSECONDS_MAX: u64 = 120_000_000;
/// How long answers may keep us waiting after the end.
const GRACE: Duration = Duration::from_secs(30);
/// Threads of the generator; it shares the machine with the server.
const THREADS: usize = 2;

fn empty() -> Result<Measured, String> {
    Ok(Measured {
        requests: 0,
        errors: 0,
        first_error: None,
        body_bytes: 0,
        seconds: 0.0,
        latency: microseconds()?,
    })
}

/// An empty histogram of microseconds; what takes longer than it can tell apart counts as longest.
pub(crate) fn microseconds() -> Result<Histogram<u64>, String> {
    Histogram::new_with_bounds(1, LATENCY_MICROSECONDS_MAX, 3)
        .map_err(|error| format!("histogram: {error}"))
}

impl Measured {
    /// Requests per second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// Milliseconds within which the given share (0.99) was answered.
    pub(crate) fn milliseconds_at(&self, share: f64) -> f64 {
        self.latency.value_at_quantile(share) as f64 / 1_000.0
    }

    /// Bytes of an average body.
    pub(crate) fn mean_body_bytes(&self) -> u64 {
        self.body_bytes.checked_div(self.requests).unwrap_or(0)
    }

    fn failed(&mut self, what: String) {
        self.errors += 1;
        self.first_error.get_or_insert(what);
    }

    /// What came of both, one after the other.
    pub(crate) fn and_then(mut self, later: &Self) -> Result<Self, String> {
        self.add(later)?;
        self.seconds += later.seconds;
        Ok(self)
    }

    fn add(&mut self, other: &Self) -> Result<(), String> {
        self.requests += other.requests;
        self.errors += other.errors;
        self.body_bytes += other.body_bytes;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
        self.latency.add(&other.latency).map_err(|error| format!("histogram: {error}"))
    }
}

/// The times of one run, the same for all threads.
#[derive(Clone, Copy)]
struct Times {
    begin: Instant,
    end: Instant,
}

/// Runs one script per connection against `address`.
pub(crate) fn drive(
    address: &Address,
    plan: Plan,
    script: &dyn Fn(usize) -> Box<dyn Script>,
) -> Result<Measured, String> {
    let begin = Instant::now() + plan.warm_up;
    let times = Times { begin, end: begin + plan.measured };
    let mut shares: Vec<Vec<Box<dyn Script>>> = (0..THREADS).map(|_| Vec::new()).collect();
    for (connection, share) in (0..plan.connections).zip((0..THREADS).cycle()) {
        if let Some(share) = shares.get_mut(share) {
            share.push(script(connection));
        }
    }
    let threads: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let address = address.clone();
            std::thread::spawn(move || run_share(&address, times, share))
        })
        .collect();
    let mut sum = empty()?;
    for thread in threads {
        sum.add(&thread.join().map_err(|_| "a thread of the generator failed")??)?;
    }
    sum.seconds = plan.measured.as_secs_f64();
    Ok(sum)
}

fn run_share(
    address: &Address,
    times: Times,
    scripts: Vec<Box<dyn Script>>,
) -> Result<Measured, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("runtime: {error}"))?;
    let tally = Rc::new(RefCell::new(empty()?));
    let all = tokio::task::LocalSet::new();
    let mut tasks = Vec::new();
    for script in scripts {
        let connection = run_connection(address.clone(), times, script, Rc::clone(&tally));
        tasks.push(all.spawn_local(connection));
    }
    let deadline = tokio::time::Instant::from_std(times.end + GRACE);
    let joined = all.block_on(&runtime, async {
        tokio::time::timeout_at(deadline, async {
            for task in tasks {
                // A task that failed left its connection's errors in the tally.
                drop(task.await);
            }
        })
        .await
    });
    if joined.is_err() {
        tally.borrow_mut().failed(format!("no answer within {} s", GRACE.as_secs()));
    }
    drop(all);
    let tally = tally.borrow().clone();
    Ok(tally)
}

async fn run_connection(
    address: Address,
    times: Times,
    mut script: Box<dyn Script>,
    tally: Rc<RefCell<Measured>>,
) {
    let mut open: Option<Connection> = None;
    let mut request = Vec::new();
    while Instant::now() < times.end {
        let connection = match open.as_mut() {
            Some(connection) => connection,
            None => match Connection::open(&address).await {
                Ok(connection) => open.insert(connection),
                Err(error) => {
                    tally.borrow_mut().failed(format!("connecting: {error}"));
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        request.clear();
        script.next(&mut request);
        let sent = Instant::now();
        let outcome = match connection.exchange(&request).await {
            Ok(answer) => script.check(&answer).map(|()| answer.body.len() as u64),
            Err(error) => {
                tally.borrow_mut().failed(format!("connection: {error}"));
                open = None;
                continue;
            }
        };
        let done = Instant::now();
        if connection.closes {
            open = None;
        }
        let mut tally = tally.borrow_mut();
        match outcome {
            Ok(bytes) if done >= times.begin && done < times.end => {
                tally.requests += 1;
                tally.body_bytes += bytes;
                let taken = (done - sent).as_micros();
                tally.latency.saturating_record(u64::try_from(taken).unwrap_or(u64::MAX));
            }
            Ok(_) => {}
            Err(what) => tally.failed(what),
        }
    }
}

/// The same prepared requests in a ring, every connection beginning at its own place.
pub(crate) struct Ring {
    requests: std::sync::Arc<Vec<Vec<u8>>>,
    at: usize,
    expected: u16,
}

impl Ring {
    /// `connection` of `connections` begins at its share of the ring; every answer must have the
    /// status `expected`.
    pub(crate) fn script(
        requests: &std::sync::Arc<Vec<Vec<u8>>>,
        connection: usize,
        connections: usize,
        expected: u16,
    ) -> Box<dyn Script> {
        let at = connection * requests.len() / connections.max(1);
        Box::new(Self { requests: std::sync::Arc::clone(requests), at, expected })
    }
}

impl Script for Ring {
    fn next(&mut self, request: &mut Vec<u8>) {
        if let Some(prepared) = self.requests.get(self.at % self.requests.len().max(1)) {
            request.extend_from_slice(prepared);
        }
        self.at += 1;
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        expect_status(answer, &[self.expected])
    }
}

/// An error that shows the first of the body when the status is none of those expected.
pub(crate) fn expect_status(answer: &Answer<'_>, expected: &[u16]) -> Result<(), String> {
    if expected.contains(&answer.status) {
        return Ok(());
    }
    let body = String::from_utf8_lossy(answer.body);
    let body: String = body.chars().take(300).collect();
    Err(format!("status {}: {body}", answer.status))
}
