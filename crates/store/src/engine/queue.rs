//! The bounded queue before the committer.
//!
//! Whoever submits waits in it; the committer takes as many as make one group. Full means refused
//! (`STO-058`), so that overload is felt at once and not as memory.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};

use super::{CommitError, Done, Transaction};

/// Longest key an engine takes, in bytes: what an index of PostgreSQL can hold.
pub(super) const KEY_BYTES_MAX: usize = 2_048;
/// Longest value an engine takes, in bytes.
pub(super) const VALUE_BYTES_MAX: usize = 1 << 30;

/// Transactions in a group from which on gathering more for the next one pays.
const CROWD: usize = 8;

/// A transaction that waits for its group.
pub(crate) struct Waiting {
    pub(crate) transaction: Transaction,
    pub(crate) done: Done,
    /// When it was submitted. Those of one queue come in this order.
    pub(crate) since: Instant,
    bytes: usize,
}

/// What the committer does next.
pub(crate) enum Next {
    /// Commit these together.
    Group(Vec<Waiting>),
    /// Write out what is in memory and tell when it is done.
    Settle(SyncSender<Result<(), Problem>>),
    /// The engine closes and nothing waits any more.
    Close,
}

enum Entry {
    Waiting(Waiting),
    Settle(SyncSender<Result<(), Problem>>),
}

/// How much may wait, and how much makes one group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) waiting_max: usize,
    pub(crate) waiting_bytes_max: usize,
    pub(crate) group_max: usize,
    pub(crate) group_bytes_max: usize,
    /// Shortest time from the beginning of one group to that of the next.
    pub(crate) group_interval: Duration,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    bytes: usize,
    closed: bool,
    /// The committer waits to be woken; telling it when it does not costs a system call.
    idle: bool,
    /// When the newest group of [`CROWD`] or more was taken; `None` when the newest was smaller.
    taken: Option<Instant>,
}

/// The queue.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    /// Never notified but at the end: waiting on it is a rest that lets the queue fill.
    rest: Condvar,
    limits: Limits,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), rest: Condvar::new(), limits }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a transaction, or refuses it at once through `done`.
    pub(crate) fn submit(&self, transaction: Transaction, done: Done) {
        let bytes = match measure(&transaction) {
            Ok(bytes) => bytes,
            Err(problem) => return done(Err(CommitError::Problem(problem))),
        };
        // What only leaves its entries in the log is somebody's read: it is refused last.
        let is_read = transaction.ops.is_empty();
        let mut state = self.lock();
        let refusal = if state.closed {
            Some(closing())
        } else if state.entries.len() >= self.limits.waiting_max
            // One transaction larger than the whole limit may still pass alone.
            || (!is_read
                && state.bytes > 0
                && state.bytes + bytes > self.limits.waiting_bytes_max)
        {
            Some(overload(state.entries.len()))
        } else {
            None
        };
        if let Some(problem) = refusal {
            drop(state);
            return done(Err(CommitError::Problem(problem)));
        }
        state.bytes += bytes;
        let since = Instant::now();
        state.entries.push_back(Entry::Waiting(Waiting { transaction, done, since, bytes }));
        self.wake(state);
    }

    /// Gives the lock back and wakes the committer if it sleeps.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        if idle {
            self.wake.notify_one();
        }
    }

    /// Asks the committer to settle after everything that waits now.
    pub(crate) fn settle(&self, tell: SyncSender<Result<(), Problem>>) -> Result<(), Problem> {
        let mut state = self.lock();
        if state.closed {
            return Err(closing());
        }
        state.entries.push_back(Entry::Settle(tell));
        self.wake(state);
        Ok(())
    }

    /// Takes no more; the committer finishes what waits.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake(state);
        self.rest.notify_one();
    }

    /// Takes no more and forgets what waits: nobody is left to commit it.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let forgotten = std::mem::take(&mut state.entries);
        drop(state);
        drop(forgotten);
    }

    /// Waits for work. After a group of [`CROWD`] or more the next is not begun before
    /// [`Limits::group_interval`] has passed: a commit costs the same for one as for a hundred. A
    /// few callers who wait for each other's commits are not made to wait longer.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        loop {
            if let (Some(Entry::Waiting(_)), Some(taken)) = (state.entries.front(), state.taken)
                && let Some(early) = self.limits.group_interval.checked_sub(taken.elapsed())
                && !state.closed
            {
                let rested = self.rest.wait_timeout(state, early);
                (state, _) = rested.unwrap_or_else(PoisonError::into_inner);
            }
            match state.entries.pop_front() {
                Some(Entry::Settle(tell)) => return Next::Settle(tell),
                Some(Entry::Waiting(first)) => {
                    let group = take_group(&mut state, first, self.limits);
                    state.taken = (group.len() >= CROWD).then(Instant::now);
                    return Next::Group(group);
                }
                None if state.closed => return Next::Close,
                None => {
                    state.idle = true;
                    state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Transactions waiting, and their bytes.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let state = self.lock();
        (state.entries.len(), state.bytes)
    }
}

fn take_group(state: &mut State, first: Waiting, limits: Limits) -> Vec<Waiting> {
    let mut bytes = first.bytes;
    state.bytes -= first.bytes;
    let mut group = vec![first];
    while group.len() < limits.group_max
        && let Some(Entry::Waiting(next)) = state.entries.front()
        && bytes + next.bytes <= limits.group_bytes_max
    {
        bytes += next.bytes;
        state.bytes -= next.bytes;
        if let Some(Entry::Waiting(next)) = state.entries.pop_front() {
            group.push(next);
        }
    }
    group
}

/// The bytes a transaction holds; refuses what no engine can store.
fn measure(transaction: &Transaction) -> Result<usize, Problem> {
    let mut bytes = 64 + transaction.changes.len() * 32;
    for op in &transaction.ops {
        let key = op.key().len();
        let value = op.bytes() as usize - key;
        if key == 0 || key > KEY_BYTES_MAX || value > VALUE_BYTES_MAX {
            return Err(Problem::fault(
                "STO-059",
                format!(
                    "a key of {key} bytes with a value of {value} bytes cannot be stored (keys: 1 to \
                     {KEY_BYTES_MAX} bytes, values: up to {VALUE_BYTES_MAX})"
                ),
            ));
        }
        bytes += key + value + 96;
    }
    bytes += transaction.log.iter().map(|entry| entry.len() + 32).sum::<usize>();
    Ok(bytes)
}

fn overload(waiting: usize) -> Problem {
    Problem::new(
        Kind::Busy,
        "STO-058",
        "The server has more writes waiting than it can take. Try again in a moment.",
    )
    .with_log(format!("{waiting} transactions wait for the committer"))
}

fn closing() -> Problem {
    Problem::new(Kind::Busy, "STO-060", "The server is shutting down. Try again in a moment.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Op;

    fn queue(waiting_max: usize, waiting_bytes_max: usize) -> Queue {
        let limits = Limits {
            waiting_max,
            waiting_bytes_max,
            group_max: 3,
            group_bytes_max: 10_000,
            group_interval: Duration::ZERO,
        };
        Queue::new(limits)
    }

    fn put(bytes: usize) -> Transaction {
        let op = Op::Put {
            key: b"k".to_vec(),
            value: vec![0; bytes],
            stamp_key_at: None,
            stamp_value_at: None,
        };
        Transaction { ops: vec![op], ..Transaction::default() }
    }

    fn submit(queue: &Queue, transaction: Transaction) -> Option<&'static str> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        queue.submit(transaction, Box::new(move |r| tell.send(r).unwrap()));
        match told.try_recv() {
            Ok(Err(CommitError::Problem(problem))) => Some(problem.code),
            _ => None,
        }
    }

    fn taken(queue: &Queue) -> usize {
        match queue.next() {
            Next::Group(group) => group.len(),
            Next::Settle(_) | Next::Close => 0,
        }
    }

    #[test]
    fn groups_are_bounded_in_number_and_bytes_and_a_huge_transaction_goes_alone() {
        let queue = queue(100, usize::MAX);
        for bytes in [1, 1, 1, 1, 20_000, 1, 9_000, 9_000] {
            assert_eq!(submit(&queue, put(bytes)), None);
        }
        let groups: Vec<_> = (0..5).map(|_| taken(&queue)).collect();
        assert_eq!(groups, [3, 1, 1, 2, 1]);
        queue.close();
        assert_eq!(taken(&queue), 0);
    }

    #[test]
    fn over_the_limit_is_refused_and_so_is_what_cannot_be_stored() {
        let full = queue(2, usize::MAX);
        assert_eq!(submit(&full, put(1)), None);
        assert_eq!(submit(&full, put(1)), None);
        assert_eq!(submit(&full, put(1)), Some("STO-058"));
        let full = queue(100, 5_000);
        assert_eq!(submit(&full, put(50_000)), None);
        assert_eq!(submit(&full, put(1)), Some("STO-058"));
        let read = Transaction { log: vec![vec![0; 100]], ..Transaction::default() };
        assert_eq!(submit(&full, read), None, "reads are refused last");
        let long = Op::Delete { key: vec![0; KEY_BYTES_MAX + 1] };
        let long = Transaction { ops: vec![long], ..Transaction::default() };
        assert_eq!(submit(&queue(2, 100), long), Some("STO-059"));
        full.close();
        assert_eq!(submit(&full, put(1)), Some("STO-060"));
    }
}
