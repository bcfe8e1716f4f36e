//! One analysis over time: the figure and every value in a table.

use jiff::civil::Date;
use maud::{Markup, html};

use super::results::value;
use super::trend_figure::figure;
use crate::chart::{Chart, Point, Series};
use crate::messages::{t, tf};
use crate::numbers::count;

/// Values in the table of one page; older ones are a longer period away.
const ROWS_MAX: usize = 500;

/// How far back the reader asked to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// The last year of what there is.
    Year,
    /// The last five years of what there is.
    FiveYears,
    /// Everything.
    All,
}

impl Period {
    const EACH: [Self; 3] = [Self::Year, Self::FiveYears, Self::All];

    /// Reads the address's `periode`.
    pub(crate) fn of(text: Option<&str>) -> Self {
        match text {
            Some("1") => Self::Year,
            Some("5") => Self::FiveYears,
            Some(_) | None => Self::All,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Year => "1",
            Self::FiveYears => "5",
            Self::All => "alt",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Year => t("trend.year"),
            Self::FiveYears => t("trend.five-years"),
            Self::All => t("trend.all"),
        }
    }

    fn from(self, newest: Option<Date>) -> Option<Date> {
        let back = |years: i16| newest.map(|n| n.saturating_sub(jiff::Span::new().years(years)));
        match self {
            Self::Year => back(1),
            Self::FiveYears => back(5),
            Self::All => None,
        }
    }
}

/// The section of one series.
pub(crate) fn trend(chart: &Chart, series: &Series, period: Period) -> Markup {
    let newest = series.latest().and_then(|point| point.date).map(|date| date.date());
    let from = period.from(newest);
    let within =
        |point: &&Point| from.is_none_or(|from| point.date.is_some_and(|date| date.date() >= from));
    let rows: Vec<&Point> = series.points.iter().filter(within).take(ROWS_MAX).collect();
    let path = super::results::trend_path(chart, series);
    html! {
        section.card aria-labelledby="trend-h" {
            header {
                h2 id="trend-h" { (series.name) }
                p.note {
                    @if let Some(code) = &series.code { (code.code) " · " }
                    (tf("trend.count", &[("n", &count(series.points.len()))]))
                }
            }
            nav.chips aria-label=(t("trend.period")) {
                @for each in Period::EACH {
                    a.chip href=(format!("{path}?periode={}", each.word()))
                        aria-current=[(each == period).then_some("true")] { (each.label()) }
                }
            }
            @if series.drawable().count() >= 2 { (figure(series, from)) }
            (table(series, &rows))
        }
    }
}

fn table(series: &Series, rows: &[&Point]) -> Markup {
    // Columns that would be empty in every row are left out.
    let ranges = rows.iter().any(|point| point.range_text.is_some());
    let comments = rows.iter().any(|point| point.note.is_some() || point.performer.is_some());
    html! {
        div.scroll tabindex="0" role="region" aria-label=(t("trend.values")) {
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
