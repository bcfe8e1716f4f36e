//! `cargo xtask pictures`: puts the README's pictures where it shows them, from those that the browser
//! tests took in the last run.
//!
//! Not here: taking them (`crates/web/tests-browser`).

use crate::process;

/// What a browser test calls a picture, and what the README does.
const PICTURES: [(&str, &str); 6] = [
    ("home-fastlege-light-1366", "home"),
    ("temp-patient", "chart"),
    ("writing-coded", "note"),
    ("medication-reconcile-wide-light", "medicines"),
    ("round-given", "round"),
    ("citizen-home-phone-light", "citizen"),
];

/// Copies them; names the first that the tests have not taken.
pub(crate) fn run() -> Result<(), String> {
    let root = process::root();
    for (taken, shown) in PICTURES {
        let from = root.join("target/screenshots").join(format!("{taken}.png"));
        let to = root.join("docs/images").join(format!("{shown}.png"));
        std::fs::copy(&from, &to)
            .map_err(|error| format!("{}: {error}; `cargo xtask test` takes it", from.display()))?;
    }
    println!("{} pictures in docs/images; look at them before they are committed", PICTURES.len());
    Ok(())
}
