//! The access log as AuditEvents.

use std::sync::Arc;

use akson_access::{Actor, Personnel, Policy, Role, Standing};
use akson_record::request::{Caller, SearchRequest};
use akson_record::{Authenticated, Authentication, Record};
use serde_json::{Value, json};

use crate::fixture::{Fixture, kind};

async fn log() -> Fixture {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    f.put(json!({"resourceType": "Patient", "id": "q"})).await;
    for _ in 0..5 {
        f.read("Patient", "p").await.unwrap();
        f.clock.advance_milliseconds(86_400_000);
    }
    f
}

async fn entries(f: &Fixture, query: &str) -> (Vec<Value>, Option<String>) {
    let page = f.page(query).await;
    let read = |v: &akson_record::request::Version| serde_json::from_slice(&v.json).unwrap();
    (page.entries.iter().map(|(v, _)| read(v)).collect(), page.next_link)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_patients_entries_are_valid_audit_events_newest_first() {
    let f = log().await;
    let (found, next) = entries(&f, "AuditEvent?patient=p").await;
    assert_eq!((found.len(), next), (6, None));
    let words: Vec<&str> =
        found.iter().map(|e| e["subtype"][0]["code"].as_str().unwrap()).collect();
    assert_eq!(words, ["read", "read", "read", "read", "read", "update"]);
    for event in &found {
        let text = event.to_string();
        let parsed = akson_fhir::json::parse(text.as_bytes());
        assert!(parsed.is_ok(), "{:?} {text}", parsed.err());
        assert_eq!(event["entity"][0]["what"]["reference"], "Patient/p");
        assert_eq!(event["agent"][0]["requestor"], true);
        // One by one they are the same.
        let id = event["id"].as_str().unwrap();
        assert_eq!(f.read("AuditEvent", id).await.unwrap(), *event);
    }
    assert_eq!(entries(&f, "AuditEvent?patient=nobody").await.0.len(), 0);
    assert!(f.read("AuditEvent", "log-999999-0").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_agent_and_pages() {
    let f = log().await;
    for (query, expected) in [
        ("AuditEvent?patient=p&agent=open", 6),
        ("AuditEvent?patient=p&agent=Practitioner/kari", 0),
        ("AuditEvent?patient=p&date=ge2026-11-23", 3),
        ("AuditEvent?patient=p&date=lt2026-11-23", 3),
        ("AuditEvent?patient=p&date=2026-11-23", 1),
        ("AuditEvent?patient=p&date=ge2026-11-23&date=le2026-11-24&_sort=-date", 2),
    ] {
        let found = entries(&f, query).await.0;
        let read =
            found.iter().filter(|e| e["recorded"].as_str() < Some("2026-11-26T22:08")).count();
        assert_eq!(read, expected, "{query}");
    }
    // A search that the log was not asked for before is in it now: pages are of what came before.
    let mut ids: Vec<String> = Vec::new();
    let mut query = "AuditEvent?patient=p&_count=4".to_string();
    for _ in 0..20 {
        let (found, next) = entries(&f, &query).await;
        ids.extend(found.iter().map(|e| e["id"].as_str().unwrap().to_string()));
        match next {
            Some(next) => query = next,
            None => break,
        }
    }
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an entry is repeated");
    let updates = ids.last().unwrap();
    assert_eq!(f.read("AuditEvent", updates).await.unwrap()["action"], "U");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_the_log_does_not_answer_says_so() {
    let f = log().await;
    for (query, is_told) in [
        ("patient=p&entity=Patient/p", true),
        ("", true),
        ("patient=p", false),
        ("patient=p&_total=accurate", false),
        ("_id=theirs", false),
    ] {
        let request = SearchRequest {
            resource_type: akson_fhir::definitions::Definitions::r4().resource_type("AuditEvent"),
            compartment: None,
            query: query.to_string(),
            strict: false,
        };
        let page = f.record.search(&f.caller, request).await.unwrap();
        assert_eq!(page.warnings.iter().any(|w| w.contains("access log")), is_told, "{query}");
        assert_eq!(page.entries.is_empty(), !query.starts_with("patient=p") || is_told, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_send_in_comes_after_the_logs_own() {
    let f = log().await;
    f.put(json!({"resourceType": "AuditEvent", "id": "theirs",
        "type": {"code": "rest"}, "recorded": "2020-01-01T00:00:00Z",
        "agent": [{"requestor": true, "who": {"display": "other"}}],
        "source": {"observer": {"display": "other"}},
        "entity": [{"what": {"reference": "Patient/p"}}]}))
        .await;
    let (found, _) = entries(&f, "AuditEvent?patient=p&_count=100").await;
    assert_eq!(found.last().unwrap()["id"], "theirs");
    let (found, _) = entries(&f, "AuditEvent?_id=theirs").await;
    assert_eq!(found.len(), 1);
    let mut query = "AuditEvent?patient=p&_count=1".to_string();
    for _ in 0..30 {
        let (found, next) = entries(&f, &query).await;
        if found.iter().any(|e| e["id"] == "theirs") {
            return;
        }
        query = next.expect("it comes on a later page");
    }
    panic!("it never came");
}

/// Somebody at work.
fn at_work(id: &str, role: Role) -> Arc<Actor> {
    let personnel = Personnel {
        role,
        references: vec![format!("Practitioner/{id}").into()],
        organisations: Vec::new(),
        numbers: Vec::new(),
        organisation_name: "Hjemmetjenesten Vest".into(),
    };
    let (display, standing) = (id.into(), Standing::Personnel(personnel));
    let id = format!("Practitioner/{id}").into();
    Arc::new(Actor { id, display, standing, ..Actor::open() })
}

/// A login's event in a line, when it is a valid one.
fn login_told(event: &Value) -> String {
    let text = event.to_string();
    let parsed = akson_fhir::json::parse(text.as_bytes());
    assert!(parsed.is_ok(), "{:?} {text}", parsed.err());
    assert_eq!(event["type"]["code"], "110114");
    assert_eq!(event["entity"][0]["name"], "helseid");
    let role = event["agent"][0]["role"][0]["text"].as_str().unwrap_or("-");
    let who = event["agent"][0]["who"]["display"].as_str().unwrap();
    let subtype = event["subtype"][0]["code"].as_str().unwrap();
    let outcome = event["outcome"].as_str().unwrap();
    let why = event["outcomeDesc"].as_str().unwrap_or("-");
    format!("{subtype} {who} {role} {outcome} {why}")
}

fn caller(actor: &Arc<Actor>) -> Caller {
    Caller { actor: Arc::clone(actor), trace: "t".into(), base: "".into() }
}

/// The logins and logouts that somebody is told of.
async fn logins(record: &Record, actor: &Arc<Actor>, more: &str) -> Vec<Value> {
    let dicom = "http%3A%2F%2Fdicom.nema.org%2Fresources%2Fontology%2FDCM%7C110114";
    let query = format!("type={dicom}{more}");
    let resource_type = Some(kind("AuditEvent"));
    let request = SearchRequest { resource_type, compartment: None, query, strict: true };
    let page = record.search(&caller(actor), request).await.unwrap();
    page.entries.iter().map(|(v, _)| serde_json::from_slice(&v.json).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_and_logouts_are_user_authentication_events_for_the_privacy_officer() {
    let f = Fixture::new();
    let record = Record::new(Arc::clone(f.record.store()), Policy::Rules);
    let (kari, vera) = (at_work("kari", Role::Nurse), at_work("vera", Role::PrivacyOfficer));
    for (actor, is_in_role, what) in [
        (Some(&kari), false, Authentication::LoggedIn),
        (Some(&kari), true, Authentication::RoleChosen),
        (None, false, Authentication::Refused("WEB-016")),
        (Some(&kari), true, Authentication::LoggedOut),
    ] {
        let who = Authenticated { actor, is_in_role, provider: "helseid", trace: "t" };
        record.log_authentication(who, what).await.unwrap();
        f.clock.advance_milliseconds(1000);
    }
    while record.index_accesses().unwrap() > 0 {}
    let all = logins(&record, &vera, "").await;
    let told: Vec<String> = all.iter().map(login_told).collect();
    let expected = [
        "110123 kari nurse 0 -",
        "110122 Ukjent - 4 WEB-016",
        "choose-role kari nurse 0 -",
        "110122 kari - 0 -",
    ];
    assert_eq!(told, expected);
    // Others see their own, and only when they ask for them.
    for (actor, more, count) in [
        (&kari, "", 0),
        (&kari, "&agent=Practitioner/vera", 0),
        (&kari, "&agent=Practitioner/kari", 3),
        (&vera, "&agent=unknown&date=ge2026-01-01", 1),
        (&vera, "&date=lt2026-01-01", 0),
    ] {
        assert_eq!(logins(&record, actor, more).await.len(), count, "{more}");
    }
    let unknown = all[1]["id"].as_str().unwrap();
    for (actor, sees) in [(&vera, true), (&kari, false)] {
        let read = record.read(&caller(actor), kind("AuditEvent"), unknown).await;
        assert_eq!(read.is_ok(), sees);
    }
}
