//! What the random worlds do not have: versions, deletions, composed contents, the log, and what an
//! app may never do.

use std::sync::Arc;

use akson_access::scopes::Scopes;
use akson_access::{Actor, Role};
use akson_base::Problem;
use akson_record::Opening;
use akson_record::request::{Caller, HistoryRequest, HistoryScope, Page, SearchRequest};
use serde_json::{Value, json};

use crate::cases::rules::writes::{House, at_work, citizen, patient};
use crate::fixture::kind;

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

fn with(caller: &Caller, words: &[&str], launch: Option<&str>) -> Caller {
    let scopes = Scopes::parse(words.iter().copied(), launch).unwrap();
    let actor = Actor { scopes: Some(Arc::new(scopes)), ..(*caller.actor).clone() };
    Caller { actor: Arc::new(actor), ..caller.clone() }
}

fn observation(id: &str, of: &str, category: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "subject": patient(of),
        "code": {"text": "x"},
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}]})
}

async fn house() -> (House, Caller) {
    let house = House::new();
    for (id, number) in [("a", "01018011111"), ("b", "01018022222")] {
        house.person(id, number, "1980-01-01").await;
        house.team(id, "Practitioner/kari").await;
    }
    (house, at_work(Role::Doctor, "kari"))
}

async fn history(house: &House, caller: &Caller, id: &str) -> Result<Vec<String>, Problem> {
    let scope = HistoryScope::Instance(kind("Observation"), id.into());
    let request = HistoryRequest { scope, query: String::new() };
    let page = house.record.history(caller, request).await?;
    Ok(page.entries.iter().map(|(version, _)| version.version.to_string()).collect())
}

async fn search(house: &House, caller: &Caller, search: &str) -> Result<Page, Problem> {
    let (name, query) = search.split_once('?').unwrap();
    let request = SearchRequest {
        resource_type: Some(kind(name)),
        compartment: None,
        query: query.into(),
        strict: true,
    };
    house.record.search(caller, request).await
}

#[tokio::test]
async fn a_version_is_seen_by_its_own_content() {
    let (house, kari) = house().await;
    house.open.put(observation("o", "a", "vital-signs")).await;
    house.open.put(observation("o", "a", "laboratory")).await;
    house.open.put(observation("o", "b", "laboratory")).await;
    house.open.put(observation("o", "a", "laboratory")).await;
    let lab = with(&kari, &["user/Observation.rs?category=laboratory"], None);
    assert_eq!(history(&house, &lab, "o").await.unwrap(), ["4", "3", "2"]);
    let first = house.record.vread(&lab, kind("Observation"), "o", "1").await;
    let absent = house.record.vread(&lab, kind("Observation"), "o", "17").await;
    assert_eq!(first.unwrap_err(), absent.unwrap_err());
    // The third was another patient's.
    let launched = with(&kari, &["patient/Observation.rs?category=laboratory"], Some("a"));
    assert_eq!(history(&house, &launched, "o").await.unwrap(), ["4", "2"]);
    let whole = with(&kari, &["patient/Observation.rs"], Some("a"));
    assert_eq!(history(&house, &whole, "o").await.unwrap(), ["4", "2", "1"]);
    // What no longer fits is gone with all its versions.
    house.open.put(observation("o", "a", "vital-signs")).await;
    assert_eq!(history(&house, &lab, "o").await.unwrap_err().code, "REC-003");
}

#[tokio::test]
async fn what_is_deleted_has_no_content_and_fits_no_search_parameters() {
    let (house, kari) = house().await;
    house.open.put(observation("o", "a", "laboratory")).await;
    let open = &house.open;
    let of = kind("Observation");
    open.record.delete(&open.caller, of, "o", None).await.unwrap();
    let lab = with(&kari, &["user/Observation.rs?category=laboratory"], None);
    let not = with(&kari, &["user/Observation.rs?category:not=vital-signs"], None);
    for caller in [&lab, &not] {
        assert_eq!(house.record.read(caller, of, "o").await.unwrap_err().code, "REC-003");
        assert_eq!(history(&house, caller, "o").await.unwrap_err().code, "REC-003");
    }
    let whole = with(&kari, &["user/Observation.rs"], None);
    assert_eq!(house.record.read(&whole, of, "o").await.unwrap_err().code, "REC-004");
}

#[tokio::test]
async fn the_log_is_told_within_the_scopes_of_audit_events() {
    let (house, kari) = house().await;
    house.open.put(observation("o", "a", "laboratory")).await;
    house.record.read(&kari, kind("Observation"), "o").await.unwrap();
    let own = citizen("01018011111");
    let actions = |page: Result<Page, Problem>| -> Vec<String> {
        let action = |json: &[u8]| {
            let body: Value = serde_json::from_slice(json).unwrap();
            body["action"].as_str().unwrap().to_string()
        };
        page.unwrap().entries.iter().map(|(version, _)| action(&version.json)).collect()
    };
    let ask = "AuditEvent?patient=a&_count=1000";
    let all = with(&own, &["patient/AuditEvent.rs"], Some("a"));
    let told = actions(search(&house, &all, ask).await);
    assert!(told.contains(&"R".to_string()) && told.iter().any(|one| one != "R"), "{told:?}");
    let reads = with(&own, &["patient/AuditEvent.rs?action=R"], Some("a"));
    let told = actions(search(&house, &reads, ask).await);
    assert!(!told.is_empty() && told.iter().all(|one| one == "R"), "{told:?}");
    let creations = with(&own, &["patient/AuditEvent.rs?action=C"], Some("a"));
    let told = actions(search(&house, &creations, ask).await);
    assert!(told.iter().all(|one| one == "C"), "{told:?}");
    let found = search(&house, &all, ask).await.unwrap();
    let read = |version: &akson_record::request::Version| {
        let body: Value = serde_json::from_slice(&version.json).unwrap();
        body["action"] == "R"
    };
    let (entry, _) = found.entries.iter().find(|(version, _)| read(version)).unwrap();
    let of = kind("AuditEvent");
    assert!(house.record.read(&reads, of, &entry.id).await.is_ok());
    assert_eq!(house.record.read(&creations, of, &entry.id).await.unwrap_err().code, "REC-003");
    // Another patient's launch, and no word on the type.
    let other = with(&own, &["patient/AuditEvent.rs"], Some("b"));
    assert!(actions(search(&house, &other, ask).await).is_empty());
    assert_eq!(house.record.read(&other, of, &entry.id).await.unwrap_err().code, "REC-003");
    let none = with(&own, &["patient/Observation.rs"], Some("a"));
    assert_eq!(search(&house, &none, ask).await.unwrap_err().code, "REC-071");
    assert_eq!(house.record.accesses(&none, "a", 10).await.unwrap_err().code, "REC-043");
    assert!(house.record.accesses(&all, "a", 10).await.is_ok());
}

#[tokio::test]
async fn an_app_never_takes_access_reviews_the_log_or_sees_more_than_its_user() {
    let (house, kari) = house().await;
    house.person("c", "01018033333", "1980-01-01").await;
    house.open.put(observation("hidden", "c", "laboratory")).await;
    let all = with(&kari, &["user/*.cruds", "patient/*.cruds"], Some("c"));
    // Kari has no ground with the patient: the app, launched on the patient, has none either.
    let read = house.record.read(&all, kind("Observation"), "hidden").await;
    assert_eq!(read.unwrap_err().code, "REC-003");
    let opening = Opening { is_emergency: false, reason: "trenger det".into() };
    let opened = house.record.open_with_reason(&all, "c", &opening).await;
    assert_eq!(opened.unwrap_err().code, "REC-047");
    house.record.open_with_reason(&kari, "c", &opening).await.unwrap();
    assert!(house.sees(&all, "Observation", "hidden").await);
    let officer = with(&at_work(Role::PrivacyOfficer, "ove"), &["user/*.cruds"], None);
    assert_eq!(house.record.outliers(&officer).await.unwrap_err().code, "REC-060");
    // Words for systems say nothing for a person.
    let system = with(&kari, &["system/*.cruds"], None);
    let read = house.record.read(&system, kind("Patient"), "a").await;
    assert_eq!(read.unwrap_err().code, "REC-071");
    let none = with(&kari, &["openid"], None);
    let read = house.record.read(&none, kind("Patient"), "a").await;
    assert_eq!(read.unwrap_err().code, "REC-071");
}

/// Not about scopes, but about what both look at: which part something outside the range belongs to.
#[tokio::test]
async fn a_task_is_hidden_with_what_it_refers_to_however_it_does() {
    let (house, kari) = house().await;
    let open = &house.open;
    let mut secret = observation("secret", "a", "laboratory");
    secret["meta"] = json!({"security": [{"system": "http://x", "code": "PSY"}]});
    open.put(secret).await;
    open.put(observation("plain", "a", "laboratory")).await;
    let to = |reference: &str| json!({"reference": reference});
    let task = |id: &str, more: Value| {
        let mut body = json!({"resourceType": "Task", "id": id, "status": "requested",
            "intent": "order", "for": patient("a")});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let text = json!({"text": "x"});
    let input =
        |reference: &str| json!({"input": [{"type": text, "valueReference": to(reference)}]});
    let contained = json!({"contained": [{"resourceType": "Observation", "id": "c",
        "status": "final", "code": text, "hasMember": [to("Observation/secret")]}],
        "focus": to("#c")});
    let cases = [
        ("t1", json!({}), true),
        ("t2", json!({"focus": to("Observation/plain")}), true),
        ("t3", json!({"focus": to("Observation/secret")}), false),
        ("t4", input("Observation/secret"), false),
        ("t5", input("Observation/secret/_history/1"), false),
        ("t6", input("https://other.example/fhir/Observation/1"), false),
        ("t7", contained, false),
        ("t8", json!({"meta": {"security": [{"system": "http://x", "code": "PSY"}]}}), false),
        ("t9", json!({"owner": to("Practitioner/kari")}), true),
    ];
    for (id, more, _) in &cases {
        open.put(task(id, more.clone())).await;
    }
    // A later version does not take the secret along.
    open.put(task("t3", json!({}))).await;
    let deny = json!({"resourceType": "Consent", "status": "active",
        "patient": patient("a"), "policyRule": text, "category": [text],
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
            "code": "patient-privacy"}]},
        "provision": {"type": "deny", "securityLabel": [{"system": "http://x", "code": "PSY"}]}});
    for (id, _, _) in &cases {
        assert!(house.sees(&kari, "Task", id).await, "{id} before");
    }
    house.create(&citizen("01018011111"), &deny).await.unwrap();
    for (id, _, expected) in &cases {
        let expected = *expected || *id == "t3";
        assert_eq!(house.sees(&kari, "Task", id).await, expected, "{id}");
    }
    let of = kind("Task");
    assert!(house.record.vread(&kari, of, "t3", "2").await.is_ok());
    assert_eq!(house.record.vread(&kari, of, "t3", "1").await.unwrap_err().code, "REC-006");
}

#[tokio::test]
async fn no_app_writes_what_people_allow_apps() {
    let (house, _) = house().await;
    let consent = |id: &str, category: &str| {
        json!({"resourceType": "Consent", "id": id, "status": "active", "patient": patient("a"),
            "scope": {"text": "x"}, "policyRule": {"text": "x"},
            "category": [{"coding": [{"system": category, "code": "app"}]}]})
    };
    let app_consent = akson_record::APP_CONSENT_SYSTEM;
    house.open.put(consent("given", app_consent)).await;
    let own = citizen("01018011111");
    let app = with(&own, &["patient/Consent.cruds"], Some("a"));
    let mut body = consent("given", app_consent);
    body["status"] = "inactive".into();
    assert_eq!(house.put(&app, &body).await.unwrap_err().code, "REC-076");
    assert_eq!(house.create(&app, &body).await.unwrap_err().code, "REC-076");
    let other = consent("given", "http://example.org/other");
    assert_eq!(house.put(&app, &other).await.unwrap_err().code, "REC-076");
    let deleted = house.record.delete(&app, kind("Consent"), "given", None).await;
    assert_eq!(deleted.unwrap_err().code, "REC-076");
    assert!(house.create(&app, &other).await.is_ok());
    assert!(house.put(&own, &body).await.is_ok());
}

#[tokio::test]
async fn the_chart_opens_on_the_launch_patient_only_and_a_binary_is_as_open_as_its_context() {
    let (house, kari) = house().await;
    for of in ["a", "b"] {
        house.open.put(observation(&format!("o{of}"), of, "laboratory")).await;
        house
            .open
            .put(json!({"resourceType": "DocumentReference", "id": format!("d{of}"),
                "status": "current", "subject": patient(of),
                "content": [{"attachment": {"title": "x"}}]}))
            .await;
        house
            .open
            .put(json!({"resourceType": "Binary", "id": format!("bin{of}"), "data": "aGVp",
                "contentType": "text/plain",
                "securityContext": {"reference": format!("DocumentReference/d{of}")}}))
            .await;
    }
    let launched = with(&kari, &["patient/Observation.rs", "patient/Binary.r"], Some("a"));
    let chart = house.record.chart(&launched, "a", &[]).await.unwrap();
    assert_eq!(chart.iter().map(|v| v.id.as_str()).collect::<Vec<_>>(), ["oa"]);
    assert!(house.record.chart(&launched, "b", &[]).await.unwrap().is_empty());
    assert_eq!(house.record.standing(&launched, "b").unwrap(), None);
    assert!(!house.sees(&launched, "Binary", "bina").await);
    let words = ["patient/DocumentReference.rs", "patient/Binary.r"];
    let launched = with(&kari, &words, Some("a"));
    assert!(house.sees(&launched, "Binary", "bina").await);
    assert!(!house.sees(&launched, "Binary", "binb").await);
}

#[test]
fn what_cannot_be_enforced_is_not_granted() {
    let cases = [
        ("user/Observation.rs?category=laboratory", None),
        ("user/Observation.rs?category=http://x|laboratory,vital-signs&status:not=final", None),
        ("user/*.rs?_security=http://x|PSY", None),
        ("patient/Observation.rs?patient=a", None),
        ("user/Observation.rs?nosuch=1", Some("nosuch")),
        ("user/*.rs?category=laboratory", Some("category")),
        ("user/Observation.rs?code-value-quantity=1$2", Some("composites")),
        ("user/Observation.rs?category:in=http://x", Some(":in")),
        ("user/Observation.rs?date=never", Some("date")),
    ];
    for (word, wrong) in cases {
        let scopes = Scopes::parse([word], Some("a")).unwrap();
        let checked = akson_record::check_scopes(&scopes);
        match wrong {
            None => assert_eq!(checked, Ok(()), "{word}"),
            Some(wrong) => {
                let problem = checked.unwrap_err();
                assert_eq!(problem.code, "REC-070", "{word}");
                assert!(problem.for_caller.contains(wrong), "{word}: {}", problem.for_caller);
            }
        }
    }
}
