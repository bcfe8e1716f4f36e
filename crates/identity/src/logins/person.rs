//! From the claims of an ID token to an [`Identity`]: HelseID's words or ID-porten's.
//!
//! Standard: HelseID's claims (<https://utviklerportal.nhn.no>), ID-porten's ID token
//! (<https://docs.digdir.no/docs/idporten/oidc/oidc_protocol_id_token>)

use akson_access::Identity;
use akson_base::{Kind, Problem};

use super::LoginKind;
use crate::tokens::claims::Claims;
use crate::tokens::helseid;

const PID: &str = "pid";

/// What ID-porten calls its levels, now and before.
const LEVELS: [(&str, u8); 4] =
    [("idporten-loa-substantial", 3), ("idporten-loa-high", 4), ("Level3", 3), ("Level4", 4)];

/// Who logged in. No client is named: these are our own pages.
pub(crate) fn identity(kind: LoginKind, claims: &Claims) -> Result<Identity, Problem> {
    match kind {
        LoginKind::Helseid => {
            let person = helseid::person(claims)?;
            if !person.is_named() {
                let text = "The provider does not say who logged in: neither the national number \
                            nor the HPR number is in the ID token.";
                return Err(Problem::new(Kind::Refused, "IDN-103", text).with_log(text));
            }
            Ok(Identity {
                national_number: person.national_number,
                hpr_number: person.hpr_number,
                security_level: person.security_level,
                ..Identity::default()
            })
        }
        LoginKind::IdPorten => {
            let Some(number) = helseid::number(claims, PID, 11..=11)? else {
                let text = "The provider does not say who logged in: the ID token lacks pid.";
                return Err(Problem::new(Kind::Refused, "IDN-103", text).with_log(text));
            };
            let acr = claims.text("acr")?;
            let level = LEVELS.into_iter().find(|(name, _)| Some(*name) == acr);
            Ok(Identity {
                national_number: Some(number),
                security_level: level.map_or(0, |(_, level)| level),
                is_citizen: true,
                ..Identity::default()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(kind: LoginKind, claims: &Value) -> Result<Identity, &'static str> {
        let claims = Claims(claims.as_object().unwrap().clone());
        identity(kind, &claims).map_err(|problem| problem.code)
    }

    #[test]
    fn personnel_and_citizens_are_told_apart_by_who_vouches_for_them() {
        let nurse = json!({
            "helseid://claims/identity/pid": "13818012345",
            "helseid://claims/hpr/hpr_number": "565107922",
            "helseid://claims/identity/security_level": "4", "pid": "13818012399",
        });
        let found = of(LoginKind::Helseid, &nurse).unwrap();
        assert_eq!(found.hpr_number.as_deref(), Some("565107922"));
        assert_eq!(found.national_number.as_deref(), Some("13818012345"));
        assert_eq!((found.security_level, found.is_citizen, &*found.client), (4, false, ""));
        let found = of(LoginKind::IdPorten, &nurse).unwrap();
        assert_eq!(found.national_number.as_deref(), Some("13818012399"));
        assert!(found.is_citizen && found.hpr_number.is_none());
        assert_eq!(found.security_level, 0, "HelseID's level is not ID-porten's");
    }

    #[test]
    fn levels_are_those_that_the_provider_is_known_to_have() {
        for (acr, level) in [
            (json!("idporten-loa-high"), 4),
            (json!("idporten-loa-substantial"), 3),
            (json!("idporten-loa-low"), 0),
            (json!("Level4"), 4),
            (json!("selfregistered-email"), 0),
            (json!(null), 0),
        ] {
            let claims = json!({ "pid": "13818012345", "acr": acr });
            assert_eq!(of(LoginKind::IdPorten, &claims).unwrap().security_level, level);
        }
    }

    #[test]
    fn nobody_in_particular_is_not_let_in() {
        for kind in LoginKind::ALL {
            assert_eq!(of(kind, &json!({ "sub": "x", "acr": "Level4" })), Err("IDN-103"));
        }
        assert_eq!(of(LoginKind::IdPorten, &json!({ "pid": "1381801234x" })), Err("IDN-012"));
    }
}
