//! An issuer of access tokens on 127.0.0.1: real keys and signatures, with whatever claims a test
//! wants. What a certified provider and its clients do is in `cases/tokens.rs`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) struct Issuer {
    pub(crate) url: String,
    pair: EcdsaKeyPair,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    /// Serves its metadata and its key for as long as the test runs.
    pub(crate) fn start() -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let key = json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y),
            "kid": "first", "use": "sig", "alg": "ES256" });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") }).to_string();
        let keys = json!({ "keys": [key] }).to_string();
        std::thread::spawn(move || serve(&listener, &metadata, &keys));
        Self { url, pair }
    }

    /// The table of `akson.toml` that lets its tokens in.
    pub(crate) fn settings(&self) -> String {
        let url = &self.url;
        format!("[identity]\nissuer = \"{url}\"\naudience = \"nhn:akson\"\ndpop = \"accepted\"\n")
    }

    #[expect(clippy::disallowed_methods, reason = "the server that checks it reads the wall clock")]
    /// `Bearer …` of a client, with these further claims.
    pub(crate) fn bearer(&self, client: &str, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut payload = json!({ "iss": self.url, "aud": ["nhn:akson"], "exp": now + 600,
            "nbf": now, "iat": now, "jti": "j", "client_id": client, "scope": ["akson:fhir/api"] });
        for (name, value) in claims.as_object().unwrap() {
            payload[name] = value.clone();
        }
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "first" });
        let signed = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("Bearer {signed}.{}", encode(signature.as_ref()))
    }

    /// `Bearer …` of somebody at work, by national number, with these further claims.
    pub(crate) fn person(&self, client: &str, number: &str, claims: &Value) -> String {
        let mut all = json!({ "sub": "s", "helseid://claims/identity/pid": number,
            "helseid://claims/identity/security_level": "4" });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.bearer(client, &all)
    }
}

fn serve(listener: &TcpListener, metadata: &str, keys: &str) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let is_keys = head.first().is_some_and(|line| line.starts_with("GET /jwks "));
        let body = if is_keys { keys } else { metadata };
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    }
}
