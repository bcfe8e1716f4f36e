//! One's own drafts, and those that one threw away and can take back.

use std::collections::HashMap;

use jiff::civil::Date;
use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Page, hidden, page};
use crate::messages::t;
use crate::notes::{Note, note_saved};
use crate::who::Who;

fn patient(note: &Note) -> &str {
    let subject = note.resource.pointer("/subject/reference").and_then(Value::as_str);
    subject.and_then(|to| to.strip_prefix("Patient/")).unwrap_or_default()
}

/// The page. `names`: of the patients, by id.
pub(crate) fn mine(
    drafts: &[Note],
    discarded: &[Note],
    names: &HashMap<String, String>,
    who: &Who,
    today: Date,
) -> Markup {
    let title = t("note.mine");
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let line = |note: &Note, is_back: bool| {
        let id = patient(note);
        let address = format!("/pasient/{id}/notat/{}", note.id);
        html! {
            li {
                div {
                    a href=(address) { b { (note.content.title) } }
                    span.sub { (names.get(id).map_or("", String::as_str)) }
                }
                span.aside { @if let Some(at) = note_saved(note) { (at.short(today)) } }
                @if is_back {
                    form action=(address) method="post" {
                        (hidden(token))
                        button.ds-button data-variant="secondary" data-size="sm" type="submit"
                            name="gjor" value="hent" { (t("note.take-back")) }
                    }
                }
            }
        }
    };
    let main = html! {
        div.start.people.my-notes {
            h1 { (title) }
            @if drafts.is_empty() { p.muted { (t("note.mine-none")) } }
            @else { ul.rows.card { @for note in drafts { (line(note, false)) } } }
            @if !discarded.is_empty() {
                h2 { (t("note.discarded")) }
                ul.rows.card { @for note in discarded { (line(note, true)) } }
            }
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}
