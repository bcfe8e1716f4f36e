//! The administrator's list of apps and systems, and the form of one.

use akson_base::Instant;
use akson_smart::App;
use akson_smart::app::{AppKind, Registration};
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::apps::LIST;
use crate::messages::{code, t, tf};
use crate::who::Who;

/// The list.
pub(crate) fn list(apps: &[App], now: Instant, who: &Who) -> Markup {
    let main = html! {
        div.start.people {
            div.heading {
                h1 { (t("apps.heading")) }
                a.ds-button href="/apper/ny" { (t("apps.new")) }
            }
            p { a href="/ansatte" { (t("people.heading")) } }
            @if apps.is_empty() { p.muted { (t("apps.none")) } }
            ul.staff.card {
                @for app in apps {
                    li {
                        a.employee href=(format!("{LIST}/{}", app.id)) {
                            b { (app.name) }
                            span.aside { (state(app, now)) }
                            span.sub {
                                (kind(app.kind))
                                @if let Some(name) = &app.organisation_name { " · " (name) }
                            }
                        }
                    }
                }
            }
        }
    };
    let title = t("apps.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn state(app: &App, now: Instant) -> &'static str {
    if app.is_on(now) { t("apps.on") } else { t("apps.off") }
}

fn kind(kind: AppKind) -> &'static str {
    match kind {
        AppKind::Smart => t("apps.smart"),
        AppKind::Backend => t("apps.backend"),
    }
}

/// The form as it is shown.
pub(crate) struct Shown<'a> {
    pub typed: &'a Registration,
    /// The app that is changed; nothing for a new one.
    pub app: Option<&'a App>,
    /// References and names.
    pub units: &'a [(String, String)],
    /// Which field is wrong, and how.
    pub wrong: Option<(&'a str, &'static str)>,
    pub now: Instant,
}

/// The form of a new app, or of one that is there.
pub(crate) fn form(shown: &Shown<'_>, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let title = shown.app.map_or(t("apps.new"), |app| app.name.as_str());
    let action = shown.app.map_or(format!("{LIST}/ny"), |app| format!("{LIST}/{}", app.id));
    let main = html! {
        div.start.people {
            p.back { a href=(LIST) { (t("apps.back")) } }
            h1 { (title) }
            @if let Some((_, words)) = shown.wrong { p.fault role="alert" { (words) } }
            @if let Some(app) = shown.app { (switch(app, &action, token, shown.now)) }
            form.hiring action=(action) method="post" novalidate {
                (hidden(token))
                (shown.fields())
                button.ds-button type="submit" name="gjor" value="lagre" {
                    @if shown.app.is_some() { (t("apps.save")) } @else { (t("apps.register")) }
                }
            }
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

/// On or off, in one click.
fn switch(app: &App, action: &str, token: &str, now: Instant) -> Markup {
    let (does, words, colour) = match app.is_on(now) {
        true => ("av", t("apps.switch-off"), "danger"),
        false => ("pa", t("apps.switch-on"), "accent"),
    };
    html! {
        form.card.known action=(action) method="post" {
            (hidden(token))
            p { b { (state(app, now)) } " – " (tf("apps.client", &[("id", &app.client_id)])) }
            p.muted { (t("apps.switch-text")) }
            button.ds-button data-color=(colour) data-variant="secondary" type="submit" name="gjor"
                value=(does) { (words) }
        }
    }
}

impl Shown<'_> {
    fn fields(&self) -> Markup {
        let typed = self.typed;
        let lines = |all: &[String]| all.join("\n");
        html! {
            (self.line("navn", "name", &typed.name))
            fieldset.templates {
                legend { (t("apps.kind")) }
                div.pills {
                    @for one in [AppKind::Smart, AppKind::Backend] {
                        label.pill {
                            input type="radio" name="type" value=(one.code())
                                checked[typed.kind == one.code()];
                            span { (kind(one)) }
                        }
                    }
                }
            }
            (self.organisation())
            (self.line("adresse", "address", &typed.address))
            (self.lines("tilbake", "redirects", &lines(&typed.redirects)))
            (self.lines("omfang", "scopes", &lines(&typed.scopes)))
            @if self.app.is_none() { (self.line("klient", "client_id", &typed.client_id)) }
            details open[typed.kind == AppKind::Backend.code() || self.is_wrong_with_keys()] {
                summary { (t("apps.keys")) }
                (self.lines("nokler", "keys", &typed.keys))
                (self.line("nokkeladresse", "keys_address", &typed.keys_address))
                (self.line("kvote", "quota", &typed.quota_per_minute))
            }
        }
    }

    fn is_wrong_with_keys(&self) -> bool {
        self.wrong.is_some_and(|(field, _)| ["keys", "keys_address", "quota"].contains(&field))
    }

    fn organisation(&self) -> Markup {
        let chosen = self.typed.organisation.as_ref().map(|(reference, _)| reference.as_str());
        let wrong = self.fault("organisation");
        html! {
            div.field {
                label for="enhet" { (label("organisation")) }
                select.ds-input id="enhet" name="enhet" aria-invalid=[wrong.map(|_| "true")]
                    aria-describedby=[wrong.map(|_| "feil-enhet")] {
                    option value="" { (t("hiring.choose-unit")) }
                    @for (reference, name) in self.units {
                        option value=(reference) selected[chosen == Some(reference)] { (name) }
                    }
                }
                @if let Some(wrong) = wrong { p.fault id="feil-enhet" { (wrong) } }
            }
        }
    }

    fn fault(&self, field: &str) -> Option<&'static str> {
        self.wrong.filter(|(known, _)| *known == field).map(|(_, words)| words)
    }

    fn line(&self, name: &'static str, field: &str, value: &str) -> Markup {
        let (wrong, described) = (self.fault(field), format!("om-{name}"));
        html! {
            div.field {
                label for=(name) { (label(field)) }
                @if let Some(help) = code("app-help", field) { p.muted id=(described) { (help) } }
                input.ds-input id=(name) name=(name) value=(value) autocomplete="off"
                    spellcheck="false" aria-invalid=[wrong.map(|_| "true")]
                    aria-describedby=[code("app-help", field).map(|_| &described)];
                @if let Some(wrong) = wrong { p.fault { (wrong) } }
            }
        }
    }

    fn lines(&self, name: &'static str, field: &str, value: &str) -> Markup {
        let (wrong, described) = (self.fault(field), format!("om-{name}"));
        html! {
            div.field {
                label for=(name) { (label(field)) }
                @if let Some(help) = code("app-help", field) { p.muted id=(described) { (help) } }
                textarea.ds-input id=(name) name=(name) rows="4" spellcheck="false"
                    aria-invalid=[wrong.map(|_| "true")]
                    aria-describedby=[code("app-help", field).map(|_| &described)] { (value) }
                @if let Some(wrong) = wrong { p.fault { (wrong) } }
            }
        }
    }
}

fn label(field: &str) -> &'static str {
    code("app-label", field).unwrap_or_default()
}
