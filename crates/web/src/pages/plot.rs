//! What drawings on the server have in common: sizes, axes, round values at them, lines.
//!
//! Not here: what is drawn (`trend_figure`, `growth_figure`).

use jiff::civil::Date;

use crate::dates::{day_month, month_short};

/// How large a figure is drawn; the page shows the one that fits.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) class: &'static str,
    pub(super) width: f64,
    pub(super) height: f64,
}

pub(super) const SIZES: [Size; 2] = [
    Size { class: "figure-wide", width: 660.0, height: 210.0 },
    Size { class: "figure-narrow", width: 300.0, height: 200.0 },
];

/// Room for the labels around the drawing.
pub(super) const LEFT: f64 = 42.0;
pub(super) const RIGHT: f64 = 14.0;
pub(super) const TOP: f64 = 24.0;
pub(super) const BOTTOM: f64 = 26.0;

/// A linear axis: values from `low` to `high` onto pixels from `start` to `end`.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Axis {
    /// Where a value stands.
    pub(super) fn at(self, value: f64) -> f64 {
        let spread = if self.high > self.low { self.high - self.low } else { 1.0 };
        self.start + (value - self.low) / spread * (self.end - self.start)
    }
}

/// The least and the greatest.
pub(super) fn extent(values: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    values.reduce(|(low, high), (a, b)| (low.min(a), high.max(b)))
}

/// Four to seven round values that enclose the data.
pub(super) fn value_ticks(low: f64, high: f64) -> Vec<f64> {
    let spread = if high > low { high - low } else { low.abs().max(1.0) * 0.2 };
    let magnitude = 10f64.powf((spread / 4.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| spread / step <= 5.0)
        .unwrap_or(magnitude * 10.0);
    let first = (low / step).floor();
    let last = ((low + spread).max(high) / step).ceil();
    let count = (last - first) as usize;
    (0..=count.min(12)).map(|index| (first + index as f64) * step).collect()
}

/// Two decimals at most.
pub(super) fn short_number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Beginnings of months or years (or days, for a short span), with labels that fit the width.
pub(super) fn date_ticks(low: f64, high: f64, width: f64) -> Vec<(f64, String)> {
    let epoch = Date::constant(1970, 1, 1);
    let day = |days: f64| epoch.saturating_add(jiff::Span::new().days(days.floor() as i64));
    let room = (width / 80.0).max(2.0);
    let span = high - low;
    if span < 75.0 {
        let step = (span / room).ceil().max(1.0);
        let count = (span / step).floor() as usize;
        return (0..=count)
            .map(|index| {
                let at = low + index as f64 * step;
                (at, day_month(day(at)))
            })
            .collect();
    }
    let months = span / 30.44;
    let step = [1, 2, 3, 6, 12, 24, 60, 120, 240]
        .into_iter()
        .find(|step| months / f64::from(*step) <= room)
        .unwrap_or(480_i32);
    let begin = day(low);
    let mut month = i32::from(begin.year()) * 12 + i32::from(begin.month()) - 1;
    month = (month + step - 1).div_euclid(step) * step;
    let mut ticks = Vec::new();
    while ticks.len() < 24 {
        let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
        let of_year = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
        let Ok(date) = Date::new(year, of_year, 1) else { break };
        let at = crate::dates::days_between(epoch, date) as f64;
        if at > high {
            break;
        }
        if at >= low {
            let label = if step >= 12 {
                year.to_string()
            } else {
                format!("{} {:02}", month_short(of_year), year.rem_euclid(100))
            };
            ticks.push((at, label));
        }
        month += step;
    }
    ticks
}

/// The `points` of a line.
pub(super) fn polyline(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut text = String::new();
    for (x, y) in points {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&digits(x));
        text.push(',');
        text.push_str(&digits(y));
    }
    text
}

/// A place in a drawing.
pub(super) fn digits(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_ticks_are_round_and_enclose_the_data() {
        assert_eq!(value_ticks(71.2, 74.6), [71.0, 72.0, 73.0, 74.0, 75.0]);
        assert_eq!(value_ticks(88.0, 121.0), [80.0, 90.0, 100.0, 110.0, 120.0, 130.0]);
        let flat = value_ticks(5.0, 5.0);
        assert!(flat.len() >= 2 && flat.len() < 10, "{flat:?}");
    }

    #[test]
    fn date_ticks_fit_and_stand_in_order() {
        for (span, width) in [(3.0, 660.0), (60.0, 660.0), (400.0, 300.0), (20_000.0, 660.0)] {
            let ticks = date_ticks(10_000.0, 10_000.0 + span, width);
            assert!(!ticks.is_empty() && ticks.len() <= 12, "{span}: {ticks:?}");
            assert!(ticks.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
