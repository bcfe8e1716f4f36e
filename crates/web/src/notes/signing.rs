//! Signing: the note becomes final, and with it in one commit the contact is finished with its coded
//! reasons, what was asked for stands in the problem list, the appointment is fulfilled, and who is to
//! sign with the author is asked.
//!
//! Not here: storing drafts (`saving`), what is done with a signed note (`signed`).
//! Standard: <https://hl7.org/fhir/R4/encounter.html>, <https://hl7.org/fhir/R4/condition.html>.
//! Law: pasientjournalforskriften § 13 (who enters signs; what is signed is corrected visibly).

use akson_base::{Kind, Problem};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::note::{Content, Note, Reason, Withheld, myself, own_unit, say_why, withhold};
use super::template::{of_key, without_empty_lines};
use crate::dates::{iso, parse_date};
use crate::fields::text_at;
use crate::forms::Form;
use crate::people::quoted;
use crate::sight::Reader;
use crate::systems::{ACT_CODE, TASK_SYSTEM};
use crate::writing::{Together, set};

/// Somebody is asked to sign a note too.
pub(crate) const CO_SIGN: &str = "co-sign";
/// Conditions of one patient that are looked at for what is known already.
const CONDITIONS_MAX: usize = 500;
/// Longest delay of the release, days.
const WITHHELD_DAYS_MAX: i64 = 366;

/// What is said when signing, beyond the note itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signature {
    /// `Practitioner/…` who is asked to sign too.
    pub co_signer: Option<String>,
    /// Not released at once.
    pub withheld: Option<Withheld>,
    /// Why it is corrected.
    pub why: String,
}

/// What keeps a note from being signed, as a key of the messages.
pub(crate) type Missing = &'static str;

impl Signature {
    /// What a form says. The error is what is missing in it.
    pub(crate) fn of(form: &Form, today: Date) -> Result<Self, Missing> {
        let withheld = match form.field("utsett").is_empty() {
            true => None,
            false => Some(withheld(form, today)?),
        };
        let co_signer = form.field("medsigner").trim();
        let co_signer = co_signer.starts_with("Practitioner/").then(|| co_signer.to_owned());
        Ok(Self { co_signer, withheld, why: form.field("hvorfor").trim().to_owned() })
    }
}

/// Why and until when something is not released, as a form says it.
pub(crate) fn withheld(form: &Form, today: Date) -> Result<Withheld, Missing> {
    let reason = form.field("utsett-grunn").trim().to_owned();
    if reason.is_empty() {
        return Err("note.wrong-withheld-reason");
    }
    let until = parse_date(form.field("utsett-til")).filter(|day| {
        let days = crate::dates::days_between(today, *day);
        (1..=WITHHELD_DAYS_MAX).contains(&days)
    });
    let until = until.ok_or("note.wrong-withheld-until")?;
    Ok(Withheld { until: Some(until.to_string()), reason })
}

/// The note as it is signed; what is missing when it cannot be.
pub(crate) fn complete(content: &Content) -> Result<Content, Missing> {
    let template = of_key(&content.template);
    let text = without_empty_lines(&content.text, template);
    if text.trim().is_empty() {
        return Err("note.wrong-empty");
    }
    let title = match (content.title.is_empty(), template) {
        (false, _) => content.title.clone(),
        (true, Some(template)) => template.title.clone(),
        (true, None) => return Err("note.wrong-title"),
    };
    Ok(Content { title, text, ..content.clone() })
}

impl Reader {
    /// Signs a stored draft. Answers the id of the note that is signed: of a correction, the one that
    /// is corrected.
    pub(crate) async fn sign(
        &self,
        patient: &str,
        draft: &Note,
        content: &Content,
        signature: &Signature,
    ) -> Result<String, Problem> {
        let corrected = draft.resource.pointer("/relatesTo/0/target/reference");
        if let Some(corrected) = corrected.and_then(Value::as_str) {
            return self.correct(patient, draft, corrected, content, signature).await;
        }
        let now = iso(self.now());
        let mut together = Together::default();
        let mut resource = draft.with(content);
        let encounter =
            self.finish(patient, draft, content, signature, &now, &mut together).await?;
        let mut context = resource.get("context").cloned().unwrap_or_else(|| json!({}));
        set(&mut context, "encounter", json!([{"reference": encounter}]));
        set(&mut resource, "context", context);
        set(&mut resource, "docStatus", json!("final"));
        set(&mut resource, "date", json!(now));
        set(&mut resource, "authenticator", myself(&self.who.actor));
        withhold(&mut resource, signature.withheld.as_ref());
        together.update("DocumentReference", &draft.id, draft.version, &resource);
        let problems = self.problems(patient, content).await?;
        for reason in problems {
            let mut condition = condition(patient, reason, &encounter, &now, self);
            withhold(&mut condition, signature.withheld.as_ref());
            together.create(&condition);
        }
        self.fulfil(draft, &mut together).await?;
        if let Some(colleague) = &signature.co_signer {
            let name = self.colleagues().await?.into_iter().find(|(one, _)| one == colleague);
            let name = name.map(|(_, name)| name).unwrap_or_default();
            let note = (draft.id.as_str(), content.title.as_str());
            together.create(&co_sign(patient, note, (colleague, &name), &now, self));
        }
        self.store(together).await?;
        Ok(draft.id.clone())
    }

    /// The contact, finished with its reasons: the one that the draft began from, or a new one.
    async fn finish(
        &self,
        patient: &str,
        draft: &Note,
        content: &Content,
        signature: &Signature,
        now: &str,
        together: &mut Together,
    ) -> Result<String, Problem> {
        let reasons: Vec<Value> = content.reasons.iter().map(Reason::concept).collect();
        if let Some((_, id)) = draft.encounter.as_deref().and_then(|to| to.split_once('/')) {
            let (mut encounter, version) = self.read_json("Encounter", id).await?;
            set(&mut encounter, "status", json!("finished"));
            if !reasons.is_empty() {
                set(&mut encounter, "reasonCode", reasons.into());
            }
            let mut period = encounter.get("period").cloned().unwrap_or_else(|| json!({}));
            set(&mut period, "end", json!(now));
            set(&mut encounter, "period", period);
            withhold(&mut encounter, signature.withheld.as_ref());
            together.update("Encounter", id, version, &encounter);
            return Ok(format!("Encounter/{id}"));
        }
        let template = of_key(&content.template);
        let class = template.map_or("AMB", |template| template.class.as_str());
        let mut encounter = json!({
            "resourceType": "Encounter", "status": "finished",
            "class": {"system": ACT_CODE, "code": class},
            "type": [{"text": content.title}],
            "subject": {"reference": format!("Patient/{patient}")},
            "participant": [{"individual": myself(&self.who.actor)}],
            "period": {"start": draft.date, "end": now},
        });
        if !reasons.is_empty() {
            set(&mut encounter, "reasonCode", reasons.into());
        }
        if let Some(unit) = own_unit(&self.who.actor) {
            set(&mut encounter, "serviceProvider", unit);
        }
        if let Some(appointment) = &draft.appointment {
            set(&mut encounter, "appointment", json!([{"reference": appointment}]));
        }
        withhold(&mut encounter, signature.withheld.as_ref());
        Ok(together.create(&encounter))
    }

    /// Those of the codes that are to stand in the problem list and do not yet.
    async fn problems<'c>(
        &self,
        patient: &str,
        content: &'c Content,
    ) -> Result<Vec<&'c Reason>, Problem> {
        let wanted: Vec<&Reason> = content.reasons.iter().filter(|one| one.is_problem).collect();
        if wanted.is_empty() {
            return Ok(wanted);
        }
        let patient = quoted(patient);
        let query = format!("patient={patient}&clinical-status=active&_count={CONDITIONS_MAX}");
        let known = self.search_json(&self.caller(), "Condition", query).await?;
        let codings = known.iter().filter_map(|one| one.pointer("/code/coding"));
        let codings: Vec<&Value> = codings.filter_map(Value::as_array).flatten().collect();
        let is_known = |reason: &Reason| {
            let concept = reason.concept();
            let own = concept.pointer("/coding/0");
            let same = |coding: &&Value, name: &str| {
                coding.get(name).is_some() && coding.get(name) == own.and_then(|own| own.get(name))
            };
            codings.iter().any(|coding| same(coding, "system") && same(coding, "code"))
        };
        Ok(wanted.into_iter().filter(|reason| !is_known(reason)).collect())
    }

    /// The appointment that the contact was is fulfilled.
    async fn fulfil(&self, draft: &Note, together: &mut Together) -> Result<(), Problem> {
        let Some((_, id)) = draft.appointment.as_deref().and_then(|to| to.split_once('/')) else {
            return Ok(());
        };
        let (mut appointment, version) = self.read_json("Appointment", id).await?;
        let status = appointment.get("status").and_then(Value::as_str);
        if matches!(status, Some("booked" | "arrived" | "checked-in" | "pending")) {
            set(&mut appointment, "status", json!("fulfilled"));
            together.update("Appointment", id, version, &appointment);
        }
        Ok(())
    }

    /// A correction: the note's next version says what is right, and the draft of it is done.
    async fn correct(
        &self,
        patient: &str,
        draft: &Note,
        corrected: &str,
        content: &Content,
        signature: &Signature,
    ) -> Result<String, Problem> {
        let mut parts = corrected.split('/').skip(1);
        let id = parts.next().unwrap_or_default();
        let version = parts.nth(1).and_then(|version| version.parse::<u32>().ok());
        let note = self.note(patient, id).await?;
        if version.is_some_and(|version| version != note.version) {
            let text = "The note was changed after this correction of it was begun.";
            return Err(Problem::new(Kind::Conflict, "WEB-164", text));
        }
        let mut resource = note.with(content);
        set(&mut resource, "docStatus", json!("amended"));
        set(&mut resource, "date", json!(iso(self.now())));
        set(&mut resource, "authenticator", myself(&self.who.actor));
        say_why(&mut resource, &signature.why);
        if signature.withheld.is_some() {
            withhold(&mut resource, signature.withheld.as_ref());
        }
        let mut done = draft.resource.clone();
        set(&mut done, "status", json!("superseded"));
        let mut together = Together::default();
        together.update("DocumentReference", id, note.version, &resource);
        together.update("DocumentReference", &draft.id, draft.version, &done);
        self.store(together).await?;
        Ok(id.to_owned())
    }

    /// The others who work where the reader does: reference and name, by name.
    pub(crate) async fn colleagues(&self) -> Result<Vec<(String, String)>, Problem> {
        let unit = own_unit(&self.who.actor);
        let Some(unit) = unit.as_ref().and_then(|u| u.get("reference")).and_then(Value::as_str)
        else {
            return Ok(Vec::new());
        };
        let query = format!("organization={}&active=true&_count=100", quoted(unit));
        let roles = self.search_json(&self.caller(), "PractitionerRole", query).await?;
        let own = self.who.actor.practitioner();
        let mut found: Vec<(String, String)> = Vec::new();
        for role in &roles {
            let text = |path: &str| text_at(role, path);
            let Some(to) = text("/practitioner/reference").filter(|to| Some(*to) != own) else {
                continue;
            };
            let Some(name) = text("/practitioner/display") else { continue };
            let title = text("/code/0/text").or(text("/code/0/coding/0/display"));
            let name =
                title.map_or(name.to_owned(), |title| format!("{name}, {}", title.to_lowercase()));
            if found.iter().all(|(known, _)| known != to) {
                found.push((to.to_owned(), name));
            }
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(found)
    }
}

fn condition(patient: &str, reason: &Reason, encounter: &str, now: &str, reader: &Reader) -> Value {
    let hl7 = |system: &str, code: &str| {
        let system = format!("http://terminology.hl7.org/CodeSystem/{system}");
        json!({"coding": [{"system": system, "code": code}]})
    };
    let day = now.get(..10).unwrap_or(now);
    json!({
        "resourceType": "Condition",
        "clinicalStatus": hl7("condition-clinical", "active"),
        "verificationStatus": hl7("condition-ver-status", "confirmed"),
        "category": [hl7("condition-category", "problem-list-item")],
        "code": reason.concept(),
        "subject": {"reference": format!("Patient/{patient}")},
        "encounter": {"reference": encounter},
        "onsetDateTime": day,
        "recordedDate": now,
        "recorder": myself(&reader.who.actor),
    })
}

/// The request to sign a note too. It is work among colleagues, and not released to the citizen.
pub(crate) fn co_sign(
    patient: &str,
    (note, title): (&str, &str),
    (colleague, name): (&str, &str),
    now: &str,
    reader: &Reader,
) -> Value {
    let mut task = json!({
        "resourceType": "Task", "status": "requested", "intent": "order",
        "code": {"coding": [{"system": TASK_SYSTEM, "code": CO_SIGN}],
            "text": crate::messages::recorded("note.co-sign-task")},
        "description": title,
        "focus": {"reference": format!("DocumentReference/{note}")},
        "for": {"reference": format!("Patient/{patient}")},
        "authoredOn": now,
        "requester": myself(&reader.who.actor),
        "owner": {"reference": colleague, "display": name},
    });
    if name.is_empty() {
        set(&mut task, "owner", json!({"reference": colleague}));
    }
    withhold(&mut task, Some(&Withheld::default()));
    task
}
