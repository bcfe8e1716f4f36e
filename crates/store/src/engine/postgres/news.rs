//! What other processes have written: which resources commits changed, told to whoever keeps something
//! that was made of them, before any snapshot shows it.
//!
//! Every commit that changes resources leaves a row in `akson_touched`. The first read of a snapshot
//! asks in the same statement for the rows after the newest commit that this process has heard of, so
//! hearing costs no trip of its own; the answer is given out after everybody has been told. A process
//! that is far behind is told that everything may have changed.
//!
//! Not here: who keeps what (`engine::Watcher`'s givers; the reads by id, `recent`), the statements (`reader`,
//! `schema`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::recent::Recent;
use crate::engine::{Touched, Watcher};

/// Resources of one commit that are named; of more it is told that everything may have changed.
pub(super) const NAMED_MAX: usize = 4_096;

/// Reads what was touched after commit `$n`, as one value: nothing, an empty string for everything, or
/// resource keys one after another.
pub(super) fn touched_since(parameter: &str) -> String {
    format!(
        "(SELECT CASE WHEN (SELECT commit FROM akson_head) - {parameter} > 10000 \
         OR bool_or(resources IS NULL) THEN ''::bytea ELSE string_agg(resources, ''::bytea) END \
         FROM akson_touched WHERE commit > {parameter})"
    )
}

/// What is asked in place of a commit's number by reads that need not hear anything.
pub(super) const NOTHING_NEW: i64 = i64::MAX;

/// What one answer of the database says of the commits.
pub(super) struct Told<'a> {
    pub(super) newest: u64,
    /// What was touched before it is not known any more.
    pub(super) horizon: u64,
    pub(super) touched: Option<&'a [u8]>,
}

/// A read that hears the news, begun.
#[derive(Clone, Copy)]
pub(super) struct Hearing {
    turn: u64,
    since: u64,
}

impl Hearing {
    /// The commit after which it asks.
    pub(super) fn since(self) -> i64 {
        i64::try_from(self.since).unwrap_or(NOTHING_NEW)
    }
}

/// What a process has heard.
pub(super) struct News {
    /// The newest commit up to which everybody has been told of all.
    heard: AtomicU64,
    /// Hearings begun.
    begun: AtomicU64,
    /// The latest of those that are done.
    done: AtomicU64,
    watchers: RwLock<Vec<Watcher>>,
    /// Told first, with the number up to which it is told.
    pub(super) recent: Recent,
}

impl News {
    /// Of a process that remembers nothing yet; `newest` is the commit that it starts at.
    pub(super) fn new(newest: u64, recent: Recent) -> Self {
        Self {
            heard: AtomicU64::new(newest),
            begun: AtomicU64::new(0),
            done: AtomicU64::new(0),
            watchers: RwLock::default(),
            recent,
        }
    }

    pub(super) fn watch(&self, watcher: Watcher) {
        self.watchers.write().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    /// Tells what changed up to a commit.
    fn tell(&self, touched: &Touched<'_>, commit: u64) {
        self.recent.note(touched, commit);
        let watchers = self.watchers.read().unwrap_or_else(PoisonError::into_inner);
        watchers.iter().for_each(|watcher| watcher(touched));
    }

    /// A moment: a hearing that begins later knows of everything that was committed before.
    pub(super) fn moment(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Whether all that was committed before a moment has been told.
    pub(super) fn has_heard(&self, moment: u64) -> bool {
        self.done.load(Ordering::SeqCst) > moment
    }

    /// Begins a hearing; the statement must be sent after this.
    pub(super) fn begin(&self) -> Hearing {
        let since = self.heard.load(Ordering::SeqCst);
        Hearing { turn: self.begun.fetch_add(1, Ordering::SeqCst) + 1, since }
    }

    /// Tells everybody what the database answered.
    pub(super) fn hear(&self, hearing: Hearing, told: &Told<'_>) {
        // A database that has lost commits makes other ones under their numbers.
        if told.newest < hearing.since {
            self.tell(&Touched::Anything, hearing.since + 1);
        }
        // Another hearing may have told of all this already.
        if told.newest > self.heard.load(Ordering::SeqCst) {
            match told.touched {
                _ if hearing.since < told.horizon => self.tell(&Touched::Anything, told.newest),
                None => {}
                Some([]) => self.tell(&Touched::Anything, told.newest),
                Some(resources) => {
                    self.tell(&Touched::Resources(resources.as_chunks().0), told.newest);
                }
            }
            self.heard.fetch_max(told.newest, Ordering::SeqCst);
        }
        self.done.fetch_max(hearing.turn, Ordering::SeqCst);
    }

    /// Tells of this process's own commit, so that it need not be heard of from the database. When
    /// another process's came between, it is heard of with that.
    pub(super) fn committed(&self, commit: u64, resources: &Resources) {
        if self.heard.load(Ordering::SeqCst) != commit.saturating_sub(1) {
            return;
        }
        match resources.stored() {
            None => self.tell(&Touched::Anything, commit),
            Some([]) => {}
            Some(resources) => self.tell(&Touched::Resources(resources.as_chunks().0), commit),
        }
        self.heard.fetch_max(commit, Ordering::SeqCst);
    }
}

/// The resources that a commit changes, as `akson_touched` has them.
#[derive(Default)]
pub(super) struct Resources {
    bytes: Vec<u8>,
    are_many: bool,
}

impl Resources {
    /// Adds what is written under a key: every change of a resource writes its head, also where a
    /// resource leaves another patient's range.
    pub(super) fn add(&mut self, key: &[u8]) {
        if let [b'H', resource @ ..] = key
            && resource.len() == 10
        {
            self.are_many = self.are_many || self.bytes.len() >= NAMED_MAX * 10;
            if !self.are_many {
                self.bytes.extend_from_slice(resource);
            }
        }
    }

    /// Whether there is nothing to tell.
    pub(super) fn are_none(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The value of the row; none says that everything may have changed.
    pub(super) fn stored(&self) -> Option<&[u8]> {
        (!self.are_many).then_some(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn watched(newest: u64) -> (News, Arc<Mutex<Vec<String>>>) {
        let (news, heard) =
            (News::new(newest, Recent::new(1 << 16)), Arc::new(Mutex::new(Vec::new())));
        let writing = Arc::clone(&heard);
        news.watch(Box::new(move |touched| {
            let line = match touched {
                Touched::Anything => "anything".to_owned(),
                Touched::Resources(resources) => format!("{}", resources.len()),
            };
            writing.lock().unwrap().push(line);
        }));
        (news, heard)
    }

    fn told(newest: u64, touched: Option<&[u8]>) -> Told<'_> {
        Told { newest, horizon: 3, touched }
    }

    #[test]
    fn what_is_new_is_told_once_and_who_is_far_behind_forgets_everything() {
        let (news, heard) = watched(5);
        let (first, second) = (news.begin(), news.begin());
        news.hear(first, &told(7, Some(&[1; 20])));
        news.hear(second, &told(7, Some(&[1; 20])));
        news.hear(news.begin(), &told(8, None));
        news.hear(news.begin(), &told(9, Some(&[])));
        assert_eq!(*heard.lock().unwrap(), ["2", "anything"]);
        news.hear(news.begin(), &told(8, None));
        assert_eq!(heard.lock().unwrap().len(), 3, "commits were lost");
        let (late, heard) = watched(2);
        late.hear(late.begin(), &told(4, None));
        assert_eq!(*heard.lock().unwrap(), ["anything"]);
    }

    #[test]
    fn a_moment_is_past_when_a_hearing_that_began_after_it_is_done() {
        let (news, _) = watched(5);
        let early = news.begin();
        let moment = news.moment();
        news.hear(early, &told(5, None));
        assert!(!news.has_heard(moment), "it may have been sent before");
        news.hear(news.begin(), &told(5, None));
        assert!(news.has_heard(moment));
    }

    #[test]
    fn an_own_commit_is_told_at_once_unless_something_unheard_of_came_before_it() {
        let (news, heard) = watched(5);
        let mut resources = Resources::default();
        resources.add(&[&b"H"[..], &[7; 10]].concat());
        resources.add(&[&b"V"[..], &[7; 14]].concat());
        news.committed(6, &resources);
        news.committed(8, &resources);
        assert_eq!(*heard.lock().unwrap(), ["1"]);
        assert_eq!(news.begin().since, 6);
        for _ in 0..NAMED_MAX {
            resources.add(&[&b"H"[..], &[8; 10]].concat());
        }
        assert_eq!(resources.stored(), None);
        news.committed(7, &resources);
        assert_eq!(*heard.lock().unwrap(), ["1", "anything"]);
    }
}
