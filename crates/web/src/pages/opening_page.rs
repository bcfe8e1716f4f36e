//! Opening a journal without a ground: the reasons, an emergency, and what the patient will see.

use akson_record::PatientStanding;
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::chart::Person;
use crate::messages::{code, t, tf};
use crate::standing::REASONS;
use crate::who::Who;

/// The page. `wrong` says what was wrong with what was sent.
pub(crate) fn opening(
    person: &Person,
    standing: &PatientStanding,
    who: &Who,
    today: Date,
    wrong: Option<&str>,
) -> Markup {
    let name = person.name_or_unknown();
    let action = format!("/pasient/{}/apne", person.id);
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let birth = person.birth.map(|birth| tf("person.born", &[("date", &birth.long())]));
    let main = html! {
        div.start.opening {
            h1 { (name) @if let Some(age) = person.age(today) { ", " (age) } }
            @if let Some(birth) = birth { p.muted { (birth) } }
            p { (why(standing)) }
            @if let Some(wrong) = wrong { p.told role="alert" { (wrong) } }
            @if standing.may_decide { (reasons(&action, &hidden(token))) }
            @if standing.may_take_emergency { (emergency(&action, &hidden(token))) }
            @if !standing.may_decide && !standing.may_take_emergency {
                p.told { (t("opening.closed")) }
            }
            p.muted { (t("opening.told")) }
        }
    };
    page(&Page { title: name, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

fn why(standing: &PatientStanding) -> &'static str {
    code("standing", standing.reason).unwrap_or_else(|| t("opening.no-ground"))
}

/// One click for the usual reasons, or words of one's own. `fixed` are the hidden fields.
pub(super) fn reasons(action: &str, fixed: &Markup) -> Markup {
    html! {
        h2 id="grunn" { (t("opening.reason")) }
        form action=(action) method="post" {
            (fixed)
            ul.choices aria-labelledby="grunn" {
                @for reason in REASONS {
                    li {
                        button.choice type="submit" name="grunn" value=(reason) {
                            b { (code("reason", reason).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
        form.words action=(action) method="post" {
            (fixed)
            label for="tekst" { (t("opening.other")) }
            div.line {
                input.ds-input id="tekst" name="tekst" required maxlength="500" autocomplete="off";
                button.ds-button data-variant="secondary" type="submit" { (t("opening.open")) }
            }
        }
    }
}

/// The way in an emergency.
pub(super) fn emergency(action: &str, fixed: &Markup) -> Markup {
    html! {
        section.emergency aria-labelledby="nod" {
            h2 id="nod" { (t("opening.emergency")) }
            p { (t("opening.emergency-text")) }
            form action=(action) method="post" {
                (fixed)
                button.ds-button data-color="danger" type="submit" name="nod" value="1" {
                    (t("opening.emergency-open"))
                }
            }
        }
    }
}
