//! A search as a small tree: for each type the clauses that must all hold, and how to present what
//! is found.
//!
//! Not here: making it from a URL (`parse`), running it (`run`).

use akson_fhir::definitions::ResourceType;
use akson_fhir::search::SlotId;

use super::date::DateTest;
use super::matcher::Matcher;

/// Whether the number of matches is wanted (`_total`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    /// Only when it costs nothing.
    #[default]
    None,
    /// Exactly. `estimate` is answered exactly too.
    Accurate,
}

/// Which part of each resource is wanted (`_summary`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Summary {
    /// All of it.
    #[default]
    False,
    /// The elements that the standard marks as summary.
    True,
    /// Narrative, id, meta and mandatory top-level elements.
    Text,
    /// Everything but the narrative.
    Data,
    /// Only the number of matches.
    Count,
}

/// A parsed search. Made by [`super::parse`].
#[derive(Clone, Debug)]
pub struct Query {
    /// Entries wanted per page.
    pub count: usize,
    /// Whether the number of matches is wanted.
    pub total: Total,
    /// Which part of each resource is wanted.
    pub summary: Summary,
    /// `_elements`, empty when not given.
    pub elements: Vec<String>,
    /// Parameters that were ignored, each with what would be right.
    pub(crate) warnings: Vec<String>,
    /// The parameters that were used, percent-encoded, without `_cursor`: for the self link.
    pub used: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) includes: Vec<Include>,
    pub(crate) revincludes: Vec<Include>,
    pub(crate) cursor: Option<String>,
    /// Names the search in cursors: hash of `used` without what concerns presentation, and of
    /// type and compartment.
    pub(crate) fingerprint: u64,
}

/// The search on one type.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) resource_type: ResourceType,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) sort: Vec<Sort>,
}

/// One condition; a resource matches when all hold.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    /// As written, for `explain`: the parameter's name without its value.
    pub(crate) label: String,
    pub(crate) test: Test,
}

/// What must hold.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Some value of the slots passes one of the matchers (none does, when negated).
    Any { slots: Box<[SlotId]>, matchers: Vec<Matcher>, negated: bool },
    /// The slots have no value, or some. With `only`, just references to that type count.
    Missing { slots: Box<[SlotId]>, only: Option<Box<str>>, missing: bool, references: bool },
    /// The id is one of these (none of these, when negated).
    Id { ids: Vec<String>, negated: bool },
    /// The current version's time passes one of these.
    LastUpdated(Vec<DateTest>),
    /// A reference of the slots points to a resource that matches the clauses for its type.
    Chain { slots: Box<[SlotId]>, targets: Vec<Part>, number: usize },
    /// A resource of the part refers here by the slots.
    Has { part: Box<Part>, slots: Box<[SlotId]>, number: usize },
    /// One of the tuples of a composite passes. When `whole` the slots tell by themselves.
    Composite {
        index: usize,
        alternatives: Vec<Vec<Matcher>>,
        slots: Vec<Box<[SlotId]>>,
        whole: bool,
    },
    /// Nothing can match: a type that no reference of the parameter may have.
    Never,
}

/// One key of `_sort`.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) by: SortBy,
    pub(crate) descending: bool,
}

/// What is sorted by.
#[derive(Clone, Debug)]
pub(crate) enum SortBy {
    /// The smallest value of the slots (the largest, when descending). `indexed` when every value
    /// has an index key, which references to an owner have not.
    Slots {
        slots: Box<[SlotId]>,
        indexed: bool,
    },
    LastUpdated,
    Id,
}

/// One `_include` or `_revinclude`.
#[derive(Clone, Debug)]
pub(crate) struct Include {
    /// The type that holds the reference; any when absent.
    pub(crate) source: Option<ResourceType>,
    /// The reference's slots on the source type; all its references when absent.
    pub(crate) slots: Option<Box<[SlotId]>>,
    /// Only references to this type.
    pub(crate) target: Option<ResourceType>,
    /// Whether what was included is followed too.
    pub(crate) iterate: bool,
}

impl Clause {
    /// Whether judging it takes more than the candidate's facets.
    pub(crate) fn is_costly(&self) -> bool {
        match self.test {
            Test::Chain { .. } | Test::Has { .. } | Test::Composite { .. } => true,
            Test::Any { .. }
            | Test::Missing { .. }
            | Test::Id { .. }
            | Test::LastUpdated(_)
            | Test::Never => false,
        }
    }
}

impl Query {
    /// Whether anything narrows the search down.
    pub fn has_criteria(&self) -> bool {
        self.parts.iter().any(|part| !part.clauses.is_empty())
    }

    /// Parameters that were ignored, each with what would be right.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
