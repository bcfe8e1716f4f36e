//! The citizen's pages over HTTP: what is theirs, in their language, and that no text is lost.

use axum::http::StatusCode;

use super::login::{Answer, House};

/// The address of the page of the first journal on a citizen's home: `/min/{id}`.
fn own(home: &str) -> String {
    let (_, rest) = home.split_once("href=\"/min/").unwrap();
    let id = rest.split(['"', '/']).next().unwrap();
    format!("/min/{id}")
}

/// A citizen's empty form of a new message.
struct NewMessage {
    house: House,
    cookie: String,
    address: String,
    page: Answer,
}

impl NewMessage {
    async fn open() -> Self {
        let house = House::new().await;
        let cookie = house.log_in("Innbygger").await;
        let home = house.get("/", &cookie).await;
        let address = format!("{}/meldinger/ny", own(&home.body));
        let page = house.get(&address, &cookie).await;
        Self { house, cookie, address, page }
    }

    /// Has a message to the first who is offered kept or sent, by a window that knows this version.
    async fn act(&self, act: &str, version: u32, text: &str) -> Answer {
        let (_, rest) = self.page.body.split_once("<option value=\"Practitioner").unwrap();
        let to = format!("Practitioner{}", rest.split('"').next().unwrap());
        let token = self.page.token();
        let body =
            format!("skjema={token}&gjor={act}&versjon={version}&om=Utslett&til={to}&tekst={text}");
        self.house.post(&self.address, &self.cookie, &body).await
    }

    /// The form as it is shown now.
    async fn again(&self) -> Answer {
        self.house.get(&self.address, &self.cookie).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_when_the_login_ended_is_shown_and_nothing_is_stored() {
    let NewMessage { house, cookie, address, page } = NewMessage::open().await;
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
    let NewMessage { house, cookie, address, page } = NewMessage::open().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_another_window_has_changed_is_not_overwritten_and_nothing_is_lost() {
    let message = NewMessage::open().await;
    let keep = async |version, text| message.act("lagre", version, text).await;
    // Both windows were opened before anything was written.
    assert_eq!(keep(0, "Fra+den+ene").await.status, StatusCode::SEE_OTHER);
    let second = keep(0, "Fra+den+andre").await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert!(second.body.contains("Fra den andre</textarea>"), "{}", second.body);
    assert!(second.body.contains("Meldingen er endret i et annet vindu."), "{}", second.body);
    assert!(second.body.contains("name=\"versjon\" value=\"1\""), "{}", second.body);
    let stored = message.again().await;
    assert!(stored.body.contains("Fra den ene</textarea>"), "{}", stored.body);
    // Whoever has read that and keeps it still, keeps it.
    assert_eq!(keep(1, "Fra+den+andre").await.status, StatusCode::SEE_OTHER);
    let stored = message.again().await;
    assert!(stored.body.contains("Fra den andre</textarea>"), "{}", stored.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_from_one_window_leaves_what_another_has_kept() {
    let message = NewMessage::open().await;
    let house = &message.house;
    let post = async |act, version, text| message.act(act, version, text).await.status;
    assert_eq!(post("lagre", 0, "Fra+den+ene").await, StatusCode::SEE_OTHER);
    let before = house.count("Communication?status=completed").await;
    assert_eq!(post("signer", 0, "Noe+annet").await, StatusCode::SEE_OTHER);
    assert_eq!(house.count("Communication?status=completed").await, before + 1);
    let kept = message.again().await;
    assert!(kept.body.contains("Fra den ene</textarea>"), "{}", kept.body);
    // What says all that the draft does is made of it, whatever version the window knows.
    assert_eq!(post("signer", 0, "Fra+den+ene+og+mer").await, StatusCode::SEE_OTHER);
    assert_eq!(house.count("Communication?status=completed").await, before + 2);
    let kept = message.again().await;
    assert!(!kept.body.contains("Fra den ene"), "{}", kept.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_is_cancelled_is_neither_cancelled_nor_moved_again() {
    let house = House::new().await;
    let cookie = house.log_in("Innbygger").await;
    let mine = own(&house.get("/", &cookie).await.body);
    let page = house.get(&format!("{mine}/timer/ny"), &cookie).await;
    let times: Vec<&str> = page.body.split("name=\"time\" value=\"").skip(1).collect();
    let time = |place: usize| times[place].split('"').next().unwrap();
    let booked = format!("skjema={}&time={}", page.token(), time(0));
    let booked = house.post(&format!("{mine}/timer/ny"), &cookie, &booked).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.body);
    let list = house.get(&format!("{mine}/timer"), &cookie).await;
    let (_, rest) = list.body.split_once("flytt=").unwrap();
    let visit = rest.split('"').next().unwrap();
    let body = format!("skjema={}", list.token());
    let cancel = format!("{mine}/timer/{visit}/avlys");
    assert_eq!(house.post(&cancel, &cookie, &body).await.status, StatusCode::SEE_OTHER);
    let again = house.post(&cancel, &cookie, &body).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert!(again.body.contains("WEB-300"), "{}", again.body);
    let moved = format!("skjema={}&time={}&flytt={visit}", page.token(), time(1));
    let moved = house.post(&format!("{mine}/timer/ny"), &cookie, &moved).await;
    assert_eq!(moved.status, StatusCode::CONFLICT);
    let told = "Denne timen er flyttet eller avlyst allerede.";
    assert!(moved.body.contains(told), "{}", moved.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_answered_is_answered_in_a_thread_that_another_began() {
    let house = House::new().await;
    let mother = house.log_in("Forelder").await;
    let messages = "Communication?category=https%3A%2F%2Fakson.no%2Ffhir%2FCodeSystem%2Fmessage%7C";
    let from_station = house.stored(messages).await.into_iter().find(|one| {
        let text = |at: &str| one.pointer(at).and_then(|text| text.as_str()).unwrap_or_default();
        text("/sender/reference").starts_with("Organization/")
            && text("/recipient/0/display") == "Marte Tveit Haugland"
    });
    let first = from_station.unwrap();
    let id = first["id"].as_str().unwrap();
    let patient = first["subject"]["reference"].as_str().unwrap().trim_start_matches("Patient/");
    let address = format!("/min/{patient}/meldinger/{id}");
    let act = async |act: &str, text: &str| {
        let token = house.get(&address, &mother).await.token();
        let body = format!("skjema={token}&gjor={act}&versjon=0&tekst={text}");
        house.post(&address, &mother, &body).await
    };
    assert_eq!(act("signer", "Takk").await.status, StatusCode::SEE_OTHER);
    let letters = async || house.stored(&format!("{messages}&patient={patient}&_sort=-sent")).await;
    let mine = letters().await[0]["id"].as_str().unwrap().to_owned();
    let nurse = house.log_in_as("Helsesykepleier").await;
    let token = house.get("/", &nurse).await.token();
    let body = format!("skjema={token}&tekst=Bare+hyggelig");
    let answer = house.post(&format!("/melding/{mine}/svar"), &nurse, &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    house.wait(1);
    // Kept while it is written, and sent.
    let kept = act("lagre", "En+ting").await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    let again = act("signer", "En+ting+til").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    let newest = letters().await.remove(0);
    assert_eq!(newest["payload"][0]["contentString"], "En ting til");
    let to = newest["recipient"][0]["reference"].as_str().unwrap();
    assert!(to.starts_with("Practitioner/"), "{to}");
    assert_eq!(newest["inResponseTo"].as_array().unwrap().len(), 2);
}
