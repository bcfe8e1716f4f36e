//! What was answered, in the shape of its form.
//!
//! Every item of the form has its [`Node`], every node at least one [`Occurrence`] (texts have none): the
//! page shows an empty field for each. Not here: JSON (`response`).

use crate::answer::Answer;
use crate::item::{Item, Kind};
use crate::limits::{OCCURRENCES_MAX, REPEATS_MAX};
use crate::questionnaire::Questionnaire;

/// A group once, or one answer, with what stands below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Occurrence {
    /// The answer; none for groups and while nothing is answered.
    pub value: Option<Answer>,
    /// What was typed and is no answer of the item's type.
    pub typed: Option<String>,
    /// What stands below, as many as the item has items.
    pub nodes: Vec<Node>,
}

/// One item's occurrences, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// At least one for groups and questions.
    pub occurrences: Vec<Occurrence>,
}

/// All answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// As many as the form has items.
    pub nodes: Vec<Node>,
    /// Items of the response that do not fit the form, as they stood.
    pub unfit: Vec<serde_json::Value>,
}

impl Occurrence {
    /// An empty one.
    pub fn of(item: &Item) -> Self {
        Self { nodes: empty(&item.items), ..Self::default() }
    }

    /// One with an answer.
    pub fn with(item: &Item, value: Option<Answer>) -> Self {
        Self { value, ..Self::of(item) }
    }

    /// Whether nothing is answered in it.
    pub fn is_empty(&self) -> bool {
        let has_none = |node: &Node| node.occurrences.iter().all(Self::is_empty);
        self.value.is_none() && self.typed.is_none() && self.nodes.iter().all(has_none)
    }
}

impl Node {
    /// Its answers, without empty fields.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.occurrences.iter().filter_map(|one| one.value.as_ref())
    }

    /// One more, unless there are as many as may be. Whether there is.
    pub fn add(&mut self, item: &Item) -> bool {
        let may = item.repeats && self.occurrences.len() < item.occurs_max.min(REPEATS_MAX);
        if may {
            self.occurrences.push(Occurrence::of(item));
        }
        may
    }

    /// One less; the last one is emptied.
    pub fn remove(&mut self, item: &Item, position: usize) {
        if position < self.occurrences.len() {
            self.occurrences.remove(position);
        }
        if self.occurrences.is_empty() {
            self.occurrences.push(Occurrence::of(item));
        }
    }

    /// Instead of what there is. An empty list leaves one empty field.
    pub fn answer(&mut self, item: &Item, values: Vec<Answer>) {
        let mut nodes =
            self.occurrences.drain(..).map(|one| one.nodes).collect::<Vec<_>>().into_iter();
        let mut with = |value: Option<Answer>| Occurrence {
            value,
            typed: None,
            nodes: nodes.next().unwrap_or_else(|| empty(&item.items)),
        };
        let mut found: Vec<Occurrence> =
            values.into_iter().map(|value| with(Some(value))).collect();
        if found.is_empty() {
            found.push(with(None));
        }
        self.occurrences = found;
    }
}

/// Nodes without answers.
pub(crate) fn empty(items: &[Item]) -> Vec<Node> {
    let of = |item: &Item| {
        if item.kind == Kind::Display {
            return Node::default();
        }
        Node { occurrences: vec![Occurrence::of(item); item.occurs_min.clamp(1, REPEATS_MAX)] }
    };
    items.iter().map(of).collect()
}

impl Answers {
    /// Nothing answered.
    pub fn empty(form: &Questionnaire) -> Self {
        Self { nodes: empty(&form.items), unfit: Vec::new() }
    }

    /// Whether one more group or answer is taken.
    pub fn has_room(&self) -> bool {
        fn count(nodes: &[Node]) -> usize {
            let of = |one: &Occurrence| 1 + count(&one.nodes);
            nodes.iter().flat_map(|node| &node.occurrences).map(of).sum()
        }
        count(&self.nodes) < OCCURRENCES_MAX
    }

    /// The item, and its node, at a path of item and occurrence numbers that ends in an item's (`2.0.1`).
    pub fn node_mut<'a, 'q>(
        &'a mut self,
        form: &'q Questionnaire,
        path: &str,
    ) -> Option<(&'q Item, &'a mut Node)> {
        let numbers: Option<Vec<usize>> = path.split('.').map(|part| part.parse().ok()).collect();
        let numbers = numbers?;
        let (mut items, mut nodes) = (form.items.as_slice(), self.nodes.as_mut_slice());
        let mut rest = numbers.as_slice();
        loop {
            let (number, below) = rest.split_first()?;
            let (item, node) = (items.get(*number)?, nodes.get_mut(*number)?);
            let Some((occurrence, below)) = below.split_first() else { return Some((item, node)) };
            let occurrence = node.occurrences.get_mut(*occurrence)?;
            (items, nodes, rest) = (&item.items, &mut occurrence.nodes, below);
        }
    }
}
