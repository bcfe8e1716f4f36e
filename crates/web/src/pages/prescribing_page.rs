//! The search for a medicine, and the form of a prescription.

use akson_medicines::{Drug, Group, Outcome};
use maud::{Markup, html};

use super::cautions::cautions;
use super::layout::hidden;
use crate::chart::Chart;
use crate::messages::{code, t, tf};
use crate::prescribing::asked::{Typed, Wrong};
use crate::prescribing::cautions::egfr;
use crate::prescribing::dosage::RHYTHMS;

/// Months that a prescription may be dispensed, as the form offers them.
const MONTHS: [&str; 4] = ["1", "3", "6", "12"];

/// What the form is drawn from.
pub(crate) struct Draft<'a> {
    pub chart: &'a Chart,
    pub typed: &'a Typed,
    pub wrong: &'a Wrong,
    pub outcome: &'a Outcome,
    /// The prescription that it takes the place of.
    pub replaced: Option<&'a str>,
    pub form_token: &'a str,
}

/// The search for a medicine.
pub(crate) fn search(patient: &str, query: &str, hits: &[&Drug]) -> Markup {
    let address = format!("/pasient/{patient}/resept/ny");
    html! {
        section.card.prescribing {
            h2 { (t("prescribing.new")) }
            form.find-drug action=(address) method="get" role="search" {
                label for="legemiddelsok" { (t("prescribing.search")) }
                div.line {
                    input.ds-input id="legemiddelsok" name="q" type="search" value=(query) autofocus
                        autocomplete="off" spellcheck="false" placeholder=(t("prescribing.example"))
                        data-hx-get=(address) data-hx-trigger="input changed delay:120ms"
                        data-hx-target="#funn" data-hx-sync="this:replace";
                    button.ds-button data-variant="secondary" type="submit" { (t("search.button")) }
                }
            }
            div id="funn" aria-live="polite" { (found(patient, query, hits)) }
        }
    }
}

/// What a search found: each medicine leads to its form.
pub(crate) fn found(patient: &str, query: &str, hits: &[&Drug]) -> Markup {
    let address = format!("/pasient/{patient}/resept/ny");
    let quoted = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
    html! {
        @if !hits.is_empty() {
            ul.rows.drugs {
                @for drug in hits {
                    li {
                        a.what href=(format!("{address}?legemiddel={}", percent_encoding::utf8_percent_encode(
                            &drug.key(), percent_encoding::NON_ALPHANUMERIC))) {
                            b { (drug.substance) " " (drug.strength) } " " (drug.form)
                        }
                        span.aside { (group(drug.group)) (drug.atc) }
                    }
                }
            }
        }
        @if !query.is_empty() {
            p.more { a href=(format!("{address}?navn={quoted}")) {
                (tf("prescribing.outside", &[("name", query)]))
            } }
        }
    }
}

fn group(group: Group) -> Markup {
    let word = match group {
        Group::A => "A",
        Group::B => "B",
        Group::C | Group::F => return html! {},
    };
    html! { span.tag.tag-stop { (tf("prescribing.group", &[("group", word)])) } " " }
}

/// The form.
pub(crate) fn form(draft: &Draft<'_>) -> Markup {
    let patient = &draft.chart.person.id;
    let typed = draft.typed;
    let action = match draft.replaced {
        Some(id) => format!("/pasient/{patient}/resept/{id}/endre"),
        None => format!("/pasient/{patient}/resept/ny"),
    };
    let store = if draft.replaced.is_some() {
        t("prescribing.store-change")
    } else {
        t("prescribing.store")
    };
    html! {
        section.card.prescribing {
            h2 { (typed.name()) @if let Some(drug) = typed.drug() { " " (group(drug.group)) } }
            @if !draft.wrong.is_empty() { p.fault role="alert" { (t("hiring.look")) } }
            form.prescription id="resept-skjema" action=(action) method="post" novalidate {
                (hidden(draft.form_token))
                input type="hidden" name="legemiddel" value=(typed.field("legemiddel"));
                input type="hidden" name="erstatter" value=(draft.replaced.unwrap_or_default());
                div.parts data-hx-get=(format!("/pasient/{patient}/resept/vurder"))
                    data-hx-trigger="input delay:250ms" data-hx-include="#resept-skjema"
                    data-hx-target="#vurdering" data-hx-sync="this:replace" {
                    @if typed.drug().is_none() { (field(draft, "navn", t("prescribing.name"), "text")) }
                    (dose(draft))
                    (why(draft))
                    (extent(draft))
                }
                div id="vurdering" aria-live="polite" {
                    (assessment(draft.chart, typed, draft.outcome, draft.wrong.get("begrunnelse").copied()))
                }
                div.deeds {
                    button.ds-button type="submit" { (store) }
                    a.ds-button data-variant="secondary" href=(format!("/pasient/{patient}#legemidler")) {
                        (t("prescribing.cancel"))
                    }
                }
            }
        }
    }
}

/// The dosage in words and the warnings: what changes as one types.
pub(crate) fn assessment(
    chart: &Chart,
    typed: &Typed,
    outcome: &Outcome,
    wrong: Option<&str>,
) -> Markup {
    html! {
        p.in-words {
            span.muted { (t("prescribing.patient-reads")) } " "
            @match typed.dosage() {
                Ok(dosage) => { b lang="nb" { (dosage.words()) } },
                Err(wrong) => {
                    span.fault { (wrong.values().copied().collect::<Vec<_>>().join(" ")) }
                },
            }
        }
        (cautions(outcome, egfr(chart), typed.field("begrunnelse"), wrong))
    }
}

fn dose(draft: &Draft<'_>) -> Markup {
    let typed = draft.typed;
    html! {
        fieldset {
            legend { (t("prescribing.dosage")) }
            div.row {
                (field(draft, "dose", t("prescribing.amount"), "text"))
                @if let Some(drug) = typed.drug() {
                    p.unit { (drug.unit) }
                } @else {
                    (field(draft, "enhet", t("prescribing.unit"), "text"))
                }
                div.field {
                    label for="rytme" { (t("prescribing.when")) }
                    select.ds-input id="rytme" name="rytme" {
                        @for word in RHYTHMS {
                            option value=(word) selected[word == typed.field("rytme")] {
                                (code("rhythm", word).unwrap_or(word))
                            }
                        }
                    }
                }
                (field(draft, "hoyst", t("prescribing.most"), "text"))
            }
            (field(draft, "tillegg", t("prescribing.more"), "text"))
        }
    }
}

fn why(draft: &Draft<'_>) -> Markup {
    let chosen = draft.typed.field("grunn");
    html! {
        fieldset {
            legend { (t("prescribing.why")) }
            div.row {
                div.field {
                    label for="grunn" { (t("prescribing.diagnosis")) }
                    select.ds-input id="grunn" name="grunn" {
                        option value="" { (t("prescribing.other-reason")) }
                        @for one in &draft.chart.diagnoses.active {
                            @if let Some(id) = &one.id {
                                option value=(id) selected[id == chosen] { (one.text) }
                            }
                        }
                    }
                }
                (field(draft, "grunntekst", t("prescribing.reason-text"), "text"))
            }
        }
    }
}

fn extent(draft: &Draft<'_>) -> Markup {
    let months = draft.typed.field("gyldig");
    html! {
        fieldset {
            legend { (t("prescribing.extent")) }
            div.row {
                (field(draft, "dager", t("prescribing.days"), "text"))
                div.field {
                    label for="gyldig" { (t("prescribing.valid")) }
                    select.ds-input id="gyldig" name="gyldig" {
                        @for one in MONTHS {
                            option value=(one) selected[one == months] { (tf("prescribing.months", &[("n", one)])) }
                        }
                    }
                }
                (field(draft, "reit", t("prescribing.repeats"), "text"))
            }
        }
    }
}

fn field(draft: &Draft<'_>, name: &'static str, label: &str, kind: &str) -> Markup {
    let wrong = draft.wrong.get(name);
    let fault = format!("feil-{name}");
    let is_number = matches!(name, "hoyst" | "dager" | "reit");
    let mode = if name == "dose" { Some("decimal") } else { is_number.then_some("numeric") };
    html! {
        div.field.{ "field-" (name) } {
            label for=(name) { (label) }
            input.ds-input id=(name) name=(name) type=(kind) value=(draft.typed.field(name))
                autocomplete="off" inputmode=[mode] aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| fault.as_str())];
            @if let Some(wrong) = wrong { p.fault id=(fault) { (wrong) } }
        }
    }
}
