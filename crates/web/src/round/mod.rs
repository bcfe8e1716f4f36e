//! The round in a nursing home: `/runde`, and what is said of each dose.
//!
//! The round list is the home of those who give medicines in a ward. Every dose is one
//! MedicationAdministration through the record; two who click at once make one of it.
//! Here: addresses and what is shown after each. Not here: writing (`giving`, `correcting`), reading
//! (`read`), what is due (`dose`, `timing`), HTML (`pages::round_page`).

mod administration;
mod controlled;
mod correcting;
mod dose;
mod giving;
mod handover;
mod measuring;
mod news2;
mod place;
mod read;
mod slot;
mod timing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use akson_access::Role;
use akson_base::Problem;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;

pub(crate) use administration::{Administration, Outcome, stamp};
pub(crate) use correcting::{Correction, UNDO_SECONDS};
pub(crate) use dose::{Kind, Needed, Row, State};
pub(crate) use giving::{Dose, REASONS, own_witness};
pub(crate) use handover::{Handover, Line as HandoverLine, Told, Topic as HandoverTopic, called};
pub(crate) use measuring::Form as MeasuringForm;
pub(crate) use news2::{Consciousness, Reading, Response as Score};
pub(crate) use place::Place;
pub(crate) use read::{Around, Resident, Round, Ward};
pub(crate) use slot::{Slot, slot_at};

use crate::forms::Form;
use crate::messages::{t, tf};
use crate::pages::{round_forms, round_page};
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::{Desk, Reader, Timing};
use crate::who::{Waits, Who};
use crate::witness_login;

/// The addresses of the round.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/runde", get(list))
        .route("/vaktskifte", get(handover::show).post(handover::write))
        .route("/runde/gi", post(give))
        .route("/runde/ikke-gitt", get(offer_reasons).post(not_given))
        .route("/runde/behov", get(offer_needed).post(give_needed))
        .route("/runde/vitne", post(witness))
        .route("/runde/angre", post(undo))
        .route("/runde/endre", get(offer_change).post(change))
        .route("/runde/news/{patient}", get(offer_measuring).post(measure))
}

pub(crate) type Query_ = Query<HashMap<String, String>>;

/// Whether the reader's role gives medicines in a ward.
pub(crate) fn gives(reader: &Reader) -> bool {
    matches!(reader.who.actor.role(), Some(Role::Nurse | Role::HealthcareWorker))
}

/// The round of now: the home of those who have a ward. Nothing without one.
pub(crate) async fn home(reader: &Reader) -> Option<Response> {
    match shown(reader, &Place::now(reader), None).await {
        Ok(shown) => shown.map(|(markup, timing)| response::timed(markup, timing, Duration::ZERO)),
        Err(problem) => Some(response::problem(&problem, Some(&reader.who), false)),
    }
}

async fn list(reader: Reader, Query(asked): Query_, headers: HeaderMap) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    let fragment = wants_fragment(&headers);
    let drawn = match fragment {
        true => section(&reader, &place, None, None).await,
        false => shown(&reader, &place, None).await,
    };
    match drawn {
        Ok(Some((markup, timing))) => response::timed(markup, timing, Duration::ZERO),
        Ok(None) => to("/"),
        Err(problem) => response::problem(&problem, Some(&reader.who), fragment),
    }
}

/// What is said above the list after something was done.
pub(crate) struct Said {
    pub words: String,
    /// Whether something went wrong.
    pub is_alert: bool,
}

type Drawn = Result<Option<(Markup, Timing)>, Problem>;

/// The whole page.
async fn shown(reader: &Reader, place: &Place, said: Option<&Said>) -> Drawn {
    drawn(reader, place, said, None, true).await
}

/// The list alone, as htmx swaps it in; `focus` is the row that was dealt with.
async fn section(
    reader: &Reader,
    place: &Place,
    said: Option<&Said>,
    focus: Option<&str>,
) -> Drawn {
    drawn(reader, place, said, focus, false).await
}

async fn drawn(
    reader: &Reader,
    place: &Place,
    said: Option<&Said>,
    focus: Option<&str>,
    whole: bool,
) -> Drawn {
    let begin = std::time::Instant::now();
    let Some(round) = reader.round(&place.asked()).await? else { return Ok(None) };
    let read = begin.elapsed();
    let me = reader.giver().map(|giver| giver.reference);
    let other = focus.and_then(|key| already(&round, me.as_deref(), key));
    let said = said.or(other.as_ref());
    let who = reader.at_round();
    let sight = round_page::Sight { round: &round, place, who: &who, said, focus };
    let markup = match whole {
        true => sight.page(me.as_deref()),
        false => sight.section(me.as_deref()),
    };
    Ok(Some((markup, Timing { read, build: begin.elapsed().saturating_sub(read) })))
}

impl Reader {
    /// The reader as one who begins at the round; from now on every page's top bar knows it.
    fn at_round(&self) -> Who {
        let waits = Waits { at_round: true, ..self.who.waits.unwrap_or_default() };
        if self.who.waits != Some(waits) {
            self.desk().remember_waits(&self.who.actor, waits);
        }
        Who { waits: Some(waits), ..self.who.clone() }
    }
}

/// After something was done about a row: the list with the row in focus, or the way back to it.
async fn after(
    reader: &Reader,
    headers: &HeaderMap,
    place: &Place,
    key: &str,
    done: Result<(), Problem>,
) -> Response {
    if !wants_fragment(headers) {
        return match done {
            Ok(()) => to(&format!("{}#rad-{key}", place.address())),
            Err(problem) => refused(reader, place, &problem).await,
        };
    }
    let said = done.as_ref().err().map(words_of);
    match section(reader, place, said.as_ref(), Some(key)).await {
        Ok(Some((markup, timing))) => response::timed(markup, timing, Duration::ZERO),
        Ok(None) => to("/"),
        Err(problem) => response::problem(&problem, Some(&reader.who), true),
    }
}

/// Nothing to say, unless somebody else was first with a row; the row says it, too.
fn already(round: &Round, me: Option<&str>, key: &str) -> Option<Said> {
    let mut rows = round.residents.iter().flat_map(|resident| &resident.rows);
    let State::Done(all) = &rows.find(|row| row.key() == key)?.state else { return None };
    // A witness has confirmed what somebody else has given.
    let other = all.iter().find(|one| Some(&*one.by.0) != me && one.witness.is_none())?;
    let time = other.at.clock().unwrap_or_default();
    let words = tf("round.already", &[("who", &other.by.1), ("time", &time)]);
    Some(Said { words, is_alert: true })
}

/// A problem in the nurse's words.
fn words_of(problem: &Problem) -> Said {
    let words = match problem.code {
        giving::CHANGED => t("round.wrong-changed"),
        giving::TOO_EARLY => t("round.wrong-early"),
        giving::TOO_MANY => t("round.wrong-most"),
        giving::OWN_WITNESS => t("round.wrong-witness"),
        witness_login::NO_PROOF => t("witness.no-proof"),
        witness_login::NO_WITNESS => t("witness.no-witness"),
        giving::NO_REASON => t("round.wrong-reason"),
        correcting::WRONG_TIME => t("round.wrong-time"),
        correcting::TOO_LATE => t("round.wrong-late"),
        measuring::WRONG_VALUE => t("round.wrong-value"),
        handover::NO_TEXT => t("handover.no-text"),
        _ => t("round.wrong"),
    };
    Said { words: words.to_owned(), is_alert: true }
}

/// The page again, with what was wrong.
pub(crate) async fn refused(reader: &Reader, place: &Place, problem: &Problem) -> Response {
    match shown(reader, place, Some(&words_of(problem))).await {
        Ok(Some((markup, _))) => response::told(problem, markup),
        Ok(None) | Err(_) => response::problem(problem, Some(&reader.who), false),
    }
}

async fn give(reader: Reader, headers: HeaderMap, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let done = reader.give_dose(&Dose::of_form(&form)).await;
    after(&reader, &headers, &place, form.field("rad"), done).await
}

async fn offer_reasons(
    reader: Reader,
    Query(asked): Query_,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    let dose = Dose::of_query(uri.query().unwrap_or_default());
    let row = asked.get("rad").map_or("", String::as_str);
    let panel = round_forms::reasons(&reader.who, &place, &dose, row);
    let whole = round_forms::page(&reader.who, &place, t("round.not-given"), &panel);
    response::html(if wants_fragment(&headers) { panel } else { whole })
}

async fn not_given(reader: Reader, headers: HeaderMap, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let dose = Dose::of_form(&form);
    let done = reader.not_give(&dose, &form).await;
    after(&reader, &headers, &place, form.field("rad"), done).await
}

async fn offer_needed(
    reader: Reader,
    Query(asked): Query_,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    let dose = Dose::of_query(uri.query().unwrap_or_default());
    let drawn = async {
        let row = reader.needed_row(&place, &dose).await?;
        let panel = round_forms::needed(&reader.who, &place, &row);
        Ok(match wants_fragment(&headers) {
            true => panel,
            false => round_forms::page(&reader.who, &place, &row.title, &panel),
        })
    };
    response::drawn(drawn.await, &reader.who)
}

async fn give_needed(reader: Reader, headers: HeaderMap, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let dose = Dose::of_form(&form);
    let done = reader.give_needed(&place, &dose, &form).await;
    after(&reader, &headers, &place, form.field("rad"), done).await
}

async fn witness(reader: Reader, headers: HeaderMap, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let done = reader.witness_doses(&form.all("id")).await;
    after(&reader, &headers, &place, form.field("rad"), done).await
}

async fn undo(reader: Reader, headers: HeaderMap, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let done = reader.undo_doses(&form.all("id")).await;
    after(&reader, &headers, &place, form.field("rad"), done).await
}

async fn offer_change(reader: Reader, Query(asked): Query_) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    let ids = asked.get("id").map_or("", String::as_str);
    let ids: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).collect();
    let drawn = async {
        let doses = reader.administrations(&ids).await?;
        let panel = round_forms::change(&reader.who, &place, &doses);
        Ok(round_forms::page(&reader.who, &place, t("round.change-heading"), &panel))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn change(reader: Reader, headers: HeaderMap, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let done = reader.correct_doses(&form.all("id"), &Correction::of_form(&form)).await;
    after(&reader, &headers, &place, form.field("rad"), done).await
}

async fn offer_measuring(
    reader: Reader,
    Path(patient): Path<String>,
    Query(asked): Query_,
) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    let drawn = async { reader.measuring_page(&place, &patient, None).await };
    response::drawn(drawn.await, &reader.who)
}

async fn measure(reader: Reader, Path(patient): Path<String>, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    let typed = MeasuringForm::of(&form);
    match reader.take_score(&patient, &typed).await {
        Ok(()) => to(&format!("/runde/news/{patient}?{}&lagret=1", place.query())),
        Err(problem) if problem.code == measuring::WRONG_VALUE => {
            match reader.measuring_page(&place, &patient, Some(&typed)).await {
                Ok(markup) => response::told(&problem, markup),
                Err(problem) => response::problem(&problem, Some(&reader.who), false),
            }
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}
