//! The citizen's pages over HTTP: what is theirs, in their language, and that no text is lost.

use axum::http::StatusCode;

use super::login::House;

/// The address of the page of the first journal on a citizen's home: `/min/{id}`.
fn own(home: &str) -> String {
    let (_, rest) = home.split_once("href=\"/min/").unwrap();
    let id = rest.split(['"', '/']).next().unwrap();
    format!("/min/{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_when_the_login_ended_is_shown_and_nothing_is_stored() {
    let house = House::new().await;
    let cookie = house.log_in("Innbygger").await;
    let home = house.get("/", &cookie).await;
    let address = format!("{}/meldinger/ny", own(&home.body));
    let page = house.get(&address, &cookie).await;
    let before = house.count("Communication?").await;
    house.wait(31 * 60);
    let body = format!("skjema={}&til=x&tekst=Jeg+er+%3Cb%3Esvimmel%3C%2Fb%3E", page.token());
    let answer = house.post(&address, &cookie, &body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("Jeg er &lt;b&gt;svimmel&lt;/b&gt;"), "{}", answer.body);
    assert!(answer.body.contains("href=\"/logg-inn?hvorfor=utlopt\""), "{}", answer.body);
    assert_eq!(house.count("Communication?").await, before);
    // A stranger's ticket has nothing read, and no text shown.
    let strange = house.post(&address, "akson=abcdefghijklmnopqrstuv", &body).await;
    assert_eq!(strange.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_text_is_not_sent_and_the_rest_is_kept() {
    let house = House::new().await;
    let cookie = house.log_in("Innbygger").await;
    let home = house.get("/", &cookie).await;
    let address = format!("{}/meldinger/ny", own(&home.body));
    let page = house.get(&address, &cookie).await;
    let before = house.count("Communication?").await;
    let body = format!("skjema={}&om=Utslett&tekst=+", page.token());
    let answer = house.post(&address, &cookie, &body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("value=\"Utslett\""), "{}", answer.body);
    let to_stranger = "til=Practitioner%2Fingen&tekst=Hei";
    let body = format!("skjema={}&{to_stranger}", page.token());
    let answer = house.post(&address, &cookie, &body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.count("Communication?").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_elses_pages_are_there() {
    let house = House::new().await;
    let cookie = house.log_in("Innbygger").await;
    let mine = own(&house.get("/", &cookie).await.body);
    let doctor = house.log_in("Fastlege").await;
    for page in ["", "/meldinger", "/timer", "/timer/ny", "/journal", "/journal/malinger", "/mer"] {
        let address = format!("{mine}{page}");
        assert_eq!(house.get(&address, &cookie).await.status, StatusCode::OK, "{address}");
        assert_eq!(house.get(&address, &doctor).await.status, StatusCode::NOT_FOUND, "{address}");
        let other = format!("/min/fv-00001{page}");
        assert_eq!(house.get(&other, &cookie).await.status, StatusCode::NOT_FOUND, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_speak_the_language_that_was_chosen() {
    let house = House::new().await;
    let cookie = house.log_in("Innbygger").await;
    let page = house.get("/", &cookie).await;
    let more = format!("{}/mer", own(&page.body));
    let body = format!("skjema={}&sprak=en&til=%2F%2Fevil.example", page.token());
    let answer = house.post("/sprak", &cookie, &body).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    let language = answer.cookie("akson-language").unwrap();
    assert_eq!(language, "akson-language=en");
    for (tag, word) in [("en", "Appointments"), ("nn", "Timar"), ("nb", "Timer"), ("xx", "Timer")] {
        let both = format!("{cookie}; akson-language={tag}");
        let page = house.get(&more, &both).await;
        assert!(page.body.contains(word), "{tag}: {}", page.body);
    }
}
