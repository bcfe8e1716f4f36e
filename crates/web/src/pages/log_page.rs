//! The log of one patient's journal, for those who read the log and not the journal.

use jiff::civil::Date;
use maud::{Markup, html};

use super::accesses;
use super::layout::{Page, page};
use crate::chart::Person;
use crate::messages::t;
use crate::sight::Look;
use crate::who::Who;

/// The page.
pub(crate) fn log(person: &Person, looks: &[Look], who: &Who, today: Date) -> Markup {
    let name = person.name_or_unknown();
    let main = html! {
        div.start {
            h1 { (name) @if let Some(age) = person.age(today) { ", " (age) } }
            p.muted { (t("log.only")) }
            (accesses::list(looks, looks.len(), today))
        }
    };
    page(&Page { title: name, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}
