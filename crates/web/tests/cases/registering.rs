//! Registering a patient, and opening by the number, over HTTP.

use axum::http::StatusCode;

use super::login::{House, bundles};

/// The number of Silje Aas, whose address is confidential.
fn protected_number() -> String {
    let mut people = bundles().iter().flat_map(|bundle| {
        let bundle: serde_json::Value = serde_json::from_slice(bundle).unwrap();
        bundle["entry"].as_array().unwrap().clone()
    });
    let silje = people.find(|entry| {
        entry["resource"]["resourceType"] == "Patient"
            && entry["resource"]["name"][0]["given"][0] == "Silje"
    });
    silje.unwrap()["resource"]["identifier"][0]["value"].as_str().unwrap().to_string()
}

const NEW: &str = "nummer=020132+99997&fornavn=Berit+Aud&etternavn=Nyland&fodt=02.01.1932\
                   &kjonn=female&adresse=Storgata+1&postnummer=3540&poststed=Nesbyen&telefon=90000001";

#[tokio::test]
async fn who_was_not_found_is_registered_and_has_a_journal() {
    let house = House::new().await;
    let desk = house.log_in("Resepsjonist").await;
    let none = house.get("/pasienter?q=02013299997", &desk).await;
    assert!(none.body.contains("href=\"/pasienter/ny?nummer=02013299997\""), "{}", none.body);
    let form = house.get("/pasienter/ny?nummer=02013299997", &desk).await;
    assert!(form.body.contains("value=\"02013299997\""));
    let token = form.token();
    for (fields, said) in [
        (NEW.replace("99997", "99998"), "kontrollsifrene"),
        (NEW.replace("etternavn=Nyland", "etternavn="), "Skriv navnet."),
        (NEW.replace("02.01.1932", "02.01.2032"), "Skriv fødselsdatoen"),
        (NEW.replace("kjonn=female", "kjonn=x"), "Velg kjønn"),
        (NEW.replace("postnummer=3540", "postnummer=35"), "fire siffer"),
    ] {
        let sent = house.post("/pasienter/ny", &desk, &format!("skjema={token}&{fields}")).await;
        assert_eq!(sent.status, StatusCode::BAD_REQUEST, "{fields}");
        assert!(sent.body.contains(said) && sent.body.contains("value=\"Berit Aud\""), "{fields}");
    }
    let sent = house.post("/pasienter/ny", &desk, &format!("skjema={token}&{NEW}")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let page = house.get(sent.location(), &desk).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Berit Aud Nyland") && page.body.contains("class=\"banner\""));
    let again = house.post("/pasienter/ny", &desk, &format!("skjema={token}&{NEW}")).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("registrert allerede") && again.body.contains("Nyland"));
    // Elsewhere nobody has a ground by that.
    let nurse = house.log_in("Sykepleier").await;
    let closed = house.get(sent.location(), &nurse).await;
    assert!(closed.body.contains("name=\"grunn\"") && !closed.body.contains("class=\"banner\""));
}

#[tokio::test]
async fn whose_role_registers_nobody_has_no_such_page() {
    let house = House::new().await;
    for title in ["Vikar", "Personvernombud", "Administrator", "Innbygger"] {
        let cookie = house.log_in(title).await;
        let page = house.get("/pasienter/ny", &cookie).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{title}");
        let body = format!("skjema={}&{NEW}", page.token());
        let sent = house.post("/pasienter/ny", &cookie, &body).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{title}");
        let none = house.get("/pasienter?q=02013299997", &cookie).await;
        assert!(!none.body.contains("/pasienter/ny"), "{title}");
    }
}

#[tokio::test]
async fn who_is_protected_opens_by_the_whole_number_only() {
    let house = House::new().await;
    let number = protected_number();
    let nurse = house.log_in("Sykepleier").await;
    for query in ["silje+aas", &number[..10]] {
        let none = house.get(&format!("/pasienter?q={query}"), &nurse).await;
        assert!(none.body.contains("Ingen treff"), "{query}: {}", none.body);
    }
    let hidden = house.get(&format!("/pasienter?q={number}"), &nurse).await;
    assert!(hidden.body.contains("er registrert, men vises ikke"), "{}", hidden.body);
    for told in ["Silje", "Prestegårdsveien", "fv-00013", "/pasienter/ny"] {
        assert!(!hidden.body.contains(told), "{told}");
    }
    let token = hidden.token();
    let send = async |fields: &str| {
        house
            .post("/pasienter/nummer", &nurse, &format!("skjema={token}&nummer={number}&{fields}"))
            .await
    };
    let without = send("tekst=+").await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    assert!(without.body.contains("Skriv hvorfor") && !without.body.contains("Silje"));
    let opened = send("nod=1").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.body);
    let page = house.get(opened.location(), &nurse).await;
    assert!(page.body.contains("Silje Aas") && page.body.contains("øyeblikkelig hjelp"));
    let registering = format!("skjema={token}&{}", NEW.replace("020132+99997", &number));
    let refused = house.post("/pasienter/ny", &nurse, &registering).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    // The case worker may with a reason, and not in an emergency.
    let desk = house.log_in("Saksbehandler").await;
    let hidden = house.get(&format!("/pasienter?q={number}"), &desk).await;
    assert!(hidden.body.contains("er registrert, men vises ikke"));
    assert!(!hidden.body.contains("name=\"nod\"") && hidden.body.contains("name=\"grunn\""));
    let body = format!("skjema={}&nummer={number}&nod=1", hidden.token());
    let sent = house.post("/pasienter/nummer", &desk, &body).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
}
