//! What comes of the choices, in one commit: prescriptions of those who prescribe; of the others what the
//! patient takes without one, and a proposal to a doctor for each change that needs one.
//!
//! Not here: which choices there are (`reconciling::choices`), the proposals (`proposals`).
//! Standard: <https://hl7.org/fhir/R4/list.html>, <https://hl7.org/fhir/R4/medicationstatement.html>

use akson_base::{Kind, Problem};
use akson_medicines::Outcome;
use serde_json::{Value, json};

use super::proposals::{Change, Proposing};
use super::sources::{LIST_SYSTEM, Listed, RECONCILED, Row};
use super::{Choice, Chosen, Loaded, decides};
use crate::messages::{recorded, recorded_code};
use crate::prescribing::prescription::{Content, Dispensing, End, Writing, begun, ended};
use crate::prescribing::renewing::waiting;
use crate::prescribing::{Stored, add};
use crate::sight::Reader;
use crate::systems::ATC;
use crate::writing::{Together, set};

/// The kind of list that says what the patient uses.
const BY_PATIENT: &str = "patient";

/// Everything that was decided, the result, the lists that are done with and the task.
pub(super) async fn store(
    reader: &Reader,
    id: &str,
    loaded: &Loaded,
    chosen: &Chosen,
    by: &Writing,
) -> Result<(), Problem> {
    let mut together = Together::default();
    let mut entries = Vec::new();
    let mut proposing = match decides(&reader.who) {
        true => None,
        false => Some(Proposing::begin(reader, id, chosen, by).await?),
    };
    for (number, row) in loaded.rows.iter().enumerate() {
        let choice = chosen.choices.get(&number).copied();
        let (flag, item) = match &mut proposing {
            None => decided(reader, &mut together, loaded, (number, row), chosen, by).await?,
            Some(proposing) => proposed(proposing, &mut together, loaded, row, choice)?,
        };
        let words = recorded_code("reconciled", flag).unwrap_or(flag);
        let coding = json!({"system": LIST_SYSTEM, "code": flag});
        entries.push(json!({"flag": {"coding": [coding], "text": words}, "item": item}));
    }
    together.create(&result(id, by, entries));
    for source in &loaded.sources {
        let mut list = source.json.clone();
        set(&mut list, "status", json!("retired"));
        together.update("List", &source.id, source.version, &list);
    }
    if let Some(begun) = &chosen.begun {
        together.update("List", &begun.id, begun.version, &begun.done());
    }
    for task in waiting(reader, id, "reconcile").await? {
        let done = task.closed("completed", &by.now, None);
        together.update("Task", &task.id, task.version, &done);
    }
    reader.store(together).await.map(drop)
}

fn own(row: &Row) -> Option<&str> {
    row.ours.as_ref().and_then(|ours| ours.prescription.as_deref())
}

fn missing() -> Problem {
    Problem::new(Kind::Conflict, "WEB-187", "A list lacks what was chosen of it.")
}

/// What somebody who prescribes decided of a row: the word of the result, and what it is about.
async fn decided(
    reader: &Reader,
    together: &mut Together,
    loaded: &Loaded,
    (number, row): (usize, &Row),
    chosen: &Chosen,
    by: &Writing,
) -> Result<(&'static str, Value), Problem> {
    let patient = &loaded.at.chart.person.id;
    match chosen.choices.get(&number) {
        Some(Choice::Take(at)) => {
            let listed = row.listed(*at).ok_or_else(missing)?;
            let outcome = loaded.checked(reader, chosen, number, listed);
            let flag = if row.ours.is_some() { "changed" } else { "taken" };
            let warned = (&outcome, chosen.reason.as_str());
            let item = prescribe(reader, together, patient, (listed, own(row)), warned, by).await?;
            Ok((flag, item))
        }
        Some(Choice::Stop) => {
            if let Some(prescription) = own(row) {
                let reason = recorded("reconciling.stopped");
                stop(reader, together, patient, (prescription, reason), by).await?;
            }
            Ok(("stopped", reference(row)))
        }
        Some(Choice::Keep) => Ok(("kept", reference(row))),
        Some(Choice::Leave) => Ok(("left", reference(row))),
        None => Ok(("equal", reference(row))),
    }
}

/// What somebody who does not prescribe decided of a row: what the patient takes without a prescription is
/// written down, the rest is proposed.
fn proposed(
    proposing: &mut Proposing<'_>,
    together: &mut Together,
    loaded: &Loaded,
    row: &Row,
    choice: Option<Choice>,
) -> Result<(&'static str, Value), Problem> {
    let patient = &loaded.at.chart.person.id;
    match choice {
        Some(Choice::Take(at)) => {
            let listed = row.listed(at).ok_or_else(missing)?;
            let source = loaded.sources.get(at).ok_or_else(missing)?;
            if row.ours.is_none() && source.kind == BY_PATIENT {
                let statement = taken(patient, listed, &source.id, proposing.by());
                let to = together.create(&statement);
                return Ok(("taken", json!({"reference": to, "display": listed.name})));
            }
            let change = Change::Take { listed, from: source.kind };
            let to = proposing.propose(together, row, own(row), &change);
            let flag = if row.ours.is_some() { "change-proposed" } else { "take-proposed" };
            Ok((flag, json!({"reference": to, "display": listed.name})))
        }
        Some(Choice::Stop) => {
            let to = proposing.propose(together, row, own(row), &Change::Stop);
            Ok(("stop-proposed", json!({"reference": to, "display": row.name})))
        }
        Some(Choice::Keep) => Ok(("kept", reference(row))),
        Some(Choice::Leave) => Ok(("left", reference(row))),
        None => Ok(("equal", reference(row))),
    }
}

/// What the patient takes without a prescription.
fn taken(patient: &str, listed: &Listed, list: &str, by: &Writing) -> Value {
    let mut medicine = json!({"text": listed.name});
    if let Some(atc) = &listed.atc {
        set(&mut medicine, "coding", json!([{"system": ATC, "code": atc}]));
    }
    let patient = json!({"reference": format!("Patient/{patient}")});
    let mut statement = json!({
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": medicine,
        "subject": patient,
        "effectivePeriod": {"start": by.today.to_string()},
        "dateAsserted": by.now,
        "informationSource": patient,
        "derivedFrom": [{"reference": format!("List/{list}")}],
    });
    if let Some(dosage) = &listed.dosage_json {
        set(&mut statement, "dosage", json!([dosage]));
    }
    if let Some(reason) = &listed.reason {
        set(&mut statement, "reasonCode", json!([{"text": reason}]));
    }
    statement
}

/// What the result says of a row that brought nothing new.
fn reference(row: &Row) -> Value {
    match own(row) {
        Some(id) => {
            json!({"reference": format!("MedicationRequest/{id}"), "display": row.name})
        }
        None => json!({"display": row.name}),
    }
}

/// Ends a prescription.
pub(super) async fn stop(
    reader: &Reader,
    together: &mut Together,
    patient: &str,
    (prescription, reason): (&str, &str),
    by: &Writing,
) -> Result<(), Problem> {
    let stored = Stored::in_force(reader, patient, prescription).await?;
    let old = ended(&stored.json, End::Stopped(reason), by.today);
    together.update("MedicationRequest", &stored.id, stored.version, &old);
    Ok(())
}

/// Writes the prescription of a medicine as somebody else has it, in the place of ours when there is one.
/// `warned` is what the rules say of it, and why it is prescribed anyhow.
pub(super) async fn prescribe(
    reader: &Reader,
    together: &mut Together,
    patient: &str,
    (listed, prior): (&Listed, Option<&str>),
    warned: (&Outcome, &str),
    by: &Writing,
) -> Result<Value, Problem> {
    let drug = listed.atc.as_deref().and_then(|atc| akson_medicines::find(atc, &listed.name));
    let mut dosage = listed.dosage_json.clone().unwrap_or_else(|| json!({}));
    if let Some(repeat) = dosage.pointer_mut("/timing/repeat").and_then(Value::as_object_mut) {
        repeat.insert("boundsPeriod".to_owned(), json!({"start": by.today.to_string()}));
    }
    let content = Content {
        name: listed.name.clone(),
        atc: listed.atc.clone().map(|atc| {
            let substance = drug.map_or(listed.name.as_str(), |drug| drug.substance);
            (atc, substance.to_owned())
        }),
        dosage,
        is_lasting: true,
        reason: listed.reason.clone().map(|reason| (None, reason)),
        dispensing: Dispensing::usual(drug),
    };
    let mut request = begun(patient, &content, by, prior);
    if let Some(prescription) = prior {
        let stored = Stored::in_force(reader, patient, prescription).await?;
        // What it is for stays, unless the list says something else.
        for name in ["reasonCode", "reasonReference"] {
            if let Some(reason) = stored.json.get(name).filter(|_| listed.reason.is_none()) {
                set(&mut request, name, reason.clone());
            }
        }
        let old = ended(&stored.json, End::Changed, by.today);
        together.update("MedicationRequest", &stored.id, stored.version, &old);
    }
    let implicated: Vec<String> = prior.map(str::to_owned).into_iter().collect();
    let to = add(together, request, patient, warned, by, &implicated);
    Ok(json!({"reference": to, "display": listed.name}))
}

/// The list that came of it: who, when, and what was decided of each medicine.
fn result(patient: &str, by: &Writing, entries: Vec<Value>) -> Value {
    let mut list = json!({
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "title": recorded("reconciling.result"),
        "code": {"coding": [{"system": LIST_SYSTEM, "code": RECONCILED}],
            "text": recorded("reconciling.result")},
        "subject": {"reference": format!("Patient/{patient}")},
        "date": by.now,
    });
    if let Some(author) = &by.author {
        set(&mut list, "source", author.clone());
    }
    if !entries.is_empty() {
        set(&mut list, "entry", Value::Array(entries));
    }
    list
}
