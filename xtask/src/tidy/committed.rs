//! What is committed, and what must not be.

use super::Project;

/// Largest committed file. The definitions table is the largest there is.
const FILE_BYTES_MAX: u64 = 1_500 * 1024;

/// Ends of file names that a person of this project writes or a tool of this project makes.
const OWN_KINDS: [&str; 22] = [
    ".rs",
    ".md",
    ".toml",
    ".lock",
    ".json",
    ".js",
    ".mjs",
    ".css",
    ".svg",
    ".png",
    ".py",
    ".txt",
    ".sh",
    ".sql",
    ".zst",
    ".bin",
    ".ndjson",
    ".csv",
    ".tsv",
    ".golden",
    ".fhirpath",
    ".regressions",
];

/// Files without such an end.
const OWN_NAMES: [&str; 5] = [".gitignore", ".ci/run", "LICENSE", ".dockerignore", ".npmrc"];

/// First folder of an absolute path on somebody's machine.
const MACHINE_FOLDERS: [&str; 5] = ["home", "root", "work", "Users", "tmp"];

/// Hosts of package registries: builds use whatever the machine is set up with.
const REGISTRY_HOSTS: [&str; 4] = [
    concat!("registry.npm", "js.org"),
    concat!("files.python", "hosted.org"),
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
];

/// No text names an absolute path of a machine or a registry's host.
pub(super) fn leaks(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    for (path, text) in &project.texts {
        if path == "Cargo.lock" {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            let found = machine_path(line)
                .or_else(|| REGISTRY_HOSTS.into_iter().find(|host| line.contains(host)));
            complaints.extend(found.map(|what| format!("{path}:{} names {what}", index + 1)));
        }
    }
    Ok(complaints)
}

/// The machine folder that an absolute path in the line begins with.
fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_FOLDERS.into_iter().find(|folder| {
        line.match_indices(&format!("/{folder}/")).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !(c.is_alphanumeric() || "_.-/$}*".contains(c)))
        })
    })
}

/// Files are small and of kinds that are written here; what others wrote comes from a registry.
pub(super) fn assets(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    for (path, bytes) in &project.files {
        let own = OWN_KINDS.iter().any(|end| path.ends_with(end))
            || OWN_NAMES.contains(&path.as_str())
            || OWN_NAMES.iter().any(|name| path.ends_with(&format!("/{name}")));
        let bought = path.contains(".min.") || path.contains("node_modules/");
        if !own || bought {
            complaints.push(format!("{path} looks like a third party's file"));
        }
        if *bytes > FILE_BYTES_MAX {
            complaints.push(format!("{path} has {bytes} bytes; at most {FILE_BYTES_MAX}"));
        }
    }
    Ok(complaints)
}

/// `Cargo.lock` is there; every `package.json` has a lock file; lock files hold no addresses.
pub(super) fn lock_files(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    if !project.files.contains_key("Cargo.lock") {
        complaints.push("Cargo.lock is missing".into());
    }
    for (path, text) in &project.texts {
        if let Some(folder) = path.strip_suffix("package.json")
            && !project.files.contains_key(&format!("{folder}package-lock.json"))
        {
            complaints.push(format!("{path} has no package-lock.json beside it"));
        }
        if path.ends_with("package-lock.json") && text.contains("\"resolved\"") {
            complaints.push(format!("{path} holds download addresses (\"resolved\")"));
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::machine_path;

    #[test]
    fn absolute_machine_paths_are_found_and_other_paths_are_not() {
        let made = |folder: &str| format!("see /{folder}/x for more");
        assert_eq!(machine_path(&made("home")), Some("home"));
        assert_eq!(machine_path(&made("tmp")), Some("tmp"));
        assert_eq!(machine_path("https://example.org/work/x"), None);
        assert_eq!(machine_path("crates/home/src"), None);
    }
}
