//! Lists of medicines from elsewhere, and what they make beside ours: a row for each medicine.
//!
//! A source is a `List` of our own kinds whose entries are contained `MedicationStatement`s: what
//! somebody else says, none of which is thereby in use with us.
//! Pure. Not here: what is decided (`reconciling`).

use serde_json::Value;

use crate::chart::Medication;
use crate::dates::Moment;
use crate::fields::text_at;
use crate::prescribing::prescription::medicine;

/// Code system of our kinds of lists of medicines.
pub(crate) const LIST_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/medication-list";
/// The kind that comes of reconciling.
pub(crate) const RECONCILED: &str = "reconciled";
/// The kinds that are compared, in the order in which they are shown.
pub(crate) const SOURCE_CODES: [&str; 3] = ["discharge", "national", "patient"];

/// A medicine of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub name: String,
    pub atc: Option<String>,
    /// In words.
    pub dosage: Option<String>,
    /// FHIR's Dosage.
    pub dosage_json: Option<Value>,
    pub reason: Option<String>,
}

/// A list from elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Source {
    pub id: String,
    pub version: u32,
    /// Place of its kind in [`SOURCE_CODES`].
    pub order: usize,
    pub kind: &'static str,
    pub title: String,
    pub date: Option<Moment>,
    pub drugs: Vec<Listed>,
    pub json: Value,
}

impl Source {
    /// Reads a List; nothing when it is of none of our kinds.
    pub(crate) fn read(list: &Value, version: u32) -> Option<Self> {
        let codings = list.pointer("/code/coding").and_then(Value::as_array)?;
        let own =
            |coding: &&Value| coding.get("system").and_then(Value::as_str) == Some(LIST_SYSTEM);
        let code = codings.iter().find(own)?.get("code").and_then(Value::as_str)?;
        let (order, kind) =
            SOURCE_CODES.into_iter().enumerate().find(|(_, known)| *known == code)?;
        let contained = list.get("contained").and_then(Value::as_array);
        Some(Self {
            id: list.get("id").and_then(Value::as_str)?.to_owned(),
            version,
            order,
            kind,
            title: list.get("title").and_then(Value::as_str).unwrap_or_default().to_owned(),
            date: list.get("date").and_then(Value::as_str).and_then(Moment::parse),
            drugs: contained.into_iter().flatten().filter_map(listed).collect(),
            json: list.clone(),
        })
    }
}

fn listed(statement: &Value) -> Option<Listed> {
    let (name, atc) = medicine(statement);
    let dosage = statement.pointer("/dosage/0");
    let text = |path: &str| text_at(statement, path).map(str::to_owned);
    Some(Listed {
        name: name?.to_owned(),
        atc: atc.map(str::to_owned),
        dosage: text("/dosage/0/text"),
        dosage_json: dosage.cloned(),
        reason: text("/reasonCode/0/text"),
    })
}

/// One medicine in all lists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub name: String,
    pub atc: Option<String>,
    pub ours: Option<Medication>,
    /// One for each source.
    theirs: Vec<Option<Listed>>,
}

impl Row {
    /// What a source says.
    pub(crate) fn listed(&self, source: usize) -> Option<&Listed> {
        self.theirs.get(source).and_then(Option::as_ref)
    }

    /// Whether a source says what we have.
    pub(crate) fn agrees(&self, source: usize) -> bool {
        match (&self.ours, self.listed(source)) {
            (Some(ours), Some(listed)) => {
                same(&ours.text, &listed.name)
                    && same(
                        ours.dosage.as_deref().unwrap_or_default(),
                        listed.dosage.as_deref().unwrap_or_default(),
                    )
            }
            // Neither has it.
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Whether every list says the same.
    pub(crate) fn is_equal(&self) -> bool {
        (0..self.theirs.len()).all(|source| self.agrees(source))
    }

    /// The sources that have it otherwise than we do, each version once.
    pub(crate) fn versions(&self) -> Vec<usize> {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        let mut all = Vec::new();
        for source in (0..self.theirs.len()).filter(|source| !self.agrees(*source)) {
            let Some(listed) = self.listed(source) else { continue };
            let version = (listed.name.as_str(), listed.dosage.as_deref().unwrap_or_default());
            if !seen.iter().any(|(name, dosage)| same(name, version.0) && same(dosage, version.1)) {
                seen.push(version);
                all.push(source);
            }
        }
        all
    }

    fn is_of(&self, name: &str, atc: Option<&str>) -> bool {
        same(&self.name, name) || (atc.is_some() && self.atc.as_deref() == atc)
    }
}

/// Written the same but for capitals and space.
fn same(a: &str, b: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(a) == words(b)
}

/// The rows: what differs first, each in the order of names.
pub(crate) fn rows(in_use: &[Medication], sources: &[Source]) -> Vec<Row> {
    let empty = || vec![None; sources.len()];
    let mut rows: Vec<Row> = in_use
        .iter()
        .map(|drug| Row {
            name: drug.text.clone(),
            atc: drug.atc.clone(),
            ours: Some(drug.clone()),
            theirs: empty(),
        })
        .collect();
    for (at, source) in sources.iter().enumerate() {
        for listed in &source.drugs {
            let free = |row: &Row| row.listed(at).is_none();
            let by_name = rows.iter().position(|row| free(row) && same(&row.name, &listed.name));
            let place = by_name.or_else(|| {
                let atc = listed.atc.as_deref();
                rows.iter().position(|row| free(row) && row.is_of(&listed.name, atc))
            });
            let place = place.unwrap_or_else(|| {
                let (name, atc) = (listed.name.clone(), listed.atc.clone());
                rows.push(Row { name, atc, ours: None, theirs: empty() });
                rows.len() - 1
            });
            if let Some(cell) = rows.get_mut(place).and_then(|row| row.theirs.get_mut(at)) {
                *cell = Some(listed.clone());
            }
        }
    }
    rows.sort_by(|a, b| (a.is_equal(), &a.name).cmp(&(b.is_equal(), &b.name)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A list of medicines as `name, dosage`, the code being the name's first word.
    fn source(code: &str, drugs: &[(&str, &str)]) -> Source {
        let contained: Vec<Value> = drugs
            .iter()
            .map(|(name, dosage)| {
                let atc = name.split(' ').next().unwrap();
                json!({"resourceType": "MedicationStatement", "medicationCodeableConcept": {
                    "coding": [{"system": "http://www.whocc.no/atc", "code": atc}], "text": name},
                    "dosage": [{"text": dosage}]})
            })
            .collect();
        let list = json!({"resourceType": "List", "id": code, "contained": contained,
            "code": {"coding": [{"system": LIST_SYSTEM, "code": code}]}});
        Source::read(&list, 1).unwrap()
    }

    fn ours(drugs: &[(&str, &str)]) -> Vec<Medication> {
        let requests: Vec<_> = drugs
            .iter()
            .enumerate()
            .map(|(number, (name, dosage))| {
                let atc = name.split(' ').next().unwrap();
                let request = json!({"resourceType": "MedicationRequest", "id": format!("m{number}"),
                    "status": "active", "intent": "order", "authoredOn": "2025-01-01",
                    "subject": {"reference": "Patient/p"},
                    "medicationCodeableConcept": {
                        "coding": [{"system": "http://www.whocc.no/atc", "code": atc}], "text": name},
                    "dosageInstruction": [{"text": dosage}]});
                akson_fhir::json::parse_stored(request.to_string().as_bytes()).unwrap()
            })
            .collect();
        let today = jiff::civil::Date::constant(2026, 11, 22);
        crate::chart::build(&requests, today).medications.in_use
    }

    #[test]
    fn equal_rows_ask_nothing_and_each_difference_is_one_row() {
        let own =
            ours(&[("A 5 mg", "1 om morgenen"), ("B 10 mg", "1 om kvelden"), ("C 1 mg", "1")]);
        let discharge = source(
            "discharge",
            &[("A 5 mg", "1 OM morgenen"), ("B 20 mg", "1 om kvelden"), ("D 2 mg", "1")],
        );
        let patient = source(
            "patient",
            &[("A 5 mg", "1 om  morgenen"), ("B 20 mg", "1 om kvelden"), ("C 1 mg", "1")],
        );
        let rows = rows(&own, &[discharge, patient]);
        let told: Vec<(&str, bool, Vec<usize>)> =
            rows.iter().map(|row| (row.name.as_str(), row.is_equal(), row.versions())).collect();
        assert_eq!(
            told,
            [
                // The same new strength in two lists is one version.
                ("B 10 mg", false, vec![0]),
                ("C 1 mg", false, vec![]),
                ("D 2 mg", false, vec![0]),
                ("A 5 mg", true, vec![]),
            ]
        );
    }

    #[test]
    fn a_list_of_another_kind_is_no_source() {
        let other = json!({"resourceType": "List", "id": "x",
            "code": {"coding": [{"system": LIST_SYSTEM, "code": RECONCILED}]}});
        assert_eq!(Source::read(&other, 1), None);
        assert_eq!(Source::read(&json!({"resourceType": "List", "id": "x"}), 1), None);
    }
}
