//! Revocation: an app gives back a token. A refresh token takes all that was given with it along.
//!
//! Standard: RFC 7009

use akson_identity::clients::digest;
use akson_store::kept::Change;
use http::HeaderMap;

use crate::denied::Denied;
use crate::grant::{Grant, Refresh, access_at, decode, grant_at, refresh_at};
use crate::parameters::Parameters;
use crate::server::AuthorisationServer;

impl AuthorisationServer {
    /// Answers a request to the revocation endpoint. A token that is not known, or another client's,
    /// is left alone, and the answer is the same.
    pub async fn revoke(&self, parameters: &Parameters, headers: &HeaderMap) -> Result<(), Denied> {
        let app = self.client(parameters, headers).await?;
        let token = digest(parameters.need("token")?);
        if let Some(found) = self.find(token)? {
            if found.grant.client == app.client_id {
                self.commit(vec![Change::Remove(access_at(token))]).await?;
            }
            return Ok(());
        }
        let Some(entry) = self.kept.get(refresh_at(token))? else { return Ok(()) };
        let refresh: Refresh = decode(&entry.content)?;
        let Some(kept) = self.kept.get(grant_at(refresh.grant))? else { return Ok(()) };
        let grant: Grant = decode(&kept.content)?;
        if grant.client == app.client_id {
            self.end(refresh.grant).await?;
        }
        Ok(())
    }
}
