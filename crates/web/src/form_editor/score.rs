//! What a calculated item is: the sum of some items' points, or an expression that somebody wrote.
//!
//! The sum is written as one form of FHIRPath that the editor knows again. It reads the points that answers
//! carry (`ordinalValue` of their Coding).
//! Standard: <https://hl7.org/fhir/uv/sdc/STU3/StructureDefinition-sdc-questionnaire-calculatedExpression.html>

use akson_base::Problem;
use serde_json::{Value, json};

use super::question::put_extension;
use crate::fields::{list, text};
use crate::forms::Form;
use crate::writing::{set, unset};

const CALCULATED: &str =
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression";
/// What nothing is added to yet.
const NOTHING: &str = "{}";
/// Longest expression, characters.
const EXPRESSION_CHARACTERS_MAX: usize = 8_000;

/// What is calculated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    /// The items whose points are added, when it is such a sum.
    pub of: Vec<String>,
    /// Whether it is shown before all of them are answered.
    pub is_partial: bool,
    /// The expression, when it is no such sum.
    pub expression: String,
}

/// The calculated expression of an item.
pub(crate) fn calculated(item: &Value) -> Option<&str> {
    let mut all = list(item, "/extension").iter();
    let extension = all.find(|one| text(one, "/url") == CALCULATED)?;
    Some(text(extension, "/valueExpression/expression"))
}

/// The sum of the points of these items; whole when the item is an integer.
fn sum(of: &[String], is_partial: bool, is_whole: bool) -> String {
    let quoted = |link: &String| format!("'{}'", link.replace('\\', "\\\\").replace('\'', "\\'"));
    let names: Vec<String> = of.iter().map(quoted).collect();
    let items = format!("%resource.descendants().where(linkId in ({}))", names.join(" | "));
    let whole = if is_whole { ".truncate()" } else { "" };
    let points = format!(
        "{items}.answer.value.extension('http://hl7.org/fhir/StructureDefinition/ordinalValue').value\
         .aggregate($this + $total, 0){whole}"
    );
    match is_partial {
        true => points,
        false => format!("iif({items}.answer.count() = {}, {points}, {{}})", of.len()),
    }
}

/// The names in the first `linkId in (…)` of an expression that are written plainly.
fn names(expression: &str) -> Vec<String> {
    let inside = expression.split_once("linkId in (").map_or("", |(_, rest)| rest);
    let inside = inside.split("))").next().unwrap_or_default();
    let plain = |name: &str| {
        let name = name.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        Some(name.replace("\\'", "'").replace("\\\\", "\\"))
    };
    inside.split(" | ").filter_map(plain).collect()
}

impl Score {
    /// Reads an item.
    pub(crate) fn of(item: &Value) -> Self {
        let Some(expression) = calculated(item).filter(|written| *written != NOTHING) else {
            return Self::default();
        };
        let of = names(expression);
        for (is_partial, is_whole) in [(false, true), (false, false), (true, true), (true, false)] {
            if !of.is_empty() && sum(&of, is_partial, is_whole) == expression {
                return Self { of, is_partial, expression: String::new() };
            }
        }
        Self { expression: expression.to_owned(), ..Self::default() }
    }

    /// What a form holds.
    pub(crate) fn typed(form: &Form) -> Result<Self, Problem> {
        let expression = form.typed("uttrykk", EXPRESSION_CHARACTERS_MAX)?.to_owned();
        let of = form.all("sum").into_iter().map(str::to_owned).collect();
        Ok(Self { of, is_partial: !form.field("delvis").is_empty(), expression })
    }

    fn written(&self, is_whole: bool) -> String {
        match self.expression.is_empty() {
            true if self.of.is_empty() => NOTHING.into(),
            true => sum(&self.of, self.is_partial, is_whole),
            false => self.expression.clone(),
        }
    }
}

/// Makes an item calculated, or answered by people again.
pub(crate) fn with_score(item: &mut Value, score: Option<&Score>) {
    let was_calculated = calculated(item).is_some();
    let is_whole = text(item, "/type") == "integer";
    let value = score.map(|score| {
        let expression = score.written(is_whole);
        json!({"valueExpression": {"language": "text/fhirpath", "expression": expression}})
    });
    put_extension(item, CALCULATED, value);
    if score.is_some() {
        set(item, "readOnly", json!(true));
    } else if was_calculated {
        unset(item, "readOnly");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_known_again_and_another_expression_is_kept() {
        let of = vec!["s1".to_owned(), "a'b".to_owned()];
        for (is_partial, kind) in [(false, "integer"), (true, "decimal")] {
            let score = Score { of: of.clone(), is_partial, expression: String::new() };
            let mut item = json!({"linkId": "s3", "type": kind});
            with_score(&mut item, Some(&score));
            assert_eq!(Score::of(&item), score);
            assert_eq!(item["readOnly"], json!(true));
            with_score(&mut item, None);
            assert_eq!(item, json!({"linkId": "s3", "type": kind}));
        }
        let own = Score { expression: "%resource.item.count()".into(), ..Score::default() };
        let mut item = json!({"linkId": "s3", "type": "integer"});
        with_score(&mut item, Some(&own));
        assert_eq!(Score::of(&item), own);
    }

    #[test]
    fn the_sums_of_the_forms_that_come_along_are_known() {
        let mut known = 0;
        for json in akson_questionnaire::shipped::SHIPPED {
            let form: Value = serde_json::from_str(json).unwrap();
            for row in super::super::tree::rows(&form) {
                known += usize::from(!Score::of(row.item).of.is_empty());
            }
        }
        assert_eq!(known, 4, "PHQ-9, GAD-7, 4AT and Barthel add points");
    }
}
