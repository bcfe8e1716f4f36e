//! What else a citizen decides and sees: the log, blocks, powers of attorney, apps, the language.

use akson_access::decide::ATTORNEY_FROM_YEARS;
use akson_smart::discovery::MANAGE;
use jiff::civil::Date;
use maud::{Markup, html};

use super::languages;
use super::my_frame::{Tab, frame};
use crate::chart::Person;
use crate::citizen::Mine;
use crate::dates::age_years;
use crate::messages::t;
use crate::who::Who;

/// The page.
pub(crate) fn more(mine: &Mine, who: &Who, today: Date) -> Markup {
    let of_patient = |page: &str| format!("/pasient/{}{page}", mine.person.id);
    let apps = who.login.as_ref().is_some_and(|login| login.has_apps);
    let main = html! {
        ul.my-doors {
            @if mine.standing.may_read_log {
                (door(&of_patient("/innsyn"), t("my.log"), t("my.log-what")))
            }
            @if mine.standing.may_wish {
                (door(&of_patient("/sperringer"), t("my.wishes"), t("my.wishes-what")))
            }
            @if mine.is_own() && may_appoint(&mine.person, today) {
                (door(&of_patient("/fullmakter"), t("my.attorneys"), t("my.attorneys-what")))
            }
            @if apps { (door(MANAGE, t("my-apps.heading"), t("my.apps-what"))) }
            (door(&of_patient(""), t("my.whole"), t("my.whole-what")))
        }
        section.card aria-labelledby="language" {
            h2 id="language" { (t("my.language")) }
            (languages::large(who))
        }
    };
    frame(mine, Tab::More, t("my.more"), who, main)
}

fn door(href: &str, name: &str, what: &str) -> Markup {
    html! { li { a.card href=(href) { b { (name) } span.muted { (what) } } } }
}

/// Whether somebody is of age, as far as the birth date tells.
pub(crate) fn may_appoint(person: &Person, today: Date) -> bool {
    let age = person.birth.and_then(|birth| age_years(birth.date(), today));
    age.is_none_or(|age| age >= ATTORNEY_FROM_YEARS)
}
