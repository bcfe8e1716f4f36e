//! Giving a dose, not giving it, giving as needed, and being the witness of a controlled dose.
//!
//! What a form says is checked against the prescription as it stands now. A dose has a name, and is
//! created only if nothing that lasts has it: whoever comes second finds what the first has written.
//! The witness of a controlled dose confirms it in a login of their own: the giver's login alone never
//! makes one complete.
//! Law: legemiddelhåndteringsforskriften § 4 (identity, medicine, dose, time checked; double control).

use akson_base::{Kind, Problem};
use jiff::civil::DateTime;
use serde_json::Value;

use super::administration::{Actor, LASTING, New, PLANNED_DOSE, planned_name, witnessed};
use super::controlled::is_controlled;
use super::dose::{EARLY_MINUTES, Row, atc, began, minutes_between};
use super::place::Place;
use super::timing::{Plan, plan};
use crate::dates::Moment;
use crate::fields::{list, text};
use crate::forms::Form;
use crate::messages::recorded_code;
use crate::round::Kind as RowKind;
use crate::sight::Reader;
use crate::writing::Together;

/// The prescription is not as the page showed it.
pub(crate) const CHANGED: &str = "WEB-140";
/// The dose is not due for hours.
pub(crate) const TOO_EARLY: &str = "WEB-141";
/// It would be beyond the most of a day, and nobody said why.
pub(crate) const TOO_MANY: &str = "WEB-142";
/// Nobody is their own witness.
pub(crate) const OWN_WITNESS: &str = "WEB-143";
/// A dose that is not given has a reason.
pub(crate) const NO_REASON: &str = "WEB-144";

/// Why a dose is not given, with the status that it gets: codes of `code-not-given`.
pub(crate) const REASONS: [(&str, &str); 9] = [
    ("refused", "not-done"),
    ("nausea", "on-hold"),
    ("asleep", "on-hold"),
    ("values", "on-hold"),
    ("order", "on-hold"),
    ("swallow", "not-done"),
    ("away", "not-done"),
    ("unavailable", "not-done"),
    ("missed", "not-done"),
];
/// Medicines in one pouch.
const POUCH_MAX: usize = 40;
/// Characters of a note.
const NOTE_MAX: usize = 500;

/// A dose as forms and addresses name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dose {
    pub patient: String,
    pub requests: Vec<String>,
    /// `2026-11-22T08:00`; empty of what is given as needed.
    pub planned: String,
}

impl Dose {
    /// What a form says.
    pub(crate) fn of_form(form: &Form) -> Self {
        Self {
            patient: form.field("pasient").to_owned(),
            requests: form.all("ordinasjon").into_iter().map(str::to_owned).collect(),
            planned: form.field("tid").to_owned(),
        }
    }

    /// What the query of an address says.
    pub(crate) fn of_query(query: &str) -> Self {
        let mut dose = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "pasient" => dose.patient = value.into_owned(),
                "ordinasjon" => dose.requests.push(value.into_owned()),
                "tid" => dose.planned = value.into_owned(),
                _ => {}
            }
        }
        dose
    }
}

fn changed() -> Problem {
    let text = "The prescription is not as it was when the page was made.";
    Problem::new(Kind::Conflict, CHANGED, text)
}

/// Nobody is their own witness.
pub(crate) fn own_witness() -> Problem {
    let text = "Whoever gave a controlled medicine is not the witness of it.";
    Problem::new(Kind::Refused, OWN_WITNESS, text)
}

impl Reader {
    fn me(&self) -> Result<Actor, Problem> {
        let text = "Medicines are given by people at work.";
        self.giver().ok_or_else(|| Problem::new(Kind::Refused, "WEB-145", text))
    }

    /// The active prescriptions of a dose; all of them, or nothing is done.
    async fn prescriptions_of(&self, dose: &Dose) -> Result<Vec<Value>, Problem> {
        let is_id = |id: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
            !id.is_empty() && id.bytes().all(known)
        };
        let all = &dose.requests;
        if all.is_empty()
            || all.len() > POUCH_MAX
            || !all.iter().all(|id| is_id(id))
            || !is_id(&dose.patient)
        {
            return Err(changed());
        }
        let query = format!(
            "_id={}&patient={}&status=active&_count={POUCH_MAX}",
            all.join(","),
            dose.patient
        );
        let found = self.search_json(&self.caller(), "MedicationRequest", query).await?;
        if found.len() == all.len() { Ok(found) } else { Err(changed()) }
    }

    /// The prescriptions of a planned dose, and when it is planned.
    async fn planned(&self, dose: &Dose) -> Result<(Vec<Value>, DateTime), Problem> {
        let at: DateTime = dose.planned.parse().map_err(|_| changed())?;
        let requests = self.prescriptions_of(dose).await?;
        if !requests.iter().all(|request| is_planned(request, at)) {
            return Err(changed());
        }
        let now = Moment::from_instant(self.now()).start();
        if minutes_between(now, at) > EARLY_MINUTES {
            let text = "The dose is planned for later.";
            return Err(Problem::new(Kind::Invalid, TOO_EARLY, text));
        }
        Ok((requests, at))
    }

    /// Gives a planned dose, or a whole pouch.
    pub(crate) async fn give_dose(&self, dose: &Dose) -> Result<(), Problem> {
        let (by, (requests, at)) = (self.me()?, self.planned(dose).await?);
        let new = |request| New {
            request,
            name: planned_name(text(request, "/id"), at),
            planned: Some(at),
            status: given_status(request),
            why: None,
            note: "",
            by: &by,
            at: self.now(),
        };
        self.say(&requests.iter().map(new).collect::<Vec<_>>()).await
    }

    /// Says that a planned dose is not given, and why.
    pub(crate) async fn not_give(&self, dose: &Dose, form: &Form) -> Result<(), Problem> {
        let by = self.me()?;
        let words = form.typed("ord", NOTE_MAX)?;
        let (why, status, reason) = reason(form.field("grunn"), words)?;
        let (requests, at) = self.planned(dose).await?;
        let new = |request| New {
            request,
            name: planned_name(text(request, "/id"), at),
            planned: Some(at),
            status,
            why: Some((why, reason)),
            note: words,
            by: &by,
            at: self.now(),
        };
        self.say(&requests.iter().map(new).collect::<Vec<_>>()).await
    }

    /// Writes them in one commit, each only if its dose has nothing that lasts.
    async fn say(&self, all: &[New<'_>]) -> Result<(), Problem> {
        let together = || {
            let mut together = Together::default();
            for one in all {
                let query = format!("identifier={PLANNED_DOSE}|{}&status={LASTING}", one.name);
                together.create_unless(&query, &one.json());
            }
            together
        };
        match self.store(together()).await {
            // Somebody wrote it between the look and the commit: now it is found.
            Err(problem) if problem.kind == Kind::Conflict => {
                self.store(together()).await.map(drop)
            }
            stored => stored.map(drop),
        }
    }

    /// The row of a medicine that is given as needed.
    pub(crate) async fn needed_row(&self, place: &Place, dose: &Dose) -> Result<Row, Problem> {
        let round = self.round(&place.asked()).await?.ok_or_else(changed)?;
        let residents = round.residents.into_iter();
        let mut rows = residents
            .filter(|one| one.person.id == dose.patient)
            .flat_map(|resident| resident.rows);
        let is_it =
            |row: &Row| row.requests == dose.requests && matches!(row.kind, RowKind::AsNeeded(_));
        rows.find(is_it).ok_or_else(changed)
    }

    /// Gives a medicine as needed. Beyond the most of a day only with a reason.
    pub(crate) async fn give_needed(
        &self,
        place: &Place,
        dose: &Dose,
        form: &Form,
    ) -> Result<(), Problem> {
        let by = self.me()?;
        let row = self.needed_row(place, dose).await?;
        let requests = self.prescriptions_of(dose).await?;
        let (Some(request), RowKind::AsNeeded(needed)) = (requests.first(), &row.kind) else {
            return Err(changed());
        };
        let last = needed.last.as_ref().map_or("", |last| &last.id);
        if last != form.field("sist") {
            // Somebody gave one since the page was made: the row says so now.
            return Err(changed());
        }
        let words = form.typed("ord", NOTE_MAX)?;
        if needed.is_full() && words.is_empty() {
            let text = "The most of a day and a night has been given.";
            return Err(Problem::new(Kind::Invalid, TOO_MANY, text));
        }
        let over = needed
            .is_full()
            .then(|| ("over-most", recorded_code("not-given", "over-most").unwrap_or_default()));
        let new = New {
            request,
            // The one after the last: two who give it at once give it once.
            name: format!(
                "{}@etter-{}",
                text(request, "/id"),
                if last.is_empty() { "ingen" } else { last }
            ),
            planned: None,
            status: given_status(request),
            why: over,
            note: words,
            by: &by,
            at: self.now(),
        };
        self.say(&[new]).await
    }

    /// Confirms as the second person that controlled doses were given.
    pub(crate) async fn witness_doses(&self, ids: &[&str]) -> Result<(), Problem> {
        let by = self.me()?;
        let mut together = Together::default();
        for id in ids {
            let (mut given, version) = self.read_json("MedicationAdministration", id).await?;
            if text(&given, "/status") != "in-progress" {
                continue;
            }
            if list(&given, "/performer")
                .iter()
                .any(|one| text(one, "/actor/reference") == by.reference)
            {
                return Err(own_witness());
            }
            witnessed(&mut given, &by);
            together.update("MedicationAdministration", id, version, &given);
        }
        if together.is_empty() { Ok(()) } else { self.store(together).await.map(drop) }
    }
}

/// A reason by its code, with its status and words; words of one's own are a reason, too.
pub(super) fn reason<'a>(
    why: &'a str,
    words: &str,
) -> Result<(&'a str, &'static str, &'static str), Problem> {
    let known = REASONS.iter().find(|(known, _)| *known == why);
    if let (Some((_, status)), Some(reason)) = (known, recorded_code("not-given", why)) {
        return Ok((why, status, reason));
    }
    if why == "other" && !words.trim().is_empty() {
        return Ok(("other", "not-done", recorded_code("not-given", "other").unwrap_or_default()));
    }
    let text = "A dose that is not given has a reason.";
    Err(Problem::new(Kind::Invalid, NO_REASON, text))
}

/// Complete at once, or when the witness has confirmed it.
fn given_status(request: &Value) -> &'static str {
    match atc(request).is_some_and(is_controlled) {
        true => "in-progress",
        false => "completed",
    }
}

/// Whether a prescription plans a dose at a time.
fn is_planned(request: &Value, at: DateTime) -> bool {
    let since = began(request).unwrap_or(at.date());
    list(request, "/dosageInstruction").iter().any(|dosage| {
        matches!(plan(dosage, at.date(), since), Plan::Times(times) if times.contains(&at.time()))
    })
}
