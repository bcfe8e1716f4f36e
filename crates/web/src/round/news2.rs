//! The early-warning score NEWS2: points, what to do, and the observations that carry it.
//!
//! Pure. Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, chart 1 (the
//! scoring system), chart 4 (clinical response);
//! <https://www.rcp.ac.uk/improving-care/resources/national-early-warning-score-news-2/>.

use serde_json::{Value, json};

use crate::dates::Moment;
use crate::fields::{codes, list, patient, text};
use crate::systems::{SNOMED, UCUM};

/// SNOMED CT: Royal College of Physicians NEWS2 total score.
pub(crate) const SCORE: &str = "1104051000000101";

/// What a score asks for: codes of [`Response`].
const RESPONSE: &str = "https://akson.no/fhir/CodeSystem/news2-response";

/// A score that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub patient: String,
    pub at: Moment,
    pub score: i64,
    /// What it asks for.
    pub response: Response,
}

impl Reading {
    /// Reads an Observation of [`SCORE`] that counts.
    pub(crate) fn read(resource: &Value) -> Option<Self> {
        if matches!(text(resource, "/status"), "entered-in-error" | "cancelled") {
            return None;
        }
        let value =
            resource.get("valueInteger").or_else(|| resource.pointer("/valueQuantity/value"));
        let score = value.and_then(Value::as_f64)? as i64;
        // A single three asks for more than its sum says.
        let said = list(resource, "/interpretation").iter().flat_map(|one| codes(one, ""));
        let said = said.filter(|(system, _)| *system == RESPONSE).find_map(|(_, code)| {
            Response::ALL.into_iter().find(|response| response.code() == code)
        });
        Some(Self {
            patient: patient(resource).to_owned(),
            at: Moment::parse(text(resource, "/effectiveDateTime"))?,
            score,
            response: said.unwrap_or(Response::of_score(score)),
        })
    }
}

/// Alert, or new confusion, response to voice, to pain, none (ACVPU).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consciousness {
    Alert,
    Confusion,
    Voice,
    Pain,
    Unresponsive,
}

impl Consciousness {
    /// All, in the order of the chart.
    pub(crate) const ALL: [Self; 5] =
        [Self::Alert, Self::Confusion, Self::Voice, Self::Pain, Self::Unresponsive];

    /// The letter of ACVPU.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Alert => "A",
            Self::Confusion => "C",
            Self::Voice => "V",
            Self::Pain => "P",
            Self::Unresponsive => "U",
        }
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// Breaths in a minute.
    pub respiration: f64,
    /// Oxygen saturation in percent.
    pub saturation: f64,
    /// Scale 2: for those with hypercapnic respiratory failure, whose target is 88–92 %.
    pub is_scale_2: bool,
    pub on_oxygen: bool,
    /// mmHg.
    pub systolic: f64,
    /// Beats in a minute.
    pub pulse: f64,
    pub consciousness: Consciousness,
    /// Degrees Celsius.
    pub temperature: f64,
}

impl Measured {
    /// The points of each of the seven, in the order of the chart.
    pub(crate) fn points(&self) -> [i64; 7] {
        [
            match self.respiration {
                ..=8.0 => 3,
                ..=11.0 => 1,
                ..=20.0 => 0,
                ..=24.0 => 2,
                _ => 3,
            },
            self.saturation_points(),
            if self.on_oxygen { 2 } else { 0 },
            match self.systolic {
                ..=90.0 => 3,
                ..=100.0 => 2,
                ..=110.0 => 1,
                ..220.0 => 0,
                _ => 3,
            },
            match self.pulse {
                ..=40.0 => 3,
                ..=50.0 => 1,
                ..=90.0 => 0,
                ..=110.0 => 1,
                ..=130.0 => 2,
                _ => 3,
            },
            if self.consciousness == Consciousness::Alert { 0 } else { 3 },
            match (self.temperature * 10.0).round() {
                ..=350.0 => 3,
                ..=360.0 => 1,
                ..=380.0 => 0,
                ..=390.0 => 1,
                _ => 2,
            },
        ]
    }

    fn saturation_points(&self) -> i64 {
        match (self.is_scale_2, self.saturation) {
            (false, ..=91.0) => 3,
            (false, ..=93.0) => 2,
            (false, ..=95.0) => 1,
            (false, _) => 0,
            (true, ..=83.0) => 3,
            (true, ..=85.0) => 2,
            (true, ..=87.0) => 1,
            (true, ..=92.0) => 0,
            // Above the target counts only when oxygen brings it there.
            (true, _) if !self.on_oxygen => 0,
            (true, ..=94.0) => 1,
            (true, ..=96.0) => 2,
            (true, _) => 3,
        }
    }

    /// The score.
    pub(crate) fn score(&self) -> i64 {
        self.points().iter().sum()
    }

    /// What the score asks for.
    pub(crate) fn response(&self) -> Response {
        match self.score() {
            7.. => Response::Emergency,
            5.. => Response::Urgent,
            _ if self.points().contains(&3) => Response::Ward,
            1.. => Response::Low,
            _ => Response::None,
        }
    }
}

/// The clinical response of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Response {
    /// 0: at least every twelve hours.
    None,
    /// 1–4: every four to six hours; a nurse assesses.
    Low,
    /// A single parameter with 3 points: every hour; a doctor is told.
    Ward,
    /// 5–6: every hour; urgent assessment by a doctor.
    Urgent,
    /// 7 or more: continuously; emergency.
    Emergency,
}

impl Response {
    /// All, the least first.
    pub(crate) const ALL: [Self; 5] =
        [Self::None, Self::Low, Self::Ward, Self::Urgent, Self::Emergency];

    /// What is known from the score alone, of readings whose parts are not at hand.
    pub(crate) fn of_score(score: i64) -> Self {
        match score {
            7.. => Self::Emergency,
            5.. => Self::Urgent,
            1.. => Self::Low,
            _ => Self::None,
        }
    }

    /// Its word in `code-news2`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Ward => "ward",
            Self::Urgent => "urgent",
            Self::Emergency => "emergency",
        }
    }
}

const LOINC: &str = "http://loinc.org";

/// The observations of the values of one measurement; `common` is what they share.
pub(crate) fn observations(
    measured: &Measured,
    diastolic: Option<f64>,
    common: &Value,
) -> Vec<Value> {
    let of = |code: &str, name: &str, value: Value| {
        let mut one = common.clone();
        if let (Some(members), Some(more)) = (one.as_object_mut(), value.as_object()) {
            // No code is better than one that is not certain.
            let words = match code {
                "" => json!({"text": name}),
                code => json!({"coding": [{"system": LOINC, "code": code}], "text": name}),
            };
            members.insert("code".into(), words);
            members.extend(more.clone());
        }
        one
    };
    let quantity = |value: f64, unit: &str, code: &str| {
        let value = if value.fract() == 0.0 { json!(value as i64) } else { json!(value) };
        json!({"value": value, "unit": unit, "system": UCUM, "code": code})
    };
    let single = |value, unit, code| json!({"valueQuantity": quantity(value, unit, code)});
    let part = |code: &str, name: &str, value: f64| {
        json!({"code": {"coding": [{"system": LOINC, "code": code}], "text": name},
               "valueQuantity": quantity(value, "mmHg", "mm[Hg]")})
    };
    let mut pressure = vec![part("8480-6", "Systolisk blodtrykk", measured.systolic)];
    pressure.extend(diastolic.map(|value| part("8462-4", "Diastolisk blodtrykk", value)));
    let air = if measured.on_oxygen { "Oksygen" } else { "Romluft" };
    let mind = measured.consciousness;
    let mind_text = crate::messages::recorded_code("acvpu", mind.code()).unwrap_or(mind.code());
    vec![
        of("9279-1", "Respirasjonsfrekvens", single(measured.respiration, "/min", "/min")),
        of("2708-6", "Oksygenmetning (SpO₂)", single(measured.saturation, "%", "%")),
        of("", "Oksygentilførsel", json!({"valueCodeableConcept": {"text": air}})),
        of("85354-9", "Blodtrykk", json!({"component": pressure})),
        of("8867-4", "Puls", single(measured.pulse, "slag/min", "/min")),
        of("80288-4", "Bevissthet (ACVPU)", json!({"valueCodeableConcept": {"text": mind_text}})),
        of("8310-5", "Temperatur", single(measured.temperature, "°C", "Cel")),
    ]
}

/// The score's own Observation, with references to the values that it is made of.
pub(crate) fn total(measured: &Measured, common: &Value, members: &[String]) -> Value {
    let mut one = common.clone();
    let derived: Vec<Value> = members.iter().map(|to| json!({"reference": to})).collect();
    if let Some(all) = one.as_object_mut() {
        all.insert(
            "code".into(),
            json!({"coding": [{"system": SNOMED, "code": SCORE}], "text": "NEWS2"}),
        );
        all.insert("valueInteger".into(), json!(measured.score()));
        all.insert("hasMember".into(), json!(derived));
        let words =
            crate::messages::recorded_code("news2", measured.response().code()).unwrap_or_default();
        let coding = json!([{"system": RESPONSE, "code": measured.response().code()}]);
        all.insert("interpretation".into(), json!([{"coding": coding, "text": words}]));
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Measured = Measured {
        respiration: 16.0,
        saturation: 97.0,
        is_scale_2: false,
        on_oxygen: false,
        systolic: 130.0,
        pulse: 72.0,
        consciousness: Consciousness::Alert,
        temperature: 37.0,
    };

    /// The RCP's table, cell by cell: value and points.
    #[test]
    fn every_cell_of_respiration_and_saturation_has_its_points() {
        let respiration =
            [(8., 3), (9., 1), (11., 1), (12., 0), (20., 0), (21., 2), (24., 2), (25., 3)];
        for (value, points) in respiration {
            assert_eq!(
                Measured { respiration: value, ..WELL }.score(),
                points,
                "respiration {value}"
            );
        }
        let scale_1 = [(91., 3), (92., 2), (93., 2), (94., 1), (95., 1), (96., 0)];
        for (value, points) in scale_1 {
            assert_eq!(Measured { saturation: value, ..WELL }.score(), points, "scale 1 {value}");
        }
        let scale_2 = [
            (83., false, 3),
            (84., false, 2),
            (85., false, 2),
            (86., false, 1),
            (87., false, 1),
            (88., false, 0),
            (92., false, 0),
            (93., false, 0),
            (97., false, 0),
            (92., true, 0),
            (93., true, 1),
            (94., true, 1),
            (95., true, 2),
            (96., true, 2),
            (97., true, 3),
        ];
        for (value, on_oxygen, points) in scale_2 {
            let one = Measured { saturation: value, is_scale_2: true, on_oxygen, ..WELL };
            let oxygen = if on_oxygen { 2 } else { 0 };
            assert_eq!(one.score(), points + oxygen, "scale 2 {value} {on_oxygen}");
        }
    }

    #[test]
    fn every_cell_of_pressure_pulse_temperature_and_mind_has_its_points() {
        let systolic =
            [(90., 3), (91., 2), (100., 2), (101., 1), (110., 1), (111., 0), (219., 0), (220., 3)];
        for (value, points) in systolic {
            assert_eq!(Measured { systolic: value, ..WELL }.score(), points, "systolic {value}");
        }
        let pulse = [
            (40., 3),
            (41., 1),
            (50., 1),
            (51., 0),
            (90., 0),
            (91., 1),
            (110., 1),
            (111., 2),
            (130., 2),
            (131., 3),
        ];
        for (value, points) in pulse {
            assert_eq!(Measured { pulse: value, ..WELL }.score(), points, "pulse {value}");
        }
        let temperature = [
            (35.0, 3),
            (35.1, 1),
            (36.0, 1),
            (36.1, 0),
            (38.0, 0),
            (38.1, 1),
            (39.0, 1),
            (39.1, 2),
        ];
        for (value, points) in temperature {
            assert_eq!(
                Measured { temperature: value, ..WELL }.score(),
                points,
                "temperature {value}"
            );
        }
        for one in Consciousness::ALL {
            let points = if one == Consciousness::Alert { 0 } else { 3 };
            assert_eq!(Measured { consciousness: one, ..WELL }.score(), points, "{one:?}");
        }
    }

    #[test]
    fn a_stored_score_keeps_what_a_single_three_asks_for() {
        let measured = Measured { systolic: 88.0, ..WELL };
        let common = json!({"subject": {"reference": "Patient/p"}, "status": "final",
                            "effectiveDateTime": "2026-11-21T08:00:00Z"});
        let read = Reading::read(&total(&measured, &common, &[])).unwrap();
        assert_eq!((read.score, read.response), (3, Response::Ward));
    }

    #[test]
    fn the_response_follows_the_score_and_a_single_three() {
        assert_eq!(WELL.response(), Response::None);
        assert_eq!(Measured { pulse: 100.0, ..WELL }.response(), Response::Low);
        assert_eq!(Measured { systolic: 88.0, ..WELL }.response(), Response::Ward);
        let five = Measured { on_oxygen: true, respiration: 25.0, ..WELL };
        assert_eq!((five.score(), five.response()), (5, Response::Urgent));
        let seven = Measured { saturation: 92.0, ..five };
        assert_eq!((seven.score(), seven.response()), (7, Response::Emergency));
    }
}
