//! What the Norwegian trust framework says of why a caller asks: type
//! `nhn:tillitsrammeverk:parameters`, inside `authorization_details` or as a claim of its own.
//!
//! The specification writes `care_relation`, running systems send `care_relationship`: both are
//! read. Only the purpose is taken from it; who calls is the token's to say, and a framework claim
//! that says otherwise is refused. Standard: Tillitsrammeverk, informasjons- og datamodell 1.1

use akson_access::Identity;
use serde_json::{Map, Value};

use super::claims::Claims;
use super::denial::Denial;

const TYPE: &str = "nhn:tillitsrammeverk:parameters";
const RELATION: [&str; 2] = ["care_relationship", "care_relation"];
/// Code system of purposes, with or without `urn:oid:`.
const PURPOSE_SYSTEM: &str = "2.16.840.1.113883.1.11.20448";
const PURPOSE_CHARS_MAX: usize = 32;

type Object = Map<String, Value>;

/// The code of the purpose, when the token has one.
pub(crate) fn purpose(claims: &Claims, identity: &Identity) -> Result<Option<String>, Denial> {
    let Some(parameters) = parameters(claims)? else {
        return Ok(None);
    };
    agrees(parameters, identity)?;
    let mut found = None;
    for name in RELATION {
        let Some(relation) = member(parameters, name, name)? else { continue };
        let place = format!("{name}.purpose_of_use");
        let Some(purpose) = member(relation, "purpose_of_use", &place)? else { continue };
        let code = code(purpose, &place)?;
        if found.is_some_and(|other| other != code) {
            return Err(wrong("care_relation", "the same as care_relationship, or left out"));
        }
        found = Some(code);
    }
    Ok(found.map(str::to_string))
}

/// The one set of parameters. Several would leave open which one counts.
fn parameters(claims: &Claims) -> Result<Option<&Object>, Denial> {
    let mut all = Vec::new();
    if let Some(own) = claims.0.get(TYPE) {
        all.push(own);
    }
    match claims.0.get("authorization_details") {
        None | Some(Value::Null) => {}
        Some(Value::Array(details)) => {
            let ours = |detail: &&Value| detail.get("type").and_then(Value::as_str) == Some(TYPE);
            all.extend(details.iter().filter(ours));
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(wrong("authorization_details", "a list of objects"));
        }
    }
    match all.as_slice() {
        [] => Ok(None),
        [Value::Object(one)] => Ok(Some(one)),
        [_] => Err(wrong("the claim itself", "an object")),
        [_, _, ..] => Err(wrong("the claim itself", "there once only")),
    }
}

/// Whether the person and the legal entity of the framework are those of the token.
fn agrees(parameters: &Object, identity: &Identity) -> Result<(), Denial> {
    let Some(practitioner) = member(parameters, "practitioner", "practitioner")? else {
        return Ok(());
    };
    let pairs = [
        ("identifier", &identity.national_number),
        ("hpr_nr", &identity.hpr_number),
        ("legal_entity", &identity.legal_entity),
    ];
    for (name, own) in pairs {
        let place = format!("practitioner.{name}");
        let Some(told) = member(practitioner, name, &place)? else { continue };
        let told = told.get("id").and_then(Value::as_str);
        let told = told.ok_or_else(|| wrong(&format!("{place}.id"), "a text"))?;
        if own.as_deref().is_some_and(|own| own != told) {
            return Err(wrong(&place, "the one that the token's other claims name"));
        }
    }
    Ok(())
}

fn code<'a>(purpose: &'a Object, place: &str) -> Result<&'a str, Denial> {
    let text = |name: &str| purpose.get(name).and_then(Value::as_str);
    let system = text("system").map(|system| system.strip_prefix("urn:oid:").unwrap_or(system));
    if system != Some(PURPOSE_SYSTEM) {
        return Err(wrong(&format!("{place}.system"), &format!("urn:oid:{PURPOSE_SYSTEM}")));
    }
    let is_code = |code: &&str| {
        (1..=PURPOSE_CHARS_MAX).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let expected = "a code such as TREAT, COC or ETREAT";
    text("code").filter(is_code).ok_or_else(|| wrong(&format!("{place}.code"), expected))
}

/// A member that is an object, when it is there.
fn member<'a>(object: &'a Object, name: &str, place: &str) -> Result<Option<&'a Object>, Denial> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(member)) => Ok(Some(member)),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(wrong(place, "an object"))
        }
    }
}

/// What is wrong and where; never a value, which may be a person's number.
fn wrong(place: &str, expected: &str) -> Denial {
    let text = format!("In the trust framework's claim ({TYPE}), {place} is not {expected}.");
    Denial::token("IDN-016", text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Result<Option<String>, String> {
        let identity = Identity {
            national_number: Some("04056600324".into()),
            hpr_number: Some("9144900".into()),
            legal_entity: Some("993467049".into()),
            ..Identity::default()
        };
        let claims = Claims(claims.as_object().unwrap().clone());
        purpose(&claims, &identity).map_err(|denial| denial.problem.to_string())
    }

    fn coded(code: &str) -> Value {
        json!({ "purpose_of_use": { "code": code, "system": "urn:oid:2.16.840.1.113883.1.11.20448" } })
    }

    fn detail(name: &str, relation: Value) -> Value {
        json!({ "authorization_details": [
            { "type": "helseid_authorization" }, { "type": TYPE, name: relation },
        ] })
    }

    #[test]
    fn both_spellings_and_both_places_give_the_purpose() {
        let treat = || Ok(Some("TREAT".to_string()));
        assert_eq!(of(&detail("care_relationship", coded("TREAT"))), treat());
        assert_eq!(of(&detail("care_relation", coded("TREAT"))), treat());
        assert_eq!(of(&json!({ TYPE: { "care_relation": coded("TREAT") } })), treat());
        let both = json!({ TYPE: {
            "care_relation": coded("TREAT"), "care_relationship": coded("TREAT"),
        } });
        assert_eq!(of(&both), treat());
    }

    #[test]
    fn a_purpose_is_not_needed() {
        assert_eq!(of(&json!({})), Ok(None));
        assert_eq!(of(&json!({ "authorization_details": [] })), Ok(None));
        let service = json!({ "healthcare_service": { "code": "KX17" } });
        assert_eq!(of(&detail("care_relation", service)), Ok(None));
    }

    #[test]
    fn what_is_malformed_is_told_by_its_place() {
        let differ = json!({ TYPE: {
            "care_relation": coded("TREAT"), "care_relationship": coded("ETREAT"),
        } });
        let other_system =
            json!({ "purpose_of_use": { "code": "TREAT", "system": "urn:oid:1.2.3" } });
        let person = |id: &str| json!({ TYPE: { "practitioner": { "identifier": { "id": id } } } });
        for (claims, place) in [
            (json!({ "authorization_details": "x" }), "authorization_details"),
            (json!({ TYPE: [1] }), "the claim itself"),
            (json!({ TYPE: {}, "authorization_details": [{ "type": TYPE }] }), "there once only"),
            (detail("care_relationship", json!("x")), "care_relationship is not an object"),
            (
                detail("care_relation", json!({ "purpose_of_use": "TREAT" })),
                "care_relation.purpose_of_use",
            ),
            (detail("care_relation", coded("treat")), "care_relation.purpose_of_use.code"),
            (detail("care_relation", coded("")), "care_relation.purpose_of_use.code"),
            (detail("care_relation", other_system), "care_relation.purpose_of_use.system"),
            (differ, "the same as care_relationship"),
            (person("05076600324"), "practitioner.identifier"),
            (
                json!({ TYPE: { "practitioner": { "hpr_nr": { "id": 7 } } } }),
                "practitioner.hpr_nr.id",
            ),
        ] {
            let error = of(&claims).unwrap_err();
            assert!(error.starts_with("IDN-016") && error.contains(place), "{place}: {error}");
            assert!(!error.contains("05076600324"), "{error}");
        }
        assert_eq!(of(&person("04056600324")), Ok(None));
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/corpora/norway/",
            "trust-framework/specs/informasjons_og_datamodell.md"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("SKIPPED: ../shared/corpora is not there");
            return;
        };
        let mut purposes = Vec::new();
        for block in text.split("```").filter_map(|block| block.strip_prefix("JSON\n")) {
            // Some examples have comments and trailing commas: those are not JSON, and not sent.
            let Ok(Value::Object(example)) = serde_json::from_str(block) else { continue };
            if example.contains_key("care_relation") {
                let claims = Claims(Map::from_iter([(TYPE.to_string(), Value::Object(example))]));
                purposes.push(purpose(&claims, &Identity::default()).unwrap());
            }
        }
        assert!(!purposes.is_empty(), "no example of the specification could be read");
    }
}
