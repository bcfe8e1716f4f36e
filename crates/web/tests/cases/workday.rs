//! The home of those who work at a desk, over HTTP: who sees what, what is done from a row and undone,
//! that the clock alone shows a colleague's result to the unit, and that asking for news is no look.

use axum::http::StatusCode;

use super::login::House;

/// What stands between two texts, after the first of them.
fn part<'a>(body: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = body.split_once(before).unwrap_or_else(|| panic!("no {before} in {body}"));
    rest.split(after).next().unwrap()
}

/// One of the lists of a home.
fn panel<'a>(body: &'a str, id: &str) -> &'a str {
    part(body, &format!("<section class=\"card worklist\" id=\"{id}\""), "</section>")
}

/// The first address of an act in a list, by the row that names somebody.
fn address(list: &str, name: &str, act: &str) -> String {
    let row = list.split("<li ").find(|row| row.contains(name) && row.contains(act)).unwrap();
    let (before, _) = row.split_once(&format!("/{act}\"")).unwrap();
    format!("{}/{act}", before.rsplit('"').next().unwrap())
}

async fn post(house: &House, cookie: &str, address: &str, fields: &str) -> super::login::Answer {
    let token = house.get("/finnes-ikke", cookie).await.token();
    house.post(address, cookie, &format!("skjema={token}{fields}")).await
}

#[tokio::test]
async fn each_role_sees_its_own_work() {
    let house = House::new().await;
    let doctor = house.log_in("Fastlege").await;
    let home = house.get("/", &doctor).await.body;
    let (day, inbox) = (panel(&home, "dagen"), panel(&home, "innboks"));
    assert!(day.contains("Cathrine Rønning") && day.contains("Kontroll av føflekk"), "{day}");
    assert!(inbox.contains("Utslett av sensor") && inbox.contains("Insulin aspart"), "{inbox}");
    let results = panel(&home, "signering");
    let (jonas, cathrine) = (results.find("Jonas Myklebust"), results.find("Cathrine Rønning"));
    assert!(jonas.is_some() && jonas < cathrine, "the abnormal first: {results}");
    assert!(results.contains("73\u{a0}mmol/mol") && results.contains("28–40"), "{results}");
    assert!(results.contains("<svg") && results.contains("Alle normale"), "{results}");
    assert!(panel(&home, "oppgaver").contains("Influensavaksine"));
    // The top bar of every page tells how much waits, without reading it again.
    let other = house.get("/finnes-ikke", &doctor).await.body;
    assert!(part(&other, "id=\"menu\"", "</nav>").contains("data-tally=\"signing\">2<"), "{other}");

    let reception = house.log_in("Resepsjonist").await;
    let home = house.get("/", &reception).await.body;
    assert!(panel(&home, "dagen").contains("Jonas Myklebust"), "the whole unit's: {home}");
    assert!(!home.contains("id=\"signering\"") && !home.contains("73\u{a0}mmol/mol"), "{home}");
    let mine = house.get("/?dag=min", &reception).await;
    assert!(panel(&mine.body, "dagen").contains("Ingen timer i dag"));
    let remembered = mine.cookie("akson-dag").unwrap();
    let again = house.get("/", &format!("{reception}; {remembered}")).await.body;
    assert!(panel(&again, "dagen").contains("Ingen timer i dag"), "the choice is remembered");

    let officer = house.log_in("Saksbehandler").await;
    let home = house.get("/", &officer).await.body;
    assert!(panel(&home, "oppgaver").contains("korttidsopphold"), "{home}");
    assert!(!home.contains("id=\"dagen\"") && !home.contains("mmol"), "{home}");
    let nurse = house.log_in("Sykepleier").await;
    assert!(!house.get("/", &nurse).await.body.contains("73\u{a0}mmol/mol"));
    let citizen = house.log_in("Innbygger").await;
    assert_eq!(house.get("/innboks", &citizen).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_result_is_signed_and_unsigned_from_its_row_for_a_while() {
    let house = House::new().await;
    let doctor = house.log_in("Fastlege").await;
    let home = house.get("/", &doctor).await.body;
    let sign = address(panel(&home, "signering"), "Jonas Myklebust", "signer");
    let undo = sign.replace("/signer", "/angre");
    // A receptionist signs nothing.
    let reception = house.log_in("Resepsjonist").await;
    let refused = post(&house, &reception, &sign, "").await;
    assert!(refused.status.is_client_error(), "{}", refused.status);

    let signed = post(&house, &doctor, &sign, "").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.body);
    let page = house.get(signed.location(), &doctor).await.body;
    assert!(page.contains(&undo) && !panel(&page, "signering").contains("Jonas Myklebust"));
    assert_eq!(post(&house, &doctor, &sign, "").await.status, StatusCode::CONFLICT, "only once");
    assert_eq!(post(&house, &doctor, &undo, "").await.status, StatusCode::SEE_OTHER);
    let home = house.get("/", &doctor).await.body;
    assert!(panel(&home, "signering").contains("Jonas Myklebust"), "it is back");
    post(&house, &doctor, &sign, "").await;
    house.wait(31);
    assert_eq!(post(&house, &doctor, &undo, "").await.status, StatusCode::CONFLICT, "too late");
}

#[tokio::test]
async fn following_up_signs_makes_a_task_and_tells_the_patient() {
    let house = House::new().await;
    let doctor = house.log_in("Fastlege").await;
    let home = house.get("/", &doctor).await.body;
    let follow = address(panel(&home, "signering"), "Jonas Myklebust", "folg-opp");
    let bad = post(&house, &doctor, &follow, "&hva=Ny+HbA1c&dato=snart").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "{}", bad.body);
    let fields = "&hva=Ny+HbA1c&dato=2026-12-05&melding=Kom+til+ny+pr%C3%B8ve";
    assert_eq!(post(&house, &doctor, &follow, fields).await.status, StatusCode::SEE_OTHER);
    let home = house.get("/", &doctor).await.body;
    assert!(!panel(&home, "signering").contains("Jonas Myklebust"));
    let tasks = panel(&home, "oppgaver");
    assert!(tasks.contains("Ny HbA1c") && tasks.contains("5. des"), "{tasks}");
}

#[tokio::test]
async fn a_message_is_answered_once_and_an_appointment_says_who_has_come() {
    let house = House::new().await;
    let doctor = house.log_in("Fastlege").await;
    let home = house.get("/", &doctor).await.body;
    let answer = address(panel(&home, "innboks"), "Utslett av sensor", "svar");
    assert_eq!(post(&house, &doctor, &answer, "&tekst=+").await.status, StatusCode::BAD_REQUEST);
    let sent = post(&house, &doctor, &answer, "&tekst=Pr%C3%B8v+en+annen").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let late = post(&house, &doctor, &answer, "&tekst=Igjen").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let home = house.get("/", &doctor).await.body;
    assert!(!panel(&home, "innboks").contains("Utslett av sensor"));

    let come = address(panel(&home, "dagen"), "Jonas Myklebust", "ankommet");
    assert_eq!(post(&house, &doctor, &come, "").await.status, StatusCode::SEE_OTHER);
    let home = house.get("/", &doctor).await.body;
    assert!(panel(&home, "dagen").contains("Har kommet"));
    let undo = come.replace("ankommet", "angre");
    post(&house, &doctor, &undo, "").await;
    assert!(!panel(&house.get("/", &doctor).await.body, "dagen").contains("Har kommet"));
}

/// Hires a doctor at the office and logs them in.
async fn substitute(house: &House) -> String {
    let administrator = house.log_in("Administrator").await;
    let form = house.get("/ansatte/ny", &administrator).await;
    let (before, _) = form.body.split_once(">Fjordgata legekontor</option>").unwrap();
    let unit = before.rsplit("value=\"").next().unwrap().trim_end_matches('"').replace('/', "%2F");
    let fields = format!(
        "&enhet={unit}&nummer=999999999&fornavn=Aud+Marie&etternavn=Moen&rolle=doctor\
         &fra=2026-11-21&til=2026-12-31"
    );
    let hired = post(house, &administrator, "/ansatte/ny", &fields).await;
    assert_eq!(hired.status, StatusCode::SEE_OTHER, "{}", hired.body);
    enter_as_substitute(house).await
}

async fn enter_as_substitute(house: &House) -> String {
    house.enter(house.people.len(), "/").await.cookie("akson").unwrap()
}

#[tokio::test]
async fn what_nobody_signs_in_time_is_shown_to_the_unit_by_the_clock_alone() {
    let house = House::new().await;
    let substitute = substitute(&house).await;
    let home = house.get("/", &substitute).await.body;
    assert!(panel(&home, "signering").contains("Ingen svar venter"), "not due yet: {home}");
    let citizen = house.log_in("Innbygger").await;
    let own = part(&house.get("/", &citizen).await.body, "/pasient/", "\"").to_string();
    let log = format!("/pasient/{}/innsyn", own.split('/').next().unwrap());
    let looks = house.get(&log, &citizen).await.body;
    assert!(!looks.contains("Aud Marie Moen"), "what is not shown is not in the log");

    // The deadline is 22 November at 16.00; it is 21 November, 23.08, now.
    house.wait(17 * 3600);
    let substitute = enter_as_substitute(&house).await;
    let home = house.get("/", &substitute).await.body;
    let results = panel(&home, "signering");
    assert!(results.contains("Jonas Myklebust"), "{results}");
    assert!(results.contains("ikke signert av"), "{results}");
    assert!(!results.contains("Cathrine Rønning"), "hers is due later: {results}");
    let citizen = house.log_in("Innbygger").await;
    assert!(house.get(&log, &citizen).await.body.contains("Aud Marie Moen"), "it was looked at");

    let sign = address(results, "Jonas Myklebust", "signer");
    assert_eq!(post(&house, &substitute, &sign, "").await.status, StatusCode::SEE_OTHER);
    let doctor = house.log_in("Fastlege").await;
    let home = house.get("/", &doctor).await.body;
    assert!(!panel(&home, "signering").contains("Jonas Myklebust"), "it is taken care of");
}

#[tokio::test]
async fn asking_for_news_is_no_look_and_tells_only_of_ones_own() {
    let house = House::new().await;
    let doctor = house.log_in("Fastlege").await;
    let home = house.get("/", &doctor).await.body;
    let newest = part(&home, "data-newest=\"", "\"");
    let ask = format!("/min-dag/nytt?siden={newest}");
    let citizen = house.log_in("Innbygger").await;
    let own = part(&house.get("/", &citizen).await.body, "/pasient/", "\"").to_string();
    let log = format!("/pasient/{}/innsyn", own.split('/').next().unwrap());
    let before = house.get(&log, &citizen).await.body;
    for _ in 0..3 {
        assert_eq!(house.get(&ask, &doctor).await.status, StatusCode::NO_CONTENT);
    }
    let after = house.get(&log, &citizen).await.body;
    let doctors = |body: &str| body.matches("lege,").count();
    assert_eq!(doctors(&before), doctors(&after), "asking left something in the log");

    // What has nothing to do with the doctor is no news; what has, is.
    let officer = house.log_in("Saksbehandler").await;
    let theirs = house.get("/", &officer).await.body;
    let finish = address(panel(&theirs, "oppgaver"), "korttidsopphold", "ferdig");
    assert_eq!(post(&house, &officer, &finish, "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get(&ask, &doctor).await.status, StatusCode::NO_CONTENT);
    let reception = house.log_in("Resepsjonist").await;
    let desk = house.get("/", &reception).await.body;
    let come = address(panel(&desk, "dagen"), "Jonas Myklebust", "ankommet");
    post(&house, &reception, &come, "").await;
    assert_eq!(house.get(&ask, &doctor).await.status, StatusCode::OK);
    // And what becomes late by itself.
    let now = 1_795_298_880_000_i64;
    let next = format!("{ask}0000&neste={}", now - 1);
    assert_eq!(house.get(&next, &doctor).await.status, StatusCode::OK);
}
