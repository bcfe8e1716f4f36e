//! What a decision was made of, for those who may ask: the facts that speak of the actor, and the
//! patient's blocks that are aimed at the actor, whether they hold now or not.
//!
//! Tells nothing of the journal's content. Not here: the decision (`decide`), who may ask and what a
//! resource adds to it (`record`).

use std::sync::Arc;

use akson_base::Instant;

use crate::actor::{Actor, Standing};
use crate::facts::{Against, Capacity, GrantKind, Hides, PatientFacts, Window};

/// A fact that ties the actor to the patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Of which kind: `care-team`, `decided`, `parent`, `own` …
    pub kind: &'static str,
    /// With whom: the reference that stands in the patient's resources; empty for what is tied by
    /// national number.
    pub with: Arc<str>,
    /// When.
    pub window: Window,
    /// Whether that is now.
    pub holds: bool,
}

/// A block that is aimed at the actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'f> {
    /// Against whom: `everyone`, `person`, `organisation`, `other-organisations`.
    pub against: &'static str,
    /// Those of [`PatientFacts::parts`] that it hides; `None` for the whole journal, empty when the
    /// parts are all that others wrote.
    pub parts: Option<&'f [u16]>,
    /// When.
    pub window: Window,
    /// Whether that is now. A block that holds may have yielded to an emergency or a permission.
    pub holds: bool,
}

/// The actor's own references: as a person, and the organisations.
fn sides(actor: &Actor) -> (Vec<&str>, Vec<&str>) {
    match &actor.standing {
        Standing::Personnel(personnel) => (
            personnel.references.iter().map(|reference| &**reference).collect(),
            personnel.organisations.iter().map(|reference| &**reference).collect(),
        ),
        Standing::System(organisation) => {
            (Vec::new(), organisation.as_deref().into_iter().collect())
        }
        Standing::Open | Standing::Operator | Standing::Citizen(_) => (Vec::new(), Vec::new()),
    }
}

/// The facts that tie the actor to the patient, those that are over or yet to come too.
pub fn evidence(actor: &Actor, facts: &PatientFacts, now: Instant) -> Vec<Evidence> {
    let (persons, organisations) = sides(actor);
    let is_theirs = |with: &str| persons.contains(&with) || organisations.contains(&with);
    let of = |kind: &'static str, with: &Arc<str>, window: Window| {
        let (with, holds) = (Arc::clone(with), window.contains(now));
        Evidence { kind, with, window, holds }
    };
    let mut found = Vec::new();
    for relation in facts.relations.iter().filter(|relation| is_theirs(&relation.with)) {
        found.push(of(relation.kind.code(), &relation.with, relation.window));
    }
    for grant in facts.grants.iter().filter(|grant| is_theirs(&grant.to)) {
        let kind = match grant.kind {
            GrantKind::Decided => "decided",
            GrantKind::Emergency => "emergency",
            GrantKind::Consent => "consent",
        };
        found.push(of(kind, &grant.to, grant.window));
    }
    let Standing::Citizen(number) = &actor.standing else { return found };
    let nobody = Arc::<str>::from("");
    if facts.national_numbers.iter().any(|own| **own == **number) {
        found.push(of("own", &nobody, Window::default()));
    }
    for one in facts.representatives.iter().filter(|one| *one.national_number == **number) {
        let kind = match one.capacity {
            Capacity::Parent => "parent",
            Capacity::Guardian => "guardian",
            Capacity::Attorney => "attorney",
        };
        found.push(of(kind, &nobody, one.window));
    }
    found
}

/// The patient's blocks that are aimed at the actor. Citizens are never blocked.
pub fn blocks<'f>(actor: &Actor, facts: &'f PatientFacts, now: Instant) -> Vec<Block<'f>> {
    if matches!(actor.standing, Standing::Open | Standing::Operator | Standing::Citizen(_)) {
        return Vec::new();
    }
    let (persons, organisations) = sides(actor);
    let mut found = Vec::new();
    for wish in &facts.wishes {
        let against = match &wish.against {
            Against::Everyone => "everyone",
            Against::Person(one) if persons.contains(&&**one) => "person",
            Against::Organisation(one) if organisations.contains(&&**one) => "organisation",
            Against::OtherOrganisations => "other-organisations",
            Against::Person(_) | Against::Organisation(_) => continue,
        };
        let parts = match &wish.hides {
            Hides::Everything if wish.against == Against::OtherOrganisations => Some([].as_slice()),
            Hides::Everything => None,
            Hides::Parts(parts) => Some(parts.as_slice()),
        };
        let holds = wish.window.contains(now);
        found.push(Block { against, parts, window: wish.window, holds });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Personnel, Role};
    use crate::facts::{Grant, Relation, RelationKind, Representative, Wish};

    const NOW: Instant = Instant(1_000);

    fn at(reference: &str, organisation: &str) -> Actor {
        let standing = Standing::Personnel(Personnel {
            role: Role::Nurse,
            references: vec![reference.into()],
            organisations: vec![organisation.into()],
            organisation_name: "".into(),
            numbers: Vec::new(),
        });
        Actor { standing, ..Actor::open() }
    }

    #[test]
    fn only_what_speaks_of_the_actor_is_told() {
        let over = Window { from: None, until: Some(Instant(1_000)) };
        let relation = |with: &str, window| Relation {
            kind: RelationKind::CareTeam,
            with: with.into(),
            window,
        };
        let wish = |against, hides| Wish { against, hides, window: Window::default() };
        let facts = PatientFacts {
            national_numbers: vec!["1".into()],
            relations: vec![
                relation("Practitioner/a", over),
                relation("Practitioner/b", Window::default()),
            ],
            grants: vec![Grant {
                kind: GrantKind::Emergency,
                to: "Organization/o".into(),
                window: Window::default(),
            }],
            representatives: vec![Representative {
                national_number: "2".into(),
                capacity: Capacity::Guardian,
                window: Window::default(),
            }],
            wishes: vec![
                wish(Against::Person("Practitioner/b".into()), Hides::Everything),
                wish(Against::Everyone, Hides::Parts(vec![3])),
                wish(Against::OtherOrganisations, Hides::Everything),
            ],
            ..PatientFacts::default()
        };
        let told = |actor: &Actor| -> Vec<(&str, bool)> {
            evidence(actor, &facts, NOW).iter().map(|one| (one.kind, one.holds)).collect()
        };
        let a = at("Practitioner/a", "Organization/o");
        assert_eq!(told(&a), [("care-team", false), ("emergency", true)]);
        let citizen =
            |number: &str| Actor { standing: Standing::Citizen(number.into()), ..Actor::open() };
        assert_eq!(told(&citizen("1")), [("own", true)]);
        assert_eq!(told(&citizen("2")), [("guardian", true)]);
        assert_eq!(told(&citizen("3")), []);
        let blocks_of = |actor: &Actor| -> Vec<(&str, Option<Vec<u16>>)> {
            let all = blocks(actor, &facts, NOW);
            all.iter().map(|one| (one.against, one.parts.map(<[u16]>::to_vec))).collect()
        };
        let general = [("everyone", Some(vec![3])), ("other-organisations", Some(vec![]))];
        assert_eq!(blocks_of(&a), general);
        let b = at("Practitioner/b", "Organization/x");
        assert_eq!(blocks_of(&b)[0], ("person", None));
        assert_eq!(blocks_of(&citizen("1")), []);
    }
}
