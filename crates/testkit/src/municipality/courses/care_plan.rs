//! What services that follow somebody over time share: an episode, a team, a plan with goals and
//! measures.
//!
//! Standard: <https://hl7.org/fhir/R4/careplan.html>.

use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::directory::reference;
use crate::municipality::organisations::Service;
use crate::municipality::resources::{hl7, reference_to, words};
use crate::municipality::write::{Json, object};

/// One area of a plan.
pub(super) struct Area {
    pub(super) title: &'static str,
    pub(super) goal: &'static str,
    /// What is done, and when.
    pub(super) measures: &'static [(&'static str, &'static str)],
}

/// The time under a service, ended when life has: an EpisodeOfCare.
pub(super) fn episode(
    chart: &mut Chart<'_>,
    service: Service,
    kind: &str,
    from: Day,
    until: Option<Day>,
) {
    let Some(organisation) = chart.town.organisation(service) else { return };
    let id = chart.new_id();
    let end = until.or((!chart.alive()).then_some(chart.end));
    let members = object! {
        "status": if end.is_some() { "finished" } else { "active" },
        "type": [words(kind)],
        "patient": chart.subject(),
        "managingOrganization": reference("Organization", &organisation.id, organisation.name),
        "period": object! { "start": from.iso(), "end": end.map(Day::iso) },
    };
    chart.push("EpisodeOfCare", id, members);
}

/// The time under a service with its CareTeam. Gives the team's id.
pub(super) fn enrol(
    chart: &mut Chart<'_>,
    service: Service,
    kind: &str,
    from: Day,
    until: Option<Day>,
) -> Option<String> {
    episode(chart, service, kind, from, until);
    let organisation = chart.town.organisation(service)?;
    let team = chart.new_id();
    let end = until.or((!chart.alive()).then_some(chart.end));
    let over = end.is_some();
    let mut participants = Vec::new();
    let primary = organisation.with_profession("SP");
    if let Some(nurse) = primary {
        participants.push(object! {
            "role": [words("Primærkontakt")],
            "member": reference("Practitioner", &nurse.id, &nurse.name()),
            "onBehalfOf": reference("Organization", &organisation.id, organisation.name),
        });
    }
    if let Some((_, doctor)) = chart.doctor() {
        participants.push(object! {
            "role": [words("Fastlege")],
            "member": reference("Practitioner", &doctor.id, &doctor.name()),
        });
    }
    let members = object! {
        "status": if over { "inactive" } else { "active" },
        "name": format!("{kind}, {}", organisation.name),
        "subject": chart.subject(),
        "period": object! { "start": from.iso(), "end": end.map(Day::iso) },
        "participant": participants,
        "managingOrganization":
            [reference("Organization", &organisation.id, organisation.name)],
    };
    chart.push("CareTeam", team.clone(), members);
    Some(team)
}

/// A plan for one area of life with its goal and measures.
pub(super) fn plan(chart: &mut Chart<'_>, area: &Area, team: &str, from: Day, until: Option<Day>) {
    let (goal, plan) = (chart.new_id(), chart.new_id());
    let end = until.or((!chart.alive()).then_some(chart.end));
    let over = end.is_some();
    let members = object! {
        "lifecycleStatus": if over { "completed" } else { "active" },
        "description": words(area.goal),
        "subject": chart.subject(),
        "startDate": from.iso(),
        "achievementStatus": hl7(
            "http://terminology.hl7.org/CodeSystem/goal-achievement",
            "in-progress",
        ),
    };
    chart.push("Goal", goal.clone(), members);
    let activities: Vec<Json> = area
        .measures
        .iter()
        .map(|(measure, when)| {
            object! { "detail": object! {
                "code": words(measure),
                "status": if over { "completed" } else { "in-progress" },
                "scheduledString": *when,
                "description": *measure,
            } }
        })
        .collect();
    let members = object! {
        "status": if over { "completed" } else { "active" },
        "intent": "plan",
        "title": area.title,
        "description": area.goal,
        "subject": chart.subject(),
        "period": object! { "start": from.iso(), "end": end.map(Day::iso) },
        "created": from.iso(),
        "careTeam": [reference_to("CareTeam", team)],
        "goal": [reference_to("Goal", &goal)],
        "activity": activities,
    };
    chart.push("CarePlan", plan, members);
}
