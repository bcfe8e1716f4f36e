//! Where the official examples are, when they are at hand. They are unpacked into
//! `target/corpora`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder or file of the corpora; says plainly when it is not there.
pub(crate) fn corpus(path: &str) -> Option<PathBuf> {
    let found = root().join("../shared/corpora").join(path);
    if found.exists() {
        return Some(found);
    }
    println!("SKIPPED: {} is not at hand", found.display());
    None
}

/// Unpacks an archive once and gives its folder.
pub(crate) fn unpacked(path: &str) -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let archive = corpus(path)?;
    let name = archive.file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.xz");
    let folder = root().join("target/corpora").join(name);
    if folder.join("unpacked").exists() {
        return Some(folder);
    }
    // Into a folder of its own first: several test binaries may unpack at the same time.
    let parts = root().join("target/corpora").join(format!("{name}.{}", std::process::id()));
    std::fs::create_dir_all(&parts).unwrap();
    let status = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&parts).status();
    assert!(status.unwrap().success(), "tar could not unpack {}", archive.display());
    std::fs::write(parts.join("unpacked"), "").unwrap();
    if std::fs::rename(&parts, &folder).is_err() {
        std::fs::remove_dir_all(&parts).unwrap();
    }
    Some(folder)
}

/// Compares with a golden file; `UPDATE_GOLDEN=1` rewrites it.
pub(crate) fn golden(name: &str, actual: &str) {
    let path = root().join("crates/fhir/tests/golden").join(name);
    if std::env::vars().any(|(key, value)| key == "UPDATE_GOLDEN" && value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(expected, actual, "{}: UPDATE_GOLDEN=1 rewrites it", path.display());
}

/// All files below a folder with this ending, ordered.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().is_some_and(|p| p.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
