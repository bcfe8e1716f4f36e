//! The provider's keys: fetched when needed, kept, renewed, and bounded in what they may be.

use akson_base::Kind;
use serde_json::json;

use crate::issuer::{Issuer, Signer, bearer, refused};

#[tokio::test]
async fn keys_are_fetched_once_for_many() {
    let issuer = Issuer::start().await;
    let tokens = std::sync::Arc::new(issuer.tokens());
    let requests: Vec<_> = (0..20)
        .map(|number| {
            let (tokens, token) = (tokens.clone(), issuer.token(json!({ "jti": number })));
            tokio::spawn(async move { bearer(&tokens, &token).await.is_ok() })
        })
        .collect();
    for request in requests {
        assert!(request.await.unwrap());
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_strangers_do_not_make_us_ask_often() {
    let mut issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    assert!(bearer(&tokens, &issuer.token(json!({}))).await.is_ok());
    let unknown = || issuer.token_with_header(json!({ "kid": "unknown" }));
    for _ in 0..5 {
        refused(bearer(&tokens, &unknown()).await, "IDN-006", "invalid_token");
    }
    assert_eq!(issuer.asked(), 1, "asked again within the pause");
    issuer.clock.advance_milliseconds(10_000);
    for _ in 0..5 {
        refused(bearer(&tokens, &unknown()).await, "IDN-006", "invalid_token");
    }
    assert_eq!(issuer.asked(), 2);
    // Rotation: the second key signs, the first is gone.
    let old = issuer.token(json!({ "jti": "old" }));
    issuer.signer = Signer::new("second");
    issuer.serve_keys(&json!({ "keys": [issuer.signer.jwk()] }));
    issuer.clock.advance_milliseconds(10_000);
    assert!(bearer(&tokens, &issuer.token(json!({}))).await.is_ok());
    refused(bearer(&tokens, &old).await, "IDN-006", "invalid_token");
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn a_provider_that_is_away_matters_only_to_what_is_not_known() {
    let mut issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    assert!(bearer(&tokens, &issuer.token(json!({}))).await.is_ok());
    issuer.stop().await;
    let day = 24 * 60 * 60;
    let long = |jti: &str| issuer.token(json!({ "jti": jti, "exp": crate::issuer::NOW + 2 * day }));
    issuer.clock.advance_milliseconds(3_600_000);
    assert!(bearer(&tokens, &long("a")).await.is_ok(), "the key is known");
    let stranger = issuer.token_with_header(json!({ "kid": "unknown" }));
    // Nothing can be said of this one: it may be of a new key.
    let refusal = bearer(&tokens, &stranger).await.unwrap_err();
    assert_eq!((refusal.problem.kind, refusal.problem.code), (Kind::Busy, "IDN-061"));
    assert!(refusal.headers.get("www-authenticate").is_none());
    // A day without word from the provider is too long to go on believing.
    issuer.clock.advance_milliseconds((day - 3600) * 1000);
    assert_eq!(bearer(&tokens, &long("b")).await.unwrap_err().problem.code, "IDN-061");
}

#[tokio::test]
async fn old_keys_are_renewed_without_anybody_waiting() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    assert!(bearer(&tokens, &issuer.token(json!({ "jti": "a" }))).await.is_ok());
    issuer.clock.advance_milliseconds(600_000);
    let token = issuer.token(json!({ "jti": "b", "exp": crate::issuer::NOW + 1200 }));
    assert!(bearer(&tokens, &token).await.is_ok());
    for _ in 0..1000 {
        if issuer.asked() == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("the keys were not fetched again");
}

#[tokio::test]
async fn a_provider_that_speaks_for_another_or_nonsense_is_not_believed() {
    let issuer = Issuer::start().await;
    let keys = json!({ "keys": [issuer.signer.jwk()] });
    let metadata =
        |issuer: &str, keys: &str| json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
    let own = format!("{}/jwks", issuer.url);
    let mut private = issuer.signer.jwk();
    private["d"] = json!("AAAA");
    let secret = json!({ "kty": "oct", "k": "AAAA", "kid": "first" });
    let many: Vec<_> = (0..101).map(|_| issuer.signer.jwk()).collect();
    let good = metadata(&issuer.url, &own);
    for (served, keys) in [
        (metadata("https://another.example", &own), keys.clone()),
        (metadata(&issuer.url, "file:///etc/passwd"), keys.clone()),
        (metadata(&issuer.url, "http://another.example/jwks"), keys.clone()),
        (metadata(&issuer.url, ""), keys.clone()),
        ("<html>".to_string(), keys.clone()),
        (format!("\"{}\"", "x".repeat(300_000)), keys.clone()),
        (good.clone(), json!({ "keys": [private] })),
        (good.clone(), json!({ "keys": [secret] })),
        (good.clone(), json!({ "keys": many })),
        (good, json!({})),
    ] {
        issuer.serve_metadata(&served);
        issuer.serve_keys(&keys);
        let refusal = bearer(&issuer.tokens(), &issuer.token(json!({}))).await.unwrap_err();
        assert_eq!(refusal.problem.code, "IDN-061", "{} {keys}", &served[..served.len().min(80)]);
        assert!(!refusal.problem.for_log.is_empty());
    }
}

#[tokio::test]
async fn settings_that_cannot_be_are_named() {
    let issuer = Issuer::start().await;
    let cannot = |change: fn(&mut akson_identity::tokens::Options)| {
        let mut options = issuer.options();
        change(&mut options);
        let problem = akson_identity::tokens::Tokens::new(options, issuer.clock.clone() as _);
        problem.unwrap_err().for_log
    };
    assert!(cannot(|o| o.issuer = "http://helseid.example".into()).contains("identity.issuer"));
    assert!(cannot(|o| o.issuer = "https://h.example?x".into()).contains("identity.issuer"));
    assert!(cannot(|o| o.audience = String::new()).contains("identity.audience"));
    assert!(cannot(|o| o.algorithms = Vec::new()).contains("identity.algorithms"));
}
