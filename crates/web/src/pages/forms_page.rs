//! The forms of a patient: what the reader has begun, what can be filled in, and what is filled in with its
//! scores over time.

use std::collections::HashMap;
use std::sync::Arc;

use akson_questionnaire::{Item, Kind, Questionnaire};
use maud::{Markup, html};

use super::chart_page::Sight;
use super::layout::hidden;
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::numbers::decimal;
use crate::questionnaires::{Asked, Filled, Offered, State, proposed_deadline};

/// Height and width of the small curve, in its own units.
const CURVE: (f64, f64) = (36.0, 160.0);

type Forms = HashMap<String, Arc<Questionnaire>>;

/// The page. `asked`: what the patient is asked to fill in, for those who may ask.
pub(crate) fn forms(
    sight: &Sight<'_>,
    offered: &[Offered],
    filled: &[Filled],
    forms: &Forms,
    asked: Option<&[Asked]>,
) -> Markup {
    let patient = sight.chart.person.id.as_str();
    let token = sight.who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let is_mine = |one: &&Filled| one.state == State::Draft && one.is_by(&sight.who.actor);
    let drafts: Vec<&Filled> = filled.iter().filter(is_mine).collect();
    let may = crate::questionnaires::fills_in(sight.who);
    html! {
      div.form-stack {
        @if !drafts.is_empty() {
            section.card aria-labelledby="skjema-utkast" {
                h2 id="skjema-utkast" { (t("forms.drafts")) }
                ul.form-list {
                    @for draft in drafts {
                        @let saved = draft.saved().map(Moment::with_time).unwrap_or_default();
                        li {
                            span { b { (title(draft, forms)) } " " span.muted { (tf("forms.begun", &[("when", &saved)])) } }
                            a.ds-button data-size="sm" href=(format!("/pasient/{patient}/skjema/{}", draft.id)) {
                                (t("forms.go-on"))
                            }
                        }
                    }
                }
            }
        }
        @if may {
            section.card aria-labelledby="skjema-velg" {
                h2 id="skjema-velg" { (t("forms.choose")) }
                @if offered.is_empty() { p.muted { (t("forms.none")) } }
                form action=(format!("/pasient/{patient}/skjema")) method="post" {
                    (hidden(token))
                    ul.form-choices {
                        @for form in offered {
                            li {
                                button type="submit" name="velg" value=(form.id) disabled[form.broken.is_some()] {
                                    b { (form.title) }
                                    @if !form.description.is_empty() { span { (form.description) } }
                                    @if let Some(why) = &form.broken { span.bad { (tf("forms.broken", &[("why", why)])) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(asked) = asked { (asking(sight, offered, asked)) }
        (done(patient, filled, forms))
      }
    }
}

/// What the patient is asked for, and a form more.
fn asking(sight: &Sight<'_>, offered: &[Offered], asked: &[Asked]) -> Markup {
    let token = sight.who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let address = format!("/pasient/{}/skjema", sight.chart.person.id);
    let whole: Vec<&Offered> = offered.iter().filter(|form| form.broken.is_none()).collect();
    html! {
        section.card aria-labelledby="skjema-be" {
            h2 id="skjema-be" { (t("forms.ask")) }
            @if !asked.is_empty() {
                ul.form-list {
                    @for one in asked {
                        @let by = one.by.map(|by| by.short(sight.today)).unwrap_or_default();
                        @let late = if one.is_late { "forms.ask-late" } else { "forms.ask-waits" };
                        li {
                            span { b { (one.title) } " " span.muted { (tf(late, &[("by", &by), ("name", &one.requester)])) } }
                            form action=(address) method="post" {
                                (hidden(token))
                                button.ds-button data-variant="secondary" data-size="sm" type="submit" name="trekk" value=(one.task) {
                                    (t("forms.ask-withdraw")) span.ds-sr-only { " " (one.title) }
                                }
                            }
                        }
                    }
                }
            }
            @if !whole.is_empty() {
                form.form-ask action=(address) method="post" {
                    (hidden(token))
                    div.field {
                        label for="be" { (t("forms.ask-form")) }
                        select.ds-input id="be" name="be" required {
                            @for form in whole { option value=(form.id) { (form.title) } }
                        }
                    }
                    div.field {
                        label for="frist" { (t("forms.ask-by")) }
                        input.ds-input id="frist" name="frist" type="date" required min=(sight.today)
                            value=(proposed_deadline(sight.today));
                    }
                    button.ds-button type="submit" { (t("forms.ask-send")) }
                }
            }
        }
    }
}

fn title<'f>(filled: &'f Filled, forms: &'f Forms) -> &'f str {
    forms.get(&filled.form).map_or(filled.form.as_str(), |form| form.title.as_str())
}

/// Filled forms: those of one kind together, the kind that was used last first.
fn done(patient: &str, filled: &[Filled], forms: &Forms) -> Markup {
    let done: Vec<&Filled> = filled.iter().filter(|one| one.state != State::Draft).collect();
    let mut kinds: Vec<&str> = Vec::new();
    for one in &done {
        let title = title(one, forms);
        if !kinds.contains(&title) {
            kinds.push(title);
        }
    }
    html! {
        section.card aria-labelledby="skjema-utfylt" {
            h2 id="skjema-utfylt" { (t("forms.filled")) }
            @if kinds.is_empty() { p.muted { (t("forms.none-filled")) } }
            @for kind in kinds {
                @let own: Vec<&Filled> = done.iter().copied().filter(|one| title(one, forms) == kind).collect();
                div.form-kind {
                    h3 { (kind) }
                    (curves(&own, forms))
                    ul.form-list { @for one in own { (row(patient, one, forms)) } }
                }
            }
        }
    }
}

fn row(patient: &str, one: &Filled, forms: &Forms) -> Markup {
    let when = one.authored.map(Moment::with_time).unwrap_or_default();
    let told = tf("forms.filled-by", &[("when", &when), ("name", &one.author.1)]);
    html! {
        li {
            a href=(format!("/pasient/{patient}/skjema/{}", one.id)) .withdrawn[one.state == State::Withdrawn] { (told) }
            @match one.state {
                State::Amended => span.tag { (t("forms.amended")) },
                State::Withdrawn => span.tag { (t("forms.withdrawn")) },
                State::Draft | State::Signed => {}
            }
            @if one.is_by_patient() { span.tag { (t("forms.by-patient")) } }
            span.form-scores {
                @if let Some(form) = forms.get(&one.form) {
                    @for item in scores(form) {
                        @if let Some(value) = number(one, item) {
                            span { (item.text) " " b { (decimal(&value.to_string())) } }
                        }
                    }
                    @for item in meanings(form) {
                        @if let Some(words) = words(one, item) { span { (words) } }
                    }
                }
            }
        }
    }
}

fn is_calculated(item: &&Item) -> bool {
    item.calculated.is_some() && !item.is_hidden
}

fn scores(form: &Questionnaire) -> impl Iterator<Item = &Item> {
    let is_number =
        |item: &&Item| matches!(item.kind, Kind::Integer | Kind::Decimal | Kind::Quantity);
    form.all().into_iter().filter(is_calculated).filter(is_number)
}

fn meanings(form: &Questionnaire) -> impl Iterator<Item = &Item> {
    let is_words = |item: &&Item| matches!(item.kind, Kind::String | Kind::Text | Kind::Choice);
    form.all().into_iter().filter(is_calculated).filter(is_words)
}

fn number(one: &Filled, item: &Item) -> Option<f64> {
    let answer = one.answer(&item.link_id)?;
    let value = ["valueInteger", "valueDecimal"].iter().find_map(|name| answer.get(name));
    value.or_else(|| answer.pointer("/valueQuantity/value"))?.as_f64()
}

fn words<'f>(one: &'f Filled, item: &Item) -> Option<&'f str> {
    let answer = one.answer(&item.link_id)?;
    let text = answer.get("valueString").or_else(|| answer.pointer("/valueCoding/display"));
    text.and_then(serde_json::Value::as_str)
}

/// The first score over time, when there are several; the oldest to the left. The values stand beside each
/// form too: the curve is for the eye.
fn curves(own: &[&Filled], forms: &Forms) -> Markup {
    let with_score = own.iter().rev().filter(|one| one.state != State::Withdrawn);
    let values: Vec<(f64, String)> = with_score
        .filter_map(|one| {
            let item = scores(forms.get(&one.form)?).next()?;
            Some((number(one, item)?, item.text.clone()))
        })
        .collect();
    let Some((_, name)) = values.first().filter(|_| values.len() > 1) else { return html! {} };
    let numbers: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
    let least = numbers.iter().copied().fold(0.0, f64::min);
    let most = numbers.iter().copied().fold(least + 1.0, f64::max);
    let (height, width) = CURVE;
    let place = |(number, value): (usize, &f64)| {
        let x = 6.0 + (width - 12.0) * number as f64 / (numbers.len() - 1) as f64;
        let y = 6.0 + (height - 12.0) * (most - value) / (most - least);
        (x, y)
    };
    let places: Vec<(f64, f64)> = numbers.iter().enumerate().map(place).collect();
    let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let said: Vec<String> = numbers.iter().map(|value| decimal(&value.to_string())).collect();
    let told = tf("forms.trend", &[("name", name), ("values", &said.join(" → "))]);
    html! {
        p.form-trend {
            svg viewBox=(format!("0 0 {width} {height}")) aria-hidden="true" focusable="false" {
                polyline points=(line.join(" ")) {}
                @for (x, y) in &places { circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="3" {} }
            }
            span { (told) }
        }
    }
}
