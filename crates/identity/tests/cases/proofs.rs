//! DPoP proofs: each way of being wrong, replay, nonces, and tokens shown in the wrong way.

use akson_identity::tokens::Tokens;
use serde_json::{Value, json};

use crate::issuer::{
    BASE, Issuer, NOW, Signer, bearer, dpop, encode, merged, proof, refused, told,
};

/// An issuer, a client's key, and a token bound to it.
async fn bound() -> (Issuer, Signer, String) {
    let (issuer, holder) = (Issuer::start().await, Signer::new("holder"));
    let token = issuer.bound_token(&holder);
    (issuer, holder, token)
}

#[tokio::test]
async fn a_proof_by_the_tokens_key_lets_in() {
    let (issuer, holder, token) = bound().await;
    let tokens = issuer.tokens();
    for (number, claims) in [
        json!({}),
        json!({ "htu": format!("{BASE}/Patient/1?x=1#y") }),
        json!({ "htu": "HTTPS://Journal.Example.NO:443/fhir/Patient/1" }),
        json!({ "iat": NOW - 70 }),
        json!({ "iat": NOW + 10 }),
        json!({ "nonce": "not asked for" }),
    ]
    .into_iter()
    .enumerate()
    {
        let claims = merged(claims, json!({ "jti": number.to_string() }));
        let found = dpop(&tokens, &token, &proof(&holder, &token, json!({}), claims)).await;
        assert!(found.unwrap().nonce.is_none());
    }
}

#[tokio::test]
async fn a_token_is_shown_in_the_way_it_was_given_for() {
    let (issuer, holder, token) = bound().await;
    let tokens = issuer.tokens();
    refused(bearer(&tokens, &token).await, "IDN-029", "invalid_token");
    let free = issuer.token(json!({}));
    let outcome = dpop(&tokens, &free, &proof(&holder, &free, json!({}), json!({}))).await;
    refused(outcome, "IDN-030", "invalid_token");
    let mut options = issuer.options();
    options.is_dpop_required = true;
    let tokens = issuer.tokens_with(options);
    refused(bearer(&tokens, &free).await, "IDN-031", "invalid_token");
    assert!(dpop(&tokens, &token, &proof(&holder, &token, json!({}), json!({}))).await.is_ok());
}

#[tokio::test]
async fn one_proof_is_needed() {
    let (issuer, holder, token) = bound().await;
    let tokens = issuer.tokens();
    let one = proof(&holder, &token, json!({}), json!({}));
    let authorization = format!("DPoP {token}");
    for headers in [
        &[("authorization", &*authorization)][..],
        &[("authorization", &*authorization), ("dpop", &*one), ("dpop", &*one)],
    ] {
        let outcome = crate::issuer::ask(&tokens, headers).await;
        refused(outcome, "IDN-020", "invalid_dpop_proof");
    }
}

async fn outcome_of(
    tokens: &Tokens,
    made: (&Signer, &str),
    header: Value,
    claims: Value,
) -> String {
    let (holder, token) = made;
    match dpop(tokens, token, &proof(holder, token, header, claims)).await {
        Ok(_) => "let in".into(),
        Err(refusal) => {
            let (code, challenges) = told(&refusal);
            assert_eq!(challenges.len(), 1, "{challenges:?}");
            let error = challenges[0].split('"').nth(1).unwrap_or_default().to_string();
            format!("{code} {error}")
        }
    }
}

#[tokio::test]
async fn a_malformed_proof_is_refused() {
    let (issuer, holder, token) = bound().await;
    let tokens = issuer.tokens();
    let mut private = holder.public();
    private["d"] = json!(encode([1; 32]));
    let none = json!({});
    for (header, claims) in [
        (json!({ "typ": "JWT" }), none.clone()),
        (json!({ "typ": null }), none.clone()),
        (json!({ "alg": "none" }), none.clone()),
        (json!({ "alg": "HS256" }), none.clone()),
        (json!({ "alg": "ES384" }), none.clone()),
        (json!({ "alg": "RS256" }), none.clone()),
        (json!({ "jwk": null }), none.clone()),
        (json!({ "jwk": private }), none.clone()),
        (json!({ "jwk": { "kty": "oct", "k": "AAAA" } }), none.clone()),
        (json!({ "crit": ["x"] }), none.clone()),
        (none.clone(), json!({ "htm": null })),
        (none.clone(), json!({ "htu": null })),
        (none.clone(), json!({ "iat": null })),
        (none.clone(), json!({ "iat": "now" })),
        (none.clone(), json!({ "jti": null })),
        (none.clone(), json!({ "jti": "" })),
        (none.clone(), json!({ "jti": "x".repeat(257) })),
        (none.clone(), json!({ "ath": null })),
        (none.clone(), json!({ "padding": "x".repeat(8192) })),
    ] {
        let shown = format!("{header} {claims}");
        let outcome = outcome_of(&tokens, (&holder, &token), header, claims).await;
        assert_eq!(outcome, "IDN-021 invalid_dpop_proof", "{}", &shown[..shown.len().min(90)]);
    }
}

#[tokio::test]
async fn a_proof_for_something_else_is_refused() {
    let (issuer, holder, token) = bound().await;
    let tokens = issuer.tokens();
    let stranger = Signer::new("stranger");
    let rows = [
        (json!({ "jwk": stranger.public() }), json!({}), "IDN-022 invalid_dpop_proof"),
        (json!({}), json!({ "htm": "POST" }), "IDN-023 invalid_dpop_proof"),
        (json!({}), json!({ "htm": "get" }), "IDN-023 invalid_dpop_proof"),
        (json!({}), json!({ "htu": format!("{BASE}/Patient/2") }), "IDN-023 invalid_dpop_proof"),
        (
            json!({}),
            json!({ "htu": "http://journal.example.no/fhir/Patient/1" }),
            "IDN-023 invalid_dpop_proof",
        ),
        (
            json!({}),
            json!({ "htu": "https://another.example/fhir/Patient/1" }),
            "IDN-023 invalid_dpop_proof",
        ),
        (json!({}), json!({ "htu": "/fhir/Patient/1" }), "IDN-023 invalid_dpop_proof"),
        (json!({}), json!({ "ath": encode([0; 32]) }), "IDN-025 invalid_dpop_proof"),
        (json!({}), json!({ "iat": NOW - 71 }), "IDN-024 invalid_dpop_proof"),
        (json!({}), json!({ "iat": NOW + 11 }), "IDN-024 invalid_dpop_proof"),
    ];
    for (header, claims, expected) in rows {
        let shown = claims.to_string();
        let outcome = outcome_of(&tokens, (&holder, &token), header, claims).await;
        assert_eq!(outcome, expected, "{shown}");
    }
    let outcome = outcome_of(&tokens, (&stranger, &token), json!({}), json!({})).await;
    assert_eq!(outcome, "IDN-027 invalid_token");
}

#[tokio::test]
async fn a_proof_is_used_once() {
    let (issuer, holder, token) = bound().await;
    let tokens = issuer.tokens();
    let once = proof(&holder, &token, json!({}), json!({ "iat": NOW + 10 }));
    assert!(dpop(&tokens, &token, &once).await.is_ok());
    refused(dpop(&tokens, &token, &once).await, "IDN-026", "invalid_dpop_proof");
    // For as long as its time would let it in.
    issuer.clock.advance_milliseconds(80_000);
    refused(dpop(&tokens, &token, &once).await, "IDN-026", "invalid_dpop_proof");
    issuer.clock.advance_milliseconds(1_000);
    refused(dpop(&tokens, &token, &once).await, "IDN-024", "invalid_dpop_proof");
    // A refused proof does not use up its id.
    let (holder, at) = (Signer::new("other"), NOW + 81);
    let token = issuer.bound_token(&holder);
    let wrong = proof(&holder, &token, json!({}), json!({ "iat": at, "htm": "PUT" }));
    refused(dpop(&tokens, &token, &wrong).await, "IDN-023", "invalid_dpop_proof");
    let right = proof(&holder, &token, json!({}), json!({ "iat": at }));
    assert!(dpop(&tokens, &token, &right).await.is_ok());
}

#[tokio::test]
async fn a_nonce_is_handed_out_asked_for_and_renewed() {
    let (issuer, holder, token) = bound().await;
    let mut options = issuer.options();
    options.is_nonce_required = true;
    let tokens = issuer.tokens_with(options);
    let with = |nonce: Value, at: i64, jti: &str| {
        proof(&holder, &token, json!({}), json!({ "nonce": nonce, "iat": at, "jti": jti }))
    };
    let refusal = dpop(&tokens, &token, &with(json!(null), NOW, "a")).await.unwrap_err();
    let nonce = refusal.headers["dpop-nonce"].to_str().unwrap().to_string();
    refused(Err(refusal), "IDN-028", "use_dpop_nonce");
    let found = dpop(&tokens, &token, &with(json!(nonce), NOW, "b")).await.unwrap();
    assert!(found.nonce.is_none(), "the nonce in hand is still the newest");
    refused(dpop(&tokens, &token, &with(json!("x"), NOW, "c")).await, "IDN-028", "use_dpop_nonce");
    issuer.clock.advance_milliseconds(120_000);
    let found = dpop(&tokens, &token, &with(json!(nonce), NOW + 120, "d")).await.unwrap();
    let newer = found.nonce.unwrap();
    assert_ne!(newer, nonce);
    issuer.clock.advance_milliseconds(120_000);
    refused(
        dpop(&tokens, &token, &with(json!(nonce), NOW + 240, "e")).await,
        "IDN-028",
        "use_dpop_nonce",
    );
    assert!(dpop(&tokens, &token, &with(json!(newer), NOW + 240, "f")).await.is_ok());
    // Any refusal of a proof brings the nonce, so that the next attempt can be right.
    let refusal = dpop(&tokens, &token, "x").await.unwrap_err();
    assert!(refusal.headers.contains_key("dpop-nonce"));
}
