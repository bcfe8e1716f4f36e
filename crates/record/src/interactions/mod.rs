//! One file per interaction.

mod accesses;
pub(crate) mod actors;
mod audit_events;
pub(crate) mod authentications;
mod bundle;
pub(crate) mod changes;
mod chart;
pub(crate) mod conditional;
mod create;
mod delete;
pub(crate) mod everything;
mod explain_access;
mod find_patients;
pub(crate) mod ground;
mod history;
pub(crate) mod opening;
pub(crate) mod outliers;
mod read;
pub(crate) mod references;
pub(crate) mod register;
pub(crate) mod role_changes;
mod search;
pub(crate) mod standby_copy;
pub(crate) mod stirrings;
mod update;
mod vread;

use akson_base::{Kind, Problem};
use akson_fhir::date::DateTime;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::model::Resource;
use akson_store::reads::Stored;

use crate::request::Version;

/// The name of a resource type, for targets and messages.
pub(crate) fn type_name(resource_type: ResourceType) -> &'static str {
    Definitions::r4().resource_name(resource_type)
}

pub(crate) fn target(resource_type: ResourceType, id: &str) -> String {
    format!("{}/{id}", type_name(resource_type))
}

pub(crate) fn not_found(resource_type: ResourceType) -> Problem {
    Problem::new(
        Kind::NotFound,
        "REC-003",
        format!("There is no {} with this id.", type_name(resource_type)),
    )
}

fn gone(resource_type: ResourceType) -> Problem {
    Problem::new(
        Kind::Gone,
        "REC-004",
        format!(
            "This {} has been deleted. Its earlier versions can be read through _history.",
            type_name(resource_type)
        ),
    )
}

pub(crate) fn version(stored: Stored) -> Version {
    Version {
        resource_type: stored.key.resource_type(),
        id: stored.id,
        version: stored.version,
        time: stored.time,
        deleted: stored.deleted,
        json: stored.json,
    }
}

/// Parses a body and refuses one of another type than the URL says.
pub(crate) fn parse(resource_type: ResourceType, body: &[u8]) -> Result<Resource, Problem> {
    let resource = akson_fhir::json::parse(body).map_err(Problem::from)?;
    if resource.resource_type() == Some(resource_type) {
        return Ok(resource);
    }
    Err(Problem::new(
        Kind::Invalid,
        "REC-005",
        format!(
            "The URL says {}, the body says {}. They must be the same type.",
            type_name(resource_type),
            resource.root().type_name()
        ),
    ))
}

/// The `[start, end)` of a date or instant in a query, milliseconds since 1970.
fn interval(text: &str) -> Option<(i64, i64)> {
    let interval = DateTime::parse_search(text).ok()?.interval_in_norway();
    Some((interval.start, interval.end))
}
