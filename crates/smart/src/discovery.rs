//! What apps learn before they ask: `.well-known/smart-configuration`, and the same for OpenID.
//!
//! Standard: SMART App Launch 2.2 "Conformance", OpenID Connect Discovery 1.0, RFC 8414

use akson_identity::clients::ASSERTION_ALGORITHMS;
use akson_identity::tokens::Algorithm;
use serde_json::{Value, json};

use crate::server::AuthorisationServer;

/// Addresses, below the root.
pub const AUTHORIZE: &str = "/oauth2/authorize";
/// Where tokens are given.
pub const TOKEN: &str = "/oauth2/token";
/// Where tokens are looked into.
pub const INTROSPECT: &str = "/oauth2/introspect";
/// Where tokens are given back.
pub const REVOKE: &str = "/oauth2/revoke";
/// Where our public key is.
pub const JWKS: &str = "/oauth2/jwks";
/// Where people see what they have allowed.
pub const MANAGE: &str = "/mine-apper";

impl AuthorisationServer {
    /// An address of ours in full.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.options.root)
    }

    /// `.well-known/smart-configuration` below the FHIR address.
    pub fn smart_configuration(&self) -> Value {
        let mut told = self.metadata();
        if let Some(told) = told.as_object_mut() {
            let mut can = vec!["client-confidential-asymmetric", "permission-v1", "permission-v2"];
            if self.sessions.is_some() {
                told.insert("management_endpoint".into(), json!(self.address(MANAGE)));
                can.extend([
                    "launch-ehr",
                    "launch-standalone",
                    "authorize-post",
                    "client-public",
                    "sso-openid-connect",
                    "context-ehr-patient",
                    "context-standalone-patient",
                    "context-banner",
                    "permission-offline",
                    "permission-online",
                    "permission-patient",
                    "permission-user",
                ]);
            }
            told.insert("capabilities".into(), json!(can));
        }
        told
    }

    /// `.well-known/openid-configuration` and `.well-known/oauth-authorization-server`.
    pub fn metadata(&self) -> Value {
        let names = |all: &[Algorithm]| -> Vec<&str> { all.iter().map(|one| one.name()).collect() };
        let assertions = names(&ASSERTION_ALGORITHMS);
        let mut told = json!({
            "issuer": self.options.root,
            "jwks_uri": self.address(JWKS),
            "token_endpoint": self.address(TOKEN),
            "introspection_endpoint": self.address(INTROSPECT),
            "revocation_endpoint": self.address(REVOKE),
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": assertions,
            "introspection_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "introspection_endpoint_auth_signing_alg_values_supported": assertions,
            "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "revocation_endpoint_auth_signing_alg_values_supported": assertions,
            "dpop_signing_alg_values_supported": names(&Algorithm::ALL),
            "scopes_supported": ["system/*.cruds"],
            "response_types_supported": [],
        });
        let for_people = json!({
            "authorization_endpoint": self.address(AUTHORIZE),
            "authorization_response_iss_parameter_supported": true,
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "scopes_supported": [
                "openid", "fhirUser", "launch", "launch/patient", "offline_access",
                "online_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds",
            ],
        });
        if let (Some(told), Value::Object(more), true) =
            (told.as_object_mut(), for_people, self.sessions.is_some())
        {
            told.extend(more);
        }
        told
    }
}
