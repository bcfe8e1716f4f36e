//! Forms that were filled in before anybody logs in to a demo: scores over time of a few of those whom the demo
//! tells stories about, signed by those who work with them, with the Observations that come of them.
//!
//! The answers stand here; what they add up to, and what they become, the same code works out that does it for
//! a form that somebody fills in. The same municipality has the same forms. Not here: which forms are in use
//! (`forms`), the people (`testkit`).

use akson_access::{Actor, Policy};
use akson_base::Instant;
use akson_questionnaire::shipped::SHIPPED;
use akson_questionnaire::{About, Questionnaire, Surroundings};
use akson_record::Record;
use akson_testkit::municipality::{self, Login, Options};
use bytes::Bytes;
use jiff::ToSpan;
use jiff::civil::Time;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::wiring::{self, House};

/// One form of one patient over time.
struct Series {
    /// Given and family name.
    patient: &'static str,
    /// The last part of the form's address.
    form: &'static str,
    /// Title of who fills it in.
    author: &'static str,
    /// How many days ago, and the answers by linkId: a number, or the code of an option.
    filled: &'static [(i32, &'static [(&'static str, &'static str)])],
}

const NURSE: &str = "Sykepleier på sykehjem";
const HOME_NURSE: &str = "Sykepleier";
const RESIDENT: &str = "Asbjørn Lunde";
const FRAIL: &str = "Ingrid Solbakken";

/// What was filled in.
const ALL: [Series; 6] = [
    Series {
        patient: RESIDENT,
        form: "barthel",
        author: NURSE,
        filled: &[
            (89, &barthel(["2", "1", "1", "1", "2", "2", "2", "1", "0", "0"])),
            (47, &barthel(["1", "1", "1", "1", "2", "2", "2", "1", "0", "0"])),
            (5, &barthel(["1", "0", "0", "1", "1", "1", "1", "1", "0", "0"])),
        ],
    },
    Series {
        patient: RESIDENT,
        form: "mst",
        author: NURSE,
        filled: &[
            (89, &[("mst-1", "no"), ("mst-2", "no")]),
            (33, &[("mst-1", "yes"), ("mst-1-kg", "1-5"), ("mst-2", "no")]),
            (4, &[("mst-1", "yes"), ("mst-1-kg", "1-5"), ("mst-2", "yes")]),
        ],
    },
    Series {
        patient: FRAIL,
        form: "barthel",
        author: HOME_NURSE,
        filled: &[
            (120, &barthel(["2", "2", "1", "2", "2", "3", "3", "2", "1", "1"])),
            (21, &barthel(["2", "1", "1", "2", "2", "3", "2", "1", "0", "0"])),
        ],
    },
    Series {
        patient: FRAIL,
        form: "mst",
        author: HOME_NURSE,
        filled: &[
            (75, &[("mst-1", "no"), ("mst-2", "no")]),
            (14, &[("mst-1", "unknown"), ("mst-2", "yes")]),
        ],
    },
    Series {
        patient: FRAIL,
        form: "news2",
        author: HOME_NURSE,
        filled: &[
            (16, &news2(["22", "93", "104", "98", "38.1"])),
            (15, &news2(["20", "94", "112", "92", "37.9"])),
            (12, &news2(["16", "96", "128", "78", "36.9"])),
        ],
    },
    Series {
        patient: "Jonas Myklebust",
        form: "phq-9",
        author: "Fastlege",
        filled: &[
            (133, &phq_9(["2", "2", "2", "2", "1", "2", "1", "1", "0"])),
            (91, &phq_9(["1", "2", "1", "1", "1", "1", "1", "0", "0"])),
            (40, &phq_9(["1", "1", "1", "0", "0", "1", "0", "0", "0"])),
        ],
    },
];

/// The ten activities in the form's order.
const fn barthel(points: [&'static str; 10]) -> [(&'static str, &'static str); 10] {
    let [a, b, c, d, e, f, g, h, i, j] = points;
    [
        ("barthel-bowels", a),
        ("barthel-bladder", b),
        ("barthel-grooming", c),
        ("barthel-toilet", d),
        ("barthel-feeding", e),
        ("barthel-transfer", f),
        ("barthel-mobility", g),
        ("barthel-dressing", h),
        ("barthel-stairs", i),
        ("barthel-bathing", j),
    ]
}

/// Respiration, saturation, systolic pressure, pulse and temperature of somebody awake, without oxygen.
const fn news2(values: [&'static str; 5]) -> [(&'static str, &'static str); 8] {
    let [respiration, saturation, systolic, pulse, temperature] = values;
    [
        ("news2-respiration", respiration),
        ("news2-scale", "1"),
        ("news2-saturation", saturation),
        ("news2-oxygen", "air"),
        ("news2-systolic", systolic),
        ("news2-pulse", pulse),
        ("news2-mind", "A"),
        ("news2-temperature", temperature),
    ]
}

/// Points of the nine questions; each point is a code of LOINC's.
const fn phq_9(points: [&'static str; 9]) -> [(&'static str, &'static str); 9] {
    let [a, b, c, d, e, f, g, h, i] = points;
    [
        ("phq9-1", a),
        ("phq9-2", b),
        ("phq9-3", c),
        ("phq9-4", d),
        ("phq9-5", e),
        ("phq9-6", f),
        ("phq9-7", g),
        ("phq9-8", h),
        ("phq9-9", i),
    ]
}

/// Puts them into the record, each patient's form in one commit.
pub(super) async fn fill(
    house: &House,
    options: &Options,
    logins: &[Login],
) -> Result<(), Failure> {
    let people = municipality::highlights(options);
    let registers = Record::new(std::sync::Arc::clone(&house.store), Policy::Rules);
    let operator = wiring::operator("demo");
    for series in &ALL {
        let patient = people.iter().find(|person| person.name == series.patient);
        let login = logins.iter().find(|login| login.title == series.author);
        // A small municipality lacks some of them.
        let (Some(patient), Some(login)) = (patient, login) else { continue };
        let Some(author) = registers.actors(&super::person(login).identity)?.into_iter().next()
        else {
            continue;
        };
        let bundle = bundle(series, &patient.patient_id, &author, options.today)?;
        house.record.bundle(&operator, Bytes::from(bundle.to_string())).await?;
    }
    Ok(())
}

/// The responses of a series with what came of them.
fn bundle(
    series: &Series,
    patient: &str,
    author: &Actor,
    today: jiff::civil::Date,
) -> Result<Value, Failure> {
    let json = shipped(series.form)?;
    let form = Questionnaire::parse(&json)
        .map_err(|told| Failure::Failed(format!("the form {}: {told:?}", series.form)))?;
    let by = json!({"reference": author.practitioner(), "display": &*author.display});
    let mut entries = Vec::new();
    for (number, (days, given)) in series.filled.iter().enumerate() {
        let at = moment(today, *days)?;
        let told = json!({"resourceType": "QuestionnaireResponse", "item": items(&json, given)});
        let (mut answers, unfit) = form.read(&told);
        let surroundings = Surroundings::at(Instant(at.timestamp().as_millisecond()));
        let live = form.evaluate(&mut answers, &surroundings);
        if !unfit.is_empty() || !live.faults().is_empty() {
            let text =
                format!("{} of {}: {unfit:?} {:?}", series.form, series.patient, live.faults());
            return Err(Failure::Failed(text));
        }
        let id = format!("skjema-{patient}-{}-{}", series.form, number + 1);
        let when = at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let response = json!({
            "resourceType": "QuestionnaireResponse", "id": id, "status": "completed",
            "questionnaire": form.canonical(), "subject": {"reference": format!("Patient/{patient}")},
            "author": by, "authored": when, "item": live.complete(),
        });
        let about = About {
            subject: format!("Patient/{patient}"),
            response: format!("QuestionnaireResponse/{id}"),
            effective: when.clone(),
            issued: when,
            performers: vec![by.clone()],
            encounter: None,
        };
        entries.push(put(response));
        for (place, mut observation) in live.extract(&about).into_iter().enumerate() {
            if let Some(members) = observation.as_object_mut() {
                members.insert("id".into(), json!(format!("{id}-{}", place + 1)));
            }
            entries.push(put(observation));
        }
    }
    Ok(json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
}

fn put(resource: Value) -> Value {
    let of = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = format!("{}/{}", of("resourceType"), of("id"));
    json!({"resource": resource, "request": {"method": "PUT", "url": url}})
}

/// A morning so many days ago.
fn moment(today: jiff::civil::Date, days: i32) -> Result<jiff::Zoned, Failure> {
    let failed = |error: jiff::Error| Failure::Failed(format!("{days} days ago: {error}"));
    let day = today.checked_sub(days.days()).map_err(failed)?;
    day.to_datetime(Time::constant(9, 40, 0, 0)).in_tz("Europe/Oslo").map_err(failed)
}

fn shipped(name: &str) -> Result<Value, Failure> {
    let broken = |error| Failure::Failed(format!("a form that comes along: {error}"));
    for text in SHIPPED {
        let form: Value = serde_json::from_str(text).map_err(broken)?;
        let url = form.get("url").and_then(Value::as_str).unwrap_or_default();
        if url.rsplit('/').next() == Some(name) {
            return Ok(form);
        }
    }
    Err(Failure::Failed(format!("no form {name} comes along")))
}

/// `QuestionnaireResponse.item` of what was answered.
fn items(of: &Value, given: &[(&str, &str)]) -> Vec<Value> {
    let all = of.get("item").and_then(Value::as_array).into_iter().flatten();
    let answered = all.filter_map(|item| {
        let link = item.get("linkId").and_then(Value::as_str)?;
        let mut told = Map::from_iter([("linkId".to_owned(), json!(link))]);
        let below = items(item, given);
        if let Some((_, value)) = given.iter().find(|(known, _)| *known == link) {
            told.insert("answer".into(), json!([answer(item, value)?]));
        } else if below.is_empty() {
            return None;
        }
        if !below.is_empty() {
            told.insert("item".into(), below.into());
        }
        Some(Value::Object(told))
    });
    answered.collect()
}

/// An answer: a number, or the option of this code, or of this place among the options.
fn answer(item: &Value, value: &str) -> Option<Value> {
    match item.get("type").and_then(Value::as_str)? {
        "integer" => Some(json!({"valueInteger": value.parse::<i64>().ok()?})),
        "decimal" => Some(json!({"valueDecimal": value.parse::<serde_json::Number>().ok()?})),
        _ => {
            let options = item.get("answerOption").and_then(Value::as_array)?;
            let coding = |option: &Value| option.get("valueCoding").cloned();
            let is_it = |one: &Value| one.get("code").and_then(Value::as_str) == Some(value);
            let by_code = options.iter().filter_map(coding).find(is_it);
            let by_place = || coding(options.get(value.parse::<usize>().ok()?)?);
            Some(json!({"valueCoding": by_code.or_else(by_place)?}))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(bundle: &Value, number: usize) -> Option<f64> {
        let entries = bundle["entry"].as_array().unwrap();
        let id = format!("QuestionnaireResponse/skjema-p-{number}");
        let of = |one: &&Value| {
            let from = one.pointer("/resource/derivedFrom/0/reference");
            from.and_then(Value::as_str)
                .is_some_and(|from| id.ends_with(from.rsplit('-').next().unwrap()))
        };
        let last = entries.iter().rfind(of)?;
        let quantity = last.pointer("/resource/valueQuantity/value").and_then(Value::as_f64);
        quantity.or_else(|| last.pointer("/resource/valueInteger").and_then(Value::as_f64))
    }

    #[test]
    fn the_forms_are_filled_in_whole_and_add_up_as_the_product_counts() {
        let today = jiff::civil::Date::constant(2026, 11, 22);
        let author = Actor::operator();
        let expected: [&[f64]; 6] = [
            &[12.0, 11.0, 6.0],
            &[0.0, 1.0, 2.0],
            &[19.0, 14.0],
            &[0.0, 3.0],
            &[7.0, 2.0, 0.0],
            &[13.0, 8.0, 4.0],
        ];
        for (series, scores) in ALL.iter().zip(expected) {
            let made = bundle(series, "p", &author, today).unwrap();
            for (number, score_then) in scores.iter().enumerate() {
                let told = score(&made, number + 1);
                assert_eq!(told, Some(*score_then), "{} {}", series.form, number + 1);
            }
            assert_eq!(made, bundle(series, "p", &author, today).unwrap(), "the same each time");
        }
    }
}
