//! Search parameters as a condition on one resource, judged on its facets alone: what the scopes of
//! an app are narrowed by.
//!
//! Not here: finding resources by it (`run`).

use akson_base::{Instant, Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::json;
use akson_fhir::model::Resource;

use super::page::bind_owner;
use super::parse::{ParseInput, parse};
use super::query::{Clause, Test};
use super::run::holds_by_itself;
use crate::Store;
use crate::engine::Snapshot;
use crate::facets::{self, Facets};
use crate::keys::ResourceKey;
use crate::reads::Stored;

/// Conditions that must all hold.
#[derive(Clone, Debug)]
pub struct Filter {
    clauses: Vec<Clause>,
}

impl Filter {
    /// Reads a raw query on a type, with nothing left unsaid: a parameter that is unknown, that says
    /// how to present a result, or that one resource by itself cannot answer is refused.
    ///
    /// # Errors
    /// As [`parse`] when strict; SEA-034 for what a resource by itself does not tell.
    pub fn parse(resource_type: ResourceType, query: &str, now: Instant) -> Result<Self, Problem> {
        let resource_type = Some(resource_type);
        let input =
            ParseInput { resource_type, compartment: None, query, strict: true, now, base: None };
        let mut parsed = parse(&input)?;
        let wanted = query.split('&').count();
        let clauses = parsed.parts.pop().map(|part| part.clauses).unwrap_or_default();
        // Every parameter must have become a condition, and none of them an empty one.
        if clauses.len() != wanted || clauses.is_empty() || !clauses.iter().all(is_fit) {
            let name = resource_type.map(|of| Definitions::r4().resource_name(of));
            let text = format!(
                "One of these parameters of {} does not say by itself which resources are meant: \
                 chains, _has, composites, and what concerns the presentation do not.",
                name.unwrap_or_default()
            );
            return Err(Problem::new(Kind::Unsupported, "SEA-034", text));
        }
        Ok(Self { clauses })
    }

    /// With the numbers of the patients that it names, without which references of their own
    /// resources to them are not recognised.
    pub fn bound(mut self, snapshot: &dyn Snapshot) -> Result<Self, Problem> {
        for clause in &mut self.clauses {
            if let Test::Any { matchers, .. } = &mut clause.test {
                matchers.iter_mut().try_for_each(|matcher| bind_owner(snapshot, matcher))?;
            }
        }
        Ok(self)
    }

    /// Whether a resource with these facets, stored at this key, fits.
    pub fn fits(&self, key: ResourceKey, facets: &Facets<'_>) -> bool {
        // What does not tell by itself was refused above.
        self.clauses.iter().all(|c| holds_by_itself(&c.test, key, facets).unwrap_or(false))
    }
}

fn is_fit(clause: &Clause) -> bool {
    match &clause.test {
        Test::Any { slots, matchers, .. } => !slots.is_empty() && !matchers.is_empty(),
        Test::Id { ids, .. } => !ids.is_empty(),
        Test::LastUpdated(tests) => !tests.is_empty(),
        Test::Missing { slots, .. } => !slots.is_empty(),
        Test::Chain { .. } | Test::Has { .. } | Test::Composite { .. } | Test::Never => false,
    }
}

impl Store {
    /// The facets that a resource with this content has or would have at `time`.
    pub fn facets_of(
        &self,
        resource_type: ResourceType,
        id: &str,
        time: Instant,
        resource: &Resource,
    ) -> Vec<u8> {
        let mut values = Vec::new();
        self.extractor.extract(resource, &mut values);
        let owner = self.owners.owner(resource_type, id, &values);
        let mut bytes = facets::encode(&values, id, owner);
        facets::set_time(&mut bytes, time);
        bytes
    }

    /// The facets that a version had while it was current; `None` for a deletion.
    pub fn facets_of_version(&self, stored: &Stored) -> Result<Option<Vec<u8>>, Problem> {
        if stored.deleted {
            return Ok(None);
        }
        let resource = json::parse_stored(&stored.json).map_err(|_| {
            Problem::fault("SEA-033", "a stored version cannot be read: run akson check")
        })?;
        Ok(Some(self.facets_of(stored.key.resource_type(), &stored.id, stored.time, &resource)))
    }
}

#[cfg(test)]
mod tests {
    use akson_fhir::search::Extractor;

    use super::*;
    use crate::keys::PatientNumber;

    const NOW: Instant = Instant(1_790_000_000_000);

    fn fits(query: &str, resource: &str) -> Result<bool, &'static str> {
        let resource = json::parse(resource.as_bytes()).unwrap();
        let of = resource.resource_type().unwrap();
        let filter = Filter::parse(of, query, NOW).map_err(|problem| problem.code)?;
        let mut values = Vec::new();
        Extractor::r4().extract(&resource, &mut values);
        let mut bytes = facets::encode(&values, "o1", Some("p1"));
        facets::set_time(&mut bytes, NOW);
        let key = ResourceKey::new(PatientNumber(7), of, 1);
        Ok(filter.fits(key, &Facets::of(&bytes).unwrap()))
    }

    const LAB: &str = r#"{"resourceType":"Observation","id":"o1","status":"final",
        "category":[{"coding":[{"system":"http://x","code":"laboratory"}]}],
        "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-01-01",
        "code":{"coding":[{"system":"http://loinc.org","code":"1"}]}}"#;

    #[test]
    fn values_are_ored_and_parameters_anded() {
        let cases = [
            ("category=laboratory", true),
            ("category=http://x|laboratory", true),
            ("category=http://x|", true),
            ("category=|laboratory", false),
            ("category=http://y|laboratory", false),
            ("category=Laboratory", false),
            ("category=vital-signs,laboratory", true),
            ("category=vital-signs,survey", false),
            ("category=laboratory&status=final", true),
            ("category=laboratory&status=amended", false),
            ("category=laboratory&category=vital-signs", false),
            ("category:not=laboratory", false),
            ("category:not=vital-signs", true),
            ("category:missing=false", true),
            ("encounter:missing=false", false),
            ("date=ge2025", true),
            ("date=lt2026", false),
            ("_id=o1", true),
            ("_id=o2", false),
            ("_lastUpdated=gt2020", true),
            ("_lastUpdated=lt2020", false),
            ("code=http%3A%2F%2Floinc.org%7C1", true),
        ];
        for (query, expected) in cases {
            assert_eq!(fits(query, LAB), Ok(expected), "{query}");
        }
    }

    #[test]
    fn what_one_resource_does_not_tell_is_refused() {
        let refused = [
            ("subject:Patient.name=ola", "SEA-034"),
            ("_has:Provenance:target:agent=x", "SEA-034"),
            ("code-value-quantity=1$2", "SEA-034"),
            ("_count=3", "SEA-034"),
            ("_include=Observation:subject", "SEA-034"),
            ("_sort=date", "SEA-034"),
            ("category=laboratory&_count=3", "SEA-034"),
            ("category=,", "SEA-034"),
            ("category:not=,", "SEA-034"),
            ("_id:not=,", "SEA-034"),
            ("", "SEA-034"),
            ("category", "SEA-034"),
            ("nosuch=1", "SEA-005"),
            ("category:text=x", "SEA-011"),
            ("category:in=http://x", "SEA-011"),
            ("date=never", "SEA-003"),
        ];
        for (query, code) in refused {
            assert_eq!(fits(query, LAB), Err(code), "{query}");
        }
    }
}
