//! The administrator's pages over HTTP: who gets them, a new employee from the form to the login and
//! out again, what is refused, and that nothing typed is lost.

use axum::http::StatusCode;

use super::login::{Answer, House};

/// The number of somebody whom no register knows yet, whom [`House`] offers as the last login.
const NEW_HPR: &str = "999999999";

fn part<'a>(body: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = body.split_once(before).unwrap_or_else(|| panic!("no {before} in {body}"));
    rest.split(after).next().unwrap()
}

/// The reference of a unit in the form.
fn unit(form: &str, name: &str) -> String {
    let (before, _) = form.split_once(&format!(">{name}</option>")).unwrap();
    before.rsplit("value=\"").next().unwrap().trim_end_matches('"').replace('/', "%2F")
}

async fn hire(house: &House, cookie: &str, fields: &str) -> Answer {
    let form = house.get("/ansatte/ny", cookie).await;
    assert_eq!(form.status, StatusCode::OK);
    let body = format!(
        "skjema={}&enhet={}&{fields}",
        form.token(),
        unit(&form.body, "Hjemmetjenesten Vest")
    );
    house.post("/ansatte/ny", cookie, &body).await
}

const NEW: &str = "nummer=999999999&fornavn=Aud+Marie&etternavn=Moen&rolle=nurse&fra=2026-11-21\
                   &til=2026-12-31";

/// The action and version of the form of the first role on somebody's page.
fn role_form(page: &Answer) -> (String, String) {
    let action = part(&page.body, "<form class=\"post-end\" method=\"post\" action=\"", "\"");
    let version = part(&page.body, "name=\"versjon\" value=\"", "\"");
    (action.to_string(), version.to_string())
}

#[tokio::test]
async fn for_everybody_else_the_addresses_are_not_there() {
    let house = House::new().await;
    for title in ["Fastlege", "Resepsjonist", "Personvernombud", "Innbygger", "Vikar"] {
        let cookie = house.log_in(title).await;
        let token = house.get("/finnes-ikke", &cookie).await.token();
        for address in ["/ansatte", "/ansatte/ny", "/ansatte/fv-ansatt-00001"] {
            let seen = house.get(address, &cookie).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{title} {address}");
        }
        for address in ["/ansatte/ny", "/ansatte/x/rolle/y"] {
            let sent = house.post(address, &cookie, &format!("skjema={token}&{NEW}")).await;
            assert_eq!(sent.status, StatusCode::NOT_FOUND, "{title} {address}");
        }
    }
}

#[tokio::test]
async fn a_new_employee_logs_in_and_is_out_within_a_minute_of_the_end_of_the_role() {
    let house = House::new().await;
    let stranger = house.people.len();
    assert_eq!(house.enter(stranger, "/").await.status, StatusCode::FORBIDDEN);
    let administrator = house.log_in("Administrator").await;
    let home = house.get("/", &administrator).await;
    assert!(
        home.body.contains("Ansatte og roller") && home.body.contains("slutter"),
        "{}",
        home.body
    );
    let hired = hire(&house, &administrator, NEW).await;
    assert_eq!(hired.status, StatusCode::SEE_OTHER, "{}", hired.body);
    let address = hired.location().split('?').next().unwrap().to_string();
    let page = house.get(hired.location(), &administrator).await;
    for told in [
        "Aud Marie Moen",
        "HPR 999999999",
        "Sykepleier",
        "Hjemmetjenesten Vest",
        "31.12.2026",
        "Rolle gitt: 21.11.2026",
        "Rollen er gitt",
    ] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let found = house.get("/ansatte?q=aud+moen", &administrator).await;
    assert!(found.body.contains(&address), "found by name in any order");

    let entered = house.enter(stranger, "/").await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER);
    let employee = entered.cookie("akson").unwrap();
    assert!(house.get("/", &employee).await.body.contains("Aud Marie Moen, sykepleier"));
    let (action, version) = role_form(&page);
    let token = page.token();
    let body = format!("skjema={token}&versjon={version}&til=2027-02-01&gjor=endre");
    let changed = house.post(&action, &administrator, &body).await;
    assert_eq!(changed.location(), format!("{address}?sagt=endret"), "{}", changed.body);
    // The page that was open before knows an older version.
    let late = house.post(&action, &administrator, &body).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("Noen andre endret rollen samtidig"));
    let page = house.get(&address, &administrator).await;
    assert!(page.body.contains("Siste dag endret fra 31.12.2026 til 01.02.2027"), "{}", page.body);
    let by = house.people.iter().find(|login| login.title == "Administrator").unwrap();
    assert!(part(&page.body, "id=\"endringer\"", "</section>").contains(&by.name), "by whom");
    // The privacy officer reads it too.
    let officer = house.log_in("Personvernombud").await;
    assert!(house.get("/", &officer).await.body.contains("href=\"/personvern/roller\""));
    let roles = house.get("/personvern/roller", &officer).await;
    for told in ["Aud Marie Moen", "Sykepleier, Hjemmetjenesten Vest", &by.name, "Siste dag endret"]
    {
        assert!(roles.body.contains(told), "{told}: {}", roles.body);
    }
    let hidden = house.get("/personvern/roller", &administrator).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let (_, version) = role_form(&page);
    let body = format!("skjema={token}&versjon={version}&til=2027-02-01&gjor=avslutt");
    let ended = house.post(&action, &administrator, &body).await;
    assert_eq!(ended.location(), format!("{address}?sagt=avsluttet"), "{}", ended.body);
    house.wait(61);
    let answer = house.get("/", &employee).await;
    assert_eq!(answer.location(), "/logg-inn?hvorfor=rolle");
    assert_eq!(house.enter(stranger, "/").await.status, StatusCode::FORBIDDEN);
    let page = house.get(&address, &administrator).await;
    assert!(page.body.contains("Ingen rolle nå") && page.body.contains("Avsluttede roller"));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_typed_stays() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    for (fields, said) in [
        ("nummer=12&fornavn=Aud&etternavn=Moen&rolle=nurse", "sju til ni siffer"),
        ("nummer=02013299998&fornavn=Aud&etternavn=Moen&rolle=assistant", "Kontrollsifrene"),
        ("nummer=999999999&fornavn=Aud&etternavn=&rolle=nurse", "Skriv navnet"),
        ("nummer=999999999&fornavn=Aud&etternavn=Moen", "Velg en rolle"),
        ("nummer=02013299997&fornavn=Aud&etternavn=Moen&rolle=doctor", "krever autorisasjon"),
        ("nummer=999999999&fornavn=Aud&etternavn=Moen&rolle=nurse&til=tull", "31.12.2026."),
        (
            "nummer=999999999&fornavn=Aud&etternavn=Moen&rolle=nurse&til=2026-11-20",
            "i dag eller senere",
        ),
    ] {
        let answer = hire(&house, &cookie, fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields}");
        assert!(answer.body.contains(said), "{fields}: {}", answer.body);
        assert!(answer.body.contains("name=\"fornavn\" type=\"text\" value=\"Aud\""), "{fields}");
        let kept = answer.body.split("Hjemmetjenesten Vest").next().unwrap();
        assert!(kept.ends_with(" selected>"), "the unit stays: {fields}");
    }
    let nobody = house.get("/ansatte?q=Moen+Aud", &cookie).await;
    assert!(nobody.body.contains("Ingen ansatte passer"), "nothing was stored");
    let wrong = house.post("/ansatte/ny", &cookie, "skjema=AAAA").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    // What was typed is text, also when it looks like a page.
    let fields = "nummer=999999999&fornavn=%3Cb%3E&etternavn=Moen";
    assert!(hire(&house, &cookie, fields).await.body.contains("value=\"&lt;b&gt;\""));
}

#[tokio::test]
async fn somebody_who_works_here_already_gets_one_more_role_after_a_look_at_the_name() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let temp = house.people.iter().find(|login| login.title == "Vikar").unwrap();
    let hpr = temp.hpr_number.as_ref().unwrap();
    let fields = format!("nummer={hpr}&rolle=receptionist&fra=2026-11-21");
    let asked = hire(&house, &cookie, &fields).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    assert!(asked.body.contains(&format!("Nummeret tilhører {}", temp.name)), "{}", asked.body);
    let id = part(&asked.body, "name=\"person\" value=\"", "\"").to_string();
    let hired = hire(&house, &cookie, &format!("{fields}&person={id}")).await;
    assert_eq!(hired.location(), format!("/ansatte/{id}?sagt=ny"), "{}", hired.body);
    let page = house.get(&format!("/ansatte/{id}"), &cookie).await;
    assert!(page.body.contains("Resepsjonist") && page.body.contains("Helsefagarbeider"));
    let again = hire(&house, &cookie, &format!("{fields}&person={id}")).await;
    assert!(again.body.contains("har denne rollen ved enheten allerede"), "{}", again.body);
}

#[tokio::test]
async fn nobody_gives_a_role_to_themself() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let own = house.people.iter().find(|login| login.title == "Administrator").unwrap();
    let fields = format!("nummer={}&rolle=assistant&fra=2026-11-21", own.national_number);
    let asked = hire(&house, &cookie, &fields).await;
    let id = part(&asked.body, "name=\"person\" value=\"", "\"").to_string();
    let refused = hire(&house, &cookie, &format!("{fields}&person={id}")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Ingen gir seg selv en rolle"), "{}", refused.body);
    let page = house.get(&format!("/ansatte/{id}"), &cookie).await;
    assert!(!page.body.contains("class=\"post-end\"") && !page.body.contains("Assistent"));
}

#[tokio::test]
async fn a_role_is_changed_at_its_own_persons_address_only() {
    let house = House::new().await;
    let cookie = house.log_in("Administrator").await;
    let hired = hire(&house, &cookie, NEW).await;
    let page = house.get(hired.location(), &cookie).await;
    let (action, version) = role_form(&page);
    let (_, role) = action.split_once("/rolle/").unwrap();
    let body = format!("skjema={}&versjon={version}&gjor=avslutt", page.token());
    let elsewhere = house.post(&format!("/ansatte/nobody/rolle/{role}"), &cookie, &body).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    let body = format!("skjema={}&versjon={version}&til=2026-11-01&gjor=endre", page.token());
    let past = house.post(&action, &cookie, &body).await;
    assert_eq!(past.status, StatusCode::BAD_REQUEST);
    assert!(past.body.contains("i dag eller senere") && past.body.contains("value=\"2026-11-01\""));
    assert_eq!(house.get("/ansatte/nobody", &cookie).await.status, StatusCode::NOT_FOUND);
    assert!(house.get(hired.location(), &cookie).await.body.contains(NEW_HPR));
}
