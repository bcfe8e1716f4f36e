//! Reading the items of a form: each element and extension once, with what is wrong told where it is.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item>

use std::collections::HashSet;

use regex_lite::Regex;
use serde_json::Value;

use crate::answer::Answer;
use crate::condition::{Condition, order};
use crate::element::{extension_value, extensions, flag, list, text, value};
use crate::finding::Finding;
use crate::formula::Formula;
use crate::item::{Control, Item, Kind, Unit};
use crate::limits::{ITEM_DEPTH_MAX, ITEMS_MAX, REPEATS_MAX};
use crate::options::options;
use crate::questionnaire::{Constraint, control_code, launch_names, texts_below};

/// Types that a reference can be chosen to from a list.
const TARGETS: [&str; 3] = ["Practitioner", "Organization", "RelatedPerson"];
/// What a form can be begun with.
const LAUNCH: [&str; 2] = ["patient", "user"];
const DAY_MS: i64 = 86_400_000;

/// A form while it is read.
pub(crate) struct Reading<'f> {
    contained: &'f [Value],
    seen: HashSet<String>,
    count: usize,
    pub(crate) expressions: usize,
    pub(crate) findings: Vec<Finding>,
}

impl<'f> Reading<'f> {
    pub(crate) fn of(form: &'f Value) -> Self {
        let contained = list(form, "contained");
        Self { contained, seen: HashSet::new(), count: 0, expressions: 0, findings: Vec::new() }
    }

    fn wrong(&mut self, code: &'static str, link_id: &str, message: &str) {
        self.findings.push(Finding::of_form(code, link_id, message));
    }

    pub(crate) fn items(&mut self, items: &[Value], depth: usize, is_extracted: bool) -> Vec<Item> {
        if depth >= ITEM_DEPTH_MAX && !items.is_empty() {
            let message =
                format!("Items stand more than {ITEM_DEPTH_MAX} levels deep. Use fewer levels.");
            let limit = ITEM_DEPTH_MAX.to_string();
            self.findings.push(Finding::of_form("too-deep", "", message).with(limit));
            return Vec::new();
        }
        let mut found = Vec::new();
        for item in items {
            self.count += 1;
            if self.count == ITEMS_MAX + 1 {
                let message =
                    format!("The form has more than {ITEMS_MAX} items. Make it several forms.");
                let limit = ITEMS_MAX.to_string();
                self.findings.push(Finding::of_form("too-many-items", "", message).with(limit));
            }
            if self.count > ITEMS_MAX {
                break;
            }
            if let Some(item) = self.item(item, depth, is_extracted) {
                found.push(item);
            }
        }
        found
    }

    fn item(&mut self, item: &Value, depth: usize, is_extracted: bool) -> Option<Item> {
        let link_id = text(item, "linkId");
        if link_id.is_empty() {
            self.wrong("link-id-missing", "", "An item has no linkId. Give each item its own.");
        } else if !self.seen.insert(link_id.to_owned()) {
            let message = format!(
                "The linkId {link_id} stands on more than one item. Give each item its own."
            );
            self.findings.push(Finding::of_form("link-id-twice", link_id, message).with(link_id));
        }
        let code = text(item, "type");
        let Some(kind) = Kind::named(code) else {
            let message = format!(
                "The type {code} cannot be answered. Use group, display, boolean, decimal, integer, date, dateTime, time, string, text, url, choice, open-choice, attachment, reference or quantity."
            );
            self.findings.push(Finding::of_form("type-unknown", link_id, message).with(code));
            return None;
        };
        let is_extracted = self.is_extracted(item, is_extracted);
        let items = self.items(list(item, "item"), depth + 1, is_extracted);
        let control = Control::named(control_code(item));
        let read = Item {
            link_id: link_id.to_owned(),
            prefix: text(item, "prefix").to_owned(),
            text: text(item, "text").to_owned(),
            definition: text(item, "definition").to_owned(),
            kind,
            control,
            is_required: flag(item, "required"),
            repeats: flag(item, "repeats"),
            is_read_only: flag(item, "readOnly"),
            is_hidden: extension_value(item, "questionnaire-hidden") == Some(&Value::Bool(true)),
            length_max: number(item.get("maxLength")),
            occurs_min: number(extension_value(item, "questionnaire-minOccurs")).unwrap_or(0),
            occurs_max: number(extension_value(item, "questionnaire-maxOccurs"))
                .unwrap_or(REPEATS_MAX)
                .min(REPEATS_MAX),
            min: end(item, "minValue"),
            max: end(item, "maxValue"),
            decimals_max: number(extension_value(item, "maxDecimalPlaces")),
            pattern: self.pattern(item, link_id),
            options: options(item, self.contained, link_id, &mut self.findings),
            units: units(item),
            initial: self.initial(item, kind, link_id),
            conditions: self.conditions(item, link_id),
            any_condition: text(item, "enableBehavior") == "any",
            enable_when: self.formula(item, "sdc-questionnaire-enableWhenExpression", link_id),
            calculated: self.formula(item, "sdc-questionnaire-calculatedExpression", link_id),
            initial_formula: self.formula(item, "sdc-questionnaire-initialExpression", link_id),
            variables: self.variables(item, link_id),
            constraints: self.constraints(item, link_id),
            codes: list(item, "code").to_vec(),
            is_extracted: is_extracted && !list(item, "code").is_empty() && kind.is_question(),
            category: extension_value(item, "sdc-questionnaire-observation-extract-category")
                .cloned(),
            look_back: self.look_back(item, link_id),
            targets: targets(item),
            help: texts_below(&items, Control::Help),
            unit_text: texts_below(&items, Control::Unit),
            items,
        };
        self.judge(&read);
        Some(read)
    }

    /// What must fit together in one item.
    fn judge(&mut self, item: &Item) {
        let id = item.link_id.as_str();
        if item.kind.is_choice() && item.options.is_empty() && self.has_no_finding(id) {
            self.wrong("choice-without-options", id, "A choice has nothing to choose from. Give it answerOption, or answerValueSet with a contained ValueSet.");
        }
        if item.kind == Kind::Reference && item.options.is_empty() {
            let is_listed = |target: &String| TARGETS.contains(&target.as_str());
            if item.targets.is_empty() || !item.targets.iter().all(is_listed) {
                self.wrong("reference-target", id, "A reference can be chosen to a Practitioner, an Organization or a RelatedPerson. Say which in questionnaire-referenceResource, or list the choices in answerOption.");
            }
        }
        if item.kind == Kind::Display && item.items.iter().any(|one| one.kind.is_question()) {
            self.wrong("display-with-questions", id, "A text has questions below it. Use a group.");
        }
        if item.occurs_min > item.occurs_max {
            self.wrong(
                "occurs-wrong",
                id,
                "minOccurs is larger than maxOccurs, or than the most repeats that are taken.",
            );
        }
        if let (Some(min), Some(max)) = (&item.min, &item.max)
            && order(min, max).is_some_and(std::cmp::Ordering::is_gt)
        {
            self.wrong(
                "range-wrong",
                id,
                "minValue is larger than maxValue. No answer could be right.",
            );
        }
        if item.control == Control::Slider && (item.min.is_none() || item.max.is_none()) {
            self.wrong(
                "slider-without-ends",
                id,
                "A slider needs two ends. Give minValue and maxValue.",
            );
        }
        let is_file = matches!(item.kind, Kind::Attachment | Kind::Reference);
        if item.is_extracted && is_file {
            self.wrong("extract-type", id, "A file or a reference cannot become an Observation's value. Set observationExtract to false here.");
        }
    }

    fn has_no_finding(&self, link_id: &str) -> bool {
        self.findings.iter().all(|finding| finding.link_id != link_id)
    }

    /// `sdc-questionnaire-observationExtract`, which holds for everything below until it is said anew.
    pub(crate) fn is_extracted(&mut self, of: &Value, above: bool) -> bool {
        let said = extension_value(of, "sdc-questionnaire-observationExtract");
        said.and_then(Value::as_bool).unwrap_or(above)
    }

    fn take<T>(&mut self, read: Result<T, Finding>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(finding) => {
                self.findings.push(finding);
                None
            }
        }
    }

    fn formula(&mut self, item: &Value, name: &str, link_id: &str) -> Option<Formula> {
        let expression = extension_value(item, name)?;
        self.expressions += 1;
        let read = Formula::parse(expression, link_id);
        self.take(read)
    }

    pub(crate) fn variables(&mut self, of: &Value, link_id: &str) -> Vec<Formula> {
        let mut found = Vec::new();
        for one in extensions(of, "variable") {
            let Some((_, expression)) = value(one, "value") else { continue };
            self.expressions += 1;
            let read = Formula::parse(expression, link_id);
            let Some(formula) = self.take(read) else { continue };
            if formula.name.is_empty() {
                self.wrong(
                    "variable-name",
                    link_id,
                    "A variable has no name. Give valueExpression.name.",
                );
            }
            found.push(formula);
        }
        found
    }

    pub(crate) fn constraints(&mut self, of: &Value, link_id: &str) -> Vec<Constraint> {
        let mut found = Vec::new();
        for one in extensions(of, "questionnaire-constraint") {
            self.expressions += 1;
            let read = Constraint::parse(one, link_id);
            found.extend(self.take(read));
        }
        found
    }

    pub(crate) fn launch(&mut self, form: &Value) -> Vec<String> {
        let names = launch_names(form);
        for name in names.iter().filter(|name| !LAUNCH.contains(&name.as_str())) {
            let message = format!(
                "The form wants to begin with {name}, which is not offered. Use patient or user."
            );
            self.findings.push(Finding::of_form("launch-unknown", "", message).with(name));
        }
        names
    }

    fn conditions(&mut self, item: &Value, link_id: &str) -> Vec<Condition> {
        let conditions = list(item, "enableWhen");
        if conditions.len() > 1 && !matches!(text(item, "enableBehavior"), "any" | "all") {
            self.wrong(
                "condition-behavior",
                link_id,
                "Several conditions need enableBehavior: all or any.",
            );
        }
        conditions.iter().filter_map(|one| self.take(Condition::parse(one, link_id))).collect()
    }

    fn initial(&mut self, item: &Value, kind: Kind, link_id: &str) -> Vec<Answer> {
        let mut found = Vec::new();
        for one in list(item, "initial") {
            let answer = value(one, "value").and_then(|(kind, value)| Answer::of_json(kind, value));
            match answer {
                Some(answer) if answer.fits(kind) => found.push(answer),
                Some(_) | None => self.wrong(
                    "initial-wrong",
                    link_id,
                    "An initial value is not of the item's type.",
                ),
            }
        }
        found
    }

    fn pattern(&mut self, item: &Value, link_id: &str) -> Option<String> {
        let pattern = extension_value(item, "regex")?.as_str()?;
        if whole(pattern).is_some() {
            return Some(pattern.to_owned());
        }
        let message = format!("The regular expression {pattern} cannot be read here.");
        self.findings.push(Finding::of_form("regex-wrong", link_id, message).with(pattern));
        None
    }

    fn look_back(&mut self, item: &Value, link_id: &str) -> Option<i64> {
        let period = extension_value(item, "sdc-questionnaire-observationLinkPeriod")?;
        let count = period.get("value").and_then(Value::as_f64).unwrap_or_default();
        let unit = match text(period, "code") {
            "" => text(period, "unit"),
            code => code,
        };
        let days = match unit {
            "h" => 1.0 / 24.0,
            "d" | "day" | "days" => 1.0,
            "wk" => 7.0,
            "mo" => 30.5,
            "a" | "year" | "years" => 365.25,
            _ => 0.0,
        };
        let long = count * days * DAY_MS as f64;
        if long.is_finite() && long > 0.0 && long < 1e15 {
            return Some(long as i64);
        }
        self.wrong(
            "link-period-wrong",
            link_id,
            "observationLinkPeriod must be a number of h, d, wk, mo or a.",
        );
        None
    }
}

/// A regular expression that all of an answer must match. Standard:
/// <https://hl7.org/fhir/R4/extension-regex.html>
pub(crate) fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

fn number(of: Option<&Value>) -> Option<usize> {
    of.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
}

fn end(item: &Value, name: &str) -> Option<Answer> {
    let (kind, value) = value(extensions(item, name).next()?, "value")?;
    Answer::of_json(kind, value)
}

fn units(item: &Value) -> Vec<Unit> {
    ["questionnaire-unit", "questionnaire-unitOption"]
        .into_iter()
        .flat_map(|name| extensions(item, name))
        .filter_map(|one| value(one, "value"))
        .map(|(_, coding)| Unit::of_coding(coding))
        .collect()
}

fn targets(item: &Value) -> Vec<String> {
    extensions(item, "questionnaire-referenceResource")
        .filter_map(|one| value(one, "value"))
        .filter_map(|(_, value)| value.as_str())
        .map(str::to_owned)
        .collect()
}
