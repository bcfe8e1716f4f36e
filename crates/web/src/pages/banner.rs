//! The sticky banner: who, what can kill, and why the reader may see it.

use akson_access::Ground;
use akson_access::rules::Class;
use maud::{Markup, html};

use super::chart_page::Sight;
use crate::chart::{Person, Severity, Warning};
use crate::dates::Moment;
use crate::messages::{code, t, tf};
use crate::notes::writes_notes;

/// The banner of a patient's pages; the name leads back to the chart from the other pages.
pub(crate) fn banner(sight: &Sight<'_>, on_chart: bool) -> Markup {
    let chart = sight.chart;
    let person = &chart.person;
    let name = match person.age(sight.today) {
        Some(age) => tf("banner.name-age", &[("name", person.name_or_unknown()), ("age", &age)]),
        None => person.name_or_unknown().to_owned(),
    };
    html! {
        div.banner role="region" aria-label=(t("banner.label")) {
            div.identity {
                @if on_chart {
                    h1 { (name) }
                } @else {
                    p.name { a href=(format!("/pasient/{}", person.id)) { (name) } }
                }
                p.id { (identity(person)) }
            }
            (warnings(&chart.warnings, sight.who.may_ever_read(Class::Clinical)))
            (buttons(&actions(sight)))
            p.ground {
                (t("banner.ground-before")) " " b { (sight.who.display()) } ". "
                (ground(sight)) (t("banner.ground-logged"))
                @if let Some(gp) = &person.practitioner {
                    " " (t("banner.practitioner")) " " b { (gp) } "."
                }
                @if let Some(kin) = person.kin.first() {
                    " " (t("banner.kin")) " " b { (kin.name) }
                    @if let Some(relationship) = &kin.relationship { " (" (relationship) ")" }
                    @if let Some(telephone) = &kin.telephone { ", " (telephone) }
                    "."
                }
            }
        }
    }
}

/// Something that can be done in an open chart.
pub(crate) struct Action {
    /// Where it is done.
    pub href: String,
    /// What it is called.
    pub label: &'static str,
    /// The key that does it.
    pub key: Option<char>,
}

/// What the reader can do in this chart, the most usual first; at most seven.
pub(crate) fn actions(sight: &Sight<'_>) -> Vec<Action> {
    let patient = &sight.chart.person.id;
    let mut all = Vec::new();
    if writes_notes(sight.who) {
        let href = format!("/pasient/{patient}/notat/ny");
        all.push(Action { href, label: t("banner.new-note"), key: Some('n') });
    }
    let mut with = |class, path: &str, label| {
        if sight.who.may_ever_write(class) {
            all.push(Action { href: format!("/pasient/{patient}/{path}"), label, key: None });
        }
    };
    with(Class::Prescription, "resept/ny", t("banner.new-prescription"));
    with(Class::Clinical, "bestill", t("banner.order"));
    with(Class::Clinical, "skjema", t("forms.heading"));
    let href = format!("/pasient/{patient}/utskrift/sammendrag");
    all.push(Action { href, label: t("paper.print"), key: None });
    all
}

/// The actions as buttons, the first as what one most likely came for.
fn buttons(actions: &[Action]) -> Markup {
    html! {
        @if !actions.is_empty() {
            ul.actions aria-label=(t("banner.actions")) {
                @for (number, action) in actions.iter().enumerate() {
                    @let key = action.key.map(String::from);
                    li {
                        a.ds-button href=(action.href) data-size="sm"
                            data-variant=[(number > 0).then_some("secondary")]
                            data-key=[key.as_deref()] aria-keyshortcuts=[key.as_deref()] {
                            (action.label)
                            @if let Some(key) = &key { " " kbd aria-hidden="true" { (key.to_uppercase()) } }
                        }
                    }
                }
            }
        }
    }
}

/// Why the reader sees the journal, until when, and that something is hidden.
fn ground(sight: &Sight<'_>) -> Markup {
    let standing = sight.standing;
    let until = standing.until.map(Moment::from_instant);
    html! {
        @if let Some(ground) = code("standing", standing.reason) {
            (t("banner.ground")) " " b.emergency-ground[standing.ground == Ground::Emergency] { (ground) }
            @if let Some(until) = until {
                " " (tf("banner.until", &[("when", &until.with_time())]))
            }
            ". "
        }
        @if standing.hides_something {
            span.flag.flag-notice { (t("banner.hidden")) } " "
            @if standing.may_take_emergency {
                a href=(format!("/pasient/{}/apne", sight.chart.person.id)) {
                    (t("banner.open-hidden"))
                }
                " "
            }
        }
    }
}

fn identity(person: &Person) -> Markup {
    let number = person.number.clone().unwrap_or_else(|| t("person.no-number").to_owned());
    let birth = person.birth.map(|birth| tf("person.born", &[("date", &birth.long())]));
    let telephone = person.telephone.as_ref().map(|n| tf("person.telephone", &[("n", n)]));
    let sex = person.sex.map(str::to_owned);
    let rest = [birth, sex, person.address.clone(), telephone];
    html! {
        b.number { (number) }
        @for part in rest.into_iter().flatten() { " · " span.part { (part) } }
    }
}

/// What can kill. That there is no allergy is said to those only who would see one.
fn warnings(warnings: &[Warning], would_see: bool) -> Markup {
    let any_allergy = warnings.iter().any(|warning| warning.is_allergy);
    html! {
        ul.flags aria-label=(t("banner.warnings")) {
            @for warning in warnings { li { (label(warning)) } }
            @if !any_allergy && would_see { li { span.flag.flag-quiet { (t("banner.no-allergy")) } } }
        }
    }
}

fn label(warning: &Warning) -> Markup {
    let class = match warning.severity {
        Severity::Stop => "flag flag-stop",
        Severity::Notice => "flag flag-notice",
        Severity::Quiet => "flag flag-quiet",
    };
    html! {
        span class=(class) {
            @if warning.severity == Severity::Stop {
                b.sign aria-hidden="true" { "!" }
                span.ds-sr-only { (t("banner.severe")) " " }
            }
            span {
                @if warning.is_allergy && warning.severity != Severity::Quiet {
                    span.flag-kind { (t("banner.allergy")) " " }
                }
                (warning.text)
                @if let Some(detail) = &warning.detail { ": " (detail) }
                @if let Some(date) = warning.date { " " span.flag-date { (date.year()) } }
            }
        }
    }
}
