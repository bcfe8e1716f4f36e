//! The privacy officer's pages over HTTP: who gets them, working through a case.

use axum::http::StatusCode;

use super::login::House;

/// Somebody on the first day tries twelve journals.
async fn curious(house: &House) {
    let cookie = house.log_in("Vikar").await;
    for number in 1..=12 {
        house.get(&format!("/pasient/fv-{number:05}"), &cookie).await;
    }
}

/// The address of the first case on a page.
fn first_case(body: &str) -> String {
    let (_, main) = body.split_once("<main").unwrap();
    let (_, rest) = main.split_once("href=\"/personvern/").unwrap();
    format!("/personvern/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn for_everybody_else_the_addresses_are_not_there() {
    let house = House::new().await;
    curious(&house).await;
    let officer = house.log_in("Personvernombud").await;
    let case = first_case(&house.get("/", &officer).await.body);
    let titles: Vec<&str> = house
        .people
        .iter()
        .filter(|login| login.is_citizen || login.organisation_number.is_some())
        .map(|login| login.title)
        .filter(|title| *title != "Personvernombud")
        .collect();
    for title in titles {
        let cookie = house.log_in(title).await;
        let nowhere = house.get("/finnes-ikke", &cookie).await;
        let token = nowhere.token();
        // The same page but for the token in it, and the address that a choice of language leads back to.
        let same = |body: &str, address: &str| {
            let back = format!("name=\"til\" value=\"{address}\"");
            body.replace(&token, "").replace(&back, "")
        };
        for address in ["/personvern", &case, "/personvern/fv-1~fv-2~2026-11-21"] {
            let seen = house.get(address, &cookie).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{title} {address}");
            let both = (same(&seen.body, address), same(&nowhere.body, "/finnes-ikke"));
            assert_eq!(both.0, both.1, "{title} {address}");
        }
        for body in ["avgjorelse=in-order", "avgjorelse=tull"] {
            let sent = house.post(&case, &cookie, &format!("skjema={token}&{body}")).await;
            assert_eq!(sent.status, StatusCode::NOT_FOUND, "{title}");
        }
        assert!(!house.get("/", &cookie).await.body.contains("/personvern"), "{title}");
    }
    assert!(house.get("/", &officer).await.body.contains(&case), "nobody decided it");
}

#[tokio::test]
async fn a_case_is_worked_through_and_leaves_the_list() {
    let house = House::new().await;
    curious(&house).await;
    let officer = house.log_in("Personvernombud").await;
    let home = house.get("/", &officer).await;
    assert!(home.body.contains("pasienter uten behandlerforhold på en time"), "{}", home.body);
    assert!(home.body.contains("Hjemmetjenesten") || home.body.contains("poeng"));
    let address = first_case(&home.body);
    let case = house.get(&address, &officer).await;
    assert_eq!(case.status, StatusCode::OK);
    assert!(case.body.contains("søk etter person"), "the entries behind it: {}", case.body);
    let token = case.token();
    let wrong = house.post(&address, &officer, &format!("skjema={token}&avgjorelse=tull")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.body.contains("Velg en av vurderingene."));
    let note = "Spurt+leder+%3Cb%3E";
    let body = format!("skjema={token}&avgjorelse=follow-up&notat={note}");
    let sent = house.post(&address, &officer, &body).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/personvern"));
    let list = house.get("/personvern", &officer).await.body;
    let (open, decided) = list.split_once("Vurdert").unwrap();
    assert!(!open.contains(&address) && decided.contains(&address));
    let case = house.get(&address, &officer).await.body;
    assert!(case.contains("Følges opp") && case.contains("Spurt leder &lt;b&gt;"), "{case}");
}
