//! The round over a real record: one click gives, two give once, undo, reasons, witness, as needed.

use std::sync::OnceLock;

use akson_testkit::municipality::{Options, generate_until};
use axum::http::StatusCode;
use jiff::civil::Date;

use super::login::House;

/// A quarter past eight in the morning of 21 November 2026, in Norway.
const MORNING: i64 = 1_795_245_300_000;
pub(super) const NURSE: &str = "Sykepleier på sykehjem";
const WORKER: &str = "Helsefagarbeider";

/// A small town with a whole ward, as it is before the morning's round.
pub(super) fn bundles() -> &'static [Vec<u8>] {
    static BUNDLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BUNDLES.get_or_init(|| {
        let options = Options { people: 100, ..Options::new(Date::constant(2026, 11, 21)) };
        generate_until(&options, 5 * 60).collect()
    })
}

pub(super) async fn house() -> House {
    House::of(bundles(), MORNING).await
}

/// The row of the list whose text has these words.
pub(super) fn row<'p>(page: &'p str, words: &str) -> &'p str {
    let rows = page.split("<div class=\"dose\"").skip(1);
    let mut found = rows.filter(|row| row.contains(words));
    found.next().unwrap_or_else(|| panic!("no row has {words}"))
}

/// The form in a piece of a page, as its action and what it sends.
pub(super) fn form(piece: &str, action: &str) -> String {
    let start = format!("action=\"{action}\"");
    let form = piece.split("<form").find(|form| form.contains(&start));
    let form = form.unwrap_or_else(|| panic!("no form {action} in {piece}"));
    let form = form.split("</form>").next().unwrap();
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        let value = rest.split('"').next().unwrap();
        format!("{name}={}", value.replace('+', "%2B").replace(':', "%3A"))
    });
    fields.collect::<Vec<_>>().join("&")
}

/// The address of a link in a piece of a page that begins so.
fn link(piece: &str, start: &str) -> String {
    let start = format!("href=\"{start}");
    let (_, rest) = piece.split_once(&start).unwrap_or_else(|| panic!("no {start} in {piece}"));
    let address = rest.split('"').next().unwrap().replace("&amp;", "&");
    format!("{}{address}", start.trim_start_matches("href=\""))
}

#[tokio::test]
async fn the_home_of_a_nurse_is_the_round_of_now_with_rooms_doses_and_warnings() {
    let house = house().await;
    let cookie = house.log_in(NURSE).await;
    let page = house.get("/", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in
        ["Runden kl. 08", "lørdag 21. november", "2. etasje", "12 beboere", "201", "Multidose"]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let doses = page.body.matches("action=\"/runde/gi\"").count();
    assert!((15..=40).contains(&doses), "{doses} doses");
    assert!(page.body.contains("økt fra 20 mg") && page.body.contains("A-preparat"));
    // Nobody without a ward comes here.
    let elsewhere = house.log_in("Sykepleier").await;
    assert_eq!(house.get("/runde", &elsewhere).await.location(), "/");
}

#[tokio::test]
async fn a_dose_is_given_in_one_click_once_and_undone_in_time() {
    let house = house().await;
    let cookie = house.log_in(NURSE).await;
    let page = house.get("/", &cookie).await.body;
    let give = form(row(&page, "<b>Furosemid 40"), "/runde/gi");
    let done = house.post("/runde/gi", &cookie, &give).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(done.location().starts_with("/runde?") && done.location().contains("#rad-"));
    let page = house.get("/runde", &cookie).await.body;
    assert!(row(&page, "<b>Furosemid 40").contains("Gitt 08.15 av deg"), "{page}");

    // A colleague whose page is older clicks, too: nothing new, and it says who was first.
    let other = house.log_in(WORKER).await;
    let theirs = house.get("/runde", &other).await.body;
    assert!(!row(&theirs, "<b>Furosemid 40").contains("av deg"));
    let token = form(&theirs, "/runde/gi").split('&').next().unwrap().to_string();
    let (_, rest) = give.split_once('&').unwrap();
    let again = house.fragment("/runde/gi", &other, &format!("{token}&{rest}")).await;
    assert!(again.body.contains("allerede registrert av"), "{}", again.body);
    assert_eq!(
        house
            .count(
                "MedicationAdministration?status=completed&effective-time=ge2026-11-21T06:00:00Z"
            )
            .await,
        1
    );

    let undo = form(row(&page, "<b>Furosemid 40"), "/runde/angre");
    house.post("/runde/angre", &cookie, &undo).await;
    let page = house.get("/runde", &cookie).await.body;
    assert!(row(&page, "<b>Furosemid 40").contains("action=\"/runde/gi\""));
    assert_eq!(house.count("MedicationAdministration?status=entered-in-error").await, 1);

    // Given again, and too late to undo: it is corrected.
    house.post("/runde/gi", &cookie, &give).await;
    let page = house.get("/runde", &cookie).await.body;
    let undo = form(row(&page, "<b>Furosemid 40"), "/runde/angre");
    house.wait(60);
    let late = house.post("/runde/angre", &cookie, &undo).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert!(late.body.contains("for sent å angre"));
    let page = house.get("/runde", &cookie).await.body;
    let change = link(row(&page, "<b>Furosemid 40"), "/runde/endre?");
    let form_page = house.get(&change, &cookie).await.body;
    let fields = form(&form_page, "/runde/endre");
    house
        .post("/runde/endre", &cookie, &format!("{fields}&hva=ikke&grunn=nausea&ord=kastet+opp"))
        .await;
    let page = house.get("/runde", &cookie).await.body;
    assert!(row(&page, "<b>Furosemid 40").contains("Kvalme"), "{}", row(&page, "Furosemid 40"));
}

#[tokio::test]
async fn two_at_the_same_time_make_one_administration() {
    let house = house().await;
    let (a, b) = (house.log_in(NURSE).await, house.log_in(WORKER).await);
    let (first, second) = (house.get("/", &a).await.body, house.get("/", &b).await.body);
    let give = |page: &str| form(row(page, "Multidose"), "/runde/gi");
    let (one, two) = (give(&first), give(&second));
    let medicines = one.matches("ordinasjon=").count();
    assert!(medicines > 1, "a pouch holds several: {one}");
    let both = tokio::join!(house.post("/runde/gi", &a, &one), house.post("/runde/gi", &b, &two));
    assert_eq!(both.0.status, StatusCode::SEE_OTHER, "{}", both.0.body);
    assert_eq!(both.1.status, StatusCode::SEE_OTHER, "{}", both.1.body);
    let given = "MedicationAdministration?status=completed&effective-time=ge2026-11-21T06:00:00Z";
    assert_eq!(house.count(given).await, medicines);
}

#[tokio::test]
async fn a_dose_that_is_not_given_has_a_reason() {
    let house = house().await;
    let cookie = house.log_in(NURSE).await;
    let page = house.get("/", &cookie).await.body;
    let panel = link(row(&page, "<b>Furosemid 40"), "/runde/ikke-gitt?");
    let panel = house.get(&panel, &cookie).await.body;
    let fields = form(&panel, "/runde/ikke-gitt");
    let none = house.post("/runde/ikke-gitt", &cookie, &format!("{fields}&grunn=other&ord=")).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    let done = house.post("/runde/ikke-gitt", &cookie, &format!("{fields}&grunn=refused")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = house.get("/runde", &cookie).await.body;
    assert!(row(&page, "<b>Furosemid 40").contains("Ville ikke"));
}

#[tokio::test]
async fn a_controlled_dose_waits_for_a_witness_who_is_somebody_else() {
    let house = house().await;
    let (nurse, worker) = (house.log_in(NURSE).await, house.log_in(WORKER).await);
    let page = house.get("/", &nurse).await.body;
    house.post("/runde/gi", &nurse, &form(row(&page, "Oksykodon"), "/runde/gi")).await;
    let mine = house.get("/runde", &nurse).await.body;
    assert!(row(&mine, "Oksykodon").contains("venter på vitne"));
    assert!(!row(&mine, "Oksykodon").contains("Bekreft som vitne"), "not one's own");
    let theirs = house.get("/runde", &worker).await.body;
    let confirm = form(row(&theirs, "Oksykodon"), "/runde/vitne");
    // The giver's own login does not get past it by hand either.
    let token = form(&mine, "/runde/angre").split('&').next().unwrap().to_string();
    let (_, rest) = confirm.split_once('&').unwrap();
    let own = house.post("/runde/vitne", &nurse, &format!("{token}&{rest}")).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.body);
    house.post("/runde/vitne", &worker, &confirm).await;
    let page = house.get("/runde", &nurse).await.body;
    assert!(row(&page, "Oksykodon").contains("Vitne: "), "{}", row(&page, "Oksykodon"));
}

#[tokio::test]
async fn as_needed_counts_and_stops_at_the_most_of_a_day() {
    let house = house().await;
    let cookie = house.log_in(NURSE).await;
    for count in 1..=3 {
        let page = house.get("/runde", &cookie).await.body;
        let panel = link(row(&page, "Oksazepam"), "/runde/behov?");
        let panel = house.get(&panel, &cookie).await.body;
        let fields = form(&panel, "/runde/behov");
        // One was given last evening, and two are the most.
        let done = house.post("/runde/behov", &cookie, &fields).await;
        let expected = if count == 1 { StatusCode::SEE_OTHER } else { StatusCode::BAD_REQUEST };
        assert_eq!(done.status, expected, "{count}: {}", done.body);
        if count == 2 {
            assert!(panel.contains("Maksimal døgndose er gitt"), "{panel}");
            let with = format!("{fields}&ord=etter+avtale+med+lege");
            assert_eq!(
                house.post("/runde/behov", &cookie, &with).await.status,
                StatusCode::SEE_OTHER
            );
        }
    }
    // What was sent with an old page is not given twice.
    let page = house.get("/runde", &cookie).await.body;
    assert!(row(&page, "Oksazepam").contains("3 av maks 2"), "{}", row(&page, "Oksazepam"));
}

#[tokio::test]
async fn the_change_of_shifts_tells_what_happened_since_ones_own_last_shift() {
    let house = house().await;
    // The temp has no shift before: a day and a night.
    let temp = house.log_in("Sykepleiervikar").await;
    let home = house.get("/", &temp).await.body;
    let page = house.get(&link(&home, "/vaktskifte?"), &temp).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in [
        "Din første vakt her",
        "Startet: Furosemid 40 mg",
        "Stoppet: Furosemid 20 mg",
        "Oksazepam 10 mg tablett, gitt av",
        "Ville ikke",
        "Datter ringte",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let nurse = house.log_in(NURSE).await;
    let page = house.get("/vaktskifte", &nurse).await.body;
    assert!(page.contains("Siden din siste vakt"), "{page}");
    let elsewhere = house.log_in("Sykepleier").await;
    assert_eq!(house.get("/vaktskifte", &elsewhere).await.location(), "/");
}

#[tokio::test]
async fn a_measurement_gives_a_score_on_the_round() {
    let house = house().await;
    let cookie = house.log_in(NURSE).await;
    let page = house.get("/", &cookie).await.body;
    let address = link(&page, "/runde/news/");
    let measuring = house.get(&address, &cookie).await.body;
    let action = address.split('?').next().unwrap();
    let fields = form(&measuring, action);
    let wrong = format!(
        "{fields}&respirasjon=22&metning=&systolisk=105&puls=112&temperatur=38,4&bevissthet=A"
    );
    let answer = house.post(action, &cookie, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("aria-invalid=\"true\"") && answer.body.contains("38,4"));
    let right = wrong.replace("metning=", "metning=93");
    let answer = house.post(action, &cookie, &right).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    // 2 + 2 + 0 + 1 + 2 + 0 + 1
    let page = house.get("/runde", &cookie).await.body;
    assert!(page.contains("NEWS2: <b>8</b>"), "{page}");
    assert_eq!(house.count("Observation?date=ge2026-11-21T06:00:00Z").await, 8);
}
