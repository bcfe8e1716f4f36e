//! The change of shifts: those of whom there is something to tell first, the others in one line.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page as whole_page};
use super::round_page::flag;
use super::round_row::place_fields;
use crate::chart::Severity;
use crate::messages::{t, tf};
use crate::round::{Handover, HandoverLine, HandoverTopic, Place, Told, called};
use crate::who::Who;

/// The page.
pub(crate) fn page(told: &Handover, place: &Place, who: &Who, today: Date) -> Markup {
    let (some, none): (Vec<&Told>, Vec<&Told>) =
        told.residents.iter().partition(|one| !one.lines.is_empty());
    let since = tf("handover.since", &[("when", &told.since.with_time())]);
    let main = html! {
        div.rounds {
            p { a href=(place.address()) { "‹ " (t("round.back")) } }
            h1 { (t("handover.title")) }
            p.muted {
                (told.ward.name) " · "
                @if told.is_first { (t("handover.first")) } @else { (since) }
            }
            (to_unit(told, place, who, today))
            ul.handover {
                @for one in &some { li.card { (resident(one, today)) } }
            }
            @if !none.is_empty() {
                p.round-foot {
                    (t("handover.quiet")) " "
                    @for (place, one) in none.iter().enumerate() {
                        @if place > 0 { ", " }
                        a href=(format!("/pasient/{}", one.person.id)) {
                            (one.room) " " (one.person.name_or_unknown())
                        }
                    }
                    "."
                }
            }
        }
    };
    let shown = Page { title: t("handover.title"), who: Some(who), query: "", search_in_top: true };
    whole_page(&shown, html! {}, main)
}

/// What was written to everybody, and where one writes to them.
fn to_unit(told: &Handover, place: &Place, who: &Who, today: Date) -> Markup {
    html! {
        section.card.handover-ward aria-labelledby="til-avdelingen" {
            h2 id="til-avdelingen" { (t("handover.to-ward")) }
            ul.handover-lines { @for line in &told.messages { li { (line_of(line, today)) } } }
            @if let Some(login) = &who.login {
                details.row-act {
                    summary.ds-button data-variant="secondary" data-size="sm" { (t("handover.write")) }
                    form.write action="/vaktskifte" method="post" {
                        (hidden(&login.form_token))
                        (place_fields(place, ""))
                        label for="til-alle" { (t("handover.write-what")) }
                        textarea.ds-input id="til-alle" name="tekst" rows="3" required maxlength="2000" {}
                        button.ds-button type="submit" data-size="sm" { (t("workday.send")) }
                    }
                }
            }
        }
    }
}

fn resident(one: &Told, today: Date) -> Markup {
    html! {
        header {
            h2 {
                a href=(format!("/pasient/{}", one.person.id)) {
                    (one.room) " " (one.person.name_or_unknown())
                }
            }
            ul.flags {
                @for warning in &one.warnings {
                    @if warning.is_allergy || warning.severity == Severity::Stop {
                        li { (flag(warning)) }
                    }
                }
            }
        }
        ul.handover-lines { @for line in &one.lines { li { (line_of(line, today)) } } }
    }
}

fn line_of(line: &HandoverLine, today: Date) -> Markup {
    let class = match line.topic {
        HandoverTopic::Event => "tag tag-stop",
        HandoverTopic::Medicine => "tag tag-new",
        HandoverTopic::Score
        | HandoverTopic::LeftOut
        | HandoverTopic::AsNeeded
        | HandoverTopic::Message
        | HandoverTopic::Note => "tag",
    };
    html! {
        span class=(class) { (called(line.topic)) }
        span.handover-words { (line.words) }
        @if let Some(at) = line.at {
            span.aside { (at.short(today)) " " (at.clock().unwrap_or_default()) }
        }
    }
}
