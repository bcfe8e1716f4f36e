//! Search over HTTP: addresses, forms, paging, what is ignored. What each parameter finds is tested
//! in `store`.

use crate::ask::{Ask, FHIR, NONE};

const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];

async fn clinic() -> Ask {
    let ask = Ask::start();
    ask.put("/Organization/o", r#"{"resourceType":"Organization","id":"o","name":"Bjørkelia"}"#)
        .await;
    for (id, family, born) in
        [("a", "Hansen", "1970"), ("b", "Olsen", "1980"), ("c", "Hansen", "1990")]
    {
        let body = format!(
            r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}],"birthDate":"{born}-05-17","managingOrganization":{{"reference":"Organization/o"}}}}"#
        );
        ask.put(&format!("/Patient/{id}"), &body).await;
        let body = format!(
            r#"{{"resourceType":"Observation","id":"o{id}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4"}}]}},"subject":{{"reference":"Patient/{id}"}}}}"#
        );
        ask.put(&format!("/Observation/o{id}"), &body).await;
    }
    ask
}

#[tokio::test]
async fn every_way_to_search() {
    let ask = clinic().await;
    ask.rows(&[
        (
            "GET /Patient?family=hansen",
            NONE,
            "",
            200,
            &["/type=searchset", "/entry#2", "/entry/0/search/mode=match", "/link/0/relation=self"],
        ),
        (
            "POST /Patient/_search",
            FORM,
            "family=hansen&birthdate=gt1980",
            200,
            &["/entry#1", "/entry/0/resource/id=c"],
        ),
        ("POST /Patient/_search?family=hansen", FORM, "birthdate=gt1980", 200, &["/entry#1"]),
        ("POST /Patient/_search", FHIR, "{}", 415, &[]),
        ("POST /Patient/_search", NONE, "", 200, &["/entry#3"]),
        ("GET /Patient/a/Observation", NONE, "", 200, &["/entry#1", "/entry/0/resource/id=oa"]),
        ("GET /Patient/a/*", NONE, "", 200, &["/entry#2"]),
        ("POST /Patient/a/Observation/_search", FORM, "code=8867-4", 200, &["/entry#1"]),
        ("GET ?_type=Patient,Organization", NONE, "", 200, &["/entry#4"]),
        ("POST /_search", FORM, "_type=Organization", 200, &["/entry#1"]),
        (
            "GET /Patient?_id=a&_include=Patient:organization",
            NONE,
            "",
            200,
            &["/entry#2", "/entry/1/search/mode=include"],
        ),
        (
            "GET /Patient?_id=a&_revinclude=Observation:subject",
            NONE,
            "",
            200,
            &["/entry#2", "/entry/1/resource/id=oa"],
        ),
        // The system of a code is the one that its value set implies.
        (
            "GET /Observation?status=http://hl7.org/fhir/observation-status%7Cfinal",
            NONE,
            "",
            200,
            &["/entry#3"],
        ),
        ("GET /Observation?status=http://loinc.org%7Cfinal", NONE, "", 200, &["/entry#0"]),
        ("GET /Observation?status=%7Cfinal", NONE, "", 200, &["/entry#0"]),
        ("GET /Observation?status=final", NONE, "", 200, &["/entry#3"]),
        ("GET /Observation?subject:Patient.family=olsen", NONE, "", 200, &["/entry#1"]),
        ("GET /Patient?_has:Observation:subject:code=8867-4", NONE, "", 200, &["/entry#3"]),
        (
            "GET /Patient?_sort=-birthdate",
            NONE,
            "",
            200,
            &["/entry/0/resource/id=c", "/entry/2/resource/id=a"],
        ),
        ("GET /Patient?_summary=count", NONE, "", 200, &["/total=3", "/entry#0"]),
        ("GET /Patient?_count=0", NONE, "", 200, &["/total=3", "/entry#0"]),
        (
            "GET /Patient?_id=a&_elements=birthDate",
            NONE,
            "",
            200,
            &["/entry/0/resource/birthDate=1970-05-17", "!/entry/0/resource/name"],
        ),
        (
            "GET /Patient?birthdat=1970",
            NONE,
            "",
            200,
            &["/entry/3/resource/resourceType=OperationOutcome", "/entry/3/search/mode=outcome"],
        ),
        ("GET /Patient?birthdate=banana", NONE, "", 400, &["/issue/0/code=invalid"]),
        ("HEAD /Patient?family=hansen", NONE, "", 200, &["empty"]),
    ])
    .await;
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_others_write() {
    let ask = Ask::start();
    for number in 0..60 {
        ask.put(
            &format!("/Patient/p{number}"),
            &format!(r#"{{"resourceType":"Patient","id":"p{number}"}}"#),
        )
        .await;
    }
    let mut seen = Vec::new();
    let mut next = format!("{}/Patient?_count=7", ask.server.fhir());
    let mut written = 0;
    loop {
        let page: serde_json::Value =
            ask.client.get(&next).send().await.unwrap().json().await.unwrap();
        for entry in page["entry"].as_array().into_iter().flatten() {
            seen.push(entry["resource"]["id"].as_str().unwrap().to_string());
        }
        // Others write all the while: new ones, changed ones, removed ones that were seen.
        ask.put(
            &format!("/Patient/new{written}"),
            &format!(r#"{{"resourceType":"Patient","id":"new{written}"}}"#),
        )
        .await;
        let changed = format!("p{}", (written * 5) % 60);
        ask.put(
            &format!("/Patient/{changed}"),
            &format!(r#"{{"resourceType":"Patient","id":"{changed}","active":true}}"#),
        )
        .await;
        written += 1;
        let links = page["link"].as_array().cloned().unwrap_or_default();
        match links.iter().find(|link| link["relation"] == "next") {
            Some(link) => next = link["url"].as_str().unwrap().to_string(),
            None => break,
        }
        assert!(written < 100, "paging does not end");
    }
    let mut old: Vec<&String> = seen.iter().filter(|id| id.starts_with('p')).collect();
    assert_eq!(old.len(), 60, "{seen:?}");
    old.sort();
    old.dedup();
    assert_eq!(old.len(), 60, "{seen:?}");
}

#[tokio::test]
async fn a_search_explains_itself() {
    let ask = clinic().await;
    let plan = ask.get("/Patient/$explain?family=hansen").await;
    assert_eq!(plan.status, 200);
    assert_eq!(plan.header("content-type"), "application/json");
    assert!(plan.json().is_object());
}
