//! Settings below `[downtime]`: the copy of rounds and day lists on disk (`crate::downtime`).

use std::path::PathBuf;

use serde::Deserialize;

/// Where the copy lies, how often it is made, and what locks it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct DowntimeSettings {
    /// Folder that holds nothing else.
    pub(crate) directory: PathBuf,
    /// Seconds between two copies.
    #[serde(default = "every_seconds")]
    pub(crate) every_seconds: u64,
    /// File of the passphrase that opens the copy.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Whether the copy is locked. What is not must be said plainly.
    #[serde(default = "encrypt")]
    pub(crate) encrypt: bool,
}

fn every_seconds() -> u64 {
    300
}

fn encrypt() -> bool {
    true
}
