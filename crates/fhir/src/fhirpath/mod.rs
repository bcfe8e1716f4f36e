//! FHIRPath over parsed resources: compile once, evaluate often.
//!
//! ```text
//! Expression::compile("Patient.name.where(use = 'official').given")?.evaluate(&context, patient.root())?
//! ```
//! From text to answer: `lexer` → `parser` → `ast` → `evaluate`, with one file per group of
//! functions in `functions/`, operators in `equality`, `arithmetic` and `evaluate`, values in
//! `value`, `decimal`, `temporal` and `units`. `check` tells, without input, that a path cannot
//! exist. Evaluating never panics, and stops at documented limits.
//! Not here: search parameters (`search`), which compile plain paths further.
//! Standards: <http://hl7.org/fhirpath/N1/>, <https://hl7.org/fhir/R4/fhirpath.html>

mod arithmetic;
pub(crate) mod ast;
pub(crate) mod check;
mod decimal;
mod equality;
mod error;
mod evaluate;
mod functions;
mod lexer;
pub(crate) mod names;
pub(crate) mod parser;
mod temporal;
pub(crate) mod types;
mod units;
mod value;

use akson_base::Instant;

use crate::definitions::TypeId;
use crate::model::NodeRef;

pub use decimal::Decimal;
pub use error::{EvalError, SyntaxError};
pub use temporal::{Moment, Precision};
pub use units::CalendarUnit;
pub use value::{Collection, Item, Quantity, Unit, Value};

/// Longest expression that is read, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 64 * 1024;

/// Finds the resource that a reference names, for `resolve()`.
pub type Resolver<'a> = dyn Fn(&str) -> Option<NodeRef<'a>> + 'a;

/// What an expression may know besides its input.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What `now()`, `today()` and `timeOfDay()` answer, in UTC.
    pub now: Instant,
    /// `%resource`: the resource (or contained resource) that holds the input.
    pub resource: Option<NodeRef<'a>>,
    /// `%rootResource`: the outermost resource.
    pub root_resource: Option<NodeRef<'a>>,
    /// For `resolve()` beyond contained resources and the entries of the same Bundle.
    pub resolver: Option<&'a Resolver<'a>>,
    /// Further variables, by name without `%`.
    pub variables: &'a [(&'a str, &'a [Item<'a>])],
}

impl<'a> Context<'a> {
    /// The context of expressions on `node`: its own resource, no resolver, no variables.
    pub fn of(node: NodeRef<'a>, now: Instant) -> Self {
        let mut resource = node;
        while !resource.is_resource()
            && let Some(parent) = resource.parent()
        {
            resource = parent;
        }
        Context {
            now,
            resource: Some(resource),
            root_resource: Some(node.resource().root()),
            resolver: None,
            variables: &[],
        }
    }

    /// A context without any resource.
    pub fn empty(now: Instant) -> Self {
        Context { now, resource: None, root_resource: None, resolver: None, variables: &[] }
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    source: Box<str>,
    root: ast::Expr,
}

impl Expression {
    /// Reads an expression: names, functions and types are looked up once, here.
    pub fn compile(source: &str) -> Result<Expression, SyntaxError> {
        if source.len() > EXPRESSION_BYTES_MAX {
            let message = format!("The expression is longer than {EXPRESSION_BYTES_MAX} bytes.");
            return Err(SyntaxError::new(message, 0));
        }
        Ok(Expression { source: source.into(), root: parser::parse(source)? })
    }

    /// Whether every path in it can exist when the input is of type `root`; the first that cannot
    /// is the error. `Patient.nam` compiles, and is refused here.
    pub fn check(&self, root: TypeId) -> Result<(), SyntaxError> {
        check::check(&self.root, root)
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates on one element.
    pub fn evaluate<'a>(
        &'a self,
        context: &Context<'a>,
        node: NodeRef<'a>,
    ) -> Result<Collection<'a>, EvalError> {
        self.evaluate_on(context, &[Item::Node(node)])
    }

    /// Evaluates on any collection: `{}` for an expression that needs no input.
    pub fn evaluate_on<'a>(
        &'a self,
        context: &Context<'a>,
        input: &[Item<'a>],
    ) -> Result<Collection<'a>, EvalError> {
        evaluate::evaluate(&self.root, context, input)
    }

    /// Whether the answer is true: a single `true`, or a single item that is not a boolean.
    pub fn is_true<'a>(
        &'a self,
        context: &Context<'a>,
        node: NodeRef<'a>,
    ) -> Result<bool, EvalError> {
        let answer = self.evaluate(context, node)?;
        evaluate::boolean_of(&answer, 0).map(|value| value == Some(true))
    }
}
