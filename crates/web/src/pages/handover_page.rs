//! The change of shifts: those of whom there is something to tell first, the others in one line.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page as whole_page};
use super::round_page::flag;
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
        ul.handover-lines { @for line in &one.lines { li { (told(line, today)) } } }
    }
}

fn told(line: &HandoverLine, today: Date) -> Markup {
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
