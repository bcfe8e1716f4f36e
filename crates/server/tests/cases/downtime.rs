//! The copy for downtime on disk: never half there, for the owner alone, refused when it is not safe.
#![expect(clippy::disallowed_methods, reason = "a process of its own is waited for")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use akson_testkit::server::Server;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const PEOPLE: usize = 100;
const WAIT: Duration = Duration::from_secs(60);
const KILLS: u64 = 8;

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_there() {
        assert!(begin.elapsed() < WAIT, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Has a demo make a copy, and ends the demo.
pub(crate) fn made(arguments: &[&str], copy: &Path) {
    let server = Server::start_demo_with(BINARY, PEOPLE, arguments).unwrap();
    wait_for("the copy", || copy.join("index.html").exists());
    drop(server);
}

/// Every file of a copy is whole, and the index leads to files that are there.
fn assert_whole(copy: &Path) {
    let index = std::fs::read_to_string(copy.join("index.html")).unwrap();
    let links: Vec<&str> =
        index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() >= 3, "{links:?}");
    for name in links.into_iter().chain(["index.html"]) {
        let file = copy.join(name);
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"), "{name}");
        assert!(text.contains("Laget "), "{name} says when it was made");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_server_that_is_killed_leaves_a_whole_copy() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    let path = copy.display().to_string();
    let arguments = ["--downtime", &path, "--downtime-every", "1"];
    let mut server = Server::start_demo_with(BINARY, PEOPLE, &arguments).unwrap();
    wait_for("the copy", || copy.join("index.html").exists());
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(200 + (random >> 33) % 1_400));
        server.kill().unwrap();
        assert_whole(&copy);
        // As if it had been killed in the middle of a file, too.
        std::fs::write(copy.join(".unfinished-avdeling-x.html"), "<!DOCTYPE html><p>ha").unwrap();
        server.restart().unwrap();
        assert!(!names(&copy).iter().any(|name| name.contains("avdeling-x")));
    }
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(server.stop().unwrap().success());
    assert_whole(&copy);
}

#[tokio::test]
async fn the_age_of_the_copy_is_a_meter() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    let path = copy.display().to_string();
    let server = Server::start_demo_with(BINARY, 20, &["--downtime", &path]).unwrap();
    wait_for("the copy", || copy.join("index.html").exists());
    let page = reqwest::get(format!("{}/metrics", server.root())).await.unwrap();
    let page = page.text().await.unwrap();
    let line = page.lines().find(|line| line.starts_with("akson_downtime_copy_age_seconds "));
    let age: f64 = line.unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert!((0.0..60.0).contains(&age), "{age}");
}

#[test]
fn a_copy_that_is_not_safe_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("short"), "for kort\n").unwrap();
    std::fs::write(folder.path().join("long"), "fem små ord på rad\n").unwrap();
    let directory = format!("directory = {:?}\n", folder.path().join("copy"));
    let file = |name: &str| format!("passphrase_file = {:?}\n", folder.path().join(name));
    let data = folder.path().join("data");
    let cases = [
        ("[apps]\n", directory.clone(), "passphrase_file"),
        ("[apps]\n", format!("{directory}{}", file("short")), "at least 16"),
        ("[apps]\n", format!("{directory}{}encrypt = false\n", file("long")), "leave one out"),
        ("[apps]\n", format!("{directory}{}every_seconds = 0\n", file("long")), "at least 1"),
        ("", format!("{directory}encrypt = false\n"), "needs [login]"),
        ("[apps]\n", format!("directory = {:?}\nencrypt = false\n", folder.path()), "chmod 700"),
    ];
    for (rules, settings, said) in cases {
        let configuration = folder.path().join("akson.toml");
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(&configuration, format!("{rules}[downtime]\n{settings}")).unwrap();
        let output = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .arg("--config")
            .arg(&configuration)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{settings}: {told}");
        assert!(told.contains(said), "{settings}: {told}");
    }
}
