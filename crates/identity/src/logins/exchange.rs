//! What we ask a provider during a login: to keep our request (PAR), and for tokens by a code.
//!
//! We prove who we are with our own key, and that the tokens are ours with one made for the login.
//! Standard: RFC 9126 section 2, RFC 6749 section 4.1.3, RFC 7523 section 2.2, RFC 9449 sections 4, 5
//! and 8

use std::sync::{Mutex, PoisonError};

use akson_base::limits::ACCESS_TOKEN_BYTES_MAX;
use akson_base::{Kind, Problem};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::pending::Began;
use super::{Party, random};
use crate::SigningKey;
use crate::outbound::{Outbound, Reply, unreachable};
use crate::tokens::jws::quoted;

/// How long our proof of who we are holds, seconds: HelseID's advice.
const ASSERTION_SECONDS: i64 = 60;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a code was exchanged for. `Debug` tells nothing of it.
pub(crate) struct Given {
    pub(crate) id_token: String,
    pub(crate) access_token: String,
}

/// Asks one provider.
#[derive(Debug)]
pub(crate) struct Exchange {
    outbound: Outbound,
    /// The nonce that the provider wants in our next DPoP proof.
    nonce: Mutex<Option<String>>,
}

type Fields<'a> = Vec<(&'a str, &'a str)>;

impl Exchange {
    pub(crate) fn new(outbound: Outbound) -> Self {
        Self { outbound, nonce: Mutex::default() }
    }

    /// Leaves a request with the provider; answers the address to send the browser to.
    pub(crate) async fn push(
        &self,
        party: &Party,
        asked: &[(&str, &str)],
        now: i64,
    ) -> Result<String, Problem> {
        let metadata = party.provider.metadata().await?;
        let (Some(authorization), Some(push)) = (&metadata.authorization, &metadata.pushed_request)
        else {
            let lacks = "authorization_endpoint or pushed_authorization_request_endpoint";
            return Err(incapable(party, lacks));
        };
        let fields = asked.to_vec();
        let reply = self.post(party, push, fields, None, now).await?;
        let answer = object(&reply.body);
        let uri = answer.get("request_uri").and_then(Value::as_str);
        let (StatusCode::CREATED | StatusCode::OK, Some(uri)) = (reply.status, uri) else {
            let text = "The OpenID provider does not take our request to log in.";
            let log = format!("{push} answers {}{}", reply.status, error(&answer));
            return Err(Problem::new(Kind::Busy, "IDN-097", text).with_log(log));
        };
        let mut url =
            Url::parse(authorization).map_err(|_| incapable(party, "authorization_endpoint"))?;
        let id = &party.options.client_id;
        url.query_pairs_mut().append_pair("client_id", id).append_pair("request_uri", uri);
        Ok(url.into())
    }

    /// The tokens that a code stands for.
    pub(crate) async fn code(
        &self,
        party: &Party,
        code: &str,
        redirect_uri: &str,
        (began, dpop): (&Began, Option<&SigningKey>),
        now: i64,
    ) -> Result<Given, Problem> {
        let metadata = party.provider.metadata().await?;
        let Some(address) = &metadata.token else {
            return Err(incapable(party, "token_endpoint"));
        };
        let fields = || {
            vec![
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect_uri),
                ("code_verifier", began.verifier.as_str()),
            ]
        };
        let mut reply = self.post(party, address, fields(), dpop, now).await?;
        let mut answer = object(&reply.body);
        let wants_nonce = answer.get("error").and_then(Value::as_str) == Some("use_dpop_nonce");
        if dpop.is_some() && wants_nonce && self.has_nonce() {
            reply = self.post(party, address, fields(), dpop, now).await?;
            answer = object(&reply.body);
        }
        if reply.status.is_server_error() {
            return Err(unreachable(format!("{address} answers {}", reply.status)));
        }
        if reply.status != StatusCode::OK {
            let text = "The OpenID provider gives no tokens for the code of this login.";
            let log = format!("{address} answers {}{}", reply.status, error(&answer));
            return Err(Problem::new(Kind::Refused, "IDN-096", text).with_log(log));
        }
        given(&answer, dpop.is_some())
    }

    async fn post(
        &self,
        party: &Party,
        address: &str,
        mut fields: Fields<'_>,
        dpop: Option<&SigningKey>,
        now: i64,
    ) -> Result<Reply, Problem> {
        let assertion = assertion(party, now)?;
        fields.push(("client_id", &party.options.client_id));
        fields.push(("client_assertion_type", ASSERTION_TYPE));
        fields.push(("client_assertion", &assertion));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post(address)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "akson")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(key) = dpop {
            request = request.header("dpop", self.proof(key, address, now)?);
        }
        let request = request.body(Bytes::from(body));
        let request = request.map_err(|error| unreachable(format!("{address}: {error}")))?;
        let reply = self.outbound.send(request).await?;
        self.keep_nonce(&reply.headers);
        Ok(reply)
    }

    fn keep_nonce(&self, headers: &HeaderMap) {
        if let Some(nonce) = headers.get("dpop-nonce").and_then(|nonce| nonce.to_str().ok()) {
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.to_string());
        }
    }

    fn has_nonce(&self) -> bool {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// That the key is ours, for one request.
    fn proof(&self, key: &SigningKey, address: &str, now: i64) -> Result<String, Problem> {
        let mut header = Map::new();
        header.insert("typ".into(), "dpop+jwt".into());
        header.insert("jwk".into(), key.public_jwk().clone());
        let address = address.split(['?', '#']).next().unwrap_or_default();
        let mut claims = json!({ "htm": "POST", "htu": address, "iat": now, "jti": random()? });
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(nonce), Some(claims)) = (nonce, claims.as_object_mut()) {
            claims.insert("nonce".into(), nonce.into());
        }
        key.sign(header, &claims)
    }
}

/// That it is us who ask, for a minute.
fn assertion(party: &Party, now: i64) -> Result<String, Problem> {
    let mut header = Map::new();
    header.insert("typ".into(), "client-authentication+jwt".into());
    let id = &party.options.client_id;
    let claims = json!({
        "iss": id, "sub": id, "aud": party.provider.issuer(), "jti": random()?,
        "iat": now, "nbf": now, "exp": now + ASSERTION_SECONDS,
    });
    party.options.key.sign(header, &claims)
}

fn given(answer: &Value, is_dpop: bool) -> Result<Given, Problem> {
    let text = |name: &str| {
        let text = answer.get(name).and_then(Value::as_str);
        text.filter(|text| text.len() <= ACCESS_TOKEN_BYTES_MAX).map(str::to_string)
    };
    let wanted = if is_dpop { "DPoP" } else { "Bearer" };
    let is_wanted = text("token_type").is_some_and(|told| told.eq_ignore_ascii_case(wanted));
    match (text("id_token"), text("access_token"), is_wanted) {
        (Some(id_token), Some(access_token), true) => Ok(Given { id_token, access_token }),
        (Some(_) | None, Some(_) | None, _) => Err(Problem::new(
            Kind::Refused,
            "IDN-098",
            format!("The provider's answer lacks an ID token, an access token or {wanted}."),
        )),
    }
}

/// An answer's JSON object; empty for anything else.
fn object(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!({}))
}

/// The error that an answer names, for the log. What it says besides may be about a person.
fn error(answer: &Value) -> String {
    let error = answer.get("error").and_then(Value::as_str);
    error.map(|error| format!(", error {}", quoted(error))).unwrap_or_default()
}

fn incapable(party: &Party, lacks: &str) -> Problem {
    let text = "The OpenID provider does not offer what a login needs.";
    let log = format!("the metadata of {} lacks {lacks}", party.provider.issuer());
    Problem::new(Kind::Busy, "IDN-090", text).with_log(log)
}
