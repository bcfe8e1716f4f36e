//! On what ground a caller stands with a patient, and whom a citizen may act for.
//!
//! Not here: the decision (`access::decide`), taking access with a reason (`opening`).

use akson_access::decide::{Decision, Reason, Situation};
use akson_access::rules::{Class, Rights, rights};
use akson_access::{Ground, ReadPermit, Role, Standing};
use akson_audit::Entry;
use akson_base::{Instant, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::keys::PatientNumber;

use super::version;
use crate::Record;
use crate::bounds::{ANY, SEARCH};
use crate::elements::NATIONAL_NUMBER_SYSTEMS;
use crate::request::{Caller, Version};
use crate::searching::Searching;

/// Patients whom one citizen may act for that are looked at.
const ACTED_FOR_MAX: usize = 100;

/// How a caller stands with a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientStanding {
    /// The ground; [`Ground::LookUp`] when there is none.
    pub ground: Ground,
    /// Why, as `access` words it: `general-practitioner`, `no-ground`, `blocked` …
    pub reason: &'static str,
    /// Whether the journal opens.
    pub opens: bool,
    /// Whether the person may be looked up by name.
    pub may_look_up: bool,
    /// Whether the caller may take access with a written reason.
    pub may_decide: bool,
    /// Whether the caller may take access in an emergency.
    pub may_take_emergency: bool,
    /// Whether something in the journal is hidden from the caller by the patient's wish.
    pub hides_something: bool,
    /// Whether the caller may see who has opened the journal.
    pub may_read_log: bool,
    /// Whether the caller may record blocks and consents for the patient.
    pub may_wish: bool,
    /// When access for a time ends.
    pub until: Option<Instant>,
}

impl Record {
    /// How the caller stands with a patient; `None` when there is no such patient, as far as the
    /// caller sees. Tells nothing of the journal's content, so it is not logged.
    pub fn standing(
        &self,
        caller: &Caller,
        patient_id: &str,
    ) -> Result<Option<PatientStanding>, Problem> {
        let sight = self.sight(caller, ANY)?;
        let Some(number) = self.number_of(patient_id)? else { return Ok(None) };
        let Some(judge) = sight.judge() else {
            let ground = sight.permit.ground();
            return Ok(Some(PatientStanding::everything(ground)));
        };
        if !judge.reaches(number) {
            return Ok(None);
        }
        let judged = judge.on(number)?;
        let standing = PatientStanding::of(
            &judged.decision,
            caller.actor.role(),
            judged.gathered.facts.is_protected,
        );
        Ok((standing.opens || standing.may_look_up || standing.may_read_log).then_some(standing))
    }

    /// The number of a patient who is there: one that others only refer to is nobody.
    pub(super) fn number_of(&self, patient_id: &str) -> Result<Option<PatientNumber>, Problem> {
        let Some(of) = Definitions::r4().resource_type("Patient") else { return Ok(None) };
        let snapshot = self.store.snapshot();
        let located = self.store.locate(snapshot.as_ref(), of, patient_id)?;
        Ok(located.filter(|located| !located.deleted).map(|located| located.key.patient()))
    }

    /// The patients whose journals a citizen may open: the citizen's own first, then those whom
    /// the citizen may act for, each with how. Empty for others than citizens.
    pub async fn acted_for(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(Version, PatientStanding)>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let (Standing::Citizen(national_number), Some(judge)) =
            (&caller.actor.standing, sight.judge())
        else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let mut patients = Vec::new();
        for number in self.connected(national_number)? {
            let judged = judge.on(number)?;
            if !judged.decision.opens_journal() {
                continue;
            }
            let snapshot = sight.snapshot(&self.store);
            let Some(of) = Definitions::r4().resource_type("Patient") else { continue };
            let id = &judged.gathered.id;
            let Some(located) = self.store.locate(snapshot.as_ref(), of, id)? else { continue };
            let stored = self.store.current(&sight.permit, snapshot.as_ref(), located.key)?;
            let standing = PatientStanding::of(&judged.decision, caller.actor.role(), false);
            patients.push(number);
            found.extend(stored.map(|stored| (version(stored), standing)));
        }
        let entry = Entry::reading(&sight.permit, "acted-for", &caller.trace).about("Patient");
        self.log(&sight, entry, patients).await?;
        Ok(found)
    }

    /// Patients with this number, and patients to whom somebody with this number is related or whom
    /// they have made their attorney.
    fn connected(&self, national_number: &str) -> Result<Vec<PatientNumber>, Problem> {
        if !national_number.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let mut numbers = Vec::new();
        let named = NATIONAL_NUMBER_SYSTEMS.map(|system| format!("{system}%7C{national_number}"));
        for (name, parameter) in [
            ("Patient", "identifier"),
            ("RelatedPerson", "identifier"),
            ("Consent", "actor:identifier"),
        ] {
            let of = Definitions::r4().resource_type(name);
            let query = format!("{parameter}={}&_count={ACTED_FOR_MAX}", named.join(","));
            let found = searching.execute(&searching.parse(of, None, &query, true)?)?.matches;
            for number in found.into_iter().map(akson_store::keys::ResourceKey::patient) {
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
            }
        }
        Ok(numbers)
    }
}

impl PatientStanding {
    fn everything(ground: Ground) -> Self {
        Self {
            ground,
            reason: ground.code(),
            opens: true,
            may_look_up: true,
            may_decide: false,
            may_take_emergency: false,
            hides_something: false,
            may_read_log: true,
            may_wish: false,
            until: None,
        }
    }

    pub(super) fn of(decision: &Decision, role: Option<Role>, is_protected: bool) -> Self {
        let has = |situation| role.is_some_and(|role| rights(role, situation) != Rights::NONE);
        let opens = decision.opens_journal();
        let is_wanting = !opens || decision.hides_parts();
        let person_blocked = decision.reason == Reason::BlockedPerson;
        Self {
            ground: decision.situation.ground(),
            reason: decision.reason.code(),
            opens,
            may_look_up: decision.may_read(Class::Person, is_protected),
            may_decide: decision.reason == Reason::NoGround && has(Situation::Decided),
            may_take_emergency: is_wanting && !person_blocked && has(Situation::Emergency),
            hides_something: decision.hides_parts()
                || matches!(decision.reason, Reason::Blocked | Reason::BlockedPerson),
            may_read_log: decision.rights.may_read(Class::Log),
            may_wish: decision.rights.may_write(Class::Wish),
            until: decision.until,
        }
    }
}

pub(crate) fn type_of(name: &str) -> Result<ResourceType, Problem> {
    let missing = || Problem::fault("REC-049", "the definitions lack a type of R4");
    Definitions::r4().resource_type(name).ok_or_else(missing)
}
