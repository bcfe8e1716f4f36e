//! Messages at work that speak of no patient: from somebody to a colleague, or to everybody in a unit.
//!
//! A `Communication` without a patient is no part of any journal, and no ground opens it. Those who sent it
//! and those whom it names see it, and may say that it is read; a new one is written in one's own name.
//! Not here: messages that speak of a patient (`sight`, `acts`).
//! Standard: <https://hl7.org/fhir/R4/communication.html>

use akson_fhir::definitions::ResourceType;
use akson_store::facets::Facets;
use akson_store::facets::target::literal_target;

use crate::interactions::type_name;
use crate::sight::Judge;

impl Judge {
    /// Whether a resource that speaks of no patient is a message that the caller, or the unit where the
    /// caller works, sent or got. `facets`: its search values.
    pub(crate) fn is_party(&self, of: ResourceType, facets: Facets<'_>) -> bool {
        let names = ["sender", "recipient"];
        type_name(of) == "Communication" && names.iter().any(|name| self.is_named(of, facets, name))
    }

    /// Whether it is a message that the caller sends.
    pub(crate) fn is_sender(&self, of: ResourceType, facets: Facets<'_>) -> bool {
        type_name(of) == "Communication" && self.is_named(of, facets, "sender")
    }

    fn is_named(&self, of: ResourceType, facets: Facets<'_>, parameter: &str) -> bool {
        let Some(personnel) = self.actor().personnel() else { return false };
        let Some(binding) = self.extractor().binding(of, parameter) else { return false };
        // Nobody sends in the name of a whole unit.
        let unit = personnel.organisations.first().filter(|_| parameter != "sender");
        let own: Vec<&str> = personnel.references.iter().chain(unit).map(|one| &**one).collect();
        let mut targets = binding
            .slots
            .iter()
            .flat_map(|slot| facets.slot(*slot))
            .filter_map(|entry| literal_target(entry.value));
        targets.any(|(name, id)| own.iter().any(|one| one.split_once('/') == Some((name, id))))
    }
}
