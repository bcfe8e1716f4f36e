//! One employee: the roles now, what can be done with them, and what became of them.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use super::people_page::in_words;
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::people::{Employee, LIST, Post, PostChange, PostState, Wrong};
use crate::who::Who;

/// What is shown.
pub(crate) struct Shown<'a> {
    pub employee: &'a Employee,
    pub changes: &'a [PostChange],
    /// Whether it is the reader: nobody changes their own roles.
    pub is_self: bool,
    /// What was just done.
    pub said: Option<&'static str>,
    pub wrong: Option<&'a Wrong<'a>>,
}

/// The page.
pub(crate) fn employee(shown: &Shown<'_>, who: &Who, today: Date) -> Markup {
    let person = shown.employee;
    let (over, standing): (Vec<&Post>, Vec<&Post>) =
        person.roles.iter().partition(|role| role.state == PostState::Ended);
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let main = html! {
        div.start.people {
            p.back { a href=(LIST) { (t("employee.back")) } }
            h1 { (person.name) }
            p.muted { (numbers(person)) }
            @if let Some(said) = shown.said { p.told role="status" { (said) } }
            @if shown.is_self { p.told { (t("employee.own-role")) } }
            section aria-labelledby="roller" {
                h2 id="roller" { (t("employee.roles")) }
                @if standing.is_empty() { p.muted { (t("people.no-role")) } }
                @for role in &standing { (post(shown, role, token, today)) }
                @if !shown.is_self {
                    p {
                        a.ds-button data-variant="secondary"
                            href=(format!("{LIST}/ny?person={}", person.id)) {
                            (t("employee.add"))
                        }
                    }
                }
            }
            @if !over.is_empty() {
                section aria-labelledby="avsluttede" {
                    h2 id="avsluttede" { (t("employee.over")) }
                    ul.rows.card {
                        @for role in &over {
                            li {
                                span.what { (in_words(role)) }
                                span.aside { (time(role)) }
                            }
                        }
                    }
                }
            }
            section aria-labelledby="endringer" {
                h2 id="endringer" { (t("employee.changes")) }
                ul.rows.card { @for change in shown.changes { li { (changed(change)) } } }
            }
        }
    };
    let title = &person.name;
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn numbers(person: &Employee) -> String {
    let hpr = person.hpr.as_ref().map(|hpr| tf("people.hpr", &[("n", hpr)]));
    let national = person.has_national_number.then(|| t("employee.national").to_owned());
    let all: Vec<String> = [hpr, national].into_iter().flatten().collect();
    if all.is_empty() { t("employee.no-number").to_owned() } else { all.join(" · ") }
}

/// `01.12.2026 – 31.01.2027`
fn time(role: &Post) -> String {
    let day = |moment: Option<Moment>| moment.map(|moment| moment.date());
    let written = |moment: Option<Moment>| moment.map(Moment::long).unwrap_or_default();
    match (day(role.from), day(role.until)) {
        (None, None) => t("employee.always").to_owned(),
        (Some(_), None) => tf("people.from", &[("date", &written(role.from))]),
        _ => tf("employee.time", &[("from", &written(role.from)), ("until", &written(role.until))]),
    }
}

fn post(shown: &Shown<'_>, role: &Post, token: &str, today: Date) -> Markup {
    let wrong = shown.wrong.filter(|wrong| wrong.role == role.id);
    let until = role.until.map(|until| until.date().to_string()).unwrap_or_default();
    let typed = wrong.map_or(until.as_str(), |wrong| wrong.typed);
    let (field, fault) = (format!("til-{}", role.id), format!("feil-{}", role.id));
    html! {
        article.card.post aria-label=(in_words(role)) {
            h3 { (role.title) }
            p { (role.unit_name) }
            p.muted {
                @match role.state {
                    PostState::Now => (t("employee.now")),
                    PostState::Coming => (t("employee.coming")),
                    PostState::Ended => (t("employee.ended")),
                }
                " · " (time(role))
            }
            @if !shown.is_self {
                form.post-end method="post"
                    action=(format!("{LIST}/{}/rolle/{}", shown.employee.id, role.id)) {
                    (hidden(token))
                    input type="hidden" name="versjon" value=(role.version);
                    div {
                        label for=(field) { (t("employee.until")) }
                        input.ds-input id=(field) name="til" type="date" value=(typed)
                            min=(today.to_string())
                            aria-invalid=[wrong.map(|_| "true")]
                            aria-describedby=[wrong.map(|_| fault.as_str())];
                    }
                    button.ds-button data-variant="secondary" type="submit" name="gjor" value="endre" {
                        (t("employee.save"))
                    }
                    button.ds-button.stop data-variant="secondary" type="submit" name="gjor"
                        value="avslutt" { (t("employee.end-now")) }
                }
                @if let Some(wrong) = wrong { p.fault id=(fault) role="alert" { (wrong.words) } }
            }
        }
    }
}

fn changed(change: &PostChange) -> Markup {
    html! {
        span.what { (what(change)) }
        span.aside { time datetime=(change.at.machine()) { (change.at.with_time()) } }
        span.sub {
            (in_words(&change.now))
            @if !change.by.is_empty() { " · " (change.by) }
        }
    }
}

/// What a change was, in words.
pub(super) fn what(change: &PostChange) -> String {
    let written = |until: Option<Moment>| until.map_or(t("employee.none").to_owned(), Moment::long);
    let now = &change.now;
    let Some(before) = &change.before else {
        return tf("employee.given", &[("time", &time(now))]);
    };
    if now.state == PostState::Ended && before.state != PostState::Ended {
        return t("employee.was-ended").to_owned();
    }
    if before.until != now.until {
        let values = [("before", &*written(before.until)), ("now", &*written(now.until))];
        return tf("employee.moved", &values);
    }
    t("employee.other").to_owned()
}
