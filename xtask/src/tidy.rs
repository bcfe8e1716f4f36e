//! `cargo xtask tidy`: what must hold and the compiler cannot see.
//!
//! Each check returns complaints; none means that the rule holds. The rules themselves are told in
//! `ARCHITECTURE.md` and `CONTRIBUTING.md`.

mod architecture;
mod committed;
mod documents;
mod sources;

use std::collections::BTreeMap;

use crate::process;

/// The project as git knows it: tracked and new files, without ignored ones.
pub(crate) struct Project {
    /// Path from the root, with `/`, and length in bytes.
    pub(crate) files: BTreeMap<String, u64>,
    /// The files that are UTF-8 text.
    pub(crate) texts: BTreeMap<String, String>,
    /// What `cargo metadata --no-deps` says.
    pub(crate) metadata: serde_json::Value,
}

impl Project {
    fn read() -> Result<Self, String> {
        let root = process::root();
        let listed = process::output(process::command(
            &root,
            "git",
            &["ls-files", "--cached", "--others", "--exclude-standard"],
        ))?;
        let mut files = BTreeMap::new();
        let mut texts = BTreeMap::new();
        for path in listed.lines() {
            // A tracked file that is deleted but not yet committed as such.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            files.insert(path.to_owned(), bytes.len() as u64);
            if let Ok(text) = String::from_utf8(bytes)
                && !text.contains('\0')
            {
                texts.insert(path.to_owned(), text);
            }
        }
        let metadata = process::output(process::command(
            &root,
            "cargo",
            &["metadata", "--format-version", "1", "--no-deps", "--locked"],
        ))?;
        let metadata = serde_json::from_str(&metadata)
            .map_err(|error| format!("cargo metadata does not print JSON: {error}"))?;
        Ok(Self { files, texts, metadata })
    }

    /// A text file that must be there.
    pub(crate) fn text(&self, path: &str) -> Result<&str, String> {
        self.texts.get(path).map(String::as_str).ok_or_else(|| format!("{path} is missing"))
    }
}

type Check = fn(&Project) -> Result<Vec<String>, String>;

const CHECKS: [(&str, Check); 12] = [
    ("the dependency table is true", architecture::dependency_table),
    ("libraries stay where they belong", architecture::library_owners),
    ("access does no I/O", architecture::access_is_pure),
    ("only access makes permits", sources::permits),
    ("only server reads environment and wall clock", sources::environment_and_clock),
    ("files are short and say what they are", sources::shape),
    ("nothing names a machine or a registry", committed::leaks),
    ("no third-party or large file is committed", committed::assets),
    ("lock files are there, without addresses", committed::lock_files),
    ("every problem code is documented", documents::problem_codes),
    ("every limit is documented", documents::limits),
    ("links in documents resolve", documents::links),
];

/// Runs every check and fails when any of them complains.
pub(crate) fn run() -> Result<(), String> {
    let project = Project::read()?;
    let mut broken = 0;
    for (rule, check) in CHECKS {
        let complaints = check(&project).unwrap_or_else(|error| vec![error]);
        println!("{} {rule}", if complaints.is_empty() { "ok  " } else { "FAIL" });
        for complaint in &complaints {
            println!("       {complaint}");
        }
        broken += usize::from(!complaints.is_empty());
    }
    if broken == 0 { Ok(()) } else { Err(format!("{broken} house rules are broken")) }
}
