//! A citizen's home: what comes next, what is new, the own measurements, who has looked.
//!
//! Not here: whose journal it is (`citizen`), HTML (`pages::home_page`).

use std::sync::Arc;

use akson_access::Ground;
use akson_base::Problem;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use maud::Markup;

use crate::chart::{Chart, Group, Series};
use crate::citizen::Mine;
use crate::dates::{Moment, days_between};
use crate::letters::Thread;
use crate::messages::{code, t, tf};
use crate::my_times::Visit;
use crate::pages::{home_page, more_page};
use crate::questionnaires::{Asked, Filled};
use crate::response;
use crate::sight::{Desk, Look, Reader};
use crate::standing::Notice;

/// LOINC: body weight.
pub(crate) const WEIGHT: &str = "29463-7";
/// How far back something is new, days.
const NEW_DAYS: i64 = 45;
/// New things that stand on the page.
const NEW_MAX: usize = 5;
/// Looks that stand on the page.
const LOOKS_MAX: usize = 3;
/// Days that a change of weight is told over.
const CHANGE_DAYS: i64 = 14;
/// Characters of a message that stand on the page.
const SNIPPET_CHARACTERS: usize = 80;

/// What the page shows.
pub(crate) struct HomeOfCitizen {
    pub mine: Mine,
    pub notices: Vec<Notice>,
    pub next: Option<Visit>,
    /// Forms that wait to be filled in.
    pub forms: Vec<Asked>,
    pub news: Vec<NewThing>,
    pub weight: Option<Series>,
    /// What became of the weight, in words.
    pub change: Option<String>,
    pub looks: Vec<Look>,
}

/// Something that is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewThing {
    pub title: String,
    pub detail: Option<String>,
    pub at: Moment,
    pub href: String,
    /// Whether it has not been read.
    pub is_unread: bool,
}

/// The addresses of the home of somebody, and of what else there is.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/min/{id}", get(of)).route("/min/{id}/mer", get(more))
}

/// `GET /` for a citizen.
pub(crate) async fn show(reader: Reader) -> Response {
    response::drawn(drawn(&reader, None).await, &reader.who)
}

async fn of(reader: Reader, Path(id): Path<String>) -> Response {
    response::drawn(drawn(&reader, Some(&id)).await, &reader.who)
}

async fn more(reader: Reader, Path(id): Path<String>) -> Response {
    let mine = reader.mine(Some(&id)).await;
    let page = |mine| more_page::more(&mine, &reader.who, reader.today());
    response::drawn(mine.map(page), &reader.who)
}

async fn drawn(reader: &Reader, id: Option<&str>) -> Result<Markup, Problem> {
    if id.is_none() && reader.acted_for().await?.iter().all(|one| !one.standing.opens) {
        return Ok(home_page::nothing(&reader.who));
    }
    let mine = reader.mine(id).await?;
    let notices = reader.notices(&mine.all).await?;
    let id = mine.person.id.clone();
    let visits = reader.visits(&id).await?;
    let threads = reader.letters(&id).await?;
    let forms = reader.asked_of(&id).await?;
    let withdrawn = reader.withdrawn(&id).await?;
    let (chart, _) = reader.chart(&id, &mine.standing).await?;
    let looks = match mine.standing.may_read_log {
        true => reader.looks(&id).await?,
        false => Vec::new(),
    };
    let today = reader.today();
    // What the house itself did, and the citizen, stands in the whole list.
    let own = reader.who.display();
    let house = code("ground", Ground::Operator.code());
    let is_somebodys = |look: &Look| !look.who.starts_with(own) && Some(look.ground) != house;
    let mut told = std::collections::HashSet::new();
    let weight = chart
        .series
        .iter()
        .find(|series| series.code.as_ref().is_some_and(|code| code.code == WEIGHT));
    let home = HomeOfCitizen {
        news: news(&mine, &threads, &chart, &withdrawn, today),
        change: weight.and_then(|series| change(series, today)),
        weight: weight.cloned(),
        forms,
        next: visits.into_iter().find(|visit| visit.is_coming),
        looks: looks
            .into_iter()
            .filter(is_somebodys)
            .filter(|look| told.insert(look.who.clone()))
            .take(LOOKS_MAX)
            .collect(),
        notices,
        mine,
    };
    Ok(home_page::home(&home, &reader.who, reader.now(), today))
}

/// Messages, documents and results of the last time, newest first.
fn news(
    mine: &Mine,
    threads: &[Thread],
    chart: &Chart,
    withdrawn: &[(Filled, String)],
    today: Date,
) -> Vec<NewThing> {
    let is_new = |at: &Moment| (0..=NEW_DAYS).contains(&days_between(at.date(), today));
    let letters = threads.iter().filter_map(|thread| {
        let letter = thread.letters.iter().rev().find(|letter| !letter.is_from_patient())?;
        let at = letter.sent.filter(is_new)?;
        Some(NewThing {
            title: tf("my.wrote", &[("name", &letter.sender)]),
            detail: Some(snippet(&letter.text)),
            at,
            href: mine.path(&format!("/meldinger/{}", thread.id)),
            is_unread: thread.is_new_to_patient(),
        })
    });
    let documents = chart.documents.iter().filter_map(|document| {
        let parts = [document.kind.as_deref(), document.organisation.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        Some(NewThing {
            title: document.title.clone(),
            detail: (!parts.is_empty()).then(|| parts.join(" · ")),
            at: document.date.filter(is_new)?,
            href: format!(
                "/pasient/{}/dokument/{}/{}",
                mine.person.id, document.resource_type, document.id
            ),
            is_unread: false,
        })
    });
    let mut news: Vec<NewThing> = letters.chain(documents).collect();
    news.extend(withdrawn.iter().filter_map(|(form, title)| {
        Some(NewThing {
            title: tf("my-forms.withdrawn-new", &[("title", title)]),
            detail: form.why.clone(),
            at: form.saved().filter(is_new)?,
            href: mine.path(&format!("/skjema/{}", form.task()?)),
            is_unread: false,
        })
    }));
    news.extend(results(mine, chart).filter(|thing| is_new(&thing.at)));
    news.sort_by_key(|thing| (!thing.is_unread, std::cmp::Reverse(thing.at)));
    news.truncate(NEW_MAX);
    news
}

/// The laboratory's newest results, those of one day together.
fn results(mine: &Mine, chart: &Chart) -> Option<NewThing> {
    let laboratory = chart.series.iter().filter(|series| series.group == Group::Laboratory);
    let latest: Vec<_> = laboratory.filter_map(|series| series.latest()).collect();
    let at = latest.iter().filter_map(|point| point.date).max()?;
    let same_day = latest.iter().filter(|p| p.date.is_some_and(|date| date.date() == at.date()));
    let (mut all, mut outside) = (0, 0);
    for point in same_day {
        all += 1;
        outside += usize::from(point.direction.is_some());
    }
    let (n, m) = (outside.to_string(), all.to_string());
    let detail = match outside {
        0 => tf("my.results-usual", &[("m", &m)]),
        _ => tf("my.results-outside", &[("n", &n), ("m", &m)]),
    };
    Some(NewThing {
        title: t("my.results").to_string(),
        detail: Some(detail),
        at,
        href: mine.path("/journal/provesvar"),
        is_unread: false,
    })
}

/// `Ned 2,5 kg siden 9. nov`.
fn change(series: &Series, today: Date) -> Option<String> {
    let mut points = series.drawable();
    let (last, at) = points.next()?;
    let within = |when: &Moment| days_between(when.date(), at.date()) <= CHANGE_DAYS;
    let (first, since) = points.filter(|(_, when)| within(when)).last()?;
    let tenths = (last.value.numbers.first()? - first.value.numbers.first()?) * 10.0;
    let size = crate::numbers::decimal(&format!("{:.1}", tenths.abs() / 10.0));
    let since = since.short(today);
    let values = [("kg", &*size), ("since", &*since)];
    Some(match tenths.round() {
        0.0 => tf("my.weight-same", &[("since", &since)]),
        less if less < 0.0 => tf("my.weight-down", &values),
        _ => tf("my.weight-up", &values),
    })
}

/// The first words of a message.
fn snippet(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(SNIPPET_CHARACTERS).collect();
    let end = if cut.len() < line.len() { "…" } else { "" };
    tf("my.quoted", &[("text", &format!("{cut}{end}"))])
}

/// Whether the ground is the citizen's own.
pub(crate) fn is_own(ground: Ground) -> bool {
    ground == Ground::Own
}
