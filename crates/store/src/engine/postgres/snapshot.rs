//! A snapshot: the number of a commit, fixed by the first read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use akson_base::Problem;
use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::reader::{Found, Reader, What};
use crate::engine::{Direction, Fetching, Lead, Next, Range, Snapshot, Visit, walked};

/// Entries of the first piece of a walk, and of the largest.
const PIECE_FIRST: usize = 128;
const PIECE_MAX: usize = 4_096;

/// Entries of the first piece whose next reads are made at once, and of the largest.
const AHEAD_FIRST: usize = 32;
const AHEAD_MAX: usize = 512;

/// A view of everything committed before its first read, wherever it was committed.
pub(super) struct PostgresSnapshot {
    reader: Arc<Reader>,
    /// The commit, when it is known. Held while a thread's first read is under way; of tasks the first to be
    /// answered decides.
    commit: Mutex<Option<u64>>,
    /// What was read ahead: it holds for as long as the snapshot does.
    ahead: Mutex<FxHashMap<Vec<u8>, Option<Bytes>>>,
}

impl PostgresSnapshot {
    pub(super) fn new(reader: Arc<Reader>) -> Self {
        Self { reader, commit: Mutex::new(None), ahead: Mutex::default() }
    }

    fn ask(&self, what: What) -> Result<Found, Problem> {
        let mut commit = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = *commit {
            drop(commit);
            return Ok(self.reader.ask(Some(known), what)?.found);
        }
        let answer = self.reader.ask(None, what)?;
        *commit = Some(answer.commit);
        Ok(answer.found)
    }

    /// Takes in what a key led to.
    fn take_led(&self, key: Vec<u8>, lead: Lead, found: Found) -> Result<Option<Bytes>, Problem> {
        let Found::Values(values) = found else { return Err(mixed_up()) };
        let mut values = values.into_iter();
        let value = values.next().flatten();
        let mut ahead = self.ahead();
        if let Some(next) = value.as_ref().and_then(|value| lead.from(value)) {
            ahead.insert(next, values.next().flatten());
        }
        ahead.insert(key, value.clone());
        Ok(value)
    }

    fn ahead(&self) -> MutexGuard<'_, FxHashMap<Vec<u8>, Option<Bytes>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what entries tell that will be read next, in the place of what was read ahead before.
    fn read_ahead(&self, entries: &[(Bytes, Bytes)], next: &Next<'_>) -> Result<(), Problem> {
        let mut keys = Vec::with_capacity(entries.len());
        entries.iter().for_each(|(key, value)| next(key, value, &mut keys));
        // A walk that leads to nothing leaves what one around it has read.
        if keys.is_empty() {
            return Ok(());
        }
        let values = self.multi_get(&keys)?;
        *self.ahead() = keys.into_iter().zip(values).collect();
        Ok(())
    }

    fn piece(&self, range: &Range, direction: Direction, limit: usize) -> Result<Entries, Problem> {
        if range.start >= range.end || limit == 0 {
            return Ok(Vec::new());
        }
        match self.ask(What::Range { range: range.clone(), direction, limit })? {
            Found::Entries(entries) => Ok(entries),
            Found::Values(_) => Err(mixed_up()),
        }
    }
}

type Entries = Vec<(Bytes, Bytes)>;

fn mixed_up() -> Problem {
    Problem::fault("STO-068", "a read was answered with another read's answer")
}

impl Snapshot for PostgresSnapshot {
    fn fix(&self) -> Result<(), Problem> {
        let mut commit = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        if commit.is_none() {
            *commit = Some(self.reader.ask(None, What::Keys(Vec::new()))?.commit);
        }
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        if let Some(known) = self.ahead().get(key) {
            return Ok(known.clone());
        }
        Ok(self.multi_get(&[key.to_vec()])?.pop().flatten())
    }

    fn get_leading(&self, key: &[u8], lead: Lead) -> Result<Option<Bytes>, Problem> {
        if let Some(known) = self.ahead().get(key) {
            return Ok(known.clone());
        }
        self.take_led(key.to_vec(), lead, self.ask(What::Led { key: key.to_vec(), lead })?)
    }

    fn fetch_leading(&self, key: Vec<u8>, lead: Lead) -> Option<Fetching<'_>> {
        Some(Box::pin(async move {
            let known = *self.commit.lock().unwrap_or_else(PoisonError::into_inner);
            let what = What::Led { key: key.clone(), lead };
            let answer = self.reader.ask_meanwhile(known, what).await?;
            let mut commit = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
            // Another first read may have been answered before as of another commit.
            if *commit.get_or_insert(answer.commit) == answer.commit {
                self.take_led(key, lead, answer.found)?;
            }
            Ok(())
        }))
    }

    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self.ask(What::Keys(keys.to_vec()))? {
            Found::Values(values) => Ok(values),
            Found::Entries(_) => Err(mixed_up()),
        }
    }

    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, Problem> {
        if limit <= PIECE_MAX {
            return self.piece(range, direction, limit);
        }
        walked(self, range, direction, limit)
    }

    fn visit(
        &self,
        range: &Range,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        self.visit_reading(range, direction, &|_, _, _| (), visit)
    }

    fn visit_reading(
        &self,
        range: &Range,
        direction: Direction,
        next: &Next<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        let (mut left, mut size, mut many) = (range.clone(), PIECE_FIRST, AHEAD_FIRST);
        loop {
            let piece = self.piece(&left, direction, size)?;
            let mut entries = piece.as_slice();
            while !entries.is_empty() {
                let (now, later) = entries.split_at(many.min(entries.len()));
                self.read_ahead(now, next)?;
                for (key, value) in now {
                    if !visit(key, value)? {
                        return Ok(());
                    }
                }
                entries = later;
                many = (many * 2).min(AHEAD_MAX);
            }
            let Some((last, _)) = piece.last().filter(|_| piece.len() == size) else {
                return Ok(());
            };
            left.go_on_behind(direction, last);
            size = (size * 4).min(PIECE_MAX);
        }
    }
}
