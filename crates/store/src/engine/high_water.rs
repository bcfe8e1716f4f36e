//! The high-water mark: the newest acknowledged commit, kept outside the engine's own files.
//!
//! An engine that loses its newest commits cannot know that it did; this file does. Two slots are
//! written in turn, each with its own checksum, so a torn write leaves the other one whole.
//! Not here: what is done with the difference (`fjall_engine` at open, `check`).

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use akson_base::{Kind, Problem};
use xxhash_rust::xxh3::xxh3_64;

use super::chain::{GENESIS, RecordDigest};
use super::folder::io_problem;

const MAGIC: [u8; 8] = *b"AKSMARK1";
const SLOT_BYTES: usize = 64;
/// Slots stand in different blocks of the disk.
const SLOT_AT: [u64; 2] = [0, 4096];
const FILE_BYTES: u64 = 8192;

/// The newest commit that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number; 0 before the first.
    pub commit: u64,
    /// Its time, milliseconds since 1970.
    pub time: i64,
    /// The digest of its record.
    pub digest: RecordDigest,
}

impl Mark {
    /// Before the first commit.
    pub const NONE: Self = Self { commit: 0, time: 0, digest: GENESIS };

    fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut slot = [0; SLOT_BYTES];
        let (content, sum) = slot.split_at_mut(SLOT_BYTES - 8);
        let parts: [&[u8]; 4] =
            [&MAGIC, &self.commit.to_be_bytes(), &self.time.to_be_bytes(), &self.digest];
        for (to, from) in content.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        sum.copy_from_slice(&xxh3_64(content).to_be_bytes());
        slot
    }

    fn decode(slot: &[u8; SLOT_BYTES]) -> Option<Self> {
        let (content, sum) = slot.split_last_chunk::<8>()?;
        let (magic, rest) = content.split_first_chunk::<8>()?;
        let (commit, rest) = rest.split_first_chunk::<8>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let whole = *magic == MAGIC && u64::from_be_bytes(*sum) == xxh3_64(content);
        whole.then(|| Self {
            commit: u64::from_be_bytes(*commit),
            time: i64::from_be_bytes(*time),
            digest: rest.try_into().unwrap_or(GENESIS),
        })
    }
}

/// What the file says when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The newer of the whole slots.
    pub mark: Mark,
    /// The slot (0 or 1) that is not whole, if one is not.
    pub torn: Option<usize>,
    /// The slot that holds `mark`.
    pub slot: usize,
}

/// The open file.
#[derive(Debug)]
pub struct HighWater {
    file: File,
    next: usize,
}

impl HighWater {
    /// Makes the file with `mark` in both slots, durably (the folder is the caller's to sync).
    ///
    /// # Errors
    /// `STO-052` when the file cannot be written.
    pub fn create(path: &Path, mark: Mark) -> Result<Self, Problem> {
        let io = |e| io_problem("write the high-water mark", path, &e);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(io)?;
        file.set_len(FILE_BYTES).map_err(io)?;
        for at in SLOT_AT {
            file.write_all_at(&mark.encode(), at).map_err(io)?;
        }
        file.sync_all().map_err(io)?;
        Ok(Self { file, next: 0 })
    }

    /// Opens the file to go on from what `read` found.
    ///
    /// # Errors
    /// `STO-052` when it cannot be opened; those of [`read`].
    pub fn open(path: &Path) -> Result<(Self, Reading), Problem> {
        let reading = read(path)?;
        let io = |e| io_problem("open the high-water mark", path, &e);
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
        Ok((Self { file, next: 1 - reading.slot }, reading))
    }

    /// Writes the mark into the older slot and waits until it is on the disk.
    ///
    /// # Errors
    /// The disk's own.
    pub fn write(&mut self, mark: &Mark) -> std::io::Result<()> {
        let at = SLOT_AT.get(self.next).copied().unwrap_or_default();
        self.file.write_all_at(&mark.encode(), at)?;
        self.file.sync_data()?;
        self.next = 1 - self.next;
        Ok(())
    }
}

/// Reads the file.
///
/// # Errors
/// `STO-053` when it is missing or neither slot is whole.
pub fn read(path: &Path) -> Result<Reading, Problem> {
    let bytes = std::fs::read(path).map_err(|e| lost(path, &e.to_string()))?;
    let slots = SLOT_AT.map(|at| {
        let at = usize::try_from(at).ok()?;
        bytes.get(at..)?.first_chunk::<SLOT_BYTES>().and_then(Mark::decode)
    });
    match slots {
        [None, None] => Err(lost(path, "neither of its two slots is whole")),
        [Some(mark), None] => Ok(Reading { mark, torn: Some(1), slot: 0 }),
        [None, Some(mark)] => Ok(Reading { mark, torn: Some(0), slot: 1 }),
        [Some(a), Some(b)] if a.commit >= b.commit => Ok(Reading { mark: a, torn: None, slot: 0 }),
        [Some(_), Some(b)] => Ok(Reading { mark: b, torn: None, slot: 1 }),
    }
}

fn lost(path: &Path, why: &str) -> Problem {
    Problem::new(
        Kind::Fault,
        "STO-053",
        "The store's high-water mark cannot be read, so it cannot be known whether acknowledged \
         commits are missing. The store was not opened and nothing was changed; restore it from a \
         backup.",
    )
    .with_log(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(commit: u64) -> Mark {
        Mark { commit, time: commit as i64 * 10, digest: [commit as u8; 32] }
    }

    #[test]
    fn the_newest_whole_slot_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("high-water");
        let mut file = HighWater::create(&path, Mark::NONE).unwrap();
        for commit in 1..=5 {
            file.write(&mark(commit)).unwrap();
            assert_eq!(read(&path).unwrap().mark, mark(commit));
        }
        drop(file);
        let (mut file, reading) = HighWater::open(&path).unwrap();
        assert_eq!((reading.mark, reading.torn), (mark(5), None));
        file.write(&mark(6)).unwrap();

        let whole = std::fs::read(&path).unwrap();
        for at in (0..SLOT_BYTES).chain(4096..4096 + SLOT_BYTES) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            let reading = read(&path).unwrap();
            assert_eq!(reading.torn, Some(usize::from(at >= 4096)), "byte {at}");
            assert!(reading.mark == mark(5) || reading.mark == mark(6));
        }
        std::fs::write(&path, vec![0; 8192]).unwrap();
        assert_eq!(read(&path).unwrap_err().code, "STO-053");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(read(&path).unwrap_err().code, "STO-053");
    }
}
