//! Documents: their kinds in the national list 9602, and the longer letters built from the
//! chart's own facts.

use super::calendar::Day;
use super::chart::Chart;
use super::diagnoses::Diagnosis;
use super::resources::{ICD_10, ICPC_2, coding, concept};
use super::visit::Visit;
use super::write::Json;

/// The kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Note,
    OutpatientNote,
    Discharge,
    Referral,
    Imaging,
    Nursing,
    Birth,
    Decision,
}

/// System of the document types.
const TYPES: &str = "urn:oid:2.16.578.1.12.4.1.1.9602";

/// The type, second level of the list.
pub(crate) fn type_of(kind: Kind) -> Json {
    let (code, name) = match kind {
        Kind::Note => ("B02-2", "Journalnotat"),
        Kind::OutpatientNote => ("B03-2", "Poliklinisk notat"),
        Kind::Discharge => ("A03-2", "Epikrise"),
        Kind::Referral => ("I01-2", "Henvisninger"),
        Kind::Imaging => ("E01-2", "Bildediagnostiske svar"),
        Kind::Nursing => ("A04-2", "Sykepleiesammenfatning"),
        Kind::Birth => ("F04-2", "Svangerskap og fødsel"),
        Kind::Decision => ("I02-2", "Brev"),
    };
    concept(coding(TYPES, code, name), name)
}

/// The category, first level of the list.
pub(crate) fn category_of(kind: Kind) -> Json {
    let (code, name) = match kind {
        Kind::Note | Kind::OutpatientNote => ("B00-1", "Kontinuerlig/løpende journal"),
        Kind::Discharge | Kind::Nursing => ("A00-1", "Epikriser og sammenfatninger"),
        Kind::Referral | Kind::Decision => ("I00-1", "Korrespondanse"),
        Kind::Imaging => ("E00-1", "Bildediagnostikk"),
        Kind::Birth => ("F00-1", "Kurve, observasjon og behandling"),
    };
    concept(coding(TYPES, code, name), name)
}

/// What a hospital says of one stay, apart from what the chart knows.
pub(crate) struct Stay<'a> {
    pub(crate) diagnoses: &'a [&'static Diagnosis],
    pub(crate) cause: &'a str,
    pub(crate) course: &'a str,
    /// What was changed among the medicines.
    pub(crate) changes: &'a str,
    pub(crate) follow_up: &'a str,
}

/// What a letter is about.
#[derive(Debug)]
pub(crate) enum Matter {
    /// A stay is over.
    Discharge {
        diagnoses: Vec<&'static Diagnosis>,
        cause: String,
        course: String,
        changes: String,
        follow_up: String,
    },
    /// Another service is asked.
    Referral { receiver: &'static str, question: String },
}

/// A letter to be written when everything is known.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) visit: Visit,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) matter: Matter,
}

impl Letter {
    /// The text, from the chart as it was at the time.
    pub(crate) fn text(&self, chart: &Chart<'_>) -> String {
        match &self.matter {
            Matter::Discharge { diagnoses, cause, course, changes, follow_up } => {
                let stay = Stay { diagnoses, cause, course, changes, follow_up };
                discharge(chart, &self.visit, &stay)
            }
            Matter::Referral { receiver, question } => {
                referral(chart, &self.visit, receiver, question)
            }
        }
    }
}

impl Chart<'_> {
    /// Write the discharge letter of a stay.
    pub(crate) fn discharge_letter(&mut self, visit: &Visit, stay: &Stay<'_>) {
        let title = match stay.diagnoses.first() {
            Some(first) => format!("Epikrise: {}", lower(first.name)),
            None => "Epikrise".to_owned(),
        };
        let matter = Matter::Discharge {
            diagnoses: stay.diagnoses.to_vec(),
            cause: stay.cause.to_owned(),
            course: stay.course.to_owned(),
            changes: stay.changes.to_owned(),
            follow_up: stay.follow_up.to_owned(),
        };
        self.later(Letter { visit: visit.clone(), kind: Kind::Discharge, title, matter });
    }

    /// "84 år gammel kvinne".
    pub(crate) fn presentation(&self, day: Day) -> String {
        let person = self.person;
        match self.age(day) {
            0 => "Spedbarn".to_owned(),
            age @ 1..=12 if person.is_woman() => format!("{age} år gammel jente"),
            age @ 1..=12 => format!("{age} år gammel gutt"),
            age => format!("{age} år gammel {}", person.sex.noun()),
        }
    }

    /// "Tidligere kjent med …" or that there is nothing.
    pub(crate) fn history(&self, day: Day) -> String {
        let known = self.known(day);
        if known.is_empty() {
            return "Tidligere stort sett frisk.".to_owned();
        }
        let mut names: Vec<String> = known.iter().map(|name| lower(name)).collect();
        names.dedup();
        format!("Kjent med {}.", join(&names))
    }
}

/// Lower case at the beginning unless the word is an abbreviation.
pub(crate) fn lower(name: &str) -> String {
    let mut letters = name.chars();
    let (first, second) = (letters.next(), letters.next());
    if second.is_some_and(char::is_uppercase) || name.starts_with("Parkinson") {
        return name.to_owned();
    }
    first.map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + name.get(first.len_utf8()..).unwrap_or("")
    })
}

/// "a, b og c".
pub(crate) fn join(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} og {last}", first.join(", ")),
    }
}

fn codes(diagnoses: &[&'static Diagnosis]) -> String {
    let line = |diagnosis: &&'static Diagnosis| {
        let (system, (code, title)) = match diagnosis.icd {
            Some(icd) => (ICD_10, icd),
            None => (ICPC_2, diagnosis.icpc),
        };
        let list = if system == ICD_10 { "ICD-10" } else { "ICPC-2" };
        format!("  {code} {title} ({list})")
    };
    diagnoses.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn referral(chart: &Chart<'_>, visit: &Visit, receiver: &str, question: &str) -> String {
    let day = visit.day();
    let findings = chart.findings(visit);
    let found = if findings.is_empty() { String::new() } else { format!("Funn: {findings}.\n") };
    let medicines = chart.medicines(day.plus(1)).join("\n");
    let list = if medicines.is_empty() { "ingen faste".to_owned() } else { medicines };
    format!(
        "HENVISNING til {receiver}\n\nProblemstilling: {question}\n\n{}. {}\n{found}\n\
         Legemidler:\n{list}\n\nVennlig hilsen\n{}\n{}\n",
        chart.presentation(day),
        chart.history(day),
        visit.worker.1,
        visit.organisation.1,
    )
}

fn discharge(chart: &Chart<'_>, visit: &Visit, stay: &Stay<'_>) -> String {
    let (begin, end) = (visit.begin.day, visit.end.day);
    let department = visit.organisation.1;
    let nights = end.since(begin);
    let (at_first, at_last) = (chart.findings_on(visit, begin), chart.findings_on(visit, end));
    let medicines = chart.medicines(end.plus(1));
    let list = if medicines.is_empty() {
        "  Ingen faste".to_owned()
    } else {
        medicines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    };
    let mut text = format!(
        "EPIKRISE\n{department}\nInnlagt {} – utskrevet {} ({nights} døgn)\n\n\
         DIAGNOSER\n{}\n\nINNLEGGELSESÅRSAK\n{}. {} {}\n",
        begin.short(),
        end.short(),
        codes(stay.diagnoses),
        chart.presentation(begin),
        chart.history(begin),
        stay.cause,
    );
    if !at_first.is_empty() {
        text.push_str(&format!("\nFUNN VED INNKOMST\n{at_first}.\n"));
    }
    text.push_str(&format!("\nFORLØP OG BEHANDLING\n{}\n", stay.course));
    if !at_last.is_empty() && begin != end {
        text.push_str(&format!("Ved utreise: {at_last}.\n"));
    }
    text.push_str(&format!("\nLEGEMIDLER VED UTSKRIVNING\n{list}\n"));
    if !stay.changes.is_empty() {
        text.push_str(&format!("Endret under oppholdet: {}\n", stay.changes));
    }
    text.push_str(&format!(
        "\nVIDERE OPPFØLGING\n{}\n\nVennlig hilsen\n{}\n{department}\n",
        stay.follow_up, visit.worker.1,
    ));
    text
}
