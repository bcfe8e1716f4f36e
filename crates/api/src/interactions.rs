//! Everything that the FHIR address answers, declared once.
//!
//! Routes, `Allow`, the CapabilityStatement, the metrics' names and the table in
//! `docs/operate/interactions.md` all derive from [`INTERACTIONS`].
//! Standard: <https://hl7.org/fhir/R4/http.html#summary>

/// A method, as far as FHIR needs it. `HEAD` is answered as `GET` without the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
}

impl Verb {
    /// As it stands in an `Allow` header.
    pub fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One step of an address below the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A resource type.
    Type,
    /// A resource type that has a compartment.
    Compartment,
    /// A resource type, or `*` for all.
    TypeOrAll,
    /// A logical id.
    Id,
    /// A version id.
    Version,
    /// Exactly this.
    Word(&'static str),
}

/// How the CapabilityStatement tells of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// `rest.resource.interaction.code`, for every type.
    Type(&'static str),
    /// `rest.interaction.code`.
    System(&'static str),
    /// `rest.resource.operation` of one type.
    Operation {
        /// The type.
        resource: &'static str,
        /// Without `$`.
        name: &'static str,
        /// Canonical url of its definition.
        definition: &'static str,
    },
    /// `rest.operation`.
    SystemOperation {
        /// Without `$`.
        name: &'static str,
        /// Canonical url of its definition, or where the statement contains it.
        definition: &'static str,
    },
    /// A flag of `rest.resource` (`conditionalUpdate` …), or another way to one that is told.
    Elsewhere,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the standard's own words; each has a sentence in the table")]
pub enum Op {
    Read,
    SearchType,
    Create,
    Update,
    Delete,
    Bundle,
    Vread,
    HistoryInstance,
    HistoryType,
    HistorySystem,
    UpdateConditional,
    DeleteConditional,
    SearchTypeForm,
    SearchSystem,
    SearchSystemForm,
    SearchCompartment,
    SearchCompartmentForm,
    Everything,
    Capabilities,
    Explain,
    ExplainAccess,
}

/// One interaction.
#[derive(Clone, Copy, Debug)]
pub struct Interaction {
    /// What is done.
    pub op: Op,
    /// Its name in metrics and documentation.
    pub name: &'static str,
    /// By which method.
    pub verb: Verb,
    /// At which address below the base.
    pub path: &'static [Step],
    /// How the CapabilityStatement tells of it.
    pub told: Told,
    /// One sentence for the documentation.
    pub says: &'static str,
}

impl Interaction {
    /// The address as documentation writes it: `[type]/[id]/_history`.
    pub fn address(&self) -> String {
        let steps: Vec<&str> = self
            .path
            .iter()
            .map(|step| match step {
                Step::Type => "[type]",
                Step::Compartment => "[compartment]",
                Step::TypeOrAll => "[type or *]",
                Step::Id => "[id]",
                Step::Version => "[vid]",
                Step::Word(word) => word,
            })
            .collect();
        steps.join("/")
    }
}

const fn row(
    op: Op,
    name: &'static str,
    verb: Verb,
    path: &'static [Step],
    told: Told,
    says: &'static str,
) -> Interaction {
    Interaction { op, name, verb, path, told, says }
}

use Step::{Compartment, Id, Type, TypeOrAll, Version, Word};
use Verb::{Delete, Get, Post, Put};

/// All of them. The most used stand first, because the router tries them in order.
#[rustfmt::skip]
pub static INTERACTIONS: &[Interaction] = &[
    row(Op::Read, "read", Get, &[Type, Id], Told::Type("read"),
        "The current version; `If-None-Match` and `If-Modified-Since` answer 304."),
    row(Op::SearchType, "search-type", Get, &[Type], Told::Type("search-type"),
        "Search one type."),
    row(Op::Create, "create", Post, &[Type], Told::Type("create"),
        "A new resource with an id of ours; `If-None-Exist` makes it conditional."),
    row(Op::Update, "update", Put, &[Type, Id], Told::Type("update"),
        "A new version, or a new resource under this id; `If-Match` guards against lost updates."),
    row(Op::Delete, "delete", Delete, &[Type, Id], Told::Type("delete"),
        "Deletes the resource; its history stays."),
    row(Op::Bundle, "bundle", Post, &[], Told::System("transaction"),
        "A transaction (all or nothing) or a batch (each by itself)."),
    row(Op::Vread, "vread", Get, &[Type, Id, Word("_history"), Version], Told::Type("vread"),
        "One version."),
    row(Op::HistoryInstance, "history-instance", Get, &[Type, Id, Word("_history")],
        Told::Type("history-instance"), "All versions of one resource, newest first."),
    row(Op::HistoryType, "history-type", Get, &[Type, Word("_history")],
        Told::Type("history-type"), "All versions of one type, newest first."),
    row(Op::HistorySystem, "history-system", Get, &[Word("_history")],
        Told::System("history-system"), "All versions of everything, newest first."),
    row(Op::UpdateConditional, "update-conditional", Put, &[Type], Told::Elsewhere,
        "Updates the one resource that the search finds, or creates it."),
    row(Op::DeleteConditional, "delete-conditional", Delete, &[Type], Told::Elsewhere,
        "Deletes the one resource that the search finds."),
    row(Op::SearchTypeForm, "search-type", Post, &[Type, Word("_search")], Told::Elsewhere,
        "Search one type with the parameters in a form."),
    row(Op::SearchSystem, "search-system", Get, &[], Told::System("search-system"),
        "Search all types, or those of `_type`."),
    row(Op::SearchSystemForm, "search-system", Post, &[Word("_search")], Told::Elsewhere,
        "Search all types with the parameters in a form."),
    row(Op::SearchCompartment, "search-compartment", Get, &[Compartment, Id, TypeOrAll],
        Told::Elsewhere, "Search in one patient's (encounter's …) compartment."),
    row(Op::SearchCompartmentForm, "search-compartment", Post,
        &[Compartment, Id, TypeOrAll, Word("_search")], Told::Elsewhere,
        "The same with the parameters in a form."),
    row(Op::Everything, "everything", Get, &[Word("Patient"), Id, Word("$everything")],
        Told::Operation { resource: "Patient", name: "everything", definition: EVERYTHING },
        "The whole journal of one patient, streamed."),
    row(Op::Everything, "everything", Post, &[Word("Patient"), Id, Word("$everything")],
        Told::Elsewhere, "The same with `POST`; parameters stand in the address."),
    row(Op::Capabilities, "capabilities", Get, &[Word("metadata")], Told::Elsewhere,
        "The CapabilityStatement."),
    row(Op::Explain, "explain", Get, &[Type, Word("$explain")], Told::Elsewhere,
        "How a search would be run, with its real counts. For diagnosis; not a FHIR operation."),
    row(Op::ExplainAccess, "explain-access", Get, &[Word("$explain-access")],
        Told::SystemOperation { name: "explain-access", definition: "#explain-access" },
        "Why somebody sees a resource or does not ([access](../access.md))."),
];

const EVERYTHING: &str = "http://hl7.org/fhir/OperationDefinition/Patient-everything";

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the manual, as it must stand there.
    fn table() -> String {
        let mut table =
            String::from("| | address below `/fhir` | name in the meters | |\n|---|---|---|---|\n");
        for row in INTERACTIONS {
            let verb = match row.verb {
                Verb::Get => "GET",
                Verb::Post => "POST",
                Verb::Put => "PUT",
                Verb::Delete => "DELETE",
            };
            let (address, name, says) = (row.address(), row.name, row.says);
            table.push_str(&format!("| {verb} | `/{address}` | `{name}` | {says} |\n"));
        }
        table
    }

    #[test]
    fn the_manual_has_this_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/interactions.md");
        let manual = std::fs::read_to_string(path).unwrap();
        if !manual.contains(&table()) && std::env::var_os("UPDATE_GOLDEN").is_some() {
            let head = manual.split("\n| |").next().unwrap().trim_end();
            std::fs::write(path, format!("{head}\n\n{}", table())).unwrap();
            return;
        }
        assert!(manual.contains(&table()), "UPDATE_GOLDEN=1 rewrites {path}");
    }
}
