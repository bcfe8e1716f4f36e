//! Sections that are one line per entry: vaccinations, procedures, plans.

use std::collections::HashSet;

use akson_fhir::model::{NodeRef, Resource};

use super::Index;
use crate::datatypes::{concept, display, first_code, moment, status, text};
use crate::dates::Moment;
use crate::messages::{code, tf};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub text: String,
    pub code: Option<String>,
    pub detail: Option<String>,
    pub date: Option<Moment>,
    /// How many times the same was done (then `date` is the last).
    pub times: usize,
    pub is_over: bool,
}

/// Earlier dates named in a grouped line.
const EARLIER_MAX: usize = 4;

/// Vaccinations given, each vaccine once with its earlier doses.
pub(super) fn vaccinations(immunizations: &[NodeRef<'_>]) -> Vec<Line> {
    let given = immunizations.iter().filter(|i| text(**i, &["status"]) == Some("completed"));
    let lines = given.filter_map(|immunization| {
        let vaccine = immunization.first("vaccineCode")?;
        let dose = text(*immunization, &["protocolApplied", "doseNumber"]);
        let dose = dose.map(|dose| tf("vaccinations.dose", &[("n", dose)]));
        let batch = text(*immunization, &["lotNumber"]);
        let batch = batch.map(|batch| tf("vaccinations.batch", &[("number", batch)]));
        let detail: Vec<String> = dose.into_iter().chain(batch).collect();
        Some(Line {
            text: concept(vaccine)?,
            code: first_code(vaccine).map(|c| c.code),
            detail: (!detail.is_empty()).then(|| detail.join(" · ")),
            date: moment(*immunization, &["occurrence"]),
            times: 1,
            is_over: true,
        })
    });
    let mut grouped: Vec<(Line, Vec<String>)> = Vec::new();
    for line in newest_first(lines.collect()) {
        match grouped.iter_mut().find(|(known, _)| known.text == line.text) {
            Some((known, earlier)) => {
                known.times += 1;
                earlier.extend(line.date.map(Moment::long));
            }
            None => grouped.push((line, Vec::new())),
        }
    }
    grouped
        .into_iter()
        .map(|(line, mut earlier)| {
            let cut = earlier.len() > EARLIER_MAX;
            earlier.truncate(EARLIER_MAX);
            let dates = earlier.join(", ") + if cut { " …" } else { "" };
            let earlier =
                (!earlier.is_empty()).then(|| tf("vaccinations.earlier", &[("dates", &dates)]));
            let parts: Vec<String> = line.detail.into_iter().chain(earlier).collect();
            let detail = (!parts.is_empty()).then(|| parts.join(" · "));
            Line { detail, ..line }
        })
        .collect()
}

/// Procedures done, the same procedure once with its count.
pub(super) fn procedures(procedures: &[NodeRef<'_>]) -> Vec<Line> {
    let done = procedures
        .iter()
        .filter(|p| !matches!(text(**p, &["status"]), Some("entered-in-error" | "not-done")));
    let lines = done.filter_map(|procedure| {
        let node = procedure.first("code")?;
        Some(Line {
            text: concept(node)?,
            code: first_code(node).map(|c| c.code),
            detail: procedure.first("reasonReference").and_then(display),
            date: moment(*procedure, &["performed"])
                .or_else(|| moment(*procedure, &["performed", "start"])),
            times: 1,
            is_over: true,
        })
    });
    let mut grouped: Vec<Line> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for line in newest_first(lines.collect()) {
        let place = *places.entry(line.text.clone()).or_insert(grouped.len());
        match grouped.get_mut(place) {
            Some(known) => known.times += 1,
            None => grouped.push(line),
        }
    }
    grouped
}

/// Plans, goals and open requests; those in force first. A goal stands with the plans that name it,
/// and on a line of its own only when none does.
pub(super) fn plans<'a>(
    plans: &[NodeRef<'a>],
    goals: &[NodeRef<'a>],
    requests: &[NodeRef<'a>],
    index: &Index<'a>,
) -> Vec<Line> {
    let mut told = HashSet::new();
    let plans: Vec<Line> =
        plans.iter().filter_map(|plan| care_plan(*plan, index, &mut told)).collect();
    let alone = goals.iter().filter(|goal| !told.contains(&std::ptr::from_ref(goal.resource())));
    let goals = alone.filter_map(|goal| {
        Some(Line {
            text: goal.first("description").and_then(concept)?,
            code: None,
            detail: achievement(*goal).map(str::to_owned),
            date: moment(*goal, &["start"]).or_else(|| moment(*goal, &["statusDate"])),
            times: 1,
            is_over: !matches!(
                text(*goal, &["lifecycleStatus"]),
                Some("active" | "accepted" | "planned")
            ),
        })
    });
    // Tests that are ordered stand above the laboratory's results.
    let requests = requests
        .iter()
        .filter(|r| text(**r, &["status"]) == Some("active") && !super::orders::is_laboratory(**r));
    let requests = requests.filter_map(|request| {
        Some(Line {
            text: request.first("code").and_then(concept)?,
            code: None,
            detail: request.first("performer").and_then(display),
            date: moment(*request, &["occurrence"]).or_else(|| moment(*request, &["authoredOn"])),
            times: 1,
            is_over: false,
        })
    });
    let mut lines: Vec<Line> =
        newest_first(plans.into_iter().chain(goals).chain(requests).collect());
    lines.sort_by_key(|line| line.is_over);
    lines
}

/// How far it has come with a goal, in words.
fn achievement(goal: NodeRef<'_>) -> Option<&'static str> {
    status(goal, "achievementStatus").and_then(|status| code("goal-achievement", status))
}

/// A plan with its goals; those that are in its line are added to `told`.
fn care_plan<'a>(
    plan: NodeRef<'a>,
    index: &Index<'a>,
    told: &mut HashSet<*const Resource>,
) -> Option<Line> {
    let categories: Vec<NodeRef<'_>> = plan.named("category").collect();
    let title = text(plan, &["title"]).map(str::to_owned);
    let title = title.or_else(|| categories.iter().rev().find_map(|c| concept(*c)))?;
    let mut activities: Vec<String> = plan
        .named("activity")
        .filter_map(|a| a.first("detail"))
        .filter_map(|d| {
            let words = d.first("code").and_then(concept);
            words.or_else(|| text(d, &["description"]).map(str::to_owned))
        })
        .collect();
    activities.dedup();
    let reason = plan.first("addresses").and_then(|condition| index.words(condition));
    let mut description = text(plan, &["description"]).map(str::to_owned);
    let mut goals = Vec::new();
    for goal in plan.named("goal").filter_map(|goal| index.target(goal)) {
        let Some(words) = goal.first("description").and_then(concept) else { continue };
        // Plans often describe themselves in their goal's words.
        description = description.filter(|description| *description != words);
        let words = tf("plans.goal", &[("goal", &words)]);
        goals.push(match achievement(goal) {
            Some(achievement) => format!("{words} ({achievement})"),
            None => words,
        });
        told.insert(std::ptr::from_ref(goal.resource()));
    }
    let activities = (!activities.is_empty()).then(|| activities.join(", "));
    let parts = reason.into_iter().chain(description).chain(goals).chain(activities);
    let parts: Vec<String> = parts.collect();
    Some(Line {
        text: title,
        code: None,
        detail: (!parts.is_empty()).then(|| parts.join(" · ")),
        date: moment(plan, &["period", "start"]).or_else(|| moment(plan, &["created"])),
        times: 1,
        is_over: !matches!(text(plan, &["status"]), Some("active" | "on-hold")),
    })
}

fn newest_first(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| (b.date, &a.text).cmp(&(a.date, &b.text)));
    lines
}
