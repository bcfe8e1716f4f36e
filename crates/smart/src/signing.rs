//! Our own key: ES256, for ID tokens; its public half for everybody.
//!
//! Not here: signing itself (`identity::SigningKey`), files (`server` reads and makes them).
//! Standard: RFC 7515, RFC 7517, RFC 7518 section 3.4

use akson_base::Problem;
use akson_identity::SigningKey as Key;
use serde_json::{Map, Value, json};

/// A P-256 key pair.
#[derive(Debug)]
pub struct SigningKey(Key);

impl SigningKey {
    /// A new key pair as PKCS#8 (DER). Fails (`APP-060`) when the machine has no randomness.
    pub fn generate() -> Result<Vec<u8>, Problem> {
        Key::new_document().map_err(|_| Problem::fault("APP-060", "no randomness for a key"))
    }

    /// The key pair of a PKCS#8 document; `None` when it is not one on P-256.
    pub fn of_pkcs8(document: &[u8]) -> Option<Self> {
        // RFC 7638: the key's own digest is its name.
        Key::of_pkcs8(document).map(|key| Self(key.named_by_thumbprint()))
    }

    /// The JWK set that others check our signatures with.
    pub fn jwks(&self) -> Value {
        let mut jwk = self.0.public_jwk().clone();
        if let Some(jwk) = jwk.as_object_mut() {
            let said = [("kid", self.0.id().unwrap_or_default()), ("use", "sig"), ("alg", "ES256")];
            jwk.extend(said.map(|(name, value)| (name.to_string(), json!(value))));
        }
        json!({ "keys": [jwk] })
    }

    /// A signed JWT with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Problem> {
        let header = Map::from_iter([("typ".to_string(), json!("JWT"))]);
        let signed = self.0.sign(header, claims);
        signed.map_err(|_| Problem::fault("APP-061", "an ID token could not be signed"))
    }
}
