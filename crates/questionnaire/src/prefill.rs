//! What a form knows before anybody answers: initial values, expressions over who it is about, and
//! earlier Observations.
//!
//! Standard: <https://hl7.org/fhir/uv/sdc/STU3/populate.html>

use akson_base::Instant;
use akson_fhir::fhirpath::Moment;
use akson_fhir::json;
use akson_fhir::model::Resource;
use serde_json::Value;

use crate::answer::{Answer, Coding};
use crate::answers::{Answers, Node, Occurrence};
use crate::element::{list, text, value};
use crate::item::{Item, Kind};
use crate::live::initial_values;
use crate::questionnaire::Questionnaire;
use crate::response::fitted;

/// What expressions may know besides the answers.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// What `now()` and `today()` answer.
    pub now: Instant,
    pub(crate) launch: Vec<(String, Resource)>,
}

impl Surroundings {
    /// Nothing but the time.
    pub fn at(now: Instant) -> Self {
        Self { now, launch: Vec::new() }
    }

    /// With a stored resource that expressions name (`patient`, `user`). One that cannot be read is left
    /// out: expressions that name it are told as wrong.
    #[must_use]
    pub fn with(mut self, name: &str, resource: &Value) -> Self {
        if let Ok(resource) = json::parse_stored(resource.to_string().as_bytes()) {
            self.launch.push((name.to_owned(), resource));
        }
        self
    }
}

impl Questionnaire {
    /// The answers that a form begins with. `observations` are the patient's, newest first; one is used
    /// where the item has its code and says how old it may be, and where nothing else is said.
    pub fn begin(&self, surroundings: &Surroundings, observations: &[Value]) -> Answers {
        let mut answers = Answers::empty(self);
        fill(&self.items, &mut answers.nodes, surroundings.now, observations);
        initial_values(self, &mut answers, surroundings);
        answers
    }

    /// Codes of Observations that could answer items to begin with, as `system|code`.
    pub fn observed_codes(&self) -> Vec<String> {
        let all = self.all();
        let looked = all.iter().filter(|item| item.look_back.is_some());
        let codes = looked.flat_map(|item| &item.codes);
        codes.map(|code| format!("{}|{}", text(code, "system"), text(code, "code"))).collect()
    }
}

fn fill(items: &[Item], nodes: &mut [Node], now: Instant, observations: &[Value]) {
    for (item, node) in items.iter().zip(nodes) {
        if item.kind == Kind::Display {
            continue;
        }
        if item.kind.is_question() {
            let chosen = item.options.iter().filter(|option| option.is_initial);
            let mut first: Vec<Answer> = item.initial.clone();
            first.extend(chosen.map(|option| option.value.clone()));
            let mut first: Vec<Answer> =
                first.into_iter().filter_map(|answer| fitted(item, answer)).collect();
            if first.is_empty() {
                first.extend(observed(item, now, observations));
            }
            first.truncate(if item.repeats { item.occurs_max } else { 1 });
            if !first.is_empty() {
                node.answer(item, first);
            }
        }
        for Occurrence { nodes, .. } in &mut node.occurrences {
            fill(&item.items, nodes, now, observations);
        }
    }
}

/// The newest Observation with the item's code that is not too old.
fn observed(item: &Item, now: Instant, observations: &[Value]) -> Option<Answer> {
    let look_back = item.look_back?;
    let has_code = |observation: &&Value| {
        let codings = observation.get("code").map_or(&[][..], |code| list(code, "coding"));
        let same = |a: &Value, b: &Value| {
            text(a, "system") == text(b, "system") && text(a, "code") == text(b, "code")
        };
        codings.iter().any(|coding| item.codes.iter().any(|code| same(code, coding)))
            && !matches!(text(observation, "status"), "entered-in-error" | "cancelled")
    };
    let is_recent = |observation: &&Value| {
        let effective = text(observation, "effectiveDateTime");
        let earliest = Moment::from_instant(Instant(now.0.saturating_sub(look_back)));
        Moment::parse_date_time(effective)
            .and_then(|moment| moment.compare(earliest))
            .is_some_and(std::cmp::Ordering::is_ge)
    };
    let found = observations.iter().filter(has_code).find(is_recent)?;
    let (kind, given) = value(found, "value")?;
    let answer = match (kind, item.kind) {
        ("Quantity", Kind::Decimal) => Answer::of_json("Decimal", given.get("value")?)?,
        ("Quantity", Kind::Integer) => Answer::of_json("Integer", given.get("value")?)?,
        ("CodeableConcept", _) => {
            let codings = list(given, "coding").iter();
            let mut fitting = codings.map(|coding| Answer::Coding(Coding::of_json(coding)));
            return fitting.find_map(|answer| fitted(item, answer));
        }
        ("Integer", Kind::Decimal) => Answer::of_json("Decimal", given)?,
        _ => Answer::of_json(kind, given)?,
    };
    fitted(item, answer)
}
