//! Renewing a prescription with one press, the patient's request for it, and stopping one.

use akson_medicines::Outcome;
use jiff::civil::Date;
use maud::{Markup, html};

use super::cautions::cautions;
use super::layout::hidden;
use crate::chart::{Chart, Prescription};
use crate::messages::{code, t, tf};
use crate::prescribing::REASONS;
use crate::prescribing::asked::{Typed, Wrong};
use crate::prescribing::cautions::egfr;
use crate::prescribing::prescription::Dispensing;
use crate::prescribing::renewing::Request;

/// What it is drawn from.
pub(crate) struct Renewal<'a> {
    pub chart: &'a Chart,
    pub prescription: Option<&'a Prescription>,
    pub id: &'a str,
    pub requests: &'a [Request],
    pub usual: Dispensing,
    /// What was typed when it was sent before.
    pub typed: Option<&'a Typed>,
    pub wrong: &'a Wrong,
    pub outcome: &'a Outcome,
    pub form_token: &'a str,
    pub today: Date,
}

/// The same again: everything filled in.
pub(crate) fn renewal(renewal: &Renewal<'_>) -> Markup {
    let patient = &renewal.chart.person.id;
    let base = format!("/pasient/{patient}/resept/{}", renewal.id);
    let drug = renewal.prescription.map_or("", |one| one.text.as_str());
    let heading = tf("prescribing.renew-what", &[("drug", drug)]);
    let typed = |name: &str| renewal.typed.map_or("", |typed| typed.field(name));
    html! {
        section.act.prescribing aria-labelledby="forny-h" {
            h2 id="forny-h" tabindex="-1" { (heading) }
            @if let Some(one) = renewal.prescription { (as_it_is(one, renewal.today)) }
            @for request in renewal.requests { (asked(request, renewal.today)) }
            form.renewal action=(format!("{base}/forny")) method="post" novalidate {
                (hidden(renewal.form_token))
                (cautions(renewal.outcome, egfr(renewal.chart), typed("begrunnelse"),
                    renewal.wrong.get("begrunnelse").copied()))
                div.row { (valid(renewal)) (repeats(renewal)) }
                div.deeds {
                    button.ds-button type="submit" data-first { (t("prescribing.renew-now")) }
                    a.ds-button data-variant="secondary" href=(format!("{base}/endre")) { (t("prescribing.change")) }
                    a.ds-button data-variant="secondary" href=(format!("{base}/seponer")) { (t("prescribing.stop")) }
                    a.plain href=(base) { (t("prescribing.history")) }
                    a.plain data-drop="resept" href=(format!("/pasient/{patient}#legemidler")) {
                        (t("prescribing.cancel"))
                    }
                }
            }
            @if !renewal.requests.is_empty() { (decline(renewal, &base)) }
        }
    }
}

/// What stands in the prescription that is renewed.
fn as_it_is(one: &Prescription, today: Date) -> Markup {
    html! {
        dl.facts {
            div { dt { (t("medication.dosage")) } dd { b { (one.dosage.as_deref().unwrap_or(t("medication.no-dosage"))) } } }
            @if let Some(reason) = &one.reason { div { dt { (t("medication.reason")) } dd { (reason) } } }
            @if let Some(authored) = one.authored {
                div { dt { (t("prescribing.last")) } dd {
                    (authored.short(today)) @if let Some(by) = &one.requester { ", " (by) }
                } }
            }
        }
    }
}

fn asked(request: &Request, today: Date) -> Markup {
    html! {
        div.request {
            p { b { (t("prescribing.asked")) } @if let Some(when) = request.when() { " " (when.short(today)) } }
            @if let Some(words) = request.words() { p { (tf("my.quoted", &[("text", words)])) } }
        }
    }
}

fn valid(renewal: &Renewal<'_>) -> Markup {
    let usual = renewal.usual.months.to_string();
    let chosen = renewal.typed.map_or(usual.as_str(), |typed| typed.field("gyldig"));
    html! {
        div.field {
            label for="forny-gyldig" { (t("prescribing.valid")) }
            select.ds-input id="forny-gyldig" name="gyldig" {
                @for one in ["1", "3", "6", "12"] {
                    option value=(one) selected[one == chosen] { (tf("prescribing.months", &[("n", one)])) }
                }
            }
        }
    }
}

fn repeats(renewal: &Renewal<'_>) -> Markup {
    let usual = renewal.usual.repeats.to_string();
    let value = renewal.typed.map_or(usual.as_str(), |typed| typed.field("reit"));
    let wrong = renewal.wrong.get("reit");
    html! {
        div.field {
            label for="forny-reit" { (t("prescribing.repeats")) }
            input.ds-input id="forny-reit" name="reit" inputmode="numeric" autocomplete="off"
                value=(value) aria-invalid=[wrong.map(|_| "true")];
            @if let Some(wrong) = wrong { p.fault { (wrong) } }
        }
    }
}

fn decline(renewal: &Renewal<'_>, base: &str) -> Markup {
    let wrong = renewal.wrong.get("avslag");
    html! {
        details.decline open[wrong.is_some()] {
            summary { (t("prescribing.decline")) }
            form action=(format!("{base}/avslag")) method="post" novalidate {
                (hidden(renewal.form_token))
                div.field {
                    label for="avslag" { (t("prescribing.decline-why")) }
                    textarea.ds-input id="avslag" name="avslag" rows="2" maxlength="500"
                        aria-invalid=[wrong.map(|_| "true")] {}
                    @if let Some(wrong) = wrong { p.fault role="alert" { (wrong) } }
                }
                button.ds-button data-variant="secondary" type="submit" { (t("prescribing.decline-now")) }
            }
        }
    }
}

/// The end of a prescription: one press for a usual reason, or words.
pub(crate) fn stop(
    patient: &str,
    prescription: &str,
    heading: &str,
    wrong: Option<&str>,
    token: &str,
) -> Markup {
    html! {
        section.act.prescribing aria-labelledby="seponer-h" {
            h2 id="seponer-h" tabindex="-1" { (heading) }
            form action=(format!("/pasient/{patient}/resept/{prescription}/seponer")) method="post" novalidate {
                (hidden(token))
                p { (t("prescribing.stop-why")) }
                div.deeds {
                    @for reason in REASONS {
                        button.ds-button data-variant="secondary" type="submit" name="grunn" value=(reason) {
                            (code("stop-reason", reason).unwrap_or(reason))
                        }
                    }
                }
                div.field {
                    label for="tekst" { (t("prescribing.stop-other")) }
                    div.line {
                        input.ds-input id="tekst" name="tekst" type="text" autocomplete="off" maxlength="500"
                            aria-invalid=[wrong.map(|_| "true")];
                        button.ds-button type="submit" { (t("prescribing.stop")) }
                    }
                    @if let Some(wrong) = wrong { p.fault role="alert" { (wrong) } }
                }
                a.plain data-drop="resept" href=(format!("/pasient/{patient}#legemidler")) { (t("prescribing.cancel")) }
            }
        }
    }
}
