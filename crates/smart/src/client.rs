//! Which client asks at the token endpoint: by an assertion signed with its key, or, of a client that
//! has no key, by its bare `client_id`.
//!
//! Standard: RFC 7523 section 2.2, SMART App Launch 2.2 "Client authentication: asymmetric"

use std::sync::Arc;

use akson_base::Instant;
use akson_identity::clients::{check_assertion, client_of};
use akson_store::kept::Change;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::app::{App, AppKeys, is_client_id};
use crate::denied::Denied;
use crate::grant::assertion_at;
use crate::parameters::Parameters;
use crate::server::AuthorisationServer;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl AuthorisationServer {
    /// The client of a request, proved as far as its registration asks.
    pub(crate) async fn client(
        &self,
        parameters: &Parameters,
        headers: &HeaderMap,
    ) -> Result<Arc<App>, Denied> {
        let shows_basic = headers.get(AUTHORIZATION).is_some_and(|value| {
            value.as_bytes().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"basic "))
        });
        if shows_basic || parameters.get("client_secret").is_some() {
            let text =
                "No client has a secret here: use private_key_jwt, or none for a public one.";
            return Err(Denied::invalid_client("APP-020", text));
        }
        let named = parameters.get("client_id");
        let Some(assertion) = parameters.get("client_assertion") else {
            let app = self.client_named(named.unwrap_or_default())?;
            return match app.keys {
                AppKeys::None => Ok(app),
                AppKeys::Inline(_) | AppKeys::Address(_) => {
                    let text = "This client has keys, and must send a client_assertion.";
                    Err(Denied::invalid_client("APP-021", text))
                }
            };
        };
        if parameters.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            let text = format!("The client_assertion_type must be {ASSERTION_TYPE}.");
            return Err(Denied::invalid_client("APP-022", text));
        }
        let claimed = client_of(assertion).unwrap_or_default();
        if named.is_some_and(|named| named != claimed) {
            let text = "The client_id is another than the assertion's.";
            return Err(Denied::invalid_client("APP-022", text));
        }
        let app = self.client_named(&claimed)?;
        self.asserted(&app, assertion).await?;
        Ok(app)
    }

    fn client_named(&self, name: &str) -> Result<Arc<App>, Denied> {
        let found = if is_client_id(name) { self.app(name)? } else { None };
        found.filter(|app| app.is_on(self.clock.now())).ok_or_else(|| {
            let text = "No client of this client_id is registered here and switched on.";
            Denied::invalid_client("APP-023", text)
        })
    }

    async fn asserted(&self, app: &App, assertion: &str) -> Result<(), Denied> {
        let wrong =
            |why: &str| Denied::invalid_client("APP-024", format!("The client assertion {why}."));
        let audiences = [self.options.token_endpoint(), self.options.root.clone()];
        let audiences = audiences.each_ref().map(String::as_str);
        let times = (self.seconds(), i64::from(self.options.skew_seconds));
        let check = |keys| check_assertion(assertion, &app.client_id, keys, &audiences, times);
        let asserted = match &app.keys {
            AppKeys::None => return Err(wrong("is of a client without keys")),
            AppKeys::Inline(keys) => check(keys),
            AppKeys::Address(address) => {
                let now = self.clock.now();
                match check(&self.key_sets.of(address, false, now).await?) {
                    Ok(asserted) => Ok(asserted),
                    // The client may have new keys.
                    Err(_) => check(&self.key_sets.of(address, true, now).await?),
                }
            }
        };
        let asserted = asserted.map_err(|why| wrong(&why))?;
        // Durable, so that not even a restart lets it come again.
        let until = Instant(asserted.until.saturating_mul(1000));
        let first = Change::New(assertion_at(asserted.jti), until, Vec::new());
        if !self.commit(vec![first]).await? {
            let text = "The client assertion was used before (jti). Make one for each request.";
            return Err(Denied::invalid_client("APP-025", text));
        }
        Ok(())
    }
}
