//! Measures the embedded engine's commits under sustained load: how many, how long each takes from
//! submission to acknowledgement, how much memory and disk.
//!
//! `cargo run --release -p akson-store --example commit_latency -- FOLDER [name=value …]` with
//! `seconds`, `submitters`, `memtable_mb`, `workers`, `l0`, `table_mb`, `cache_mb`, `reads=1` (only
//! log entries). Each write has the shape of a small resource: ten index keys of about 60 bytes and
//! one value of 400 bytes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a measurement, not part of the library"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use akson_base::Clock;
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::{Engine, Op, Precondition, Transaction, commit_and_wait};

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> akson_base::Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        akson_base::Instant(since.as_millis() as i64)
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

fn put(key: Vec<u8>, value: Vec<u8>) -> Op {
    Op::Put { key, value, stamp_key_at: None, stamp_value_at: None }
}

fn create(random: &mut Random, number: u64) -> Transaction {
    let id = [b"L\x07".as_slice(), format!("{number:036}").as_bytes()].concat();
    let mut body = vec![0u8; 400];
    for part in body.chunks_mut(8) {
        // About half of it compresses, as bodies with a dictionary do.
        part[..4].copy_from_slice(&random.next().to_be_bytes()[..4]);
    }
    let mut ops = vec![put(id.clone(), Vec::new()), put([b"H", &id[..]].concat(), body)];
    for slot in 0..9u8 {
        let value = random.next() % 5000;
        ops.push(put(format!("I{slot}{value:020}/{number:030}xx").into_bytes(), Vec::new()));
    }
    let preconditions = vec![Precondition::Absent(id)];
    Transaction { preconditions, ops, log: vec![vec![1; 60]], ..Transaction::default() }
}

fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn percentile(sorted: &[u32], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len() - 1);
    f64::from(sorted[at]) / 1000.0
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let given: HashMap<String, u64> = arguments
        .map(|a| a.split_once('=').map(|(k, v)| (k.to_owned(), v.parse().unwrap())).unwrap())
        .collect();
    let get = |name: &str, default: u64| given.get(name).copied().unwrap_or(default);
    let standard = Options::default();
    let options = Options {
        memtable_bytes: get("memtable_mb", standard.memtable_bytes >> 20) << 20,
        workers: get("workers", standard.workers as u64) as usize,
        l0_threshold: get("l0", u64::from(standard.l0_threshold)) as u8,
        table_bytes: get("table_mb", standard.table_bytes >> 20) << 20,
        cache_bytes: get("cache_mb", standard.cache_bytes >> 20) << 20,
        ..standard
    };
    let engine = FjallEngine::open(Path::new(&folder), &options, Arc::new(WallClock)).unwrap();
    let until = Instant::now() + Duration::from_secs(get("seconds", 60));
    // Numbers that no earlier run on this folder used.
    let numbers = AtomicU64::new(engine.last_commit().commit << 20);
    let only_reads = get("reads", 0) == 1;
    let start = Instant::now();
    let mut times: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..get("submitters", 64))
            .map(|thread| {
                let (engine, numbers) = (&engine, &numbers);
                scope.spawn(move || {
                    let mut random = Random(thread + 1);
                    let mut times = Vec::new();
                    while Instant::now() < until {
                        let number = numbers.fetch_add(1, Ordering::Relaxed);
                        let transaction = if only_reads {
                            Transaction { log: vec![vec![1; 80]], ..Transaction::default() }
                        } else {
                            create(&mut random, number)
                        };
                        let begun = Instant::now();
                        commit_and_wait(engine, transaction).unwrap();
                        times.push(begun.elapsed().as_micros() as u32);
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    times.sort_unstable();
    let loaded = resident_megabytes();
    let stats: HashMap<_, _> = engine.stats().into_iter().collect();
    let settling = Instant::now();
    engine.settle().unwrap();
    let settled: HashMap<_, _> = engine.stats().into_iter().collect();
    println!(
        "{:.0}/s p50 {:.1} p99 {:.1} p99.9 {:.1} max {:.1} ms; {:.0} per group; write {:.2} mark \
         {:.2} ms; RSS {loaded} MB, settled {} MB in {:.1} s; disk {} MB, settled {} MB; {} B each",
        times.len() as f64 / seconds,
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        percentile(&times, 0.999),
        f64::from(times[times.len() - 1]) / 1000.0,
        times.len() as f64 / stats["groups"] as f64,
        stats["write_microseconds"] as f64 / stats["groups"] as f64 / 1000.0,
        stats["mark_microseconds"] as f64 / stats["groups"] as f64 / 1000.0,
        resident_megabytes(),
        settling.elapsed().as_secs_f64(),
        stats["disk_bytes"] >> 20,
        settled["disk_bytes"] >> 20,
        settled["disk_bytes"] / times.len() as u64,
    );
}
