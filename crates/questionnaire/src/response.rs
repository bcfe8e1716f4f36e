//! Answers from and to a QuestionnaireResponse.
//!
//! What does not fit the form is told and kept, never dropped in silence. Standard:
//! <https://hl7.org/fhir/R4/questionnaireresponse.html>

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::answers::{Answers, Node, Occurrence, empty};
use crate::element::{TYPED, list, text, value};
use crate::finding::Finding;
use crate::item::{Item, Kind};
use crate::limits::{OCCURRENCES_MAX, REPEATS_MAX};
use crate::live::{Live, LiveItem};
use crate::questionnaire::Questionnaire;

/// A response while it is read.
struct Reading {
    count: usize,
    unfit: Vec<Value>,
    findings: Vec<Finding>,
}

impl Questionnaire {
    /// Reads the answers of a response to this form, and tells what of it does not fit.
    pub fn read(&self, response: &Value) -> (Answers, Vec<Finding>) {
        let mut reading = Reading { count: 0, unfit: Vec::new(), findings: Vec::new() };
        let nodes = reading.nodes(&self.items, list(response, "item"));
        (Answers { nodes, unfit: reading.unfit }, reading.findings)
    }
}

impl Reading {
    fn unfit(&mut self, code: &'static str, link_id: &str, message: &str, item: Value) {
        self.findings.push(Finding::of_form(code, link_id, message).with(link_id));
        self.unfit.push(item);
    }

    fn nodes(&mut self, items: &[Item], given: &[Value]) -> Vec<Node> {
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            let own = given.iter().filter(|one| text(one, "linkId") == item.link_id);
            let mut occurrences = Vec::new();
            for one in own {
                if item.kind == Kind::Group {
                    self.group(item, one, &mut occurrences);
                } else if item.kind.is_question() {
                    self.question(item, one, &mut occurrences);
                }
            }
            if occurrences.is_empty() && item.kind != Kind::Display {
                occurrences = empty(std::slice::from_ref(item))
                    .pop()
                    .map(|node| node.occurrences)
                    .unwrap_or_default();
            }
            nodes.push(Node { occurrences });
        }
        for one in given {
            let link_id = text(one, "linkId");
            if items.iter().all(|item| item.link_id != link_id) {
                let message = "The response answers an item that the form does not have here.";
                self.unfit("item-unknown", link_id, message, one.clone());
            }
        }
        nodes
    }

    /// Whether there is room for one more occurrence of an item.
    fn has_room(&mut self, item: &Item, occurrences: &[Occurrence]) -> bool {
        let may = if item.repeats { REPEATS_MAX } else { 1 };
        self.count += 1;
        self.count <= OCCURRENCES_MAX && occurrences.len() < may
    }

    fn group(&mut self, item: &Item, one: &Value, occurrences: &mut Vec<Occurrence>) {
        if !self.has_room(item, occurrences) {
            let message = "The response has this group more often than the form takes it.";
            return self.unfit("too-often", &item.link_id, message, one.clone());
        }
        if !list(one, "answer").is_empty() {
            let message = "The response answers a group, which has no answer of its own.";
            let link_id = item.link_id.as_str();
            let answered = json!({"linkId": link_id, "answer": one.get("answer")});
            self.unfit("group-answered", link_id, message, answered);
        }
        let nodes = self.nodes(&item.items, list(one, "item"));
        occurrences.push(Occurrence { nodes, ..Occurrence::default() });
    }

    fn question(&mut self, item: &Item, one: &Value, occurrences: &mut Vec<Occurrence>) {
        let link_id = item.link_id.as_str();
        for answer in list(one, "answer") {
            let kept = json!({"linkId": link_id, "answer": [answer]});
            if !self.has_room(item, occurrences) {
                let message = "The response has more answers here than the form takes.";
                self.unfit("too-often", link_id, message, kept);
                continue;
            }
            let typed = list(answer, "extension").iter().find(|one| text(one, "url") == TYPED);
            let typed = typed.map(|one| text(one, "valueString").to_owned());
            let read = value(answer, "value").map(|(kind, value)| Answer::of_json(kind, value));
            let fitting = match read {
                None => None,
                Some(read) => match read.and_then(|read| fitted(item, read)) {
                    Some(read) => Some(read),
                    None => {
                        let message = "The response's answer is not of the item's type, or none of its options.";
                        self.unfit("answer-unfit", link_id, message, kept);
                        continue;
                    }
                },
            };
            let nodes = self.nodes(&item.items, list(answer, "item"));
            occurrences.push(Occurrence { value: fitting, typed, nodes });
        }
        // What is below a question without an answer stands, as some write it, beside it.
        let below = list(one, "item");
        if !below.is_empty() && occurrences.is_empty() {
            let nodes = self.nodes(&item.items, below);
            occurrences.push(Occurrence { nodes, ..Occurrence::default() });
        } else if !below.is_empty() {
            let nodes = self.nodes(&item.items, below);
            if let Some(first) = occurrences.first_mut()
                && first.nodes.iter().all(|node| node.occurrences.iter().all(Occurrence::is_empty))
            {
                first.nodes = nodes;
            }
        }
    }
}

/// The answer as the form has it: an option with its weight and words. `None` when it does not fit.
pub(crate) fn fitted(item: &Item, answer: Answer) -> Option<Answer> {
    if !answer.fits(item.kind) {
        return None;
    }
    if item.options.is_empty() {
        return Some(answer);
    }
    match item.option_of(&answer).and_then(|number| item.option(number)) {
        Some(option) => Some(option.value.clone()),
        None if item.kind == Kind::OpenChoice && matches!(answer, Answer::String(_)) => {
            Some(answer)
        }
        None => None,
    }
}

impl Answers {
    /// The response's items as they are stored while somebody goes on filling in: with what is not asked
    /// at the moment, what is no answer of its type, and what does not fit the form.
    pub fn draft(&self, form: &Questionnaire) -> Vec<Value> {
        let mut items = drafts(&form.items, &self.nodes);
        items.extend(self.unfit.iter().cloned());
        items
    }
}

fn drafts(items: &[Item], nodes: &[Node]) -> Vec<Value> {
    let mut found = Vec::new();
    for (item, node) in items.iter().zip(nodes) {
        // Empty ones between others keep their place while drafting; at the end they say nothing.
        let used = node.occurrences.iter().rposition(|one| !one.is_empty());
        let begun = if node.occurrences.len() > item.occurs_min.max(1) {
            node.occurrences.len()
        } else {
            0
        };
        let count = used.map_or(0, |last| last + 1).max(if used.is_some() { begun } else { 0 });
        let kept = node.occurrences.get(..count).unwrap_or_default();
        if item.kind == Kind::Group {
            found.extend(
                kept.iter().map(|one| entry(item, "item", drafts(&item.items, &one.nodes))),
            );
            continue;
        }
        let answers: Vec<Value> = kept.iter().filter_map(|one| drafted(item, one)).collect();
        if !answers.is_empty() {
            found.push(entry(item, "answer", answers));
        }
    }
    found
}

fn drafted(item: &Item, one: &Occurrence) -> Option<Value> {
    let mut answer = Map::new();
    if let Some(typed) = &one.typed {
        answer.insert("extension".into(), json!([{"url": TYPED, "valueString": typed}]));
    }
    if let Some(value) = &one.value {
        let (kind, value) = value.to_json();
        answer.insert(format!("value{kind}"), value);
    }
    let below = drafts(&item.items, &one.nodes);
    if !below.is_empty() {
        answer.insert("item".into(), below.into());
    }
    (!answer.is_empty()).then_some(Value::Object(answer))
}

fn entry(item: &Item, name: &str, content: Vec<Value>) -> Value {
    let mut entry = Map::new();
    entry.insert("linkId".into(), item.link_id.as_str().into());
    for (name, text) in [("text", &item.text), ("definition", &item.definition)] {
        if !text.is_empty() {
            entry.insert(name.into(), text.as_str().into());
        }
    }
    if !content.is_empty() {
        entry.insert(name.into(), content.into());
    }
    Value::Object(entry)
}

impl Live<'_> {
    /// The response's items as they are completed: what is asked and answered, and nothing else.
    /// Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen>
    /// (what is not enabled is left out).
    pub fn complete(&self) -> Vec<Value> {
        completed(&self.items)
    }
}

fn completed(items: &[LiveItem<'_>]) -> Vec<Value> {
    let mut found = Vec::new();
    for live in items.iter().filter(|live| live.is_enabled) {
        let item = live.item;
        if item.kind == Kind::Group {
            let groups = live.occurrences.iter().map(|one| completed(&one.items));
            found.extend(
                groups.filter(|below| !below.is_empty()).map(|below| entry(item, "item", below)),
            );
            continue;
        }
        let answers: Vec<Value> = live
            .occurrences
            .iter()
            .filter_map(|one| {
                let (kind, value) = one.value.as_ref()?.to_json();
                let mut answer = Map::new();
                answer.insert(format!("value{kind}"), value);
                let below = completed(&one.items);
                if !below.is_empty() {
                    answer.insert("item".into(), below.into());
                }
                Some(Value::Object(answer))
            })
            .collect();
        if !answers.is_empty() {
            found.push(entry(item, "answer", answers));
        }
    }
    found
}
