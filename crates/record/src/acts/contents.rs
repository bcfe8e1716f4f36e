//! What each act must say besides the elements that it may have: who, to whom, when, about what.
//!
//! Not here: which elements those are (`access/rules/acts.tsv`), that a time is booked and taken
//! together (`acts`), answers to forms (`acts::answers`).

use akson_access::ReadPermit;
use akson_access::decide::Situation;
use akson_access::rules::Act;
use akson_base::{Kind, Problem};
use akson_fhir::date::DateTime;
use akson_fhir::model::NodeRef;
use akson_store::keys::{NO_PATIENT, PatientNumber, ResourceKey};

use super::{Acts, Effect, no_act};
use crate::elements::{NATIONAL_NUMBER_SYSTEMS, codings, reference, text};
use crate::interactions::type_name;
use crate::searching::parse_stored;

/// Code system of `Communication.category`; its only code is `message`.
pub const MESSAGE_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/message";
/// Code system of `Task.code`: what is to be done, `renew` and others.
pub const TASK_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/task";
/// Category of messages between a citizen and those who care for them.
const MESSAGE: (&str, &str) = (MESSAGE_SYSTEM, "message");
/// What asks for a prescription to be renewed.
const RENEW: (&str, &str) = (TASK_SYSTEM, "renew");
const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// How far from the server's clock "now" may be, milliseconds.
const NOW_WITHIN_MILLISECONDS: i64 = 10 * 60_000;
/// What can be attached to a message: pictures, and documents that are not run.
pub(super) const ATTACHED: [&str; 4] = ["image/jpeg", "image/png", "application/pdf", "text/plain"];

/// Whether it is a message between a citizen and those who care for them.
pub(crate) fn is_message(root: NodeRef<'_>) -> bool {
    has_only(root, "category", MESSAGE)
}

/// Whether it is in preparation: a message that nobody has got yet.
pub(super) fn is_draft(type_name: &str, root: NodeRef<'_>) -> bool {
    type_name == "Communication" && text(root, &["status"]) == Some("preparation")
}

impl Acts<'_> {
    /// Whether a resource says what its act must say.
    pub(super) fn says(
        &self,
        rule: &Act,
        before: Option<NodeRef<'_>>,
        after: NodeRef<'_>,
        patient: PatientNumber,
    ) -> Result<Effect, Problem> {
        match (rule.name, before) {
            ("message", None) => self.message(after, patient).map(|()| Effect::Nothing),
            ("send-draft", Some(before)) => {
                self.by_caller(before, "sender", patient)?;
                match text(after, &["status"]) {
                    // It is thrown away: what it said stays in its history, as its writer's.
                    Some("not-done") => Ok(Effect::Nothing),
                    _ => self.message(after, patient).map(|()| Effect::Nothing),
                }
            }
            ("read-message", Some(before)) => {
                self.message_read(before, after, patient).map(|()| Effect::Nothing)
            }
            ("book", None) => self.booking(after, patient).map(Effect::Books),
            ("cancel", Some(before)) => self.cancelling(before, after).map(Effect::LetsGo),
            ("take-or-free-time", Some(before)) => self.time(before, after),
            ("measure", None) => self.measurement(after, patient).map(|()| Effect::Nothing),
            (super::answers::ACT, before) => self.answers(before, after, patient),
            ("form-done", Some(before)) => self.form_done(before, after, patient),
            ("renew", None) => self.renewal(after, patient).map(|()| Effect::Nothing),
            _ => Err(no_act("an act that is not known")),
        }
    }

    /// A message of the citizen to one who has to do with the patient, or who wrote first; or one that is
    /// being written (`preparation`): that one is to nobody yet, `about` tells whom it is meant for.
    fn message(&self, after: NodeRef<'_>, patient: PatientNumber) -> Result<(), Problem> {
        let is_draft = text(after, &["status"]) == Some("preparation");
        let is_known = is_draft || text(after, &["status"]) == Some("completed");
        must(is_known, after, "status", "neither completed nor in preparation")?;
        must(is_message(after), after, "category", "of another category")?;
        must(self.is_own(after.first("subject"), patient)?, after, "subject", "about another")?;
        self.by_caller(after, "sender", patient)?;
        let sent = text(after, &["sent"]);
        must(
            if is_draft { sent.is_none() } else { self.is_now(sent) },
            after,
            "sent",
            "not of this moment",
        )?;
        let payload_fits = |payload: NodeRef<'_>| match payload.first("content") {
            Some(content) if content.type_name() == "Attachment" => {
                content.first("url").is_none()
                    && text(content, &["contentType"]).is_some_and(|of| ATTACHED.contains(&of))
            }
            Some(content) => content.type_name() == "string",
            None => false,
        };
        let mut payloads = after.named("payload").peekable();
        let fits = (is_draft || payloads.peek().is_some()) && payloads.all(payload_fits);
        must(fits, after, "payload", "without a text, or with a file of another kind")?;
        let mut writers = Vec::new();
        for answered in after.named("inResponseTo") {
            let answered = self.own(answered, patient)?;
            let answered = answered.filter(|root| root.root().type_name() == "Communication");
            let Some(answered) = answered else {
                return Err(no_act("an answer to no message of this journal"));
            };
            writers.extend(answered.root().first("sender").and_then(reference));
        }
        let (to, not_to) = if is_draft { ("about", "recipient") } else { ("recipient", "about") };
        must(after.first(not_to).is_none(), after, not_to, "not told of a message like this")?;
        let mut recipients = after.named(to).map(reference);
        let (first, next) = (recipients.next().flatten(), recipients.next());
        let is_known = match (&first, next) {
            (Some(to), None) => writers.contains(to) || self.cares(to, patient)?,
            (Some(_) | None, _) => false,
        };
        must(is_known, after, to, "to one who has nothing to do with the patient")
    }

    /// That a message to the patient was read, once, now.
    fn message_read(
        &self,
        before: NodeRef<'_>,
        after: NodeRef<'_>,
        patient: PatientNumber,
    ) -> Result<(), Problem> {
        let mut to_patient = false;
        for to in after.named("recipient") {
            // An answer to whoever acts for the patient is to them by number.
            to_patient |= self.is_own(Some(to), patient)? || self.is_caller(to);
        }
        must(to_patient, after, "recipient", "a message to somebody else")?;
        must(before.first("received").is_none(), after, "received", "read already")?;
        must(self.is_now(text(after, &["received"])), after, "received", "not of this moment")
    }

    /// An appointment in a free time of one who cares for the patient. The Slot that it takes.
    fn booking(&self, after: NodeRef<'_>, patient: PatientNumber) -> Result<String, Problem> {
        must(text(after, &["status"]) == Some("booked"), after, "status", "not booked")?;
        let mut slots = after.named("slot").map(reference);
        let (Some(Some(slot)), None) = (slots.next(), slots.next()) else {
            return Err(no_act("without one Slot").at("Appointment.slot"));
        };
        let time = self.of_house(&slot, "Slot")?;
        let same = |name: &str| {
            let of = |node| text(node, &[name]).and_then(milliseconds);
            of(after).is_some() && of(after) == of(time.root())
        };
        must(same("start") && same("end"), after, "start", "at another time than its Slot")?;
        let start = text(after, &["start"]).and_then(milliseconds);
        must(start.is_some_and(|at| at > self.judge.now().0), after, "start", "in the past")?;
        let schedule = time.root().first("schedule").and_then(reference).unwrap_or_default();
        let schedule = self.of_house(&schedule, "Schedule")?;
        let hosts: Vec<String> = schedule.root().named("actor").filter_map(reference).collect();
        let mut of_patient = 0;
        let mut cared = false;
        for participant in after.named("participant") {
            let actor = participant.first("actor");
            if self.is_own(actor, patient)? {
                of_patient += 1;
                continue;
            }
            let Some(host) = actor.and_then(reference).filter(|host| hosts.contains(host)) else {
                return Err(
                    no_act("with somebody whose time it is not").at("Appointment.participant")
                );
            };
            cared |= self.cares(&host, patient)?;
        }
        must(
            of_patient == 1 && cared,
            after,
            "participant",
            "not the patient's with those who care",
        )?;
        Ok(slot)
    }

    /// An appointment to come is cancelled. The Slots that it lets go of.
    fn cancelling(&self, before: NodeRef<'_>, after: NodeRef<'_>) -> Result<Vec<String>, Problem> {
        let was = text(before, &["status"]);
        let was_coming = matches!(was, Some("proposed" | "pending" | "booked"));
        let is_over = text(after, &["status"]) == Some("cancelled");
        must(was_coming && is_over, after, "status", "another step than to cancelled")?;
        let start = text(before, &["start"]).and_then(milliseconds);
        must(start.is_some_and(|at| at > self.judge.now().0), after, "start", "in the past")?;
        let mut slots: Vec<String> = before.named("slot").filter_map(reference).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut busy = Vec::with_capacity(slots.len());
        for slot in slots {
            // A Slot that is gone, or was closed meanwhile, stays as it is.
            match self.of_house(&slot, "Slot") {
                Ok(time) if text(time.root(), &["status"]) == Some("busy") => busy.push(slot),
                Ok(_) => {}
                Err(problem) if problem.kind == Kind::Refused => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(busy)
    }

    /// A time is taken or becomes free; with what, [`Acts::settle`] sees.
    fn time(&self, before: NodeRef<'_>, after: NodeRef<'_>) -> Result<Effect, Problem> {
        let slot = format!("Slot/{}", text(after, &["id"]).unwrap_or_default());
        match (text(before, &["status"]), text(after, &["status"])) {
            (Some("free"), Some("busy")) => Ok(Effect::Takes(slot)),
            (Some("busy"), Some("free")) => Ok(Effect::Frees(slot)),
            (Some(_), Some("busy")) => {
                let text = "This time is taken. Look for another.";
                Err(Problem::new(Kind::Conflict, "REC-111", text).at("Slot.status"))
            }
            _ => Err(no_act("another step than between free and busy").at("Slot.status")),
        }
    }

    /// A measurement that the citizen has made.
    fn measurement(&self, after: NodeRef<'_>, patient: PatientNumber) -> Result<(), Problem> {
        must(text(after, &["status"]) == Some("final"), after, "status", "not final")?;
        let own = ["vital-signs", "survey"];
        let fits = own.iter().any(|code| has_only(after, "category", (OBSERVATION_CATEGORY, code)));
        must(fits, after, "category", "of another category than vital-signs or survey")?;
        must(self.is_own(after.first("subject"), patient)?, after, "subject", "about another")?;
        self.by_caller(after, "performer", patient)?;
        let at = text(after, &["effective"]).and_then(milliseconds);
        let latest = self.judge.now().0.saturating_add(NOW_WITHIN_MILLISECONDS);
        must(at.is_some_and(|at| at <= latest), after, "effective", "without a time that has been")
    }

    /// A request that a prescription of the patient's is renewed, to one who cares for the patient.
    fn renewal(&self, after: NodeRef<'_>, patient: PatientNumber) -> Result<(), Problem> {
        must(text(after, &["status"]) == Some("requested"), after, "status", "not requested")?;
        must(has_only(after, "code", RENEW), after, "code", "of another kind than renew")?;
        must(self.is_own(after.first("for"), patient)?, after, "for", "about another")?;
        self.by_caller(after, "requester", patient)?;
        must(self.is_now(text(after, &["authoredOn"])), after, "authoredOn", "not of this moment")?;
        let prescription = after.first("focus").map(|to| self.own(to, patient)).transpose()?;
        let is_one = prescription.flatten().is_some_and(|one| {
            one.root().type_name() == "MedicationRequest"
                && matches!(text(one.root(), &["status"]), Some("active" | "completed"))
        });
        must(is_one, after, "focus", "of no prescription in use of this patient")?;
        let owner = after.first("owner").and_then(reference).unwrap_or_default();
        must(
            self.cares(&owner, patient)?,
            after,
            "owner",
            "to one who does not care for the patient",
        )
    }

    /// Whether a reference is to this very patient.
    pub(super) fn is_own(
        &self,
        node: Option<NodeRef<'_>>,
        patient: PatientNumber,
    ) -> Result<bool, Problem> {
        let Some(to) = node.and_then(reference) else { return Ok(false) };
        let Some(id) = to.strip_prefix("Patient/") else { return Ok(false) };
        Ok(self.store.patient_number(self.whole, id)? == Some(patient))
    }

    /// It is said by the caller: the patient, or by number and name the one who acts for the patient.
    pub(super) fn by_caller(
        &self,
        after: NodeRef<'_>,
        name: &'static str,
        patient: PatientNumber,
    ) -> Result<(), Problem> {
        let mut nodes = after.named(name);
        let (Some(by), None) = (nodes.next(), nodes.next()) else {
            return Err(no_act("not said by one").at(name));
        };
        let display = text(by, &["display"]);
        let is_named = |display| display == Some(&*self.judge.actor().display);
        let is_caller = if self.judge.on(patient)?.decision.situation == Situation::Own {
            self.is_own(Some(by), patient)? && (display.is_none() || is_named(display))
        } else {
            by.first("reference").is_none() && self.is_caller(by) && is_named(display)
        };
        must(is_caller, after, name, "in another's name")
    }

    /// Whether a reference names the caller by number.
    fn is_caller(&self, by: NodeRef<'_>) -> bool {
        let system = text(by, &["identifier", "system"]);
        system.is_some_and(|system| NATIONAL_NUMBER_SYSTEMS.contains(&system))
            && text(by, &["identifier", "value"]) == Some(self.national_number)
    }

    /// Whether somebody has to do with the patient now.
    fn cares(&self, who: &str, patient: PatientNumber) -> Result<bool, Problem> {
        let now = self.judge.now();
        let judged = self.judge.on(patient)?;
        let mut relations = judged.gathered.facts.relations.iter();
        Ok(relations.any(|relation| relation.window.contains(now) && *relation.with == *who))
    }

    /// What a reference names, when it is of this patient's own and the caller sees it.
    fn own(
        &self,
        node: NodeRef<'_>,
        patient: PatientNumber,
    ) -> Result<Option<akson_fhir::model::Resource>, Problem> {
        let Some(key) = reference(node).map(|to| self.locate(&to)).transpose()?.flatten() else {
            return Ok(None);
        };
        if key.patient() != patient || !self.judge.sees_by_rules(key, self.whole)? {
            return Ok(None);
        }
        self.stored(key)
    }

    /// A resource of the house.
    fn of_house(&self, to: &str, of: &str) -> Result<akson_fhir::model::Resource, Problem> {
        let key = self
            .locate(to)?
            .filter(|key| key.patient() == NO_PATIENT && type_name(key.resource_type()) == of);
        let stored = match key {
            Some(key) => self.store.current(&ReadPermit::for_deciding(), self.whole, key)?,
            None => None,
        };
        match stored.filter(|stored| !stored.deleted) {
            Some(stored) => parse_stored(&stored.json),
            None => Err(no_act("of a time that is not there").at("Appointment.slot")),
        }
    }

    pub(super) fn locate(&self, to: &str) -> Result<Option<ResourceKey>, Problem> {
        let Some((of, id)) = to.split_once('/') else { return Ok(None) };
        let of = akson_fhir::definitions::Definitions::r4().resource_type(of);
        let Some(of) = of else { return Ok(None) };
        Ok(self.store.locate(self.whole, of, id)?.map(|located| located.key))
    }

    pub(super) fn is_now(&self, told: Option<&str>) -> bool {
        let at = told.and_then(milliseconds);
        at.is_some_and(|at| (at - self.judge.now().0).abs() <= NOW_WITHIN_MILLISECONDS)
    }
}

pub(super) fn must(
    holds: bool,
    after: NodeRef<'_>,
    name: &str,
    otherwise: &'static str,
) -> Result<(), Problem> {
    if holds {
        return Ok(());
    }
    Err(no_act(otherwise).at(format!("{}.{name}", after.type_name())))
}

/// Whether a concept has this one coding and no other.
pub(super) fn has_only(root: NodeRef<'_>, name: &str, (system, code): (&str, &str)) -> bool {
    let mut all = root.children().filter(|node| node.name() == name).flat_map(codings);
    let first = all.next();
    let is_it = first.is_some_and(|(of, value, _)| of == Some(system) && value == Some(code));
    is_it && all.next().is_none()
}

/// The first millisecond that a date or time can mean.
fn milliseconds(told: &str) -> Option<i64> {
    DateTime::parse_search(told).ok().map(|read| read.interval_in_norway().start)
}
