//! The table of functions: name, arguments, and what runs. One file per group.
//!
//! To add a function, write it in the file of its group and add a row to that file's `FUNCTIONS`.
//! Standards: <http://hl7.org/fhirpath/N1/#functions>, <https://hl7.org/fhir/R4/fhirpath.html#functions>

mod boundaries;
pub(super) mod combining;
mod conversion;
mod encoding;
mod existence;
mod fhir;
mod filtering;
mod math;
pub(super) mod string;
mod subsetting;
mod tree;
mod type_tests;
mod utility;

use std::borrow::Cow;

use smallvec::smallvec;

use super::ast::{Call, Expr};
use super::error::EvalError;
use super::evaluate::{Evaluator, Output, Scope, single};
use super::value::{Collection, Item, Value};

/// A function as data.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) arguments: Arguments,
    pub(crate) run: Run,
}

/// What runs.
pub(crate) type Run = for<'c, 'e, 'a> fn(Invocation<'c, 'e, 'a>) -> Output<'a>;

/// How many arguments, or a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// From this many to this many.
    Count(u8, u8),
    /// One type specifier.
    Type,
}

const fn function(name: &'static str, least: u8, most: u8, run: Run) -> Function {
    Function { name, arguments: Arguments::Count(least, most), run }
}

const fn type_function(name: &'static str, run: Run) -> Function {
    Function { name, arguments: Arguments::Type, run }
}

impl Function {
    /// What is wrong with this many arguments, if anything.
    pub(crate) fn wrong_count(&self, count: usize) -> Option<String> {
        let Arguments::Count(least, most) = self.arguments else { return None };
        if (usize::from(least)..=usize::from(most)).contains(&count) {
            return None;
        }
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Some(format!("{}() takes {wanted} arguments, not {count}.", self.name))
    }
}

static GROUPS: [&[Function]; 13] = [
    &existence::FUNCTIONS,
    &filtering::FUNCTIONS,
    &subsetting::FUNCTIONS,
    &combining::FUNCTIONS,
    &conversion::FUNCTIONS,
    &string::FUNCTIONS,
    &encoding::FUNCTIONS,
    &math::FUNCTIONS,
    &tree::FUNCTIONS,
    &utility::FUNCTIONS,
    &type_tests::FUNCTIONS,
    &boundaries::FUNCTIONS,
    &fhir::FUNCTIONS,
];

/// Functions of the standards that need what this engine does not have.
const NOT_OFFERED: [(&str, &str); 9] = [
    ("memberOf", "it needs a terminology server"),
    ("subsumes", "it needs a terminology server"),
    ("subsumedBy", "it needs a terminology server"),
    ("elementDefinition", "it needs profiles"),
    ("slice", "it needs profiles"),
    ("checkModifiers", "it needs profiles"),
    ("htmlChecks", "narrative is checked when a resource is validated"),
    ("defineVariable", "it belongs to a later version of FHIRPath"),
    ("coalesce", "it belongs to a later version of FHIRPath"),
];

/// A function by name, case-sensitive.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    GROUPS.iter().flat_map(|group| group.iter()).find(|function| function.name == name)
}

/// Why there is no such function.
pub(crate) fn unknown(name: &str) -> String {
    match NOT_OFFERED.iter().find(|(known, _)| *known == name) {
        Some((_, reason)) => format!("The function {name}() is not offered here: {reason}."),
        None => format!("There is no function {name}()."),
    }
}

/// One call.
pub(crate) struct Invocation<'c, 'e, 'a> {
    pub(crate) evaluator: &'c Evaluator<'e, 'a>,
    /// Where the call stands: what its arguments see.
    pub(crate) scope: &'c Scope<'c, 'a>,
    pub(crate) input: Collection<'a>,
    pub(crate) call: &'a Call,
    pub(crate) at: u32,
}

impl<'a> Invocation<'_, '_, 'a> {
    pub(crate) fn error(&self, message: impl AsRef<str>) -> EvalError {
        let message = format!("{}(): {}", self.call.function.name, message.as_ref());
        EvalError::new(message, self.at)
    }

    pub(crate) fn spend(&self, steps: usize) -> Result<(), EvalError> {
        self.evaluator.spend(steps, self.at)
    }

    /// An argument's expression.
    pub(crate) fn expression(&self, position: usize) -> Option<&'a Expr> {
        self.call.arguments.get(position)
    }

    /// An argument's value, seen from where the call stands; empty when it was not given.
    pub(crate) fn argument(&self, position: usize) -> Output<'a> {
        match self.expression(position) {
            Some(expr) => self.evaluator.eval(expr, self.scope),
            None => Ok(smallvec![]),
        }
    }

    /// An argument evaluated for one item, which becomes `$this`.
    pub(crate) fn for_item(&self, expr: &'a Expr, item: &Item<'a>, index: usize) -> Output<'a> {
        let focus = std::slice::from_ref(item);
        let scope = Scope { focus, index: Some(index), total: self.scope.total };
        self.evaluator.eval(expr, &scope)
    }

    /// The single item of the input, if any.
    pub(crate) fn one(&self) -> Result<Option<&Item<'a>>, EvalError> {
        single(&self.input, &format!("{}()", self.call.function.name), self.at)
    }

    /// The single string of the input, if any.
    pub(crate) fn one_text(&self) -> Result<Option<Cow<'a, str>>, EvalError> {
        match self.one()? {
            None => Ok(None),
            Some(item) => item.text().map(Some).ok_or_else(|| {
                self.error(format!("the input must be a string, not {}.", item.type_name().1))
            }),
        }
    }

    /// A string argument, if it is not empty.
    pub(crate) fn text(&self, position: usize) -> Result<Option<Cow<'a, str>>, EvalError> {
        let items = self.argument(position)?;
        match single(&items, "An argument", self.at)? {
            None => Ok(None),
            Some(item) => item.text().map(Some).ok_or_else(|| {
                self.error(format!("the argument must be a string, not {}.", item.type_name().1))
            }),
        }
    }

    /// An integer argument, if it is not empty.
    pub(crate) fn integer(&self, position: usize) -> Result<Option<i64>, EvalError> {
        let items = self.argument(position)?;
        let Some(item) = single(&items, "An argument", self.at)? else { return Ok(None) };
        match item.value() {
            Some(Value::Integer(value)) => Ok(Some(value)),
            _ => {
                Err(self
                    .error(format!("the argument must be an integer, not {}.", item.type_name().1)))
            }
        }
    }
}

/// A collection of one boolean.
fn truth<'a>(value: bool) -> Output<'a> {
    Ok(smallvec![Item::boolean(value)])
}

/// A collection of at most one value.
fn answer<'a>(value: Option<Value<'a>>) -> Output<'a> {
    Ok(value.map(Item::Value).into_iter().collect())
}
