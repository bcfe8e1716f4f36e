//! The same bytes again, references that resolve, resources that our own parser accepts.

use super::town::{bundles, charts, kind, options, strings};
use akson_testkit::municipality;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_others() {
    let first = bundles(40, 7);
    assert_eq!(first, bundles(40, 7));
    assert_ne!(first, bundles(40, 8));
    assert_eq!(first.len(), municipality::bundle_count(&options(40, 7)));
}

#[test]
fn a_chart_does_not_depend_on_how_many_others_there_are() {
    let few = bundles(30, 1);
    let more = bundles(60, 1);
    let services = few.len() - 30;
    assert_eq!(few[services..], more[services..services + 30]);
}

#[test]
fn every_resource_passes_our_own_strict_parser() {
    let mut problems: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = 0;
    for bytes in bundles(60, 1) {
        if let Err(issues) = akson_fhir::json::parse(&bytes) {
            *problems.entry(format!("bundle: {issues:?}")).or_default() += 1;
        }
        let bundle: Value = serde_json::from_slice(&bytes).unwrap();
        for entry in bundle["entry"].as_array().unwrap() {
            count += 1;
            let bytes = serde_json::to_vec(&entry["resource"]).unwrap();
            if let Err(issues) = akson_fhir::json::parse(&bytes) {
                let text = format!("{} {issues:?}", kind(&entry["resource"]));
                *problems.entry(text).or_default() += 1;
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(count > 2000, "{count} resources");
}

#[test]
fn references_resolve_within_the_bundle_or_an_earlier_one() {
    let mut known: HashSet<String> = HashSet::new();
    for chart in charts() {
        for resource in chart {
            let id = resource["id"].as_str().unwrap();
            assert!(known.insert(format!("{}/{id}", kind(resource))), "{id} twice");
        }
        for resource in chart {
            let mut found = Vec::new();
            strings(resource, "", &mut found);
            let contained = resource["contained"].as_array().into_iter().flatten();
            let inside: HashSet<String> =
                contained.map(|one| format!("#{}", one["id"].as_str().unwrap())).collect();
            let references = found.iter().filter(|(name, _)| *name == "reference");
            for (_, target) in references.filter(|(_, target)| !inside.contains(*target)) {
                assert!(known.contains(*target), "{target} of {}", resource["id"]);
            }
        }
    }
}

#[test]
fn entries_are_puts_under_their_own_ids() {
    for bytes in bundles(20, 1) {
        let bundle: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(bundle["type"], "transaction");
        for entry in bundle["entry"].as_array().unwrap() {
            let resource = &entry["resource"];
            assert_eq!(entry["request"]["method"], "PUT");
            let url = format!("{}/{}", kind(resource), resource["id"].as_str().unwrap());
            assert_eq!(entry["request"]["url"], url.as_str());
        }
    }
}

#[test]
fn the_people_worth_looking_at_are_there() {
    let highlights = municipality::highlights(&options(2000, 3));
    assert_eq!(highlights.len(), 8);
    let charts = charts();
    for highlight in highlights {
        let chart = charts
            .iter()
            .find(|chart| chart.iter().any(|r| r["id"] == highlight.patient_id.as_str()))
            .unwrap();
        assert!(chart.len() > 5, "{} has {} resources", highlight.name, chart.len());
    }
    assert!(municipality::highlights(&options(1, 3)).len() == 1);
}
