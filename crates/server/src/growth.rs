//! The references that children's growth is drawn against: WHO's, and those of the operator's file.
//!
//! Format: `docs/operate/growth.md`. Not here: what they mean (`akson_web::References`).

use std::path::Path;
use std::sync::Arc;

use akson_web::References;

use crate::failure::Failure;

/// Largest file of references, bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads the references. A file that cannot be used keeps the server from starting: nobody should
/// compare a child with another reference than the operator thinks.
pub(crate) fn read(file: Option<&Path>) -> Result<Arc<References>, Failure> {
    let Some(file) = file else { return Ok(References::built_in()) };
    let cannot = |what: String| Failure::Usage(format!("{}: {what}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| cannot(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(cannot(format!("a file of references has at most {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| cannot(error.to_string()))?;
    let references = References::with_file(&text).map_err(|problem| cannot(problem.to_string()))?;
    tracing::info!("references of growth are read");
    Ok(references)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_keeps_the_server_from_starting_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("growth.tsv");
        std::fs::write(&file, "Bergen\theight\tmale\t1800\t1\t110\n").unwrap();
        let said = read(Some(&file)).err().map(|failure| failure.line()).unwrap();
        assert!(said.contains("growth.tsv") && said.contains("line 1"), "{said}");
        std::fs::write(&file, "Bergen\theight\tmale\t1800\t1\t110\t0.04\n").unwrap();
        assert!(read(Some(&file)).is_ok());
        assert!(read(None).is_ok());
        assert!(read(Some(&folder.path().join("none"))).is_err());
    }
}
