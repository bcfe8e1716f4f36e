//! The fields of any form: groups, texts, questions with what is wrong at each, what is calculated, and what
//! of it stands in words. One renderer for those at work, the citizen, and the preview of who makes forms.
//!
//! Not here: one question's own field (`form_input`), the page around it, what the fields say
//! (`questionnaires::take`).

use akson_questionnaire::{
    Answer, Control, Finding, Item, Kind, Live, LiveItem, LiveOccurrence, Number,
};
use maud::{Markup, html};

use super::form_input::{asked, field, legend, words};
use crate::messages::{code, t, tf};
use crate::numbers::decimal;

/// Deepest heading.
const HEADING_MAX: usize = 6;

/// What the fields are drawn from.
pub(crate) struct Drawing<'d> {
    /// The form with its answers.
    pub live: &'d Live<'d>,
    /// Whether what is not answered yet is told: somebody has tried to sign.
    pub tells_missing: bool,
    /// What reference items choose among: reference and name.
    pub references: &'d [(String, String)],
    /// Where attached files are fetched, before the path of their place; none where they are not.
    pub files: Option<String>,
}

impl<'d> Drawing<'d> {
    /// Fields with no references and no files: a preview.
    pub(crate) fn of(live: &'d Live<'d>) -> Self {
        Self { live, tells_missing: false, references: &[], files: None }
    }

    /// What is told at a place now.
    pub(crate) fn told<'l>(&self, one: &'l LiveOccurrence<'_>) -> Vec<&'l Finding> {
        one.findings.iter().filter(|finding| self.is_told(finding)).collect()
    }

    fn is_told(&self, finding: &Finding) -> bool {
        self.tells_missing || !matches!(finding.code, "required" | "too-few")
    }

    /// All fields. Stands in a `form`.
    pub(crate) fn fields(&self) -> Markup {
        html! {
            div.form-fields id="skjema-felt" { (self.items(&self.live.items, 2)) }
        }
    }

    /// What keeps the form from being signed, with links to the fields; empty while nobody has tried.
    pub(crate) fn summary(&self) -> Markup {
        let told: Vec<&Finding> = match self.tells_missing {
            true => self.live.faults(),
            false => self.live.findings.iter().collect(),
        };
        html! {
            div id="skjema-mangler" tabindex="-1" {
                @if !told.is_empty() {
                    div.form-summary role="alert" {
                        h2 { (t("form.wrong-heading")) }
                        ul {
                            @for finding in told {
                                li {
                                    @if finding.path.is_empty() {
                                        (fault_words(finding))
                                    } @else {
                                        a href=(format!("#{}", place(&finding.path))) {
                                            @if let Some(question) = self.question_of(finding) { (question) ": " }
                                            (fault_words(finding))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn question_of(&self, finding: &Finding) -> Option<&'d str> {
        let item = self.live.form.item(&finding.link_id)?;
        (!item.text.is_empty()).then_some(item.text.as_str())
    }

    fn items(&self, items: &[LiveItem<'_>], level: usize) -> Markup {
        let is_shown = |live: &&LiveItem<'_>| {
            let is_beside = matches!(live.item.control, Control::Help | Control::Unit);
            live.is_enabled
                && !live.item.is_hidden
                && !(live.item.kind == Kind::Display && is_beside)
        };
        html! { @for live in items.iter().filter(is_shown) { (self.item(live, level)) } }
    }

    fn item(&self, live: &LiveItem<'_>, level: usize) -> Markup {
        let item = live.item;
        html! {
            div.form-item id=(format!("i{}", dashed(&live.path))) {
                @match item.kind {
                    Kind::Display => p.form-text { (item.text) },
                    Kind::Group => (self.group(live, level)),
                    _ if !item.is_asked() => (calculated(live)),
                    _ => (self.question(live)),
                }
                @if item.kind.is_question() {
                    @for one in &live.occurrences {
                        @let below = self.items(&one.items, level);
                        @if !below.0.is_empty() { div.form-below { (below) } }
                    }
                }
            }
        }
    }

    fn group(&self, live: &LiveItem<'_>, level: usize) -> Markup {
        let item = live.item;
        let is_several = item.repeats && live.occurrences.len() > 1;
        html! {
            (counted(live))
            @for (position, one) in live.occurrences.iter().enumerate() {
                @let own = place(&one.path);
                div.form-group id=(own) role="group" tabindex="-1"
                    aria-labelledby=[(!item.text.is_empty()).then(|| format!("{own}-h"))] {
                    @if !item.text.is_empty() {
                        div.form-group-head {
                            (heading(level, &format!("{own}-h"), item, is_several.then_some(position + 1)))
                            @if is_several { (remove(&one.path, &item.text, position + 1)) }
                        }
                    }
                    @if !item.help.is_empty() { p.form-help { (item.help) } }
                    (faults(&own, &self.told(one)))
                    (self.items(&one.items, (level + 1).min(HEADING_MAX)))
                }
            }
            (more(live))
        }
    }

    fn question(&self, live: &LiveItem<'_>) -> Markup {
        let item = live.item;
        html! {
            (counted(live))
            (field(self, live))
            @if item.repeats && item.options.is_empty() && item.kind != Kind::Reference { (more(live)) }
        }
    }
}

/// What makes the page's fields known to who takes them.
fn counted(live: &LiveItem<'_>) -> Markup {
    html! {
        input type="hidden" name="felt" value=(live.path);
        @if live.item.repeats {
            input type="hidden" name=(format!("n{}", live.path)) value=(live.occurrences.len());
        }
    }
}

fn heading(level: usize, id: &str, item: &Item, number: Option<usize>) -> Markup {
    let text = html! { (legend(item)) @if let Some(number) = number { " " (number) } };
    match level {
        0..=2 => html! { h2 id=(id) { (text) } },
        3 => html! { h3 id=(id) { (text) } },
        4 => html! { h4 id=(id) { (text) } },
        5 => html! { h5 id=(id) { (text) } },
        _ => html! { h6 id=(id) { (text) } },
    }
}

/// One more of it.
fn more(live: &LiveItem<'_>) -> Markup {
    let item = live.item;
    let named = if item.text.is_empty() { t("form.answer") } else { item.text.as_str() };
    html! {
        @if item.repeats && live.occurrences.len() < item.occurs_max {
            button.ds-button.form-more type="submit" name="gjor" value=(format!("legg:{}", live.path))
                data-variant="secondary" data-size="sm" {
                (tf("form.add", &[("what", named)]))
            }
        }
    }
}

/// One less of it.
pub(crate) fn remove(path: &str, what: &str, number: usize) -> Markup {
    let named = tf("form.remove-which", &[("what", what), ("number", &number.to_string())]);
    html! {
        button.ds-button.form-remove type="submit" name="gjor" value=(format!("fjern:{path}"))
            data-variant="tertiary" data-size="sm" aria-label=(named) { (t("form.remove")) }
    }
}

/// An answer that nobody types: calculated or pre-filled.
fn calculated(live: &LiveItem<'_>) -> Markup {
    let item = live.item;
    let is_score = item.calculated.is_some();
    html! {
        @for one in &live.occurrences {
            div.form-calculated.form-score[is_score] id=(place(&one.path)) {
                span.form-asked { (legend(item)) }
                @match &one.value {
                    Some(value) => b { (words(item, value)) @if !matches!(value, Answer::Quantity(..)) && !item.unit().is_empty() { " " (item.unit()) } },
                    None => span.muted { (t("form.not-yet")) },
                }
                (faults(&place(&one.path), &one.findings.iter().collect::<Vec<_>>()))
            }
        }
    }
}

/// What is wrong at a place, in words.
pub(crate) fn faults(own: &str, told: &[&Finding]) -> Markup {
    html! {
        @if !told.is_empty() {
            div.form-fault id=(format!("{own}-feil")) {
                @for finding in told { p { (fault_words(finding)) } }
            }
        }
    }
}

/// A finding in the reader's language; as its form has it where there is no text for it.
pub(crate) fn fault_words(finding: &Finding) -> String {
    let value = finding.arguments.first().map(String::as_str).unwrap_or_default();
    let value = match Number::parse(value) {
        Some(_) => decimal(value),
        None => value.to_owned(),
    };
    match code("form-fault", finding.code) {
        Some(text) => text.replace("{value}", &value),
        None => finding.message.clone(),
    }
}

/// How far one has come: questions answered of those asked.
pub(crate) fn progress(live: &Live<'_>) -> Markup {
    let (answered, asked) = live.progress();
    let words =
        tf("form.progress", &[("answered", &answered.to_string()), ("asked", &asked.to_string())]);
    html! {
        div.form-progress id="skjema-fremdrift" {
            progress max=(asked.max(1)) value=(answered) aria-label=(t("form.progress-label")) {}
            span { (words) }
        }
    }
}

/// The scores and what they mean, as calculated from what is answered until now.
pub(crate) fn result(live: &Live<'_>) -> Markup {
    let mut meanings: Vec<String> = Vec::new();
    live.walk(&mut |one| {
        let is_words = matches!(one.item.kind, Kind::String | Kind::Text | Kind::Choice);
        if one.item.calculated.is_some() && is_words && !one.item.is_hidden {
            let values = one.occurrences.iter().filter_map(|one| one.value.as_ref());
            meanings.extend(values.map(|value| words(one.item, value)));
        }
    });
    let scores = live.scores();
    html! {
        div.form-result id="skjema-resultat" aria-live="polite" {
            @if !scores.is_empty() {
                ul {
                    @for (item, value) in &scores {
                        li { span { (item.text) } " " b { (words(item, value)) } }
                    }
                }
                @for meaning in &meanings { p { (meaning) } }
            }
        }
    }
}

/// The answers, to be read.
pub(crate) fn answers(live: &Live<'_>, files: Option<&str>) -> Markup {
    html! { div.form-answers { (answered(&live.items, 3, files)) } }
}

fn answered(items: &[LiveItem<'_>], level: usize, files: Option<&str>) -> Markup {
    html! {
        @for live in items.iter().filter(|live| live.is_enabled && !live.item.is_hidden) {
            @for one in live.occurrences.iter().filter(|one| one.is_answered()) {
                @if live.item.kind == Kind::Group {
                    div.form-group {
                        @if !live.item.text.is_empty() {
                            (heading(level, &format!("{}-h", place(&one.path)), live.item, None))
                        }
                        (answered(&one.items, (level + 1).min(HEADING_MAX), files))
                    }
                } @else {
                    dl.form-answer.form-score[live.item.calculated.is_some()] {
                        dt { (asked(live.item)) }
                        dd { (value(live.item, one, files)) }
                    }
                    @let below = answered(&one.items, level, files);
                    @if !below.0.is_empty() { div.form-below { (below) } }
                }
            }
        }
    }
}

fn value(item: &Item, one: &LiveOccurrence<'_>, files: Option<&str>) -> Markup {
    html! {
        @match (&one.value, files) {
            (Some(answer @ Answer::Attachment(_)), Some(files)) => {
                a href=(format!("{files}{}", one.path)) { (words(item, answer)) }
            }
            (Some(answer), _) => {
                (words(item, answer))
                @if answer.number().is_some() && !matches!(answer, Answer::Quantity(..)) && !item.unit().is_empty() {
                    " " (item.unit())
                }
            }
            (None, _) => {}
        }
    }
}

/// The id of a place on the page.
pub(crate) fn place(path: &str) -> String {
    format!("f{}", dashed(path))
}

fn dashed(path: &str) -> String {
    path.replace('.', "-")
}
