//! FHIRPath's dates, dateTimes and times with their precision.
//!
//! Unlike a FHIR element, a FHIRPath dateTime may end after the hour, and comparing two of
//! different precision may have no answer.
//! Standard: <http://hl7.org/fhirpath/N1/#datetime-comparison>

use std::cmp::Ordering;
use std::fmt;

use akson_base::Instant;

/// How much of a [`Moment`] is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2015`.
    Year,
    /// `2015-02`.
    Month,
    /// `2015-02-04`.
    Day,
    /// `2015-02-04T14`.
    Hour,
    /// `2015-02-04T14:30`.
    Minute,
    /// `2015-02-04T14:30:28`.
    Second,
    /// `2015-02-04T14:30:28.123`.
    Millisecond,
}

/// A date, a dateTime or a time; the value that holds it says which. Fields beyond the precision
/// are at their smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 1 to 9999; 1 for a time.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59 (60 in a leap second).
    pub second: u8,
    /// 0 to 999.
    pub millisecond: u16,
    /// What is known.
    pub precision: Precision,
    /// Minutes east of UTC, when told.
    pub offset: Option<i16>,
}

const BLANK: Moment = Moment {
    year: 1,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    millisecond: 0,
    precision: Precision::Year,
    offset: None,
};

const DAY_MILLISECONDS: i64 = 86_400_000;

fn days_in_month(year: i32, month: u8) -> u8 {
    crate::date::days_in_month(year as i16, month)
}

/// Days since 1970-01-01 (Howard Hinnant's civil calendar algorithm).
fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, day)
}

fn two_digits(text: &str, max: u8) -> Option<u8> {
    let number: u8 = (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())??;
    (number <= max).then_some(number)
}

impl Moment {
    /// `2015`, `2015-02`, `2015-02-04`; `None` when it is not a day that exists.
    pub fn parse_date(text: &str) -> Option<Moment> {
        let mut parts = text.split('-');
        let year = parts.next()?;
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut moment = Moment { year: year.parse().ok()?, ..BLANK };
        if let Some(month) = parts.next() {
            moment.month = two_digits(month, 12)?;
            moment.precision = Precision::Month;
        }
        if let Some(day) = parts.next() {
            moment.day = two_digits(day, days_in_month(moment.year, moment.month))?;
            moment.precision = Precision::Day;
        }
        let exists = moment.year > 0 && moment.month > 0 && moment.day > 0;
        (exists && parts.next().is_none()).then_some(moment)
    }

    /// `14`, `14:30`, `14:30:28`, `14:30:28.123` (further digits are dropped).
    pub fn parse_time(text: &str) -> Option<Moment> {
        let mut moment = BLANK;
        moment.read_time(text)?;
        Some(moment)
    }

    /// A date, followed or not by `T`, a time and a zone.
    pub fn parse_date_time(text: &str) -> Option<Moment> {
        let Some((date, rest)) = text.split_once('T') else {
            return Moment::parse_date(text);
        };
        let mut moment = Moment::parse_date(date)?;
        if rest.is_empty() {
            return Some(moment);
        }
        if moment.precision != Precision::Day {
            return None;
        }
        let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
        let (time, zone) = rest.split_at_checked(zone_at)?;
        moment.read_time(time)?;
        moment.offset = match zone {
            "" => None,
            "Z" => Some(0),
            _ => {
                let (sign, clock) = zone.split_at_checked(1)?;
                let (hours, minutes) = clock.split_once(':')?;
                let minutes =
                    i16::from(two_digits(hours, 14)?) * 60 + i16::from(two_digits(minutes, 59)?);
                Some(if sign == "-" { -minutes } else { minutes })
            }
        };
        Some(moment)
    }

    fn read_time(&mut self, text: &str) -> Option<()> {
        let (clock, fraction) = match text.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (text, None),
        };
        let mut parts = clock.split(':');
        self.hour = two_digits(parts.next()?, 23)?;
        self.precision = Precision::Hour;
        if let Some(minute) = parts.next() {
            self.minute = two_digits(minute, 59)?;
            self.precision = Precision::Minute;
        }
        if let Some(second) = parts.next() {
            self.second = two_digits(second, 60)?;
            self.precision = Precision::Second;
        }
        if let Some(fraction) = fraction {
            if self.precision != Precision::Second
                || fraction.is_empty()
                || !fraction.bytes().all(|b| b.is_ascii_digit())
            {
                return None;
            }
            let digits = fraction.bytes().chain([b'0', b'0']).take(3);
            self.millisecond = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
            self.precision = Precision::Millisecond;
        }
        parts.next().is_none().then_some(())
    }

    /// This instant in UTC with milliseconds.
    pub fn from_instant(instant: Instant) -> Moment {
        let mut moment = BLANK;
        moment.set_clock(instant.0);
        moment.precision = Precision::Millisecond;
        moment.offset = Some(0);
        moment
    }

    /// The day of this instant in UTC.
    pub fn day_of_instant(instant: Instant) -> Moment {
        Moment::from_instant(instant).truncated(Precision::Day)
    }

    /// Milliseconds since 1970-01-01 on a clock without zone.
    pub(crate) fn clock_milliseconds(self) -> i64 {
        let seconds =
            (i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second);
        days_from_civil(self.year, self.month, self.day) * DAY_MILLISECONDS
            + seconds * 1000
            + i64::from(self.millisecond)
    }

    fn set_clock(&mut self, milliseconds: i64) {
        let (year, month, day) = civil_from_days(milliseconds.div_euclid(DAY_MILLISECONDS));
        let of_day = milliseconds.rem_euclid(DAY_MILLISECONDS);
        self.year = year;
        self.month = month;
        self.day = day;
        self.hour = (of_day / 3_600_000) as u8;
        self.minute = (of_day / 60_000 % 60) as u8;
        self.second = (of_day / 1000 % 60) as u8;
        self.millisecond = (of_day % 1000) as u16;
    }

    /// The same, known only to this precision.
    pub(crate) fn truncated(self, precision: Precision) -> Moment {
        let keep = |at: Precision| precision >= at;
        Moment {
            year: self.year,
            month: if keep(Precision::Month) { self.month } else { 1 },
            day: if keep(Precision::Day) { self.day } else { 1 },
            hour: if keep(Precision::Hour) { self.hour } else { 0 },
            minute: if keep(Precision::Minute) { self.minute } else { 0 },
            second: if keep(Precision::Second) { self.second } else { 0 },
            millisecond: if keep(Precision::Millisecond) { self.millisecond } else { 0 },
            precision: self.precision.min(precision),
            offset: if keep(Precision::Hour) { self.offset } else { None },
        }
    }

    /// Adds whole calendar months; a day that the month does not have becomes its last.
    pub(crate) fn plus_months(mut self, months: i64) -> Option<Moment> {
        let total = i64::from(self.year)
            .checked_mul(12)?
            .checked_add(i64::from(self.month) - 1)?
            .checked_add(months)?;
        self.year = i32::try_from(total.div_euclid(12)).ok()?;
        self.month = total.rem_euclid(12) as u8 + 1;
        self.day = self.day.min(days_in_month(self.year, self.month));
        (1..=9999).contains(&self.year).then_some(self)
    }

    /// Adds milliseconds on the clock, keeping zone and precision.
    pub(crate) fn plus_milliseconds(mut self, milliseconds: i64) -> Option<Moment> {
        let sum = self.clock_milliseconds().checked_add(milliseconds)?;
        // Year 1 to 9999.
        if !(-62_135_596_800_000..253_402_300_800_000).contains(&sum) {
            return None;
        }
        self.set_clock(sum);
        Some(self)
    }

    /// Adds milliseconds to a time of day, around midnight.
    pub(crate) fn plus_on_the_clock(mut self, milliseconds: i64) -> Moment {
        let of_day = self.clock_milliseconds().rem_euclid(DAY_MILLISECONDS);
        let sum = (of_day + milliseconds % DAY_MILLISECONDS).rem_euclid(DAY_MILLISECONDS);
        let precision = self.precision;
        self.set_clock(days_from_civil(1, 1, 1) * DAY_MILLISECONDS + sum);
        self.precision = precision;
        self
    }

    /// The last millisecond that this may mean, on its own clock.
    pub(crate) fn last(self) -> Moment {
        let keep = |at: Precision| self.precision >= at;
        let month = if keep(Precision::Month) { self.month } else { 12 };
        Moment {
            year: self.year,
            month,
            day: if keep(Precision::Day) { self.day } else { days_in_month(self.year, month) },
            hour: if keep(Precision::Hour) { self.hour } else { 23 },
            minute: if keep(Precision::Minute) { self.minute } else { 59 },
            second: if keep(Precision::Second) { self.second } else { 59 },
            millisecond: if keep(Precision::Millisecond) { self.millisecond } else { 999 },
            precision: self.precision,
            offset: self.offset,
        }
    }

    /// Which is earlier; `None` when the precision, or a missing zone, leaves it open.
    pub fn compare(self, other: Moment) -> Option<Ordering> {
        let zoned = |m: Moment| m.offset.is_some();
        if zoned(self) != zoned(other)
            && self.precision > Precision::Day
            && other.precision > Precision::Day
        {
            // The zone that is not told lies between -12:00 and +14:00.
            let distance = self.clock_milliseconds() - other.clock_milliseconds();
            let offset = i64::from(self.offset.or(other.offset).unwrap_or(0));
            let widest = (14 * 60 + offset.abs()) * 60_000;
            return (distance.abs() > widest).then(|| distance.cmp(&0));
        }
        let (left, right) = if zoned(self) && zoned(other) {
            (self.in_utc(), other.in_utc())
        } else {
            (self, other)
        };
        left.compare_fields(right)
    }

    fn in_utc(self) -> Moment {
        let offset = i64::from(self.offset.unwrap_or(0));
        let mut utc = self;
        utc.set_clock(self.clock_milliseconds() - offset * 60_000);
        utc.offset = Some(0);
        utc
    }

    fn compare_fields(self, other: Moment) -> Option<Ordering> {
        let fields = |m: Moment| {
            [
                (Precision::Year, m.year),
                (Precision::Month, i32::from(m.month)),
                (Precision::Day, i32::from(m.day)),
                (Precision::Hour, i32::from(m.hour)),
                (Precision::Minute, i32::from(m.minute)),
                // Seconds and their fraction are one precision.
                (Precision::Second, i32::from(m.second) * 1000 + i32::from(m.millisecond)),
            ]
        };
        for ((at, left), (_, right)) in fields(self).into_iter().zip(fields(other)) {
            match (self.precision >= at, other.precision >= at) {
                (true, true) if left != right => return Some(left.cmp(&right)),
                (true, true) => {}
                (false, false) => return Some(Ordering::Equal),
                (true, false) | (false, true) => return None,
            }
        }
        Some(Ordering::Equal)
    }

    /// Equal for `~`: the same precision and the same value.
    pub(crate) fn equivalent(self, other: Moment) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    /// The date alone, `2015-02-04` to its precision.
    pub(crate) fn date_text(self) -> String {
        match self.precision {
            Precision::Year => format!("{:04}", self.year),
            Precision::Month => format!("{:04}-{:02}", self.year, self.month),
            Precision::Day
            | Precision::Hour
            | Precision::Minute
            | Precision::Second
            | Precision::Millisecond => {
                format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
            }
        }
    }

    /// The time alone, `14:30:28.123` to its precision; empty for a date.
    pub(crate) fn time_text(self) -> String {
        match self.precision {
            Precision::Year | Precision::Month | Precision::Day => String::new(),
            Precision::Hour => format!("{:02}", self.hour),
            Precision::Minute => format!("{:02}:{:02}", self.hour, self.minute),
            Precision::Second => format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second),
            Precision::Millisecond => format!(
                "{:02}:{:02}:{:02}.{:03}",
                self.hour, self.minute, self.second, self.millisecond
            ),
        }
    }

    /// The dateTime, `2015-02-04T14:30:28.123+01:00` to its precision.
    pub(crate) fn date_time_text(self) -> String {
        let mut text = self.date_text();
        if self.precision > Precision::Day {
            text.push('T');
            text.push_str(&self.time_text());
            match self.offset {
                None => {}
                Some(0) => text.push('Z'),
                Some(offset) => {
                    let sign = if offset < 0 { '-' } else { '+' };
                    let minutes = offset.unsigned_abs();
                    text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
                }
            }
        }
        text
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date_time_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse_date_time(text).unwrap()
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for wrong in ["2015-02-29", "2015-13", "2015-00-01", "15", "2015-02-04T", "2015-02T10"] {
            let expected = wrong.ends_with('T');
            assert_eq!(Moment::parse_date_time(wrong).is_some(), expected, "{wrong}");
        }
        assert!(Moment::parse_date("2016-02-29").is_some());
    }

    #[test]
    fn comparing_is_open_when_the_precision_leaves_it_open() {
        assert_eq!(at("2018-03").compare(at("2018-03-01")), None);
        assert_eq!(at("2018-03").compare(at("2018-04-01")), Some(Ordering::Less));
        assert_eq!(
            at("2018-03-01T10:30:00").compare(at("2018-03-01T10:30:00.0")),
            Some(Ordering::Equal)
        );
        assert_eq!(at("2018-03-01T10:30:00Z").compare(at("2018-03-01T10:30:00")), None);
        assert_eq!(
            at("2018-03-05T10:30:00Z").compare(at("2018-03-01T10:30:00")),
            Some(Ordering::Greater)
        );
        assert_eq!(
            at("2018-03-01T10:30:00+01:00").compare(at("2018-03-01T09:30:00Z")),
            Some(Ordering::Equal)
        );
    }

    #[test]
    fn calendar_arithmetic_ends_on_days_that_exist() {
        assert_eq!(at("2015-01-31").plus_months(1).unwrap().date_text(), "2015-02-28");
        assert_eq!(at("2015-01-31").plus_months(-11).unwrap().date_text(), "2014-02-28");
        assert_eq!(at("9999-12-31").plus_months(1), None);
        assert_eq!(
            at("1969-12-31").plus_milliseconds(DAY_MILLISECONDS).unwrap().date_text(),
            "1970-01-01"
        );
        assert_eq!(
            Moment::parse_time("23:30").unwrap().plus_on_the_clock(3_600_000).time_text(),
            "00:30"
        );
    }

    #[test]
    fn an_instant_is_written_in_utc() {
        assert_eq!(
            Moment::from_instant(Instant(1_795_298_880_123)).to_string(),
            "2026-11-21T22:08:00.123Z"
        );
    }
}
