//! The witness of a controlled dose on the giver's device: what was given, and how the witness proves who
//! they are; then one button.

use maud::{Markup, html};

use super::layout::{Page, hidden, page as whole_page};
use super::round_row::place_fields;
use crate::login::DemoPerson;
use crate::messages::{t, tf};
use crate::round::{Administration, Place};
use crate::who::Who;
use crate::witness_login::HERE;

/// What the page shows.
pub(crate) struct Shown<'a> {
    pub place: &'a Place,
    /// The row of the round.
    pub row: &'a str,
    pub doses: &'a [Administration],
    /// Whom anybody may be, in the demo.
    pub people: &'a [DemoPerson],
    /// Whether HelseID logs people in.
    pub by_provider: bool,
    /// The proof's name, and who has proved to be whom.
    pub witness: Option<(&'a str, &'a str)>,
}

/// The page.
pub(crate) fn page(shown: &Shown<'_>, who: &Who) -> Markup {
    let main = html! {
        div.rounds.round-single {
            p { a href=(shown.place.address()) { "‹ " (t("round.back")) } }
            h1 { (t("witness.title")) }
            ul.plain-list {
                @for dose in shown.doses {
                    li { b { (dose.medicine) } " – " (dose.at.with_time()) ", " (dose.by.1) }
                }
            }
            p.muted { (tf("witness.stays", &[("name", who.display())])) }
            @match shown.witness {
                Some((proof, name)) => (confirm(shown, who, proof, name)),
                None => (prove(shown, who)),
            }
        }
    };
    let title = t("witness.title");
    whole_page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

fn hidden_fields(shown: &Shown<'_>, who: &Who) -> Markup {
    html! {
        (hidden(who.form_token()))
        (place_fields(shown.place, shown.row))
        @for dose in shown.doses { input type="hidden" name="id" value=(dose.id); }
    }
}

fn confirm(shown: &Shown<'_>, who: &Who, proof: &str, name: &str) -> Markup {
    html! {
        form.dose-panel action=(HERE) method="post" {
            (hidden_fields(shown, who))
            input type="hidden" name="bevis" value=(proof);
            p { (tf("witness.known", &[("name", name)])) }
            div.answer { button.ds-button type="submit" { (t("round.confirm-witness")) } }
        }
    }
}

/// Logging in as the witness: by HelseID, or in the demo as one of its people.
fn prove(shown: &Shown<'_>, who: &Who) -> Markup {
    let ids: Vec<&str> = shown.doses.iter().map(|dose| &*dose.id).collect();
    let to = format!("{}&rad={}&id={}", shown.place.query(), shown.row, ids.join(","));
    let at_work = |(_, person): &(usize, &DemoPerson)| !person.identity.is_citizen;
    html! {
        @if shown.by_provider {
            p { a.ds-button href=(format!("/runde/vitne/logg-inn/helseid?{to}")) { (t("witness.log-in")) } }
        }
        @if !shown.people.is_empty() {
            form.dose-panel action=(HERE) method="post" {
                (hidden_fields(shown, who))
                p { (t("witness.demo")) }
                ul.choices {
                    @for (place, person) in shown.people.iter().enumerate().filter(at_work) {
                        li {
                            button.choice name="person" value=(place) type="submit" {
                                b { (person.name) } span.role { (person.title) }
                            }
                        }
                    }
                }
            }
        }
    }
}
