//! A record with an app and a nurse in its registers, and the server over it.

use std::sync::Arc;
use std::time::Duration;

use akson_access::{Actor, Identity, Policy};
use akson_base::{Clock, FixedClock, Instant};
use akson_fhir::definitions::Definitions;
use akson_identity::Outbound;
use akson_identity::sessions::{SessionLimits, Sessions, Ticket};
use akson_identity::tokens::Asked;
use akson_record::Record;
use akson_record::request::Caller;
use akson_smart::app::Registration;
use akson_smart::server::Approval;
use akson_smart::{AuthorisationServer, Options, Parameters, Person, Refused, SigningKey};
use akson_store::Store;
use akson_store::kept::{Keeping, Kept};
use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "https://app.example/back";

pub(crate) struct House {
    pub(crate) server: Arc<AuthorisationServer>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) record: Arc<Record>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) ticket: Ticket,
    identity: Identity,
    actor: Arc<Actor>,
    _folder: TempDir,
}

fn caller() -> Caller {
    let base = Arc::from("http://localhost/fhir");
    Caller { actor: Arc::new(Actor::operator()), trace: "test".into(), base }
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
        let shared = || Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::open(folder.path(), &Default::default(), shared()).unwrap();
        let store = Arc::new(store);
        let kept = Arc::new(Kept::open(Arc::clone(&store)).unwrap());
        let keeping = || Arc::clone(&kept) as Arc<dyn Keeping>;
        let record = Arc::new(Record::new(store, Policy::Operator));
        for resource in registers() {
            put(&record, &resource).await;
        }
        let sessions = Sessions::new(SessionLimits::default(), shared(), keeping());
        let sessions = Arc::new(sessions);
        let options = Options {
            base: "https://journal.example/fhir".into(),
            audiences: vec!["https://journal.example/fhir".into()],
            root: "https://journal.example".into(),
            access_token_seconds: 300,
            refresh_token_days: 90,
            skew_seconds: 10,
            proof_seconds_max: 60,
            is_nonce_required: true,
        };
        let key = SigningKey::of_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let outbound = Outbound::new(Duration::from_secs(1)).unwrap();
        let (own, logins) = ((Arc::clone(&record), keeping()), Some(Arc::clone(&sessions)));
        let server = AuthorisationServer::new(options, own, logins, (key, outbound), shared());
        let identity = Identity {
            hpr_number: Some("565107922".into()),
            security_level: 4,
            ..Identity::default()
        };
        let actors = record.actors(&identity).unwrap();
        let actor = Arc::new(actors[0].clone());
        let ticket = sessions.open(identity.clone(), actors).await.unwrap();
        let server = Arc::new(server.unwrap());
        Self { server, clock, sessions, record, kept, ticket, identity, actor, _folder: folder }
    }

    pub(crate) fn advance_seconds(&self, seconds: i64) {
        self.clock.advance_milliseconds(seconds * 1000);
    }

    /// The name under which a request waits.
    pub(crate) async fn begin(&self, scope: &str) -> Result<String, String> {
        let query = format!(
            "client_id=dagbok&redirect_uri={BACK}&response_type=code&scope={}&state=s&\
             aud=https://journal.example/fhir&code_challenge={CHALLENGE}&\
             code_challenge_method=S256",
            scope.replace(' ', "%20")
        );
        match self.server.begin(&query).await {
            Ok(begun) => Ok(begun.name),
            Err(Refused::Back(address)) => Err(address),
            Err(Refused::Told(problem)) => Err(problem.code.into()),
        }
    }

    /// Lets the app in; the code.
    pub(crate) async fn allow(&self, name: &str, scope: &str) -> Result<String, &'static str> {
        let (_, login) = self.sessions.proved(&self.ticket).unwrap().unwrap();
        let approval = Approval {
            person: Person::new(&self.identity, &self.actor),
            login,
            scopes: scope.split(' ').map(str::to_string).collect(),
            patient: None,
            consent: None,
        };
        let address = self.server.allow(name, approval).await.map_err(|problem| problem.code)?;
        let address = url::Url::parse(&address).unwrap();
        Ok(address.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned())
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Result<Value, String> {
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let parameters = Parameters::parse(&form, 10_000).unwrap();
        let headers = HeaderMap::new();
        let asked = asked(&headers, "POST", "/oauth2/token");
        match self.server.token(&parameters, &asked).await {
            Ok(issued) => Ok(issued.body),
            Err(denied) => Err(format!("{} {}", denied.error.word(), denied.problem.code)),
        }
    }

    pub(crate) async fn exchange(&self, code: &str) -> Result<Value, String> {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "dagbok"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, tokens: &Value) -> Result<Value, String> {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields =
            [("grant_type", "refresh_token"), ("client_id", "dagbok"), ("refresh_token", token)];
        self.token(&fields).await
    }

    /// Tokens of a consent from beginning to end.
    pub(crate) async fn tokens(&self, scope: &str) -> Value {
        let name = self.begin(scope).await.unwrap();
        self.exchange(&self.allow(&name, scope).await.unwrap()).await.unwrap()
    }

    /// Who calls `/fhir` with the access token, or the code of the refusal.
    pub(crate) async fn resolve(&self, tokens: &Value) -> Result<String, &'static str> {
        let mut headers = HeaderMap::new();
        let shown = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        headers.insert(AUTHORIZATION, shown.parse().unwrap());
        let asked = asked(&headers, "GET", "/Patient/1");
        let resolved = self.server.resolve(&asked).await.unwrap();
        resolved.map(|found| found.actor.id.to_string()).map_err(|refusal| refusal.problem.code)
    }

    pub(crate) async fn put(&self, resource: &Value) {
        put(&self.record, resource).await;
    }
}

fn asked<'a>(headers: &'a HeaderMap, method: &'a str, path: &'a str) -> Asked<'a> {
    Asked { headers, method, base: "https://journal.example", path }
}

async fn put(record: &Record, resource: &Value) {
    let of = Definitions::r4().resource_type(resource["resourceType"].as_str().unwrap()).unwrap();
    let body = Bytes::from(resource.to_string());
    record.update(&caller(), of, resource["id"].as_str().unwrap(), body, None).await.unwrap();
}

pub(crate) fn app(is_on: bool) -> Value {
    let words = |text: &str| text.split(' ').map(str::to_string).collect();
    let registration = Registration {
        client_id: "dagbok".into(),
        name: "Dagboken".into(),
        kind: "smart-app".into(),
        is_on,
        address: "https://app.example/launch".into(),
        redirects: vec![BACK.into()],
        scopes: words("openid fhirUser launch offline_access online_access user/*.rs"),
        ..Registration::default()
    };
    registration.endpoint(Some("app")).unwrap()
}

pub(crate) fn role(end: Option<&str>) -> Value {
    let mut role = json!({ "resourceType": "PractitionerRole", "id": "r",
        "practitioner": { "reference": "Practitioner/kari" },
        "organization": { "reference": "Organization/vest" },
        "code": [{ "text": "Sykepleier",
            "coding": [{ "system": "urn:oid:2.16.578.1.12.4.1.1.9060", "code": "SP" }] }] });
    if let Some(end) = end {
        role["period"] = json!({ "end": end });
    }
    role
}

fn registers() -> [Value; 4] {
    [
        json!({ "resourceType": "Organization", "id": "vest", "name": "Hjemmetjenesten Vest" }),
        json!({ "resourceType": "Practitioner", "id": "kari", "name": [{ "text": "Kari" }],
            "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "565107922" }] }),
        role(None),
        app(true),
    ]
}
