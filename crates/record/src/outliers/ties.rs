//! What the registers know of an actor and of a patient that may tie them: names, homes, numbers.
//! It goes into the analysis and nowhere else.

use akson_access::ReadPermit;
use akson_base::Problem;
use akson_fhir::definitions::Definitions;
use akson_fhir::model::{NodeRef, Resource};
use akson_insight::facts::{ActorFacts, Home, PatientFacts};
use akson_store::Store;
use akson_store::keys::PatientNumber;

use crate::elements::{national_numbers, text};
use crate::known::Known;
use crate::searching::parse_stored;

/// Somebody at work. `of` is `Practitioner/…`.
pub(super) fn actor(
    store: &Store,
    of: &str,
    role: &str,
    unit: &str,
) -> Result<ActorFacts, Problem> {
    let mut facts = ActorFacts { role: role.into(), unit: unit.into(), ..ActorFacts::default() };
    let snapshot = store.snapshot();
    let found = Definitions::r4().resource_type("Practitioner").zip(of.split_once('/'));
    let Some((practitioner, (_, id))) = found else { return Ok(facts) };
    let Some(located) = store.locate(snapshot.as_ref(), practitioner, id)? else {
        return Ok(facts);
    };
    let permit = ReadPermit::for_deciding();
    let stored = store.current(&permit, snapshot.as_ref(), located.key)?;
    if let Some(stored) = stored.filter(|stored| !stored.deleted) {
        let resource = parse_stored(&stored.json)?;
        facts.family = family(resource.root());
        facts.home = home(resource.root());
        facts.national_number = national_numbers(resource.root()).into_iter().next();
    }
    Ok(facts)
}

/// A patient. Where somebody with a protected address lives is no reason for anything: it would
/// tell.
pub(super) fn patient(
    store: &Store,
    known: &Known,
    number: PatientNumber,
) -> Result<PatientFacts, Problem> {
    let definitions = Definitions::r4();
    let types: Vec<_> = ["Patient", "RelatedPerson"]
        .into_iter()
        .filter_map(|name| definitions.resource_type(name))
        .collect();
    let mut resources: Vec<Resource> = Vec::new();
    let snapshot = store.snapshot();
    let permit = ReadPermit::for_deciding();
    store.visit_patient(&permit, snapshot.as_ref(), number, &types, &mut |stored| {
        resources.push(parse_stored(&stored.json)?);
        Ok(true)
    })?;
    let is_protected = known.of(number)?.facts.is_protected;
    let mut facts = PatientFacts::default();
    for resource in &resources {
        let root = resource.root();
        if root.type_name() == "RelatedPerson" {
            facts.kin_numbers.extend(national_numbers(root));
            continue;
        }
        facts.family = family(root);
        facts.home = home(root).filter(|_| !is_protected);
        facts.national_numbers = national_numbers(root);
    }
    Ok(facts)
}

fn family(person: NodeRef<'_>) -> Option<Box<str>> {
    let name = person.named("name").find(|name| text(*name, &["use"]) != Some("old"))?;
    Some(text(name, &["family"])?.to_lowercase().into())
}

fn home(person: NodeRef<'_>) -> Option<Home> {
    let is_home = |address: &NodeRef<'_>| {
        !matches!(text(*address, &["use"]), Some("work" | "old" | "billing"))
    };
    let address = person.named("address").find(is_home)?;
    let place = text(address, &["postalCode"]).or_else(|| text(address, &["city"]))?;
    let line = address.named("line").find_map(|line| text(line, &[]))?;
    Home::parse(line, place)
}
