//! What the top bar offers each kind of home, in order: the one list of pages that a reader can go to,
//! which the command box reads too.
//!
//! An entry may carry a number of things that wait. Not here: counting them (the homes), which home
//! somebody has (`home`), what can be done in an open chart (`pages::banner`).

use akson_access::decide::Situation;
use akson_access::rules::{Class, rights};
use maud::{Markup, html};

use crate::form_editor::{self, keeps_forms};
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
    /// What waits there, by the name that the scripts count it under, and how much, when it is
    /// counted.
    pub waits: Option<(&'static str, usize)>,
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
            let forms = keeps_forms(who).then(|| entry(form_editor::LIST, "menu.forms"));
            let people = [entry("/", "menu.people"), entry("/ansatte/ny", "menu.new-employee")];
            people.into_iter().chain(forms).collect()
        }
        Home::Workday => workday(who),
        Home::Search | Home::Citizen => Vec::new(),
    }
}

/// Those who work at a desk; results are for those who write in journals.
fn workday(who: &Who) -> Vec<Entry> {
    let waits = who.waits.unwrap_or_default();
    let counted = |href, label, of, n| Entry { href, label, waits: Some((of, n)) };
    let mut entries = match waits.at_round {
        true => vec![entry("/", "menu.round"), entry("/min-dag", "menu.workday")],
        false => vec![entry("/", "menu.workday")],
    };
    entries.push(counted("/innboks", "menu.inbox", "inbox", waits.inbox));
    if signs(who) {
        entries.push(counted("/signering", "menu.signing", "signing", waits.signing));
    }
    if crate::notes::writes_notes(who) {
        entries.push(entry("/notater", "menu.notes"));
    }
    entries
}

/// Whether somebody's role has to do with results.
pub(crate) fn signs(who: &Who) -> bool {
    let may_write = |role| rights(role, Situation::CareRelationship).may_write(Class::Clinical);
    who.actor.role().is_some_and(may_write)
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
            @if let Some((of, n)) = entry.waits {
                b data-tally=(of) hidden[n == 0] { (n) }
                span.ds-sr-only hidden[n == 0] { " " (t("menu.waits")) }
            }
        }
    }
}
