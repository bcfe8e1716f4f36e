//! The store: engines, key layout, versions, history, search, transactions. The only crate that
//! knows a database.
//!
//! Gives no patient data without a permit that only `access` can make. The map: [`keys`] is the
//! layout, [`engine`] what a database must do, `heads` and `bodies` the stored form of a resource,
//! [`facets`] its search values, [`drafts`] a write in the making, [`reads`] and [`history`] the
//! way out, `as_of` search values of earlier versions, [`search`] the planner and executor, [`kept`]
//! what must be durable and is no resource.

mod as_of;
mod bodies;
pub mod consistency;
pub mod drafts;
pub mod engine;
pub mod facets;
mod heads;
pub mod history;
pub mod kept;
pub mod keys;
mod numbers;
mod owners;
pub mod reads;
pub mod search;
pub mod sighted;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use akson_base::{Clock, Problem};
use akson_fhir::definitions::ResourceType;
use akson_fhir::search::Extractor;

use crate::bodies::Bodies;
use crate::drafts::Draft;
use crate::engine::{Done, Engine, Op, Precondition, Snapshot, Transaction, commit_and_wait};
use crate::keys::{PatientNumber, ResourceKey};
use crate::numbers::Numbers;
use crate::owners::Owners;

pub use crate::heads::Head;

/// Patient numbers kept in memory; when full, it starts over.
const PATIENTS_CACHED_MAX: usize = 100_000;

/// Where a resource lives, and whether it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its key.
    pub key: ResourceKey,
    /// Whether its current version is a deletion.
    pub deleted: bool,
}

/// The store over one engine.
pub struct Store {
    engine: Arc<dyn Engine>,
    bodies: Arc<Bodies>,
    resource_numbers: Numbers,
    patient_numbers: Numbers,
    patients: RwLock<HashMap<String, PatientNumber>>,
    owners: Owners,
    counts: search::Counts,
    extractor: &'static Extractor,
    clock: Arc<dyn Clock>,
}

impl Store {
    /// Opens the embedded store in a folder, making it when the folder is empty.
    ///
    /// # Errors
    /// When the folder belongs to another process, was written by a newer release, or its files
    /// are damaged; the message says which.
    pub fn open(
        folder: &Path,
        options: &engine::fjall_engine::Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Problem> {
        let engine = engine::fjall_engine::FjallEngine::open(folder, options, Arc::clone(&clock))?;
        Self::over(Arc::new(engine), clock)
    }

    /// A store over any engine.
    pub fn over(engine: Arc<dyn Engine>, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let extractor = Extractor::r4();
        let snapshot = engine.snapshot();
        check_fingerprint(engine.as_ref(), snapshot.as_ref(), extractor)?;
        Ok(Self {
            bodies: Arc::new(Bodies::open(snapshot.as_ref(), Some(Arc::clone(&engine)))?),
            resource_numbers: Numbers::open(engine.as_ref(), "resource-numbers", 1 << 40)?,
            patient_numbers: Numbers::open(engine.as_ref(), "patient-numbers", 1 << 32)?,
            patients: RwLock::default(),
            owners: Owners::r4(extractor),
            counts: search::Counts::default(),
            extractor,
            clock,
            engine,
        })
    }

    /// A consistent view of everything acknowledged so far.
    pub fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.engine.snapshot()
    }

    /// The engine below, for checks and figures.
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    /// The compiled search parameters.
    pub fn extractor(&self) -> &'static Extractor {
        self.extractor
    }

    /// What the search planner remembers between searches.
    pub fn counts(&self) -> &search::Counts {
        &self.counts
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Whether other processes may have the same store open.
    pub fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    /// Begins a write against a snapshot.
    pub fn draft<'a>(&'a self, snapshot: &'a dyn Snapshot) -> Draft<'a> {
        Draft::new(self, snapshot)
    }

    /// Submits a finished draft or a log entry; `done` hears when it is durable.
    pub fn submit(&self, transaction: Transaction, done: Done) {
        self.engine.submit(transaction, done);
    }

    /// Writes out everything in memory and makes the files small.
    pub fn settle(&self) -> Result<(), Problem> {
        self.engine.settle()
    }

    /// A new server-assigned id, sortable by time: 18 characters of Crockford's base 32, ten of the
    /// milliseconds since 1970 and eight of a number that is never used twice in this store.
    pub fn new_id(&self) -> Result<String, Problem> {
        let milliseconds = self.clock.now().0.max(0) as u64;
        let number = self.take_number()?;
        let mut id = String::with_capacity(18);
        push_base32(&mut id, milliseconds, 10);
        push_base32(&mut id, number, 8);
        Ok(id)
    }

    /// The number of a patient that the store has heard of.
    pub fn patient_number(
        &self,
        snapshot: &dyn Snapshot,
        id: &str,
    ) -> Result<Option<PatientNumber>, Problem> {
        {
            let patients = self.patients.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(number) = patients.get(id) {
                return Ok(Some(*number));
            }
        }
        let Some(value) = snapshot.get(&keys::patient(id))? else { return Ok(None) };
        let bytes = <[u8; 4]>::try_from(value.as_ref())
            .map_err(|_| Problem::fault("STO-014", "a patient number is damaged"))?;
        let number = PatientNumber(u32::from_be_bytes(bytes));
        let mut patients = self.patients.write().unwrap_or_else(PoisonError::into_inner);
        if patients.len() >= PATIENTS_CACHED_MAX {
            patients.clear();
        }
        patients.insert(id.to_string(), number);
        Ok(Some(number))
    }

    /// Index prefixes of everything that refers to a patient by a parameter of the Patient
    /// compartment without being stored under the patient. `about` is `Patient/id`.
    pub fn reference_prefixes(&self, about: &str) -> Vec<Vec<u8>> {
        self.owners.all_slots().map(|slot| facets::target::reference_prefix(slot, about)).collect()
    }

    /// Whether a draft has claimed this name (see [`Draft::claim`]).
    pub fn is_claimed(&self, name: &str) -> Result<bool, Problem> {
        Ok(self.snapshot().get(&drafts::claim_key(name))?.is_some())
    }

    fn take_number(&self) -> Result<u64, Problem> {
        self.resource_numbers.take(self.engine.as_ref())
    }

    fn take_patient_number(&self) -> Result<u32, Problem> {
        let number = self.patient_numbers.take(self.engine.as_ref())?;
        let number =
            u32::try_from(number).ok().filter(|number| *number <= keys::PATIENT_NUMBER_MAX);
        number.ok_or_else(|| Problem::fault("STO-015", "patient numbers are used up"))
    }

    /// Notes a body for training; the type's dictionary is made on a thread of its own.
    fn sample(&self, resource_type: ResourceType, tail: &[u8]) {
        if !self.bodies.wants_samples(resource_type) {
            return;
        }
        let Some(trainable) = self.bodies.sample(resource_type, tail) else { return };
        let bodies = Arc::clone(&self.bodies);
        let engine = Arc::clone(&self.engine);
        std::thread::spawn(move || {
            let Some(dictionary) = bodies::train(&trainable) else { return };
            let number = 1;
            let key = keys::dictionary(trainable.resource_type, number);
            let transaction = Transaction {
                // Another process may have made one: then that is the dictionary of this number.
                preconditions: vec![Precondition::Absent(key.clone())],
                ops: vec![Op::Put {
                    key,
                    value: dictionary.to_vec(),
                    stamp_key_at: None,
                    stamp_value_at: None,
                }],
                ..Transaction::default()
            };
            engine.submit(
                transaction,
                Box::new(move |outcome| {
                    if outcome.is_ok() {
                        bodies.adopt(trainable.resource_type, number, &dictionary);
                    }
                }),
            );
        });
    }
}

fn push_base32(out: &mut String, value: u64, digits: u32) {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    for digit in (0..digits).rev() {
        let index = (value >> (digit * 5)) as usize & 31;
        out.extend(ALPHABET.get(index).map(|b| char::from(*b)));
    }
}

/// Stored index keys carry slot numbers: refuse to mix two numberings.
fn check_fingerprint(
    engine: &dyn Engine,
    snapshot: &dyn Snapshot,
    extractor: &Extractor,
) -> Result<(), Problem> {
    let key = keys::meta("search-slots");
    let ours = extractor.fingerprint().to_be_bytes();
    match snapshot.get(&key)? {
        Some(stored) if stored.as_ref() == ours.as_slice() => Ok(()),
        Some(_) => Err(Problem::fault(
            "STO-016",
            "this store was indexed by a release with other search parameters; \
             open it with that release",
        )),
        None => {
            let transaction = Transaction {
                ops: vec![Op::Put {
                    key,
                    value: ours.to_vec(),
                    stamp_key_at: None,
                    stamp_value_at: None,
                }],
                ..Transaction::default()
            };
            match commit_and_wait(engine, transaction) {
                Ok(_) => Ok(()),
                Err(_) => Err(Problem::fault("STO-017", "the new store could not be written to")),
            }
        }
    }
}
