//! The page where somebody with several roles says in which one they work now.

use std::sync::Arc;

use akson_access::Actor;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::login::{LOGOUT, ROLE};
use crate::messages::t;
use crate::who::{Who, place};

/// The page. `who` is there when a role was chosen before; `back` is where the click leads.
pub(crate) fn roles(actors: &[Arc<Actor>], token: &str, back: &str, who: Option<&Who>) -> Markup {
    let main = html! {
        div.start.login {
            h1 { (t("login.role")) }
            p { (t("login.role-text")) }
            form action=(ROLE) method="post" {
                (hidden(token))
                input type="hidden" name="til" value=(back);
                ul.choices {
                    @for (number, actor) in actors.iter().enumerate() {
                        li {
                            button.choice name="rolle" value=(number) type="submit" {
                                b { (place(actor).unwrap_or_default()) }
                                span.why {
                                    (actor.display)
                                    @if who.is_some_and(|who| who.actor == *actor) {
                                        " – " (t("login.role-now"))
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if who.is_none() {
                form.out action=(LOGOUT) method="post" {
                    (hidden(token))
                    button.ds-button data-variant="secondary" type="submit" { (t("login.out")) }
                }
            }
        }
    };
    let shown = Page { title: t("login.role"), who, query: "", search_in_top: who.is_some() };
    page(&shown, html! {}, main)
}
