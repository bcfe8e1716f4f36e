//! The command box (Ctrl+K): everything that can be gone to or done, and every patient, by keyboard.
//!
//! It has no list of its own: `command.js` reads the links of the top bar, the open patient's actions
//! and the chart's sections where they stand, and finds patients by the search of the top bar.

use maud::{Markup, html};

use crate::messages::t;

/// What opens it; shown by the script, since without one there is nothing to open.
pub(crate) fn opener() -> Markup {
    html! {
        button.plain.command-open type="button" data-command-open="" hidden aria-haspopup="dialog" {
            (t("command.open")) " " kbd { "Ctrl K" }
        }
    }
}

/// The box itself.
pub(crate) fn command_box() -> Markup {
    html! {
        dialog.command id="command" aria-label=(t("command.label"))
            data-patient=(t("command.patient")) data-pages=(t("command.pages"))
            data-sections=(t("command.sections")) data-people=(t("command.people"))
            data-none=(t("command.none")) {
            label.ds-sr-only for="command-q" { (t("command.label")) }
            input id="command-q" type="search" role="combobox" aria-expanded="true"
                aria-controls="command-list" aria-autocomplete="list" autocomplete="off"
                autocapitalize="none" spellcheck="false" placeholder=(t("command.placeholder"));
            div id="command-list" role="listbox" aria-label=(t("command.label")) {}
            p.count role="status" {}
            p.keys.muted { (t("command.keys")) }
        }
    }
}
