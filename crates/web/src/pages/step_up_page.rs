//! The page of somebody who is logged in, but not strongly enough for what they want to do.

use akson_identity::logins::LoginKind;
use maud::{Markup, html};

use super::layout::{Page, page};
use crate::local_path::local_path;
use crate::login::LOGIN;
use crate::messages::{t, tf};

/// The page. The button leads to the provider, and then back to the page that was open.
pub(crate) fn needed(kind: LoginKind, level: u8, back: &str) -> Markup {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("niva", &level.to_string())
        .append_pair("til", local_path(back))
        .finish();
    let address = format!("{LOGIN}/{}?{query}", kind.id());
    let level = level.to_string();
    let main = html! {
        div.start.login {
            h1 { (t("login.step-up")) }
            p { (tf("login.step-up-text", &[("level", &level)])) }
            p {
                a.ds-button href=(address) { (tf("login.with", &[("provider", kind.name())])) }
            }
            p { a href=(local_path(back)) { (t("login.step-back")) } }
        }
    };
    let shown = Page { title: t("login.step-up"), who: None, query: "", search_in_top: false };
    page(&shown, html! {}, main)
}
