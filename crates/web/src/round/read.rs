//! What a round reads from the record: the ward, its residents, their prescriptions and what was given.
//!
//! Eight searches whatever the number of residents, most of them at the same time; each is in the log of
//! every patient whom it showed. Not here: what is due (`dose`), HTML (`pages::round_page`).

use std::collections::HashMap;

use akson_base::Problem;
use akson_fhir::model::Resource;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::administration::{self, Actor, Administration, LASTING};
use super::dose::{Row, Sources};
use super::news2::{Reading, SCORE};
use super::slot::{Slot, slot_at};
use crate::chart::{self, Person, Warning};
use crate::dates::{Moment, days_between};
use crate::fields::{codes, list, patient, target, text, words};
use crate::sight::Reader;
use crate::systems::SNOMED;

/// Residents of one ward.
const RESIDENTS_MAX: usize = 60;
/// Locations of one unit that are looked through for wards.
const PLACES_MAX: usize = 300;
/// Resources of one kind for all residents of a ward.
const EACH_MAX: usize = 1_000;

/// A ward of the reader's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ward {
    pub id: String,
    pub name: String,
}

/// Somebody who lies in the ward.
#[derive(Clone, Debug)]
pub(crate) struct Resident {
    pub person: Person,
    pub room: String,
    /// Kind of stay, and since when.
    pub stay: String,
    pub since: Option<Moment>,
    pub warnings: Vec<Warning>,
    /// Early-warning scores of the last days, newest first.
    pub scores: Vec<Reading>,
    /// All rows of the day.
    pub rows: Vec<Row>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub ward: Option<String>,
    pub day: Date,
    pub slot: Slot,
}

/// A round of a ward.
pub(crate) struct Round {
    pub wards: Vec<Ward>,
    pub ward: Ward,
    pub day: Date,
    pub slot: Slot,
    /// Whether it is the round of now.
    pub is_now: bool,
    pub now: DateTime,
    pub now_millisecond: i64,
    /// In order of room.
    pub residents: Vec<Resident>,
}

impl Round {
    /// A round that nobody is in yet, as it is at a moment.
    pub(crate) fn empty(
        (wards, ward): (Vec<Ward>, Ward),
        (day, slot): (Date, Slot),
        at: akson_base::Instant,
    ) -> Self {
        let now = Moment::from_instant(at).start();
        Self {
            wards,
            ward,
            day,
            slot,
            is_now: slot_at(now) == (day, slot),
            now,
            now_millisecond: at.0,
            residents: Vec::new(),
        }
    }

    /// Puts in those whose stays these are, in order of room.
    pub(crate) fn fill(&mut self, around: &Around, stays: &[Value]) {
        self.residents = stays.iter().map(|stay| around.resident(stay, self)).collect();
        self.residents.sort_by(|a, b| a.room.cmp(&b.room));
    }

    /// Rows of the round that is shown: those planned in it, and what is given as needed.
    pub(crate) fn rows<'r>(
        &self,
        resident: &'r Resident,
    ) -> impl Iterator<Item = &'r Row> + use<'r> {
        let (day, slot) = (self.day, self.slot);
        resident.rows.iter().filter(move |row| match row.planned {
            Some(at) => slot_at(at) == (day, slot),
            None => true,
        })
    }

    /// Done and all of a round of this day.
    pub(crate) fn progress(&self, slot: Slot) -> (usize, usize) {
        let rows = self.residents.iter().flat_map(|resident| &resident.rows);
        let of = rows.filter(|row| row.planned.is_some_and(|at| slot_at(at) == (self.day, slot)));
        of.fold((0, 0), |(done, all), row| (done + usize::from(row.is_done()), all + 1))
    }
}

/// Wards and the residents of one of them.
pub(crate) struct Residents {
    pub wards: Vec<Ward>,
    pub ward: Ward,
    /// Encounters in progress.
    pub stays: Vec<Value>,
}

impl Reader {
    /// `Organization/…` that the reader works for now.
    pub(super) fn own_unit(&self) -> Option<&str> {
        self.who.actor.personnel()?.organisations.first().map(|one| &**one)
    }

    /// The reader as who gives something.
    pub(crate) fn giver(&self) -> Option<Actor> {
        let reference = self.who.actor.practitioner()?.to_owned();
        let display = self.who.display().split(',').next().unwrap_or_default().to_owned();
        Some(Actor { reference, display })
    }

    /// The wards of the reader's unit, by name; none where it has no beds.
    pub(crate) async fn wards(&self) -> Result<Vec<Ward>, Problem> {
        let Some(unit) = self.own_unit() else { return Ok(Vec::new()) };
        let query = format!("organization={unit}&status=active&_count={PLACES_MAX}");
        let places = self.search_json(&self.caller(), "Location", query).await?;
        let is_ward = |place: &&Value| codes(place, "/physicalType").any(|(_, code)| code == "wa");
        let mut wards: Vec<Ward> = places
            .iter()
            .filter(is_ward)
            .map(|place| Ward {
                id: text(place, "/id").to_owned(),
                name: text(place, "/name").to_owned(),
            })
            .collect();
        wards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(wards)
    }

    /// The residents of a ward: the one asked for, else the first. Nothing where there is no ward.
    pub(crate) async fn residents(
        &self,
        wanted: Option<&str>,
    ) -> Result<Option<Residents>, Problem> {
        let wards = self.wards().await?;
        let found = wards.iter().find(|ward| Some(&*ward.id) == wanted);
        let Some(ward) = found.or(wards.first()).cloned() else { return Ok(None) };
        let query =
            format!("status=in-progress&location=Location/{}&_count={RESIDENTS_MAX}", ward.id);
        let stays = self.search_json(&self.caller(), "Encounter", query).await?;
        Ok(Some(Residents { wards, ward, stays }))
    }

    /// A round. Nothing where the reader's unit has no ward.
    pub(crate) async fn round(&self, asked: &Asked) -> Result<Option<Round>, Problem> {
        let Some(found) = self.residents(asked.ward.as_deref()).await? else { return Ok(None) };
        let Residents { wards, ward, stays } = found;
        let mut round = Round::empty((wards, ward), (asked.day, asked.slot), self.now());
        if stays.is_empty() {
            return Ok(Some(round));
        }
        let ids: Vec<&str> = stays.iter().map(patient).collect();
        let around = self.around(&ids, asked.day).await?;
        round.fill(&around, &stays);
        Ok(Some(round))
    }

    /// Everything that a round shows of these patients.
    async fn around(&self, ids: &[&str], day: Date) -> Result<Around, Problem> {
        let list = ids.join(",");
        let caller = self.caller();
        let before = day.yesterday().unwrap_or(day);
        let (people, allergies, flags, requests, said, scores) = tokio::try_join!(
            self.search(&caller, "Patient", format!("_id={list}&_count={RESIDENTS_MAX}")),
            self.search(&caller, "AllergyIntolerance", format!("patient={list}&_count={EACH_MAX}")),
            self.search(&caller, "Flag", format!("patient={list}&_count={EACH_MAX}")),
            self.search_json(
                &caller,
                "MedicationRequest",
                format!("patient={list}&status=active,stopped&intent=order&_count={EACH_MAX}")
            ),
            self.search_json(
                &caller,
                "MedicationAdministration",
                format!(
                    "patient={list}&effective-time=ge{before}&status={LASTING}&_count={EACH_MAX}"
                )
            ),
            self.search_json(
                &caller,
                "Observation",
                format!("patient={list}&code={SNOMED}|{SCORE}&date=ge{before}&_count={EACH_MAX}")
            ),
        )?;
        let mut around = Around::default();
        for resource in people.into_iter().chain(allergies).chain(flags) {
            let id = subject(&resource);
            around.resources.entry(id).or_default().push(resource);
        }
        around.requests = requests;
        around.administrations = said.iter().filter_map(administration::read).collect();
        around.scores = scores.iter().filter_map(Reading::read).collect();
        around.scores.sort_by_key(|one| std::cmp::Reverse(one.at));
        Ok(around)
    }
}

/// The patient that a resource is about.
pub(super) fn subject(resource: &Resource) -> String {
    let root = resource.root();
    if root.type_name() == "Patient" {
        return resource.id().unwrap_or_default().to_owned();
    }
    let reference = root.first("patient").or_else(|| root.first("subject"));
    reference.and_then(crate::datatypes::target_id).unwrap_or_default().to_owned()
}

/// What was read of all residents.
#[derive(Default)]
pub(crate) struct Around {
    /// Patient, allergies and flags by patient.
    resources: HashMap<String, Vec<Resource>>,
    requests: Vec<Value>,
    administrations: Vec<Administration>,
    scores: Vec<Reading>,
}

impl Around {
    /// Of resources of any kinds about several patients: those that say who somebody is and what can
    /// kill, prescriptions, and what was given.
    pub(crate) fn new(
        resources: HashMap<String, Vec<Resource>>,
        requests: Vec<Value>,
        administrations: &[Value],
    ) -> Self {
        let is_ordered = |one: &Value| {
            matches!(text(one, "/status"), "active" | "stopped") && text(one, "/intent") == "order"
        };
        Self {
            resources,
            requests: requests.into_iter().filter(is_ordered).collect(),
            administrations: administrations.iter().filter_map(administration::read).collect(),
            scores: Vec::new(),
        }
    }

    fn resident(&self, stay: &Value, round: &Round) -> Resident {
        let id = patient(stay);
        let own = self.resources.get(id).map_or(&[][..], Vec::as_slice);
        let chart = chart::build(own, round.now.date());
        let of = |status: &str| -> Vec<&Value> {
            let all = self.requests.iter();
            all.filter(|one| patient(one) == id && text(one, "/status") == status).collect()
        };
        let administrations: Vec<&Administration> =
            self.administrations.iter().filter(|one| one.patient == id).collect();
        let sources = Sources {
            active: &of("active"),
            stopped: &of("stopped"),
            administrations: &administrations,
            now: round.now,
            now_millisecond: round.now_millisecond,
        };
        let mut rows = sources.rows(round.day);
        // The night's round goes on into the next day.
        if let Ok(next) = round.day.tomorrow() {
            let night = sources.rows(next).into_iter();
            rows.extend(night.filter(|row| row.planned.is_some_and(|at| at.hour() < 5)));
        }
        Resident {
            person: chart.person,
            room: room(stay),
            stay: list(stay, "/type").first().map_or("", |kind| words(kind, "")).to_owned(),
            since: Moment::parse(text(stay, "/period/start")),
            warnings: chart.warnings,
            scores: self.scores.iter().filter(|one| one.patient == id).cloned().collect(),
            rows,
        }
    }
}

/// The room of a stay, `201`.
pub(super) fn room(stay: &Value) -> String {
    let is_room = |place: &&Value| codes(place, "/physicalType").any(|(_, code)| code == "ro");
    let room = list(stay, "/location").iter().find(is_room);
    let Some(room) = room else { return String::new() };
    match text(room, "/location/display") {
        "" => target(room, "/location").to_owned(),
        name => name.to_owned(),
    }
}

impl Resident {
    /// Day of the stay, from 1.
    pub(crate) fn day_of_stay(&self, today: Date) -> Option<i64> {
        self.since.map(|since| days_between(since.date(), today) + 1)
    }
}
