//! An app asks to be let in: who asks, for what, for whom, and a yes or no; before it the page that
//! leads here, and the clinician's choice of a patient.

use akson_access::scopes::{Context, Permission, Scope, Scopes};
use akson_base::Problem;
use akson_smart::{App, Request};
use jiff::civil::Date;
use maud::{DOCTYPE, Markup, html};
use percent_encoding::percent_decode_str;

use super::layout::{Page, hidden, page};
use crate::assets;
use crate::authorise::Candidate;
use crate::chart::Person;
use crate::messages::{code, language, t, tf};
use crate::who::Who;

/// The page that comes back from another site's request: it leads on by itself, from our own site.
pub(crate) fn arrival(to: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="refresh" content=(format!("0; url={to}"));
                title { (t("consent.heading")) " – " (t("site.name")) }
                link rel="stylesheet" href=(assets::path("style"));
                link rel="icon" type="image/svg+xml" href=(assets::path("icon"));
            }
            body { main { p { a href=(to) { (t("consent.on")) } } } }
        }
    }
}

/// Why the app is not let in; nobody is sent back to it.
pub(crate) fn refused(problem: &Problem, who: Option<&Who>) -> Markup {
    let text = code("app-problem", problem.code).unwrap_or_else(|| t("consent.refused-text"));
    let main = html! {
        div.start.consent {
            h1 { (t("consent.refused")) }
            p { (text) }
            p.muted { (t("problem.code")) " " b { (problem.code) } }
        }
    };
    let title = t("consent.refused");
    page(&Page { title, who, query: "", search_in_top: false }, html! {}, main)
}

/// The question, and what is known for it.
pub(crate) struct Question<'a> {
    pub address: &'a str,
    pub request: &'a Request,
    pub candidates: &'a [Candidate],
    pub who: &'a Who,
    pub today: Date,
    /// What was wrong with the answer.
    pub wrong: Option<&'static str>,
}

impl Question<'_> {
    /// The page.
    pub(crate) fn page(&self) -> Markup {
        let app = &self.request.app;
        let token = self.who.login.as_ref().map_or("", |login| login.form_token.as_str());
        let main = html! {
            div.start.consent {
                h1 { (tf("consent.asks", &[("app", &app.name)])) }
                p.muted { (owner(app)) }
                @if let Some(wrong) = self.wrong { p.told role="alert" { (wrong) } }
                form action=(self.address) method="post" {
                    (hidden(token))
                    (self.patients())
                    (self.wishes())
                    div.answer {
                        button.ds-button type="submit" name="svar" value="tillat" {
                            (t("consent.allow"))
                        }
                        button.ds-button data-variant="secondary" type="submit" name="svar"
                            value="avsla" { (t("consent.refuse")) }
                    }
                }
                p.muted { (t("consent.after")) }
            }
        };
        let title = t("consent.heading");
        page(&Page { title, who: Some(self.who), query: "", search_in_top: false }, html! {}, main)
    }

    /// For whom: said when there is one, asked when there are several.
    fn patients(&self) -> Markup {
        match self.candidates {
            [] => html! {},
            [only] => html! {
                input type="hidden" name="pasient" value=(only.person.id);
                p { (t("consent.about")) " " b { (self.named(&only.person)) } }
            },
            several => html! {
                fieldset {
                    legend { (t("consent.whom")) }
                    @for (place, one) in several.iter().enumerate() {
                        label.allowing {
                            input type="radio" name="pasient" value=(one.person.id) required
                                checked[place == 0];
                            span {
                                (self.named(&one.person))
                                @if let Some(ground) = code("ground", one.standing.ground.code()) {
                                    span.muted { " – " (ground) }
                                }
                            }
                        }
                    }
                }
            },
        }
    }

    fn named(&self, person: &Person) -> String {
        let name = person.name_or_unknown();
        person.age(self.today).map_or_else(|| name.to_string(), |age| format!("{name}, {age}"))
    }

    /// What it asks for, each with a box that can be emptied.
    fn wishes(&self) -> Markup {
        let scopes = &self.request.scopes;
        let boxes: Vec<&String> = scopes.iter().filter(|scope| has_box(scope)).collect();
        let knows = scopes.iter().any(|scope| scope == "fhirUser" || scope == "openid");
        html! {
            @if !boxes.is_empty() {
                fieldset {
                    legend { (t("consent.what")) }
                    @for scope in boxes {
                        label.allowing {
                            input type="checkbox" name="omfang" value=(scope) checked;
                            span { (words(scope)) }
                        }
                    }
                }
            }
            @if knows { p { (t("consent.knows")) } }
        }
    }
}

fn owner(app: &App) -> String {
    match &app.organisation_name {
        Some(name) => tf("consent.owner", &[("organisation", name)]),
        None => t("consent.no-owner").to_string(),
    }
}

/// Whether a scope is about data.
pub(crate) fn is_clinical(scope: &str) -> bool {
    Scopes::is_clinical(scope)
}

/// Whether a scope can be left out by the person.
pub(crate) fn has_box(scope: &str) -> bool {
    is_clinical(scope) || scope == "offline_access" || scope == "online_access"
}

/// What a scope lets the app do.
pub(crate) fn words(scope: &str) -> String {
    match scope {
        "offline_access" => return t("consent.offline").to_string(),
        "online_access" => return t("consent.online").to_string(),
        _ => {}
    }
    // The patient's id is not part of the words; any will do to read them.
    let read = Scopes::parse([scope], Some("x")).ok();
    let read = read.as_ref().and_then(|scopes| scopes.words().first());
    read.map_or_else(|| scope.to_string(), clinical)
}

fn clinical(scope: &Scope) -> String {
    let doing = [
        ([Permission::Read, Permission::Search].as_slice(), t("consent.read")),
        (&[Permission::Create], t("consent.create")),
        (&[Permission::Update], t("consent.update")),
        (&[Permission::Delete], t("consent.delete")),
    ];
    let doing: Vec<&str> = doing
        .into_iter()
        .filter(|(permissions, _)| permissions.iter().any(|one| scope.permits(*one)))
        .map(|(_, word)| word)
        .collect();
    let doing = match doing.as_slice() {
        [first @ .., last] if !first.is_empty() => {
            format!("{} {} {last}", first.join(", "), t("consent.and"))
        }
        other => other.concat(),
    };
    let what = match scope.resource_type() {
        None => t("consent.everything").to_string(),
        Some(name) => code("resource", name)
            .map_or_else(|| tf("consent.other", &[("type", name)]), str::to_string),
    };
    let whose = match scope.context() {
        Context::Patient => t("consent.of-patient"),
        Context::User | Context::System => t("consent.of-all"),
    };
    let narrowed = scope.query().map(narrowing).unwrap_or_default();
    let text = format!("{doing} {what}{narrowed} {whose}");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The search parameters that narrow a scope, the common ones in words.
fn narrowing(query: &str) -> String {
    let plain = percent_decode_str(query).decode_utf8_lossy();
    let value = |pair: &str| {
        let value = pair.split_once('=').map_or(pair, |(_, value)| value);
        let value = value.rsplit('|').next().unwrap_or(value).to_string();
        code("scope-category", &value).map_or_else(|| pair.to_string(), str::to_string)
    };
    let all: Vec<String> = plain.split('&').map(value).collect();
    format!(" {}", tf("consent.only", &[("which", &all.join(", "))]))
}

/// The clinician's choice of a patient.
pub(crate) fn choose_patient(
    address: &str,
    app: &App,
    (query, people): (&str, &[Person]),
    who: &Who,
    today: Date,
) -> Markup {
    let main = html! {
        div.start.consent {
            h1 { (tf("consent.choose", &[("app", &app.name)])) }
            form.words action=(format!("{address}/pasient")) method="get" {
                label for="hvem" { (t("search.label")) }
                div.line {
                    input.ds-input id="hvem" name="q" type="search" value=(query) required
                        autofocus autocomplete="off" placeholder=(t("search.placeholder"));
                    button.ds-button data-variant="secondary" type="submit" { (t("search.button")) }
                }
            }
            @if !query.is_empty() && people.is_empty() {
                p role="status" { (t("search.none")) }
            }
            ul.choices {
                @for person in people {
                    li {
                        a.choice href=(format!("{address}?pasient={}", person.id)) {
                            b { (person.name_or_unknown()) }
                            @if let Some(age) = person.age(today) { span.role { (age) } }
                        }
                    }
                }
            }
        }
    };
    let title = t("consent.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}
