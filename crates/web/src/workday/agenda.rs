//! Today's appointments: one's own, or those of the whole unit.
//!
//! Standard: <https://hl7.org/fhir/R4/appointment.html>

use akson_access::{Personnel, Role};
use akson_base::{Instant, Problem};
use akson_fhir::date::DateTime;
use akson_fhir::model::{NodeRef, Resource};

use super::people;
use super::unit::Unit;
use crate::chart::Person;
use crate::datatypes::{concept, display, moment, target_id, text};
use crate::dates::Moment;
use crate::sight::Reader;

/// Appointments of one day that are shown.
const SLOTS_MAX: usize = 200;
/// `Appointment.status` of what belongs to a day.
const SHOWN: &str = "pending,booked,arrived,checked-in,fulfilled,noshow";
/// Whoever has not come by then is late, milliseconds after the beginning.
const LATE_MILLISECONDS: i64 = 60_000;

/// Whose appointments are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The reader's own.
    Mine,
    /// The whole unit's.
    Unit,
}

impl Scope {
    /// In addresses and in the cookie.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mine => "min",
            Self::Unit => "enhet",
        }
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Mine, Self::Unit].into_iter().find(|scope| scope.word() == word)
    }

    /// What a role begins with: those who assist a unit see all of it.
    pub(crate) fn usual(role: Role) -> Self {
        match role {
            Role::Nurse | Role::HealthcareWorker | Role::Receptionist => Self::Unit,
            Role::Doctor
            | Role::HealthStationNurse
            | Role::Therapist
            | Role::CaseWorker
            | Role::PrivacyOfficer
            | Role::Administrator
            | Role::Citizen
            | Role::System => Self::Mine,
        }
    }
}

/// How far an appointment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    /// To come.
    Booked,
    /// Should have begun, and nobody has said that the patient is here.
    Late,
    /// The patient is here.
    Arrived,
    /// Over.
    Done,
    /// The patient did not come.
    Missed,
}

/// One appointment.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub id: String,
    pub start: Moment,
    pub begins: Instant,
    pub person: Option<Person>,
    /// Why the patient comes.
    pub reason: Option<String>,
    /// What kind of appointment it is, when that says more than the reason.
    pub kind: Option<String>,
    /// With whom, when it is not the reader.
    pub with: Option<String>,
    pub state: SlotState,
}

/// The appointments of a day, in order.
#[derive(Clone, Debug)]
pub(crate) struct Agenda {
    pub scope: Scope,
    pub slots: Vec<Slot>,
}

impl Agenda {
    /// When the next one becomes late if nobody says anything.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let booked = self.slots.iter().filter(|slot| slot.state == SlotState::Booked);
        let late = booked.map(|slot| Instant(slot.begins.0 + LATE_MILLISECONDS));
        late.filter(|at| *at > now).min()
    }
}

impl Reader {
    /// Today's agenda by itself; none for roles without appointments.
    pub(crate) async fn day(
        &self,
        personnel: &Personnel,
        scope: Scope,
    ) -> Result<Option<Agenda>, Problem> {
        let unit = self.unit(personnel).await?;
        self.agenda(personnel, &unit, Some(scope)).await
    }

    /// Today's agenda; none for roles without appointments.
    pub(super) async fn agenda(
        &self,
        personnel: &Personnel,
        unit: &Unit,
        chosen: Option<Scope>,
    ) -> Result<Option<Agenda>, Problem> {
        if personnel.role == Role::CaseWorker {
            return Ok(None);
        }
        let scope = match chosen {
            Some(scope) => scope,
            None if matches!(personnel.role, Role::Nurse | Role::HealthcareWorker) => {
                let own = self.agenda_of(personnel, unit, Scope::Mine).await?;
                // Whoever has patients of their own today begins at these.
                if !own.slots.is_empty() {
                    return Ok(Some(own));
                }
                Scope::Unit
            }
            None => Scope::usual(personnel.role),
        };
        self.agenda_of(personnel, unit, scope).await.map(Some)
    }

    async fn agenda_of(
        &self,
        personnel: &Personnel,
        unit: &Unit,
        scope: Scope,
    ) -> Result<Agenda, Problem> {
        let actors = match scope {
            Scope::Mine => personnel.practitioner().unwrap_or_default().to_owned(),
            Scope::Unit => unit.places.join(","),
        };
        if actors.is_empty() {
            return Ok(Agenda { scope, slots: Vec::new() });
        }
        let query = format!("actor={actors}&date={}&status={SHOWN}", self.today());
        let mut slots = self.slots(personnel, &query).await?;
        slots.sort_by(|a, b| (a.begins, &a.id).cmp(&(b.begins, &b.id)));
        Ok(Agenda { scope, slots })
    }

    /// The appointments that a query finds.
    pub(super) async fn slots(
        &self,
        personnel: &Personnel,
        query: &str,
    ) -> Result<Vec<Slot>, Problem> {
        let query = format!("{query}&_include=Appointment:patient&_count={SLOTS_MAX}");
        let found = self.search(&self.caller(), "Appointment", query).await?;
        Ok(read(&found, personnel.practitioner().unwrap_or_default(), self.now()))
    }
}

/// The appointments among what was found, with their patients.
pub(crate) fn read(found: &[Resource], own: &str, now: Instant) -> Vec<Slot> {
    let people = people(found);
    let appointments = found.iter().map(Resource::root).filter(|r| r.type_name() == "Appointment");
    appointments
        .filter_map(|appointment| {
            let mut slot = slot(appointment, own, now)?;
            let actors = appointment.named("participant").filter_map(|p| p.first("actor"));
            let mut patients = actors.filter(|actor| is_of(*actor, "Patient/"));
            slot.person = patients.find_map(target_id).and_then(|id| people.get(id)).cloned();
            Some(slot)
        })
        .collect()
}

fn is_of(actor: NodeRef<'_>, kind: &str) -> bool {
    text(actor, &["reference"]).is_some_and(|reference| reference.starts_with(kind))
}

fn slot(appointment: NodeRef<'_>, own: &str, now: Instant) -> Option<Slot> {
    let start = text(appointment, &["start"])?;
    let begins = Instant(DateTime::parse_instant(start).ok()?.interval_in_norway().start);
    let state = match text(appointment, &["status"])? {
        "arrived" | "checked-in" => SlotState::Arrived,
        "fulfilled" => SlotState::Done,
        "noshow" => SlotState::Missed,
        "booked" | "pending" if begins.0 + LATE_MILLISECONDS <= now.0 => SlotState::Late,
        "booked" | "pending" => SlotState::Booked,
        _ => return None,
    };
    let actors = appointment.named("participant").filter_map(|p| p.first("actor"));
    let mut workers = actors.filter(|actor| is_of(*actor, "Practitioner/"));
    let with = workers.find(|actor| text(*actor, &["reference"]) != Some(own)).and_then(display);
    let words = |name: &str| appointment.first(name).and_then(concept);
    let reason = text(appointment, &["comment"])
        .map(str::to_owned)
        .or_else(|| words("reasonCode"))
        .or_else(|| text(appointment, &["description"]).map(str::to_owned));
    let kind = words("serviceType").or_else(|| words("appointmentType"));
    Some(Slot {
        id: text(appointment, &["id"])?.to_owned(),
        start: moment(appointment, &["start"])?,
        begins,
        person: None,
        kind: kind.filter(|kind| reason.as_ref() != Some(kind)),
        reason,
        with,
        state,
    })
}
