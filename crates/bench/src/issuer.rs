//! An issuer of access tokens on loopback, and the key of a client that makes proofs with them.
//!
//! For the load `tokens`: real keys, signatures and addresses, as the server checks them. Proofs are
//! made before the load, so that signing them is not measured.
//! Standard: RFC 9068 (access tokens), RFC 9449 (DPoP)

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use akson_base::Clock;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::wall_clock::WallClock;

/// What the server must find in `aud`.
pub(crate) const AUDIENCE: &str = "nhn:akson";
/// Seconds that a token lives; longer than any load.
const TOKEN_SECONDS: i64 = 3_600;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn add(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.into(), value);
    }
}

fn now() -> i64 {
    WallClock.now().0.div_euclid(1_000)
}

/// A P-256 key that signs JWTs.
struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// The public half.
    jwk: Value,
}

impl Key {
    fn new() -> Result<Self, String> {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).map_err(|e| e.to_string())?;
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random);
        let pair = pair.map_err(|error| error.to_string())?;
        // 4, then both coordinates of 32 bytes (SEC 1, 2.3.3).
        let point = pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        let jwk = json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) });
        Ok(Self { pair, random, jwk })
    }

    /// RFC 7638, section 3: the members in the order of their names, no spaces.
    fn thumbprint(&self) -> String {
        encode(digest::digest(&digest::SHA256, self.jwk.to_string().as_bytes()))
    }

    fn sign(&self, header: &Value, claims: &Value) -> Result<String, String> {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.pair.sign(&self.random, signed.as_bytes());
        let signature = signature.map_err(|error| error.to_string())?;
        Ok(format!("{signed}.{}", encode(signature.as_ref())))
    }
}

/// Issues tokens for as long as the process lives.
pub(crate) struct Issuer {
    /// Its address, as tokens say it.
    pub(crate) url: String,
    key: Key,
}

impl Issuer {
    /// Serves its metadata and its key on a free port.
    pub(crate) fn start() -> Result<Self, String> {
        let key = Key::new()?;
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let own = listener.local_addr().map_err(|error| error.to_string())?;
        let url = format!("http://{own}");
        let mut public = key.jwk.clone();
        for (name, value) in [("kid", "first"), ("use", "sig"), ("alg", "ES256")] {
            add(&mut public, name, value.into());
        }
        let metadata = json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") }).to_string();
        let keys = json!({ "keys": [public] }).to_string();
        std::thread::spawn(move || serve(&listener, &metadata, &keys));
        Ok(Self { url, key })
    }

    /// An access token of a system at an organisation, bound to a client's key when there is one.
    pub(crate) fn token(
        &self,
        organisation: &str,
        bound: Option<&Client>,
    ) -> Result<String, String> {
        let mut claims = json!({
            "iss": self.url, "aud": AUDIENCE, "client_id": "bench", "jti": "bench",
            "iat": now(), "exp": now() + TOKEN_SECONDS, "scope": "akson:fhir/api",
            "helseid://claims/client/claims/orgnr_parent": organisation,
        });
        if let Some(client) = bound {
            add(&mut claims, "cnf", json!({ "jkt": client.0.thumbprint() }));
        }
        self.key.sign(&json!({ "alg": "ES256", "typ": "at+jwt", "kid": "first" }), &claims)
    }
}

/// A client with a key of its own.
pub(crate) struct Client(Key);

impl Client {
    pub(crate) fn new() -> Result<Self, String> {
        Key::new().map(Self)
    }

    /// A proof for one `GET` of an address with a token.
    pub(crate) fn proof(
        &self,
        address: &str,
        token: &str,
        nonce: Option<&str>,
        serial: usize,
    ) -> Result<String, String> {
        let mut claims = json!({
            "htm": "GET", "htu": address, "iat": now(), "jti": format!("bench-{serial}"),
            "ath": encode(digest::digest(&digest::SHA256, token.as_bytes())),
        });
        if let Some(nonce) = nonce {
            add(&mut claims, "nonce", nonce.into());
        }
        let header = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": self.0.jwk });
        self.0.sign(&header, &claims)
    }
}

fn serve(listener: &TcpListener, metadata: &str, keys: &str) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let is_keys = head.first().is_some_and(|line| line.starts_with("GET /jwks "));
        let body = if is_keys { keys } else { metadata };
        let head = format!("content-length: {}\r\nconnection: close", body.len());
        // Whoever asked and is gone needs no answer.
        drop(write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}"));
    }
}
