//! What has been looked at before anybody logs in to a demo: a morning's ordinary work, and a few
//! looks that stand out, so that the log and its analysis have something to show.
//!
//! Nothing is written into the log by hand: the people of the demo look through the same gate as
//! everybody, now, and the log says so. Not here: what stands out (`insight`).

use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_record::Record;
use akson_record::request::{Caller, SearchRequest};
use akson_record::{Opening, PatientStanding};
use akson_testkit::municipality::Login;

use crate::wiring::{self, House};

/// Patients among whom somebody to look at is chosen: the newest, since the first of them are those
/// whom the demo tells stories about.
const PATIENTS: usize = 400;
/// Journals that each opens in a morning's work.
const ORDINARY: usize = 12;
/// People whom somebody without anything to do looks up.
const LOOKED_UP: usize = 14;
/// Journals that somebody opens in emergencies that there were not.
const EMERGENCIES: usize = 4;

/// Somebody at work, and the record as they see it.
struct Worker {
    title: &'static str,
    caller: Caller,
}

/// The demo's people at work, each with what they may see.
struct Morning<'a> {
    record: Record,
    workers: Vec<Worker>,
    patients: &'a [String],
    of: ResourceType,
}

/// Lets the demo's people look.
pub(super) async fn look(house: &House, logins: &[Login]) -> Result<(), Problem> {
    let Some(of) = Definitions::r4().resource_type("Patient") else { return Ok(()) };
    let operator = wiring::operator("demo");
    let request = SearchRequest {
        resource_type: Some(of),
        compartment: None,
        query: format!("_count={PATIENTS}&_sort=-_id"),
        strict: true,
    };
    let found = house.record.search(&operator, request).await?.entries;
    let patients: Vec<String> = found.into_iter().map(|(version, _)| version.id).collect();
    let record = Record::new(Arc::clone(&house.store), Policy::Rules);
    let mut workers = Vec::new();
    for login in logins.iter().filter(|login| !login.is_citizen) {
        let identity = super::person(login).identity;
        let actor = record.actors(&identity)?.into_iter().next();
        workers.extend(actor.map(|actor| Worker { title: login.title, caller: caller(actor) }));
    }
    let morning = Morning { record, workers, patients: &patients, of };
    morning.ordinary().await?;
    morning.looking_people_up("Vikar").await?;
    morning.emergencies("Sykehjemslege").await?;
    morning.talk_of_the_town().await
}

fn caller(actor: Actor) -> Caller {
    let base = Arc::from("http://localhost/fhir");
    Caller { actor: Arc::new(actor), trace: "demo".into(), base }
}

impl Morning<'_> {
    fn of(&self, title: &str) -> Option<&Worker> {
        self.workers.iter().find(|worker| worker.title == title)
    }

    /// The first patients with whom a worker stands so.
    fn patients_of(
        &self,
        worker: &Worker,
        count: usize,
        fits: fn(&PatientStanding) -> bool,
    ) -> Result<Vec<&str>, Problem> {
        let mut found = Vec::new();
        for id in self.patients {
            if found.len() == count {
                break;
            }
            if self.record.standing(&worker.caller, id)?.is_some_and(|standing| fits(&standing)) {
                found.push(id.as_str());
            }
        }
        Ok(found)
    }

    /// Everybody opens the journals that they work with.
    async fn ordinary(&self) -> Result<(), Problem> {
        for worker in &self.workers {
            for id in self.patients_of(worker, ORDINARY, |standing| standing.opens)? {
                self.record.chart(&worker.caller, id, &["Patient"]).await?;
            }
        }
        Ok(())
    }

    /// Somebody looks up one after the other, and works with none of them.
    async fn looking_people_up(&self, title: &str) -> Result<(), Problem> {
        let Some(worker) = self.of(title) else { return Ok(()) };
        let is_stranger = |standing: &PatientStanding| !standing.opens && standing.may_look_up;
        for id in self.patients_of(worker, LOOKED_UP, is_stranger)? {
            self.record.read(&worker.caller, self.of, id).await?;
        }
        Ok(())
    }

    /// Somebody calls an emergency what is none.
    async fn emergencies(&self, title: &str) -> Result<(), Problem> {
        let Some(worker) = self.of(title) else { return Ok(()) };
        let may = |standing: &PatientStanding| !standing.opens && standing.may_take_emergency;
        for id in self.patients_of(worker, EMERGENCIES, may)? {
            self.open(worker, id, true, "Øyeblikkelig hjelp").await?;
        }
        Ok(())
    }

    /// Everybody wants to know about the same person.
    async fn talk_of_the_town(&self) -> Result<(), Problem> {
        let mut most: (usize, &str) = (0, "");
        for id in self.patients {
            let curious = self.curious_about(id)?.len();
            if curious > most.0 {
                most = (curious, id);
            }
        }
        for worker in self.curious_about(most.1)? {
            self.open(worker, most.1, false, "Vurderer henvendelse").await?;
        }
        Ok(())
    }

    /// Those who have nothing to do with somebody, and may decide that they have.
    fn curious_about(&self, id: &str) -> Result<Vec<&Worker>, Problem> {
        let mut curious = Vec::new();
        for worker in &self.workers {
            let standing = self.record.standing(&worker.caller, id)?;
            if standing.is_some_and(|standing| !standing.opens && standing.may_decide) {
                curious.push(worker);
            }
        }
        Ok(curious)
    }

    async fn open(
        &self,
        worker: &Worker,
        id: &str,
        is_emergency: bool,
        reason: &str,
    ) -> Result<(), Problem> {
        let opening = Opening { is_emergency, reason: reason.into() };
        self.record.open_with_reason(&worker.caller, id, &opening).await?;
        self.record.chart(&worker.caller, id, &["Patient"]).await?;
        Ok(())
    }
}
