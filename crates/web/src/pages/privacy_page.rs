//! The accesses that stand out, as a list, and one of them with its entries and the decision.

use akson_record::{
    LogEntry, NOTE_CHARACTERS_MAX, OUTLIER_DAYS, Outlier, OutlierDecision, OutlierReason,
    OutlierSignal, Verdict,
};
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::chart::Person;
use crate::dates::Moment;
use crate::messages::{code, t, tf};
use crate::privacy::ROLES;
use crate::who::Who;

/// Reasons that stand on a line of the list; the case has them all.
const REASONS_SHOWN: usize = 3;

/// A case and whom it is about; nobody when the reader may not see the name, or it is deleted.
pub(crate) struct Listed {
    pub outlier: Outlier,
    pub person: Option<Person>,
}

/// An entry behind a case.
pub(crate) struct Behind<'a> {
    pub entry: &'a LogEntry,
    pub at: Moment,
}

/// The list.
pub(crate) fn list(
    open: &[Listed],
    more: usize,
    decided: &[Listed],
    who: &Who,
    today: Date,
) -> Markup {
    let days = OUTLIER_DAYS.to_string();
    let main = html! {
        div.start.privacy {
            h1 { (t("privacy.heading")) }
            p.muted { (tf("privacy.note", &[("days", &days)])) }
            @if open.is_empty() { p { (t("privacy.none")) } }
            ul.cases { @for one in open { li { (line(one, today)) } } }
            @if more > 0 { p.muted { (tf("privacy.more", &[("n", &more.to_string())])) } }
            @if !decided.is_empty() {
                h2 { (t("privacy.decided")) }
                ul.cases { @for one in decided { li { (line(one, today)) } } }
            }
            p { a href=(ROLES) { (t("privacy.roles")) } }
        }
    };
    let title = t("privacy.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

fn line(one: &Listed, today: Date) -> Markup {
    let Outlier { key, actor, day, score, reasons, decisions, .. } = &one.outlier;
    html! {
        a.choice href=(format!("/personvern/{key}")) {
            span.case-head {
                b { (actor.display) }
                span.score { (tf("privacy.score", &[("n", &score.to_string())])) }
            }
            span { (t("privacy.opened")) " " b { (name(one, today)) } " " (moment(*day).map(|day| day.short(today)).unwrap_or_default()) }
            span.why {
                (reasons.iter().take(REASONS_SHOWN).map(words).collect::<Vec<_>>().join(" · "))
            }
            @if let Some(newest) = decisions.first() { span { b { (verdict(newest.verdict)) } } }
        }
    }
}

fn name(one: &Listed, today: Date) -> String {
    let Some(person) = &one.person else { return t("privacy.hidden").to_owned() };
    match person.age(today) {
        Some(age) => format!("{}, {age}", person.name_or_unknown()),
        None => person.name_or_unknown().to_owned(),
    }
}

fn moment(day: Date) -> Option<Moment> {
    Moment::parse(&day.to_string())
}

fn verdict(verdict: Verdict) -> &'static str {
    code("verdict", verdict.code()).unwrap_or_default()
}

/// A reason with its numbers.
fn words(reason: &OutlierReason) -> String {
    let words = code("outlier", reason.signal.code()).unwrap_or_default();
    let of = match reason.signal {
        // In a thousand looks.
        OutlierSignal::UnusualHour => format!("{},{}", reason.of / 10, reason.of % 10),
        OutlierSignal::OwnJournal
        | OutlierSignal::Household
        | OutlierSignal::Colleague
        | OutlierSignal::ColleagueElsewhere
        | OutlierSignal::Neighbour
        | OutlierSignal::Surname
        | OutlierSignal::Decided
        | OutlierSignal::Emergency
        | OutlierSignal::LookUp
        | OutlierSignal::Refused
        | OutlierSignal::ManyPatients
        | OutlierSignal::MuchEmergency
        | OutlierSignal::ManyReaders
        | OutlierSignal::OnlyOnce
        | OutlierSignal::Returned
        | OutlierSignal::AfterRelationship => reason.of.to_string(),
    };
    words.replace("{n}", &reason.number.to_string()).replace("{of}", &of)
}

/// One case.
pub(crate) fn case(
    one: &Listed,
    alike: &[Listed],
    entries: &[Behind<'_>],
    who: &Who,
    today: Date,
    wrong: Option<&'static str>,
) -> Markup {
    let Outlier { actor, day, score, reasons, decisions, .. } = &one.outlier;
    let title = t("privacy.case");
    let main = html! {
        div.start.privacy {
            p { a href="/personvern" { (t("privacy.back")) } }
            h1 { (actor.display) " → " (name(one, today)) }
            p.muted {
                (actor.organisation) " · " (moment(*day).map(Moment::long).unwrap_or_default()) " · "
                (tf("privacy.score", &[("n", &score.to_string())]))
            }
            @for decision in decisions { (decided(decision)) }
            h2 { (t("privacy.reasons")) }
            ul.rows.card {
                @for reason in reasons {
                    li {
                        span.what { (words(reason)) }
                        span.aside { "+" (reason.points) }
                    }
                }
            }
            h2 { (t("privacy.entries")) }
            (behind(entries))
            @if let Some(person) = &one.person {
                p { a href=(format!("/pasient/{}", person.id)) { (t("privacy.log")) } }
            }
            (decide(&one.outlier.key, &beside(alike, today), who, wrong))
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

fn behind(entries: &[Behind<'_>]) -> Markup {
    html! {
        ul.rows.card {
            @for Behind { entry, at } in entries {
                li {
                    span.what {
                        (code("interaction", &entry.interaction).unwrap_or(t("accesses.other")))
                    }
                    span.aside { time datetime=(at.machine()) { (at.clock().unwrap_or_default()) } }
                    span.sub {
                        (code("ground", &entry.ground).unwrap_or(t("accesses.other-ground")))
                        @if !entry.organisation.is_empty() { " · " (entry.organisation) }
                        @if !entry.client.is_empty() { " · " (entry.client) }
                    }
                }
            }
        }
    }
}

fn decided(decision: &OutlierDecision) -> Markup {
    html! {
        div.told {
            b { (verdict(decision.verdict)) }
            " " (Moment::from_instant(decision.at).with_time()) ", " (decision.by)
            @if !decision.note.is_empty() { p.note { (decision.note) } }
        }
    }
}

/// What the same person did to others on that day, to be decided together with this.
fn beside(alike: &[Listed], today: Date) -> Markup {
    if alike.is_empty() {
        return html! {};
    }
    html! {
        label.together {
            input.ds-input type="checkbox" name="likt" value="1";
            (tf("privacy.alike", &[("n", &alike.len().to_string())]))
        }
        details {
            summary { (t("privacy.alike-who")) }
            ul.cases { @for other in alike { li { (line(other, today)) } } }
        }
    }
}

fn decide(key: &str, beside: &Markup, who: &Who, wrong: Option<&'static str>) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    html! {
        h2 { (t("privacy.decide")) }
        @if let Some(wrong) = wrong { p.told role="alert" { (wrong) } }
        form.decide action=(format!("/personvern/{key}")) method="post" {
            (hidden(token))
            label for="notat" { (t("privacy.your-note")) }
            textarea.ds-input id="notat" name="notat" rows="3" maxlength=(NOTE_CHARACTERS_MAX) {}
            (beside)
            div.doors {
                @for one in Verdict::ALL {
                    button.ds-button data-variant=[variant(one)] type="submit" name="avgjorelse"
                        value=(one.code()) { (verdict(one)) }
                }
            }
        }
    }
}

fn variant(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        // Our own colours are for buttons without a variant.
        Verdict::InOrder => None,
        Verdict::FollowUp | Verdict::Breach => Some("secondary"),
    }
}
