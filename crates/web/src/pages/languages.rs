//! Where a reader chooses the language: buttons on the citizens' page of more, and below every other page.
//!
//! Not here: how it is remembered (`language`), the texts (`messages`).

use maud::{Markup, html};

use super::my_frame::token;
use crate::language::{LANGUAGES, address};
use crate::messages::{Language, language, t};
use crate::who::Who;

/// The languages below a page, as links are.
pub(crate) fn below(who: Option<&Who>) -> Markup {
    let button = |one: Language| {
        html! {
            button.plain type="submit" name="sprak" value=(one.tag()) lang=(one.tag())
                aria-current=[(one == language()).then_some("true")] { (one.name()) }
        }
    };
    form("languages", who, button)
}

/// The languages on a page of their own.
pub(crate) fn large(who: &Who) -> Markup {
    let button = |one: Language| {
        html! {
            button.ds-button type="submit" name="sprak" value=(one.tag()) lang=(one.tag())
                data-variant=[(one != language()).then_some("secondary")]
                aria-current=[(one == language()).then_some("true")] { (one.name()) }
        }
    };
    form("my-languages", Some(who), button)
}

/// Back to the page that is shown.
fn form(class: &str, who: Option<&Who>, button: impl Fn(Language) -> Markup) -> Markup {
    html! {
        form class=(class) action=(LANGUAGES) method="post" aria-label=(t("my.language")) {
            @if let Some(who) = who { (token(who)) }
            input type="hidden" name="til" value=(address());
            @for one in Language::ALL { (button(one)) }
        }
    }
}
