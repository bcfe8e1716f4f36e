//! Logging in over HTTP: what the door lets through, which cookies are set, what is refused, and when
//! a login ends.

use std::sync::{Arc, OnceLock};

use akson_access::{Actor, Identity, Policy};
use akson_base::{Clock, FixedClock, Instant};
use akson_identity::sessions::{Origins, SessionLimits, Sessions};
use akson_record::Record;
use akson_record::request::Caller;
use akson_store::Store;
use akson_store::engine::fjall_engine::Options as Engine;
use akson_store::kept::Kept;
use akson_testkit::municipality::{Login, Options, generate, logins};
use akson_web::{DemoLogin, DemoPerson, Door, Guard, References};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use jiff::civil::Date;
use tempfile::TempDir;
use tower::ServiceExt;

/// 21 November 2026, 22:08 UTC.
const NOW: Instant = Instant(1_795_298_880_000);
const OURS: &str = "http://127.0.0.1:8080";

pub(crate) struct House {
    pages: Router,
    pub(crate) people: Vec<Login>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) store: Arc<Store>,
    /// The record that the pages read and write through.
    pub(crate) record: Arc<Record>,
    _folder: Arc<TempDir>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The body as it came.
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |value| value.to_str().unwrap())
    }

    fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The value that a cookie of this name is set to.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let cookie = self.cookies().into_iter().find(|cookie| cookie.starts_with(&start))?;
        Some(cookie.split(';').next().unwrap().to_string())
    }

    /// The token of the first form.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"skjema\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_string()
    }
}

/// A store with the municipality.
async fn store(bundles: &[Vec<u8>], now: Instant) -> (Arc<Store>, Arc<TempDir>, Arc<FixedClock>) {
    let folder = Arc::new(TempDir::new().unwrap());
    let clock = Arc::new(FixedClock::at(now));
    let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
    let store = Arc::new(Store::open(folder.path(), &Engine::default(), time).unwrap());
    let operator = Record::new(Arc::clone(&store), Policy::Operator);
    let caller = Caller {
        actor: Arc::new(Actor::operator()),
        trace: "test".into(),
        base: Arc::from("http://localhost/fhir"),
    };
    for bundle in bundles {
        operator.bundle(&caller, Bytes::from(bundle.clone())).await.unwrap();
    }
    (store, folder, clock)
}

fn options() -> Options {
    Options { people: 17, ..Options::new(Date::constant(2026, 11, 21)) }
}

pub(crate) fn bundles() -> &'static [Vec<u8>] {
    static BUNDLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BUNDLES.get_or_init(|| generate(&options()).collect())
}

fn identity(login: &Login) -> Identity {
    Identity {
        national_number: Some(login.national_number.clone()),
        hpr_number: login.hpr_number.clone(),
        unit: login.organisation_number.clone(),
        legal_entity: login.legal_entity_number.clone(),
        security_level: 4,
        is_citizen: login.is_citizen,
        ..Identity::default()
    }
}

fn person(login: &Login, identity: Identity) -> DemoPerson {
    DemoPerson {
        name: login.name.clone(),
        title: login.title.into(),
        organisation: login.organisation.map(str::to_string),
        why: login.why.into(),
        identity,
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::at(None).await
    }

    /// A house that browsers find at this address.
    async fn at(base: Option<&str>) -> Self {
        Self::with(store(bundles(), NOW).await, base)
    }

    /// A house of other people, at another time (milliseconds since 1970).
    pub(crate) async fn of(bundles: &[Vec<u8>], now: i64) -> Self {
        Self::with(store(bundles, Instant(now)).await, None)
    }

    fn with(
        (store, folder, clock): (Arc<Store>, Arc<TempDir>, Arc<FixedClock>),
        base: Option<&str>,
    ) -> Self {
        let kept = Arc::clone(&store);
        let record = Arc::new(Record::new(store, Policy::Rules));
        let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let keeping = Arc::new(Kept::open(Arc::clone(&kept)).unwrap());
        let sessions = Sessions::new(SessionLimits::default(), Arc::clone(&time), keeping);
        let people = logins(&options());
        let mut demo: Vec<DemoPerson> =
            people.iter().map(|login| person(login, identity(login))).collect();
        let mut stranger = person(&people[0], Identity::default());
        stranger.identity.hpr_number = Some("999999999".into());
        demo.push(stranger);
        let origins = Origins::of(base, "127.0.0.1:8080".parse().unwrap());
        let guard = Guard::demo(Arc::new(sessions), origins, DemoLogin { people: demo });
        let pages = akson_web::router(
            Arc::clone(&record),
            time,
            Door::Guarded(Arc::new(guard)),
            crate::codes(),
            References::built_in(),
        );
        Self { pages, people, clock, store: kept, record, _folder: folder }
    }

    async fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.pages.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        }
    }

    pub(crate) async fn get(&self, address: &str, cookie: &str) -> Answer {
        self.send(Method::GET, address, &[("cookie", cookie)], "").await
    }

    pub(crate) async fn post(&self, address: &str, cookie: &str, body: &str) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", OURS),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send(Method::POST, address, &headers, body).await
    }

    /// As [`House::post`], by a page of another site.
    pub(crate) async fn post_from(
        &self,
        origin: &str,
        address: &str,
        cookie: &str,
        body: &str,
    ) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", origin),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send(Method::POST, address, &headers, body).await
    }

    /// As [`House::post`], by htmx.
    pub(crate) async fn fragment(&self, address: &str, cookie: &str, body: &str) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", OURS),
            ("content-type", "application/x-www-form-urlencoded"),
            ("hx-request", "true"),
        ];
        self.send(Method::POST, address, &headers, body).await
    }

    /// How many resources `Type?query` finds, whoever may see them.
    pub(crate) async fn count(&self, search: &str) -> usize {
        self.stored(search).await.len()
    }

    fn place(&self, title: &str) -> usize {
        self.people.iter().position(|login| login.title == title).unwrap()
    }

    /// The titles of those who can log in.
    pub(crate) fn titles(&self) -> Vec<&'static str> {
        self.people.iter().map(|login| login.title).collect()
    }

    /// What `Type?query` finds, as JSON, whoever may see it.
    pub(crate) async fn stored(&self, search: &str) -> Vec<serde_json::Value> {
        let (name, query) = search.split_once('?').unwrap();
        let record = Record::new(Arc::clone(&self.store), Policy::Operator);
        let caller = Caller {
            actor: Arc::new(Actor::operator()),
            trace: "test".into(),
            base: Arc::from("http://localhost/fhir"),
        };
        let request = akson_record::request::SearchRequest {
            resource_type: akson_fhir::definitions::Definitions::r4().resource_type(name),
            compartment: None,
            query: format!("{query}&_count=500"),
            strict: true,
        };
        let found = record.search(&caller, request).await.unwrap().entries;
        found.iter().map(|(version, _)| serde_json::from_slice(&version.json).unwrap()).collect()
    }

    /// Cookie and token of somebody at the login page.
    async fn visit(&self) -> (String, String) {
        let page = self.get("/logg-inn", "").await;
        assert_eq!(page.status, StatusCode::OK);
        (page.cookie("akson-besok").unwrap(), page.token())
    }

    pub(crate) async fn enter(&self, place: usize, back: &str) -> Answer {
        let (cookie, token) = self.visit().await;
        let back = back.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
        self.post("/logg-inn", &cookie, &format!("skjema={token}&person={place}&til={back}")).await
    }

    /// The cookie of somebody who is logged in.
    pub(crate) async fn log_in(&self, title: &str) -> String {
        let answer = self.enter(self.place(title), "/").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{title}");
        answer.cookie("akson").unwrap()
    }

    /// As [`House::log_in`]; whoever has several roles works in the first.
    pub(crate) async fn log_in_as(&self, title: &str) -> String {
        let answer = self.enter(self.place(title), "/").await;
        let cookie = answer.cookie("akson").unwrap();
        if answer.location() == "/" {
            return cookie;
        }
        let page = self.get(answer.location(), &cookie).await;
        let body = format!("skjema={}&rolle=0&til=/", page.token());
        self.post("/rolle", &cookie, &body).await.cookie("akson").unwrap()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance_milliseconds(seconds * 1000);
    }
}

#[tokio::test]
async fn without_login_every_page_leads_to_the_login_and_back() {
    let house = House::new().await;
    for (address, expected) in [
        ("/", "/logg-inn"),
        ("/pasienter?q=kari+a", "/logg-inn?til=%2Fpasienter%3Fq%3Dkari%2Ba"),
        ("/pasient/fv-00001", "/logg-inn?til=%2Fpasient%2Ffv-00001"),
        ("/pasient/fv-00001/innsyn", "/logg-inn?til=%2Fpasient%2Ffv-00001%2Finnsyn"),
        ("/finnes-ikke", "/logg-inn?til=%2Ffinnes-ikke"),
        ("/rolle", "/logg-inn?til=%2Frolle"),
    ] {
        let answer = house.get(address, "").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, expected));
        assert_eq!(answer.body, "", "nothing of the page");
    }
    let page = house.get("/logg-inn", "").await;
    for (_, rest) in page.body.match_indices("/assets/").map(|(at, _)| page.body.split_at(at)) {
        let asset = rest.split('"').next().unwrap();
        assert_eq!(house.get(asset, "").await.status, StatusCode::OK, "{asset} is for everybody");
    }
    for login in &house.people {
        assert!(page.body.contains(&login.name) && page.body.contains(login.why));
        assert!(!page.body.contains(&login.national_number), "numbers stay here");
    }
}

#[tokio::test]
async fn a_part_of_a_page_sends_the_whole_page_to_the_login() {
    let house = House::new().await;
    let open = format!("{OURS}/pasient/fv-00001?periode=1");
    let headers = [("hx-request", "true"), ("hx-current-url", open.as_str())];
    let answer = house.send(Method::GET, "/pasient/fv-00001/kontakter", &headers, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["hx-redirect"], "/logg-inn?til=%2Fpasient%2Ffv-00001%3Fperiode%3D1");
    assert!(!answer.body.contains("<html"));
    // A search is come back to with what was typed.
    let answer = house.send(Method::GET, "/pasienter?q=ing", &headers, "").await;
    assert_eq!(answer.headers["hx-redirect"], "/logg-inn?til=%2Fpasienter%3Fq%3Ding");
}

#[tokio::test]
async fn everybody_on_the_list_comes_in_with_one_click_and_stands_in_the_top_bar() {
    let house = House::new().await;
    for (place, login) in house.people.iter().enumerate() {
        let answer = house.enter(place, "/").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.cookie("akson").unwrap();
        if login.organisation_number.is_none() && !login.is_citizen {
            assert_eq!(answer.location(), "/rolle");
            continue;
        }
        assert_eq!(answer.location(), "/", "{}", login.name);
        let page = house.get("/", &cookie).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(&login.name), "{}", login.name);
        assert!(page.body.contains(login.organisation.unwrap_or("Innbygger")), "{}", login.name);
        assert!(page.body.contains("Logg ut") && !page.body.contains("Bytt rolle"));
        assert!(page.body.contains("/pasient/fv-") || !login.is_citizen, "a way to one's own");
    }
}

#[tokio::test]
async fn cookies_are_for_us_alone_and_new_after_login() {
    let house = House::new().await;
    let page = house.get("/logg-inn", "").await;
    let [visitor] = page.cookies()[..] else { panic!("{:?}", page.cookies()) };
    assert!(visitor.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{visitor}");
    let answer = house.enter(house.place("Fastlege"), "/").await;
    let cookies = answer.cookies();
    assert!(
        cookies[0].starts_with("akson=") && cookies[0].ends_with("; HttpOnly; SameSite=Strict")
    );
    assert_eq!(cookies[1], "akson-besok=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    assert_eq!(answer.headers["cache-control"], "no-store");

    let house = House::at(Some("https://journal.example.no/fhir")).await;
    let page = house.get("/logg-inn", "").await;
    let visitor = page.cookie("__Host-akson-besok").unwrap();
    let headers = [
        ("cookie", visitor.as_str()),
        ("origin", "https://journal.example.no"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let body = format!("skjema={}&person=0", page.token());
    let answer = house.send(Method::POST, "/logg-inn", &headers, &body).await;
    let cookie = answer.cookies()[0];
    assert!(cookie.starts_with("__Host-akson=") && cookie.contains("; Path=/;"), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_ticket_planted_before_login_is_nobody_s_after_it() {
    let house = House::new().await;
    let (_, token_of_another) = house.visit().await;
    // Somebody else's ticket, put into the victim's browser as both cookies.
    let planted = "akson=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let both = "akson-besok=planted; akson=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let page = house.get("/logg-inn", both).await;
    let body = format!("skjema={}&person=0", page.token());
    let answer = house.post("/logg-inn", both, &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let cookie = answer.cookie("akson").unwrap();
    assert_ne!(cookie, planted);
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK);
    assert_eq!(house.get("/", planted).await.status, StatusCode::SEE_OTHER);
    // And another visitor's token does not fit this one's ticket.
    let body = format!("skjema={token_of_another}&person=0");
    assert_eq!(house.post("/logg-inn", both, &body).await.status, StatusCode::FORBIDDEN);
    // Whoever is logged in has no business at the login page.
    let again = format!("akson-besok=planted; {cookie}");
    let seen = house.get("/logg-inn", &again).await;
    assert_eq!(seen.location(), "/");
}

const FORM: &str = "application/x-www-form-urlencoded";

/// What a form comes with: a word for it, `Origin`, `Sec-Fetch-Site` and `Content-Type` as far as
/// they are there, whether it has its token, and what it is answered.
type Sent<'a> = (&'a str, [&'a str; 3], bool, u16, &'a str);

const FROM_ELSEWHERE: [Sent<'_>; 10] = [
    ("no token", [OURS, "", FORM], false, 403, "WEB-011"),
    ("no origin", ["", "", FORM], true, 403, "WEB-010"),
    ("another's origin", ["https://evil.example", "", FORM], true, 403, "WEB-010"),
    ("a hidden origin", ["null", "", FORM], true, 403, "WEB-010"),
    ("another site", [OURS, "cross-site", FORM], true, 403, "WEB-010"),
    ("a sister site", [OURS, "same-site", FORM], true, 403, "WEB-010"),
    ("another port", ["http://127.0.0.1:8081", "", FORM], true, 403, "WEB-010"),
    (
        "another's page, well disguised",
        ["https://evil.example", "same-origin", FORM],
        true,
        403,
        "WEB-010",
    ),
    ("no form", [OURS, "", "text/plain"], true, 415, "WEB-012"),
    ("no form either", [OURS, "", ""], true, 415, "WEB-012"),
];

#[tokio::test]
async fn forms_from_elsewhere_or_without_their_token_change_nothing() {
    let house = House::new().await;
    let cookie = house.log_in("Sykepleier").await;
    let good = format!("skjema={}", house.get("/", &cookie).await.token());
    for (what, [origin, site, media_type], has_token, status, code) in FROM_ELSEWHERE {
        let named = [("origin", origin), ("sec-fetch-site", site), ("content-type", media_type)];
        let mut headers: Vec<_> =
            named.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        headers.extend([("cookie", cookie.as_str()), ("host", "evil.example")]);
        let body = if has_token { &good } else { "skjema=AAAA" };
        let answer = house.send(Method::POST, "/logg-ut", &headers, body).await;
        assert_eq!(answer.status, status, "{what}");
        assert!(answer.body.contains(code), "{what}");
        assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK, "{what}: still in");
    }
    assert_eq!(house.post("/logg-ut", &cookie, "").await.status, StatusCode::FORBIDDEN);
    let long = format!("{good}&x={}", "a".repeat(300_000));
    let answer = house.post("/logg-ut", &cookie, &long).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(house.get("/logg-ut", &cookie).await.status, StatusCode::METHOD_NOT_ALLOWED);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let headers = [("cookie", cookie.as_str())];
        let answer = house.send(method, "/logg-ut", &headers, "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn after_login_one_comes_back_to_our_own_pages_only() {
    let house = House::new().await;
    let place = house.place("Fastlege");
    for (back, expected) in [
        ("/pasient/fv-00001", "/pasient/fv-00001"),
        ("/pasienter?q=a%20b&x=1", "/pasienter?q=a%20b&x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("https:evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("/logg-inn", "/"),
    ] {
        let answer = house.enter(place, back).await;
        assert_eq!(answer.location(), expected, "{back}");
        // The page does not hand it on either.
        let encoded: String =
            back.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().join("");
        let page = house.get(&format!("/logg-inn?til={encoded}"), "").await;
        assert!(!page.body.contains("evil"), "{back}");
    }
}

#[tokio::test]
async fn logging_out_ends_the_login_itself() {
    let house = House::new().await;
    let cookie = house.log_in("Resepsjonist").await;
    let token = house.get("/", &cookie).await.token();
    let answer = house.post("/logg-ut", &cookie, &format!("skjema={token}")).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/logg-inn?hvorfor=ut"));
    assert_eq!(answer.cookies(), ["akson=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
    let after = house.get("/pasient/fv-00001", &cookie).await;
    assert_eq!(after.status, StatusCode::SEE_OTHER, "the cookie alone is worth nothing");
    assert!(house.get("/logg-inn?hvorfor=ut", "").await.body.contains("Du er logget ut."));
}

#[tokio::test]
async fn a_login_that_timed_out_says_so_and_comes_back_to_the_same_page() {
    let house = House::new().await;
    let cookie = house.log_in("Fastlege").await;
    house.wait(30 * 60 - 1);
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK, "29:59 idle");
    house.wait(31 * 60);
    let address = "/pasient/fv-00001/legemidler";
    let answer = house.get(address, &cookie).await;
    let expected = "/logg-inn?til=%2Fpasient%2Ffv-00001%2Flegemidler&hvorfor=utlopt";
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, expected));
    assert_eq!(answer.cookies(), ["akson=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
    let page = house.get(expected, "").await;
    assert!(page.body.contains("Innloggingen var utløpt"));
    assert!(page.body.contains(&format!("name=\"til\" value=\"{address}\"")));

    // However busy, ten hours are the end.
    let cookie = house.log_in("Fastlege").await;
    for _ in 0..29 {
        house.wait(20 * 60);
        assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK);
    }
    house.wait(20 * 60 - 1);
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK, "9:59:59");
    house.wait(1);
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::SEE_OTHER, "10:00:00");
}

#[tokio::test]
async fn whoever_has_two_roles_chooses_one_before_anything_else_and_may_change() {
    let house = House::new().await;
    let doctor = house.place("Lege");
    let answer = house.enter(doctor, "/pasient/fv-00001").await;
    assert_eq!(answer.location(), "/rolle?til=%2Fpasient%2Ffv-00001");
    let first = answer.cookie("akson").unwrap();
    let page = house.get("/pasienter?q=ingrid", &first).await;
    assert_eq!(
        page.location(),
        "/rolle?til=%2Fpasienter%3Fq%3Dingrid",
        "nothing before the choice"
    );
    let page = house.get("/rolle?til=%2Fpasient%2Ffv-00001", &first).await;
    assert_eq!(page.status, StatusCode::OK);
    for place in ["Fjordvik helsestasjon", "Fjordvik legevakt"] {
        assert!(page.body.contains(place), "{place}");
    }
    let wrong = house.post("/rolle", &first, &format!("skjema={}&rolle=2", page.token())).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let body = format!("skjema={}&rolle=0&til=/pasienter?q=x", page.token());
    let answer = house.post("/rolle", &first, &body).await;
    assert_eq!(answer.location(), "/pasienter?q=x");
    let second = answer.cookie("akson").unwrap();
    assert_ne!(first, second, "a new ticket with the role");
    assert_eq!(
        house.get("/", &first).await.status,
        StatusCode::SEE_OTHER,
        "the old one is nobody's"
    );
    let page = house.get("/", &second).await;
    assert!(page.body.contains("Bytt rolle"));
    let shown = |body: &str| {
        body.split("class=\"who\"").nth(1).unwrap().split("<form").next().unwrap().to_string()
    };
    let before = shown(&page.body);
    let roles = house.get("/rolle", &second).await;
    assert!(roles.body.contains("nåværende rolle"));
    let body = format!("skjema={}&rolle=1", roles.token());
    let third = house.post("/rolle", &second, &body).await.cookie("akson").unwrap();
    assert_ne!(shown(&house.get("/", &third).await.body), before, "the other place of work");
}

#[tokio::test]
async fn whom_the_registers_do_not_know_or_no_longer_is_not_in() {
    let house = House::new().await;
    let stranger = house.people.len();
    let answer = house.enter(stranger, "/").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Vi finner deg ikke i registrene"));
    assert!(answer.cookie("akson").is_none());
    let nobody = house.enter(stranger + 1, "/").await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);

    // The temp's last day is 2 January; a login of that evening does not last into the next day.
    let cookie = house.log_in("Vikar").await;
    house.wait(90);
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK);
    let midnight = 1_798_930_800 - NOW.0 / 1000;
    house.wait(midnight - 90 - 30);
    let cookie = house.log_in("Vikar").await;
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK, "23:59:30");
    house.wait(90);
    let answer = house.get("/pasient/fv-00001", &cookie).await;
    assert_eq!(answer.location(), "/logg-inn?til=%2Fpasient%2Ffv-00001&hvorfor=rolle");
    assert_eq!(house.enter(house.place("Vikar"), "/").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_journal_without_a_ground_is_refused_and_never_shown_empty() {
    let house = House::new().await;
    // Ingrid, Cathrine, and Silje whose address is confidential.
    for (title, expected) in [
        ("Fastlege", ["open", "open", "open"]),
        ("Sykepleier", ["open", "ask", "none"]),
        ("Saksbehandler", ["open", "ask", "none"]),
        ("Administrator", ["none", "none", "none"]),
        ("Fullmektig", ["open", "none", "none"]),
        ("Innbygger", ["none", "none", "none"]),
    ] {
        let cookie = house.log_in(title).await;
        for (id, expected) in ["fv-00001", "fv-00010", "fv-00013"].into_iter().zip(expected) {
            for page in ["", "/diagnoser", "/kontakter"] {
                let answer = house.get(&format!("/pasient/{id}{page}"), &cookie).await;
                let status = if expected == "none" { 404 } else { 200 };
                assert_eq!(answer.status, status, "{title} {id}{page}");
                let has = |what: &str| answer.body.contains(what);
                // What stands instead asks for the reason, and shows nothing of the journal.
                assert_eq!(has("class=\"banner\""), expected == "open", "{title} {id}{page}");
                assert_eq!(has("name=\"grunn\""), expected == "ask", "{title} {id}{page}");
                assert!(expected == "open" || !has("Ingen allergier"), "{title} {id}{page}");
            }
        }
    }
}

#[tokio::test]
async fn a_role_is_not_told_that_there_is_none_of_what_it_is_not_shown() {
    let house = House::new().await;
    let cookie = house.log_in("Resepsjonist").await;
    let page = house.get("/pasient/fv-00001", &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "the office's own patient");
    assert!(page.body.contains("Kontroll etter sykehusopphold"), "appointments are the desk's");
    for absent in ["Penicillin", "Ingen allergier", "id=\"diagnoser\"", "id=\"legemidler\""] {
        assert!(!page.body.contains(absent), "{absent}");
    }
    let section = house.get("/pasient/fv-00001/diagnoser", &cookie).await;
    assert_eq!(section.status, StatusCode::FORBIDDEN);
    let cookie = house.log_in("Saksbehandler").await;
    let page = house.get("/pasient/fv-00001", &cookie).await;
    assert!(page.body.contains("id=\"diagnoser\"") && !page.body.contains("id=\"legemidler\""));
}

#[tokio::test]
async fn a_server_without_login_says_so_on_every_page() {
    let (store, _folder, clock) = store(bundles(), NOW).await;
    let record = Arc::new(Record::new(store, Policy::Closed));
    let pages =
        akson_web::router(record, clock, Door::Shut, crate::codes(), References::built_in());
    for address in ["/", "/pasient/fv-00001", "/logg-inn", "/finnes-ikke"] {
        let request = Request::get(address).body(Body::empty()).unwrap();
        let response = pages.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{address}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains("ikke satt opp noen innlogging") && body.contains("WEB-004"));
        // Nothing to fill in but the language.
        let forms = body.matches("<form").count();
        assert_eq!((forms, body.matches("action=\"/sprak\"").count()), (1, 1), "{address}");
    }
}
