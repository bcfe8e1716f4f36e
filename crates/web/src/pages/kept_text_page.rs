//! What somebody had written when the login was over: shown, so that it can be taken along.

use maud::{Markup, html};

use super::layout::{Page, page};
use crate::messages::t;

/// The page. `login` is where one logs in again, and comes back from.
pub(crate) fn kept(text: &str, login: &str) -> Markup {
    let main = html! {
        div.start {
            h1 { (t("kept.heading")) }
            p role="status" { (t("kept.what")) }
            div.words {
                label for="tekst" { (t("kept.text")) }
                textarea.ds-input id="tekst" rows="8" { (text) }
            }
            p { a.ds-button href=(login) { (t("kept.go")) } }
        }
    };
    let shown = Page { title: t("kept.heading"), who: None, query: "", search_in_top: false };
    page(&shown, html! {}, main)
}
