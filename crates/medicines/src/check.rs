//! The check: a proposed medicine against the patient's allergies, the medicines in use and the doses.

use std::sync::LazyLock;

use crate::atc::Groups;
use crate::doses::{DoseRule, Verdict};
use crate::drugs::drugs;
use crate::table::lines;

const INTERACTIONS: &str = include_str!("../rules/interactions.tsv");
const ALLERGIES: &str = include_str!("../rules/allergies.tsv");
const DUPLICATES: &str = include_str!("../rules/duplicates.tsv");
const DOSES: &str = include_str!("../rules/doses.tsv");

/// How loudly a warning is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not to be done without a reason.
    Stop,
    /// To be thought of.
    Notice,
    /// Good to know.
    Quiet,
}

impl Level {
    pub(crate) fn read(word: &str) -> Option<Self> {
        Some(match word {
            "stop" => Self::Stop,
            "notice" => Self::Notice,
            "quiet" => Self::Quiet,
            _ => return None,
        })
    }

    /// The word in the rules.
    pub fn code(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Notice => "notice",
            Self::Quiet => "quiet",
        }
    }
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A known allergy.
    Allergy,
    /// Two medicines that disturb each other.
    Interaction,
    /// The same twice.
    Duplicate,
    /// Too much for this patient.
    Dose,
}

impl Kind {
    /// A word for each.
    pub fn code(self) -> &'static str {
        match self {
            Self::Allergy => "allergy",
            Self::Interaction => "interaction",
            Self::Duplicate => "duplicate",
            Self::Dose => "dose",
        }
    }
}

/// A known allergy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allergy {
    /// ATC code or group of what it is to, when it is coded.
    pub atc: Option<String>,
    /// As it is written.
    pub name: String,
    /// Whether the reaction was severe, or is expected to be.
    pub is_severe: bool,
    /// Whether it is to pollen, food, nickel: nothing that a medicine is.
    pub is_elsewhere: bool,
}

/// A medicine that the patient uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// ATC code, when it is coded.
    pub atc: Option<String>,
    /// As it is written.
    pub name: String,
}

/// What is known of the patient.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Whole years.
    pub age: Option<u32>,
    /// Kilograms, when measured lately enough for the age.
    pub weight: Option<f64>,
    /// ml/min/1.73 m².
    pub egfr: Option<f64>,
    /// Whether the eGFR is too old to be trusted; it is used all the same.
    pub egfr_is_old: bool,
    /// Allergies that stand.
    pub allergies: Vec<Allergy>,
    /// Whether anything is written of allergies, if only that there is none.
    pub allergies_are_told: bool,
    /// Medicines in use, without the one that is to be replaced.
    pub in_use: Vec<InUse>,
}

/// A medicine that is to be prescribed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposed {
    /// ATC code, when it is coded.
    pub atc: Option<String>,
    /// As it is written.
    pub name: String,
    /// The most that is taken in a day, when it can be reckoned.
    pub milligrams_a_day: Option<f64>,
    /// How many times a day at most, when the dosage says it.
    pub times_a_day: Option<f64>,
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// How loudly.
    pub level: Level,
    /// What it is about.
    pub kind: Kind,
    /// The other medicine, or the allergy, as it is written in the journal.
    pub other: Option<String>,
    /// What may happen; of a duplicate the name of the group, nothing when it is the same substance.
    pub text: &'static str,
    /// What to do instead.
    pub advice: Option<&'static str>,
    /// Who says so.
    pub source: &'static str,
}

/// Something that could not be checked, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unchecked {
    /// The medicine has no code, or is not in the table: nothing but the allergies of its own code was.
    Medicine,
    /// Nothing is written of allergies.
    NoAllergies,
    /// This allergy has no code.
    Allergy(String),
    /// This medicine in use has no code, or is not in the table.
    InUse(String),
    /// There is no bound on the dose of the medicine.
    NoDoseRule,
    /// The dosage cannot be reckoned.
    Amount,
    /// The patient's birth date is not known.
    Age,
    /// There is no eGFR.
    Egfr,
    /// The eGFR is old.
    OldEgfr,
    /// There is no weight.
    Weight,
}

impl Unchecked {
    /// A word for each.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Medicine => "medicine",
            Self::NoAllergies => "no-allergies",
            Self::Allergy(_) => "allergy",
            Self::InUse(_) => "in-use",
            Self::NoDoseRule => "no-dose-rule",
            Self::Amount => "amount",
            Self::Age => "age",
            Self::Egfr => "egfr",
            Self::OldEgfr => "old-egfr",
            Self::Weight => "weight",
        }
    }

    /// What it is about, where it names something.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Allergy(name) | Self::InUse(name) => Some(name),
            Self::Medicine
            | Self::NoAllergies
            | Self::NoDoseRule
            | Self::Amount
            | Self::Age
            | Self::Egfr
            | Self::OldEgfr
            | Self::Weight => None,
        }
    }
}

/// Something that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Against so many allergies.
    Allergies(usize),
    /// For duplicates and interactions, against so many medicines in use.
    Together(usize),
    /// The dose, by so many lines.
    Dose(usize),
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The loudest first.
    pub warnings: Vec<Warning>,
    /// What was checked.
    pub checked: Vec<Check>,
    /// What was not.
    pub unchecked: Vec<Unchecked>,
}

impl Outcome {
    /// Whether a reason must be given.
    pub fn stops(&self) -> bool {
        self.warnings.iter().any(|warning| warning.level == Level::Stop)
    }
}

pub(crate) struct Interaction {
    one: Groups,
    other: Groups,
    level: Level,
    effect: &'static str,
    advice: &'static str,
    source: &'static str,
}

pub(crate) struct CrossAllergy {
    allergy: Groups,
    medicine: Groups,
    severe: Level,
    otherwise: Level,
    text: &'static str,
    source: &'static str,
}

pub(crate) struct DuplicateGroup {
    group: Groups,
    level: Level,
    name: &'static str,
    source: &'static str,
}

/// The tables.
pub(crate) struct Rules {
    pub(crate) interactions: Vec<Interaction>,
    pub(crate) allergies: Vec<CrossAllergy>,
    pub(crate) duplicates: Vec<DuplicateGroup>,
    pub(crate) doses: Vec<DoseRule>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    interactions: lines(INTERACTIONS).filter_map(|cells| interaction(&cells)).collect(),
    allergies: lines(ALLERGIES).filter_map(|cells| cross_allergy(&cells)).collect(),
    duplicates: lines(DUPLICATES).filter_map(|cells| duplicate(&cells)).collect(),
    doses: lines(DOSES).filter_map(|cells| DoseRule::read(&cells)).collect(),
});

pub(crate) fn rules() -> &'static Rules {
    &RULES
}

fn interaction(cells: &[&'static str]) -> Option<Interaction> {
    let [one, other, level, effect, advice, source] = cells else { return None };
    let (one, other) = (Groups::read(one), Groups::read(other));
    Some(Interaction { one, other, level: Level::read(level)?, effect, advice, source })
}

fn cross_allergy(cells: &[&'static str]) -> Option<CrossAllergy> {
    let [allergy, medicine, severe, otherwise, text, source] = cells else { return None };
    let (severe, otherwise) = (Level::read(severe)?, Level::read(otherwise)?);
    let (allergy, medicine) = (Groups::read(allergy), Groups::read(medicine));
    Some(CrossAllergy { allergy, medicine, severe, otherwise, text, source })
}

fn duplicate(cells: &[&'static str]) -> Option<DuplicateGroup> {
    let [group, level, name, source] = cells else { return None };
    Some(DuplicateGroup { group: Groups::read(group), level: Level::read(level)?, name, source })
}

/// Checks a proposed medicine.
pub fn check(facts: &Facts, proposed: &Proposed) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(atc) = proposed.atc.as_deref() else {
        outcome.unchecked.push(Unchecked::Medicine);
        return outcome;
    };
    allergies(facts, atc, &mut outcome);
    if !is_in_table(atc) {
        outcome.unchecked.push(Unchecked::Medicine);
        same_substance(facts, atc, &mut outcome);
    } else {
        together(facts, atc, &mut outcome);
        doses(facts, proposed, atc, &mut outcome);
    }
    outcome.warnings.sort_by_key(|warning| (warning.level, warning.kind));
    outcome
}

/// Whether the tables were written with this code in mind.
fn is_in_table(atc: &str) -> bool {
    drugs().iter().any(|drug| drug.atc == atc)
}

fn allergies(facts: &Facts, atc: &str, outcome: &mut Outcome) {
    if !facts.allergies_are_told {
        outcome.unchecked.push(Unchecked::NoAllergies);
        return;
    }
    let mut looked_at = 0;
    for allergy in facts.allergies.iter().filter(|allergy| !allergy.is_elsewhere) {
        let Some(to) = allergy.atc.as_deref() else {
            outcome.unchecked.push(Unchecked::Allergy(allergy.name.clone()));
            continue;
        };
        looked_at += 1;
        let rule = rules().allergies.iter().find(|r| r.allergy.meet(to) && r.medicine.hold(atc));
        let (level, text, source) = match rule {
            Some(rule) if allergy.is_severe => (rule.severe, rule.text, rule.source),
            Some(rule) => (rule.otherwise, rule.text, rule.source),
            // The thing itself, or a group that holds it.
            None if atc.starts_with(to) || to.starts_with(atc) => (Level::Stop, "", ""),
            None => continue,
        };
        let (kind, other) = (Kind::Allergy, Some(allergy.name.clone()));
        outcome.warnings.push(Warning { level, kind, other, text, advice: None, source });
    }
    outcome.checked.push(Check::Allergies(looked_at));
}

fn same_substance(facts: &Facts, atc: &str, outcome: &mut Outcome) {
    for used in facts.in_use.iter().filter(|used| used.atc.as_deref() == Some(atc)) {
        outcome.warnings.push(twice(used, Level::Notice, "", ""));
    }
}

fn twice(used: &InUse, level: Level, text: &'static str, source: &'static str) -> Warning {
    let (kind, other) = (Kind::Duplicate, Some(used.name.clone()));
    Warning { level, kind, other, text, advice: None, source }
}

fn together(facts: &Facts, atc: &str, outcome: &mut Outcome) {
    let mut looked_at = 0;
    for used in &facts.in_use {
        let Some(other) = used.atc.as_deref().filter(|other| is_in_table(other)) else {
            outcome.unchecked.push(Unchecked::InUse(used.name.clone()));
            continue;
        };
        looked_at += 1;
        let same = rules().duplicates.iter().find(|d| d.group.hold(atc) && d.group.hold(other));
        match same {
            Some(rule) => outcome.warnings.push(twice(used, rule.level, rule.name, rule.source)),
            None if other == atc => outcome.warnings.push(twice(used, Level::Notice, "", "")),
            None => {}
        }
        let meets = |rule: &&Interaction| {
            (rule.one.hold(atc) && rule.other.hold(other))
                || (rule.one.hold(other) && rule.other.hold(atc))
        };
        // The loudest only: two lines about one pair would be read as two dangers.
        let found = rules().interactions.iter().filter(meets).min_by_key(|rule| rule.level);
        if let Some(rule) = found {
            outcome.warnings.push(Warning {
                level: rule.level,
                kind: Kind::Interaction,
                other: Some(used.name.clone()),
                text: rule.effect,
                advice: Some(rule.advice),
                source: rule.source,
            });
        }
    }
    outcome.checked.push(Check::Together(looked_at));
}

fn doses(facts: &Facts, proposed: &Proposed, atc: &str, outcome: &mut Outcome) {
    let lines: Vec<&DoseRule> = rules().doses.iter().filter(|rule| rule.of.hold(atc)).collect();
    if lines.is_empty() {
        outcome.unchecked.push(Unchecked::NoDoseRule);
        return;
    }
    let (mut broken, mut judged): (Vec<&DoseRule>, usize) = (Vec::new(), 0);
    for line in lines {
        let missing = match line.judge(facts, proposed) {
            Verdict::Fine => None,
            Verdict::Exceeded => {
                broken.push(line);
                None
            }
            Verdict::NoAge => Some(Unchecked::Age),
            Verdict::NoEgfr => Some(Unchecked::Egfr),
            Verdict::NoWeight => Some(Unchecked::Weight),
            Verdict::NoAmount => Some(Unchecked::Amount),
        };
        match missing {
            Some(missing) if outcome.unchecked.contains(&missing) => {}
            Some(missing) => outcome.unchecked.push(missing),
            None => judged += 1,
        }
        let by_kidneys = line.egfr.is_some() && facts.egfr.is_some() && facts.egfr_is_old;
        if by_kidneys && !outcome.unchecked.contains(&Unchecked::OldEgfr) {
            outcome.unchecked.push(Unchecked::OldEgfr);
        }
    }
    // Of several bounds by the kidneys the tightest tells it all.
    let tightest = broken.iter().filter_map(|line| line.egfr).reduce(f64::min);
    for line in broken.iter().filter(|line| line.egfr.is_none() || line.egfr == tightest) {
        outcome.warnings.push(Warning {
            level: line.level,
            kind: Kind::Dose,
            other: None,
            text: line.text,
            advice: None,
            source: line.source,
        });
    }
    if judged > 0 {
        outcome.checked.push(Check::Dose(judged));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::drugs::{milligrams, unread};

    #[test]
    fn every_line_of_every_table_is_read() {
        assert_eq!(unread(), Vec::<String>::new());
        let rows = |text| lines(text).count();
        assert_eq!(rules().interactions.len(), rows(INTERACTIONS));
        assert_eq!(rules().allergies.len(), rows(ALLERGIES));
        assert_eq!(rules().duplicates.len(), rows(DUPLICATES));
        assert_eq!(rules().doses.len(), rows(DOSES));
    }

    #[test]
    fn keys_are_unique_and_lead_back() {
        let keys: BTreeSet<String> = drugs().iter().map(crate::Drug::key).collect();
        assert_eq!(keys.len(), drugs().len());
        for drug in drugs() {
            assert_eq!(crate::of_key(&drug.key()), Some(drug));
            assert_eq!(crate::find(drug.atc, &drug.name()), Some(drug));
        }
    }

    #[test]
    fn every_rule_names_its_source_and_codes_of_atc() {
        let is_atc = |code: &str| {
            let letter =
                |place: usize| code.as_bytes().get(place).is_none_or(u8::is_ascii_uppercase);
            let digit = |place: usize| code.as_bytes().get(place).is_none_or(u8::is_ascii_digit);
            let shape = [letter(0), digit(1), digit(2), letter(3), letter(4), digit(5), digit(6)];
            matches!(code.len(), 3 | 4 | 5 | 7) && shape.iter().all(|fits| *fits)
        };
        let rules = rules();
        let groups = rules.interactions.iter().flat_map(|r| [&r.one, &r.other]);
        let groups = groups.chain(rules.allergies.iter().flat_map(|r| [&r.allergy, &r.medicine]));
        let groups = groups.chain(rules.duplicates.iter().map(|r| &r.group));
        let groups = groups.chain(rules.doses.iter().map(|r| &r.of));
        for code in groups.flat_map(Groups::codes) {
            assert!(is_atc(code), "{code}");
        }
        let sources = rules.interactions.iter().map(|r| r.source);
        let sources = sources.chain(rules.allergies.iter().map(|r| r.source));
        let sources = sources.chain(rules.doses.iter().map(|r| r.source));
        for source in sources.chain(rules.duplicates.iter().map(|r| r.source)) {
            assert!(source.starts_with("SPC "), "{source}");
        }
    }

    #[test]
    fn strengths_are_reckoned_in_milligrams_or_not_at_all() {
        for (strength, expected) in [
            ("500 mg", Some(500.0)),
            ("1 g", Some(1000.0)),
            ("62,5 mikrog", Some(0.0625)),
            ("24 mg/ml", Some(24.0)),
            ("0,1 mg/dose", Some(0.1)),
            ("160/800 mg", None),
            ("500 mg/800 IE", None),
            ("100 E/ml", None),
            ("2 %", None),
        ] {
            assert_eq!(milligrams(strength), expected, "{strength}");
        }
    }
}
