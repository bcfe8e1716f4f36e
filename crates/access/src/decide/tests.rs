//! The golden table of decisions: who, what is known of the patient, what follows. A rule without a
//! row here is not finished.

use std::sync::Arc;

use super::*;
use crate::facts::{Grant, Relation, Representative, Window};

const NOW: Instant = Instant(1_795_298_880_000);
const DAY: i64 = 86_400_000;

fn today() -> Date {
    Date::constant(2026, 11, 21)
}

fn always() -> Window {
    Window::default()
}

fn over() -> Window {
    Window { from: None, until: Some(NOW) }
}

fn actor(standing: Standing) -> Actor {
    Actor { standing, id: "x".into(), display: "X".into(), ..Actor::open() }
}

fn at_work(role: Role) -> Actor {
    actor(Standing::Personnel(Personnel {
        role,
        references: vec!["Practitioner/kari".into(), "PractitionerRole/kari-vest".into()],
        organisations: vec!["Organization/vest".into(), "Organization/kommune".into()],
        organisation_name: "Vest".into(),
        numbers: Vec::new(),
    }))
}

fn citizen(number: &str) -> Actor {
    actor(Standing::Citizen(number.into()))
}

/// What a row knows of the patient, in words.
fn facts(words: &str) -> PatientFacts {
    let mut facts = PatientFacts {
        national_numbers: vec!["11111111111".into()],
        birth: Some(Date::constant(1980, 1, 1)),
        ..PatientFacts::default()
    };
    words.split(", ").filter(|word| !word.is_empty()).for_each(|word| know(&mut facts, word));
    facts
}

fn know(facts: &mut PatientFacts, word: &str) {
    let relation = |kind, with: &str, window| Relation { kind, with: with.into(), window };
    let grant = |kind, window| Grant { kind, to: "Practitioner/kari".into(), window };
    let wish = |against, hides, window| Wish { against, hides, window };
    let kari = Against::Person("Practitioner/kari".into());
    let part = |facts: &mut PatientFacts, part: Part| {
        facts.parts.push(part);
        Hides::Parts(vec![facts.parts.len() as u16 - 1])
    };
    match word {
        "on my list" => facts.relations.push(relation(
            RelationKind::GeneralPractitioner,
            "Practitioner/kari",
            always(),
        )),
        "in our care" => facts.relations.push(relation(
            RelationKind::EpisodeOfCare,
            "Organization/vest",
            always(),
        )),
        "in our care until now" => {
            facts.relations.push(relation(RelationKind::EpisodeOfCare, "Organization/vest", over()))
        }
        "in others' care" => facts.relations.push(relation(
            RelationKind::EpisodeOfCare,
            "Organization/sykehus",
            always(),
        )),
        "opened by me" => facts.grants.push(grant(GrantKind::Decided, always())),
        "opened by me until now" => facts.grants.push(grant(GrantKind::Decided, over())),
        "emergency" => facts.grants.push(Grant {
            window: Window { from: Some(NOW), until: Some(Instant(NOW.0 + DAY)) },
            ..grant(GrantKind::Emergency, always())
        }),
        "consent to me" => facts.grants.push(grant(GrantKind::Consent, always())),
        "blocks all" => facts.wishes.push(wish(Against::Everyone, Hides::Everything, always())),
        "blocked all until now" => {
            facts.wishes.push(wish(Against::Everyone, Hides::Everything, over()));
        }
        "blocks me" => facts.wishes.push(wish(kari, Hides::Everything, always())),
        "blocks another" => facts.wishes.push(wish(
            Against::Person("Practitioner/per".into()),
            Hides::Everything,
            always(),
        )),
        "blocks us" => facts.wishes.push(wish(
            Against::Organisation("Organization/kommune".into()),
            Hides::Everything,
            always(),
        )),
        "blocks a contact" => {
            let hides = part(facts, Part::Resource("Encounter/1".into()));
            facts.wishes.push(wish(Against::Everyone, hides, always()));
        }
        "blocks a contact for me" => {
            let hides = part(facts, Part::Resource("Encounter/1".into()));
            facts.wishes.push(wish(kari, hides, always()));
        }
        "shares with nobody" => {
            facts.parts.push(Part::Organisation("Organization/vest".into()));
            facts.parts.push(Part::Organisation("Organization/sykehus".into()));
            facts.parts.push(Part::Organisation("".into()));
            facts.wishes.push(wish(Against::OtherOrganisations, Hides::Everything, always()));
        }
        word => know_of_person(facts, word),
    }
}

fn know_of_person(facts: &mut PatientFacts, word: &str) {
    let representative = |capacity, window| Representative {
        national_number: "22222222222".into(),
        capacity,
        window,
    };
    match word {
        "protected" => facts.is_protected = true,
        "11 years" => facts.birth = Some(Date::constant(2014, 11, 22)),
        "12 years" => facts.birth = Some(Date::constant(2014, 11, 21)),
        "15 years" => facts.birth = Some(Date::constant(2010, 11, 22)),
        "16 years" => facts.birth = Some(Date::constant(2010, 11, 21)),
        "no birth date" => facts.birth = None,
        "a draft" => facts.parts.push(Part::Withheld(None)),
        "released later" => facts.parts.push(Part::Withheld(Some(Instant(NOW.0 + 1)))),
        "released now" => facts.parts.push(Part::Withheld(Some(NOW))),
        "told in confidence" => facts.parts.push(Part::Label(CONFIDENCE_LABEL.into())),
        "parent" => facts.representatives.push(representative(Capacity::Parent, always())),
        "parent until now" => facts.representatives.push(representative(Capacity::Parent, over())),
        "guardian" => facts.representatives.push(representative(Capacity::Guardian, always())),
        "attorney" => facts.representatives.push(representative(Capacity::Attorney, always())),
        "attorney until now" => {
            facts.representatives.push(representative(Capacity::Attorney, over()));
        }
        _ => panic!("no such fact: {word}"),
    }
}

fn outcome(actor: &Actor, words: &str) -> String {
    let facts = facts(words);
    let decision = decide(actor, &facts, NOW, today()).unwrap();
    let mut told = format!("{}, {}", decision.situation.code(), decision.reason.code());
    if decision.hides_parts() {
        told.push_str(&format!(", hides {:?}", decision.hidden_parts));
    }
    if decision.situation == Situation::None
        && !decision.may_read(Class::Person, facts.is_protected)
    {
        told.push_str(", not looked up");
    }
    told
}

#[test]
fn the_golden_table_of_people_at_work() {
    let rows = [
        ("", "none, no-ground"),
        ("protected", "none, no-ground, not looked up"),
        ("on my list", "care-relationship, general-practitioner"),
        ("in our care", "care-relationship, episode-of-care"),
        ("in our care, on my list", "care-relationship, general-practitioner"),
        ("in our care, protected", "care-relationship, episode-of-care"),
        ("in our care until now", "none, no-ground"),
        ("in others' care", "none, no-ground"),
        ("opened by me", "decided, decided"),
        ("opened by me until now", "none, no-ground"),
        ("opened by me, in our care", "care-relationship, episode-of-care"),
        ("emergency", "emergency, emergency"),
        ("emergency, in our care", "care-relationship, episode-of-care"),
        ("consent to me", "decided, consent"),
        ("in our care, blocks all", "none, blocked"),
        ("in our care, blocked all until now", "care-relationship, episode-of-care"),
        ("opened by me, blocks all", "none, blocked"),
        ("consent to me, blocks all", "decided, consent"),
        ("consent to me, in our care, blocks all", "care-relationship, episode-of-care"),
        ("consent to me, in our care, blocks me", "none, blocked-person"),
        ("emergency, in our care, blocks all", "emergency, emergency"),
        ("in our care, blocks me", "none, blocked-person"),
        ("blocks me", "none, blocked-person"),
        ("emergency, in our care, blocks me", "none, blocked-person"),
        ("consent to me, blocks me", "none, blocked-person"),
        ("in our care, blocks another", "care-relationship, episode-of-care"),
        ("in our care, blocks us", "none, blocked"),
        ("emergency, in our care, blocks us", "emergency, emergency"),
        ("in our care, blocks a contact", "care-relationship, episode-of-care, hides [0]"),
        ("emergency, in our care, blocks a contact", "emergency, emergency"),
        ("emergency, in our care, blocks a contact for me", "emergency, emergency, hides [0]"),
        ("in our care, shares with nobody", "care-relationship, episode-of-care, hides [1, 2]"),
        ("emergency, in our care, shares with nobody", "emergency, emergency"),
        ("in our care, 15 years, told in confidence", "care-relationship, episode-of-care"),
        ("parent, 11 years", "none, no-ground"),
        ("in our care, a draft, released later", "care-relationship, episode-of-care"),
        ("opened by me, a draft", "decided, decided"),
        ("emergency, released later", "emergency, emergency"),
    ];
    for (words, expected) in rows {
        assert_eq!(outcome(&at_work(Role::Nurse), words), expected, "nurse: {words}");
    }
    // Who has no line for a situation is not in it.
    for (role, words, expected) in [
        (Role::CaseWorker, "emergency", "none, no-ground"),
        (Role::Receptionist, "emergency, blocks all, in our care", "none, blocked"),
        (Role::PrivacyOfficer, "in our care", "none, no-ground"),
        (Role::Administrator, "in our care", "none, no-ground, not looked up"),
    ] {
        assert_eq!(outcome(&at_work(role), words), expected, "{}: {words}", role.code());
    }
}

#[test]
fn the_golden_table_of_citizens() {
    let own = citizen("11111111111");
    let other = citizen("22222222222");
    let rows = [
        (&own, "", "own, own"),
        (&own, "blocks all, protected", "own, own"),
        (&own, "11 years", "none, too-young, not looked up"),
        (&own, "12 years, told in confidence", "own, own"),
        (&own, "no birth date", "own, own"),
        (&other, "", "none, no-ground, not looked up"),
        (&other, "11 years, parent", "parent-under-12, parent"),
        (&other, "11 years, parent, told in confidence", "parent-under-12, parent"),
        (&other, "12 years, parent", "parent-12-to-15, parent"),
        (&other, "12 years, told in confidence, parent", "parent-12-to-15, parent, hides [0]"),
        (&other, "15 years, parent", "parent-12-to-15, parent"),
        (&other, "16 years, parent", "none, represents-no-longer, not looked up"),
        (&other, "no birth date, parent", "none, represents-no-longer, not looked up"),
        (&other, "11 years, parent until now", "none, no-ground, not looked up"),
        (&other, "guardian", "guardian, guardian"),
        (&other, "attorney", "attorney, attorney"),
        (&other, "attorney until now", "none, no-ground, not looked up"),
        (&other, "15 years, attorney", "none, represents-no-longer, not looked up"),
        (&other, "parent, guardian", "guardian, guardian"),
        (&other, "in our care, emergency", "none, no-ground, not looked up"),
        (&own, "a draft", "own, own, hides [0]"),
        (&own, "told in confidence, a draft, released later", "own, own, hides [1, 2]"),
        (&own, "released later, released now, a draft", "own, own, hides [0, 2]"),
        (&own, "released now", "own, own"),
        (&own, "11 years, a draft", "none, too-young, not looked up"),
        (&other, "11 years, parent, a draft", "parent-under-12, parent, hides [0]"),
        (&other, "11 years, parent, released now", "parent-under-12, parent"),
        (
            &other,
            "12 years, parent, a draft, told in confidence, released later, released now",
            "parent-12-to-15, parent, hides [0, 1, 2]",
        ),
        (&other, "12 years, parent, released now", "parent-12-to-15, parent"),
        (&other, "guardian, released later", "guardian, guardian, hides [0]"),
        (&other, "attorney, a draft", "attorney, attorney, hides [0]"),
        (&other, "16 years, parent, a draft", "none, represents-no-longer, not looked up"),
    ];
    for (who, words, expected) in rows {
        assert_eq!(outcome(who, words), expected, "{words}");
    }
}

#[test]
fn the_golden_table_of_systems() {
    let of = |organisation: Option<&str>| actor(Standing::System(organisation.map(Arc::from)));
    let rows = [
        (of(Some("Organization/vest")), "in our care", "care-relationship, episode-of-care"),
        (of(Some("Organization/vest")), "in others' care", "none, no-ground, not looked up"),
        (of(None), "in our care", "none, no-ground, not looked up"),
        (of(Some("Organization/vest")), "in our care, blocks all", "none, blocked, not looked up"),
    ];
    for (who, words, expected) in rows {
        assert_eq!(outcome(&who, words), expected, "{words}");
    }
}

#[test]
fn the_golden_table_of_those_who_register_patients() {
    let rows = [
        (Role::Doctor, true),
        (Role::Nurse, true),
        (Role::HealthStationNurse, true),
        (Role::HealthcareWorker, false),
        (Role::Therapist, true),
        (Role::CaseWorker, true),
        (Role::Receptionist, true),
        (Role::PrivacyOfficer, false),
        (Role::Administrator, false),
    ];
    for (role, may) in rows {
        assert_eq!(registering(&at_work(role)).is_some(), may, "{}", role.code());
    }
    let system = actor(Standing::System(Some("Organization/vest".into())));
    assert_eq!(registering(&system), None);
    assert_eq!(registering(&citizen("11111111111")), None);
    assert_eq!(registering(&Actor::open()), None);
    // It says nothing of anybody who is there: nobody comes into this situation by facts.
    let decision = registering(&at_work(Role::Nurse)).unwrap();
    assert!(!decision.rights.may_read(Class::Clinical) && !decision.rights.may_write(Class::Wish));
    for words in ["", "protected", "in our care", "emergency", "blocks me"] {
        assert!(!outcome(&at_work(Role::Nurse), words).contains("unregistered"), "{words}");
    }
}

#[test]
fn no_rules_are_asked_about_the_open_actor_and_the_operator() {
    for actor in [Actor::open(), Actor::operator()] {
        assert_eq!(decide(&actor, &facts("blocks all"), NOW, today()), None);
    }
}
