//! Logging in and out, as the access log tells it.
//!
//! Not here: proving who somebody is (`identity`), letting them in (`web`).
//! Standard: DICOM PS3.15 A.5.3.10 (User Authentication, 110114)

use std::sync::Arc;

use akson_access::{Actor, Ground, Standing};
use akson_audit::Entry;
use akson_base::Problem;
use serde_json::{Value, json};

use crate::Record;

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
/// DICOM's code of all that is told here.
const USER_AUTHENTICATION: &str = "110114";

const LOGIN: &str = "login";
const ROLE: &str = "choose-role";
const LOGOUT: &str = "logout";
const WITNESS: &str = "witness";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Somebody logged in.
    LoggedIn,
    /// Somebody who is logged in chose the capacity to work in.
    RoleChosen,
    /// Somebody proved who they are, to be a witness in somebody else's login.
    Witness,
    /// Somebody logged out, or was logged out.
    LoggedOut,
    /// Somebody was not let in, with the problem's code.
    Refused(&'static str),
}

/// Who it happened to.
#[derive(Clone, Copy, Debug)]
pub struct Authenticated<'a> {
    /// `None` for somebody whom the registers do not know, or who proved nothing.
    pub actor: Option<&'a Arc<Actor>>,
    /// Whether they act in that capacity by now; else only who they are is told.
    pub is_in_role: bool,
    /// Who vouched for them: `helseid`, `id-porten`, `demo`.
    pub provider: &'a str,
    /// The request's trace id.
    pub trace: &'a str,
}

impl Record {
    /// Makes the entry of a login, a choice of role or a logout durable. Whoever is let in before
    /// this has answered is not in the log.
    pub async fn log_authentication(
        &self,
        who: Authenticated<'_>,
        what: Authentication,
    ) -> Result<(), Problem> {
        let (interaction, ground) = match what {
            Authentication::LoggedIn => (LOGIN, Ground::Directory),
            Authentication::RoleChosen => (ROLE, Ground::Directory),
            Authentication::Witness => (WITNESS, Ground::Directory),
            Authentication::LoggedOut => (LOGOUT, Ground::Directory),
            Authentication::Refused(_) => (LOGIN, Ground::Refused),
        };
        let unknown = unknown();
        let actor = who.actor.map_or(&unknown, |actor| actor);
        let entry = Entry::authentication(actor, ground, interaction, who.trace);
        let mut entry = entry.about(who.provider);
        if let Authentication::Refused(code) = what {
            entry = entry.saying(code);
        }
        if !who.is_in_role || who.actor.is_none() {
            entry = entry.without_role();
        }
        self.log_entries(&[entry]).await
    }
}

fn unknown() -> Actor {
    Actor {
        id: "unknown".into(),
        display: "Ukjent".into(),
        standing: Standing::System(None),
        client: "".into(),
        purpose: "".into(),
        scopes: None,
    }
}

/// Whether a search's `type` asks for logins and logouts.
pub(super) fn is_asked_for(value: &str) -> bool {
    match value.split_once('|') {
        Some((system, code)) => system == DICOM && code == USER_AUTHENTICATION,
        None => value == USER_AUTHENTICATION,
    }
}

/// `type` and `subtype` of the AuditEvent.
pub(super) fn codings(entry: &Entry) -> (Value, Value) {
    let coding =
        |code: &str, display: &str| json!({"system": DICOM, "code": code, "display": display});
    let subtype = match &*entry.interaction {
        LOGIN => coding("110122", "Login"),
        LOGOUT => coding("110123", "Logout"),
        other => json!({"system": "https://akson.no/fhir/CodeSystem/interaction", "code": other}),
    };
    (coding(USER_AUTHENTICATION, "User Authentication"), subtype)
}

/// Who vouched, as an entity of the AuditEvent: a system, as a security resource.
pub(super) fn provider(entry: &Entry) -> Value {
    json!({
        "name": &*entry.target,
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2"},
        "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "13"},
    })
}
