//! How often one may call: `/fhir` by client and by person, the login page by address.

use akson_testkit::server::Server;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::tokens::load;
use crate::issuer::Issuer;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const KARI: &str = "13818012345";

fn serve(issuer: &Issuer, limits: &str) -> Server {
    let folder = TempDir::new().unwrap();
    load(folder.path());
    let config = folder.path().join("akson.toml");
    std::fs::write(&config, format!("{}[limits]\n{limits}", issuer.settings())).unwrap();
    Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap()
}

async fn get(server: &Server, token: &str) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{}/Organization/vest", server.fhir()));
    request.header("authorization", token).send().await.unwrap()
}

/// That an answer is 429 with this code, and when to come again.
async fn is_throttled(answer: Response, code: &str) {
    assert_eq!(answer.status(), 429);
    let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3600).contains(&seconds), "{seconds}");
    let outcome: Value = answer.json().await.unwrap();
    assert_eq!(outcome["issue"][0]["code"], "throttled");
    assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], code);
}

#[tokio::test]
async fn a_client_that_calls_too_often_is_told_when_to_come_again() {
    let issuer = Issuer::start();
    // So slow that the test's own time gives nothing back, but for the client.
    let server = serve(&issuer, "client_requests_per_second = 1\nclient_requests_burst = 40\n");
    let (busy, other) = (issuer.bearer("busy", &json!({})), issuer.bearer("other", &json!({})));
    let mut answers = Vec::new();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/Organization/vest", server.fhir());
    for _ in 0..80 {
        let asked = client.get(&url).header("authorization", &busy).send().await.unwrap();
        answers.push(asked);
        if answers.last().unwrap().status() == 429 {
            break;
        }
    }
    assert!(answers.len() > 40, "{}", answers.len());
    let last = answers.pop().unwrap();
    let again: u64 = last.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    is_throttled(last, "IDN-080").await;
    assert!(answers.iter().all(|answer| answer.status() == 200));
    assert_eq!(get(&server, &other).await.status(), 200, "another client");
    assert_eq!(again, 1);
    tokio::time::sleep(std::time::Duration::from_secs(again)).await;
    assert_eq!(get(&server, &busy).await.status(), 200, "after Retry-After");
    let meters = client.get(format!("{}/metrics", server.root())).send().await.unwrap();
    let meters = meters.text().await.unwrap();
    assert!(meters.contains("akson_throttled_total{limit=\"client\"} 1\n"), "{meters}");
    assert!(meters.contains("akson_throttled_total{limit=\"person\"} 0\n"), "{meters}");
}

#[tokio::test]
async fn a_person_is_the_same_through_every_client_and_may_be_without_limit() {
    let issuer = Issuer::start();
    let server = serve(
        &issuer,
        "person_requests_per_second = 1\nperson_requests_burst = 3\n\
         client_requests_per_second = 0\nclient_requests_burst = 1\n",
    );
    let tokens: Vec<String> =
        ["a", "b"].iter().map(|client| issuer.person(client, KARI, &json!({}))).collect();
    let mut codes = Vec::new();
    let mut throttled = None;
    for token in tokens.iter().cycle().take(8) {
        let answer = get(&server, token).await;
        codes.push(answer.status().as_u16());
        throttled = throttled.or((codes.last() == Some(&429)).then_some(answer));
    }
    assert_eq!(codes[..3], [200, 200, 200]);
    is_throttled(throttled.expect("8 in well under 5 s"), "IDN-081").await;
    // A system is nobody's person, and its client has no limit here.
    let system = issuer.bearer("a", &json!({}));
    for _ in 0..20 {
        assert_eq!(get(&server, &system).await.status(), 200);
    }
}

#[tokio::test]
async fn attempts_to_log_in_are_counted_by_address_and_everybody_may_read_the_page() {
    let demo = Server::start_demo(BINARY, 40).unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = demo.root().to_string() + "/logg-inn";
    // What did not come from our own form is refused, and counts nevertheless. Many at a time: each no
    // takes its time.
    let mut refused = 0;
    let answer = loop {
        let mut attempts = tokio::task::JoinSet::new();
        for number in 0..50 {
            let answer = client.post(&url).header("x-forwarded-for", format!("192.0.2.{number}"));
            attempts.spawn(answer.send());
        }
        let answers = attempts.join_all().await.into_iter().map(Result::unwrap);
        let (no, other): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status() == 403);
        refused += no.len();
        if let Some(answer) = other.into_iter().next() {
            break answer;
        }
        assert!(refused < 20_000, "no limit");
    };
    assert_eq!(answer.status(), 429);
    assert!(refused >= 1000, "{refused}");
    assert_eq!(answer.headers()["retry-after"], "1");
    let page = answer.text().await.unwrap();
    assert!(page.contains("IDN-082") && page.contains("For mange forsøk"), "{page}");
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    let meters = client.get(format!("{}/metrics", demo.root())).send().await.unwrap();
    let meters = meters.text().await.unwrap();
    let counted = meters.split("akson_throttled_total{limit=\"login\"} ").nth(1).unwrap();
    assert!(!counted.starts_with("0\n"), "{counted}");
}

#[tokio::test]
async fn requests_for_tokens_are_counted_by_address_and_discovery_is_not() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("akson.toml");
    let limits = "token_requests_per_second = 1\ntoken_requests_burst = 10\n";
    std::fs::write(&config, format!("[apps]\n[limits]\n{limits}")).unwrap();
    let server = Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let ask = async || {
        let request = client.post(format!("{}/oauth2/token", server.root()));
        let form = "application/x-www-form-urlencoded";
        let request = request.header("content-type", form).header("origin", "https://app.example");
        request.body("grant_type=client_credentials").send().await.unwrap()
    };
    let mut refused = 0;
    let answer = loop {
        let answer = ask().await;
        if answer.status() == 429 {
            break answer;
        }
        refused += 1;
        assert!(answer.status().is_client_error() && refused < 1_000, "{}", answer.status());
    };
    assert!(refused >= 10, "{refused}");
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example");
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["error"], "temporarily_unavailable");
    for _ in 0..50 {
        let told = format!("{}/fhir/.well-known/smart-configuration", server.root());
        assert_eq!(client.get(told).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn without_login_nothing_is_limited() {
    let server = Server::start(BINARY).unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/Patient/none", server.fhir());
    for _ in 0..2_500 {
        assert_eq!(client.get(&url).send().await.unwrap().status(), 404);
    }
}
