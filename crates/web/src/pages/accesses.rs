//! The section of who has opened this journal, in plain words.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::messages::{t, tf};
use crate::sight::Look;

const SHORT: usize = 6;

pub(crate) fn section(patient: &str, looks: &[Look], extent: Extent, today: Date) -> Markup {
    let shown = looks.len().min(extent.limit(SHORT));
    let body = html! {
        (list(looks, shown, today))
        (fold(patient, Section::Accesses, extent, shown, looks.len()))
    };
    frame(Section::Accesses, t("accesses.note"), body)
}

/// The first `shown` of these looks.
pub(crate) fn list(looks: &[Look], shown: usize, today: Date) -> Markup {
    html! {
        @if looks.is_empty() { (empty(t("accesses.none"))) }
        ul.rows {
            @for look in looks.iter().take(shown) {
                li {
                    span.what { b { (look.who) } }
                    span.aside {
                        time datetime=(look.latest.machine()) {
                            (look.latest.short(today))
                            @if let Some(time) = look.latest.clock() { " " (t("date.at")) " " (time) }
                        }
                    }
                    span.sub {
                        (look.what)
                        @if look.times > 1 {
                            " " (tf("accesses.times", &[("n", &look.times.to_string())]))
                        }
                        " · " (look.ground)
                    }
                }
            }
        }
    }
}
