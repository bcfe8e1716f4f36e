//! Batches and transactions.
//!
//! A transaction's writes are one [`crate::writes::Writing`]: all or nothing; its reads see what it
//! wrote. A batch's entries are independent and answered one by one, several at a time.
//! Here: the two as wholes. An entry's address is understood in `bundle/address.rs`, its answer
//! written in `bundle/reply.rs`.
//! Standard: <https://hl7.org/fhir/R4/http.html#transaction>

mod address;
mod reply;

use akson_audit::{Action, Entry as LogEntry};
use akson_base::{Kind, Problem};
use akson_fhir::bundle::{self, BundleType, Entry};
use bytes::Bytes;
use futures_util::future::join_all;

use self::address::{Request, Wanted};
use self::reply::Reply;
use crate::Record;
use crate::request::{BundleAnswer, Caller, HistoryRequest, SearchRequest};
use crate::writes::{WriteEntry, Writing};

/// Entries of a batch worked on at the same time, so that they share commits.
const BATCH_AT_ONCE: usize = 64;

impl Record {
    /// Applies a batch or transaction Bundle; answers the response Bundle.
    ///
    /// # Errors
    /// A transaction's first problem, located in the Bundle (nothing is stored then); for a batch
    /// only what is wrong with the Bundle itself.
    pub async fn bundle(&self, caller: &Caller, body: Bytes) -> Result<BundleAnswer, Problem> {
        let answer = self.bundle_claiming(caller, &body, None).await?;
        answer.ok_or_else(|| Problem::fault("REC-024", "an unclaimed bundle was not applied"))
    }

    /// As [`Record::bundle`] for a transaction, but only once per `key`: answers `None` when a
    /// transaction with this key is already stored. The key is part of the same commit.
    pub async fn bundle_once(
        &self,
        caller: &Caller,
        body: Bytes,
        key: &str,
    ) -> Result<Option<BundleAnswer>, Problem> {
        if self.store.is_claimed(key)? {
            return Ok(None);
        }
        self.bundle_claiming(caller, &body, Some(key)).await
    }

    async fn bundle_claiming(
        &self,
        caller: &Caller,
        body: &[u8],
        claim: Option<&str>,
    ) -> Result<Option<BundleAnswer>, Problem> {
        let parts = bundle::split(body).map_err(Problem::from)?;
        match parts.type_ {
            BundleType::Transaction => self.transaction(caller, &parts.entries, claim).await,
            BundleType::Batch => self.batch(caller, &parts.entries).await.map(Some),
            BundleType::Document
            | BundleType::Message
            | BundleType::TransactionResponse
            | BundleType::BatchResponse
            | BundleType::History
            | BundleType::Searchset
            | BundleType::Collection => Err(Problem::new(
                Kind::Invalid,
                "REC-026",
                format!(
                    "A Bundle of type {} cannot be applied: send a batch or a transaction.",
                    parts.type_.code()
                ),
            )
            .at("Bundle.type")),
        }
    }

    async fn transaction(
        &self,
        caller: &Caller,
        entries: &[Entry<'_>],
        claim: Option<&str>,
    ) -> Result<Option<BundleAnswer>, Problem> {
        let permit = self.policy.may_write(&caller.actor)?;
        let mut writes = Vec::with_capacity(entries.len());
        let mut wanted = Vec::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            match address::understand(entry, position, &caller.base)? {
                Request::Write { resource_type, intent } => {
                    wanted.push(None);
                    writes.push(WriteEntry {
                        location: format!("Bundle.entry[{position}].resource"),
                        full_url: entry.full_url.as_deref(),
                        resource_type,
                        intent,
                    });
                }
                Request::Read(read) => wanted.push(Some(read)),
            }
        }
        let log = LogEntry::writing(&permit, Action::E, "transaction", &caller.trace);
        let writing = Writing {
            permit: &permit,
            entries: &writes,
            base: &caller.base,
            log,
            claim,
            is_transaction: true,
            want_json: false,
            for_caller: None,
        };
        let written = match self.write(writing).await {
            Ok(written) => written,
            // Another process of ours was faster with the same key.
            Err(_) if claim.is_some_and(|key| self.store.is_claimed(key) == Ok(true)) => {
                return Ok(None);
            }
            Err(problem) => return Err(problem),
        };
        let mut written = written.into_iter();
        let mut replies = Vec::with_capacity(entries.len());
        for read in wanted {
            replies.push(match read {
                Some(read) => self.answer(caller, read).await.unwrap_or_else(Reply::Failed),
                None => written.next().map_or(Reply::Empty, Reply::Written),
            });
        }
        Ok(Some(reply::bundle("transaction-response", &replies, &caller.base)))
    }

    async fn batch(&self, caller: &Caller, entries: &[Entry<'_>]) -> Result<BundleAnswer, Problem> {
        self.policy.may_read(&caller.actor)?;
        let mut replies: Vec<Reply> = Vec::with_capacity(entries.len());
        for chunk in entries.chunks(BATCH_AT_ONCE) {
            let first = replies.len();
            let work: Vec<_> = chunk
                .iter()
                .enumerate()
                .map(|(position, entry)| self.batch_entry(caller, first + position, entry))
                .collect();
            replies.extend(join_all(work).await);
        }
        Ok(reply::bundle("batch-response", &replies, &caller.base))
    }

    async fn batch_entry(&self, caller: &Caller, position: usize, entry: &Entry<'_>) -> Reply {
        match address::understand(entry, position, &caller.base) {
            Ok(request) => self.independent(caller, request).await.unwrap_or_else(Reply::Failed),
            Err(problem) => Reply::Failed(problem),
        }
    }

    /// One entry of a batch, once it is understood.
    async fn independent(&self, caller: &Caller, request: Request<'_>) -> Result<Reply, Problem> {
        match request {
            Request::Read(read) => self.answer(caller, read).await,
            Request::Write { resource_type, intent } => {
                let (action, name) = address::action(&intent);
                let written =
                    self.write_one(caller, resource_type, action, name, "", intent).await?;
                Ok(Reply::Written(written))
            }
        }
    }

    /// One reading entry.
    async fn answer(&self, caller: &Caller, wanted: Wanted) -> Result<Reply, Problem> {
        match wanted {
            Wanted::Read(resource_type, id) => {
                self.read(caller, resource_type, &id).await.map(Reply::Version)
            }
            Wanted::Vread(resource_type, id, version) => {
                self.vread(caller, resource_type, &id, &version).await.map(Reply::Version)
            }
            Wanted::History(scope, query) => {
                let page = self.history(caller, HistoryRequest { scope, query }).await?;
                Ok(Reply::Page(page, "history"))
            }
            Wanted::Search { resource_type, compartment, query } => {
                let request = SearchRequest { resource_type, compartment, query, strict: false };
                let page = self.search(caller, request).await?;
                Ok(Reply::Page(page, "searchset"))
            }
        }
    }
}
