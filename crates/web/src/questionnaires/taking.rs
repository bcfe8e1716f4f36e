//! What a page's form says, as answers of a Questionnaire.
//!
//! A field's name is `s` and the path of its place (`s2.0.1.0`); `felt` names each question that was on the
//! page, so that what was not shown keeps its answer; `n` and a path says how often something is repeated.
//! Not here: drawing the fields (`pages::form_fields`).

use akson_questionnaire::{Answer, Answers, Item, Kind, Node, Questionnaire};

use crate::forms::Form;
use crate::my_letters::attached;

/// The value of the choice of one's own words.
pub(crate) const OWN_WORDS: &str = "annet";

/// Puts what a form says into `answers`. `references`: what reference items choose among, reference and
/// name. Answers the messages' keys of what was refused (a file of a wrong kind).
pub(crate) fn take(
    sent: &Form,
    form: &Questionnaire,
    answers: &mut Answers,
    references: &[(String, String)],
) -> Vec<&'static str> {
    let mut refused = Vec::new();
    for path in sent.all("felt") {
        let room = answers.has_room();
        let Some((item, node)) = answers.node_mut(form, path) else { continue };
        let wanted: usize = sent.field(&format!("n{path}")).parse().unwrap_or(1);
        while node.occurrences.len() < wanted && room && node.add(item) {}
        if !item.is_asked() {
            continue;
        }
        // A group's place is known by now, and nothing of its own is answered: `is_asked` is for questions.
        if !item.options.is_empty() {
            choose(sent, item, node, path);
        } else if item.kind == Kind::Reference {
            let chosen = sent.all(&format!("s{path}"));
            let known = references.iter().filter(|(to, _)| chosen.contains(&to.as_str()));
            let values = known.map(|(to, name)| Answer::Reference(to.clone(), name.clone()));
            node.answer(item, values.collect());
        } else if item.kind == Kind::Attachment {
            refused.extend(attach(sent, node, path));
        } else {
            fields(sent, item, node, path);
        }
    }
    refused
}

/// Options by their numbers, and one's own words.
fn choose(sent: &Form, item: &Item, node: &mut Node, path: &str) {
    let mut values = Vec::new();
    for chosen in sent.all(&format!("s{path}")) {
        if chosen == OWN_WORDS {
            values.extend(Answer::typed(item, sent.field(&format!("s{path}-{OWN_WORDS}"))));
        } else if let Some(option) = chosen.parse().ok().and_then(|number| item.option(number)) {
            values.push(option.value.clone());
        }
    }
    node.answer(item, values);
}

/// One field for each occurrence.
fn fields(sent: &Form, item: &Item, node: &mut Node, path: &str) {
    for (position, one) in node.occurrences.iter_mut().enumerate() {
        let typed = match sent.field(&format!("s{path}.{position}")) {
            // Yes, no and the steps of a scale are touched: one name for all of them.
            "" if position == 0 => sent.field(&format!("s{path}")),
            typed => typed,
        };
        let mut value = Answer::typed(item, typed);
        if let Some(Answer::Quantity(number, _)) = &value {
            let unit: usize = sent.field(&format!("s{path}.{position}-enhet")).parse().unwrap_or(0);
            let unit = item.units.get(unit).cloned().unwrap_or_default();
            value = Some(Answer::Quantity(number.clone(), unit));
        }
        one.typed = (value.is_none() && !typed.trim().is_empty()).then(|| typed.to_owned());
        one.value = value;
    }
}

fn attach(sent: &Form, node: &mut Node, path: &str) -> Option<&'static str> {
    let mut refused = None;
    for (position, one) in node.occurrences.iter_mut().enumerate() {
        let name = format!("s{path}.{position}");
        if sent.field(&format!("{name}-fjern")) == "ja" {
            one.value = None;
        }
        if let Some(file) = sent.files(&name).next() {
            match attached(file) {
                Some(file) => one.value = Some(Answer::Attachment(file)),
                None => refused = Some("form.wrong-file"),
            }
        }
    }
    refused
}

/// What one of the form's own buttons asks for: one more of something (`legg:2.0`), or one less
/// (`fjern:2.0.1`), or none chosen (`tom:2.0`). Whether it was one of them.
pub(crate) fn repeat(act: &str, form: &Questionnaire, answers: &mut Answers) -> bool {
    let Some((what, path)) = act.split_once(':') else { return false };
    match what {
        "legg" => {
            if answers.has_room()
                && let Some((item, node)) = answers.node_mut(form, path)
            {
                node.add(item);
            }
        }
        "fjern" => {
            if let Some((path, position)) = path.rsplit_once('.')
                && let (Some((item, node)), Ok(position)) =
                    (answers.node_mut(form, path), position.parse())
            {
                node.remove(item, position);
            }
        }
        "tom" => {
            if let Some((item, node)) = answers.node_mut(form, path) {
                node.answer(item, Vec::new());
            }
        }
        _ => return false,
    }
    true
}
