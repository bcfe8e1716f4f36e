//! Backup and restore: one file that holds every key and value of one snapshot.
//!
//! A backup is made while the engine runs; it holds exactly the commits up to the one it names.
//! Restoring reads the whole file, checks every block, the total, and the chain from the first
//! commit to the last, and only then makes the folder usable. Layout, integers big-endian:
//!
//! ```text
//! "AKSONBK" | format of the store, a digit 1 | newest commit 8 | its time 8 | its digest 32 | XXH3-64 of these 8
//! one zstd stream of blocks: length 4 | XXH3-64 8 | entries (key length 4 | value length 4 | key | value)
//! a last block of length 0, then: entries 8 | SHA-256 of all entries 32
//! ```

use std::io::{BufReader, Read, Write};
use std::path::Path;

use akson_base::{Kind, Problem};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use super::chain::GENESIS;
use super::copy::{everything, mark_of, prove_chain};
use super::filling::{Entry, Filling};
use super::folder::{FORMAT, io_problem};
use super::high_water::Mark;
use super::queue::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use super::{Direction, Engine};
use crate::keys;

const MAGIC: [u8; 7] = *b"AKSONBK";
/// A backup holds a store's keys and values as they are, so it is of the store's format.
const FORMAT_DIGIT: u8 = b'0' + FORMAT as u8;
const BLOCK_BYTES: usize = 1 << 20;
const BLOCK_BYTES_MAX: usize = BLOCK_BYTES + KEY_BYTES_MAX + VALUE_BYTES_MAX + 8;
const LEVEL: i32 = 3;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The newest commit in it; 0 for an empty store.
    pub commit: u64,
    /// Its time, milliseconds since 1970.
    pub time: i64,
    /// Keys.
    pub entries: u64,
    /// Bytes of keys and values, uncompressed.
    pub bytes: u64,
}

/// Writes a backup of everything committed so far. The engine goes on meanwhile. The caller makes
/// the file durable. `progress` hears the entries written.
///
/// # Errors
/// `STO-052` and `STO-057` when `out` cannot be written, `STO-062` when the store cannot be read.
pub fn backup(
    engine: &dyn Engine,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, Problem> {
    let snapshot = engine.lasting_snapshot()?;
    let mark = mark_of(&*snapshot)?;
    let io = |e: std::io::Error| io_problem("write the backup", Path::new("its file"), &e);
    out.write_all(&head(FORMAT_DIGIT, &mark)).map_err(io)?;
    let mut writer = BlockWriter {
        out: zstd::Encoder::new(out, LEVEL).map_err(io)?,
        block: Vec::with_capacity(BLOCK_BYTES * 2),
        hash: Sha256::new(),
        entries: 0,
        bytes: 0,
    };
    snapshot.visit(&everything(), Direction::Ascending, &mut |key, value| {
        writer.add(key, value).map_err(io)?;
        if writer.entries.is_multiple_of(1000) {
            progress(writer.entries);
        }
        Ok(true)
    })?;
    let (entries, bytes) = (writer.entries, writer.bytes);
    writer.finish().map_err(io)?;
    progress(entries);
    Ok(Summary { commit: mark.commit, time: mark.time, entries, bytes })
}

/// Fills the place that `begin` prepares from a backup. On an error nothing takes the place for a
/// record; try again. Tokens stay behind ([`keys::is_restored`]), though the summary counts them.
///
/// # Errors
/// Those of `begin`; `STO-055` when the backup is of another format; `STO-069` when it is not whole,
/// saying where.
pub fn restore(
    input: &mut dyn Read,
    begin: impl FnOnce(Mark) -> Result<Box<dyn Filling>, Problem>,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, Problem> {
    let mut reader = BufReader::with_capacity(1 << 18, input);
    let mark = read_head(&mut reader)?;
    let mut target = begin(mark)?;
    let summary = fill(target.as_mut(), reader, &mark, progress)?;
    let snapshot = target.snapshot()?;
    let newest = mark_of(&*snapshot)?;
    prove_chain(&*snapshot, &newest, &mut |_| {})?;
    if newest != mark {
        return Err(torn("its newest commit is not the one its head names"));
    }
    drop(snapshot);
    target.finish()?;
    Ok(summary)
}

fn head(format: u8, mark: &Mark) -> Vec<u8> {
    let mut head = Vec::with_capacity(64);
    head.extend_from_slice(&MAGIC);
    head.push(format);
    head.extend_from_slice(&mark.commit.to_be_bytes());
    head.extend_from_slice(&mark.time.to_be_bytes());
    head.extend_from_slice(&mark.digest);
    head.extend_from_slice(&xxh3_64(&head).to_be_bytes());
    head
}

fn read_head(input: &mut dyn Read) -> Result<Mark, Problem> {
    let mut bytes = [0; 64];
    input.read_exact(&mut bytes).map_err(|_| torn("it is too short to be a backup"))?;
    let mut rest = bytes.as_slice();
    let magic: [u8; 7] = take(&mut rest)?;
    let [format] = take(&mut rest)?;
    let commit = u64::from_be_bytes(take(&mut rest)?);
    let time = i64::from_be_bytes(take(&mut rest)?);
    let mark = Mark { commit, time, digest: take(&mut rest).unwrap_or(GENESIS) };
    if magic != MAGIC {
        return Err(torn("it is not a backup made by Akson"));
    }
    if bytes != head(format, &mark).as_slice() {
        return Err(torn("its first bytes are damaged"));
    }
    if format != FORMAT_DIGIT {
        let text = format!(
            "The backup is of a store of format {}, and this program knows only format {FORMAT}. \
             Restore it with the version of Akson that made it.",
            char::from(format)
        );
        return Err(Problem::new(Kind::Invalid, "STO-055", text));
    }
    Ok(mark)
}

/// Reads all blocks into an empty place.
fn fill<R: std::io::BufRead>(
    target: &mut dyn Filling,
    input: R,
    mark: &Mark,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, Problem> {
    let cut = |_| torn("it ends early or its compression is damaged");
    let mut input = zstd::Decoder::with_buffer(input).map_err(cut)?;
    let mut hash = Sha256::new();
    let mut summary = Summary { commit: mark.commit, time: mark.time, entries: 0, bytes: 0 };
    let mut block = Vec::new();
    loop {
        let mut frame = [0; 12];
        input.read_exact(&mut frame).map_err(cut)?;
        let mut rest = frame.as_slice();
        let length = u32::from_be_bytes(take(&mut rest)?) as usize;
        let sum = u64::from_be_bytes(take(&mut rest)?);
        if length == 0 {
            break;
        }
        if length > BLOCK_BYTES_MAX {
            return Err(torn("a block is longer than any block can be"));
        }
        block.clear();
        input.by_ref().take(length as u64).read_to_end(&mut block).map_err(cut)?;
        if block.len() != length || xxh3_64(&block) != sum {
            return Err(torn("a block does not have its checksum"));
        }
        hash.update(&block);
        let mut entries = entries(&block)?;
        summary.entries += entries.len() as u64;
        summary.bytes += (length - 8 * entries.len()) as u64;
        entries.retain(|(key, _)| keys::is_restored(key));
        target.put(entries, None)?;
        progress(summary.entries);
    }
    let mut tail = [0; 40];
    input.read_exact(&mut tail).map_err(cut)?;
    let (entries, digest) = tail.split_at(8);
    if entries != summary.entries.to_be_bytes() || digest != hash.finalize().as_slice() {
        return Err(torn("its total does not add up"));
    }
    if input.read(&mut [0]).map_err(cut)? != 0 {
        return Err(torn("something follows its end"));
    }
    Ok(summary)
}

fn entries(mut block: &[u8]) -> Result<Vec<Entry>, Problem> {
    let mut entries = Vec::new();
    while !block.is_empty() {
        let key = u32::from_be_bytes(take(&mut block)?) as usize;
        let value = u32::from_be_bytes(take(&mut block)?) as usize;
        let bytes = || torn("an entry is longer than its block");
        let (key, rest) = block.split_at_checked(key).ok_or_else(bytes)?;
        let (value, rest) = rest.split_at_checked(value).ok_or_else(bytes)?;
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(torn("an entry has a key that cannot be"));
        }
        block = rest;
        entries.push((key.to_vec().into(), value.to_vec().into()));
    }
    Ok(entries)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Problem> {
    let cut = || torn("an entry ends early");
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(cut)?;
    *bytes = rest;
    Ok(*head)
}

fn torn(why: &str) -> Problem {
    Problem::new(
        Kind::Invalid,
        "STO-069",
        format!("The backup cannot be restored: {why}. Use another copy of it."),
    )
}

struct BlockWriter<'a> {
    out: zstd::Encoder<'a, &'a mut dyn Write>,
    block: Vec<u8>,
    hash: Sha256,
    entries: u64,
    bytes: u64,
}

impl BlockWriter<'_> {
    fn add(&mut self, key: &[u8], value: &[u8]) -> std::io::Result<()> {
        for part in [key, value] {
            let length = u32::try_from(part.len()).map_err(std::io::Error::other)?;
            self.block.extend_from_slice(&length.to_be_bytes());
        }
        self.block.extend_from_slice(key);
        self.block.extend_from_slice(value);
        self.entries += 1;
        self.bytes += (key.len() + value.len()) as u64;
        if self.block.len() < BLOCK_BYTES { Ok(()) } else { self.spill() }
    }

    fn spill(&mut self) -> std::io::Result<()> {
        let length = u32::try_from(self.block.len()).map_err(std::io::Error::other)?;
        self.hash.update(&self.block);
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&xxh3_64(&self.block).to_be_bytes())?;
        self.out.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<()> {
        if !self.block.is_empty() {
            self.spill()?;
        }
        self.out.write_all(&[0; 12])?;
        self.out.write_all(&self.entries.to_be_bytes())?;
        self.out.write_all(&self.hash.clone().finalize())?;
        self.out.finish()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_of_another_format_is_refused() {
        let problem = read_head(&mut head(FORMAT_DIGIT - 1, &Mark::NONE).as_slice()).unwrap_err();
        assert_eq!(problem.code, "STO-055");
        assert!(problem.for_caller.contains("of a store of format"), "{problem}");
        assert!(read_head(&mut head(FORMAT_DIGIT, &Mark::NONE).as_slice()).is_ok());
    }
}
