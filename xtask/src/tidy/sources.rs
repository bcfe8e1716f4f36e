//! Rules about Rust sources that are neither the compiler's nor clippy's.

use super::Project;

const FILE_LINES_MAX: usize = 800;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 7] =
    ["utils.rs", "util.rs", "helpers.rs", "helper.rs", "common.rs", "manager.rs", "misc.rs"];

/// What reads the environment or the wall clock. Monotonic time for measuring is not among them.
const OUTSIDE_WORLD: [&str; 7] = [
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "env::var",
    "env::vars",
    "env::args",
    "env::current_dir",
];

/// What may read it: the program itself, tools that never run in production, and what tells tests
/// which engine they run on.
const OUTSIDE_WORLD_READERS: [&str; 4] =
    ["crates/server/", "crates/bench/", "xtask/", "crates/testkit/src/postgres.rs"];

/// Rust files of the project as `(path, text)`.
fn rust_files(project: &Project) -> impl Iterator<Item = (&str, &str)> {
    let files = project.texts.iter().filter(|(path, _)| path.ends_with(".rs"));
    files.map(|(path, text)| (path.as_str(), text.as_str()))
}

/// Whether the file is a program's source, not a test's or a build script's.
fn is_program(path: &str) -> bool {
    path.contains("/src/")
}

/// The lines before the file's own unit tests, numbered from 1, without comments.
fn program_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let lines = lines.take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// No file is long, every file begins with a map of itself, and no file's name is empty talk.
pub(super) fn shape(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    for (path, text) in rust_files(project) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            complaints.push(format!("{path} has {lines} lines; at most {FILE_LINES_MAX}"));
        }
        if !text.starts_with("//!") {
            complaints.push(format!("{path} does not begin with //! and what it is"));
        }
        if path.rsplit('/').next().is_some_and(|name| EMPTY_NAMES.contains(&name)) {
            complaints.push(format!("{path}: name the file after what it holds"));
        }
    }
    Ok(complaints)
}

/// Time, chance and environment are arguments everywhere but in `server`.
pub(super) fn environment_and_clock(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    let readers = |path: &str| OUTSIDE_WORLD_READERS.iter().any(|reader| path.starts_with(reader));
    for (path, text) in rust_files(project).filter(|(path, _)| is_program(path) && !readers(path)) {
        for (number, line) in program_lines(text) {
            let found = OUTSIDE_WORLD.iter().find(|call| line.contains(*call));
            complaints.extend(found.map(|call| format!("{path}:{number} calls {call}")));
        }
    }
    Ok(complaints)
}

/// Permits have private fields and no second way to be made: their struct expressions, defaults
/// and deserialisers stand nowhere but in `access`.
pub(super) fn permits(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    let is_crate = |path: &str| is_program(path) && path.starts_with("crates/");
    for (path, text) in rust_files(project).filter(|(path, _)| is_crate(path)) {
        let in_access = path.starts_with("crates/access/");
        let mut derives = "";
        let mut in_permit = false;
        for (number, line) in program_lines(text) {
            if line.starts_with("#[derive(") {
                derives = line;
            }
            let declares =
                line.contains("struct ReadPermit") || line.contains("struct WritePermit");
            if declares && !in_access {
                complaints.push(format!("{path}:{number} declares a permit outside access"));
            }
            if declares && (derives.contains("Default") || derives.contains("Deserialize")) {
                complaints.push(format!("{path}:{number} derives a second way to make a permit"));
            }
            if in_permit && line.trim_start().starts_with("pub") {
                complaints.push(format!("{path}:{number} opens a field of a permit"));
            }
            in_permit = (in_permit || declares) && !line.starts_with('}');
            if line.contains("unsafe") && line.contains("Permit") {
                complaints.push(format!("{path}:{number} makes a permit out of nothing"));
            }
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Project, environment_and_clock, permits, shape};

    fn project(path: &str, text: &str) -> Project {
        Project {
            files: BTreeMap::new(),
            texts: BTreeMap::from([(path.to_owned(), text.to_owned())]),
            metadata: serde_json::Value::Null,
        }
    }

    #[test]
    fn the_wall_clock_is_found_outside_server_and_outside_tests() {
        let call = format!("//! A.\nlet t = {}();\n", super::OUTSIDE_WORLD[0]);
        let found = |path: &str, text: &str| environment_and_clock(&project(path, text)).unwrap();
        assert_eq!(found("crates/record/src/lib.rs", &call).len(), 1);
        assert!(found("crates/server/src/main.rs", &call).is_empty());
        assert!(found("crates/record/src/lib.rs", &format!("#[cfg(test)]\n{call}")).is_empty());
    }

    #[test]
    fn an_open_permit_is_found() {
        let text = "#[derive(Clone)]\npub struct ReadPermit {\n    pub actor: u8,\n}\n";
        assert_eq!(permits(&project("crates/access/src/lib.rs", text)).unwrap().len(), 1);
        assert_eq!(permits(&project("crates/store/src/lib.rs", text)).unwrap().len(), 2);
    }

    #[test]
    fn a_file_without_a_map_or_with_an_empty_name_is_found() {
        assert_eq!(shape(&project("crates/a/src/utils.rs", "fn a() {}\n")).unwrap().len(), 2);
    }
}
