//! One patient with ten thousand resources over ten years: the chart, a trend, the whole of a section and
//! the text search, by the server's own time.
//!
//! The patient is made here, the same each time. Every page is held against what must stand in it, so that
//! a fast page without its content is no figure. Not here: the fullest patient of a corpus (`opening`).

use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::Bench;
use super::opening::duration_in;
use crate::load::microseconds;
use crate::probe::Probe;
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;

/// Times that each page is opened, after some that are not counted.
const VIEWS: usize = 100;
const WARM_UP: usize = 5;
/// Milliseconds of server time of 95 of 100 searches.
const SEARCH_MAX: Target = Target::AtMost(100.0);
const PATIENT: &str = "ten-years";
/// Days of ten years, and how many of each kind lie evenly in them.
const DAYS: u32 = 3_650;
const ANALYSES: u32 = 20;
const SAMPLES: u32 = 290;
const CONTACTS: u32 = 950;
const NOTES: u32 = 950;
const PRESCRIPTIONS: u32 = 700;
const CONDITIONS: u32 = 250;
const PROCEDURES: u32 = 400;
const REQUESTS: u32 = 349;
const MESSAGES: u32 = 500;
const VACCINATIONS: u32 = 100;
/// Resources in all, the Patient among them.
const RESOURCES: u32 = 1
    + ANALYSES * SAMPLES
    + CONTACTS
    + NOTES
    + PRESCRIPTIONS
    + CONDITIONS
    + PROCEDURES
    + REQUESTS
    + MESSAGES
    + VACCINATIONS;
const _: () = assert!(RESOURCES == 10_000, "the promise is about ten thousand resources");

/// A page, what must stand in it, and how long it may take.
struct Asked {
    name: &'static str,
    path: String,
    holds: Vec<String>,
    most: Target,
}

impl Bench {
    /// Makes and loads the patient, opens its pages, and tells what 95 of 100 took.
    pub(super) fn ten_years(&mut self) -> Result<(), String> {
        say("a patient with ten thousand resources");
        let (place, file) = (self.place("ten-years")?, self.work.join("ten-years.ndjson"));
        write_patient(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        self.run_load(&file, &place)?;
        let program = Program::akson(&self.akson, &place, &self.work.join("ten-years.log"))?;
        let count = Probe::new(&program.address)?.count("/Observation?patient=ten-years")?;
        if count != u64::from(ANALYSES * SAMPLES) {
            return Err(format!("{count} observations of {} are loaded", ANALYSES * SAMPLES));
        }
        for asked in pages(self.targets.page) {
            self.pages_of(&program, &asked)?;
        }
        program.stop()
    }

    fn pages_of(&mut self, program: &Program, asked: &Asked) -> Result<(), String> {
        let root = program.address.with_path("");
        let probe = Probe::new(&root)?;
        let request = root.request("GET", &asked.path, b"");
        let mut inside = microseconds()?;
        let mut bytes = 0;
        for view in 0..WARM_UP + VIEWS {
            let reply = probe.send(&request)?;
            let page = String::from_utf8_lossy(&reply.body);
            if reply.status != 200 {
                return Err(format!("{} answers {}", asked.path, reply.status));
            }
            if let Some(missing) = asked.holds.iter().find(|text| !page.contains(text.as_str())) {
                return Err(format!("{} lacks «{missing}»", asked.path));
            }
            bytes = reply.body.len();
            let took = reply.server_timing.as_deref().and_then(duration_in);
            let took = took.ok_or_else(|| format!("{} has no Server-Timing", asked.path))?;
            if view >= WARM_UP {
                inside.saturating_record(took);
            }
        }
        let at =
            |histogram: &Histogram<u64>, share| histogram.value_at_quantile(share) as f64 / 1_000.0;
        let details = format!(
            "{RESOURCES} resources, page of {} KB; p50 {:.1} ms, most {:.1} ms of {VIEWS}",
            bytes / 1_000,
            at(&inside, 0.5),
            at(&inside, 1.0)
        );
        let name = format!("{} over ten years, p95 of server time", asked.name);
        let figure = Figure::new(&name, at(&inside, 0.95), "ms");
        self.add(figure.target(asked.most).details(details));
        Ok(())
    }
}

fn pages(each: Target) -> Vec<Asked> {
    let page = |name, rest: &str, most: Target, holds: &[&str]| Asked {
        name,
        path: format!("/pasient/{PATIENT}{rest}"),
        holds: holds.iter().map(|text| (*text).to_owned()).collect(),
        most,
    };
    let newest_note = format!("Konsultasjon {}", NOTES - 1);
    let results = format!("20 analyser · {}\u{a0}{} svar", ANALYSES * SAMPLES / 1_000, "800");
    vec![
        // The newest of each, and how many there are of all.
        page("chart", "", each, &["Ti År", &newest_note, &results, "Legemiddel 19"]),
        page("trend", "/trend/A3?periode=5&med=A4", each, &["290 svar", "Analyse 4"]),
        page("all contacts", "/kontakter", each, &["Kontakt 949", "Kontakt 800"]),
        page(
            "text search",
            "/sok?ord=perikarditten",
            SEARCH_MAX,
            &["<mark>perikarditt</mark>", "1 treff"],
        ),
        page(
            "text search, many hits",
            "/sok?ord=tungpust",
            SEARCH_MAX,
            &["950 treff", "<mark>tungpusten</mark>"],
        ),
    ]
}

/// The day so many of so many lie at, the last yesterday's.
fn day(number: u32, of: u32) -> String {
    // Days as if each month had 28: valid dates without a calendar, in order, ten years long.
    let at = u64::from(number) * u64::from(DAYS) / u64::from(of.max(1));
    let months = at * 12 / 365;
    let within = (at * 12 % 365) * 28 / 365;
    format!("{}-{:02}-{:02}", 2016 + months / 12, months % 12 + 1, within + 1)
}

fn write_patient(file: &Path) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    let mut put = |resource: &Value| writeln!(out, "{resource}");
    put(&json!({
        "resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1950-03-04",
        "name": [{"given": ["Ti"], "family": "År"}],
    }))?;
    for analysis in 0..ANALYSES {
        for sample in 0..SAMPLES {
            put(&observation(analysis, sample))?;
        }
    }
    (0..CONTACTS).try_for_each(|n| put(&contact(n)))?;
    (0..NOTES).try_for_each(|n| put(&note(n)))?;
    (0..PRESCRIPTIONS).try_for_each(|n| put(&prescription(n)))?;
    for n in 0..CONDITIONS {
        let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
        let status = if n % 10 == 0 { "active" } else { "resolved" };
        put(&json!({
            "clinicalStatus": {"coding": [{"system": system, "code": status}]},
            "code": {"text": format!("Diagnose {}", n % 40)}, "recordedDate": day(n, CONDITIONS),
            "subject": subject(), "resourceType": "Condition", "id": format!("condition-{n}"),
        }))?;
    }
    for n in 0..PROCEDURES {
        put(&json!({
            "resourceType": "Procedure", "id": format!("procedure-{n}"), "status": "completed",
            "code": {"text": format!("Prosedyre {}", n % 30)}, "subject": subject(),
            "performedDateTime": day(n, PROCEDURES),
        }))?;
    }
    for n in 0..REQUESTS {
        put(&json!({
            "resourceType": "ServiceRequest", "id": format!("request-{n}"), "intent": "order",
            "status": "completed", "code": {"text": "Blodprøve"}, "subject": subject(),
            "authoredOn": day(n, REQUESTS),
        }))?;
    }
    for n in 0..MESSAGES {
        put(&json!({
            "resourceType": "Communication", "id": format!("message-{n}"), "status": "completed",
            "subject": subject(), "sent": format!("{}T10:00:00Z", day(n, MESSAGES)),
            "payload": [{"contentString": format!("Melding {n}: når er neste time?")}],
        }))?;
    }
    for n in 0..VACCINATIONS {
        put(&json!({
            "resourceType": "Immunization", "id": format!("vaccination-{n}"), "status": "completed",
            "vaccineCode": {"text": format!("Vaksine {}", n % 8)}, "patient": subject(),
            "occurrenceDateTime": day(n, VACCINATIONS),
        }))?;
    }
    out.flush()
}

fn subject() -> Value {
    json!({"reference": format!("Patient/{PATIENT}")})
}

fn observation(analysis: u32, sample: u32) -> Value {
    let category = "http://terminology.hl7.org/CodeSystem/observation-category";
    let value = 40 + (sample * 7 + analysis * 13) % 60;
    json!({
        "resourceType": "Observation", "id": format!("result-{analysis}-{sample}"),
        "status": "final", "subject": subject(),
        "category": [{"coding": [{"system": category, "code": "laboratory"}]}],
        "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7280",
            "code": format!("A{analysis}"), "display": format!("Analyse {analysis}")}],
            "text": format!("Analyse {analysis}")},
        "effectiveDateTime": format!("{}T08:{:02}:00Z", day(sample, SAMPLES), analysis),
        "performer": [{"display": "Fjordvik laboratorium"}],
        "valueQuantity": {"value": value, "unit": "mmol/L",
            "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        "referenceRange": [{"low": {"value": 45, "unit": "mmol/L"},
            "high": {"value": 90, "unit": "mmol/L"}}],
    })
}

fn contact(n: u32) -> Value {
    let class = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let day = day(n, CONTACTS);
    json!({
        "resourceType": "Encounter", "id": format!("contact-{n}"), "status": "finished",
        "class": {"system": class, "code": "AMB"}, "subject": subject(),
        "type": [{"text": format!("Kontakt {n}")}],
        "period": {"start": format!("{day}T09:00:00Z"), "end": format!("{day}T09:30:00Z")},
        "serviceProvider": {"display": "Fjordgata legekontor"},
    })
}

/// A note of a length that notes have; one of them has a word that no other has.
fn note(n: u32) -> Value {
    let mut text =
        "Aktuelt: Hoste og tungpusten har vart i tre dager, ingen feber. Undersøkt: god \
                    allmenntilstand, lungene uten fremmedlyder, blodtrykk 138/82. Vurdering: \
                    trolig viral luftveisinfeksjon. Plan: kontroll ved forverring.\n"
            .repeat(5);
    if n == NOTES / 2 {
        text.push_str("Tidligere perikarditt.");
    }
    json!({
        "resourceType": "DocumentReference", "id": format!("note-{n}"), "status": "current",
        "docStatus": "final", "subject": subject(), "description": format!("Konsultasjon {n}"),
        "date": format!("{}T09:20:00Z", day(n, NOTES)), "author": [{"display": "Ragnhild Knutsen"}],
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8",
            "data": STANDARD.encode(text)}}],
        "context": {"encounter": [{"reference": format!("Encounter/contact-{n}")}]},
    })
}

fn prescription(n: u32) -> Value {
    let status = if n + 20 >= PRESCRIPTIONS { "active" } else { "completed" };
    json!({
        "resourceType": "MedicationRequest", "id": format!("prescription-{n}"), "intent": "order",
        "status": status, "subject": subject(), "authoredOn": day(n, PRESCRIPTIONS),
        "medicationCodeableConcept": {"text": format!("Legemiddel {} 10 mg tablett", n % 20)},
        "dosageInstruction": [{"text": "1 tablett morgen og kveld"}],
        "requester": {"display": "Ragnhild Knutsen"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_in_order_over_ten_years() {
        let days: Vec<String> = (0..SAMPLES).map(|n| day(n, SAMPLES)).collect();
        assert!(days.is_sorted() && days.first().unwrap() == "2016-01-01");
        assert!(days.last().unwrap().starts_with("2025-12"), "{:?}", days.last());
    }
}
