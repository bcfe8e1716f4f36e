//! An issuer that serves metadata and keys on 127.0.0.1, signs what it is told to, and can be
//! changed and stopped; and a client's DPoP proofs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use akson_base::{FixedClock, Instant};
use akson_identity::tokens::{Algorithm, Asked, Identified, Options, Refusal, Tokens};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// When everything happens, seconds since 1970.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const AUDIENCE: &str = "nhn:akson";
pub(crate) const BASE: &str = "https://journal.example.no/fhir";

/// A P-256 key made for the test.
pub(crate) struct Signer {
    pub(crate) id: String,
    pair: EcdsaKeyPair,
}

impl Signer {
    pub(crate) fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        Self { id: id.into(), pair }
    }

    /// Without `kid`, as it stands in a proof.
    pub(crate) fn public(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
    }

    pub(crate) fn jwk(&self) -> Value {
        merged(self.public(), json!({ "kid": self.id, "use": "sig", "alg": "ES256" }))
    }

    pub(crate) fn thumbprint(&self) -> String {
        let jwk = self.public();
        let (x, y) = (jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap());
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        encode(digest(&SHA256, text.as_bytes()).as_ref())
    }

    /// A compact JWS of exactly this header and payload.
    pub(crate) fn sign(&self, header: &Value, payload: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `base` with the members of `more`; `null` takes a member away.
pub(crate) fn merged(mut base: Value, more: Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

#[derive(Default)]
struct Served {
    metadata: String,
    keys: String,
    /// How often the keys were asked for.
    asked: usize,
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) signer: Signer,
    pub(crate) clock: Arc<FixedClock>,
    served: Arc<Mutex<Served>>,
    serving: JoinHandle<()>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let signer = Signer::new("first");
        let served = Arc::new(Mutex::new(Served {
            metadata: json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") }).to_string(),
            keys: json!({ "keys": [signer.jwk()] }).to_string(),
            asked: 0,
        }));
        let serving = tokio::spawn(serve(listener, Arc::clone(&served)));
        let clock = Arc::new(FixedClock::at(Instant(NOW * 1000)));
        Self { url, signer, clock, served, serving }
    }

    pub(crate) fn serve_keys(&self, keys: &Value) {
        self.served.lock().unwrap().keys = keys.to_string();
    }

    pub(crate) fn serve_metadata(&self, metadata: &str) {
        self.served.lock().unwrap().metadata = metadata.into();
    }

    pub(crate) fn asked(&self) -> usize {
        self.served.lock().unwrap().asked
    }

    /// Nobody answers at its address any more.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            issuer: self.url.clone(),
            audience: AUDIENCE.into(),
            algorithms: Algorithm::ALL.to_vec(),
            skew_seconds: 10,
            is_dpop_required: false,
            is_nonce_required: false,
            proof_seconds_max: 60,
            security_level_min: 4,
            timeout: Duration::from_secs(2),
            authorities: None,
            keys_seconds_max: 600,
            keys_pause_seconds: 10,
        }
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.tokens_with(self.options())
    }

    pub(crate) fn tokens_with(&self, options: Options) -> Tokens {
        Tokens::new(options, Arc::clone(&self.clock) as _).unwrap()
    }

    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.url, "aud": [AUDIENCE], "exp": NOW + 600, "nbf": NOW, "iat": NOW,
            "jti": "j", "client_id": "elin", "scope": ["akson:fhir/api"],
        })
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": self.signer.id })
    }

    /// A token of a system with these claims changed.
    pub(crate) fn token(&self, more: Value) -> String {
        self.signer.sign(&self.header(), &merged(self.claims(), more))
    }

    /// A token with these members of its header changed.
    pub(crate) fn token_with_header(&self, more: Value) -> String {
        self.signer.sign(&merged(self.header(), more), &self.claims())
    }

    pub(crate) fn bound_token(&self, holder: &Signer) -> String {
        self.token(json!({ "cnf": { "jkt": holder.thumbprint() } }))
    }
}

async fn serve(listener: TcpListener, served: Arc<Mutex<Served>>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => request.push(byte),
                Err(_) => break,
            }
        }
        let body = {
            let mut served = served.lock().unwrap();
            if request.starts_with(b"GET /jwks ") {
                served.asked += 1;
                served.keys.clone()
            } else {
                served.metadata.clone()
            }
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    }
}

/// A proof for `GET BASE/Patient/1` with this token, its header and claims changed.
pub(crate) fn proof(holder: &Signer, token: &str, header: Value, claims: Value) -> String {
    let own = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": holder.public() });
    let ath = encode(digest(&SHA256, token.as_bytes()).as_ref());
    let told = json!({
        "htm": "GET", "htu": format!("{BASE}/Patient/1"), "iat": NOW, "jti": "p1", "ath": ath,
    });
    holder.sign(&merged(own, header), &merged(told, claims))
}

/// Asks for `GET BASE/Patient/1` with these headers.
pub(crate) async fn ask(
    tokens: &Tokens,
    shown: &[(&'static str, &str)],
) -> Result<Identified, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in shown {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let asked = Asked { headers: &headers, method: "GET", base: BASE, path: "/Patient/1" };
    tokens.identify(&asked).await.map_err(|refusal| *refusal)
}

pub(crate) async fn bearer(tokens: &Tokens, token: &str) -> Result<Identified, Refusal> {
    ask(tokens, &[("authorization", &format!("Bearer {token}"))]).await
}

pub(crate) async fn dpop(tokens: &Tokens, token: &str, proof: &str) -> Result<Identified, Refusal> {
    ask(tokens, &[("authorization", &format!("DPoP {token}")), ("dpop", proof)]).await
}

/// The code and the challenges of a refusal, after a look at what it must never hold.
pub(crate) fn told(refusal: &Refusal) -> (&'static str, Vec<String>) {
    let challenges = refusal.headers.get_all("www-authenticate").iter();
    let challenges: Vec<String> = challenges.map(|value| value.to_str().unwrap().into()).collect();
    for text in challenges.iter().chain([&refusal.problem.to_string()]) {
        assert!(!text.contains("eyJ"), "a token or a proof is told: {text}");
    }
    (refusal.problem.code, challenges)
}

/// That a request is refused with this code and this `error` of its challenge.
pub(crate) fn refused(outcome: Result<Identified, Refusal>, code: &str, error: &str) {
    let refusal = outcome.expect_err(code);
    let (found, challenges) = told(&refusal);
    assert_eq!(found, code, "{}", refusal.problem);
    let error = format!("error=\"{error}\"");
    assert!(challenges.iter().any(|challenge| challenge.contains(&error)), "{code} {challenges:?}");
}
