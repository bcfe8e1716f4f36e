//! What a patient allowed an app, as a FHIR Consent in the patient's journal: seen, versioned, logged
//! and withdrawn like every other wish. While it is not `active`, the app gets nothing.
//!
//! The rules of access do not read it: it opens nothing for anybody and blocks nothing
//! (`record::patient_facts`). Not here: writing it (`web`, as the citizen).
//! Standard: <https://hl7.org/fhir/R4/consent.html>

use akson_base::Instant;
use akson_record::APP_CONSENT_SYSTEM;
use serde_json::{Value, json};

use crate::app::App;

/// Extension of each scope that was allowed (`valueString`).
pub const SCOPE: &str = "https://akson.no/fhir/StructureDefinition/app-consent-scope";

/// A Consent to an app, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppConsent {
    /// Its id.
    pub id: String,
    /// Whether it holds.
    pub is_active: bool,
    /// `Patient/…`.
    pub patient: String,
    /// Who allowed it: `Patient/…` or `RelatedPerson/…`.
    pub performer: String,
    /// `Endpoint/…` of the app.
    pub app: String,
    /// The app's name when it was allowed.
    pub app_name: String,
    /// What it may.
    pub scopes: Vec<String>,
    /// Since when: FHIR dateTime.
    pub since: String,
}

impl AppConsent {
    /// Reads a Consent; `None` for one of another kind.
    pub fn of_json(consent: &Value) -> Option<Self> {
        let text = |pointer: &str| {
            consent.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string()
        };
        let list = |pointer: &str| consent.pointer(pointer).and_then(Value::as_array);
        let categories = list("/category").into_iter().flatten();
        let mut codings = categories
            .filter_map(|category| category.get("coding").and_then(Value::as_array))
            .flatten();
        let is_ours = codings
            .any(|coding| coding.get("system").and_then(Value::as_str) == Some(APP_CONSENT_SYSTEM));
        let scopes = list("/extension").into_iter().flatten().filter_map(|extension| {
            let is_scope = extension.get("url").and_then(Value::as_str) == Some(SCOPE);
            extension.get("valueString").and_then(Value::as_str).filter(|_| is_scope)
        });
        is_ours.then(|| Self {
            id: text("/id"),
            is_active: text("/status") == "active" && text("/provision/type") == "permit",
            patient: text("/patient/reference"),
            performer: text("/performer/0/reference"),
            app: text("/provision/actor/0/reference/reference"),
            app_name: text("/provision/actor/0/reference/display"),
            scopes: scopes.map(str::to_string).collect(),
            since: text("/dateTime"),
        })
    }

    /// Whether it holds for this app and all of these scopes.
    pub fn allows(&self, endpoint: &str, scopes: &[String]) -> bool {
        self.is_active
            && self.app.strip_prefix("Endpoint/") == Some(endpoint)
            && scopes.iter().all(|scope| self.scopes.contains(scope))
    }
}

/// The Consent by which somebody (`performer`, `Patient/…` or `RelatedPerson/…`) lets an app do this
/// for a patient.
pub fn consent(
    app: &App,
    patient: &str,
    performer: &str,
    scopes: &[String],
    now: Instant,
) -> Value {
    let extensions: Vec<Value> =
        scopes.iter().map(|scope| json!({ "url": SCOPE, "valueString": scope })).collect();
    json!({
        "resourceType": "Consent",
        "extension": extensions,
        "status": "active",
        "scope": { "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentscope",
            "code": "patient-privacy" }] },
        "category": [{ "coding": [{ "system": APP_CONSENT_SYSTEM, "code": "app" }] }],
        "patient": { "reference": format!("Patient/{patient}") },
        "dateTime": now.to_fhir(),
        "performer": [{ "reference": performer }],
        "policyRule": { "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN" }] },
        "provision": {
            "type": "permit",
            "actor": [{
                "role": { "coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                    "code": "IRCP" }] },
                "reference": {
                    "reference": format!("Endpoint/{}", app.id), "display": app.name } }],
        },
    })
}
