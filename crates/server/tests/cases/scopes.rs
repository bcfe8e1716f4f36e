//! Clinical scopes of an OpenID provider's tokens, over HTTP: what is refused, what is hidden, and
//! what the setting `identity.scopes_required` does. What is allowed, `record` tests.

use akson_testkit::server::Server;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::tokens::load;
use crate::issuer::Issuer;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const KARI: &str = "13818012345";

fn serve(issuer: &Issuer, more: &str) -> Server {
    let folder = TempDir::new().unwrap();
    load(folder.path());
    let config = folder.path().join("akson.toml");
    std::fs::write(&config, format!("{}{more}", issuer.settings())).unwrap();
    Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap()
}

async fn get(server: &Server, path: &str, token: &str) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{}/{path}", server.fhir()));
    request.header("authorization", token).send().await.unwrap()
}

async fn told(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let code = &body["issue"][0]["details"]["coding"][0]["code"];
    (status, code.as_str().unwrap_or_default().to_string())
}

#[tokio::test]
async fn scopes_of_a_token_bound_what_it_may_do() {
    let issuer = Issuer::start();
    let server = serve(&issuer, "");
    let kari = |claims: Value| issuer.person("elin", KARI, &claims);
    let patients = kari(json!({ "scope": "openid user/Patient.rs" }));
    let answer = get(&server, "Patient/ola", &patients).await;
    assert_eq!(answer.status(), 200);
    for path in ["CareTeam/team", "CareTeam/never-was", "CareTeam?patient=ola", "CareTeam/_history"]
    {
        let answer = get(&server, path, &patients).await;
        let challenge = answer.headers().get("www-authenticate").cloned().unwrap();
        assert_eq!(challenge, "Bearer error=\"insufficient_scope\"", "{path}");
        assert_eq!(told(answer).await, (403, "REC-071".into()), "{path}");
    }
    let active = kari(json!({ "scope": ["user/CareTeam.rs?status=active", "akson:fhir/api"] }));
    assert_eq!(get(&server, "CareTeam/team", &active).await.status(), 200);
    let ended = kari(json!({ "scope": "user/CareTeam.rs?status=inactive" }));
    assert_eq!(told(get(&server, "CareTeam/team", &ended).await).await, (404, "REC-003".into()));
    let page: Value = get(&server, "CareTeam?_total=accurate", &ended).await.json().await.unwrap();
    assert_eq!(page["total"], 0);
    let launched = |patient: &str| json!({ "scope": "patient/CareTeam.rs", "patient": patient });
    let of_ola = kari(launched("ola"));
    assert_eq!(get(&server, "CareTeam/team", &of_ola).await.status(), 200);
    let of_another = kari(launched("kari"));
    assert_eq!(get(&server, "CareTeam/team", &of_another).await.status(), 404);
}

#[tokio::test]
async fn a_token_whose_scopes_cannot_be_enforced_lets_nobody_in() {
    let issuer = Issuer::start();
    let server = serve(&issuer, "");
    for (scope, code) in [
        ("user/Patient.sr", "ACC-002"),
        ("user/Pasient.rs", "ACC-003"),
        ("patient/Patient.rs", "ACC-004"),
        ("user/Patient.rs?nosuch=1", "REC-070"),
        ("user/Patient.rs user/Observation.rs?code-value-quantity=1$2", "REC-070"),
    ] {
        let token = issuer.person("elin", KARI, &json!({ "scope": scope }));
        let answer = get(&server, "Patient/ola", &token).await;
        assert_eq!(told(answer).await, (403, code.into()), "{scope}");
    }
}

#[tokio::test]
async fn tokens_without_clinical_scopes_are_refused_where_the_operator_says_so() {
    let issuer = Issuer::start();
    let server = serve(&issuer, "scopes_required = true\n");
    let without = issuer.person("elin", KARI, &json!({}));
    assert_eq!(told(get(&server, "Patient/ola", &without).await).await, (403, "ACC-007".into()));
    let with = issuer.person("elin", KARI, &json!({ "scope": "user/Patient.r" }));
    assert_eq!(get(&server, "Patient/ola", &with).await.status(), 200);
}
