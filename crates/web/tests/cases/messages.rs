//! Every text that the code asks for exists, and none lies unused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// The tables of a language, from all files of its folder. No table may stand in two of them.
pub(super) fn tables_of(language: &str) -> Tables {
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

/// Whether every use of a literal in the sources is one that writes it into the record.
fn is_only_recorded(source: &str, literal: &str, by: &[&str]) -> bool {
    let quoted = format!("\"{literal}\"");
    let mut uses = source.match_indices(&quoted).peekable();
    uses.peek().is_some()
        && uses.all(|(at, _)| {
            let before = source[..at].trim_end();
            by.iter().any(|call| before.ends_with(call))
        })
}

/// Texts that only become part of the record are in bokmål alone: `table.key`, all of a table of codes.
fn recorded(nb: &Tables, source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (table, texts) in nb {
        for key in texts.keys() {
            let whole = format!("{table}.{key}");
            let is_recorded = match table.strip_prefix("code-") {
                Some(codes) => {
                    !source.contains(&format!(" code(\"{codes}\""))
                        && !source.contains(&format!("(code(\"{codes}\""))
                        && !source.contains(&format!("!code(\"{codes}\""))
                        && !source.contains(&format!("::code(\"{codes}\""))
                }
                None => is_only_recorded(source, &whole, &["recorded(", "recorded_with("]),
            };
            if is_recorded {
                found.insert(whole);
            }
        }
    }
    found
}

/// The names of the values that are put into a text, `{name}`.
pub(super) fn holes(text: &str) -> Vec<&str> {
    let mut holes: Vec<&str> =
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    holes.sort_unstable();
    holes
}

#[test]
fn every_text_is_in_every_language() {
    let (nb, mut wrong) = (nb(), Vec::new());
    let recorded = recorded(&nb, &code());
    assert!(recorded.contains("dosage.daily") && recorded.contains("code-reconciled.kept"));
    assert!(!recorded.contains("round.give") && !recorded.contains("code-job.nurse"));
    for language in ["nn", "en"] {
        let own = tables_of(language);
        for (table, texts) in &nb {
            for (key, text) in texts {
                let whole = format!("{table}.{key}");
                let translated = own.get(table).and_then(|texts| texts.get(key));
                match (translated, recorded.contains(&whole)) {
                    (None, false) => wrong.push(format!("{language}: {whole} is missing")),
                    (Some(_), true) => {
                        wrong.push(format!("{language}: {whole} only becomes part of the record"));
                    }
                    // The same values are put into the text.
                    (Some(own), false) if holes(own) != holes(text) => {
                        wrong.push(format!("{language}: {whole} has other values"));
                    }
                    (Some(own), false)
                        if own.trim() != own || own.is_empty() != text.is_empty() =>
                    {
                        wrong.push(format!("{language}: {whole} has space around it, or nothing"));
                    }
                    (Some(_), false) | (None, true) => {}
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

/// A translation that was forgotten is a text that is the same; where many words are, it is one.
#[test]
fn a_long_text_is_not_the_same_in_english() {
    let (nb, en) = (nb(), tables_of("en"));
    let mut wrong = Vec::new();
    for (table, texts) in &nb {
        for (key, text) in texts {
            let same = en.get(table).and_then(|texts| texts.get(key)) == Some(text);
            let words =
                text.split_whitespace().filter(|word| word.len() > 2 && !word.starts_with('{'));
            if same && words.count() > 3 {
                wrong.push(format!("{table}.{key}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The files of the crate below a folder, with an ending.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn below(folder: &Path, ending: &str, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, ending, into);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                into.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), ending, &mut found);
    assert!(!found.is_empty());
    found
}

/// What stands between `open` and the bracket that closes it, each time it begins.
fn inside<'a>(source: &'a str, open: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices(open) {
        let rest = &source[at + open.len()..];
        let mut depth = 1;
        let end = rest.char_indices().find(|(_, c)| {
            depth += match c {
                '(' | '{' | '[' => 1,
                ')' | '}' | ']' => -1,
                _ => 0,
            };
            depth == 0
        });
        found.push(end.map_or(rest, |(end, _)| &rest[..end]));
    }
    found
}

/// No resource is built of a text in the reader's language: those of the record are `recorded…`.
#[test]
fn what_is_stored_does_not_follow_the_reader() {
    assert_eq!(inside("json!({\"a\": t(\"b.c\")}); t(\"d.e\")", "json!("), ["{\"a\": t(\"b.c\")}"]);
    let mut wrong = Vec::new();
    for (path, source) in files("src", "rs") {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for stored in inside(source, "json!(") {
            for call in ["t(\"", "tf(\"", "code(\""] {
                let mut shown = stored.match_indices(call).filter(|(at, _)| {
                    let before = stored[..*at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                });
                if shown.next().is_some() && !path.ends_with("notes/mod.rs") {
                    wrong.push(format!("{path}: {stored}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Words that are hard-coded in a page's markup: text nodes and what screen readers are told.
#[test]
fn the_pages_have_no_words_of_their_own() {
    // The product's name, in two parts; keys of the keyboard; the name of a score.
    const KNOWN: [&str; 6] = ["son", "Ctrl", "Enter", "Tab", "Esc", "NEWS"];
    let mut wrong = Vec::new();
    for (path, source) in files("src/pages", "rs") {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let is_markup = |line: &&str| {
            !line.starts_with("//")
                && !["json!", ".get(", "else {", "=>", "let "]
                    .iter()
                    .any(|code| line.contains(code))
                && !line.ends_with("\",")
        };
        for line in source.lines().map(str::trim).filter(is_markup) {
            let pieces: Vec<&str> = line.split('"').collect();
            for (at, literal) in pieces.iter().enumerate().filter(|(at, _)| at % 2 == 1) {
                let before = pieces[at - 1].trim_end();
                let is_shown = before.is_empty() || before.ends_with(['{', ')']);
                let is_told = ["aria-label=", "title=", "placeholder=", "alt="]
                    .iter()
                    .any(|name| before.ends_with(name));
                let is_word = literal
                    .split(|c: char| !c.is_alphabetic())
                    .any(|word| word.chars().count() > 2 && !KNOWN.contains(&word));
                let is_code = literal.contains(['.', '/', '=', '{', '_', '-']);
                if (is_told || is_shown) && is_word && !is_code {
                    wrong.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What scripts and styles show, the page gives them: they have no words of Norwegian.
#[test]
fn scripts_and_styles_have_no_words_of_their_own() {
    let mut wrong = Vec::new();
    for (path, source) in files("assets", "js").into_iter().chain(files("assets", "css")) {
        for line in source.lines().map(str::trim) {
            let code = line.split("//").next().unwrap_or_default();
            let is_comment = line.starts_with("/*") || line.starts_with('*');
            let sets = [
                "textContent = \"",
                "textContent = `",
                "confirm(",
                "alert(",
                "title = \"",
                "content: \"",
            ];
            let says = sets.iter().any(|set| {
                code.split(set).skip(1).any(|rest| {
                    let said = rest.split(['"', '`']).next().unwrap_or_default();
                    let said = said.split("${").next().unwrap_or_default();
                    said.chars().filter(|c| c.is_alphabetic()).count() > 2
                })
            });
            let norwegian = ['æ', 'ø', 'å', 'Æ', 'Ø', 'Å', '«'];
            let is_norwegian =
                code.split('"').skip(1).step_by(2).any(|literal| literal.contains(norwegian));
            if !is_comment && (says || is_norwegian) {
                wrong.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
