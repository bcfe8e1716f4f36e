//! References of growth: how children of a sex and age are spread, as LMS points.
//!
//! WHO's are built in (`clinical/growth.tsv`); the operator gives others in a file of the same form. Not
//! here: a child's own measurements (`growth`).
//! Method: Cole and Green, Statistics in Medicine 1992; WHO's for the outermost weights:
//! <https://www.who.int/tools/growth-reference-data-for-5to19-years/application-tools>

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use akson_base::{Kind, Problem};

use super::Measure;
use crate::chart::Sex;

const BUILT_IN: &str = include_str!("../../clinical/growth.tsv");
/// WHO's standard for the youngest, which the Norwegian guideline uses to five years of age.
const WHO_STANDARD: &str = "WHO 2006";
/// WHO's reference for those who are older.
const WHO_REFERENCE: &str = "WHO 2007";
/// Last day of WHO's standard.
pub(crate) const STANDARD_DAYS: f64 = 1856.0;
/// Lines of a file that are read.
const LINES_MAX: usize = 200_000;

static WHO: LazyLock<Arc<References>> = LazyLock::new(|| {
    // The file is ours, and a test reads every line of it.
    Arc::new(References { all: read(BUILT_IN).unwrap_or_default() })
});

/// The references that can be drawn.
#[derive(Debug, Default)]
pub struct References {
    /// WHO's first, then the operator's in the order of the file.
    all: Vec<Reference>,
}

/// One reference, all its measures.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) name: String,
    curves: HashMap<(Measure, Sex), Vec<Lms>>,
}

/// How a measure is spread at one age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lms {
    /// Age.
    pub(crate) days: f64,
    /// Skewness.
    l: f64,
    /// Median.
    m: f64,
    /// Coefficient of variation.
    s: f64,
}

impl Lms {
    /// The value that lies so many deviations from the median.
    pub(crate) fn value(self, z: f64) -> f64 {
        if self.l.abs() < 1e-7 {
            return self.m * (self.s * z).exp();
        }
        self.m * (1.0 + self.l * self.s * z).max(0.0).powf(1.0 / self.l)
    }

    /// How many deviations a value lies from the median. Of weight and BMI, beyond three, as WHO
    /// reckons: by the distance between the second and the third.
    pub(crate) fn z(self, measure: Measure, value: f64) -> f64 {
        let z = if self.l.abs() < 1e-7 {
            (value / self.m).ln() / self.s
        } else {
            ((value / self.m).powf(self.l) - 1.0) / (self.l * self.s)
        };
        if !matches!(measure, Measure::Weight | Measure::Bmi) || z.abs() <= 3.0 {
            return z;
        }
        let three = self.value(3.0_f64.copysign(z));
        let two = self.value(2.0_f64.copysign(z));
        3.0_f64.copysign(z) + (value - three) / (three - two).abs()
    }

    fn between(self, other: Self, days: f64) -> Self {
        let span = other.days - self.days;
        let part = if span > 0.0 { (days - self.days) / span } else { 0.0 };
        let mix = |a: f64, b: f64| a + part * (b - a);
        Self { days, l: mix(self.l, other.l), m: mix(self.m, other.m), s: mix(self.s, other.s) }
    }
}

impl Reference {
    /// At an age, when the reference covers it.
    fn at(&self, measure: Measure, sex: Sex, days: f64) -> Option<Lms> {
        let points = self.curves.get(&(measure, sex))?;
        let place = points.partition_point(|point| point.days < days);
        let next = points.get(place)?;
        if next.days <= days {
            return Some(*next);
        }
        let before = points.get(place.checked_sub(1)?)?;
        Some(before.between(*next, days))
    }
}

impl References {
    /// WHO's alone.
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&WHO)
    }

    /// WHO's and those of an operator's file: lines with tabs of reference, measure (`weight`, `height`,
    /// `head`, `bmi`), sex (`female`, `male`), age in days, L, M, S; `#` begins a remark.
    ///
    /// # Errors
    /// `Invalid` (`WEB-260`) with the line when something in it cannot be used.
    pub fn with_file(text: &str) -> Result<Arc<Self>, Problem> {
        let own = read(text)?;
        if own.is_empty() {
            return Err(wrong("it holds no reference"));
        }
        let is_ours = |one: &&Reference| [WHO_STANDARD, WHO_REFERENCE].contains(&one.name.as_str());
        if let Some(ours) = own.iter().find(is_ours) {
            return Err(wrong(&format!("{} is built in: give it another name", ours.name)));
        }
        let mut all = read(BUILT_IN)?;
        all.extend(own);
        Ok(Arc::new(Self { all }))
    }

    /// The names of the operator's references.
    pub(crate) fn own(&self) -> impl Iterator<Item = &str> {
        let is_own = |name: &&str| ![WHO_STANDARD, WHO_REFERENCE].contains(name);
        self.all.iter().map(|one| one.name.as_str()).filter(is_own)
    }

    /// The spread at an age: of the chosen reference, else of the usual one. To five years that is WHO's
    /// standard, then the operator's first that covers it, then WHO's reference.
    pub(crate) fn at(
        &self,
        chosen: Option<&str>,
        measure: Measure,
        sex: Sex,
        days: f64,
    ) -> Option<(&str, Lms)> {
        let of = |one: &'_ Reference| one.at(measure, sex, days);
        if let Some(chosen) = chosen {
            let one = self.all.iter().find(|one| one.name == chosen)?;
            return Some((&one.name, of(one)?));
        }
        let rank = |one: &&Reference| match one.name.as_str() {
            WHO_STANDARD if days <= STANDARD_DAYS => 0,
            WHO_REFERENCE => 2,
            WHO_STANDARD => 3,
            _ => 1,
        };
        let mut covering: Vec<&Reference> =
            self.all.iter().filter(|one| of(one).is_some()).collect();
        covering.sort_by_key(rank);
        let one = covering.first()?;
        Some((&one.name, of(one)?))
    }
}

fn wrong(what: &str) -> Problem {
    Problem::new(Kind::Invalid, "WEB-260", format!("the references of growth: {what}"))
}

fn read(text: &str) -> Result<Vec<Reference>, Problem> {
    let mut all: Vec<Reference> = Vec::new();
    let text = text.trim_start_matches('\u{feff}');
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if at >= LINES_MAX {
            return Err(wrong(&format!("at most {LINES_MAX} lines are read")));
        }
        let (name, measure, sex, point) =
            point(line).map_err(|what| wrong(&format!("line {}: {what}", at + 1)))?;
        let place = match all.iter().position(|one| one.name == name) {
            Some(place) => place,
            None => {
                all.push(Reference { name: name.to_owned(), curves: HashMap::new() });
                all.len() - 1
            }
        };
        let Some(reference) = all.get_mut(place) else { continue };
        let points = reference.curves.entry((measure, sex)).or_default();
        if points.last().is_some_and(|last| last.days >= point.days) {
            let what = "ages do not rise within one reference, measure and sex";
            return Err(wrong(&format!("line {}: {what}", at + 1)));
        }
        points.push(point);
    }
    Ok(all)
}

fn point(line: &str) -> Result<(&str, Measure, Sex, Lms), String> {
    let cells: Vec<&str> = line.trim_end().split('\t').collect();
    let [name, measure, sex, days, l, m, s] = cells.as_slice() else {
        let what = "seven columns are expected: reference, measure, sex, days, L, M, S; there are";
        return Err(format!("{what} {}", cells.len()));
    };
    let measure = Measure::of(measure)
        .ok_or_else(|| format!("{measure} is no measure: weight, height, head or bmi"))?;
    let sex = Sex::of(sex).ok_or_else(|| format!("{sex} is no sex: female or male"))?;
    let number = |text: &str| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{text} is no number"))
    };
    let lms = Lms { days: number(days)?, l: number(l)?, m: number(m)?, s: number(s)? };
    if lms.days < 0.0 || lms.m <= 0.0 || lms.s <= 0.0 {
        return Err("an age below 0, or M or S not above 0".to_owned());
    }
    Ok((name, measure, sex, lms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lms(measure: Measure, sex: Sex, days: f64) -> Lms {
        References::built_in().at(None, measure, sex, days).unwrap().1
    }

    #[test]
    fn the_built_in_numbers_are_who_s() {
        // Age in days, L, M, S as WHO publishes them for these ages.
        for (measure, sex, days, l, m, s) in [
            (Measure::Weight, Sex::Male, 0.0, 0.3487, 3.3464, 0.14602),
            (Measure::Weight, Sex::Female, 0.0, 0.3809, 3.2322, 0.14171),
            (Measure::Height, Sex::Male, 0.0, 1.0, 49.8842, 0.03795),
            (Measure::Height, Sex::Female, 0.0, 1.0, 49.1477, 0.0379),
            (Measure::Head, Sex::Male, 0.0, 1.0, 34.4618, 0.03686),
            (Measure::Head, Sex::Female, 0.0, 1.0, 33.8787, 0.03496),
            (Measure::Bmi, Sex::Female, 0.0, -0.0631, 13.3363, 0.09272),
            (Measure::Weight, Sex::Male, 365.0, 0.0645, 9.646, 0.10925),
            (Measure::Height, Sex::Male, 730.0, 1.0, 87.8018, 0.03479),
            (Measure::Height, Sex::Male, 731.0, 1.0, 87.1303, 0.03508),
            (Measure::Weight, Sex::Male, 3653.0, -0.6764, 31.1586, 0.16305),
            (Measure::Height, Sex::Male, 6940.0, 1.0, 176.5432, 0.04134),
            (Measure::Height, Sex::Female, 6940.0, 1.0, 163.1548, 0.04009),
            (Measure::Bmi, Sex::Male, 6940.0, -0.8419, 22.1883, 0.12948),
        ] {
            let found = lms(measure, sex, days);
            assert_eq!(found, Lms { days, l, m, s }, "{measure:?} {sex:?} {days}");
        }
    }

    #[test]
    fn a_value_and_its_deviations_belong_together() {
        for (measure, days) in [(Measure::Weight, 100.0), (Measure::Bmi, 4000.0)] {
            let at = lms(measure, Sex::Female, days);
            for z in [-2.5, -1.0, 0.0, 0.3, 1.96, 2.9] {
                assert!((at.z(measure, at.value(z)) - z).abs() < 1e-9, "{measure:?} {z}");
            }
        }
        // WHO's table for boys at birth: 2.5 kg lies two deviations below, 4.4 kg two above.
        let birth = lms(Measure::Weight, Sex::Male, 0.0);
        assert!((birth.value(-2.0) - 2.5).abs() < 0.05 && (birth.value(2.0) - 4.4).abs() < 0.05);
        // Beyond three deviations weight goes on in even steps.
        let (two, three) = (birth.value(2.0), birth.value(3.0));
        let four = birth.z(Measure::Weight, three + (three - two));
        assert!((four - 4.0).abs() < 1e-9, "{four}");
    }

    #[test]
    fn ages_between_two_points_lie_between_their_numbers_and_outside_there_is_none() {
        let all = References::built_in();
        let at = lms(Measure::Weight, Sex::Male, 1000.0);
        assert!(at.m > lms(Measure::Weight, Sex::Male, 990.0).m);
        assert!(at.m < lms(Measure::Weight, Sex::Male, 1010.0).m);
        for (measure, days) in
            [(Measure::Weight, -1.0), (Measure::Weight, 4000.0), (Measure::Head, 2000.0)]
        {
            assert!(all.at(None, measure, Sex::Male, days).is_none(), "{measure:?} {days}");
        }
        assert_eq!(all.at(None, Measure::Height, Sex::Male, 1856.0).unwrap().0, "WHO 2006");
        assert_eq!(all.at(None, Measure::Height, Sex::Male, 1857.0).unwrap().0, "WHO 2007");
    }

    #[test]
    fn an_operator_s_reference_is_used_where_it_covers_and_mistakes_are_told_with_their_line() {
        let file = "# Bergen\nBergen\theight\tmale\t1800\t1\t110\t0.04\nBergen\theight\tmale\t2200\t1\t118\t0.04\n";
        let all = References::with_file(file).unwrap();
        assert_eq!(all.own().collect::<Vec<_>>(), ["Bergen"]);
        let of = |chosen, days| all.at(chosen, Measure::Height, Sex::Male, days).map(|one| one.0);
        assert_eq!(of(None, 1810.0), Some("WHO 2006"));
        assert_eq!(of(None, 2000.0), Some("Bergen"));
        assert_eq!(of(None, 2300.0), Some("WHO 2007"));
        assert_eq!(of(Some("Bergen"), 2300.0), None);
        assert_eq!(of(Some("Bergen"), 1810.0), Some("Bergen"));
        for (file, said) in [
            ("", "no reference"),
            ("Bergen\theight\tmale\t1800\t1\t110", "line 1: seven columns"),
            ("#\nBergen\tlength\tmale\t1800\t1\t110\t0.04", "line 2: length is no measure"),
            ("Bergen\theight\tboy\t1800\t1\t110\t0.04", "boy is no sex"),
            ("Bergen\theight\tmale\t1800\t1\tNaN\t0.04", "NaN is no number"),
            ("Bergen\theight\tmale\t1800\t1\t0\t0.04", "not above 0"),
            ("WHO 2006\theight\tmale\t1800\t1\t110\t0.04", "is built in"),
            ("B\tbmi\tmale\t9\t1\t1\t1\nB\tbmi\tmale\t9\t1\t1\t1", "line 2: ages do not rise"),
        ] {
            let problem = References::with_file(file).unwrap_err().to_string();
            assert!(problem.contains(said) && problem.contains("WEB-260"), "{file}: {problem}");
        }
    }
}
