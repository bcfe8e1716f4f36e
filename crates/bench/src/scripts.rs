//! What the writing loads send: new observations, and resources that live through create, read,
//! update and delete.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::{Address, Answer};
use crate::harvest::Harvest;
use crate::load::{Script, expect_status};
use crate::probe::{Probe, text_at};

/// Bytes of the observation that single creates send.
pub(crate) const OBSERVATION_BYTES: usize = 1_600;

/// An observation of about [`OBSERVATION_BYTES`] bytes: a laboratory value with narrative, as they
/// come from a laboratory system. `serial` makes it different from others.
pub(crate) fn observation(patient: &str, serial: u64) -> Vec<u8> {
    let value = 40 + serial % 160;
    let second = serial % 60;
    let minute = serial / 60 % 60;
    let time = format!("2026-11-21T10:{minute:02}:{second:02}+01:00");
    let mut resource = json!({
        "resourceType": "Observation",
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.7.1", "value": format!("lab-{serial:012}")}],
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory", "display": "Laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "14682-9",
            "display": "Creatinine [Moles/volume] in Serum or Plasma"}], "text": "Kreatinin"},
        "subject": {"reference": patient},
        "effectiveDateTime": time,
        "issued": time,
        "valueQuantity": {"value": value, "unit": "µmol/L",
            "system": "http://unitsofmeasure.org", "code": "umol/L"},
        "interpretation": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
            "code": "N", "display": "Normal"}]}],
        "referenceRange": [{
            "low": {"value": 45, "unit": "µmol/L", "system": "http://unitsofmeasure.org", "code": "umol/L"},
            "high": {"value": 90, "unit": "µmol/L", "system": "http://unitsofmeasure.org", "code": "umol/L"},
            "text": "45–90 µmol/L"}],
    });
    let length = |resource: &Value| resource.to_string().len();
    let note = "Prøven er tatt fastende og analysert samme dag. ";
    let missing = OBSERVATION_BYTES.saturating_sub(length(&resource) + 20);
    let text: String = note.chars().cycle().take(missing).collect();
    if let Some(fields) = resource.as_object_mut() {
        fields.insert("note".into(), json!([{"text": text.trim_end()}]));
    }
    resource.to_string().into_bytes()
}

/// Creates, one after the other, of different patients.
pub(crate) struct Creates {
    address: Address,
    patients: Arc<Vec<String>>,
    serial: u64,
}

impl Creates {
    /// Each connection has its own million serial numbers.
    pub(crate) fn script(
        address: &Address,
        patients: &Arc<Vec<String>>,
        connection: usize,
    ) -> Box<dyn Script> {
        let serial = connection as u64 * 1_000_000;
        Box::new(Self { address: address.clone(), patients: Arc::clone(patients), serial })
    }
}

impl Script for Creates {
    fn next(&mut self, request: &mut Vec<u8>) {
        self.serial += 1;
        let place = (self.serial % 1_000_000 + self.serial / 1_000_000) as usize;
        let patient = self.patients.get(place % self.patients.len().max(1));
        let body = observation(patient.map_or("", String::as_str), self.serial);
        self.address.write_request(request, "POST", "/Observation", &body);
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        expect_status(answer, &[201])
    }
}

/// The nine types of the CRUD mix.
pub(crate) const MIX_TYPES: [&str; 9] = [
    "Patient",
    "Observation",
    "Condition",
    "Encounter",
    "Procedure",
    "MedicationRequest",
    "DiagnosticReport",
    "Immunization",
    "AllergyIntolerance",
];

/// A body of each type that the server holds, without `id`, `meta` and narrative.
pub(crate) fn mix_bodies(probe: &Probe, harvest: &Harvest) -> Result<Vec<Value>, String> {
    let mut bodies = Vec::new();
    for kind in MIX_TYPES {
        let found = match kind {
            "Patient" => harvest.patients.first().cloned(),
            _ => probe.resources(&format!("/{kind}?_count=1"), 1)?.pop(),
        };
        let Some(mut body) = found else { continue };
        if let Some(fields) = body.as_object_mut() {
            for field in ["id", "meta", "text"] {
                fields.remove(field);
            }
        }
        bodies.push(body);
    }
    Ok(bodies)
}

/// Where a resource of the mix is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Read,
    Update,
    Delete,
}

/// Create, read, update, delete of one resource after the other, a quarter of each.
pub(crate) struct Lives {
    address: Address,
    bodies: Arc<Vec<Value>>,
    step: Step,
    life: usize,
    id: String,
}

impl Lives {
    /// Connections begin with different types.
    pub(crate) fn script(
        address: &Address,
        bodies: &Arc<Vec<Value>>,
        connection: usize,
    ) -> Box<dyn Script> {
        Box::new(Self {
            address: address.clone(),
            bodies: Arc::clone(bodies),
            step: Step::Create,
            life: connection,
            id: String::new(),
        })
    }

    fn body(&self) -> Option<&Value> {
        self.bodies.get(self.life % self.bodies.len().max(1))
    }
}

impl Script for Lives {
    fn next(&mut self, request: &mut Vec<u8>) {
        let Some(body) = self.body() else { return };
        let kind = text_at(body, &["resourceType"]).unwrap_or_default();
        let one = format!("/{kind}/{}", self.id);
        let (method, path, bytes) = match self.step {
            Step::Create => ("POST", format!("/{kind}"), body.to_string()),
            Step::Read => ("GET", one, String::new()),
            Step::Delete => ("DELETE", one, String::new()),
            Step::Update => {
                let mut changed = body.clone();
                if let Some(fields) = changed.as_object_mut() {
                    fields.insert("id".into(), Value::from(self.id.as_str()));
                    fields.insert("language".into(), Value::from("nb"));
                }
                ("PUT", one, changed.to_string())
            }
        };
        self.address.write_request(request, method, &path, bytes.as_bytes());
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let step = self.step;
        let expected: &[u16] = match step {
            Step::Create => &[201],
            Step::Read | Step::Update => &[200],
            Step::Delete => &[200, 204],
        };
        if let Err(error) = expect_status(answer, expected) {
            self.step = Step::Create;
            self.life += 1;
            return Err(format!("{step:?}: {error}"));
        }
        self.step = match step {
            Step::Create => {
                let id = answer.header("location").and_then(id_in_location);
                self.id = id.ok_or("a create's answer has no Location with an id")?;
                Step::Read
            }
            Step::Read => Step::Update,
            Step::Update => Step::Delete,
            Step::Delete => {
                self.life += 1;
                Step::Create
            }
        };
        Ok(())
    }
}

/// `1` of `http://host/fhir/Patient/1/_history/1`.
fn id_in_location(location: &str) -> Option<String> {
    let before = location.split("/_history").next()?;
    before.rsplit('/').next().filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_have_the_size_that_is_promised() {
        for serial in [0, 1, 63_999_999] {
            let bytes = observation("Patient/019a8f6c-5b1e-7c3a-9d2e-000000000001", serial);
            assert!(bytes.len().abs_diff(OBSERVATION_BYTES) < 80, "{}", bytes.len());
        }
    }

    #[test]
    fn a_life_goes_from_create_to_delete() {
        let address = Address::parse("http://h:1/fhir").unwrap();
        let bodies = Arc::new(vec![json!({"resourceType": "Patient"})]);
        let mut life = Lives::script(&address, &bodies, 0);
        let head = b"HTTP/1.1 201 Created\r\nLocation: http://h/fhir/Patient/7/_history/1\r\n\r\n";
        let mut sent = Vec::new();
        for status in [201, 200, 200, 204, 201] {
            let mut request = Vec::new();
            life.next(&mut request);
            let line = String::from_utf8(request).unwrap();
            sent.push(line.split(" HTTP").next().unwrap().to_owned());
            life.check(&Answer { status, head, body: b"" }).unwrap();
        }
        let expected = ["POST /fhir/Patient", "GET /fhir/Patient/7", "PUT /fhir/Patient/7"];
        assert_eq!(sent[..3], expected);
        assert_eq!(sent[3..], ["DELETE /fhir/Patient/7", "POST /fhir/Patient"]);
    }
}
