//! The answers laid out flat, one slot for each place where an item stands, and which of them are asked.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen>

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::answers::Node;
use crate::condition::Condition;
use crate::item::{Item, Kind};

/// Rounds in which conditions are looked at until nothing changes. Those that depend on themselves were
/// refused; longer chains than this one nobody can follow.
const CONDITION_ROUNDS_MAX: usize = 100;

/// One place where an item stands.
pub(crate) struct Slot<'q, 'a> {
    pub(crate) item: &'q Item,
    pub(crate) node: &'a Node,
    /// The slot of the item above.
    pub(crate) parent: Option<usize>,
    /// Item and occurrence numbers, ending in the item's.
    pub(crate) numbers: Vec<usize>,
}

impl Slot<'_, '_> {
    /// As [`crate::Answers::node_mut`] takes it.
    pub(crate) fn path(&self) -> String {
        path_of(&self.numbers)
    }
}

pub(crate) fn path_of(numbers: &[usize]) -> String {
    let parts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    parts.join(".")
}

/// All slots, each before those below it.
pub(crate) fn slots<'q, 'a>(items: &'q [Item], nodes: &'a [Node]) -> Vec<Slot<'q, 'a>> {
    let mut found = Vec::new();
    lay_out(items, nodes, None, &[], &mut found);
    found
}

fn lay_out<'q, 'a>(
    items: &'q [Item],
    nodes: &'a [Node],
    parent: Option<usize>,
    above: &[usize],
    found: &mut Vec<Slot<'q, 'a>>,
) {
    for (number, (item, node)) in items.iter().zip(nodes).enumerate() {
        let mut numbers = above.to_vec();
        numbers.push(number);
        let own = found.len();
        found.push(Slot { item, node, parent, numbers: numbers.clone() });
        for (position, occurrence) in node.occurrences.iter().enumerate() {
            numbers.push(position);
            lay_out(&item.items, &occurrence.nodes, Some(own), &numbers, found);
            numbers.pop();
        }
    }
}

/// Which slots are asked. `formulas` tells what each slot's expression says, where it has one.
/// `None` when it does not settle.
pub(crate) fn enabled(slots: &[Slot<'_, '_>], formulas: &[Option<bool>]) -> Option<Vec<bool>> {
    let mut by_link: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, slot) in slots.iter().enumerate() {
        by_link.entry(&slot.item.link_id).or_default().push(number);
    }
    let mut now = vec![true; slots.len()];
    for _ in 0..CONDITION_ROUNDS_MAX {
        let mut changed = false;
        for (number, slot) in slots.iter().enumerate() {
            let above = slot.parent.is_none_or(|parent| at(&now, parent));
            let by_formula = formulas.get(number).copied().flatten().unwrap_or(true);
            let is_met = |condition: &Condition| {
                let question = nearest(slots, number, by_link.get(condition.question.as_str()));
                let asked = question.filter(|question| at(&now, *question));
                let node = asked.and_then(|question| slots.get(question)).map(|slot| slot.node);
                let answers: Vec<&Answer> = node.into_iter().flat_map(Node::answers).collect();
                condition.is_met(&answers)
            };
            let conditions = &slot.item.conditions;
            let by_conditions = match slot.item.any_condition && !conditions.is_empty() {
                true => conditions.iter().any(is_met),
                false => conditions.iter().all(is_met),
            };
            let is_enabled = above && by_formula && by_conditions;
            if let Some(known) = now.get_mut(number)
                && *known != is_enabled
            {
                *known = is_enabled;
                changed = true;
            }
        }
        if !changed {
            return Some(now);
        }
    }
    None
}

pub(crate) fn at(enabled: &[bool], number: usize) -> bool {
    enabled.get(number).copied().unwrap_or_default()
}

/// The occurrence of a question that is meant: the one that shares most of the groups above; of several
/// the last before, else the first after.
fn nearest(slots: &[Slot<'_, '_>], from: usize, candidates: Option<&Vec<usize>>) -> Option<usize> {
    let candidates = candidates?;
    if let [only] = candidates.as_slice() {
        return Some(*only);
    }
    let own = &slots.get(from)?.numbers;
    let shared = |number: usize| {
        let other = slots.get(number).map_or(&[][..], |slot| slot.numbers.as_slice());
        own.iter().zip(other).take_while(|(a, b)| a == b).count()
    };
    let nearness = |number: usize| match number < from {
        true => (shared(number), 1, number),
        false => (shared(number), 0, usize::MAX - number),
    };
    candidates.iter().copied().max_by_key(|number| nearness(*number))
}

/// A response for expressions to look at: every item that is there, answers only of what is asked. With
/// the position of each slot's item among all items of the response; none for what is below something that
/// is not asked.
pub(crate) struct Layout {
    pub(crate) items: Vec<Value>,
    pub(crate) entries: Vec<Option<usize>>,
}

/// Makes it.
pub(crate) fn response(items: &[Item], nodes: &[Node], enabled: &[bool]) -> Layout {
    let mut writing = Writing { enabled, entries: Vec::new(), count: 0 };
    let items = writing.items(items, nodes, true);
    Layout { items, entries: writing.entries }
}

struct Writing<'e> {
    enabled: &'e [bool],
    entries: Vec<Option<usize>>,
    count: usize,
}

impl Writing<'_> {
    fn next_entry(&mut self) -> usize {
        self.count += 1;
        self.count - 1
    }

    fn items(&mut self, items: &[Item], nodes: &[Node], is_shown: bool) -> Vec<Value> {
        let mut found = Vec::new();
        for (item, node) in items.iter().zip(nodes) {
            let own = self.entries.len();
            let is_asked = is_shown && at(self.enabled, own);
            let first = is_shown.then(|| self.next_entry());
            self.entries.push(first);
            if item.kind == Kind::Group && is_asked {
                for (position, one) in node.occurrences.iter().enumerate() {
                    if position > 0 {
                        self.next_entry();
                    }
                    let below = self.items(&item.items, &one.nodes, true);
                    found.push(with(item, "item", below));
                }
                continue;
            }
            let mut answers = Vec::new();
            for one in &node.occurrences {
                let below = self.items(&item.items, &one.nodes, is_asked);
                let mut answer = Map::new();
                if let Some(value) = one.value.as_ref().filter(|_| is_asked) {
                    let (kind, value) = value.to_json();
                    answer.insert(format!("value{kind}"), value);
                }
                if !below.is_empty() {
                    answer.insert("item".into(), below.into());
                }
                if !answer.is_empty() {
                    answers.push(Value::Object(answer));
                }
            }
            if is_shown {
                found.push(with(item, "answer", answers));
            }
        }
        found
    }
}

fn with(item: &Item, name: &str, content: Vec<Value>) -> Value {
    let mut entry = Map::new();
    entry.insert("linkId".into(), item.link_id.as_str().into());
    if !content.is_empty() {
        entry.insert(name.into(), content.into());
    }
    Value::Object(entry)
}
