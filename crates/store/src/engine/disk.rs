//! How much room the disk has left.
//!
//! The engine treats a write that fails for lack of room as fatal, so room is looked at before each
//! group of commits and some is kept back for its own flushing and compaction.

use std::path::Path;

/// Bytes that may still be written where `path` lies; `None` when the system does not say.
pub(crate) fn available_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Bytes of all files below `path`, as stored.
pub(crate) fn used_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => used_bytes(&entry.path()),
            // Files may be longer than what is written of them: count blocks, not length.
            Ok(meta) => meta.blocks().saturating_mul(512),
            Err(_) => 0,
        })
        .sum()
}
