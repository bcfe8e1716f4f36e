//! What is wrong with one question's answers, beyond conditions and constraints.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html>

use std::cmp::Ordering;

use crate::answer::Answer;
use crate::answers::{Node, Occurrence};
use crate::condition::order;
use crate::finding::Finding;
use crate::item::{Item, Kind};
use crate::limits::ANSWER_CHARACTERS_MAX;
use crate::reading::whole;

/// What is wrong with one occurrence.
pub(crate) fn occurrence(item: &Item, path: &str, one: &Occurrence) -> Vec<Finding> {
    let wrong = |code, message: &str| Finding::of_answer(code, &item.link_id, path, message);
    if one.typed.is_some() {
        let code = match item.kind {
            Kind::Integer => "not-integer",
            Kind::Decimal | Kind::Quantity => "not-number",
            Kind::Date => "not-date",
            Kind::DateTime => "not-date-time",
            Kind::Time => "not-time",
            Kind::Url => "not-url",
            Kind::Group
            | Kind::Display
            | Kind::Boolean
            | Kind::String
            | Kind::Text
            | Kind::Choice
            | Kind::OpenChoice
            | Kind::Attachment
            | Kind::Reference => "not-read",
        };
        return vec![wrong(code, "What was typed is no answer of the item's type.")];
    }
    let Some(answer) = &one.value else { return Vec::new() };
    let mut found = Vec::new();
    if let Answer::String(words) | Answer::Uri(words) = answer {
        let length = words.chars().count();
        let most = item.length_max.unwrap_or(ANSWER_CHARACTERS_MAX).min(ANSWER_CHARACTERS_MAX);
        if length > most {
            found.push(wrong("too-long", "The answer is too long.").with(most.to_string()));
        }
    }
    let compared = |end: &Answer| match (end.number(), answer.number()) {
        (Some(end), Some(own)) => own.partial_cmp(&end),
        _ => order(answer, end),
    };
    if let Some(min) = &item.min
        && compared(min) == Some(Ordering::Less)
    {
        found.push(wrong("too-small", "The answer is smaller than minValue.").with(min.words()));
    }
    if let Some(max) = &item.max
        && compared(max) == Some(Ordering::Greater)
    {
        found.push(wrong("too-large", "The answer is larger than maxValue.").with(max.words()));
    }
    if let (Some(most), Some(decimals)) = (item.decimals_max, answer.decimals())
        && decimals > most
        && item.calculated.is_none()
    {
        found.push(
            wrong("too-many-decimals", "The answer has too many decimals.").with(most.to_string()),
        );
    }
    let words = match answer.to_json() {
        (_, serde_json::Value::String(words)) => words,
        _ => answer.words(),
    };
    if let Some(pattern) = &item.pattern
        && whole(pattern).is_some_and(|regex| !regex.is_match(&words))
    {
        found.push(wrong("pattern", "The answer does not have the form that is asked for."));
    }
    found
}

/// What is wrong with how often an item is answered; told at its first occurrence.
pub(crate) fn count(item: &Item, path: &str, node: &Node, answered: usize) -> Option<Finding> {
    let wrong = |code, message: &str| Finding::of_answer(code, &item.link_id, path, message);
    let has_typed = node.occurrences.iter().any(|one| one.typed.is_some());
    if item.is_required && answered == 0 && !has_typed {
        return Some(wrong("required", "An answer is needed."));
    }
    if answered < item.occurs_min && (answered > 0 || item.is_required) {
        let least = item.occurs_min.to_string();
        return Some(wrong("too-few", "More answers are needed.").with(least));
    }
    if item.repeats && answered > item.occurs_max {
        let most = item.occurs_max.to_string();
        return Some(wrong("too-many", "Fewer answers are taken.").with(most));
    }
    let is_exclusive = |answer: &Answer| {
        item.option_of(answer)
            .and_then(|number| item.option(number))
            .is_some_and(|one| one.is_exclusive)
    };
    match node.answers().find(|answer| answered > 1 && is_exclusive(answer)) {
        Some(answer) => {
            let words = answer.words();
            Some(wrong("exclusive", "This option goes with no other.").with(words))
        }
        None => None,
    }
}
