//! Installing what is missing on a fresh Debian machine that has the Rust toolchain.
//!
//! Only what is absent is installed; a machine that has everything is left alone. npm packages are
//! pinned by each `package-lock.json`, Python packages by each `requirements.txt`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::process;

/// What the machine is wanted for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// Building the server: a C compiler for two crates, Node.js for the web assets.
    Build,
    /// Building and testing: a browser, other languages' clients, archive tools.
    Test,
}

/// A probe that answers with success when the thing is there, and the Debian packages to install
/// when it does not.
struct Need {
    purpose: Purpose,
    probe: (&'static str, &'static [&'static str]),
    packages: &'static [&'static str],
}

const NEEDS: [Need; 8] = [
    Need {
        purpose: Purpose::Build,
        probe: ("cc", &["--version"]),
        packages: &["gcc", "libc6-dev"],
    },
    Need { purpose: Purpose::Build, probe: ("node", &["--version"]), packages: &["nodejs"] },
    Need { purpose: Purpose::Build, probe: ("npm", &["--version"]), packages: &["npm"] },
    Need { purpose: Purpose::Build, probe: ("git", &["--version"]), packages: &["git"] },
    Need { purpose: Purpose::Test, probe: ("chromium", &["--version"]), packages: &["chromium"] },
    Need {
        purpose: Purpose::Test,
        probe: ("python3", &["-c", "import venv, ensurepip"]),
        packages: &["python3", "python3-venv"],
    },
    Need { purpose: Purpose::Test, probe: ("bzip2", &["--help"]), packages: &["bzip2"] },
    Need { purpose: Purpose::Test, probe: ("xz", &["--version"]), packages: &["xz-utils"] },
];

/// Oldest Node.js that the packages run on; Debian 12 brings 18.
const NODE_MAJOR_MIN: u32 = 18;

/// Installs what is missing and fetches the pinned packages of other languages.
pub(crate) fn prepare(purpose: Purpose) -> Result<(), String> {
    install_debian_packages(purpose)?;
    check_node()?;
    let files = tracked_files(&["package-lock.json", "requirements.txt"])?;
    for file in &files {
        let folder = process::root().join(file).parent().map(Path::to_path_buf);
        let Some(folder) = folder else { continue };
        if file.ends_with("package-lock.json") {
            if purpose == Purpose::Test || !file.contains("/tests/") {
                fetch_npm_packages(&folder)?;
            }
        } else if purpose == Purpose::Test {
            fetch_python_packages(&folder)?;
        }
    }
    Ok(())
}

fn install_debian_packages(purpose: Purpose) -> Result<(), String> {
    let missing: BTreeSet<&str> = NEEDS
        .iter()
        .filter(|need| need.purpose <= purpose && !process::answers(need.probe.0, need.probe.1))
        .flat_map(|need| need.packages.iter().copied())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.iter().copied().collect::<Vec<_>>().join(" ");
    let is_root = process::output(process::command(&process::root(), "id", &["-u"]))?.trim() == "0";
    if !is_root || !process::answers("apt-get", &["--version"]) {
        return Err(format!(
            "Missing on this machine: {list}. Install them and try again; on Debian, as root: \
             apt-get update && apt-get install --yes --no-install-recommends {list}"
        ));
    }
    let root = process::root();
    process::run(process::command(&root, "apt-get", &["update", "--quiet"]))?;
    let mut install = process::command(
        &root,
        "apt-get",
        &["install", "--yes", "--quiet", "--no-install-recommends"],
    );
    install.env("DEBIAN_FRONTEND", "noninteractive").args(&missing);
    process::run(install)
}

fn check_node() -> Result<(), String> {
    let version = process::output(process::command(&process::root(), "node", &["--version"]))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(()),
        Some(_) | None => Err(format!(
            "Node.js {} is too old: version {NODE_MAJOR_MIN} or newer is needed.",
            version.trim()
        )),
    }
}

/// Tracked files whose last path segment is one of `names`.
fn tracked_files(names: &[&str]) -> Result<Vec<String>, String> {
    let listed = process::output(process::command(&process::root(), "git", &["ls-files"]))?;
    let wanted = |path: &&str| path.rsplit('/').next().is_some_and(|name| names.contains(&name));
    Ok(listed.lines().filter(wanted).map(str::to_owned).collect())
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// `npm ci`, unless what is installed is newer than the lock file.
fn fetch_npm_packages(folder: &Path) -> Result<(), String> {
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    process::run(process::command(folder, "npm", &arguments))
}

/// A virtual environment `.venv` beside `requirements.txt`, made anew when that is newer.
fn fetch_python_packages(folder: &Path) -> Result<(), String> {
    let done = folder.join(".venv/installed");
    if modified(&done).is_some() && modified(&done) >= modified(&folder.join("requirements.txt")) {
        return Ok(());
    }
    process::run(process::command(folder, "python3", &["-m", "venv", "--clear", ".venv"]))?;
    process::run(process::command(
        folder,
        ".venv/bin/python",
        &["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"],
    ))?;
    std::fs::write(&done, "").map_err(|error| format!("{}: {error}", done.display()))
}
