//! Which codes a value set has, when the definitions say it completely.
//!
//! A value set that reaches outside them (UCUM, languages, MIME types) has no enumeration, and its
//! binding is not checked from the table.
//! Standard: <https://hl7.org/fhir/R4/valueset.html#compositions>

use std::collections::{BTreeMap, BTreeSet};

use akson_fhir::definitions::table::CodeSetRow;
use serde_json::Value;

use super::{list, of_type, text, texts};

/// Value sets and complete code systems by canonical url.
pub(crate) struct ValueSets<'a> {
    sets: BTreeMap<&'a str, &'a Value>,
    systems: BTreeMap<&'a str, &'a Value>,
}

/// `(system, code)`.
type Codes<'a> = BTreeSet<(&'a str, &'a str)>;

impl<'a> ValueSets<'a> {
    pub(crate) fn new(resources: &'a [Value]) -> Self {
        let complete = |system: &&Value| text(system, "content") == "complete";
        let systems = of_type(resources, "CodeSystem").filter(complete);
        Self {
            sets: of_type(resources, "ValueSet").map(|set| (text(set, "url"), set)).collect(),
            systems: systems.map(|system| (text(system, "url"), system)).collect(),
        }
    }

    /// All codes of a value set, or `None` when they cannot all be known.
    pub(crate) fn expand(&self, url: &str) -> Option<CodeSetRow> {
        let codes = self.codes(url, 0)?;
        let systems: BTreeSet<&str> = codes.iter().map(|(system, _)| *system).collect();
        let systems: Vec<&str> = systems.into_iter().collect();
        let mut rows: Vec<(u16, String)> = Vec::new();
        for (system, code) in codes {
            let position = systems.iter().position(|known| *known == system)?;
            rows.push((position as u16, code.to_string()));
        }
        rows.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
        let systems = systems.into_iter().map(String::from).collect();
        Some(CodeSetRow { url: url.to_string(), systems, codes: rows })
    }

    fn codes(&self, url: &str, depth: usize) -> Option<Codes<'a>> {
        const IMPORTS_DEPTH_MAX: usize = 10;
        if depth > IMPORTS_DEPTH_MAX {
            return None;
        }
        let url = url.split('|').next().unwrap_or(url);
        let compose = self.sets.get(url)?.get("compose")?;
        let mut all = Codes::new();
        for include in list(compose, "include") {
            all.extend(self.part(include, depth)?);
        }
        for exclude in list(compose, "exclude") {
            let excluded = self.part(exclude, depth)?;
            all.retain(|code| !excluded.contains(code));
        }
        (!all.is_empty()).then_some(all)
    }

    /// One include or exclude: what its system says and every imported set has.
    fn part(&self, part: &'a Value, depth: usize) -> Option<Codes<'a>> {
        let mut codes = match text(part, "system") {
            "" => None,
            system => Some(self.of_system(system, part)?),
        };
        for imported in texts(part, "valueSet") {
            let imported = self.codes(imported, depth + 1)?;
            codes = Some(match codes {
                Some(codes) => codes.intersection(&imported).copied().collect(),
                None => imported,
            });
        }
        codes
    }

    fn of_system(&self, system: &'a str, part: &'a Value) -> Option<Codes<'a>> {
        let listed = list(part, "concept");
        if !listed.is_empty() {
            return Some(listed.iter().map(|concept| (system, text(concept, "code"))).collect());
        }
        let concepts = list(self.systems.get(system)?, "concept");
        let filters = list(part, "filter");
        let mut codes = Codes::new();
        walk(
            concepts,
            &mut |concept, _| {
                codes.insert((system, text(concept, "code")));
            },
            &mut Vec::new(),
        );
        for filter in filters {
            let kept = filtered(concepts, filter)?;
            codes.retain(|(_, code)| kept.contains(code));
        }
        Some(codes)
    }
}

/// The codes that one filter lets through; `None` for a filter that needs more than a hierarchy.
fn filtered<'a>(concepts: &'a [Value], filter: &Value) -> Option<BTreeSet<&'a str>> {
    let value = text(filter, "value");
    let with_itself = match (text(filter, "property"), text(filter, "op")) {
        ("concept" | "code", "is-a") => true,
        ("concept" | "code", "descendent-of") => false,
        _ => return None,
    };
    let mut kept = BTreeSet::new();
    walk(
        concepts,
        &mut |concept, above| {
            let code = text(concept, "code");
            if above.contains(&value) || (with_itself && code == value) {
                kept.insert(code);
            }
        },
        &mut Vec::new(),
    );
    Some(kept)
}

/// Every concept with the codes above it.
fn walk<'a>(
    concepts: &'a [Value],
    visit: &mut dyn FnMut(&'a Value, &[&'a str]),
    above: &mut Vec<&'a str>,
) {
    for concept in concepts {
        visit(concept, above);
        above.push(text(concept, "code"));
        walk(list(concept, "concept"), visit, above);
        above.pop();
    }
}
