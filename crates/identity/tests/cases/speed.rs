//! What a token costs a request. By hand:
//! `cargo test --release -p akson-identity --test main -- --ignored --nocapture speed`

use std::time::Instant;

use serde_json::json;

use crate::issuer::{Issuer, Signer, bearer, dpop, proof};

const TIMES: u32 = 2_000;

#[tokio::test]
#[ignore = "measures; nothing can fail"]
async fn speed_of_tokens_and_proofs() {
    let (issuer, holder) = (Issuer::start().await, Signer::new("holder"));
    let tokens = issuer.tokens();
    let many: Vec<String> = (0..TIMES).map(|n| issuer.token(json!({ "jti": n }))).collect();
    let print = |what: &str, began: Instant| {
        println!("{what}: {:.1} µs", began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
    };
    bearer(&tokens, &issuer.token(json!({}))).await.unwrap();
    let began = Instant::now();
    for token in &many {
        bearer(&tokens, token).await.unwrap();
    }
    print("a new token (ES256)", began);
    let began = Instant::now();
    for _ in 0..TIMES {
        bearer(&tokens, &many[0]).await.unwrap();
    }
    print("a token that was used within the minute", began);
    let token = issuer.bound_token(&holder);
    let proofs: Vec<String> = (0..TIMES)
        .map(|n| proof(&holder, &token, json!({}), json!({ "jti": n.to_string() })))
        .collect();
    let began = Instant::now();
    for proof in &proofs {
        dpop(&tokens, &token, proof).await.unwrap();
    }
    print("the same with a DPoP proof (ES256)", began);
}
