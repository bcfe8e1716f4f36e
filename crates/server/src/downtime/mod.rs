//! The copy for downtime on disk: made now and then while the server runs, opened without it.
//!
//! Here: when it is made, and how old it is. Not here: what it says (`web::downtime`), writing the files
//! so that none is ever half there (`folder`), locking them (`lock`).

mod folder;
mod lock;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use akson_access::Policy;
use akson_base::Clock;
use akson_record::Record;
use akson_web::downtime::{Downtime, Made, Sheet, index, locked, open};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::config::DowntimeSettings;
use crate::failure::Failure;

use self::folder::Folder;
use self::lock::Lock;

/// What to do about a copy that grows old.
const STALE: &str = "the copy for downtime is older than twice its interval";

/// A folder that a copy goes to, and what locks it.
pub(crate) struct Keeper {
    folder: Arc<Folder>,
    lock: Option<Arc<Lock>>,
    every_seconds: u64,
}

/// How old the copy is.
pub(crate) struct Freshness {
    clock: Arc<dyn Clock>,
    /// When the last one was made; when the server started as long as there is none.
    made: AtomicI64,
}

impl Freshness {
    /// Seconds since the last copy, or since the start.
    pub(crate) fn age_seconds(&self) -> f64 {
        let age = self.clock.now().0 - self.made.load(Ordering::Relaxed);
        age.max(0) as f64 / 1000.0
    }
}

/// A copy that is being kept.
pub(crate) struct Kept {
    pub(crate) freshness: Arc<Freshness>,
    tasks: [JoinHandle<()>; 2],
}

impl Kept {
    /// Makes no more. What is on disk stays.
    pub(crate) fn stop(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Keeper {
    /// Takes the folder, and makes the key: a second of work.
    ///
    /// # Errors
    /// A usage failure that says what is wrong with the settings.
    pub(crate) fn open(settings: &DowntimeSettings, policy: Policy) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::Usage(format!("[downtime] {why}"));
        if policy != Policy::Rules {
            return Err(wrong(
                "needs [login], [identity] or [apps]: what the copy reads goes by the rules".into(),
            ));
        }
        if settings.every_seconds == 0 {
            return Err(wrong("every_seconds must be at least 1".into()));
        }
        let lock = match (&settings.passphrase_file, settings.encrypt) {
            (Some(file), true) => Some(Arc::new(Lock::from_file(file).map_err(wrong)?)),
            (None, false) => None,
            (None, true) => {
                return Err(wrong(
                    "needs passphrase_file, so that the copy is locked; for one that anybody who has \
                     the files can read, say encrypt = false"
                        .into(),
                ));
            }
            (Some(_), false) => {
                return Err(wrong(
                    "has a passphrase_file and encrypt = false; leave one out".into(),
                ));
            }
        };
        let folder = Folder::take(&settings.directory, lock.is_some()).map_err(wrong)?;
        Ok(Self { folder: Arc::new(folder), lock, every_seconds: settings.every_seconds })
    }

    /// Makes a copy at once, and then so often.
    pub(crate) fn start(self, record: &Arc<Record>, clock: &Arc<dyn Clock>) -> Kept {
        let (every, made) =
            (Duration::from_secs(self.every_seconds), AtomicI64::new(clock.now().0));
        let freshness = Arc::new(Freshness { clock: Arc::clone(clock), made });
        let watching = tokio::spawn(watch(Arc::clone(&freshness), every));
        let copy = Downtime::new(Arc::clone(record), Arc::clone(clock));
        let making = tokio::spawn(self.keep_up(copy, Arc::clone(&freshness), every));
        Kept { freshness, tasks: [making, watching] }
    }

    async fn keep_up(self, mut copy: Downtime, freshness: Arc<Freshness>, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let at = freshness.clock.now();
            let sheets = match copy.refresh().await {
                Ok(sheets) => sheets,
                Err(problem) => {
                    tracing::error!("no copy for downtime was made: {problem}");
                    continue;
                }
            };
            let (folder, lock) = (Arc::clone(&self.folder), self.lock.clone());
            let made = Made { at, every_seconds: self.every_seconds };
            let writing = move || write(&folder, lock.as_deref(), &sheets, made);
            match tokio::task::spawn_blocking(writing).await {
                Ok(Ok(())) => freshness.made.store(at.0, Ordering::Relaxed),
                Ok(Err(why)) => tracing::error!("no copy for downtime was written: {why}"),
                Err(error) => tracing::error!("no copy for downtime was written: {error}"),
            }
        }
    }
}

/// Writes all sheets, then the way to them.
fn write(folder: &Folder, lock: Option<&Lock>, sheets: &[Sheet], made: Made) -> Result<(), String> {
    let mut files = Vec::with_capacity(sheets.len() + 1);
    for sheet in sheets {
        let document = match lock {
            None => open(sheet, made),
            Some(lock) => locked(sheet, made, &lock.close(sheet.content.as_bytes())?),
        };
        files.push((format!("{}.html", sheet.name), document));
    }
    files.push((folder::INDEX.to_owned(), index(sheets, made, lock.is_some())));
    folder.replace(&files)
}

/// Says in the log when the copy is too old, each interval anew.
async fn watch(freshness: Arc<Freshness>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        let age = freshness.age_seconds();
        if age > 2.0 * every.as_secs_f64() {
            tracing::warn!(age_seconds = age as u64, "{STALE}");
        }
    }
}
