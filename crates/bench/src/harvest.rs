//! What a server holds that can be asked for: ids, names, codes, values, dates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::probe::{Probe, at, text_at};

/// Observation ids that reads are spread over.
const READ_IDS_MAX: usize = 10_000;
/// Resources of a type that values are taken from.
const SAMPLE_MAX: usize = 1_000;

/// Found values. Every list is without repetition and in a fixed order.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    /// Whole patients.
    pub(crate) patients: Vec<Value>,
    /// `Observation/[id]` to read.
    pub(crate) observation_ids: Vec<String>,
    /// Whole observations, from the pages first given.
    pub(crate) observations: Vec<Value>,
    /// Whole encounters.
    pub(crate) encounters: Vec<Value>,
    /// Whole organizations.
    pub(crate) organizations: Vec<Value>,
}

impl Harvest {
    /// Looks around.
    pub(crate) fn gather(probe: &Probe) -> Result<Self, String> {
        let sample = |search: &str| probe.resources(search, SAMPLE_MAX);
        let observations = probe.resources("/Observation?_count=1000", READ_IDS_MAX)?;
        let harvest = Self {
            patients: sample("/Patient?_count=200")?,
            observation_ids: observations.iter().filter_map(reference_of).collect(),
            observations: spread(observations, SAMPLE_MAX),
            encounters: sample("/Encounter?_count=1000")?,
            organizations: sample("/Organization?_count=200")?,
        };
        if harvest.patients.is_empty() || harvest.observation_ids.is_empty() {
            return Err("the server holds no Patient or no Observation to ask for".into());
        }
        Ok(harvest)
    }

    /// `Observation/[id]`, neighbours far apart.
    pub(crate) fn scattered_observation_ids(&self) -> Vec<&str> {
        let places = scattered(self.observation_ids.len());
        places.filter_map(|place| self.observation_ids.get(place).map(String::as_str)).collect()
    }

    /// `Patient/[id]` of all patients.
    pub(crate) fn patient_references(&self) -> Vec<String> {
        self.patients.iter().filter_map(reference_of).collect()
    }
}

/// `Type/id` of a resource.
pub(crate) fn reference_of(resource: &Value) -> Option<String> {
    let (kind, id) = (text_at(resource, &["resourceType"])?, text_at(resource, &["id"])?);
    Some(format!("{kind}/{id}"))
}

/// Every n-th, so that all patients are among them.
fn spread(all: Vec<Value>, most: usize) -> Vec<Value> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().step_by(step).collect()
}

/// All places of a list of this length, neighbours far apart, so that no cache of a block helps.
pub(crate) fn scattered(length: usize) -> impl Iterator<Item = usize> {
    // A step that shares no factor with the length visits every place once.
    let golden = length * 5 / 8;
    let step = (golden.max(1)..=length).find(|step| common_factor(*step, length) == 1).unwrap_or(1);
    (0..length).map(move |n| n * step % length)
}

fn common_factor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_factor(b, a % b) }
}

/// Distinct texts at a path, in order.
pub(crate) fn texts(resources: &[Value], path: &[&str]) -> Vec<String> {
    let found: BTreeSet<&str> = resources.iter().filter_map(|r| text_at(r, path)).collect();
    found.into_iter().map(str::to_owned).collect()
}

/// `system|code` with a number that occurs with it and that number's unit code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeasuredCode {
    /// `http://loinc.org|8302-2`.
    pub(crate) token: String,
    /// A value that some observation has, digits as they stood.
    pub(crate) value: String,
    /// `system|code` of the unit.
    pub(crate) unit: String,
}

/// Codes with values, of observations themselves or (`within` = `component`) of their components.
pub(crate) fn measured_codes(observations: &[Value], within: Option<&str>) -> Vec<MeasuredCode> {
    let mut found = BTreeMap::new();
    for observation in observations {
        let parts: Vec<&Value> = match within {
            None => vec![observation],
            Some(field) => match observation.get(field).and_then(Value::as_array) {
                Some(parts) => parts.iter().collect(),
                None => continue,
            },
        };
        for part in parts {
            if let Some(measured) = measured_code(part) {
                found.entry(measured.token.clone()).or_insert(measured);
            }
        }
    }
    found.into_values().collect()
}

fn measured_code(part: &Value) -> Option<MeasuredCode> {
    let coding = at(part, &["code", "coding", "0"])?;
    let quantity = part.get("valueQuantity")?;
    Some(MeasuredCode {
        token: token_of(coding)?,
        value: quantity.get("value")?.to_string(),
        unit: token_of(quantity)?,
    })
}

/// `system|code` of a coding or quantity.
pub(crate) fn token_of(coding: &Value) -> Option<String> {
    Some(format!("{}|{}", text_at(coding, &["system"])?, text_at(coding, &["code"])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scattering_loses_none() {
        for length in [0, 1, 2, 10, 96, 1000] {
            let mut places: Vec<usize> = scattered(length).collect();
            assert!(length < 10 || places[1] != 1);
            places.sort_unstable();
            assert_eq!(places, (0..length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn codes_are_found_with_a_value_and_its_unit() {
        let observation = serde_json::json!({
            "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
            "valueQuantity": {"value": 180.5, "system": "http://unitsofmeasure.org", "code": "cm"}
        });
        let found = measured_codes(std::slice::from_ref(&observation), None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].token, "http://loinc.org|8302-2");
        assert_eq!(found[0].value, "180.5");
        assert!(measured_codes(&[observation], Some("component")).is_empty());
    }
}
