//! The inbox: messages and requests, each answered from its row.

use maud::{Markup, html};

use super::proposal_row::Row;
use super::rows::{Act, act, token, whom};
use super::workday_page::{AtDesk, nothing, tally};
use crate::messages::{t, tf};
use crate::questionnaires::Answered;
use crate::workday::{Inbox, Message, Renewal};

/// The panel.
pub(super) fn panel(desk: &AtDesk<'_>, inbox: &Inbox) -> Markup {
    html! {
        section.card.worklist id="innboks" data-panel="" aria-labelledby="innboks-h" {
            header {
                h2 id="innboks-h" { (t("workday.inbox")) }
                (tally("inbox", inbox.count()))
            }
            @if inbox.count() == 0 { (nothing(t("workday.no-messages"), t("workday.no-messages-text"))) }
            ul.letters {
                @for one in &inbox.messages { (message(desk, one)) }
                @for one in &inbox.renewals { (renewal(desk, one)) }
                @for one in &inbox.answered { (answered(desk, one)) }
                @for (proposal, person) in &inbox.proposals {
                    (Row { proposal, person, who: desk.who, today: desk.today, outcome: None }.draw())
                }
            }
        }
    }
}

fn message(desk: &AtDesk<'_>, message: &Message) -> Markup {
    let name = message.person.as_ref().map_or("", |person| person.name_or_unknown());
    let to = message.sender.as_deref().unwrap_or(name);
    let action = format!("/melding/{}/svar", message.id);
    let field = format!("svar-{}", message.id);
    let done = format!("/melding/{}/ferdig", message.id);
    let done = Act { action: &done, label: t("workday.archive"), about: name, is_primary: false };
    html! {
        li.letter data-waits="" id=(format!("melding-{}", message.id)) {
            p.row-from {
                @if let Some(person) = &message.person { (whom(person, desk.today)) }
                @if let Some(sent) = message.sent {
                    time.when datetime=(sent.machine()) { (sent.short(desk.today)) }
                }
            }
            @if let Some(sender) = &message.sender { p.sub { (tf("workday.from", &[("name", sender)])) } }
            @if let Some(topic) = &message.topic { p.row-topic { b { (topic) } } }
            p.lines.text { (message.text) }
            @if message.files > 0 || message.to_unit {
                p.marks {
                    @if message.to_unit { span.tag { (t("workday.to-unit")) } }
                    @if message.files > 0 {
                        span.tag { (tf("workday.files", &[("n", &message.files.to_string())])) }
                        @for n in 1..=message.files {
                            " " a href=(format!("/melding/{}/vedlegg/{n}", message.id)) download {
                                (tf("letters.file", &[("n", &n.to_string())]))
                            }
                        }
                    }
                }
            }
            div.acts {
                details.row-act {
                    summary.ds-button data-variant="secondary" data-size="sm" {
                        (t("workday.answer")) span.ds-sr-only { " " (to) }
                    }
                    form.write method="post" action=(action) data-hx-post=(action)
                        data-hx-target="closest li" data-hx-swap="outerHTML" {
                        (token(desk.who))
                        label for=(field) { (tf("workday.to", &[("name", to)])) }
                        textarea.ds-input id=(field) name="tekst" rows="4" required maxlength="10000" {}
                        button.ds-button type="submit" data-size="sm" { (t("workday.send")) }
                    }
                }
                (act(&done, desk.who))
            }
        }
    }
}

fn renewal(desk: &AtDesk<'_>, renewal: &Renewal) -> Markup {
    let href = renewal.prescription.as_ref().map_or_else(
        || format!("/pasient/{}/legemidler", renewal.person.id),
        |id| format!("/pasient/{}/resept/{id}/forny", renewal.person.id),
    );
    html! {
        li.letter data-waits="" id=(format!("oppgave-{}", renewal.task)) {
            p.row-from {
                (whom(&renewal.person, desk.today))
                @if let Some(asked) = renewal.asked {
                    time.when datetime=(asked.machine()) { (asked.short(desk.today)) }
                }
            }
            p.row-topic { (t("workday.asks-renewal")) " " b { (renewal.drug) } }
            @if let Some(note) = &renewal.note { p.lines.text { (note) } }
            div.acts {
                a.ds-button data-variant="secondary" data-size="sm" href=(href) {
                    (t("workday.renew")) span.ds-sr-only { " " (renewal.drug) }
                }
            }
        }
    }
}

fn answered(desk: &AtDesk<'_>, one: &Answered) -> Markup {
    let action = format!("/oppgave/{}/sett", one.task);
    let seen =
        Act { action: &action, label: t("workday.see"), about: &one.title, is_primary: false };
    let patient = &one.person.id;
    let href = match &one.response {
        Some(response) => format!("/pasient/{patient}/skjema/{response}"),
        None => format!("/pasient/{patient}/skjema"),
    };
    html! {
        li.letter data-waits="" id=(format!("oppgave-{}", one.task)) {
            p.row-from {
                (whom(&one.person, desk.today))
                @if let Some(sent) = one.sent {
                    time.when datetime=(sent.machine()) { (sent.short(desk.today)) }
                }
            }
            p.row-topic { (t("workday.answered-form")) " " b { (one.title) } }
            div.acts {
                a.ds-button data-variant="secondary" data-size="sm" href=(href) {
                    (t("workday.read-form")) span.ds-sr-only { " " (one.title) }
                }
                (act(&seen, desk.who))
            }
        }
    }
}
