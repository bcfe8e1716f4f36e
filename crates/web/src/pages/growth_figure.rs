//! A child's curve among the percentiles of its age and sex, drawn on the server as SVG.
//!
//! Not here: where a measurement lies (`growth`), the page around the figure (`growth_page`).

use maud::{Markup, html};

use super::growth_page::{Asked, age_words, value_words, where_words};
use super::plot::{
    Axis, BOTTOM, LEFT, Size, TOP, digits, extent, polyline, short_number, value_ticks,
};
use crate::chart::Sex;
use crate::dates::Moment;
use crate::growth::{Growth, Measure, Measured, PERCENTILES};
use crate::messages::{code, t, tf};
use crate::numbers::decimal;

/// Growth is read in a taller drawing than trends, with room for the percentiles' names at the right.
const SIZES: [Size; 2] = [
    Size { class: "figure-wide", width: 660.0, height: 380.0 },
    Size { class: "figure-narrow", width: 300.0, height: 320.0 },
];
const RIGHT: f64 = 34.0;
/// Points of a percentile line.
const STEPS: u32 = 72;
const MONTH_DAYS: f64 = 30.4375;
const YEAR_DAYS: f64 = 365.25;

/// A percentile line: pieces, because two references do not meet.
type Line = Vec<Vec<(f64, f64)>>;

/// The figure of one measure; nothing when no reference covers the window.
pub(super) fn figure(growth: &Growth, measure: Measure, asked: &Asked) -> Markup {
    let Some(sex) = growth.sex else { return html! {} };
    let (low, high) = asked.days();
    let lines: Vec<Line> =
        PERCENTILES.iter().map(|(_, z)| line(growth, measure, sex, *z, asked)).collect();
    let inside = |one: &&Measured| (low..=high).contains(&one.corrected);
    let dots: Vec<&Measured> = growth.of(measure).iter().filter(inside).collect();
    html! {
        @if lines.iter().flatten().flatten().next().is_some() {
            @if dots.is_empty() { p.muted { (t("growth.none-in-window")) } } @else {
                figure.trend.growth {
                    @for size in SIZES { (drawing(growth, measure, &lines, &dots, (size, asked))) }
                }
            }
        }
    }
}

fn line(growth: &Growth, measure: Measure, sex: Sex, z: f64, asked: &Asked) -> Line {
    let (low, high) = asked.days();
    let mut pieces: Line = Vec::new();
    let mut before: Option<&str> = None;
    for step in 0..=STEPS {
        let days = low + (high - low) * f64::from(step) / f64::from(STEPS);
        let found = growth.references.at(asked.reference(), measure, sex, days);
        let Some((reference, lms)) = found else {
            before = None;
            continue;
        };
        // A line ends where the reference changes.
        if before != Some(reference) {
            pieces.push(Vec::new());
        }
        before = Some(reference);
        if let Some(piece) = pieces.last_mut() {
            piece.push((days, lms.value(z)));
        }
    }
    pieces
}

fn drawing(
    growth: &Growth,
    measure: Measure,
    lines: &[Line],
    dots: &[&Measured],
    (size, asked): (Size, &Asked),
) -> Markup {
    let (low, high) = asked.days();
    let values = lines.iter().flatten().flatten().map(|(_, value)| *value);
    let values = values.chain(dots.iter().map(|one| one.value));
    let (y_low, y_high) = extent(values.map(|value| (value, value))).unwrap_or((0.0, 1.0));
    let ticks = value_ticks(y_low, y_high);
    let y_low = ticks.first().copied().unwrap_or(y_low).min(y_low);
    let y_high = ticks.last().copied().unwrap_or(y_high).max(y_high);
    let x = Axis { low, high, start: LEFT + 4.0, end: size.width - RIGHT };
    let y = Axis { low: y_low, high: y_high, start: size.height - BOTTOM, end: TOP };
    let id = format!("growth-{}-{}", measure.word(), size.class);
    let name = code("growth", measure.word()).unwrap_or_default();
    html! {
        svg class=(size.class) role="img" aria-labelledby=(format!("{id}-t {id}-d"))
            viewBox=(format!("0 0 {} {}", size.width, size.height)) {
            title id=(format!("{id}-t")) {
                (tf("growth.title", &[("measure", name), ("unit", measure.unit())]))
            }
            desc id=(format!("{id}-d")) { (description(growth, measure, dots, asked)) }
            @for tick in &ticks {
                line class="grid" x1=(LEFT) x2=(digits(x.end)) y1=(digits(y.at(*tick)))
                    y2=(digits(y.at(*tick))) {}
                text class="tick tick-y" x=(LEFT - 6.0) y=(digits(y.at(*tick) + 4.0)) {
                    (decimal(&short_number(*tick)))
                }
            }
            @for (days, label) in age_ticks(low, high, size.width) {
                line class="grid" x1=(digits(x.at(days))) x2=(digits(x.at(days))) y1=(digits(y.end))
                    y2=(digits(y.start)) {}
                text class="tick tick-x" x=(digits(x.at(days))) y=(size.height - 8.0) { (label) }
            }
            text class="tick" x="2" y="10" { (measure.unit()) }
            @for ((percent, _), line) in PERCENTILES.iter().zip(lines) {
                (percentile(percent, line, x, y))
            }
            polyline class="curve child"
                points=(polyline(dots.iter().map(|one| (x.at(one.corrected), y.at(one.value))))) {}
            @for one in dots {
                circle class="dot" cx=(digits(x.at(one.corrected))) cy=(digits(y.at(one.value)))
                    r="3.6" { title { (point(growth, measure, one, asked)) } }
            }
        }
    }
}

fn percentile(percent: &str, line: &Line, x: Axis, y: Axis) -> Markup {
    let class = if percent == "50" { "percentile percentile-middle" } else { "percentile" };
    let end = line.last().and_then(|piece| piece.last());
    html! {
        @for piece in line {
            polyline class=(class)
                points=(polyline(piece.iter().map(|(days, value)| (x.at(*days), y.at(*value))))) {}
        }
        @if let Some((days, value)) = end {
            text class="tick percentile-name" x=(digits(x.at(*days) + 4.0))
                y=(digits(y.at(*value) + 4.0)) { (percent) }
        }
    }
}

fn point(growth: &Growth, measure: Measure, one: &Measured, asked: &Asked) -> String {
    let values = [
        ("date", Moment::day(one.day).long()),
        ("age", age_words(one.age)),
        ("value", value_words(measure, one)),
        ("place", where_words(growth, measure, one, asked.reference())),
    ];
    tf("growth.point", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

fn description(growth: &Growth, measure: Measure, dots: &[&Measured], asked: &Asked) -> String {
    let (Some(first), Some(last)) = (dots.first(), dots.last()) else { return String::new() };
    let n = dots.len().to_string();
    let (first, last) = (point(growth, measure, first, asked), point(growth, measure, last, asked));
    tf("growth.description", &[("n", &n), ("first", &first), ("last", &last)])
}

/// Whole months for the youngest, whole years for others, as many as the width has room for.
fn age_ticks(low: f64, high: f64, width: f64) -> Vec<(f64, String)> {
    let room = (width / 55.0).max(3.0);
    let is_young = high <= 2.2 * YEAR_DAYS;
    let (unit, steps): (f64, &[i32]) =
        if is_young { (MONTH_DAYS, &[1, 2, 3, 6, 12]) } else { (YEAR_DAYS, &[1, 2, 5]) };
    let step = steps.iter().find(|step| (high - low) / unit / f64::from(**step) <= room);
    let step = step.or(steps.last()).copied().unwrap_or(1);
    let mut number = (low / unit).ceil() as i32;
    number += (step - number.rem_euclid(step)).rem_euclid(step);
    let mut ticks = Vec::new();
    while f64::from(number) * unit <= high + 1.0 {
        let n = number.to_string();
        let key = if is_young { "growth.months" } else { "growth.years" };
        ticks.push((f64::from(number) * unit, tf(key, &[("n", &n)])));
        number += step;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::age_ticks;

    #[test]
    fn ages_are_named_in_whole_steps_that_fit() {
        let labels = |low: f64, high: f64, width: f64| {
            age_ticks(low, high, width).into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        assert_eq!(labels(0.0, 730.5, 300.0), ["0 md.", "6 md.", "12 md.", "18 md.", "24 md."]);
        assert_eq!(labels(0.0, 1826.25, 300.0), ["0 år", "1 år", "2 år", "3 år", "4 år", "5 år"]);
        assert_eq!(labels(1826.25, 6940.0, 300.0), ["5 år", "10 år", "15 år"]);
    }
}
