//! The pages in Debian's Chromium, against the real binary.
//!
//! The cases themselves are in `crates/web/tests-browser`; this file gives them a server with the
//! synthetic municipality (and one very full chart, when the corpora are there).

use std::path::{Path, PathBuf};
use std::process::Command;

use akson_testkit::municipality::{Options, generate, highlights, logins};
use akson_testkit::postgres;
use akson_testkit::server::{Server, place_in};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const PEOPLE: usize = 60;
/// The fullest chart of the 120 patients, and the files that it refers to.
const FULL: [&str; 3] = ["0-hospitalInformation", "0-practitionerInformation", "e5a8d3f4-"];
const FULL_QUERY: &str = "Treutel973";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn answers(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn options() -> Options {
    let today = jiff::Timestamp::now().in_tz("Europe/Oslo").unwrap().date();
    Options { people: PEOPLE, ..Options::new(today) }
}

/// The municipality as files, in the order in which they are to be loaded.
fn municipality(folder: &Path) -> Options {
    let options = options();
    for (number, bundle) in generate(&options).enumerate() {
        std::fs::write(folder.join(format!("{number:04}.json")), bundle).unwrap();
    }
    options
}

fn full_chart() -> Vec<PathBuf> {
    let folder = root().join("../shared/corpora/patients/synthea-120/synthea");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let of = |start: &str| {
        paths.iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(start))
    };
    FULL.iter().filter_map(|start| of(start)).cloned().collect()
}

fn load(folder: &Path, paths: &[PathBuf]) {
    let status = Command::new(BINARY)
        .arg("load")
        .args(paths)
        .args(place_in(folder).unwrap())
        .arg("--refused")
        .arg(folder.join("refused.ndjson"))
        .status()
        .unwrap();
    assert!(status.success(), "akson load refused something");
}

/// Runs a file of cases; fails with what it said.
fn run(script: &str, arguments: &[&str]) {
    for program in ["node", "chromium"] {
        assert!(answers(program), "{program} is missing; cargo xtask test installs it");
    }
    let script = root().join("crates/web/tests-browser").join(script);
    let mut node = Command::new("node");
    node.arg(script).args(arguments);
    if let Some(server) = postgres::shared() {
        // For demos that a script starts itself.
        node.env("AKSON_TEST_DATABASE", server.new_database().unwrap());
    }
    let output = node.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn screenshots() -> String {
    root().join("target/screenshots").display().to_string()
}

#[test]
fn the_pages_hold_in_a_real_browser() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input");
    std::fs::create_dir(&input).unwrap();
    let options = municipality(&input);
    load(folder.path(), &[input]);
    let full = full_chart();
    let full_query = if full.is_empty() {
        println!("no very full chart: ../shared/corpora is not there");
        None
    } else {
        load(folder.path(), &full);
        Some(FULL_QUERY)
    };
    let server = Server::start_in(BINARY, folder, &["--open"]).unwrap();
    let person = highlights(&options).into_iter().next().unwrap();
    let folder = screenshots();
    let (id, name) = (person.patient_id.as_str(), person.name.as_str());
    let mut arguments = vec![server.root(), &folder, id, name];
    arguments.extend(full_query);
    run("pages.mjs", &arguments);
}

/// Whom one can log in as in the demo, as JSON.
fn people() -> String {
    let people: Vec<_> = logins(&options())
        .iter()
        .map(|login| {
            serde_json::json!({
                "name": login.name,
                "title": login.title,
                "place": login.organisation.unwrap_or("Innbygger"),
                "number": login.national_number,
                "chooses": !login.is_citizen && login.organisation_number.is_none(),
            })
        })
        .collect();
    serde_json::Value::from(people).to_string()
}

#[test]
fn login_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("login.mjs", &[server.root(), &screenshots(), &people()]);
}

#[test]
fn opening_and_blocking_hold_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("opening.mjs", &[server.root(), &screenshots(), &people()]);
}

/// The cases start and kill the server themselves.
#[test]
fn writing_notes_holds_in_a_real_browser() {
    run("writing.mjs", &[BINARY, &screenshots(), &people()]);
}

/// As above.
#[test]
fn filling_in_forms_holds_in_a_real_browser() {
    run("forms.mjs", &[BINARY, &screenshots(), &people()]);
}

#[test]
fn the_citizens_pages_hold_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("citizen.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn forms_that_citizens_are_asked_for_hold_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("my_forms.mjs", &[server.root(), &screenshots(), &people()]);
}

#[test]
fn the_privacy_officers_work_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("privacy.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn the_administrators_work_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("people.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn making_forms_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("forms_editor.mjs", &[server.root(), &screenshots()]);
}

/// Providers on another site than the pages, so that the browser's own rules for cookies decide.
#[test]
fn login_by_providers_holds_in_a_real_browser() {
    if super::logins::clients().is_none() {
        return;
    }
    for program in ["node", "chromium"] {
        assert!(answers(program), "{program} is missing; cargo xtask test installs it");
    }
    let script = root().join("crates/web/tests-browser/provider_login.mjs");
    super::logins::serve(&script, &[&screenshots()]).holds("all held");
}

#[test]
fn registering_and_opening_by_number_hold_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("registering.mjs", &[server.root(), &screenshots(), &protected_number()]);
}

#[test]
fn medication_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("medication.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn powers_of_attorney_hold_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("attorneys.mjs", &[server.root(), &screenshots(), &people()]);
}

/// The number of Silje Aas, whose address is confidential.
fn protected_number() -> String {
    let bundles = generate(&options());
    let mut found = bundles.filter_map(|bundle| {
        let bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
        let entries = bundle["entry"].as_array().unwrap().clone();
        entries.into_iter().map(|entry| entry["resource"].clone()).find(|resource| {
            resource["resourceType"] == "Patient" && resource["name"][0]["given"][0] == "Silje"
        })
    });
    found.next().unwrap()["identifier"][0]["value"].as_str().unwrap().to_string()
}

#[test]
fn apps_with_fhirclient_hold_in_a_real_browser() {
    let library = "tests/clients/node_modules/fhirclient/build/fhir-client.pure.min.js";
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join(library);
    if !library.exists() {
        println!("SKIPPED: fhirclient is not installed (cargo xtask prepare)");
        return;
    }
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    let library = library.display().to_string();
    run("apps.mjs", &[server.root(), &screenshots(), &library]);
}

#[test]
fn the_days_work_at_a_desk_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("home.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn what_a_chart_tells_over_time_holds_in_a_real_browser() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    run("course.mjs", &[server.root(), &screenshots()]);
}

/// Inhabitants among whom enough are old to fill a ward.
const WARD_PEOPLE: usize = 100;

#[test]
fn the_round_and_a_temps_first_shift_hold_in_a_real_browser() {
    let server = Server::start_demo_at(BINARY, WARD_PEOPLE, "08:20").unwrap();
    run("round.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn the_pages_of_those_at_work_hold_in_three_languages_in_a_real_browser() {
    let server = Server::start_demo_at(BINARY, WARD_PEOPLE, "08:20").unwrap();
    run("languages.mjs", &[server.root(), &screenshots()]);
}

#[test]
fn the_paper_pages_hold_in_a_real_browser() {
    let server = Server::start_demo_at(BINARY, WARD_PEOPLE, "08:20").unwrap();
    run("paper.mjs", &[server.root(), &screenshots()]);
}

/// The files are opened from disk, and the server that made them is gone.
#[test]
fn the_copy_for_downtime_opens_without_the_server() {
    let folder = TempDir::new().unwrap();
    let (open, locked) = (folder.path().join("open"), folder.path().join("locked"));
    let passphrase = folder.path().join("passphrase");
    std::fs::write(&passphrase, "blå øy i Åfjord om våren\n").unwrap();
    let path = |path: &Path| path.display().to_string();
    let (open_path, locked_path, lock) = (path(&open), path(&locked), path(&passphrase));
    super::downtime::made(&["--at", "08:20", "--downtime", &open_path], &open);
    let locking = ["--downtime-passphrase", &lock, "--at", "08:20", "--downtime", &locked_path];
    super::downtime::made(&locking, &locked);
    run("downtime.mjs", &[&open_path, &locked_path, &screenshots()]);
}
