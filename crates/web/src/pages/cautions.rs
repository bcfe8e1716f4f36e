//! The warnings of a prescription: what stops, what to think of, what is good to know, what was
//! checked and what was not.

use akson_medicines::{Check, Level, Outcome, Unchecked, Warning, coverage};
use maud::{Markup, html};

use crate::chart::Point;
use crate::messages::{code, t, tf};

/// All of it. `typed` is the reason for overriding, and what is wrong with it.
pub(crate) fn cautions(
    outcome: &Outcome,
    egfr: Option<&Point>,
    typed: &str,
    wrong: Option<&str>,
) -> Markup {
    let (loud, quiet): (Vec<&Warning>, Vec<&Warning>) =
        outcome.warnings.iter().partition(|warning| warning.level != Level::Quiet);
    html! {
        div.cautions {
            @for warning in &loud { (told(warning)) }
            @if outcome.stops() { (override_with(typed, wrong)) }
            @if loud.is_empty() { p.caution.caution-none { (nothing(outcome)) } }
            @if !quiet.is_empty() {
                details {
                    summary { (tf("cautions.quiet", &[("n", &quiet.len().to_string())])) }
                    @for warning in &quiet { (told(warning)) }
                }
            }
            (checked(outcome, egfr))
        }
    }
}

/// That nothing was found is not said of what was not looked for.
fn nothing(outcome: &Outcome) -> &'static str {
    if outcome.checked.is_empty() { t("cautions.not-checked") } else { t("cautions.none") }
}

fn told(warning: &Warning) -> Markup {
    let (class, sign, word) = match warning.level {
        Level::Stop => ("caution caution-stop", "!", t("cautions.stop")),
        Level::Notice => ("caution caution-notice", "△", t("cautions.notice")),
        Level::Quiet => ("caution caution-quiet", "i", t("cautions.good-to-know")),
    };
    let kind = code("caution", warning.kind.code()).unwrap_or_default();
    let text = match (warning.text, warning.kind) {
        ("", akson_medicines::Kind::Allergy) => t("cautions.same-allergy").to_owned(),
        ("", _) => t("cautions.same-substance").to_owned(),
        (name, akson_medicines::Kind::Duplicate) => tf("cautions.two-of", &[("group", name)]),
        (text, _) => text.to_owned(),
    };
    html! {
        div class=(class) {
            span.sign aria-hidden="true" { (sign) }
            div {
                p { b { (word) ": " (kind) } @if let Some(other) = &warning.other { " – " (other) } }
                p { (text) "." @if let Some(advice) = warning.advice { " " (advice) "." } }
                @if !warning.source.is_empty() { p.source { (t("cautions.source")) " " (warning.source) } }
            }
        }
    }
}

fn override_with(typed: &str, wrong: Option<&str>) -> Markup {
    html! {
        div.field.override {
            label for="begrunnelse" { (t("cautions.override")) }
            textarea.ds-input id="begrunnelse" name="begrunnelse" rows="2" required maxlength="500"
                aria-invalid=[wrong.map(|_| "true")] aria-describedby="begrunnelse-hva" { (typed) }
            p.muted id="begrunnelse-hva" { (t("cautions.override-what")) }
            @if let Some(wrong) = wrong { p.fault role="alert" { (wrong) } }
        }
    }
}

fn checked(outcome: &Outcome, egfr: Option<&Point>) -> Markup {
    let [medicines, interactions, ..] = coverage();
    let done = outcome.checked.iter().map(|check| match check {
        Check::Allergies(0) => t("cautions.checked-no-allergies").to_owned(),
        Check::Allergies(n) => tf("cautions.checked-allergies", &[("n", &n.to_string())]),
        Check::Together(n) => tf("cautions.checked-together", &[("n", &n.to_string())]),
        Check::Dose(n) => tf("cautions.checked-dose", &[("n", &n.to_string())]),
    });
    let done: Vec<String> = done.collect();
    let kidneys = egfr.and_then(|point| {
        let date = point.date?.long();
        Some(tf("cautions.egfr", &[("value", &point.value.text), ("date", &date)]))
    });
    html! {
        div.checked {
            @if !done.is_empty() {
                p { b { (t("cautions.checked")) } " " (done.join(", "))
                    @if let Some(kidneys) = &kidneys { ". " (kidneys) } "." }
            }
            @if !outcome.unchecked.is_empty() {
                p.unchecked { b { span.sign aria-hidden="true" { "?" } " " (t("cautions.unchecked")) } " "
                    (outcome.unchecked.iter().map(not).collect::<Vec<_>>().join("; ")) "." }
            }
            p.muted { (tf("cautions.coverage", &[("medicines", &medicines.to_string()),
                ("interactions", &interactions.to_string())])) }
        }
    }
}

/// In words, what could not be checked.
pub(crate) fn not(unchecked: &Unchecked) -> String {
    let text = code("unchecked", unchecked.code()).unwrap_or_default();
    text.replace("{name}", unchecked.name().unwrap_or_default())
}
