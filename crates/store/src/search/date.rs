//! Dates that are searched for: how a stored interval must stand to the searched one.
//!
//! Not here: reading dates (`akson_fhir::date`).
//! Standard: <https://hl7.org/fhir/R4/search.html#date>,
//! <https://hl7.org/fhir/R4/search.html#prefix>

use crate::engine::Range;
use crate::facets::value::{DATE_BY_END, DATE_BY_START, LONG_MILLISECONDS, interval, sortable};
use crate::keys;
use akson_fhir::date::DateTime;
use akson_fhir::search::SlotId;

use super::matcher::index_prefix;
use super::prefix::Prefix;

/// A searched interval `[start, end)` and how a value must stand to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTest {
    pub(crate) prefix: Prefix,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl DateTest {
    /// A test against the interval written as `text`; `now` gives `ap` its width.
    pub(crate) fn parse(prefix: Prefix, text: &str, now: i64) -> Option<Self> {
        let searched = DateTime::parse_search(text).ok()?.interval_in_norway();
        let (mut start, mut end) = (searched.start, searched.end);
        if prefix == Prefix::Ap {
            // The standard's recommendation: a tenth of the gap between now and the date.
            let gap = if now < start { start - now } else { (now - end).max(0) };
            start -= gap / 10;
            end += gap / 10;
        }
        Some(Self { prefix, start, end })
    }

    /// Whether a value `[start, end)` passes.
    pub(crate) fn accepts(&self, start: i64, end: i64) -> bool {
        let contained = self.start <= start && end <= self.end;
        match self.prefix {
            Prefix::Eq => contained,
            Prefix::Ne => !contained,
            Prefix::Gt => end > self.end,
            Prefix::Lt => start < self.start,
            Prefix::Ge => contained || end > self.end,
            Prefix::Le => contained || start < self.start,
            Prefix::Sa => start >= self.end,
            Prefix::Eb => end <= self.start,
            Prefix::Ap => start < self.end && end > self.start,
        }
    }

    /// Whether the value part of an index key shows that its interval does not pass, or, walking
    /// ascending, that it was met by its start before it is met by its end.
    pub(crate) fn refutes_key(&self, key_value: &[u8], ascending: bool) -> bool {
        let Some((tag, bytes)) = key_value.split_first() else {
            return false;
        };
        let Some((first, second)) = interval(bytes) else {
            return false;
        };
        if *tag == DATE_BY_START {
            return !self.accepts(first, second);
        }
        let (start, end) = (second, first);
        !self.accepts(start, end) || (ascending && self.is_met_by_start(start))
    }

    /// Whether an interval that passes and has a key by its end stands among those by start, too.
    fn is_met_by_start(&self, start: i64) -> bool {
        match self.prefix {
            Prefix::Gt => start >= short(self.end),
            Prefix::Ge => start >= short(self.end).min(self.start),
            Prefix::Ap => (short(self.start)..self.end).contains(&start),
            // Their ranges have no keys by end.
            Prefix::Eq | Prefix::Ne | Prefix::Lt | Prefix::Le | Prefix::Sa | Prefix::Eb => false,
        }
    }

    /// Index ranges outside which no value passes.
    pub(crate) fn ranges(&self, slot: SlotId) -> Vec<Range> {
        let by = |tag, from: i64, to: Option<i64>| {
            let bound = |at: i64| index_prefix(slot, &[&[tag], sortable(at).as_slice()].concat());
            let end = to.map_or_else(|| keys::under(&index_prefix(slot, &[tag])).end, bound);
            Range { start: bound(from), end }
        };
        let (start, end) = (self.start, self.end);
        match self.prefix {
            Prefix::Eq => vec![by(DATE_BY_START, start, Some(end))],
            Prefix::Ne => vec![by(DATE_BY_START, i64::MIN, None)],
            Prefix::Lt | Prefix::Eb => vec![by(DATE_BY_START, i64::MIN, Some(start))],
            Prefix::Le => vec![by(DATE_BY_START, i64::MIN, Some(end))],
            Prefix::Gt => vec![by(DATE_BY_START, short(end), None), by(DATE_BY_END, end, None)],
            Prefix::Ge => {
                vec![by(DATE_BY_START, short(end).min(start), None), by(DATE_BY_END, end, None)]
            }
            Prefix::Sa => vec![by(DATE_BY_START, end, None)],
            Prefix::Ap => {
                vec![by(DATE_BY_START, short(start), Some(end)), by(DATE_BY_END, start, None)]
            }
        }
    }
}

/// A value no longer than `LONG` that ends after `t` starts after this; a longer one has a key by
/// its end.
fn short(t: i64) -> i64 {
    t.saturating_sub(LONG_MILLISECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    /// The standard's rules on boundaries: searched [10, 20), values around it.
    #[test]
    fn golden_table_of_prefixes_and_intervals() {
        let values = [(5, 10), (5, 15), (10, 20), (12, 18), (15, 25), (20, 25), (5, 25), (10, 21)];
        let cases = [
            (Prefix::Eq, "..xx...."),
            (Prefix::Ne, "xx..xxxx"),
            (Prefix::Gt, "....xxxx"),
            (Prefix::Lt, "xx....x."),
            (Prefix::Ge, "..xxxxxx"),
            (Prefix::Le, "xxxx..x."),
            (Prefix::Sa, ".....x.."),
            (Prefix::Eb, "x......."),
            (Prefix::Ap, ".xxxx.xx"),
        ];
        for (prefix, expected) in cases {
            let test = DateTest { prefix, start: 10, end: 20 };
            let got: String =
                values.iter().map(|(s, e)| if test.accepts(*s, *e) { 'x' } else { '.' }).collect();
            assert_eq!(got, expected, "{prefix:?}");
        }
    }

    #[test]
    fn approximately_is_a_tenth_of_the_gap_to_now() {
        let test = DateTest::parse(Prefix::Ap, "1970-01-11T00:00:00Z", 20 * DAY).unwrap();
        let gap = (10 * DAY - 1000) / 10;
        assert_eq!((test.start, test.end), (10 * DAY - gap, 10 * DAY + 1000 + gap));
        // In the future the gap is counted from the start.
        let test = DateTest::parse(Prefix::Ap, "1970-01-11T00:00:00Z", 0).unwrap();
        assert_eq!((test.start, test.end), (9 * DAY, 11 * DAY + 1000));
    }
}
