//! The medicines that can be searched for: `rules/drugs.tsv`.

use std::sync::LazyLock;

use crate::table::{lines, number};

const DRUGS: &str = include_str!("../rules/drugs.tsv");

/// Prescription groups of the Norwegian regulation on prescribing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Narcotics and what is treated as such.
    A,
    /// May lead to addiction.
    B,
    /// Other medicines on prescription.
    C,
    /// Sold without a prescription too.
    F,
}

/// How often a medicine is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rhythm {
    /// At these events of every day (codes of FHIR's `event-timing`).
    At(&'static [&'static str]),
    /// So many times a day.
    PerDay(u32),
    /// Once in so many weeks.
    EveryWeeks(u32),
    /// When needed, at most so many times a day.
    AsNeeded(u32),
}

impl Rhythm {
    /// From the word of the table and of forms: `MORN`, `MORN+EVE`, `3`, `W1`, `AN4`.
    pub fn parse(word: &str) -> Option<Self> {
        let counted = |digits: &str| digits.parse().ok().filter(|n| (1..=24).contains(n));
        Some(match word {
            "MORN" => Self::At(&["MORN"]),
            "NOON" => Self::At(&["NOON"]),
            "EVE" => Self::At(&["EVE"]),
            "NIGHT" => Self::At(&["NIGHT"]),
            "MORN+EVE" => Self::At(&["MORN", "EVE"]),
            "MORN+NOON+EVE" => Self::At(&["MORN", "NOON", "EVE"]),
            _ => match (word.strip_prefix("AN"), word.strip_prefix('W')) {
                (Some(most), _) => Self::AsNeeded(counted(most)?),
                (None, Some(weeks)) => Self::EveryWeeks(counted(weeks)?),
                (None, None) => Self::PerDay(counted(word)?),
            },
        })
    }

    /// How many times a day at most, reckoned over weeks.
    pub fn times_a_day(self) -> f64 {
        match self {
            Self::At(events) => events.len() as f64,
            Self::PerDay(times) | Self::AsNeeded(times) => f64::from(times),
            Self::EveryWeeks(weeks) => 1.0 / (7.0 * f64::from(weeks)),
        }
    }
}

/// A medicine in one strength and form.
#[derive(Clone, Debug, PartialEq)]
pub struct Drug {
    /// The code.
    pub atc: &'static str,
    /// Its name without the strength.
    pub substance: &'static str,
    /// As it is written: `500 mg`, `160/4,5 mikrog`.
    pub strength: &'static str,
    /// tablett, mikstur, krem.
    pub form: &'static str,
    /// What is counted when it is taken, one and several of it.
    pub unit: &'static str,
    /// Several of `unit`.
    pub units: &'static str,
    /// The most usual amount each time, in `unit`s.
    pub dose: f64,
    /// The most usual rhythm.
    pub rhythm: Rhythm,
    /// The word of `rhythm` in the table and in forms.
    pub rhythm_word: &'static str,
    /// Who may have it, and how strictly it is watched.
    pub group: Group,
}

impl Drug {
    /// As it stands in lists: `Apiksaban 5 mg tablett`.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.substance, self.strength, self.form)
    }

    /// A word for addresses and forms, unique in the table.
    pub fn key(&self) -> String {
        format!("{}-{}-{}", self.atc, self.strength, self.form)
            .chars()
            .map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' })
            .collect()
    }

    /// Milligrams in one counted unit, when one number says it.
    pub fn milligrams(&self) -> Option<f64> {
        milligrams(self.strength)
    }

    fn read(cells: &[&'static str]) -> Option<Self> {
        let [atc, substance, strength, form, unit, units, dose, rhythm, group] = cells else {
            return None;
        };
        let group = match *group {
            "A" => Group::A,
            "B" => Group::B,
            "C" => Group::C,
            "F" => Group::F,
            _ => return None,
        };
        Some(Self {
            atc,
            substance,
            strength,
            form,
            unit,
            units,
            dose: number(dose)?,
            rhythm: Rhythm::parse(rhythm)?,
            rhythm_word: rhythm,
            group,
        })
    }
}

/// Milligrams of a strength: `1 g`, `50 mikrog`, `24 mg/ml`; nothing for `160/800 mg`, `2 %`, `100 E/ml`.
pub(crate) fn milligrams(strength: &str) -> Option<f64> {
    let (value, unit) = strength.split_once(' ')?;
    let factor = match unit.split('/').next()? {
        "mg" => 1.0,
        "g" => 1000.0,
        "mikrog" => 0.001,
        _ => return None,
    };
    // `85 mg/43 mikrog` tells of two substances, `24 mg/ml` of one.
    let per = unit.split_once('/').map(|(_, per)| per);
    if per.is_some_and(|per| per.bytes().any(|b| b.is_ascii_digit())) {
        return None;
    }
    Some(number(value)? * factor)
}

static TABLE: LazyLock<Vec<Drug>> =
    LazyLock::new(|| lines(DRUGS).filter_map(|cells| Drug::read(&cells)).collect());

/// All of them, in the order of ATC.
pub fn drugs() -> &'static [Drug] {
    &TABLE
}

/// The medicine of a [`Drug::key`].
pub fn of_key(key: &str) -> Option<&'static Drug> {
    TABLE.iter().find(|drug| drug.key() == key)
}

/// The medicine of this code whose name is written so, else the first of the code whose strength
/// stands in the name.
pub fn find(atc: &str, name: &str) -> Option<&'static Drug> {
    let of_code = || TABLE.iter().filter(|drug| drug.atc == atc);
    of_code().find(|drug| drug.name() == name).or_else(|| {
        let has = |drug: &&Drug| {
            name.contains(&format!(" {} ", drug.strength)) || name.ends_with(drug.strength)
        };
        of_code().find(has)
    })
}

/// The medicines that every word of a text fits: the beginning of the substance first, then the
/// strength, form or code. At most `most`.
pub fn search(text: &str, most: usize) -> Vec<&'static Drug> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(bool, &Drug)> = TABLE
        .iter()
        .filter_map(|drug| {
            let name = format!("{} {}", drug.name(), drug.atc).to_lowercase();
            // A number is meant as it stands: `5` is not the end of `2,5`.
            let is = |token: &str, word: &str| match word.starts_with(|c: char| c.is_ascii_digit())
            {
                true => token == word,
                false => token.starts_with(word),
            };
            let fits =
                words.iter().all(|word| name.split_whitespace().any(|token| is(token, word)));
            let begins = words.first().is_some_and(|word| name.starts_with(word));
            fits.then_some((!begins, drug))
        })
        .collect();
    found.sort_by_key(|(late, _)| *late);
    found.truncate(most);
    found.into_iter().map(|(_, drug)| drug).collect()
}

/// The lines of the table that cannot be read, for the test that there is none.
#[cfg(test)]
pub(crate) fn unread() -> Vec<String> {
    let bad = lines(DRUGS).filter(|cells| Drug::read(cells).is_none());
    bad.map(|cells| cells.join(" | ")).collect()
}
