//! Parts of a resource: `_summary` and `_elements`.
//!
//! What is left stays valid: mandatory elements and those that change the meaning of others are
//! always there, and `meta.tag` says SUBSETTED.
//! Not here: `_summary=count`, which has no resources.
//! Standard: <https://hl7.org/fhir/R4/search.html#summary>, `search.html#elements`

use crate::json::{self, Issues, Selection, write_members, write_selected, write_string};
use crate::model::{NodeRef, Resource};

/// Which part of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// `_summary=true`: what the definitions mark as summary.
    Summary,
    /// `_summary=text`: the narrative, id, meta and mandatory elements.
    Text,
    /// `_summary=data`: all but the narrative.
    Data,
    /// `_elements=name,birthDate`: these, at the top level; `Patient.name` speaks of one type only.
    Elements(Vec<String>),
}

const SUBSETTED_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
const SUBSETTED: &str = "SUBSETTED";

/// The part of a stored resource that a view shows, as JSON.
///
/// # Errors
/// When the bytes are not a resource (damaged).
pub fn reduce(stored: &[u8], view: &View) -> Result<Vec<u8>, Issues> {
    let resource = json::parse_stored(stored)?;
    Ok(write_view(&resource, view))
}

/// As [`reduce`], of a resource in hand.
pub fn write_view(resource: &Resource, view: &View) -> Vec<u8> {
    let root = resource.root();
    let selection = Selected { view, type_name: root.type_name() };
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(b"{\"resourceType\":");
    write_string(root.type_name(), &mut out);
    let mut first = false;
    write_members(root, |name| name == "id", &selection, &mut first, &mut out);
    out.extend_from_slice(b",\"meta\":");
    write_meta(root.first("meta"), &selection, &mut out);
    let others = |name: &str| !matches!(name, "id" | "meta");
    write_members(root, others, &selection, &mut first, &mut out);
    out.push(b'}');
    out
}

/// `meta`, with the tag that says that this is not the whole.
fn write_meta(meta: Option<NodeRef<'_>>, selection: &Selected<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    if let Some(meta) = meta {
        write_members(meta, |name| name != "tag", selection, &mut first, out);
    }
    if !first {
        out.push(b',');
    }
    out.extend_from_slice(b"\"tag\":[");
    for tag in meta.iter().flat_map(|meta| meta.named("tag")) {
        let is_ours = tag.first("system").and_then(NodeRef::text) == Some(SUBSETTED_SYSTEM)
            && tag.first("code").and_then(NodeRef::text) == Some(SUBSETTED);
        if !is_ours {
            write_selected(tag, selection, out);
            out.push(b',');
        }
    }
    out.extend_from_slice(b"{\"system\":");
    write_string(SUBSETTED_SYSTEM, out);
    out.extend_from_slice(b",\"code\":\"SUBSETTED\"}]}");
}

struct Selected<'a> {
    view: &'a View,
    type_name: &'a str,
}

impl Selection for Selected<'_> {
    fn has(&self, node: NodeRef<'_>) -> bool {
        let element = node.element();
        if element.min > 0 || element.is_modifier {
            return true;
        }
        if let View::Summary = self.view {
            // Half an extension would mislead: one that is shown at all is shown with its value.
            let in_extension = node.parent().is_some_and(|p| p.type_name() == "Extension");
            return element.is_summary || in_extension;
        }
        // The other views choose among the top-level elements.
        if node.parent().is_none_or(|parent| parent.parent().is_some()) {
            return true;
        }
        if matches!(node.name(), "id" | "meta") {
            return true;
        }
        match self.view {
            View::Summary => element.is_summary,
            View::Text => node.name() == "text",
            View::Data => node.name() != "text",
            View::Elements(names) => names.iter().any(|name| self.names(name, node)),
        }
    }
}

impl Selected<'_> {
    /// Whether a name of `_elements` speaks of this top-level element.
    fn names(&self, name: &str, node: NodeRef<'_>) -> bool {
        let name = match name.split_once('.') {
            Some((type_name, rest)) if type_name == self.type_name => rest,
            Some((type_name, _)) if type_name.starts_with(char::is_uppercase) => return false,
            _ => name,
        };
        let top = name.split('.').next().unwrap_or(name);
        top == node.name() || top == node.json_name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &[u8] = br##"{"resourceType":"Patient","id":"1","meta":{"versionId":"2",
        "tag":[{"code":"x"}]},"text":{"status":"generated","div":"<div>a</div>"},
        "modifierExtension":[{"url":"http://m","valueBoolean":true}],"active":true,
        "_birthDate":{"extension":[{"url":"http://b","valueCode":"x"}]},
        "name":[{"family":"a"}],"photo":[{"title":"t"}],
        "communication":[{"language":{"text":"no"}}],
        "link":[{"other":{"reference":"Patient/2"},"type":"seealso"}]}"##;

    fn view(view: View) -> String {
        let json = String::from_utf8(reduce(PATIENT, &view).unwrap()).unwrap();
        json::parse(json.as_bytes()).unwrap();
        let head = concat!(
            r#"{"resourceType":"Patient","id":"1","meta":{"versionId":"2","tag":[{"code":"x"},"#,
            r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","#,
            r#""code":"SUBSETTED"}]},"#
        );
        json.strip_prefix(head).unwrap_or(&json).to_string()
    }

    const MODIFIERS: &str =
        r#""modifierExtension":[{"url":"http://m","valueBoolean":true}],"active":true,"#;
    const LINK: &str = r#""link":[{"other":{"reference":"Patient/2"},"type":"seealso"}]}"#;

    #[test]
    fn a_summary_has_what_the_definitions_mark() {
        let expected = format!("{MODIFIERS}\"name\":[{{\"family\":\"a\"}}],{LINK}");
        assert_eq!(view(View::Summary), expected);
    }

    #[test]
    fn the_other_views_choose_among_the_top_elements() {
        let text = r#""text":{"status":"generated","div":"<div>a</div>"},"#;
        assert_eq!(view(View::Text), format!("{text}{MODIFIERS}{LINK}"));
        let elements =
            |names: &[&str]| view(View::Elements(names.iter().map(|n| (*n).to_string()).collect()));
        let photo = r#""photo":[{"title":"t"}],"#;
        assert_eq!(elements(&["photo"]), format!("{MODIFIERS}{photo}{LINK}"));
        assert_eq!(elements(&["Patient.photo"]), format!("{MODIFIERS}{photo}{LINK}"));
        assert_eq!(elements(&["Observation.photo", "nothing"]), format!("{MODIFIERS}{LINK}"));
        assert!(!view(View::Data).contains("<div>"));
        assert!(view(View::Data).contains(r#""_birthDate":{"extension""#));
    }

    #[test]
    fn a_resource_without_meta_gets_the_tag() {
        let reduced = reduce(br#"{"resourceType":"Patient","gender":"male"}"#, &View::Summary);
        let json = String::from_utf8(reduced.unwrap()).unwrap();
        assert!(
            json.starts_with(r#"{"resourceType":"Patient","meta":{"tag":[{"system":"#),
            "{json}"
        );
        assert!(json.ends_with(r#"}]},"gender":"male"}"#), "{json}");
    }
}
