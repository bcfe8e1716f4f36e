//! The forms behind a row of the round: why a dose is not given, giving as needed, correcting.
//!
//! Each is a panel that unfolds in its row, and a page of its own without JavaScript.

use maud::{Markup, html};

use super::layout::{Page, hidden, page as whole_page};
use super::round_row::{fields, place_fields};
use crate::messages::{code, t, tf};
use crate::round::{Administration, Dose, Kind, Outcome, Place, REASONS, Row};
use crate::who::Who;

/// A panel as a page.
pub(crate) fn page(who: &Who, place: &Place, title: &str, panel: &Markup) -> Markup {
    let main = html! {
        div.rounds.round-single {
            p { a href=(place.address()) { "‹ " (t("round.back")) } }
            h1 { (title) }
            (panel)
        }
    };
    whole_page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

/// Why a dose is not given: one button for each reason.
pub(crate) fn reasons(who: &Who, place: &Place, dose: &Dose, key: &str) -> Markup {
    html! {
        form.dose-panel action="/runde/ikke-gitt" method="post" data-hx-post="/runde/ikke-gitt"
            data-hx-target="#runde" data-hx-swap="outerHTML" {
            @if let Some(login) = &who.login { (hidden(&login.form_token)) }
            (place_fields(place, key))
            input type="hidden" name="pasient" value=(dose.patient);
            @for request in &dose.requests { input type="hidden" name="ordinasjon" value=(request); }
            input type="hidden" name="tid" value=(dose.planned);
            fieldset {
                legend { (t("round.why")) }
                div.why-not {
                    @for (why, _) in REASONS {
                        button.ds-button data-variant="secondary" type="submit" name="grunn" value=(why) {
                            (code("not-given", why).unwrap_or(why))
                        }
                    }
                }
                div.other {
                    label for=(format!("ord-{key}")) { (t("round.other")) }
                    div.line {
                        input.ds-input id=(format!("ord-{key}")) name="ord" autocomplete="off" maxlength="500";
                        button.ds-button data-variant="secondary" type="submit" name="grunn" value="other" {
                            (t("round.save"))
                        }
                    }
                }
            }
        }
    }
}

/// Giving as needed: what was given before, and a stop beyond the most of a day.
pub(crate) fn needed(who: &Who, place: &Place, row: &Row) -> Markup {
    let Kind::AsNeeded(needed) = &row.kind else { return html! {} };
    let key = row.key();
    let last = needed.last.as_ref();
    let label = if row.is_controlled { t("round.give-witness") } else { t("round.give") };
    html! {
        form.dose-panel action="/runde/behov" method="post" data-hx-post="/runde/behov"
            data-hx-target="#runde" data-hx-swap="outerHTML" {
            (fields(who, place, row, &key))
            input type="hidden" name="sist" value=(last.map_or("", |last| &last.id));
            p { b { (row.title) } " " (row.dosage) }
            @if let Some(last) = last {
                p { (tf("round.last-by", &[("when", &last.at.with_time()), ("who", &last.by.1)])) }
            }
            @if let Some(most) = needed.most {
                @let said = [("n", &*needed.count.to_string()), ("most", &*most.to_string())];
                p { (tf("round.count-of", &said)) }
            }
            @if needed.is_full() {
                p.fault role="alert" {
                    "! " (t("round.full")) " "
                    @if let Some(again) = needed.again {
                        (tf("round.again", &[("when", &again.with_time())]))
                    }
                }
                div.other {
                    label for=(format!("ord-{key}")) { (t("round.over-why")) }
                    div.line {
                        input.ds-input id=(format!("ord-{key}")) name="ord" required maxlength="500"
                            autocomplete="off";
                        button.ds-button data-variant="secondary" type="submit" {
                            (t("round.give-anyway"))
                        }
                    }
                }
            } @else {
                div.other {
                    label for=(format!("ord-{key}")) { (t("round.needed-note")) }
                    div.line {
                        input.ds-input id=(format!("ord-{key}")) name="ord" maxlength="500"
                            autocomplete="off" placeholder=(row.reason.as_deref().unwrap_or_default());
                        button.ds-button.round-button type="submit" { (label) }
                    }
                }
            }
        }
    }
}

/// Correcting what was said of doses.
pub(crate) fn change(who: &Who, place: &Place, doses: &[Administration]) -> Markup {
    let Some(first) = doses.first() else { return html! {} };
    let is_given = first.outcome != Outcome::NotGiven;
    let time = first.at.clock().unwrap_or_default();
    let choice = |value: &str, label: &str, checked: bool| {
        html! {
            label.pill {
                input type="radio" name="hva" value=(value) checked[checked]; (label)
            }
        }
    };
    html! {
        form.dose-panel.change-form action="/runde/endre" method="post" {
            @if let Some(login) = &who.login { (hidden(&login.form_token)) }
            (place_fields(place, ""))
            @for dose in doses { input type="hidden" name="id" value=(dose.id); }
            ul.plain-list {
                @for dose in doses {
                    li { b { (dose.medicine) } " – " (dose.at.with_time()) ", " (dose.by.1)
                        @if let Some(why) = &dose.why { " – " (why) } }
                }
            }
            fieldset {
                legend { (t("round.change-to")) }
                div.pills {
                    (choice("gitt", t("round.give"), is_given))
                    (choice("ikke", t("round.not-given"), !is_given))
                    (choice("feil", t("round.wrongly-said"), false))
                }
            }
            div.pair {
                div.field {
                    label for="kl" { (t("round.real-time")) }
                    input.ds-input id="kl" name="kl" type="time" value=(time.replace('.', ":"));
                }
                div.field {
                    label for="grunn" { (t("round.reason")) }
                    select.ds-input id="grunn" name="grunn" {
                        @for (why, _) in REASONS {
                            option value=(why) { (code("not-given", why).unwrap_or(why)) }
                        }
                        option value="other" { (code("not-given", "other").unwrap_or("")) }
                    }
                }
            }
            div.field {
                label for="ord" { (t("round.change-note")) }
                input.ds-input id="ord" name="ord" maxlength="500" autocomplete="off";
            }
            div.answer {
                button.ds-button type="submit" { (t("round.save")) }
                a.ds-button data-variant="secondary" href=(place.address()) { (t("round.cancel")) }
            }
        }
    }
}
