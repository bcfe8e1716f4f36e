//! What a token costs a request, and a login a page. By hand:
//! `cargo test --release -p akson-identity --test main -- --ignored --nocapture speed`

use std::sync::Arc;
use std::time::Instant;

use akson_access::{Actor, Identity, Standing};
use akson_base::{Clock, FixedClock};
use akson_identity::sessions::{Found, SessionLimits, Sessions};
use akson_store::Store;
use akson_store::kept::Kept;
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

/// What a login costs a page: with the embedded store, ten thousand others logged in.
#[tokio::test]
#[ignore = "measures; nothing can fail"]
async fn speed_of_logins() {
    let clock = Arc::new(FixedClock::at(akson_base::Instant(1_795_298_880_000)));
    let time = || Arc::clone(&clock) as Arc<dyn Clock>;
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(folder.path(), &Default::default(), time()).unwrap();
    let kept = Arc::new(Kept::open(Arc::new(store)).unwrap());
    let sessions = Arc::new(Sessions::new(SessionLimits::default(), time(), kept));
    let mut tickets = Vec::new();
    for _ in 0..100 {
        let open = |_| {
            let sessions = Arc::clone(&sessions);
            tokio::spawn(async move {
                let citizen = Actor { standing: Standing::Citizen("1".into()), ..Actor::open() };
                sessions.open(Identity::default(), vec![citizen]).await.unwrap()
            })
        };
        for opened in (0..100).map(open).collect::<Vec<_>>() {
            tickets.push(opened.await.unwrap());
        }
    }
    for (what, tickets) in [("one", &tickets[..1]), ("all", &tickets[..])] {
        let began = Instant::now();
        for ticket in tickets.iter().cycle().take(100_000) {
            assert!(matches!(sessions.find(ticket), Ok(Found::In(_))));
        }
        println!("a login, of {what}: {:.2} µs", began.elapsed().as_secs_f64() * 10.0);
    }
}
