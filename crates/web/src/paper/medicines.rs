//! The list of medicines in use, and one prescription, for paper.

use akson_base::Instant;
use akson_pdf::{Block, Column, Text};
use serde_json::Value;

use super::{Paper, alerts, or_nothing};
use crate::chart::Medication;
use crate::dates::Moment;
use crate::fields::text_at;
use crate::messages::t;
use crate::pages::chart_page::Sight;
use crate::prescribing::prescription::medicine;

/// All medicines in use.
pub(super) fn list(sight: &Sight<'_>, now: Instant) -> Paper {
    let mut paper =
        Paper::about(&sight.chart.person, t("paper.list"), "legemiddelliste", (sight.who, now));
    paper.push(alerts(sight));
    in_use(sight, &mut paper);
    paper
}

/// The tables of medicines: those of every day, and those as needed.
pub(super) fn in_use(sight: &Sight<'_>, paper: &mut Paper) {
    let in_use = &sight.chart.medications.in_use;
    let rows = |as_needed: bool| -> Vec<Vec<Text>> {
        in_use.iter().filter(|drug| drug.as_needed == as_needed).map(row).collect()
    };
    paper.table(t("paper.fixed"), columns(), rows(false));
    paper.table(t("paper.needed"), columns(), rows(true));
    if in_use.is_empty() {
        paper.push(Block::Text(t("medication.none").into()));
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::new(t("medication.drug"), 31),
        Column::new(t("medication.dosage"), 33),
        Column::new(t("medication.reason"), 20),
        Column::new(t("medication.since"), 16),
    ]
}

fn row(drug: &Medication) -> Vec<Text> {
    let dosage = drug.dosage.as_deref().unwrap_or(t("medication.no-dosage"));
    let dosage = match drug.until {
        Some(until) => format!("{dosage}, {} {}", t("medication.until"), until.long()),
        None => dosage.to_owned(),
    };
    vec![
        drug.text.as_str().into(),
        dosage.into(),
        or_nothing(drug.reason.as_deref()),
        drug.since.map(Moment::long).unwrap_or_default().into(),
    ]
}

/// One prescription.
pub(super) fn prescription(sight: &Sight<'_>, request: &Value, now: Instant) -> Paper {
    let person = &sight.chart.person;
    let mut paper = Paper::about(person, t("paper.prescription"), "resept", (sight.who, now));
    let text = |path: &str| text_at(request, path).map(str::to_owned);
    let day = |path: &str| text_at(request, path).and_then(Moment::parse).map(Moment::long);
    let (name, atc) = medicine(request);
    let repeats =
        request.pointer("/dispenseRequest/numberOfRepeatsAllowed").and_then(Value::as_u64);
    let facts = [
        (t("medication.drug"), name.map(str::to_owned)),
        (t("paper.atc"), atc.map(str::to_owned)),
        (t("medication.dosage"), text("/dosageInstruction/0/text")),
        (t("medication.reason"), text("/reasonCode/0/text")),
        (t("paper.written"), day("/authoredOn")),
        (t("paper.valid"), day("/dispenseRequest/validityPeriod/end")),
        (t("prescribing.repeats"), repeats.map(|n| n.to_string())),
        (t("paper.in-spite"), text("/detectedIssue/0/display")),
        (t("paper.by"), text("/requester/display")),
    ];
    let known =
        facts.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?.into())));
    paper.push(Block::Facts(known.collect()));
    paper.push(Block::Signature(t("paper.signature").to_owned()));
    paper
}
