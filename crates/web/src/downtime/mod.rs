//! The copy for downtime: what a ward and a surgery need on paper when the server does not answer.
//!
//! [`Downtime`] keeps in memory what the copy tells and reads again only those for whom something was
//! written (`record::Record::touched`); each day begins anew. Every look goes through the record, as a
//! system of the unit's organisation, and is in the patients' log.
//! Here: what is kept and when it is read. Not here: which units there are (`units`), HTML (`sheets`),
//! what a browser needs to open a locked one (`shell`), where the files lie (`server::downtime`).

mod sheets;
mod shell;
mod units;

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::Actor;
use akson_base::{Clock, Instant, Problem};
use akson_fhir::model::Resource;
use akson_record::{Record, STANDBY_TYPES, standby_reader};
use jiff::civil::Date;
use serde_json::Value;

pub use shell::{Locked, Made, index, locked, open};

use self::units::Unit;
use crate::chart::{self, Chart};
use crate::dates::Moment;
use crate::growth::References;
use crate::messages::t;
use crate::round::{Around, Round, slot_at};
use crate::sight::{Desk, Reader, as_json, parse};
use crate::terminology::Terminology;
use crate::workday::{Slot, read_slots};

/// Types that say which units there are.
const REGISTERS: [&str; 4] = ["Location", "Organization", "Practitioner", "PractitionerRole"];
/// Types by which somebody comes to a unit.
const COMING: [&str; 2] = ["Encounter", "Appointment"];
/// Milliseconds by which a search for what is new goes back before the last one.
const OVERLAP: i64 = 2_000;

/// One sheet of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Name of its file, without ending: letters, digits and hyphens, nothing of a patient.
    pub name: String,
    /// What it is called: the unit.
    pub title: String,
    /// What it holds, in words.
    pub kind: &'static str,
    /// How many patients.
    pub patients: usize,
    /// The content, HTML of our own.
    pub content: String,
}

/// What the copy holds of one patient.
#[derive(Default)]
struct Known {
    chart: Chart,
    hides_something: bool,
    resources: Vec<Resource>,
    requests: Vec<Value>,
    administrations: Vec<Value>,
    /// Those in progress.
    stays: Vec<Value>,
    appointments: Vec<(Value, Resource)>,
}

/// A unit and its patients, by id.
struct Followed {
    unit: Unit,
    reader: Reader,
    patients: HashMap<String, Known>,
}

/// Somebody of a round or an agenda as a sheet shows them.
struct Shown<'k> {
    chart: &'k Chart,
    hides_something: bool,
}

/// The keeper of the copy.
pub struct Downtime {
    desk: Arc<Desk>,
    day: Option<Date>,
    since: u64,
    asked: Instant,
    units: Vec<Followed>,
}

impl Downtime {
    /// A copy of nothing yet.
    pub fn new(record: Arc<Record>, clock: Arc<dyn Clock>) -> Self {
        let codes = Arc::new(Terminology::built_in());
        let references = References::built_in();
        let desk = Arc::new(Desk::new(record, clock, None, codes, references));
        Self { desk, day: None, since: 0, asked: Instant(0), units: Vec::new() }
    }

    /// Brings the copy up to date and writes its sheets, each with what it holds now.
    ///
    /// # Errors
    /// What the record refuses; WEB-270 when there is more than a copy may hold. The copy is as it was
    /// then, and the next time reads all anew.
    pub async fn refresh(&mut self) -> Result<Vec<Sheet>, Problem> {
        let refreshed = self.follow().await;
        if refreshed.is_err() {
            self.day = None;
        }
        refreshed?;
        Ok(self.units.iter().filter_map(|unit| unit.sheet(self.desk.now())).collect())
    }

    async fn follow(&mut self) -> Result<(), Problem> {
        let (today, now) = (self.desk.today(), self.desk.now());
        let ids: Vec<String> =
            self.units.iter().flat_map(|unit| unit.patients.keys().cloned()).collect();
        let types: Vec<&'static str> = REGISTERS.into_iter().chain(COMING).collect();
        let record = self.desk.record();
        if self.day != Some(today) {
            self.since = record.newest_commit()?;
            self.units = self.begin().await?;
            for unit in &mut self.units {
                let found = unit.unit.everybody(&unit.reader, today).await?;
                unit.read(&found, today).await?;
            }
            (self.day, self.asked) = (Some(today), now);
            return Ok(());
        }
        let touched = record.touched(&ids, &types, self.since)?;
        if REGISTERS.iter().any(|of| touched.types.contains(of)) {
            self.join(today).await?;
        }
        let since = Instant(self.asked.0 - OVERLAP);
        for unit in &mut self.units {
            let mut again: Vec<String> =
                unit.patients.keys().filter(|id| touched.patients.contains(*id)).cloned().collect();
            if COMING.iter().any(|of| touched.types.contains(of)) {
                let new = unit.unit.newcomers(&unit.reader, today, since).await?;
                again.extend(new.into_iter().filter(|id| !unit.patients.contains_key(id)));
            }
            unit.read(&again, today).await?;
        }
        (self.since, self.asked) = (touched.until, now);
        Ok(())
    }

    /// The units as the registers have them, without patients.
    async fn begin(&self) -> Result<Vec<Followed>, Problem> {
        let registers = self.reader(None, t("downtime.actor"))?;
        let units = units::all(&registers).await?;
        units.into_iter().map(|unit| self.followed(unit)).collect()
    }

    fn followed(&self, unit: Unit) -> Result<Followed, Problem> {
        let name = format!("{}, {}", t("downtime.actor"), unit.organisation_name);
        let reader = self.reader(Some(&unit.organisation), &name)?;
        Ok(Followed { unit, reader, patients: HashMap::new() })
    }

    fn reader(&self, organisation: Option<&str>, name: &str) -> Result<Reader, Problem> {
        let actor: Actor = standby_reader(organisation, name)?;
        Ok(Reader::of_house(&self.desk, actor))
    }

    /// Takes in what is new in the registers: units that came, went or changed.
    async fn join(&mut self, today: Date) -> Result<(), Problem> {
        let mut before: Vec<Followed> = std::mem::take(&mut self.units);
        for mut one in self.begin().await? {
            match before.iter().position(|known| known.unit == one.unit) {
                Some(place) => one = before.swap_remove(place),
                None => {
                    let found = one.unit.everybody(&one.reader, today).await?;
                    one.read(&found, today).await?;
                }
            }
            self.units.push(one);
        }
        Ok(())
    }
}

impl Followed {
    /// Reads these patients, and forgets those of them who are not the unit's any more.
    async fn read(&mut self, ids: &[String], today: Date) -> Result<(), Problem> {
        if ids.is_empty() {
            return Ok(());
        }
        let caller = self.reader.caller();
        let found = self.reader.record().standby(&caller, ids, &STANDBY_TYPES).await?;
        for id in ids {
            self.patients.remove(id);
        }
        for one in found {
            let hides_something = one.hides_something;
            let mut known = Known { hides_something, ..Known::default() };
            for version in &one.versions {
                known.take(as_json(version)?, parse(version)?);
            }
            known.resources.extend(self.reader.medications(&caller, &known.resources).await?);
            known.chart = chart::build(&known.resources, today);
            if self.unit.has(&known, today) {
                self.patients.insert(one.id, known);
            }
        }
        Ok(())
    }

    /// The unit's sheet; nothing for an agenda without appointments.
    fn sheet(&self, now: Instant) -> Option<Sheet> {
        let shown = |id: &str| {
            let known = self.patients.get(id)?;
            Some(Shown { chart: &known.chart, hides_something: known.hides_something })
        };
        let (kind, content) = match &self.unit.kind {
            units::Kind::Ward(ward) => {
                let stays = self.stays(&ward.id);
                let mut round = Round::empty(
                    (Vec::new(), ward.clone()),
                    slot_at(Moment::from_instant(now).start()),
                    now,
                );
                round.day = round.now.date();
                round.fill(&self.around(), &stays);
                (t("downtime.ward"), sheets::ward(&round, &shown))
            }
            units::Kind::Agenda(_) => {
                let slots = self.slots(now);
                if slots.is_empty() {
                    return None;
                }
                (t("downtime.agenda"), sheets::agenda(&slots, now, &shown))
            }
        };
        Some(Sheet {
            name: self.unit.file_name(),
            title: self.unit.title.clone(),
            kind,
            patients: self.patients.len(),
            content: content.into_string(),
        })
    }

    fn stays(&self, ward: &str) -> Vec<Value> {
        let all = self.patients.values().flat_map(|known| &known.stays);
        all.filter(|stay| units::is_in(stay, ward)).cloned().collect()
    }

    fn around(&self) -> Around {
        let known = self.patients.iter();
        let resources = known.map(|(id, known)| (id.clone(), known.resources.clone())).collect();
        let all = |of: fn(&Known) -> &Vec<Value>| -> Vec<Value> {
            self.patients.values().flat_map(of).cloned().collect()
        };
        Around::new(resources, all(|one| &one.requests), &all(|one| &one.administrations))
    }

    /// Today's appointments with the unit, in order.
    fn slots(&self, now: Instant) -> Vec<Slot> {
        let today = Moment::from_instant(now).date();
        let mut slots = Vec::new();
        for known in self.patients.values() {
            let own = known.appointments.iter().filter(|(one, _)| self.unit.is_with(one));
            let mut found: Vec<Resource> = own.map(|(_, resource)| resource.clone()).collect();
            let person = known.resources.iter().filter(|one| one.root().type_name() == "Patient");
            found.extend(person.cloned());
            let of_day = read_slots(&found, "", now).into_iter();
            slots.extend(of_day.filter(|slot| slot.start.date() == today));
        }
        slots.sort_by(|a, b| (a.begins, &a.id).cmp(&(b.begins, &b.id)));
        slots
    }
}

impl Known {
    fn take(&mut self, json: Value, resource: Resource) {
        match resource.root().type_name() {
            "MedicationAdministration" => self.administrations.push(json),
            "Encounter" => self.stays.push(json),
            "Appointment" => self.appointments.push((json, resource)),
            "MedicationRequest" => {
                self.requests.push(json);
                self.resources.push(resource);
            }
            _ => self.resources.push(resource),
        }
    }
}
