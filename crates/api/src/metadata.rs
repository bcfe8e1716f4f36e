//! The CapabilityStatement: told from the same lists that do the work, nothing by heart.
//!
//! Standard: <https://hl7.org/fhir/R4/capabilitystatement.html>

use std::sync::OnceLock;

use akson_fhir::definitions::{Definitions, ResourceType, SearchKind, TypeId};
use akson_fhir::search::Extractor;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::answer::json as json_answer;
use crate::callers::Callers;
use crate::explain_access::DEFINITION;
use crate::format::parameter;
use crate::interactions::{INTERACTIONS, Op, Told};
use crate::service::{Api, Call};

/// Answers `GET /metadata`; the statement itself is made once.
pub(crate) fn capabilities(call: &Call<'_>) -> Response<Body> {
    static REST: OnceLock<Value> = OnceLock::new();
    let mut statement = head(call.api, &call.caller.base);
    let rest = REST.get_or_init(rest);
    if parameter(call.query, "_summary").as_deref() == Some("true") {
        statement.insert("rest".into(), summary(rest));
        statement.insert("meta".into(), json!({ "tag": [SUBSETTED.as_json()] }));
    } else {
        let mut rest = rest.clone();
        if let Some(rest) = rest.pointer_mut("/0").and_then(Value::as_object_mut) {
            rest.insert("security".into(), security(call.api.callers()));
        }
        statement.insert("rest".into(), rest);
        if let Ok(definition) = serde_json::from_str::<Value>(DEFINITION) {
            statement.insert("contained".into(), json!([definition]));
        }
    }
    json_answer(StatusCode::OK, Bytes::from(Value::Object(statement).to_string()), call.pretty)
}

struct Tag(&'static str, &'static str);
const SUBSETTED: Tag =
    Tag("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED");

impl Tag {
    fn as_json(&self) -> Value {
        json!({ "system": self.0, "code": self.1 })
    }
}

fn head(api: &Api, base: &str) -> Map<String, Value> {
    let head = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": api.started().to_fhir(),
        "publisher": "Akson",
        "kind": "instance",
        "software": { "name": "Akson", "version": api.version() },
        "implementation": { "description": "Akson, shared health record", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
    });
    match head {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

fn rest() -> Value {
    let definitions = Definitions::r4();
    let resources: Vec<Value> = definitions.resource_types().map(resource).collect();
    let compartments: Vec<String> = definitions
        .resource_types()
        .map(|ty| definitions.resource_name(ty))
        .filter(|name| definitions.compartment(name).is_some())
        .map(|name| format!("http://hl7.org/fhir/CompartmentDefinition/{}", name.to_lowercase()))
        .collect();
    json!([{
        "mode": "server",
        "resource": resources,
        "interaction": interactions(|told| match told {
            Told::System(code) => Some(code),
            Told::Type(_)
            | Told::Operation { .. }
            | Told::SystemOperation { .. }
            | Told::Elsewhere => None,
        }, &["batch"]),
        "searchParam": parameters(None),
        "operation": operations(),
        "compartment": compartments,
    }])
}

/// SMART's extension with the addresses of the authorisation server.
const OAUTH_URIS: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

/// How callers become known, as far as they do.
fn security(callers: &Callers) -> Value {
    let Callers::Proved(authenticator) = callers else { return known(callers) };
    let uris = authenticator.oauth_uris();
    let mut security = known(callers);
    if let (Some(security), false) = (security.as_object_mut(), uris.is_empty()) {
        let uris: Vec<Value> =
            uris.into_iter().map(|(url, uri)| json!({ "url": url, "valueUri": uri })).collect();
        let extension = json!([{ "url": OAUTH_URIS, "extension": uris }]);
        security.insert("extension".into(), extension);
        security.insert("service".into(), json!([service("SMART-on-FHIR"), service("OAuth")]));
    }
    security
}

fn service(code: &str) -> Value {
    json!({
        "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
            "code": code,
            "display": code,
        }],
        "text": "OAuth 2.0 access tokens",
    })
}

fn known(callers: &Callers) -> Value {
    match callers {
        Callers::Everybody(_) => json!({ "cors": true }),
        Callers::Proved(authenticator) if !authenticator.takes_tokens() => {
            json!({ "cors": true, "description": authenticator.description() })
        }
        Callers::Proved(authenticator) => json!({
            "cors": true,
            "service": [service("OAuth")],
            "description": authenticator.description(),
        }),
    }
}

/// The interactions that `code` picks, and those that come with them.
fn interactions(code: impl Fn(Told) -> Option<&'static str>, more: &[&'static str]) -> Vec<Value> {
    let declared = INTERACTIONS.iter().filter_map(|row| code(row.told));
    declared.chain(more.iter().copied()).map(|code| json!({ "code": code })).collect()
}

/// The operations on the whole system.
fn operations() -> Vec<Value> {
    let told = INTERACTIONS.iter().filter_map(|row| match row.told {
        Told::SystemOperation { name, definition } => {
            Some(json!({ "name": name, "definition": definition }))
        }
        Told::Type(_) | Told::System(_) | Told::Operation { .. } | Told::Elsewhere => None,
    });
    told.collect()
}

fn offers(op: Op) -> bool {
    INTERACTIONS.iter().any(|row| row.op == op)
}

fn resource(ty: ResourceType) -> Value {
    let name = Definitions::r4().resource_name(ty);
    let mut resource = json!({
        "type": name,
        "profile": format!("http://hl7.org/fhir/StructureDefinition/{name}"),
        "interaction": interactions(|told| match told {
            Told::Type(code) => Some(code),
            Told::System(_)
            | Told::Operation { .. }
            | Told::SystemOperation { .. }
            | Told::Elsewhere => None,
        }, &[]),
        "versioning": "versioned",
        "readHistory": offers(Op::Vread),
        "updateCreate": true,
        "conditionalCreate": offers(Op::Create),
        "conditionalRead": "full-support",
        "conditionalUpdate": offers(Op::UpdateConditional),
        "conditionalDelete": if offers(Op::DeleteConditional) { "single" } else { "not-supported" },
        "referencePolicy": ["literal", "logical", "local"],
    });
    let operations: Vec<Value> = INTERACTIONS
        .iter()
        .filter_map(|row| match row.told {
            Told::Operation { resource, name: operation, definition } if resource == name => {
                Some(json!({ "name": operation, "definition": definition }))
            }
            Told::Operation { .. }
            | Told::SystemOperation { .. }
            | Told::Type(_)
            | Told::System(_)
            | Told::Elsewhere => None,
        })
        .collect();
    if let Some(resource) = resource.as_object_mut() {
        resource.insert("searchInclude".into(), json!(includes(ty)));
        resource.insert("searchParam".into(), Value::Array(parameters(Some(ty))));
        if !operations.is_empty() {
            resource.insert("operation".into(), Value::Array(operations));
        }
    }
    resource
}

/// The search parameters of a type (`None`: those of every type), from the bindings that searches
/// are answered with.
fn parameters(ty: Option<ResourceType>) -> Vec<Value> {
    let Some(ty) = ty else {
        return COMMON.iter().map(|(code, kind)| parameter_of(code, *kind, None)).collect();
    };
    let bound = Extractor::r4().bindings(ty).iter().filter(|b| b.kind != SearchKind::Special);
    let bound = bound.map(|b| parameter_of(&b.code, b.kind, Some(ty)));
    COMMON.iter().map(|(code, kind)| parameter_of(code, *kind, None)).chain(bound).collect()
}

/// Answered from the key and the head of each resource, so bound to no expression.
const COMMON: [(&str, SearchKind); 2] =
    [("_id", SearchKind::Token), ("_lastUpdated", SearchKind::Date)];

fn parameter_of(code: &str, kind: SearchKind, ty: Option<ResourceType>) -> Value {
    let mut parameter = json!({ "name": code, "type": kind_name(kind) });
    if let (Some(url), Some(parameter)) = (definition(code, ty), parameter.as_object_mut()) {
        parameter.insert("definition".into(), Value::from(url));
    }
    parameter
}

fn kind_name(kind: SearchKind) -> &'static str {
    match kind {
        SearchKind::Number => "number",
        SearchKind::Date => "date",
        SearchKind::String => "string",
        SearchKind::Token => "token",
        SearchKind::Reference => "reference",
        SearchKind::Composite => "composite",
        SearchKind::Quantity => "quantity",
        SearchKind::Uri => "uri",
        SearchKind::Special => "special",
    }
}

/// The canonical url of the standard's definition of this parameter on this type.
fn definition(code: &str, ty: Option<ResourceType>) -> Option<&'static str> {
    let definitions = Definitions::r4();
    let own = ty.and_then(|ty| definitions.type_named(definitions.resource_name(ty)));
    let shared = ["Resource", "DomainResource"].map(|name| definitions.type_named(name));
    let applies = |base: &TypeId| own == Some(*base) || shared.contains(&Some(*base));
    let found = definitions
        .search_parameters()
        .iter()
        .find(|parameter| &*parameter.code == code && parameter.base.iter().any(applies))?;
    Some(&found.url)
}

/// `_include` values that lead somewhere from this type.
fn includes(ty: ResourceType) -> Vec<String> {
    let name = Definitions::r4().resource_name(ty);
    let references = Extractor::r4().bindings(ty).iter();
    references
        .filter(|binding| binding.kind == SearchKind::Reference)
        .map(|binding| format!("{name}:{}", binding.code))
        .collect()
}

/// What the standard marks as summary: of `rest`, the mode and each resource's type and profile.
fn summary(rest: &Value) -> Value {
    let resources = rest.pointer("/0/resource").and_then(Value::as_array);
    let resources: Vec<Value> = resources
        .into_iter()
        .flatten()
        .map(|resource| json!({ "type": resource.get("type"), "profile": resource.get("profile") }))
        .collect();
    json!([{ "mode": "server", "resource": resources }])
}
