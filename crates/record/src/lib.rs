//! The shared record: the one way in. Every interaction asks `access` for a permit and leaves an
//! `audit` entry that is durable before the answer.
//!
//! One file per interaction under `interactions/`; [`page`] writes the Bundles, [`outcome`] the
//! OperationOutcomes.

mod acts;
mod apart;
mod between_workers;
mod bounds;
mod commit;
mod elements;
mod interactions;
mod known;
pub mod outcome;
mod outliers;
pub mod page;
mod patient_facts;
mod registration;
pub mod request;
mod safeguards;
mod searching;
mod sight;
mod turns;
mod unsent;
mod withheld;
mod writes;

use std::sync::{Arc, Mutex};

use akson_access::{Ground, Policy};
use akson_audit::{AccessIndex, Entry};
use akson_base::Problem;
use akson_fhir::definitions::ResourceType;
use akson_store::Store;
use akson_store::engine::Transaction;
use akson_store::keys::{PatientNumber, ResourceKey};

use crate::sight::Sight;

pub use acts::{ANSWER_SYSTEM, FILL_FORM, MESSAGE_SYSTEM, TASK_SYSTEM};
pub use akson_audit::Entry as LogEntry;
pub use akson_insight::{Reason as OutlierReason, Signal as OutlierSignal};
pub use bounds::check_scopes;
pub use interactions::authentications::{Authenticated, Authentication};
pub use interactions::changes::Change;
pub use interactions::everything::EverythingPages;
pub use interactions::ground::PatientStanding;
pub use interactions::opening::{
    DECIDED_HOURS, EMERGENCY_HOURS, NOTICE_EMERGENCY, NOTICE_SYSTEM, Opening, REASON_CHARACTERS_MAX,
};
pub use interactions::outliers::{
    NOTE_CHARACTERS_MAX, Outlier, OutlierCase, OutlierDecision, Outliers, Verdict,
};
pub use interactions::register::APP_CONSENT_SYSTEM;
pub use interactions::role_changes::RoleChange;
pub use interactions::standby_copy::{STANDBY_TYPES, Standby, Touched, standby_reader};
pub use interactions::stirrings::Stirring;
pub use outliers::{OUTLIER_DAYS, OUTLIER_FLOOR, OutlierActor};
pub use page::page_json;
pub use patient_facts::DECISION_SYSTEM;
pub use registration::REGISTERED_DAYS;
pub use withheld::WITHHELD_UNTIL;

/// The record over one store. Share it behind an `Arc`.
pub struct Record {
    store: Arc<Store>,
    policy: Policy,
    accesses: AccessIndex,
    turns: turns::Turns,
    known: Arc<known::Known>,
    outliers: Arc<Mutex<Option<outliers::Period>>>,
}

impl Record {
    /// A record under a policy.
    pub fn new(store: Arc<Store>, policy: Policy) -> Self {
        let accesses = AccessIndex::new(Arc::clone(&store));
        let known = known::Known::new(Arc::clone(&store));
        Self {
            store,
            policy,
            accesses,
            turns: turns::Turns::default(),
            known,
            outliers: Arc::default(),
        }
    }

    /// The store below, for operators' commands and figures; its reads need a permit too.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// A number that is another one when somebody's role, or an organisation, has changed since it was
    /// last asked for, by whatever server: what was found of callers ([`Record::actors`]) is to be
    /// found anew then. Blocking.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn changes_of_roles(&self) -> Result<u64, Problem> {
        self.known.changes_of_roles()
    }

    /// Brings the index of accesses up to date; answers how many commits were read. Blocking: to be
    /// called now and then from a thread of its own.
    pub fn index_accesses(&self) -> Result<usize, Problem> {
        self.accesses.catch_up()
    }

    /// Logs an attempt that came to nothing.
    async fn log_missed(
        &self,
        sight: &Sight,
        entry: Entry,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<(), Problem> {
        let entry = sight.missed(&self.store, entry, resource_type, id)?;
        self.log_entries(&[entry]).await
    }

    /// Refuses what no scope of the caller speaks of, and logs that it was tried. Answers before
    /// anything is looked up, so it tells of the token alone.
    async fn refuse_beyond_scopes(
        &self,
        sight: &Sight,
        of: Option<ResourceType>,
        entry: impl FnOnce() -> Entry,
    ) -> Result<(), Problem> {
        let Err(problem) = sight.may_ask_of(of) else { return Ok(()) };
        let entry = entry().on(Ground::Refused);
        Box::pin(self.log_entries(&[entry])).await?;
        Err(problem)
    }

    /// Makes the log entries of a look durable: one for each ground on which patients were seen.
    async fn log(
        &self,
        sight: &Sight,
        entry: Entry,
        patients: impl IntoIterator<Item = PatientNumber>,
    ) -> Result<(), Problem> {
        self.log_entries(&sight.entries(entry, patients)?).await
    }

    /// As [`Record::log`], of what was shown.
    async fn log_seen(
        &self,
        sight: &Sight,
        entry: Entry,
        keys: impl IntoIterator<Item = ResourceKey>,
    ) -> Result<(), Problem> {
        if sight.judge().is_none() {
            let entry = entry.concerning(keys.into_iter().map(ResourceKey::patient));
            return self.log_encoded(vec![entry.encode()?]).await;
        }
        let patients = sight.patients_of(keys)?;
        Box::pin(self.log(sight, entry, patients)).await
    }

    async fn log_entries(&self, entries: &[Entry]) -> Result<(), Problem> {
        self.log_encoded(entries.iter().map(Entry::encode).collect::<Result<_, _>>()?).await
    }

    async fn log_encoded(&self, log: Vec<Vec<u8>>) -> Result<(), Problem> {
        let transaction = Transaction { log, ..Transaction::default() };
        match commit::submit(&self.store, transaction, || ()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(commit::problem(error)),
        }
    }
}
