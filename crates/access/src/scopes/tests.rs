//! The grammar of SMART App Launch 2.2.

use super::*;

fn one(text: &str) -> Result<Scope, Problem> {
    Scopes::parse([text], Some("p1")).map(|scopes| scopes.words()[0].clone())
}

fn letters(scope: &Scope) -> String {
    Permission::ALL.into_iter().filter(|p| scope.permits(*p)).map(Permission::letter).collect()
}

#[test]
fn words_of_both_versions_are_understood() {
    let cases = [
        ("patient/Observation.rs", Context::Patient, Some("Observation"), "rs", None),
        ("user/*.cruds", Context::User, None, "cruds", None),
        ("system/Patient.s", Context::System, Some("Patient"), "s", None),
        ("patient/Condition.cud", Context::Patient, Some("Condition"), "cud", None),
        ("patient/Observation.read", Context::Patient, Some("Observation"), "rs", None),
        ("user/MedicationRequest.write", Context::User, Some("MedicationRequest"), "cud", None),
        ("system/*.*", Context::System, None, "cruds", None),
        (
            "patient/Observation.rs?category=laboratory",
            Context::Patient,
            Some("Observation"),
            "rs",
            Some("category=laboratory"),
        ),
        (
            "user/Observation.r?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory&status:not=final",
            Context::User,
            Some("Observation"),
            "r",
            Some(
                "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory&status:not=final",
            ),
        ),
    ];
    for (text, context, of, permitted, query) in cases {
        let scope = one(text).unwrap();
        assert_eq!(scope.text(), text);
        assert_eq!(scope.context(), context, "{text}");
        assert_eq!(scope.resource_type(), of, "{text}");
        assert_eq!(letters(&scope), permitted, "{text}");
        assert_eq!(scope.query(), query, "{text}");
    }
}

#[test]
fn every_order_but_cruds_is_refused() {
    let all = Permission::ALL.map(Permission::letter);
    let mut right = 0;
    // Every word of up to three letters, and whether it is in order without repetition.
    for a in all {
        for b in all {
            for c in all {
                let place = |letter: char| all.iter().position(|l| *l == letter);
                let text = format!("user/Observation.{a}{b}{c}");
                let in_order = place(a) < place(b) && place(b) < place(c);
                right += usize::from(in_order);
                assert_eq!(one(&text).is_ok(), in_order, "{text}");
            }
        }
    }
    assert_eq!(right, 10);
}

#[test]
fn what_is_not_a_scope_is_refused_with_a_reason() {
    let cases = [
        ("patient/", "ACC-002"),
        ("patient/Observation", "ACC-002"),
        ("patient/Observation.", "ACC-002"),
        ("patient/.rs", "ACC-003"),
        ("patient/observation.rs", "ACC-003"),
        ("patient/Measurement.rs", "ACC-003"),
        ("patient/Resource.rs", "ACC-003"),
        ("patient/Observation.sr", "ACC-002"),
        ("patient/Observation.rr", "ACC-002"),
        ("patient/Observation.RS", "ACC-002"),
        ("patient/Observation.Read", "ACC-002"),
        ("patient/Observation.rs*", "ACC-002"),
        ("patient/Observation.x", "ACC-002"),
        ("patient/Observation.rs.u", "ACC-002"),
        ("patient/Observation.read?category=laboratory", "ACC-002"),
        ("patient/Observation.rs?", "ACC-002"),
        ("patient/Observation.rs?category", "ACC-002"),
        ("patient/Observation.rs?category=", "ACC-002"),
        ("patient/Observation.rs?=laboratory", "ACC-002"),
        ("patient/Observation.rs?category=a&", "ACC-002"),
        ("patient/Observation.rs?category=a&&code=b", "ACC-002"),
        ("patient/Observation.rs?category=%4", "ACC-002"),
        ("patient/Observation.rs?category=%zz", "ACC-002"),
        ("patient/Observation.rs?category=a b", "ACC-002"),
        ("patient/Observation.rs?category=\"a\"", "ACC-002"),
        ("patient/Observation.rs?category=é", "ACC-002"),
        ("patient/Observation.rs?category:=a", "ACC-002"),
        ("patient/Observation.rs?subject.name=ola", "ACC-002"),
        ("patient/Observation.rs?subject:Patient.name=ola", "ACC-002"),
        ("patient/Patient.rs?_has:Observation:patient:code=1", "ACC-002"),
        ("patient/Observation.rs?_count=1", "ACC-002"),
        ("patient/Observation.rs?_include=Observation:subject", "ACC-002"),
        ("user/Ob\nservation.rs", "ACC-002"),
        ("user/Observation .rs", "ACC-002"),
    ];
    for (text, code) in cases {
        let problem = one(text).unwrap_err();
        assert_eq!(problem.code, code, "{text}: {problem}");
        assert_eq!(problem.kind, Kind::Invalid);
        assert!(!problem.for_caller.contains('\n'), "{problem}");
    }
    let long = format!("user/Observation.rs?code={}", "a".repeat(SCOPE_BYTES_MAX));
    assert_eq!(one(&long).unwrap_err().code, "ACC-002");
}

#[test]
fn other_words_are_passed_over_and_repeated_ones_kept_once() {
    let granted =
        ["openid", "fhirUser", "launch/patient", "offline_access", "nhn:example-journal/api"];
    let none = Scopes::parse(granted, None).unwrap();
    assert!(none.words().is_empty() && none.patient().is_none());
    let scopes = Scopes::parse(["user/*.rs", "openid", "user/*.rs", "user/*.r"], Some("p-1.2"));
    let scopes = scopes.unwrap();
    assert_eq!(scopes.words().len(), 2);
    assert_eq!(scopes.patient(), Some("p-1.2"));
    assert!(!Scopes::is_clinical("Patient/Observation.rs") && Scopes::is_clinical("patient/x"));
}

#[test]
fn patient_scopes_need_a_patient_and_an_id_must_be_one() {
    assert_eq!(Scopes::parse(["patient/*.rs"], None).unwrap_err().code, "ACC-004");
    for id in ["", "Patient/1", "a b", &"a".repeat(65)] {
        assert_eq!(Scopes::parse(["user/*.rs"], Some(id)).unwrap_err().code, "ACC-004", "{id}");
    }
}

#[test]
fn too_many_are_refused() {
    let words: Vec<String> =
        (0..=SCOPES_MAX).map(|n| format!("user/Observation.rs?code={n}")).collect();
    let granted = words.iter().map(String::as_str);
    assert!(Scopes::parse(granted.clone().take(SCOPES_MAX), None).is_ok());
    assert_eq!(Scopes::parse(granted, None).unwrap_err().code, "ACC-005");
}

#[test]
fn a_wider_scope_covers_a_narrower() {
    let cases = [
        ("user/*.cruds", "user/Observation.rs", true),
        ("user/Observation.rs", "user/*.rs", false),
        ("user/Observation.rs", "user/Observation.rs?category=laboratory", true),
        ("user/Observation.rs?category=laboratory", "user/Observation.rs", false),
        ("user/Observation.rs?code=1", "user/Observation.r?code=1", true),
        ("user/Observation.rs?code=1", "user/Observation.r?code=2", false),
        ("user/Observation.r", "user/Observation.rs", false),
        ("user/*.cruds", "patient/Observation.rs", false),
        ("user/*.*", "user/Observation.write", true),
    ];
    for (wide, narrow, expected) in cases {
        assert_eq!(one(wide).unwrap().covers(&one(narrow).unwrap()), expected, "{wide} {narrow}");
    }
}
