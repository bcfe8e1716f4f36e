//! Exit codes and messages of the command line.

use std::process::{Command, Output};

fn akson(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_akson")).args(arguments).output().unwrap()
}

/// Arguments, exit code, and what standard error must say.
const CASES: &[(&[&str], i32, &str)] = &[
    (&["nonsense"], 2, "nonsense"),
    (&["serve", "--dta", "x"], 2, "--data"),
    (&["serve", "--open", "--listen", "0.0.0.0:0"], 2, "loopback"),
    (&["serve", "--open", "--listen", "[::]:0"], 2, "loopback"),
    (&["serve", "--listen", "nowhere"], 2, "host:port"),
    (&["serve", "--config", "/does/not/exist.toml"], 2, "exist.toml"),
    (&["load", "--data", "/tmp"], 2, "PATH"),
    (&["load", "/does/not/exist.json", "--data", "unused"], 2, "exist.json"),
    (&["load", "Cargo.toml", "--data", "unused"], 2, "Cargo.toml"),
    (&["load", "src", "--data", "unused"], 2, "nothing to load"),
    (&["load", "Cargo.toml"], 2, "--data"),
    (&["load", "src", "--data", "a", "--to", "b"], 2, "--to"),
    (&["check", "--data", "src"], 1, "STO-055"),
    (&["backup", "--data", "src", "unused.backup"], 1, "STO-055"),
    (&["restore", "/does/not/exist", "--data", "unused"], 2, "exist"),
];

#[test]
fn wrong_usage_is_2_and_failure_is_1_with_a_clear_line() {
    let mut wrong = Vec::new();
    for (arguments, code, says) in CASES {
        let output = akson(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(*code) || !told.contains(says) {
            wrong.push(format!("{arguments:?}: {:?} {told}", output.status.code()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn help_reads_well() {
    let help = akson(&["--help"]);
    assert!(help.status.success());
    let text = String::from_utf8(help.stdout).unwrap();
    for command in ["demo", "serve", "load", "check", "backup", "restore"] {
        assert!(text.contains(&format!("  {command} ")), "{command} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(akson(&["--version"]).status.success());
    assert_eq!(akson(&[]).status.code(), Some(2));
}
