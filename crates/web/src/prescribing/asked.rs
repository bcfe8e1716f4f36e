//! What the form of a prescription asks for, as typed and as understood.

use std::collections::{BTreeMap, HashMap};

use akson_medicines::{Drug, Rhythm, of_key};
use serde_json::Value;

use super::dosage::{Dosage, amount, word, written};
use super::prescription::{Content, Dispensing, MONTHS_MAX, REPEATS_MAX, Writing};
use crate::chart::Chart;
use crate::forms::Form;
use crate::messages::{recorded, t};

/// Longest text of a field, characters.
const CHARACTERS_MAX: usize = 500;
/// Longest treatment that has an end, days.
const DAYS_MAX: i64 = 3650;
/// Most times a day that something is taken as needed.
const TIMES_MAX: u32 = 24;

/// The fields, by the names of the form.
pub(crate) const FIELDS: [&str; 14] = [
    "legemiddel",
    "navn",
    "dose",
    "enhet",
    "rytme",
    "hoyst",
    "tillegg",
    "grunn",
    "grunntekst",
    "dager",
    "gyldig",
    "reit",
    "begrunnelse",
    "erstatter",
];

/// What was typed, by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(BTreeMap<&'static str, String>);

/// What is wrong, by field.
pub(crate) type Wrong = BTreeMap<&'static str, &'static str>;

impl Typed {
    /// From a form.
    pub(crate) fn of_form(form: &Form) -> Self {
        Self(FIELDS.into_iter().map(|name| (name, form.field(name).trim().to_owned())).collect())
    }

    /// From an address.
    pub(crate) fn of_query(asked: &HashMap<String, String>) -> Self {
        let given = |name: &'static str| Some((name, asked.get(name)?.trim().to_owned()));
        Self(FIELDS.into_iter().filter_map(given).collect())
    }

    /// The form of a medicine, filled with what is usual.
    pub(crate) fn usual(drug: &Drug) -> Self {
        let mut typed = Self::default();
        typed.set("legemiddel", drug.key());
        typed.set_dosage(&Dosage::usual(drug));
        typed.set_dispensing(Dispensing::usual(Some(drug)));
        typed
    }

    /// The form of a medicine that the table does not have.
    pub(crate) fn unknown(name: &str) -> Self {
        let mut typed = Self::default();
        typed.set("navn", name.to_owned());
        typed.set("dose", "1".to_owned());
        typed.set("enhet", recorded("prescribing.unit-default").to_owned());
        typed.set("rytme", "MORN".to_owned());
        typed.set_dispensing(Dispensing::usual(None));
        typed
    }

    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.0.insert(name, value);
    }

    /// Fills in a dosage.
    pub(crate) fn set_dosage(&mut self, dosage: &Dosage) {
        let (rhythm, most) = word(dosage.rhythm);
        self.set("dose", written(dosage.amount));
        self.set("enhet", dosage.unit.0.clone());
        self.set("rytme", rhythm);
        self.set("hoyst", most.map(|most| most.to_string()).unwrap_or_default());
        self.set("tillegg", dosage.more.clone());
    }

    fn set_dispensing(&mut self, dispensing: Dispensing) {
        self.set("gyldig", dispensing.months.to_string());
        self.set("reit", dispensing.repeats.to_string());
    }

    /// A field as it was typed.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The medicine, when it is of the table.
    pub(crate) fn drug(&self) -> Option<&'static Drug> {
        of_key(self.field("legemiddel"))
    }

    /// The medicine's name.
    pub(crate) fn name(&self) -> String {
        self.drug().map_or_else(|| self.field("navn").to_owned(), Drug::name)
    }

    /// The dosage, as far as it can be understood.
    pub(crate) fn dosage(&self) -> Result<Dosage, Wrong> {
        let mut wrong = Wrong::new();
        let amount = amount(self.field("dose"));
        if amount.is_none() {
            wrong.insert("dose", t("prescribing.wrong-dose"));
        }
        let rhythm = match self.field("rytme") {
            "AN" => {
                let most = self.field("hoyst").parse().ok();
                let most = most.filter(|most| (1..=TIMES_MAX).contains(most));
                if most.is_none() {
                    wrong.insert("hoyst", t("prescribing.wrong-most"));
                }
                most.map(Rhythm::AsNeeded)
            }
            word => {
                let rhythm = Rhythm::parse(word);
                if rhythm.is_none() {
                    wrong.insert("rytme", t("prescribing.wrong-rhythm"));
                }
                rhythm
            }
        };
        let unit = match self.drug() {
            Some(drug) => (drug.unit.to_owned(), drug.units.to_owned()),
            None => (self.field("enhet").to_owned(), self.field("enhet").to_owned()),
        };
        if unit.0.is_empty() {
            wrong.insert("enhet", t("prescribing.wrong-unit"));
        }
        match (amount, rhythm) {
            (Some(amount), Some(rhythm)) if wrong.is_empty() => {
                Ok(Dosage { amount, rhythm, unit, more: self.field("tillegg").to_owned() })
            }
            _ => Err(wrong),
        }
    }

    /// How long and how often it can be dispensed.
    pub(crate) fn dispensing(&self) -> Result<Dispensing, Wrong> {
        let months = self.field("gyldig").parse().ok().filter(|n| (1..=MONTHS_MAX).contains(n));
        let repeats = self.field("reit").parse().ok().filter(|n| *n <= REPEATS_MAX);
        let mut wrong = Wrong::new();
        if months.is_none() {
            wrong.insert("gyldig", t("prescribing.wrong-months"));
        }
        if repeats.is_none() {
            wrong.insert("reit", t("prescribing.wrong-repeats"));
        }
        match (months, repeats) {
            (Some(months), Some(repeats)) => Ok(Dispensing { months, repeats }),
            _ => Err(wrong),
        }
    }

    fn days(&self) -> Result<Option<i64>, &'static str> {
        match self.field("dager") {
            "" => Ok(None),
            typed => {
                let days = typed.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
                days.map(Some).ok_or_else(|| t("prescribing.wrong-days"))
            }
        }
    }

    /// Why it is prescribed: a diagnosis of the chart, or what was written.
    pub(crate) fn reason(&self, chart: &Chart) -> Option<(Option<String>, String)> {
        let chosen = self.field("grunn");
        let known = chart.diagnoses.active.iter();
        let found = known.filter_map(|one| Some((one.id.as_deref()?, &one.text)));
        let found = found.into_iter().find(|(id, _)| *id == chosen);
        found.map(|(id, text)| (Some(id.to_owned()), text.clone())).or_else(|| {
            let written = self.field("grunntekst");
            (!written.is_empty()).then(|| (None, written.to_owned()))
        })
    }

    /// What is to be written.
    pub(crate) fn content(&self, chart: &Chart, by: &Writing) -> Result<Content, Wrong> {
        let mut wrong = Wrong::new();
        let (dosage, dispensing) = (self.dosage(), self.dispensing());
        for faults in [dosage.as_ref().err(), dispensing.as_ref().err()].into_iter().flatten() {
            wrong.extend(faults.iter());
        }
        let days = self.days();
        if let Err(fault) = days {
            wrong.insert("dager", fault);
        }
        if self.name().is_empty() {
            wrong.insert("navn", t("prescribing.wrong-name"));
        }
        let reason = self.reason(chart);
        if reason.is_none() {
            wrong.insert("grunntekst", t("prescribing.wrong-reason"));
        }
        let too_long = |name: &&'static str| self.field(name).chars().count() > CHARACTERS_MAX;
        for name in FIELDS.into_iter().filter(too_long) {
            wrong.insert(name, t("prescribing.wrong-long"));
        }
        let (Ok(dosage), Ok(dispensing), Ok(days)) = (dosage, dispensing, days) else {
            return Err(wrong);
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let end = days.and_then(|days| by.today.checked_add(jiff::Span::new().days(days)).ok());
        let drug = self.drug();
        Ok(Content {
            name: self.name(),
            atc: drug.map(|drug| (drug.atc.to_owned(), drug.substance.to_owned())),
            dosage: dosage.to_fhir(by.today, end),
            is_lasting: end.is_none(),
            reason,
            dispensing,
        })
    }

    /// The form of a prescription that is to be changed.
    pub(crate) fn of_stored(request: &Value) -> Self {
        let (name, atc) = super::prescription::medicine(request);
        let name = name.unwrap_or_default();
        let drug = atc.and_then(|atc| akson_medicines::find(atc, name));
        let mut typed = drug.map_or_else(|| Self::unknown(name), Self::usual);
        let dosage = request.pointer("/dosageInstruction/0");
        if let Some(dosage) = dosage.and_then(|dosage| Dosage::read(dosage, drug)) {
            typed.set_dosage(&dosage);
        }
        let reference = request.pointer("/reasonReference/0/reference").and_then(Value::as_str);
        let condition = reference.and_then(|to| to.strip_prefix("Condition/"));
        typed.set("grunn", condition.unwrap_or_default().to_owned());
        let words = request.pointer("/reasonCode/0/text").and_then(Value::as_str);
        typed.set("grunntekst", words.unwrap_or_default().to_owned());
        typed
    }
}
