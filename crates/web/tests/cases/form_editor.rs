//! The administrators' forms over HTTP: who gets them, taking into use once, publishing and the next
//! version, two at once, and what is refused.

use axum::http::StatusCode;

use super::login::{Answer, House};

fn part<'a>(body: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = body.split_once(before).unwrap_or_else(|| panic!("no {before} in {body}"));
    rest.split(after).next().unwrap()
}

/// Sends a form of a page, with its token.
async fn send(house: &House, cookie: &str, address: &str, fields: &str) -> Answer {
    let token = house.get("/skjemaer", cookie).await.token();
    house.post(address, cookie, &format!("skjema={token}&{fields}")).await
}

/// A new draft; its address.
async fn begun(house: &House, cookie: &str, title: &str) -> String {
    let begun = send(house, cookie, "/skjemaer", &format!("tittel={title}")).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    begun.location().to_owned()
}

async fn version(house: &House, cookie: &str, address: &str) -> String {
    part(&house.get(address, cookie).await.body, "data-versjon=\"", "\"").to_owned()
}

#[tokio::test]
async fn for_everybody_else_the_forms_are_not_there() {
    let house = House::new().await;
    let administrator = house.log_in("Administrator").await;
    let address = begun(&house, &administrator, "Hemmelig").await;
    for title in ["Fastlege", "Resepsjonist", "Personvernombud", "Innbygger"] {
        let cookie = house.log_in(title).await;
        let token = house.get("/finnes-ikke", &cookie).await.token();
        for page in
            ["/skjemaer", &address, &format!("{address}/fil"), &format!("{address}/endringer")]
        {
            assert_eq!(
                house.get(page, &cookie).await.status,
                StatusCode::NOT_FOUND,
                "{title} {page}"
            );
        }
        for (to, fields) in [
            ("/skjemaer".to_owned(), "tittel=x"),
            ("/skjemaer/ta-i-bruk".to_owned(), "url=https://akson.no/fhir/Questionnaire/phq-9"),
            (format!("{address}/nytt-punkt"), "tekst=x"),
            (format!("{address}/punkt"), "punkt=s1&tekst=x"),
            (format!("{address}/om"), "tittel=x"),
            (format!("{address}/prov"), "x=y"),
            (format!("{address}/angre"), "punkt=s1&fra=1"),
            (format!("{address}/status"), "gjor=publiser"),
        ] {
            let sent = house.post(&to, &cookie, &format!("skjema={token}&{fields}")).await;
            assert_eq!(sent.status, StatusCode::NOT_FOUND, "{title} {to}: {}", sent.body);
        }
    }
}

#[tokio::test]
async fn a_form_that_comes_along_is_taken_into_use_once() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let list = house.get("/skjemaer", &cookie).await;
    assert_eq!(list.body.matches("action=\"/skjemaer/ta-i-bruk\"").count(), 10);
    for _ in 0..2 {
        let fields = "url=https%3A%2F%2Fakson.no%2Ffhir%2FQuestionnaire%2Fphq-9";
        let taken = send(&house, &cookie, "/skjemaer/ta-i-bruk", fields).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    }
    let list = house.get("/skjemaer", &cookie).await;
    assert_eq!(list.body.matches("action=\"/skjemaer/ta-i-bruk\"").count(), 9);
    assert_eq!(list.body.matches("PHQ-9: symptomer").count(), 1, "one form");
    let unknown = send(&house, &cookie, "/skjemaer/ta-i-bruk", "url=x").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_whole_is_not_published_and_what_is_published_does_not_change() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let address = begun(&house, &cookie, "Prøve").await;
    let status = format!("{address}/status");
    let publish = || send(&house, &cookie, &status, "gjor=publiser");
    assert!(publish().await.location().ends_with("#funn"), "an empty form asks nothing");
    send(&house, &cookie, &format!("{address}/nytt-punkt"), "tekst=Velg&type=choice").await;
    let page = house.get(&address, &cookie).await;
    assert!(page.body.contains("Det er ingenting å velge mellom"), "{}", page.body);
    assert!(publish().await.location().ends_with("#funn"));
    let fields = "punkt=s1&tekst=Velg&type=choice&alt-kode=&alt-tekst=Ja&alt-poeng=1&versjon=";
    let fields = format!("{fields}{}", version(&house, &cookie, &address).await);
    send(&house, &cookie, &format!("{address}/punkt"), &fields).await;
    assert!(publish().await.location().ends_with("sagt=publisert"));
    let page = house.get(&address, &cookie).await;
    assert!(
        page.body.contains("Versjon 1") && page.body.contains("– Ja (1 poeng)"),
        "{}",
        page.body
    );
    for (to, fields) in [
        ("punkt", "punkt=s1&tekst=Annet&type=string"),
        ("nytt-punkt", "tekst=Mer&type=string"),
        ("om", "tittel=Annet"),
    ] {
        send(&house, &cookie, &format!("{address}/{to}"), fields).await;
        let after = house.get(&address, &cookie).await;
        assert!(!after.body.contains("Annet") && !after.body.contains("Mer</"), "{to}");
    }
    let next = send(&house, &cookie, &status, "gjor=ny-versjon").await.location().to_owned();
    assert_ne!(next, address);
    let again = send(&house, &cookie, &status, "gjor=ny-versjon").await.location().to_owned();
    assert_eq!(next, again, "one draft of a form at a time");
    send(&house, &cookie, &format!("{next}/nytt-punkt"), "tekst=Vekt&type=integer").await;
    send(&house, &cookie, &format!("{next}/status"), "gjor=publiser").await;
    let page = house.get(&next, &cookie).await;
    assert!(page.body.contains("Versjon 2") && page.body.contains("1 lagt til"), "{}", page.body);
    assert!(house.get(&address, &cookie).await.body.contains("Ute av bruk"));
}

#[tokio::test]
async fn two_at_once_lose_nothing() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let address = begun(&house, &cookie, "Sammen").await;
    for words in ["En", "To"] {
        let fields = format!("tekst={words}&type=string");
        send(&house, &cookie, &format!("{address}/nytt-punkt"), &fields).await;
    }
    let base = version(&house, &cookie, &address).await;
    let write = |link: &'static str, words: &'static str| {
        let fields = format!("punkt={link}&tekst={words}&type=string&versjon={base}");
        let to = format!("{address}/punkt");
        let (house, cookie) = (&house, &cookie);
        async move { send(house, cookie, &to, &fields).await }
    };
    assert_eq!(write("s1", "Min").await.status, StatusCode::SEE_OTHER);
    assert_eq!(write("s2", "Din").await.status, StatusCode::SEE_OTHER, "another item");
    let both = write("s1", "Tredje").await;
    assert_eq!(both.status, StatusCode::CONFLICT, "the same item");
    assert!(both.body.contains("endret det samme kl."), "{}", both.body);
    assert!(both.body.contains("Min") && both.body.contains("Tredje"), "both texts");
    let page = house.get(&address, &cookie).await;
    assert!(
        page.body.contains("Min") && page.body.contains("Din") && !page.body.contains("Tredje")
    );
}

#[tokio::test]
async fn the_preview_counts_and_stores_nothing() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let address = begun(&house, &cookie, "Prøve").await;
    let add = format!("{address}/nytt-punkt");
    send(&house, &cookie, &add, "tekst=Hvor+mye&type=choice&alternativer=Litt%3D1%0AMye%3D3").await;
    send(&house, &cookie, &add, "tekst=Sum&type=score").await;
    let base = version(&house, &cookie, &address).await;
    let fields = format!("punkt=s2&tekst=Sum&type=score&sum=s1&versjon={base}");
    send(&house, &cookie, &format!("{address}/punkt"), &fields).await;
    let before = version(&house, &cookie, &address).await;
    let tried = send(&house, &cookie, &format!("{address}/prov"), "felt=0&s0=1").await;
    assert_eq!(tried.status, StatusCode::OK);
    let preview = part(&tried.body, "id=\"forhandsvisning\"", "</section>");
    assert!(preview.contains(">3<") || preview.contains(">3 "), "{preview}");
    assert_eq!(version(&house, &cookie, &address).await, before);
}
