//! What the answers become: one Observation for each answer that has a code and is to be extracted.
//!
//! Standard: <https://hl7.org/fhir/uv/sdc/STU3/extraction.html#observation-based-extraction>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::element::text;
use crate::item::Item;
use crate::live::{Live, LiveItem};

/// Whom and what the Observations are about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// `Patient/17`.
    pub subject: String,
    /// The response, as a reference.
    pub response: String,
    /// When what they say held, as a dateTime.
    pub effective: String,
    /// When they were made, as an instant.
    pub issued: String,
    /// Who answered, as References.
    pub performers: Vec<Value>,
    /// The contact that they belong to, as a Reference.
    pub encounter: Option<Value>,
}

impl Live<'_> {
    /// The Observations, in the order of the form.
    pub fn extract(&self, about: &About) -> Vec<Value> {
        let mut found = Vec::new();
        collect(&self.items, about, &mut found);
        found
    }
}

fn collect(items: &[LiveItem<'_>], about: &About, found: &mut Vec<Value>) {
    for live in items.iter().filter(|live| live.is_enabled) {
        for one in &live.occurrences {
            if let Some(answer) = one.value.as_ref().filter(|_| live.item.is_extracted) {
                found.extend(observation(live.item, answer, about));
            }
            collect(&one.items, about, found);
        }
    }
}

fn observation(item: &Item, answer: &Answer, about: &About) -> Option<Value> {
    let (name, value) = observed(item, answer)?;
    let category = item.category.clone().unwrap_or_else(|| {
        json!({"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]})
    });
    let mut observation = json!({
        "resourceType": "Observation",
        "status": "final",
        "category": [category],
        "code": {"coding": item.codes, "text": called(item)},
        "subject": {"reference": about.subject},
        "effectiveDateTime": about.effective,
        "issued": about.issued,
        "derivedFrom": [{"reference": about.response}],
    });
    let members = observation.as_object_mut()?;
    members.insert(name.to_owned(), value);
    if !about.performers.is_empty() {
        members.insert("performer".into(), about.performers.clone().into());
    }
    if let Some(encounter) = &about.encounter {
        members.insert("encounter".into(), encounter.clone());
    }
    Some(observation)
}

/// What the Observation is called: the code in words, or the question.
fn called(item: &Item) -> String {
    let display = item.codes.iter().map(|code| text(code, "display")).find(|text| !text.is_empty());
    display.unwrap_or(&item.text).to_owned()
}

/// The element of Observation and its value. A decimal without a unit is a Quantity of one: an
/// Observation has no decimal of its own.
fn observed(item: &Item, answer: &Answer) -> Option<(&'static str, Value)> {
    let (_, value) = answer.to_json();
    Some(match answer {
        Answer::Boolean(_) => ("valueBoolean", value),
        Answer::Integer(_) | Answer::Decimal(_) => match (item.units.first(), answer) {
            (Some(unit), _) => ("valueQuantity", unit.quantity(value)),
            (None, Answer::Integer(_)) => ("valueInteger", value),
            (None, _) => (
                "valueQuantity",
                json!({
                "value": value, "system": "http://unitsofmeasure.org", "code": "1"}),
            ),
        },
        Answer::Quantity(..) => ("valueQuantity", value),
        Answer::Date(_) | Answer::DateTime(_) => ("valueDateTime", value),
        Answer::Time(_) => ("valueTime", value),
        Answer::String(_) | Answer::Uri(_) => ("valueString", value),
        Answer::Coding(coding) => {
            let words = if coding.display.is_empty() { &coding.code } else { &coding.display };
            ("valueCodeableConcept", json!({"coding": [value], "text": words}))
        }
        Answer::Attachment(_) | Answer::Reference(..) => return None,
    })
}
