//! Charts of real patients: every page of the 120 is drawn and looked over.
//!
//! The input lies beside the project (`../shared/corpora`) and is read when it is there.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use akson_access::{Actor, Ground};
use akson_fhir::json::parse_stored;
use akson_fhir::model::Resource;
use akson_record::PatientStanding;
use akson_testkit::municipality::{Options, generate, highlights};
use jiff::civil::Date;

use super::chart_page::Sight;
use super::section::{Extent, Section};
use super::trend_page::{Asked, trend};
use crate::chart::{Chart, Filter, TYPES, build};
use crate::who::Who;

const TODAY: Date = Date::constant(2026, 11, 21);
static READER: LazyLock<Who> =
    LazyLock::new(|| Who { actor: Arc::new(Actor::open()), login: None, waits: None });

#[derive(serde::Deserialize)]
struct Bundle<'a> {
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(serde::Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    resource: &'a serde_json::value::RawValue,
}

fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("../shared/corpora/patients/synthea-120/synthea");
    folder.is_dir().then_some(folder)
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    bzip2::read::BzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// The resources of one bundle as JSON, those that a chart reads.
fn resources(bundle: &str) -> Vec<String> {
    let bundle: Bundle<'_> = serde_json::from_str(bundle).unwrap();
    bundle
        .entry
        .iter()
        .map(|entry| entry.resource.get())
        .filter(|json| {
            let head = json.get(..60).unwrap_or(json);
            TYPES
                .iter()
                .chain(&["Medication", "Task"])
                .any(|name| head.contains(&format!("\"{name}\"")))
        })
        .map(str::to_owned)
        .collect()
}

/// As under `--open`.
static EVERYTHING: PatientStanding = PatientStanding {
    ground: Ground::Open,
    reason: "open",
    opens: true,
    may_look_up: true,
    may_decide: false,
    may_take_emergency: false,
    hides_something: false,
    may_read_log: true,
    may_wish: false,
    until: None,
};

fn sight(chart: &Chart) -> Sight<'_> {
    let standing = &EVERYTHING;
    Sight {
        chart,
        looks: &[],
        apps: &[],
        who: &READER,
        standing,
        today: TODAY,
        filter: Filter::default(),
    }
}

/// A page whose tags all close and that shows no trace of the code behind it.
fn assert_sound(page: &str, what: &str) {
    for broken in ["None", "Some(", "urn:uuid:", "http://loinc.org", "NaN", " style=\"", "<b></b>"]
    {
        assert!(!page.contains(broken), "{what} shows {broken:?}");
    }
    for tag in ["section", "div", "table", "svg", "ul", "ol", "li", "a"] {
        let open =
            page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
        let closed = page.matches(&format!("</{tag}>")).count();
        assert_eq!(open, closed, "{what}: <{tag}>");
    }
}

#[test]
fn every_page_of_the_120_patients_is_drawn_in_time() {
    let Some(folder) = folder() else {
        println!("skipped: ../shared/corpora is not there");
        return;
    };
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut fullest = (0, String::new(), Duration::ZERO, Duration::ZERO);
    let mut drawn = 0;
    for path in &paths {
        let texts = resources(&unpacked(path));
        let begin = Instant::now();
        let parsed: Vec<Resource> =
            texts.iter().map(|text| parse_stored(text.as_bytes()).unwrap()).collect();
        let parse = begin.elapsed();
        let chart = build(&parsed, TODAY);
        if chart.person.id.is_empty() {
            continue;
        }
        let page = sight(&chart).chart_page().into_string();
        let all = begin.elapsed();
        drawn += 1;
        assert_sound(&page, &format!("{}", path.display()));
        if parsed.len() > fullest.0 {
            fullest = (parsed.len(), page, parse, all);
            other_pages(&chart);
        }
    }
    assert!(drawn >= 100, "{drawn} patients");
    let (count, page, parse, all) = fullest;
    println!("fullest: {count} resources, {} kB, parse {parse:?}, all {all:?}", page.len() / 1024);
    keep("fullest-chart.html", &page);
}

#[test]
fn every_page_of_the_municipality_is_drawn() {
    let options = Options { people: 25, ..Options::new(TODAY) };
    let highlights = highlights(&options);
    let mut drawn = 0;
    for bundle in generate(&options) {
        let texts = resources(std::str::from_utf8(&bundle).unwrap());
        let parsed: Vec<Resource> =
            texts.iter().map(|text| parse_stored(text.as_bytes()).unwrap()).collect();
        let chart = build(&parsed, TODAY);
        if chart.person.id.is_empty() {
            continue;
        }
        drawn += 1;
        let page = sight(&chart).chart_page().into_string();
        assert_sound(&page, &chart.person.id);
        if let Some(place) = highlights.iter().position(|h| h.patient_id == chart.person.id) {
            other_pages(&chart);
            keep(&format!("person-{place}.html"), &page);
        }
    }
    assert_eq!(drawn, options.people);
}

/// Leaves a page in `target/pages` for people to look at.
fn keep(name: &str, page: &str) {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join(name), page).unwrap();
}

fn other_pages(chart: &Chart) {
    let sight = sight(chart);
    for section in Section::ALL {
        assert_sound(&sight.section_page(section).into_string(), section.slug());
        assert_sound(&sight.section(section, Extent::Short).into_string(), section.slug());
    }
    for series in &chart.series {
        let content = trend(chart, series, &Asked::of(&[]), TODAY);
        assert_sound(&sight.own_page(&series.name, content).into_string(), &series.key);
    }
}
