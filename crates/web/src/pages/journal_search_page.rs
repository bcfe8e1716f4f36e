//! The field of the text search in a chart, and what it found.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::journal_search::{Hit, Piece};
use crate::messages::{t, tf};
use crate::numbers::count;

/// The search field of a chart, with room for what is found while one types.
pub(crate) fn field(patient: &str, typed: &str) -> Markup {
    let address = format!("/pasient/{patient}/sok");
    html! {
        form.journal-search action=(address) method="get" role="search" aria-label=(t("journal.label")) {
            label.ds-sr-only for="journal-ord" { (t("journal.label")) }
            input.ds-input id="journal-ord" name="ord" type="search" value=(typed) autocomplete="off"
                placeholder=(t("journal.label")) data-hx-get=(address)
                data-hx-trigger="input changed delay:250ms" data-hx-target="#journal-treff"
                data-hx-sync="this:replace";
            button.ds-button data-variant="secondary" data-size="sm" type="submit" { (t("journal.search")) }
        }
    }
}

/// What was found; also the fragment that is swapped in as one types.
pub(crate) fn found(typed: &str, hits: Option<&(Vec<Hit>, usize)>, today: Date) -> Markup {
    let Some((hits, all)) = hits else { return html! {} };
    let said = match (*all, hits.len()) {
        (0, _) => tf("journal.none", &[("typed", typed)]),
        (1, _) => t("journal.one").to_owned(),
        (all, shown) if all > shown => {
            tf("journal.many", &[("n", &count(all)), ("shown", &count(shown))])
        }
        (all, _) => tf("journal.some", &[("n", &count(all))]),
    };
    html! {
        p.count role="status" { (said) }
        p.sub { (t("journal.files")) }
        ol.journal-hits {
            @for hit in hits {
                li {
                    p.meta {
                        (hit.kind)
                        @if let Some(date) = hit.date { " · " (date.short(today)) }
                        @if let Some(by) = &hit.by { " · " (by) }
                        @if let Some(mark) = hit.mark { " " span.tag { (mark) } }
                    }
                    a href=(hit.href) { (marked(&hit.title)) }
                    @if !hit.excerpt.is_empty() { p.excerpt { (marked(&hit.excerpt)) } }
                }
            }
        }
    }
}

fn marked(pieces: &[Piece]) -> Markup {
    html! {
        @for (text, is_hit) in pieces {
            @if *is_hit { mark { (text) } } @else { (text) }
        }
    }
}

/// The search on a page of its own.
pub(crate) fn own_page(
    patient: &str,
    typed: &str,
    hits: Option<&(Vec<Hit>, usize)>,
    today: Date,
) -> Markup {
    html! {
        section.card {
            (field(patient, typed))
            div id="journal-treff" { (found(typed, hits, today)) }
        }
    }
}
