//! Golden: what is warned of, line by line, in a text that a pharmacist can read.
//!
//! `UPDATE_GOLDEN=1` rewrites `warnings.txt`.

use std::fmt::Write as _;
use std::path::Path;

use akson_medicines::{Allergy, Facts, InUse, Outcome, Proposed, Rhythm, check, search};

/// Somebody: age, eGFR, weight, allergies (`code name!` when severe), medicines in use.
struct Case {
    age: u32,
    egfr: Option<f64>,
    weight: Option<f64>,
    allergies: &'static [(&'static str, &'static str, bool)],
    in_use: &'static [&'static str],
    /// A search that finds one medicine, how many units, how often.
    proposed: (&'static str, f64, &'static str),
}

const fn case(
    age: u32,
    egfr: Option<f64>,
    allergies: &'static [(&'static str, &'static str, bool)],
    in_use: &'static [&'static str],
    proposed: (&'static str, f64, &'static str),
) -> Case {
    Case { age, egfr, weight: None, allergies, in_use, proposed }
}

const PENICILLIN: (&str, &str, bool) = ("J01C", "Penicillin", true);
const RASH: (&str, &str, bool) = ("J01C", "Penicillin", false);

const CASES: [Case; 30] = [
    case(40, Some(90.0), &[], &[], ("paracetamol 500", 2.0, "AN4")),
    case(40, Some(90.0), &[], &[], ("paracetamol 500", 3.0, "AN4")),
    case(40, None, &[PENICILLIN], &[], ("fenoksymetylpenicillin 1 g", 1.0, "4")),
    case(40, None, &[RASH], &[], ("fenoksymetylpenicillin 1 g", 1.0, "4")),
    case(40, None, &[PENICILLIN], &[], ("cefaleksin", 1.0, "3")),
    case(40, None, &[RASH], &[], ("cefaleksin", 1.0, "3")),
    case(40, None, &[PENICILLIN], &[], ("doksysyklin", 1.0, "MORN")),
    case(40, None, &[("", "Malt", false)], &[], ("doksysyklin", 1.0, "MORN")),
    case(74, Some(38.0), &[], &["apiksaban 5", "metformin 500"], ("ibuprofen 400", 1.0, "AN3")),
    case(74, Some(25.0), &[], &[], ("ibuprofen 400", 1.0, "AN3")),
    case(74, None, &[], &[], ("ibuprofen 400", 1.0, "AN3")),
    case(74, Some(38.0), &[], &["warfarin"], ("naproksen", 1.0, "MORN+EVE")),
    case(74, Some(80.0), &[], &["warfarin"], ("apiksaban 5", 1.0, "MORN+EVE")),
    case(66, Some(80.0), &[], &["warfarin"], ("trimetoprim og", 1.0, "MORN+EVE")),
    case(66, Some(80.0), &[], &["ramipril 5"], ("losartan", 1.0, "MORN")),
    case(66, Some(55.0), &[], &["ramipril 5"], ("spironolakton", 1.0, "MORN")),
    case(66, Some(55.0), &[], &["simvastatin 40"], ("klaritromycin", 1.0, "MORN+EVE")),
    case(66, Some(55.0), &[], &["simvastatin 40"], ("atorvastatin 40", 1.0, "EVE")),
    case(66, Some(44.0), &[], &[], ("metformin 1 g", 1.0, "MORN+EVE")),
    case(66, Some(29.0), &[], &[], ("metformin 500", 1.0, "MORN")),
    case(55, Some(80.0), &[], &["folsyre"], ("metotreksat", 1.0, "MORN")),
    case(55, Some(80.0), &[], &["folsyre"], ("metotreksat", 4.0, "W1")),
    case(70, Some(80.0), &[], &["sertralin"], ("escitalopram", 2.0, "MORN")),
    case(30, Some(80.0), &[], &["escitalopram"], ("sumatriptan", 1.0, "AN2")),
    case(30, Some(80.0), &[], &["litium"], ("ibuprofen 400", 1.0, "AN3")),
    case(70, Some(80.0), &[], &["isosorbid"], ("sildenafil", 1.0, "AN1")),
    case(6, None, &[], &[], ("doksysyklin", 1.0, "MORN")),
    case(6, None, &[], &[], ("paracetamol 24", 12.5, "AN4")),
    Case { weight: Some(20.0), ..case(6, None, &[], &[], ("paracetamol 24", 12.5, "AN4")) },
    Case { weight: Some(20.0), ..case(6, None, &[], &[], ("paracetamol 24", 15.0, "AN4")) },
];

fn run(case: &Case) -> (Proposed, Facts, Outcome) {
    let drug = search(case.proposed.0, 1)[0];
    let rhythm = Rhythm::parse(case.proposed.2).unwrap();
    let times = rhythm.times_a_day();
    let proposed = Proposed {
        atc: Some(drug.atc.to_owned()),
        name: drug.name(),
        milligrams_a_day: drug.milligrams().map(|mg| mg * case.proposed.1 * times),
        times_a_day: Some(times),
    };
    let allergies = case.allergies.iter().map(|(atc, name, is_severe)| Allergy {
        atc: (!atc.is_empty()).then(|| (*atc).to_owned()),
        name: (*name).to_owned(),
        is_severe: *is_severe,
        is_elsewhere: false,
    });
    let in_use = case.in_use.iter().map(|text| {
        let drug = search(text, 1)[0];
        InUse { atc: Some(drug.atc.to_owned()), name: drug.name() }
    });
    let facts = Facts {
        age: Some(case.age),
        weight: case.weight,
        egfr: case.egfr,
        egfr_is_old: false,
        allergies: allergies.collect(),
        allergies_are_told: true,
        in_use: in_use.collect(),
    };
    let outcome = check(&facts, &proposed);
    (proposed, facts, outcome)
}

fn tell(case: &Case) -> String {
    let (proposed, facts, outcome) = run(case);
    let mut text = format!("{} år", case.age);
    if let Some(egfr) = facts.egfr {
        write!(text, ", eGFR {egfr}").unwrap();
    }
    if let Some(weight) = facts.weight {
        write!(text, ", {weight} kg").unwrap();
    }
    for allergy in &facts.allergies {
        let how = if allergy.is_severe { "alvorlig allergi" } else { "allergi" };
        write!(text, ", {how} mot {}", allergy.name).unwrap();
    }
    for used in &facts.in_use {
        write!(text, ", bruker {}", used.name).unwrap();
    }
    let (_, dose, rhythm) = case.proposed;
    writeln!(text, "\n  får {}, {dose} × {rhythm}", proposed.name).unwrap();
    for warning in &outcome.warnings {
        let other = warning.other.as_deref().unwrap_or("-");
        let (level, kind) = (warning.level.code(), warning.kind.code());
        writeln!(text, "    {level:6} {kind:11} {other}: {} [{}]", warning.text, warning.source)
            .unwrap();
    }
    for unchecked in &outcome.unchecked {
        let name = unchecked.name().unwrap_or_default();
        writeln!(text, "    ikke kontrollert: {} {name}", unchecked.code()).unwrap();
    }
    if outcome.warnings.is_empty() && outcome.unchecked.is_empty() {
        writeln!(text, "    ingenting å si").unwrap();
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_warned_of() {
    let told: Vec<String> = CASES.iter().map(tell).collect();
    let told = told.join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/warnings.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(&path).unwrap());
}

#[test]
fn what_is_not_known_is_said_and_never_passes_for_safe() {
    let nothing = Facts::default();
    let named = Proposed { name: "Noe eget".into(), ..Proposed::default() };
    assert_eq!(check(&nothing, &named).unchecked[0].code(), "medicine");
    let codes = |facts: &Facts, proposed: &Proposed| -> Vec<&str> {
        check(facts, proposed).unchecked.iter().map(akson_medicines::Unchecked::code).collect()
    };
    let unknown = Proposed { atc: Some("A01AA01".into()), ..named };
    assert_eq!(codes(&nothing, &unknown), ["no-allergies", "medicine"]);
    let metformin = Proposed { atc: Some("A10BA02".into()), ..Proposed::default() };
    assert_eq!(codes(&nothing, &metformin), ["no-allergies", "age", "egfr"]);
    let mut grown = Facts { age: Some(50), allergies_are_told: true, ..Facts::default() };
    grown.in_use.push(InUse { atc: None, name: "Urtete".into() });
    assert_eq!(codes(&grown, &metformin), ["in-use", "amount", "egfr"]);
    grown.egfr = Some(80.0);
    grown.egfr_is_old = true;
    grown.in_use.clear();
    assert_eq!(codes(&grown, &metformin), ["amount", "old-egfr"]);
}

#[test]
fn medicines_are_found_by_words_in_any_order() {
    let names = |text: &str| -> Vec<String> { search(text, 3).iter().map(|d| d.name()).collect() };
    assert_eq!(names("apiks 5 mg")[0], "Apiksaban 5 mg tablett");
    assert_eq!(names("2,5 apiks"), ["Apiksaban 2,5 mg tablett"]);
    assert_eq!(names("B01AF02").len(), 2);
    assert!(names("").is_empty());
    assert!(names("finnes ikke").is_empty());
}
