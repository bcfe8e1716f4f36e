//! Dates and times as they stand in FHIR, in Norwegian local time, written as Norwegians write them.
//!
//! Not here: searching by date (`store`), exact intervals of a partial date (`fhir`).
//! Standard: https://hl7.org/fhir/R4/datatypes.html#dateTime

use std::sync::LazyLock;

use akson_base::Instant;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::messages::{t, tf};

/// Where the readers are.
static OSLO: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Oslo").unwrap_or(TimeZone::UTC));

/// How much of a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    Year,
    Month,
    Day,
    Minute,
}

/// A point or stretch of local time; ordered by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    start: DateTime,
    precision: Precision,
}

impl Moment {
    /// Reads a FHIR `date`, `dateTime` or `instant`; `None` when it is none of them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let day_form = |year: &str, month: &str, day: &str| {
            Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
        };
        let (date, precision) = match text.len() {
            4 => (day_form(text, "1", "1")?, Precision::Year),
            7 => (day_form(text.get(..4)?, text.get(5..)?, "1")?, Precision::Month),
            10 => (day_form(text.get(..4)?, text.get(5..7)?, text.get(8..)?)?, Precision::Day),
            _ => {
                let timestamp: Timestamp = text.parse().ok()?;
                return Some(Self::at(timestamp));
            }
        };
        Some(Self { start: date.to_datetime(jiff::civil::Time::midnight()), precision })
    }

    fn at(timestamp: Timestamp) -> Self {
        Self { start: OSLO.to_datetime(timestamp), precision: Precision::Minute }
    }

    /// A point of the clock.
    pub(crate) fn from_instant(instant: Instant) -> Self {
        Self::at(Timestamp::from_millisecond(instant.0).unwrap_or_default())
    }

    /// A whole day.
    pub(crate) fn day(date: Date) -> Self {
        Self { start: date.to_datetime(jiff::civil::Time::midnight()), precision: Precision::Day }
    }

    /// The (first) day.
    pub(crate) fn date(self) -> Date {
        self.start.date()
    }

    /// The time of day; midnight when it is not known.
    pub(crate) fn time(self) -> jiff::civil::Time {
        self.start.time()
    }

    /// The beginning, in local time.
    pub(crate) fn start(self) -> DateTime {
        self.start
    }

    /// The year.
    pub(crate) fn year(self) -> i16 {
        self.start.year()
    }

    /// Days since 1970, fractions included: the horizontal axis of trends.
    pub(crate) fn axis_days(self) -> f64 {
        let days = days_between(Date::constant(1970, 1, 1), self.date());
        days as f64
            + (f64::from(self.start.hour()) * 60.0 + f64::from(self.start.minute())) / 1440.0
    }

    /// `i dag`, `i går`, `i morgen`, `18. nov` within a year, else `18.11.2024`; `2019`, `mars 2019` when that
    /// is all that is known.
    pub(crate) fn short(self, today: Date) -> String {
        if self.precision < Precision::Day {
            return self.long();
        }
        let age = days_between(self.date(), today);
        match age {
            0 => t("date.today").to_owned(),
            1 => t("date.yesterday").to_owned(),
            -1 => t("date.tomorrow").to_owned(),
            -320..=320 => day_month(self.date()),
            _ => self.long(),
        }
    }

    /// `18.11.2026`, `mars 2026` or `2026`.
    pub(crate) fn long(self) -> String {
        let (year, month, day) = (self.start.year(), self.start.month(), self.start.day());
        match self.precision {
            Precision::Year => format!("{year}"),
            Precision::Month => format!("{} {year}", month_long(month)),
            Precision::Day | Precision::Minute => format!("{day:02}.{month:02}.{year}"),
        }
    }

    /// `18.11.2026 kl. 14.05`; without the time when it is not known.
    pub(crate) fn with_time(self) -> String {
        match self.precision {
            Precision::Minute => {
                let time = format!("{:02}.{:02}", self.start.hour(), self.start.minute());
                tf("date.with-time", &[("date", &self.long()), ("time", &time)])
            }
            Precision::Year | Precision::Month | Precision::Day => self.long(),
        }
    }

    /// `14.05`, when the time of day is known.
    pub(crate) fn clock(self) -> Option<String> {
        let time = format!("{:02}.{:02}", self.start.hour(), self.start.minute());
        (self.precision == Precision::Minute).then_some(time)
    }

    /// For the `datetime` attribute of `<time>`.
    pub(crate) fn machine(self) -> String {
        let (year, month, day) = (self.start.year(), self.start.month(), self.start.day());
        match self.precision {
            Precision::Year => format!("{year:04}"),
            Precision::Month => format!("{year:04}-{month:02}"),
            Precision::Day => format!("{year:04}-{month:02}-{day:02}"),
            Precision::Minute => {
                let (hour, minute) = (self.start.hour(), self.start.minute());
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")
            }
        }
    }
}

/// A date as people type it, `31.12.2026`, or as a date field sends it, `2026-12-31`.
pub(crate) fn parse_date(typed: &str) -> Option<Date> {
    let typed = typed.trim();
    if let Ok(date) = typed.parse::<Date>()
        && typed.len() == 10
    {
        return Some(date);
    }
    let mut parts = typed.split('.').map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A point of the clock as FHIR's dateTime, on Norway's clocks, to the second.
pub(crate) fn iso(instant: Instant) -> String {
    let moment = jiff::Timestamp::from_millisecond(instant.0).unwrap_or_default();
    let moment = moment.to_zoned(OSLO.clone());
    moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The local hour of a point of the clock, 0 to 23.
pub(crate) fn hour_of(instant: Instant) -> i8 {
    Moment::from_instant(instant).start.hour()
}

/// A local time as a FHIR `dateTime`, `2026-11-22T08:00:00+01:00`.
pub(crate) fn in_oslo(at: DateTime) -> Option<String> {
    let zoned = at.to_zoned(OSLO.clone()).ok()?;
    Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The point of the clock of a local time, in milliseconds.
pub(crate) fn millisecond_in_oslo(at: DateTime) -> Option<i64> {
    Some(at.to_zoned(OSLO.clone()).ok()?.timestamp().as_millisecond())
}

/// The local day of a point of the clock.
pub(crate) fn local_day(instant: Instant) -> Date {
    Moment::from_instant(instant).date()
}

/// Days from one date to another; negative when `to` is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    // Both ends are within jiff's years ±9999, so the span in days always exists.
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// Whole years lived on a day; `None` before birth.
pub(crate) fn age_years(birth: Date, on: Date) -> Option<i16> {
    let had_birthday = (on.month(), on.day()) >= (birth.month(), birth.day());
    let years = on.year() - birth.year() - i16::from(!had_birthday);
    (years >= 0).then_some(years)
}

/// `74 år`, `7 måneder`, `12 dager`.
pub(crate) fn age(birth: Moment, on: Date) -> Option<String> {
    let years = age_years(birth.date(), on)?;
    let days = days_between(birth.date(), on);
    if years >= 2 || birth.precision < Precision::Day {
        return Some(tf("date.years", &[("n", &years.to_string())]));
    }
    let months = (on.year() - birth.date().year()) * 12 + i16::from(on.month())
        - i16::from(birth.date().month())
        - i16::from(on.day() < birth.date().day());
    Some(match months {
        ..1 => tf("date.days", &[("n", &days.to_string())]),
        1 => tf("date.month", &[]),
        _ => tf("date.months", &[("n", &months.to_string())]),
    })
}

/// `i dag`, `i morgen`, `tirsdag 24. november`; with the year when it is another.
pub(crate) fn day_words(day: Date, today: Date) -> String {
    match days_between(day, today) {
        0 => return t("date.today").to_owned(),
        1 => return t("date.yesterday").to_owned(),
        -1 => return t("date.tomorrow").to_owned(),
        _ => {}
    }
    let number = day.weekday().to_monday_one_offset().to_string();
    let weekday = crate::messages::code("weekday", &number).unwrap_or("");
    let (of_month, month) = (day.day().to_string(), month_long(day.month()));
    let words = [("weekday", weekday), ("day", &*of_month), ("month", month)];
    let words = tf("date.day-words", &words);
    if day.year() == today.year() { words } else { format!("{words} {}", day.year()) }
}

/// `18. nov`
pub(crate) fn day_month(day: Date) -> String {
    let (of_month, month) = (day.day().to_string(), month_short(day.month()));
    tf("date.day-month", &[("day", &of_month), ("month", month)])
}

/// `nov`
pub(crate) fn month_short(month: i8) -> &'static str {
    crate::messages::code("month-short", &month.to_string()).unwrap_or("")
}

/// `fredag 21. november`
pub(crate) fn weekday_and_date(day: Date) -> String {
    let number = day.weekday().to_monday_one_offset().to_string();
    let weekday = crate::messages::code("weekday", &number).unwrap_or("");
    let (of_month, month) = (day.day().to_string(), month_long(day.month()));
    tf("date.day-words", &[("weekday", weekday), ("day", &of_month), ("month", month)])
}

/// `november`
pub(crate) fn month_long(month: i8) -> &'static str {
    crate::messages::code("month", &month.to_string()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 21);

    #[test]
    fn moments_are_written_the_norwegian_way_in_local_time() {
        for (text, short, long) in [
            ("2026-11-21", "i dag", "21.11.2026"),
            ("2026-11-20T08:00:00Z", "i går", "20.11.2026"),
            ("2026-11-18", "18. nov", "18.11.2026"),
            ("2024-11-18", "18.11.2024", "18.11.2024"),
            ("2019", "2019", "2019"),
            ("2019-03", "mars 2019", "mars 2019"),
            ("2026-11-22", "i morgen", "22.11.2026"),
            ("2027-01-02", "2. jan", "02.01.2027"),
            ("2028-01-02", "02.01.2028", "02.01.2028"),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!(moment.short(TODAY), short, "{text}");
            assert_eq!(moment.long(), long, "{text}");
        }
    }

    #[test]
    fn words_of_dates_follow_the_reader_and_figures_do_not() {
        use crate::messages::{Language, speaking};
        let day = Date::constant(2026, 11, 18);
        for (language, short, words) in [
            (Language::Bokmal, "18. nov", "onsdag 18. november"),
            (Language::Nynorsk, "18. nov", "onsdag 18. november"),
            (Language::English, "18 Nov", "Wednesday 18 November"),
        ] {
            speaking(language, || {
                assert_eq!(Moment::day(day).short(TODAY), short);
                assert_eq!(weekday_and_date(day), words);
                assert_eq!(Moment::day(day).long(), "18.11.2026");
            });
        }
    }

    #[test]
    fn utc_is_shown_in_oslo_time_also_over_midnight_and_in_summer() {
        let winter = Moment::parse("2026-11-20T23:30:00Z").unwrap();
        assert_eq!(winter.with_time(), "21.11.2026 kl. 00.30");
        let summer = Moment::parse("2026-07-01T12:05:00+00:00").unwrap();
        assert_eq!(summer.with_time(), "01.07.2026 kl. 14.05");
        assert_eq!(summer.machine(), "2026-07-01T14:05");
    }

    #[test]
    fn ages_are_whole_and_small_children_have_months_and_days() {
        for (birth, expected) in [
            ("1952-11-21", "74 år"),
            ("1952-11-22", "73 år"),
            ("2026-04-21", "7 måneder"),
            ("2026-10-21", "1 måned"),
            ("2026-11-09", "12 dager"),
            ("1952", "74 år"),
        ] {
            let birth = Moment::parse(birth).unwrap();
            assert_eq!(age(birth, TODAY).as_deref(), Some(expected));
        }
        assert_eq!(age(Moment::day(Date::constant(2027, 1, 1)), TODAY), None);
    }

    #[test]
    fn typed_dates_are_read_both_ways() {
        let expected = Some(Date::constant(2026, 12, 1));
        for typed in ["2026-12-01", "01.12.2026", "1.12.2026", " 1. 12. 2026 "] {
            assert_eq!(parse_date(typed), expected, "{typed}");
        }
        for typed in ["", "1.12.26", "31.2.2026", "2026-13-01", "12/01/2026", "1.2.3.2026"] {
            assert_eq!(parse_date(typed), None, "{typed}");
        }
    }

    #[test]
    fn what_is_no_date_is_no_moment() {
        for text in ["", "20x6", "2026-13", "2026-02-30", "yesterday at noon"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
