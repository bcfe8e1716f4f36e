//! Results that somebody must sign, the abnormal first, each value with what it was before.
//!
//! A result that nobody has signed by its deadline is shown to everybody of the unit who writes in
//! journals, and says so: whoever is at work can take it. Nothing is moved for that; the clock alone
//! decides.

use std::collections::BTreeSet;

use akson_access::decide::Situation;
use akson_access::rules::{Class, rights};
use akson_access::{Personnel, Role};
use akson_base::{Instant, Problem};
use akson_fhir::definitions::Definitions;
use akson_fhir::model::{NodeRef, Resource};
use akson_record::request::SearchRequest;

use super::unit::Unit;
use super::{TASKS_MAX, Tasks, deadline, is_over, mine, signs_for_unit, with_focus};
use crate::chart::{Direction, Observed, Person, Series, read_series};
use crate::datatypes::{concept, display, first_code, moment, target_id, text};
use crate::dates::Moment;
use crate::sight::Reader;
use crate::systems::{OPEN_TASK, TASK_SYSTEM};

/// Earlier measurements that are read for the trends of all results together.
const EARLIER_MAX: usize = 600;
/// Years of the trends.
const TREND_YEARS: i16 = 3;

/// One value of a result, the newest point of its series.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub series: Series,
    pub direction: Option<Direction>,
}

/// A result to sign.
#[derive(Clone, Debug)]
pub(crate) struct ToSign {
    pub task: String,
    pub person: Person,
    pub title: String,
    pub issued: Option<Moment>,
    pub by: Option<Moment>,
    /// Whose it is, when it is not the reader's.
    pub owner: Option<String>,
    /// The deadline has passed: everybody of the unit sees it.
    pub is_over: bool,
    pub may_sign: bool,
    /// The abnormal ones first.
    pub lines: Vec<Line>,
    /// What the one who answered concluded.
    pub conclusion: Option<String>,
    /// What was ordered, when the answer says which order it answers.
    pub asked: Option<Asked>,
}

/// What a result answers.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub items: Vec<String>,
    pub reason: Option<String>,
    pub date: Option<Moment>,
}

impl ToSign {
    /// How many values are outside what is normal.
    pub(crate) fn abnormal(&self) -> usize {
        self.lines.iter().filter(|line| line.direction.is_some()).count()
    }

    /// Far outside first, then outside, then the rest.
    fn weight(&self) -> u8 {
        self.lines.iter().map(|line| weight(line.direction)).max().unwrap_or(0)
    }
}

fn weight(direction: Option<Direction>) -> u8 {
    match direction {
        Some(Direction::Critical | Direction::CriticalLow) => 2,
        Some(Direction::High | Direction::Low | Direction::Abnormal) => 1,
        None => 0,
    }
}

/// What colleagues have not signed in time.
pub(super) struct Late {
    pub found: Vec<Resource>,
    /// When the next one of theirs is due.
    pub next: Option<Instant>,
}

/// Whether a role is shown what colleagues have not signed.
fn sees_late(role: Role) -> bool {
    rights(role, Situation::CareRelationship).may_write(Class::Clinical)
}

impl Reader {
    /// Results of colleagues that nobody has signed in time. What is not due yet is theirs: it is not
    /// shown, and not in the log.
    pub(super) async fn late_results(
        &self,
        personnel: &Personnel,
        unit: &Unit,
    ) -> Result<Late, Problem> {
        let own = personnel.practitioner().unwrap_or_default();
        let others: Vec<&str> =
            unit.colleagues.iter().map(String::as_str).filter(|one| *one != own).collect();
        if others.is_empty() || !sees_late(personnel.role) {
            return Ok(Late { found: Vec::new(), next: None });
        }
        let query = format!(
            "owner={}&code={TASK_SYSTEM}|sign-result&status={OPEN_TASK}&_count={TASKS_MAX}",
            others.join(",")
        );
        let request = SearchRequest {
            resource_type: Definitions::r4().resource_type("Task"),
            compartment: None,
            query,
            strict: true,
        };
        let now = self.now();
        let next = std::sync::Mutex::new(None);
        let keep = |json: &[u8]| {
            let Ok(task) = akson_fhir::json::parse_stored(json) else { return false };
            let deadline = deadline(task.root());
            if let Some(at) = deadline.filter(|at| *at > now) {
                let mut next = next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *next = Some(next.map_or(at, |known: Instant| known.min(at)));
            }
            is_over(deadline, now)
        };
        let page = self.record().search_keeping(&self.caller(), request, &keep).await?;
        let ids: Vec<&str> = page.entries.iter().map(|(version, _)| version.id.as_str()).collect();
        let found = if ids.is_empty() {
            Vec::new()
        } else {
            let query = format!("_id={}&{}", ids.join(","), with_focus());
            self.search(&self.caller(), "Task", query).await?
        };
        let next = *next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Late { found, next })
    }

    /// The results among the tasks, with their trends.
    pub(super) async fn to_sign(
        &self,
        personnel: &Personnel,
        tasks: &Tasks<'_>,
    ) -> Result<Vec<ToSign>, Problem> {
        let results: Vec<Found<'_>> =
            tasks.with_code("sign-result").filter_map(|task| found(task, tasks)).collect();
        let earlier = self.earlier(&results).await?;
        let now = self.now();
        let mut all: Vec<ToSign> =
            results.iter().map(|one| to_sign(one, &earlier, personnel, now)).collect();
        all.sort_by(|a, b| {
            (b.weight(), b.is_over, a.by, &a.task).cmp(&(a.weight(), a.is_over, b.by, &b.task))
        });
        Ok(all)
    }

    /// Earlier measurements of the same analyses of the same patients.
    async fn earlier(&self, results: &[Found<'_>]) -> Result<Vec<Resource>, Problem> {
        let patients: BTreeSet<&str> = results.iter().map(|one| one.person.id.as_str()).collect();
        let codes: BTreeSet<String> = results
            .iter()
            .flat_map(|one| &one.observations)
            .filter_map(|one| first_code(one.first("code")?))
            .map(|code| format!("{}|{}", code.system, code.code))
            .collect();
        if patients.is_empty() || codes.is_empty() {
            return Ok(Vec::new());
        }
        let since = self.today().saturating_sub(jiff::Span::new().years(TREND_YEARS));
        let patients: Vec<&str> = patients.into_iter().collect();
        let codes: Vec<String> = codes.iter().map(|code| crate::people::quoted(code)).collect();
        let query = format!(
            "patient={}&code={}&date=ge{since}&_sort=-date&_count={EARLIER_MAX}",
            patients.join(","),
            codes.join(",")
        );
        self.search(&self.caller(), "Observation", query).await
    }
}

/// A task with what it is about.
struct Found<'a> {
    task: NodeRef<'a>,
    person: Person,
    /// The DiagnosticReport or the Observation.
    focus: NodeRef<'a>,
    observations: Vec<NodeRef<'a>>,
    /// The ServiceRequests that it answers.
    requests: Vec<NodeRef<'a>>,
}

fn found<'a>(task: NodeRef<'a>, tasks: &Tasks<'a>) -> Option<Found<'a>> {
    let focus = tasks.target(task.first("focus")?)?;
    let observations = match focus.type_name() {
        "Observation" => vec![focus],
        _ => focus.named("result").filter_map(|one| tasks.target(one)).collect(),
    };
    let requests = focus.named("basedOn").filter_map(|one| tasks.target(one)).collect();
    Some(Found { task, person: tasks.person(task)?.clone(), focus, observations, requests })
}

fn to_sign(found: &Found<'_>, earlier: &[Resource], personnel: &Personnel, now: Instant) -> ToSign {
    let Found { task, person, focus, observations, requests } = found;
    let mut lines: Vec<Line> =
        observations.iter().filter_map(|one| line(*one, &person.id, earlier)).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(weight(line.direction)));
    let owner = task.first("owner");
    let is_own = owner
        .and_then(|owner| text(owner, &["reference"]))
        .is_some_and(|owner| mine(personnel).contains(&owner));
    ToSign {
        task: text(*task, &["id"]).unwrap_or_default().to_owned(),
        person: person.clone(),
        title: focus
            .first("code")
            .and_then(concept)
            .or_else(|| text(*task, &["description"]).map(str::to_owned))
            .unwrap_or_default(),
        issued: moment(*focus, &["issued"]).or_else(|| moment(*focus, &["effective"])),
        by: moment(*task, &["restriction", "period", "end"]),
        owner: owner.filter(|_| !is_own).and_then(display),
        is_over: is_over(deadline(*task), now),
        may_sign: is_own || signs_for_unit(personnel.role),
        lines,
        conclusion: text(*focus, &["conclusion"]).map(str::to_owned),
        asked: asked(requests),
    }
}

fn asked(requests: &[NodeRef<'_>]) -> Option<Asked> {
    let first = requests.first()?;
    let reason = requests.iter().find_map(|one| one.first("reasonCode").and_then(concept));
    Some(Asked {
        items: requests.iter().filter_map(|one| one.first("code").and_then(concept)).collect(),
        reason,
        date: moment(*first, &["authoredOn"]),
    })
}

/// A value as the newest point of its series: what came after it is another result's.
fn line(observation: NodeRef<'_>, patient: &str, earlier: &[Resource]) -> Option<Line> {
    let code = first_code(observation.first("code")?)?;
    let (id, at) = (text(observation, &["id"]), moment(observation, &["effective"]));
    let before = earlier.iter().map(Resource::root).filter(|one| {
        text(*one, &["id"]) != id
            && one.first("subject").and_then(target_id) == Some(patient)
            && one.first("code").and_then(first_code).as_ref() == Some(&code)
            && moment(*one, &["effective"]) < at
    });
    let all = std::iter::once(observation).chain(before).map(Observed::read);
    let series = read_series(all).into_iter().next()?;
    let direction = series.latest().and_then(|point| point.direction);
    Some(Line { series, direction })
}
