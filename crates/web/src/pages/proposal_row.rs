//! What somebody proposes of a prescription, as a row that one press accepts.
//!
//! Not here: what is written (`reconciling::proposals`), the list that it stands in (`inbox_panel`).

use akson_medicines::Outcome;
use jiff::civil::Date;
use maud::{Markup, html};

use super::rows::{Act, act, token, whom};
use crate::chart::Person;
use crate::messages::{code, t, tf};
use crate::reconciling::proposals::Proposal;
use crate::who::Who;

/// What the row is drawn from.
pub(crate) struct Row<'a> {
    pub proposal: &'a Proposal,
    pub person: &'a Person,
    pub who: &'a Who,
    pub today: Date,
    /// What the rules say, when it has to be answered with a reason.
    pub outcome: Option<&'a Outcome>,
}

impl Row<'_> {
    /// The row.
    pub(crate) fn draw(&self) -> Markup {
        let (proposal, name) = (self.proposal, self.person.name_or_unknown());
        let listed = &proposal.listed;
        html! {
            li.letter.proposal data-waits="" id=(format!("oppgave-{}", proposal.task)) {
                p.row-from {
                    (whom(self.person, self.today))
                    @if let Some(asked) = proposal.asked {
                        time.when datetime=(asked.machine()) { (asked.short(self.today)) }
                    }
                }
                @if let Some(by) = &proposal.by { p.sub { (tf("proposals.by", &[("name", by)])) } }
                p.row-topic { (verb(proposal)) ": " b { (listed.name) } }
                (dosage(proposal))
                @if let Some(note) = &proposal.note { p.lines.text { (note) } }
                @match self.outcome {
                    Some(outcome) => (self.with_reason(outcome)),
                    None => { div.acts {
                        (act(&Act {
                            action: &format!("/oppgave/{}/godta", proposal.task),
                            label: t("proposals.accept"),
                            about: &format!("{name}: {} {}", verb(proposal), listed.name),
                            is_primary: true,
                        }, self.who))
                        (self.decline(name))
                    } },
                }
            }
        }
    }

    /// The row on a page of its own.
    pub(crate) fn alone(&self) -> Markup {
        html! { section.card.worklist aria-labelledby="forslag-h" {
            h2 id="forslag-h" { (t("proposals.kind")) }
            ul.letters { (self.draw()) }
        } }
    }

    /// The warnings, and the reason that a stop asks for.
    fn with_reason(&self, outcome: &Outcome) -> Markup {
        let action = format!("/oppgave/{}/godta", self.proposal.task);
        html! {
            form.prescribing method="post" action=(action) data-hx-post=(action)
                data-hx-target="closest li" data-hx-swap="outerHTML" {
                (token(self.who))
                (super::cautions::cautions(outcome, None, "", Some(t("cautions.wrong-reason"))))
                button.ds-button type="submit" data-size="sm" { (t("proposals.accept")) }
            }
        }
    }

    fn decline(&self, name: &str) -> Markup {
        let action = format!("/oppgave/{}/avvis", self.proposal.task);
        let field = format!("avvis-{}", self.proposal.task);
        html! {
            details.row-act {
                summary.ds-button data-variant="secondary" data-size="sm" {
                    (t("proposals.decline")) span.ds-sr-only { " " (name) ": " (self.proposal.listed.name) }
                }
                form.write method="post" action=(action) data-hx-post=(action)
                    data-hx-target="closest li" data-hx-swap="outerHTML" {
                    (token(self.who))
                    label for=(field) { (t("proposals.why")) }
                    textarea.ds-input id=(field) name="tekst" rows="2" required maxlength="500" {}
                    button.ds-button type="submit" data-size="sm" { (t("proposals.send")) }
                }
            }
        }
    }
}

fn verb(proposal: &Proposal) -> &'static str {
    match (proposal.is_stop, &proposal.prior) {
        (true, _) => t("proposals.verb-stop"),
        (false, Some(_)) => t("proposals.verb-change"),
        (false, None) => t("proposals.verb-take"),
    }
}

/// How it is taken now and how it is to be.
fn dosage(proposal: &Proposal) -> Markup {
    let from = proposal.from.as_deref().and_then(|from| code("medication-list", from));
    html! {
        p.text {
            @if !proposal.is_stop {
                (proposal.listed.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
                @if let Some(from) = from { span.muted { " (" (from) ")" } }
            }
            @if let Some(before) = &proposal.before {
                @if !proposal.is_stop { br; }
                span.muted { (tf("proposals.now", &[("dosage", before)])) }
            }
        }
    }
}

/// It is prescribed.
pub(crate) fn accepted(proposal: &Proposal) -> Markup {
    said(t("proposals.accepted"), proposal)
}

/// It is declined, and the proposer is told.
pub(crate) fn declined(proposal: &Proposal) -> Markup {
    said(t("proposals.declined"), proposal)
}

fn said(word: &str, proposal: &Proposal) -> Markup {
    let patient = format!("/pasient/{}#legemidler", proposal.patient);
    html! {
        li.row-said { p role="status" {
            b { (word) } ": " (verb(proposal)) " "
            a href=(patient) { (proposal.listed.name) }
        } }
    }
}
