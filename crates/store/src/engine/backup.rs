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
use std::sync::Arc;

use akson_base::{Clock, Kind, Problem};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use super::chain::{self, GENESIS};
use super::fjall_backend::Backend;
use super::fjall_engine::{FjallEngine, Options};
use super::folder::{DataFolder, FORMAT, io_problem};
use super::high_water::{HighWater, Mark};
use super::queue::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use super::{Direction, Engine, Op, Range};
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
    let snapshot = engine.snapshot();
    let newest = chain::newest(&*snapshot)?;
    let mark =
        newest.map_or(Mark::NONE, |r| Mark { commit: r.commit, time: r.time, digest: r.digest });
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

/// Makes a data folder from a backup. `path` must not exist or be empty. On an error the folder is
/// left without a format file, so that nothing takes it for a store; remove it and try again.
/// Tokens stay behind ([`keys::is_restored`]), though the summary counts them.
///
/// # Errors
/// `STO-055` when the folder is not empty or the backup of another format; `STO-069` when the
/// backup is not whole, saying where.
pub fn restore(
    path: &Path,
    input: &mut dyn Read,
    options: &Options,
    clock: Arc<dyn Clock>,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, Problem> {
    let mut reader = BufReader::with_capacity(1 << 18, input);
    let mark = read_head(&mut reader)?;
    let folder = DataFolder::create_empty(path)?;
    let backend = Backend::open(&folder.engine_path(), options)?;
    let summary = fill(&backend, reader, &mark, progress)?;
    let snapshot = backend.snapshot();
    let end = chain::verify_chain(&snapshot, 1, mark.commit, &mut |_| {})?;
    if end.is_some_and(|end| end.digest != mark.digest)
        || chain::newest(&snapshot)?.map_or(0, |r| r.commit) != mark.commit
    {
        return Err(torn("its newest commit is not the one its head names"));
    }
    drop(snapshot);
    backend.settle(u64::MAX)?;
    backend.close();
    drop(backend);
    HighWater::create(&folder.high_water_path(), mark)?;
    folder.finish()?;
    // The last proof: it opens.
    drop(FjallEngine::open_in(folder, options, clock)?);
    Ok(summary)
}

fn everything() -> Range {
    Range { start: Vec::new(), end: vec![0xff; KEY_BYTES_MAX] }
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

/// Reads all blocks into an empty engine.
fn fill<R: std::io::BufRead>(
    backend: &Backend,
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
        let ops = entries(&block)?;
        summary.entries += ops.len() as u64;
        summary.bytes += (length - 8 * ops.len()) as u64;
        let comes_back = |op: &Op| keys::is_restored(op.key());
        let ops: Vec<Op> = ops.into_iter().filter(comes_back).collect();
        let count = ops.len();
        backend.write(ops.into_iter(), count)?;
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

fn entries(mut block: &[u8]) -> Result<Vec<Op>, Problem> {
    let mut ops = Vec::new();
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
        ops.push(Op::Put {
            key: key.to_vec(),
            value: value.to_vec(),
            stamp_key_at: None,
            stamp_value_at: None,
        });
    }
    Ok(ops)
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
