//! Expressions of a form, compiled once.
//!
//! Standard: <https://hl7.org/fhir/R4/metadatatypes.html#Expression>; what they may name:
//! <https://hl7.org/fhir/uv/sdc/STU3/expressions.html#fhirpath-context>

use std::sync::Arc;

use akson_fhir::fhirpath::Expression;
use serde_json::Value;

use crate::element::text;
use crate::finding::Finding;

/// A compiled expression, with its name when it is a variable.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The variable's name without `%`; empty when it is none.
    pub name: String,
    pub(crate) compiled: Arc<Expression>,
}

impl Formula {
    /// Reads an Expression.
    pub(crate) fn parse(value: &Value, link_id: &str) -> Result<Self, Finding> {
        let language = text(value, "language");
        if !matches!(language, "text/fhirpath" | "") {
            let message = format!(
                "An expression is in {language}; only text/fhirpath is evaluated here. Write it in FHIRPath."
            );
            return Err(Finding::of_form("expression-language", link_id, message).with(language));
        }
        Self::compile(text(value, "name"), text(value, "expression"), link_id)
    }

    pub(crate) fn compile(name: &str, source: &str, link_id: &str) -> Result<Self, Finding> {
        if source.trim().is_empty() {
            let message = "An expression is empty. Write a FHIRPath expression or leave it out.";
            return Err(Finding::of_form("expression-wrong", link_id, message).with(""));
        }
        let compiled = Expression::compile(source).map_err(|error| {
            let message = format!(
                "An expression cannot be read at character {}: {}",
                error.offset, error.message
            );
            Finding::of_form("expression-wrong", link_id, message).with(error.message)
        })?;
        Ok(Self { name: name.to_owned(), compiled: Arc::new(compiled) })
    }

    /// As written.
    pub fn source(&self) -> &str {
        self.compiled.source()
    }
}
