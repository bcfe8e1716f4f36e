//! The golden table: a situation, what is looked at, and the reasons that the last case gets.
//!
//! Actor 1 is a nurse at Vest (Berg, Fjordgata 8, number 100), 2 and 3 nurses at Vest too, 4 to 6
//! doctors at Legevakt. Patients: 1 nobody in particular, 2 a neighbour (Fjordgata 10), 3 with the
//! rare family name, 4 in the same home, 5 the actor, 6 the colleague 2, 7 the colleague 4, 8 the
//! child. From 20 on there are many more, whom nothing ties to anybody.

use akson_insight::facts::{ActorFacts, Basis, Facts, Home, Look, PatientFacts};
use akson_insight::{Analysis, Case, Signal};
use jiff::civil::DateTime;

fn world() -> Facts {
    let mut facts = Facts::default();
    let homes = |line: &str| Home::parse(line, "9990");
    for (number, role, unit) in [
        (1, "nurse", "Vest"),
        (2, "nurse", "Vest"),
        (3, "nurse", "Vest"),
        (4, "doctor", "Legevakt"),
        (5, "doctor", "Legevakt"),
        (6, "doctor", "Legevakt"),
    ] {
        facts.actors.insert(
            number,
            ActorFacts {
                role: role.into(),
                unit: unit.into(),
                family: Some(if number == 1 { "Berg" } else { "Dal" }.into()),
                home: homes(&format!("Fjordgata {}", 8 + (number - 1) * 100)),
                national_number: Some(format!("{}00", number).into()),
            },
        );
    }
    for number in (1..9).chain(20..600) {
        facts.patients.insert(
            number,
            PatientFacts {
                family: Some(if number == 3 { "Berg" } else { "Vik" }.into()),
                home: match number {
                    2 => homes("Fjordgata 10"),
                    4 => homes("Fjordgata 8"),
                    _ => homes("Storgata 1"),
                },
                national_numbers: vec![match number {
                    5 => "100".into(),
                    6 => "200".into(),
                    7 => "400".into(),
                    _ => format!("p{number}").into(),
                }],
                kin_numbers: if number == 8 { vec!["100".into()] } else { Vec::new() },
            },
        );
    }
    facts
}

/// Situation; looks `actor patient time ground`, `*n` for n patients from there on, a minute each;
/// score and reasons of the newest case, `signal points number of`.
const TABLE: [(&str, &str, &str); 19] = [
    ("an ordinary look", "1 1 02T10:00 care-relationship", "0"),
    ("once, with a reason", "1 1 02T10:00 decided", "14 decided 10 0 0, only-once 4 0 0"),
    (
        "a neighbour, with a reason",
        "1 2 02T10:00 decided",
        "44 neighbour 30 2 0, decided 10 0 0, only-once 4 0 0",
    ),
    ("a neighbour in care", "1 2 02T10:00 care-relationship", "6 neighbour 6 2 0"),
    (
        "same home, in an emergency",
        "1 4 02T10:00 emergency",
        "61 household 45 0 0, emergency 12 0 0, only-once 4 0 0",
    ),
    ("one's child", "1 8 02T10:00 look-up", "54 household 45 0 0, look-up 5 0 0, only-once 4 0 0"),
    ("oneself, at work", "1 5 02T10:00 care-relationship", "40 own-journal 40 0 0"),
    ("a rare name", "1 3 02T10:00 decided", "39 surname 25 1 588, decided 10 0 0, only-once 4 0 0"),
    (
        "a colleague",
        "1 6 02T10:00 refused; 1 6 02T10:01 refused",
        "51 colleague 35 0 0, refused 12 2 0, only-once 4 0 0",
    ),
    (
        "somebody who works elsewhere",
        "1 7 02T10:00 decided",
        "26 colleague-elsewhere 12 0 0, decided 10 0 0, only-once 4 0 0",
    ),
    ("the relationship follows", "1 1 02T10:00 care-relationship; 1 1 01T10:00 decided", "0"),
    (
        "the relationship was long ago",
        "1 1 02T10:00 care-relationship; 1 1 62T10:00 decided",
        "18 decided 10 0 0, after-relationship 8 60 0",
    ),
    (
        "again and again",
        "1 1 02T10:00 decided; 1 1 05T10:00 decided; 1 1 09T10:00 decided",
        "18 decided 10 0 0, returned 8 3 0",
    ),
    (
        "very many in an hour",
        "1 20 02T10:00 look-up *8",
        "37 many-patients 28 8 0, look-up 5 0 0, only-once 4 0 0",
    ),
    (
        "five in an hour are not many",
        "1 20 02T10:00 look-up *5",
        "9 look-up 5 0 0, only-once 4 0 0",
    ),
    (
        "what is everyday at the unit",
        "4 20 02T10:00 decided *7; 5 30 02T10:00 decided *7; 6 40 02T10:00 decided *7",
        "3 decided 3 0 0",
    ),
    (
        "in the middle of the night",
        "1 20 02T10:00 care-relationship *100; 1 1 09T03:00 decided",
        "26 unusual-hour 12 3 9, decided 10 0 0, only-once 4 0 0",
    ),
    (
        "much emergency",
        "2 20 02T10:00 emergency; 1 21 02T10:00 emergency; 1 22 03T10:00 emergency; \
         1 23 04T10:00 emergency; 1 24 05T10:00 emergency",
        "26 emergency 12 0 0, much-emergency 10 4 1, only-once 4 0 0",
    ),
    (
        "everybody reads about one",
        "2 1 02T10:00 decided; 3 1 02T12:00 decided; 4 1 03T10:00 decided; 1 1 04T09:00 look-up",
        "25 many-readers 16 4 0, look-up 5 0 0, only-once 4 0 0",
    ),
];

fn at(text: &str) -> DateTime {
    let (day, time) = text.split_once('T').unwrap();
    let day: i64 = day.parse().unwrap();
    let first: DateTime = format!("2026-03-01T{time}").parse().unwrap();
    first.checked_add(jiff::Span::new().days(day - 1)).unwrap()
}

fn looks(text: &str) -> Vec<Look> {
    let mut all = Vec::new();
    for step in text.split("; ") {
        let mut words = step.split_whitespace();
        let actor = words.next().unwrap().parse().unwrap();
        let patient: u32 = words.next().unwrap().parse().unwrap();
        let begin = at(words.next().unwrap());
        let basis = Basis::of_ground(words.next().unwrap()).unwrap();
        let times = words.next().map_or(1, |word| word[1..].parse().unwrap());
        for step in 0..times {
            let minute = jiff::Span::new().minutes(i64::from(step % 30));
            let at = begin.checked_add(minute).unwrap();
            all.push(Look { actor, patient: patient + step, at, basis });
        }
    }
    all
}

fn newest(looks: &[Look], facts: &Facts) -> Option<Case> {
    let last = looks.last().unwrap();
    let mut analysis = Analysis::default();
    looks.iter().for_each(|look| analysis.add(*look).unwrap());
    let cases = analysis.cases(facts, 1, usize::MAX);
    cases.into_iter().find(|case| {
        (case.actor, case.patient, case.day) == (last.actor, last.patient, last.at.date())
    })
}

fn told(case: Option<Case>) -> String {
    let Some(case) = case else { return "0".into() };
    let reasons = case.reasons.iter().map(|reason| {
        let code = reason.signal.code();
        format!("{code} {} {} {}", reason.points, reason.number, reason.of)
    });
    format!("{} {}", case.score, reasons.collect::<Vec<_>>().join(", "))
}

#[test]
fn every_situation_gets_its_reasons() {
    let facts = world();
    for (situation, text, expected) in TABLE {
        assert_eq!(told(newest(&looks(text), &facts)), expected, "{situation}");
    }
}

#[test]
fn the_order_of_the_log_does_not_matter() {
    let facts = world();
    for (situation, text, _) in TABLE {
        let forwards = looks(text);
        let told = |looks: &mut dyn Iterator<Item = &Look>| {
            let mut analysis = Analysis::default();
            looks.for_each(|look| analysis.add(*look).unwrap());
            analysis.cases(&facts, 1, usize::MAX)
        };
        let (one, other) = (told(&mut forwards.iter()), told(&mut forwards.iter().rev()));
        assert_eq!(one, other, "{situation}");
    }
}

#[test]
fn every_signal_stands_in_the_table() {
    for signal in Signal::ALL {
        let stands = TABLE.iter().any(|(_, _, expected)| expected.contains(signal.code()));
        assert!(stands, "{} has no row", signal.code());
    }
}
