//! On what ground a caller stands with a patient, taking access with a reason, and whom a citizen
//! may act for.
//!
//! Access that was taken is a Consent in the patient's own journal, so that the patient sees who
//! took it, why, and for how long; it ends by itself. Not here: the decision (`access::decide`).

use akson_access::decide::{Decision, Reason, Situation};
use akson_access::rules::{Class, Rights, rights};
use akson_access::{Ground, ReadPermit, Role, Standing};
use akson_audit::{Action, Entry};
use akson_base::{Instant, Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::keys::PatientNumber;
use bytes::Bytes;
use serde_json::json;

use super::{not_found, target, version};
use crate::Record;
use crate::bounds::{ANY, SEARCH};
use crate::patient_facts::DECISION_SYSTEM;
use crate::request::{Caller, Version};
use crate::searching::Searching;
use crate::sight::Sight;
use crate::writes::{Intent, WriteEntry, Writing};

/// How long decided access lasts, hours.
pub const DECIDED_HOURS: i64 = 7 * 24;
/// How long emergency access lasts, hours.
pub const EMERGENCY_HOURS: i64 = 12;
/// Longest written reason, characters.
pub const REASON_CHARACTERS_MAX: usize = 500;
const HOUR_MILLISECONDS: i64 = 3_600_000;
/// Patients whom one citizen may act for that are looked at.
const ACTED_FOR_MAX: usize = 100;

/// How a caller stands with a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientStanding {
    /// The ground; [`Ground::LookUp`] when there is none.
    pub ground: Ground,
    /// Why, as `access` words it: `general-practitioner`, `no-ground`, `blocked` …
    pub reason: &'static str,
    /// Whether the journal opens.
    pub opens: bool,
    /// Whether the person may be looked up by name.
    pub may_look_up: bool,
    /// Whether the caller may take access with a written reason.
    pub may_decide: bool,
    /// Whether the caller may take access in an emergency.
    pub may_take_emergency: bool,
    /// Whether something in the journal is hidden from the caller by the patient's wish.
    pub hides_something: bool,
    /// Whether the caller may see who has opened the journal.
    pub may_read_log: bool,
    /// Whether the caller may record blocks and consents for the patient.
    pub may_wish: bool,
    /// When access for a time ends.
    pub until: Option<Instant>,
}

/// Access that somebody wants to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// In an emergency; else by a decision of one's own.
    pub is_emergency: bool,
    /// Why, in words that the patient will read.
    pub reason: String,
}

impl Record {
    /// How the caller stands with a patient; `None` when there is no such patient, as far as the
    /// caller sees. Tells nothing of the journal's content, so it is not logged.
    pub fn standing(
        &self,
        caller: &Caller,
        patient_id: &str,
    ) -> Result<Option<PatientStanding>, Problem> {
        let sight = self.sight(caller, ANY)?;
        let Some(number) = self.number_of(patient_id)? else { return Ok(None) };
        let Some(judge) = sight.judge() else {
            let ground = sight.permit.ground();
            return Ok(Some(PatientStanding::everything(ground)));
        };
        if !judge.reaches(number) {
            return Ok(None);
        }
        let judged = judge.on(number)?;
        let standing = PatientStanding::of(
            &judged.decision,
            caller.actor.role(),
            judged.gathered.facts.is_protected,
        );
        Ok((standing.opens || standing.may_look_up || standing.may_read_log).then_some(standing))
    }

    /// The number of a patient who is there: one that others only refer to is nobody.
    fn number_of(&self, patient_id: &str) -> Result<Option<PatientNumber>, Problem> {
        let Some(of) = Definitions::r4().resource_type("Patient") else { return Ok(None) };
        let snapshot = self.store.snapshot();
        let located = self.store.locate(snapshot.as_ref(), of, patient_id)?;
        Ok(located.filter(|located| !located.deleted).map(|located| located.key.patient()))
    }

    /// Takes access to a patient's journal with a reason. It is durable, and in the patient's log,
    /// when this answers.
    ///
    /// # Errors
    /// `Refused` when the role or the patient's wish does not let the caller; `Invalid` without a
    /// reason, or with one that is too long.
    pub async fn open_with_reason(
        &self,
        caller: &Caller,
        patient_id: &str,
        opening: &Opening,
    ) -> Result<(), Problem> {
        let patient = type_of("Patient")?;
        let standing = self.standing(caller, patient_id)?.ok_or_else(|| not_found(patient))?;
        let reason = opening.reason.trim();
        check_reason(reason)?;
        // No scope says that an app takes access for somebody.
        let may = caller.actor.scopes.is_none()
            && match opening.is_emergency {
                true => standing.may_take_emergency,
                false => standing.may_decide,
            };
        let Standing::Personnel(personnel) = &caller.actor.standing else {
            return Err(refused());
        };
        if !may {
            let sight = Sight::whole(&caller.actor);
            let number = self.number_of(patient_id)?;
            let entry = Entry::reading(&sight.permit, "open-journal", &caller.trace)
                .about(target(patient, patient_id))
                .on(Ground::Refused)
                .concerning(number);
            self.log_entries(&[entry]).await?;
            return Err(refused());
        }
        let consent =
            consent(patient_id, self.store.clock().now(), personnel, opening.is_emergency, reason);
        let ground = if opening.is_emergency { Ground::Emergency } else { Ground::Decided };
        let permit = self.policy.may_write(&caller.actor)?;
        let log = Entry::writing(&permit, Action::C, "open-journal", &caller.trace)
            .about(target(patient, patient_id));
        let body = Bytes::from(consent.to_string());
        let entries = [WriteEntry {
            location: String::new(),
            full_url: None,
            resource_type: type_of("Consent")?,
            intent: Intent::Create { body: &body, if_none_exist: None },
        }];
        let writing = Writing {
            permit: &permit,
            entries: &entries,
            base: &caller.base,
            log,
            claim: None,
            is_transaction: false,
            want_json: false,
            for_caller: Some(ground),
        };
        self.write(writing).await.map(|_| ())
    }

    /// The patients whose journals a citizen may open: the citizen's own first, then those whom
    /// the citizen may act for, each with how. Empty for others than citizens.
    pub async fn acted_for(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(Version, PatientStanding)>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let (Standing::Citizen(national_number), Some(judge)) =
            (&caller.actor.standing, sight.judge())
        else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let mut patients = Vec::new();
        for number in self.connected(national_number)? {
            let judged = judge.on(number)?;
            if !judged.decision.opens_journal() {
                continue;
            }
            let snapshot = sight.snapshot(&self.store);
            let Some(of) = Definitions::r4().resource_type("Patient") else { continue };
            let id = &judged.gathered.id;
            let Some(located) = self.store.locate(snapshot.as_ref(), of, id)? else { continue };
            let stored = self.store.current(&sight.permit, snapshot.as_ref(), located.key)?;
            let standing = PatientStanding::of(&judged.decision, caller.actor.role(), false);
            patients.push(number);
            found.extend(stored.map(|stored| (version(stored), standing)));
        }
        let entry = Entry::reading(&sight.permit, "acted-for", &caller.trace).about("Patient");
        self.log(&sight, entry, patients).await?;
        Ok(found)
    }

    /// Patients with this number, and patients to whom somebody with this number is related.
    fn connected(&self, national_number: &str) -> Result<Vec<PatientNumber>, Problem> {
        if !national_number.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let mut numbers = Vec::new();
        for name in ["Patient", "RelatedPerson"] {
            let of = Definitions::r4().resource_type(name);
            let query = format!("identifier={national_number}&_count={ACTED_FOR_MAX}");
            let found = searching.execute(&searching.parse(of, None, &query, true)?)?.matches;
            for number in found.into_iter().map(akson_store::keys::ResourceKey::patient) {
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
            }
        }
        Ok(numbers)
    }
}

impl PatientStanding {
    fn everything(ground: Ground) -> Self {
        Self {
            ground,
            reason: ground.code(),
            opens: true,
            may_look_up: true,
            may_decide: false,
            may_take_emergency: false,
            hides_something: false,
            may_read_log: true,
            may_wish: false,
            until: None,
        }
    }

    fn of(decision: &Decision, role: Option<Role>, is_protected: bool) -> Self {
        let has = |situation| role.is_some_and(|role| rights(role, situation) != Rights::NONE);
        let opens = decision.opens_journal();
        let is_wanting = !opens || decision.hides_parts();
        let person_blocked = decision.reason == Reason::BlockedPerson;
        Self {
            ground: decision.situation.ground(),
            reason: decision.reason.code(),
            opens,
            may_look_up: decision.may_read(Class::Person, is_protected),
            may_decide: decision.reason == Reason::NoGround && has(Situation::Decided),
            may_take_emergency: is_wanting && !person_blocked && has(Situation::Emergency),
            hides_something: decision.hides_parts()
                || matches!(decision.reason, Reason::Blocked | Reason::BlockedPerson),
            may_read_log: decision.rights.may_read(Class::Log),
            may_wish: decision.rights.may_write(Class::Wish),
            until: decision.until,
        }
    }
}

fn type_of(name: &str) -> Result<ResourceType, Problem> {
    let missing = || Problem::fault("REC-049", "the definitions lack a type of R4");
    Definitions::r4().resource_type(name).ok_or_else(missing)
}

fn refused() -> Problem {
    Problem::new(
        Kind::Refused,
        "REC-047",
        "Your role, or the patient's wish, does not let you open this journal in this way.",
    )
}

fn check_reason(reason: &str) -> Result<(), Problem> {
    let text = if reason.is_empty() {
        "Opening a journal needs a written reason, which the patient can read."
    } else if reason.chars().count() > REASON_CHARACTERS_MAX {
        "The reason is longer than 500 characters."
    } else {
        return Ok(());
    };
    Err(Problem::new(Kind::Invalid, "REC-048", text))
}

fn consent(
    patient_id: &str,
    now: Instant,
    personnel: &akson_access::Personnel,
    is_emergency: bool,
    reason: &str,
) -> serde_json::Value {
    let (code, hours, purpose) = match is_emergency {
        true => ("emergency", EMERGENCY_HOURS, "ETREAT"),
        false => ("decided", DECIDED_HOURS, "TREAT"),
    };
    let until = Instant(now.0.saturating_add(hours * HOUR_MILLISECONDS));
    let who = personnel.references.first().map(|r| r.to_string()).unwrap_or_default();
    let organisation = personnel.organisations.first().map(|o| json!([{"reference": &**o}]));
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentscope",
            "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": DECISION_SYSTEM, "code": code}]}],
        "patient": {"reference": format!("Patient/{patient_id}")},
        "dateTime": now.to_fhir(),
        "organization": organisation,
        "policyRule": {"text": reason},
        "provision": {
            "type": "permit",
            "period": {"start": now.to_fhir(), "end": until.to_fhir()},
            "actor": [{
                "role": {"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                    "code": "IRCP"}]},
                "reference": {"reference": who}}],
            "purpose": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "code": purpose}]}
    })
}
