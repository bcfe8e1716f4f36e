//! Immunization resources as what the programme asks about.
//!
//! Standard: <https://hl7.org/fhir/R4/immunization.html>

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use super::{Event, Item, State, standing};
use crate::chart::Person;
use crate::datatypes::{concept, moment, text};
use crate::messages::{code, t};
use crate::systems::is_atc;

/// How somebody stands with vaccines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vaccinations {
    /// In the order of the programme.
    pub items: Vec<Item>,
    /// Doses given whose codes the programme does not know: they are not counted.
    pub uncounted: usize,
}

impl Vaccinations {
    /// What is offered now or should have been given.
    pub(crate) fn due(&self) -> impl Iterator<Item = &Item> {
        let is_due = |item: &&Item| matches!(item.state, State::Due(_) | State::Overdue(_));
        self.items.iter().filter(is_due)
    }

    /// What was offered and not given.
    pub(crate) fn declined(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| matches!(item.state, State::Declined(_, _)))
    }

    /// What was given and needs assessment none the less.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = &Item> {
        let is = |item: &&Item| matches!(item.state, State::Given(_)) && item.assess.is_some();
        self.items.iter().filter(is)
    }

    /// What comes later, the nearest first.
    pub(crate) fn coming(&self) -> Vec<(&Item, Date)> {
        let mut all: Vec<(&Item, Date)> = self
            .items
            .iter()
            .filter_map(|item| match item.state {
                State::Coming(day) => Some((item, day)),
                State::Overdue(_) | State::Due(_) | State::Declined(_, _) | State::Given(_) => None,
            })
            .collect();
        all.sort_by_key(|(_, day)| *day);
        all
    }
}

/// How a person stands by the Immunizations of the journal. Nothing is due to the dead, and to those
/// whose day of birth is not known.
pub(crate) fn read(immunizations: &[NodeRef<'_>], person: &Person, today: Date) -> Vaccinations {
    let Some(birth) = person.birth.filter(|_| person.death.is_none()) else {
        return Vaccinations::default();
    };
    let events: Vec<Event> = immunizations.iter().filter_map(|node| event(*node)).collect();
    let is_unknown = |event: &&Event| event.codes.is_empty() && event.declined.is_none();
    Vaccinations {
        uncounted: events.iter().filter(is_unknown).count(),
        items: standing(birth.date(), person.gender, &events, today),
    }
}

fn event(node: NodeRef<'_>) -> Option<Event> {
    let declined = match text(node, &["status"])? {
        "completed" => None,
        // Out of stock is no answer: it is offered again.
        "not-done" if text(node, &["statusReason", "coding", "code"]) == Some("OSTOCK") => {
            return None;
        }
        "not-done" => Some(reason(node)),
        _ => return None,
    };
    let codings = node.first("vaccineCode").into_iter().flat_map(|code| code.named("coding"));
    let codes = codings
        .filter(|coding| text(*coding, &["system"]).is_some_and(is_atc))
        .filter_map(|coding| text(coding, &["code"]).map(str::to_owned))
        .collect();
    Some(Event {
        day: moment(node, &["occurrence"]).or_else(|| moment(node, &["recorded"]))?.date(),
        codes,
        number: text(node, &["protocolApplied", "doseNumber"]).and_then(|n| n.parse().ok()),
        declined,
    })
}

/// Why it was not given, in words.
fn reason(node: NodeRef<'_>) -> String {
    let coded = text(node, &["statusReason", "coding", "code"]);
    coded
        .and_then(|reason| code("vaccine-declined", reason))
        .map(str::to_owned)
        .or_else(|| node.first("statusReason").and_then(concept))
        .unwrap_or_else(|| t("vaccine.no-reason").to_owned())
}
