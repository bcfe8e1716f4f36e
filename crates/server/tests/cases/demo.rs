//! `akson demo`: built once, looked at, stopped, and there again.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use akson_testkit::postgres::Postgres;
use akson_testkit::server::terminate;
use reqwest::{Client, Method};

/// A running demo and all that it printed.
struct Demo {
    process: Child,
    told: Vec<String>,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    fn start_with(folder: &Path, further: &[&str]) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_akson"))
            .args(["demo", "--people", "40", "--seed", "7", "--port", "0", "--data"])
            .arg(folder)
            .args(further)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut demo = Self { process, told: Vec::new() };
        for line in BufReader::new(demo.process.stdout.take().unwrap()).lines() {
            demo.told.push(line.unwrap());
            if demo.told.last().unwrap().contains("Ctrl-C") {
                return demo;
            }
        }
        let mut wrong = String::new();
        demo.process.stderr.take().unwrap().read_to_string(&mut wrong).unwrap();
        panic!("{:?} {wrong}", demo.told);
    }

    /// The addresses it printed.
    fn addresses(&self) -> Vec<&str> {
        let words = self.told.iter().flat_map(|line| line.split_whitespace());
        words.filter(|word| word.starts_with("http://")).collect()
    }

    fn stop(mut self) {
        terminate(&self.process).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser that has clicked on the first person of the login page with this title: their cookie,
/// with which our own pages also call `/fhir`.
async fn log_in(client: &Client, root: &str, title: &str) -> String {
    let page = client.get(format!("{root}/logg-inn")).send().await.unwrap();
    let visitor = cookie(&page).unwrap();
    let page = page.text().await.unwrap();
    let token = page.split("name=\"skjema\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let person = page.split("name=\"person\" value=\"").skip(1);
    let person = person.into_iter().find(|person| person.contains(title)).unwrap();
    let person = person.split('"').next().unwrap();
    let answer = client
        .post(format!("{root}/logg-inn"))
        .header("origin", root)
        .header("cookie", visitor)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("skjema={token}&person={person}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    cookie(&answer).unwrap()
}

fn cookie(answer: &reqwest::Response) -> Option<String> {
    let set = answer.headers().get("set-cookie")?.to_str().unwrap();
    set.split(';').next().map(str::to_string)
}

fn client() -> Client {
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.build().unwrap()
}

#[tokio::test]
async fn every_address_that_is_printed_answers_after_login_and_only_then() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("demo");
    let client = client();
    let mut people = Vec::new();
    for _ in 0..2 {
        let demo = Demo::start(&data);
        let addresses = demo.addresses();
        assert!(addresses.len() > 5, "{:?}", demo.told);
        let root = addresses.iter().find_map(|address| address.strip_suffix("/fhir")).unwrap();
        let cookie = log_in(&client, root, "Fastlege").await;
        for address in &addresses {
            // The FHIR base by itself is a search over all types, which wants a parameter.
            let address = match address.strip_suffix("/fhir") {
                Some(root) => format!("{root}/fhir?_type=Patient"),
                None => (*address).to_string(),
            };
            let without = client.get(&address).send().await.unwrap().status();
            let is_open = address.ends_with("/metadata");
            let expected = if is_open {
                200
            } else if address.contains("/fhir") {
                401
            } else {
                303
            };
            assert_eq!(without, expected, "{address}");
            let with = client.get(&address).header("cookie", &cookie).send().await.unwrap();
            // Not every journal is the doctor's to open.
            let is_journal = address.contains("/pasient/");
            assert!(with.status() == 200 || is_journal, "{address} {}", with.status());
        }
        let paths: Vec<String> = addresses
            .iter()
            .filter_map(|address| Some(address.split_once("/pasient/")?.1.to_string()))
            .collect();
        let own = format!("{root}/pasient/{}", paths[0]);
        let own = client.get(own).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(own.status(), 200, "the doctor's own patient");
        people.push(paths);
        demo.stop();
    }
    assert_eq!(people[0], people[1]);
}

#[tokio::test]
async fn the_login_of_the_pages_calls_fhir_from_our_own_pages_only() {
    let folder = tempfile::TempDir::new().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let fhir = *demo.addresses().iter().find(|address| address.ends_with("/fhir")).unwrap();
    let root = fhir.strip_suffix("/fhir").unwrap();
    let client = client();
    let cookie = log_in(&client, root, "Fastlege").await;
    let ask = |method: Method, headers: &[(&'static str, &str)]| {
        let mut request = client.request(method, format!("{fhir}/Patient/_search?_count=1"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let form = "application/x-www-form-urlencoded";
        async move { request.header("content-type", form).send().await.unwrap().status().as_u16() }
    };
    let get = || Method::GET;
    let own = cookie.as_str();
    let search = client.get(format!("{fhir}/Patient?_count=1"));
    assert_eq!(search.header("cookie", own).send().await.unwrap().status(), 200);
    type Case<'a> = (Method, &'a [(&'static str, &'a str)], u16);
    let cases: [Case<'_>; 8] = [
        (Method::POST, &[("cookie", own), ("origin", root)], 200),
        (Method::POST, &[("cookie", own), ("sec-fetch-site", "same-origin")], 200),
        (Method::POST, &[("cookie", own)], 403),
        (Method::POST, &[("cookie", own), ("origin", "https://evil.example")], 403),
        (Method::POST, &[("origin", root)], 401),
        (Method::POST, &[("cookie", "akson=x"), ("origin", root)], 401),
        (get(), &[("cookie", own), ("sec-fetch-site", "cross-site")], 403),
        (get(), &[("cookie", own), ("origin", "http://localhost:3000")], 403),
    ];
    for (method, headers, expected) in cases {
        assert_eq!(ask(method.clone(), headers).await, expected, "{method} {headers:?}");
    }
    let statement = client.get(format!("{fhir}/metadata")).send().await.unwrap();
    let statement: serde_json::Value = statement.json().await.unwrap();
    let service = &statement["rest"][0]["security"]["service"][0]["coding"][0]["code"];
    assert_eq!(service, "SMART-on-FHIR", "the demo lets apps in, too");
    demo.stop();
}

#[tokio::test]
async fn the_privacy_officer_finds_looks_that_stand_out() {
    let folder = tempfile::TempDir::new().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let fhir = *demo.addresses().iter().find(|address| address.ends_with("/fhir")).unwrap();
    let root = fhir.strip_suffix("/fhir").unwrap();
    let client = client();
    let cookie = log_in(&client, root, "Personvernombud").await;
    let page = client.get(format!("{root}/personvern")).header("cookie", &cookie);
    let page = page.send().await.unwrap().text().await.unwrap();
    for sign in [
        "pasienter uten behandlerforhold på en time",
        "personer uten behandlerforhold åpnet journalen",
    ] {
        assert!(page.contains(sign), "{sign} is not in {page}");
    }
    demo.stop();
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_akson"))
        .args(["demo", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not empty"));
}

#[test]
fn a_demo_of_an_earlier_version_is_told_from_this_one() {
    let folder = tempfile::TempDir::new().unwrap();
    let built = r#"{"people":40,"seed":1,"today":[2026,11,1],"complete":true}"#;
    std::fs::write(folder.path().join("demo.json"), built).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_akson"))
        .args(["demo", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another version"));
}

#[tokio::test]
async fn a_demo_in_a_database_is_there_again_and_takes_no_other_database() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = server.database("demo").unwrap();
    let place = ["--database", &url];
    let still = reqwest::redirect::Policy::none();
    let client = Client::builder().no_proxy().redirect(still).build().unwrap();
    for _ in 0..2 {
        let demo = Demo::start_with(folder.path(), &place);
        let root = demo.addresses()[0].trim_end_matches('/').to_owned();
        assert!(log_in(&client, &root, "Lege").await.contains("akson"));
        demo.stop();
    }
    let count = server.sql("demo", "SELECT count(*) FROM akson_entry").unwrap();
    assert!(count.parse::<u64>().unwrap() > 10_000, "{count}");
    let refused = |folder: &Path, further: &[&str]| {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_akson"));
        let output =
            demo.args(["demo", "--port", "0", "--data"]).arg(folder).args(further).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let other = tempfile::tempdir().unwrap();
    let why = refused(other.path(), &place);
    assert!(why.contains("holds a record that is not this demo's"), "{why}");
    let why = refused(folder.path(), &[]);
    assert!(why.contains("has its record in a database"), "{why}");
}
