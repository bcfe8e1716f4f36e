//! Public keys as JWKs, and checking a signature with one.
//!
//! A key of one kind is never used with an algorithm of another: that is what "algorithm confusion"
//! would need. Standard: RFC 7517, RFC 7518 section 6, RFC 7638 (thumbprints)

use akson_base::limits::PROVIDER_KEYS_MAX;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use super::algorithm::{Algorithm, Curve, Family};

/// Members that only a private or a secret key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// RSA moduli, in bytes: 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: Option<String>,
    /// When the key says that it is for one algorithm only.
    algorithm: Option<String>,
    material: Material,
}

impl Key {
    /// Reads a public JWK that is for signatures. The error says what is wrong with it.
    pub(crate) fn of_jwk(jwk: &Value) -> Result<Self, &'static str> {
        let jwk = jwk.as_object().ok_or("a key is not a JSON object")?;
        if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
            return Err("a key that should be public has private members");
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            let decoded = text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
            decoded.ok_or("a member of a key is missing or not base64url")
        };
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return Err("a key is not for signatures");
        }
        let material = match text("kty") {
            Some("RSA") => {
                let modulus = without_leading_zeros(bytes("n")?);
                if !MODULUS_BYTES.contains(&modulus.len()) {
                    return Err("an RSA key has fewer than 2048 or more than 8192 bits");
                }
                Material::Rsa { modulus, exponent: without_leading_zeros(bytes("e")?) }
            }
            Some("EC") => {
                let curve = [Curve::P256, Curve::P384];
                let curve = curve.into_iter().find(|curve| Some(curve.name()) == text("crv"));
                let curve = curve.ok_or("an EC key is neither on P-256 nor on P-384")?;
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != curve.bytes() || y.len() != curve.bytes() {
                    return Err("a coordinate of an EC key does not have its curve's length");
                }
                Material::Ec { curve, point: [&[4][..], &x, &y].concat() }
            }
            Some(_) | None => return Err("a key is neither RSA nor EC"),
        };
        Ok(Self {
            id: text("kid").map(str::to_string),
            algorithm: text("alg").map(str::to_string),
            material,
        })
    }

    /// Whether the key is of the algorithm's kind, and not for another one.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match (&self.material, algorithm.family()) {
            (Material::Rsa { .. }, Family::Rsa(_)) => true,
            (Material::Ec { curve, .. }, Family::Ec(other, _)) => *curve == other,
            (Material::Rsa { .. }, Family::Ec(..)) | (Material::Ec { .. }, Family::Rsa(_)) => false,
        };
        kind && self.algorithm.as_deref().is_none_or(|own| own == algorithm.name())
    }

    /// Whether the signature is this key's over these bytes. A key that does not fit never is.
    pub(crate) fn signed(&self, algorithm: Algorithm, bytes: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match (&self.material, algorithm.family()) {
            (Material::Rsa { modulus, exponent }, Family::Rsa(parameters)) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }
                    .verify(parameters, bytes, signature)
                    .is_ok()
            }
            (Material::Ec { point, .. }, Family::Ec(_, parameters)) => {
                UnparsedPublicKey::new(parameters, point).verify(bytes, signature).is_ok()
            }
            (Material::Rsa { .. }, Family::Ec(..)) | (Material::Ec { .. }, Family::Rsa(_)) => false,
        }
    }

    /// SHA-256 of the key in its one form (RFC 7638).
    pub(crate) fn thumbprint(&self) -> [u8; 32] {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let canonical = match &self.material {
            Material::Rsa { modulus, exponent } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(exponent), text(modulus))
            }
            Material::Ec { curve, point } => {
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let (crv, x, y) = (curve.name(), text(x), text(y));
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        };
        sha256(canonical.as_bytes())
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// A provider's keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Key>,
    /// How many were left out because they cannot be used here.
    pub(crate) left_out: usize,
}

impl KeySet {
    /// Reads a JWK set. A key that cannot be used (another kind, encryption) is left out.
    pub(crate) fn of_json(json: &Value) -> Result<Self, &'static str> {
        let keys = json.get("keys").and_then(Value::as_array).ok_or("it has no array \"keys\"")?;
        if keys.len() > PROVIDER_KEYS_MAX {
            return Err("it has too many keys");
        }
        let usable: Vec<Key> = keys.iter().filter_map(|jwk| Key::of_jwk(jwk).ok()).collect();
        if usable.is_empty() {
            return Err("it has no RSA or EC key for signatures");
        }
        Ok(Self { left_out: keys.len() - usable.len(), keys: usable })
    }

    /// The key of this id, preferably one that fits the algorithm; for a token that names none, the only one that fits its algorithm.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        match id {
            Some(id) => {
                let mut named = self.keys.iter().filter(|key| key.id.as_deref() == Some(id));
                let fitting = named.clone().find(|key| key.fits(algorithm));
                fitting.or_else(|| named.next())
            }
            None => {
                let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
                fitting.next().filter(|_| fitting.next().is_none())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515 appendix A.2.
    const MODULUS: &str = concat!(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql",
        "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs",
        "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud",
        "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    );
    const SIGNED: &str = concat!(
        "eyJhbGciOiJSUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    );
    const SIGNATURE: &str = concat!(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG",
        "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K",
        "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6",
        "LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );

    #[test]
    fn the_published_rs256_signature_holds_and_only_it() {
        let key = Key::of_jwk(&json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" })).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        assert!(key.signed(Algorithm::Rs256, SIGNED.as_bytes(), &signature));
        assert!(!key.signed(Algorithm::Ps256, SIGNED.as_bytes(), &signature));
        assert!(!key.signed(Algorithm::Es256, SIGNED.as_bytes(), &signature));
        assert!(!key.signed(Algorithm::Rs256, &SIGNED.as_bytes()[1..], &signature));
        assert!(!key.signed(Algorithm::Rs256, SIGNED.as_bytes(), &signature[1..]));
    }

    #[test]
    fn the_published_thumbprint_is_found() {
        // RFC 7638 section 3.1.
        let jwk = json!({ "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n": concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWK",
            "RXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic",
            "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3",
            "XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        ) });
        let thumbprint = Key::of_jwk(&jwk).unwrap().thumbprint();
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(URL_SAFE_NO_PAD.encode(thumbprint), expected);
    }

    #[test]
    fn keys_that_may_not_be_used_are_refused_with_a_reason() {
        let short = URL_SAFE_NO_PAD.encode([0xff; 128]);
        let half = URL_SAFE_NO_PAD.encode([1; 31]);
        let whole = URL_SAFE_NO_PAD.encode([1; 32]);
        for (jwk, reason) in [
            (json!("x"), "not a JSON object"),
            (json!({ "kty": "oct", "k": "AAAA" }), "private members"),
            (json!({ "kty": "EC", "crv": "P-256", "x": whole, "y": whole, "d": "x" }), "private"),
            (json!({ "kty": "RSA", "n": short, "e": "AQAB" }), "2048"),
            (json!({ "kty": "RSA", "n": "a b", "e": "AQAB" }), "base64url"),
            (
                json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB", "use": "enc" }),
                "not for signatures",
            ),
            (json!({ "kty": "EC", "crv": "P-521", "x": whole, "y": whole }), "P-384"),
            (json!({ "kty": "EC", "crv": "P-256", "x": half, "y": whole }), "length"),
            (json!({ "kty": "OKP", "crv": "Ed25519", "x": whole }), "neither RSA nor EC"),
        ] {
            let error = Key::of_jwk(&jwk).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_point_off_the_curve_signs_nothing() {
        let one = URL_SAFE_NO_PAD.encode([1; 32]);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": one, "y": one });
        let key = Key::of_jwk(&jwk).unwrap();
        assert!(!key.signed(Algorithm::Es256, b"x", &[1; 64]));
    }

    #[test]
    fn a_token_that_names_no_key_gets_the_only_one_that_fits() {
        let rsa = json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": "a" });
        let pss = json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": "b", "alg": "PS256" });
        let set = KeySet::of_json(&json!({ "keys": [rsa, pss, { "kty": "oct" }] })).unwrap();
        assert_eq!(set.left_out, 1);
        let found = |id, algorithm| set.find(id, algorithm).and_then(|key| key.id.as_deref());
        assert_eq!(found(None, Algorithm::Rs256), Some("a"));
        assert_eq!(found(None, Algorithm::Ps256), None);
        assert_eq!(found(Some("b"), Algorithm::Rs256), Some("b"));
        assert_eq!(found(Some("c"), Algorithm::Ps256), None);
    }
}
