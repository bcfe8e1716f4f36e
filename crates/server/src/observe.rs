//! Meters for operators: what `/metrics` tells.

use std::fmt::Write;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::admission::Admission;
use crate::failure::Failure;
use crate::limits::Limits;

/// Upper bounds of the latency histograms' buckets, in seconds.
const SECONDS: [f64; 14] =
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0];
/// How often recorded samples are folded into the histograms.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder; to be called once, before anything registers a meter.
pub(crate) fn start() -> Result<PrometheusHandle, Failure> {
    let failed = |error: String| Failure::Failed(format!("cannot start the meters: {error}"));
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .map_err(|error| failed(error.to_string()))?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| failed(error.to_string()))?;
    Ok(handle)
}

/// Keeps the histograms small for as long as the runtime lives.
pub(crate) fn keep_up(handle: PrometheusHandle) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            handle.run_upkeep();
        }
    });
}

/// The page: the recorder's meters, what the limits refused, who was sent away, the store's own numbers, and the age of the
/// copy for downtime in seconds, where one is kept.
pub(crate) fn page(
    handle: &PrometheusHandle,
    limits: &Limits,
    admission: &Admission,
    store: &[(&'static str, u64)],
    copy_age: Option<f64>,
) -> String {
    let mut page = handle.render();
    page.push_str("# HELP akson_throttled_total Calls refused by a rate limit\n");
    page.push_str("# TYPE akson_throttled_total counter\n");
    for (name, count) in limits.refused() {
        let _ = writeln!(page, "akson_throttled_total{{limit=\"{name}\"}} {count}");
    }
    let under_way = admission.under_way();
    let _ = writeln!(page, "# TYPE akson_under_way gauge\nakson_under_way {under_way}");
    page.push_str("# HELP akson_shed_total Requests sent away because too many were under way\n");
    page.push_str("# TYPE akson_shed_total counter\n");
    for (name, count) in admission.refused() {
        let _ = writeln!(page, "akson_shed_total{{work=\"{name}\"}} {count}");
    }
    for (name, value) in store {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "# TYPE akson_store_{name} gauge\nakson_store_{name} {value}");
    }
    if let Some(age) = copy_age {
        page.push_str(
            "# HELP akson_downtime_copy_age_seconds Since the copy for downtime was made\n",
        );
        page.push_str("# TYPE akson_downtime_copy_age_seconds gauge\n");
        let _ = writeln!(page, "akson_downtime_copy_age_seconds {age}");
    }
    page
}
