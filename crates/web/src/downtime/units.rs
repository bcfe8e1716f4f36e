//! Which units a copy is made for, and who belongs to them.
//!
//! A ward is a `Location` with `physicalType` `wa`; its patients are those with an `Encounter` in
//! progress there. The agenda of an organisation is today's appointments with the people who work there
//! and with its places.

use std::collections::{BTreeMap, BTreeSet};

use akson_base::{Instant, Kind as ProblemKind, Problem};
use akson_fhir::definitions::Definitions;
use akson_record::request::{Page, SearchRequest};
use jiff::civil::Date;
use serde_json::Value;

use super::Known;
use crate::dates::{Moment, iso};
use crate::fields::{codes, list, patient, text};
use crate::messages::t;
use crate::round::Ward;
use crate::sight::{Reader, as_json};

/// Resources of one kind that a copy is made from.
const FOUND_MAX: usize = 20_000;
/// Entries of one page.
const PAGE: usize = 1_000;
/// Actors that one search asks for.
const ACTORS: usize = 500;
/// `Appointment.status` of what belongs to a day, as the agenda on the page has it.
const SHOWN: [&str; 6] = ["pending", "booked", "arrived", "checked-in", "fulfilled", "noshow"];

/// What a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ward(Ward),
    /// `Practitioner/…` and `Location/…` with whom appointments are.
    Agenda(BTreeSet<String>),
}

/// A unit that gets a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub kind: Kind,
    pub title: String,
    /// `Organization/…` in whose name it is read.
    pub organisation: String,
    pub organisation_name: String,
}

/// All units, wards first, each kind by name.
pub(super) async fn all(registers: &Reader) -> Result<Vec<Unit>, Problem> {
    let places = search(registers, "Location", "status=active").await?;
    let roles = search(registers, "PractitionerRole", "active=true").await?;
    let organisations = search(registers, "Organization", "").await?;
    let names: BTreeMap<String, &str> = organisations
        .iter()
        .map(|one| (format!("Organization/{}", text(one, "/id")), text(one, "/name")))
        .collect();
    let mut agendas: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut wards = Vec::new();
    for place in &places {
        let organisation = text(place, "/managingOrganization/reference");
        let Some(name) = names.get(organisation) else { continue };
        let id = text(place, "/id");
        agendas.entry(organisation).or_default().insert(format!("Location/{id}"));
        if codes(place, "/physicalType").any(|(_, code)| code == "wa") {
            let ward = Ward { id: id.to_owned(), name: text(place, "/name").to_owned() };
            wards.push(Unit {
                title: format!("{}, {name}", ward.name),
                kind: Kind::Ward(ward),
                organisation: organisation.to_owned(),
                organisation_name: (*name).to_owned(),
            });
        }
    }
    for role in &roles {
        let organisation = text(role, "/organization/reference");
        let own = agendas.entry(organisation).or_default();
        own.insert(text(role, "/practitioner/reference").to_owned());
    }
    let agendas = agendas.into_iter().filter_map(|(organisation, actors)| {
        let name = names.get(organisation)?;
        Some(Unit {
            kind: Kind::Agenda(actors.into_iter().filter(|one| !one.is_empty()).collect()),
            title: (*name).to_owned(),
            organisation: organisation.to_owned(),
            organisation_name: (*name).to_owned(),
        })
    });
    let mut agendas: Vec<Unit> = agendas.collect();
    wards.sort_by(|a, b| a.title.cmp(&b.title));
    agendas.sort_by(|a, b| a.title.cmp(&b.title));
    wards.extend(agendas);
    Ok(wards)
}

impl Unit {
    /// Name of its file, without ending.
    pub(super) fn file_name(&self) -> String {
        let (kind, id) = match &self.kind {
            Kind::Ward(ward) => (t("downtime.ward-file"), ward.id.as_str()),
            Kind::Agenda(_) => (
                t("downtime.agenda-file"),
                self.organisation.rsplit('/').next().unwrap_or_default(),
            ),
        };
        // An id of FHIR holds letters, digits, hyphens and full stops; a name shall not hold the last.
        format!("{kind}-{}", id.replace('.', "_"))
    }

    /// The patients who are there, or come today.
    pub(super) async fn everybody(
        &self,
        reader: &Reader,
        today: Date,
    ) -> Result<Vec<String>, Problem> {
        self.coming(reader, today, "").await
    }

    /// As [`Unit::everybody`], of what was written since a moment.
    pub(super) async fn newcomers(
        &self,
        reader: &Reader,
        today: Date,
        since: Instant,
    ) -> Result<Vec<String>, Problem> {
        self.coming(reader, today, &format!("&_lastUpdated=ge{}", iso(since))).await
    }

    async fn coming(
        &self,
        reader: &Reader,
        today: Date,
        more: &str,
    ) -> Result<Vec<String>, Problem> {
        let mut ids = BTreeSet::new();
        match &self.kind {
            Kind::Ward(ward) => {
                let query = format!("status=in-progress&location=Location/{}{more}", ward.id);
                let stays = search(reader, "Encounter", &query).await?;
                ids.extend(stays.iter().map(|stay| patient(stay).to_owned()));
            }
            Kind::Agenda(actors) => {
                let actors: Vec<&str> = actors.iter().map(String::as_str).collect();
                for some in actors.chunks(ACTORS) {
                    let (some, shown) = (some.join(","), SHOWN.join(","));
                    let query = format!("actor={some}&date={today}&status={shown}{more}");
                    let found = search(reader, "Appointment", &query).await?;
                    ids.extend(found.iter().flat_map(patients_of));
                }
            }
        }
        Ok(ids.into_iter().filter(|id| !id.is_empty()).collect())
    }

    /// Whether a patient is there, or comes today.
    pub(super) fn has(&self, known: &Known, today: Date) -> bool {
        match &self.kind {
            Kind::Ward(ward) => known.stays.iter().any(|stay| is_in(stay, &ward.id)),
            Kind::Agenda(_) => known.appointments.iter().any(|(one, _)| {
                let day = Moment::parse(text(one, "/start")).map(Moment::date);
                day == Some(today) && self.is_with(one)
            }),
        }
    }

    /// Whether an appointment is with the unit, and belongs to a day's list.
    pub(super) fn is_with(&self, appointment: &Value) -> bool {
        let Kind::Agenda(actors) = &self.kind else { return false };
        SHOWN.contains(&text(appointment, "/status"))
            && list(appointment, "/participant")
                .iter()
                .any(|one| actors.contains(text(one, "/actor/reference")))
    }
}

/// Whether a stay is in progress in a ward.
pub(super) fn is_in(stay: &Value, ward: &str) -> bool {
    let address = format!("Location/{ward}");
    text(stay, "/status") == "in-progress"
        && list(stay, "/location").iter().any(|one| text(one, "/location/reference") == address)
}

fn patients_of(appointment: &Value) -> Vec<String> {
    let actors = list(appointment, "/participant").iter();
    let references = actors.map(|one| text(one, "/actor/reference"));
    references.filter_map(|one| one.strip_prefix("Patient/")).map(str::to_owned).collect()
}

/// All that a search finds, page by page.
async fn search(reader: &Reader, of: &str, query: &str) -> Result<Vec<Value>, Problem> {
    let mut found = Vec::new();
    let mut next = Some(format!("{query}&_count={PAGE}"));
    while let Some(query) = next {
        let request = SearchRequest {
            resource_type: Definitions::r4().resource_type(of),
            compartment: None,
            query: query.trim_start_matches('&').to_owned(),
            strict: true,
        };
        let Page { entries, next_link, .. } =
            reader.record().search(&reader.caller(), request).await?;
        for (version, _) in entries.iter().filter(|(version, _)| !version.deleted) {
            found.push(as_json(version)?);
        }
        if found.len() > FOUND_MAX {
            return Err(too_much());
        }
        next = next_link.and_then(|link| Some(link.split_once('?')?.1.to_owned()));
    }
    Ok(found)
}

/// More than a copy may hold: then there is none, rather than one that lacks somebody.
fn too_much() -> Problem {
    let text =
        format!("A copy for downtime is made from at most {FOUND_MAX} resources of one kind.");
    Problem::new(ProblemKind::TooLarge, "WEB-270", text)
}
