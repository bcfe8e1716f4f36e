//! What a reference's text points to: `Patient/1`, `http://…/Patient/1/_history/2`, `#contained`,
//! `urn:uuid:…`, `Patient?identifier=…`.
//!
//! Not here: whether it exists (`record`), or logical references by identifier.
//! Standard: <https://hl7.org/fhir/R4/references.html#literal>

use crate::definitions::{Definitions, ResourceType};

/// A literal reference, taken apart. Borrows from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A resource on a FHIR server.
    Literal {
        /// The server's base without trailing slash, `None` for a relative reference.
        base: Option<&'a str>,
        /// Its type.
        resource_type: ResourceType,
        /// Its id.
        id: &'a str,
        /// Its version, when the reference is to one.
        version: Option<&'a str>,
    },
    /// `#x`: contained in the same resource; empty for the container itself.
    Contained(&'a str),
    /// `urn:uuid:…`, the part after the prefix.
    Uuid(&'a str),
    /// `urn:oid:…`, the part after the prefix.
    Oid(&'a str),
    /// `Patient?identifier=…`: to be resolved when a transaction runs.
    Conditional {
        /// Type searched.
        resource_type: ResourceType,
        /// After the question mark.
        query: &'a str,
    },
    /// Any other uri, such as a canonical url.
    Other(&'a str),
}

impl<'a> Reference<'a> {
    /// Takes a reference apart. Every text is some reference; what is not known to be better is
    /// [`Reference::Other`].
    pub fn parse(text: &'a str) -> Self {
        if let Some(id) = text.strip_prefix('#') {
            return Self::Contained(id);
        }
        if let Some(uuid) = text.strip_prefix("urn:uuid:") {
            return Self::Uuid(uuid);
        }
        if let Some(oid) = text.strip_prefix("urn:oid:") {
            return Self::Oid(oid);
        }
        if let Some((name, query)) = text.split_once('?') {
            return match Definitions::r4().resource_type(name) {
                Some(resource_type) => Self::Conditional { resource_type, query },
                None => Self::Other(text),
            };
        }
        Self::literal(text).unwrap_or(Self::Other(text))
    }

    fn literal(text: &'a str) -> Option<Self> {
        let (front, version) = match text.rsplit_once("/_history/") {
            Some((front, version)) if is_id(version) => (front, Some(version)),
            _ => (text, None),
        };
        let (before, id) = front.rsplit_once('/')?;
        let (base, name) = match before.rsplit_once('/') {
            Some((base, name)) => (Some(base), name),
            None => (None, before),
        };
        if base.is_some_and(|base| !base.starts_with("http://") && !base.starts_with("https://")) {
            return None;
        }
        let resource_type = Definitions::r4().resource_type(name)?;
        is_id(id).then_some(Self::Literal { base, resource_type, id, version })
    }

    /// The type and id, when it points to a resource on this server: a relative reference, or an
    /// absolute one whose base is `own_base` (without trailing slash).
    pub fn local(self, own_base: Option<&str>) -> Option<(ResourceType, &'a str)> {
        match self {
            Self::Literal { base, resource_type, id, version: _ }
                if base.is_none() || base == own_base =>
            {
                Some((resource_type, id))
            }
            Self::Literal { .. }
            | Self::Contained(_)
            | Self::Uuid(_)
            | Self::Oid(_)
            | Self::Conditional { .. }
            | Self::Other(_) => None,
        }
    }
}

/// Whether a text is a FHIR id: 1 to 64 of letters, digits, `-` and `.`.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient() -> ResourceType {
        Definitions::r4().resource_type("Patient").unwrap()
    }

    fn literal<'a>(base: Option<&'a str>, id: &'a str, version: Option<&'a str>) -> Reference<'a> {
        Reference::Literal { base, resource_type: patient(), id, version }
    }

    #[test]
    fn every_form_is_known() {
        let base = Some("https://example.org/fhir");
        for (text, parsed) in [
            ("Patient/1", literal(None, "1", None)),
            ("Patient/1/_history/2", literal(None, "1", Some("2"))),
            ("https://example.org/fhir/Patient/a-b.c", literal(base, "a-b.c", None)),
            ("https://example.org/fhir/Patient/1/_history/2", literal(base, "1", Some("2"))),
            ("#p", Reference::Contained("p")),
            ("#", Reference::Contained("")),
            ("urn:uuid:c757873d", Reference::Uuid("c757873d")),
            ("urn:oid:1.2.3", Reference::Oid("1.2.3")),
            (
                "Patient?identifier=a|b",
                Reference::Conditional { resource_type: patient(), query: "identifier=a|b" },
            ),
            ("http://example.org/x?y", Reference::Other("http://example.org/x?y")),
            ("Patient/", Reference::Other("Patient/")),
            ("Patient/a b", Reference::Other("Patient/a b")),
            ("Human/1", Reference::Other("Human/1")),
            ("x/Patient/1", Reference::Other("x/Patient/1")),
            ("", Reference::Other("")),
        ] {
            assert_eq!(Reference::parse(text), parsed, "{text}");
        }
    }

    #[test]
    fn own_absolute_references_are_local() {
        let own = Some("https://example.org/fhir");
        let local = |text| Reference::parse(text).local(own);
        assert_eq!(local("Patient/1"), Some((patient(), "1")));
        assert_eq!(local("https://example.org/fhir/Patient/1"), Some((patient(), "1")));
        assert_eq!(local("https://example.com/fhir/Patient/1"), None);
        assert_eq!(local("#p"), None);
    }
}
