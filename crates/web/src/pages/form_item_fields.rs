//! The fields of one item in the editor of a form: what is asked, how it is answered, when it is asked, and
//! the buttons that move it.
//!
//! The fields are those of the item's kind; another kind shows its own when it is stored.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::layout::hidden;
use crate::fields::text;
use crate::form_editor::{
    Choice, KINDS, LIST, Question, Row, condition_words, has_options, is_asked, is_number,
    kind_name, kind_of, link_id, options_of, rows,
};
use crate::messages::{code, t, tf};

/// Empty lines for more options.
const OPTIONS_FREE: usize = 2;

/// What the fields of one item need to know.
pub(crate) struct Fields<'a> {
    /// The form that it is in, and its id.
    pub root: &'a Value,
    pub id: &'a str,
    pub row: &'a Row<'a>,
    /// What the fields hold: what is stored, or what was typed.
    pub question: &'a Question,
    pub token: &'a str,
    pub stored: u32,
    /// Whether another's text stands: nothing is stored before somebody has chosen.
    pub is_collided: bool,
}

impl Fields<'_> {
    fn link(&self) -> &str {
        link_id(self.row.item)
    }

    fn field_id(&self, name: &str) -> String {
        format!("{name}-{}", self.link())
    }

    /// The form of one item.
    pub(crate) fn form(&self) -> Markup {
        let question = self.question;
        html! {
            form.def-item id=(self.field_id("felter")) method="post" data-autosave[!self.is_collided]
                action=(format!("{LIST}/{}/punkt", self.id)) {
                (hidden(self.token))
                input type="hidden" name="versjon" value=(self.stored);
                input type="hidden" name="punkt" value=(self.link());
                // Enter in a field stores; it does not move or remove.
                button.ds-sr-only type="submit" name="gjor" value="lagre" tabindex="-1" aria-hidden="true" { (t("definition.store")) }
                (self.words())
                div.def-pair {
                    (self.kind())
                    @if is_asked(&question.kind) || question.kind == "group" { (self.flags()) }
                }
                @if has_options(&question.kind) { (self.options()) }
                @if is_number(&question.kind) { (self.limits()) }
                @if question.kind == "score" { (self.score()) }
                (self.conditions())
                @if question.kind != "display" { (self.help()) }
                @if question.kind == "score" || is_number(&question.kind) { (self.observed()) }
                (self.buttons())
            }
        }
    }

    fn words(&self) -> Markup {
        let id = self.field_id("tekst");
        let label = match self.question.kind.as_str() {
            "group" => t("definition.words-group"),
            "display" => t("definition.words-display"),
            "score" => t("definition.words-score"),
            _ => t("definition.words"),
        };
        html! {
            label for=(id) { (label) }
            textarea.ds-input id=(id) name="tekst" rows="2" { (self.question.words) }
        }
    }

    fn kind(&self) -> Markup {
        let id = self.field_id("type");
        let kind = self.question.kind.as_str();
        html! {
            div {
                label for=(id) { (t("definition.kind")) }
                select.ds-input id=(id) name="type" {
                    @for one in KINDS { option value=(one) selected[one == kind] { (kind_name(one)) } }
                    @if !KINDS.contains(&kind) { option value=(kind) selected { (kind_name(kind)) } }
                }
            }
        }
    }

    fn flags(&self) -> Markup {
        let question = self.question;
        html! {
            div.def-flags {
                @if question.kind != "group" {
                    (self.flag("pakrevd", t("definition.required"), question.is_required))
                }
                @if !matches!(question.kind.as_str(), "choice" | "choices") {
                    (self.flag("gjentas", t("definition.repeats"), question.repeats))
                }
            }
        }
    }

    fn flag(&self, name: &str, label: &str, is_set: bool) -> Markup {
        let id = self.field_id(name);
        html! {
            label.def-flag for=(id) {
                input type="checkbox" id=(id) name=(name) value="ja" checked[is_set];
                span { (label) }
            }
        }
    }

    fn options(&self) -> Markup {
        let empty = std::iter::repeat_n(Choice::default(), OPTIONS_FREE);
        let all = self.question.options.iter().cloned().chain(empty).enumerate();
        html! {
            fieldset.def-options {
                legend { (t("definition.options")) }
                p.muted { (t("definition.options-help")) }
                @for (place, option) in all {
                    div.def-option {
                        input type="hidden" name="alt-kode" value=(option.code);
                        input.ds-input name="alt-tekst" value=(option.words) autocomplete="off"
                            aria-label=(tf("definition.option", &[("n", &(place + 1).to_string())]));
                        input.ds-input.def-points name="alt-poeng" value=(option.points)
                            inputmode="decimal" autocomplete="off" placeholder=(t("definition.points"))
                            aria-label=(tf("definition.option-points-label", &[("n", &(place + 1).to_string())]));
                    }
                }
            }
        }
    }

    fn limits(&self) -> Markup {
        let question = self.question;
        let field = |name: &str, label: &str, value: &str, mode: &str| {
            let id = self.field_id(name);
            html! {
                div {
                    label for=(id) { (label) }
                    input.ds-input id=(id) name=(name) value=(value) inputmode=(mode) autocomplete="off";
                }
            }
        };
        html! {
            div.def-three {
                (field("min", t("definition.min"), &question.min, "decimal"))
                (field("maks", t("definition.max"), &question.max, "decimal"))
                (field("enhet", t("definition.unit"), &question.unit, "text"))
            }
        }
    }

    fn score(&self) -> Markup {
        let score = &self.question.score;
        let all = rows(self.root);
        let counts = |row: &&Row<'_>| options_of(row.item).iter().any(|one| !one.points.is_empty());
        let counted: Vec<&Row<'_>> = all.iter().filter(counts).collect();
        let id = self.field_id("uttrykk");
        html! {
            fieldset.def-sum {
                legend { (t("definition.sum")) }
                @if counted.is_empty() { p.muted { (t("definition.sum-none")) } }
                @for row in counted {
                    @let link = link_id(row.item);
                    label.def-flag {
                        input type="checkbox" name="sum" value=(link)
                            checked[score.of.iter().any(|one| one == link)];
                        span { (row.number) ". " (text(row.item, "/text")) }
                    }
                }
                @if score.expression.is_empty() {
                    (self.flag("delvis", t("definition.partial"), score.is_partial))
                }
            }
            details open[!score.expression.is_empty()] {
                summary { (t("definition.expression")) }
                label for=(id) { (t("definition.expression-label")) }
                textarea.ds-input.def-code id=(id) name="uttrykk" rows="4" spellcheck="false" {
                    (score.expression)
                }
            }
        }
    }

    fn conditions(&self) -> Markup {
        let conditions = &self.question.conditions;
        let choices = self.possible();
        if choices.is_empty() && conditions.is_empty() {
            return html! {};
        }
        let lines = conditions.iter().map(Some).chain([None]).enumerate();
        let agree = self.field_id("vilkar-enig");
        html! {
            details.def-conditions open[!conditions.is_empty()] {
                summary { (t("definition.conditions")) }
                @for (place, condition) in lines { (self.condition(place, condition, &choices)) }
                @if conditions.len() > 1 {
                    label for=(agree) { (t("definition.agree")) }
                    select.ds-input id=(agree) name="vilkar-enig" {
                        option value="all" { (t("definition.agree-all")) }
                        option value="any" selected[self.question.any_condition] { (t("definition.agree-any")) }
                    }
                } @else {
                    input type="hidden" name="vilkar-enig"
                        value=(if self.question.any_condition { "any" } else { "all" });
                }
            }
        }
    }

    fn condition(
        &self,
        place: usize,
        condition: Option<&Value>,
        choices: &[(String, Vec<(Value, String)>)],
    ) -> Markup {
        let (asked, number) = condition.map_or((Value::Null, String::new()), as_listed);
        let is_listed = choices.iter().flat_map(|(_, all)| all).any(|(one, _)| *one == asked);
        let n = (place + 1).to_string();
        html! {
            div.def-condition {
                select.ds-input name="vilkar" aria-label=(tf("definition.condition", &[("n", &n)])) {
                    option value="" { (t("definition.always")) }
                    @if let Some(condition) = condition.filter(|_| !is_listed) {
                        option value=(condition.to_string()) selected {
                            (condition_words(self.root, condition))
                        }
                    }
                    @for (question, all) in choices {
                        optgroup label=(question) {
                            @for (one, words) in all {
                                option value=(one.to_string()) selected[*one == asked] { (words) }
                            }
                        }
                    }
                }
                input.ds-input.def-points name="vilkar-verdi" value=(number) inputmode="decimal"
                    autocomplete="off" placeholder=(t("definition.number"))
                    aria-label=(tf("definition.condition-number", &[("n", &n)]));
            }
        }
    }

    /// What an item may depend on: the questions before it, each with what can be asked of its answer.
    fn possible(&self) -> Vec<(String, Vec<(Value, String)>)> {
        let all = rows(self.root);
        let before = all.iter().take_while(|row| link_id(row.item) != self.link());
        let asked = before.filter(|row| !matches!(kind_of(row.item), "group" | "display"));
        asked
            .map(|row| {
                (format!("{}. {}", row.number, text(row.item, "/text")), of_question(row.item))
            })
            .collect()
    }

    fn help(&self) -> Markup {
        let id = self.field_id("hjelp");
        html! {
            details open[!self.question.help.is_empty()] {
                summary { (t("definition.help")) }
                label for=(id) { (t("definition.help-label")) }
                textarea.ds-input id=(id) name="hjelp" rows="2" { (self.question.help) }
            }
        }
    }

    fn observed(&self) -> Markup {
        self.flag("observasjon", t("definition.observed"), self.question.is_observed)
    }

    fn buttons(&self) -> Markup {
        let row = self.row;
        let button = |value: &str, sign: &str, label: &str, is_off: bool| {
            html! {
                button.ds-button.def-move data-variant="tertiary" type="submit" name="gjor" value=(value)
                    title=(label) disabled[is_off] {
                    span aria-hidden="true" { (sign) }
                    span.ds-sr-only { (label) " " (row.number) }
                }
            }
        };
        html! {
            div.def-buttons {
                (button("opp", "↑", t("definition.up"), row.is_first))
                (button("ned", "↓", t("definition.down"), row.is_last))
                (button("inn", "→", t("definition.in"), !row.may_indent))
                (button("ut", "←", t("definition.out"), row.depth == 0))
                button.ds-button data-variant="tertiary" type="submit" name="gjor" value="fjern" {
                    (t("definition.remove")) span.ds-sr-only { " " (row.number) }
                }
                button.ds-button.def-store data-variant="secondary" type="submit" name="gjor" value="lagre" {
                    (t("definition.store"))
                }
            }
        }
    }
}

/// A condition as the list of possible ones has it, and the number beside it.
fn as_listed(condition: &Value) -> (Value, String) {
    let number = |name: &str| condition.get(name).and_then(Value::as_number);
    let kinds = [("answerInteger", "integer"), ("answerDecimal", "decimal")];
    for (name, kind) in kinds {
        if let Some(number) = number(name) {
            let listed = json!({"question": condition.get("question"),
                "operator": condition.get("operator"), "answer": kind});
            return (listed, number.to_string().replace('.', ","));
        }
    }
    (condition.clone(), String::new())
}

/// What can be asked of a question's answer, with its words.
fn of_question(item: &Value) -> Vec<(Value, String)> {
    let question = link_id(item);
    let mut found = Vec::new();
    let kind = match text(item, "/type") {
        "quantity" => "decimal",
        kind => kind,
    };
    let is = |operator: &str| code("form-operator", operator).unwrap_or_default();
    match kind {
        "boolean" => {
            for (answer, words) in [(true, t("definition.yes")), (false, t("definition.no"))] {
                let condition =
                    json!({"question": question, "operator": "=", "answerBoolean": answer});
                found.push((condition, format!("{} {words}", is("="))));
            }
        }
        "integer" | "decimal" => {
            for operator in ["=", ">", ">=", "<", "<="] {
                let condition = json!({"question": question, "operator": operator, "answer": kind});
                found.push((condition, format!("{} …", is(operator))));
            }
        }
        _ => found.extend(of_options(item, question)),
    }
    for (answer, words) in [(true, t("definition.is-answered")), (false, t("definition.is-empty"))]
    {
        let condition =
            json!({"question": question, "operator": "exists", "answerBoolean": answer});
        found.push((condition, words.to_owned()));
    }
    found
}

fn of_options(item: &Value, question: &str) -> Vec<(Value, String)> {
    let options = crate::fields::list(item, "/answerOption");
    let mut found = Vec::new();
    for operator in ["=", "!="] {
        for option in options {
            let Some(coding) = option.get("valueCoding") else { continue };
            let mut answer = json!({});
            for name in ["system", "code"] {
                if let Some(value) = coding.get(name) {
                    crate::writing::set(&mut answer, name, value.clone());
                }
            }
            let is = code("form-operator", operator).unwrap_or_default();
            let condition =
                json!({"question": question, "operator": operator, "answerCoding": answer});
            let quoted = tf("my.quoted", &[("text", text(coding, "/display"))]);
            found.push((condition, format!("{is} {quoted}")));
        }
    }
    found
}
