//! Lists of medicines side by side: what differs first, one press for each difference.

use akson_medicines::{Level, Outcome};
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::hidden;
use crate::chart::Chart;
use crate::messages::{code, t, tf};
use crate::reconciling::sources::{Row, Source};
use crate::reconciling::{Choice, Chosen, different};

/// What the page is drawn from.
pub(crate) struct Reconciling<'a> {
    pub chart: &'a Chart,
    pub sources: &'a [Source],
    pub rows: &'a [Row],
    /// Of each row, what the rules say of each version that can be taken.
    pub checks: &'a [Vec<(usize, Outcome)>],
    pub chosen: &'a Chosen,
    pub basis: &'a str,
    /// Whether the reader prescribes, and does not only propose.
    pub decides: bool,
    pub form_token: &'a str,
    pub today: Date,
}

/// The page. Each choice is a button that stores itself; the last one stores everything.
pub(crate) fn reconciling(page: &Reconciling<'_>) -> Markup {
    let patient = &page.chart.person.id;
    let differences: Vec<(usize, &Row)> = different(page.rows).collect();
    let equal: Vec<&Row> = page.rows.iter().filter(|row| row.is_equal()).collect();
    let note = tf(
        "reconciling.note",
        &[("different", &differences.len().to_string()), ("equal", &equal.len().to_string())],
    );
    html! {
        section.card.prescribing.reconciling id="samstem" aria-labelledby="samstem-h" {
            header { h2 id="samstem-h" { (t("reconciling.heading")) }
                @if !page.sources.is_empty() { p.note { (note) } } }
            @if page.sources.is_empty() {
                p.muted { (t("reconciling.nothing")) }
                p { a href=(format!("/pasient/{patient}#legemidler")) { (t("chart.back")) } }
            } @else {
                (whence(page))
                @if !page.decides { p.muted { (t("reconciling.proposes")) } }
                @if let Some(wrong) = page.chosen.wrong { p.fault role="alert" { (wrong) } }
                (form(page, &differences))
                @if !equal.is_empty() { (agreed(&equal)) }
            }
        }
    }
}

fn form(page: &Reconciling<'_>, differences: &[(usize, &Row)]) -> Markup {
    let patient = &page.chart.person.id;
    let stops = page.checks.iter().flatten().any(|(_, outcome)| outcome.stops());
    let open = page.chosen.open(page.rows);
    let (done, all) = ((differences.len() - open).to_string(), differences.len().to_string());
    html! {
        form action=(format!("/pasient/{patient}/samstem")) method="post" novalidate {
            (hidden(page.form_token))
            input type="hidden" name="grunnlag" value=(page.basis);
            @for (number, row) in differences { (difference(page, *number, row, open)) }
            @if stops { (reason(page)) }
            div.deeds {
                p.muted role="status" {
                    (tf("reconciling.progress", &[("done", &done), ("all", &all)])) ". "
                    @if open > 0 { (t("reconciling.kept")) }
                }
                @if open == 0 {
                    button.ds-button type="submit" name="lagre" value="ja" { (t("reconciling.store")) }
                }
                a.ds-button data-variant="secondary" href=(format!("/pasient/{patient}#legemidler")) {
                    (if open == differences.len() { t("prescribing.cancel") } else { t("reconciling.later") })
                }
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

fn difference(page: &Reconciling<'_>, number: usize, row: &Row, open: usize) -> Markup {
    let chosen = page.chosen.choices.get(&number).copied();
    let missing = page.chosen.wrong.is_some() && chosen.is_none();
    html! {
        fieldset.difference.missing[missing].decided[chosen.is_some()] {
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
                    @let is_last = open == 1 && chosen.is_none();
                    (button(page, number, (row, choice), chosen == Some(choice), is_last))
                }
            }
            @for (at, outcome) in page.checks.get(number).into_iter().flatten() {
                @if chosen.is_none_or(|choice| choice == Choice::Take(*at)) { (warned(page, *at, outcome)) }
            }
        }
    }
}

/// A choice. The one that is left stores everything, and says so; the others are kept in place.
fn button(
    page: &Reconciling<'_>,
    number: usize,
    (row, choice): (&Row, Choice),
    is_chosen: bool,
    is_last: bool,
) -> Markup {
    let action = format!("/pasient/{}/samstem", page.chart.person.id);
    let (name, word) = (format!("valg-{number}"), choice.word());
    let keeps = (!is_last).then_some(action.as_str());
    html! {
        button.choose type="submit" id=(format!("{name}-{word}")) name=(name) value=(word)
            aria-pressed=(is_chosen)
            formaction=[is_last.then(|| format!("{action}?lagre=ja"))]
            data-hx-post=[keeps] data-hx-target=[keeps.map(|_| "#samstem")]
            data-hx-swap=[keeps.map(|_| "outerHTML")] {
            span {
                @if is_chosen { span.mark aria-hidden="true" { "✓ " } }
                (words(page, row, choice))
                @if is_last { span.and-store { " " (t("reconciling.and-store")) } }
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
            Choice::Stop => { b { @if page.decides { (t("reconciling.stop")) }
                @else { (t("reconciling.propose-stop")) } } },
            Choice::Leave => { b { (t("reconciling.leave")) } },
            Choice::Take(at) => {
                b { (take(page, row, at)) }
                @if let Some(listed) = row.listed(at) {
                    " " (listed.dosage.as_deref().unwrap_or_default())
                    @let kind = page.sources.get(at).map_or("", |source| source.kind);
                    span.muted { " (" (code("medication-list", kind).unwrap_or(kind)) ")" }
                }
            },
        }
    }
}

/// Whether it is done, or proposed: what the patient takes without a prescription needs no doctor.
fn take(page: &Reconciling<'_>, row: &Row, at: usize) -> &'static str {
    let by_patient = page.sources.get(at).is_some_and(|source| source.kind == "patient");
    match (row.ours.is_some(), page.decides || (row.ours.is_none() && by_patient)) {
        (true, true) => t("reconciling.change"),
        (true, false) => t("reconciling.propose-change"),
        (false, true) => t("reconciling.take"),
        (false, false) => t("reconciling.propose-take"),
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
            textarea.ds-input id="begrunnelse" name="begrunnelse" rows="2" maxlength="500"
                data-hx-post=(format!("/pasient/{}/samstem", page.chart.person.id))
                data-hx-trigger="change" data-hx-swap="none" { (page.chosen.reason) }
        }
    }
}

fn agreed(equal: &[&Row]) -> Markup {
    html! {
        h3 { (tf("reconciling.equal", &[("n", &equal.len().to_string())])) }
        ul.rows.rows-quiet {
            @for row in equal {
                li {
                    span.what { (row.name) }
                    span.aside { (row.ours.as_ref().and_then(|drug| drug.dosage.as_deref()).unwrap_or_default()) }
                }
            }
        }
    }
}
