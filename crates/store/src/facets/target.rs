//! References in facets and index keys, seen from the resource that is referred to.

use akson_fhir::search::SlotId;

use super::value::{REFERENCE_RELATIVE, split_zero};

/// Index prefix of everything that refers to `Type/id` (`about`) through a slot.
pub fn reference_prefix(slot: SlotId, about: &str) -> Vec<u8> {
    let (type_name, id) = about.split_once('/').unwrap_or((about, ""));
    let mut prefix = vec![b'I'];
    prefix.extend_from_slice(&slot.0.to_be_bytes());
    prefix.push(REFERENCE_RELATIVE);
    prefix.extend_from_slice(id.as_bytes());
    prefix.push(0);
    prefix.extend_from_slice(type_name.as_bytes());
    prefix.push(0);
    prefix
}

/// Type and id of a literal relative reference in the facets; `None` for any other form.
pub fn literal_target(value: &[u8]) -> Option<(&str, &str)> {
    let rest = value.strip_prefix(&[REFERENCE_RELATIVE])?;
    let (id, rest) = split_zero(rest);
    let (type_name, _version) = split_zero(rest);
    Some((std::str::from_utf8(type_name).ok()?, std::str::from_utf8(id).ok()?))
}

#[cfg(test)]
mod tests {
    use akson_fhir::search::SearchValue;

    use super::*;
    use crate::facets::{Facets, encode, index_keys};
    use crate::keys::ResourceKey;

    #[test]
    fn prefix_and_target_fit_what_is_encoded() {
        let reference = SearchValue::Reference {
            reference: Some("Organization/o.1/_history/3"),
            type_name: None,
            identifier_system: None,
            identifier_value: None,
        };
        let bytes = encode(&[(SlotId(7), reference)], "x", None);
        let entry = Facets::of(&bytes).unwrap().iter().next().unwrap();
        assert_eq!(literal_target(entry.value), Some(("Organization", "o.1")));
        let keys = index_keys(&bytes, ResourceKey([0; 10]));
        assert!(keys[0].starts_with(&reference_prefix(SlotId(7), "Organization/o.1")));
    }
}
