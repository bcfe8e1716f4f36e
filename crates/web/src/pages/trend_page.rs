//! One analysis over time, and others beside it: figures on one axis of time, medicines begun and stopped,
//! every value in a table. The address holds the window.

use jiff::civil::Date;
use maud::{Markup, html};

use super::plot::extent;
use super::results::value;
use super::trend_figure::{Window, figure_in, lanes};
use crate::chart::{Chart, Group, Medication, Point, Series};
use crate::dates::{Moment, parse_date};
use crate::messages::{t, tf};
use crate::numbers::count;

/// Values in the table of one page; older ones are a longer period away.
const ROWS_MAX: usize = 500;

/// Curves in one page.
const SERIES_MAX: usize = 6;

/// The time that the reader asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// The last three months of what there is.
    Quarter,
    /// The last year of what there is.
    Year,
    /// The last five years of what there is.
    FiveYears,
    /// Everything.
    All,
    /// From one day to another, both included.
    Between(Date, Date),
}

/// What the address of a page of trends says.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    period: Period,
    /// Keys of the series that are laid beside the first.
    with: Vec<String>,
}

impl Asked {
    /// Reads `periode`, or `fra` and `til`, and every `med`.
    pub(crate) fn of(query: &[(String, String)]) -> Self {
        let of = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
        let day = |name: &str| of(name).and_then(parse_date);
        let period = match (day("fra"), day("til")) {
            (Some(from), Some(to)) if from < to => Period::Between(from, to),
            _ => Period::of(of("periode")),
        };
        let with = query.iter().filter(|(key, _)| key == "med").map(|(_, key)| key.clone());
        Self { period, with: with.take(SERIES_MAX - 1).collect() }
    }

    /// The address with another period, the same series.
    fn path(&self, chart: &Chart, series: &Series, period: Period) -> String {
        let mut path = format!("{}?{}", super::results::trend_path(chart, series), period.query());
        for key in &self.with {
            path.push_str("&med=");
            path.push_str(key);
        }
        path
    }
}

impl Period {
    const EACH: [Self; 4] = [Self::Quarter, Self::Year, Self::FiveYears, Self::All];

    /// Reads the address's `periode`.
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("3m") => Self::Quarter,
            Some("1") => Self::Year,
            Some("5") => Self::FiveYears,
            Some(_) | None => Self::All,
        }
    }

    fn query(self) -> String {
        match self {
            Self::Quarter => "periode=3m".to_owned(),
            Self::Year => "periode=1".to_owned(),
            Self::FiveYears => "periode=5".to_owned(),
            Self::All => "periode=alt".to_owned(),
            Self::Between(from, to) => format!("fra={from}&til={to}"),
        }
    }

    fn label(self) -> String {
        let long = |day: Date| Moment::day(day).long();
        match self {
            Self::Quarter => t("trends.quarter").to_owned(),
            Self::Year => t("trends.year").to_owned(),
            Self::FiveYears => t("trends.five-years").to_owned(),
            Self::All => t("trends.all").to_owned(),
            Self::Between(from, to) => {
                tf("trends.between", &[("from", &long(from)), ("to", &long(to))])
            }
        }
    }

    fn window(self, newest: Option<Date>) -> Window {
        let span = jiff::Span::new();
        let back = |span: jiff::Span| newest.map(|newest| newest.saturating_sub(span));
        let (from, to) = match self {
            Self::Quarter => (back(span.months(3)), None),
            Self::Year => (back(span.years(1)), None),
            Self::FiveYears => (back(span.years(5)), None),
            Self::All => (None, None),
            Self::Between(from, to) => (Some(from), Some(to)),
        };
        Window { from, to, axis: None }
    }
}

/// The section of one series, and of those that are laid beside it.
pub(crate) fn trend(chart: &Chart, series: &Series, asked: &Asked, today: Date) -> Markup {
    let beside = asked.with.iter().filter(|key| **key != series.key);
    let beside = beside.filter_map(|key| chart.series.iter().find(|one| one.key == *key));
    let all: Vec<&Series> = [series].into_iter().chain(beside).collect();
    let newest = all.iter().filter_map(|one| one.latest()?.date).map(Moment::date).max();
    let mut window = asked.period.window(newest);
    window.axis = axis(&all, &window);
    let drawn: Vec<&&Series> = all.iter().filter(|one| one.drawable().nth(1).is_some()).collect();
    let medications: Vec<&Medication> =
        chart.medications.in_use.iter().chain(&chart.medications.former).collect();
    html! {
        section.card aria-labelledby="trend-h" {
            header {
                h2 id="trend-h" { (series.name) }
                p.note {
                    @if let Some(code) = &series.code { (code.code) " · " }
                    (tf("trends.count", &[("n", &count(series.points.len()))]))
                }
            }
            (periods(chart, series, asked))
            div.zoomable data-way=(super::results::trend_path(chart, series)) {
                @for one in &drawn {
                    @if drawn.len() > 1 { h3 { (one.name) } }
                    (figure_in(one, &window))
                }
                @if let Some(axis) = window.axis.filter(|_| !drawn.is_empty()) {
                    (lanes(&medications, axis, today))
                }
            }
            (choose(chart, series, asked))
            @for (number, one) in all.iter().enumerate() { (values(one, &window, number == 0)) }
        }
    }
}

/// The axis that all figures share: the window, where it is closed, else to the ends of the data.
fn axis(all: &[&Series], window: &Window) -> Option<(f64, f64)> {
    let days = |day: Date| Moment::day(day).axis_days();
    let inside = all.iter().flat_map(|one| one.drawable().map(|(_, moment)| moment));
    let inside = inside.filter(|moment| window.holds(moment.date())).map(Moment::axis_days);
    let (low, high) = extent(inside.map(|day| (day, day)))?;
    let low = window.from.map_or(low, days).min(low);
    let high = window.to.map_or(high, days).max(high);
    (high > low).then_some((low, high))
}

/// Links to the windows of time; one that was drawn by dragging stands beside them.
fn periods(chart: &Chart, series: &Series, asked: &Asked) -> Markup {
    let own = matches!(asked.period, Period::Between(_, _)).then_some(asked.period);
    html! {
        nav.chips aria-label=(t("trends.period")) {
            @for each in Period::EACH.into_iter().chain(own) {
                a.chip href=(asked.path(chart, series, each))
                    aria-current=[(each == asked.period).then_some("true")] { (each.label()) }
            }
        }
        p.sub.zoom-hint hidden { (t("trends.drag")) }
    }
}

/// Which series are laid beside this one: a plain form.
fn choose(chart: &Chart, series: &Series, asked: &Asked) -> Markup {
    let offered: Vec<&Series> = chart
        .series
        .iter()
        .filter(|one| one.key != series.key && one.drawable().nth(1).is_some())
        .collect();
    let (name, value) = match asked.period {
        Period::Between(from, _) => ("fra", from.to_string()),
        Period::Quarter | Period::Year | Period::FiveYears | Period::All => {
            ("periode", asked.period.query().replace("periode=", ""))
        }
    };
    html! {
        @if !offered.is_empty() {
            details.beside {
                summary { (t("trends.beside")) }
                form action=(super::results::trend_path(chart, series)) method="get" {
                    input type="hidden" name=(name) value=(value);
                    @if let Period::Between(_, to) = asked.period {
                        input type="hidden" name="til" value=(to);
                    }
                    @for group in [Group::Vital, Group::Laboratory, Group::Other] {
                        @let of: Vec<&&Series> =
                            offered.iter().filter(|one| one.group == group).collect();
                        @if !of.is_empty() {
                            fieldset {
                                legend { (super::results::heading(group)) }
                                ul.beside-list {
                                    @for one in of { (offer(one, asked)) }
                                }
                            }
                        }
                    }
                    p.sub { (tf("trends.most", &[("n", &(SERIES_MAX - 1).to_string())])) }
                    button.ds-button data-size="sm" type="submit" { (t("trends.show")) }
                }
            }
        }
    }
}

fn offer(one: &Series, asked: &Asked) -> Markup {
    let id = format!("med-{}", one.key);
    html! {
        li {
            input id=(id) type="checkbox" name="med" value=(one.key)
                checked[asked.with.contains(&one.key)];
            " " label for=(id) { (one.name) }
        }
    }
}

/// Every value of the window, the first series' in sight.
fn values(series: &Series, window: &Window, is_first: bool) -> Markup {
    let within = |point: &&Point| match point.date {
        Some(date) => window.holds(date.date()),
        None => window.from.is_none() && window.to.is_none(),
    };
    let rows: Vec<&Point> = series.points.iter().filter(within).take(ROWS_MAX).collect();
    html! {
        @if is_first { (table(series, &rows)) } @else {
            details { summary { (series.name) } (table(series, &rows)) }
        }
    }
}

fn table(series: &Series, rows: &[&Point]) -> Markup {
    // Columns that would be empty in every row are left out.
    let ranges = rows.iter().any(|point| point.range_text.is_some());
    let comments = rows.iter().any(|point| point.note.is_some() || point.performer.is_some());
    html! {
        div.scroll tabindex="0" role="region" aria-label=(t("trends.values")) {
            table {
                caption.ds-sr-only { (series.name) }
                thead { tr {
                    th scope="col" { (t("results.date")) }
                    th.num scope="col" { (t("results.value")) }
                    @if ranges { th scope="col" { (t("results.range")) } }
                    @if comments { th scope="col" { (t("results.comment")) } }
                } }
                tbody {
                    @for point in rows {
                        tr {
                            td { @if let Some(date) = point.date { (date.with_time()) } }
                            td.num { (value(point)) }
                            @if ranges {
                                td.quiet { @if let Some(range) = &point.range_text { (range) } }
                            }
                            @if comments {
                                td.quiet {
                                    (super::documents::joined([point.note.as_deref(), point.performer.as_deref()]))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Asked::of(&pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn the_address_says_the_window_and_what_is_laid_beside() {
        for (query, period) in [
            ("", Period::All),
            ("periode=3m", Period::Quarter),
            ("periode=1", Period::Year),
            ("periode=tull", Period::All),
            ("fra=2024-01-01&til=2023-01-01&periode=5", Period::FiveYears),
            (
                "fra=2024-01-01&til=2024-03-01",
                Period::Between(Date::constant(2024, 1, 1), Date::constant(2024, 3, 1)),
            ),
        ] {
            let asked = asked(query);
            assert_eq!(asked.period, period, "{query}");
            let again = super::tests::asked(&asked.period.query());
            assert_eq!(again.period, period, "the address of a window gives the window");
        }
        assert_eq!(asked("med=a&med=b").with, ["a", "b"]);
        assert_eq!(asked("med=1&med=2&med=3&med=4&med=5&med=6&med=7").with.len(), SERIES_MAX - 1);
    }

    #[test]
    fn a_window_goes_back_from_the_newest_and_holds_both_its_ends() {
        let newest = Some(Date::constant(2026, 11, 22));
        let window = Period::Quarter.window(newest);
        assert!(window.holds(Date::constant(2026, 8, 22)));
        assert!(!window.holds(Date::constant(2026, 8, 21)));
        let (from, to) = (Date::constant(2024, 1, 1), Date::constant(2024, 3, 1));
        let window = Period::Between(from, to).window(newest);
        assert!(
            window.holds(from) && window.holds(to) && !window.holds(Date::constant(2024, 3, 2))
        );
    }
}
