//! Trends drawn on the server as SVG: the sparkline of a table row and the large figure.
//!
//! Appearance is by class (no `style` attribute: the Content-Security-Policy forbids it). Every
//! figure has a title, a description and its unit.

use jiff::civil::Date;
use maud::{Markup, html};

use super::plot::{
    Axis, BOTTOM, LEFT, RIGHT, SIZES, Size, TOP, date_ticks, digits, extent, polyline,
    short_number, value_ticks,
};
use crate::chart::{Direction, Medication, Range, Series};
use crate::dates::Moment;
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

/// The time that is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Both ends of the axis, days since 1970, where several figures share it; else the data's own.
    pub axis: Option<(f64, f64)>,
}

impl Window {
    /// Whether a day lies in it.
    pub(crate) fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }
}

/// The large figure of a series since `from`; nothing when there are fewer than two numbers.
pub(crate) fn figure(series: &Series, from: Option<Date>) -> Markup {
    figure_in(series, &Window { from, ..Window::default() })
}

/// The large figure of a series in a window.
pub(crate) fn figure_in(series: &Series, window: &Window) -> Markup {
    let points: Vec<(&crate::chart::Point, Moment)> =
        series.drawable().filter(|(_, moment)| window.holds(moment.date())).collect();
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
            @for size in SIZES { (drawing(series, &curves, range, size, window.axis)) }
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

fn drawing(
    series: &Series,
    curves: &[Vec<Dot>],
    range: Option<Range>,
    size: Size,
    axis: Option<(f64, f64)>,
) -> Markup {
    let dots = || curves.iter().flatten();
    let own = || extent(dots().map(|dot| (dot.x, dot.x)));
    let (x_low, x_high) = axis.or_else(own).unwrap_or((0.0, 1.0));
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
            viewBox=(format!("0 0 {} {}", size.width, size.height))
            data-low=(x_low) data-high=(x_high) data-start=(x.start) data-end=(x.end) {
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

/// Medicines in one figure of lanes.
const LANES_MAX: usize = 8;
const LANE_HEIGHT: f64 = 24.0;

/// When medicines were begun and stopped within the shared axis, a lane each; nothing when none was.
pub(crate) fn lanes(medications: &[&Medication], axis: (f64, f64), today: Date) -> Markup {
    let (low, high) = axis;
    let inside = |moment: Option<Moment>| {
        moment.is_some_and(|moment| (low..=high).contains(&moment.axis_days()))
    };
    let ended = |one: &Medication| one.until.filter(|until| until.date() <= today);
    let mut shown: Vec<&Medication> =
        medications.iter().copied().filter(|one| inside(one.since) || inside(ended(one))).collect();
    shown.sort_by_key(|one| std::cmp::Reverse(one.since.max(ended(one))));
    let more = shown.len().saturating_sub(LANES_MAX);
    shown.truncate(LANES_MAX);
    html! {
        @if !shown.is_empty() {
            h3 { (t("trends.medicines")) }
            figure.trend {
                @for size in SIZES { (lanes_drawing(&shown, axis, size, today)) }
                @if more > 0 {
                    figcaption.legend { (tf("trends.more-medicines", &[("n", &more.to_string())])) }
                }
            }
        }
    }
}

fn lanes_drawing(
    shown: &[&Medication],
    (low, high): (f64, f64),
    size: Size,
    today: Date,
) -> Markup {
    let height = shown.len() as f64 * LANE_HEIGHT + BOTTOM;
    let x = Axis { low, high, start: LEFT + 4.0, end: size.width - RIGHT };
    let id = format!("lanes-{}", size.class);
    let said: Vec<String> = shown.iter().map(|one| course(one, today)).collect();
    html! {
        svg class=(size.class) role="img" aria-labelledby=(format!("{id}-t {id}-d"))
            viewBox=(format!("0 0 {} {height}", size.width)) data-low=(low) data-high=(high)
            data-start=(x.start) data-end=(x.end) {
            title id=(format!("{id}-t")) { (t("trends.medicines")) }
            desc id=(format!("{id}-d")) { (said.join(". ")) }
            @for (place, (one, said)) in shown.iter().zip(&said).enumerate() {
                (lane(one, said, place as f64 * LANE_HEIGHT, x, today))
            }
            @for (day, label) in date_ticks(low, high, size.width) {
                text class="tick tick-x" x=(digits(x.at(day))) y=(digits(height - 8.0)) { (label) }
            }
        }
    }
}

fn lane(one: &Medication, said: &str, top: f64, x: Axis, today: Date) -> Markup {
    let begin = one.since.map_or(x.low, Moment::axis_days);
    let end = one.until.filter(|until| until.date() <= today);
    let left = x.at(begin.clamp(x.low, x.high));
    let right = x.at(end.map_or(x.high, Moment::axis_days).clamp(x.low, x.high));
    let (line, starts) = (top + LANE_HEIGHT - 6.0, begin >= x.low);
    html! {
        g {
            title { (said) }
            text class="tick lane-name" x=(digits(x.start)) y=(digits(top + 12.0)) { (one.text) }
            line class="lane" x1=(digits(left)) x2=(digits(right.max(left + 1.0)))
                y1=(digits(line)) y2=(digits(line)) {}
            @if starts { circle class="dot" cx=(digits(left)) cy=(digits(line)) r="3.6" {} }
            @if end.is_some_and(|end| end.axis_days() <= x.high) {
                line class="lane-stop" x1=(digits(right)) x2=(digits(right)) y1=(digits(line - 5.0))
                    y2=(digits(line + 5.0)) {}
            }
        }
    }
}

fn course(one: &Medication, today: Date) -> String {
    let long = |moment: Option<Moment>| moment.map(Moment::long).unwrap_or_default();
    match one.until.filter(|until| until.date() <= today) {
        Some(until) => tf(
            "trends.course-ended",
            &[("name", &one.text), ("from", &long(one.since)), ("to", &until.long())],
        ),
        None => tf("trends.course", &[("name", &one.text), ("from", &long(one.since))]),
    }
}
