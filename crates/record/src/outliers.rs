//! The period of the log that the privacy officer works through, kept in counts: what came since the
//! last time is added, and the next day it begins anew.
//!
//! Not here: what makes an access stand out (`insight`), who may ask and what is logged of it
//! (`interactions::outliers`).

mod ties;

use std::sync::Arc;

use akson_access::ReadPermit;
use akson_audit::{Access, AccessIndex, Place};
use akson_base::{Instant, Problem};
use akson_insight::facts::{Basis, Facts, Look};
use akson_insight::{Analysis, Case};
use akson_store::Store;
use akson_store::keys::PatientNumber;
use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::elements::in_norway;
use crate::interactions::outliers::{DECIDE, LIST, SHOW};
use crate::known::Known;
use crate::sight::today;

/// Days that are looked at.
pub const OUTLIER_DAYS: i64 = 90;
/// Points from which on a case stands on the list.
pub const OUTLIER_FLOOR: u32 = 40;

/// Somebody at work as the log's newest entry has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlierActor {
    /// `Practitioner/…`.
    pub id: Arc<str>,
    /// Name and title.
    pub display: Arc<str>,
    /// Where they worked.
    pub organisation: Arc<str>,
}

/// A decision as the log has it.
pub(crate) struct Told {
    pub(crate) key: String,
    pub(crate) at: Instant,
    pub(crate) by: Arc<str>,
    pub(crate) said: String,
}

/// What is kept of the period.
pub(crate) struct Period {
    day: Date,
    read: Place,
    analysis: Analysis,
    facts: Facts,
    numbers: FxHashMap<Arc<str>, u32>,
    pub(crate) actors: Vec<OutlierActor>,
    pub(crate) decisions: Vec<Told>,
}

impl Period {
    /// The period up to now: `before` with what came since, or read anew on a new day.
    pub(crate) fn now(
        before: Option<Self>,
        store: &Arc<Store>,
        known: &Known,
    ) -> Result<Self, Problem> {
        let now = store.clock().now();
        let day = today(now);
        let mut period = before.filter(|period| period.day == day).unwrap_or_else(|| Self {
            day,
            read: Place::NONE,
            analysis: Analysis::default(),
            facts: Facts::default(),
            numbers: FxHashMap::default(),
            actors: Vec::new(),
            decisions: Vec::new(),
        });
        let from = Instant(now.0 - OUTLIER_DAYS * 86_400_000);
        let permit = ReadPermit::for_deciding();
        AccessIndex::new(Arc::clone(store))
            .visit(&permit, from, period.read, &mut |access| period.take(&access, store, known))?;
        Ok(period)
    }

    fn take(&mut self, access: &Access, store: &Store, known: &Known) -> Result<(), Problem> {
        self.read = access.place;
        let entry = &access.entry;
        if entry.is_authentication() {
            return Ok(());
        }
        if entry.interaction == DECIDE {
            self.decisions.push(Told {
                key: entry.target.clone(),
                at: access.time,
                by: Arc::clone(&entry.display),
                said: entry.said.clone(),
            });
            return Ok(());
        }
        // Working through the log is what the privacy officer is there for.
        let is_review = entry.role == "privacy-officer"
            && [LIST, SHOW, "accesses"].contains(&&*entry.interaction);
        let basis = Basis::of_ground(&entry.ground).filter(|_| !is_review);
        let Some(basis) = basis.filter(|_| entry.actor.starts_with("Practitioner/")) else {
            return Ok(());
        };
        // The hits of a search are nobody in particular, until one of them is chosen.
        if basis == Basis::LookUp && entry.patients.len() > 1 {
            return Ok(());
        }
        let at = in_norway(access.time.0).unwrap_or_default().datetime();
        let actor = self.number(access, store)?;
        for patient in &entry.patients {
            if !self.facts.patients.contains_key(patient) {
                let facts = ties::patient(store, known, PatientNumber(*patient))?;
                self.facts.patients.insert(*patient, facts);
            }
            self.analysis.add(Look { actor, patient: *patient, at, basis })?;
        }
        Ok(())
    }

    fn number(&mut self, access: &Access, store: &Store) -> Result<u32, Problem> {
        let entry = &access.entry;
        let newest = OutlierActor {
            id: Arc::clone(&entry.actor),
            display: Arc::clone(&entry.display),
            organisation: Arc::clone(&entry.organisation),
        };
        if let Some(number) = self.numbers.get(&entry.actor) {
            if let Some(actor) = self.actors.get_mut(*number as usize) {
                *actor = newest;
            }
            return Ok(*number);
        }
        let number = self.actors.len() as u32;
        let facts = ties::actor(store, &entry.actor, &entry.role, &entry.organisation)?;
        self.facts.actors.insert(number, facts);
        self.numbers.insert(Arc::clone(&entry.actor), number);
        self.actors.push(newest);
        Ok(number)
    }

    /// The cases that stand out, the highest score first.
    pub(crate) fn cases(&self) -> Vec<Case> {
        self.analysis.cases(&self.facts, OUTLIER_FLOOR, usize::MAX)
    }
}
