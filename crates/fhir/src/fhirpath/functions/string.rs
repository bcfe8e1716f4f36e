//! Strings: search, cut, replace, split, join. Positions count characters.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#string-manipulation>

use regex_lite::{Regex, RegexBuilder};
use smallvec::smallvec;

use super::{Function, Invocation, answer, function, truth};
use crate::fhirpath::error::EvalError;
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::value::{Collection, Item, Value};

/// Longest string that an expression may make, in bytes.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Memory that a compiled regular expression may take, in bytes.
const REGEX_BYTES_MAX: usize = 1024 * 1024;

pub(super) static FUNCTIONS: [Function; 17] = [
    function("indexOf", 1, 1, |call| position(call, |text, part| text.find(part))),
    function("lastIndexOf", 1, 1, |call| position(call, |text, part| text.rfind(part))),
    function("substring", 1, 2, substring),
    function("startsWith", 1, 1, |call| test(call, |text, part| text.starts_with(part))),
    function("endsWith", 1, 1, |call| test(call, |text, part| text.ends_with(part))),
    function("contains", 1, 1, |call| test(call, |text, part| text.contains(part))),
    function("upper", 0, 0, |call| map(&call, |text| text.to_uppercase())),
    function("lower", 0, 0, |call| map(&call, |text| text.to_lowercase())),
    function("trim", 0, 0, |call| map(&call, |text| text.trim().to_owned())),
    function("replace", 2, 2, replace),
    function("matches", 1, 1, |call| matches(call, false)),
    function("matchesFull", 1, 1, |call| matches(call, true)),
    function("replaceMatches", 2, 2, replace_matches),
    function("length", 0, 0, |call| {
        answer(call.one_text()?.map(|text| Value::Integer(text.chars().count() as i64)))
    }),
    function("toChars", 0, 0, |call| {
        let text = call.one_text()?.unwrap_or_default();
        Ok(text.chars().map(|c| Item::string(c.to_string())).collect())
    }),
    function("split", 1, 1, |call| {
        let (Some(text), Some(separator)) = (call.one_text()?, call.text(0)?) else {
            return Ok(Collection::new());
        };
        if separator.is_empty() {
            return Ok(text.chars().map(|c| Item::string(c.to_string())).collect());
        }
        Ok(text.split(&*separator).map(|part| Item::string(part.to_owned())).collect())
    }),
    function("join", 0, 1, |call| {
        let separator = call.text(0)?.unwrap_or_default();
        if call.input.is_empty() {
            return Ok(Collection::new());
        }
        let mut parts = Vec::with_capacity(call.input.len());
        for item in &call.input {
            parts.push(item.text().ok_or_else(|| call.error("the input must be strings."))?);
        }
        text_item(parts.join(&separator), call.at)
    }),
];

/// A collection of one string that was made, unless it is too long.
pub(crate) fn text_item<'a>(text: String, at: u32) -> Output<'a> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("A string longer than {TEXT_BYTES_MAX} bytes would be made.");
        return Err(EvalError::new(message, at));
    }
    Ok(smallvec![Item::string(text)])
}

fn map<'a>(call: &Invocation<'_, '_, 'a>, change: fn(&str) -> String) -> Output<'a> {
    match call.one_text()? {
        Some(text) => text_item(change(&text), call.at),
        None => Ok(Collection::new()),
    }
}

fn test<'a>(call: Invocation<'_, '_, 'a>, holds: fn(&str, &str) -> bool) -> Output<'a> {
    match (call.one_text()?, call.text(0)?) {
        (Some(text), Some(part)) => truth(holds(&text, &part)),
        _ => Ok(Collection::new()),
    }
}

fn position<'a>(call: Invocation<'_, '_, 'a>, find: fn(&str, &str) -> Option<usize>) -> Output<'a> {
    let (Some(text), Some(part)) = (call.one_text()?, call.text(0)?) else {
        return Ok(Collection::new());
    };
    let before = find(&text, &part).and_then(|bytes| text.get(..bytes));
    answer(Some(Value::Integer(before.map_or(-1, |before| before.chars().count() as i64))))
}

fn substring<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let (Some(text), Some(start)) = (call.one_text()?, call.integer(0)?) else {
        return Ok(Collection::new());
    };
    let length = call.integer(1)?;
    let Ok(start) = usize::try_from(start) else { return Ok(Collection::new()) };
    if start >= text.chars().count() {
        return Ok(Collection::new());
    }
    let count = match length {
        Some(length) => usize::try_from(length).unwrap_or(0),
        None => usize::MAX,
    };
    text_item(text.chars().skip(start).take(count).collect(), call.at)
}

fn replace<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let (Some(text), Some(pattern), Some(substitute)) =
        (call.one_text()?, call.text(0)?, call.text(1)?)
    else {
        return Ok(Collection::new());
    };
    let times = if pattern.is_empty() { text.len() + 1 } else { text.len() / pattern.len() };
    check_growth(&call, text.len(), times, substitute.len())?;
    text_item(text.replace(&*pattern, &substitute), call.at)
}

/// Refuses before the memory is taken.
fn check_growth(
    call: &Invocation<'_, '_, '_>,
    length: usize,
    times: usize,
    substitute: usize,
) -> Result<(), EvalError> {
    if times.saturating_mul(substitute).saturating_add(length) > TEXT_BYTES_MAX {
        return Err(
            call.error(format!("a string longer than {TEXT_BYTES_MAX} bytes could be made."))
        );
    }
    Ok(())
}

/// Regular expressions take time linear in the text; `.` matches line ends, as the standard asks.
fn regex(call: &Invocation<'_, '_, '_>, pattern: &str) -> Result<Regex, EvalError> {
    let mut builder = RegexBuilder::new(pattern);
    builder.dot_matches_new_line(true).size_limit(REGEX_BYTES_MAX);
    builder.build().map_err(|error| call.error(format!("not a regular expression: {error}.")))
}

fn matches<'a>(call: Invocation<'_, '_, 'a>, whole: bool) -> Output<'a> {
    let (Some(text), Some(pattern)) = (call.one_text()?, call.text(0)?) else {
        return Ok(Collection::new());
    };
    let regex =
        if whole { regex(&call, &format!("^(?:{pattern})$"))? } else { regex(&call, &pattern)? };
    truth(regex.is_match(&text))
}

fn replace_matches<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let (Some(text), Some(pattern), Some(substitute)) =
        (call.one_text()?, call.text(0)?, call.text(1)?)
    else {
        return Ok(Collection::new());
    };
    if pattern.is_empty() {
        return text_item(text.into_owned(), call.at);
    }
    check_growth(&call, text.len(), text.len() + 1, substitute.len())?;
    let regex = regex(&call, &pattern)?;
    text_item(regex.replace_all(&text, &*substitute).into_owned(), call.at)
}
