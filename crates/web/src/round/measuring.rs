//! The early-warning measurement of one resident: the form, what it is stored as, and the latest scores.

use akson_base::{Kind, Problem};
use maud::Markup;
use serde_json::json;

use super::news2::{Consciousness, Measured, Reading, SCORE, observations, total};
use super::place::Place;
use crate::forms::Form as Sent;
use crate::opening;
use crate::pages::news2_page;
use crate::sight::Reader;
use crate::systems::{OBSERVATION_CATEGORY, SNOMED};
use crate::writing::Together;

/// A value that is none, or that nobody can have.
pub(crate) const WRONG_VALUE: &str = "WEB-149";
/// Scores that the page lists.
const SCORES_MAX: usize = 8;

/// The fields of the form that are numbers: name, lowest and highest that somebody alive can have.
pub(crate) const NUMBERS: [(&str, f64, f64); 6] = [
    ("respirasjon", 1.0, 80.0),
    ("metning", 40.0, 100.0),
    ("systolisk", 30.0, 300.0),
    ("diastolisk", 10.0, 200.0),
    ("puls", 15.0, 260.0),
    ("temperatur", 25.0, 44.0),
];

/// What was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// In the order of [`NUMBERS`].
    pub numbers: [String; 6],
    pub is_scale_2: bool,
    pub on_oxygen: bool,
    /// A letter of ACVPU.
    pub consciousness: String,
}

impl Form {
    /// What a form says.
    pub(crate) fn of(form: &Sent) -> Self {
        Self {
            numbers: NUMBERS.map(|(name, _, _)| form.field(name).trim().to_owned()),
            is_scale_2: form.field("skala") == "2",
            on_oxygen: form.field("oksygen") == "ja",
            consciousness: form.field("bevissthet").to_owned(),
        }
    }

    /// The value of a field of [`NUMBERS`]; `None` when it is not within what is possible.
    fn number(&self, place: usize) -> Option<f64> {
        let (_, low, high) = NUMBERS.get(place)?;
        let value: f64 = self.numbers.get(place)?.replace(',', ".").parse().ok()?;
        (*low..=*high).contains(&value).then_some(value)
    }

    /// Whether a field is wrong: the diastolic pressure alone may be left out.
    pub(crate) fn is_wrong(&self, place: usize) -> bool {
        let is_empty = self.numbers.get(place).is_none_or(String::is_empty);
        !(place == 3 && is_empty) && self.number(place).is_none()
    }

    /// The measurement, with the diastolic pressure, when all of it is possible.
    pub(crate) fn measured(&self) -> Option<(Measured, Option<f64>)> {
        if self.is_wrong(3) {
            return None;
        }
        let mut minds = Consciousness::ALL.into_iter();
        let consciousness = minds.find(|one| one.code() == self.consciousness)?;
        let measured = Measured {
            respiration: self.number(0)?.round(),
            saturation: self.number(1)?.round(),
            is_scale_2: self.is_scale_2,
            on_oxygen: self.on_oxygen,
            systolic: self.number(2)?.round(),
            pulse: self.number(4)?.round(),
            consciousness,
            temperature: (self.number(5)? * 10.0).round() / 10.0,
        };
        Some((measured, self.number(3)))
    }
}

impl Reader {
    /// Stores the values and the score of a measurement in one commit.
    pub(crate) async fn take_score(&self, patient: &str, form: &Form) -> Result<(), Problem> {
        let Some((measured, diastolic)) = form.measured() else {
            let text = "A value is missing, or is not possible.";
            return Err(Problem::new(Kind::Invalid, WRONG_VALUE, text));
        };
        let text = "Measurements are written by people at work.";
        let me = self.giver().ok_or_else(|| Problem::new(Kind::Refused, "WEB-145", text))?;
        let common = json!({
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [{
                "system": OBSERVATION_CATEGORY,
                "code": "vital-signs",
            }]}],
            "subject": {"reference": format!("Patient/{patient}")},
            "effectiveDateTime": self.now().to_fhir(),
            "performer": [{"reference": me.reference, "display": me.display}],
        });
        let mut together = Together::default();
        let values = observations(&measured, diastolic, &common);
        let members: Vec<String> = values.iter().map(|one| together.create(one)).collect();
        together.create(&total(&measured, &common, &members));
        self.store(together).await.map(drop)
    }

    /// The page of the measurement, with what was typed if it was wrong.
    pub(crate) async fn measuring_page(
        &self,
        place: &Place,
        patient: &str,
        typed: Option<&Form>,
    ) -> Result<Markup, Problem> {
        if !self.standing(patient).await?.opens {
            return Err(opening::no_ground());
        }
        let person = self.person(patient).await?;
        let query =
            format!("patient={patient}&code={SNOMED}|{SCORE}&_sort=-date&_count={SCORES_MAX}");
        let found = self.search_json(&self.caller(), "Observation", query).await?;
        let readings: Vec<Reading> = found.iter().filter_map(Reading::read).collect();
        let shown = news2_page::Shown { person: &person, readings: &readings, place, typed };
        Ok(news2_page::page(&shown, &self.who, self.today()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(numbers: [&str; 6]) -> Form {
        let numbers = numbers.map(str::to_owned);
        Form { numbers, consciousness: "A".into(), ..Form::default() }
    }

    #[test]
    fn norwegian_decimals_are_read_and_what_nobody_has_is_refused() {
        let (measured, diastolic) =
            typed(["18", "96", "128", "74", "88", "37,4"]).measured().unwrap();
        assert_eq!((measured.temperature, diastolic, measured.score()), (37.4, Some(74.0), 0));
        assert!(typed(["18", "96", "128", "", "88", "37.4"]).measured().is_some());
        for wrong in [
            ["", "96", "128", "", "88", "37"],
            ["18", "960", "128", "", "88", "37"],
            ["18", "96", "128", "x", "88", "37"],
            ["18", "96", "128", "", "88", "374"],
        ] {
            assert!(typed(wrong).measured().is_none(), "{wrong:?}");
        }
    }
}
