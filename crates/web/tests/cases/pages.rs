//! The pages over a real record: what each address answers, with which headers, and what the log
//! says afterwards.

use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_base::{Clock, FixedClock, Instant};
use akson_record::Record;
use akson_record::request::Caller;
use akson_store::Store;
use akson_store::engine::fjall_engine::Options as Engine;
use akson_testkit::municipality::{Highlight, Options, generate, highlights};
use akson_web::{Door, References};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use jiff::civil::Date;
use tempfile::TempDir;
use tower::ServiceExt;

/// 21 November 2026, 22:08 UTC.
const NOW: Instant = Instant(1_795_298_880_000);

struct House {
    pages: Router,
    people: Vec<Highlight>,
    caller: Caller,
    record: Arc<Record>,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

impl House {
    /// A house with the first people of the municipality; everybody may read, or nobody.
    async fn new(policy: Policy) -> Self {
        let folder = TempDir::new().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(NOW));
        let store = Store::open(folder.path(), &Engine::default(), Arc::clone(&clock));
        let record = Arc::new(Record::new(Arc::new(store.unwrap()), policy));
        let caller = Caller {
            actor: Arc::new(Actor::open()),
            trace: "test".into(),
            base: Arc::from("http://localhost/fhir"),
        };
        let options = Options { people: 10, ..Options::new(Date::constant(2026, 11, 21)) };
        if policy == Policy::Open {
            for bundle in generate(&options) {
                record.bundle(&caller, Bytes::from(bundle)).await.unwrap();
            }
        }
        let pages = akson_web::router(
            Arc::clone(&record),
            clock,
            Door::Open,
            crate::codes(),
            References::built_in(),
        );
        Self { pages, people: highlights(&options), caller, record, _folder: folder }
    }

    async fn ask(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.pages.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn first(&self) -> &Highlight {
        &self.people[0]
    }

    fn chart(&self) -> String {
        format!("/pasient/{}", self.first().patient_id)
    }
}

#[tokio::test]
async fn a_patient_is_found_by_name_in_any_order_and_by_birth_date() {
    let house = House::new(Policy::Open).await;
    let name = &house.first().name;
    let (given, family) = name.rsplit_once(' ').unwrap();
    for query in [format!("{given}+{family}"), format!("{family}+{given}")] {
        let query = query.replace(' ', "+");
        let page = house.ask(&format!("/pasienter?q={query}"), &[]).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(&house.chart()), "{query}");
        assert!(page.body.contains("<!DOCTYPE html>"));
        let fragment = house.ask(&format!("/pasienter?q={query}"), &[("hx-request", "true")]).await;
        assert!(fragment.body.contains(&house.chart()));
        assert!(!fragment.body.contains("<html"), "a fragment is no page");
    }
    let none = house.ask("/pasienter?q=finnesikke", &[]).await;
    assert!(none.body.contains("Ingen treff"));
}

#[tokio::test]
async fn every_section_is_a_page_and_a_fragment() {
    let house = House::new(Policy::Open).await;
    let chart = house.ask(&house.chart(), &[]).await;
    assert_eq!(chart.status, StatusCode::OK);
    assert!(chart.body.contains(&house.first().name));
    for slug in [
        "nytt",
        "gjoremal",
        "diagnoser",
        "legemidler",
        "prover",
        "malinger",
        "kartlegging",
        "kontakter",
        "dokumenter",
        "vaksiner",
        "prosedyrer",
        "planer",
        "innsyn",
    ] {
        let address = format!("{}/{slug}", house.chart());
        let page = house.ask(&address, &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{slug}");
        let fragment = house.ask(&address, &[("hx-request", "true")]).await;
        assert!(
            fragment.body.starts_with(&format!("<section class=\"card\" id=\"{slug}\"")),
            "{slug}"
        );
    }
}

#[tokio::test]
async fn a_goal_stands_once_with_the_plan_that_names_it_or_alone() {
    let house = House::new(Policy::Open).await;
    let subject = r#""subject":{"reference":"Patient/maal"}"#;
    let goal = |id: &str, words: &str, achievement: &str| {
        format!(
            r#"{{"resourceType":"Goal","id":"{id}","lifecycleStatus":"active",{subject},
            "description":{{"text":"{words}"}},"achievementStatus":{{"coding":[{{"code":"{achievement}"}}]}}}}"#
        )
    };
    let plan = format!(
        r#"{{"resourceType":"CarePlan","id":"plan","status":"active","intent":"plan",{subject},
        "title":"Fallforebygging","description":"Ingen fall",
        "goal":[{{"reference":"Goal/fall"}},{{"reference":"Goal/styrke"}}]}}"#
    );
    let resources = [
        String::from(r#"{"resourceType":"Patient","id":"maal"}"#),
        goal("fall", "Ingen fall", "in-progress"),
        goal("styrke", "Gå i trapp", "achieved"),
        goal("vekt", "Holde vekten", "improving"),
        plan,
    ];
    for resource in resources {
        let parsed = akson_fhir::json::parse(resource.as_bytes()).unwrap();
        let (kind, id) = (parsed.resource_type().unwrap(), parsed.id().unwrap());
        let body = Bytes::from(resource.clone());
        house.record.update(&house.caller, kind, id, body, None).await.unwrap();
    }
    let page = house.ask("/pasient/maal/planer", &[("hx-request", "true")]).await.body;
    for words in ["Ingen fall", "Gå i trapp", "Holde vekten"] {
        assert_eq!(page.matches(words).count(), 1, "{words}: {page}");
    }
    assert!(page.contains("Mål: Ingen fall (underveis) · Mål: Gå i trapp (nådd)"), "{page}");
    assert_eq!(page.matches("<li>").count(), 2, "{page}");
}

#[tokio::test]
async fn open_tasks_and_coming_appointments_are_to_be_done() {
    let house = House::new(Policy::Open).await;
    let page = house.ask(&format!("{}/gjoremal", house.chart()), &[]).await;
    assert!(page.body.contains("Samstem legemidler"), "a task");
    assert!(page.body.contains("Kontroll etter sykehusopphold"), "an appointment");
}

#[tokio::test]
async fn a_look_at_the_chart_stands_in_the_log_that_the_chart_shows() {
    let house = House::new(Policy::Open).await;
    house.ask(&house.chart(), &[]).await;
    house.record.index_accesses().unwrap();
    let accesses =
        house.record.accesses(&house.caller, &house.first().patient_id, 10).await.unwrap();
    assert!(accesses.iter().any(|access| access.entry.interaction == "chart"));
    let page = house.ask(&format!("{}/innsyn", house.chart()), &[]).await;
    assert!(page.body.contains("Åpnet journalen"), "in plain words");
}

#[tokio::test]
async fn answers_are_guarded_and_not_kept() {
    let house = House::new(Policy::Open).await;
    for address in ["/", "/pasienter?q=a", &house.chart(), "/finnes-ikke"] {
        let answer = house.ask(address, &[]).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |v| v.to_str().unwrap());
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{address}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!answer.body.contains(" style=\""), "{address}");
        assert!(!answer.body.contains("<script>"), "{address}");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_known_ones_are_not_sent_again() {
    let house = House::new(Policy::Open).await;
    let start = house.ask("/", &[]).await;
    let (_, rest) = start.body.split_once("href=\"/assets/style").unwrap();
    let file = format!("/assets/style{}", rest.split('"').next().unwrap());
    for (accept, encoding) in [("br, gzip", Some("br")), ("gzip", Some("gzip")), ("br;q=0", None)] {
        let asset = house.ask(&file, &[("accept-encoding", accept)]).await;
        assert_eq!(asset.status, StatusCode::OK);
        let found = asset.headers.get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap());
        assert_eq!(found, encoding);
        assert!(asset.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let tag = asset.headers[header::ETAG].to_str().unwrap();
        let again = house.ask(&file, &[("accept-encoding", accept), ("if-none-match", tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert!(again.body.is_empty());
    }
    assert_eq!(house.ask("/assets/style-0.css", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_there_says_so_with_its_code() {
    let house = House::new(Policy::Open).await;
    for (address, code) in [
        ("/finnes-ikke".to_owned(), "WEB-001"),
        (format!("{}/trend/finnes-ikke", house.chart()), "WEB-002"),
        (format!("{}/dokument/DocumentReference/finnes-ikke", house.chart()), "WEB-003"),
        (format!("{}/finnes-ikke", house.chart()), "WEB-001"),
    ] {
        let answer = house.ask(&address, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(answer.body.contains(code), "{address}");
    }
    let nobody = house.ask("/pasient/finnes-ikke", &[]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert!(nobody.body.contains("Fant ikke siden"));
}

#[tokio::test]
async fn a_document_of_another_patient_is_not_found_through_this_one() {
    let house = House::new(Policy::Open).await;
    let other = format!("/pasient/{}", house.people[5].patient_id);
    let page = house.ask(&format!("{other}/dokumenter"), &[]).await;
    let (_, rest) = page.body.split_once("/dokument/").expect("has a document");
    let document = rest.split('"').next().unwrap();
    let own = house.ask(&format!("{other}/dokument/{document}"), &[]).await;
    assert_eq!(own.status, StatusCode::OK);
    assert!(own.body.contains("<article class=\"document\""));
    let stranger = house.ask(&format!("{}/dokument/{document}", house.chart()), &[]).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_deleted_patient_is_gone() {
    let house = House::new(Policy::Open).await;
    let id = "borte";
    let patient = Bytes::from(format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#));
    let kind = akson_fhir::definitions::Definitions::r4().resource_type("Patient").unwrap();
    house.record.update(&house.caller, kind, id, patient, None).await.unwrap();
    house.record.delete(&house.caller, kind, id, None).await.unwrap();
    let answer = house.ask(&format!("/pasient/{id}"), &[]).await;
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(answer.body.contains("slettet"));
}

#[tokio::test]
async fn nobody_reads_without_a_ground() {
    let house = House::new(Policy::Closed).await;
    for address in ["/pasienter?q=ola", "/pasient/1", "/pasient/1/prover"] {
        let answer = house.ask(address, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{address}");
        assert!(answer.body.contains("Du er ikke logget inn"), "{address}");
        let fragment = house.ask(address, &[("hx-request", "true")]).await;
        assert_eq!(fragment.status, StatusCode::UNAUTHORIZED, "{address}");
        assert!(address.matches('/').count() == 2 || !fragment.body.contains("<html"), "{address}");
    }
}

#[tokio::test]
async fn the_one_to_call_is_the_next_of_kin_and_not_whoever_may_act() {
    let house = House::new(Policy::Open).await;
    let page = house.ask(&house.chart(), &[]).await;
    let (_, kin) = page.body.split_once("Pårørende:").unwrap();
    let kin = kin.split("</p>").next().unwrap();
    assert!(kin.contains("<b>Knut Solbakken</b> (sønn), "), "{kin}");
    assert!(!kin.contains("Fullmektig"));
}
