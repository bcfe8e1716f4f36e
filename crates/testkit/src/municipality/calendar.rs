//! Days and moments of the civil calendar in Norway: cheap to add, compare and write.
//!
//! Not here: the wall clock. "Today" is an argument of the whole municipality.
//! Summer time by the rule of the European Union since 1996 (last Sunday of March and October).

use jiff::civil::Date;

/// A day, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i32);

/// A minute of a day in Norwegian local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) day: Day,
    pub(crate) minute: i32,
}

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
];

impl Day {
    /// Howard Hinnant's `days_from_civil`; a day past the end of a month runs into the next one.
    pub(crate) fn new(year: i32, month: i32, day: i32) -> Day {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Day(era * 146_097 + day_of_era - 719_468)
    }

    /// From the calendar's own type.
    pub(crate) fn from_civil(date: Date) -> Day {
        Day::new(date.year().into(), date.month().into(), date.day().into())
    }

    /// Year, month (1..=12), day of month.
    pub(crate) fn civil(self) -> (i32, i32, i32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i32::from(month <= 2);
        (year, month, doy - (153 * mp + 2) / 5 + 1)
    }

    pub(crate) fn year(self) -> i32 {
        self.civil().0
    }

    pub(crate) fn plus(self, days: i32) -> Day {
        Day(self.0 + days)
    }

    /// The same date some years later (29 February becomes 1 March).
    pub(crate) fn plus_years(self, years: i32) -> Day {
        let (y, m, d) = self.civil();
        Day::new(y + years, m, d)
    }

    /// Days from `earlier` to this one.
    pub(crate) fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }

    /// Years from `earlier` to this one, with a fraction.
    pub(crate) fn years_since(self, earlier: Day) -> f64 {
        f64::from(self.since(earlier)) / 365.25
    }

    /// Whole years of age on this day for someone born on `born`.
    pub(crate) fn age(self, born: Day) -> i32 {
        let (y, m, d) = self.civil();
        let (by, bm, bd) = born.civil();
        y - by - i32::from((m, d) < (bm, bd))
    }

    /// 0 is Monday, 6 is Sunday.
    pub(crate) fn weekday(self) -> i32 {
        (self.0 + 3).rem_euclid(7)
    }

    /// This day, or the next one that is neither in a week-end nor a holiday with a fixed date.
    pub(crate) fn workday(self) -> Day {
        let (_, month, day) = self.civil();
        let holiday = matches!((month, day), (1, 1) | (5, 1 | 17) | (12, 24..=26 | 31));
        match self.weekday() {
            5 => self.plus(2).workday(),
            6 => self.plus(1).workday(),
            _ if holiday => self.plus(1).workday(),
            _ => self,
        }
    }

    /// `2026-11-03`
    pub(crate) fn iso(self) -> String {
        let (y, m, d) = self.civil();
        format!("{y:04}-{m:02}-{d:02}")
    }

    /// `3. november 2026`, as Norwegians write it.
    pub(crate) fn text(self) -> String {
        let (y, m, d) = self.civil();
        let month = MONTHS.get((m - 1) as usize).copied().unwrap_or("");
        format!("{d}. {month} {y}")
    }

    /// `03.11.2026`
    pub(crate) fn short(self) -> String {
        let (y, m, d) = self.civil();
        format!("{d:02}.{m:02}.{y:04}")
    }

    /// At hours and minutes of this day.
    pub(crate) fn at(self, hour: i32, minute: i32) -> Moment {
        Moment { day: self, minute: hour * 60 + minute }
    }

    fn last_sunday(year: i32, month: i32) -> Day {
        let last = Day::new(year, month, 31);
        last.plus(-((last.weekday() + 1) % 7))
    }
}

impl Moment {
    pub(crate) fn plus(self, minutes: i32) -> Moment {
        let total = self.minute + minutes;
        Moment { day: self.day.plus(total.div_euclid(1440)), minute: total.rem_euclid(1440) }
    }

    fn is_summer_time(self) -> bool {
        let year = self.day.year();
        let (begin, end) = (Day::last_sunday(year, 3), Day::last_sunday(year, 10));
        let after_begin = (self.day, self.minute) >= (begin, 120);
        let before_end = (self.day, self.minute) < (end, 180);
        after_begin && before_end
    }

    /// `2026-11-03T09:30:00+01:00`
    pub(crate) fn iso(self) -> String {
        let offset = if self.is_summer_time() { 2 } else { 1 };
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        format!("{}T{hour:02}:{minute:02}:00+{offset:02}:00", self.day.iso())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_agree_with_another_calendar() {
        let mut date = jiff::civil::date(1921, 1, 1);
        while date.year() < 2031 {
            let day = Day::from_civil(date);
            assert_eq!(day.iso(), date.to_string());
            assert_eq!(day.weekday(), i32::from(date.weekday().to_monday_zero_offset()));
            date = date.tomorrow().unwrap();
        }
    }

    #[test]
    fn moments_carry_the_norwegian_offset() {
        assert_eq!(Day::new(2026, 3, 29).at(1, 59).iso(), "2026-03-29T01:59:00+01:00");
        assert_eq!(Day::new(2026, 3, 29).at(3, 0).iso(), "2026-03-29T03:00:00+02:00");
        assert_eq!(Day::new(2026, 10, 25).at(3, 0).iso(), "2026-10-25T03:00:00+01:00");
        assert_eq!(Day::new(2026, 12, 31).at(23, 50).plus(20).iso(), "2027-01-01T00:10:00+01:00");
    }

    #[test]
    fn ages_and_texts() {
        assert_eq!(Day::new(2026, 11, 20).age(Day::new(1942, 11, 21)), 83);
        assert_eq!(Day::new(2026, 11, 21).age(Day::new(1942, 11, 21)), 84);
        assert_eq!(Day::new(2026, 11, 3).text(), "3. november 2026");
        assert_eq!(Day::new(2026, 11, 21).workday(), Day::new(2026, 11, 23));
        assert_eq!(Day::new(2026, 12, 24).workday(), Day::new(2026, 12, 28));
    }
}
