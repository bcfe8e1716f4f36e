//! What nobody may write under the rules, whatever their role lets them write: what would widen
//! their own access, and what only the record itself or the patient alone may say.
//!
//! Asked for every write of somebody who logged in, on what was stored and what is to be. Not here:
//! what a role may write in a situation (`access`, asked through `sight`).
//! Law: pasientjournalloven § 22 (whoever is responsible keeps control of who has access); ISO 27799
//! 9.2 (nobody grants access to themself).

use std::cell::RefCell;

use akson_access::decide::{Decision, Situation};
use akson_access::rules::Class;
use akson_access::{Personnel, ReadPermit, Role, Standing};
use akson_base::identifiers::{DNR, FNR, HPR};
use akson_base::{Kind, Problem};
use akson_fhir::model::{NodeRef, Resource};
use akson_store::Store;
use akson_store::engine::{Precondition, Snapshot};
use akson_store::keys::ResourceKey;

use crate::Record;
use crate::elements::{codings, is_false, reference, text};
use crate::interactions::actors::role_of;
use crate::interactions::register::is_app_consent;
use crate::known::Known;
use crate::patient_facts::{DECISION_SYSTEM, Registers, attorneys};
use crate::registration::check_numbers;
use crate::searching::{Searching, parse_stored};
use crate::sight::{Judge, Sight};

/// Roles of one person that are looked at.
const ROLES_MAX: usize = 50;

/// What is to be written, and by whom.
pub(crate) struct Safeguards<'a> {
    store: &'a Store,
    known: &'a Known,
    judge: &'a Judge,
    /// The whole store, before the write.
    whole: &'a dyn Snapshot,
    /// Numbers that patients get by this write.
    taken: RefCell<Vec<String>>,
    guards: RefCell<Vec<Precondition>>,
}

impl<'a> Safeguards<'a> {
    /// For a write of one whom rules apply to.
    pub(crate) fn of(
        record: &'a Record,
        sight: &'a Sight,
        whole: &'a dyn Snapshot,
    ) -> Option<Self> {
        let judge = sight.judge()?;
        let (taken, guards) = (RefCell::default(), RefCell::default());
        Some(Self { store: &record.store, known: &record.known, judge, whole, taken, guards })
    }

    /// What must still hold at commit.
    pub(crate) fn into_guards(self) -> Vec<Precondition> {
        self.guards.into_inner()
    }

    /// Refuses a write that is never the caller's to make. `before` is where it stands now, `after`
    /// what is to be; nothing for a deletion.
    pub(crate) fn check(
        &self,
        type_name: &str,
        before: Option<ResourceKey>,
        after: Option<&Resource>,
    ) -> Result<(), Problem> {
        if let Some(after) = after.map(Resource::root) {
            match type_name {
                "Consent" => {
                    refuse_decision(after)?;
                    self.attorney(after)?;
                }
                "Patient" => self.patient(before, after)?,
                "DocumentReference" => self.signature(before, after)?,
                _ => {}
            }
        }
        if type_name == "Consent" && self.judge.actor().scopes.is_some() {
            let before = self.stored(before)?;
            refuse_app_consent(before.as_ref().into_iter().chain(after))?;
        }
        let Standing::Personnel(caller) = &self.judge.actor().standing else { return Ok(()) };
        if !matches!(
            type_name,
            "PractitionerRole" | "Practitioner" | "Organization" | "Location" | "HealthcareService"
        ) {
            return Ok(());
        }
        let before = self.stored(before)?;
        let before = before.as_ref().map(Resource::root);
        let after = after.map(Resource::root);
        match type_name {
            "PractitionerRole" => own_role(caller, before, after),
            "Practitioner" => own_numbers(caller, before, after),
            _ => self.own_surroundings(caller, before, after),
        }
    }

    /// A patient's numbers are nobody else's.
    fn patient(&self, before: Option<ResourceKey>, after: NodeRef<'_>) -> Result<(), Problem> {
        let before = self.stored(before)?;
        let permit = ReadPermit::for_deciding();
        let searching = Searching::over(self.store, &permit, self.whole, "");
        let (mut taken, mut guards) = (self.taken.borrow_mut(), self.guards.borrow_mut());
        let before = before.as_ref().map(Resource::root);
        check_numbers(&searching, before, after, &mut taken, &mut guards)
    }

    /// A power of attorney is given by the patient alone, who is of age; taking it back is for
    /// everybody who may record the patient's wishes.
    fn attorney(&self, consent: NodeRef<'_>) -> Result<(), Problem> {
        let names_one = consent.first("provision").is_some_and(|p| attorneys(p).next().is_some());
        if !names_one || text(consent, &["status"]) != Some("active") {
            return Ok(());
        }
        let patient = consent.first("patient").and_then(reference);
        let patient = patient.as_deref().and_then(|to| to.strip_prefix("Patient/"));
        // No scope says that an app gives somebody power of attorney.
        if let Some(id) = patient.filter(|_| self.judge.actor().scopes.is_none())
            && let Some(number) = self.store.patient_number(self.whole, id)?
            && may_give_attorney(&self.judge.on(number)?.decision)
            && self.judge.is_of_age(number)?
        {
            return Ok(());
        }
        let text = "A power of attorney is given by the patient alone, from the age of 18, and not \
                    by somebody who acts for the patient.";
        Err(Problem::new(Kind::Refused, "REC-088", text).at("Consent.provision.actor"))
    }

    /// Who signs signs in their own name: nobody at work puts another's name under a document.
    fn signature(&self, before: Option<ResourceKey>, after: NodeRef<'_>) -> Result<(), Problem> {
        let Standing::Personnel(caller) = &self.judge.actor().standing else { return Ok(()) };
        let signer = |root: NodeRef<'_>| root.first("authenticator").and_then(reference);
        let Some(now) = signer(after) else { return Ok(()) };
        let is_own = caller.references.iter().any(|own| **own == *now);
        let before = self.stored(before)?;
        if is_own || before.as_ref().map(Resource::root).and_then(signer) == Some(now) {
            return Ok(());
        }
        let text = "Who signs a document signs in their own name.";
        Err(Problem::new(Kind::Refused, "REC-100", text).at("DocumentReference.authenticator"))
    }

    fn stored(&self, key: Option<ResourceKey>) -> Result<Option<Resource>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let stored = self.store.current(&ReadPermit::for_deciding(), self.whole, key)?;
        let stored = stored.filter(|stored| !stored.deleted);
        stored.map(|stored| parse_stored(&stored.json)).transpose()
    }

    /// Whoever also works with patients does not move their own unit below another, nor places to
    /// it: the patients would come along.
    fn own_surroundings(
        &self,
        caller: &Personnel,
        before: Option<NodeRef<'_>>,
        after: Option<NodeRef<'_>>,
    ) -> Result<(), Problem> {
        let part_of = |root: NodeRef<'_>| root.first("partOf").and_then(reference);
        let manager = |root: NodeRef<'_>| {
            let element = root.first("managingOrganization").or(root.first("providedBy"));
            element.and_then(reference)
        };
        let own = |root: NodeRef<'_>| {
            let id = text(root, &["id"]).unwrap_or_default();
            (root.type_name() == "Organization").then(|| format!("Organization/{id}"))
        };
        let (Some(before), Some(after)) = (before, after) else { return Ok(()) };
        let concerned = match own(before) {
            Some(own) => (part_of(before) != part_of(after)).then_some(own),
            None => manager(after).filter(|new| manager(before).as_ref() != Some(new)),
        };
        let Some(concerned) = concerned else { return Ok(()) };
        let places = self.clinical_places(caller)?;
        if places.is_empty() {
            return Ok(());
        }
        let units = self.known.units(&concerned)?;
        if places.iter().any(|place| *place == concerned || units.iter().any(|u| **u == **place)) {
            let text = "You work with patients in this organisation yourself: what lies below it, \
                        and what it lies below, is changed by another administrator.";
            return Err(Problem::new(Kind::Refused, "REC-082", text));
        }
        Ok(())
    }

    /// `Organization/…` where the caller works with patients, in whatever role.
    fn clinical_places(&self, caller: &Personnel) -> Result<Vec<String>, Problem> {
        let permit = ReadPermit::for_deciding();
        let searching = Searching::over(self.store, &permit, self.whole, "");
        let of = akson_fhir::definitions::Definitions::r4().resource_type("PractitionerRole");
        let mut places = Vec::new();
        for practitioner in practitioners(caller) {
            let query = format!("practitioner=Practitioner/{practitioner}&_count={ROLES_MAX}");
            let found = searching.execute(&searching.parse(of, None, &query, true)?)?.matches;
            for role in searching.resources(&found)? {
                let root = role.root();
                let is_clinical = role_of(root).is_some_and(|(role, _)| {
                    !matches!(role, Role::Administrator | Role::PrivacyOfficer)
                });
                if is_clinical && !is_false(root, "active") {
                    places.extend(root.first("organization").and_then(reference));
                }
            }
        }
        Ok(places)
    }
}

fn may_give_attorney(decision: &Decision) -> bool {
    decision.situation == Situation::Own && decision.rights.may_write(Class::Wish)
}

/// Ids of the caller's own Practitioner.
fn practitioners(caller: &Personnel) -> impl Iterator<Item = &str> {
    caller.references.iter().filter_map(|reference| reference.strip_prefix("Practitioner/"))
}

/// Nobody gives a role to themself, or changes the one they have.
fn own_role(
    caller: &Personnel,
    before: Option<NodeRef<'_>>,
    after: Option<NodeRef<'_>>,
) -> Result<(), Problem> {
    let is_own = |role: &NodeRef<'_>| {
        let to = role.first("practitioner").and_then(|r| text(r, &["reference"]));
        // However it is written, with a version or as a whole address.
        let to = to.and_then(|to| to.split("/_history/").next()).unwrap_or_default();
        practitioners(caller)
            .any(|own| to.strip_suffix(own).is_some_and(|rest| rest.ends_with("Practitioner/")))
    };
    if !before.iter().chain(&after).any(is_own) {
        return Ok(());
    }
    let text = "Nobody gives themself a role, or changes their own: another administrator does.";
    Err(Problem::new(Kind::Refused, "REC-080", text).at("PractitionerRole.practitioner"))
}

/// Nobody becomes somebody else, or lends their login to another entry of the register.
fn own_numbers(
    caller: &Personnel,
    before: Option<NodeRef<'_>>,
    after: Option<NodeRef<'_>>,
) -> Result<(), Problem> {
    let id = |root: NodeRef<'_>| text(root, &["id"]).unwrap_or_default().to_string();
    let is_own = before.is_some_and(|root| practitioners(caller).any(|own| own == id(root)));
    let numbers_before = before.map(numbers).unwrap_or_default();
    let numbers_after = after.map(numbers).unwrap_or_default();
    let wrong = match is_own {
        true => numbers_before != numbers_after,
        false => {
            numbers_after.iter().any(|number| caller.numbers.iter().any(|own| **own == **number))
        }
    };
    if !wrong {
        return Ok(());
    }
    let text = "The numbers by which you log in yourself are entered and changed by another \
                administrator.";
    Err(Problem::new(Kind::Refused, "REC-081", text).at("Practitioner.identifier"))
}

/// The numbers of a Practitioner that somebody can log in by, in order.
pub(crate) fn numbers(practitioner: NodeRef<'_>) -> Vec<&str> {
    let is_login = |node: &NodeRef<'_>| {
        text(*node, &["system"]).is_some_and(|system| [HPR, FNR, DNR].contains(&system))
    };
    let all = practitioner.named("identifier").filter(is_login);
    let mut all: Vec<&str> = all.filter_map(|node| text(node, &["value"])).collect();
    all.sort_unstable();
    all
}

/// No app gives itself, or another, what only people allow apps.
fn refuse_app_consent<'r>(mut versions: impl Iterator<Item = &'r Resource>) -> Result<(), Problem> {
    if !versions.any(is_app_consent) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Refused,
        "REC-076",
        "What apps may do is allowed and taken back on our own pages, and never by an app.",
    ))
}

/// The record alone writes down that somebody took access with a reason.
fn refuse_decision(consent: NodeRef<'_>) -> Result<(), Problem> {
    let mut codings = consent.named("category").flat_map(codings);
    if !codings.any(|(system, _, _)| system == Some(DECISION_SYSTEM)) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Refused,
        "REC-046",
        "Access with a written reason is taken on the page that opens the journal; a Consent of \
         this category cannot be sent in.",
    ))
}
