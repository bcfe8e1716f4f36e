//! What patients have asked for, and what is delicate, is in the charts as the rules read it.

use super::town::{charts, kind, of_kind};
use serde_json::Value;

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

fn label(resource: &Value) -> Option<&str> {
    resource["meta"]["security"][0]["code"].as_str()
}

fn charts_with_consent() -> impl Iterator<Item = (&'static [Value], &'static Value)> {
    charts().iter().filter_map(|chart| Some((chart.as_slice(), of_kind(chart, "Consent").next()?)))
}

#[test]
fn there_is_one_wish_of_every_kind() {
    let mut kinds: Vec<String> = charts_with_consent()
        .map(|(_, consent)| {
            assert_eq!(consent["status"], "active");
            assert_eq!(consent["policyRule"]["coding"][0]["code"], "OPTOUT");
            assert_eq!(consent["scope"]["coding"][0]["code"], "patient-privacy");
            assert_eq!(consent["category"][0]["coding"][0]["code"], "59284-0");
            let provision = &consent["provision"];
            assert_eq!(provision["type"], "deny");
            let actor = provision["actor"][0]["reference"]["reference"].as_str();
            let data = provision["data"][0]["reference"]["reference"].as_str();
            match (actor, data, provision["securityLabel"][0]["code"].as_str()) {
                (Some(actor), None, None) => actor.split('/').next().unwrap().to_owned(),
                (None, Some(data), None) => data.split('/').next().unwrap().to_owned(),
                (None, None, Some(label)) => label.to_owned(),
                (None, None, None) => "everything".to_owned(),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Encounter", "Organization", "PSY", "Practitioner", "everything"]);
}

#[test]
fn the_psychiatric_part_of_the_chart_is_marked_and_the_rest_is_not() {
    let blocks_psychiatry =
        |consent: &Value| consent["provision"]["securityLabel"][0]["code"] == "PSY";
    let (chart, _) = charts_with_consent().find(|(_, one)| blocks_psychiatry(one)).unwrap();
    let marked = |wanted: &str| {
        of_kind(chart, wanted).filter(|resource| label(resource) == Some("PSY")).count()
    };
    for wanted in
        ["Encounter", "Condition", "DocumentReference", "MedicationRequest", "EpisodeOfCare"]
    {
        assert!(marked(wanted) > 0, "{wanted}");
    }
    for resource in chart {
        let text = resource.to_string();
        if text.contains("Schizofreni") || text.contains("sykose") {
            assert_eq!(label(resource), Some("PSY"), "{text}");
        }
    }
    assert!(marked("Encounter") < of_kind(chart, "Encounter").count());
    let systems = chart.iter().filter_map(|one| one["meta"]["security"][0]["system"].as_str());
    assert!(systems.into_iter().all(|system| system == ACT_CODE));
}

#[test]
fn what_the_girl_told_in_confidence_is_marked_with_its_contact_and_the_next_appointment() {
    let confided: Vec<&Value> =
        charts().iter().flatten().filter(|resource| label(resource) == Some("ADOL")).collect();
    let mut kinds: Vec<&str> = confided.iter().map(|resource| kind(resource)).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Appointment", "DocumentReference", "Encounter"]);
}

#[test]
fn one_family_has_a_strictly_confidential_address() {
    let hidden: Vec<&Value> = charts()
        .iter()
        .flat_map(|chart| of_kind(chart, "Patient"))
        .filter(|patient| label(patient) == Some("V"))
        .collect();
    assert_eq!(hidden.len(), 3);
    for patient in hidden {
        let extension = &patient["address"][0]["extension"][0];
        assert_eq!(extension["valueCoding"]["code"], "V");
        assert_eq!(patient["address"][0]["line"], hidden_line());
    }
}

fn hidden_line() -> Value {
    serde_json::json!(["Prestegårdsveien 4"])
}
