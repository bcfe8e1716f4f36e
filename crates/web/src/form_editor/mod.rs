//! The administrators' forms: `/skjemaer`, one of them with its versions, and the editor of a draft.
//!
//! A form is a Questionnaire: a draft until it is published, and never changed after. For everybody else
//! these addresses are not there. Not here: filling in (`questionnaires`), who may write definitions
//! (`access`, asked by `record`), HTML (`pages::definitions_page`, `pages::form_editor_page`,
//! `pages::form_item_fields`, `pages::form_version_page`).

mod definition;
mod difference;
mod exchange;
mod publishing;
mod question;
mod saving;
mod score;
mod tree;
mod trying;

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_questionnaire::Finding;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;
use serde_json::{Value, json};

pub(crate) use definition::{Definition, State};
pub(crate) use difference::{
    Change, Different, condition_words, described, differences, kind_name,
};
pub(crate) use question::{
    Choice, KINDS, Question, has_options, is_asked, is_number, kind_of, options_of,
};
pub(crate) use saving::{ABOUT, Latest, keeps_forms};
pub(crate) use tree::{Row, link_id, rows};
pub(crate) use trying::{nobody_at, tried};

use crate::forms::Form;
use crate::messages::{t, tf};
use crate::pages::{definitions_page, form_editor_page, form_preview, form_version_page};
use crate::people::quoted;
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::{Desk, Reader};
use crate::writing::{set, unset};
use exchange::Imported;
use publishing::{Published, findings};
use saving::{Changed, Touched, no_form};

/// The list's address.
pub(crate) const LIST: &str = "/skjemaer";
/// Longest title, and longest text about a form, characters.
const TITLE_CHARACTERS_MAX: usize = 200;
const ABOUT_CHARACTERS_MAX: usize = 4_000;
/// Most characters of options that are typed at once, a line for each.
const OPTIONS_CHARACTERS_MAX: usize = 8_000;

/// The addresses of the forms' pages.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route(LIST, get(list).post(begin))
        .route("/skjemaer/ta-i-bruk", post(take_into_use))
        .route("/skjemaer/fil", post(import))
        .route("/skjemaer/{id}", get(one))
        .route("/skjemaer/{id}/om", post(about))
        .route("/skjemaer/{id}/punkt", post(item))
        .route("/skjemaer/{id}/nytt-punkt", post(add))
        .route("/skjemaer/{id}/angre", post(put_back))
        .route("/skjemaer/{id}/prov", post(try_out))
        .route("/skjemaer/{id}/status", post(state))
        .route("/skjemaer/{id}/endringer", get(changes))
        .route("/skjemaer/{id}/fil", get(export))
}

/// The forms that come along, as they would be taken into use.
pub(crate) fn shipped() -> Vec<Definition> {
    let all = akson_questionnaire::shipped::SHIPPED.iter();
    all.filter_map(|json| serde_json::from_str(json).ok()).map(Definition::read).collect()
}

/// What the list shows.
pub(crate) struct Forms {
    pub all: Vec<Definition>,
    /// Those that come along and were never taken into use.
    pub offered: Vec<Definition>,
}

/// What is shown of a draft beside the draft itself.
#[derive(Default)]
pub(crate) struct Editing<'a> {
    /// The item that is open, when one is.
    pub open: &'a str,
    /// The kind that the next question has to begin with.
    pub next_kind: &'a str,
    pub said: Option<&'static str>,
    /// What was taken out and can be put back: the item, and the version of the form that had it.
    pub removed: Option<(String, u32)>,
    /// What another has made of an item meanwhile, and what was typed here.
    pub conflict: Option<Conflict>,
    /// What was answered in the preview.
    pub sent: Option<&'a Form>,
}

/// Two texts of one item.
pub(crate) struct Conflict {
    /// Who stored the other, and when.
    pub latest: Option<Latest>,
    /// What was typed here; nothing when the texts about the form itself differ.
    pub mine: Option<Question>,
    /// What was typed here about the form itself, by field.
    pub about: Vec<(&'static str, String)>,
}

type Asked = Query<HashMap<String, String>>;

async fn list(reader: Reader, Query(asked): Asked) -> Response {
    let said = match asked.get("sagt").map(String::as_str) {
        Some("i-bruk") => Some(t("definition.said-in-use")),
        Some(_) | None => None,
    };
    response::drawn(reader.definitions_page(said, None).await, &reader.who)
}

impl Reader {
    async fn definitions_page(
        &self,
        said: Option<&'static str>,
        refused: Option<&definitions_page::Refused<'_>>,
    ) -> Result<Markup, Problem> {
        let all = self.definitions("").await?;
        let is_known = |form: &Definition| all.iter().any(|one| one.url == form.url);
        let offered = shipped().into_iter().filter(|form| !is_known(form)).collect();
        let forms = Forms { all, offered };
        Ok(definitions_page::forms(&forms, said, refused, &self.who, self.today()))
    }

    /// The page of a draft.
    async fn editor(&self, form: &Definition, editing: &Editing<'_>) -> Result<Markup, Problem> {
        let before = self.versions_of(&form.url).await?;
        let findings = findings(&form.resource);
        let draft = form_editor_page::Draft {
            form,
            findings: &findings,
            before: &before,
            editing,
            now: self.now(),
        };
        Ok(form_editor_page::editor(&draft, &self.who))
    }
}

async fn begin(reader: Reader, form: Form) -> Response {
    let begun = async {
        reader.must_keep_forms()?;
        let title = match form.typed("tittel", TITLE_CHARACTERS_MAX)? {
            "" => t("definition.untitled"),
            title => title,
        };
        reader.begin_definition(title).await
    };
    match begun.await {
        Ok(id) => to(&format!("{LIST}/{id}")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn take_into_use(reader: Reader, form: Form) -> Response {
    match reader.take_into_use(form.field("url")).await {
        Ok(_) => to(&format!("{LIST}?sagt=i-bruk")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn import(reader: Reader, form: Form) -> Response {
    let read = async {
        reader.must_keep_forms()?;
        let refused = match exchange::import(&form)? {
            Imported::Draft(draft) => return Ok((Some(reader.begin(&draft).await?), None)),
            Imported::NotJson(line, column) => definitions_page::Refused::NotJson(line, column),
            Imported::Refused(ref findings) => {
                let refused = definitions_page::Refused::Findings(findings);
                return Ok((None, Some(reader.definitions_page(None, Some(&refused)).await?)));
            }
        };
        Ok((None, Some(reader.definitions_page(None, Some(&refused)).await?)))
    };
    match read.await {
        Ok((Some(id), _)) => to(&format!("{LIST}/{id}?sagt=hentet")),
        Ok((None, page)) => {
            let text = "The file holds no form that can be filled in here; the page says why.";
            let problem = Problem::new(Kind::Invalid, "WEB-244", text);
            response::told(&problem, page.unwrap_or_default())
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn one(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let given = |name: &str| asked.get(name).map_or("", String::as_str);
    let said = match given("sagt") {
        "hentet" => Some(t("definition.said-imported")),
        "publisert" => Some(t("definition.said-published")),
        "ute" => Some(t("definition.said-retired")),
        "tilbake" => Some(t("definition.said-back")),
        "forkastet" => Some(t("definition.said-discarded")),
        _ => None,
    };
    let shown = async {
        let form = reader.definition(&id).await?;
        if form.state != State::Draft {
            let versions = reader.versions_of(&form.url).await?;
            let shown = form_version_page::Shown {
                form: &form,
                versions: &versions,
                said,
                sent: None,
                now: reader.now(),
            };
            return Ok(form_version_page::version(&shown, &reader.who));
        }
        let removed = given("angre")
            .split_once('.')
            .and_then(|(stored, link)| Some((link.to_owned(), stored.parse().ok()?)));
        let (open, next_kind) = (given("punkt"), given("type"));
        let editing = Editing { open, next_kind, said, removed, ..Editing::default() };
        reader.editor(&form, &editing).await
    };
    response::drawn(shown.await, &reader.who)
}

/// Texts about the form as a whole.
async fn about(reader: Reader, Path(id): Path<String>, headers: HeaderMap, form: Form) -> Response {
    let changed = async {
        let mut typed = Vec::new();
        for (field, element) in ABOUT {
            let max = if field == "tittel" { TITLE_CHARACTERS_MAX } else { ABOUT_CHARACTERS_MAX };
            let words = form.typed(field, max)?.replace("\r\n", "\n");
            typed.push((element, words));
        }
        let edit = |resource: &mut Value| {
            for (element, words) in &typed {
                match words.is_empty() {
                    true if *element == "title" => {}
                    true => unset(resource, element),
                    false => set(resource, element, json!(words)),
                }
            }
            true
        };
        let changed = reader.change_form(&id, base(&form), Touched::About, edit).await?;
        let mine = Mine { question: None, is_full: false, about: typed.clone() };
        reader.answer_to(changed, mine, "", &headers).await
    };
    answered(changed.await, &reader, &headers)
}

fn base(form: &Form) -> u32 {
    form.field("versjon").parse().unwrap_or(0)
}

fn answered(answer: Result<Response, Problem>, reader: &Reader, headers: &HeaderMap) -> Response {
    match answer {
        Ok(answer) => answer,
        Err(problem) => response::problem(&problem, Some(&reader.who), wants_fragment(headers)),
    }
}

/// What was typed here, in case another's text stands already.
struct Mine {
    question: Option<Question>,
    /// Whether no empty line is left for one more option or condition.
    is_full: bool,
    about: Vec<(&'static str, String)>,
}

impl Reader {
    /// The answer to a change: the page again, or the parts of it that differ.
    async fn answer_to(
        &self,
        changed: Changed,
        mine: Mine,
        onward: &str,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let fragment = wants_fragment(headers);
        match changed {
            Changed::Stored(form) if fragment => {
                let findings = findings(&form.resource);
                let (link, is_new_shape) = match &mine.question {
                    Some(typed) => {
                        (typed.link.as_str(), mine.is_full || is_new_shape(&form, typed))
                    }
                    None => ("", false),
                };
                let editing = Editing { open: link, ..Editing::default() };
                let draft = form_editor_page::Draft {
                    form: &form,
                    findings: &findings,
                    before: &[],
                    editing: &editing,
                    now: self.now(),
                };
                Ok(response::html(form_editor_page::stored(&draft, link, is_new_shape, &self.who)))
            }
            Changed::Stored(form) => Ok(to(&format!("{LIST}/{}{onward}", form.id))),
            Changed::Over(form) => {
                let problem = publishing::not_this_state();
                if fragment {
                    return Ok(response::problem(&problem, Some(&self.who), true));
                }
                Ok(to(&format!("{LIST}/{}", form.id)))
            }
            Changed::Conflict(form) => {
                let text = "Another administrator has changed the same; the page shows both.";
                let problem = Problem::new(Kind::Conflict, "WEB-245", text);
                let latest = self.latest_change(&form.id).await?;
                let open = mine.question.as_ref().map_or(String::new(), |one| one.link.clone());
                let conflict = Conflict { latest, mine: mine.question, about: mine.about };
                let editing =
                    Editing { open: &open, conflict: Some(conflict), ..Editing::default() };
                Ok(response::told(&problem, self.editor(&form, &editing).await?))
            }
        }
    }
}

/// Whether the item's fields are others now than those that were typed into: another kind, or options with
/// codes of their own.
fn is_new_shape(form: &Definition, typed: &Question) -> bool {
    let stored = tree::find(&form.resource, &typed.link).map(Question::of).unwrap_or_default();
    stored.kind != typed.kind
        || stored.options.iter().zip(&typed.options).any(|(a, b)| a.code != b.code)
}

/// One item's fields, and what a button does with it.
async fn item(reader: Reader, Path(id): Path<String>, headers: HeaderMap, form: Form) -> Response {
    let changed = async {
        let typed = Question::typed(&form)?;
        let link = typed.link.clone();
        let act = form.field("gjor").to_owned();
        if act == "fjern" {
            return reader.take_out(&id, base(&form), &link).await;
        }
        let key = reader.definition(&id).await?.key().to_owned();
        let edit = |resource: &mut Value| {
            let Some(old) = tree::find(resource, &link).cloned() else { return false };
            tree::replace(resource, &link, typed.onto(&old, &key))
        };
        let changed = reader.change_form(&id, base(&form), Touched::Item(&link), edit).await?;
        let changed = match (changed, tree::Step::named(&act)) {
            (Changed::Stored(form), Some(step)) => {
                let edit = |resource: &mut Value| tree::move_by(resource, &link, step);
                reader.change_form(&id, form.stored, Touched::Order, edit).await?
            }
            (changed, _) => changed,
        };
        if let Changed::Stored(form) = &changed
            && tree::find(&form.resource, &link).is_none()
        {
            return Err(item_gone());
        }
        let onward = format!("?punkt={}#punkt-{}", quoted(&link), quoted(&link));
        let is_full = form.all("vilkar").len() == typed.conditions.len()
            || (has_options(&typed.kind) && form.all("alt-tekst").len() == typed.options.len());
        let mine = Mine { question: Some(typed), is_full, about: Vec::new() };
        reader.answer_to(changed, mine, &onward, &headers).await
    };
    answered(changed.await, &reader, &headers)
}

fn item_gone() -> Problem {
    let text =
        "Another administrator has removed this item from the form. Add it anew if it is needed.";
    Problem::new(Kind::Gone, "WEB-246", text)
}

impl Reader {
    /// Takes an item out, with the way to put it back.
    async fn take_out(&self, id: &str, base: u32, link: &str) -> Result<Response, Problem> {
        let before = self.definition(id).await?.stored;
        let edit = |resource: &mut Value| tree::remove(resource, link).is_some();
        match self.change_form(id, base, Touched::Order, edit).await? {
            Changed::Stored(_) => Ok(to(&format!("{LIST}/{id}?angre={before}.{}", quoted(link)))),
            Changed::Over(_) | Changed::Conflict(_) => Ok(to(&format!("{LIST}/{id}"))),
        }
    }
}

/// A new question.
async fn add(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let added = async {
        let words = form.typed("tekst", ABOUT_CHARACTERS_MAX)?.to_owned();
        let kind = KINDS.into_iter().find(|kind| *kind == form.field("type")).unwrap_or("string");
        let options = options_typed(form.typed("alternativer", OPTIONS_CHARACTERS_MAX)?);
        if words.is_empty() {
            return Ok(to(&format!("{LIST}/{id}?type={kind}")));
        }
        let current = reader.definition(&id).await?;
        let key = current.key().to_owned();
        let edit = |resource: &mut Value| {
            let link = tree::new_link_id(resource);
            let item = tree::new_item(&link, "string", &words);
            let question = Question {
                link,
                words: words.clone(),
                kind: kind.to_owned(),
                options: options.clone(),
                ..Question::default()
            };
            let place = tree::Place { parent: None, index: usize::MAX };
            tree::insert(resource, &place, question.onto(&item, &key));
            true
        };
        match reader.change_form(&id, base(&form), Touched::Order, edit).await? {
            Changed::Stored(stored) => {
                let link =
                    tree::rows(&stored.resource).last().map(|row| link_id(row.item).to_owned());
                // A question that needs more than its text is open at once.
                let needs_more = matches!(kind, "score") || has_options(kind) && options.is_empty();
                match link.filter(|_| needs_more) {
                    Some(link) => {
                        let link = quoted(&link);
                        Ok(to(&format!("{LIST}/{id}?type={kind}&punkt={link}#punkt-{link}")))
                    }
                    None => Ok(to(&format!("{LIST}/{id}?type={kind}"))),
                }
            }
            Changed::Over(_) | Changed::Conflict(_) => Ok(to(&format!("{LIST}/{id}"))),
        }
    };
    answered(added.await, &reader, &HeaderMap::new())
}

/// Options as typed, a line for each: `Ofte = 2` counts 2 in a score.
fn options_typed(lines: &str) -> Vec<Choice> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.rsplit_once('=') {
            Some((words, points)) if question::number_of(points).is_some() => Choice {
                words: words.trim().into(),
                points: points.trim().into(),
                ..Choice::default()
            },
            Some(_) | None => Choice { words: line.into(), ..Choice::default() },
        })
        .collect()
}

/// Puts back what was taken out.
async fn put_back(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let put = async {
        reader.must_keep_forms()?;
        let link = form.field("punkt").to_owned();
        let before = form.field("fra").parse().unwrap_or(0);
        let before = reader.definition_at(&id, before).await?.resource;
        let place = tree::place_of(&before, &link).ok_or_else(no_form)?;
        let item = tree::find(&before, &link).cloned().ok_or_else(no_form)?;
        let edit = |resource: &mut Value| {
            if tree::find(resource, &link).is_some() {
                return false;
            }
            tree::insert(resource, &place, item.clone());
            // With the conditions that asked for it, where nothing else was changed.
            tree::conditions_back(resource, &before, &link);
            true
        };
        reader.change_form(&id, base(&form), Touched::Order, edit).await?;
        let link = quoted(&link);
        Ok(to(&format!("{LIST}/{id}?punkt={link}#punkt-{link}")))
    };
    answered(put.await, &reader, &HeaderMap::new())
}

/// Publishing, the next version, out of use and back.
async fn state(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let done = async {
        reader.must_keep_forms()?;
        Ok(match form.field("gjor") {
            "publiser" => {
                let changes = form.typed("endret", ABOUT_CHARACTERS_MAX)?;
                match reader.publish(&id, base(&form), changes).await? {
                    Published::Done => to(&format!("{LIST}/{id}?sagt=publisert")),
                    Published::NotYet => to(&format!("{LIST}/{id}#funn")),
                }
            }
            "ny-versjon" => to(&format!("{LIST}/{}", reader.begin_next(&id).await?)),
            "ut" => {
                reader.set_state(&id, State::Retired).await?;
                to(&format!("{LIST}/{id}?sagt=ute"))
            }
            "inn" => {
                reader.set_state(&id, State::Active).await?;
                to(&format!("{LIST}/{id}?sagt=tilbake"))
            }
            "forkast" => {
                reader.set_state(&id, State::Discarded).await?;
                to(&format!("{LIST}/{id}?sagt=forkastet"))
            }
            "hent" => {
                reader.set_state(&id, State::Draft).await?;
                to(&format!("{LIST}/{id}"))
            }
            _ => return Err(publishing::not_this_state()),
        })
    };
    answered(done.await, &reader, &HeaderMap::new())
}

/// Answers that are tried in the preview.
async fn try_out(
    reader: Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let tried = async {
        let definition = reader.definition(&id).await?;
        let (sent, now) = (Some(&form), reader.now());
        if wants_fragment(&headers) {
            return Ok(form_preview::preview(&definition, sent, now, &reader.who));
        }
        if definition.state == State::Draft {
            return reader.editor(&definition, &Editing { sent, ..Editing::default() }).await;
        }
        let versions = reader.versions_of(&definition.url).await?;
        let shown = form_version_page::Shown {
            form: &definition,
            versions: &versions,
            said: None,
            sent,
            now,
        };
        Ok(form_version_page::version(&shown, &reader.who))
    };
    response::drawn(tried.await, &reader.who)
}

async fn changes(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let shown = async {
        let form = reader.definition(&id).await?;
        let before = reader.definition(asked.get("fra").map_or("", String::as_str)).await?;
        if before.url != form.url {
            return Err(no_form());
        }
        Ok(form_version_page::changes(&before, &form, &reader.who))
    };
    response::drawn(shown.await, &reader.who)
}

async fn export(reader: Reader, Path(id): Path<String>) -> Response {
    match reader.definition(&id).await {
        Ok(form) => exchange::export(&form),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// A finding in the reader's language.
pub(crate) fn finding_words(finding: &Finding) -> String {
    let Some(words) = crate::messages::code("form-finding", finding.code) else {
        return finding.message.clone();
    };
    let mut words = words.to_owned();
    for (place, argument) in finding.arguments.iter().enumerate() {
        words = words.replace(&format!("{{{place}}}"), argument);
    }
    words
}

/// `Versjon 2`, or that it is a draft.
pub(crate) fn version_name(form: &Definition) -> String {
    match form.version.as_str() {
        "" => t("definition.draft").to_owned(),
        version => tf("definition.version", &[("n", version)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_typed_a_line_for_each() {
        let read = options_typed("Aldri = 0\n\n Ofte=2,5 \r\nVet ikke\na = b");
        let told: Vec<_> =
            read.iter().map(|one| (one.words.as_str(), one.points.as_str())).collect();
        assert_eq!(told, [("Aldri", "0"), ("Ofte", "2,5"), ("Vet ikke", ""), ("a = b", "")]);
    }

    #[test]
    fn every_finding_of_a_form_has_its_words() {
        let sources = [
            include_str!("../../../questionnaire/src/reading.rs"),
            include_str!("../../../questionnaire/src/questionnaire.rs"),
            include_str!("../../../questionnaire/src/options.rs"),
            include_str!("../../../questionnaire/src/condition.rs"),
            include_str!("../../../questionnaire/src/formula.rs"),
        ];
        let mut codes = 0;
        for source in sources {
            for call in source.split(".wrong(").skip(1).chain(source.split("of_form(").skip(1)) {
                let Some(code) = call.trim_start().strip_prefix('"') else { continue };
                let code = code.split('"').next().unwrap();
                assert!(crate::messages::code("form-finding", code).is_some(), "{code}");
                codes += 1;
            }
        }
        assert!(codes > 20, "{codes}");
    }
}
