//! How a child grows: the section of the chart, and the page of curves with every measurement in words.

use std::collections::HashMap;

use jiff::civil::Date;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::growth_figure::figure;
use super::section::{Section, empty, frame};
use crate::chart::{Chart, Sex};
use crate::dates::Moment;
use crate::growth::{Crossing, Growth, Measure, Measured, PERCENTILES, STANDARD_DAYS};
use crate::messages::{code, t, tf};
use crate::numbers::decimal;

const YEAR_DAYS: f64 = 365.25;
const MONTH_DAYS: f64 = 30.4375;

/// The ages that are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ages {
    ToTwo,
    ToFive,
    FromFive,
}

/// What the address of the page says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    ages: Option<Ages>,
    reference: Option<String>,
}

impl Asked {
    /// Reads `alder` and `referanse`.
    pub(crate) fn of(query: &HashMap<String, String>) -> Self {
        let ages = query.get("alder").and_then(|word| Ages::of(word));
        Self { ages, reference: query.get("referanse").cloned() }
    }

    /// Made fit for a child: the window of its age, and no reference that is not there.
    fn settled(&self, growth: &Growth, age: f64) -> Self {
        let usual = match age {
            ..730.5 => Ages::ToTwo,
            ..STANDARD_DAYS => Ages::ToFive,
            _ => Ages::FromFive,
        };
        let is_known = |name: &String| growth.references.own().any(|own| own == name);
        Self { ages: self.ages.or(Some(usual)), reference: self.reference.clone().filter(is_known) }
    }

    /// The reference that was chosen.
    pub(super) fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Both ends of the window, days of age.
    pub(super) fn days(&self) -> (f64, f64) {
        self.ages.unwrap_or(Ages::FromFive).days()
    }
}

impl Ages {
    const EACH: [Self; 3] = [Self::ToTwo, Self::ToFive, Self::FromFive];

    fn of(word: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|ages| ages.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::ToTwo => "0-2",
            Self::ToFive => "0-5",
            Self::FromFive => "5-19",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::ToTwo => t("growth.age-2"),
            Self::ToFive => t("growth.age-5"),
            Self::FromFive => t("growth.age-19"),
        }
    }

    fn days(self) -> (f64, f64) {
        match self {
            Self::ToTwo => (0.0, 730.0),
            Self::ToFive => (0.0, STANDARD_DAYS),
            Self::FromFive => (5.0 * YEAR_DAYS, 6940.0),
        }
    }
}

fn name(measure: Measure) -> &'static str {
    code("growth", measure.word()).unwrap_or_default()
}

/// What a reference is called: WHO's by their full names, others by their own.
fn reference_name(name: &str) -> &str {
    code("growth-reference", name).unwrap_or(name)
}

/// The latest of each measure, and what moves: on the chart.
pub(crate) fn section(chart: &Chart) -> Markup {
    let growth = &chart.growth;
    let body = html! {
        ul.rows {
            @for measure in Measure::ALL {
                @if let Some(latest) = growth.of(measure).last() {
                    li {
                        span.what { b { (name(measure)) } " " (value_words(measure, latest)) }
                        span.aside { (Moment::day(latest.day).long()) }
                        @if growth.sex.is_some() {
                            span.sub { (where_words(growth, measure, latest, None)) }
                        }
                        @if let Some(crossing) = growth.crossing(measure, None) {
                            span.sub { (crossing_words(&crossing)) }
                        }
                    }
                }
            }
        }
        a.more href=(format!("/pasient/{}/vekst", chart.person.id)) { (t("growth.open")) }
    };
    frame(Section::Growth, "", body)
}

/// The page.
pub(crate) fn growth(chart: &Chart, asked: &Asked, today: Date) -> Markup {
    let growth = &chart.growth;
    let birth = chart.person.birth.map_or(today, Moment::date);
    let asked = asked.settled(growth, crate::dates::days_between(birth, today) as f64);
    let measured = || Measure::ALL.into_iter().filter(|one| !growth.of(*one).is_empty());
    html! {
        section.card aria-labelledby="vekst-h" {
            header { h2 id="vekst-h" { (t("growth.heading")) } }
            @if growth.is_empty() { (empty(t("growth.none"))) } @else {
                (choices(chart, &asked))
                (about(chart, &asked))
                @for measure in measured() {
                    @if let Some(crossing) = growth.crossing(measure, asked.reference()) {
                        p.growth-crossing { b { (name(measure)) ": " } (crossing_words(&crossing)) }
                    }
                }
                @if measured().any(|one| growth.crossing(one, asked.reference()).is_some()) {
                    p.sub { (t("growth.puberty")) }
                }
            }
        }
        @for measure in measured() {
            @let id = format!("vekst-{}", measure.word());
            section.card aria-labelledby=(id) {
                h2 id=(id) { (name(measure)) }
                (figure(growth, measure, &asked))
                (table(growth, measure, &asked))
            }
        }
    }
}

/// Which ages are drawn, and against what, as links.
fn choices(chart: &Chart, asked: &Asked) -> Markup {
    let address = |ages: Option<Ages>, reference: Option<&str>| {
        let ages = ages.map_or("", Ages::word);
        let reference = reference.unwrap_or_default();
        let reference = utf8_percent_encode(reference, NON_ALPHANUMERIC);
        format!("/pasient/{}/vekst?alder={ages}&referanse={reference}", chart.person.id)
    };
    let own: Vec<&str> = chart.growth.references.own().collect();
    html! {
        nav.chips aria-label=(t("growth.age")) {
            @for each in Ages::EACH {
                a.chip href=(address(Some(each), asked.reference()))
                    aria-current=[(asked.ages == Some(each)).then_some("true")] { (each.label()) }
            }
        }
        @if !own.is_empty() {
            nav.chips aria-label=(t("growth.reference")) {
                a.chip href=(address(asked.ages, None))
                    aria-current=[asked.reference().is_none().then_some("true")] {
                    (t("growth.usual"))
                }
                @for each in own {
                    a.chip href=(address(asked.ages, Some(each)))
                        aria-current=[(asked.reference() == Some(each)).then_some("true")] { (each) }
                }
            }
        }
    }
}

/// What it is drawn against, and what to know of it.
fn about(chart: &Chart, asked: &Asked) -> Markup {
    let growth = &chart.growth;
    let (low, high) = asked.days();
    let Some(sex) = growth.sex else { return html! { p { (t("growth.no-sex")) } } };
    let mut names: Vec<&str> = Vec::new();
    for step in 0..=20_u32 {
        let days = low + (high - low) * f64::from(step) / 20.0;
        for measure in Measure::ALL {
            let found = growth.references.at(asked.reference(), measure, sex, days);
            if let Some((name, _)) = found.filter(|(name, _)| !names.contains(name)) {
                names.push(name);
            }
        }
    }
    let lacks_norwegian = high > STANDARD_DAYS + 1.0 && growth.references.own().next().is_none();
    let joined: Vec<&str> = names.iter().map(|name| reference_name(name)).collect();
    let joined = joined.join(", ");
    let sex = if sex == Sex::Male { t("growth.boys") } else { t("growth.girls") };
    html! {
        p.sub {
            @if asked.reference().is_some() {
                (tf("growth.chosen", &[("reference", &joined)]))
            } @else {
                (tf("growth.drawn-against", &[("reference", &joined), ("sex", sex)]))
            }
            @if lacks_norwegian { " " (t("growth.guideline")) }
            @if let Some(weeks) = growth.born_after_weeks {
                " " (tf("growth.corrected", &[("weeks", &weeks.to_string())]))
            }
        }
    }
}

fn table(growth: &Growth, measure: Measure, asked: &Asked) -> Markup {
    html! {
        div.scroll tabindex="0" role="region"
            aria-label=(tf("growth.values", &[("measure", name(measure))])) {
            table {
                caption.ds-sr-only { (name(measure)) }
                thead { tr {
                    th scope="col" { (t("growth.when")) }
                    th scope="col" { (t("growth.at-age")) }
                    th.num scope="col" { (t("growth.value")) }
                    th scope="col" { (t("growth.where")) }
                } }
                tbody {
                    @for one in growth.of(measure).iter().rev() {
                        tr {
                            td { (Moment::day(one.day).long()) }
                            td { (age_words(one.age)) }
                            td.num { (value_words(measure, one)) }
                            td {
                                @if growth.sex.is_some() {
                                    (where_words(growth, measure, one, asked.reference()))
                                }
                                @if one.is_reckoned {
                                    span.sub { (t("growth.reckoned")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `12,3 kg`
pub(super) fn value_words(measure: Measure, one: &Measured) -> String {
    let digits = format!("{:.2}", one.value);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{}\u{a0}{}", decimal(digits), measure.unit())
}

/// `12 dager`, `7 måneder`, `2 år 3 md.`
pub(super) fn age_words(days: f64) -> String {
    let months = (days / MONTH_DAYS + 0.02).floor() as i32;
    let (years, rest) = (months / 12, (months % 12).to_string());
    let years_words = tf("growth.years", &[("n", &years.to_string())]);
    match (years, months) {
        (_, ..1) => tf("date.days", &[("n", &format!("{days:.0}"))]),
        (_, 1) => t("date.month").to_owned(),
        (..2, _) => tf("date.months", &[("n", &months.to_string())]),
        (..6, _) if rest != "0" => {
            format!("{years_words} {}", tf("growth.months", &[("n", &rest)]))
        }
        _ => years_words,
    }
}

/// Between which percentiles a measurement lies.
fn band_words(band: usize) -> String {
    let percent = |place: Option<usize>| {
        place.and_then(|place| PERCENTILES.get(place)).map_or("", |(name, _)| *name)
    };
    match (percent(band.checked_sub(1)), percent(Some(band))) {
        ("", _) => t("growth.below").to_owned(),
        (_, "") => t("growth.above").to_owned(),
        (low, high) => tf("growth.between", &[("low", low), ("high", high)]),
    }
}

/// Where a measurement lies, in words and as deviations.
pub(super) fn where_words(
    growth: &Growth,
    measure: Measure,
    one: &Measured,
    chosen: Option<&str>,
) -> String {
    let Some(place) = growth.place(measure, one, chosen) else {
        return t("growth.not-covered").to_owned();
    };
    let z = decimal(&format!("{:.1}", place.z));
    let z = if z == "−0" { "0".to_owned() } else { z };
    tf("growth.place", &[("band", &band_words(place.band())), ("z", &z)])
}

fn crossing_words(crossing: &Crossing) -> String {
    let (from, to) = (crossing.from.band(), crossing.to.band());
    let key = if to > from { "growth.crossing-up" } else { "growth.crossing-down" };
    let values = [
        ("n", from.abs_diff(to).to_string()),
        ("date", Moment::day(crossing.since).long()),
        ("from", band_words(from)),
        ("to", band_words(to)),
    ];
    tf(key, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_places_are_told_in_words() {
        for (days, words) in [
            (12.0, "12 dager"),
            (31.0, "1 måned"),
            (365.0, "12 måneder"),
            (731.0, "2 år"),
            (830.0, "2 år 3 md."),
            (4000.0, "10 år"),
        ] {
            assert_eq!(age_words(days), words, "{days}");
        }
        assert_eq!(band_words(0), "under 2,5-percentilen");
        assert_eq!(band_words(3), "mellom 25- og 50-percentilen");
        assert_eq!(band_words(7), "over 97,5-percentilen");
    }
}
