//! The administrator's apps: `/apper`, a new one, one of them with its switch.
//!
//! An app is an Endpoint, written with the administrator's own rights. For everybody else these
//! addresses are not there.
//! Not here: what an app is and must be (`smart::app`), who may change registers (`access`, asked by
//! `record`), HTML (`pages::apps_page`).

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_identity::clients::new_secret;
use akson_record::request::{Did, SearchRequest, Version};
use akson_smart::App;
use akson_smart::app::{AppKind, CLIENT_ID_SYSTEM, CONNECTION_SYSTEM, Registration};
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;

use crate::forms::Form;
use crate::messages::{code, t};
use crate::pages::apps_page::{self, Shown};
use crate::people::{quoted, type_of};
use crate::response::{self, to};
use crate::routes::no_page;
use crate::sight::{Desk, Reader, as_json};

/// The list's address.
pub(crate) const LIST: &str = "/apper";
/// Apps that are listed.
const APPS_MAX: usize = 500;
/// What most apps ask for.
const USUAL_SCOPES: &str = "openid fhirUser launch launch/patient patient/*.rs";

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route(LIST, get(list))
        .route("/apper/ny", get(offer).post(register))
        .route("/apper/{id}", get(one).post(change))
}

async fn list(reader: Reader) -> Response {
    let apps = reader.registered_apps().await;
    let drawn = apps.map(|apps| apps_page::list(&apps, reader.now(), &reader.who));
    response::drawn(drawn, &reader.who)
}

async fn offer(reader: Reader) -> Response {
    let drawn = async {
        reader.must_keep_registers()?;
        let proposed: String = new_secret()?.chars().filter(char::is_ascii_alphanumeric).collect();
        let typed = Registration {
            client_id: format!("app-{}", proposed.get(..12).unwrap_or_default().to_lowercase()),
            kind: AppKind::Smart.code().into(),
            scopes: words(USUAL_SCOPES),
            is_on: true,
            ..Registration::default()
        };
        reader.app_form(&typed, None, None).await
    };
    response::drawn(drawn.await, &reader.who)
}

async fn register(reader: Reader, form: Form) -> Response {
    let registered = async {
        reader.must_keep_registers()?;
        let typed = reader.typed(&form, None).await?;
        let body = Bytes::from(typed.endpoint(None)?.to_string());
        let same =
            format!("identifier={}%7C{}", quoted(CLIENT_ID_SYSTEM), quoted(&typed.client_id));
        let of = type_of("Endpoint")?;
        let written = reader.record().create(&reader.caller(), of, body, Some(&same)).await?;
        match (written.did, written.version) {
            (Did::Created, Some(version)) => Ok(version.id),
            (_, _) => Err(Problem::new(
                Kind::Invalid,
                "APP-001",
                "Another app has this client_id already.",
            )
            .at("client_id")),
        }
    };
    match registered.await {
        Ok(id) => to(&format!("{LIST}/{id}?sagt=ny")),
        Err(problem) => wrong(&reader, &form, None, problem).await,
    }
}

async fn one(reader: Reader, Path(id): Path<String>) -> Response {
    let drawn = async {
        let (app, endpoint, _) = reader.registered_app(&id).await?;
        let typed = Registration::of_app(&app, &endpoint, reader.now());
        reader.app_form(&typed, Some(&app), None).await
    };
    response::drawn(drawn.await, &reader.who)
}

async fn change(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let changed = async {
        let (app, endpoint, version) = reader.registered_app(&id).await?;
        let now = reader.now();
        let mut typed = match form.field("gjor") {
            "av" | "pa" => Registration::of_app(&app, &endpoint, now),
            _ => reader.typed(&form, Some(&app)).await?,
        };
        typed.is_on = match form.field("gjor") {
            "av" => false,
            "pa" => true,
            _ => app.is_on(now),
        };
        let changed = kept(&endpoint, typed.endpoint(Some(&id))?);
        reader.update("Endpoint", &id, version.version, &changed).await
    };
    match changed.await {
        Ok(()) => to(&format!("{LIST}/{id}")),
        Err(problem) => wrong(&reader, &form, Some(&id), problem).await,
    }
}

/// The Endpoint as it is to be, with what others have put there and no form of ours knows.
fn kept(before: &Value, mut after: Value) -> Value {
    const OURS: &str = "https://akson.no/fhir/StructureDefinition/client-";
    let is_ours = |one: &Value| {
        one.get("url").and_then(Value::as_str).is_some_and(|url| url.starts_with(OURS))
    };
    let list = |value: &Value| value.get("extension").and_then(Value::as_array).cloned();
    let mut extensions = list(before).unwrap_or_default();
    extensions.retain(|one| !is_ours(one));
    extensions.extend(list(&after).unwrap_or_default());
    if let (Some(after), Some(before)) = (after.as_object_mut(), before.as_object()) {
        for (name, value) in before {
            after.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(identifiers) = before.get("identifier") {
            after.insert("identifier".into(), identifiers.clone());
        }
        if !extensions.is_empty() {
            after.insert("extension".into(), Value::Array(extensions));
        }
    }
    after
}

/// The form again, with what was wrong.
async fn wrong(reader: &Reader, form: &Form, id: Option<&str>, problem: Problem) -> Response {
    if problem.code != "APP-001" {
        return response::problem(&problem, Some(&reader.who), false);
    }
    let field = problem.locations.first().map_or("", String::as_str);
    let words = code("app-field", field).unwrap_or_else(|| t("apps.wrong"));
    let drawn = async {
        let known = match id {
            Some(id) => Some(reader.registered_app(id).await?.0),
            None => None,
        };
        let typed = reader.typed(form, known.as_ref()).await?;
        reader.app_form(&typed, known.as_ref(), Some((field, words))).await
    };
    match drawn.await {
        Ok(markup) => response::told(&problem, markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

impl Reader {
    /// All apps and systems of the register, by name.
    async fn registered_apps(&self) -> Result<Vec<App>, Problem> {
        self.must_keep_registers()?;
        let request = SearchRequest {
            resource_type: Some(type_of("Endpoint")?),
            compartment: None,
            query: format!("connection-type={}%7C&_count={APPS_MAX}", quoted(CONNECTION_SYSTEM)),
            strict: true,
        };
        let page = self.record().search(&self.caller(), request).await?;
        let mut apps = Vec::new();
        for (version, _) in &page.entries {
            apps.extend(read(version)?.0);
        }
        apps.sort_by_key(|app| app.name.to_lowercase());
        Ok(apps)
    }

    /// One app of the register, as it is stored.
    async fn registered_app(&self, id: &str) -> Result<(App, Value, Version), Problem> {
        self.must_keep_registers()?;
        let version = self.record().read(&self.caller(), type_of("Endpoint")?, id).await?;
        let (app, endpoint) = read(&version)?;
        Ok((app.ok_or_else(no_page)?, endpoint, version))
    }

    /// What was typed. The `client_id` of an app that is there stays.
    async fn typed(&self, form: &Form, known: Option<&App>) -> Result<Registration, Problem> {
        let field = |name: &str| form.field(name).trim().to_string();
        let units = self.unit_names().await?;
        let unit = field("enhet");
        let organisation = units.get(&unit).map(|name| (unit.clone(), name.clone()));
        Ok(Registration {
            client_id: known.map_or_else(|| field("klient"), |app| app.client_id.clone()),
            name: field("navn"),
            organisation,
            kind: field("type"),
            is_on: true,
            address: field("adresse"),
            redirects: words(form.field("tilbake")),
            keys: field("nokler"),
            keys_address: field("nokkeladresse"),
            scopes: words(form.field("omfang")),
            quota_per_minute: field("kvote"),
        })
    }

    async fn app_form(
        &self,
        typed: &Registration,
        app: Option<&App>,
        wrong: Option<(&str, &'static str)>,
    ) -> Result<maud::Markup, Problem> {
        let mut units: Vec<(String, String)> = self.unit_names().await?.into_iter().collect();
        units.sort_by(|one, other| one.1.cmp(&other.1));
        let shown = Shown { typed, app, units: &units, wrong, now: self.now() };
        Ok(apps_page::form(&shown, &self.who))
    }
}

/// The app that an Endpoint is, if it is one that can be used.
fn read(version: &Version) -> Result<(Option<App>, Value), Problem> {
    let endpoint = as_json(version)?;
    let app = App::of_endpoint(&endpoint, version.version).unwrap_or_else(|why| {
        tracing::warn!(endpoint = version.id, "an app's Endpoint cannot be used: {why}");
        None
    });
    Ok((app, endpoint))
}
