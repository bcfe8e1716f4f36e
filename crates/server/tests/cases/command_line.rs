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
    (&["backup", "unused.backup"], 2, "--data"),
    (&["check", "--data", "a", "--database", "b"], 2, "--database"),
    (&["check", "--database", "nonsense"], 2, "STO-076"),
    (&["check", "--database", "postgresql://a@127.0.0.1/a?sslmode=prefer"], 2, "sslmode"),
    (&["copy", "--from", "src"], 2, "--to"),
    (&["copy", "--from", "src", "--to", "unused"], 1, "STO-055"),
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
    for command in ["demo", "serve", "load", "check", "backup", "restore", "copy"] {
        assert!(text.contains(&format!("  {command} ")), "{command} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(akson(&["--version"]).status.success());
    assert_eq!(akson(&[]).status.code(), Some(2));
}

/// A configuration, what else is said, and what standard error must say.
const CONFIGURATIONS: &[(&str, &[&str], &str)] = &[
    ("[identity]", &[], "issuer"),
    ("[identity]\nissuer = \"https://h.example\"", &[], "audience"),
    (
        "[identity]\nissuer = \"http://h.example\"\naudience = \"a\"",
        &[],
        "identity.issuer is http is for this machine only",
    ),
    ("[identity]\nissuer = \"https://h.example\"\naudience = \"a\"", &["--open"], "--open"),
    (
        "[identity]\nissuer = \"https://h.example\"\naudience = \"a\"",
        &["--listen", "0.0.0.0:0"],
        "base_url must say",
    ),
    (
        "[identity]\nissuer = \"https://h.example\"\naudience = \"a\"\nalgorithms = [\"none\"]",
        &[],
        "identity.algorithms",
    ),
];

#[test]
fn a_configuration_of_identity_that_cannot_be_is_explained() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("akson.toml");
    let data = folder.path().join("data");
    for (text, more, says) in CONFIGURATIONS {
        std::fs::write(&file, text).unwrap();
        let paths = [file.to_str().unwrap(), data.to_str().unwrap()];
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--config", paths[0], "--data", paths[1]];
        let fixed = if more.contains(&"--listen") {
            &[&fixed[..1], &fixed[3..]].concat()
        } else {
            &fixed[..]
        };
        let output = akson(&[fixed, more].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {told}");
        assert!(told.contains(says), "{text}: {told}");
    }
}
