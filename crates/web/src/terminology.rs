//! The codes that clinicians choose from: ICPC-2 and ICD-10, found by words, by code, and in what was
//! written.
//!
//! A subset is built in (`clinical/codes.tsv`); the operator gives the whole in a file of their own. Not
//! here: where the chosen ones are written (`notes::signing`).
//! Standard: <https://hl7.org/fhir/R4/codesystem.html>

use std::collections::HashMap;

use akson_base::{Kind, Problem};
use serde_json::Value;

use crate::norwegian::{is_stop_word, stem, words};

const BUILT_IN: &str = include_str!("../clinical/codes.tsv");
/// Words after one that says no which it says no to: "ingen feber eller hoste".
const NEGATED_MAX: usize = 4;
const NEGATIONS: [&str; 6] = ["ikke", "ingen", "uten", "benekter", "negativ", "utelukket"];
/// Levels of concepts below concepts in a file that are followed.
const DEPTH_MAX: usize = 10;

/// A classification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// Primary care.
    Icpc2,
    /// Specialist care, the Norwegian edition.
    Icd10,
}

impl System {
    /// What people call it, and files and forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::Icpc2 => "ICPC-2",
            Self::Icd10 => "ICD-10",
        }
    }

    /// `Coding.system`.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Icpc2 => "http://hl7.org/fhir/sid/icpc-2",
            Self::Icd10 => "http://hl7.org/fhir/sid/icd-10-no",
        }
    }

    /// By name, canonical address or OID.
    pub fn of(text: &str) -> Option<Self> {
        match text.trim() {
            "ICPC-2" | "http://hl7.org/fhir/sid/icpc-2" | "urn:oid:2.16.578.1.12.4.1.1.7170" => {
                Some(Self::Icpc2)
            }
            "ICD-10"
            | "http://hl7.org/fhir/sid/icd-10-no"
            | "http://hl7.org/fhir/sid/icd-10"
            | "urn:oid:2.16.578.1.12.4.1.1.7110" => Some(Self::Icd10),
            _ => None,
        }
    }
}

/// A code with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// Of which classification.
    pub system: System,
    /// `T90`, `E11.9`.
    pub code: String,
    /// Its title.
    pub display: String,
    /// What else people call it.
    synonyms: Vec<String>,
    /// Whether it stands in the built-in subset: those come first.
    is_common: bool,
    /// Code, title and synonyms in lower case, each word with a space before it.
    searched: String,
}

impl Concept {
    fn new(system: System, code: &str, display: &str, synonyms: Vec<String>) -> Self {
        let texts = [display].into_iter().chain(synonyms.iter().map(String::as_str));
        let mut searched = format!(" {}", code.to_lowercase());
        for word in texts.flat_map(words) {
            searched.push(' ');
            searched.push_str(&word.text.to_lowercase());
        }
        let (code, display) = (code.to_owned(), display.to_owned());
        Self { system, code, display, synonyms, is_common: false, searched }
    }

    /// `ICPC-2|T90`, as forms have it.
    pub fn key(&self) -> String {
        format!("{}|{}", self.system.name(), self.code)
    }

    /// Title and synonyms.
    fn terms(&self) -> impl Iterator<Item = &str> {
        [self.display.as_str()].into_iter().chain(self.synonyms.iter().map(String::as_str))
    }
}

/// A term as what is left of its words.
#[derive(Debug)]
struct Term {
    concept: u32,
    stems: Vec<String>,
}

/// All codes, ready to be found.
#[derive(Debug, Default)]
pub struct Terminology {
    concepts: Vec<Concept>,
    by_key: HashMap<(System, String), u32>,
    terms: Vec<Term>,
    /// Terms by each of their stems.
    by_stem: HashMap<String, Vec<u32>>,
}

impl Terminology {
    /// The built-in subset.
    pub fn built_in() -> Self {
        // The file is ours, and a test reads every line of it.
        Self::of(tsv(BUILT_IN).unwrap_or_default())
    }

    /// The built-in subset together with what an operator's file holds: FHIR `CodeSystem`s as JSON or
    /// NDJSON, or tab-separated lines of system, code, title and synonyms.
    ///
    /// # Errors
    /// `Invalid` (`WEB-160`) with the line when something in it cannot be read.
    pub fn with_file(text: &str) -> Result<Self, Problem> {
        let begin = text.trim_start_matches('\u{feff}').trim_start();
        let mut own = if begin.starts_with('{') || begin.starts_with('[') {
            code_systems(begin)?
        } else {
            tsv(begin)?
        };
        if own.is_empty() {
            return Err(wrong("it holds no code"));
        }
        // The built-in words are kept: a classification seldom has what people say.
        own.extend(tsv(BUILT_IN)?);
        Ok(Self::of(own))
    }

    fn of(concepts: Vec<Concept>) -> Self {
        let common = tsv(BUILT_IN).unwrap_or_default();
        let mut all = Self::default();
        for concept in concepts {
            let key = (concept.system, concept.code.clone());
            match all.by_key.get(&key).and_then(|at| all.concepts.get_mut(*at as usize)) {
                Some(known) => {
                    let synonyms = [known.synonyms.clone(), concept.synonyms].concat();
                    *known = Concept::new(known.system, &known.code, &known.display, synonyms);
                }
                None => {
                    all.by_key.insert(key, all.concepts.len() as u32);
                    all.concepts.push(concept);
                }
            }
        }
        for concept in common {
            let at = all.by_key.get(&(concept.system, concept.code));
            if let Some(known) = at.and_then(|at| all.concepts.get_mut(*at as usize)) {
                known.is_common = true;
            }
        }
        all.index();
        all
    }

    fn index(&mut self) {
        for (at, concept) in self.concepts.iter().enumerate() {
            for term in concept.terms() {
                let lower = words(term).map(|word| word.text.to_lowercase());
                // A number tells even when it is short: diabetes type 1 is not type 2.
                let tells = |word: &String| {
                    word.chars().count() > 2 || word.chars().all(|c| c.is_ascii_digit())
                };
                let telling = lower.filter(|word| !is_stop_word(word) && tells(word));
                let mut stems: Vec<String> = telling.map(|word| stem(&word)).collect();
                stems.sort_unstable();
                stems.dedup();
                let number = self.terms.len() as u32;
                for one in &stems {
                    self.by_stem.entry(one.clone()).or_default().push(number);
                }
                self.terms.push(Term { concept: at as u32, stems });
            }
        }
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The code of a key as forms have it: `ICPC-2|T90`.
    pub fn get(&self, key: &str) -> Option<&Concept> {
        let (system, code) = key.split_once('|')?;
        let at = self.by_key.get(&(System::of(system)?, code.to_owned()))?;
        self.concepts.get(*at as usize)
    }

    /// The codes that what was typed finds, the likeliest first: by code, or by the beginnings of words.
    pub fn search(&self, typed: &str, max: usize) -> Vec<&Concept> {
        let typed: Vec<String> = words(typed).map(|word| word.text.to_lowercase()).collect();
        let Some(first) = typed.first() else { return Vec::new() };
        let sought: Vec<String> = typed.iter().map(|word| format!(" {word}")).collect();
        let is_hit =
            |concept: &&Concept| sought.iter().all(|word| concept.searched.contains(word.as_str()));
        let mut hits: Vec<&Concept> = self.concepts.iter().filter(is_hit).collect();
        hits.sort_by_cached_key(|concept| {
            let code = concept.code.to_lowercase();
            let starts = concept.terms().any(|term| term.to_lowercase().starts_with(first));
            (
                code != *first,
                !code.starts_with(first),
                !concept.is_common,
                !starts,
                concept.system == System::Icd10,
                concept.display.len(),
                code,
            )
        });
        hits.truncate(max);
        hits
    }

    /// The codes that a text speaks of, the likeliest first: all words of a title or of what people
    /// call it stand there, and are not denied.
    pub fn suggest(&self, text: &str, max: usize) -> Vec<&Concept> {
        let said = affirmed(text);
        let mut found: HashMap<u32, (usize, usize)> = HashMap::new();
        for (word, place) in &said {
            for number in self.by_stem.get(word).into_iter().flatten() {
                let Some(term) = self.terms.get(*number as usize) else { continue };
                if !term.stems.iter().all(|one| said.contains_key(one)) {
                    continue;
                }
                let is_common =
                    self.concepts.get(term.concept as usize).is_some_and(|c| c.is_common);
                // One word of nineteen thousand rare titles says too little.
                if !is_common && term.stems.len() < 2 {
                    continue;
                }
                let best = found.entry(term.concept).or_insert((0, usize::MAX));
                *best = (best.0.max(term.stems.len()), best.1.min(*place));
            }
        }
        let mut found: Vec<(u32, (usize, usize))> = found.into_iter().collect();
        found.sort_by_key(|(at, (words, place))| {
            let concept = self.concepts.get(*at as usize);
            let is_rare = concept.is_none_or(|concept| !concept.is_common);
            let is_icd = concept.is_some_and(|concept| concept.system == System::Icd10);
            (is_rare, is_icd, std::cmp::Reverse(*words), *place, *at)
        });
        let concepts = found.into_iter().filter_map(|(at, _)| self.concepts.get(at as usize));
        concepts.take(max).collect()
    }
}

/// What is left of the words that a text does not deny, and where each stands first.
fn affirmed(text: &str) -> HashMap<String, usize> {
    let mut said = HashMap::new();
    let (mut denied, mut end) = (0_usize, 0_usize);
    for (place, word) in words(text).enumerate() {
        let between = text.get(end..word.from).unwrap_or_default();
        if between.contains(['.', ';', ':', '\n']) {
            denied = 0;
        }
        end = word.from + word.text.len();
        let lower = word.text.to_lowercase();
        if NEGATIONS.contains(&lower.as_str()) {
            denied = NEGATED_MAX;
        } else if lower == "men" {
            denied = 0;
        } else if denied > 0 {
            denied -= 1;
        } else {
            said.entry(stem(&lower)).or_insert(place);
        }
    }
    said
}

fn wrong(what: &str) -> Problem {
    Problem::new(Kind::Invalid, "WEB-160", format!("The file of codes cannot be used: {what}."))
}

fn synonyms(text: &str) -> Vec<String> {
    let all = text.split(';').map(str::trim).filter(|one| !one.is_empty());
    all.map(str::to_owned).collect()
}

/// Lines of system, code, title and synonyms, with tabs between; `#` begins a remark.
fn tsv(text: &str) -> Result<Vec<Concept>, Problem> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let read = lines.map(|(number, line)| {
        let mut cells = line.split('\t').map(str::trim);
        let number = number + 1;
        let system = cells.next().unwrap_or_default();
        let of = System::of(system)
            .ok_or_else(|| wrong(&format!("line {number}: no classification {system:?}")))?;
        let (code, title) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        if code.is_empty() || title.is_empty() {
            return Err(wrong(&format!("line {number}: a line has system, code and title")));
        }
        Ok(Concept::new(of, code, title, synonyms(cells.next().unwrap_or_default())))
    });
    read.collect()
}

/// One `CodeSystem`, a Bundle or list of them, or one a line.
fn code_systems(text: &str) -> Result<Vec<Concept>, Problem> {
    let mut concepts = Vec::new();
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    for value in values {
        let value = value.map_err(|error| wrong(&format!("it is not JSON: {error}")))?;
        let listed = value.as_array().cloned().unwrap_or_default();
        let entries = value.get("entry").and_then(Value::as_array).cloned().unwrap_or_default();
        let resources = entries.iter().filter_map(|entry| entry.get("resource").cloned());
        let mut all: Vec<Value> = listed.into_iter().chain(resources).collect();
        if all.is_empty() {
            all.push(value);
        }
        for one in &all {
            let url = one.get("url").and_then(Value::as_str).unwrap_or_default();
            let system = System::of(url)
                .ok_or_else(|| wrong(&format!("a CodeSystem is of no classification: {url:?}")))?;
            below(system, one, 0, &mut concepts);
        }
    }
    Ok(concepts)
}

fn below(system: System, of: &Value, depth: usize, into: &mut Vec<Concept>) {
    let concepts = of.get("concept").and_then(Value::as_array);
    for concept in concepts.into_iter().flatten().filter(|_| depth < DEPTH_MAX) {
        let text = |name: &str| concept.get(name).and_then(Value::as_str).unwrap_or_default();
        let designations = concept.get("designation").and_then(Value::as_array);
        let others = designations.into_iter().flatten().filter_map(|one| one.get("value"));
        let others = others.filter_map(Value::as_str).map(str::to_owned).collect();
        if !text("code").is_empty() && !text("display").is_empty() {
            into.push(Concept::new(system, text("code"), text("display"), others));
        }
        below(system, concept, depth + 1, into);
    }
}

#[cfg(test)]
mod tests;
