//! Resources as JSON: strict reading of what comes from outside, quick reading of what we stored,
//! and writing.
//!
//! One pass over the text makes the nodes of a [`Resource`]; the same pass judges them (`parse`
//! walks, `primitive` and `narrative` judge values, `issue` is what is told).
//! Not here: rules beyond the definitions (profiles, invariants), Bundles that are only taken apart
//! (`bundle`).
//! Standard: <https://hl7.org/fhir/R4/json.html>

pub(crate) mod cursor;
mod issue;
mod narrative;
mod parse;
mod primitive;
mod write;

pub use issue::{Issue, Issues, Rule, Severity};
pub(crate) use write::{Selection, write_members, write_selected};
pub use write::{write, write_head, write_string, write_tail};

use crate::model::Resource;

/// Most issues told about one resource.
pub const ISSUES_MAX: usize = 50;

/// Reads a resource from outside and holds it to R4: JSON without duplicate keys, known elements,
/// right types and cardinalities, every primitive's form, known codes in required bindings.
/// Numbers keep their digits, elements their order.
///
/// # Errors
/// Everything found wrong, at most [`ISSUES_MAX`], each with its place and what would be right.
pub fn parse(bytes: &[u8]) -> Result<Resource, Issues> {
    parse::parse::<true>(bytes, &[])
}

/// Reads a resource that [`parse`] has accepted before: the same tree without judging it again.
///
/// # Errors
/// When the bytes are not a JSON object with a known `resourceType` (damaged, or never checked).
pub fn parse_stored(bytes: &[u8]) -> Result<Resource, Issues> {
    parse::parse::<false>(bytes, &[])
}

/// As [`parse_stored`], for who reads many and needs little of each: the tree lacks the resource's own
/// members that `without` names (`subject`). It is to be looked at and never written.
///
/// # Errors
/// As [`parse_stored`].
pub fn parse_stored_without(bytes: &[u8], without: &[&str]) -> Result<Resource, Issues> {
    parse::parse::<false>(bytes, without)
}
