//! A form with its answers: what is asked, what is calculated, and what is wrong.
//!
//! Conditions and calculations are evaluated until nothing changes any more; calculations that never
//! settle are told. Standard: <https://hl7.org/fhir/uv/sdc/STU3/behavior.html>

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::answers::{Answers, Node, Occurrence};
use crate::calculate::{Evaluation, Looked};
use crate::check;
use crate::finding::Finding;
use crate::item::{Item, Kind};
use crate::limits::EVALUATION_ROUNDS_MAX;
use crate::prefill::Surroundings;
use crate::questionnaire::{Constraint, Questionnaire};
use crate::slots::{Slot, at, enabled, response, slots};

/// A form as it is shown.
#[derive(Clone, Debug)]
pub struct Live<'q> {
    /// The form.
    pub form: &'q Questionnaire,
    /// As many as the form has items.
    pub items: Vec<LiveItem<'q>>,
    /// What is wrong with the whole: constraints of the form, expressions that do not work.
    pub findings: Vec<Finding>,
}

/// One item as it is shown.
#[derive(Clone, Debug)]
pub struct LiveItem<'q> {
    /// The item.
    pub item: &'q Item,
    /// Where it stands: item and occurrence numbers, ending in an item's (`2.0.1`).
    pub path: String,
    /// Whether it is asked.
    pub is_enabled: bool,
    /// At least one for groups and questions.
    pub occurrences: Vec<LiveOccurrence<'q>>,
}

/// One group or answer as it is shown.
#[derive(Clone, Debug)]
pub struct LiveOccurrence<'q> {
    /// The item's path and its own number (`2.0.1.0`).
    pub path: String,
    /// The answer.
    pub value: Option<Answer>,
    /// What was typed and is no answer.
    pub typed: Option<String>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What stands below.
    pub items: Vec<LiveItem<'q>>,
}

/// What expressions brought to light in one round.
#[derive(Default)]
struct Round {
    enabled: Vec<bool>,
    /// Slots that get other answers than they have: path and answers.
    changes: Vec<(String, Vec<Answer>)>,
    findings: Vec<Finding>,
}

impl Questionnaire {
    /// What is asked, calculated and wrong, with these answers. Calculated answers are written into
    /// `answers`.
    pub fn evaluate<'q>(&'q self, answers: &mut Answers, surroundings: &Surroundings) -> Live<'q> {
        let mut known: Vec<bool> = Vec::new();
        let mut last = Round::default();
        let mut is_settled = false;
        for _ in 0..EVALUATION_ROUNDS_MAX {
            last = round(self, answers, surroundings, &known);
            is_settled = last.changes.is_empty() && last.enabled == known;
            known.clone_from(&last.enabled);
            for (path, values) in &last.changes {
                if let Some((item, node)) = answers.node_mut(self, path) {
                    node.answer(item, values.clone());
                }
            }
            if is_settled {
                break;
            }
        }
        if !is_settled {
            last.findings.extend(unsettled(&last, self));
        }
        let mut building = Building { enabled: &known, next: 0, told: &mut last.findings };
        let items = building.items(&self.items, &answers.nodes, "", true);
        Live { form: self, items, findings: last.findings }
    }
}

impl Questionnaire {
    /// What was answered, as it was answered: nothing is calculated anew and nothing judged. For forms that
    /// are signed.
    pub fn answered<'q>(&'q self, answers: &Answers) -> Live<'q> {
        let all = vec![true; slots(&self.items, &answers.nodes).len()];
        let mut none = Vec::new();
        let mut building = Building { enabled: &all, next: 0, told: &mut none };
        let items = building.items(&self.items, &answers.nodes, "", true);
        Live { form: self, items, findings: Vec::new() }
    }
}

fn unsettled(last: &Round, form: &Questionnaire) -> Vec<Finding> {
    let message = "What this is calculated from depends on itself: the answer never settles.";
    let items = last.changes.iter().filter_map(|(path, _)| item_at(form, path));
    let ids: BTreeSet<&str> = items.map(|item| item.link_id.as_str()).collect();
    if ids.is_empty() {
        return vec![Finding::of_form("unsettled", "", message).with("")];
    }
    ids.into_iter().map(|id| Finding::of_form("unsettled", id, message).with(id)).collect()
}

fn item_at<'q>(form: &'q Questionnaire, path: &str) -> Option<&'q Item> {
    let (mut items, mut found) = (form.items.as_slice(), None);
    for number in path.split('.').step_by(2) {
        let item: &Item = items.get(number.parse::<usize>().ok()?)?;
        items = &item.items;
        found = Some(item);
    }
    found
}

fn broken(item: &Item, message: &str) -> Finding {
    let text = format!("An expression does not work: {message}.");
    Finding::of_form("expression-failed", &item.link_id, text).with(message)
}

/// One round: with the answers as they are, and with what was asked before.
fn round(
    form: &Questionnaire,
    answers: &Answers,
    surroundings: &Surroundings,
    before: &[bool],
) -> Round {
    let mut found = Round::default();
    let slots = slots(&form.items, &answers.nodes);
    let has_same_shape = before.len() == slots.len();
    let before = if has_same_shape {
        before.to_vec()
    } else {
        enabled(&slots, &vec![None; slots.len()]).unwrap_or_else(|| vec![true; slots.len()])
    };
    let uses =
        |slot: &Slot<'_, '_>| slot.item.enable_when.is_some() || slot.item.calculated.is_some();
    let is_needed = slots.iter().any(uses)
        || !form.constraints.is_empty()
        || slots.iter().any(|slot| !slot.item.constraints.is_empty());
    let looked =
        is_needed.then(|| Looked::of(response(&form.items, &answers.nodes, &before))).flatten();
    let Some(looked) = looked else {
        found.enabled = enabled(&slots, &[]).unwrap_or(before);
        return found;
    };
    let evaluation = Evaluation::of(form, surroundings, &looked, &slots);
    let mut formulas: Vec<Option<bool>> = Vec::with_capacity(slots.len());
    for (number, slot) in slots.iter().enumerate() {
        let said = slot.item.enable_when.as_ref().map(|formula| {
            let truth = evaluation.truth(formula, Some(number));
            // What cannot be told is asked: nothing is left out by mistake.
            truth.map(|truth| truth.unwrap_or(false)).unwrap_or_else(|message| {
                found.findings.push(broken(slot.item, &message));
                true
            })
        });
        formulas.push(said);
    }
    found.enabled = enabled(&slots, &formulas).unwrap_or(before);
    for (number, slot) in slots.iter().enumerate().filter(|(number, _)| at(&found.enabled, *number))
    {
        let Some(formula) = &slot.item.calculated else { continue };
        match evaluation.answers(formula, Some(number), slot.item) {
            Ok(values) => {
                if !slot.node.answers().eq(values.iter()) {
                    found.changes.push((slot.path(), values));
                }
            }
            Err(message) => found.findings.push(broken(slot.item, &message)),
        }
    }
    constraints(&evaluation, form, &slots, &mut found);
    found
}

fn constraints(
    evaluation: &Evaluation<'_>,
    form: &Questionnaire,
    slots: &[Slot<'_, '_>],
    found: &mut Round,
) {
    let mut judge = |constraint: &Constraint, slot: Option<usize>, link_id: &str, path: &str| {
        let code = if constraint.is_error { "constraint" } else { "constraint-warning" };
        match evaluation.truth(&constraint.formula, slot) {
            Ok(Some(true) | None) => {}
            Ok(Some(false)) => found.findings.push(
                Finding::of_answer(code, link_id, path, constraint.human.clone())
                    .with(constraint.human.clone()),
            ),
            Err(message) => {
                let text = format!("A constraint does not work: {message}.");
                found
                    .findings
                    .push(Finding::of_form("expression-failed", link_id, text).with(message));
            }
        }
    };
    for constraint in &form.constraints {
        judge(constraint, None, "", "");
    }
    for (number, slot) in slots.iter().enumerate().filter(|(number, _)| at(&found.enabled, *number))
    {
        for constraint in &slot.item.constraints {
            judge(constraint, Some(number), &slot.item.link_id, &format!("{}.0", slot.path()));
        }
    }
}

/// The tree that is shown, from the answers and what is asked.
struct Building<'b> {
    enabled: &'b [bool],
    next: usize,
    /// Findings of expressions; those about an occurrence move to it.
    told: &'b mut Vec<Finding>,
}

impl Building<'_> {
    fn items<'q>(
        &mut self,
        items: &'q [Item],
        nodes: &[Node],
        above: &str,
        is_shown: bool,
    ) -> Vec<LiveItem<'q>> {
        let mut found = Vec::with_capacity(items.len());
        for (number, (item, node)) in items.iter().zip(nodes).enumerate() {
            let path =
                if above.is_empty() { number.to_string() } else { format!("{above}.{number}") };
            let is_enabled = is_shown && at(self.enabled, self.next);
            self.next += 1;
            let mut occurrences: Vec<LiveOccurrence<'q>> = Vec::new();
            for (position, one) in node.occurrences.iter().enumerate() {
                occurrences.push(self.occurrence(
                    item,
                    one,
                    format!("{path}.{position}"),
                    is_enabled,
                ));
            }
            let answered = match item.kind == Kind::Group {
                true => occurrences.iter().filter(|one| one.is_answered()).count(),
                false => node.answers().count(),
            };
            if is_enabled
                && let Some(first) = occurrences.first_mut()
                && let Some(finding) = check::count(item, &first.path, node, answered)
            {
                first.findings.insert(0, finding);
            }
            found.push(LiveItem { item, path, is_enabled, occurrences });
        }
        found
    }

    fn occurrence<'q>(
        &mut self,
        item: &'q Item,
        one: &Occurrence,
        path: String,
        is_enabled: bool,
    ) -> LiveOccurrence<'q> {
        let items = self.items(&item.items, &one.nodes, &path, is_enabled);
        let mut findings =
            if is_enabled { check::occurrence(item, &path, one) } else { Vec::new() };
        let mut own: Vec<Finding> = Vec::new();
        self.told.retain(|finding| {
            let is_own = !finding.path.is_empty() && finding.path == path;
            if is_own {
                own.push(finding.clone());
            }
            !is_own
        });
        findings.extend(own);
        LiveOccurrence { path, value: one.value.clone(), typed: one.typed.clone(), findings, items }
    }
}

impl LiveOccurrence<'_> {
    /// Whether something in it that is asked is answered.
    pub fn is_answered(&self) -> bool {
        let below = |live: &LiveItem<'_>| {
            live.is_enabled && live.occurrences.iter().any(LiveOccurrence::is_answered)
        };
        self.value.is_some() || self.items.iter().any(below)
    }
}

impl<'q> LiveItem<'q> {
    /// This one and all that is asked below it, in the order of the form.
    pub fn walk<'l>(&'l self, visit: &mut dyn FnMut(&'l LiveItem<'q>)) {
        if !self.is_enabled {
            return;
        }
        visit(self);
        for one in &self.occurrences {
            one.items.iter().for_each(|live| live.walk(visit));
        }
    }
}

impl<'q> Live<'q> {
    /// All that is asked, in the order of the form.
    pub fn walk<'l>(&'l self, visit: &mut dyn FnMut(&'l LiveItem<'q>)) {
        self.items.iter().for_each(|live| live.walk(visit));
    }

    /// What is wrong at fields that are asked, in the order of the form, then with the whole.
    pub fn all_findings(&self) -> Vec<&Finding> {
        let mut found = Vec::new();
        self.walk(&mut |live| found.extend(live.occurrences.iter().flat_map(|one| &one.findings)));
        found.extend(&self.findings);
        found
    }

    /// What keeps it from being completed.
    pub fn faults(&self) -> Vec<&Finding> {
        let mut found = self.all_findings();
        found.retain(|finding| finding.code != "constraint-warning");
        found
    }

    /// Questions that people answer here and that are asked: how many are answered, and of how many.
    pub fn progress(&self) -> (usize, usize) {
        let (mut answered, mut asked) = (0, 0);
        self.walk(&mut |live| {
            if live.item.is_asked() && !live.item.is_hidden {
                asked += 1;
                answered += usize::from(live.occurrences.iter().any(|one| one.value.is_some()));
            }
        });
        (answered, asked)
    }

    /// The answer of the first place of an item, when it is asked.
    pub fn answer(&self, link_id: &str) -> Option<&Answer> {
        let mut found = None;
        self.walk(&mut |live| {
            if live.item.link_id == link_id && found.is_none() {
                found = live.occurrences.iter().find_map(|one| one.value.as_ref());
            }
        });
        found
    }

    /// Calculated numbers that have a code or that nothing else is calculated from the form says: its
    /// scores, with the answers that they have now.
    pub fn scores(&self) -> Vec<(&'q Item, &Answer)> {
        let mut found = Vec::new();
        self.walk(&mut |live| {
            let is_number =
                matches!(live.item.kind, Kind::Integer | Kind::Decimal | Kind::Quantity);
            if live.item.calculated.is_some() && is_number && !live.item.is_hidden {
                let values = live.occurrences.iter().filter_map(|one| one.value.as_ref());
                found.extend(values.map(|value| (live.item, value)));
            }
        });
        found
    }
}

/// Initial values by expressions, where nothing else is said.
pub(crate) fn initial_values(
    form: &Questionnaire,
    answers: &mut Answers,
    surroundings: &Surroundings,
) {
    let mut changes = Vec::new();
    {
        let slots = slots(&form.items, &answers.nodes);
        let all = vec![true; slots.len()];
        if slots.iter().all(|slot| slot.item.initial_formula.is_none()) {
            return;
        }
        let Some(looked) = Looked::of(response(&form.items, &answers.nodes, &all)) else { return };
        let evaluation = Evaluation::of(form, surroundings, &looked, &slots);
        for (number, slot) in slots.iter().enumerate() {
            let Some(formula) = &slot.item.initial_formula else { continue };
            if slot.node.answers().next().is_some() {
                continue;
            }
            // What does not work pre-fills nothing; the question is answered by hand.
            let values = evaluation.answers(formula, Some(number), slot.item).unwrap_or_default();
            if !values.is_empty() {
                changes.push((slot.path(), values));
            }
        }
    }
    for (path, values) in changes {
        if let Some((item, node)) = answers.node_mut(form, &path) {
            node.answer(item, values);
        }
    }
}
