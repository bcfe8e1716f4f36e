//! An app or a system that is registered: an `Endpoint` of the directory, so that it has a history,
//! a log and one gate like everything else.
//!
//! | element | what it is |
//! |---|---|
//! | `identifier` of [`CLIENT_ID_SYSTEM`] | `client_id` |
//! | `status` `active`, within `period` | switched on |
//! | `name`, `managingOrganization` | whose it is, as people read it |
//! | `connectionType` of [`CONNECTION_SYSTEM`] | `smart-app` or `backend-service` |
//! | `address` | where it is launched, or its home |
//! | extension [`REDIRECT`] (`valueUrl`), each | where people may be sent back to |
//! | extension [`SCOPE`] (`valueString`), each | what it may ask for at most |
//! | extension [`KEYS`] (`valueString`) | its public keys, a JWK set |
//! | extension [`KEYS_ADDRESS`] (`valueUrl`) | where its public keys are instead |
//! | extension [`QUOTA`] (`valuePositiveInt`) | requests in a minute |
//!
//! No secrets: an app is public (PKCE alone) or holds a private key of its own.
//! Not here: finding one (`server`), the pages for it (`web`).

use akson_base::{Instant, Kind, Problem};
use akson_fhir::date::DateTime;
use akson_identity::clients::ClientKeys;
use akson_identity::parse_address;
use serde_json::{Value, json};

/// `identifier.system` of `client_id`.
pub const CLIENT_ID_SYSTEM: &str = "https://akson.no/fhir/NamingSystem/client-id";
/// `connectionType.system`.
pub const CONNECTION_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/connection-type";
/// Extension of a redirect address.
pub const REDIRECT: &str = "https://akson.no/fhir/StructureDefinition/client-redirect-address";
/// Extension of a scope that may be asked for.
pub const SCOPE: &str = "https://akson.no/fhir/StructureDefinition/client-scope";
/// Extension of a JWK set.
pub const KEYS: &str = "https://akson.no/fhir/StructureDefinition/client-keys";
/// Extension of the address of a JWK set.
pub const KEYS_ADDRESS: &str = "https://akson.no/fhir/StructureDefinition/client-keys-address";
/// Extension of the most requests in a minute.
pub const QUOTA: &str = "https://akson.no/fhir/StructureDefinition/client-quota-per-minute";
/// Longest `client_id`, bytes.
const CLIENT_ID_BYTES_MAX: usize = 200;

/// What kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// People use it.
    Smart,
    /// A system that acts for itself.
    Backend,
}

impl AppKind {
    /// The code of `connectionType`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Smart => "smart-app",
            Self::Backend => "backend-service",
        }
    }

    /// The kind of this code.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Smart, Self::Backend].into_iter().find(|kind| kind.code() == code)
    }
}

/// How a client proves who it is.
#[derive(Clone, Debug)]
pub enum AppKeys {
    /// Not at all: a public client.
    None,
    /// With one of these.
    Inline(ClientKeys),
    /// With one of those at this address.
    Address(String),
}

/// A registered app, as the register has it.
#[derive(Clone, Debug)]
pub struct App {
    /// Id of the Endpoint.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// `client_id`.
    pub client_id: String,
    /// As people read it.
    pub name: String,
    /// `Organization/…` that answers for it.
    pub organisation: Option<String>,
    /// That organisation's name.
    pub organisation_name: Option<String>,
    /// App or system.
    pub kind: AppKind,
    /// Whether its status is `active`; see [`App::is_on`].
    is_active: bool,
    from: Option<Instant>,
    until: Option<Instant>,
    /// Where it is launched, or its home.
    pub address: String,
    /// Where people may be sent back to; compared letter by letter.
    pub redirects: Vec<String>,
    /// How it proves who it is.
    pub keys: AppKeys,
    /// What it may ask for at most.
    pub scopes: Vec<String>,
    /// Requests to `/fhir` in a minute, where it has a quota of its own.
    pub quota_per_minute: Option<u32>,
}

impl App {
    /// Reads an Endpoint. `None` for one that is no app; the error says what is wrong with one that
    /// should be: nobody is let in through what cannot be read.
    pub fn of_endpoint(endpoint: &Value, version: u32) -> Result<Option<Self>, String> {
        let text = |pointer: &str| endpoint.pointer(pointer).and_then(Value::as_str);
        let identifiers = endpoint.get("identifier").and_then(Value::as_array);
        let mut identifiers = identifiers.into_iter().flatten();
        let client_id = identifiers.find_map(|one| {
            let is_ours = one.get("system").and_then(Value::as_str) == Some(CLIENT_ID_SYSTEM);
            one.get("value").and_then(Value::as_str).filter(|_| is_ours)
        });
        let Some(client_id) = client_id else { return Ok(None) };
        if text("/connectionType/system") != Some(CONNECTION_SYSTEM) {
            return Err(format!("its connectionType is not of {CONNECTION_SYSTEM}"));
        }
        let kind = text("/connectionType/code").and_then(AppKind::of_code);
        let kind = kind.ok_or("its connectionType is neither smart-app nor backend-service")?;
        let bound = |pointer: &str| match text(pointer).map(DateTime::parse_search) {
            None => Ok(None),
            Some(Ok(date)) => Ok(Some(date.interval_in_norway())),
            Some(Err(_)) => Err("its period cannot be read"),
        };
        let extensions = Extensions::of(endpoint);
        let keys =
            match (extensions.one(KEYS, "valueString"), extensions.one(KEYS_ADDRESS, "valueUrl")) {
                (Some(set), _) => AppKeys::Inline(
                    ClientKeys::of_json(set).map_err(|why| format!("its keys: {why}"))?,
                ),
                (None, Some(address)) => AppKeys::Address(address.to_string()),
                (None, None) => AppKeys::None,
            };
        Ok(Some(Self {
            id: text("/id").unwrap_or_default().into(),
            version,
            client_id: client_id.into(),
            name: text("/name").unwrap_or(client_id).into(),
            organisation: text("/managingOrganization/reference").map(str::to_string),
            organisation_name: text("/managingOrganization/display").map(str::to_string),
            kind,
            is_active: text("/status") == Some("active"),
            from: bound("/period/start")?.map(|interval| Instant(interval.start)),
            until: bound("/period/end")?.map(|interval| Instant(interval.end)),
            address: text("/address").unwrap_or_default().into(),
            redirects: extensions.all(REDIRECT, "valueUrl"),
            keys,
            scopes: extensions.all(SCOPE, "valueString"),
            quota_per_minute: extensions
                .number(QUOTA, "valuePositiveInt")
                .and_then(|number| u32::try_from(number).ok()),
        }))
    }

    /// Whether it may do anything now.
    pub fn is_on(&self, now: Instant) -> bool {
        self.is_active
            && self.from.is_none_or(|from| from <= now)
            && self.until.is_none_or(|until| now < until)
    }

    /// Whether it can be opened from a patient's chart.
    pub fn launches(&self) -> bool {
        self.kind == AppKind::Smart && self.scopes.iter().any(|scope| scope == "launch")
    }
}

struct Extensions<'a>(Vec<&'a Value>);

impl<'a> Extensions<'a> {
    fn of(endpoint: &'a Value) -> Self {
        let all = endpoint.get("extension").and_then(Value::as_array);
        Self(all.into_iter().flatten().collect())
    }

    fn values(&self, url: &str, value: &str) -> impl Iterator<Item = &'a Value> {
        let of = |one: &&&'a Value| one.get("url").and_then(Value::as_str) == Some(url);
        self.0
            .iter()
            .filter(of)
            .filter_map(move |one| one.get(value))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn all(&self, url: &str, value: &str) -> Vec<String> {
        self.values(url, value).filter_map(Value::as_str).map(str::to_string).collect()
    }

    fn one(&self, url: &str, value: &str) -> Option<&'a str> {
        self.values(url, value).find_map(Value::as_str)
    }

    fn number(&self, url: &str, value: &str) -> Option<u64> {
        self.values(url, value).find_map(Value::as_u64)
    }
}

/// What an administrator registers; becomes an Endpoint when it is all right.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// `client_id`.
    pub client_id: String,
    /// As people read it.
    pub name: String,
    /// `Organization/…` and its name.
    pub organisation: Option<(String, String)>,
    /// `smart-app` or `backend-service`.
    pub kind: String,
    /// Whether it is on.
    pub is_on: bool,
    /// Where it is launched, or its home.
    pub address: String,
    /// Where people may be sent back to.
    pub redirects: Vec<String>,
    /// JWK set; empty for a public client.
    pub keys: String,
    /// Address of a JWK set.
    pub keys_address: String,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Requests in a minute; empty for none of its own.
    pub quota_per_minute: String,
}

impl Registration {
    /// What stands in the register now, for changing it.
    pub fn of_app(app: &App, endpoint: &Value, now: Instant) -> Self {
        let extensions = Extensions::of(endpoint);
        let name = app.organisation_name.clone().unwrap_or_default();
        Self {
            client_id: app.client_id.clone(),
            name: app.name.clone(),
            organisation: app.organisation.clone().map(|reference| (reference, name)),
            kind: app.kind.code().into(),
            is_on: app.is_on(now),
            address: app.address.clone(),
            redirects: app.redirects.clone(),
            keys: extensions.one(KEYS, "valueString").unwrap_or_default().into(),
            keys_address: extensions.one(KEYS_ADDRESS, "valueUrl").unwrap_or_default().into(),
            scopes: app.scopes.clone(),
            quota_per_minute: app.quota_per_minute.map(|n| n.to_string()).unwrap_or_default(),
        }
    }

    /// The Endpoint, with this id if it has one. `APP-001` names the field that is wrong and says
    /// what would be right.
    pub fn endpoint(&self, id: Option<&str>) -> Result<Value, Problem> {
        self.check()?;
        let mut extension: Vec<Value> = Vec::new();
        let mut add = |url: &str, kind: &str, value: Value| {
            let mut one = json!({ "url": url });
            if let Some(one) = one.as_object_mut() {
                one.insert(kind.into(), value);
            }
            extension.push(one);
        };
        self.redirects.iter().for_each(|to| add(REDIRECT, "valueUrl", json!(to)));
        self.scopes.iter().for_each(|scope| add(SCOPE, "valueString", json!(scope)));
        if !self.keys.is_empty() {
            add(KEYS, "valueString", json!(self.keys));
        } else if !self.keys_address.is_empty() {
            add(KEYS_ADDRESS, "valueUrl", json!(self.keys_address));
        }
        if let Ok(quota) = self.quota_per_minute.parse::<u32>() {
            add(QUOTA, "valuePositiveInt", json!(quota));
        }
        let mut endpoint = json!({
            "resourceType": "Endpoint",
            "identifier": [{ "system": CLIENT_ID_SYSTEM, "value": self.client_id }],
            "status": if self.is_on { "active" } else { "off" },
            "connectionType": { "system": CONNECTION_SYSTEM, "code": self.kind },
            "name": self.name,
            "payloadType": [{ "text": "FHIR R4" }],
            "address": self.address,
        });
        if let Some(endpoint) = endpoint.as_object_mut() {
            if !extension.is_empty() {
                endpoint.insert("extension".into(), Value::Array(extension));
            }
            if let Some((reference, name)) = &self.organisation {
                let to = json!({ "reference": reference, "display": name });
                endpoint.insert("managingOrganization".into(), to);
            }
            if let Some(id) = id {
                endpoint.insert("id".into(), json!(id));
            }
        }
        Ok(endpoint)
    }

    fn check(&self) -> Result<(), Problem> {
        let wrong = |field: &str, text: &str| {
            Err(Problem::new(Kind::Invalid, "APP-001", text.to_string()).at(field))
        };
        if !is_client_id(&self.client_id) {
            return wrong("client_id", "A client_id is 1 to 200 letters, digits or any of -._~:/");
        }
        if self.name.trim().is_empty() {
            return wrong("name", "An app needs a name that people know it by.");
        }
        let Some(kind) = AppKind::of_code(&self.kind) else {
            return wrong("kind", "The kind is smart-app or backend-service.");
        };
        if let Err(why) = parse_address(&self.address) {
            return wrong("address", &format!("The address is {why}."));
        }
        for redirect in &self.redirects {
            match parse_address(redirect) {
                Ok(url) if url.fragment().is_some() => {
                    return wrong("redirects", "A redirect address has no fragment (#).");
                }
                Ok(_) => {}
                Err(why) => return wrong("redirects", &format!("A redirect address is {why}.")),
            }
        }
        let has_keys = !self.keys.is_empty() || !self.keys_address.is_empty();
        if !self.keys.is_empty()
            && let Err(why) = ClientKeys::of_json(&self.keys)
        {
            return wrong("keys", &format!("The keys are not a JWK set: {why}."));
        }
        if !self.keys_address.is_empty()
            && let Err(why) = parse_address(&self.keys_address)
        {
            return wrong("keys_address", &format!("The address of the keys is {why}."));
        }
        match kind {
            AppKind::Smart if self.redirects.is_empty() => {
                return wrong("redirects", "An app needs at least one redirect address.");
            }
            AppKind::Backend if !has_keys => {
                return wrong(
                    "keys",
                    "A system needs keys: it has no other way to prove who it is.",
                );
            }
            AppKind::Backend if self.organisation.is_none() => {
                return wrong("organisation", "A system acts for an organisation.");
            }
            AppKind::Smart | AppKind::Backend => {}
        }
        if self.scopes.is_empty() {
            return wrong("scopes", "An app needs at least one scope that it may ask for.");
        }
        for scope in &self.scopes {
            check_scope(scope, kind).or_else(|why| wrong("scopes", &why))?;
        }
        let quota = &self.quota_per_minute;
        if !quota.is_empty() && !quota.parse::<u32>().is_ok_and(|quota| quota > 0) {
            return wrong("quota", "The quota is a whole number above 0, or left out.");
        }
        Ok(())
    }
}

/// Scopes that are not clinical.
pub const LAUNCH_SCOPES: [&str; 6] =
    ["openid", "fhirUser", "launch", "launch/patient", "offline_access", "online_access"];

fn check_scope(scope: &str, kind: AppKind) -> Result<(), String> {
    let is_system = scope.starts_with("system/");
    match kind {
        AppKind::Smart if LAUNCH_SCOPES.contains(&scope) => return Ok(()),
        AppKind::Smart if is_system => {
            return Err(format!("{scope} is for systems, not for apps that people use."));
        }
        AppKind::Backend if !is_system => {
            return Err(format!("{scope} is not for systems, whose scopes begin with system/."));
        }
        AppKind::Smart | AppKind::Backend => {}
    }
    let parsed = akson_access::scopes::Scopes::parse([scope], Some("x"));
    match parsed {
        Ok(scopes) if scopes.words().is_empty() => Err(format!("{scope} is no scope of SMART.")),
        // What cannot be enforced is never granted.
        Ok(scopes) => akson_record::check_scopes(&scopes).map_err(|problem| problem.for_caller),
        Err(problem) => Err(problem.for_caller),
    }
}

/// Whether a text can be a `client_id`.
pub fn is_client_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte);
    (1..=CLIENT_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_795_298_880_000);

    fn good() -> Registration {
        let words = |text: &str| text.split(' ').map(str::to_string).collect();
        Registration {
            client_id: "dagbok".into(),
            name: "Dagboken".into(),
            kind: "smart-app".into(),
            is_on: true,
            address: "https://app.example/launch".into(),
            redirects: words("https://app.example/back http://127.0.0.1:9/back"),
            scopes: words("openid launch patient/Observation.rs?category=laboratory"),
            quota_per_minute: "60".into(),
            ..Registration::default()
        }
    }

    #[test]
    fn what_is_registered_reads_back() {
        let endpoint = good().endpoint(Some("x")).unwrap();
        let app = App::of_endpoint(&endpoint, 3).unwrap().unwrap();
        assert_eq!((&*app.id, app.version, &*app.client_id), ("x", 3, "dagbok"));
        assert_eq!((app.redirects.len(), app.scopes.len()), (2, 3));
        assert_eq!(app.quota_per_minute, Some(60));
        assert!(app.is_on(NOW) && app.launches() && matches!(app.keys, AppKeys::None));
        let again = Registration::of_app(&app, &endpoint, NOW).endpoint(Some("x")).unwrap();
        assert_eq!(again, endpoint);
    }

    #[test]
    fn status_and_period_switch_it_off() {
        let mut endpoint = good().endpoint(None).unwrap();
        let is_on = |endpoint: &Value| {
            App::of_endpoint(endpoint, 1).ok().flatten().is_some_and(|app| app.is_on(NOW))
        };
        assert!(is_on(&endpoint));
        endpoint["period"] = json!({ "start": "2026-11-21", "end": "2026-11-21" });
        assert!(is_on(&endpoint));
        for period in [json!({ "end": "2026-11-20" }), json!({ "start": "2026-11-23" })] {
            endpoint["period"] = period;
            assert!(!is_on(&endpoint), "{endpoint}");
        }
        endpoint["period"] = json!({ "start": "i går" });
        assert!(!is_on(&endpoint));
        endpoint["period"] = Value::Null;
        for status in ["off", "suspended", "error", "entered-in-error", "test"] {
            endpoint["status"] = json!(status);
            assert!(!is_on(&endpoint), "{status}");
        }
    }

    #[test]
    fn what_cannot_be_registered_is_told_by_its_field() {
        type Change = fn(&mut Registration);
        let cases: [(&str, Change); 16] = [
            ("client_id", |r| r.client_id = "a b".into()),
            ("client_id", |r| r.client_id.clear()),
            ("name", |r| r.name = " ".into()),
            ("kind", |r| r.kind = "x".into()),
            ("address", |r| r.address = "http://app.example".into()),
            ("address", |r| r.address = "javascript:alert(1)".into()),
            ("redirects", |r| r.redirects.clear()),
            ("redirects", |r| r.redirects = vec!["https://app.example/#x".into()]),
            ("redirects", |r| r.redirects = vec!["app://x".into()]),
            ("keys", |r| r.keys = "{}".into()),
            ("keys_address", |r| r.keys_address = "http://app.example".into()),
            ("keys", |r| r.kind = "backend-service".into()),
            ("scopes", |r| r.scopes.clear()),
            ("scopes", |r| r.scopes = vec!["system/*.rs".into()]),
            ("scopes", |r| r.scopes = vec!["patient/Obs.rs".into()]),
            ("quota", |r| r.quota_per_minute = "0".into()),
        ];
        for (field, change) in cases {
            let mut registration = good();
            change(&mut registration);
            let problem = registration.endpoint(None).unwrap_err();
            assert_eq!((problem.code, &*problem.locations[0]), ("APP-001", field), "{problem}");
        }
    }
}
