//! For the privacy officer: which roles were given, changed and ended lately, and by whom.

use maud::{Markup, html};

use super::employee_page::what;
use super::layout::{Page, page};
use super::people_page::in_words;
use crate::messages::t;
use crate::people::PostChange;
use crate::privacy::LIST;
use crate::who::Who;

/// The page: each change with whom it is about.
pub(crate) fn roles(changes: &[(String, PostChange)], who: &Who) -> Markup {
    let title = t("privacy.roles");
    let main = html! {
        div.start.people {
            p.back { a href=(LIST) { (t("privacy.back")) } }
            h1 { (title) }
            p.muted { (t("privacy.roles-note")) }
            @if changes.is_empty() { p { (t("privacy.roles-none")) } }
            ul.rows.card {
                @for (name, change) in changes {
                    li {
                        span.what { b { (name) } " – " (in_words(&change.now)) }
                        span.aside { time datetime=(change.at.machine()) { (change.at.with_time()) } }
                        span.sub {
                            (what(change))
                            @if !change.by.is_empty() { " · " (change.by) }
                        }
                    }
                }
            }
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}
