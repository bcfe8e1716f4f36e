//! The architecture as `Cargo.toml` files tell it, against what `ARCHITECTURE.md` says.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;

const PAGE: &str = "ARCHITECTURE.md";
/// Begins the crate table's first row; the table ends with the first line that is no row.
const TABLE_HEAD: &str = "| crate |";

/// Libraries that only some crates may use, and why.
const OWNERS: [(&str, &[&str], &str); 10] = [
    ("axum", &["api", "web", "server"], "only api and web answer HTTP; server joins them"),
    ("hyper", &["api", "server"], "only api answers HTTP; server listens"),
    ("tower-http", &["api"], "only api answers HTTP"),
    ("maud", &["web"], "only web writes pages"),
    ("hyper-rustls", &["identity"], "only identity asks others, of an OpenID provider"),
    ("fjall", &["store"], "only store knows a database"),
    ("tokio-postgres", &["store"], "only store knows a database"),
    ("sonic-rs", &["fhir"], "only fhir parses resources"),
    ("toml", &["web", "server"], "only server reads configuration; web reads its message files"),
    ("clap", &["server"], "only server reads the command line"),
];

/// Crates that never run in production: they may use what they like.
const TOOLS: [&str; 3] = ["bench", "testkit", "xtask"];

/// One dependency of a package: its name, and whether it is a normal one (not for tests or build
/// scripts).
struct Dependency {
    name: String,
    normal: bool,
}

/// Packages by short name (`akson-` taken off) with their dependencies.
fn packages(project: &Project) -> Result<BTreeMap<String, Vec<Dependency>>, String> {
    let list = project
        .metadata
        .get("packages")
        .and_then(serde_json::Value::as_array)
        .ok_or("cargo metadata lists no packages")?;
    let mut packages = BTreeMap::new();
    for package in list {
        let name = text(package, "name");
        let dependencies = package.get("dependencies").and_then(serde_json::Value::as_array);
        let dependencies = dependencies
            .into_iter()
            .flatten()
            .map(|dependency| Dependency {
                name: short(&text(dependency, "name")),
                normal: dependency.get("kind").is_none_or(serde_json::Value::is_null),
            })
            .collect();
        packages.insert(short(&name), dependencies);
    }
    Ok(packages)
}

fn text(value: &serde_json::Value, field: &str) -> String {
    value.get(field).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn short(name: &str) -> String {
    name.strip_prefix("akson-").unwrap_or(name).to_owned()
}

/// The rows of the crate table: crate, and what its last column says that it knows.
fn told(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = page.lines().skip_while(|line| !line.starts_with(TABLE_HEAD)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (name, knows) = (cells.first()?, cells.last()?);
        let knows = knows.split_whitespace().filter(|word| *word != "–").map(str::to_owned);
        Some((name.trim_matches('`').to_owned(), knows.collect()))
    })
    .collect()
}

/// The table of `ARCHITECTURE.md` has a row for each crate, and its last column is what the
/// crate's `Cargo.toml` says.
pub(super) fn dependency_table(project: &Project) -> Result<Vec<String>, String> {
    let packages = packages(project)?;
    let told = told(project.text(PAGE)?);
    let mut complaints = Vec::new();
    for (name, dependencies) in &packages {
        let real: BTreeSet<String> = dependencies
            .iter()
            .filter(|dependency| dependency.normal && packages.contains_key(&dependency.name))
            .map(|dependency| dependency.name.clone())
            .collect();
        match told.get(name) {
            None => complaints.push(format!("{PAGE} has no row for {name}")),
            Some(told) if *told != real => complaints.push(format!(
                "{PAGE} says that {name} knows [{}], Cargo.toml says [{}]",
                join(told),
                join(&real)
            )),
            Some(_) => {}
        }
    }
    let gone = told.keys().filter(|name| !packages.contains_key(*name));
    complaints.extend(gone.map(|name| format!("{PAGE} tells of {name}, which is not there")));
    Ok(complaints)
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// A library with an owner is a dependency of nobody else.
pub(super) fn library_owners(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    for (name, dependencies) in packages(project)? {
        if TOOLS.contains(&name.as_str()) {
            continue;
        }
        for dependency in dependencies.iter().filter(|dependency| dependency.normal) {
            let owned = OWNERS.iter().find(|(library, _, _)| *library == dependency.name);
            if let Some((library, owners, reason)) = owned
                && !owners.contains(&name.as_str())
            {
                complaints.push(format!("{name} depends on {library}: {reason}"));
            }
        }
    }
    Ok(complaints)
}

/// `access` decides on facts that it is given, so it needs no library that could fetch any. `jiff` counts
/// with dates; that nobody but `server` reads the clock with it is a rule of its own.
pub(super) fn access_is_pure(project: &Project) -> Result<Vec<String>, String> {
    let packages = packages(project)?;
    let access = packages.get("access").ok_or("there is no crate access")?;
    let foreign = access.iter().filter(|dependency| {
        dependency.normal && !["base", "fhir", "jiff"].contains(&dependency.name.as_str())
    });
    Ok(foreign.map(|dependency| format!("access depends on {}", dependency.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn the_crate_table_is_read() {
        let page = "# A\n\n| crate | what | knows |\n|---|---|---|\n\
                    | `base` | a \\b | – |\n| `fhir` | c | base access |\n\n| `x` | d | y |\n";
        let told = told(page);
        assert_eq!(told.len(), 2);
        assert!(told["base"].is_empty());
        assert_eq!(super::join(&told["fhir"]), "access base");
    }
}
