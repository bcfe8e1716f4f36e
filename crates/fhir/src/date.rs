//! Dates and times with the precision they were written with, as intervals of time.
//!
//! `2024-05` is the whole of May 2024; a value without a zone is taken in the zone the caller
//! gives, Norway's by default. One reader for what resources hold ([`DateTime::parse_date`],
//! [`DateTime::parse_date_time`], [`DateTime::parse_instant`], [`TimeOfDay::parse`]) and one for
//! what searches say ([`DateTime::parse_search`]).
//! Standard: <https://hl7.org/fhir/R4/datatypes.html#dateTime>, `search.html#date`

use std::fmt;
use std::sync::OnceLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The zone of values without one.
pub const ZONE: &str = "Europe/Oslo";

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// Norway's time zone, from the rules compiled in.
pub fn norway() -> &'static TimeZone {
    static NORWAY: OnceLock<TimeZone> = OnceLock::new();
    NORWAY.get_or_init(|| TimeZone::get(ZONE).unwrap_or(TimeZone::UTC))
}

/// `[start, end)` in milliseconds since 1970-01-01T00:00:00Z; open ends are `i64::MIN` and
/// `i64::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// First millisecond.
    pub start: i64,
    /// First millisecond after.
    pub end: i64,
}

/// Why a text is not a date, dateTime, instant or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateError {
    /// It does not have the form that the type asks for.
    Form,
    /// The form is right, but the calendar has no such day.
    NoSuchDay,
    /// A time of day without a time zone, where one is needed.
    NoZone,
}

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => {
                "the form is YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone"
            }
            Self::NoSuchDay => "the calendar has no such day",
            Self::NoZone => "a time of day needs a time zone: Z or +hh:mm",
        })
    }
}

/// How exactly something was written. Ordered from coarse to fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Precision {
    Year,
    Month,
    Day,
    Minute,
    Second,
    /// This many digits after the second's point, at least one.
    Fraction(u8),
}

/// A time of day as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeOfDay {
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
    /// 0–60 (a leap second), 0 when only minutes were given.
    pub second: u8,
    /// Nanoseconds; digits beyond the ninth are dropped.
    pub nanosecond: u32,
    /// `Minute`, `Second` or `Fraction`.
    pub precision: Precision,
}

/// A date, dateTime or instant as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// 1–9999.
    pub year: i16,
    /// 1–12; 1 when not given.
    pub month: u8,
    /// 1–31; 1 when not given.
    pub day: u8,
    /// Present when a time was given.
    pub time: Option<TimeOfDay>,
    /// Minutes east of UTC, when a zone was given.
    pub offset_minutes: Option<i16>,
    /// How exact.
    pub precision: Precision,
}

/// Reads digits and marks from the front of a text.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (front, rest) = self.0.split_at_checked(digits)?;
        let mut value = 0;
        for byte in front {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(byte - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    fn mark(&mut self, mark: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == mark => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn in_range(&mut self, low: u32, high: u32) -> Option<u8> {
        self.number(2).filter(|n| (low..=high).contains(n)).map(|n| n as u8)
    }

    /// `hh:mm[:ss[.fff]]`.
    fn time(&mut self) -> Option<TimeOfDay> {
        let hour = self.in_range(0, 23)?;
        if !self.mark(b':') {
            return None;
        }
        let minute = self.in_range(0, 59)?;
        let mut time =
            TimeOfDay { hour, minute, second: 0, nanosecond: 0, precision: Precision::Minute };
        if self.mark(b':') {
            time.second = self.in_range(0, 60)?;
            time.precision = Precision::Second;
            if self.mark(b'.') {
                self.fraction(&mut time)?;
            }
        }
        Some(time)
    }

    fn fraction(&mut self, time: &mut TimeOfDay) -> Option<()> {
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let mut scale = 100_000_000;
        for byte in self.0.iter().take(digits) {
            time.nanosecond += u32::from(byte - b'0') * scale;
            scale /= 10;
        }
        time.precision = Precision::Fraction(u8::try_from(digits).unwrap_or(u8::MAX));
        self.0 = self.0.get(digits..)?;
        Some(())
    }

    /// `Z`, `+hh:mm`, `-hh:mm`; `Some(None)` when nothing is left.
    fn zone(&mut self, space_is_plus: bool) -> Option<Option<i16>> {
        if self.0.is_empty() {
            return Some(None);
        }
        if self.mark(b'Z') {
            return self.0.is_empty().then_some(Some(0));
        }
        let east = self.mark(b'+') || (space_is_plus && self.mark(b' '));
        if !east && !self.mark(b'-') {
            return None;
        }
        let hours = i16::from(self.in_range(0, 14)?);
        if !self.mark(b':') {
            return None;
        }
        let minutes = hours * 60 + i16::from(self.in_range(0, 59)?);
        let sign = if east { 1 } else { -1 };
        (self.0.is_empty() && minutes <= 14 * 60).then_some(Some(sign * minutes))
    }
}

impl TimeOfDay {
    /// A FHIR `time`: `hh:mm:ss` with any fraction, no zone.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let mut reader = Reader(text.as_bytes());
        let time = reader.time().ok_or(DateError::Form)?;
        let whole = reader.0.is_empty() && time.precision >= Precision::Second;
        whole.then_some(time).ok_or(DateError::Form)
    }

    /// Milliseconds since midnight.
    pub fn milliseconds(self) -> i64 {
        let minutes = i64::from(self.hour) * 60 + i64::from(self.minute);
        (minutes * 60 + i64::from(self.second)) * 1000 + i64::from(self.nanosecond / 1_000_000)
    }
}

impl DateTime {
    /// A FHIR `date`: year, month or day.
    pub fn parse_date(text: &str) -> Result<Self, DateError> {
        let date = Self::parse(text, false)?;
        if date.time.is_some() { Err(DateError::Form) } else { Ok(date) }
    }

    /// A FHIR `dateTime`: as a date, or to the second with a zone.
    pub fn parse_date_time(text: &str) -> Result<Self, DateError> {
        let date = Self::parse(text, false)?;
        match date.precision {
            Precision::Minute => Err(DateError::Form),
            Precision::Second | Precision::Fraction(_) if date.offset_minutes.is_none() => {
                Err(DateError::NoZone)
            }
            Precision::Year
            | Precision::Month
            | Precision::Day
            | Precision::Second
            | Precision::Fraction(_) => Ok(date),
        }
    }

    /// A FHIR `instant`: to the second or finer, with a zone.
    pub fn parse_instant(text: &str) -> Result<Self, DateError> {
        let date = Self::parse_date_time(text)?;
        if date.time.is_some() { Ok(date) } else { Err(DateError::Form) }
    }

    /// What a search may say: any precision including minutes, the zone left out or not, and a
    /// space where a `+` was not percent-encoded.
    pub fn parse_search(text: &str) -> Result<Self, DateError> {
        Self::parse(text, true)
    }

    fn parse(text: &str, space_is_plus: bool) -> Result<Self, DateError> {
        let mut reader = Reader(text.as_bytes());
        let year = reader.number(4).filter(|year| *year > 0).ok_or(DateError::Form)?;
        let mut date = Self {
            year: year as i16,
            month: 1,
            day: 1,
            time: None,
            offset_minutes: None,
            precision: Precision::Year,
        };
        if reader.mark(b'-') {
            date.month = reader.in_range(1, 12).ok_or(DateError::Form)?;
            date.precision = Precision::Month;
            if reader.mark(b'-') {
                date.day = reader.in_range(1, 31).ok_or(DateError::Form)?;
                date.precision = Precision::Day;
                if date.day > days_in_month(date.year, date.month) {
                    return Err(DateError::NoSuchDay);
                }
                if reader.mark(b'T') {
                    let time = reader.time().ok_or(DateError::Form)?;
                    date.precision = time.precision;
                    date.time = Some(time);
                    date.offset_minutes = reader.zone(space_is_plus).ok_or(DateError::Form)?;
                }
            }
        }
        reader.0.is_empty().then_some(date).ok_or(DateError::Form)
    }

    /// The time it covers; a value without a zone is taken in `zone` (see [`norway`]).
    pub fn interval(&self, zone: &TimeZone) -> Interval {
        let (year, month) = (self.year, self.month);
        match self.precision {
            Precision::Year => Interval {
                start: midnight(year, 1, 1, zone),
                end: midnight(year.saturating_add(1), 1, 1, zone),
            },
            Precision::Month => {
                let (next_year, next_month) =
                    if month == 12 { (year.saturating_add(1), 1) } else { (year, month + 1) };
                Interval {
                    start: midnight(year, month, 1, zone),
                    end: midnight(next_year, next_month, 1, zone),
                }
            }
            Precision::Day => {
                let day = days_from_1970(year, month, self.day);
                Interval { start: midnight_of(day, zone), end: midnight_of(day + 1, zone) }
            }
            Precision::Minute => self.lasting(zone, MINUTE_MS),
            Precision::Second => self.lasting(zone, 1000),
            Precision::Fraction(1) => self.lasting(zone, 100),
            Precision::Fraction(2) => self.lasting(zone, 10),
            Precision::Fraction(_) => self.lasting(zone, 1),
        }
    }

    /// As [`DateTime::interval`], in Norway's zone.
    pub fn interval_in_norway(&self) -> Interval {
        self.interval(norway())
    }

    fn lasting(&self, zone: &TimeZone, length: i64) -> Interval {
        let time = self.time.map_or(0, TimeOfDay::milliseconds);
        let local = days_from_1970(self.year, self.month, self.day) * DAY_MS + time;
        let start = match self.offset_minutes {
            Some(offset) => local - i64::from(offset) * MINUTE_MS,
            None => local_to_utc(local, zone),
        };
        Interval { start, end: start + length }
    }
}

/// Days in a month of the Gregorian calendar.
pub fn days_in_month(year: i16, month: u8) -> u8 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
fn days_from_1970(year: i16, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn midnight(year: i16, month: u8, day: u8, zone: &TimeZone) -> i64 {
    midnight_of(days_from_1970(year, month, day), zone)
}

fn midnight_of(day: i64, zone: &TimeZone) -> i64 {
    local_to_utc(day * DAY_MS, zone)
}

/// A local time in `zone` as UTC; in a gap the time after it, in a fold the first of the two.
fn local_to_utc(local_ms: i64, zone: &TimeZone) -> i64 {
    // The calendar repeats after 400 years. The last day of 9999, often written for "forever", is
    // beyond the zone library's reach; its twin is not.
    const CYCLE_MS: i64 = 146_097 * DAY_MS;
    const YEAR_9999_MS: i64 = 253_370_764_800_000;
    if local_ms >= YEAR_9999_MS {
        return local_to_utc(local_ms - CYCLE_MS, zone) + CYCLE_MS;
    }
    let day = local_ms.div_euclid(DAY_MS);
    let Some(date) = civil(day) else {
        return local_ms;
    };
    let rest = local_ms.rem_euclid(DAY_MS);
    let (minutes, milliseconds) = (rest / MINUTE_MS, rest % MINUTE_MS);
    let time = date.at((minutes / 60) as i8, (minutes % 60) as i8, 0, 0);
    match zone.to_timestamp(time) {
        Ok(timestamp) => timestamp.as_millisecond() + milliseconds,
        Err(_) => local_ms,
    }
}

fn civil(days: i64) -> Option<Date> {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> (i64, i64) {
        let interval = DateTime::parse_search(text).unwrap().interval_in_norway();
        let base = DateTime::parse_instant("2024-05-01T00:00:00Z").unwrap();
        let base = base.interval_in_norway().start;
        ((interval.start - base) / 3_600_000, (interval.end - base) / 3_600_000)
    }

    #[test]
    fn dates_without_zone_are_norwegian() {
        assert_eq!(hours("2024-05-01"), (-2, 22));
        assert_eq!(hours("2024-05-01T10:00:00"), (8, 8));
        assert_eq!(hours("2024-05-01T10:00"), (8, 8));
        // Winter time: one hour ahead. The 31st of March has 23 hours.
        assert_eq!(hours("2024-03-30"), (-32 * 24 - 1, -31 * 24 - 1));
        assert_eq!(hours("2024-03-31"), (-31 * 24 - 1, -30 * 24 - 2));
        assert_eq!(hours("2024-05"), (-2, 31 * 24 - 2));
    }

    #[test]
    fn precision_decides_the_length() {
        for (text, length) in [
            ("2024-05-01T10:00Z", 60_000),
            ("2024-05-01T10:00:00Z", 1000),
            ("2024-05-01T10:00:00.1Z", 100),
            ("2024-05-01T10:00:00.12Z", 10),
            ("2024-05-01T10:00:00.123+02:00", 1),
            ("2024-05-01T10:00:00.123456789Z", 1),
            ("2023", 365 * 86_400_000),
            ("2024", 366 * 86_400_000),
            ("2024-02", 29 * 86_400_000),
            ("9999-12", 31 * 86_400_000),
        ] {
            let interval = DateTime::parse_search(text).unwrap().interval_in_norway();
            assert_eq!(interval.end - interval.start, length, "{text}");
        }
    }

    #[test]
    fn zones_are_read() {
        let start = |text| DateTime::parse_search(text).unwrap().interval_in_norway().start;
        assert_eq!(start("1970-01-01T00:00:00Z"), 0);
        assert_eq!(start("1970-01-01T01:00:00+01:00"), 0);
        assert_eq!(start("1970-01-01T01:00:00 01:00"), 0);
        assert_eq!(start("1969-12-31T19:00:00-05:00"), 0);
        assert_eq!(start("1970-01-01T00:00:01.5Z"), 1500);
        assert_eq!(start("2016-12-31T23:59:60Z"), start("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn the_forms_of_each_type_are_kept_apart() {
        use DateError::{Form, NoSuchDay, NoZone};
        let date = |text| DateTime::parse_date(text).err();
        let date_time = |text| DateTime::parse_date_time(text).err();
        let instant = |text| DateTime::parse_instant(text).err();
        for good in ["2024", "2024-02", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!((date(good), date_time(good)), (None, None), "{good}");
            assert_eq!(instant(good), Some(Form), "{good}");
        }
        for bad in ["", "24", "0000", "2024-", "2024-13", "2024-00", "2024-1-1", "2024-01-01 "] {
            assert_eq!((date(bad), date_time(bad)), (Some(Form), Some(Form)), "{bad}");
        }
        assert_eq!(date("2023-02-29"), Some(NoSuchDay));
        assert_eq!(date("1900-02-29"), Some(NoSuchDay));
        assert_eq!(date("2024-01-01T00:00:00Z"), Some(Form));
        assert_eq!(date_time("2024-01-01T00:00:00"), Some(NoZone));
        assert_eq!(date_time("2024-01-01T00:00Z"), Some(Form));
        assert_eq!(date_time("2024-01-01T24:00:00Z"), Some(Form));
        assert_eq!(date_time("2024-01-01T00:00:00+14:01"), Some(Form));
        assert_eq!(date_time("2024-01-01T00:00:00 01:00"), Some(Form));
        assert_eq!(instant("2015-02-07T13:28:17.239+02:00"), None);
    }

    #[test]
    fn times_are_read() {
        assert_eq!(TimeOfDay::parse("23:59:59.5").map(TimeOfDay::milliseconds), Ok(86_399_500));
        for bad in ["", "24:00:00", "12:00", "12:60:00", "12:00:61", "12:00:00Z", "12:00:00."] {
            assert_eq!(TimeOfDay::parse(bad), Err(DateError::Form), "{bad}");
        }
    }
}
