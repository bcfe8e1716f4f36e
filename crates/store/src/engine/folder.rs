//! The data folder: what lies in it, its format number, and the lock that keeps a second process
//! out.
//!
//! ```text
//! data/format       which format the folder has, with a checksum
//! data/lock         held while a process has the folder open
//! data/high-water   the newest acknowledged commit (high_water.rs)
//! data/engine/      the engine's own files
//! data/filling      only while a copy or a restore fills the folder, which has no format until then
//! ```

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use akson_base::{Kind, Problem};
use xxhash_rust::xxh3::xxh3_64;

use super::high_water::{self, HighWater, Mark};

/// The format this program reads and writes: what stands in facets and index keys, among others.
///
/// 2: a `code` is stored with the system that its required binding implies. 3: quantities have
/// index keys by value and by unit. 4: an entry of the access log begins with its patients.
pub const FORMAT: u32 = 4;

/// Stands in a folder while it is filled.
const FILLING: &str = "filling";

/// A data folder that this process alone has open.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Held for its lock; the system frees it when the process ends, however it ends.
    lock: File,
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // A program that another thread is starting holds copies of our open files until it runs;
        // closing ours alone would leave the folder locked for that moment.
        let _ = self.lock.unlock();
    }
}

impl DataFolder {
    /// Locks `path` and checks its format; makes a new folder where there is none or an empty one.
    ///
    /// # Errors
    /// `STO-054` when another process has it, `STO-055` when it is not a data folder of a format
    /// that this program knows, `STO-052` when the disk refuses.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        std::fs::create_dir_all(path).map_err(|e| io_problem("make the folder", path, &e))?;
        if !path.join("format").exists() {
            refuse_foreign(path)?;
        }
        let folder = Self { path: path.to_path_buf(), lock: lock(path)? };
        if folder.format_path().exists() {
            check_format(&folder.format_path())?;
        } else {
            HighWater::create(&folder.high_water_path(), Mark::NONE)?;
            write_format(path)?;
        }
        Ok(folder)
    }

    /// Locks a folder to be filled and then [`DataFolder::finish`]ed: one that does not exist, is
    /// empty, or was begun to be filled (then what is in it stays).
    ///
    /// # Errors
    /// `STO-055` when it holds anything else, `STO-054` and `STO-052` as [`DataFolder::open`].
    pub(crate) fn to_fill(path: &Path) -> Result<Self, Problem> {
        std::fs::create_dir_all(path).map_err(|e| io_problem("make the folder", path, &e))?;
        if is_unfinished(path) {
            return Ok(Self { path: path.to_path_buf(), lock: lock(path)? });
        }
        let entries =
            std::fs::read_dir(path).map_err(|e| io_problem("list the folder", path, &e))?;
        let held = entries.flatten().find(|entry| entry.file_name() != "lost+found");
        if let Some(entry) = held {
            return Err(Problem::new(
                Kind::Invalid,
                "STO-055",
                format!(
                    "The folder {} is not empty: it holds {:?}. Choose an empty folder.",
                    path.display(),
                    entry.file_name()
                ),
            ));
        }
        let folder = Self { path: path.to_path_buf(), lock: lock(path)? };
        let mark = path.join(FILLING);
        std::fs::write(&mark, "A copy or a restore fills this folder.\n")
            .map_err(|e| io_problem("write", &mark, &e))?;
        sync_folder(path)?;
        Ok(folder)
    }

    /// Makes a filled folder one that can be opened.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        write_format(&self.path)?;
        let mark = self.path.join(FILLING);
        std::fs::remove_file(&mark).map_err(|e| io_problem("remove", &mark, &e))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the engine keeps its files.
    pub fn engine_path(&self) -> PathBuf {
        engine_path(&self.path)
    }

    /// The high-water mark.
    pub fn high_water_path(&self) -> PathBuf {
        high_water_path(&self.path)
    }

    fn format_path(&self) -> PathBuf {
        self.path.join("format")
    }
}

/// Where the engine keeps its files in a data folder.
pub fn engine_path(folder: &Path) -> PathBuf {
    folder.join("engine")
}

/// The high-water mark in a data folder.
pub fn high_water_path(folder: &Path) -> PathBuf {
    folder.join("high-water")
}

/// Checks the format file of a data folder.
///
/// # Errors
/// `STO-055` when it is missing, damaged or of a format that this program does not know.
pub fn check_folder_format(folder: &Path) -> Result<(), Problem> {
    check_format(&folder.join("format"))
}

/// Whether a copy or a restore into the folder was begun and not finished.
fn is_unfinished(path: &Path) -> bool {
    path.join(FILLING).exists() && !path.join("format").exists()
}

/// A copy or a restore into `place` was begun and not finished.
pub(crate) fn unfinished_problem(place: &str) -> Problem {
    Problem::new(
        Kind::Invalid,
        "STO-084",
        format!(
            "A copy or a restore into {place} has not finished. Wait for it, or run the same command \
             again; until then the record there is not whole."
        ),
    )
}

fn lock(path: &Path) -> Result<File, Problem> {
    let at = path.join("lock");
    let io = |e| io_problem("open the lock file", &at, &e);
    let file = File::options().create(true).truncate(false).write(true).open(&at).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Problem::new(
            Kind::Busy,
            "STO-054",
            format!(
                "Another process has the data folder {} open. Stop it first, or choose another \
                 folder.",
                path.display()
            ),
        )),
        Err(TryLockError::Error(e)) => Err(io(e)),
    }
}

/// Without a format file only an empty folder, or one whose making was cut short, may become ours.
fn refuse_foreign(path: &Path) -> Result<(), Problem> {
    if is_unfinished(path) {
        return Err(unfinished_problem(&format!("the folder {}", path.display())));
    }
    let entries = std::fs::read_dir(path).map_err(|e| io_problem("list the folder", path, &e))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = match name.to_str() {
            Some("lock" | "lost+found" | "format.new") => true,
            Some("high-water") => {
                high_water::read(&entry.path()).map_or(true, |r| r.mark.commit == 0)
            }
            _ => false,
        };
        if !ours {
            return Err(Problem::new(
                Kind::Invalid,
                "STO-055",
                format!(
                    "{} is not an Akson data folder: it has no file \"format\", but holds {:?}. \
                     Choose an empty folder, or restore a backup into one.",
                    path.display(),
                    name
                ),
            ));
        }
    }
    Ok(())
}

fn format_text(format: u32) -> String {
    let text = format!("akson data folder\nformat {format}\n");
    let sum = xxh3_64(text.as_bytes());
    format!("{text}checksum {sum:016x}\n")
}

fn write_format(folder: &Path) -> Result<(), Problem> {
    let new = folder.join("format.new");
    let io = |e| io_problem("write the format file", &new, &e);
    let mut file = File::create(&new).map_err(io)?;
    file.write_all(format_text(FORMAT).as_bytes()).map_err(io)?;
    file.sync_all().map_err(io)?;
    std::fs::rename(&new, folder.join("format")).map_err(io)?;
    sync_folder(folder)
}

fn check_format(path: &Path) -> Result<(), Problem> {
    let text = std::fs::read(path).map_err(|e| {
        if e.kind() != std::io::ErrorKind::NotFound {
            return io_problem("read the format file", path, &e);
        }
        let folder = path.parent().unwrap_or(path);
        if is_unfinished(folder) {
            return unfinished_problem(&format!("the folder {}", folder.display()));
        }
        let folder = folder.display();
        let text =
            format!("{folder} is not an Akson data folder: it has no file \"format\" in it.");
        Problem::new(Kind::Invalid, "STO-055", text)
    })?;
    if text == format_text(FORMAT).as_bytes() {
        return Ok(());
    }
    let number = std::str::from_utf8(&text)
        .ok()
        .and_then(|t| t.lines().nth(1)?.strip_prefix("format ")?.parse::<u32>().ok())
        .filter(|number| text == format_text(*number).as_bytes());
    let text = match number {
        Some(number) => format!(
            "The data folder {} has format {number}, and this program knows only format {FORMAT}. \
             Use the version of Akson that wrote it{}.",
            path.parent().unwrap_or(path).display(),
            if number > FORMAT { ", or a newer one" } else { "" }
        ),
        None => format!(
            "The format file {} is damaged. The store was not opened and nothing was changed; \
             restore it from a backup.",
            path.display()
        ),
    };
    Err(Problem::new(Kind::Invalid, "STO-055", text))
}

/// Waits until a folder's own entries are on the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Problem> {
    File::open(path)
        .and_then(|f| f.sync_all())
        .map_err(|e| io_problem("write the folder", path, &e))
}

/// The disk said no.
pub(crate) fn io_problem(what: &str, path: &Path, error: &std::io::Error) -> Problem {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return full_problem(path);
    }
    Problem::fault("STO-052", format!("could not {what} at {}: {error}", path.display()))
}

/// The disk is full.
pub(crate) fn full_problem(path: &Path) -> Problem {
    Problem::new(
        Kind::Busy,
        "STO-057",
        "The disk is full: nothing can be written until the operator frees space. Reading goes on.",
    )
    .with_log(format!("less free space than the reserve at {}", path.display()))
}

/// The disk is so full that not even a read can be logged.
pub(crate) fn unlogged_problem(path: &Path) -> Problem {
    Problem::new(
        Kind::Busy,
        "STO-070",
        "The disk is full: this read cannot be entered in the access log, so it is refused until the \
         operator frees space.",
    )
    .with_log(format!("less free space than a quarter of the reserve at {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_opened_once_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataFolder::open(dir.path()).unwrap();
        assert_eq!(DataFolder::open(dir.path()).unwrap_err().code, "STO-054");
        let copy_of_a_program_being_started = first.lock.try_clone().unwrap();
        drop(first);
        DataFolder::open(dir.path()).unwrap();
        drop(copy_of_a_program_being_started);
    }

    #[test]
    fn foreign_older_newer_and_damaged_folders_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("letter.txt"), "hello").unwrap();
        let problem = DataFolder::open(dir.path()).unwrap_err();
        assert!(problem.for_caller.contains("is not an Akson data folder"), "{problem}");
        assert!(!dir.path().join("lock").exists(), "nothing may be left in a foreign folder");

        let problem = check_folder_format(&dir.path().join("nowhere")).unwrap_err();
        assert!(problem.for_caller.contains("nowhere is not an Akson data folder"), "{problem}");

        let dir = tempfile::tempdir().unwrap();
        drop(DataFolder::open(dir.path()).unwrap());
        for other in [FORMAT - 1, FORMAT + 1] {
            std::fs::write(dir.path().join("format"), format_text(other)).unwrap();
            let problem = DataFolder::open(dir.path()).unwrap_err();
            assert_eq!(problem.code, "STO-055");
            assert!(problem.for_caller.contains(&format!("has format {other}")), "{problem}");
        }

        let whole = format_text(FORMAT).into_bytes();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 2;
            std::fs::write(dir.path().join("format"), &bytes).unwrap();
            assert_eq!(DataFolder::open(dir.path()).unwrap_err().code, "STO-055", "byte {at}");
        }
    }
}
