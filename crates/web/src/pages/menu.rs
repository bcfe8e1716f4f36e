//! What the top bar offers each kind of home, in order: the one list of pages that a reader can go to,
//! which the command box reads too.
//!
//! An entry may carry a number of things that wait. Not here: counting them (the homes), which home
//! somebody has (`home`), what can be done in an open chart (`pages::banner`).

use maud::{Markup, html};

use crate::home::Home;
use crate::messages::t;
use crate::who::Who;

/// One page that the top bar leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Where it is.
    pub href: &'static str,
    /// What it is called: a key of the messages.
    pub label: &'static str,
    /// How much waits there, when that is counted.
    pub waits: Option<usize>,
}

const fn entry(href: &'static str, label: &'static str) -> Entry {
    Entry { href, label, waits: None }
}

/// The pages of whoever reads.
pub(crate) fn entries(who: &Who) -> Vec<Entry> {
    match Home::of(who) {
        Home::Privacy => {
            vec![entry("/", "menu.cases"), entry("/personvern/roller", "menu.roles")]
        }
        Home::Registers => {
            vec![entry("/", "menu.people"), entry("/ansatte/ny", "menu.new-employee")]
        }
        Home::Search | Home::Citizen => Vec::new(),
    }
}

/// The entries as the top bar has them; nothing where there are none.
pub(crate) fn menu(who: &Who) -> Markup {
    let entries = entries(who);
    if entries.is_empty() {
        return html! {};
    }
    html! {
        nav.menu id="menu" aria-label=(t("menu.label")) {
            ul { @for entry in entries { li { (link(&entry)) } } }
        }
    }
}

fn link(entry: &Entry) -> Markup {
    html! {
        a href=(entry.href) {
            (t(entry.label))
            @if let Some(n) = entry.waits.filter(|n| *n > 0) {
                " " b { (n) span.ds-sr-only { " " (t("menu.waits")) } }
            }
        }
    }
}
