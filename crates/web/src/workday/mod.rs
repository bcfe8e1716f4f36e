//! The home of those who work with patients at a desk: today's agenda, what has been written to them,
//! results to sign and what is to be done by when.
//!
//! Everything is read from the record by a few searches, each of which stands in the log of the
//! patients it shows. Here: what is read and put together. Not here: what is written when somebody
//! acts (`acts`), what an open page asks (`updates`), HTML (`pages::workday_page`), the round of a
//! nursing home's ward.

mod acts;
mod agenda;
mod co_signing;
mod inbox;
mod signing;
mod tasks;
mod unanswered;
mod unit;
mod updates;

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::{Personnel, Role};
use akson_base::{Instant, Problem};
use akson_fhir::date::DateTime;
use akson_fhir::model::{NodeRef, Resource};
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;

pub(crate) use agenda::{Agenda, Scope, Slot, SlotState, read as read_slots};
pub(crate) use co_signing::ToCoSign;
pub(crate) use inbox::{Inbox, Message, Renewal};
pub(crate) use signing::{Line, ToSign};
pub(crate) use tasks::ToDo;
pub(crate) use unanswered::Unanswered;
pub(crate) use unit::Units;

use crate::chart::Person;
use crate::datatypes::{target_id, text};
use crate::pages::workday_page;
use crate::response;
use crate::routes::wants_fragment;
use crate::sight::{Desk, Reader};
use crate::systems::{OPEN_TASK, TASK_SYSTEM};
use crate::who::{Waits, Who};

/// Open tasks of one reader that are shown.
const TASKS_MAX: usize = 200;
/// The cookie that remembers whose agenda is shown; it says nothing else.
const SCOPE_COOKIE: &str = "akson-dag";

/// Everything that waits for somebody.
#[derive(Clone, Debug)]
pub(crate) struct Workday {
    pub agenda: Option<Agenda>,
    pub inbox: Inbox,
    pub to_sign: Vec<ToSign>,
    /// Notes of colleagues that the reader is asked to sign too.
    pub to_co_sign: Vec<ToCoSign>,
    pub tasks: Vec<ToDo>,
    /// What the reader ordered and should have had an answer to.
    pub unanswered: Vec<Unanswered>,
    /// The newest commit before anything was read: what came after is asked for.
    pub newest: u64,
    /// When something here becomes late by itself.
    pub next: Option<Instant>,
}

impl Workday {
    /// The numbers of the top bar.
    pub(crate) fn waits(&self) -> Waits {
        Waits {
            inbox: self.inbox.count(),
            signing: self.to_sign.len() + self.to_co_sign.len(),
            tasks: self.tasks.len(),
            ..Waits::default()
        }
    }
}

/// Which part of the page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// `/innboks`
    Inbox,
    /// `/signering`
    Signing,
}

/// The addresses of those who work at a desk.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/innboks", get(inbox))
        .route("/signering", get(signing))
        .route("/min-dag/nytt", get(updates::news))
        .route("/time/{id}/{act}", post(acts::appointment))
        .route("/oppgave/{id}/{act}", post(acts::task))
        .route("/melding/{id}/{act}", post(acts::message))
}

/// Whether somebody signs results that are not addressed to them.
fn signs_for_unit(role: Role) -> bool {
    role == Role::Doctor
}

/// `GET /` for those who work at a desk. `dag` chooses whose agenda, and is remembered.
pub(crate) async fn home(
    reader: Reader,
    asked: &HashMap<String, String>,
    headers: &HeaderMap,
) -> Response {
    let chosen = asked.get("dag").and_then(|word| Scope::of_word(word));
    let scope = chosen.or_else(|| remembered(headers));
    let said = asked.get("gjort").map(String::as_str);
    let mut answer = shown(&reader, Part::Whole, scope, said, wants_fragment(headers)).await;
    if let Some(scope) = chosen {
        let cookie = format!("{SCOPE_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", scope.word());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

async fn inbox(reader: Reader, headers: HeaderMap) -> Response {
    let scope = remembered(&headers);
    shown(&reader, Part::Inbox, scope, None, wants_fragment(&headers)).await
}

async fn signing(reader: Reader, headers: HeaderMap) -> Response {
    let scope = remembered(&headers);
    shown(&reader, Part::Signing, scope, None, wants_fragment(&headers)).await
}

async fn shown(
    reader: &Reader,
    part: Part,
    scope: Option<Scope>,
    said: Option<&str>,
    is_fragment: bool,
) -> Response {
    let begin = std::time::Instant::now();
    let Some(personnel) = reader.who.actor.personnel() else {
        return response::problem(&crate::routes::no_page(), Some(&reader.who), is_fragment);
    };
    let day = match reader.workday(personnel, scope).await {
        Ok(day) => day,
        Err(problem) => return response::problem(&problem, Some(&reader.who), is_fragment),
    };
    let read = begin.elapsed();
    let begin = std::time::Instant::now();
    let at_round = reader.who.waits.is_some_and(|waits| waits.at_round);
    let waits = Waits { at_round, ..day.waits() };
    reader.desk().remember_waits(&reader.who.actor, waits);
    let who = Who { waits: Some(waits), ..reader.who.clone() };
    let markup = drawn(&day, &who, part, reader, (said, is_fragment));
    let timing = crate::sight::Timing { read, ..Default::default() };
    response::timed(markup, timing, begin.elapsed())
}

fn drawn(
    day: &Workday,
    who: &Who,
    part: Part,
    reader: &Reader,
    (said, is_fragment): (Option<&str>, bool),
) -> Markup {
    let desk = workday_page::AtDesk { day, who, today: reader.today(), part };
    if is_fragment { desk.panels() } else { desk.page(said) }
}

fn remembered(headers: &HeaderMap) -> Option<Scope> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|c| c.split_once('='));
    let word = pairs.find(|(name, _)| name.trim() == SCOPE_COOKIE)?.1;
    Scope::of_word(word.trim())
}

impl Reader {
    /// Everything that waits for the one who reads.
    async fn workday(
        &self,
        personnel: &Personnel,
        scope: Option<Scope>,
    ) -> Result<Workday, Problem> {
        let newest = self.record().newest_commit()?;
        let unit = self.unit(personnel).await?;
        let (agenda, mine, late, messages, answered, unanswered) = tokio::try_join!(
            self.agenda(personnel, &unit, scope),
            self.tasks_of(personnel),
            self.late_results(personnel, &unit),
            self.messages(personnel),
            self.answered_forms(personnel),
            self.unanswered(personnel),
        )?;
        let tasks = Tasks::of(&mine, &late.found);
        let to_sign = self.to_sign(personnel, &tasks).await?;
        let now = self.now();
        let proposals = inbox::proposals(&mine, &tasks);
        let renewals = inbox::renewals(&tasks);
        let inbox = Inbox { messages, renewals, proposals, answered };
        let next = [agenda.as_ref().and_then(|agenda| agenda.next(now)), late.next]
            .into_iter()
            .chain(tasks.all.iter().map(|task| deadline(*task)))
            .flatten()
            .filter(|at| *at > now)
            .min();
        let to_co_sign = co_signing::to_co_sign(&tasks);
        let tasks = tasks::to_do(&tasks, self.today());
        Ok(Workday { agenda, inbox, to_sign, to_co_sign, tasks, unanswered, newest, next })
    }

    /// The open tasks of somebody or their unit, with patients and what the tasks are about.
    async fn tasks_of(&self, personnel: &Personnel) -> Result<Vec<Resource>, Problem> {
        let query = format!("owner={}&{}", mine(personnel).join(","), with_focus());
        self.search(&self.caller(), "Task", query).await
    }
}

/// The query of open tasks with whom and what they are about.
fn with_focus() -> String {
    format!(
        "status={OPEN_TASK}&_count={TASKS_MAX}&_include=Task:patient&_include=Task:focus\
         &_include:iterate=DiagnosticReport:result&_include:iterate=DiagnosticReport:based-on\
         &_include:iterate=Observation:based-on"
    )
}

/// Addresses under which something is somebody's own: the person, the roles, the unit.
pub(crate) fn mine(personnel: &Personnel) -> Vec<&str> {
    let unit = personnel.organisations.first();
    personnel.references.iter().chain(unit).map(|one| &**one).collect()
}

/// Tasks and what came with them, by address.
struct Tasks<'a> {
    /// The tasks, each once.
    all: Vec<NodeRef<'a>>,
    people: HashMap<&'a str, Person>,
    others: HashMap<String, NodeRef<'a>>,
}

impl<'a> Tasks<'a> {
    fn of(first: &'a [Resource], second: &'a [Resource]) -> Self {
        let mut tasks = Self { all: Vec::new(), people: HashMap::new(), others: HashMap::new() };
        for resource in first.iter().chain(second) {
            let root = resource.root();
            let id = resource.id().unwrap_or_default();
            match root.type_name() {
                "Task" => {
                    let is_new = tasks.all.iter().all(|one| text(*one, &["id"]) != Some(id));
                    tasks.all.extend(is_new.then_some(root));
                }
                "Patient" => {
                    tasks.people.insert(id, Person::read(root));
                }
                name => {
                    tasks.others.insert(format!("{name}/{id}"), root);
                }
            }
        }
        tasks
    }

    /// Those of one of our codes.
    fn with_code(&self, wanted: &'static str) -> impl Iterator<Item = NodeRef<'a>> {
        self.all.iter().copied().filter(move |task| code_of(*task) == Some(wanted))
    }

    fn person(&self, task: NodeRef<'_>) -> Option<&Person> {
        self.people.get(target_id(task.first("for")?)?)
    }

    fn target(&self, reference: NodeRef<'_>) -> Option<NodeRef<'a>> {
        self.others.get(text(reference, &["reference"])?).copied()
    }
}

/// Our own code of a task.
fn code_of<'a>(task: NodeRef<'a>) -> Option<&'a str> {
    let mut codings = task.first("code")?.named("coding");
    let own = codings.find(|coding| text(*coding, &["system"]) == Some(TASK_SYSTEM))?;
    text(own, &["code"])
}

/// When a task must be done: the end of a day, or a moment.
pub(crate) fn deadline(task: NodeRef<'_>) -> Option<Instant> {
    let end = text(task, &["restriction", "period", "end"])
        .or_else(|| text(task, &["executionPeriod", "end"]))?;
    Some(Instant(DateTime::parse_search(end).ok()?.interval_in_norway().end))
}

/// Whether something is past its deadline.
pub(crate) fn is_over(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}

/// The people among what a search found, by id.
pub(crate) fn people(found: &[Resource]) -> HashMap<&str, Person> {
    let patients = found.iter().filter(|one| one.root().type_name() == "Patient");
    patients.map(|one| (one.id().unwrap_or_default(), Person::read(one.root()))).collect()
}
