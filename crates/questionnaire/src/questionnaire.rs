//! A form, checked at the door: what `parse` returns can be drawn, answered and evaluated.
//!
//! Not here: one item's elements (`reading`, `options`, `condition`). Standard:
//! <https://hl7.org/fhir/R4/questionnaire.html>

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use akson_fhir::json;
use akson_fhir::model::Resource;
use serde_json::Value;

use crate::element::{extension_value, extensions, list, text};
use crate::finding::Finding;
use crate::formula::Formula;
use crate::item::{Item, Kind};
use crate::limits::{EXPRESSIONS_MAX, OCCURRENCES_MAX};
use crate::reading::Reading;

/// Something that must hold for the answers, beyond what a type asks.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// Its name in the form.
    pub key: String,
    /// What to say when it does not hold.
    pub human: String,
    /// Whether it keeps the form from being completed; else it is only said.
    pub is_error: bool,
    pub(crate) formula: Formula,
}

/// A form.
#[derive(Clone, Debug)]
pub struct Questionnaire {
    /// The resource's id; empty when it has none yet.
    pub id: String,
    /// Its canonical address; empty when it has none.
    pub url: String,
    /// Its version; empty when it has none.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// `draft`, `active`, `retired`, `unknown`.
    pub status: String,
    /// Its codes, as Codings.
    pub codes: Vec<Value>,
    /// What is asked.
    pub items: Vec<Item>,
    /// Named values for all expressions.
    pub variables: Vec<Formula>,
    /// What must hold for all answers.
    pub constraints: Vec<Constraint>,
    /// Names of what it is begun with (`patient`, `user`).
    pub launch: Vec<String>,
    /// Whether its answers become Observations unless an item says otherwise.
    pub is_extracted: bool,
    pub(crate) resource: Arc<Resource>,
}

impl Questionnaire {
    /// Reads a form.
    ///
    /// # Errors
    /// Everything that keeps it from being filled in here, each with its item and what would be right.
    pub fn parse(form: &Value) -> Result<Self, Vec<Finding>> {
        if text(form, "resourceType") != "Questionnaire" {
            let message = "This is no Questionnaire. resourceType must be Questionnaire.";
            return Err(vec![Finding::of_form("not-a-questionnaire", "", message)]);
        }
        let resource = json::parse(form.to_string().as_bytes()).map_err(|issues| {
            let of = |issue: &json::Issue| {
                let message = issue.to_string();
                Finding::of_form("not-fhir", "", message.clone()).with(message)
            };
            issues.iter().map(of).collect::<Vec<_>>()
        })?;
        let mut reading = Reading::of(form);
        let is_extracted = reading.is_extracted(form, false);
        let items = reading.items(list(form, "item"), 0, is_extracted);
        let variables = reading.variables(form, "");
        let constraints = reading.constraints(form, "");
        let launch = reading.launch(form);
        let questionnaire = Self {
            id: text(form, "id").to_owned(),
            url: text(form, "url").to_owned(),
            version: text(form, "version").to_owned(),
            title: [text(form, "title"), text(form, "name")]
                .into_iter()
                .find(|title| !title.is_empty())
                .unwrap_or_default()
                .to_owned(),
            description: text(form, "description").to_owned(),
            status: text(form, "status").to_owned(),
            codes: list(form, "code").to_vec(),
            items,
            variables,
            constraints,
            launch,
            is_extracted,
            resource: Arc::new(resource),
        };
        let mut findings = reading.findings;
        findings.extend(questionnaire.circular());
        if reading.expressions > EXPRESSIONS_MAX {
            let message =
                format!("The form has more than {EXPRESSIONS_MAX} expressions. Use fewer.");
            let limit = EXPRESSIONS_MAX.to_string();
            findings.push(Finding::of_form("too-many-expressions", "", message).with(limit));
        }
        if beginning(&questionnaire.items) > OCCURRENCES_MAX {
            let message = format!(
                "With minOccurs the form begins with more than {OCCURRENCES_MAX} groups and answers. Use fewer."
            );
            let limit = OCCURRENCES_MAX.to_string();
            findings.push(Finding::of_form("too-many-repeats", "", message).with(limit));
        }
        if findings.is_empty() { Ok(questionnaire) } else { Err(findings) }
    }

    /// `url|version`, as a response names it; `Questionnaire/id` when it has no url.
    pub fn canonical(&self) -> String {
        match (self.url.as_str(), self.version.as_str()) {
            ("", _) => format!("Questionnaire/{}", self.id),
            (url, "") => url.to_owned(),
            (url, version) => format!("{url}|{version}"),
        }
    }

    /// Whether an expression names `%name`: what it stands for must be at hand.
    pub fn names(&self, name: &str) -> bool {
        let variable = format!("%{name}");
        let of_item = |item: &Item| {
            let single = [&item.enable_when, &item.calculated, &item.initial_formula];
            let constraints = item.constraints.iter().map(|one| &one.formula);
            let mut all = single.into_iter().flatten().chain(&item.variables).chain(constraints);
            all.any(|formula| formula.source().contains(&variable))
        };
        let constraints = self.constraints.iter().map(|one| &one.formula);
        self.variables.iter().chain(constraints).any(|one| one.source().contains(&variable))
            || self.all().into_iter().any(of_item)
    }

    /// All items, in the order of the form.
    pub fn all(&self) -> Vec<&Item> {
        let mut found = Vec::new();
        for item in &self.items {
            item.all(&mut found);
        }
        found
    }

    /// The item with this linkId.
    pub fn item(&self, link_id: &str) -> Option<&Item> {
        self.all().into_iter().find(|item| item.link_id == link_id)
    }

    /// Conditions that name no question, and those that depend on themselves.
    fn circular(&self) -> Vec<Finding> {
        let all = self.all();
        let known: HashMap<&str, &Item> =
            all.iter().map(|item| (item.link_id.as_str(), *item)).collect();
        let mut depends: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut findings = Vec::new();
        for item in &all {
            for condition in &item.conditions {
                let question = condition.question.as_str();
                if !known.get(question).is_some_and(|one| one.kind.is_question()) {
                    let message = format!(
                        "A condition names the question {question}, which this form does not have. enableWhen.question must be the linkId of a question."
                    );
                    findings.push(
                        Finding::of_form("condition-question", &item.link_id, message)
                            .with(question),
                    );
                }
                depends.entry(&item.link_id).or_default().push(question);
            }
            // What stands in a group is not asked when the group is not.
            for child in &item.items {
                depends.entry(&child.link_id).or_default().push(&item.link_id);
            }
        }
        for item in &all {
            if !item.conditions.is_empty() && reaches_itself(&item.link_id, &depends) {
                let message = "Whether this is asked depends, by its conditions, on its own answer. Change one of the conditions.";
                findings.push(Finding::of_form("condition-circular", &item.link_id, message));
            }
        }
        findings
    }
}

/// Groups and answers, empty ones too, that an unanswered form has.
fn beginning(items: &[Item]) -> usize {
    let of = |item: &Item| {
        let below = beginning(&item.items).saturating_add(1);
        below.saturating_mul(item.occurs_min.max(1))
    };
    items.iter().map(of).fold(0, usize::saturating_add)
}

fn reaches_itself<'a>(start: &'a str, depends: &HashMap<&'a str, Vec<&'a str>>) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut next: Vec<&str> = depends.get(start).cloned().unwrap_or_default();
    while let Some(one) = next.pop() {
        if one == start {
            return true;
        }
        if seen.insert(one) {
            next.extend(depends.get(one).into_iter().flatten());
        }
    }
    false
}

impl Constraint {
    pub(crate) fn parse(extension: &Value, link_id: &str) -> Result<Self, Finding> {
        let part = |name: &str| {
            let part = list(extension, "extension").iter().find(|one| text(one, "url") == name);
            part.and_then(|part| crate::element::value(part, "value"))
                .and_then(|(_, value)| value.as_str())
                .unwrap_or_default()
        };
        let human = part("human");
        if human.is_empty() {
            let message = "A constraint has no text for people. Write in human what must hold.";
            return Err(Finding::of_form("constraint-human", link_id, message));
        }
        Ok(Self {
            key: part("key").to_owned(),
            human: human.to_owned(),
            is_error: part("severity") != "warning",
            formula: Formula::compile("", part("expression"), link_id)?,
        })
    }
}

/// Names of what the form is begun with. Standard:
/// <https://hl7.org/fhir/uv/sdc/STU3/StructureDefinition-sdc-questionnaire-launchContext.html>
pub(crate) fn launch_names(form: &Value) -> Vec<String> {
    extensions(form, "sdc-questionnaire-launchContext")
        .filter_map(|one| {
            let name = list(one, "extension").iter().find(|part| text(part, "url") == "name")?;
            let (_, value) = crate::element::value(name, "value")?;
            let code = value.as_str().unwrap_or_else(|| text(value, "code"));
            Some(code.to_owned())
        })
        .collect()
}

/// The texts of children that explain an item or are its unit.
pub(crate) fn texts_below(items: &[Item], control: crate::item::Control) -> String {
    let of = |item: &&Item| item.kind == Kind::Display && item.control == control;
    let texts: Vec<&str> = items.iter().filter(of).map(|item| item.text.as_str()).collect();
    texts.join("\n")
}

/// The code of `questionnaire-itemControl`.
pub(crate) fn control_code(item: &Value) -> &str {
    let control = extension_value(item, "questionnaire-itemControl").unwrap_or(&Value::Null);
    list(control, "coding").first().map(|coding| text(coding, "code")).unwrap_or_default()
}
