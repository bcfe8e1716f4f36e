//! What `Bundle.entry.request` asks for.

use akson_audit::Action;
use akson_base::{Kind, Problem};
use akson_fhir::bundle::{Entry, Method};
use akson_fhir::definitions::{Definitions, ResourceType};

use crate::request::HistoryScope;
use crate::writes::Intent;

/// One entry, understood.
pub(super) enum Request<'a> {
    Write { resource_type: ResourceType, intent: Intent<'a> },
    Read(Wanted),
}

/// A reading entry.
pub(super) enum Wanted {
    Read(ResourceType, String),
    Vread(ResourceType, String, String),
    History(HistoryScope, String),
    Search {
        resource_type: Option<ResourceType>,
        compartment: Option<(ResourceType, String)>,
        query: String,
    },
}

/// How a batch's write stands in the log.
pub(super) fn action(intent: &Intent<'_>) -> (Action, &'static str) {
    match intent {
        Intent::Create { .. } => (Action::C, "create"),
        Intent::Update { .. } | Intent::UpdateConditional { .. } => (Action::U, "update"),
        Intent::Delete { .. } | Intent::DeleteConditional { .. } => (Action::D, "delete"),
    }
}

fn wrong(position: usize, element: &str, text: impl Into<String>) -> Problem {
    Problem::new(Kind::Invalid, "REC-027", text)
        .at(format!("Bundle.entry[{position}].request{element}"))
}

/// Understands the request of the entry at `position`; `base` is our own address.
pub(super) fn understand<'a>(
    entry: &'a Entry<'_>,
    position: usize,
    base: &str,
) -> Result<Request<'a>, Problem> {
    let (Some(method), Some(url)) = (entry.method, entry.url.as_deref()) else {
        let text = "An entry of a batch or transaction needs request.method and request.url.";
        return Err(wrong(position, "", text));
    };
    let url = url.strip_prefix(base).unwrap_or(url).trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let of_type = |name: &str| {
        Definitions::r4()
            .resource_type(name)
            .ok_or_else(|| wrong(position, ".url", format!("{name:?} is not an R4 resource type.")))
    };
    let body = || {
        entry.resource.ok_or_else(|| {
            Problem::new(Kind::Invalid, "REC-028", format!("{} needs a resource.", method.code()))
                .at(format!("Bundle.entry[{position}]"))
        })
    };
    let if_match = || version_of(entry.if_match.as_deref(), position);
    let write = |name: &str, intent| Ok(Request::Write { resource_type: of_type(name)?, intent });
    match (method, steps.as_slice()) {
        (Method::Get, _) => read(&steps, query, position).map(Request::Read),
        (Method::Post, [name]) => {
            let if_none_exist = entry.if_none_exist.as_deref().map(|q| q.trim_start_matches('?'));
            write(name, Intent::Create { body: body()?, if_none_exist })
        }
        (Method::Put, [name, id]) => {
            write(name, Intent::Update { id, body: body()?, if_match: if_match()? })
        }
        (Method::Put, [name]) => {
            write(name, Intent::UpdateConditional { query, body: body()?, if_match: if_match()? })
        }
        (Method::Delete, [name, id]) => write(name, Intent::Delete { id, if_match: if_match()? }),
        (Method::Delete, [name]) => write(name, Intent::DeleteConditional { query }),
        (Method::Patch | Method::Head, _) => Err(Problem::new(
            Kind::Unsupported,
            "REC-029",
            format!(
                "{} in a Bundle is not supported. There are GET, POST, PUT and DELETE.",
                method.code()
            ),
        )
        .at(format!("Bundle.entry[{position}].request.method"))),
        (Method::Post | Method::Put | Method::Delete, _) => Err(wrong(
            position,
            ".url",
            format!("{} needs an address: Type, Type/id or Type?condition.", method.code()),
        )),
    }
}

fn read(steps: &[&str], query: &str, position: usize) -> Result<Wanted, Problem> {
    let of_type = |name: &str| {
        Definitions::r4()
            .resource_type(name)
            .ok_or_else(|| wrong(position, ".url", format!("{name:?} is not an R4 resource type.")))
    };
    let query = query.to_string();
    Ok(match steps {
        [] => Wanted::Search { resource_type: None, compartment: None, query },
        ["_history"] => Wanted::History(HistoryScope::System, query),
        [name] => Wanted::Search { resource_type: Some(of_type(name)?), compartment: None, query },
        [name, "_history"] => Wanted::History(HistoryScope::Type(of_type(name)?), query),
        [_, id] | [_, id, _] if id.starts_with('$') => return Err(unsupported(position)),
        [_, _, operation] if operation.starts_with('$') => return Err(unsupported(position)),
        [name, id] => Wanted::Read(of_type(name)?, (*id).to_string()),
        [name, id, "_history"] => {
            Wanted::History(HistoryScope::Instance(of_type(name)?, (*id).to_string()), query)
        }
        [name, id, of] => Wanted::Search {
            resource_type: if *of == "*" { None } else { Some(of_type(of)?) },
            compartment: Some((of_type(name)?, (*id).to_string())),
            query,
        },
        [name, id, "_history", version] => {
            Wanted::Vread(of_type(name)?, (*id).to_string(), (*version).to_string())
        }
        _ => return Err(wrong(position, ".url", "This address means nothing here.")),
    })
}

fn unsupported(position: usize) -> Problem {
    Problem::new(
        Kind::Unsupported,
        "REC-030",
        "Operations in a Bundle are not supported. Call the operation by itself.",
    )
    .at(format!("Bundle.entry[{position}].request.url"))
}

/// `W/"3"` -> 3.
fn version_of(if_match: Option<&str>, position: usize) -> Result<Option<u32>, Problem> {
    let Some(text) = if_match else { return Ok(None) };
    let inner = text.trim().trim_start_matches("W/").trim_matches('"');
    inner
        .parse()
        .map(Some)
        .map_err(|_| wrong(position, ".ifMatch", "ifMatch must have the form W/\"3\"."))
}
