//! Everything about one patient: `$everything` for machines, the chart page for people.

use std::sync::Arc;
use std::time::Instant;

use hdrhistogram::Histogram;

use super::{Bench, Driven, latencies};
use crate::load::{Ring, drive, microseconds};
use crate::probe::Probe;
use crate::report::{Figure, Target};
use crate::say;

/// Connections that ask for everything.
const CLIENTS: usize = 8;
/// Times that the fullest chart is opened.
const CHART_VIEWS: usize = 200;

impl Bench {
    /// `$everything` of all patients in turn.
    pub(super) fn everything(&mut self, driven: &Driven) -> Result<(), String> {
        say("everything about a patient");
        let mut requests = Vec::new();
        let mut resources = 0;
        for patient in driven.harvest.patient_references().iter().take(120) {
            let path = format!("/{patient}/$everything");
            let page = driven.probe.json(&path)?;
            let entries = page.get("entry").and_then(serde_json::Value::as_array);
            resources += entries.map_or(0, Vec::len);
            requests.push(driven.address.request("GET", &path, b""));
        }
        let each = resources as f64 / requests.len().max(1) as f64;
        let requests = Arc::new(requests);
        let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
        let measured = drive(&driven.address, self.plan(CLIENTS), &script)?;
        self.add(
            Figure::new(&format!("$everything, {CLIENTS} clients"), measured.rate(), "req/s")
                .details(format!(
                    "{each:.0} resources on average, {:.0} resources/s; {}",
                    measured.rate() * each,
                    latencies(&measured)
                )),
        );
        Ok(())
    }

    /// The page of the patient with most observations, opened again and again.
    pub(super) fn chart(&mut self, driven: &Driven) -> Result<(), String> {
        say("the fullest chart");
        let mut fullest = (0, String::new());
        for patient in driven.harvest.patient_references() {
            let id = patient.split('/').nth(1).unwrap_or_default().to_owned();
            let count = driven.probe.count(&format!("/Observation?patient={id}"))?;
            fullest = fullest.max((count, id));
        }
        let root = driven.address.with_path("");
        let probe = Probe::new(&root)?;
        let request = root.request("GET", &format!("/pasient/{}", fullest.1), b"");
        let mut wall = microseconds()?;
        let mut inside = microseconds()?;
        let mut bytes = 0;
        for _ in 0..CHART_VIEWS {
            let sent = Instant::now();
            let reply = probe.send(&request)?;
            if reply.status != 200 {
                say(&format!("  the chart page answers {}: not measured", reply.status));
                return Ok(());
            }
            bytes = reply.body.len();
            wall.saturating_record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            if let Some(microseconds) = reply.server_timing.as_deref().and_then(duration_in) {
                inside.saturating_record(microseconds);
            }
        }
        let p95 = |histogram: &Histogram<u64>| histogram.value_at_quantile(0.95) as f64 / 1_000.0;
        let details = format!(
            "{} observations, page of {} KB; with connection p95 {:.1} ms",
            fullest.0,
            bytes / 1_000,
            p95(&wall)
        );
        let (name, value) = if inside.is_empty() {
            ("chart page, p95 with connection", p95(&wall))
        } else {
            ("chart page, p95 of server time", p95(&inside))
        };
        self.add(Figure::new(name, value, "ms").target(Target::AtMost(50.0)).details(details));
        Ok(())
    }
}

/// Microseconds of the longest `dur=` (milliseconds) in a `Server-Timing` header.
/// Standard: <https://www.w3.org/TR/server-timing/>
pub(super) fn duration_in(header: &str) -> Option<u64> {
    let values = header.split([',', ';']).filter_map(|part| part.trim().strip_prefix("dur="));
    let milliseconds = values.filter_map(|value| value.trim().parse::<f64>().ok());
    milliseconds.map(|value| (value * 1_000.0) as u64).max()
}

#[cfg(test)]
mod tests {
    use super::duration_in;

    #[test]
    fn the_longest_server_timing_counts() {
        assert_eq!(duration_in("read;dur=1.5, total;dur=12.25"), Some(12_250));
        assert_eq!(duration_in("miss"), None);
    }
}
