//! The list of medicines and one prescription as clean pages for paper.

use maud::{Markup, html};
use serde_json::Value;

use super::chart_page::Sight;
use super::layout::{Page, page};
use crate::chart::{Medication, Warning};
use crate::dates::Moment;
use crate::fields::text_at;
use crate::messages::{t, tf};
use crate::prescribing::prescription::medicine;

/// All medicines in use.
pub(crate) fn list(sight: &Sight<'_>) -> Markup {
    let in_use = &sight.chart.medications.in_use;
    let (needed, fixed): (Vec<_>, Vec<_>) = in_use.iter().partition(|drug| drug.as_needed);
    let heading = t("paper.list");
    let content = html! {
        (allergies(sight))
        (table(t("paper.fixed"), &fixed))
        (table(t("paper.needed"), &needed))
        @if in_use.is_empty() { p { (t("medication.none")) } }
    };
    sheet(sight, heading, content)
}

fn table(heading: &str, drugs: &[&Medication]) -> Markup {
    html! {
        @if !drugs.is_empty() {
            h2 { (heading) }
            div.scroll tabindex="0" role="region" aria-label=(heading) {
            table {
                thead { tr {
                    th scope="col" { (t("medication.drug")) }
                    th scope="col" { (t("medication.dosage")) }
                    th scope="col" { (t("medication.reason")) }
                    th scope="col" { (t("medication.since")) }
                } }
                tbody { @for drug in drugs {
                    tr {
                        th scope="row" { (drug.text) }
                        td {
                            (drug.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
                            @if let Some(until) = drug.until { ", " (t("medication.until")) " " (until.long()) }
                        }
                        td { (drug.reason.as_deref().unwrap_or_default()) }
                        td { @if let Some(since) = drug.since { (since.long()) } }
                    }
                } }
            }
            }
        }
    }
}

fn allergies(sight: &Sight<'_>) -> Markup {
    let allergies = sight.chart.warnings.iter().filter(|warning| warning.is_allergy);
    let told = |warning: &Warning| match &warning.detail {
        Some(detail) => format!("{} ({detail})", warning.text),
        None => warning.text.clone(),
    };
    let known: Vec<String> = allergies.map(told).collect();
    html! {
        p.allergies {
            b { (t("paper.allergies")) } " "
            @if known.is_empty() { (t("banner.no-allergy")) } @else { (known.join(", ")) }
        }
    }
}

/// One prescription.
pub(crate) fn prescription(sight: &Sight<'_>, request: &Value) -> Markup {
    let text = |path: &str| text_at(request, path);
    let day = |path: &str| text(path).and_then(Moment::parse).map(Moment::long);
    let (name, atc) = medicine(request);
    let heading = t("paper.prescription");
    let repeats =
        request.pointer("/dispenseRequest/numberOfRepeatsAllowed").and_then(Value::as_u64);
    let lines = [
        (t("medication.drug"), name.map(str::to_owned)),
        (t("paper.atc"), atc.map(str::to_owned)),
        (t("medication.dosage"), text("/dosageInstruction/0/text").map(str::to_owned)),
        (t("medication.reason"), text("/reasonCode/0/text").map(str::to_owned)),
        (t("paper.written"), day("/authoredOn")),
        (t("paper.valid"), day("/dispenseRequest/validityPeriod/end")),
        (t("prescribing.repeats"), repeats.map(|n| n.to_string())),
        (t("paper.in-spite"), text("/detectedIssue/0/display").map(str::to_owned)),
        (t("paper.by"), text("/requester/display").map(str::to_owned)),
    ];
    let content = html! {
        dl.facts {
            @for (label, value) in lines {
                @if let Some(value) = value { div { dt { (label) } dd { (value) } } }
            }
        }
        p.signature { (t("paper.signature")) }
    };
    sheet(sight, heading, content)
}

fn sheet(sight: &Sight<'_>, heading: &str, content: Markup) -> Markup {
    let person = &sight.chart.person;
    let name = person.name_or_unknown();
    let title = format!("{heading} – {name}");
    let place = sight.who.place().unwrap_or_default();
    let main = html! {
        article.paper {
            p.back.deeds {
                a href=(format!("/pasient/{}", person.id)) { (t("chart.back")) }
                button.ds-button data-print type="button" { (t("paper.print")) }
            }
            header {
                h1 { (heading) }
                p { b { (name) } @if let Some(number) = &person.number { ", " (number) }
                    @if let Some(address) = &person.address { ", " (address) } }
                p.muted { (tf("paper.made", &[("date", &Moment::day(sight.today).long()),
                    ("who", sight.who.display()), ("place", place)])) }
            }
            (content)
        }
    };
    page(
        &Page { title: &title, who: Some(sight.who), query: "", search_in_top: true },
        html! {},
        main,
    )
}
