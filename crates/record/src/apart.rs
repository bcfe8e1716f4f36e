//! What lies in no patient's range (`Task`, `Device`) while a part of the patient's journal is hidden:
//! hidden too when it belongs to the part, or refers to anything that does, and when that cannot be
//! told.
//!
//! Not here: the parts of what lies in the range (`patient_facts`), the decision (`access`).

use akson_access::facts::Part;
use akson_base::Problem;
use akson_fhir::definitions::Definitions;
use akson_fhir::model::{Resource, Scalar};
use akson_fhir::reference::Reference;
use akson_store::engine::Snapshot;
use akson_store::keys::PatientNumber;

use crate::elements::text;
use crate::interactions::target;
use crate::sight::{Judge, Judged};

impl Judge {
    /// Whether a resource of no patient's range, which speaks of this patient, is hidden together with
    /// a part of the patient's journal.
    pub(crate) fn is_hidden_apart(
        &self,
        judged: &Judged,
        patient: PatientNumber,
        resource: &Resource,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        let hidden = &judged.decision.hidden_parts;
        let mut blocked: Vec<&str> = Vec::new();
        for number in hidden {
            match judged.gathered.facts.parts.get(usize::from(*number)) {
                Some(Part::Label(label)) if has_label(resource, label) => return Ok(true),
                // Its own label of what is withheld was looked at before.
                Some(Part::Label(_) | Part::Withheld(_)) => {}
                Some(Part::Resource(about)) => blocked.push(about),
                // Of a thing of this kind it is not known who wrote it.
                Some(Part::Organisation(_)) | None => return Ok(true),
            }
        }
        let definitions = Definitions::r4();
        for node in resource.nodes() {
            let Some(Scalar::String(text)) = node.scalar() else { continue };
            if &*node.element().path != "Reference.reference" || text.starts_with('#') {
                continue;
            }
            // What is not ours cannot be looked up: it may be an address of something hidden.
            let Some((of, id)) = Reference::parse(text).local(None) else { return Ok(true) };
            if blocked.contains(&target(of, id).as_str()) {
                return Ok(true);
            }
            let Some(located) = self.store.locate(whole, of, id)? else { continue };
            let is_theirs = located.key.patient() == patient;
            if !is_theirs || definitions.resource_name(of) == "Patient" {
                continue;
            }
            let parts = judged.gathered.members.get(&located.key);
            let is_hidden = |part: &u16| hidden.binary_search(part).is_ok();
            if parts.is_none_or(|parts| parts.iter().any(is_hidden)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether the resource carries a security label, `system|code`.
fn has_label(resource: &Resource, label: &str) -> bool {
    let labels = resource.root().path(&["meta"]).into_iter().flat_map(|m| m.named("security"));
    labels.into_iter().any(|one| {
        let system = text(one, &["system"]).unwrap_or_default();
        let code = text(one, &["code"]).unwrap_or_default();
        label.split_once('|') == Some((system, code))
    })
}
