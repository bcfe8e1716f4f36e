//! The built-in codes, the forms of an operator's file, and what searches and texts find.

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;

fn keys(found: &[&Concept]) -> Vec<String> {
    found.iter().map(|concept| concept.key()).collect()
}

#[test]
fn the_built_in_codes_are_read_and_each_is_there_once() {
    let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#')).count();
    let terminology = Terminology::built_in();
    assert_eq!(terminology.len(), lines);
    assert!(lines >= 200, "{lines}");
}

#[test]
fn codes_are_found_by_code_and_by_what_people_say() {
    let terminology = Terminology::built_in();
    for (typed, first) in [
        ("T90", "ICPC-2|T90"),
        ("t9", "ICPC-2|T90"),
        ("høyt blodtr", "ICPC-2|K86"),
        ("Sukkersyke", "ICPC-2|T90"),
        ("lungebet", "ICPC-2|R81"),
        ("J44.1", "ICD-10|J44.1"),
        ("vondt kne", "ICPC-2|L15"),
        ("uvi", "ICPC-2|U71"),
    ] {
        let found = keys(&terminology.search(typed, 8));
        let at = found.iter().position(|key| key == first);
        assert!(at.is_some_and(|at| at < 2), "{typed}: {found:?}");
    }
    for nothing in ["", "  ", "|", "qqqq"] {
        assert!(terminology.search(nothing, 8).is_empty(), "{nothing}");
    }
}

#[test]
fn codes_are_suggested_from_what_was_written_and_not_from_what_was_denied() {
    let terminology = Terminology::built_in();
    for (text, expected) in [
        ("Aktuelt: Hosten har vart i tre uker.", "ICPC-2|R05"),
        ("Kommer til årskontroll for sin diabetes type 2.", "ICPC-2|T90"),
        ("Vurdering: trolig lungebetennelse basalt", "ICPC-2|R81"),
        ("Ingen feber, men plages av halsbrann", "ICPC-2|D03"),
    ] {
        let found = keys(&terminology.suggest(text, 3));
        assert!(found.iter().any(|key| key == expected), "{text}: {found:?}");
    }
    for (text, first) in [
        ("Kontroll av diabetes type 1 med pumpe", "ICPC-2|T89"),
        ("Kontroll av diabetes type 2", "ICPC-2|T90"),
        ("Kontroll av type 1-diabetes", "ICPC-2|T89"),
    ] {
        // Both are spoken of by the word diabetes; the specific one comes first.
        assert_eq!(keys(&terminology.suggest(text, 3)).first(), Some(&first.into()), "{text}");
    }
    for (text, absent) in [
        ("Ingen feber eller hoste.", "ICPC-2|R05"),
        ("Benekter brystsmerter, svimmelhet", "ICPC-2|N17"),
        ("Ikke feber", "ICPC-2|A03"),
    ] {
        let found = keys(&terminology.suggest(text, 8));
        assert!(!found.iter().any(|key| key == absent), "{text}: {found:?}");
    }
    assert!(terminology.suggest("", 5).is_empty());
}

#[test]
fn a_file_of_the_operators_is_read_in_each_of_its_forms() {
    let code_system = r#"{"resourceType": "CodeSystem", "url": "http://hl7.org/fhir/sid/icd-10-no",
        "concept": [{"code": "Q00", "display": "Kapittel", "concept": [
            {"code": "Q00.1", "display": "Noe ganske sjeldent", "designation": [{"value": "rart"}]}]}]}"#;
    let line = code_system.replace('\n', " ");
    for text in [
        code_system.to_owned(),
        format!("{line}\n{line}\n"),
        format!("[{line}]"),
        "\u{feff}# sjeldne\nICD-10\tQ00.1\tNoe ganske sjeldent\trart\n".to_owned(),
    ] {
        let terminology = Terminology::with_file(&text).unwrap();
        assert_eq!(terminology.get("ICD-10|Q00.1").unwrap().display, "Noe ganske sjeldent");
        assert_eq!(keys(&terminology.search("rart", 3)), ["ICD-10|Q00.1"]);
        assert!(terminology.get("ICPC-2|T90").is_some(), "the built-in ones stay");
    }
    for (text, expected) in [
        ("", "no code"),
        ("SNOMED\t1\tx", "line 1: no classification"),
        ("ICPC-2\tT90\tDiabetes\nICPC-2\tT90", "line 2: a line has"),
        ("{\"url\": \"x\"}", "of no classification"),
        ("{", "not JSON"),
    ] {
        let problem = Terminology::with_file(text).unwrap_err();
        assert!(problem.for_caller.contains(expected), "{text}: {problem}");
    }
}

/// The Directorate's own lists: 708 and 19,634 codes.
#[test]
fn all_codes_load_and_are_found_at_once() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/terminology/norwegian");
    let mut file = String::new();
    for (name, system) in [("ICPC2.json", "ICPC-2"), ("ICD10.json", "ICD-10")] {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            println!("skipped: ../shared/corpora is not there");
            return;
        };
        for entry in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
            let mut code = entry["code"].as_str().unwrap().to_owned();
            if system == "ICD-10" && code.len() > 3 {
                code.insert(3, '.');
            }
            file.push_str(&format!("{system}\t{code}\t{}\n", entry["text"].as_str().unwrap()));
        }
    }
    let terminology = Terminology::with_file(&file).unwrap();
    assert!(terminology.len() >= 708 + 19_634, "{}", terminology.len());
    let text =
        "Hoste og feber i tre dager, brystsmerter. Kjent KOLS og diabetes type 2. ".repeat(20);
    // The promise is 20 ms for the optimised build; a debug build beside other work gets room.
    let most = Duration::from_millis(if cfg!(debug_assertions) { 1_500 } else { 20 });
    for typed in ["diabetes", "a", "brudd i lårhals", "E11.9", "zzz"] {
        let begun = Instant::now();
        let found = terminology.search(typed, 8).len();
        println!("{typed}: {found} in {:?}", begun.elapsed());
        assert!(begun.elapsed() < most, "{typed} took {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    let found = keys(&terminology.suggest(&text, 5));
    println!("suggested {found:?} in {:?}", begun.elapsed());
    assert!(begun.elapsed() < most);
    assert!(found.contains(&"ICPC-2|R95".to_owned()), "{found:?}");
    assert_eq!(keys(&terminology.search("E11.9", 3))[0], "ICD-10|E11.9");
    assert_eq!(keys(&terminology.search("T90", 3))[0], "ICPC-2|T90");
}
