//! Every text that the code asks for exists, and none lies unused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// The tables of a language, from all files of its folder. No table may stand in two of them.
fn tables_of(language: &str) -> Tables {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("messages").join(language);
    let mut all = Tables::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let tables: Tables = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{} is not tables of texts: {error}", path.display()));
        for (table, texts) in tables {
            assert!(all.insert(table.clone(), texts).is_none(), "{table} stands in two files");
        }
    }
    all
}

fn nb() -> Tables {
    tables_of("nb")
}

fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

fn code() -> String {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text
}

/// Every string literal of the form `table.name` where the table is one of ours.
fn keys_used(source: &str, tables: &Tables) -> BTreeSet<String> {
    source
        .split('"')
        .filter(|literal| {
            literal.split_once('.').is_some_and(|(table, name)| {
                tables.contains_key(table)
                    && !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_key_used_exists_and_none_is_unused() {
    let tables = nb();
    let known: BTreeSet<String> = tables
        .iter()
        .filter(|(table, _)| !table.starts_with("code-"))
        .flat_map(|(table, texts)| texts.keys().map(move |key| format!("{table}.{key}")))
        .collect();
    let used = keys_used(&code(), &tables);
    let missing: Vec<_> = used.difference(&known).collect();
    let unused: Vec<_> = known.difference(&used).collect();
    assert!(missing.is_empty(), "used but not in messages/nb: {missing:?}");
    assert!(unused.is_empty(), "in messages/nb but not used: {unused:?}");
}

#[test]
fn every_code_table_is_looked_up_and_every_lookup_has_a_table() {
    let source = code();
    let looked_up: BTreeSet<&str> = source
        .split("code(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .filter(|(_, after)| after.starts_with(','))
        .map(|(table, _)| table)
        .collect();
    let tables = nb();
    let known: BTreeSet<&str> =
        tables.keys().filter_map(|table| table.strip_prefix("code-")).collect();
    assert_eq!(looked_up, known);
}

#[test]
fn placeholders_are_well_formed() {
    for (table, texts) in nb() {
        for (key, text) in texts {
            let open = text.matches('{').count();
            let close = text.matches('}').count();
            assert!(open == close, "{table}.{key}: {text}");
            assert_eq!(text.trim(), text, "{table}.{key} has space around it");
        }
    }
}

/// What a citizen reads on the citizen's own pages, in every language. Months are the same word in
/// both written forms of Norwegian.
const CITIZENS: [&str; 24] = [
    "site",
    "my",
    "times",
    "letters",
    "mine",
    "measure",
    "notice",
    "date",
    "code-weekday",
    "accesses",
    "trend",
    "vaccinations",
    "vaccine",
    "code-vaccine",
    "code-vaccine-declined",
    "code-ground",
    "kept",
    "attorneys",
    "wishes",
    "my-apps",
    "code-direction",
    "form",
    "code-form-fault",
    "my-forms",
];

#[test]
fn the_citizens_pages_are_whole_in_every_language() {
    let (nb, mut wrong) = (nb(), Vec::new());
    for language in ["nn", "en"] {
        let own = tables_of(language);
        let months: &[&str] =
            if language == "en" { &["code-month", "code-month-short"] } else { &[] };
        for table in CITIZENS.iter().chain(months) {
            for (key, text) in &nb[*table] {
                let translated = own.get(*table).and_then(|texts| texts.get(key));
                // The same values are put into the text.
                let holes = |text: &String| {
                    let mut holes: Vec<&str> =
                        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
                    holes.sort_unstable();
                    holes.join(" ")
                };
                match translated {
                    None => wrong.push(format!("{language}: {table}.{key} is missing")),
                    Some(own) if holes(own) != holes(text) => {
                        wrong.push(format!("{language}: {table}.{key} has other values"));
                    }
                    Some(_) => {}
                }
            }
        }
        for (table, texts) in own {
            let known = nb.get(&table);
            let unknown = texts.keys().filter(|key| known.is_none_or(|k| !k.contains_key(*key)));
            wrong.extend(unknown.map(|key| format!("{language}: {table}.{key} is nobody's")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
