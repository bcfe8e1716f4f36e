//! Powers of attorney and messages of emergencies on the citizen's pages over HTTP.

use axum::http::StatusCode;

use super::login::House;

/// The id of the first journal on a citizen's home.
fn first_journal(home: &str) -> String {
    let (_, rest) = home.split_once("href=\"/pasient/").unwrap();
    rest.split(['"', '/']).next().unwrap().to_string()
}

#[tokio::test]
async fn a_power_of_attorney_is_given_holds_at_once_and_is_taken_back() {
    let house = House::new().await;
    let own = house.log_in("Innbygger").await;
    let attorney = house.people.iter().find(|login| login.title == "Verge").unwrap();
    let home = house.get("/", &own).await;
    let id = first_journal(&home.body);
    let address = format!("/pasient/{id}/fullmakter");
    assert!(home.body.contains(&address));
    let page = house.get(&address, &own).await;
    assert!(
        page.body.contains("Ingen har fullmakt.") && page.body.contains("value=\"2027-11-21\"")
    );
    let token = page.token();
    for (fields, said) in [
        ("nummer=123&navn=Bente&til=2026-12-31", "elleve sifrene"),
        ("nummer=02013299998&navn=Bente&til=2026-12-31", "elleve sifrene"),
        ("nummer=02013299997&navn=&til=2026-12-31", "Skriv navnet"),
        ("nummer=02013299997&navn=Bente&til=", "høyst fem år"),
        ("nummer=02013299997&navn=Bente&til=2026-11-20", "høyst fem år"),
        ("nummer=02013299997&navn=Bente&til=2032-01-01", "høyst fem år"),
    ] {
        let sent = house.post(&address, &own, &format!("skjema={token}&{fields}")).await;
        assert_eq!(sent.status, StatusCode::BAD_REQUEST, "{fields}");
        assert!(sent.body.contains(said), "{fields}: {}", sent.body);
        assert!(sent.body.contains("value=\"02013299997\"") || !fields.contains("9997"));
    }
    let theirs = house.log_in("Verge").await;
    assert_eq!(house.get(&format!("/pasient/{id}"), &theirs).await.status, StatusCode::NOT_FOUND);
    let number = &attorney.national_number;
    let fields = format!("skjema={token}&nummer={number}&navn=Bente+Lunde+Moen&til=31.12.2026");
    let sent = house.post(&address, &own, &fields).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, address.as_str()));
    let page = house.get(&address, &own).await;
    assert!(page.body.contains("Bente Lunde Moen") && page.body.contains("til 31.12.2026"));
    assert!(!page.body.contains(number.as_str()), "the number is not shown");
    assert_eq!(house.get(&format!("/pasient/{id}"), &theirs).await.status, StatusCode::OK);
    assert!(house.get("/", &theirs).await.body.contains(&format!("/pasient/{id}\"")));
    let log = house.get(&format!("/pasient/{id}/innsyn"), &own).await;
    assert!(log.body.contains("fullmakt"), "{}", log.body);
    // Who acts for another has no such page, and cannot send what it sends.
    for address in [address.clone(), format!("{address}/x/trekk")] {
        let token = house.get("/", &theirs).await.token();
        let sent = house.post(&address, &theirs, &format!("skjema={token}&{fields}")).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{address}");
    }
    assert_eq!(house.get(&address, &theirs).await.status, StatusCode::NOT_FOUND);
    let (_, rest) = page.body.split_once("class=\"take-back\" action=\"").unwrap();
    let action = rest.split('"').next().unwrap();
    let sent = house.post(action, &own, &format!("skjema={}", page.token())).await;
    assert_eq!(sent.location(), address, "{}", sent.body);
    assert_eq!(house.get(&format!("/pasient/{id}"), &theirs).await.status, StatusCode::NOT_FOUND);
    assert!(house.get(&address, &own).await.body.contains("Ingen har fullmakt."));
}

#[tokio::test]
async fn after_an_emergency_the_patient_has_a_message() {
    let house = House::new().await;
    let own = house.log_in("Innbygger").await;
    let home = house.get("/", &own).await;
    assert!(!home.body.contains("i en nødsituasjon"));
    let id = first_journal(&home.body);
    let temp = house.log_in("Vikar").await;
    let page = house.get(&format!("/pasient/{id}"), &temp).await;
    let body = format!("skjema={}&nod=1", page.token());
    let opened = house.post(&format!("/pasient/{id}/apne"), &temp, &body).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    let home = house.get("/", &own).await;
    let name = &house.people.iter().find(|login| login.title == "Vikar").unwrap().name;
    for told in [
        "Journalen ble åpnet i en nødsituasjon",
        name,
        "helsefagarbeider",
        "Hjemmetjenesten",
        "Øyeblikkelig hjelp",
        "21.11.2026 kl. 23.08",
    ] {
        assert!(home.body.contains(told), "{told}: {}", home.body);
    }
}
