//! Trends drawn on the server as SVG: the sparkline of a table row and the large figure.
//!
//! Appearance is by class (no `style` attribute: the Content-Security-Policy forbids it). Every
//! figure has a title, a description and its unit.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::chart::{Direction, Range, Series};
use crate::dates::{Moment, month_short};
use crate::messages::{t, tf};
use crate::numbers::decimal;

/// Measurements in a sparkline.
const SPARK_POINTS_MAX: usize = 14;
const SPARK_WIDTH: f64 = 96.0;
const SPARK_HEIGHT: f64 = 26.0;

/// One dot: days since 1970, value, and the words for it.
struct Dot {
    x: f64,
    y: f64,
    words: String,
    direction: Option<Direction>,
}

/// The little curve in a row. Nothing when there are fewer than two numbers.
pub(crate) fn sparkline(series: &Series) -> Markup {
    let mut points: Vec<(&crate::chart::Point, Moment)> =
        series.drawable().take(SPARK_POINTS_MAX).collect();
    points.reverse();
    let (Some((first, from)), Some((last, to))) = (points.first(), points.last()) else {
        return html! {};
    };
    if points.len() < 2 {
        return html! {};
    }
    let title = tf(
        "trend.spark-title",
        &[
            ("name", &series.name),
            ("first", &first.value.text),
            ("from", &from.long()),
            ("last", &last.value.text),
            ("to", &to.long()),
        ],
    );
    let curves = if series.is_pair() { 2 } else { 1 };
    let values =
        |curve: usize| points.iter().filter_map(move |(p, _)| p.value.numbers.get(curve).copied());
    let all = (0..curves).flat_map(values);
    let (low, high) = extent(all.map(|v| (v, v))).unwrap_or((0.0, 1.0));
    let spread = if high > low { high - low } else { 1.0 };
    let step = (SPARK_WIDTH - 8.0) / (points.len() - 1) as f64;
    let place = |index: usize, value: f64| {
        let x = 4.0 + index as f64 * step;
        let y = SPARK_HEIGHT - 4.0 - (value - low) / spread * (SPARK_HEIGHT - 8.0);
        (x, y)
    };
    let mark = last.direction.map_or("dot", |direction| match direction {
        Direction::Low => "dot dot-low",
        Direction::High | Direction::Critical | Direction::CriticalLow | Direction::Abnormal => {
            "dot dot-alarm"
        }
    });
    html! {
        svg class="spark" role="img" width=(SPARK_WIDTH) height=(SPARK_HEIGHT)
            viewBox=(format!("0 0 {SPARK_WIDTH} {SPARK_HEIGHT}")) {
            title { (title) }
            @for curve in 0..curves {
                @let line: Vec<(f64, f64)> =
                    values(curve).enumerate().map(|(i, v)| place(i, v)).collect();
                polyline class="curve" points=(polyline(line.iter().copied())) {}
                @if let Some((x, y)) = line.last() {
                    circle class=(mark) cx=(digits(*x)) cy=(digits(*y)) r="3.2" {}
                }
            }
        }
    }
}

/// How large a figure is drawn; the page shows the one that fits.
#[derive(Clone, Copy)]
struct Size {
    class: &'static str,
    width: f64,
    height: f64,
}

const SIZES: [Size; 2] = [
    Size { class: "figure-wide", width: 660.0, height: 210.0 },
    Size { class: "figure-narrow", width: 300.0, height: 200.0 },
];

/// Room for the labels around the drawing.
const LEFT: f64 = 42.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 26.0;

/// The large figure of a series since `from`; nothing when there are fewer than two numbers.
pub(crate) fn figure(series: &Series, from: Option<Date>) -> Markup {
    let points: Vec<(&crate::chart::Point, Moment)> = series
        .drawable()
        .filter(|(_, moment)| from.is_none_or(|from| moment.date() >= from))
        .collect();
    if points.len() < 2 {
        return html! { p.muted { (t("trend.too-few")) } };
    }
    let curves: Vec<Vec<Dot>> = (0..if series.is_pair() { 2 } else { 1 })
        .map(|curve| {
            points
                .iter()
                .rev()
                .filter_map(|(point, moment)| {
                    Some(Dot {
                        x: moment.axis_days(),
                        y: *point.value.numbers.get(curve)?,
                        words: words(point, *moment),
                        direction: point.direction,
                    })
                })
                .collect()
        })
        .collect();
    let range = if series.is_pair() { None } else { series.points.iter().find_map(|p| p.range) };
    html! {
        figure.trend {
            @for size in SIZES { (drawing(series, &curves, range, size)) }
            @if series.is_pair() {
                figcaption.legend {
                    span.key.key-1 { (t("trend.systolic")) } " "
                    span.key.key-2 { (t("trend.diastolic")) }
                }
            } @else if range.is_some() {
                figcaption.legend { span.key.key-band { (t("trend.band")) } }
            }
        }
    }
}

fn words(point: &crate::chart::Point, moment: Moment) -> String {
    let value = match point.direction {
        Some(direction) => format!("{} ({})", point.value.text, direction.word()),
        None => point.value.text.clone(),
    };
    tf("trend.point", &[("date", &moment.with_time()), ("value", &value)])
}

/// A linear axis: values from `low` to `high` onto pixels from `start` to `end`.
#[derive(Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn at(self, value: f64) -> f64 {
        let spread = if self.high > self.low { self.high - self.low } else { 1.0 };
        self.start + (value - self.low) / spread * (self.end - self.start)
    }
}

fn drawing(series: &Series, curves: &[Vec<Dot>], range: Option<Range>, size: Size) -> Markup {
    let dots = || curves.iter().flatten();
    let (x_low, x_high) = extent(dots().map(|dot| (dot.x, dot.x))).unwrap_or((0.0, 1.0));
    let limits = range.into_iter().flat_map(|r| [r.low, r.high]).flatten().map(|v| (v, v));
    let (y_low, y_high) =
        extent(dots().map(|dot| (dot.y, dot.y)).chain(limits)).unwrap_or((0.0, 1.0));
    let ticks = value_ticks(y_low, y_high);
    let y_low = ticks.first().copied().unwrap_or(y_low).min(y_low);
    let y_high = ticks.last().copied().unwrap_or(y_high).max(y_high);
    let x = Axis { low: x_low, high: x_high, start: LEFT + 4.0, end: size.width - RIGHT };
    let y = Axis { low: y_low, high: y_high, start: size.height - BOTTOM, end: TOP };
    let unit = series.unit.clone().unwrap_or_default();
    let id = format!("trend-{}-{}", series.key, size.class);
    html! {
        svg class=(size.class) role="img" aria-labelledby=(format!("{id}-t {id}-d"))
            viewBox=(format!("0 0 {} {}", size.width, size.height)) {
            title id=(format!("{id}-t")) { (title(series, &unit)) }
            desc id=(format!("{id}-d")) { (description(curves, series)) }
            @if let Some(range) = range { (band(range, x, y)) }
            @for tick in &ticks {
                line class="grid" x1=(LEFT) x2=(size.width - RIGHT + 6.0)
                    y1=(digits(y.at(*tick))) y2=(digits(y.at(*tick))) {}
                text class="tick tick-y" x=(LEFT - 6.0) y=(digits(y.at(*tick) + 4.0)) {
                    (decimal(&short_number(*tick)))
                }
            }
            @for (day, label) in date_ticks(x_low, x_high, size.width) {
                text class="tick tick-x" x=(digits(x.at(day))) y=(size.height - 8.0) { (label) }
            }
            @if !unit.is_empty() { text class="tick" x="2" y="10" { (unit) } }
            @for (number, curve) in curves.iter().enumerate() { (drawn_curve(number, curve, x, y)) }
        }
    }
}

fn drawn_curve(number: usize, curve: &[Dot], x: Axis, y: Axis) -> Markup {
    let radius = if curve.len() > 40 { "2.2" } else { "3.6" };
    let kind = if number == 0 { "1" } else { "2" };
    html! {
        polyline class=(format!("curve curve-{kind}"))
            points=(polyline(curve.iter().map(|dot| (x.at(dot.x), y.at(dot.y))))) {}
        @for dot in curve {
            @let class = match dot.direction {
                Some(Direction::Low) => "dot dot-low".to_owned(),
                Some(_) => "dot dot-alarm".to_owned(),
                None => format!("dot dot-{kind}"),
            };
            circle class=(class) cx=(digits(x.at(dot.x))) cy=(digits(y.at(dot.y))) r=(radius) {
                title { (dot.words) }
            }
        }
    }
}

fn band(range: Range, x: Axis, y: Axis) -> Markup {
    let top = range.high.map_or(y.end, |high| y.at(high));
    let bottom = range.low.map_or(y.start, |low| y.at(low));
    html! {
        rect class="band" x=(digits(x.start - 4.0)) width=(digits(x.end - x.start + 10.0))
            y=(digits(top)) height=(digits((bottom - top).max(0.0))) {}
    }
}

fn title(series: &Series, unit: &str) -> String {
    if unit.is_empty() {
        series.name.clone()
    } else {
        tf("trend.title", &[("name", &series.name), ("unit", unit)])
    }
}

fn description(curves: &[Vec<Dot>], series: &Series) -> String {
    let Some(first) = curves.first().and_then(|curve| curve.first()) else {
        return String::new();
    };
    let last = curves.first().and_then(|curve| curve.last()).unwrap_or(first);
    let n = curves.first().map_or(0, Vec::len).to_string();
    let range = series.latest().and_then(|point| point.range_text.clone());
    let mut text =
        tf("trend.description", &[("n", &n), ("first", &first.words), ("last", &last.words)]);
    if let Some(range) = range {
        text.push(' ');
        text.push_str(&tf("trend.description-range", &[("range", &range)]));
    }
    text
}

fn extent(values: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    values.reduce(|(low, high), (a, b)| (low.min(a), high.max(b)))
}

/// Four to seven round values that enclose the data.
fn value_ticks(low: f64, high: f64) -> Vec<f64> {
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

fn short_number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Beginnings of months or years (or days, for a short span), with labels that fit the width.
fn date_ticks(low: f64, high: f64, width: f64) -> Vec<(f64, String)> {
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
                (at, format!("{}. {}", day(at).day(), month_short(day(at).month())))
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

fn polyline(points: impl Iterator<Item = (f64, f64)>) -> String {
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

fn digits(value: f64) -> String {
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
