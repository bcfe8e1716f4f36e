//! Logins to the second, and what a browser must bring.

use std::collections::HashSet;

use akson_access::{Personnel, Role, Standing};
use akson_base::FixedClock;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const LIMITS: SessionLimits =
    SessionLimits { idle_seconds_max: 1800, absolute_seconds_max: 36_000, sessions_max: 3 };

fn sessions() -> (Sessions, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
    let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
    (Sessions::new(LIMITS, time).unwrap(), clock)
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

fn wait(clock: &FixedClock, seconds: i64) {
    clock.advance_milliseconds(seconds * 1000);
}

fn is_in(found: &Found) -> bool {
    matches!(found, Found::In(_))
}

#[test]
fn a_page_that_asks_by_itself_does_not_keep_a_login_alive() {
    let (sessions, clock) = sessions();
    let ticket = sessions.open(Identity::default(), vec![at("a")]).unwrap();
    wait(&clock, 1799);
    assert!(is_in(&sessions.find_unattended(&ticket)), "it is answered");
    wait(&clock, 1);
    assert!(matches!(sessions.find_unattended(&ticket), Found::TimedOut), "half an hour");
}

#[test]
fn a_login_lasts_half_an_hour_after_it_was_seen_last_to_the_second() {
    let (sessions, clock) = sessions();
    let ticket = sessions.open(Identity::default(), vec![at("a")]).unwrap();
    wait(&clock, 1799);
    assert!(is_in(&sessions.find(&ticket)), "seen after 29:59");
    wait(&clock, 1799);
    assert!(is_in(&sessions.find(&ticket)), "and once more");
    clock.advance_milliseconds(1_799_999);
    assert!(is_in(&sessions.find(&ticket)), "a millisecond before");
    wait(&clock, 1800);
    assert!(matches!(sessions.find(&ticket), Found::TimedOut), "half an hour");
    assert!(matches!(sessions.find(&ticket), Found::Nobody), "and gone");
}

#[test]
fn a_login_lasts_ten_hours_however_busy_and_a_change_of_role_does_not_prolong_it() {
    let (sessions, clock) = sessions();
    let first = sessions.open(Identity::default(), vec![at("a"), at("b")]).unwrap();
    let mut ticket = sessions.choose(&first, 0).unwrap().unwrap();
    for minutes in (20..600).step_by(20) {
        wait(&clock, 20 * 60);
        assert!(is_in(&sessions.find(&ticket)), "{minutes}");
        ticket = sessions.choose(&ticket, 1).unwrap().unwrap();
    }
    wait(&clock, 20 * 60 - 1);
    assert!(is_in(&sessions.find(&ticket)), "9:59:59");
    wait(&clock, 1);
    assert!(matches!(sessions.find(&ticket), Found::TimedOut), "10:00:00");
}

#[test]
fn whoever_has_several_roles_chooses_one_and_the_ticket_is_new() {
    let (sessions, _) = sessions();
    let first = sessions.open(Identity::default(), vec![at("a"), at("b")]).unwrap();
    let Found::Choosing(actors) = sessions.find(&first) else { panic!("must choose") };
    assert_eq!(actors.len(), 2);
    assert!(sessions.choose(&first, 2).unwrap().is_none(), "there is no third");
    let second = sessions.choose(&first, 1).unwrap().unwrap();
    assert_ne!(first, second);
    assert!(matches!(sessions.find(&first), Found::Nobody), "the ticket before is nobody's");
    let Found::In(login) = sessions.find(&second) else { panic!("is in") };
    assert_eq!((*login.actor).clone(), at("b"));
    assert_eq!(login.actors.len(), 2);
    sessions.close(&second);
    assert!(matches!(sessions.find(&second), Found::Nobody), "logged out");
    assert!(sessions.choose(&second, 0).unwrap().is_none(), "and cannot choose");
}

#[test]
fn tickets_are_long_all_different_and_never_shown() {
    let (sessions, _) = sessions();
    let tickets: HashSet<String> =
        (0..100).map(|_| sessions.ticket().unwrap().as_str().to_string()).collect();
    assert_eq!(tickets.len(), 100);
    assert!(tickets.iter().all(|ticket| ticket.len() == 43), "256 bits in base64url");
    let ticket = sessions.open(Identity::default(), vec![at("a")]).unwrap();
    assert!(!format!("{ticket:?}{sessions:?}").contains(ticket.as_str()));
    assert!(matches!(sessions.find(&Ticket::received("")), Found::Nobody));
    assert!(matches!(sessions.find(&Ticket::received("æ\u{0}")), Found::Nobody));
}

#[test]
fn there_is_room_for_so_many_and_those_who_left_make_room() {
    let (sessions, clock) = sessions();
    let open = || sessions.open(Identity::default(), vec![at("a")]);
    let first = open().unwrap();
    open().unwrap();
    open().unwrap();
    assert_eq!(open().unwrap_err().code, "IDN-071");
    wait(&clock, 1800);
    let again = open().unwrap();
    assert!(is_in(&sessions.find(&again)));
    assert!(matches!(sessions.find(&first), Found::Nobody));
    assert_eq!(sessions.open(Identity::default(), Vec::new()).unwrap_err().code, "IDN-072");
}

#[test]
fn the_registers_are_asked_again_every_minute_and_a_role_that_ended_ends_the_login() {
    let (sessions, clock) = sessions();
    let identity = Identity { hpr_number: Some("565".into()), ..Identity::default() };
    let ticket = sessions.open(identity.clone(), vec![at("a")]).unwrap();
    let unconfirmed = |ticket: &Ticket| match sessions.find(ticket) {
        Found::In(login) => login.unconfirmed,
        Found::Nobody | Found::TimedOut | Found::Choosing(_) => panic!("not in"),
    };
    wait(&clock, 59);
    assert!(unconfirmed(&ticket).is_none());
    wait(&clock, 1);
    assert_eq!(unconfirmed(&ticket).as_deref(), Some(&identity));
    assert!(sessions.confirm(&ticket, vec![at("b"), at("a")]));
    assert!(unconfirmed(&ticket).is_none());
    assert!(!sessions.confirm(&ticket, vec![at("b")]), "the role is gone");
    assert!(matches!(sessions.find(&ticket), Found::Nobody));
    assert!(!sessions.confirm(&ticket, vec![at("a")]));
}

#[test]
fn a_form_is_of_one_ticket_and_one_server() {
    let (sessions, _) = sessions();
    let (mine, yours) = (sessions.ticket().unwrap(), sessions.ticket().unwrap());
    let token = sessions.form_token(&mine);
    assert!(sessions.is_form_token(&mine, &token));
    assert!(!sessions.is_form_token(&yours, &token));
    for wrong in ["", "x", "%%", &token[1..], mine.as_str()] {
        assert!(!sessions.is_form_token(&mine, wrong), "{wrong}");
    }
    let (other, _) = self::sessions();
    assert!(!other.is_form_token(&mine, &token));
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

#[test]
fn a_provider_ends_the_logins_that_came_from_it_and_no_others() {
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
        let (sessions, _) = sessions();
        let open = |from: &Upstream| {
            let (identity, actors) = (Identity::default(), vec![at("a")]);
            sessions.open_from(identity, Some(from.clone()), actors).unwrap()
        };
        let tickets = all.each_ref().map(open);
        let text = |told: Option<&str>| told.map(str::to_string);
        let ended = Ended { kind, subject: text(subject), sid: text(sid) };
        let count = closed.iter().filter(|is_closed| **is_closed).count();
        assert_eq!(sessions.close_ended(&ended).len(), count, "{ended:?}");
        let found = tickets.each_ref().map(|ticket| !is_in(&sessions.find(ticket)));
        assert_eq!(found, closed, "{ended:?}");
    }
}
