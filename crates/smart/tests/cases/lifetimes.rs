//! How long everything lives, to the second, and what ends it at once.

use crate::house::{House, app, role};

const SCOPE: &str = "openid user/*.rs offline_access";

#[tokio::test]
async fn a_request_waits_for_fifteen_minutes_and_is_answered_once() {
    let house = House::new().await;
    let name = house.begin(SCOPE).await.unwrap();
    house.advance_seconds(15 * 60 - 1);
    assert!(house.server.request(&name).unwrap().is_some());
    house.allow(&name, SCOPE).await.unwrap();
    assert_eq!(house.allow(&name, SCOPE).await, Err("APP-018"));
    let name = house.begin(SCOPE).await.unwrap();
    house.advance_seconds(15 * 60);
    assert_eq!(house.allow(&name, SCOPE).await, Err("APP-018"));
}

#[tokio::test]
async fn a_code_lives_for_a_minute_and_what_it_gave_ends_when_it_comes_again() {
    let house = House::new().await;
    let late = house.allow(&house.begin(SCOPE).await.unwrap(), SCOPE).await.unwrap();
    house.advance_seconds(60);
    assert_eq!(house.exchange(&late).await, Err("invalid_grant APP-030".into()));
    let code = house.allow(&house.begin(SCOPE).await.unwrap(), SCOPE).await.unwrap();
    house.advance_seconds(59);
    let tokens = house.exchange(&code).await.unwrap();
    assert_eq!(house.resolve(&tokens).await, Ok("Practitioner/kari".into()));
    house.advance_seconds(240);
    assert_eq!(house.exchange(&code).await, Err("invalid_grant APP-030".into()));
    assert_eq!(house.resolve(&tokens).await, Err("APP-040"));
}

#[tokio::test]
async fn an_access_token_lives_for_five_minutes_and_a_refresh_for_ninety_days() {
    let house = House::new().await;
    let tokens = house.tokens(SCOPE).await;
    assert_eq!(tokens["expires_in"], 300);
    house.advance_seconds(299);
    assert_eq!(house.resolve(&tokens).await, Ok("Practitioner/kari".into()));
    house.advance_seconds(1);
    assert_eq!(house.resolve(&tokens).await, Err("APP-040"));
    house.advance_seconds(89 * 24 * 3600);
    let next = house.refresh(&tokens).await.unwrap();
    // The last token of all is over with the consent.
    house.advance_seconds(24 * 3600 - 300 - 100);
    let last = house.refresh(&next).await.unwrap();
    assert_eq!(last["expires_in"], 100);
    house.advance_seconds(100);
    assert_eq!(house.resolve(&last).await, Err("APP-040"));
    assert_eq!(house.refresh(&last).await, Err("invalid_grant APP-031".into()));
    assert!(house.kept.sweep().unwrap() >= 6);
}

#[tokio::test]
async fn without_offline_access_everything_ends_with_the_login() {
    let house = House::new().await;
    let scope = "user/*.rs online_access";
    let (idle, left) = (house.tokens(scope).await, house.tokens(scope).await);
    let offline = house.tokens(SCOPE).await;
    house.advance_seconds(20 * 60);
    // The app's calls do not keep the login alive.
    let idle = house.refresh(&idle).await.unwrap();
    assert!(house.resolve(&idle).await.is_ok());
    house.advance_seconds(11 * 60);
    assert_eq!(house.refresh(&idle).await, Err("invalid_grant APP-031".into()));
    assert_eq!(house.refresh(&left).await, Err("invalid_grant APP-031".into()));
    assert!(house.refresh(&offline).await.is_ok());
}

#[tokio::test]
async fn logging_out_switching_off_and_ending_a_role_hold_at_once() {
    let house = House::new().await;
    let online = house.tokens("user/*.rs").await;
    assert!(online["refresh_token"].is_null());
    let offline = house.tokens(SCOPE).await;
    assert!(house.resolve(&online).await.is_ok());
    house.sessions.close(&house.ticket).await.unwrap();
    assert_eq!(house.resolve(&online).await, Err("APP-043"));
    assert!(house.resolve(&offline).await.is_ok());
    house.put(&app(false)).await;
    assert_eq!(house.resolve(&offline).await, Err("APP-041"));
    assert_eq!(house.refresh(&offline).await, Err("invalid_client APP-023".into()));
    house.put(&app(true)).await;
    assert!(house.resolve(&offline).await.is_ok());
    house.put(&role(Some("2026-11-01"))).await;
    assert_eq!(house.resolve(&offline).await, Err("APP-044"));
    assert_eq!(house.refresh(&offline).await, Err("invalid_grant APP-031".into()));
}

#[tokio::test]
async fn a_launch_is_for_one_app_and_one_login_for_five_minutes() {
    let house = House::new().await;
    let (_, login) = house.sessions.proved(&house.ticket).unwrap().unwrap();
    let registered = house.server.app("dagbok").unwrap().unwrap();
    let address = house.server.launch(&registered, "ola", login).await.unwrap();
    let launch = address.split("launch=").nth(1).unwrap().to_string();
    let scope = format!("launch user/*.rs&launch={launch}");
    let begin = || house.begin(&scope);
    let name = begin().await.unwrap();
    let request = house.server.request(&name).unwrap().unwrap();
    assert_eq!(request.patient.as_deref(), Some("ola"));
    assert!(request.may_answer(&login));
    house.advance_seconds(299);
    assert!(begin().await.is_ok());
    house.advance_seconds(1);
    assert!(begin().await.unwrap_err().contains("APP-015"));
}
