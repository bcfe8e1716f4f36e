//! Apps that are opened from a patient's chart: `/pasient/{id}/apper/{app}`.
//!
//! The link makes a launch for this login, and leads to the app's own address; the app then asks to be
//! let in, as every app does.
//! Not here: letting it in (`authorise`), which apps there are (`smart`).
//! Standard: SMART App Launch 2.2 section 2.0.4 (EHR launch)

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_smart::App;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;

use crate::door::Guard;
use crate::login::Choosing;
use crate::opening;
use crate::response;
use crate::sight::Reader;

/// The address that opens an app for a patient.
pub(crate) fn launch_at(patient: &str, app: &App) -> String {
    format!("/pasient/{patient}/apper/{}", app.id)
}

impl Reader {
    /// The apps that can be opened from a chart; none where there is no authorisation server.
    pub(crate) fn launchable(&self) -> Result<Arc<[Arc<App>]>, Problem> {
        self.apps().map_or_else(|| Ok(Arc::default()), |apps| apps.launchable())
    }
}

/// Opens an app for a patient whose journal is open to the reader.
pub(crate) async fn launch(
    reader: Reader,
    Extension(guard): Extension<Arc<Guard>>,
    Extension(choosing): Extension<Choosing>,
    Path((id, app)): Path<(String, String)>,
) -> Response {
    if let Err(answer) = opening::opened(&reader, &id, false).await {
        return *answer;
    }
    let launched = async {
        let gone = || {
            Problem::new(Kind::NotFound, "WEB-070", "There is no such app to open from a chart.")
        };
        let apps = reader.apps().ok_or_else(gone)?;
        let all = apps.launchable()?;
        let known = all.iter().find(|known| known.id == app).ok_or_else(gone)?;
        // The list is some seconds old.
        let app = apps.app(&known.client_id)?.filter(|app| app.id == known.id);
        let app = app.filter(|app| app.is_on(reader.now()) && app.launches()).ok_or_else(gone)?;
        let (_, login) = guard.sessions.proved(&choosing.ticket)?.ok_or_else(gone)?;
        apps.launch(&app, &id, login).await
    };
    match launched.await {
        Ok(address) => response::to(&address),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}
