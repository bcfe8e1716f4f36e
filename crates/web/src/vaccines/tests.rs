//! Cases as lines: born, sex, what the journal says, the day, and what is answered.

use super::*;

/// `born | sex | events (code day[#dose][!reason]) | today | answers (name[.dose] state day [why])`
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    // A newborn waits for everything.
    ("2026-10-20", "f", "", "2026-11-22", "rotavirus.1 coming 2026-12-01"),
    // Six weeks old: due, not overdue.
    ("2026-10-01", "m", "", "2026-11-22", "rotavirus.1 due 2026-11-12; hexa.1 coming 2027-01-01"),
    // Twelve weeks after birth it is overdue and must be assessed.
    (
        "2026-08-20",
        "m",
        "",
        "2026-11-22",
        "rotavirus.1 overdue 2026-10-01 late; rotavirus.2 due 2026-11-20 gap; hexa.1 due 2026-11-20; hexa.2 coming 2027-01-20",
    ),
    // Rotavirus is not asked for after the first year.
    (
        "2025-08-20",
        "m",
        "",
        "2026-11-22",
        "no rotavirus.1; no rotavirus.2; hexa.1 overdue 2025-11-20 late; mmr.1 due 2026-11-20",
    ),
    // Everything given in time.
    (
        "2024-08-20",
        "f",
        "J07CA09 2024-11-20; J07CA09 2025-01-21; J07CA09 2025-08-22; J07BD52 2025-11-25",
        "2026-11-22",
        "hexa.1 given 2024-11-20; hexa.3 given 2025-08-22; mmr.1 given 2025-11-25; dtp-ipv.4 coming 2031-08-15; mmr.2 coming 2035-08-15",
    ),
    // Measles vaccine at nine months, before a journey: whether it counts is assessed.
    ("2024-08-20", "f", "J07BD52 2025-05-20", "2026-11-22", "mmr.1 given 2025-05-20 early"),
    // What was refused is answered, with its reason.
    (
        "2024-08-20",
        "f",
        "J07BD52 2025-11-25!ønsket ikke",
        "2026-11-22",
        "mmr.1 declined 2025-11-25",
    ),
    (
        "2024-08-20",
        "f",
        "J07BD52 2026-11-01#1!ønsket ikke",
        "2026-11-22",
        "mmr.1 declined 2026-11-01",
    ),
    // A refusal of one dose is none of another: at school it is offered, and the gap is seen.
    (
        "2014-08-20",
        "f",
        "J07BD52 2015-11-25#1!ønsket ikke",
        "2025-11-22",
        "mmr.1 declined 2015-11-25; mmr.2 due 2025-08-15 gap",
    ),
    // Two doses of HPV at least six months apart.
    (
        "2013-03-01",
        "m",
        "J07BM03 2025-11-03",
        "2025-11-22",
        "hpv.1 given 2025-11-03; hpv.2 coming 2026-05-03",
    ),
    ("2013-03-01", "m", "J07BM03 2025-09-03", "2026-05-22", "hpv.2 due 2026-03-03"),
    ("2013-03-01", "m", "", "2024-11-22", "hpv.1 coming 2025-08-15; hpv.2 coming 2026-02-15"),
    // Boys born before 2006 were not offered it; nor is somebody whose sex is not known asked for it.
    ("2005-12-31", "m", "", "2022-11-22", "no hpv.1"),
    ("2005-12-31", "f", "", "2022-11-22", "hpv.1 overdue 2017-08-15 late"),
    ("2010-12-31", "?", "", "2022-11-22", "no hpv.1"),
    // In the tenth grade, with four doses before.
    (
        "2011-02-01",
        "f",
        "J07CA06 2011-05-02; J07CA06 2011-07-02; J07CA06 2012-02-02; J07CA02 2018-10-02",
        "2026-11-22",
        "dtp-ipv.4 given 2018-10-02; dtp-ipv-booster.5 due 2026-08-15",
    ),
    // Two entries of one day are one dose.
    (
        "2024-08-20",
        "f",
        "J07CA09 2024-11-20; J07CA09 2024-11-20",
        "2025-01-25",
        "hexa.1 given 2024-11-20; hexa.2 due 2025-01-20",
    ),
    // Adults: every tenth year; without a record it is assessed, not guessed.
    (
        "1980-01-01",
        "f",
        "J07CA02 2014-05-01",
        "2026-11-22",
        "dtp-ipv-booster due 2024-05-01; no hexa.1; no influenza",
    ),
    ("1980-01-01", "f", "J07CA02 2020-05-01", "2026-11-22", "dtp-ipv-booster coming 2030-05-01"),
    ("1980-01-01", "f", "", "2026-11-22", "dtp-ipv-booster due 2000-01-01 unknown"),
    // From 65: influenza every winter, pneumococcus.
    (
        "1961-11-22",
        "m",
        "",
        "2026-11-22",
        "influenza due 2026-10-01; pneumococcus-adult due 2026-11-22; no covid",
    ),
    ("1961-11-23", "m", "", "2026-11-22", "no influenza; no pneumococcus-adult"),
    (
        "1940-01-01",
        "m",
        "J07BB02 2026-10-12; J07BN01 2025-11-02",
        "2026-11-22",
        "influenza given 2026-10-12; covid due 2026-10-01",
    ),
    // Last winter's is not this winter's; in summer it waits for October.
    ("1940-01-01", "m", "J07BB02 2025-10-12", "2026-02-01", "influenza given 2025-10-12"),
    ("1940-01-01", "m", "J07BB02 2025-10-12", "2026-06-01", "influenza coming 2026-10-01"),
    (
        "1940-01-01",
        "m",
        "J07BB02 2026-11-01!ønsket ikke",
        "2026-11-22",
        "influenza declined 2026-11-01",
    ),
    ("1940-01-01", "m", "J07BB02 2025-11-01!ønsket ikke", "2026-11-22", "influenza due 2026-10-01"),
    // Pneumococcus: after six years it is assessed whether another is needed.
    ("1940-01-01", "m", "J07AL01 2022-03-01", "2026-11-22", "pneumococcus-adult given 2022-03-01"),
    (
        "1940-01-01",
        "m",
        "J07AL01 2012-03-01",
        "2026-11-22",
        "pneumococcus-adult given 2012-03-01 again",
    ),
];

fn event(text: &str) -> Event {
    let (code, rest) = text.trim().split_once(' ').unwrap();
    let (rest, declined) = match rest.split_once('!') {
        Some((rest, reason)) => (rest, Some(reason.to_owned())),
        None => (rest, None),
    };
    let (day, number) = match rest.split_once('#') {
        Some((day, number)) => (day, Some(number.parse().unwrap())),
        None => (rest, None),
    };
    Event { day: day.parse().unwrap(), codes: vec![code.to_owned()], number, declined }
}

fn words(item: &Item) -> String {
    let dose = item.dose.map(|dose| format!(".{dose}")).unwrap_or_default();
    let (state, day) = match &item.state {
        State::Overdue(day) => ("overdue", day),
        State::Due(day) => ("due", day),
        State::Coming(day) => ("coming", day),
        State::Declined(day, _) => ("declined", day),
        State::Given(day) => ("given", day),
    };
    let why = match item.assess {
        None => "",
        Some(Assess::Late) => " late",
        Some(Assess::Gap) => " gap",
        Some(Assess::Early) => " early",
        Some(Assess::Unknown) => " unknown",
        Some(Assess::Again) => " again",
    };
    format!("{}{dose} {state} {day}{why}", item.name)
}

#[test]
fn what_is_due_follows_from_the_table_and_the_journal() {
    for (born, sex, events, today, expected) in CASES {
        let events: Vec<Event> =
            events.split(';').filter(|event| !event.is_empty()).map(event).collect();
        let sex = match *sex {
            "f" => Some(Sex::Female),
            "m" => Some(Sex::Male),
            _ => None,
        };
        let items = standing(born.parse().unwrap(), sex, &events, today.parse().unwrap());
        let told: Vec<String> = items.iter().map(words).collect();
        for one in expected.split("; ") {
            let holds = match one.strip_prefix("no ") {
                Some(name) => !told.iter().any(|told| told.split(' ').next() == Some(name)),
                None => told.iter().any(|told| told == one),
            };
            assert!(holds, "born {born} {sex:?} on {today}: {one}\n{}", told.join("\n"));
        }
    }
}
