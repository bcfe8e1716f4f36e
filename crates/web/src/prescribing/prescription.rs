//! MedicationRequests as they are written: a new one, a renewed one, one that has ended.
//!
//! Standard: <https://hl7.org/fhir/R4/medicationrequest.html>

use akson_medicines::{Drug, Group};
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::{Value, json};

use crate::fields::text;
use crate::messages::recorded;
use crate::systems::{ATC, is_atc};
use crate::writing::set;

/// Longest time that a prescription can be dispensed, months (forskrift om rekvirering og utlevering
/// § 7-1: one year).
pub(crate) const MONTHS_MAX: i64 = 12;
/// Most times that it can be dispensed after the first.
pub(crate) const REPEATS_MAX: u32 = 12;

/// Who writes, and when.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    pub author: Option<Value>,
    /// As FHIR writes a moment.
    pub now: String,
    pub today: Date,
}

/// How long and how often it can be dispensed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dispensing {
    pub months: i64,
    pub repeats: u32,
}

impl Dispensing {
    /// What is usual: a year and three times more; what is watched more strictly once.
    pub(crate) fn usual(drug: Option<&Drug>) -> Self {
        let strict = drug.is_some_and(|drug| matches!(drug.group, Group::A | Group::B));
        Self { months: if strict { 3 } else { MONTHS_MAX }, repeats: if strict { 0 } else { 3 } }
    }

    fn to_fhir(self, today: Date) -> Value {
        let end = today.checked_add(Span::new().months(self.months)).unwrap_or(today);
        json!({
            "validityPeriod": {"start": today.to_string(), "end": end.to_string()},
            "numberOfRepeatsAllowed": self.repeats,
        })
    }
}

/// What is prescribed.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub name: String,
    pub atc: Option<(String, String)>,
    /// FHIR's Dosage.
    pub dosage: Value,
    pub is_lasting: bool,
    /// Id of the Condition and its name, or a name alone.
    pub reason: Option<(Option<String>, String)>,
    pub dispensing: Dispensing,
}

/// A new prescription, after an earlier one when it takes its place.
pub(crate) fn begun(patient: &str, content: &Content, by: &Writing, prior: Option<&str>) -> Value {
    let mut medicine = json!({"text": content.name});
    if let Some((atc, substance)) = &content.atc {
        set(&mut medicine, "coding", json!([{"system": ATC, "code": atc, "display": substance}]));
    }
    let course = if content.is_lasting { "continuous" } else { "acute" };
    let mut request = json!({
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category",
            "code": "community"}]}],
        "medicationCodeableConcept": medicine,
        "subject": {"reference": format!("Patient/{patient}")},
        "authoredOn": by.now,
        "courseOfTherapyType": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy",
            "code": course}]},
        "dosageInstruction": [content.dosage],
        "dispenseRequest": content.dispensing.to_fhir(by.today),
    });
    if let Some(author) = &by.author {
        set(&mut request, "requester", author.clone());
    }
    if let Some((condition, words)) = &content.reason {
        set(&mut request, "reasonCode", json!([{"text": words}]));
        if let Some(condition) = condition {
            let to = format!("Condition/{condition}");
            set(&mut request, "reasonReference", json!([{"reference": to, "display": words}]));
        }
    }
    if let Some(prior) = prior {
        set(
            &mut request,
            "priorPrescription",
            json!({"reference": format!("MedicationRequest/{prior}")}),
        );
    }
    request
}

/// The same again: what was prescribed, from today.
pub(crate) fn renewed(old: &Value, dispensing: Dispensing, by: &Writing) -> Value {
    let mut request = old.clone();
    let id = old.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(members) = request.as_object_mut() {
        for gone in [
            "id",
            "text",
            "encounter",
            "statusReason",
            "detectedIssue",
            "eventHistory",
            "identifier",
            "groupIdentifier",
        ] {
            members.remove(gone);
        }
        // What it is labelled with comes along, which version it was does not.
        let security =
            members.remove("meta").and_then(|mut meta| meta.get_mut("security").map(Value::take));
        if let Some(security) = security {
            members.insert("meta".to_owned(), json!({"security": security}));
        }
        members.insert("status".to_owned(), json!("active"));
        members.insert("authoredOn".to_owned(), json!(by.now));
        members.insert("dispenseRequest".to_owned(), dispensing.to_fhir(by.today));
        members.insert(
            "priorPrescription".to_owned(),
            json!({"reference": format!("MedicationRequest/{id}")}),
        );
        match &by.author {
            Some(author) => members.insert("requester".to_owned(), author.clone()),
            None => members.remove("requester"),
        };
    }
    let dosages = request.get_mut("dosageInstruction").and_then(Value::as_array_mut);
    for dosage in dosages.into_iter().flatten() {
        if let Some(bounds) = dosage.pointer_mut("/timing/repeat/boundsPeriod") {
            *bounds = moved(bounds, by.today);
        }
    }
    request
}

/// A time from today, as long as it was.
fn moved(bounds: &Value, today: Date) -> Value {
    let day =
        |name: &str| bounds.get(name).and_then(Value::as_str)?.get(..10)?.parse::<Date>().ok();
    let length =
        day("start").zip(day("end")).map(|(start, end)| crate::dates::days_between(start, end));
    let end = length.and_then(|days| today.checked_add(days.days()).ok());
    match end {
        Some(end) => json!({"start": today.to_string(), "end": end.to_string()}),
        None => json!({"start": today.to_string()}),
    }
}

/// How a prescription comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End<'a> {
    /// A new one like it takes its place.
    Renewed,
    /// A new one with another dosage or strength does.
    Changed,
    /// The patient is not to take it any more.
    Stopped(&'a str),
}

/// An earlier prescription, ended. What it said of the dose stays, and that it ends today.
pub(crate) fn ended(old: &Value, how: End<'_>, today: Date) -> Value {
    let mut request = old.clone();
    let (status, reason) = match how {
        End::Renewed => ("completed", recorded("prescribing.was-renewed")),
        End::Changed => ("stopped", recorded("prescribing.was-changed")),
        End::Stopped(reason) => ("stopped", reason),
    };
    set(&mut request, "status", json!(status));
    set(&mut request, "statusReason", json!({"text": reason}));
    if how != End::Renewed {
        let dosages = request.get_mut("dosageInstruction").and_then(Value::as_array_mut);
        for dosage in dosages.into_iter().flatten() {
            if let Some(bounds) = dosage.pointer_mut("/timing/repeat/boundsPeriod") {
                set(bounds, "end", json!(today.to_string()));
            }
        }
    }
    request
}

/// Whether it is in force.
pub(crate) fn is_in_force(request: &Value) -> bool {
    matches!(request.get("status").and_then(Value::as_str), Some("active" | "on-hold"))
}

/// Its medicine by name and ATC code.
pub(crate) fn medicine(request: &Value) -> (Option<&str>, Option<&str>) {
    let codings = request.pointer("/medicationCodeableConcept/coding").and_then(Value::as_array);
    let atc = codings.into_iter().flatten().find(|coding| is_atc(text(coding, "/system")));
    let name = request.pointer("/medicationCodeableConcept/text").and_then(Value::as_str);
    (name, atc.and_then(|coding| coding.get("code")).and_then(Value::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn by() -> Writing {
        let author = json!({"reference": "Practitioner/a", "display": "Kari Lege"});
        Writing { author: Some(author), now: "2026-11-22T10:00:00Z".into(), today: TODAY }
    }

    fn old() -> Value {
        json!({
            "resourceType": "MedicationRequest", "id": "m1",
            "meta": {"versionId": "3", "security": [{"code": "PSY"}]},
            "status": "active", "intent": "order", "encounter": {"reference": "Encounter/e"},
            "medicationCodeableConcept": {
                "coding": [{"system": ATC, "code": "C03CA01", "display": "Furosemid"}],
                "text": "Furosemid 40 mg tablett"},
            "subject": {"reference": "Patient/p"}, "authoredOn": "2025-01-01",
            "requester": {"reference": "Practitioner/b"},
            "reasonCode": [{"text": "Hjertesvikt"}],
            "dosageInstruction": [{"text": "1 tablett om morgenen", "timing": {"repeat": {
                "boundsPeriod": {"start": "2025-01-01", "end": "2025-01-11"}}}}],
        })
    }

    #[test]
    fn the_same_again_is_the_same_but_for_who_when_and_how_long() {
        let dispensing = Dispensing { months: 6, repeats: 1 };
        let new = renewed(&old(), dispensing, &by());
        assert_eq!(new["status"], "active");
        assert_eq!(new["authoredOn"], "2026-11-22T10:00:00Z");
        assert_eq!(new["requester"]["reference"], "Practitioner/a");
        assert_eq!(new["priorPrescription"]["reference"], "MedicationRequest/m1");
        assert_eq!(new["reasonCode"], old()["reasonCode"]);
        assert_eq!(new["meta"], json!({"security": [{"code": "PSY"}]}));
        assert_eq!(new["dispenseRequest"]["validityPeriod"]["end"], "2027-05-22");
        assert_eq!(new["dispenseRequest"]["numberOfRepeatsAllowed"], 1);
        let bounds = &new["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"];
        assert_eq!(*bounds, json!({"start": "2026-11-22", "end": "2026-12-02"}));
        assert!(new.get("id").is_none() && new.get("encounter").is_none());
    }

    #[test]
    fn what_ends_says_how() {
        for (how, status, reason) in [
            (End::Renewed, "completed", "Fornyet"),
            (End::Changed, "stopped", "Endret"),
            (End::Stopped("Bivirkning"), "stopped", "Bivirkning"),
        ] {
            let ended = ended(&old(), how, TODAY);
            assert_eq!(ended["status"], status);
            assert_eq!(ended["statusReason"]["text"], reason);
            assert!(!is_in_force(&ended));
        }
    }

    #[test]
    fn addictive_medicines_are_not_dispensed_again_unless_somebody_says_so() {
        let of = |text: &str| Dispensing::usual(akson_medicines::search(text, 1).first().copied());
        assert_eq!(of("zopiklon"), Dispensing { months: 3, repeats: 0 });
        assert_eq!(of("apiksaban"), Dispensing { months: 12, repeats: 3 });
    }
}
