//! The engine's tables and the files that list them, checked byte for byte.
//!
//! Each tree has a file `current` that names the newest list (`v7`) and its checksum, and the list
//! names every table and its checksum. The engine itself does not compare them; here they are.
//! Format: lsm-tree 3, `version/persist.rs` and `version/mod.rs`, integers little-endian.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use akson_base::Problem;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::folder::io_problem;

/// A file that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// One table as its list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// The file.
    pub path: PathBuf,
    checksum: u128,
}

/// Checks `version`, and `current` and the list of every tree; answers the tables they name. Quick:
/// the tables themselves are not read.
///
/// # Errors
/// `STO-052` when the folder cannot be listed.
pub fn lists(engine: &Path) -> Result<Result<Vec<TableFile>, Damage>, Problem> {
    let marker = engine.join("version");
    if std::fs::read(&marker).ok().as_deref() != Some(&[b'F', b'J', b'L', 3]) {
        return Ok(Err(damage(&marker, "it is missing or not the engine's version marker")));
    }
    let trees = engine.join("keyspaces");
    let io = |e| io_problem("list the engine's folder", &trees, &e);
    let mut tables = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&trees).map_err(io)? {
        let tree = entry.map_err(io)?.path();
        if tree.is_dir() {
            count += 1;
            match list(&tree) {
                Ok(found) => tables.extend(found),
                Err(damage) => return Ok(Err(damage)),
            }
        }
    }
    // The engine's own settings and the record.
    if count < 2 {
        return Ok(Err(damage(&trees, "one of its two trees is missing")));
    }
    Ok(Ok(tables))
}

fn list(tree: &Path) -> Result<Vec<TableFile>, Damage> {
    let current = tree.join("current");
    let bytes = std::fs::read(&current).map_err(|e| damage(&current, &e.to_string()))?;
    let Some(((id, checksum), 0)) = split_current(&bytes) else {
        return Err(damage(&current, "it is not as long as it was written"));
    };
    let path = tree.join(format!("v{id}"));
    let bytes = std::fs::read(&path)
        .map_err(|e| damage(&current, &format!("the list it names, v{id}, cannot be read: {e}")))?;
    if xxh3_128(&bytes) != checksum {
        return Err(damage(&path, "its checksum is not the one in \"current\""));
    }
    read_list(tree, &bytes).ok_or_else(|| damage(&path, "it does not list tables"))
}

/// The list's number and checksum, then the checksum's kind.
fn split_current(bytes: &[u8]) -> Option<((u64, u128), u8)> {
    let (id, rest) = bytes.split_first_chunk::<8>()?;
    let (checksum, rest) = rest.split_first_chunk::<16>()?;
    match rest {
        [kind] => Some(((u64::from_le_bytes(*id), u128::from_le_bytes(*checksum)), *kind)),
        _ => None,
    }
}

fn read_list(tree: &Path, bytes: &[u8]) -> Option<Vec<TableFile>> {
    let archive = sfa::Reader::from_reader(&mut Cursor::new(bytes)).ok()?;
    let section = archive.toc().section(b"tables")?;
    let start = usize::try_from(section.pos()).ok()?;
    let length = usize::try_from(section.len()).ok()?;
    let mut rest = bytes.get(start..start.checked_add(length)?)?;
    let mut tables = Vec::new();
    for _level in 0..take::<1>(&mut rest)?[0] {
        for _run in 0..take::<1>(&mut rest)?[0] {
            for _table in 0..u32::from_le_bytes(take(&mut rest)?) {
                let id = u64::from_le_bytes(take(&mut rest)?);
                let _kind = take::<1>(&mut rest)?;
                let checksum = u128::from_le_bytes(take(&mut rest)?);
                let _sequence = take::<8>(&mut rest)?;
                tables.push(TableFile { path: tree.join("tables").join(id.to_string()), checksum });
            }
        }
    }
    Some(tables)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

impl TableFile {
    /// Reads the whole file and compares its checksum; answers its length.
    pub fn check(&self) -> Result<u64, Damage> {
        let unreadable = |e: std::io::Error| damage(&self.path, &e.to_string());
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let mut hash = Xxh3::new();
        let mut part = vec![0; 256 * 1024];
        let mut length = 0;
        loop {
            let read = file.read(&mut part).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            hash.update(part.get(..read).unwrap_or_default());
            length += read as u64;
        }
        if hash.digest128() == self.checksum {
            Ok(length)
        } else {
            Err(damage(&self.path, "its checksum is not the one it was written with"))
        }
    }
}

fn damage(file: &Path, what: &str) -> Damage {
    Damage { file: file.to_path_buf(), what: what.to_owned() }
}
