//! The search box: a patient by name in any order, national number, birth date or address.

use std::collections::HashSet;

use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::definitions::Definitions;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::version;
use crate::Record;
use crate::bounds::SEARCH;
use crate::request::{Caller, Version};
use crate::searching::Searching;

/// Words looked at; more are refused by finding nothing less.
const WORDS_MAX: usize = 5;

impl Record {
    /// At most `limit` patients whose name, address, birth date or number fits every word of
    /// `text`. Empty for a text without a word.
    pub async fn find_patients(
        &self,
        caller: &Caller,
        text: &str,
        limit: usize,
    ) -> Result<Vec<Version>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let patient = Definitions::r4().resource_type("Patient");
        let entry =
            || Entry::reading(&sight.permit, "find-patients", &caller.trace).about("Patient");
        self.refuse_beyond_scopes(&sight, patient, entry).await?;
        let mut found = Vec::new();
        let mut patients = Vec::new();
        {
            let snapshot = sight.snapshot(&self.store);
            let permit = &sight.permit;
            let searching = Searching::over(&self.store, permit, snapshot.as_ref(), &caller.base);
            let mut seen = HashSet::new();
            let (first, within_names) = queries(text);
            let first_count = first.len();
            for (place, query) in first.into_iter().chain(within_names).enumerate() {
                // Within names is looked when nothing begins so: it walks all of them.
                let is_needless = place == first_count && !found.is_empty();
                if found.len() >= limit || is_needless {
                    break;
                }
                let query = format!("{query}&_count={limit}");
                let query = searching.parse(patient, None, &query, true)?;
                let keys = searching.execute(&query)?.matches;
                let fresh: Vec<_> = keys.into_iter().filter(|k| seen.insert(*k)).collect();
                let left = limit - found.len();
                let fresh = self.store.current_of_many(permit, snapshot.as_ref(), &fresh)?;
                for one in fresh.into_iter().take(left) {
                    patients.push(one.key.patient());
                    found.push(version(one));
                }
            }
        }
        // What was typed may be a name or number: the log keeps whom it showed, not the text.
        self.log(&sight, entry(), patients).await?;
        Ok(found)
    }
}

/// What one word may mean, as search parameters.
fn meanings(word: &str) -> Vec<String> {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 11 && word.chars().all(|c| c.is_ascii_digit()) {
        return vec![format!("identifier={digits}")];
    }
    let dates = dates(word, &digits);
    if !dates.is_empty() {
        return vec![format!("birthdate={}", dates.join(","))];
    }
    let word = encode(word);
    if digits.is_empty() {
        vec![format!("name={word}"), format!("address:contains={word}")]
    } else {
        vec![
            format!("address:contains={word}"),
            format!("name={word}"),
            format!("identifier={word}"),
        ]
    }
}

/// Birth dates that a word can mean: `18.11.1950`, `18111950`, `181150`, `1950-11-18`, `1950`.
fn dates(word: &str, digits: &str) -> Vec<String> {
    let iso = |y: &str, m: &str, d: &str| {
        let (month, day): (u32, u32) = (m.parse().ok()?, d.parse().ok()?);
        ((1..=12).contains(&month) && (1..=31).contains(&day))
            .then(|| format!("{y}-{month:02}-{day:02}"))
    };
    let parts: Vec<&str> = word.split(['.', '-', '/']).filter(|p| !p.is_empty()).collect();
    let numeric = parts.iter().all(|p| p.chars().all(|c| c.is_ascii_digit()));
    let found = match (parts.as_slice(), numeric) {
        ([y, m, d], true) if y.len() == 4 => vec![iso(y, m, d)],
        ([d, m, y], true) if y.len() == 4 => vec![iso(y, m, d)],
        ([d, m, y], true) if y.len() == 2 => both_centuries(y, m, d, iso),
        ([_], true) if digits.len() == 8 => {
            let cut = |range| digits.get(range).unwrap_or_default();
            vec![iso(cut(4..8), cut(2..4), cut(0..2))]
        }
        ([_], true) if digits.len() == 6 => {
            let cut = |range| digits.get(range).unwrap_or_default();
            both_centuries(cut(4..6), cut(2..4), cut(0..2), iso)
        }
        _ => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

fn both_centuries(
    y: &str,
    m: &str,
    d: &str,
    iso: impl Fn(&str, &str, &str) -> Option<String>,
) -> Vec<Option<String>> {
    ["19", "20"].map(|century| iso(&format!("{century}{y}"), m, d)).into()
}

/// The searches to try, most likely first: every word by its first meaning, then with one word at a
/// time by another; and those to try when none of them finds anybody: the second of two family
/// names stands within the name.
fn queries(text: &str) -> (Vec<String>, Vec<String>) {
    let words: Vec<Vec<String>> = text
        .split([' ', ',', ';', '\t'])
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(meanings)
        .collect();
    if words.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let mut combinations = vec![Vec::new()];
    for meanings in &words {
        combinations = combinations
            .into_iter()
            .flat_map(|chosen: Vec<&str>| {
                meanings.iter().map(move |meaning| {
                    let mut longer = chosen.clone();
                    longer.push(meaning);
                    longer
                })
            })
            .collect();
    }
    let first: Vec<String> = combinations.into_iter().map(|chosen| chosen.join("&")).collect();
    let within = |query: &String| {
        let words = query.split('&').map(|word| match word.strip_prefix("name=") {
            Some(name) => format!("name:contains={name}"),
            None => word.to_string(),
        });
        Some(words.collect::<Vec<_>>().join("&")).filter(|within| within != query)
    };
    let within_names = first.iter().filter_map(within).collect();
    (first, within_names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood() {
        let cases: [(&str, &[&str]); 8] = [
            ("14845220051", &["identifier=14845220051"]),
            ("18.11.1950", &["birthdate=1950-11-18"]),
            ("18111950", &["birthdate=1950-11-18"]),
            ("181150", &["birthdate=1950-11-18,2050-11-18"]),
            ("1950-11-18", &["birthdate=1950-11-18"]),
            ("ola", &["name=ola", "address:contains=ola"]),
            ("12", &["address:contains=12", "name=12", "identifier=12"]),
            ("å", &["name=%C3%A5", "address:contains=%C3%A5"]),
        ];
        for (word, expected) in cases {
            assert_eq!(meanings(word), expected, "{word}");
        }
    }

    #[test]
    fn every_word_must_fit_in_some_meaning() {
        assert_eq!(queries("  ").0, Vec::<String>::new());
        assert_eq!(queries("14845220051").1, Vec::<String>::new());
        assert_eq!(
            queries("ola vei").1,
            [
                "name:contains=ola&name:contains=vei",
                "name:contains=ola&address:contains=vei",
                "address:contains=ola&name:contains=vei",
            ]
        );
        assert_eq!(
            queries("ola vei").0,
            [
                "name=ola&name=vei",
                "name=ola&address:contains=vei",
                "address:contains=ola&name=vei",
                "address:contains=ola&address:contains=vei",
            ]
        );
    }
}
