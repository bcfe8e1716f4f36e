//! The log: lines on standard error, for people or (JSON) for machines. Never patient data.

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Starts logging. `filter` is as in the setting `log`.
pub(crate) fn start(filter: &str, json: bool) -> Result<(), Failure> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| Failure::Usage(format!("the setting log = \"{filter}\": {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json { lines.json().try_init() } else { lines.try_init() };
    started.map_err(|error| Failure::Failed(format!("cannot start the log: {error}")))
}
