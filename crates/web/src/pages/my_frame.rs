//! The frame of a citizen's pages: whose journal it is, and the five places to go, at the bottom of a
//! phone and at the top of a wide screen.

use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::citizen::Mine;
use crate::messages::{t, tf};
use crate::who::Who;

/// A place in the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Home,
    Letters,
    Times,
    Journal,
    More,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Home, Self::Letters, Self::Times, Self::Journal, Self::More];

    fn path(self) -> &'static str {
        match self {
            Self::Home => "",
            Self::Letters => "/meldinger",
            Self::Times => "/timer",
            Self::Journal => "/journal",
            Self::More => "/mer",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Home => t("my.home"),
            Self::Letters => t("my.letters"),
            Self::Times => t("my.times"),
            Self::Journal => t("my.journal"),
            Self::More => t("my.more"),
        }
    }
}

/// The whole page. `title` is its heading too.
pub(crate) fn frame(mine: &Mine, tab: Tab, title: &str, who: &Who, main: Markup) -> Markup {
    let content = html! {
        div.my {
            (whose(mine))
            h1 { (title) }
            (main)
        }
    };
    let bar = bar(mine, tab);
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, bar, content)
}

/// Whose journal it is, and the others that one may look at.
fn whose(mine: &Mine) -> Markup {
    if mine.all.len() < 2 && mine.is_own() {
        return html! {};
    }
    html! {
        nav.my-whose aria-label=(t("my.whose")) {
            ul {
                @for one in &mine.all {
                    @let is_this = one.person.id == mine.person.id;
                    @let name = one.person.name_or_unknown();
                    @let is_own = one.standing.ground == akson_access::Ground::Own;
                    li {
                        a href=(format!("/min/{}", one.person.id))
                            aria-current=[is_this.then_some("true")] {
                            @if is_own { (tf("my.you", &[("name", name)])) } @else { (name) }
                        }
                    }
                }
            }
        }
    }
}

fn bar(mine: &Mine, current: Tab) -> Markup {
    html! {
        nav.my-bar aria-label=(t("my.places")) {
            ul {
                @for tab in Tab::ALL {
                    li {
                        a href=(mine.path(tab.path()))
                            aria-current=[(tab == current).then_some("page")] { (tab.label()) }
                    }
                }
            }
        }
    }
}

/// The token that each form carries.
pub(crate) fn token(who: &Who) -> Markup {
    html! { @if let Some(login) = &who.login { (hidden(&login.form_token)) } }
}
