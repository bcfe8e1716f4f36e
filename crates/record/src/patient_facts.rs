//! From a patient's resources to the facts that a decision is made of.
//!
//! Reads the whole record, whoever asks: what it finds goes to `access` only. Not here: deciding
//! (`access::decide`), keeping what was found (`known`).
//! Standard: <https://hl7.org/fhir/R4/consent.html> and the resources named below.

use std::sync::Arc;

use akson_access::ReadPermit;
use akson_access::facts::{
    Against, CONFIDENCE_LABEL, Capacity, Grant, GrantKind, Hides, Part, PatientFacts, Relation,
    RelationKind, Representative, WITHHELD_LABEL, Window, Wish,
};
use akson_base::{Instant, Problem};
use akson_fhir::date::{DateTime, norway};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::model::{NodeRef, Resource};
use akson_store::Store;
use akson_store::engine::{Direction, Snapshot};
use akson_store::facets::{Facets, ValueKind, target::literal_target, value::split_zero};
use akson_store::keys::{self, PatientNumber, ResourceKey};
use rustc_hash::FxHashMap;

use crate::elements::{
    NATIONAL_NUMBER_SYSTEMS, codings, in_norway, is_false, national_numbers, period, reference,
    text,
};
use crate::interactions::register::APP_CONSENT_SYSTEM;
use crate::searching::parse_stored;
use crate::unsent::{UNSENT, Writer, writer};
use crate::withheld::withheld_until;

/// Code system of the consents that the record itself keeps for access taken with a reason.
pub const DECISION_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/access-decision";
const ROLE_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const CONSENT_SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// Parts that one patient's wishes can speak of.
const PARTS_MAX: usize = 65_000;

/// Which parts each resource belongs to; resources that are not in it are shown to nobody from
/// whom a part is hidden.
pub(crate) type Members = FxHashMap<ResourceKey, Vec<u16>>;

/// What is known of a patient.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) id: String,
    pub(crate) facts: PatientFacts,
    pub(crate) members: Members,
    /// What a citizen is writing and has not sent, and whose it is.
    pub(crate) unsent: FxHashMap<ResourceKey, Writer>,
}

/// `Organization/…` where somebody works, and when.
pub(crate) type Workplace = (Arc<str>, Window);

/// Looks up what stands outside the patient's own resources.
pub(crate) trait Registers {
    /// Where a practitioner (`Practitioner/…` or `PractitionerRole/…`) works.
    fn workplaces(&self, of: &str) -> Result<Arc<[Workplace]>, Problem>;
    /// `Practitioner/…` who has the place of work `PractitionerRole/…`.
    fn person(&self, of: &str) -> Result<Option<Arc<str>>, Problem>;
    /// `Organization/…` that are parts of an organisation, and their parts.
    fn units(&self, of: &str) -> Result<Vec<Arc<str>>, Problem>;
    /// `Organization/…` that manages a `Location/…` or provides a `HealthcareService/…`.
    fn manager(&self, of: &str) -> Result<Option<Arc<str>>, Problem>;
}

/// Gathers everything about one patient. `for_citizen`: with what is withheld from citizens.
pub(crate) fn gather(
    store: &Store,
    snapshot: &dyn Snapshot,
    registers: &dyn Registers,
    patient: PatientNumber,
    for_citizen: bool,
) -> Result<Gathered, Problem> {
    let (found, withheld) = Default::default();
    let mut gathering = Gathering { store, snapshot, registers, patient, found, withheld };
    for name in ["Patient", "CareTeam", "EpisodeOfCare", "RelatedPerson", "Consent"] {
        gathering.whole(name)?;
    }
    for (name, statuses) in [
        ("Encounter", ["arrived", "triaged", "in-progress", "onleave"].as_slice()),
        // Who did not come is looked after, and who was said not to have come may have: `noshow`.
        ("Appointment", &["pending", "booked", "arrived", "checked-in", "fulfilled", "noshow"]),
        ("ServiceRequest", &["active", "on-hold"]),
    ] {
        gathering.with_status(name, statuses)?;
    }
    for (name, statuses) in UNSENT {
        for (key, resource) in gathering.having_status(name, statuses)? {
            let writer = writer(resource.root()).map(|writer| (key, writer));
            gathering.found.unsent.extend(writer);
        }
    }
    if gathering.found.id.is_empty() {
        // Who is deleted is not looked up: that the address was protected is not known any more.
        gathering.found.facts.is_protected = true;
    }
    if for_citizen {
        gathering.withheld()?;
    }
    gathering.members()?;
    Ok(gathering.found)
}

struct Gathering<'a> {
    store: &'a Store,
    snapshot: &'a dyn Snapshot,
    registers: &'a dyn Registers,
    patient: PatientNumber,
    found: Gathered,
    /// What is withheld from the citizen, and until when.
    withheld: FxHashMap<ResourceKey, Option<Instant>>,
}

fn resource_type(name: &str) -> Option<ResourceType> {
    Definitions::r4().resource_type(name)
}

impl Gathering<'_> {
    /// Every live resource of a type, read whole.
    fn whole(&mut self, name: &str) -> Result<(), Problem> {
        let Some(of) = resource_type(name) else { return Ok(()) };
        let permit = ReadPermit::for_deciding();
        let mut resources = Vec::new();
        self.store.visit_patient(&permit, self.snapshot, self.patient, &[of], &mut |stored| {
            resources.push(parse_stored(&stored.json)?);
            Ok(true)
        })?;
        resources.iter().try_for_each(|resource| self.take(name, resource))
    }

    /// The live resources of a type that have one of these statuses.
    fn with_status(&mut self, name: &str, statuses: &[&str]) -> Result<(), Problem> {
        let found = self.having_status(name, statuses)?;
        found.iter().try_for_each(|(_, resource)| self.take(name, resource))
    }

    fn having_status(
        &self,
        name: &str,
        statuses: &[&str],
    ) -> Result<Vec<(ResourceKey, Resource)>, Problem> {
        let Some(of) = resource_type(name) else { return Ok(Vec::new()) };
        let binding = self.store.extractor().binding(of, "status");
        let Some(binding) = binding else { return Ok(Vec::new()) };
        let mut wanted = Vec::new();
        self.visit(&[of.0], &mut |key, facets| {
            let has = binding.slots.iter().flat_map(|slot| facets.slot(*slot)).any(|entry| {
                statuses.iter().any(|status| split_zero(entry.value).0 == status.as_bytes())
            });
            wanted.extend(has.then_some(key));
        })?;
        let permit = ReadPermit::for_deciding();
        let found = self.store.current_of_many(&permit, self.snapshot, &wanted)?;
        found.iter().map(|stored| Ok((stored.key, parse_stored(&stored.json)?))).collect()
    }

    /// The facets of the patient's live resources, of the types that a key prefix leaves.
    fn visit(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(ResourceKey, Facets<'_>),
    ) -> Result<(), Problem> {
        let prefix = [b"F".as_slice(), &self.patient.0.to_be_bytes(), prefix].concat();
        self.snapshot.visit(&keys::under(&prefix), Direction::Ascending, &mut |key, value| {
            if let (Some(key), Some(facets)) = (ResourceKey::from_end(key), Facets::of(value)) {
                visit(key, facets);
            }
            Ok(true)
        })
    }

    fn take(&mut self, name: &str, resource: &Resource) -> Result<(), Problem> {
        let root = resource.root();
        match name {
            "Patient" => self.patient(resource),
            "CareTeam" => self.care_team(root),
            "EpisodeOfCare" => self.episode(root),
            "Encounter" => self.encounter(root),
            "Appointment" => self.appointment(root),
            "ServiceRequest" => {
                for performer in root.named("performer").filter_map(reference) {
                    self.relate(RelationKind::Referral, &performer, Window::default());
                }
                Ok(())
            }
            "RelatedPerson" => {
                self.related_person(root);
                Ok(())
            }
            _ => self.consent(root),
        }
    }

    fn relate(&mut self, kind: RelationKind, with: &str, window: Window) {
        let relation = Relation { kind, with: with.into(), window };
        if !self.found.facts.relations.contains(&relation) {
            self.found.facts.relations.push(relation);
        }
    }

    fn patient(&mut self, resource: &Resource) -> Result<(), Problem> {
        let root = resource.root();
        self.found.id = resource.id().unwrap_or_default().to_string();
        let facts = &mut self.found.facts;
        facts.national_numbers = national_numbers(root);
        facts.birth = text(root, &["birthDate"])
            .and_then(|date| DateTime::parse_search(date).ok())
            .and_then(|date| day(date.interval_in_norway().start));
        facts.is_protected = root.path(&["meta"]).is_some_and(|meta| {
            meta.named("security").any(|label| {
                text(label, &["system"]) == Some(CONFIDENTIALITY)
                    && matches!(text(label, &["code"]), Some("R" | "V"))
            })
        });
        for who in root.named("generalPractitioner").filter_map(reference) {
            self.relate(RelationKind::GeneralPractitioner, &who, Window::default());
            // A doctor's list is the practice's: those who work there assist the doctor.
            for (place, window) in self.registers.workplaces(&who)?.iter() {
                self.relate(RelationKind::GeneralPractitioner, place, *window);
            }
        }
        Ok(())
    }

    fn care_team(&mut self, root: NodeRef<'_>) -> Result<(), Problem> {
        if !matches!(text(root, &["status"]), Some("active" | "proposed" | "suspended")) {
            return Ok(());
        }
        let whole = period(root.first("period"));
        for organisation in root.named("managingOrganization").filter_map(reference) {
            self.relate(RelationKind::CareTeam, &organisation, whole);
        }
        for participant in root.named("participant") {
            let own = period(participant.first("period"));
            let window = Window {
                from: whole.from.max(own.from),
                until: match (whole.until, own.until) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                },
            };
            for name in ["member", "onBehalfOf"] {
                if let Some(who) = participant.first(name).and_then(reference) {
                    self.relate(RelationKind::CareTeam, &who, window);
                }
            }
        }
        Ok(())
    }

    fn episode(&mut self, root: NodeRef<'_>) -> Result<(), Problem> {
        let status = text(root, &["status"]);
        if !matches!(status, Some("planned" | "waitlist" | "active" | "onhold")) {
            return Ok(());
        }
        let window = period(root.first("period"));
        for name in ["managingOrganization", "careManager"] {
            if let Some(who) = root.first(name).and_then(reference) {
                self.relate(RelationKind::EpisodeOfCare, &who, window);
            }
        }
        Ok(())
    }

    fn encounter(&mut self, root: NodeRef<'_>) -> Result<(), Problem> {
        let window = period(root.first("period"));
        let people = root.named("participant").filter_map(|p| p.first("individual"));
        for who in people.chain(root.first("serviceProvider")).filter_map(reference) {
            self.relate(RelationKind::Encounter, &who, window);
        }
        Ok(())
    }

    /// An appointment opens the journal on its day.
    fn appointment(&mut self, root: NodeRef<'_>) -> Result<(), Problem> {
        let Some(start) = text(root, &["start"]).and_then(|t| DateTime::parse_instant(t).ok())
        else {
            return Ok(());
        };
        let Some(window) = whole_day(start.interval_in_norway().start) else { return Ok(()) };
        for actor in root.named("participant").filter_map(|p| p.first("actor")) {
            let Some(who) = reference(actor) else { continue };
            if who.starts_with("Location/") || who.starts_with("HealthcareService/") {
                if let Some(manager) = self.registers.manager(&who)? {
                    self.relate(RelationKind::Appointment, &manager, window);
                }
            } else {
                self.relate(RelationKind::Appointment, &who, window);
            }
        }
        Ok(())
    }

    fn related_person(&mut self, root: NodeRef<'_>) {
        if is_false(root, "active") {
            return;
        }
        let window = period(root.first("period"));
        let capacity = root.named("relationship").find_map(|relationship| {
            let mut codes = codings(relationship)
                .filter(|(system, _, _)| *system == Some(ROLE_CODE))
                .filter_map(|(_, code, _)| code);
            codes.find_map(|code| match code {
                "MTH" | "FTH" | "PRN" | "NMTH" | "NFTH" | "ADOPTP" | "ADOPTM" | "ADOPTF" => {
                    Some(Capacity::Parent)
                }
                "GUARD" => Some(Capacity::Guardian),
                "POWATT" | "HPOWATT" => Some(Capacity::Attorney),
                _ => None,
            })
        });
        let Some(capacity) = capacity else { return };
        for national_number in national_numbers(root) {
            let representative = Representative { national_number, capacity, window };
            self.found.facts.representatives.push(representative);
        }
    }

    fn consent(&mut self, root: NodeRef<'_>) -> Result<(), Problem> {
        if text(root, &["status"]) != Some("active") || is_of_other_scope(root) {
            return Ok(());
        }
        let Some(provision) = root.first("provision") else { return Ok(()) };
        let decision = root.named("category").find_map(|category| {
            let mut own = codings(category).filter(|(s, _, _)| *s == Some(DECISION_SYSTEM));
            own.find_map(|(_, code, _)| code)
        });
        let lets_app = root.named("category").flat_map(codings).any(|(system, _, _)| {
            // What a patient lets an app do gives nobody a ground of their own.
            system == Some(APP_CONSENT_SYSTEM)
        });
        match (text(provision, &["type"]), decision) {
            (Some("permit"), None) if lets_app => Ok(()),
            (Some("permit"), decision) => {
                let kind = match decision {
                    Some("decided") => GrantKind::Decided,
                    Some("emergency") => GrantKind::Emergency,
                    Some(_) | None => GrantKind::Consent,
                };
                let window = period(provision.first("period"));
                // Consent to see a part opens nothing: a grant is of the whole journal.
                if !is_about_a_part(provision) {
                    if decision.is_none() {
                        let named = attorneys(provision).map(Box::from);
                        let capacity = Capacity::Attorney;
                        self.found.facts.representatives.extend(named.map(|national_number| {
                            Representative { national_number, capacity, window }
                        }));
                    }
                    for to in actors(provision).iter().flatten() {
                        let to = to.as_str().into();
                        self.found.facts.grants.push(Grant { kind, to, window });
                    }
                }
                let exceptions = provision.named("provision");
                let mut denied = exceptions.filter(|p| text(*p, &["type"]) == Some("deny"));
                denied.try_for_each(|exception| self.wish(exception))
            }
            // A consent whose kind cannot be told is taken for a block.
            (Some(_) | None, _) => self.wish(provision),
        }
    }

    fn wish(&mut self, provision: NodeRef<'_>) -> Result<(), Problem> {
        let mut parts = Vec::new();
        // What names a part that cannot be found is taken for the whole, rather than for nothing.
        let mut is_clear = true;
        for data in provision.named("data") {
            match data.first("reference").and_then(reference) {
                Some(to) if to.starts_with("Organization/") => {
                    parts.push(Part::Organisation(to.as_str().into()));
                }
                Some(to) => parts.push(Part::Resource(to.as_str().into())),
                None => is_clear = false,
            }
        }
        for label in provision.named("securityLabel") {
            let system = text(label, &["system"]).unwrap_or_default();
            let code = text(label, &["code"]).unwrap_or_default();
            parts.push(Part::Label(format!("{system}|{code}").into()));
        }
        let hides = if parts.is_empty() || !is_clear {
            Hides::Everything
        } else {
            // More parts than can be told apart: everything, rather than one too few.
            let numbers: Option<Vec<u16>> = parts.into_iter().map(|p| self.number(p)).collect();
            numbers.map_or(Hides::Everything, Hides::Parts)
        };
        let window = period(provision.first("period"));
        let discloses = provision
            .named("action")
            .any(|action| codings(action).any(|(_, code, _)| code == Some("disclose")));
        let against = match actors(provision) {
            Some(named) if !named.is_empty() => self.against(&named)?,
            Some(_) if discloses && hides == Hides::Everything => vec![Against::OtherOrganisations],
            // Somebody is named who cannot be found: everybody, rather than one too few.
            Some(_) | None => vec![Against::Everyone],
        };
        for against in against {
            self.found.facts.wishes.push(Wish { against, hides: hides.clone(), window });
        }
        Ok(())
    }

    /// Against whom a wish stands that names these: a person in every place of work, an
    /// organisation with its units.
    fn against(&self, named: &[String]) -> Result<Vec<Against>, Problem> {
        let mut all = Vec::new();
        for who in named {
            if who.starts_with("Organization/") {
                all.push(Against::Organisation(who.as_str().into()));
                let units = self.registers.units(who)?;
                all.extend(units.into_iter().map(Against::Organisation));
            } else {
                all.push(Against::Person(who.as_str().into()));
                all.extend(self.registers.person(who)?.map(Against::Person));
            }
        }
        Ok(all)
    }

    /// The number of a part, a new one if need be; `None` when there are too many.
    fn number(&mut self, part: Part) -> Option<u16> {
        let parts = &mut self.found.facts.parts;
        let known = parts.iter().position(|one| *one == part);
        let number = known.unwrap_or(parts.len());
        if known.is_none() && number < PARTS_MAX {
            parts.push(part);
        }
        u16::try_from(number).ok().filter(|_| number < PARTS_MAX)
    }

    /// Finds what is withheld from the citizen: by its label first, then by what it says.
    fn withheld(&mut self) -> Result<(), Problem> {
        let mut labelled = Vec::new();
        self.visit(&[], &mut |key, facets| {
            let security = self.store.extractor().binding(key.resource_type(), "_security");
            let slots = security.map(|binding| &*binding.slots).unwrap_or_default();
            let mut labels = slots.iter().flat_map(|slot| facets.slot(*slot));
            let is_it = labels.any(|entry| {
                let (code, system) = split_zero(entry.value);
                WITHHELD_LABEL
                    .split_once('|')
                    .is_some_and(|(s, c)| system == s.as_bytes() && code == c.as_bytes())
            });
            labelled.extend(is_it.then_some(key));
        })?;
        let permit = ReadPermit::for_deciding();
        for stored in self.store.current_of_many(&permit, self.snapshot, &labelled)? {
            if let Some(until) = withheld_until(parse_stored(&stored.json)?.root()) {
                self.withheld.insert(stored.key, until);
                self.number(Part::Withheld(until));
            }
        }
        Ok(())
    }

    /// Finds which resources belong to which part, when there are parts at all.
    fn members(&mut self) -> Result<(), Problem> {
        let by_organisation =
            self.found.facts.wishes.iter().any(|wish| wish.against == Against::OtherOrganisations);
        let is_whole = self.found.facts.parts.is_empty() && !by_organisation;
        if is_whole && !self.may_be_a_child() {
            return Ok(());
        }
        // Whether a child has confidences is asked for every child: the label tells.
        self.number(Part::Label(CONFIDENCE_LABEL.into()));
        let mut resources = Vec::new();
        let mut written_by: FxHashMap<(ResourceType, String), String> = FxHashMap::default();
        let mut contacts = Contacts::default();
        let encounter = resource_type("Encounter");
        self.visit(&[], &mut |key, facets| {
            let one = Seen::of(self.store, key, facets);
            if Some(key.resource_type()) == encounter {
                contacts.add(&one);
            }
            if Some(key.resource_type()) == encounter
                && let Some(organisation) = &one.organisation
            {
                let id = facets.id().to_string();
                written_by.insert((key.resource_type(), id), organisation.clone());
            }
            resources.push(one);
        })?;
        for mut one in resources {
            if one.organisation.is_none() {
                one.organisation = one.references.iter().find_map(|(of, id)| {
                    written_by.get(&(*of, id.clone())).filter(|_| Some(*of) == encounter).cloned()
                });
            }
            contacts.add_to(&mut one);
            let numbers = self.parts_of(&one, by_organisation);
            self.found.members.insert(one.key, numbers);
        }
        Ok(())
    }

    fn may_be_a_child(&self) -> bool {
        // Grown up since before the record's first day, if the birth date says so; else looked at.
        self.found.facts.birth.is_none_or(|birth| {
            let now = self.store.clock().now();
            day(now.0).is_none_or(|today| {
                let age = self.found.facts.age(today);
                birth > today || age.is_none_or(|age| age < 17)
            })
        })
    }

    fn parts_of(&mut self, one: &Seen, by_organisation: bool) -> Vec<u16> {
        let organisation = one.organisation.as_deref().unwrap_or_default();
        if by_organisation && self.number(Part::Organisation(organisation.into())).is_none() {
            return (0u16..).take(self.found.facts.parts.len()).collect();
        }
        let consent = resource_type("Consent");
        let is_one = |part: &Part| match part {
            Part::Resource(about) => {
                let (of, id) = about.split_once('/').unwrap_or((about, ""));
                let of = resource_type(of);
                let itself = Some(one.key.resource_type()) == of && one.id == id;
                itself || one.references.iter().any(|(t, i)| Some(*t) == of && i == id)
            }
            Part::Label(label) => one.labels.iter().any(|own| **own == **label),
            Part::Withheld(until) => self.withheld.get(&one.key) == Some(until),
            // A wish is the patient's own, whomever it names.
            Part::Organisation(by) => {
                Some(one.key.resource_type()) != consent && **by == *organisation
            }
        };
        let parts = (0u16..).zip(&self.found.facts.parts);
        parts.filter(|(_, part)| is_one(part)).map(|(number, _)| number).collect()
    }
}

/// Which contacts and episodes each contact is part of.
#[derive(Default)]
struct Contacts(FxHashMap<String, Vec<(ResourceType, String)>>);

impl Contacts {
    fn add(&mut self, contact: &Seen) {
        let is_greater = |(of, _): &&(ResourceType, String)| {
            [resource_type("Encounter"), resource_type("EpisodeOfCare")].contains(&Some(*of))
        };
        let greater = contact.references.iter().filter(is_greater).cloned().collect();
        self.0.insert(contact.id.clone(), greater);
    }

    /// What was written in a contact belongs to all that the contact is part of.
    fn add_to(&self, one: &mut Seen) {
        let encounter = resource_type("Encounter");
        let mut at = 0;
        while let Some((of, id)) = one.references.get(at).cloned() {
            at += 1;
            for greater in self.0.get(&id).filter(|_| Some(of) == encounter).into_iter().flatten() {
                if !one.references.contains(greater) {
                    one.references.push(greater.clone());
                }
            }
        }
    }
}

/// What the parts ask of a resource.
struct Seen {
    key: ResourceKey,
    id: String,
    labels: Vec<String>,
    references: Vec<(ResourceType, String)>,
    organisation: Option<String>,
}

impl Seen {
    fn of(store: &Store, key: ResourceKey, facets: Facets<'_>) -> Self {
        let security = store.extractor().binding(key.resource_type(), "_security");
        let slots = security.map(|binding| &*binding.slots).unwrap_or_default();
        let labels = slots.iter().flat_map(|slot| facets.slot(*slot)).map(|entry| {
            let (code, system) = split_zero(entry.value);
            format!("{}|{}", String::from_utf8_lossy(system), String::from_utf8_lossy(code))
        });
        let references: Vec<(ResourceType, String)> = facets
            .iter()
            .filter(|entry| entry.kind == ValueKind::Reference)
            .filter_map(|entry| literal_target(entry.value))
            .filter_map(|(name, id)| Some((resource_type(name)?, id.to_string())))
            .collect();
        let organisation = resource_type("Organization");
        let by = references.iter().find(|(of, _)| Some(*of) == organisation);
        Self {
            key,
            id: facets.id().to_string(),
            labels: labels.collect(),
            organisation: by.map(|(_, id)| format!("Organization/{id}")),
            references,
        }
    }
}

/// The national numbers of those to whom a provision gives power of attorney.
pub(crate) fn attorneys(provision: NodeRef<'_>) -> impl Iterator<Item = &str> {
    let is_attorney = |actor: &NodeRef<'_>| {
        let mut codes = actor.named("role").flat_map(codings);
        codes.any(|(system, code, _)| {
            system == Some(ROLE_CODE) && matches!(code, Some("POWATT" | "HPOWATT"))
        })
    };
    let named = provision.named("actor").filter(is_attorney);
    named.filter_map(|actor| {
        let identifier = actor.first("reference")?.first("identifier")?;
        let system = text(identifier, &["system"])?;
        text(identifier, &["value"]).filter(|_| NATIONAL_NUMBER_SYSTEMS.contains(&system))
    })
}

/// Whom a provision names; `None` when one of them cannot be found by the reference.
fn actors(provision: NodeRef<'_>) -> Option<Vec<String>> {
    provision.named("actor").map(|actor| actor.first("reference").and_then(reference)).collect()
}

/// Whether a consent is about something else than access to the journal: research, treatment, what
/// is wanted at the end of life.
fn is_of_other_scope(consent: NodeRef<'_>) -> bool {
    let Some(scope) = consent.first("scope") else { return false };
    let is = |codes: &[&str]| {
        let mut own = codings(scope).filter(|(system, _, _)| *system == Some(CONSENT_SCOPE));
        own.any(|(_, code, _)| code.is_some_and(|code| codes.contains(&code)))
    };
    is(&["adr", "research", "treatment"]) && !is(&["patient-privacy"])
}

/// Whether a provision is about less than the whole journal.
fn is_about_a_part(provision: NodeRef<'_>) -> bool {
    ["data", "securityLabel", "class", "code", "dataPeriod"]
        .iter()
        .any(|name| provision.first(name).is_some())
}

fn day(milliseconds: i64) -> Option<jiff::civil::Date> {
    in_norway(milliseconds).map(|moment| moment.date())
}

/// The Norwegian day in which a moment lies.
fn whole_day(milliseconds: i64) -> Option<Window> {
    let start = day(milliseconds)?.to_zoned(norway().clone()).ok()?;
    let end = start.tomorrow().ok()?;
    Some(Window {
        from: Some(Instant(start.timestamp().as_millisecond())),
        until: Some(Instant(end.timestamp().as_millisecond().max(milliseconds + 1))),
    })
}
