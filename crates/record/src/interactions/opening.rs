//! Taking access to a journal with a reason, by the patient's id or number, and telling the patient.
//!
//! Access that was taken is a Consent in the patient's own journal, so that the patient sees who
//! took it, why, and for how long; it ends by itself. Of an emergency the patient gets a message
//! too, in the same commit: no journal opens before it is durable.
//! Not here: who may (`access::decide`), how the caller stands (`ground`).
//! Law: pasientjournalloven §§ 17, 18; pasient- og brukerrettighetsloven §§ 3-4, 5-1.

use akson_access::facts::{CONFIDENCE_LABEL, PatientFacts};
use akson_access::{Actor, Ground, Personnel, ReadPermit, Standing};
use akson_audit::{Action, Entry};
use akson_base::identifiers::{DNR, FHN, FNR};
use akson_base::{Instant, Kind, Problem};
use akson_fhir::definitions::Definitions;
use akson_store::keys::{PatientNumber, ResourceKey};
use bytes::Bytes;
use serde_json::{Value, json};

use super::ground::{PatientStanding, type_of};
use super::{not_found, target};
use crate::Record;
use crate::bounds::ANY;
use crate::patient_facts::DECISION_SYSTEM;
use crate::request::Caller;
use crate::searching::Searching;
use crate::sight::{Sight, today};
use crate::writes::{Intent, WriteEntry, Writing};

/// How long decided access lasts, hours.
pub const DECIDED_HOURS: i64 = 7 * 24;
/// How long emergency access lasts, hours.
pub const EMERGENCY_HOURS: i64 = 12;
/// Longest written reason, characters.
pub const REASON_CHARACTERS_MAX: usize = 500;
/// Code system of `Communication.category` of what the record itself tells a patient.
pub const NOTICE_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/notice";
/// The journal was opened in an emergency.
pub const NOTICE_EMERGENCY: &str = "emergency-access";
const HOUR_MILLISECONDS: i64 = 3_600_000;
/// Patients with one number: more than one is a fault in the register.
const PATIENTS_MAX: usize = 2;
/// Ages (years) at which what was told in confidence is hidden from parents.
const CONFIDES: std::ops::Range<i16> = 12..16;
/// The Consent, as the message refers to it before it has an id.
const THE_CONSENT: &str = "urn:uuid:5a0b3e6c-5c7f-4c2e-8e3a-0f6d0d1f7a11";

/// Access that somebody wants to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// In an emergency; else by a decision of one's own.
    pub is_emergency: bool,
    /// Why, in words that the patient will read.
    pub reason: String,
}

impl Record {
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
        let number = self.number_of(patient_id)?.ok_or_else(|| not_found(patient))?;
        check_reason(opening.reason.trim())?;
        if self.open(caller, patient_id, number, &standing, opening).await? {
            return Ok(());
        }
        Err(refused())
    }

    /// As [`Record::open_with_reason`], of the patient with this national number or help number,
    /// also when the address is protected, so that no search finds the person; answers the
    /// patient's id.
    ///
    /// # Errors
    /// `NotFound` (`REC-084`) when there is nobody, or nobody whom the caller may open; the others
    /// as there.
    pub async fn open_by_number(
        &self,
        caller: &Caller,
        number: &str,
        opening: &Opening,
    ) -> Result<String, Problem> {
        check_reason(opening.reason.trim())?;
        let sight = self.sight(caller, ANY)?;
        let found = self.by_number(number)?;
        let (Some((number, id)), Some(judge)) = (found, sight.judge()) else {
            return Err(nobody());
        };
        // No scope says that an app finds people by their number alone.
        if caller.actor.scopes.is_some() {
            return Err(nobody());
        }
        let judged = judge.on(number)?;
        let facts = &judged.gathered.facts;
        let role = caller.actor.role();
        let standing = PatientStanding::of(&judged.decision, role, facts.is_protected);
        if standing.opens && !(opening.is_emergency && standing.may_take_emergency) {
            return Ok(id);
        }
        if self.open(caller, &id, number, &standing, opening).await? {
            return Ok(id);
        }
        Err(nobody())
    }

    /// How somebody at work stands with the patient of this national number or help number, when
    /// there is one who is not shown to them. That there is one is told to those whose role looks
    /// people up, for they must neither register the person once more nor turn them away; it is a
    /// look-up in the patient's log. `None` in all other cases.
    pub async fn hidden_by_number(
        &self,
        caller: &Caller,
        number: &str,
    ) -> Result<Option<PatientStanding>, Problem> {
        let sight = self.sight(caller, ANY)?;
        let (Standing::Personnel(_), Some(judge)) = (&caller.actor.standing, sight.judge()) else {
            return Ok(None);
        };
        if caller.actor.scopes.is_some() {
            return Ok(None);
        }
        let Some((number, _)) = self.by_number(number)?.filter(|_| judge.looks_people_up()) else {
            return Ok(None);
        };
        let judged = judge.on(number)?;
        let facts = &judged.gathered.facts;
        let role = caller.actor.role();
        let standing = PatientStanding::of(&judged.decision, role, facts.is_protected);
        if standing.opens || standing.may_look_up {
            return Ok(None);
        }
        let entry = Entry::reading(&sight.permit, "find-patients", &caller.trace).about("Patient");
        self.log(&sight, entry, [number]).await?;
        Ok(Some(standing))
    }

    /// The one patient with a national number or help number.
    fn by_number(&self, number: &str) -> Result<Option<(PatientNumber, String)>, Problem> {
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(None);
        }
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let any = [FNR, DNR, FHN].map(|system| format!("{system}%7C{number}")).join(",");
        let query = format!("identifier={any}&_count={PATIENTS_MAX}");
        let query =
            searching.parse(Definitions::r4().resource_type("Patient"), None, &query, true)?;
        let found = searching.execute(&query)?.matches;
        // Two of the same number would be two people who could be taken for each other.
        let [one] = found.as_slice() else { return Ok(None) };
        let patient = ResourceKey::patient(*one);
        Ok(Some((patient, self.known.of(patient)?.id.clone())))
    }

    /// Takes access, if the caller may; the attempt of one who may not is in the log.
    async fn open(
        &self,
        caller: &Caller,
        patient_id: &str,
        number: PatientNumber,
        standing: &PatientStanding,
        opening: &Opening,
    ) -> Result<bool, Problem> {
        let patient = type_of("Patient")?;
        // No scope says that an app takes access for somebody.
        let may = caller.actor.scopes.is_none()
            && match opening.is_emergency {
                true => standing.may_take_emergency,
                false => standing.may_decide,
            };
        let Standing::Personnel(personnel) = &caller.actor.standing else { return Ok(false) };
        if !may {
            let sight = Sight::whole(&caller.actor);
            let entry = Entry::reading(&sight.permit, "open-journal", &caller.trace)
                .about(target(patient, patient_id))
                .on(Ground::Refused)
                .concerning([number]);
            self.log_entries(&[entry]).await?;
            return Ok(false);
        }
        let taken = Taken {
            patient_id,
            now: self.store.clock().now(),
            actor: &caller.actor,
            personnel,
            is_emergency: opening.is_emergency,
            reason: opening.reason.trim(),
            is_confidence: confides(&self.known.of(number)?.facts, self.store.clock().now()),
        };
        self.store_taken(caller, &taken).await?;
        Ok(true)
    }

    /// Writes down access that was taken, and the message to the patient.
    async fn store_taken(&self, caller: &Caller, taken: &Taken<'_>) -> Result<(), Problem> {
        let ground = if taken.is_emergency { Ground::Emergency } else { Ground::Decided };
        let permit = self.policy.may_write(&caller.actor)?;
        let log = Entry::writing(&permit, Action::C, "open-journal", &caller.trace)
            .about(target(type_of("Patient")?, taken.patient_id));
        let consent = Bytes::from(taken.consent().to_string());
        let notice = Bytes::from(taken.notice().to_string());
        let entry = |of, full_url, body| WriteEntry {
            location: String::new(),
            full_url,
            resource_type: of,
            intent: Intent::Create { body, if_none_exist: None },
        };
        let mut entries = vec![entry(type_of("Consent")?, Some(THE_CONSENT), &consent[..])];
        if taken.is_emergency {
            entries.push(entry(type_of("Communication")?, None, &notice[..]));
        }
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
}

/// Whether a patient has an age at which confidences are kept from parents.
fn confides(facts: &PatientFacts, now: Instant) -> bool {
    facts.age(today(now)).is_some_and(|age| CONFIDES.contains(&age))
}

fn refused() -> Problem {
    Problem::new(
        Kind::Refused,
        "REC-047",
        "Your role, or the patient's wish, does not let you open this journal in this way.",
    )
}

fn nobody() -> Problem {
    let text = "There is no patient with this number whose journal you may open in this way.";
    Problem::new(Kind::NotFound, "REC-084", text)
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

/// Access as it is taken.
struct Taken<'a> {
    patient_id: &'a str,
    now: Instant,
    actor: &'a Actor,
    personnel: &'a Personnel,
    is_emergency: bool,
    reason: &'a str,
    /// Whether it is kept from the parents: somebody of this age may have come alone.
    is_confidence: bool,
}

impl Taken<'_> {
    fn who(&self) -> &str {
        self.personnel.references.first().map_or("", |reference| reference)
    }

    fn labels(&self) -> Value {
        let (system, code) = CONFIDENCE_LABEL.split_once('|').unwrap_or_default();
        match self.is_confidence {
            true => json!({"security": [{"system": system, "code": code}]}),
            false => Value::Null,
        }
    }

    fn consent(&self) -> Value {
        let (code, hours, purpose) = match self.is_emergency {
            true => ("emergency", EMERGENCY_HOURS, "ETREAT"),
            false => ("decided", DECIDED_HOURS, "TREAT"),
        };
        let until = Instant(self.now.0.saturating_add(hours * HOUR_MILLISECONDS));
        let unit = self.personnel.organisations.first();
        let organisation = unit.map(|unit| json!([{"reference": &**unit}]));
        let mut body = json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": DECISION_SYSTEM, "code": code}]}],
            "patient": {"reference": format!("Patient/{}", self.patient_id)},
            "dateTime": self.now.to_fhir(),
            "organization": organisation,
            "policyRule": {"text": self.reason},
            "provision": {
                "type": "permit",
                "period": {"start": self.now.to_fhir(), "end": until.to_fhir()},
                "actor": [{
                    "role": {"coding": [{
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                        "code": "IRCP"}]},
                    "reference": {"reference": self.who()}}],
                "purpose": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                    "code": purpose}]}
        });
        self.label(&mut body);
        body
    }

    /// The message to the patient: who, where, why, when.
    fn notice(&self) -> Value {
        let patient = json!({"reference": format!("Patient/{}", self.patient_id)});
        let unit = self.personnel.organisations.first();
        let place = unit.map(
            |unit| json!({"reference": &**unit, "display": &*self.personnel.organisation_name}),
        );
        let about: Vec<Value> =
            [Some(json!({"reference": THE_CONSENT})), place].into_iter().flatten().collect();
        let mut body = json!({
            "resourceType": "Communication",
            "status": "completed",
            "category": [{"coding": [{"system": NOTICE_SYSTEM, "code": NOTICE_EMERGENCY}]}],
            "subject": patient,
            "recipient": [patient],
            "sent": self.now.to_fhir(),
            "sender": {"reference": self.who(), "display": &*self.actor.display},
            "about": about,
            "reasonCode": [{"text": self.reason}],
        });
        self.label(&mut body);
        body
    }

    fn label(&self, body: &mut Value) {
        let labels = self.labels();
        if let Some(body) = body.as_object_mut().filter(|_| !labels.is_null()) {
            body.insert("meta".into(), labels);
        }
    }
}
