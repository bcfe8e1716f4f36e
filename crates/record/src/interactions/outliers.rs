//! Accesses that stand out: the privacy officer's list, one case with its entries, the decision.
//!
//! A decision is an entry of the log itself, about no patient: as durable as what it judges, changed
//! by nobody, read back in the same pass, and in no resource that a search or a patient's journal
//! could show. Nobody but the privacy officer learns that there is such a list.

use std::sync::{Arc, PoisonError};

use akson_access::decide::may_review_log;
use akson_access::{Ground, WritePermit};
use akson_audit::{Access, Action, Entry, Place};
use akson_base::{Instant, Kind, Problem};
use akson_insight::{Case, Reason};
use akson_store::keys::PatientNumber;
use jiff::civil::Date;

use crate::Record;
use crate::bounds::SEARCH;
use crate::outliers::{OutlierActor, Period};
use crate::request::{Caller, Version};
use crate::sight::{Sight, today};

/// The name of looking at the list, in the log.
pub(crate) const LIST: &str = "outliers";
/// Of looking at a case.
pub(crate) const SHOW: &str = "outlier";
/// Of deciding on one.
pub(crate) const DECIDE: &str = "outlier-decision";
/// Most characters of the note on a decision.
pub const NOTE_CHARACTERS_MAX: usize = 2_000;
/// Most cases on a list.
const LISTED_MAX: usize = 100;
/// Entries of a patient's log looked at for one case.
const ENTRIES_LOOKED_AT_MAX: usize = 100_000;
const STEP: usize = 500;

/// What the privacy officer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There was a good reason.
    InOrder,
    /// Somebody is to be asked.
    FollowUp,
    /// It should not have happened.
    Breach,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::InOrder, Self::FollowUp, Self::Breach];

    /// The word in the log and in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::InOrder => "in-order",
            Self::FollowUp => "follow-up",
            Self::Breach => "breach",
        }
    }

    /// The verdict of this word.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

/// A decision on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlierDecision {
    /// When.
    pub at: Instant,
    /// By whom, name and title.
    pub by: Arc<str>,
    /// What.
    pub verdict: Verdict,
    /// In their own words; may be empty.
    pub note: String,
}

/// One case for the privacy officer.
#[derive(Clone, Debug)]
pub struct Outlier {
    /// Names it in addresses: actor's id, patient's id and day, joined by `~`.
    pub key: String,
    /// Who looked.
    pub actor: OutlierActor,
    /// The Patient; `None` when it is deleted.
    pub patient: Option<Version>,
    /// The day in Norway.
    pub day: Date,
    /// Looks and attempts on that day.
    pub looks: u32,
    /// The sum of the reasons' points.
    pub score: u32,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// What was decided, newest first.
    pub decisions: Vec<OutlierDecision>,
    number: PatientNumber,
}

/// One case and what is behind it.
#[derive(Clone, Debug)]
pub struct OutlierCase {
    /// The case.
    pub outlier: Outlier,
    /// The entries of that day, newest first.
    pub entries: Vec<Access>,
    /// What the same person did to others on the same day and is not decided yet, the highest
    /// score first: often one story.
    pub alike: Vec<Outlier>,
}

/// The list.
#[derive(Clone, Debug, Default)]
pub struct Outliers {
    /// Not decided yet, the highest score first.
    pub open: Vec<Outlier>,
    /// Decided, the newest decision first.
    pub decided: Vec<Outlier>,
    /// Open cases beyond those listed.
    pub more: usize,
}

impl Record {
    /// The cases that stand out in the last [`crate::OUTLIER_DAYS`] days. The look at them is logged
    /// with everybody who is listed.
    ///
    /// # Errors
    /// `REC-060`, not found, for everybody but the privacy officer.
    pub async fn outliers(&self, caller: &Caller) -> Result<Outliers, Problem> {
        let sight = self.reviewing(caller, LIST).await?;
        let mut found = self.found_outliers().await?;
        let (mut open, mut decided): (Vec<Found>, Vec<Found>) =
            found.drain(..).partition(|one| one.decisions.is_empty());
        decided.sort_by_key(|one| std::cmp::Reverse(one.decisions.first().map(|d| d.at)));
        let more = open.len().saturating_sub(LISTED_MAX);
        open.truncate(LISTED_MAX);
        decided.truncate(LISTED_MAX);
        let outliers = Outliers {
            open: self.shown(&sight, open)?,
            decided: self.shown(&sight, decided)?,
            more,
        };
        let listed = outliers.open.iter().chain(&outliers.decided);
        let patients: Vec<_> = listed.map(|one| one.number).collect();
        let entry = Entry::reading(&sight.permit, LIST, &caller.trace).about("AuditEvent");
        self.log(&sight, entry, patients).await?;
        Ok(outliers)
    }

    /// One case with what is behind it. The look is logged.
    ///
    /// # Errors
    /// `REC-060` for everybody but the privacy officer, and for a case that is not there.
    pub async fn outlier(&self, caller: &Caller, key: &str) -> Result<OutlierCase, Problem> {
        let sight = self.reviewing(caller, SHOW).await?;
        let (outlier, alike) = self.case(&sight, key).await?;
        let entries = self.entries_behind(&sight, &outlier)?;
        let entry = Entry::reading(&sight.permit, SHOW, &caller.trace).about("AuditEvent");
        let numbers = alike.iter().map(|one| one.number).chain([outlier.number]);
        self.log(&sight, entry, numbers.collect::<Vec<_>>()).await?;
        Ok(OutlierCase { outlier, entries, alike })
    }

    /// Records what the privacy officer decided on a case, `with_alike` on those that stand beside
    /// it too ([`OutlierCase::alike`]). It can be decided again; the newest decision holds, and the
    /// earlier ones stay.
    ///
    /// # Errors
    /// As [`Record::outlier`]; `REC-061` when the note is too long.
    pub async fn decide_outlier(
        &self,
        caller: &Caller,
        key: &str,
        verdict: Verdict,
        note: &str,
        with_alike: bool,
    ) -> Result<(), Problem> {
        let sight = self.reviewing(caller, DECIDE).await?;
        let note = note.trim();
        if note.chars().count() > NOTE_CHARACTERS_MAX {
            let text = format!("A note has at most {NOTE_CHARACTERS_MAX} characters.");
            return Err(Problem::new(Kind::Invalid, "REC-061", text));
        }
        let (outlier, alike) = self.case(&sight, key).await?;
        let permit: WritePermit = self.policy.may_write(&caller.actor)?;
        let alike = alike.into_iter().filter(|_| with_alike);
        let entries = [outlier].into_iter().chain(alike).map(|one| {
            Entry::writing(&permit, Action::C, DECIDE, &caller.trace)
                .about(one.key)
                .saying(format!("{}\n{note}", verdict.code()))
        });
        self.log_entries(&entries.collect::<Vec<_>>()).await
    }

    /// Who may work through the log; the attempts of others are logged.
    async fn reviewing(&self, caller: &Caller, what: &'static str) -> Result<Sight, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        // No scope says that an app works through the log for somebody.
        if may_review_log(&caller.actor) && caller.actor.scopes.is_none() {
            return Ok(sight);
        }
        let entry = Entry::reading(&sight.permit, what, &caller.trace).about("AuditEvent");
        self.log_entries(&[entry.on(Ground::Refused)]).await?;
        Err(no_case())
    }

    async fn found_outliers(&self) -> Result<Vec<Found>, Problem> {
        let (store, known) = (Arc::clone(&self.store), Arc::clone(&self.known));
        let kept = Arc::clone(&self.outliers);
        let work = move || {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let period = Period::now(kept.take(), &store, &known)?;
            let found = period.cases().into_iter().map(|case| Found::of(case, &period, &known));
            let found = found.collect::<Result<Vec<_>, Problem>>();
            *kept = Some(period);
            found
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Problem::fault("REC-062", format!("the log's analysis: {error}")))?
    }

    /// A case, and those that wait beside it.
    async fn case(&self, sight: &Sight, key: &str) -> Result<(Outlier, Vec<Outlier>), Problem> {
        let mut found = self.found_outliers().await?;
        let place = found.iter().position(|one| one.key == key).ok_or_else(no_case)?;
        let one = found.swap_remove(place);
        found.retain(|other| {
            let is_alike = other.case.actor == one.case.actor && other.case.day == one.case.day;
            is_alike && other.decisions.is_empty()
        });
        found.sort_by_key(|other| std::cmp::Reverse(other.case.score));
        found.truncate(LISTED_MAX);
        let one = self.shown(sight, vec![one])?.pop().ok_or_else(no_case)?;
        Ok((one, self.shown(sight, found)?))
    }

    fn shown(&self, sight: &Sight, found: Vec<Found>) -> Result<Vec<Outlier>, Problem> {
        let snapshot = sight.snapshot(&self.store);
        let patient = akson_fhir::definitions::Definitions::r4().resource_type("Patient");
        let types: Vec<_> = patient.into_iter().collect();
        let mut all = Vec::with_capacity(found.len());
        for Found { case, key, actor, decisions } in found {
            let number = PatientNumber(case.patient);
            let mut patient = None;
            let visit = &mut |stored| {
                patient = Some(super::version(stored));
                Ok(false)
            };
            self.store.visit_patient(&sight.permit, snapshot.as_ref(), number, &types, visit)?;
            let Case { day, looks, score, reasons, .. } = case;
            let outlier =
                Outlier { key, actor, patient, day, looks, score, reasons, decisions, number };
            all.push(outlier);
        }
        Ok(all)
    }

    fn entries_behind(&self, sight: &Sight, outlier: &Outlier) -> Result<Vec<Access>, Problem> {
        let mut behind = Vec::new();
        let mut before = Place::END;
        let mut looked_at = 0;
        while looked_at < ENTRIES_LOOKED_AT_MAX {
            let found = self.accesses.accesses(&sight.permit, outlier.number, before, STEP)?;
            let ends = found.len() < STEP;
            looked_at += found.len();
            for access in found {
                before = access.place;
                let day = today(access.time);
                if day < outlier.day {
                    return Ok(behind);
                }
                if day == outlier.day && access.entry.actor == outlier.actor.id {
                    behind.push(access);
                }
            }
            if ends {
                break;
            }
        }
        Ok(behind)
    }
}

/// A case with what the log says of it.
struct Found {
    case: Case,
    key: String,
    actor: OutlierActor,
    decisions: Vec<OutlierDecision>,
}

impl Found {
    fn of(case: Case, period: &Period, known: &crate::known::Known) -> Result<Self, Problem> {
        let actor = period.actors.get(case.actor as usize).cloned();
        let actor = actor.ok_or_else(no_case)?;
        let patient = known.of(PatientNumber(case.patient))?;
        let name = actor.id.strip_prefix("Practitioner/").unwrap_or(&actor.id);
        let key = format!("{name}~{}~{}", patient.id, case.day);
        let told = period.decisions.iter().rev().filter(|told| told.key == key);
        let decisions = told.filter_map(|told| {
            let (code, note) = told.said.split_once('\n')?;
            let (verdict, note) = (Verdict::of_code(code)?, note.to_string());
            Some(OutlierDecision { at: told.at, by: Arc::clone(&told.by), verdict, note })
        });
        Ok(Self { decisions: decisions.collect(), case, key, actor })
    }
}

fn no_case() -> Problem {
    Problem::new(Kind::NotFound, "REC-060", "There is no such case.")
}
