//! Results to sign: the abnormal values as rows with reference, direction and trend, the others in
//! one line.

use maud::{Markup, html};

use super::results::value;
use super::rows::{Act, act, token, whom};
use super::trend_figure::sparkline;
use super::workday_page::{AtDesk, nothing, tally};
use crate::dates::Moment;
use crate::messages::{recorded, t, tf};
use crate::workday::{Line, ToCoSign, ToSign, Unanswered};

/// Days until a follow-up, unless somebody says otherwise.
const FOLLOW_UP_DAYS: i64 = 14;

/// The panel.
pub(super) fn panel(desk: &AtDesk<'_>, results: &[ToSign]) -> Markup {
    let notes = &desk.day.to_co_sign;
    html! {
        section.card.worklist id="signering" data-panel="" aria-labelledby="signering-h" {
            header {
                h2 id="signering-h" { (t("workday.signing")) }
                (tally("signing", results.len() + notes.len()))
            }
            @if results.is_empty() && notes.is_empty() { (nothing(t("workday.no-results"), t("workday.no-results-text"))) }
            @if !notes.is_empty() {
                ul.duties.co-sign { @for one in notes { (co_sign(desk, one)) } }
            }
            ul.answers { @for one in results { (result(desk, one)) } }
            (late(desk, &desk.day.unanswered))
        }
    }
}

/// A colleague's note: it is signed where it is read.
fn co_sign(desk: &AtDesk<'_>, one: &ToCoSign) -> Markup {
    let href = format!("/pasient/{}/notat/{}", one.person.id, one.note);
    html! {
        li.duty data-waits="" id=(format!("oppgave-{}", one.task)) {
            div {
                p { b { (t("workday.co-sign")) } ": " (one.title) }
                p.why {
                    (whom(&one.person, desk.today))
                    @if let Some(by) = &one.by { " · " (tf("workday.asked-by", &[("name", by)])) }
                    @if let Some(asked) = one.asked { " · " (asked.short(desk.today)) }
                }
            }
            a.ds-button data-size="sm" href=(href) {
                (t("workday.read-and-sign")) span.ds-sr-only { " " (one.title) }
            }
        }
    }
}

/// What the reader ordered and should have had an answer to.
fn late(desk: &AtDesk<'_>, orders: &[Unanswered]) -> Markup {
    html! {
        @if !orders.is_empty() {
            h3.unanswered-h { (t("ordering.unanswered")) }
            ul.duties.unanswered {
                @for order in orders {
                    li.duty {
                        div {
                            p { b { (order.items.join(", ")) } " "
                                span.tag.tag-late {
                                    (tf("ordering.late", &[("date",
                                        &Moment::day(order.expected).short(desk.today))]))
                                } }
                            p.why {
                                (whom(&order.person, desk.today))
                                @if let Some(date) = order.ordered {
                                    " · " (tf("ordering.ordered-when", &[("date", &date.short(desk.today))]))
                                }
                            }
                        }
                        a.ds-button data-variant="secondary" data-size="sm"
                            href=(format!("/pasient/{}/bestill#underveis-h", order.person.id)) {
                            (t("ordering.see")) span.ds-sr-only { " " (order.person.name_or_unknown()) }
                        }
                    }
                }
            }
        }
    }
}

/// What the result answers.
fn asked(desk: &AtDesk<'_>, result: &ToSign) -> Markup {
    html! {
        @if let Some(asked) = &result.asked {
            @let date = asked.date.map(|date| date.short(desk.today)).unwrap_or_default();
            p.sub.asked {
                (tf("ordering.asked", &[("date", &date), ("items", &asked.items.join(", "))]))
                @if let Some(reason) = &asked.reason { " · " (reason) }
            }
        }
    }
}

fn result(desk: &AtDesk<'_>, result: &ToSign) -> Markup {
    let abnormal = result.abnormal();
    let name = result.person.name_or_unknown();
    let (marked, normal): (Vec<&Line>, Vec<&Line>) =
        result.lines.iter().partition(|line| line.direction.is_some());
    let sign = format!("/oppgave/{}/signer", result.task);
    let about = format!("{name}: {}", result.title);
    let sign = Act { action: &sign, label: t("workday.sign"), about: &about, is_primary: true };
    html! {
        li.answered data-waits="" id=(format!("oppgave-{}", result.task)) {
            p.row-from {
                (whom(&result.person, desk.today))
                @if let Some(issued) = result.issued {
                    time.when datetime=(issued.machine()) { (issued.short(desk.today)) }
                }
            }
            p.row-topic { (result.title) (over(desk, result)) }
            (asked(desk, result))
            @if abnormal > 0 { (table(&marked, &about)) }
            @if let Some(conclusion) = &result.conclusion { p.lines.text { (conclusion) } }
            @if !normal.is_empty() { (others(&normal, abnormal > 0)) }
            div.acts {
                @if result.may_sign {
                    (act(&sign, desk.who))
                    (follow_up(desk, result, name))
                }
            }
        }
    }
}

/// That nobody has signed in time, and whose it was.
fn over(desk: &AtDesk<'_>, result: &ToSign) -> Markup {
    let by = result.by.map(|by| by.short(desk.today)).unwrap_or_default();
    html! {
        @if result.is_over {
            " " span.tag.tag-late {
                @match &result.owner {
                    Some(owner) => (tf("workday.unsigned-by", &[("name", owner), ("by", &by)])),
                    None => (tf("workday.overdue", &[("by", &by)])),
                }
            }
        } @else if let Some(owner) = &result.owner {
            span.kind { " · " (owner) }
        }
    }
}

fn table(lines: &[&Line], about: &str) -> Markup {
    html! {
        table.row-values {
            caption.ds-sr-only { (about) }
            thead.ds-sr-only { tr {
                th scope="col" { (t("results.analysis")) }
                th scope="col" { (t("results.latest")) }
                th scope="col" { (t("results.range")) }
                th scope="col" { (t("results.trend")) }
            } }
            tbody {
                @for line in lines {
                    @if let Some(point) = line.series.latest() {
                        tr {
                            th.name scope="row" { (line.series.name) }
                            td.num { (value(point)) }
                            td.quiet.range { @if let Some(range) = &point.range_text { (range) } }
                            td.curve-cell { (sparkline(&line.series)) }
                        }
                    }
                }
            }
        }
    }
}

/// The values within what is normal, in one line.
fn others(lines: &[&Line], is_rest: bool) -> Markup {
    let label = if is_rest { t("workday.others-normal") } else { t("workday.all-normal") };
    html! {
        p.normal {
            span.tag.tag-good { (label) } " "
            @for (place, line) in lines.iter().enumerate() {
                @if place > 0 { ", " }
                (line.series.name) " "
                @if let Some(point) = line.series.latest() { (point.value.text) }
            }
        }
    }
}

fn follow_up(desk: &AtDesk<'_>, result: &ToSign, name: &str) -> Markup {
    let action = format!("/oppgave/{}/folg-opp", result.task);
    let field = |name: &str| format!("{name}-{}", result.task);
    let by = desk.today.saturating_add(jiff::Span::new().days(FOLLOW_UP_DAYS));
    html! {
        details.row-act {
            summary.ds-button data-variant="secondary" data-size="sm" {
                (t("workday.follow-up")) span.ds-sr-only { " " (name) ": " (result.title) }
            }
            form.write method="post" action=(action) data-hx-post=(action)
                data-hx-target="closest li" data-hx-swap="outerHTML" {
                (token(desk.who))
                div.pair {
                    div {
                        label for=(field("hva")) { (t("workday.what")) }
                        input.ds-input id=(field("hva")) name="hva" required maxlength="300"
                            lang="nb" value=(recorded("workday.what-usual"));
                    }
                    div {
                        label for=(field("dato")) { (t("workday.by")) }
                        input.ds-input id=(field("dato")) name="dato" type="date" required
                            value=(Moment::day(by).machine());
                    }
                }
                label for=(field("melding")) { (tf("workday.tell", &[("name", name)])) }
                textarea.ds-input id=(field("melding")) name="melding" rows="3" maxlength="10000" {}
                button.ds-button type="submit" data-size="sm" { (t("workday.save-and-sign")) }
            }
        }
    }
}
