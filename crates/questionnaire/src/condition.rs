//! When an item is asked: `enableWhen`.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen>

use std::cmp::Ordering;

use akson_fhir::fhirpath::Moment;
use serde_json::Value;

use crate::answer::Answer;
use crate::element::{text, value};
use crate::finding::Finding;

/// How an answer is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Whether there is an answer.
    Exists,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
}

impl Operator {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "exists" => Self::Exists,
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            ">" => Self::Greater,
            "<" => Self::Less,
            ">=" => Self::GreaterOrEqual,
            "<=" => Self::LessOrEqual,
            _ => return None,
        })
    }
}

/// One condition on the answer of another question.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The other question's linkId.
    pub question: String,
    /// How its answer is compared.
    pub operator: Operator,
    /// With what.
    pub answer: Answer,
}

impl Condition {
    pub(crate) fn parse(condition: &Value, link_id: &str) -> Result<Self, Finding> {
        let wrong = |message: &str| Finding::of_form("condition-wrong", link_id, message);
        let question = text(condition, "question");
        if question.is_empty() {
            return Err(wrong(
                "A condition names no question. Give the linkId in enableWhen.question.",
            ));
        }
        let operator = Operator::named(text(condition, "operator")).ok_or_else(|| {
            wrong("A condition's operator is not one of exists, =, !=, >, <, >=, <=.")
        })?;
        let answer =
            value(condition, "answer").and_then(|(kind, value)| Answer::of_json(kind, value));
        let answer =
            answer.ok_or_else(|| wrong("A condition has no answer[x] to compare with."))?;
        if operator == Operator::Exists && !matches!(answer, Answer::Boolean(_)) {
            return Err(wrong("A condition with the operator exists needs answerBoolean."));
        }
        Ok(Self { question: question.to_owned(), operator, answer })
    }

    /// Whether it is fulfilled by what the question is answered with: by any of several answers.
    pub(crate) fn is_met(&self, answers: &[&Answer]) -> bool {
        match self.operator {
            Operator::Exists => self.answer == Answer::Boolean(!answers.is_empty()),
            Operator::Equal => answers.iter().any(|one| self.is_equal(one)),
            // Without an answer there is nothing that could be unlike.
            Operator::NotEqual => answers.iter().any(|one| !self.is_equal(one)),
            Operator::Greater => self.compares(answers, Ordering::is_gt),
            Operator::Less => self.compares(answers, Ordering::is_lt),
            Operator::GreaterOrEqual => self.compares(answers, Ordering::is_ge),
            Operator::LessOrEqual => self.compares(answers, Ordering::is_le),
        }
    }

    fn compares(&self, answers: &[&Answer], holds: fn(Ordering) -> bool) -> bool {
        answers.iter().any(|one| order(one, &self.answer).is_some_and(holds))
    }

    fn is_equal(&self, answer: &Answer) -> bool {
        *answer == self.answer || order(answer, &self.answer) == Some(Ordering::Equal)
    }
}

/// The order of two answers, where they have one.
pub(crate) fn order(left: &Answer, right: &Answer) -> Option<Ordering> {
    let moments = |left: Option<Moment>, right: Option<Moment>| left?.compare(right?);
    if let (Some(left), Some(right)) = (left.number(), right.number()) {
        return left.partial_cmp(&right);
    }
    match (left, right) {
        (Answer::Date(left), Answer::Date(right)) => {
            moments(Moment::parse_date(left), Moment::parse_date(right))
        }
        (
            Answer::Date(left) | Answer::DateTime(left),
            Answer::Date(right) | Answer::DateTime(right),
        ) => moments(Moment::parse_date_time(left), Moment::parse_date_time(right)),
        (Answer::Time(left), Answer::Time(right)) => {
            moments(Moment::parse_time(left), Moment::parse_time(right))
        }
        (Answer::String(left), Answer::String(right)) => Some(left.cmp(right)),
        (Answer::Coding(left), Answer::Coding(right)) => {
            let weight = |one: &crate::Coding| one.weight.as_ref().and_then(crate::Number::decimal);
            weight(left)?.partial_cmp(&weight(right)?)
        }
        _ => None,
    }
}
