//! The engine trait: what a database must do for the record to stand on it.
//!
//! Ordered byte keys, consistent snapshots, and durable atomic commits with preconditions. Every
//! engine passes the same conformance suite (`engine::conformance`).
//!
//! Here: the contract. The embedded engine is [`fjall_engine`], the other [`postgres`]; how commits are grouped and made
//! durable is `committer`; what each commit leaves behind is [`chain`]; what stands outside the
//! engine's own files to catch their loss is [`high_water`]; how an empty place is filled without commits is
//! [`filling`], from another engine by [`copy`], from a file by [`backup`]. Pictured in `docs/store.md`.

pub mod backup;
pub mod chain;
pub mod check;
mod committer;
pub mod conformance;
pub mod copy;
mod disk;
pub mod filling;
mod fjall_backend;
pub mod fjall_engine;
pub mod fjall_files;
mod fjall_filling;
pub mod fjall_journal;
pub mod folder;
pub mod high_water;
mod inspection;
mod journal_ahead;
mod overlay;
pub mod postgres;
mod queue;
mod rows;

use std::pin::Pin;
use std::sync::Arc;

use akson_base::Problem;
use bytes::Bytes;

/// A key range: `start <= key < end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// First key.
    pub start: Vec<u8>,
    /// First key after the range.
    pub end: Vec<u8>,
}

impl Range {
    /// Leaves what lies behind `last` for a walk that has met it.
    pub(crate) fn go_on_behind(&mut self, direction: Direction, last: &[u8]) {
        match direction {
            // The next key after it.
            Direction::Ascending => self.start = [last, &[0]].concat(),
            Direction::Descending => self.end = last.to_vec(),
        }
    }
}

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From `start` up.
    Ascending,
    /// From `end` down.
    Descending,
}

/// Called with each key and value; answers whether to go on.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<bool, Problem> + 'a;

/// Tells which keys will be read because of an entry, into a list.
pub type Next<'a> = dyn Fn(&[u8], &[u8], &mut Vec<Vec<u8>>) + 'a;

/// A read on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>>;

/// A consistent view of everything that was acknowledged before it was taken, and perhaps of what was
/// committed between that and its first read; from then on it never changes. Cheap to take and to drop.
pub trait Snapshot: Send + Sync {
    /// The value of one key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem>;

    /// As [`Snapshot::get`], where the caller goes on to [`Snapshot::get`] what the value leads to: an engine
    /// whose every read is a trip reads both in one.
    fn get_leading(&self, key: &[u8], lead: Lead) -> Result<Option<Bytes>, Problem> {
        let _ = lead;
        self.get(key)
    }

    /// Reads ahead what [`Snapshot::get_leading`] and the [`Snapshot::get`] after it will ask for, and holds no
    /// thread while the database answers; nothing where reads are no trips.
    fn fetch_leading(&self, key: Vec<u8>, lead: Lead) -> Option<Fetching<'_>> {
        let _ = (key, lead);
        None
    }

    /// The values of many keys, in the order asked.
    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem>;

    /// Up to `limit` entries of a range. Go on by calling again with the range cut after the last
    /// key. The default copies what a walk meets; an engine that need not does it itself.
    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, Problem> {
        walked(self, range, direction, limit)
    }

    /// As [`Snapshot::scan`], entry by entry until `visit` answers `false`.
    fn visit(
        &self,
        range: &Range,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem>;

    /// As [`Snapshot::visit`], where `visit` goes on to [`Snapshot::get`] what `next` tells of each
    /// entry: an engine whose every read is a trip reads that for many entries at once.
    fn visit_reading(
        &self,
        range: &Range,
        direction: Direction,
        next: &Next<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        let _ = next;
        self.visit(range, direction, visit)
    }

    /// Makes it a view of now, if nothing has been read of it yet; what was committed until then,
    /// [`Watcher`]s have heard of. To be called before something that is remembered decides what is
    /// read.
    ///
    /// # Errors
    /// When the database does not answer.
    fn fix(&self) -> Result<(), Problem> {
        Ok(())
    }
}

/// How a value leads to another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// What that key begins with.
    pub letter: u8,
    /// How many bytes of the value follow it; a shorter value leads nowhere.
    pub bytes: usize,
}

impl Lead {
    /// The key that a value leads to.
    pub(crate) fn from(self, value: &[u8]) -> Option<Vec<u8>> {
        value.get(..self.bytes).map(|rest| [&[self.letter], rest].concat())
    }
}

/// What commits changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched<'a> {
    /// These resources (`keys::ResourceKey`); one that left a patient's range also where it was.
    Resources(&'a [[u8; 10]]),
    /// So much, or so long ago, that it is not told any more.
    Anything,
}

/// Hears what other processes' commits changed, before any snapshot shows it. Must be quick.
pub type Watcher = Box<dyn Fn(&Touched<'_>) + Send + Sync>;

/// A scan by a walk.
fn walked<S: Snapshot + ?Sized>(
    snapshot: &S,
    range: &Range,
    direction: Direction,
    limit: usize,
) -> Result<Vec<(Bytes, Bytes)>, Problem> {
    let mut found = Vec::with_capacity(limit.min(64));
    if limit > 0 {
        snapshot.visit(range, direction, &mut |key, value| {
            found.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)));
            Ok(found.len() < limit)
        })?;
    }
    Ok(found)
}

/// What must hold at the moment of commit.
#[derive(Clone, Debug)]
pub enum Precondition {
    /// The key has no value.
    Absent(Vec<u8>),
    /// The key's value begins with these bytes.
    Begins(Vec<u8>, Vec<u8>),
    /// The range holds exactly these keys and no other (a conditional create found these).
    OnlyKeys(Range, Vec<Vec<u8>>),
}

/// One change. A stamp position is where the committer writes the commit's number and time, which
/// are not known before: 16 bytes, big-endian `u64` commit number then big-endian `i64`
/// milliseconds since 1970.
#[derive(Clone, Debug)]
pub enum Op {
    /// Sets a key.
    Put {
        /// The key, with 8 zero bytes at `stamp_key_at` if that is given (only the commit number
        /// is written into keys).
        key: Vec<u8>,
        /// The value, with 16 zero bytes at `stamp_value_at` if that is given.
        value: Vec<u8>,
        /// Byte offset in the key.
        stamp_key_at: Option<usize>,
        /// Byte offset in the value.
        stamp_value_at: Option<usize>,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

impl Op {
    /// The key it sets or removes, as it stands now.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// Bytes of its key and value.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Put { key, value, .. } => (key.len() + value.len()) as u64,
            Self::Delete { key } => key.len() as u64,
        }
    }
}

/// One change of a resource, told in the commit record so that the chain covers the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The resource's key bytes (`keys::ResourceKey`).
    pub resource: [u8; 10],
    /// The version made.
    pub version: u32,
    /// Whether this version is a deletion.
    pub deleted: bool,
    /// First 16 bytes of SHA-256 over the stored body.
    pub body_digest: [u8; 16],
}

/// One atomic request. All of it becomes durable, or none.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// All must hold.
    pub preconditions: Vec<Precondition>,
    /// Applied together; a later op on the same key wins.
    pub ops: Vec<Op>,
    /// Resource versions made by the ops.
    pub changes: Vec<Change>,
    /// Encoded access-log entries (`audit`), appended to the chain in the same commit.
    pub log: Vec<Vec<u8>>,
}

/// When a transaction became durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The commit's number: 1, 2, 3 … without gaps. Several transactions may share one.
    pub commit: u64,
    /// The commit's time, never decreasing with the number: milliseconds since 1970.
    pub time: i64,
}

/// Why a transaction was not applied.
#[derive(Clone, Debug)]
pub enum CommitError {
    /// A precondition did not hold; nothing was changed, reading again may help.
    Precondition {
        /// Position in [`Transaction::preconditions`].
        index: usize,
    },
    /// Refused (nothing was changed), or the disk failed while writing (`STO-056`: whether the
    /// transaction is stored is not known before the next start).
    Problem(Problem),
}

/// Called once with the outcome, after durability, from the engine's own thread. Must be quick and
/// must not wait for another commit.
pub type Done = Box<dyn FnOnce(Result<Committed, CommitError>) + Send>;

/// A database under the record.
pub trait Engine: Send + Sync {
    /// A consistent view of everything acknowledged so far.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// As [`Engine::snapshot`], for work that takes hours: copies, backups and checks. An engine whose
    /// snapshots are soon past gives one of another kind, that costs more.
    ///
    /// # Errors
    /// When the database does not answer.
    fn lasting_snapshot(&self) -> Result<Arc<dyn Snapshot>, Problem> {
        Ok(self.snapshot())
    }

    /// Whether other processes may have the same database open. One that has a folder to itself is alone.
    fn is_shared(&self) -> bool {
        false
    }

    /// Queues a transaction for the next group commit; `done` hears when it is durable, or at once
    /// and from this thread when the queue is full or the transaction cannot be taken.
    fn submit(&self, transaction: Transaction, done: Done);

    /// The newest durable commit.
    fn last_commit(&self) -> Committed;

    /// Whether transactions are taken. Asking also makes an engine that stopped for lack of room look
    /// whether there is room again.
    ///
    /// # Errors
    /// `STO-064` while nothing can be written because the disk failed.
    fn writable(&self) -> Result<(), Problem>;

    /// Numbers for operators: `(name, value)`.
    fn stats(&self) -> Vec<(&'static str, u64)>;

    /// Has a watcher told what other processes change from now on; it may be told of this process's own
    /// commits too. An engine that only one process writes to tells nothing.
    fn watch(&self, watcher: Watcher) {
        drop(watcher);
    }

    /// A moment, for [`Engine::hear_up_to`]; costs nothing.
    fn moment(&self) -> u64 {
        0
    }

    /// Returns when watchers have heard of everything that was acknowledged, by whatever process, before
    /// this moment.
    ///
    /// # Errors
    /// When the database does not answer.
    fn hear_up_to(&self, moment: u64) -> Result<(), Problem> {
        let _ = moment;
        Ok(())
    }

    /// Writes out everything in memory and makes the files small; used after a bulk load and at a
    /// clean stop.
    fn settle(&self) -> Result<(), Problem>;
}

/// Submits a transaction and waits for its outcome. Blocks the thread: not for async code.
///
/// # Errors
/// As `done` hears them.
pub fn commit_and_wait(
    engine: &dyn Engine,
    transaction: Transaction,
) -> Result<Committed, CommitError> {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    // The receiver below lives until it has heard.
    engine.submit(transaction, Box::new(move |outcome| drop(tell.send(outcome))));
    told.recv().unwrap_or_else(|_| {
        let text = "the engine dropped a transaction without an outcome";
        Err(CommitError::Problem(Problem::fault("STO-068", text)))
    })
}
