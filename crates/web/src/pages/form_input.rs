//! One question's own field: what each type is answered with, large enough for a thumb.
//!
//! Not here: what stands around it (`form_fields`).

use akson_questionnaire::{Answer, Control, Item, Kind, LiveItem, LiveOccurrence};
use maud::{Markup, html};

use super::form_fields::{Drawing, faults, place, remove};
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::numbers::decimal;
use crate::questionnaires::OWN_WORDS;

/// Options that stand below each other; more of them open as a list.
const OPTIONS_IN_SIGHT_MAX: usize = 12;
/// Steps of a scale whose every step can be touched.
const SCALE_STEPS_MAX: i32 = 20;

/// The question's number and text.
pub(super) fn asked(item: &Item) -> Markup {
    html! {
        @if !item.prefix.is_empty() { span.form-prefix { (item.prefix) } " " }
        (item.text)
    }
}

/// The same, and that it must be answered.
pub(super) fn legend(item: &Item) -> Markup {
    html! {
        (asked(item))
        @if item.is_required && item.is_asked() {
            " " span.form-required { (t("form.required")) }
        }
    }
}

/// An answer in words of the reader's language.
pub(super) fn words(item: &Item, answer: &Answer) -> String {
    match answer {
        Answer::Boolean(true) => t("form.yes").to_owned(),
        Answer::Boolean(false) => t("form.no").to_owned(),
        Answer::Decimal(number) => decimal(number.digits()),
        Answer::Integer(number) => decimal(&number.to_string()),
        Answer::Quantity(number, unit) => format!("{} {}", decimal(number.digits()), unit.name()),
        Answer::Date(date) => Moment::parse(date).map(Moment::long).unwrap_or_else(|| date.clone()),
        Answer::DateTime(at) => {
            Moment::parse(at).map(Moment::with_time).unwrap_or_else(|| at.clone())
        }
        Answer::Time(time) => time.get(..5).unwrap_or(time).to_owned(),
        Answer::Coding(_) if item.option_of(answer).is_some() => {
            let option = item.option_of(answer).and_then(|number| item.option(number));
            option.map(|option| option.label()).unwrap_or_default()
        }
        Answer::Coding(_)
        | Answer::String(_)
        | Answer::Uri(_)
        | Answer::Attachment(_)
        | Answer::Reference(..) => answer.words(),
    }
}

/// The field or fields.
pub(super) fn field(drawing: &Drawing<'_>, live: &LiveItem<'_>) -> Markup {
    let item = live.item;
    let in_sight =
        item.options.len() <= OPTIONS_IN_SIGHT_MAX || item.control == Control::RadioButton;
    let is_listed = item.control == Control::DropDown || !in_sight;
    if item.kind == Kind::Reference && item.options.is_empty() {
        return references(drawing, live);
    }
    if !item.options.is_empty() {
        let is_list = is_listed && !item.repeats;
        return if is_list { list(drawing, live) } else { options(drawing, live) };
    }
    if item.kind == Kind::Boolean {
        return yes_or_no(drawing, live);
    }
    if item.kind == Kind::Integer && scale(item).is_some() {
        return steps(drawing, live);
    }
    html! {
        @for (position, one) in live.occurrences.iter().enumerate() {
            (single(drawing, live, one, position))
        }
    }
}

/// What is said about a field, for who cannot see where it stands.
fn described(own: &str, item: &Item, is_wrong: bool) -> Option<String> {
    let mut ids = Vec::new();
    if !item.help.is_empty() {
        ids.push(format!("{own}-hjelp"));
    }
    if is_wrong {
        ids.push(format!("{own}-feil"));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn help(own: &str, item: &Item) -> Markup {
    html! {
        @if !item.help.is_empty() { p.form-help id=(format!("{own}-hjelp")) { (item.help) } }
    }
}

/// One of several things to touch: value, what it says, and whether it is chosen.
struct Touch {
    value: String,
    says: Markup,
    is_chosen: bool,
    is_exclusive: bool,
}

/// Things to touch, of which one is chosen, or several.
fn touched(drawing: &Drawing<'_>, live: &LiveItem<'_>, class: &str, all: &[Touch]) -> Markup {
    let item = live.item;
    let Some(first) = live.occurrences.first() else { return html! {} };
    let own = place(&first.path);
    let told = drawing.told(first);
    let kind = if item.is_multiple_choice() { "checkbox" } else { "radio" };
    let is_answered = all.iter().any(|one| one.is_chosen);
    html! {
        fieldset.form-question.wrong[!told.is_empty()] id=(own) tabindex="-1"
            aria-describedby=[described(&own, item, !told.is_empty())] {
            legend { (legend(item)) }
            (help(&own, item))
            (faults(&own, &told))
            div class=(class) {
                @for (number, one) in all.iter().enumerate() {
                    label.form-option for=(format!("{own}-{number}")) {
                        input id=(format!("{own}-{number}")) type=(kind) name=(format!("s{}", live.path))
                            value=(one.value) checked[one.is_chosen]
                            data-exclusive[one.is_exclusive];
                        span { (one.says) }
                    }
                }
            }
            @if !item.is_required && is_answered && kind == "radio" {
                button.form-clear type="submit" name="gjor" value=(format!("tom:{}", live.path))
                    aria-label=(format!("{}: {}", t("form.clear"), item.text)) { (t("form.clear")) }
            }
        }
    }
}

fn options(drawing: &Drawing<'_>, live: &LiveItem<'_>) -> Markup {
    let item = live.item;
    let chosen: Vec<&Answer> =
        live.occurrences.iter().filter_map(|one| one.value.as_ref()).collect();
    let own_words = chosen.iter().find(|answer| item.option_of(answer).is_none());
    let of = |(number, option): (usize, &akson_questionnaire::AnswerOption)| Touch {
        value: number.to_string(),
        says: html! { @if !option.prefix.is_empty() { (option.prefix) " " } (option.label()) },
        is_chosen: chosen.contains(&&option.value),
        is_exclusive: option.is_exclusive,
    };
    let mut all: Vec<Touch> = item.options.iter().enumerate().map(of).collect();
    if item.kind == Kind::OpenChoice {
        let name = format!("s{}-{OWN_WORDS}", live.path);
        let value = own_words.map(|answer| answer.words()).unwrap_or_default();
        all.push(Touch {
            value: OWN_WORDS.to_owned(),
            says: html! {
                (t("form.other")) " "
                input.ds-input type="text" name=(name) value=(value) autocomplete="off"
                    aria-label=(format!("{}: {}", item.text, t("form.other")));
            },
            is_chosen: own_words.is_some(),
            is_exclusive: false,
        });
    }
    touched(drawing, live, "form-options", &all)
}

fn yes_or_no(drawing: &Drawing<'_>, live: &LiveItem<'_>) -> Markup {
    let value = live.occurrences.first().and_then(|one| one.value.as_ref());
    let of = |is_yes: bool| Touch {
        value: is_yes.to_string(),
        says: html! { (if is_yes { t("form.yes") } else { t("form.no") }) },
        is_chosen: value == Some(&Answer::Boolean(is_yes)),
        is_exclusive: false,
    };
    touched(drawing, live, "form-options form-pair", &[of(true), of(false)])
}

/// The ends of a scale whose steps are few enough to be touched.
fn scale(item: &Item) -> Option<(i32, i32)> {
    let (Some(Answer::Integer(min)), Some(Answer::Integer(max))) = (&item.min, &item.max) else {
        return None;
    };
    let is_short = max.saturating_sub(*min) <= SCALE_STEPS_MAX;
    (item.control == Control::Slider && is_short && !item.repeats).then_some((*min, *max))
}

fn steps(drawing: &Drawing<'_>, live: &LiveItem<'_>) -> Markup {
    let (min, max) = scale(live.item).unwrap_or_default();
    let value = live.occurrences.first().and_then(|one| one.value.as_ref());
    let of = |step: i32| Touch {
        value: step.to_string(),
        says: html! { (step) },
        is_chosen: value == Some(&Answer::Integer(step)),
        is_exclusive: false,
    };
    let all: Vec<Touch> = (min..=max).map(of).collect();
    touched(drawing, live, "form-options form-scale", &all)
}

/// A label above a field, and what is wrong with it.
fn labelled(
    drawing: &Drawing<'_>,
    live: &LiveItem<'_>,
    one: &LiveOccurrence<'_>,
    position: usize,
    control: &Markup,
) -> Markup {
    let item = live.item;
    let own = place(&one.path);
    let told = drawing.told(one);
    let is_several = item.repeats && live.occurrences.len() > 1;
    html! {
        div.form-question.wrong[!told.is_empty()] {
            label for=(own) {
                (legend(item)) @if is_several { " " (position + 1) }
            }
            (help(&own, item))
            (faults(&own, &told))
            div.form-typed {
                (control)
                @if item.units.len() < 2 && !item.unit().is_empty() { span.form-unit { (item.unit()) } }
                @if is_several { (remove(&one.path, &item.text, position + 1)) }
            }
        }
    }
}

fn list(drawing: &Drawing<'_>, live: &LiveItem<'_>) -> Markup {
    let item = live.item;
    let Some(one) = live.occurrences.first() else { return html! {} };
    let own = place(&one.path);
    let own_words = one.value.as_ref().filter(|answer| item.option_of(answer).is_none());
    let is_wrong = !drawing.told(one).is_empty();
    let control = html! {
        select.ds-input id=(own) name=(format!("s{}", live.path)) aria-invalid[is_wrong]
            aria-describedby=[described(&own, item, is_wrong)] {
            option value="" { (t("form.choose")) }
            @for (number, option) in item.options.iter().enumerate() {
                option value=(number) selected[one.value.as_ref() == Some(&option.value)] { (option.label()) }
            }
            @if item.kind == Kind::OpenChoice {
                option value=(OWN_WORDS) selected[own_words.is_some()] { (t("form.other")) }
            }
        }
        @if item.kind == Kind::OpenChoice {
            input.ds-input type="text" name=(format!("s{}-{OWN_WORDS}", live.path)) autocomplete="off"
                value=(own_words.map(Answer::words).unwrap_or_default())
                aria-label=(format!("{}: {}", item.text, t("form.other")));
        }
    };
    labelled(drawing, live, one, 0, &control)
}

fn references(drawing: &Drawing<'_>, live: &LiveItem<'_>) -> Markup {
    let item = live.item;
    let Some(one) = live.occurrences.first() else { return html! {} };
    let own = place(&one.path);
    let fits = |to: &str| item.targets.iter().any(|target| to.starts_with(&format!("{target}/")));
    let is_chosen = |to: &str| {
        let all = live.occurrences.iter().filter_map(|one| one.value.as_ref());
        all.into_iter().any(|answer| matches!(answer, Answer::Reference(own, _) if own == to))
    };
    let is_wrong = !drawing.told(one).is_empty();
    let control = html! {
        select.ds-input id=(own) name=(format!("s{}", live.path)) multiple[item.repeats]
            aria-invalid[is_wrong] aria-describedby=[described(&own, item, is_wrong)] {
            @if !item.repeats { option value="" { (t("form.choose")) } }
            @for (to, name) in drawing.references.iter().filter(|(to, _)| fits(to)) {
                option value=(to) selected[is_chosen(to)] { (name) }
            }
        }
    };
    labelled(drawing, live, one, 0, &control)
}

/// A field that is typed into, or that takes a file.
fn single(
    drawing: &Drawing<'_>,
    live: &LiveItem<'_>,
    one: &LiveOccurrence<'_>,
    position: usize,
) -> Markup {
    let item = live.item;
    let own = place(&one.path);
    let name = format!("s{}", one.path);
    let is_wrong = !drawing.told(one).is_empty();
    let described = described(&own, item, is_wrong);
    let value =
        one.typed.clone().unwrap_or_else(|| one.value.as_ref().map(raw).unwrap_or_default());
    let (kind, mode) = shape(item, &value);
    let control = html! {
        @if item.kind == Kind::Text {
            textarea.ds-input id=(own) name=(name) rows="3" maxlength=[item.length_max]
                aria-invalid[is_wrong] aria-describedby=[described] { "\n" (value) }
        } @else if item.kind == Kind::Attachment {
            (file(drawing, one, &own, &name, described.as_deref()))
        } @else {
            input.ds-input id=(own) name=(name) type=(kind) inputmode=[mode] value=(value)
                maxlength=[item.length_max] autocomplete="off" aria-invalid[is_wrong]
                aria-describedby=[described] data-short[mode.is_some() || kind != "text"];
            @if item.units.len() > 1 { (units(item, one, &name)) }
        }
    };
    labelled(drawing, live, one, position, &control)
}

/// The input's type, and the keys that a phone shows.
fn shape(item: &Item, value: &str) -> (&'static str, Option<&'static str>) {
    match item.kind {
        Kind::Integer => ("text", Some("numeric")),
        Kind::Decimal | Kind::Quantity => ("text", Some("decimal")),
        // A date that is only a year or a month, or none at all, a field for days would not show.
        Kind::Date if value.is_empty() || value.len() == 10 => ("date", None),
        Kind::DateTime if value.is_empty() || value.len() == 16 => ("datetime-local", None),
        Kind::Time if value.len() <= 5 => ("time", None),
        Kind::Url => ("url", None),
        Kind::Date
        | Kind::DateTime
        | Kind::Time
        | Kind::Group
        | Kind::Display
        | Kind::Boolean
        | Kind::String
        | Kind::Text
        | Kind::Choice
        | Kind::OpenChoice
        | Kind::Attachment
        | Kind::Reference => ("text", None),
    }
}

/// As a field takes it.
fn raw(answer: &Answer) -> String {
    match answer {
        Answer::Decimal(number) | Answer::Quantity(number, _) => number.digits().replace('.', ","),
        Answer::DateTime(at) => match Moment::parse(at) {
            Some(moment) if at.len() > 10 => {
                let start = moment.start();
                start.strftime("%Y-%m-%dT%H:%M").to_string()
            }
            Some(_) | None => at.clone(),
        },
        Answer::Time(time) => time.get(..5).unwrap_or(time).to_owned(),
        Answer::Boolean(_)
        | Answer::Integer(_)
        | Answer::Date(_)
        | Answer::String(_)
        | Answer::Uri(_)
        | Answer::Coding(_)
        | Answer::Attachment(_)
        | Answer::Reference(..) => answer.words(),
    }
}

fn units(item: &Item, one: &LiveOccurrence<'_>, name: &str) -> Markup {
    let is_chosen = |unit: &akson_questionnaire::Unit| matches!(&one.value, Some(Answer::Quantity(_, own)) if own.code == unit.code);
    html! {
        select.ds-input name=(format!("{name}-enhet")) data-short
            aria-label=(tf("form.unit-of", &[("what", &item.text)])) {
            @for (number, unit) in item.units.iter().enumerate() {
                option value=(number) selected[is_chosen(unit)] { (unit.name()) }
            }
        }
    }
}

fn file(
    drawing: &Drawing<'_>,
    one: &LiveOccurrence<'_>,
    own: &str,
    name: &str,
    described: Option<&str>,
) -> Markup {
    html! {
        @if let Some(answer) = &one.value {
            span.form-file {
                @match &drawing.files {
                    Some(files) => a href=(format!("{files}{}", one.path)) { (answer.words()) },
                    None => (answer.words()),
                }
                label { input type="checkbox" name=(format!("{name}-fjern")) value="ja"; " " (t("form.remove-file")) }
            }
        }
        input.ds-input type="file" id=(own) name=(name) aria-describedby=[described]
            accept="image/jpeg,image/png,application/pdf";
    }
}
