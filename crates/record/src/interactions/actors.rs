//! From what a login or a token proved to who is calling: the registers' Practitioner,
//! PractitionerRole and Organization, the citizen's own Patient.
//!
//! Not here: proving (`identity`), what the actor may see (`access`).

use std::sync::Arc;

use akson_access::facts::Window;
use akson_access::scopes::Scopes;
use akson_access::{Actor, Identity, Personnel, ROLE_SYSTEM, ReadPermit, Role, Standing};
use akson_base::identifiers::{HPR, ORGANISATION};
use akson_base::{Instant, Kind, Problem};
use akson_fhir::definitions::Definitions;
use akson_fhir::model::{NodeRef, Resource};

use crate::Record;
use crate::bounds::check_scopes;
use crate::elements::{NATIONAL_NUMBER_SYSTEMS, codings, is_false, period, reference, text};
use crate::safeguards::numbers;
use crate::searching::Searching;

const HPR_CATEGORIES: &str = "urn:oid:2.16.578.1.12.4.1.1.9060";
/// How far up from a unit to the legal entity.
const ORGANISATION_LEVELS_MAX: usize = 10;
/// Roles that one person can have at a time.
const ROLES_MAX: usize = 50;

impl Record {
    /// The capacities in which a proved identity may act now: one for each current
    /// `PractitionerRole` of a person at work (only those at the organisation that the identity
    /// names, when it names one), one for a citizen, one for a system. Empty when the registers
    /// know nobody like that. Clinical scopes of the identity become the actors' bounds. Reads registers and the citizen's own name only, so nothing is
    /// logged.
    pub fn actors(&self, identity: &Identity) -> Result<Vec<Actor>, Problem> {
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let registers = Registers { searching, now: self.store.clock().now() };
        let client = match identity.client_name.as_str() {
            "" => Arc::from(identity.client.as_str()),
            name => Arc::from(name),
        };
        let numbers = identity.national_number.as_deref();
        let mut actors: Vec<Actor> = match (&identity.hpr_number, numbers) {
            (_, number) if identity.is_citizen => {
                registers.citizen(number.unwrap_or_default(), client)?.into_iter().collect()
            }
            (None, None) => registers.system(identity, client)?.into_iter().collect(),
            (hpr, number) => registers.personnel(hpr.as_deref(), number, identity, &client)?,
        };
        let scopes = scopes(identity)?;
        for actor in &mut actors {
            actor.scopes.clone_from(&scopes);
        }
        if let Some(purpose) = identity.purpose.as_deref().map(Arc::<str>::from) {
            for actor in &mut actors {
                actor.purpose = Arc::clone(&purpose);
            }
        }
        Ok(actors)
    }
}

impl Record {
    /// The capacities in which somebody of the registers can act now, by reference: a person at work
    /// or one place of theirs, a citizen, the systems of an organisation.
    pub(crate) fn actors_named(&self, reference: &str) -> Result<Vec<Actor>, Problem> {
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let registers = Registers { searching, now: self.store.clock().now() };
        let Some((type_name, id)) = reference.split_once('/') else { return Ok(Vec::new()) };
        if !akson_fhir::reference::is_id(id) {
            return Ok(Vec::new());
        }
        let by_id = |type_name: &str, id: &str| registers.find(type_name, &format!("_id={id}"));
        let nobody = Arc::<str>::default();
        match type_name {
            "Practitioner" => {
                let found = by_id("Practitioner", id)?;
                let found =
                    found.first().map(|one| registers.places(one, &Identity::default(), &nobody));
                found.unwrap_or_else(|| Ok(Vec::new()))
            }
            "PractitionerRole" => {
                let Some(place) = by_id(type_name, id)?.into_iter().next() else {
                    return Ok(Vec::new());
                };
                let person = place.root().first("practitioner").and_then(self::reference);
                let Some(person) = person else { return Ok(Vec::new()) };
                let person = by_id("Practitioner", person.trim_start_matches("Practitioner/"))?;
                let Some(person) = person.first() else { return Ok(Vec::new()) };
                let actor = registers.actor(person, &place, &Identity::default(), &nobody)?;
                Ok(actor.into_iter().collect())
            }
            "Patient" | "RelatedPerson" => {
                let found = by_id(type_name, id)?;
                let number = found.first().and_then(|one| national_number(one.root()));
                Ok(number.map(|number| citizen_of(&found, number)).into_iter().flatten().collect())
            }
            "Organization" if !by_id(type_name, id)?.is_empty() => Ok(vec![Actor {
                id: reference.into(),
                display: reference.into(),
                standing: Standing::System(Some(reference.into())),
                client: Arc::clone(&nobody),
                purpose: nobody,
                scopes: None,
            }]),
            _ => Ok(Vec::new()),
        }
    }
}

/// The first number by which somebody logs in.
fn national_number(root: NodeRef<'_>) -> Option<&str> {
    let mut identifiers = root.named("identifier");
    identifiers.find_map(|node| {
        let system = text(node, &["system"])?;
        NATIONAL_NUMBER_SYSTEMS.contains(&system).then(|| text(node, &["value"])).flatten()
    })
}

/// The citizen whom the first of these is about.
fn citizen_of(found: &[Resource], number: &str) -> Option<Actor> {
    let resource = found.first()?;
    let type_name = resource.root().type_name();
    Some(Actor {
        id: format!("{type_name}/{}", resource.id().unwrap_or_default()).into(),
        display: name(resource.root()).into(),
        standing: Standing::Citizen(number.into()),
        client: Arc::default(),
        purpose: Arc::default(),
        scopes: None,
    })
}

/// The clinical scopes of a token; none when it has no word of them. A token with one that cannot be
/// read or enforced lets nobody in.
fn scopes(identity: &Identity) -> Result<Option<Arc<Scopes>>, Problem> {
    if !identity.scopes.iter().any(|scope| Scopes::is_clinical(scope)) {
        return Ok(None);
    }
    let words = identity.scopes.iter().map(String::as_str);
    let scopes = Scopes::parse(words, identity.patient.as_deref());
    let checked = scopes.and_then(|scopes| check_scopes(&scopes).map(|()| Arc::new(scopes)));
    checked.map(Some).map_err(|problem| Problem { kind: Kind::Refused, ..problem })
}

struct Registers<'a> {
    searching: Searching<'a>,
    now: Instant,
}

impl Registers<'_> {
    fn find(&self, type_name: &str, query: &str) -> Result<Vec<Resource>, Problem> {
        let resource_type = Definitions::r4().resource_type(type_name);
        let query = format!("{query}&_count={ROLES_MAX}");
        let query = self.searching.parse(resource_type, None, &query, true)?;
        self.searching.resources(&self.searching.execute(&query)?.matches)
    }

    fn by_number(
        &self,
        type_name: &str,
        system: &str,
        number: &str,
    ) -> Result<Vec<Resource>, Problem> {
        // Only digits can be a number of the registers; nothing else becomes part of a query.
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        self.find(type_name, &format!("identifier={system}%7C{number}"))
    }

    fn by_national_number(&self, type_name: &str, number: &str) -> Result<Vec<Resource>, Problem> {
        for system in NATIONAL_NUMBER_SYSTEMS {
            let found = self.by_number(type_name, system, number)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    fn citizen(&self, number: &str, client: Arc<str>) -> Result<Option<Actor>, Problem> {
        let mut found = self.by_national_number("Patient", number)?;
        if found.is_empty() {
            found = self.by_national_number("RelatedPerson", number)?;
        }
        if found.is_empty() {
            return self.attorney(number, client);
        }
        Ok(citizen_of(&found, number).map(|actor| Actor { client, ..actor }))
    }

    /// Somebody whom no register has, and to whom a patient has given power of attorney.
    fn attorney(&self, number: &str, client: Arc<str>) -> Result<Option<Actor>, Problem> {
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(None);
        }
        let any = NATIONAL_NUMBER_SYSTEMS.map(|system| format!("{system}%7C{number}")).join(",");
        let found = self.find("Consent", &format!("actor:identifier={any}&status=active"))?;
        let named = found.iter().find_map(|consent| {
            let root = consent.root();
            let mut actors = root.first("provision")?.named("actor");
            let actor = actors.find(|actor| {
                let of = actor.first("reference").and_then(|to| to.first("identifier"));
                of.and_then(|identifier| text(identifier, &["value"])) == Some(number)
            })?;
            let name = text(actor, &["reference", "display"]).unwrap_or_default();
            Some((consent.id()?.to_string(), name.to_string()))
        });
        Ok(named.map(|(id, name)| Actor {
            id: format!("Consent/{id}").into(),
            display: name.into(),
            standing: Standing::Citizen(number.into()),
            client,
            purpose: Arc::default(),
            scopes: None,
        }))
    }

    fn system(&self, identity: &Identity, client: Arc<str>) -> Result<Option<Actor>, Problem> {
        if identity.client.is_empty() {
            return Ok(None);
        }
        let number = identity.unit.as_ref().or(identity.legal_entity.as_ref());
        let found = match number {
            Some(number) => self.by_number("Organization", ORGANISATION, number)?,
            None => Vec::new(),
        };
        let organisation = found.first().and_then(Resource::id);
        Ok(Some(Actor {
            id: format!("client/{}", identity.client).into(),
            display: Arc::clone(&client),
            standing: Standing::System(organisation.map(|id| format!("Organization/{id}").into())),
            client,
            purpose: Arc::default(),
            scopes: None,
        }))
    }

    fn personnel(
        &self,
        hpr: Option<&str>,
        number: Option<&str>,
        identity: &Identity,
        client: &Arc<str>,
    ) -> Result<Vec<Actor>, Problem> {
        let mut practitioners = match hpr {
            Some(hpr) => self.by_number("Practitioner", HPR, hpr)?,
            None => Vec::new(),
        };
        if practitioners.is_empty() {
            practitioners = self.by_national_number("Practitioner", number.unwrap_or_default())?;
        }
        // Two of the same number would be two people who could become each other.
        let [practitioner] = practitioners.as_slice() else { return Ok(Vec::new()) };
        self.places(practitioner, identity, client)
    }

    /// One actor for each place where somebody works now.
    fn places(
        &self,
        practitioner: &Resource,
        identity: &Identity,
        client: &Arc<str>,
    ) -> Result<Vec<Actor>, Problem> {
        let id = practitioner.id().unwrap_or_default();
        let mut actors = Vec::new();
        for role in self.find("PractitionerRole", &format!("practitioner=Practitioner/{id}"))? {
            actors.extend(self.actor(practitioner, &role, identity, client)?);
        }
        Ok(actors)
    }

    fn actor(
        &self,
        practitioner: &Resource,
        place: &Resource,
        identity: &Identity,
        client: &Arc<str>,
    ) -> Result<Option<Actor>, Problem> {
        let root = place.root();
        let window: Window = period(root.first("period"));
        if is_false(root, "active") || !window.contains(self.now) {
            return Ok(None);
        }
        let Some((role, title)) = role_of(root) else { return Ok(None) };
        let Some(unit) = root.first("organization").and_then(reference) else { return Ok(None) };
        let organisations = self.with_parents(&unit)?;
        let belongs = |number: &Option<String>| {
            number
                .as_ref()
                .is_none_or(|n| organisations.iter().any(|(_, numbers, _)| numbers.contains(n)))
        };
        if !belongs(&identity.unit) || !belongs(&identity.legal_entity) {
            return Ok(None);
        }
        let practitioner_id = practitioner.id().unwrap_or_default();
        let organisation_name = organisations.first().map_or("", |(_, _, name)| name.as_str());
        Ok(Some(Actor {
            id: format!("Practitioner/{practitioner_id}").into(),
            display: format!("{}, {title}", name(practitioner.root())).into(),
            standing: Standing::Personnel(Personnel {
                role,
                references: vec![
                    format!("Practitioner/{practitioner_id}").into(),
                    format!("PractitionerRole/{}", place.id().unwrap_or_default()).into(),
                ],
                organisation_name: organisation_name.into(),
                organisations: organisations.iter().map(|(id, _, _)| id.as_str().into()).collect(),
                numbers: login_numbers(practitioner, identity),
            }),
            client: Arc::clone(client),
            purpose: Arc::default(),
            scopes: None,
        }))
    }

    /// The unit and all that it is part of: reference, organisation numbers, name.
    fn with_parents(&self, unit: &str) -> Result<Vec<(String, Vec<String>, String)>, Problem> {
        let mut found: Vec<(String, Vec<String>, String)> = Vec::new();
        let mut next = unit.strip_prefix("Organization/").map(str::to_string);
        while let Some(id) = next.take() {
            let known =
                found.iter().any(|(reference, _, _)| reference.ends_with(&format!("/{id}")));
            if known || found.len() >= ORGANISATION_LEVELS_MAX || !akson_fhir::reference::is_id(&id)
            {
                break;
            }
            let Some(resource) =
                self.find("Organization", &format!("_id={id}"))?.into_iter().next()
            else {
                break;
            };
            let root = resource.root();
            let numbers = root
                .named("identifier")
                .filter(|node| text(*node, &["system"]) == Some(ORGANISATION))
                .filter_map(|node| text(node, &["value"]).map(str::to_string))
                .collect();
            let name = text(root, &["name"]).unwrap_or_default().to_string();
            found.push((format!("Organization/{id}"), numbers, name));
            let parent = root.first("partOf").and_then(reference);
            next = parent.and_then(|p| p.strip_prefix("Organization/").map(str::to_string));
        }
        Ok(found)
    }
}

/// The numbers by which somebody logs in: those that the login proved, and those that the register
/// has.
fn login_numbers(practitioner: &Resource, identity: &Identity) -> Vec<Arc<str>> {
    let proved = [&identity.hpr_number, &identity.national_number];
    let proved = proved.into_iter().flatten().map(String::as_str);
    let mut all: Vec<Arc<str>> =
        proved.chain(numbers(practitioner.root())).map(Arc::from).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The role and its title as people read it. Our own code says more than the category.
pub(crate) fn role_of(place: NodeRef<'_>) -> Option<(Role, String)> {
    let codes: Vec<NodeRef<'_>> = place.named("code").collect();
    let title = |concept: NodeRef<'_>| {
        let display = || codings(concept).find_map(|(_, _, display)| display);
        text(concept, &["text"]).or_else(display).unwrap_or_default().to_lowercase()
    };
    let own = codes.iter().find_map(|concept| {
        let mut all = codings(*concept).filter(|(system, _, _)| *system == Some(ROLE_SYSTEM));
        all.find_map(|(_, code, _)| Role::of_code(code?)).map(|role| (role, title(*concept)))
    });
    let category = || {
        codes.iter().find_map(|concept| {
            let mut all =
                codings(*concept).filter(|(system, _, _)| *system == Some(HPR_CATEGORIES));
            all.find_map(|(_, code, _)| Role::of_hpr_category(code?))
                .map(|role| (role, title(*concept)))
        })
    };
    // Nobody becomes a citizen or a system by a line in a register.
    own.filter(|(role, _)| !matches!(role, Role::Citizen | Role::System)).or_else(category)
}

/// Given names and family name, as on the first name that is not an old one.
fn name(person: NodeRef<'_>) -> String {
    let name = person.named("name").find(|name| text(*name, &["use"]) != Some("old"));
    let Some(name) = name else { return String::new() };
    if let Some(whole) = text(name, &["text"]) {
        return whole.to_string();
    }
    let given = name.named("given").filter_map(|node| text(node, &[]));
    given.chain(text(name, &["family"])).collect::<Vec<_>>().join(" ")
}
