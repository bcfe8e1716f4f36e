//! Searches through the record: pages, links, the search box.

use akson_record::request::{Mode, SearchRequest};
use serde_json::json;

use crate::fixture::{Fixture, kind};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_size_gives_the_same_set_in_the_same_order() {
    let f = Fixture::new();
    for n in 0..25 {
        let family = if n % 2 == 0 { "Berg" } else { "Dal" };
        f.put(json!({
            "resourceType": "Patient",
            "id": format!("p{n}"),
            "name": [{"family": family}],
            "birthDate": format!("19{:02}-01-01", n % 7 + 50),
        }))
        .await;
    }
    for search in
        ["name=berg", "", "_sort=birthdate", "_sort=-birthdate,family", "birthdate=gt1952"]
    {
        let mut reference: Option<Vec<String>> = None;
        for count in [100, 1, 3, 7] {
            let mut query = format!("{search}&_count={count}");
            let mut all = Vec::new();
            loop {
                let request = SearchRequest {
                    resource_type: Some(kind("Patient")),
                    compartment: None,
                    query: query.clone(),
                    strict: true,
                };
                let page = f.record.search(&f.caller, request).await.unwrap();
                all.extend(page.entries.iter().map(|(v, _)| v.id.clone()));
                assert!(page.entries.len() <= count);
                let Some(next) = page.next_link else { break };
                query = next.split_once('?').unwrap().1.to_string();
            }
            let expected = reference.get_or_insert_with(|| all.clone());
            assert_eq!(&all, expected, "{search} by {count}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn includes_are_marked_and_summaries_are_reduced() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Organization", "id": "o", "name": "Legekontoret"})).await;
    f.put(json!({
        "resourceType": "Patient",
        "id": "p",
        "managingOrganization": {"reference": "Organization/o"},
        "name": [{"family": "Fjell"}],
        "photo": [{"title": "not in a summary"}],
    }))
    .await;
    let request = |query: &str| SearchRequest {
        resource_type: Some(kind("Patient")),
        compartment: None,
        query: query.into(),
        strict: true,
    };
    let page = f.record.search(&f.caller, request("_include=Patient:organization")).await.unwrap();
    let modes: Vec<_> = page.entries.iter().map(|(v, m)| (v.id.as_str(), *m)).collect();
    assert_eq!(modes, [("p", Mode::Match), ("o", Mode::Include)]);
    assert_eq!(page.total, Some(1));
    let page = f.record.search(&f.caller, request("_summary=true")).await.unwrap();
    let text = String::from_utf8_lossy(&page.entries[0].0.json).into_owned();
    assert!(
        text.contains("Fjell") && text.contains("SUBSETTED") && !text.contains("photo"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_box_finds_by_any_word_in_any_order() {
    let f = Fixture::new();
    f.put(json!({
        "resourceType": "Patient",
        "id": "ingrid",
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "14845220051"}],
        "name": [{"family": "Solbakken", "given": ["Ingrid", "Marie"]}],
        "birthDate": "1952-04-14",
        "address": [{"line": ["Strandveien 12"], "postalCode": "9990", "city": "Nesbyen"}],
    }))
    .await;
    f.put(json!({"resourceType": "Patient", "id": "other", "name": [{"family": "Sol"}]})).await;
    for text in [
        "ingrid solbakken",
        "Solbakken, Ingrid",
        "marie sol",
        "14845220051",
        "14.04.1952",
        "140452 solb",
        "solbakken strandveien 12",
        "strandv ingrid",
    ] {
        let found = f.record.find_patients(&f.caller, text, 10).await.unwrap();
        let ids: Vec<_> = found.iter().map(|v| v.id.as_str()).collect();
        assert_eq!(ids, ["ingrid"], "{text}");
    }
    assert_eq!(f.record.find_patients(&f.caller, "sol", 10).await.unwrap().len(), 2);
    assert!(f.record.find_patients(&f.caller, "nobody", 10).await.unwrap().is_empty());
}
