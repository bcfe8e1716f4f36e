//! One patient's entries in a log of ten million.
//!
//! A record of its own: many patients, each looked at now and then as the gate logs it, by so many
//! tasks that commits hold many entries. Then the newest accesses of patients are asked for, those
//! who are looked at often and one who hardly ever is.

use std::sync::Arc;
use std::time::Instant;

use akson_access::{Actor, Policy};
use bytes::Bytes;

use super::Bench;
use super::rules::{Way, open, runtime, shown, type_of};
use crate::load::microseconds;
use crate::report::{Figure, Target};
use crate::say;

/// Entries of the log when it is searched.
const ENTRIES: usize = 10_000_000;
const PATIENTS: usize = 20_000;
/// Tasks that look at patients at the same time.
const LOOKING: usize = 512;
/// Entries about the patient whom hardly anybody has looked at.
const RARE: usize = 20;
/// Times that a patient's accesses are asked for.
const ASKED: usize = 1_000;
/// Newest entries that are asked for.
const NEWEST: usize = 50;
/// Who must be found within so many milliseconds.
const MILLISECONDS_MAX: f64 = 50.0;

impl Bench {
    /// Writes the log, then searches it.
    pub(super) fn log(&mut self) -> Result<(), String> {
        let data = self.work.join("log");
        std::fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
        let store = open(&data)?;
        let way = Way::new(&store, Policy::Open, Actor::open());
        let runtime = runtime()?;
        say(&format!("{PATIENTS} patients"));
        let of = type_of("Patient")?;
        runtime.block_on(each(&way, PATIENTS, move |way, number| async move {
            let body = format!("{{\"resourceType\":\"Patient\",\"id\":\"{}\"}}", id(number));
            let body = Bytes::from(body);
            way.record.update(&way.caller, of, &id(number), body, None).await.map_err(shown)?;
            Ok(())
        }))?;
        say(&format!("{ENTRIES} entries"));
        let begin = Instant::now();
        let parts = RARE;
        for part in 0..parts {
            runtime.block_on(each(&way, ENTRIES / parts, move |way, number| async move {
                // Patient 0 once in each part, all others in turn.
                let patient = if number == 0 { 0 } else { 1 + (number * 7_919) % (PATIENTS - 1) };
                way.record.read(&way.caller, of, &id(patient)).await.map_err(shown)?;
                Ok(())
            }))?;
            while way.record.index_accesses().map_err(shown)? > 0 {}
            say(&format!("  {} of {parts}, {:.0} s", part + 1, begin.elapsed().as_secs_f64()));
        }
        let written = ENTRIES as f64 / begin.elapsed().as_secs_f64();
        self.add(Figure::new("log entries written and indexed, below HTTP", written, "/s"));
        self.search(&runtime, &way, "looked at often", |turn| 1 + turn % (PATIENTS - 1))?;
        self.search(&runtime, &way, "hardly looked at", |_| 0)?;
        drop(way);
        store.settle().map_err(shown)
    }

    fn search(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        way: &Way,
        what: &str,
        patient: impl Fn(usize) -> usize,
    ) -> Result<(), String> {
        let mut latency = microseconds()?;
        let mut found = 0;
        for turn in 0..ASKED {
            let begin = Instant::now();
            let id = id(patient(turn));
            let entries = runtime.block_on(way.record.accesses(&way.caller, &id, NEWEST));
            found += entries.map_err(shown)?.len();
            latency.saturating_record(begin.elapsed().as_micros() as u64);
        }
        if found < ASKED * RARE.min(NEWEST) {
            return Err(format!("{found} entries found in {ASKED} searches: some are missing"));
        }
        let at = |share| latency.value_at_quantile(share) as f64 / 1_000.0;
        let name = format!("newest {NEWEST} accesses of a patient {what}, p99, of {ENTRIES}");
        self.add(
            Figure::new(&name, at(0.99), "ms")
                .target(Target::AtMost(MILLISECONDS_MAX))
                .details(format!("p50 {:.2} ms, max {:.1} ms", at(0.5), at(1.0))),
        );
        Ok(())
    }
}

fn id(patient: usize) -> String {
    format!("log-{patient}")
}

/// Does something so many times, by [`LOOKING`] tasks; an error for the first that fails.
async fn each<F, W>(way: &Way, count: usize, what: F) -> Result<(), String>
where
    F: Fn(Way, usize) -> W + Send + Sync + 'static,
    W: Future<Output = Result<(), String>> + Send,
{
    let what = Arc::new(what);
    let tasks: Vec<_> = (0..LOOKING)
        .map(|first| {
            let (way, what) = (way.clone(), Arc::clone(&what));
            tokio::spawn(async move {
                for number in (first..count).step_by(LOOKING) {
                    what(way.clone(), number).await?;
                }
                Ok::<(), String>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.map_err(|error| error.to_string())??;
    }
    Ok(())
}
