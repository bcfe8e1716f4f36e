//! Whose resource it is: the patient under whose number a resource is stored.
//!
//! The owner is the first Patient that a resource refers to by a parameter of the Patient
//! compartment, in the compartment's order; a Patient owns itself. Further patients of the same
//! resource are found through the reference index.
//! Standard: <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>

use std::collections::HashMap;

use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::model::Resource;
use akson_fhir::reference::Reference;
use akson_fhir::search::{Extractor, SearchValue, SlotId};

use crate::Store;

/// For each type the slots that can name its owner, in the compartment's order.
pub(crate) struct Owners {
    patient: Option<ResourceType>,
    slots: HashMap<ResourceType, Vec<SlotId>>,
}

impl Owners {
    /// Derives the table from the Patient compartment.
    pub(crate) fn r4(extractor: &Extractor) -> Self {
        let definitions = Definitions::r4();
        let mut slots: HashMap<ResourceType, Vec<SlotId>> = HashMap::new();
        if let Some(compartment) = definitions.compartment("Patient") {
            for (resource_type, codes) in &compartment.members {
                let of_type = slots.entry(*resource_type).or_default();
                for code in codes {
                    if let Some(binding) = extractor.binding(*resource_type, code) {
                        of_type.extend(binding.slots.iter().copied());
                    }
                }
            }
        }
        Self { patient: definitions.resource_type("Patient"), slots }
    }

    /// Every slot by which a resource can refer to a patient's compartment.
    pub(crate) fn all_slots(&self) -> impl Iterator<Item = SlotId> {
        let mut all: Vec<SlotId> = self.slots.values().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// The owning patient's id.
    pub(crate) fn owner<'a>(
        &self,
        resource_type: ResourceType,
        id: &'a str,
        values: &[(SlotId, SearchValue<'a>)],
    ) -> Option<&'a str> {
        if Some(resource_type) == self.patient {
            return Some(id);
        }
        self.slots.get(&resource_type)?.iter().find_map(|slot| {
            values
                .iter()
                .filter(|(of, _)| of == slot)
                .find_map(|(_, value)| patient_id(self.patient, value))
        })
    }
}

impl Store {
    /// Ids of the patients that a version of a resource speaks of: the owner alone of one that
    /// `is_owned`, else all whom it refers to.
    pub fn patients_in(
        &self,
        resource_type: ResourceType,
        id: &str,
        resource: &Resource,
        is_owned: bool,
    ) -> Vec<String> {
        let mut values = Vec::new();
        self.extractor.extract(resource, &mut values);
        if is_owned {
            let owner = self.owners.owner(resource_type, id, &values);
            return owner.map(str::to_string).into_iter().collect();
        }
        let patients =
            values.iter().filter_map(|(_, value)| patient_id(self.owners.patient, value));
        patients.map(str::to_string).collect()
    }
}

fn patient_id<'a>(patient: Option<ResourceType>, value: &SearchValue<'a>) -> Option<&'a str> {
    let SearchValue::Reference { reference: Some(text), .. } = value else {
        return None;
    };
    let (resource_type, id) = Reference::parse(text).local(None)?;
    (Some(resource_type) == patient).then_some(id)
}
