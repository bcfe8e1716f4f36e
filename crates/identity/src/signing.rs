//! Our own private key: signing JWTs that prove who we are to others.
//!
//! Read from a file (a private JWK, or PKCS#8 in PEM), or made for one login (DPoP). Never shown.
//! Not here: checking others' signatures (`tokens::jws`).
//! Standard: RFC 7515, RFC 7517, RFC 7518

use akson_base::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Map, Value, json};

use crate::tokens::Algorithm;
use crate::tokens::key::Key;

/// A private key and what it signs with. `Debug` tells neither key nor id.
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    id: Option<String>,
    /// The public half as a JWK with nothing but what the key is.
    public: Value,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl SigningKey {
    /// Reads a key: a private JWK, or PKCS#8 in PEM. `id` and `algorithm` go before what a JWK says;
    /// without either, RSA signs PS256 and a curve its own. The error says what is wrong, and
    /// nothing of the key.
    pub fn read(
        file: &[u8],
        id: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, &'static str> {
        let jwk = serde_json::from_slice::<Map<String, Value>>(file).ok();
        let (pair, told) = match &jwk {
            Some(jwk) => (of_jwk(jwk)?, jwk.get("alg").and_then(Value::as_str)),
            None => (of_pem(file)?, None),
        };
        let told = match told {
            Some(name) => Some(Algorithm::of_name(name).ok_or("its alg is not one that is used")?),
            None => None,
        };
        let (pair, own) = pair;
        let algorithm = algorithm.or(told).unwrap_or(own);
        let of_jwk = jwk.as_ref().and_then(|jwk| jwk.get("kid")).and_then(Value::as_str);
        let id = id.or(of_jwk).map(str::to_string);
        let public = pair.public(own);
        // Our own checks of others' keys hold for ours: kind, curve, length.
        if !Key::of_jwk(&public)?.fits(algorithm) {
            return Err("the key is not of the algorithm's kind");
        }
        Ok(Self { pair, algorithm, id, public })
    }

    /// A new key on P-256, without an id.
    pub fn generate() -> Result<Self, Problem> {
        Self::of_pkcs8(&Self::new_document()?).ok_or_else(no_randomness)
    }

    /// A new key on P-256 as PKCS#8 (DER).
    pub fn new_document() -> Result<Vec<u8>, Problem> {
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &SystemRandom::new());
        Ok(document.map_err(|_| no_randomness())?.as_ref().to_vec())
    }

    /// The key of a PKCS#8 document (DER), without an id; `None` when it is not one on P-256.
    pub fn of_pkcs8(document: &[u8]) -> Option<Self> {
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(kind, document, &SystemRandom::new()).ok()?;
        let (pair, algorithm) = (Pair::Ec(pair), Algorithm::Es256);
        Some(Self { public: pair.public(algorithm), pair, algorithm, id: None })
    }

    /// The same key, known by its thumbprint.
    #[must_use]
    pub fn named_by_thumbprint(self) -> Self {
        Self { id: Some(self.thumbprint()), ..self }
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its id (`kid`), if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The public half as a JWK: `kty` and its numbers.
    pub fn public_jwk(&self) -> &Value {
        &self.public
    }

    /// SHA-256 of the public half in its one form (RFC 7638), base64url.
    pub fn thumbprint(&self) -> String {
        let key = Key::of_jwk(&self.public);
        key.map_or_else(|_| String::new(), |key| URL_SAFE_NO_PAD.encode(key.thumbprint()))
    }

    /// A compact JWS of these claims. `header` brings what `alg` and `kid`, which are ours, do not
    /// say.
    pub fn sign(&self, mut header: Map<String, Value>, claims: &Value) -> Result<String, Problem> {
        header.insert("alg".into(), self.algorithm.name().into());
        if let Some(id) = &self.id {
            header.insert("kid".into(), id.as_str().into());
        }
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let header = encode(Value::Object(header).to_string().as_bytes());
        let signed = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let signature = self.signature(signed.as_bytes());
        let signature = signature.ok_or_else(|| {
            Problem::fault("IDN-108", "our own key did not sign; is it whole?".to_string())
        })?;
        Ok(format!("{signed}.{}", encode(&signature)))
    }

    fn signature(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => Some(pair.sign(&random, bytes).ok()?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match self.algorithm {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    Algorithm::Ps384 => &RSA_PSS_SHA384,
                    Algorithm::Ps512 => &RSA_PSS_SHA512,
                    Algorithm::Rs256 => &RSA_PKCS1_SHA256,
                    Algorithm::Rs384 => &RSA_PKCS1_SHA384,
                    Algorithm::Es256 | Algorithm::Es384 => return None,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &random, bytes, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

fn no_randomness() -> Problem {
    Problem::fault("IDN-063", "the operating system gives no randomness")
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey({})", self.algorithm.name())
    }
}

impl Pair {
    /// The public half. `algorithm` tells the curve.
    fn public(&self, algorithm: Algorithm) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let curve = if algorithm == Algorithm::Es384 { "P-384" } else { "P-256" };
                json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
            }
            Self::Rsa(pair) => {
                let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({ "kty": "RSA", "n": encode(&public.n), "e": encode(&public.e) })
            }
        }
    }
}

/// The curves' names and how they sign.
const CURVES: [(&str, &EcdsaSigningAlgorithm, Algorithm); 2] = [
    ("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::Es256),
    ("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::Es384),
];

const UNUSABLE: &str = "the key cannot be used: RSA of 2048 bits or more, P-256 or P-384";

fn of_jwk(jwk: &Map<String, Value>) -> Result<(Pair, Algorithm), &'static str> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
    let bytes = |name: &str| {
        let decoded = URL_SAFE_NO_PAD.decode(text(name)).ok().filter(|bytes| !bytes.is_empty());
        decoded.ok_or("a member of the private JWK is missing or not base64url")
    };
    match text("kty") {
        "EC" => {
            let curve = CURVES.into_iter().find(|(name, ..)| *name == text("crv"));
            let (_, kind, algorithm) = curve.ok_or(UNUSABLE)?;
            let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
            let random = SystemRandom::new();
            let pair =
                EcdsaKeyPair::from_private_key_and_public_key(kind, &bytes("d")?, &point, &random);
            Ok((Pair::Ec(pair.map_err(|_| UNUSABLE)?), algorithm))
        }
        "RSA" => {
            let components = KeyPairComponents {
                public_key: PublicKeyComponents { n: bytes("n")?, e: bytes("e")? },
                d: bytes("d")?,
                p: bytes("p")?,
                q: bytes("q")?,
                dP: bytes("dp")?,
                dQ: bytes("dq")?,
                qInv: bytes("qi")?,
            };
            let pair = RsaKeyPair::from_components(&components).map_err(|_| UNUSABLE)?;
            Ok((Pair::Rsa(pair), Algorithm::Ps256))
        }
        _ => Err(UNUSABLE),
    }
}

fn of_pem(file: &[u8]) -> Result<(Pair, Algorithm), &'static str> {
    let Ok(key) = PrivateKeyDer::from_pem_slice(file) else {
        return Err("it is neither a private JWK nor a private key in PEM");
    };
    let PrivateKeyDer::Pkcs8(key) = key else {
        return Err("the PEM is not PKCS#8 (-----BEGIN PRIVATE KEY-----)");
    };
    let (der, random) = (key.secret_pkcs8_der(), SystemRandom::new());
    for (_, kind, algorithm) in CURVES {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(kind, der, &random) {
            return Ok((Pair::Ec(pair), algorithm));
        }
    }
    let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| UNUSABLE)?;
    Ok((Pair::Rsa(pair), Algorithm::Ps256))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::jws::Jws;

    fn holds(key: &SigningKey) {
        let header = json!({ "typ": "JWT" }).as_object().unwrap().clone();
        let text = key.sign(header, &json!({ "a": 1 })).unwrap();
        let jws = Jws::parse(&text, 4096).unwrap();
        assert_eq!(jws.header.alg, key.algorithm().name());
        assert!(jws.signed_by(&Key::of_jwk(key.public_jwk()).unwrap(), key.algorithm()));
    }

    fn made(curve: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
        let document = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).unwrap();
        document.as_ref().to_vec()
    }

    fn pem(der: &[u8]) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn keys_of_pem_and_made_ones_sign_what_their_public_half_checks() {
        holds(&SigningKey::generate().unwrap());
        for (_, curve, algorithm) in CURVES {
            let key = SigningKey::read(pem(&made(curve)).as_bytes(), Some("k"), None).unwrap();
            assert_eq!((key.algorithm(), key.id()), (algorithm, Some("k")));
            holds(&key);
            assert_eq!(format!("{key:?}"), format!("SigningKey({})", algorithm.name()));
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_reason() {
        let p256 = pem(&made(CURVES[0].1));
        for (file, algorithm, reason) in [
            (p256.as_str(), Some(Algorithm::Ps256), "kind"),
            ("rubbish", None, "neither"),
            (r#"{"kty":"oct","k":"AAAA"}"#, None, "cannot be used"),
            (r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, None, "missing"),
            (r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}"#, None, "cannot be used"),
        ] {
            let error = SigningKey::read(file.as_bytes(), None, algorithm).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
