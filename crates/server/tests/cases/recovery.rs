//! A record is brought back to a moment from a copy of PostgreSQL's folder and its archived log, and is
//! proved from the first commit to the last.

use std::process::{Command, Output};
use std::time::Duration;

use akson_testkit::postgres::Postgres;
use serde_json::json;

use super::postgres::serve;
use crate::ask::Ask;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
/// People written in each of the three times: before the copy, after it, after the moment.
const EACH: usize = 20;

async fn write(ask: &Ask, time: &str) {
    for n in 0..EACH {
        let body = json!({ "resourceType": "Patient", "id": format!("{time}{n}") });
        let answer = ask.put(&format!("/Patient/{time}{n}"), &body.to_string()).await;
        assert_eq!(answer.status, 201, "{time}{n}");
    }
}

fn check(url: &str) -> Output {
    Command::new(BINARY).args(["check", "--database", url]).output().unwrap()
}

#[tokio::test]
async fn a_record_is_recovered_to_a_moment_whole_and_is_served_on() {
    let lost = Postgres::start(&Postgres::ARCHIVING).unwrap();
    let mut ask = serve(&lost.url());
    write(&ask, "before").await;
    let copy = lost.base_backup().unwrap();
    write(&ask, "after").await;
    let moment = lost.sql("postgres", "SELECT clock_timestamp()").unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    // What should not have happened.
    write(&ask, "accident").await;
    assert_eq!(ask.send("DELETE /Patient/before0", &[], String::new()).await.status, 204);
    lost.archive_all().unwrap();
    assert!(ask.server.stop().unwrap().success());

    let recovered = copy.recovered(&lost, &moment).unwrap();
    let checked = check(&recovered.url());
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let mut ask = serve(&recovered.url());
    let count = ask.get("/Patient?_summary=count").await.text("/total");
    assert_eq!(count, (2 * EACH).to_string());
    assert_eq!(ask.get("/Patient/before0").await.status, 200);
    assert_eq!(ask.get("/Patient/accident0").await.status, 404);
    // It goes on from there: new commits in the same chain.
    write(&ask, "later").await;
    assert!(ask.server.stop().unwrap().success());
    let checked = check(&recovered.url());
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
