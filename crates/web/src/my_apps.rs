//! What a citizen has let apps do: `/mine-apper`, and taking it back.
//!
//! What was allowed is a Consent in the patient's journal; taken back, it is inactive, and every token
//! that stands on it is nothing from that moment.
//! Not here: allowing (`authorise`), HTML (`pages::my_apps_page`).

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_smart::consent::AppConsent;
use akson_smart::discovery::MANAGE;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};

use crate::chart::Person;
use crate::dates::Moment;
use crate::pages::my_apps_page;
use crate::response::{self, to};
use crate::sight::{Desk, Reader};

/// An app that was let in for somebody.
pub(crate) struct Allowed {
    pub consent: AppConsent,
    pub patient: String,
    pub since: Option<Moment>,
    /// When it was last given a token.
    pub used: Option<Moment>,
}

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route(MANAGE, get(show)).route("/mine-apper/{consent}/trekk", post(withdraw))
}

async fn show(reader: Reader) -> Response {
    let allowed = reader.allowed_apps().await;
    let page = |all: Vec<Allowed>| my_apps_page::allowed(&all, &reader.who, reader.today());
    response::drawn(allowed.map(page), &reader.who)
}

async fn withdraw(reader: Reader, Path(consent): Path<String>) -> Response {
    match reader.end_app_consent(&consent).await {
        Ok(()) => to(MANAGE),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

impl Reader {
    /// The apps that may see something of the journals that a citizen decides on.
    async fn allowed_apps(&self) -> Result<Vec<Allowed>, Problem> {
        let journals = self.acted_for().await?;
        if journals.is_empty() {
            let text = "Only citizens have let apps in for a journal.";
            return Err(Problem::new(Kind::Refused, "WEB-071", text));
        }
        let mut all = Vec::new();
        for journal in journals.iter().filter(|journal| journal.standing.may_wish) {
            let person: &Person = &journal.person;
            for consent in self.app_consents(&person.id).await? {
                if !consent.is_active {
                    continue;
                }
                let used = self.apps().map_or(Ok(None), |apps| apps.last_used(&consent.id))?;
                all.push(Allowed {
                    since: Moment::parse(&consent.since),
                    used: used.map(Moment::from_instant),
                    patient: person.name_or_unknown().to_string(),
                    consent,
                });
            }
        }
        Ok(all)
    }
}
