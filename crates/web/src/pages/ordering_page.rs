//! Ordering tests, radiology and referrals: favourite panels first, one press each.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::hidden;
use crate::chart::{Chart, Order};
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::ordering::catalogue::{analyses, examinations, panels};
use crate::ordering::{Category, Place};

/// What the page is drawn from.
pub(crate) struct Ordering<'a> {
    pub chart: &'a Chart,
    pub places: &'a [Place],
    /// The requisition that was just stored.
    pub ordered: Option<&'a str>,
    pub wrong: Option<(Category, &'static str)>,
    pub form_token: &'a str,
    pub today: Date,
}

impl Ordering<'_> {
    fn address(&self, rest: &str) -> String {
        format!("/pasient/{}/bestill/{rest}", self.chart.person.id)
    }

    fn fault(&self, of: Category) -> Markup {
        match self.wrong {
            Some((category, text)) if category == of => html! { p.fault role="alert" { (text) } },
            Some(_) | None => html! {},
        }
    }
}

/// The page.
pub(crate) fn page(ordering: &Ordering<'_>) -> Markup {
    let just = ordering.ordered.and_then(|requisition| {
        let orders = ordering.chart.orders.iter();
        orders.into_iter().find(|order| order.requisition.as_deref() == Some(requisition))
    });
    html! {
        @if let Some(order) = just { (stored(ordering, order)) }
        section.card.prescribing.ordering aria-labelledby="prover-h" {
            h2 id="prover-h" { (t("ordering.panels")) }
            (ordering.fault(Category::Laboratory))
            (favourites(ordering))
            (own_choice(ordering))
        }
        (under_way(ordering))
        section.card.prescribing.ordering aria-labelledby="bilde-h" {
            h2 id="bilde-h" { (t("ordering.imaging")) }
            (ordering.fault(Category::Imaging))
            (imaging(ordering))
        }
        section.card.prescribing.ordering aria-labelledby="henvis-h" {
            h2 id="henvis-h" { (t("ordering.referral")) }
            (ordering.fault(Category::Referral))
            (referral(ordering))
        }
    }
}

fn stored(ordering: &Ordering<'_>, order: &Order) -> Markup {
    html! {
        div.stored role="status" {
            p { b { (t("ordering.stored")) } " " (order.items.join(", ")) "." }
            div.deeds {
                (take_back(ordering, order, t("ordering.undo")))
                a href=(format!("/pasient/{}", ordering.chart.person.id)) { (t("chart.back")) }
            }
        }
    }
}

fn take_back(ordering: &Ordering<'_>, order: &Order, word: &str) -> Markup {
    html! {
        @if let Some(requisition) = &order.requisition {
            form action=(ordering.address(&format!("{requisition}/angre"))) method="post" {
                (hidden(ordering.form_token))
                button.ds-button data-variant="secondary" data-size="sm" type="submit" {
                    (word) span.ds-sr-only { " " (order.items.join(", ")) }
                }
            }
        }
    }
}

fn favourites(ordering: &Ordering<'_>) -> Markup {
    html! {
        form action=(ordering.address("prover")) method="post" {
            (hidden(ordering.form_token))
            ul.panels lang="nb" {
                @for panel in panels() {
                    li { button.panel type="submit" name="panel" value=(panel.slug) {
                        b { (panel.name) }
                        span { (panel.analyses().iter().map(|one| one.name).collect::<Vec<_>>().join(", ")) }
                    } }
                }
            }
        }
    }
}

fn own_choice(ordering: &Ordering<'_>) -> Markup {
    let mut groups: Vec<&str> = Vec::new();
    for analysis in analyses() {
        if !groups.contains(&analysis.group) {
            groups.push(analysis.group);
        }
    }
    html! {
        details.own-choice open[ordering.wrong.is_some_and(|(of, _)| of == Category::Laboratory)] {
            summary { (t("ordering.own")) }
            form action=(ordering.address("prover")) method="post" {
                (hidden(ordering.form_token))
                div.groups lang="nb" {
                    @for group in groups {
                        fieldset {
                            legend { (group) }
                            @for analysis in analyses().iter().filter(|one| one.group == group) {
                                label.tick {
                                    input type="checkbox" name="analyse" value=(analysis.code);
                                    " " (analysis.name)
                                }
                            }
                        }
                    }
                }
                (why("grunn-prover", false))
                (haste("haster-prover"))
                div.deeds { button.ds-button type="submit" { (t("ordering.order")) } }
            }
        }
    }
}

fn why(id: &str, needed: bool) -> Markup {
    html! {
        div.field {
            label for=(id) { @if needed { (t("ordering.why")) } @else { (t("ordering.why-optional")) } }
            input.ds-input id=(id) name="grunn" type="text" autocomplete="off" maxlength="500";
        }
    }
}

fn haste(id: &str) -> Markup {
    html! {
        label.tick for=(id) { input id=(id) type="checkbox" name="haster" value="ja"; " " (t("ordering.urgent")) }
    }
}

fn imaging(ordering: &Ordering<'_>) -> Markup {
    html! {
        form action=(ordering.address("bilde")) method="post" novalidate {
            (hidden(ordering.form_token))
            div.row {
                div.field {
                    label for="undersokelse" { (t("ordering.examination")) }
                    select.ds-input id="undersokelse" name="undersokelse" {
                        option value="" { (t("registering.choose")) }
                        @for (slug, name) in examinations() { option value=(slug) { (name) } }
                    }
                }
                (why("grunn-bilde", true))
            }
            (haste("haster-bilde"))
            div.deeds { button.ds-button data-variant="secondary" type="submit" { (t("ordering.order-imaging")) } }
        }
    }
}

fn referral(ordering: &Ordering<'_>) -> Markup {
    html! {
        form action=(ordering.address("henvisning")) method="post" novalidate {
            (hidden(ordering.form_token))
            div.row {
                div.field {
                    label for="til" { (t("ordering.to")) }
                    select.ds-input id="til" name="til" {
                        option value="" { (t("registering.choose")) }
                        @for (reference, name) in ordering.places { option value=(reference) { (name) } }
                    }
                }
                (why("grunn-henvisning", true))
            }
            div.field.question {
                label for="sporsmal" { (t("ordering.question")) }
                textarea.ds-input id="sporsmal" name="sporsmal" rows="4" maxlength="2000" {}
            }
            (haste("haster-henvisning"))
            div.deeds { button.ds-button data-variant="secondary" type="submit" { (t("ordering.send-referral")) } }
        }
    }
}

fn under_way(ordering: &Ordering<'_>) -> Markup {
    let orders = &ordering.chart.orders;
    html! {
        section.card.prescribing.ordering aria-labelledby="underveis-h" {
            h2 id="underveis-h" { (t("ordering.under-way")) }
            @if orders.is_empty() { p.muted { (t("ordering.nothing")) } }
            ul.rows {
                @for order in orders {
                    li {
                        span.what {
                            b { (order.items.join(", ")) }
                            @if order.is_urgent { " " span.tag.tag-stop { (t("ordering.urgent-tag")) } }
                        }
                        span.aside { @if let Some(date) = order.date { (date.short(ordering.today)) } }
                        span.sub {
                            @if let Some(by) = &order.requester { (by) }
                            @if let Some(reason) = &order.reason { " · " (tf("prescribing.against", &[("reason", reason)])) }
                        }
                        (state(ordering.chart, order, ordering.today))
                        @if order.answers.is_empty() {
                            (take_back(ordering, order, t("ordering.take-back")))
                        }
                    }
                }
            }
        }
    }
}

/// Whether an answer has come, with the way to it, or should have.
fn state(chart: &Chart, order: &Order, today: Date) -> Markup {
    let patient = &chart.person.id;
    let report = order.answers.iter().find_map(|answer| answer.report.as_ref());
    let href = match report {
        Some(id) => format!("/pasient/{patient}/dokument/DiagnosticReport/{id}"),
        None if order.is_laboratory => format!("/pasient/{patient}#prover"),
        None => format!("/pasient/{patient}#dokumenter"),
    };
    let (some, all) = (order.answers.len().to_string(), order.items.len().to_string());
    let dates = order.answers.iter().filter_map(|answer| answer.date);
    html! {
        @if order.is_answered() {
            " " a.answer-come href=(href) { (t("ordering.answered")) }
            @if let Some(date) = dates.max() { " " span.muted { (date.short(today)) } }
        } @else if !order.answers.is_empty() {
            " " a.answer-come href=(href) { (tf("ordering.answered-some", &[("some", &some), ("all", &all)])) }
        }
        @if order.is_late(today) {
            " " span.tag.tag-late {
                @if let Some(day) = order.expected {
                    (tf("ordering.late", &[("date", &Moment::day(day).short(today))]))
                }
            }
        }
    }
}

/// What is ordered, above the laboratory's results.
pub(crate) fn waiting(chart: &Chart, today: Date) -> Markup {
    html! {
        @for order in chart.orders.iter().filter(|order| order.is_laboratory) {
            p.waiting {
                @if order.answers.is_empty() && !order.is_late(today) {
                    span.tag.tag-new { (t("ordering.ordered")) } " "
                }
                @if let Some(date) = order.date { (date.short(today)) ": " }
                (order.items.join(", "))
                (state(chart, order, today))
            }
        }
    }
}
