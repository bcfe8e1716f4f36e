//! Writes: one or many, atomic, tried again when others were faster.
//!
//! A single create, update or delete is a transaction of one. Each attempt works on one snapshot:
//! resolve which resource every entry means, rewrite references, draft, commit; when a precondition
//! no longer holds at commit, everything is done again on a newer snapshot.
//! Standard: <https://hl7.org/fhir/R4/http.html#trules>

use std::collections::HashSet;
use std::sync::Arc;

use akson_access::scopes::Permission;
use akson_access::{Ground, WritePermit};
use akson_audit::Entry;
use akson_base::{Instant, Kind, Problem, limits};
use akson_fhir::definitions::ResourceType;
use akson_fhir::model::Resource;
use akson_store::Located;
use akson_store::drafts::{Draft, Drafted, check_id};
use akson_store::engine::{CommitError, Snapshot, Transaction};
use akson_store::facets::set_time;
use akson_store::keys::{PatientNumber, ResourceKey};
use akson_store::reads::json_of;

use crate::acts::Acts;
use crate::bounds::{ANY, Asked, SEARCH};
use crate::elements::reference;
use crate::interactions::conditional::{Condition, several};
use crate::interactions::references::Rewriting;
use crate::interactions::{not_found, target, type_name};
use crate::request::{Did, Version, Written};
use crate::safeguards::Safeguards;
use crate::searching::Searching;
use crate::sight::{Judge, Sight};
use crate::{Record, commit, registration};

/// What one entry wants.
#[derive(Clone, Copy)]
pub(crate) enum Intent<'a> {
    Create { body: &'a [u8], if_none_exist: Option<&'a str> },
    Update { id: &'a str, body: &'a [u8], if_match: Option<u32> },
    UpdateConditional { query: &'a str, body: &'a [u8], if_match: Option<u32> },
    Delete { id: &'a str, if_match: Option<u32> },
    DeleteConditional { query: &'a str },
}

impl Intent<'_> {
    fn is_delete(&self) -> bool {
        match self {
            Self::Delete { .. } | Self::DeleteConditional { .. } => true,
            Self::Create { .. } | Self::Update { .. } | Self::UpdateConditional { .. } => false,
        }
    }

    /// What a scope must let an app do.
    fn asked(&self) -> Asked {
        match self {
            Self::Create { .. } => &[Permission::Create],
            // SMART: an update that creates is an update.
            Self::Update { .. } | Self::UpdateConditional { .. } => &[Permission::Update],
            Self::Delete { .. } | Self::DeleteConditional { .. } => &[Permission::Delete],
        }
    }

    /// Whether a search decides which resource it means.
    fn is_conditional(&self) -> bool {
        match self {
            Self::Create { if_none_exist, .. } => if_none_exist.is_some(),
            Self::UpdateConditional { .. } | Self::DeleteConditional { .. } => true,
            Self::Update { .. } | Self::Delete { .. } => false,
        }
    }

    /// What this write and its rivals have in common: the id, or nothing but the type.
    pub(crate) fn bone_of_contention(&self) -> &str {
        match self {
            Self::Update { id, .. } | Self::Delete { id, .. } => id,
            Self::Create { .. }
            | Self::UpdateConditional { .. }
            | Self::DeleteConditional { .. } => "",
        }
    }
}

/// One entry of a write.
pub(crate) struct WriteEntry<'a> {
    /// FHIRPath of the resource in the caller's input, without a trailing dot; empty for a single
    /// write.
    pub(crate) location: String,
    /// `Bundle.entry.fullUrl`.
    pub(crate) full_url: Option<&'a str>,
    pub(crate) resource_type: ResourceType,
    pub(crate) intent: Intent<'a>,
}

impl WriteEntry<'_> {
    /// Refuses what no scope of the caller speaks of, whatever resource it turns out to mean.
    fn check_scopes(&self, sight: &Sight) -> Result<(), Problem> {
        let of = Some(self.resource_type);
        sight.may_ask(of, self.intent.asked())?;
        if self.intent.is_conditional() { sight.may_ask(of, SEARCH) } else { Ok(()) }
    }

    /// The type and id that the caller named.
    fn target(&self) -> Option<(ResourceType, &str)> {
        match self.intent {
            Intent::Update { id, .. } | Intent::Delete { id, .. } => Some((self.resource_type, id)),
            Intent::Create { .. }
            | Intent::UpdateConditional { .. }
            | Intent::DeleteConditional { .. } => None,
        }
    }
}

/// A whole write.
pub(crate) struct Writing<'a> {
    pub(crate) permit: &'a WritePermit,
    pub(crate) entries: &'a [WriteEntry<'a>],
    /// Our own address: references to it are local.
    pub(crate) base: &'a str,
    /// The log entry; the patients are added here.
    pub(crate) log: Entry,
    /// A name that may be claimed only once (a file that is loaded once).
    pub(crate) claim: Option<&'a str>,
    /// Whether conditional references are allowed (they are in a transaction only).
    pub(crate) is_transaction: bool,
    /// Whether the caller wants to see what was written.
    pub(crate) want_json: bool,
    /// The ground on which the house itself writes for the caller (access taken with a reason),
    /// instead of the caller's own.
    pub(crate) for_caller: Option<Ground>,
}

impl Writing<'_> {
    /// The log of what this write did to these patients, and tried with those whom the caller does
    /// not see.
    fn entries_of_log(
        &self,
        sight: &Sight,
        patients: Vec<PatientNumber>,
        denied: &[PatientNumber],
    ) -> Result<Vec<Vec<u8>>, Problem> {
        let log = match self.for_caller {
            None => self.log.clone(),
            Some(ground) => self.log.clone().on(ground),
        };
        let mut entries = sight.entries(log, patients)?;
        // A delete of what is hidden did nothing, but the patient can read that it was tried.
        if !denied.is_empty() {
            entries.push(self.log.clone().on(Ground::Refused).concerning(denied.iter().copied()));
        }
        entries.iter().map(Entry::encode).collect()
    }
}

/// Which resource an entry turned out to mean.
enum Resolved {
    /// Store `body` under this id.
    Put { id: String, located: Option<Located>, if_match: Option<u32> },
    /// Delete this one.
    Delete { id: String, located: Option<Located>, if_match: Option<u32> },
    /// A conditional create that found one.
    Exists { id: String },
    /// A conditional delete that found none.
    Nothing,
}

/// What an entry will have done, once committed.
enum Outcome {
    Wrote { id: String, drafted: Drafted, deleted: bool },
    Found { id: String },
    Nothing,
}

impl Outcome {
    /// Lets go of what is not needed after the draft: of a large transaction it is all resources
    /// together.
    fn lighten(&mut self, want_json: bool) {
        if let Self::Wrote { drafted, .. } = self {
            drafted.facets = Vec::new();
            if !want_json {
                drafted.tail = Vec::new();
            }
        }
    }
}

struct Attempt {
    outcomes: Vec<Outcome>,
    transaction: Transaction,
    /// Where what is changed stood before.
    left: Vec<ResourceKey>,
}

impl Record {
    /// Applies all entries or none.
    pub(crate) async fn write(&self, writing: Writing<'_>) -> Result<Vec<Written>, Problem> {
        let mut turn = None;
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            let sight = match writing.for_caller {
                None => self.sight_of(writing.permit.actor(), ANY)?,
                Some(_) => Sight::whole(writing.permit.actor()),
            };
            let mut denied = Vec::new();
            let attempt = match self.attempt(&writing, &sight, &mut denied) {
                Err(problem) if is_denial(&problem, &sight) => {
                    let entry = writing.log.clone().on(Ground::Refused).concerning(denied);
                    self.log_entries(&[entry]).await?;
                    return Err(problem);
                }
                attempt => attempt?,
            };
            let changed: Vec<ResourceKey> =
                attempt.transaction.changes.iter().map(|c| ResourceKey(c.resource)).collect();
            let known = Arc::clone(&self.known);
            let touched = changed.into_iter().chain(attempt.left);
            let forget = move || known.forget(touched);
            match commit::submit(&self.store, attempt.transaction, forget).await {
                Ok(committed) => {
                    let time = Instant(committed.time);
                    return self.written(&writing, attempt.outcomes, time);
                }
                // Who lost once waits in line with the others who did, so that nobody starves.
                Err(CommitError::Precondition { .. }) if turn.is_none() => {
                    turn = Some(self.turns.wait(&writing).await);
                }
                Err(CommitError::Precondition { .. }) => {}
                Err(CommitError::Problem(problem)) => return Err(problem),
            }
        }
        Err(commit::problem(CommitError::Precondition { index: 0 }))
    }

    fn attempt(
        &self,
        writing: &Writing<'_>,
        sight: &Sight,
        denied: &mut Vec<PatientNumber>,
    ) -> Result<Attempt, Problem> {
        for entry in writing.entries {
            entry.check_scopes(sight).map_err(|p| within(p, entry))?;
        }
        let whole = self.store.snapshot();
        let targets = writing.entries.iter().filter_map(WriteEntry::target);
        let hidden = sight.hidden(&self.store, whole.as_ref(), targets)?;
        denied.extend(sight.patients_of(hidden)?);
        let seen = sight.over(Arc::clone(&whole));
        let searched = sight.asking(SEARCH, Arc::clone(&whole));
        let searching =
            Searching::over(&self.store, &sight.permit, searched.as_ref(), writing.base)
                .knowing_whole(sight.judge().map(|_| whole.as_ref()));
        let mut draft = self.store.draft(whole.as_ref());
        let resolved = self.resolve_all(&searching, seen.as_ref(), writing.entries, &mut draft)?;
        refuse_twice(writing.entries, &resolved)?;
        let mut rewriting = Rewriting::default();
        for (entry, resolved) in writing.entries.iter().zip(&resolved) {
            if let (Some(full_url), Some(id)) = (entry.full_url, resolved.id()) {
                let new = target(entry.resource_type, id);
                rewriting.full_urls.insert(full_url.to_string(), new);
            }
        }
        let searching = writing.is_transaction.then_some(&searching);
        let mut outcomes = Vec::with_capacity(resolved.len());
        let mut befores: Vec<Option<ResourceKey>> = Vec::with_capacity(writing.entries.len());
        let safeguards = Safeguards::of(self, sight, whole.as_ref());
        let acts = Acts::of(self, sight, whole.as_ref());
        let mut spoken_of = Vec::new();
        for (entry, resolved) in writing.entries.iter().zip(resolved) {
            let before = resolved.located().map(|located| located.key);
            let permit = writing.permit;
            let guards = (safeguards.as_ref(), acts.as_ref());
            let rewriting = &mut rewriting;
            let mut outcome =
                draft_entry(&mut draft, permit, entry, resolved, rewriting, searching, guards)
                    .map_err(|p| within(p, entry))?;
            befores.push(before);
            if let Outcome::Wrote { drafted, .. } = &outcome {
                for id in &drafted.subjects {
                    spoken_of.extend(self.store.patient_number(whole.as_ref(), id)?);
                }
            }
            if sight.judge().is_none() {
                outcome.lighten(writing.want_json);
            }
            outcomes.push(outcome);
        }
        if let Some(judge) = sight.judge() {
            let written = (writing.entries, &outcomes[..], &befores[..]);
            let registered = allowed(judge, written, acts.as_ref(), whole.as_ref(), denied)?;
            outcomes.iter_mut().for_each(|outcome| outcome.lighten(writing.want_json));
            self.give_ground(&mut draft, writing.permit, &registered)?;
        }
        if let Some(name) = writing.claim {
            draft.claim(name);
        }
        let mut transaction = draft.transaction;
        transaction.preconditions.append(&mut rewriting.guards);
        transaction.preconditions.extend(safeguards.into_iter().flat_map(Safeguards::into_guards));
        let patients = transaction.changes.iter().map(|c| ResourceKey(c.resource).patient());
        let patients = patients.chain(spoken_of);
        let patients: Vec<PatientNumber> = patients.collect();
        transaction.log = writing.entries_of_log(sight, patients, denied)?;
        let left = befores.into_iter().flatten().collect();
        Ok(Attempt { outcomes, transaction, left })
    }

    /// Gives the caller's unit a ground for the patients whom this write registers.
    fn give_ground(
        &self,
        draft: &mut Draft<'_>,
        permit: &WritePermit,
        registered: &[String],
    ) -> Result<(), Problem> {
        for patient in registered {
            let now = self.store.clock().now();
            let Some(episode) = registration::episode(permit.actor(), patient, now) else {
                continue;
            };
            let of = crate::interactions::ground::type_of("EpisodeOfCare")?;
            let episode = crate::interactions::parse(of, episode.to_string().as_bytes())?;
            draft.put(permit, of, &self.store.new_id()?, &episode, None)?;
        }
        Ok(())
    }

    /// Deletes first, as the standard orders a transaction: what it deletes, none of its conditions
    /// finds.
    fn resolve_all(
        &self,
        searching: &Searching<'_>,
        seen: &dyn Snapshot,
        entries: &[WriteEntry<'_>],
        draft: &mut Draft<'_>,
    ) -> Result<Vec<Resolved>, Problem> {
        let mut deleting = HashSet::new();
        let mut deletes = Vec::new();
        for entry in entries.iter().filter(|e| e.intent.is_delete()) {
            let resolved = self
                .resolve(searching, seen, entry, &deleting, draft)
                .map_err(|p| within(p, entry))?;
            deleting.extend(resolved.id().map(|id| (entry.resource_type, id.to_string())));
            deletes.push(resolved);
        }
        let mut deletes = deletes.into_iter();
        let resolve = |entry: &WriteEntry<'_>| {
            if entry.intent.is_delete() {
                return Ok(deletes.next().unwrap_or(Resolved::Nothing));
            }
            self.resolve(searching, seen, entry, &deleting, draft).map_err(|p| within(p, entry))
        };
        entries.iter().map(resolve).collect()
    }

    fn resolve(
        &self,
        searching: &Searching<'_>,
        seen: &dyn Snapshot,
        entry: &WriteEntry<'_>,
        deleting: &HashSet<(ResourceType, String)>,
        draft: &mut Draft<'_>,
    ) -> Result<Resolved, Problem> {
        let resource_type = entry.resource_type;
        let locate = |id: &str| self.store.locate(seen, resource_type, id);
        let mut condition = |query: &str| {
            let condition = Condition::find(searching, resource_type, query)?;
            draft.transaction.preconditions.extend(condition.guards);
            // Two that match are "several", even if one of them is about to go: there may be more.
            let alone = condition.ids.len() == 1;
            let mut ids = condition.ids;
            ids.retain(|id| !alone || !deleting.contains(&(resource_type, id.clone())));
            Ok::<_, Problem>(ids)
        };
        match entry.intent {
            Intent::Create { if_none_exist: None, .. } => {
                Ok(Resolved::Put { id: self.store.new_id()?, located: None, if_match: None })
            }
            Intent::Create { if_none_exist: Some(query), .. } => {
                match condition(query)?.as_slice() {
                    [] => Ok(Resolved::Put {
                        id: self.store.new_id()?,
                        located: None,
                        if_match: None,
                    }),
                    [id] => Ok(Resolved::Exists { id: id.clone() }),
                    _ => Err(several(resource_type)),
                }
            }
            Intent::Update { id, if_match, .. } => {
                check_id(id)?;
                let located = locate(id)?;
                if located.is_none() && !searching.sees_whole() {
                    // Hidden and absent look the same, so neither can be made under this id.
                    return Err(not_found(resource_type));
                }
                Ok(Resolved::Put { id: id.to_string(), located, if_match })
            }
            Intent::UpdateConditional { query, body, if_match } => {
                let ids = condition(query)?;
                let id = match ids.as_slice() {
                    [] => match crate::interactions::parse(resource_type, body)?.id() {
                        Some(_) if !searching.sees_whole() => return Err(own_id(resource_type)),
                        Some(own) => own.to_string(),
                        None => self.store.new_id()?,
                    },
                    [id] => id.clone(),
                    _ => return Err(several(resource_type)),
                };
                Ok(Resolved::Put { located: locate(&id)?, id, if_match })
            }
            Intent::Delete { id, if_match } => {
                check_id(id)?;
                Ok(Resolved::Delete { id: id.to_string(), located: locate(id)?, if_match })
            }
            Intent::DeleteConditional { query } => match condition(query)?.as_slice() {
                [] => Ok(Resolved::Nothing),
                [id] => {
                    Ok(Resolved::Delete { id: id.clone(), located: locate(id)?, if_match: None })
                }
                _ => Err(several(resource_type)),
            },
        }
    }

    fn written(
        &self,
        writing: &Writing<'_>,
        outcomes: Vec<Outcome>,
        time: Instant,
    ) -> Result<Vec<Written>, Problem> {
        let read = self.policy.may_read(writing.permit.actor())?;
        let mut written = Vec::with_capacity(outcomes.len());
        for (entry, outcome) in writing.entries.iter().zip(outcomes) {
            let resource_type = entry.resource_type;
            written.push(match outcome {
                Outcome::Nothing => Written { did: Did::Deleted, version: None },
                Outcome::Found { id } => {
                    Written { did: Did::Found, version: self.existing(&read, resource_type, &id)? }
                }
                Outcome::Wrote { id, drafted, deleted } => {
                    let json = if writing.want_json && !deleted {
                        json_of(resource_type, &id, drafted.version, time, &drafted.tail)
                    } else {
                        bytes::Bytes::new()
                    };
                    let did = match (deleted, drafted.created) {
                        (true, _) => Did::Deleted,
                        (false, true) => Did::Created,
                        (false, false) => Did::Updated,
                    };
                    let version = drafted.version;
                    let version = Version { resource_type, id, version, time, deleted, json };
                    Written { did, version: Some(version) }
                }
            });
        }
        Ok(written)
    }

    fn existing(
        &self,
        permit: &akson_access::ReadPermit,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Option<Version>, Problem> {
        let snapshot = self.store.snapshot();
        let Some(located) = self.store.locate(snapshot.as_ref(), resource_type, id)? else {
            return Ok(None);
        };
        let stored = self.store.current(permit, snapshot.as_ref(), located.key)?;
        Ok(stored.map(crate::interactions::version))
    }
}

impl Resolved {
    fn located(&self) -> Option<&Located> {
        match self {
            Self::Put { located, .. } | Self::Delete { located, .. } => located.as_ref(),
            Self::Exists { .. } | Self::Nothing => None,
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::Put { id, .. } | Self::Delete { id, .. } | Self::Exists { id } => Some(id),
            Self::Nothing => None,
        }
    }
}

/// Whether a write came to nothing because of what the caller may do or see.
fn is_denial(problem: &Problem, sight: &Sight) -> bool {
    problem.kind == Kind::Refused || (problem.kind == Kind::NotFound && sight.judge().is_some())
}

/// Refuses an id of the caller's own choice to those who do not see the whole record.
fn own_id(resource_type: ResourceType) -> Problem {
    Problem::new(
        Kind::Unprocessable,
        "REC-045",
        format!(
            "Nothing matches, and a new {} gets its id from the server: leave Resource.id out.",
            type_name(resource_type)
        ),
    )
}

/// Refuses what the caller may not change; the ids of the patients whom it registers. Those come
/// first: what else a transaction says of them may stand before them in it.
fn allowed(
    judge: &Judge,
    written: (&[WriteEntry<'_>], &[Outcome], &[Option<ResourceKey>]),
    acts: Option<&Acts<'_>>,
    whole: &dyn Snapshot,
    denied: &mut Vec<PatientNumber>,
) -> Result<Vec<String>, Problem> {
    let (entries, outcomes, befores) = written;
    let mut registered = Vec::new();
    for (outcome, before) in outcomes.iter().zip(befores) {
        if let (Outcome::Wrote { id, drafted, deleted: false }, None) = (outcome, before)
            && type_name(drafted.key.resource_type()) == "Patient"
            && judge.register(drafted.key.patient())
        {
            registered.push(id.clone());
        }
    }
    for ((entry, outcome), before) in entries.iter().zip(outcomes).zip(befores) {
        if let Outcome::Wrote { drafted, .. } = outcome {
            permitted((judge, acts), entry, *before, drafted, denied)
                .and_then(|()| in_scope(judge, entry, *before, drafted, whole))
                .map_err(|p| within(p, entry))?;
        }
    }
    acts.map_or(Ok(()), Acts::settle)?;
    Ok(registered)
}

/// Refuses a change of what the caller may not change: as it was, and as it becomes. What the caller
/// does as an act is judged as one.
fn permitted(
    (judge, acts): (&Judge, Option<&Acts<'_>>),
    entry: &WriteEntry<'_>,
    before: Option<ResourceKey>,
    drafted: &Drafted,
    denied: &mut Vec<PatientNumber>,
) -> Result<(), Problem> {
    if let Some(verdict) = acts.and_then(|acts| acts.verdict(drafted.key))
        && !entry.intent.is_delete()
    {
        if verdict.is_err() {
            denied.extend(acts.into_iter().flat_map(|acts| acts.concerned(drafted)));
        }
        return verdict;
    }
    let refused = |key: ResourceKey| {
        let text = format!(
            "Your role and your ground do not let you change this {}.",
            type_name(key.resource_type())
        );
        Err(Problem::new(Kind::Refused, "REC-044", text))
    };
    if let Some(key) = before
        && !judge.may_change(key)?
    {
        denied.push(key.patient());
        return refused(key);
    }
    let becomes = (drafted.subjects.as_slice(), drafted.facets.as_slice(), before.is_none());
    if !entry.intent.is_delete() && !judge.may_store(drafted.key, becomes)? {
        denied.push(drafted.key.patient());
        return refused(drafted.key);
    }
    Ok(())
}

/// Refuses a change that the scopes do not allow: of what it was, and of what it becomes.
fn in_scope(
    judge: &Judge,
    entry: &WriteEntry<'_>,
    before: Option<ResourceKey>,
    drafted: &Drafted,
    whole: &dyn Snapshot,
) -> Result<(), Problem> {
    if judge.bounds.is_none() {
        return Ok(());
    }
    let asked = entry.intent.asked();
    let was = match before {
        Some(key) => judge.is_within(key, asked, whole)?,
        None => true,
    };
    let is_deleted = entry.intent.is_delete();
    let Drafted { key, subjects, .. } = drafted;
    // What is not stored yet is of this moment.
    let mut facets = drafted.facets.clone();
    set_time(&mut facets, judge.store.clock().now());
    if was && (is_deleted || judge.content_is_within(*key, &facets, subjects, asked)?) {
        return Ok(());
    }
    let text = format!(
        "insufficient_scope: the scopes of the access token do not let it do this with this {}: \
         as it was and as it becomes, it must lie within them.",
        type_name(entry.resource_type)
    );
    Err(Problem::new(Kind::Refused, "REC-072", text))
}

fn body<'a>(intent: &Intent<'a>) -> &'a [u8] {
    match intent {
        Intent::Create { body, .. }
        | Intent::Update { body, .. }
        | Intent::UpdateConditional { body, .. } => body,
        Intent::Delete { .. } | Intent::DeleteConditional { .. } => &[],
    }
}

fn draft_entry(
    draft: &mut Draft<'_>,
    permit: &WritePermit,
    entry: &WriteEntry<'_>,
    resolved: Resolved,
    rewriting: &mut Rewriting,
    searching: Option<&Searching<'_>>,
    (safeguards, acts): (Option<&Safeguards<'_>>, Option<&Acts<'_>>),
) -> Result<Outcome, Problem> {
    let resource_type = entry.resource_type;
    let check = |located: Option<&Located>, after: Option<&Resource>| {
        let before = located.map(|located| located.key);
        safeguards.map_or(Ok(()), |all| all.check(type_name(resource_type), before, after))
    };
    match resolved {
        Resolved::Nothing => Ok(Outcome::Nothing),
        Resolved::Exists { id } => Ok(Outcome::Found { id }),
        Resolved::Delete { id, located, if_match } => {
            check(located.as_ref(), None)?;
            let drafted = draft.delete(permit, resource_type, &id, located.as_ref())?;
            check_if_match(if_match, drafted.as_ref().map(|d| d.version - 1))?;
            Ok(match drafted {
                Some(drafted) => Outcome::Wrote { id, drafted, deleted: true },
                None => Outcome::Nothing,
            })
        }
        Resolved::Put { id, located, if_match } => {
            let mut resource = crate::interactions::parse(resource_type, body(&entry.intent))?;
            check_body_id(entry, &resource, &id)?;
            rewriting.apply(&mut resource, searching)?;
            check(located.as_ref(), Some(&resource))?;
            let mut drafted = draft.put(permit, resource_type, &id, &resource, located.as_ref())?;
            // A Binary belongs to whom its context names; no search parameter tells.
            let context = resource.root().first("securityContext").and_then(reference);
            let patient = context.and_then(|c| c.strip_prefix("Patient/").map(str::to_string));
            drafted.subjects.extend(patient);
            check_if_match(if_match, Some(drafted.version - 1))?;
            let before = located.as_ref().map(|located| located.key);
            acts.map_or(Ok(()), |acts| acts.consider(before, &resource, &drafted))?;
            Ok(Outcome::Wrote { id, drafted, deleted: false })
        }
    }
}

/// An update's body must say the same id as the address.
fn check_body_id(entry: &WriteEntry<'_>, resource: &Resource, id: &str) -> Result<(), Problem> {
    let wrong = match (&entry.intent, resource.id()) {
        (Intent::Create { .. }, _) | (Intent::UpdateConditional { .. }, None) => false,
        (Intent::Update { .. }, None) => true,
        (Intent::Update { .. } | Intent::UpdateConditional { .. }, Some(own)) => own != id,
        (Intent::Delete { .. } | Intent::DeleteConditional { .. }, _) => false,
    };
    if wrong {
        return Err(Problem::new(
            Kind::Invalid,
            "REC-013",
            format!(
                "An update of {} must carry in its body the same id as in its address.",
                type_name(entry.resource_type)
            ),
        ));
    }
    Ok(())
}

fn check_if_match(wanted: Option<u32>, before: Option<u32>) -> Result<(), Problem> {
    match wanted {
        Some(wanted) if before != Some(wanted) => Err(Problem::new(
            Kind::Precondition,
            "REC-014",
            "If-Match names another version than the current one. Read again and retry.",
        )),
        Some(_) | None => Ok(()),
    }
}

/// A transaction may not change the same resource twice.
fn refuse_twice(entries: &[WriteEntry<'_>], resolved: &[Resolved]) -> Result<(), Problem> {
    let mut seen = HashSet::with_capacity(entries.len());
    for (entry, resolved) in entries.iter().zip(resolved) {
        let id = match resolved {
            Resolved::Put { id, .. } | Resolved::Delete { id, .. } => id,
            Resolved::Exists { .. } | Resolved::Nothing => continue,
        };
        if !seen.insert((entry.resource_type, id.as_str())) {
            let problem = Problem::new(
                Kind::Invalid,
                "REC-015",
                "A transaction may change the same resource only once.",
            );
            return Err(within(problem, entry));
        }
    }
    Ok(())
}

/// Tells a problem's locations from the caller's point of view: within the entry.
fn within(mut problem: Problem, entry: &WriteEntry<'_>) -> Problem {
    if entry.location.is_empty() {
        return problem;
    }
    let place = |inner: &str| match inner.split_once('.') {
        Some((_, path)) => format!("{}.{path}", entry.location),
        None => entry.location.clone(),
    };
    if problem.locations.is_empty() {
        problem.locations.push(entry.location.clone());
    } else {
        problem.locations = problem.locations.iter().map(|l| place(l)).collect();
    }
    for (_, location) in &mut problem.further {
        *location = place(location);
    }
    problem
}
