//! The server's tests once more, with every server they start standing on a PostgreSQL database of its
//! own instead of a folder.
//!
//! A server of PostgreSQL is started for the run and named to the tests by an environment variable
//! (`testkit::postgres::SHARED`), which `testkit::server` follows. Not here: tests of PostgreSQL's own
//! matters (kills, copies, several servers on one database), which start their own.

use std::process::Command;

use akson_testkit::postgres::{Postgres, SHARED};
use serde_json::Value;

use crate::process;

/// The suites of the API, of who may see what, of logins, of what survives a kill, and of the pages in a
/// browser. Those left out look at the folder itself.
pub(crate) const SUITES: [&str; 19] = [
    "cases::browser",
    "cases::bundle",
    "cases::checkpoints",
    "cases::clients",
    "cases::conditional",
    "cases::crash",
    "cases::errors",
    "cases::everything",
    "cases::formats",
    "cases::large_transaction",
    "cases::logins",
    "cases::metadata",
    "cases::quiet",
    "cases::read",
    "cases::register",
    "cases::scopes",
    "cases::search",
    "cases::tokens",
    "cases::write",
];

/// Starts a server for the tests. Nothing on it has to outlive them.
pub(crate) fn start() -> Result<Postgres, String> {
    Postgres::start(&["fsync = off", "max_connections = 300"])
        .map_err(|error| format!("PostgreSQL: {error}"))
}

/// What runs the suites on that server.
pub(crate) fn tests(server: &Postgres) -> Result<Command, String> {
    let root = process::root();
    // As everything was built: other features would build it anew.
    let arguments = ["test", "--workspace", "--no-run", "--quiet", "--message-format=json"];
    let built = process::output(process::command(&root, "cargo", &arguments))?;
    let program = built.lines().find_map(program_of).ok_or("the server has no tests")?;
    let mut tests = process::command(&root.join("crates/server"), &program, &SUITES);
    tests.env(SHARED, server.url());
    Ok(tests)
}

/// The server's test program, if this line of cargo's tells of it.
fn program_of(line: &str) -> Option<String> {
    let told: Value = serde_json::from_str(line).ok()?;
    let is_tests = told.pointer("/target/kind/0")? == "test";
    let is_ours = told.get("manifest_path")?.as_str()?.ends_with("crates/server/Cargo.toml");
    let program = told.get("executable")?.as_str()?;
    (is_tests && is_ours).then(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use super::program_of;

    #[test]
    fn the_program_is_found_among_what_cargo_tells() {
        let line = |package: &str, kind: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/a/crates/{package}/Cargo.toml",
                "target":{{"kind":["{kind}"]}},"executable":"/t/main-1"}}"#
            )
        };
        assert_eq!(program_of(&line("server", "test")).as_deref(), Some("/t/main-1"));
        assert_eq!(program_of(&line("store", "test")), None);
        assert_eq!(program_of(&line("server", "bin")), None);
        assert_eq!(program_of("not json"), None);
    }
}
