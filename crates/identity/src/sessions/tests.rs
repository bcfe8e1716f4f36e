//! Logins to the second, and what a browser must bring.

use std::collections::HashSet;

use akson_access::{Personnel, Role, Standing};
use akson_base::FixedClock;
use akson_store::Store;
use akson_store::kept::Kept;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const LIMITS: SessionLimits =
    SessionLimits { idle_seconds_max: 1800, absolute_seconds_max: 36_000, sessions_max: 3 };

/// Logins over a store of the test's own, and another process's view of them.
struct House {
    sessions: Sessions,
    other: Sessions,
    kept: Arc<dyn Keeping>,
    clock: Arc<FixedClock>,
    _folder: tempfile::TempDir,
}

fn house() -> House {
    let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
    let time = || Arc::clone(&clock) as Arc<dyn Clock>;
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(folder.path(), &Default::default(), time()).unwrap();
    let kept: Arc<dyn Keeping> = Arc::new(Kept::open(Arc::new(store)).unwrap());
    let sessions = || Sessions::new(LIMITS, time(), Arc::clone(&kept));
    House { sessions: sessions(), other: sessions(), kept, clock, _folder: folder }
}

impl House {
    /// Time goes by; what nobody waited for is written by then.
    async fn wait(&self, seconds: i64) {
        self.settled().await;
        self.clock.advance_milliseconds(seconds * 1000);
    }

    async fn settled(&self) {
        let place = Place { space: b'!', digest: [0; 32] };
        commit(&*self.kept, &[Change::Remove(place)]).await.unwrap();
    }

    async fn open(&self, places: &[&str]) -> Ticket {
        let actors = places.iter().map(|place| at(place)).collect();
        self.sessions.open(Identity::default(), actors).await.unwrap()
    }
}

fn at(place: &str) -> Actor {
    Actor {
        id: "Practitioner/1".into(),
        display: "Kari, lege".into(),
        standing: Standing::Personnel(Personnel {
            role: Role::Doctor,
            references: vec!["Practitioner/1".into(), format!("PractitionerRole/{place}").into()],
            organisations: vec![format!("Organization/{place}").into()],
            organisation_name: place.into(),
            numbers: Vec::new(),
        }),
        client: "".into(),
        purpose: "".into(),
        scopes: None,
    }
}

fn is_in(found: &Result<Found, Problem>) -> bool {
    matches!(found, Ok(Found::In(_)))
}

/// Somebody asks for a page, and the registers know their role as before.
async fn comes(sessions: &Sessions, ticket: &Ticket) -> bool {
    let Ok(Found::In(login)) = sessions.find(ticket) else { return false };
    let actors = login.actors.iter().map(|actor| (**actor).clone()).collect();
    login.unconfirmed.is_none() || sessions.confirm(ticket, &login, actors).await.unwrap().is_some()
}

fn timed_out(found: &Result<Found, Problem>) -> bool {
    matches!(found, Ok(Found::TimedOut))
}

fn is_nobody(found: &Result<Found, Problem>) -> bool {
    matches!(found, Ok(Found::Nobody))
}

#[tokio::test]
async fn a_page_that_asks_by_itself_does_not_keep_a_login_alive() {
    let house = house();
    let ticket = house.open(&["a"]).await;
    house.wait(1859).await;
    assert!(is_in(&house.sessions.find_unattended(&ticket)), "it is answered");
    house.wait(1).await;
    assert!(timed_out(&house.other.find_unattended(&ticket)), "half an hour and a minute");
}

#[tokio::test]
async fn a_login_lasts_half_an_hour_after_it_was_seen_last_by_whomever_and_at_most_a_minute_more() {
    let house = house();
    let ticket = house.open(&["a"]).await;
    house.wait(1799).await;
    assert!(comes(&house.sessions, &ticket).await, "seen after 29:59");
    house.wait(1799).await;
    assert!(comes(&house.other, &ticket).await, "and once more, elsewhere");
    // Seen again before a minute has gone, which is not written.
    house.wait(59).await;
    assert!(comes(&house.sessions, &ticket).await);
    house.wait(1800).await;
    assert!(is_in(&house.sessions.find_unattended(&ticket)), "half an hour after it");
    house.wait(1).await;
    assert!(timed_out(&house.sessions.find(&ticket)), "what was written and a minute");
    house.settled().await;
    assert!(is_nobody(&house.other.find(&ticket)), "and gone");
}

#[tokio::test]
async fn it_is_known_for_four_hours_that_there_was_a_login() {
    let house = house();
    let (one, other) = (house.open(&["a"]).await, house.open(&["a"]).await);
    house.wait(1860 + 4 * 3600 - 1).await;
    assert!(timed_out(&house.sessions.find(&one)));
    house.wait(1).await;
    assert!(is_nobody(&house.sessions.find(&other)));
}

#[tokio::test]
async fn a_login_lasts_ten_hours_however_busy_and_a_change_of_role_does_not_prolong_it() {
    let house = house();
    let first = house.open(&["a", "b"]).await;
    let mut ticket = house.sessions.choose(&first, 0).await.unwrap().unwrap();
    for minutes in (20..600).step_by(20) {
        house.wait(20 * 60).await;
        assert!(is_in(&house.sessions.find(&ticket)), "{minutes}");
        house.settled().await;
        ticket = house.other.choose(&ticket, 1).await.unwrap().unwrap();
    }
    house.wait(20 * 60 - 1).await;
    assert!(is_in(&house.sessions.find(&ticket)), "9:59:59");
    house.wait(1).await;
    assert!(timed_out(&house.sessions.find(&ticket)), "10:00:00");
}

#[tokio::test]
async fn whoever_has_several_roles_chooses_one_and_the_ticket_is_new() {
    let house = house();
    let sessions = &house.sessions;
    let first = house.open(&["a", "b"]).await;
    let Ok(Found::Choosing(actors)) = sessions.find(&first) else { panic!("must choose") };
    assert_eq!(actors.len(), 2);
    assert!(sessions.choose(&first, 2).await.unwrap().is_none(), "there is no third");
    let second = house.other.choose(&first, 1).await.unwrap().unwrap();
    assert_ne!(first, second);
    assert!(is_nobody(&sessions.find(&first)), "the ticket before is nobody's");
    let Ok(Found::In(login)) = sessions.find(&second) else { panic!("is in") };
    assert_eq!((*login.actor).clone(), at("b"));
    assert_eq!(login.actors.len(), 2);
    let closed = house.other.close(&second).await.unwrap().unwrap();
    assert!(closed.is_chosen && *closed.actor == at("b"));
    assert!(is_nobody(&sessions.find(&second)), "logged out, and elsewhere");
    assert!(sessions.choose(&second, 0).await.unwrap().is_none(), "and cannot choose");
    assert!(sessions.close(&second).await.unwrap().is_none());
}

#[tokio::test]
async fn tickets_are_long_all_different_and_never_shown() {
    let house = house();
    let sessions = &house.sessions;
    let tickets: HashSet<String> =
        (0..100).map(|_| sessions.ticket().unwrap().as_str().to_string()).collect();
    assert_eq!(tickets.len(), 100);
    assert!(tickets.iter().all(|ticket| ticket.len() == 43), "256 bits in base64url");
    let ticket = house.open(&["a"]).await;
    assert!(!format!("{ticket:?}{sessions:?}").contains(ticket.as_str()));
    assert!(is_nobody(&sessions.find(&Ticket::received(""))));
    assert!(is_nobody(&sessions.find(&Ticket::received("æ\u{0}"))));
}

#[tokio::test]
async fn there_is_room_for_so_many_and_those_who_left_make_room() {
    let house = house();
    let first = house.open(&["a"]).await;
    let (second, _) = (house.open(&["a"]).await, house.open(&["a"]).await);
    let full = house.sessions.open(Identity::default(), vec![at("a")]).await;
    assert_eq!(full.unwrap_err().code, "IDN-071");
    house.sessions.close(&second).await.unwrap();
    house.open(&["a"]).await;
    house.wait(1860 + 4 * 3600).await;
    let again = house.open(&["a"]).await;
    assert!(is_in(&house.sessions.find(&again)));
    assert!(is_nobody(&house.sessions.find(&first)));
    let nobody = house.sessions.open(Identity::default(), Vec::new()).await;
    assert_eq!(nobody.unwrap_err().code, "IDN-072");
}

#[tokio::test]
async fn the_registers_are_asked_again_every_minute_and_a_role_that_ended_ends_the_login() {
    let house = house();
    let identity = Identity { hpr_number: Some("565".into()), ..Identity::default() };
    let ticket = house.sessions.open(identity.clone(), vec![at("a")]).await.unwrap();
    let found = |sessions: &Sessions| match sessions.find(&ticket).unwrap() {
        Found::In(login) => login,
        Found::Nobody | Found::TimedOut | Found::Choosing(_) => panic!("not in"),
    };
    house.wait(59).await;
    assert!(found(&house.sessions).unconfirmed.is_none());
    house.wait(1).await;
    let login = found(&house.sessions);
    assert_eq!(login.unconfirmed.as_deref(), Some(&identity));
    let actors = || vec![at("b"), at("a")];
    let confirmed = house.sessions.confirm(&ticket, &login, actors()).await.unwrap().unwrap();
    assert_eq!((confirmed.actors.len(), (*confirmed.actor).clone()), (2, at("a")));
    assert!(found(&house.other).unconfirmed.is_none(), "elsewhere too");
    // Nothing new: nobody waits, and it was seen.
    house.wait(60).await;
    let login = found(&house.other);
    house.other.confirm(&ticket, &login, actors()).await.unwrap().unwrap();
    house.wait(1859).await;
    let login = found(&house.sessions);
    let gone = house.sessions.confirm(&ticket, &login, vec![at("b")]).await.unwrap();
    assert!(gone.is_none(), "the role is gone");
    assert!(is_nobody(&house.other.find(&ticket)));
    assert!(house.sessions.confirm(&ticket, &login, vec![at("a")]).await.unwrap().is_none());
}

#[test]
fn a_form_is_of_one_ticket_whoever_takes_it() {
    let House { sessions, other, .. } = &house();
    let (mine, yours) = (sessions.ticket().unwrap(), sessions.ticket().unwrap());
    let token = sessions.form_token(&mine);
    assert!(sessions.is_form_token(&mine, &token) && other.is_form_token(&mine, &token));
    assert!(!sessions.is_form_token(&yours, &token));
    for wrong in ["", "x", "%%", &token[1..], mine.as_str()] {
        assert!(!sessions.is_form_token(&mine, wrong), "{wrong}");
    }
    let kept = BASE64_URL_SAFE_NO_PAD.encode(mine.digest());
    assert!(!sessions.is_form_token(&mine, &kept), "what is kept makes no form");
}

#[tokio::test]
async fn all_of_a_login_is_kept_and_its_secrets_are_not_to_be_read() {
    let house = house();
    let identity = Identity {
        national_number: Some("13116900216".into()),
        legal_entity: Some("1".into()),
        security_level: 4,
        client: "c".into(),
        scopes: vec!["s".into()],
        is_citizen: true,
        ..Identity::default()
    };
    let mut citizen = at("a");
    citizen.standing = Standing::Citizen("13116900216".into());
    let upstream = Upstream {
        kind: LoginKind::IdPorten,
        subject: "kari".into(),
        sid: Some("1".into()),
        id_token: "the.id.token".into(),
    };
    let actors = vec![citizen.clone(), at("b")];
    let open = house.sessions.open_from(identity.clone(), Some(upstream.clone()), actors.clone());
    let first = open.await.unwrap();
    let entry = |ticket: &Ticket| house.kept.get(super::at(ticket.digest())).unwrap().unwrap();
    let text = String::from_utf8_lossy(&entry(&first).content).into_owned();
    assert!(text.contains("kari") && !text.contains("the.id.token"), "{text}");
    assert!(!text.contains(first.as_str()));
    let (proved, _) = house.other.proved(&first).unwrap().unwrap();
    assert_eq!(*proved, identity);
    let ticket = house.other.choose(&first, 0).await.unwrap().unwrap();
    let Ok(Found::In(login)) = house.sessions.find(&ticket) else { panic!("is in") };
    assert_eq!((*login.actor).clone(), citizen);
    assert_eq!((login.security_level, login.provider), (4, Some(LoginKind::IdPorten)));
    let closed = house.sessions.close(&ticket).await.unwrap().unwrap();
    assert_eq!(closed.upstream, Some(upstream), "with the ticket it can be read");
    let left = house.kept.under(space::LOGIN_OF_PROVIDER, &[]).unwrap();
    assert!(left.is_empty(), "and the provider's names lead nowhere");
}

#[tokio::test]
async fn a_damaged_entry_is_no_login() {
    let house = house();
    let ticket = house.open(&["a"]).await;
    let place = super::at(ticket.digest());
    let whole = house.kept.get(place).unwrap().unwrap();
    let mut other_form = whole.content.to_vec();
    other_form[0] = 2;
    let other_place =
        String::from_utf8_lossy(&whole.content).replace("\"chosen\":0", "\"chosen\":1");
    assert_ne!(other_place.as_bytes(), &*whole.content);
    let cut = (0..whole.content.len()).step_by(7).map(|end| whole.content[..end].to_vec());
    let bad = [other_form, other_place.into_bytes(), b"\x01{}".to_vec(), vec![0xff; 50]];
    for content in cut.chain(bad) {
        let change = Change::Set(place, whole.until, content.clone());
        commit(&*house.kept, &[change]).await.unwrap();
        assert!(is_nobody(&house.sessions.find(&ticket)), "{content:?}");
        assert!(house.other.proved(&ticket).unwrap().is_none());
        assert!(house.other.close(&ticket).await.unwrap().is_none());
    }
    commit(&*house.kept, &[Change::Set(place, whole.until, whole.content.to_vec())]).await.unwrap();
    assert!(is_in(&house.sessions.find(&ticket)));
}

#[tokio::test]
async fn of_a_role_and_a_logout_at_the_same_time_no_login_is_left_that_nobody_knows() {
    let house = house();
    for _ in 0..20 {
        let first = house.open(&["a", "b"]).await;
        let (chosen, closed) =
            tokio::join!(house.sessions.choose(&first, 0), house.other.close(&first));
        let (chosen, closed) = (chosen.unwrap(), closed.unwrap());
        assert_ne!(chosen.is_some(), closed.is_some(), "one of them comes first");
        assert!(is_nobody(&house.sessions.find(&first)));
        if let Some(ticket) = chosen {
            house.sessions.close(&ticket).await.unwrap().unwrap();
        }
    }
}

#[test]
fn cookies_are_for_this_host_and_no_script() {
    let plain = Cookies { is_https: false };
    let https = Cookies { is_https: true };
    let ticket = Ticket::received("abc");
    assert_eq!(plain.set_login(&ticket), "akson=abc; Path=/; HttpOnly; SameSite=Strict");
    assert_eq!(
        https.set_login(&ticket),
        "__Host-akson=abc; Path=/; HttpOnly; SameSite=Strict; Secure"
    );
    assert_eq!(
        https.set_visitor(&ticket, SameSite::Lax),
        "__Host-akson-besok=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
    );
    assert_eq!(plain.clear_login(), "akson=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

#[test]
fn a_cookie_is_found_by_its_whole_name() {
    let mut headers = HeaderMap::new();
    headers.append("cookie", HeaderValue::from_static("xakson=1; akson-besok=2;akson=3"));
    headers.append("cookie", HeaderValue::from_static("__Host-akson=4"));
    let plain = Cookies { is_https: false };
    assert_eq!(plain.login(&headers), Some(Ticket::received("3")));
    assert_eq!(plain.visitor(&headers), Some(Ticket::received("2")));
    assert_eq!(Cookies { is_https: true }.login(&headers), Some(Ticket::received("4")));
    assert_eq!(Cookies { is_https: true }.visitor(&headers), None);
    headers.clear();
    headers.append("cookie", HeaderValue::from_static("akson="));
    assert_eq!(plain.login(&headers), None);
}

#[test]
fn only_our_own_pages_send_what_changes_something() {
    let listen = "127.0.0.1:8080".parse().unwrap();
    let here = Origins::of(None, listen);
    let there = Origins::of(Some("https://journal.example.no/fhir"), listen);
    assert!(!here.is_https() && there.is_https());
    let sent = |origins: &Origins, pairs: &[(&'static str, &'static str)]| {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        origins.sent(&pairs.iter().map(pair).collect())
    };
    for good in [
        &[("origin", "http://127.0.0.1:8080")][..],
        &[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin")],
    ] {
        assert!(sent(&here, good), "{good:?}");
    }
    for bad in [
        &[][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:8081")],
        &[("origin", "https://127.0.0.1:8080")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://127.0.0.1:8080.evil.example")],
        &[("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://evil.example"), ("host", "evil.example")],
    ] {
        assert!(!sent(&here, bad), "{bad:?}");
    }
    let reads = |pairs: &[(&'static str, &'static str)]| {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        here.may_read(&pairs.iter().map(pair).collect())
    };
    assert!(reads(&[]) && reads(&[("sec-fetch-site", "none")]));
    assert!(reads(&[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")]));
    assert!(!reads(&[("sec-fetch-site", "same-site")]) && !reads(&[("origin", "null")]));
    assert!(!reads(&[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-site")]));
    assert!(sent(&there, &[("origin", "https://journal.example.no")]));
    assert!(!sent(&there, &[("origin", "http://127.0.0.1:8080")]));
    let six = Origins::of(None, "[::1]:80".parse().unwrap());
    assert!(sent(&six, &[("origin", "http://[::1]")]));
}

#[tokio::test]
async fn a_provider_ends_the_logins_that_came_from_it_and_no_others() {
    let came_from = |kind, subject: &str, sid: Option<&str>| Upstream {
        kind,
        subject: subject.into(),
        sid: sid.map(str::to_string),
        id_token: "x".into(),
    };
    let all = [
        came_from(LoginKind::Helseid, "kari", Some("1")),
        came_from(LoginKind::Helseid, "kari", Some("2")),
        came_from(LoginKind::IdPorten, "kari", Some("1")),
    ];
    let (helseid, kari) = (LoginKind::Helseid, Some("kari"));
    for (kind, subject, sid, closed) in [
        (helseid, None, Some("1"), [true, false, false]),
        (helseid, kari, Some("2"), [false, true, false]),
        (helseid, kari, None, [true, true, false]),
        (helseid, Some("per"), Some("1"), [false; 3]),
        (helseid, Some("per"), None, [false; 3]),
        (helseid, None, Some("3"), [false; 3]),
        (LoginKind::IdPorten, None, Some("1"), [false, false, true]),
    ] {
        let house = house();
        let sessions = &house.sessions;
        let mut tickets = Vec::new();
        for from in &all {
            let (identity, actors) = (Identity::default(), vec![at("a")]);
            let ticket = sessions.open_from(identity, Some(from.clone()), actors).await;
            tickets.push(ticket.unwrap());
        }
        let text = |told: Option<&str>| told.map(str::to_string);
        let ended = Ended { kind, subject: text(subject), sid: text(sid) };
        let count = closed.iter().filter(|is_closed| **is_closed).count();
        let ended_here = house.other.close_ended(&ended).await.unwrap();
        assert_eq!(ended_here.len(), count, "{ended:?}");
        assert!(ended_here.iter().all(|one| one.provider == Some(kind) && one.upstream.is_none()));
        let found: Vec<_> = tickets.iter().map(|ticket| !is_in(&sessions.find(ticket))).collect();
        assert_eq!(found, closed, "{ended:?}");
    }
}

#[tokio::test]
async fn a_provider_ends_a_login_whose_role_is_chosen_at_the_same_moment() {
    let house = house();
    for _ in 0..20 {
        let upstream = Upstream {
            kind: LoginKind::Helseid,
            subject: "kari".into(),
            sid: Some("1".into()),
            id_token: "x".into(),
        };
        let actors = vec![at("a"), at("b")];
        let open = house.sessions.open_from(Identity::default(), Some(upstream), actors);
        let first = open.await.unwrap();
        let ended = Ended { kind: LoginKind::Helseid, subject: None, sid: Some("1".into()) };
        let (chosen, closed) =
            tokio::join!(house.sessions.choose(&first, 0), house.other.close_ended(&ended));
        let (chosen, closed) = (chosen.unwrap(), closed.unwrap());
        // Listed before the choice was written, or after it: either way it is over.
        if let Some(ticket) = &chosen
            && closed.is_empty()
        {
            let later = house.other.close_ended(&ended).await.unwrap();
            assert_eq!(later.len(), 1, "it came before the choice");
            assert!(is_nobody(&house.sessions.find(ticket)));
        } else {
            assert_eq!(closed.len(), 1);
            assert!(chosen.is_none_or(|ticket| is_nobody(&house.sessions.find(&ticket))));
        }
    }
}
