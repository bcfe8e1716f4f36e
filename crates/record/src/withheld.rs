//! What is not released to the citizen yet: the label, and until when.
//!
//! Not here: from whom it is hidden (`access::decide`), which resources carry it (`patient_facts`).
//! Law: pasient- og brukerrettighetsloven § 5-1 (the patient may be refused access to parts of the
//! journal when it is strictly necessary, and is told the reason); a draft is no part of the journal
//! before it is signed.
//! Standard: <https://terminology.hl7.org/CodeSystem-v3-ActCode.html> NOPAT.

use akson_access::facts::WITHHELD_LABEL;
use akson_base::Instant;
use akson_fhir::date::DateTime;
use akson_fhir::model::NodeRef;

use crate::elements::text;

/// Extension of the label's Coding: the dateTime from which it is released by itself.
pub const WITHHELD_UNTIL: &str = "https://akson.no/fhir/StructureDefinition/withheld-until";

/// Until when a resource is withheld from the citizen; `None` when it is not, `Some(None)` when no
/// end can be told.
pub(crate) fn withheld_until(resource: NodeRef<'_>) -> Option<Option<Instant>> {
    let labels = resource.path(&["meta"]).into_iter().flat_map(|meta| meta.named("security"));
    let is_it = |label: &NodeRef<'_>| {
        let system = text(*label, &["system"]).unwrap_or_default();
        let code = text(*label, &["code"]).unwrap_or_default();
        WITHHELD_LABEL.split_once('|') == Some((system, code))
    };
    // Several such labels: the latest end, and none when one of them has none.
    labels.filter(is_it).map(end).reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b)))
}

/// Whether a resource is withheld from the citizen at this moment.
pub(crate) fn is_withheld(resource: NodeRef<'_>, now: Instant) -> bool {
    withheld_until(resource).is_some_and(|until| until.is_none_or(|until| now < until))
}

/// The end that the label itself names. A day means its beginning in Norway.
fn end(label: NodeRef<'_>) -> Option<Instant> {
    let mut named = label.named("extension").filter(|e| text(*e, &["url"]) == Some(WITHHELD_UNTIL));
    let until = text(named.next()?, &["value"])?;
    let until = DateTime::parse_search(until).ok()?;
    Some(Instant(until.interval_in_norway().start))
}
