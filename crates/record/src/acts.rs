//! What a citizen may write where the rules say `a`: the acts of `access/rules/acts.tsv`, each held
//! against what it must say, free time against what is booked in the same commit, and the task of a form
//! against the answers that are sent.
//!
//! Judged on what was stored and what is to be; where an act is no act, the ordinary refusal
//! (`REC-044`) tells why. Two who book the same time: the later meets a time that is taken, because the
//! commit of the earlier has changed the Slot (`REC-111`).
//! Not here: what each act must say (`acts::contents`, `acts::answers`), which acts there are (`access::rules`).
//! Law: pasient- og brukerrettighetsloven § 3-1 (taking part), e-forvaltningsforskriften § 3.

mod answers;
mod contents;

pub(crate) use contents::is_message;

use std::cell::RefCell;

use akson_access::ReadPermit;
use akson_access::Standing;
use akson_access::rules::{Act, Class, How, act};
use akson_base::{Kind, Problem};
use akson_fhir::json;
use akson_fhir::model::{NodeRef, Resource};
use akson_store::Store;
use akson_store::drafts::Drafted;
use akson_store::engine::Snapshot;
use akson_store::keys::{NO_PATIENT, PatientNumber, ResourceKey};
use serde_json::Value;

pub use answers::{ANSWER_SYSTEM, FILL_FORM};
pub use contents::{MESSAGE_SYSTEM, TASK_SYSTEM};

use crate::Record;
use crate::elements::text;
use crate::interactions::type_name;
use crate::searching::parse_stored;
use crate::sight::{Judge, Sight, class};

/// What an act does to free time.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
    Nothing,
    /// An Appointment takes this Slot.
    Books(String),
    /// An Appointment lets go of these Slots.
    LetsGo(Vec<String>),
    /// This Slot becomes busy.
    Takes(String),
    /// This Slot becomes free.
    Frees(String),
    /// The answers to this Task are sent.
    Answers(String),
    /// This Task to fill in a form is done.
    Finishes(String),
}

/// The acts of one write by a citizen.
pub(crate) struct Acts<'a> {
    store: &'a Store,
    judge: &'a Judge,
    whole: &'a dyn Snapshot,
    national_number: &'a str,
    judged: RefCell<Vec<(ResourceKey, Result<(), Problem>)>>,
    effects: RefCell<Vec<Effect>>,
}

impl<'a> Acts<'a> {
    /// For a write of a citizen; nobody else acts.
    pub(crate) fn of(
        record: &'a Record,
        sight: &'a Sight,
        whole: &'a dyn Snapshot,
    ) -> Option<Self> {
        let judge = sight.judge()?;
        let Standing::Citizen(number) = &judge.actor().standing else { return None };
        let (judged, effects) = (RefCell::default(), RefCell::default());
        Some(Self { store: &record.store, judge, whole, national_number: number, judged, effects })
    }

    /// Judges what is to be stored, where the rules let the caller act and not write everything.
    /// A fault is an error; that it is no act is remembered for [`Acts::verdict`].
    pub(crate) fn consider(
        &self,
        before: Option<ResourceKey>,
        after: &Resource,
        drafted: &Drafted,
    ) -> Result<(), Problem> {
        let Some(patient) = self.patient(drafted)? else { return Ok(()) };
        let of = class(drafted.key.resource_type());
        let may_act = match patient {
            NO_PATIENT => self.judge.base().may_act(of),
            patient => self.judge.on(patient)?.decision.rights.may_act(of),
        };
        if !may_act {
            return Ok(());
        }
        let outcome = self.act(before, after, drafted.key, patient);
        let verdict = match outcome {
            Ok(effect) => {
                self.effects.borrow_mut().push(effect);
                Ok(())
            }
            Err(problem) if problem.kind == Kind::Fault => return Err(problem),
            Err(problem) => Err(problem),
        };
        self.judged.borrow_mut().push((drafted.key, verdict));
        Ok(())
    }

    /// Whether what is to stand at this key is an act; `None` when it was not judged.
    pub(crate) fn verdict(&self, key: ResourceKey) -> Option<Result<(), Problem>> {
        let judged = self.judged.borrow();
        judged.iter().find(|(known, _)| *known == key).map(|(_, verdict)| verdict.clone())
    }

    /// Refuses a commit in which a time is booked and not taken, or taken and not booked (`REC-110`),
    /// or a form is sent and its task not done (`REC-113`).
    pub(crate) fn settle(&self) -> Result<(), Problem> {
        let effects = self.effects.borrow();
        let mut wanted: Vec<(&str, bool)> = Vec::new();
        let mut done: Vec<(&str, bool)> = Vec::new();
        let (mut sent, mut finished) = (Vec::new(), Vec::new());
        for effect in &*effects {
            match effect {
                Effect::Nothing => {}
                Effect::Books(slot) => wanted.push((slot, true)),
                Effect::LetsGo(slots) => {
                    wanted.extend(slots.iter().map(|slot| (slot.as_str(), false)));
                }
                Effect::Takes(slot) => done.push((slot, true)),
                Effect::Frees(slot) => done.push((slot, false)),
                Effect::Answers(task) => sent.push(task),
                Effect::Finishes(task) => finished.push(task),
            }
        }
        wanted.sort_unstable();
        done.sort_unstable();
        sent.sort_unstable();
        finished.sort_unstable();
        if sent != finished {
            let text = "The answers to a form are sent together with its task: what completes the \
                        QuestionnaireResponse completes the Task in the same transaction.";
            return Err(Problem::new(Kind::Refused, "REC-113", text));
        }
        if wanted == done {
            return Ok(());
        }
        let text = "An appointment and its free time are changed together: what books a Slot makes it \
                    busy in the same transaction, and what cancels makes it free.";
        Err(Problem::new(Kind::Refused, "REC-110", text))
    }

    /// The patient in whose log a refusal stands.
    pub(crate) fn concerned(&self, drafted: &Drafted) -> Option<PatientNumber> {
        self.patient(drafted).ok().flatten().filter(|patient| *patient != NO_PATIENT)
    }

    /// Whose journal it is written in: [`NO_PATIENT`] for what belongs to the house, `None` for what
    /// speaks of several patients, or of one who is not there.
    fn patient(&self, drafted: &Drafted) -> Result<Option<PatientNumber>, Problem> {
        if drafted.key.patient() != NO_PATIENT {
            return Ok(Some(drafted.key.patient()));
        }
        let mut subjects = drafted.subjects.clone();
        subjects.sort_unstable();
        subjects.dedup();
        match subjects.as_slice() {
            [] => {
                Ok((class(drafted.key.resource_type()) == Class::Directory).then_some(NO_PATIENT))
            }
            [one] => self.store.patient_number(self.whole, one),
            _ => Ok(None),
        }
    }

    fn act(
        &self,
        before: Option<ResourceKey>,
        after: &Resource,
        key: ResourceKey,
        patient: PatientNumber,
    ) -> Result<Effect, Problem> {
        let name = type_name(key.resource_type());
        let stored = before.map(|before| self.stored(before)).transpose()?.flatten();
        let how = match &stored {
            None => How::New,
            Some(before) if contents::is_draft(name, before.root()) => How::Draft,
            Some(_) => How::Change,
        };
        let rule = act(name, how).ok_or_else(|| no_act("no act of theirs"))?;
        match &stored {
            None => carries_only(after.root(), rule)?,
            Some(_) if before != Some(key) => return Err(no_act("it would change its patient")),
            Some(before) => changes_only(before, after, rule)?,
        }
        if how != How::Change || rule.name == answers::ACT {
            says_no_more(after.root(), answers::extensions(rule))?;
        }
        self.says(rule, stored.as_ref().map(Resource::root), after.root(), patient)
    }

    /// What stands at a key now; nothing when it is deleted.
    fn stored(&self, key: ResourceKey) -> Result<Option<Resource>, Problem> {
        let stored = self.store.current(&ReadPermit::for_deciding(), self.whole, key)?;
        let stored = stored.filter(|stored| !stored.deleted);
        stored.map(|stored| parse_stored(&stored.json)).transpose()
    }
}

/// That it is no act, and why.
fn no_act(why: &str) -> Problem {
    let text = format!("Of this a citizen writes what rules/acts.tsv lists, and this is {why}.");
    Problem::new(Kind::Refused, "REC-044", text)
}

/// A new resource has the elements of the act.
fn carries_only(root: NodeRef<'_>, rule: &Act) -> Result<(), Problem> {
    let is_known = |node: &NodeRef<'_>| node.name() == "id" || rule.elements.contains(&node.name());
    if let Some(other) = root.children().find(|node| !is_known(node)) {
        return Err(no_act("with an element that the act does not have").at(other.location()));
    }
    Ok(())
}

/// Nothing is said by extensions but these.
fn says_no_more(root: NodeRef<'_>, known: &[&str]) -> Result<(), Problem> {
    let is_known = |node: &NodeRef<'_>| {
        node.name() == "extension" && text(*node, &["url"]).is_some_and(|url| known.contains(&url))
    };
    let mut nodes = root.resource().nodes();
    let is_extension =
        |node: &NodeRef<'_>| matches!(node.name(), "extension" | "modifierExtension");
    match nodes.find(|node| is_extension(node) && !is_known(node)) {
        Some(extension) => Err(no_act("with an extension").at(extension.location())),
        None => Ok(()),
    }
}

/// Everything but the elements of the act stays as it stands.
fn changes_only(before: &Resource, after: &Resource, rule: &Act) -> Result<(), Problem> {
    let (before, after) = (members(before)?, members(after)?);
    let names = before.keys().chain(after.keys());
    for name in names.filter(|name| !rule.elements.contains(&name.trim_start_matches('_'))) {
        if before.get(name) != after.get(name) {
            return Err(no_act("a change of something else").at(name.clone()));
        }
    }
    Ok(())
}

/// The members of a resource as JSON, without what the server gives each version.
fn members(resource: &Resource) -> Result<serde_json::Map<String, Value>, Problem> {
    let mut bytes = Vec::new();
    json::write(resource, &mut bytes);
    let read = serde_json::from_slice(&bytes);
    let mut members: serde_json::Map<String, Value> = read.map_err(|error| {
        Problem::fault("REC-112", format!("a resource was written that is not JSON: {error}"))
    })?;
    let meta = members.remove("meta");
    if let Some(Value::Object(mut meta)) = meta {
        meta.remove("versionId");
        meta.remove("lastUpdated");
        if !meta.is_empty() {
            members.insert("meta".into(), Value::Object(meta));
        }
    }
    Ok(members)
}
