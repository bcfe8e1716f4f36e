//! Wiring of our own authorisation server: with which names, key and logins it works.

use std::net::SocketAddr;
use std::sync::Arc;

use akson_api::Authenticator;
use akson_identity::sessions::Sessions;
use akson_smart::AuthorisationServer;
use akson_store::kept::Keeping;

use crate::app_callers::AppCallers;
use crate::config::Settings;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::wiring::House;

/// The authorisation server that the settings ask for, if they do. `sessions` are the logins of the
/// pages.
pub(crate) fn open(
    settings: &Settings,
    listen: SocketAddr,
    (house, kept): (&House, &Arc<dyn Keeping>),
    sessions: Option<&Arc<Sessions>>,
) -> Result<Option<Arc<AuthorisationServer>>, Failure> {
    let Some(apps) = &settings.apps else { return Ok(None) };
    let options = match &settings.base_url {
        Some(base) => apps.options(base, &[]),
        // Only on loopback, where the same place has two names.
        None => apps.options(
            &format!("http://{listen}/fhir"),
            &[format!("http://localhost:{}/fhir", listen.port())],
        ),
    }?;
    let server = AuthorisationServer::new(
        options,
        (Arc::clone(&house.record), Arc::clone(kept)),
        sessions.cloned(),
        (apps.key(settings.place())?, apps.outbound()?),
        Arc::clone(&house.clock),
    )?;
    Ok(Some(Arc::new(server)))
}

/// What takes access tokens: ours too, when there is an authorisation server.
pub(crate) fn tokens(
    server: Option<&Arc<AuthorisationServer>>,
    limits: &Arc<Limits>,
    others: Option<Arc<dyn Authenticator>>,
) -> Option<Arc<dyn Authenticator>> {
    match server {
        None => others,
        Some(server) => {
            let callers = AppCallers::new(Arc::clone(server), Arc::clone(limits), others);
            Some(Arc::new(callers))
        }
    }
}
