//! Forms at a patient's chart: `/pasient/{id}/skjema` to choose, go on and look back, and
//! `/pasient/{id}/skjema/{response}` to fill in, sign, read, correct and mark as entered in error.
//!
//! A form is a `Questionnaire`, a filled one a `QuestionnaireResponse` that is a draft (`in-progress`, not
//! released to the citizen) until it is signed. What a form asks and calculates: `akson_questionnaire`.
//! Not here: what patients fill in themselves (`my_forms`), HTML (`pages::form_fields`, `pages::form_page`, `pages::forms_page`), who makes forms.
//! Standard: <https://hl7.org/fhir/R4/questionnaireresponse.html>

mod asking;
mod filled;
mod signing;
mod storing;
mod taking;

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use akson_questionnaire::Surroundings;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

pub(crate) use asking::{Answered, Asked, answers_to, asks_patients, is_open, proposed_deadline};
pub(crate) use filled::{Filled, Offered, State};
pub(crate) use storing::put_items;
pub(crate) use taking::{OWN_WORDS, repeat, take};

use crate::dates::Moment;
use crate::forms::Form;
use crate::messages::{t, tf};
use crate::pages::form_fields::Drawing;
use crate::pages::form_page::Reading;
use crate::pages::{form_page, forms_page};
use crate::response::{self, to};
use crate::routes::with_chart;
use crate::sight::{Desk, Reader};
use storing::{Open, Stored};

/// The addresses of forms.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/skjema", get(choose).post(begin))
        .route("/pasient/{id}/skjema/{response}", get(open).post(act))
        .route("/pasient/{id}/skjema/{response}/fil/{path}", get(file))
}

/// Whether somebody's role fills in forms.
pub(crate) fn fills_in(who: &crate::who::Who) -> bool {
    who.may_ever_write(Class::Clinical)
}

fn may_not() -> Problem {
    Problem::new(Kind::Refused, "WEB-220", "The reader's role does not fill in forms.")
}

async fn choose(reader: Reader, Path(id): Path<String>) -> Response {
    let gathered = async {
        let offered = if fills_in(&reader.who) { reader.offered().await? } else { Vec::new() };
        let filled = reader.filled(&id).await?;
        let forms = reader.forms_of(&filled).await?;
        let asked = match asks_patients(&reader.who) {
            true => Some(reader.asked_of(&id).await?),
            false => None,
        };
        Ok((offered, filled, forms, asked))
    };
    match gathered.await {
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
        Ok((offered, filled, forms, asked)) => {
            with_chart(&reader, &id, false, false, |sight| {
                let content =
                    forms_page::forms(&sight, &offered, &filled, &forms, asked.as_deref());
                Ok(sight.own_page(t("forms.heading"), content))
            })
            .await
        }
    }
}

/// A form is chosen: the draft that the reader has of it, or a new one with what is known. Or the patient is
/// asked to fill one in, or not any more.
async fn begin(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let begun = async {
        if !fills_in(&reader.who) {
            return Err(may_not());
        }
        match (form.field("be"), form.field("trekk")) {
            ("", "") => {
                let response = reader.begin_form(&id, form.field("velg")).await?;
                return Ok(format!("/pasient/{id}/skjema/{response}"));
            }
            ("", task) => reader.withdraw_ask(&id, task).await?,
            (asked, _) => reader.ask_patient(&id, asked, form.field("frist")).await?,
        }
        Ok(format!("/pasient/{id}/skjema"))
    };
    match begun.await {
        Ok(address) => to(&address),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

type Parameters = Query<HashMap<String, String>>;

async fn open(
    reader: Reader,
    Path((id, response)): Path<(String, String)>,
    Query(asked): Parameters,
) -> Response {
    let opened = match reader.open_form(&id, &response).await {
        Ok(opened) => opened,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    let is_correction = asked.contains_key("rett") && opened.may_correct(&reader);
    if opened.is_mine_to_fill(&reader) || is_correction {
        return match reader.filling(&id, opened, is_correction).await {
            Ok(filling) => reader.drawn_filling(&id, filling).await,
            Err(problem) => response::problem(&problem, Some(&reader.who), false),
        };
    }
    reader.drawn_form(&id, opened, None).await
}

/// What an act left behind, besides the answers.
#[derive(Default)]
struct Turn {
    /// What is missing is told.
    tells_missing: bool,
    /// Keys of messages: a file that was not taken, a reason that is missing.
    refused: Vec<&'static str>,
    /// Another window has stored something else.
    is_conflict: bool,
    why: String,
}

/// What the buttons and the script's autosave do.
async fn act(
    reader: Reader,
    Path((id, response)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let is_script = response::wants_json(&headers);
    match reader.act_on_form(&id, &response, &form).await {
        Ok(Outcome::Next(address)) if is_script => {
            response::json(StatusCode::OK, &json!({"videre": address}))
        }
        Ok(Outcome::Next(address)) => to(&address),
        Ok(Outcome::Filling(filling)) if is_script => told_filling(&id, *filling),
        Ok(Outcome::Filling(filling)) => reader.drawn_filling(&id, *filling).await,
        Ok(Outcome::Read(opened, wrong)) => reader.drawn_form(&id, *opened, Some(wrong)).await,
        Err(problem) if is_script => response::json_problem(&problem),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What came of an act.
enum Outcome {
    /// Done here; on with this address.
    Next(String),
    /// Still being filled in.
    Filling(Box<Filling>),
    /// A signed form, and what is missing for what was asked.
    Read(Box<Open>, &'static str),
}

/// A form that is being filled in, and what it is filled in among: read once for each request.
struct Filling {
    opened: Open,
    /// What reference items choose from.
    references: Vec<(String, String)>,
    surroundings: Surroundings,
    turn: Turn,
    is_correction: bool,
}

impl Filling {
    /// Does something with what is to be drawn.
    fn drawn<T>(&mut self, patient: &str, draw: impl FnOnce(&Self, &Drawing<'_>) -> T) -> T {
        let form = Arc::clone(&self.opened.form);
        let live = form.evaluate(&mut self.opened.answers, &self.surroundings);
        let drawing = Drawing {
            live: &live,
            tells_missing: self.turn.tells_missing,
            references: &self.references,
            files: Some(format!("/pasient/{patient}/skjema/{}/fil/", self.opened.id)),
        };
        draw(self, &drawing)
    }
}

impl Reader {
    async fn act_on_form(
        &self,
        patient: &str,
        response: &str,
        sent: &Form,
    ) -> Result<Outcome, Problem> {
        if !fills_in(&self.who) {
            return Err(may_not());
        }
        let opened = self.open_form(patient, response).await?;
        let act = sent.field("gjor");
        if act == "feilfort" {
            let why = sent.typed("hvorfor", 1_000)?;
            if why.is_empty() {
                return Ok(Outcome::Read(Box::new(opened), t("forms.withdraw-why")));
            }
            self.withdraw_form(&opened, why).await?;
            return Ok(Outcome::Next(format!("/pasient/{patient}/skjema/{response}")));
        }
        let is_correction = sent.field("retter") == "ja" && opened.may_correct(self);
        if !is_correction && !opened.is_mine_to_fill(self) {
            // Signed meanwhile, in another window.
            return Ok(Outcome::Next(format!("/pasient/{patient}/skjema/{response}")));
        }
        let mut filling = self.filling(patient, opened, is_correction).await?;
        let opened = &mut filling.opened;
        let refused = take(sent, &opened.form, &mut opened.answers, &filling.references);
        let why = sent.typed("hvorfor", 1_000)?.to_owned();
        let tells_missing = sent.field("fortell") == "ja";
        filling.turn = Turn { refused, why, tells_missing, ..Turn::default() };
        repeat(act, &opened.form, &mut opened.answers);
        // Scores are stored with what they are calculated from.
        opened.form.evaluate(&mut opened.answers, &filling.surroundings);
        if is_correction {
            if act != "signer" {
                return Ok(Outcome::Filling(Box::new(filling)));
            }
            return self.sign_or_tell(patient, filling).await;
        }
        if act == "forkast" {
            self.throw_form_away(opened).await?;
            return Ok(Outcome::Next(format!("/pasient/{patient}/skjema")));
        }
        let version = sent.field("versjon").parse().unwrap_or(0);
        if let Stored::Conflict = self.store_form(opened, version).await? {
            filling.turn.is_conflict = true;
            return Ok(Outcome::Filling(Box::new(filling)));
        }
        match act {
            "signer" => self.sign_or_tell(patient, filling).await,
            _ => Ok(Outcome::Filling(Box::new(filling))),
        }
    }

    async fn filling(
        &self,
        patient: &str,
        opened: Open,
        is_correction: bool,
    ) -> Result<Filling, Problem> {
        let references = self.references(&opened, patient).await?;
        let surroundings = self.surroundings(&opened.form, patient).await?;
        Ok(Filling { opened, references, surroundings, turn: Turn::default(), is_correction })
    }

    async fn sign_or_tell(&self, patient: &str, mut filling: Filling) -> Result<Outcome, Problem> {
        let form = Arc::clone(&filling.opened.form);
        let live = form.evaluate(&mut filling.opened.answers, &filling.surroundings);
        let is_empty = live.progress().0 == 0;
        let is_correction = filling.is_correction;
        let turn = &mut filling.turn;
        turn.tells_missing = true;
        if is_empty {
            turn.refused.push("forms.empty");
        }
        if is_correction && turn.why.is_empty() {
            turn.refused.push("forms.why");
        }
        if !live.faults().is_empty() || !turn.refused.is_empty() {
            return Ok(Outcome::Filling(Box::new(filling)));
        }
        let opened = &filling.opened;
        match is_correction {
            true => self.amend_form(patient, opened, &live, &filling.turn.why).await?,
            false => self.sign_form(patient, opened, &live).await?,
        }
        Ok(Outcome::Next(format!("/pasient/{patient}/skjema/{}", opened.id)))
    }

    /// The page where a form is filled in.
    async fn drawn_filling(&self, patient: &str, mut filling: Filling) -> Response {
        let content = filling.drawn(patient, |filling, drawing| {
            let opened = &filling.opened;
            let page = form_page::Filling {
                drawing,
                address: format!("/pasient/{patient}/skjema/{}", opened.id),
                version: opened.version,
                saved: opened.saved,
                refused: &filling.turn.refused,
                is_conflict: filling.turn.is_conflict,
                is_correction: filling.is_correction,
                why: &filling.turn.why,
                unfit: &opened.unfit,
            };
            form_page::filling(&page, &self.who)
        });
        let title = filling.opened.form.title.as_str();
        with_chart(self, patient, false, false, |sight| Ok(sight.beside(title, &content))).await
    }

    /// A form that is read.
    async fn drawn_form(
        &self,
        patient: &str,
        opened: Open,
        wrong: Option<&'static str>,
    ) -> Response {
        let live = opened.form.answered(&opened.answers);
        let page = Reading {
            live: &live,
            filled: &opened.filled,
            address: format!("/pasient/{patient}/skjema/{}", opened.id),
            unfit: &opened.unfit,
            wrong,
            may_correct: opened.may_correct(self),
            may_withdraw: opened.may_withdraw(self),
        };
        let content = form_page::reading(&page, &self.who);
        with_chart(self, patient, false, false, |sight| {
            Ok(sight.own_page(&opened.form.title, content))
        })
        .await
    }
}

/// The same for the script, which swaps what has changed.
fn told_filling(patient: &str, mut filling: Filling) -> Response {
    filling.drawn(patient, |filling, drawing| {
        let saved = filling.opened.saved.map(Moment::with_time).unwrap_or_default();
        let told = match filling.is_correction {
            true => t("forms.not-stored").to_owned(),
            false => tf("forms.saved-at", &[("when", &saved)]),
        };
        let is_conflict = filling.turn.is_conflict;
        let status = if is_conflict { StatusCode::CONFLICT } else { StatusCode::OK };
        let parts = [
            drawing.fields().0,
            drawing.summary().0,
            form_page::progress(drawing.live).0,
            form_page::result(drawing.live).0,
            form_page::refused(&filling.turn.refused).0,
        ];
        let version = filling.opened.version;
        response::json(status, &json!({"versjon": version, "lagret": told, "deler": parts}))
    })
}

async fn file(
    reader: Reader,
    Path((id, response, path)): Path<(String, String, String)>,
) -> Response {
    let read = async {
        let mut opened = reader.open_form(&id, &response).await?;
        opened.file(&path).ok_or_else(filled::no_form)
    };
    response::file(read.await, &reader.who)
}
