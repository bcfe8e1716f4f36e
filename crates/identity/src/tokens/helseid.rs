//! From the claims of a verified token to an [`Identity`], in HelseID's words.
//!
//! Not here: whether the token is genuine (`tokens`), what the trust framework says of the purpose
//! (`trust_framework`).

use akson_access::Identity;

use super::claims::{Claims, malformed, missing};
use super::denial::Denial;
use super::trust_framework;

const PID: &str = "helseid://claims/identity/pid";
const PID_PSEUDONYM: &str = "helseid://claims/identity/pid_pseudonym";
const SECURITY_LEVEL: &str = "helseid://claims/identity/security_level";
const HPR_NUMBER: &str = "helseid://claims/hpr/hpr_number";
const CLIENT_NAME: &str = "helseid://claims/client/client_name";
const ORGNR_PARENT: &str = "helseid://claims/client/claims/orgnr_parent";
const ORGNR_CHILD: &str = "helseid://claims/client/claims/orgnr_child";

/// What the claims prove. A token of a person that does not say which person is refused: it must
/// not pass for a system's.
pub(crate) fn identity(claims: &Claims) -> Result<Identity, Denial> {
    let client = match claims.text("client_id")? {
        Some(client) => client,
        None => claims.text("azp")?.ok_or_else(|| missing("client_id"))?,
    };
    let person = person(claims)?;
    let is_person = person.is_named();
    if !is_person && is_about_a_person(claims, client)? {
        return Err(Denial::token(
            "IDN-014",
            format!("The token is a person's, but does not say whose. Ask for the claim {PID}."),
        ));
    }
    let mut identity = Identity {
        national_number: person.national_number,
        hpr_number: person.hpr_number,
        legal_entity: number(claims, ORGNR_PARENT, 9..=9)?,
        unit: number(claims, ORGNR_CHILD, 9..=9)?,
        security_level: person.security_level,
        client: client.to_string(),
        client_name: claims.text(CLIENT_NAME)?.unwrap_or(client).to_string(),
        scopes: scopes(claims)?,
        patient: claims.text("patient")?.map(str::to_string),
        purpose: None,
        is_citizen: false,
    };
    identity.purpose = trust_framework::purpose(claims, &identity)?;
    Ok(identity)
}

/// The person that claims are about.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) national_number: Option<String>,
    pub(crate) hpr_number: Option<String>,
    /// 0 when there is no person.
    pub(crate) security_level: u8,
}

impl Person {
    /// Whether the claims say who it is.
    pub(crate) fn is_named(&self) -> bool {
        self.national_number.is_some() || self.hpr_number.is_some()
    }
}

/// Who the person is, if there is one.
pub(crate) fn person(claims: &Claims) -> Result<Person, Denial> {
    let national_number = number(claims, PID, 11..=11)?;
    let hpr_number = number(claims, HPR_NUMBER, 1..=12)?;
    let mut person = Person { national_number, hpr_number, security_level: 0 };
    if let (Some(level), true) = (claims.text_or_number(SECURITY_LEVEL)?, person.is_named()) {
        person.security_level = level.parse().map_err(|_| malformed(SECURITY_LEVEL, "3 or 4"))?;
    }
    Ok(person)
}

/// Whether the token was given to a client on behalf of somebody: its subject is not the client.
fn is_about_a_person(claims: &Claims, client: &str) -> Result<bool, Denial> {
    let subject = claims.text("sub")?;
    Ok(subject.is_some_and(|subject| subject != client)
        || claims.text(PID_PSEUDONYM)?.is_some()
        || claims.text_or_number(SECURITY_LEVEL)?.is_some())
}

/// A claim that is digits, so many.
pub(crate) fn number(
    claims: &Claims,
    name: &str,
    digits: std::ops::RangeInclusive<usize>,
) -> Result<Option<String>, Denial> {
    let Some(text) = claims.text_or_number(name)? else {
        return Ok(None);
    };
    if digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(text));
    }
    let expected = match (digits.start(), digits.end()) {
        (least, most) if least == most => format!("{most} digits"),
        (_, most) => format!("at most {most} digits"),
    };
    Err(malformed(name, &expected))
}

/// `scope` is one text with spaces (RFC 8693) or a list (HelseID).
fn scopes(claims: &Claims) -> Result<Vec<String>, Denial> {
    let texts = claims.texts("scope")?;
    Ok(texts.into_iter().flat_map(str::split_whitespace).map(str::to_string).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(more: Value) -> Result<Identity, String> {
        let mut claims = json!({ "client_id": "elin" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let claims = Claims(claims.as_object().unwrap().clone());
        identity(&claims).map_err(|denial| denial.problem.to_string())
    }

    #[test]
    fn a_nurse_in_a_unit_at_level_4() {
        let identity = of(json!({
            "sub": "f3a1", "scope": ["openid", "akson:fhir/api"],
            PID: "04056600324", SECURITY_LEVEL: "4", HPR_NUMBER: 9144900,
            ORGNR_PARENT: "993467049", ORGNR_CHILD: "874716782", CLIENT_NAME: "Elin EPJ",
        }))
        .unwrap();
        assert_eq!(identity.national_number.as_deref(), Some("04056600324"));
        assert_eq!(identity.hpr_number.as_deref(), Some("9144900"));
        assert_eq!(identity.legal_entity.as_deref(), Some("993467049"));
        assert_eq!(identity.unit.as_deref(), Some("874716782"));
        assert_eq!(identity.security_level, 4);
        assert_eq!((&*identity.client, &*identity.client_name), ("elin", "Elin EPJ"));
        assert_eq!(identity.scopes, ["openid", "akson:fhir/api"]);
        assert!(!identity.is_citizen && identity.purpose.is_none());
    }

    #[test]
    fn a_system_for_itself_has_no_person_and_no_level() {
        let identity = of(json!({ "sub": "elin", "scope": "a b", ORGNR_PARENT: "993467049" }));
        let identity = identity.unwrap();
        assert_eq!((identity.national_number, identity.hpr_number), (None, None));
        assert_eq!((identity.security_level, &*identity.client_name), (0, "elin"));
        assert_eq!(identity.scopes, ["a", "b"]);
    }

    #[test]
    fn a_person_who_is_not_named_does_not_pass_for_a_system() {
        for claims in [
            json!({ "sub": "f3a1" }),
            json!({ PID_PSEUDONYM: "x" }),
            json!({ SECURITY_LEVEL: "4" }),
        ] {
            assert!(of(claims).unwrap_err().starts_with("IDN-014"));
        }
    }

    #[test]
    fn a_malformed_claim_is_named_and_its_value_is_not_told() {
        for (name, value) in [
            (PID, json!("040566003240")),
            (PID, json!(["04056600324"])),
            (HPR_NUMBER, json!("91449x0")),
            (ORGNR_CHILD, json!("87471678")),
            (SECURITY_LEVEL, json!("high")),
            ("scope", json!([7])),
        ] {
            let error = of(json!({ HPR_NUMBER: "1", name: value.clone() })).unwrap_err();
            assert!(error.starts_with("IDN-012") && error.contains(name), "{error}");
            assert!(!error.contains("04056600324") && !error.contains("91449"), "{error}");
        }
    }
}
