//! Which page somebody begins at: one kind of home for each kind of work.
//!
//! A home is *my work now*: what is drawn there is each home's own file. Not here: what the top bar
//! offers (`pages::menu`), who may see what (`access`, asked by `record`).

use std::collections::HashMap;

use akson_access::Role;
use akson_access::decide::may_review_log;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::pages::search_page;
use crate::people::keeps_registers;
use crate::routes::wants_fragment;
use crate::sight::Reader;
use crate::who::Who;
use crate::{citizens_home, people, privacy, response, round, workday};

/// A kind of home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// The search box alone: nobody in particular (`--open`), and roles without work of their own
    /// here.
    Search,
    /// The cases of the log.
    Privacy,
    /// People and roles.
    Registers,
    /// A citizen's own pages.
    Citizen,
    /// Agenda, inbox, results and tasks of those who work with patients at a desk.
    Workday,
}

impl Home {
    /// The home of whoever reads.
    pub(crate) fn of(who: &Who) -> Self {
        match who.actor.role() {
            _ if may_review_log(&who.actor) => Self::Privacy,
            _ if keeps_registers(who) => Self::Registers,
            Some(Role::Citizen) => Self::Citizen,
            Some(
                Role::Doctor
                | Role::Nurse
                | Role::HealthStationNurse
                | Role::HealthcareWorker
                | Role::Therapist
                | Role::CaseWorker
                | Role::Receptionist,
            ) => Self::Workday,
            Some(Role::PrivacyOfficer | Role::Administrator | Role::System) | None => Self::Search,
        }
    }
}

/// `GET /`
pub(crate) async fn start(
    reader: Reader,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    match Home::of(&reader.who) {
        Home::Privacy => privacy::list(reader).await,
        Home::Registers => people::home(reader).await,
        // Whoever has a ward begins at its round; what else waits is at `/min-dag`.
        Home::Workday if asked.is_empty() && round::gives(&reader) && !wants_fragment(&headers) => {
            match round::home(&reader).await {
                Some(page) => page,
                None => workday::home(reader, &asked, &headers).await,
            }
        }
        Home::Workday => workday::home(reader, &asked, &headers).await,
        Home::Citizen => citizens_home::show(reader).await,
        Home::Search => response::html(search_page::start(&reader.who, "", None)),
    }
}

/// `GET /min-dag`: agenda, inbox and tasks, for those who begin elsewhere.
pub(crate) async fn workday(
    reader: Reader,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    match Home::of(&reader.who) {
        Home::Workday => workday::home(reader, &asked, &headers).await,
        Home::Privacy | Home::Registers | Home::Citizen | Home::Search => response::to("/"),
    }
}
