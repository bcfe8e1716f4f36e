//! The log: lines on standard error, for people or (JSON) for machines. Never patient data.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Starts logging. `filter` is as in the setting `log`.
pub(crate) fn start(filter: &str, json: bool) -> Result<(), Failure> {
    // The engine's own chatter is not an operator's business unless it warns.
    let filter = EnvFilter::builder()
        .parse(format!("fjall=warn,lsm_tree=warn,{filter}"))
        .map_err(|error| Failure::Usage(format!("the setting log = \"{filter}\": {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let lines = lines.with_ansi(std::io::stderr().is_terminal());
    let started = if json { lines.json().try_init() } else { lines.try_init() };
    started.map_err(|error| Failure::Failed(format!("cannot start the log: {error}")))
}
