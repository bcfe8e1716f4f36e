//! The accessibility statement: what the pages are held to, how that is tried, what is not good enough
//! yet, and whom to tell.
//!
//! Law: forskrift om universell utforming av IKT-løsninger § 4 b and § 4 c (WCAG 2.1 AA, and a statement
//! that anybody can read).

use maud::{Markup, html};

use super::layout::{Page, page};
use crate::messages::t;
use crate::who::Who;

/// Where it is.
pub(crate) const ACCESSIBILITY: &str = "/tilgjengelighet";

/// The page. Nobody needs to be logged in.
pub(crate) fn accessibility(who: Option<&Who>) -> Markup {
    let title = t("accessibility.heading");
    let main = html! {
        article.start.prose {
            h1 { (title) }
            p { (t("accessibility.lead")) }
            h2 { (t("accessibility.level")) }
            p { (t("accessibility.level-text")) }
            h2 { (t("accessibility.keys")) }
            ul.plain-list {
                li { kbd { "/" } " " (t("accessibility.key-search")) }
                li { kbd { "Tab" } " " (t("accessibility.key-tab")) }
                li { kbd { "Esc" } " " (t("accessibility.key-escape")) }
            }
            h2 { (t("accessibility.tried")) }
            ul.plain-list {
                li { (t("accessibility.tried-axe")) }
                li { (t("accessibility.tried-narrow")) }
                li { (t("accessibility.tried-dark")) }
                li { (t("accessibility.tried-script")) }
            }
            h2 { (t("accessibility.lacks")) }
            ul.plain-list {
                li { (t("accessibility.lacks-people")) }
                li { (t("accessibility.lacks-documents")) }
                li { (t("accessibility.lacks-content")) }
            }
            h2 { (t("accessibility.tell")) }
            p { (t("accessibility.tell-text")) }
        }
    };
    page(&Page { title, who, query: "", search_in_top: false }, html! {}, main)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{Language, in_language};

    #[tokio::test]
    async fn it_is_told_in_three_languages() {
        for (language, words) in [
            (Language::Bokmal, "Tilgjengelighetserklæring"),
            (Language::Nynorsk, "Tilgjengeerklæring"),
            (Language::English, "Accessibility statement"),
        ] {
            let drawn = in_language(language, async { accessibility(None).into_string() }).await;
            assert!(drawn.contains(words), "{words}");
            assert!(drawn.contains(&format!("lang=\"{}\"", language.tag())));
        }
    }
}
