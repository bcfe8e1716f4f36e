//! What a token must be: each way of being wrong is refused with its own code.

use akson_base::Kind;
use serde_json::{Value, json};

use crate::issuer::{Issuer, NOW, Signer, ask, bearer, encode, merged, refused, told};

#[tokio::test]
async fn a_good_token_says_who_calls() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    let found = bearer(&tokens, &issuer.token(json!({}))).await.unwrap();
    assert_eq!(found.proved.identity.client, "elin");
    assert_eq!(found.proved.identity.scopes, ["akson:fhir/api"]);
    assert!(found.nonce.is_none());
    for header in
        [json!({ "typ": "JWT" }), json!({ "typ": "application/at+jwt" }), json!({ "kid": null })]
    {
        let token = issuer.token_with_header(header);
        assert!(bearer(&tokens, &token).await.is_ok());
    }
    let lower_case = format!("bearer {}", issuer.token(json!({ "aud": "nhn:akson" })));
    assert!(ask(&tokens, &[("authorization", &lower_case)]).await.is_ok());
}

#[tokio::test]
async fn nothing_shown_is_told_both_ways_and_no_error() {
    let issuer = Issuer::start().await;
    for headers in [&[][..], &[("authorization", "Basic dTpw")]] {
        let refusal = ask(&issuer.tokens(), headers).await.unwrap_err();
        assert_eq!(refusal.problem.kind, Kind::Unauthenticated);
        let (code, challenges) = told(&refusal);
        let dpop = "DPoP algs=\"PS256 PS384 PS512 ES256 ES384 RS256 RS384\"";
        assert_eq!((code, &challenges[..]), ("IDN-001", &[dpop.to_string(), "Bearer".into()][..]));
    }
    let mut options = issuer.options();
    options.is_dpop_required = true;
    let refusal = ask(&issuer.tokens_with(options), &[]).await.unwrap_err();
    assert_eq!(told(&refusal).1.len(), 1);
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_a_bad_request() {
    let issuer = Issuer::start().await;
    let token = format!("Bearer {}", issuer.token(json!({})));
    for headers in [
        &[("authorization", &*token), ("authorization", &*token)][..],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer a b")],
    ] {
        let refusal = ask(&issuer.tokens(), headers).await.unwrap_err();
        assert_eq!(refusal.problem.kind, Kind::Invalid);
        refused(Err(refusal), "IDN-002", "invalid_request");
    }
}

#[tokio::test]
async fn what_is_not_a_signed_jwt_is_refused() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    let good = issuer.token(json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let no_object = issuer.signer.sign(&issuer.header(), &json!([1]));
    for token in [
        "x".to_string(),
        "a.b.c".into(),
        signed.into(),
        format!("{good}.x"),
        format!("{signed}.="),
        no_object,
        issuer.token_with_header(json!({ "crit": ["exp"] })),
        issuer.token(json!({ "padding": "x".repeat(16_384) })),
    ] {
        refused(bearer(&tokens, &token).await, "IDN-003", "invalid_token");
    }
    assert_eq!(issuer.asked(), 0, "the provider was asked for the sake of rubbish");
}

/// A token without a signature, or signed with the public key as an HMAC secret.
fn forged(issuer: &Issuer, algorithm: &str) -> String {
    let header = merged(issuer.header(), json!({ "alg": algorithm }));
    let claims = issuer.claims();
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    if algorithm.eq_ignore_ascii_case("none") {
        return format!("{signed}.");
    }
    let public = issuer.signer.jwk().to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public.as_bytes());
    format!("{signed}.{}", encode(ring::hmac::sign(&key, signed.as_bytes())))
}

#[tokio::test]
async fn none_and_hmac_are_never_accepted() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    for algorithm in ["none", "None", "NONE", "HS256", "HS512", "es256", ""] {
        let token = forged(&issuer, algorithm);
        refused(bearer(&tokens, &token).await, "IDN-004", "invalid_token");
    }
    let mut options = issuer.options();
    options.algorithms = vec![akson_identity::tokens::Algorithm::Ps256];
    let outcome = bearer(&issuer.tokens_with(options), &issuer.token(json!({}))).await;
    refused(outcome, "IDN-004", "invalid_token");
}

#[tokio::test]
async fn a_key_is_used_for_its_own_algorithm_only() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    for algorithm in ["ES384", "RS256", "PS256"] {
        let token = issuer.token_with_header(json!({ "alg": algorithm }));
        refused(bearer(&tokens, &token).await, "IDN-007", "invalid_token");
    }
}

#[tokio::test]
async fn other_types_of_jwt_are_refused() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    for typ in [json!(null), json!("dpop+jwt"), json!("logout+jwt"), json!("application/JSON")] {
        let token = issuer.token_with_header(json!({ "typ": typ }));
        refused(bearer(&tokens, &token).await, "IDN-005", "invalid_token");
    }
}

#[tokio::test]
async fn a_tampered_token_or_a_strangers_is_refused() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    let good = issuer.token(json!({}));
    assert!(bearer(&tokens, &good).await.is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    let claims = merged(issuer.claims(), json!({ "client_id": "another" }));
    let tampered = format!("{}.{}.{}", parts[0], encode(claims.to_string()), parts[2]);
    refused(bearer(&tokens, &tampered).await, "IDN-007", "invalid_token");
    let stranger = Signer::new("first").sign(&issuer.header(), &issuer.claims());
    refused(bearer(&tokens, &stranger).await, "IDN-007", "invalid_token");
    // A key that a token brings along is no key of the provider's.
    let own = Signer::new("own");
    let header =
        merged(issuer.header(), json!({ "jwk": own.public(), "jku": "http://127.0.0.1:1" }));
    refused(
        bearer(&tokens, &own.sign(&header, &issuer.claims())).await,
        "IDN-007",
        "invalid_token",
    );
}

#[tokio::test]
async fn claims_that_are_missing_or_for_others_are_refused() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    let rows: [(Value, &str); 14] = [
        (json!({ "iss": "https://another.example" }), "IDN-008"),
        (json!({ "iss": format!("{}/", issuer.url) }), "IDN-008"),
        (json!({ "aud": "nhn:another" }), "IDN-009"),
        (json!({ "aud": ["nhn:aksonx", "x"] }), "IDN-009"),
        (json!({ "iss": null }), "IDN-012"),
        (json!({ "aud": null }), "IDN-012"),
        (json!({ "aud": [] }), "IDN-012"),
        (json!({ "aud": [7] }), "IDN-012"),
        (json!({ "exp": null }), "IDN-012"),
        (json!({ "iat": null }), "IDN-012"),
        (json!({ "exp": "soon" }), "IDN-012"),
        (json!({ "exp": 1e300 }), "IDN-012"),
        (json!({ "client_id": null }), "IDN-012"),
        (json!({ "cnf": { "x5t#S256": "abc" } }), "IDN-012"),
    ];
    for (claims, code) in rows {
        refused(bearer(&tokens, &issuer.token(claims)).await, code, "invalid_token");
    }
}

#[tokio::test]
async fn times_hold_to_the_second() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    // Ten seconds of skew both ways.
    for (claims, code) in [
        (json!({ "exp": NOW - 9 }), None),
        (json!({ "exp": NOW - 10 }), Some("IDN-010")),
        (json!({ "nbf": NOW + 10 }), None),
        (json!({ "nbf": NOW + 11 }), Some("IDN-011")),
        (json!({ "iat": NOW + 11 }), Some("IDN-011")),
        (json!({ "nbf": null }), None),
    ] {
        let outcome = bearer(&tokens, &issuer.token(claims.clone())).await;
        match code {
            Some(code) => refused(outcome, code, "invalid_token"),
            None => assert!(outcome.is_ok(), "{claims}"),
        }
    }
}

#[tokio::test]
async fn a_token_that_was_just_accepted_expires_to_the_second_too() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    let token = issuer.token(json!({ "exp": NOW + 20 }));
    assert!(bearer(&tokens, &token).await.is_ok());
    issuer.clock.advance_milliseconds(29_999);
    assert!(bearer(&tokens, &token).await.is_ok());
    issuer.clock.advance_milliseconds(1);
    refused(bearer(&tokens, &token).await, "IDN-010", "invalid_token");
}

#[tokio::test]
async fn a_person_needs_the_security_level() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    let at = |level: &str| {
        json!({
            "sub": "f3a1", "helseid://claims/identity/pid": "04056600324",
            "helseid://claims/identity/security_level": level,
        })
    };
    let found = bearer(&tokens, &issuer.token(at("4"))).await.unwrap();
    assert_eq!(found.proved.identity.national_number.as_deref(), Some("04056600324"));
    let refusal = bearer(&tokens, &issuer.token(at("3"))).await.unwrap_err();
    assert!(told(&refusal).1[1].contains("acr_values=\"Level4\""), "{:?}", told(&refusal));
    refused(Err(refusal), "IDN-015", "insufficient_user_authentication");
}

#[tokio::test]
async fn problems_of_a_persons_claims_do_not_tell_their_numbers() {
    let issuer = Issuer::start().await;
    let tokens = issuer.tokens();
    for (claims, code) in [
        (json!({ "sub": "f3a1" }), "IDN-014"),
        (json!({ "helseid://claims/identity/pid": "0405660032" }), "IDN-012"),
        (
            json!({
                "helseid://claims/identity/pid": "04056600324",
                "helseid://claims/identity/security_level": "4",
                "authorization_details": [{ "type": "nhn:tillitsrammeverk:parameters",
                    "practitioner": { "identifier": { "id": "05076600324" } } }],
            }),
            "IDN-016",
        ),
    ] {
        let refusal = bearer(&tokens, &issuer.token(claims)).await.unwrap_err();
        let text = format!("{} {:?}", refusal.problem, refusal.headers);
        assert!(!text.contains("0405660032") && !text.contains("05076600324"), "{text}");
        refused(Err(refusal), code, "invalid_token");
    }
}
