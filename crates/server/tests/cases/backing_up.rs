//! `akson backup`, `restore` and `check`, one after the other on a served record.

use std::path::Path;
use std::process::{Command, Output};

use akson_testkit::server::Server;
use tempfile::TempDir;

use crate::ask::Ask;

fn akson(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_akson")).current_dir(folder).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

#[tokio::test]
async fn what_is_backed_up_is_there_when_it_is_restored() {
    let mut ask = Ask::start();
    for birth in ["1970-01-01", "1971-01-01"] {
        let body = format!(r#"{{"resourceType":"Patient","id":"a","birthDate":"{birth}"}}"#);
        ask.put("/Patient/a", &body).await;
    }
    let before = ask.get("/Patient/a").await.bytes;
    let here = ask.server.data().parent().unwrap().to_path_buf();
    // A served folder belongs to its server.
    let busy = akson(&here, &["backup", "--data", "data", "one.backup"]);
    assert_eq!(busy.status.code(), Some(1), "{}", told(&busy));
    assert!(told(&busy).contains("STO-054"), "{}", told(&busy));
    assert!(ask.server.stop().unwrap().success());

    let backup = akson(&here, &["backup", "--data", "data", "one.backup"]);
    assert!(backup.status.success(), "{}", told(&backup));
    let again = akson(&here, &["backup", "--data", "data", "one.backup"]);
    assert_eq!(again.status.code(), Some(2), "{}", told(&again));
    let restored = TempDir::new().unwrap();
    let file = here.join("one.backup");
    let file = file.to_str().unwrap();
    let restore = akson(restored.path(), &["restore", file, "--data", "data"]);
    assert!(restore.status.success(), "{}", told(&restore));
    let over = akson(restored.path(), &["restore", file, "--data", "data"]);
    assert_eq!(over.status.code(), Some(1), "{}", told(&over));
    let check = akson(restored.path(), &["check", "--data", "data"]);
    assert!(check.status.success() && told(&check).contains("Sound."), "{}", told(&check));

    let server = Server::start_in(env!("CARGO_BIN_EXE_akson"), restored, &["--open"]).unwrap();
    let ask = Ask { server, client: ask.client.clone() };
    assert_eq!(ask.get("/Patient/a").await.bytes, before);
    assert_eq!(ask.get("/Patient/a/_history/1").await.text("/birthDate"), "1970-01-01");
}
