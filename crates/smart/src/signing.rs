//! Our own key: ES256, for ID tokens; its public half for everybody.
//!
//! Not here: files (`server` reads and makes them).
//! Standard: RFC 7515, RFC 7517, RFC 7518 section 3.4

use akson_base::Problem;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// A P-256 key pair.
#[derive(Debug)]
pub struct SigningKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    id: String,
    jwk: Value,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl SigningKey {
    /// A new key pair as PKCS#8 (DER). Fails (`APP-060`) when the machine has no randomness.
    pub fn generate() -> Result<Vec<u8>, Problem> {
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(kind, &SystemRandom::new());
        let made = made.map_err(|_| Problem::fault("APP-060", "no randomness for a key"))?;
        Ok(made.as_ref().to_vec())
    }

    /// The key pair of a PKCS#8 document; `None` when it is not one on P-256.
    pub fn of_pkcs8(document: &[u8]) -> Option<Self> {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(kind, document, &random).ok()?;
        let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
        let (x, y) = (encode(x), encode(y));
        // RFC 7638: the key's own digest is its name.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = encode(digest(&SHA256, canonical.as_bytes()));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id, "use": "sig",
            "alg": "ES256" });
        Some(Self { pair, random, id, jwk })
    }

    /// The JWK set that others check our signatures with.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk] })
    }

    /// A signed JWT with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Problem> {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.pair.sign(&self.random, signed.as_bytes());
        let signature =
            signature.map_err(|_| Problem::fault("APP-061", "an ID token could not be signed"))?;
        Ok(format!("{signed}.{}", encode(signature)))
    }
}
