//! Lists of medicines side by side: what differs first, one press for each difference.

use akson_medicines::{Level, Outcome};
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::hidden;
use crate::chart::Chart;
use crate::messages::{code, t, tf};
use crate::reconciling::sources::{Row, Source};
use crate::reconciling::{Choice, Chosen};

/// What the page is drawn from.
pub(crate) struct Reconciling<'a> {
    pub chart: &'a Chart,
    pub sources: &'a [Source],
    pub rows: &'a [Row],
    /// Of each row, what the rules say of each version that can be taken.
    pub checks: &'a [Vec<(usize, Outcome)>],
    pub chosen: &'a Chosen,
    pub basis: &'a str,
    pub form_token: &'a str,
    pub today: Date,
}

/// The page.
pub(crate) fn reconciling(page: &Reconciling<'_>) -> Markup {
    let patient = &page.chart.person.id;
    let numbered = || page.rows.iter().enumerate();
    let different: Vec<(usize, &Row)> = numbered().filter(|(_, row)| !row.is_equal()).collect();
    let equal: Vec<(usize, &Row)> = numbered().filter(|(_, row)| row.is_equal()).collect();
    let stops = page.checks.iter().flatten().any(|(_, outcome)| outcome.stops());
    let note = tf(
        "reconciling.note",
        &[("different", &different.len().to_string()), ("equal", &equal.len().to_string())],
    );
    html! {
        section.card.prescribing.reconciling aria-labelledby="samstem-h" {
            header { h2 id="samstem-h" { (t("reconciling.heading")) }
                @if !page.sources.is_empty() { p.note { (note) } } }
            @if page.sources.is_empty() {
                p.muted { (t("reconciling.nothing")) }
                p { a href=(format!("/pasient/{patient}#legemidler")) { (t("chart.back")) } }
            } @else {
                (whence(page))
                @if let Some(wrong) = page.chosen.wrong { p.fault role="alert" { (wrong) } }
                form action=(format!("/pasient/{patient}/samstem")) method="post" novalidate {
                    (hidden(page.form_token))
                    input type="hidden" name="grunnlag" value=(page.basis);
                    @for (number, row) in &different { (difference(page, *number, row)) }
                    @if stops { (reason(page)) }
                    div.deeds {
                        button.ds-button type="submit" { (t("reconciling.store")) }
                        a.ds-button data-variant="secondary" href=(format!("/pasient/{patient}#legemidler")) {
                            (t("prescribing.cancel"))
                        }
                    }
                }
                @if !equal.is_empty() { (agreed(&equal)) }
            }
        }
    }
}

/// Which lists are compared, and from when.
fn whence(page: &Reconciling<'_>) -> Markup {
    html! {
        ul.whence {
            @for source in page.sources {
                li {
                    b { (code("medication-list", source.kind).unwrap_or(source.kind)) }
                    @if !source.title.is_empty() { ": " (source.title) }
                    @if let Some(date) = source.date { span.muted { ", " (date.short(page.today)) } }
                }
            }
        }
    }
}

fn difference(page: &Reconciling<'_>, number: usize, row: &Row) -> Markup {
    let chosen = page.chosen.choices.get(&number).copied();
    let missing = page.chosen.wrong.is_some() && chosen.is_none();
    let group = format!("valg-{number}");
    html! {
        fieldset.difference.missing[missing] {
            legend { (row.name) }
            dl.versions {
                div { dt { (t("reconciling.ours")) } dd { (ours(row)) } }
                @for (at, source) in page.sources.iter().enumerate() {
                    div.differs[!row.agrees(at)] {
                        dt { (code("medication-list", source.kind).unwrap_or(source.kind)) }
                        dd { (theirs(row, at)) }
                    }
                }
            }
            div.choices {
                @for choice in Choice::offered(row) {
                    label.choose {
                        input type="radio" name=(group) value=(choice.word()) checked[chosen == Some(choice)];
                        span { (words(page, row, choice)) }
                    }
                }
            }
            @for (at, outcome) in page.checks.get(number).into_iter().flatten() {
                (warned(page, *at, outcome))
            }
        }
    }
}

fn ours(row: &Row) -> Markup {
    html! {
        @match &row.ours {
            Some(drug) => {
                (drug.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
                @if drug.prescription.is_none() { span.muted { " (" (t("reconciling.own")) ")" } }
            },
            None => { span.muted { (t("reconciling.absent")) } },
        }
    }
}

fn theirs(row: &Row, at: usize) -> Markup {
    html! {
        @match row.listed(at) {
            Some(listed) => {
                @if listed.name != row.name { b { (listed.name) } ": " }
                (listed.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
            },
            None => { span.muted { (t("reconciling.absent")) } },
        }
        @if !row.agrees(at) { " " span.tag.tag-new { (t("reconciling.differs")) } }
    }
}

fn words(page: &Reconciling<'_>, row: &Row, choice: Choice) -> Markup {
    html! {
        @match choice {
            Choice::Keep => { b { (t("reconciling.keep")) } },
            Choice::Stop => { b { (t("reconciling.stop")) } },
            Choice::Leave => { b { (t("reconciling.leave")) } },
            Choice::Take(at) => {
                b { @if row.ours.is_some() { (t("reconciling.change")) } @else { (t("reconciling.take")) } }
                @if let Some(listed) = row.listed(at) {
                    " " (listed.dosage.as_deref().unwrap_or_default())
                    @let kind = page.sources.get(at).map_or("", |source| source.kind);
                    span.muted { " (" (code("medication-list", kind).unwrap_or(kind)) ")" }
                }
            },
        }
    }
}

/// The loud warnings of a version, in one line each.
fn warned(page: &Reconciling<'_>, at: usize, outcome: &Outcome) -> Markup {
    let kind = page.sources.get(at).map_or("", |source| source.kind);
    let loud = outcome.warnings.iter().filter(|warning| warning.level != Level::Quiet);
    html! {
        @for warning in loud {
            @let stops = warning.level == Level::Stop;
            p.warned.warned-stop[stops] {
                b { @if stops { "! " (t("cautions.stop")) } @else { "△ " (t("cautions.notice")) } }
                " (" (code("medication-list", kind).unwrap_or(kind)) "): "
                @if let Some(other) = &warning.other { (other) ": " }
                (warning.text) "."
            }
        }
        @if !outcome.unchecked.is_empty() {
            p.muted.warned-not { "? " (t("cautions.unchecked")) " "
                (outcome.unchecked.iter().map(super::cautions::not).collect::<Vec<_>>().join("; ")) "." }
        }
    }
}

fn reason(page: &Reconciling<'_>) -> Markup {
    html! {
        div.field.override {
            label for="begrunnelse" { (t("reconciling.reason")) }
            textarea.ds-input id="begrunnelse" name="begrunnelse" rows="2" maxlength="500" { (page.chosen.reason) }
        }
    }
}

fn agreed(equal: &[(usize, &Row)]) -> Markup {
    html! {
        h3 { (tf("reconciling.equal", &[("n", &equal.len().to_string())])) }
        ul.rows.rows-quiet {
            @for (_, row) in equal {
                li {
                    span.what { (row.name) }
                    span.aside { (row.ours.as_ref().and_then(|drug| drug.dosage.as_deref()).unwrap_or_default()) }
                }
            }
        }
    }
}
