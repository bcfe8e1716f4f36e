//! Documents against the sources that they tell of.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;

const PROBLEMS: &str = "docs/operate/problems.md";
const LIMITS: &str = "docs/operate/limits.md";
const LIMITS_SOURCE: &str = "crates/base/src/limits.rs";

/// Texts in quotation marks of the shape `ABC-012`, outside comments and unit tests. `ABC-000` is
/// for what cannot happen and for test programs.
fn codes_in(source: &str) -> BTreeSet<String> {
    let lines = source.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split('"').skip(1))
        .filter(|part| is_code(part))
        .map(str::to_owned)
        .collect()
}

fn is_code(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, c, b'-', x, y, z]
        if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase())
            && [x, y, z].iter().all(|byte| byte.is_ascii_digit())
            && [x, y, z] != [&b'0'; 3])
}

/// Every problem code of the sources has one row in the page, and every row a code.
pub(super) fn problem_codes(project: &Project) -> Result<Vec<String>, String> {
    let mut used: BTreeMap<String, &str> = BTreeMap::new();
    for (path, text) in &project.texts {
        if path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs") {
            used.extend(codes_in(text).into_iter().map(|code| (code, path.as_str())));
        }
    }
    let mut complaints = Vec::new();
    let mut told = BTreeSet::new();
    for line in project.text(PROBLEMS)?.lines() {
        let code = line.strip_prefix("| `").and_then(|rest| rest.split('`').next());
        if let Some(code) = code.filter(|code| is_code(code))
            && !told.insert(code)
        {
            complaints.push(format!("{PROBLEMS} tells of {code} twice"));
        }
    }
    let untold = used.iter().filter(|(code, _)| !told.contains(code.as_str()));
    complaints.extend(untold.map(|(code, path)| format!("{PROBLEMS} lacks {code} ({path})")));
    let unused = told.iter().filter(|code| !used.contains_key(**code));
    complaints.extend(unused.map(|code| format!("{PROBLEMS} tells of {code}, which is not used")));
    Ok(complaints)
}

/// `pub const NAME: usize = 16 * 1024;` as `NAME` and 16384.
fn limits_in(source: &str) -> Vec<(String, u64)> {
    let declared = source.lines().filter_map(|line| line.strip_prefix("pub const "));
    declared
        .filter_map(|line| {
            let (name, rest) = line.split_once(": ")?;
            let (_, value) = rest.split_once(" = ")?;
            let factors = value.trim_end_matches(';').split('*');
            let value = factors
                .map(|factor| factor.trim().replace('_', "").parse::<u64>().ok())
                .try_fold(1_u64, |product, factor| product.checked_mul(factor?))?;
            Some((name.to_owned(), value))
        })
        .collect()
}

/// Every limit has a row in the page that names it and its value.
pub(super) fn limits(project: &Project) -> Result<Vec<String>, String> {
    let page = project.text(LIMITS)?;
    let declared = limits_in(project.text(LIMITS_SOURCE)?);
    if declared.is_empty() {
        return Err(format!("no limit found in {LIMITS_SOURCE}"));
    }
    let wrong = declared.into_iter().filter(|(name, value)| {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        !row.is_some_and(|row| row.replace(',', "").contains(&format!("| {value} |")))
    });
    Ok(wrong.map(|(name, value)| format!("{LIMITS} has no row `{name}` | {value}")).collect())
}

/// Relative links in Markdown files lead to files of the project, and the change log has its
/// section for what comes next.
pub(super) fn links(project: &Project) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    if !project.text("CHANGELOG.md")?.contains("\n## Unreleased\n") {
        complaints.push("CHANGELOG.md has no section \"## Unreleased\"".into());
    }
    for (path, text) in project.texts.iter().filter(|(path, _)| path.ends_with(".md")) {
        for target in link_targets(text) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            let resolved = resolve(path, file);
            let is_folder = |resolved: &str| {
                let prefix = format!("{}/", resolved.trim_end_matches('/'));
                project.files.keys().any(|file| file.starts_with(&prefix))
            };
            if !project.files.contains_key(&resolved) && !is_folder(&resolved) {
                complaints.push(format!("{path} links to {target}, which is not there"));
            }
        }
    }
    Ok(complaints)
}

/// What stands between `](` and `)`, outside fenced code.
fn link_targets(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut targets = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if !in_code {
            let ends = line.split("](").skip(1);
            targets.extend(ends.filter_map(|rest| rest.split_once(')').map(|(target, _)| target)));
        }
    }
    targets
}

/// A relative link as a path from the root.
fn resolve(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{codes_in, limits_in, link_targets, resolve};

    #[test]
    fn problem_codes_are_found_in_code_only() {
        let source = "// \"ABC-001\"\nProblem::new(Kind::Gone, \"ABC-002\", \"ABC-0031\")\n\
                      #[cfg(test)]\nassert_eq!(code, \"ABC-004\");\n";
        assert_eq!(codes_in(source).into_iter().collect::<Vec<_>>(), ["ABC-002"]);
    }

    #[test]
    fn limits_are_multiplied_out() {
        let source = "/// A.\npub const A_MAX: usize = 16 * 1024;\npub const B: u64 = 2_000;\n";
        assert_eq!(limits_in(source), [("A_MAX".to_owned(), 16384), ("B".to_owned(), 2000)]);
    }

    #[test]
    fn links_resolve_from_their_page() {
        assert_eq!(link_targets("[a](b.md) and [c](../d.md#e)"), ["b.md", "../d.md#e"]);
        assert_eq!(resolve("docs/operate/x.md", "../store.md"), "docs/store.md");
        assert_eq!(resolve("README.md", "./LICENSE"), "LICENSE");
    }
}
