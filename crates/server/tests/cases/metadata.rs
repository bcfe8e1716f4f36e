//! The CapabilityStatement tells what is there, and all of it works.

use std::collections::HashSet;

use crate::ask::{Ask, NONE};

#[tokio::test]
async fn what_the_statement_tells() {
    let ask = Ask::start();
    ask.rows(&[
        (
            "GET /metadata",
            NONE,
            "",
            200,
            &[
                "/resourceType=CapabilityStatement",
                "/fhirVersion=4.0.1",
                "/status=active",
                "/kind=instance",
                "/rest/0/mode=server",
                "/rest/0/resource#146",
                "/rest/0/resource/0/versioning=versioned",
            ],
        ),
        (
            "GET /metadata?_summary=true",
            NONE,
            "",
            200,
            &["/meta/tag/0/code=SUBSETTED", "!/rest/0/interaction", "/rest/0/resource#146"],
        ),
        ("GET /metadata?_format=xml", NONE, "", 406, &[]),
    ])
    .await;
    let statement = ask.get("/metadata").await.json();
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    let patient = resources.iter().find(|resource| resource["type"] == "Patient").unwrap();
    let codes: HashSet<&str> = patient["interaction"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["code"].as_str().unwrap())
        .collect();
    let expected = [
        "read",
        "vread",
        "update",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    ];
    assert_eq!(codes, HashSet::from(expected));
    assert_eq!(patient["operation"][0]["name"], "everything");
    let operation = &statement["rest"][0]["operation"][0];
    let contained = format!("#{}", statement["contained"][0]["id"].as_str().unwrap());
    assert_eq!(
        (&operation["name"], &operation["definition"]),
        (&"explain-access".into(), &contained.into())
    );
    assert_eq!(statement["contained"][0]["resourceType"], "OperationDefinition");
    let system: Vec<&str> = statement["rest"][0]["interaction"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["code"].as_str().unwrap())
        .collect();
    for code in ["transaction", "batch", "search-system", "history-system"] {
        assert!(system.contains(&code), "{code}");
    }
}

#[tokio::test]
async fn every_search_parameter_that_is_told_is_accepted() {
    let ask = Ask::start();
    let statement = ask.get("/metadata").await.json();
    let mut asked = 0;
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let name = resource["type"].as_str().unwrap();
        for parameter in resource["searchParam"].as_array().into_iter().flatten() {
            let code = parameter["name"].as_str().unwrap();
            assert!(parameter["type"].is_string(), "{name} {code}");
            if parameter["type"] == "composite" || ["_id", "_lastUpdated"].contains(&code) {
                continue;
            }
            let answer = ask
                .send(
                    &format!("GET /{name}?{code}:missing=true&_count=1"),
                    &[("Prefer", "handling=strict")],
                    "",
                )
                .await;
            assert_eq!(
                answer.status,
                200,
                "{name}?{code}: {}",
                answer.text("/issue/0/diagnostics")
            );
            asked += 1;
        }
    }
    assert!(asked > 1200, "only {asked} parameters are told");
}
