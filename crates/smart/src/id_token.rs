//! The ID token: who let the app in, signed by us.
//!
//! `sub` is another one for each app: apps cannot compare whom they know. `fhirUser` is the person's
//! resource here, when the app may know it.
//! Standard: OpenID Connect Core 1.0 section 2, SMART App Launch 2.2 section 3.2 (fhirUser)

use akson_base::Problem;
use akson_identity::clients::digest;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use crate::grant::Grant;
use crate::server::AuthorisationServer;

impl AuthorisationServer {
    /// The ID token of a grant, if it has one. `now` in seconds since 1970.
    pub(crate) fn id_token(
        &self,
        grant: &Grant,
        nonce: Option<&str>,
        now: i64,
    ) -> Result<Option<String>, Problem> {
        let Some(subject) = self.subject(grant).filter(|_| grant.has("openid")) else {
            return Ok(None);
        };
        let mut claims = json!({
            "iss": self.options.root,
            "sub": subject,
            "aud": grant.client,
            "iat": now,
            "exp": now + i64::from(self.options.access_token_seconds),
        });
        if let Some(claims) = claims.as_object_mut() {
            if let Some(nonce) = nonce {
                claims.insert("nonce".into(), json!(nonce));
            }
            if let Some(user) = self.fhir_user(grant) {
                claims.insert("fhirUser".into(), json!(user));
            }
        }
        self.key.sign(&claims).map(Some)
    }

    /// What the app knows the person by.
    pub(crate) fn subject(&self, grant: &Grant) -> Option<String> {
        let person = grant.person.as_ref()?;
        let name = format!("sub\n{}\n{}\n{}", self.options.root, grant.client, person.actor);
        Some(BASE64_URL_SAFE_NO_PAD.encode(digest(&name)))
    }

    /// The person's resource, when the app may know it.
    pub(crate) fn fhir_user(&self, grant: &Grant) -> Option<String> {
        let person = grant.person.as_ref().filter(|_| grant.has("fhirUser"))?;
        Some(format!("{}/{}", self.options.base, person.actor))
    }
}
