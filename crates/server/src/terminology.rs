//! The codes that clinicians choose from: the operator's file, or the built-in subset.
//!
//! Format: `docs/operate/terminology.md`. Not here: finding codes (`akson_web::Terminology`).

use std::path::Path;

use akson_web::Terminology;

use crate::failure::Failure;

/// Largest file of codes, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads the codes. A file that cannot be used keeps the server from starting, so that nobody works with
/// fewer codes than the operator thinks.
pub(crate) fn read(file: Option<&Path>) -> Result<Terminology, Failure> {
    let Some(file) = file else { return Ok(Terminology::built_in()) };
    let cannot = |what: String| Failure::Usage(format!("{}: {what}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| cannot(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(cannot(format!("a file of codes has at most {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| cannot(error.to_string()))?;
    let codes = Terminology::with_file(&text).map_err(|problem| cannot(problem.to_string()))?;
    tracing::info!(codes = codes.len(), "codes are read");
    Ok(codes)
}
