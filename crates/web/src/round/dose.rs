//! From prescriptions and what has been given to the rows of a round.
//!
//! Pure. A row is one planned dose, one pouch of the pharmacy with all that it holds, or a medicine that
//! is given as needed. Not here: reading (`read`), HTML (`pages::round_row`).

use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::administration::{Administration, Outcome, planned_name};
use super::controlled::is_controlled;
use super::timing::{Plan, plan};
use crate::dates::{Moment, days_between};
use crate::fields::{codes, list, quantity, text, words};
use crate::messages::tf;
use crate::systems::is_atc;

/// System of how a medicine is handed out.
const DISPENSING: &str = "https://akson.no/fhir/CodeSystem/dispensing";
/// Minutes after the planned time from which a dose is late.
pub(crate) const LATE_MINUTES: i64 = 60;
/// Minutes before the planned time from which a dose can be given.
pub(crate) const EARLY_MINUTES: i64 = 180;
/// Days that a change of a prescription is marked.
const NEW_DAYS: i64 = 2;
/// Hours that the most of a day counts.
const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// What a row is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// One medicine at a time.
    Single,
    /// A pouch: what it holds, each with its dose.
    Pouch(Vec<String>),
    /// As needed.
    AsNeeded(Box<Needed>),
    /// The prescription does not say when.
    Unclear,
}

/// What must be known before a medicine is given as needed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Needed {
    /// The last one; the next has a name made from its id.
    pub last: Option<Administration>,
    /// How many in the last 24 hours.
    pub count: usize,
    /// Most in 24 hours, where that is stated.
    pub most: Option<f64>,
    /// When there is room again, once the most is reached.
    pub again: Option<Moment>,
}

impl Needed {
    /// Whether one more would be beyond the most of a day.
    pub(crate) fn is_full(&self) -> bool {
        self.most.is_some_and(|most| self.count as f64 + 1.0 > most)
    }
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// Not given, not due yet.
    Coming,
    /// To be given; whether it is late.
    Due { late: bool },
    /// Something was said: of each medicine of the row one, all with the same outcome.
    Done(Vec<Administration>),
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub patient: String,
    /// `MedicationRequest` ids.
    pub requests: Vec<String>,
    pub planned: Option<DateTime>,
    /// What is given; of a pouch nothing.
    pub title: String,
    pub amount: Option<String>,
    /// The dosage in words.
    pub dosage: String,
    pub reason: Option<String>,
    pub kind: Kind,
    pub is_controlled: bool,
    /// How the prescription was changed lately.
    pub change: Option<String>,
    pub state: State,
}

impl Row {
    /// Whether nothing more is to be done.
    pub(crate) fn is_done(&self) -> bool {
        matches!(&self.state, State::Done(all) if all.iter().all(|one| one.outcome != Outcome::Unwitnessed))
    }

    /// Whether it counts among the doses of a round.
    pub(crate) fn is_planned(&self) -> bool {
        self.planned.is_some()
    }

    /// A name for the row on its page, of letters, digits and hyphens.
    pub(crate) fn key(&self) -> String {
        let what = match self.kind {
            Kind::Pouch(_) => format!("pose-{}", self.patient),
            Kind::Single | Kind::AsNeeded(_) | Kind::Unclear => {
                self.requests.first().cloned().unwrap_or_default()
            }
        };
        match self.planned {
            Some(at) => format!("{what}-{:02}{:02}{:02}", at.day(), at.hour(), at.minute()),
            None => what,
        }
    }
}

/// What a patient's day is made of.
pub(crate) struct Sources<'a> {
    /// Active prescriptions.
    pub active: &'a [&'a Value],
    /// Those that were stopped.
    pub stopped: &'a [&'a Value],
    /// What was given or not, of the last two days at least.
    pub administrations: &'a [&'a Administration],
    pub now: DateTime,
    pub now_millisecond: i64,
}

impl Sources<'_> {
    /// The planned rows of a day, in order of time, and then those as needed.
    pub(crate) fn rows(&self, day: Date) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut pouches: Vec<(DateTime, Vec<Row>)> = Vec::new();
        for request in self.active {
            for row in self.rows_of(request, day) {
                let at = row.planned.filter(|_| is_pouched(request));
                match at {
                    None => rows.push(row),
                    Some(at) => match pouches.iter_mut().find(|(known, _)| *known == at) {
                        Some((_, content)) => content.push(row),
                        None => pouches.push((at, vec![row])),
                    },
                }
            }
        }
        rows.extend(pouches.into_iter().flat_map(|(_, content)| pouch(content)));
        rows.sort_by(|a, b| {
            let key = |row: &Row| (row.planned.is_none(), row.planned, row.title.clone());
            key(a).cmp(&key(b))
        });
        rows
    }

    fn rows_of(&self, request: &Value, day: Date) -> Vec<Row> {
        let since = began(request).unwrap_or(day);
        let mut rows = Vec::new();
        for dosage in list(request, "/dosageInstruction") {
            match plan(dosage, day, since) {
                Plan::Times(times) => rows.extend(times.into_iter().map(|time| {
                    let planned = day.to_datetime(time);
                    let state = self.state(request, planned);
                    Row { planned: Some(planned), state, ..self.row(request, dosage, Kind::Single) }
                })),
                Plan::AsNeeded(most) => {
                    let kind = Kind::AsNeeded(Box::new(self.needed(request, most)));
                    rows.push(self.row(request, dosage, kind));
                }
                Plan::Unclear => rows.push(self.row(request, dosage, Kind::Unclear)),
            }
        }
        if list(request, "/dosageInstruction").is_empty() {
            rows.push(self.row(request, &Value::Null, Kind::Unclear));
        }
        rows
    }

    fn row(&self, request: &Value, dosage: &Value, kind: Kind) -> Row {
        let reason =
            list(request, "/reasonCode").first().map(|reason| words(reason, "").to_owned());
        Row {
            patient: crate::fields::patient(request).to_owned(),
            requests: vec![text(request, "/id").to_owned()],
            planned: None,
            title: medicine(request),
            amount: quantity(dosage, "/doseAndRate/0/doseQuantity"),
            dosage: text(dosage, "/text").to_owned(),
            reason: reason.filter(|reason| !reason.is_empty()),
            is_controlled: atc(request).is_some_and(is_controlled),
            change: self.change(request),
            state: State::Due { late: false },
            kind,
        }
    }

    fn state(&self, request: &Value, planned: DateTime) -> State {
        let name = planned_name(text(request, "/id"), planned);
        let said = self.administrations.iter().filter(|one| one.name.as_ref() == Some(&name));
        if let Some(latest) = said.max_by_key(|one| one.at_millisecond) {
            return State::Done(vec![(*latest).clone()]);
        }
        let minutes = minutes_between(planned, self.now);
        match minutes {
            ..0 if minutes < -EARLY_MINUTES => State::Coming,
            _ => State::Due { late: minutes > LATE_MINUTES },
        }
    }

    fn needed(&self, request: &Value, most: Option<f64>) -> Needed {
        let id = text(request, "/id");
        let mut given: Vec<&&Administration> = self
            .administrations
            .iter()
            .filter(|one| one.request == id && one.outcome != Outcome::NotGiven)
            .collect();
        given.sort_by_key(|one| one.at_millisecond);
        let since = self.now_millisecond - DAY_MILLISECONDS;
        let recent: Vec<_> = given.iter().filter(|one| one.at_millisecond > since).collect();
        let mut needed = Needed {
            last: given.last().map(|one| (**one).clone()),
            count: recent.len(),
            most,
            again: None,
        };
        if needed.is_full() {
            // When the one that must go has been for a day and a night.
            let keep = most.map_or(0, |most| most as usize).saturating_sub(1);
            let goes = recent.len().checked_sub(keep + 1).and_then(|place| recent.get(place));
            needed.again = goes.map(|one| {
                Moment::from_instant(akson_base::Instant(one.at_millisecond + DAY_MILLISECONDS))
            });
        }
        needed
    }

    /// New, or how the strength was changed, of a prescription of the last days.
    fn change(&self, request: &Value) -> Option<String> {
        let began = began(request)?;
        let age = days_between(began, self.now.date());
        if !(0..=NEW_DAYS).contains(&age) {
            return None;
        }
        let code = atc(request)?;
        let old = self
            .stopped
            .iter()
            .filter(|old| atc(old) == Some(code))
            .max_by_key(|old| began_text(old));
        let Some(old) = old else {
            return Some(crate::messages::t("round.new").to_owned());
        };
        let (now, before) = (strength(&medicine(request))?, strength(&medicine(old))?);
        let from = [("from", before.1.as_str())];
        Some(if now.0 > before.0 {
            tf("round.raised", &from)
        } else if now.0 < before.0 {
            tf("round.lowered", &from)
        } else {
            crate::messages::t("round.changed").to_owned()
        })
    }
}

/// Rows of one time and pouch as one row for each outcome that they have.
fn pouch(content: Vec<Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for one in content {
        let words = match &one.amount {
            Some(amount) => format!("{} – {amount}", one.title),
            None => one.title.clone(),
        };
        let same = rows.iter_mut().find(|row| is_same_state(&row.state, &one.state));
        match same {
            Some(row) => {
                row.requests.extend(one.requests);
                if let Kind::Pouch(content) = &mut row.kind {
                    content.push(words);
                }
                if let (State::Done(all), State::Done(more)) = (&mut row.state, one.state) {
                    all.extend(more);
                }
                row.change = row.change.take().or(one.change);
            }
            None => rows.push(Row {
                kind: Kind::Pouch(vec![words]),
                title: String::new(),
                amount: None,
                dosage: String::new(),
                reason: None,
                ..one
            }),
        }
    }
    rows
}

fn is_same_state(a: &State, b: &State) -> bool {
    match (a, b) {
        (State::Done(a), State::Done(b)) => {
            let key =
                |all: &[Administration]| all.first().map(|one| (one.outcome, one.why.clone()));
            key(a) == key(b)
        }
        (a, b) => a == b,
    }
}

/// Whether the pharmacy packs it.
fn is_pouched(request: &Value) -> bool {
    list(request, "/category")
        .iter()
        .any(|category| codes(category, "").any(|one| one == (DISPENSING, "multidose")))
}

/// What is given, in words.
pub(crate) fn medicine(request: &Value) -> String {
    let concept = words(request, "/medicationCodeableConcept");
    if concept.is_empty() { text(request, "/medicationReference/display") } else { concept }
        .to_owned()
}

/// The ATC code of a prescription.
pub(crate) fn atc(request: &Value) -> Option<&str> {
    codes(request, "/medicationCodeableConcept")
        .find(|(system, _)| is_atc(system))
        .map(|(_, code)| code)
}

/// When a prescription began: the bounds of its timing, else when it was written.
pub(crate) fn began(request: &Value) -> Option<Date> {
    Moment::parse(began_text(request)).map(Moment::date)
}

fn began_text(request: &Value) -> &str {
    match text(request, "/dosageInstruction/0/timing/repeat/boundsPeriod/start") {
        "" => text(request, "/authoredOn"),
        start => start,
    }
}

/// The first number of a medicine's name with its unit: 40 and `40 mg` of `Furosemid 40 mg tablett`.
fn strength(medicine: &str) -> Option<(f64, String)> {
    let mut words =
        medicine.split(' ').skip_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    let number = words.next()?;
    let value: f64 = number.replace(',', ".").parse().ok()?;
    Some((value, format!("{number} {}", words.next().unwrap_or_default()).trim().to_owned()))
}

/// Minutes from one local time to another.
pub(crate) fn minutes_between(from: DateTime, to: DateTime) -> i64 {
    let seconds = |at: DateTime| {
        days_between(Date::constant(2000, 1, 1), at.date()) * 86_400
            + i64::from(at.hour()) * 3600
            + i64::from(at.minute()) * 60
            + i64::from(at.second())
    };
    (seconds(to) - seconds(from)).div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::super::administration::read;
    use super::*;
    use jiff::civil::datetime;
    use serde_json::json;

    fn request(id: &str, name: &str, atc: &str, start: &str, repeat: Value) -> Value {
        let mut repeat = repeat;
        repeat["boundsPeriod"] = json!({"start": start});
        json!({
            "resourceType": "MedicationRequest", "id": id, "status": "active",
            "subject": {"reference": "Patient/p"},
            "medicationCodeableConcept": {"text": name,
                "coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7180", "code": atc}]},
            "dosageInstruction": [{"text": "som foreskrevet", "timing": {"repeat": repeat},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablett"}}]}],
        })
    }

    fn given(
        id: &str,
        request: &str,
        name: Option<&str>,
        status: &str,
        at: &str,
    ) -> Administration {
        read(&json!({
            "id": id, "status": status, "subject": {"reference": "Patient/p"},
            "identifier": name.map(|name| json!([{"system": super::super::administration::PLANNED_DOSE,
                "value": format!("{request}@{name}")}])).unwrap_or(json!([])),
            "effectiveDateTime": at, "request": {"reference": format!("MedicationRequest/{request}")},
            "performer": [{"actor": {"reference": "Practitioner/n", "display": "Kari"}}],
        }))
        .unwrap()
    }

    fn rows(
        active: &[Value],
        stopped: &[Value],
        said: &[Administration],
        now: DateTime,
    ) -> Vec<Row> {
        let active: Vec<&Value> = active.iter().collect();
        let stopped: Vec<&Value> = stopped.iter().collect();
        let said: Vec<&Administration> = said.iter().collect();
        Sources {
            active: &active,
            stopped: &stopped,
            administrations: &said,
            now,
            now_millisecond: crate::dates::millisecond_in_oslo(now).unwrap(),
        }
        .rows(now.date())
    }

    const NOW: DateTime = datetime(2026, 11, 21, 9, 10, 0, 0);

    fn morning() -> Value {
        json!({"when": ["MORN", "EVE"]})
    }

    #[test]
    fn a_dose_is_due_late_coming_or_done() {
        let all =
            [request("m", "Metoprolol 50 mg depottablett", "C07AB02", "2020-01-01", morning())];
        let found = rows(&all, &[], &[], NOW);
        assert_eq!(found[0].state, State::Due { late: true });
        assert_eq!(found[1].state, State::Coming);
        let done = given("a", "m", Some("2026-11-21T08:00"), "completed", "2026-11-21T07:04:00Z");
        let found = rows(&all, &[], &[done], NOW);
        assert!(found[0].is_done() && !found[1].is_done());
        // What was undone is as if nothing was said.
        let undone =
            json!({"status": "entered-in-error", "effectiveDateTime": "2026-11-21T07:04:00Z"});
        assert_eq!(read(&undone), None);
    }

    #[test]
    fn a_pouch_is_one_row_with_its_content() {
        let mut all = [
            request("a", "Amlodipin 5 mg tablett", "C08CA01", "2020-01-01", morning()),
            request("b", "Losartan 50 mg tablett", "C09CA01", "2020-01-01", morning()),
            request(
                "c",
                "Tiotropium 18 mikrog",
                "R03BB04",
                "2020-01-01",
                json!({"when": ["MORN"]}),
            ),
        ];
        for one in &mut all[..2] {
            one["category"] = json!([{"coding": [{"system": DISPENSING, "code": "multidose"}]}]);
        }
        let found = rows(&all, &[], &[], NOW);
        assert_eq!(found.len(), 3, "{found:#?}");
        let pouch = found.iter().find(|row| matches!(row.kind, Kind::Pouch(_))).unwrap();
        assert_eq!(pouch.requests, ["a", "b"]);
        // One of the two was left out: it stands apart.
        let one = given("x", "a", Some("2026-11-21T08:00"), "not-done", "2026-11-21T07:04:00Z");
        let found = rows(&all, &[], &[one], NOW);
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn as_needed_counts_a_day_and_a_night_and_says_when_there_is_room() {
        let repeat = json!({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"});
        let mut one = request("p", "Paracetamol 1 g tablett", "N02BE01", "2020-01-01", repeat);
        one["dosageInstruction"][0]["asNeededBoolean"] = json!(true);
        let all = [one];
        let needed = |said: &[Administration]| match &rows(&all, &[], said, NOW)[0].kind {
            Kind::AsNeeded(needed) => (**needed).clone(),
            Kind::Single | Kind::Pouch(_) | Kind::Unclear => panic!("not as needed"),
        };
        let at = |id: &str, time: &str| given(id, "p", None, "completed", time);
        assert!(!needed(&[]).is_full());
        // 09.11 yesterday is within 24 hours, 09.09 is not.
        let old = at("1", "2026-11-20T08:09:00Z");
        let first = at("2", "2026-11-20T08:11:00Z");
        let last = at("3", "2026-11-20T21:10:00Z");
        let found = needed(&[old.clone(), last.clone()]);
        assert_eq!((found.count, found.is_full()), (1, false));
        let found = needed(&[old, first, last]);
        assert_eq!((found.count, found.is_full()), (2, true));
        assert_eq!(found.again.unwrap().clock().as_deref(), Some("09.11"));
        assert_eq!(found.last.unwrap().id, "3");
    }

    #[test]
    fn a_change_of_strength_is_marked_for_two_days() {
        let repeat = || json!({"when": ["MORN"]});
        let new =
            |start: &str| [request("n", "Furosemid 40 mg tablett", "C03CA01", start, repeat())];
        let old = [request("o", "Furosemid 20 mg tablett", "C03CA01", "2026-01-01", repeat())];
        let change = |new: &[Value], old: &[Value]| rows(new, old, &[], NOW)[0].change.clone();
        assert_eq!(change(&new("2026-11-20"), &old).as_deref(), Some("økt fra 20 mg"));
        assert_eq!(change(&new("2026-11-20"), &[]).as_deref(), Some("ny"));
        assert_eq!(change(&new("2026-11-10"), &old), None);
    }

    #[test]
    fn what_does_not_say_when_is_a_row_and_controlled_medicines_are_marked() {
        let all = [
            request("u", "Warfarin 2,5 mg tablett", "B01AA03", "2020-01-01", json!({})),
            request("o", "Oksykodon 5 mg kapsel", "N02AA05", "2020-01-01", morning()),
        ];
        let found = rows(&all, &[], &[], NOW);
        assert!(found.iter().any(|row| row.kind == Kind::Unclear));
        assert!(found.iter().any(|row| row.is_controlled && row.planned.is_some()));
    }
}
