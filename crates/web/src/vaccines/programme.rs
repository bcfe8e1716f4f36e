//! The table of vaccines (`clinical/vaccines.tsv`): which are offered, at what age, and which codes count.
//!
//! Not here: what it means for one person (`vaccines`).

use std::sync::LazyLock;

use jiff::civil::Date;

use crate::chart::Sex;

const TABLE: &str = include_str!("../../clinical/vaccines.tsv");

/// The programme.
pub(crate) static PROGRAMME: LazyLock<Programme> = LazyLock::new(|| Programme::read(TABLE));

/// First month and day of the school year, and the last day of it.
const SCHOOL_BEGINS: (i8, i8) = (8, 15);
const SCHOOL_ENDS: (i8, i8) = (6, 30);

/// What is offered to whom.
#[derive(Debug, Default)]
pub(crate) struct Programme {
    codes: Vec<(&'static str, Vec<&'static str>)>,
    /// In the order of the table, which is the order of age.
    pub(crate) offers: Vec<Offer>,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Offer {
    /// What counts as the same vaccine: doses are numbered within it.
    pub(crate) line: &'static str,
    /// The word for it, in `code-vaccine`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) born: Option<Date>,
    pub(crate) sex: Option<Sex>,
    /// Who says so.
    pub(crate) source: &'static str,
}

/// How it is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A dose of the programme for children.
    Dose { number: usize, at: At, late: Option<Age>, apart: Option<Age>, until: Option<Age> },
    /// To everybody from an age, again after so many years.
    Every { from: Age, years: i16 },
    /// To everybody from an age; whether it is given again is assessed after so many years.
    Once { from: Age, years: i16 },
    /// To everybody from an age in these months of every winter.
    Season { from: Age, first: i8, last: i8 },
}

/// When a dose is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Age(Age),
    /// The grade at school; the first begins in the year in which a child turns six.
    Grade(i16),
}

/// An age, or a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Age {
    Weeks(i32),
    Months(i32),
    Years(i32),
}

impl Age {
    fn read(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number = number.parse().ok()?;
        match unit {
            "w" => Some(Self::Weeks(number)),
            "m" => Some(Self::Months(number)),
            "y" => Some(Self::Years(number)),
            _ => None,
        }
    }

    /// The day that lies so long after another.
    pub(crate) fn after(self, day: Date) -> Date {
        let span = jiff::Span::new();
        day.saturating_add(match self {
            Self::Weeks(weeks) => span.weeks(weeks),
            Self::Months(months) => span.months(months),
            Self::Years(years) => span.years(years),
        })
    }
}

impl At {
    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("grade") {
            Some(grade) => Some(Self::Grade(grade.parse().ok()?)),
            None => Age::read(text).map(Self::Age),
        }
    }

    /// The first day on which it is offered to somebody born on a day.
    pub(crate) fn first_day(self, birth: Date) -> Date {
        match self {
            Self::Age(age) => age.after(birth),
            Self::Grade(grade) => school_day(birth, grade, SCHOOL_BEGINS),
        }
    }

    /// The day from which it is overdue.
    pub(crate) fn late_day(self, birth: Date, late: Option<Age>) -> Date {
        match self {
            Self::Age(age) => late.map_or_else(|| age.after(birth), |l| l.after(age.after(birth))),
            Self::Grade(grade) => school_day(birth, grade + 1, SCHOOL_ENDS),
        }
    }
}

/// A day in the calendar year in which a grade begins.
fn school_day(birth: Date, grade: i16, (month, day): (i8, i8)) -> Date {
    Date::new(birth.year().saturating_add(5 + grade), month, day).unwrap_or(birth)
}

impl Programme {
    fn read(table: &'static str) -> Self {
        let mut all = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&'static str> = line.split('\t').collect();
            match *cells.as_slice() {
                ["codes", line, codes, _source] => {
                    all.codes.push((line, codes.split(' ').collect()));
                }
                [kind, line, number, name, at, late, apart, until, born, sex, source] => {
                    let kind = Kind::read(kind, number, at, late, (apart, until));
                    let sex = match sex {
                        "female" => Some(Sex::Female),
                        "male" => Some(Sex::Male),
                        _ => None,
                    };
                    let born = born.parse().ok();
                    all.offers.extend(kind.map(|kind| Offer {
                        line,
                        name,
                        kind,
                        born,
                        sex,
                        source,
                    }));
                }
                _ => {}
            }
        }
        all
    }

    /// The vaccines that an ATC code counts as.
    pub(crate) fn lines_of(&self, atc: &str) -> impl Iterator<Item = &'static str> {
        let counts = move |codes: &[&str]| codes.iter().any(|code| atc.starts_with(code));
        self.codes.iter().filter(move |(_, codes)| counts(codes)).map(|(line, _)| *line)
    }
}

impl Kind {
    fn read(
        kind: &str,
        number: &str,
        at: &str,
        late: &str,
        (apart, until): (&str, &str),
    ) -> Option<Self> {
        Some(match kind {
            "dose" => Self::Dose {
                number: number.parse().ok()?,
                at: At::read(at)?,
                late: Age::read(late),
                apart: Age::read(apart),
                until: Age::read(until),
            },
            "every" => Self::Every { from: Age::read(at)?, years: late.parse().ok()? },
            "once" => Self::Once { from: Age::read(at)?, years: late.parse().ok()? },
            "season" => {
                let (first, last) = late.split_once('-')?;
                let (first, last) = (first.parse().ok()?, last.parse().ok()?);
                Self::Season { from: Age::read(at)?, first, last }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_has_a_source() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(PROGRAMME.codes.len() + PROGRAMME.offers.len(), lines);
        for offer in &PROGRAMME.offers {
            assert!(offer.source.starts_with("https://"), "{offer:?}");
            assert!(PROGRAMME.codes.iter().any(|(line, _)| *line == offer.line), "{offer:?}");
            assert!(crate::messages::code("vaccine", offer.name).is_some(), "{offer:?}");
        }
    }

    #[test]
    fn grades_begin_in_the_year_in_which_a_child_turns_six() {
        let birth = Date::constant(2014, 12, 30);
        assert_eq!(At::Grade(1).first_day(birth), Date::constant(2020, 8, 15));
        assert_eq!(At::Grade(2).first_day(birth), Date::constant(2021, 8, 15));
        assert_eq!(At::Grade(2).late_day(birth, None), Date::constant(2022, 6, 30));
    }

    #[test]
    fn codes_count_as_what_they_protect_against() {
        let lines = |code: &str| PROGRAMME.lines_of(code).collect::<Vec<_>>();
        assert_eq!(lines("J07CA09"), ["dtp"]);
        assert_eq!(lines("J07BD52"), ["mmr"]);
        assert_eq!(lines("J07BD01"), [""; 0], "measles alone is not all three");
        assert_eq!(lines("N02BE01"), [""; 0]);
    }
}
