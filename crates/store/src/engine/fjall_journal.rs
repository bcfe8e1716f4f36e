//! Reading the engine's journal before the engine does.
//!
//! The engine takes the first thing in its journal that does not read for the torn end of the last
//! write and cuts the file there; a byte flipped in the middle would cost every commit after it.
//! So the journal is read here first, without touching it, and told apart: whole, torn at the end,
//! or broken with more behind. Not here: what is then done (`fjall_engine`, `check`).
//!
//! Format, integers little-endian (fjall 3, `journal/entry.rs`):
//!
//! ```text
//! batch: 1 | items 4 | sequence 8     then the items     3 | XXH3-64 of the items 8 | "FJL" 3
//! item:  2 | kind 1 | compression 1 | keyspace 8 | key length 2 | value length 4 | stored length 4
//!        | key | value
//! ```
//! After the last batch come zeros, since the file is made longer than what is written of it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use akson_base::Problem;
use xxhash_rust::xxh3::Xxh3;

use super::folder::io_problem;
use super::queue::{KEY_BYTES_MAX, VALUE_BYTES_MAX};

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const TRAILER: [u8; 4] = [b'F', b'J', b'L', 3];
const READ_BYTES: usize = 256 * 1024;
/// A sequence number further ahead than this is not believed.
const SEQUENCE_STEP_MAX: u64 = 1 << 32;

/// What one journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// The file.
    pub path: PathBuf,
    /// Whole batches before the end or the break.
    pub batches: u64,
    /// Bytes of them.
    pub whole_bytes: u64,
    /// The first and the last commit in them.
    pub commits: Option<(u64, u64)>,
    /// What is wrong after them.
    pub broken: Option<Break>,
    /// Sequence number of the last batch.
    last_sequence: Option<u64>,
}

/// Where a journal stops making sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Byte offset of the batch that is not whole.
    pub at: u64,
    /// Why it is not.
    pub why: &'static str,
    /// Whether whole batches can be read further on, so that this is no torn end.
    pub more_behind: bool,
}

/// Reads all journals of an engine's folder, oldest first.
///
/// # Errors
/// `STO-052` when a file cannot be read.
pub fn read_all(engine: &Path) -> Result<Vec<Journal>, Problem> {
    let io = |e| io_problem("list the journals", engine, &e);
    let mut journals = Vec::new();
    let mut sequence = None;
    for (_, path) in super::fjall_backend::journals(engine).map_err(io)? {
        let journal = read(&path, sequence)?;
        sequence = journal.last_sequence.or(sequence);
        journals.push(journal);
    }
    Ok(journals)
}

fn read(path: &Path, sequence: Option<u64>) -> Result<Journal, Problem> {
    let io = |e| io_problem("read the journal", path, &e);
    let mut journal = Journal { path: path.to_path_buf(), ..Journal::default() };
    let mut reader = Reader::open(path).map_err(io)?;
    journal.last_sequence = sequence;
    loop {
        match reader.batch().map_err(io)? {
            Step::Batch(batch) if !follows(&journal, &batch) => {
                let why = "a batch is out of order";
                let more_behind = true;
                journal.broken = Some(Break { at: journal.whole_bytes, why, more_behind });
                return Ok(journal);
            }
            Step::Batch(batch) => {
                journal.batches += 1;
                journal.whole_bytes = reader.at;
                journal.last_sequence = Some(batch.sequence);
                if let Some(commit) = batch.commit {
                    journal.commits = Some((journal.commits.map_or(commit, |c| c.0), commit));
                }
            }
            Step::End => return Ok(journal),
            Step::Broken(why) => {
                let at = journal.whole_bytes;
                let more_behind = anything_behind(path, at + 1).map_err(io)?;
                journal.broken = Some(Break { at, why, more_behind });
                return Ok(journal);
            }
        }
    }
}

/// Sequence numbers stand outside the batch's checksum; a changed one shows in their order. So does
/// a batch that went missing, in the commit numbers.
fn follows(journal: &Journal, batch: &Batch) -> bool {
    let sequence = journal
        .last_sequence
        .is_none_or(|last| last < batch.sequence && batch.sequence - last < SEQUENCE_STEP_MAX);
    let commit = match (journal.commits, batch.commit) {
        (Some((_, last)), Some(commit)) => commit == last + 1,
        _ => true,
    };
    sequence && commit
}

/// Whether a whole batch begins anywhere from `at` on. A trailer marks each batch's end, and the
/// next begins right behind it.
fn anything_behind(path: &Path, at: u64) -> std::io::Result<bool> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(at))?;
    file.read_to_end(&mut bytes)?;
    let mut rest = bytes.as_slice();
    while let Some(found) = rest.windows(TRAILER.len()).position(|w| w == TRAILER) {
        rest = rest.get(found + TRAILER.len()..).unwrap_or_default();
        if rest.first() != Some(&START) {
            continue;
        }
        let mut reader = Reader { input: rest, at: 0, hash: Xxh3::new(), buffer: Vec::new() };
        if matches!(reader.batch()?, Step::Batch(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Batch {
    sequence: u64,
    commit: Option<u64>,
}

enum Step {
    Batch(Batch),
    End,
    Broken(&'static str),
}

struct Reader<R> {
    input: R,
    at: u64,
    hash: Xxh3,
    buffer: Vec<u8>,
}

impl Reader<BufReader<File>> {
    fn open(path: &Path) -> std::io::Result<Self> {
        let input = BufReader::with_capacity(READ_BYTES, File::open(path)?);
        Ok(Self { input, at: 0, hash: Xxh3::new(), buffer: Vec::new() })
    }
}

impl<R: Read> Reader<R> {
    /// Fills `into`; `false` at the end of the file.
    fn fill(&mut self, into: &mut [u8]) -> std::io::Result<bool> {
        match self.input.read_exact(into) {
            Ok(()) => {
                self.at += into.len() as u64;
                Ok(true)
            }
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn batch(&mut self) -> std::io::Result<Step> {
        let mut tag = [0];
        if !self.fill(&mut tag)? {
            return Ok(Step::End);
        }
        if tag == [0] {
            return Ok(if self.only_zeros()? { Step::End } else { Step::Broken("not a batch") });
        }
        let mut head = [0; 12];
        if tag != [START] || !self.fill(&mut head)? {
            return Ok(Step::Broken("not a batch"));
        }
        let (count, sequence) = head.split_at(4);
        let count = number(count);
        let sequence = number(sequence);
        self.hash.reset();
        let mut commit = None;
        for _ in 0..count {
            match self.item()? {
                Ok(found) => commit = commit.or(found),
                Err(why) => return Ok(Step::Broken(why)),
            }
        }
        let mut end = [0; 13];
        if !self.fill(&mut end)? {
            return Ok(Step::Broken("a batch without its end"));
        }
        let (tag, rest) = end.split_at(1);
        let (sum, trailer) = rest.split_at(8);
        if tag != [END] || trailer != TRAILER {
            return Ok(Step::Broken("a batch without its end"));
        }
        if number(sum) != self.hash.digest() {
            return Ok(Step::Broken("a batch with another checksum"));
        }
        Ok(Step::Batch(Batch { sequence, commit }))
    }

    /// One item; answers the commit it records, if it is a commit record.
    fn item(&mut self) -> std::io::Result<Result<Option<u64>, &'static str>> {
        let mut head = [0; 21];
        if !self.fill(&mut head)? {
            return Ok(Err("a batch that ends early"));
        }
        let [tag, kind, compression, rest @ ..] = head;
        let (_, rest) = rest.split_at(8);
        let (key, rest) = rest.split_at(2);
        let (value, stored) = rest.split_at(4);
        let key = usize::try_from(number(key)).unwrap_or(usize::MAX);
        let stored_length = usize::try_from(number(stored)).unwrap_or(usize::MAX);
        let sane = tag == ITEM
            && compression == 0
            && value == stored
            && (1..=KEY_BYTES_MAX).contains(&key)
            && stored_length <= VALUE_BYTES_MAX;
        if !sane {
            return Ok(Err("an item that cannot be"));
        }
        self.hash.update(&head);
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(key, 0);
        let whole = self.fill(&mut buffer)?;
        self.hash.update(&buffer);
        let commit = match buffer.as_slice() {
            [b'C', number @ ..] if kind == 0 => number.try_into().ok().map(u64::from_be_bytes),
            _ => None,
        };
        let whole = whole && self.hash_value(stored_length, &mut buffer)?;
        self.buffer = buffer;
        Ok(if whole { Ok(commit) } else { Err("a batch that ends early") })
    }

    fn hash_value(&mut self, mut left: usize, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
        while left > 0 {
            let part = left.min(64 * 1024);
            buffer.resize(part, 0);
            if !self.fill(buffer)? {
                return Ok(false);
            }
            self.hash.update(buffer);
            left -= part;
        }
        Ok(true)
    }

    fn only_zeros(&mut self) -> std::io::Result<bool> {
        let mut part = [0; 64 * 1024];
        loop {
            let read = self.input.read(&mut part)?;
            if read == 0 {
                return Ok(true);
            }
            if part.iter().take(read).any(|byte| *byte != 0) {
                return Ok(false);
            }
        }
    }
}

fn number(little_endian: &[u8]) -> u64 {
    little_endian.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
