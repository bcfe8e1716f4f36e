//! A dosage as numbers, and the words and the FHIR that are made from them, so that they agree.
//!
//! Standard: <https://hl7.org/fhir/R4/dosage.html>

use akson_medicines::{Drug, Rhythm};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::messages::{recorded, recorded_code, recorded_with};
use crate::numbers::decimal;
use crate::systems::UCUM;
use crate::writing::set;

/// Rhythms that the form offers, by the word of [`Rhythm::parse`]; `AN` takes its number from a field.
pub(crate) const RHYTHMS: [&str; 12] =
    ["MORN", "NOON", "EVE", "NIGHT", "MORN+EVE", "MORN+NOON+EVE", "2", "3", "4", "W1", "W4", "AN"];
/// Largest amount that is taken at once, in counted units.
const AMOUNT_MAX: f64 = 1000.0;

/// How much, of what, how often.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dosage {
    pub amount: f64,
    pub rhythm: Rhythm,
    /// What is counted: one, and several of it.
    pub unit: (String, String),
    /// What else the patient reads.
    pub more: String,
}

/// An amount as it is typed: `1`, `0,5`.
pub(crate) fn amount(typed: &str) -> Option<f64> {
    let amount: f64 = typed.trim().replace(',', ".").parse().ok()?;
    (amount.is_finite() && amount > 0.0 && amount <= AMOUNT_MAX).then_some(amount)
}

/// An amount as it is written: `1`, `0,5`.
pub(crate) fn written(amount: f64) -> String {
    decimal(&format!("{amount}"))
}

/// The word of the form for a rhythm, and the most times of one that is taken as needed.
pub(crate) fn word(rhythm: Rhythm) -> (String, Option<u32>) {
    match rhythm {
        Rhythm::At(events) => (events.join("+"), None),
        Rhythm::PerDay(1) => ("MORN".to_owned(), None),
        Rhythm::PerDay(times) => (times.to_string(), None),
        Rhythm::EveryWeeks(weeks) => (format!("W{weeks}"), None),
        Rhythm::AsNeeded(most) => ("AN".to_owned(), Some(most)),
    }
}

impl Dosage {
    /// The dosage that a medicine usually has.
    pub(crate) fn usual(drug: &Drug) -> Self {
        Self {
            amount: drug.dose,
            rhythm: drug.rhythm,
            unit: (drug.unit.to_owned(), drug.units.to_owned()),
            more: String::new(),
        }
    }

    /// `1 tablett morgen og kveld`, `2 tabletter ved behov, høyst 4 ganger i døgnet. Tas med mat`: what
    /// the prescription says, in bokmål whatever language the prescriber reads in.
    pub(crate) fn words(&self) -> String {
        let unit = if self.amount > 1.0 { &self.unit.1 } else { &self.unit.0 };
        let dose = format!("{} {unit}", written(self.amount));
        let often = match self.rhythm {
            Rhythm::At(events) => {
                recorded_code("dosage-when", &events.join("-")).unwrap_or_default().to_owned()
            }
            Rhythm::PerDay(1) => recorded("dosage.daily").to_owned(),
            Rhythm::PerDay(times) => recorded_with("dosage.per-day", &[("n", &times.to_string())]),
            Rhythm::EveryWeeks(1) => recorded("dosage.weekly").to_owned(),
            Rhythm::EveryWeeks(weeks) => {
                recorded_with("dosage.every-weeks", &[("n", &weeks.to_string())])
            }
            Rhythm::AsNeeded(1) => recorded("dosage.as-needed-once").to_owned(),
            Rhythm::AsNeeded(most) => {
                recorded_with("dosage.as-needed", &[("n", &most.to_string())])
            }
        };
        let more = self.more.trim();
        if more.is_empty() { format!("{dose} {often}") } else { format!("{dose} {often}. {more}") }
    }

    /// As `Dosage` of FHIR, from a day, to a day when it ends.
    pub(crate) fn to_fhir(&self, from: Date, to: Option<Date>) -> Value {
        let mut bounds = json!({"start": from.to_string()});
        if let Some(to) = to {
            set(&mut bounds, "end", json!(to.to_string()));
        }
        let mut repeat =
            json!({"boundsPeriod": bounds, "frequency": 1, "period": 1, "periodUnit": "d"});
        match self.rhythm {
            Rhythm::At(events) => set(&mut repeat, "when", json!(events)),
            Rhythm::PerDay(times) => set(&mut repeat, "frequency", json!(times)),
            Rhythm::EveryWeeks(weeks) => {
                set(&mut repeat, "period", json!(weeks));
                set(&mut repeat, "periodUnit", json!("wk"));
            }
            Rhythm::AsNeeded(most) => set(&mut repeat, "frequencyMax", json!(most)),
        }
        let quantity = json!({"value": number(self.amount), "unit": self.unit.0});
        let mut dosage = json!({
            "text": self.words(),
            "timing": {"repeat": repeat},
            "doseAndRate": [{"doseQuantity": quantity}],
        });
        if let Rhythm::AsNeeded(most) = self.rhythm {
            set(&mut dosage, "asNeededBoolean", json!(true));
            set(
                &mut dosage,
                "maxDosePerPeriod",
                json!({
                    "numerator": {"value": number(self.amount * f64::from(most)), "unit": self.unit.0},
                    "denominator": {"value": 1, "unit": "d", "system": UCUM,
                        "code": "d"},
                }),
            );
        }
        if !self.more.trim().is_empty() {
            set(&mut dosage, "patientInstruction", json!(self.more.trim()));
        }
        dosage
    }

    /// The numbers of a `Dosage` of FHIR, when it has the shape that [`Dosage::to_fhir`] writes.
    pub(crate) fn read(dosage: &Value, units: Option<&Drug>) -> Option<Self> {
        let quantity = dosage.pointer("/doseAndRate/0/doseQuantity")?;
        let unit = quantity.get("unit").and_then(Value::as_str)?.to_owned();
        let several = units.filter(|drug| drug.unit == unit).map_or(&*unit, |drug| drug.units);
        let more = dosage.get("patientInstruction").and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            amount: quantity.get("value").and_then(Value::as_f64)?,
            rhythm: rhythm(dosage)?,
            unit: (unit.clone(), several.to_owned()),
            more: more.to_owned(),
        })
    }
}

/// How often, at most.
fn rhythm(dosage: &Value) -> Option<Rhythm> {
    let repeat = dosage.pointer("/timing/repeat")?;
    let whole = |name: &str| repeat.get(name).and_then(Value::as_u64);
    let frequency = u32::try_from(whole("frequency").unwrap_or(1)).ok()?;
    let period = u32::try_from(whole("period").unwrap_or(1)).ok()?;
    let as_needed = dosage.get("asNeededBoolean").and_then(Value::as_bool) == Some(true);
    let most = whole("frequencyMax").and_then(|most| u32::try_from(most).ok());
    let unit = repeat.get("periodUnit").and_then(Value::as_str)?;
    if let Some(events) = repeat.get("when").and_then(Value::as_array) {
        let words: Vec<&str> = events.iter().filter_map(Value::as_str).collect();
        return Rhythm::parse(&words.join("+"));
    }
    match (unit, period, as_needed) {
        ("d", 1, true) => Some(Rhythm::AsNeeded(most.unwrap_or(frequency))),
        ("d", 1, false) => Some(Rhythm::PerDay(most.unwrap_or(frequency))),
        ("wk", weeks, false) if frequency == 1 => Some(Rhythm::EveryWeeks(weeks)),
        _ => None,
    }
}

/// Whole numbers without a decimal point.
fn number(amount: f64) -> Value {
    if amount.fract() == 0.0 { json!(amount as i64) } else { json!(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_agree_and_come_back() {
        let drug = akson_medicines::search("apiksaban 5", 1).into_iter().next().unwrap();
        for (amount, word, expected) in [
            (1.0, "MORN+EVE", "1 tablett morgen og kveld"),
            (0.5, "EVE", "0,5 tablett om kvelden"),
            (2.0, "3", "2 tabletter 3 ganger daglig"),
            (4.0, "W1", "4 tabletter én gang i uken"),
            (2.0, "AN4", "2 tabletter ved behov, høyst 4 ganger i døgnet"),
        ] {
            let rhythm = Rhythm::parse(word).unwrap();
            let dosage = Dosage { amount, rhythm, ..Dosage::usual(drug) };
            assert_eq!(dosage.words(), expected);
            let day = Date::constant(2026, 11, 22);
            let fhir = dosage.to_fhir(day, None);
            assert_eq!(fhir["text"], expected);
            assert_eq!(Dosage::read(&fhir, Some(drug)), Some(dosage));
        }
        let more = Dosage { more: "Tas med mat".into(), ..Dosage::usual(drug) };
        assert_eq!(more.words(), "1 tablett morgen og kveld. Tas med mat");
        let day = Date::constant(2026, 11, 22);
        let end = Some(Date::constant(2026, 11, 29));
        let fhir = more.to_fhir(day, end);
        assert_eq!(fhir["timing"]["repeat"]["boundsPeriod"]["end"], "2026-11-29");
        assert_eq!(Dosage::read(&fhir, Some(drug)), Some(more));
    }

    #[test]
    fn every_rhythm_of_the_form_has_words() {
        for word in RHYTHMS {
            assert!(crate::messages::code("rhythm", word).is_some(), "{word}");
            let parsed = Rhythm::parse(if word == "AN" { "AN3" } else { word }).unwrap();
            assert_eq!(super::word(parsed).0, word);
        }
    }

    #[test]
    fn amounts_are_positive_numbers_within_reason() {
        for (typed, expected) in [
            ("1", Some(1.0)),
            (" 0,5 ", Some(0.5)),
            ("0", None),
            ("-1", None),
            ("NaN", None),
            ("1e9", None),
            ("", None),
        ] {
            assert_eq!(amount(typed), expected, "{typed:?}");
        }
    }
}
