//! Introspection: whether a token is good, and what it is good for. Told to the client that it was
//! given to, and to nobody else.
//!
//! Standard: RFC 7662, SMART App Launch 2.2 "Token Introspection"

use akson_identity::clients::{digest, shown_token};
use akson_identity::tokens::Asked;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::denied::Denied;
use crate::grant::{Grant, Refresh, decode, grant_at, refresh_at};
use crate::parameters::Parameters;
use crate::server::AuthorisationServer;

impl AuthorisationServer {
    /// Answers a request to the introspection endpoint: by a client that proves who it is, or that
    /// shows an access token of its own.
    pub async fn introspect(
        &self,
        parameters: &Parameters,
        asked: &Asked<'_>,
    ) -> Result<Value, Denied> {
        let client = match shown_token(asked.headers) {
            Some(shown) => {
                let found = self.find(digest(shown.token))?;
                let found = found.ok_or_else(|| {
                    let text = "The access token of the request is not known, or it is over.";
                    Denied::invalid_client("APP-028", text)
                })?;
                let key = found.grant.key.as_ref();
                let held = self.possession.at_use(shown, key, asked).await;
                held.map_err(|refusal| {
                    Denied::invalid_client("APP-028", refusal.problem.for_caller.clone())
                })?;
                found.grant.client
            }
            None => self.client(parameters, asked.headers).await?.client_id.clone(),
        };
        let token = digest(parameters.need("token")?);
        let inactive = json!({ "active": false });
        if let Some(found) = self.find(token)?.filter(|found| found.grant.client == client) {
            if self.holds(&found.grant).await?.is_err() {
                return Ok(inactive);
            }
            let mut told = self.told(&found.grant, found.scopes());
            if let Some(told) = told.as_object_mut() {
                let kind = if found.grant.key.is_some() { "DPoP" } else { "Bearer" };
                told.insert("token_type".into(), json!(kind));
                told.insert("exp".into(), json!(found.until.0.div_euclid(1000)));
                told.insert("iat".into(), json!(found.access.issued));
            }
            return Ok(told);
        }
        let Some(entry) = self.kept.get(refresh_at(token))? else { return Ok(inactive) };
        let refresh: Refresh = decode(&entry.content)?;
        let Some(kept) = self.kept.get(grant_at(refresh.grant))? else { return Ok(inactive) };
        let grant: Grant = decode(&kept.content)?;
        if refresh.is_used || grant.client != client || self.holds(&grant).await?.is_err() {
            return Ok(inactive);
        }
        Ok(self.told(&grant, &grant.scopes))
    }

    fn told(&self, grant: &Grant, scopes: &[String]) -> Value {
        let mut told = json!({
            "active": true,
            "client_id": grant.client,
            "scope": scopes.join(" "),
            "iss": self.options.root,
            "aud": self.options.base,
        });
        let mut add = |name: &str, value: Option<Value>| {
            if let (Some(told), Some(value)) = (told.as_object_mut(), value) {
                told.insert(name.into(), value);
            }
        };
        add("sub", self.subject(grant).map(Value::from));
        add("patient", grant.patient.clone().map(Value::from));
        add("fhirUser", self.fhir_user(grant).map(Value::from));
        let key = grant.key.map(|key| json!({ "jkt": BASE64_URL_SAFE_NO_PAD.encode(key) }));
        add("cnf", key);
        told
    }
}
