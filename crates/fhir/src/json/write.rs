//! Writing a resource as JSON without spaces, in its own order, numbers digit for digit.
//!
//! For the store a resource is written in two parts: a head that says id, version and time, which
//! are known last, and the tail with everything else. The two bytes after another are the whole.

use std::io::Write;

use akson_base::Instant;

use crate::model::{NodeRef, Resource, Scalar};

/// Writes a whole resource.
pub fn write(resource: &Resource, out: &mut Vec<u8>) {
    write_node(resource.root(), out);
}

/// Which elements are written.
pub(crate) trait Selection {
    /// Whether this element is written, if there is something to write in it.
    fn has(&self, node: NodeRef<'_>) -> bool;
    /// Whether an object may lose all its members and must then go itself.
    const CAN_EMPTY: bool = true;
}

/// Everything.
struct Whole;

impl Selection for Whole {
    fn has(&self, _: NodeRef<'_>) -> bool {
        true
    }
    const CAN_EMPTY: bool = false;
}

/// Whether an element is to be written: selected, and something selected in it.
fn is_visible<S: Selection>(node: NodeRef<'_>, selection: &S) -> bool {
    if !S::CAN_EMPTY {
        return true;
    }
    selection.has(node)
        && (node.is_resource()
            || node.scalar().is_some()
            || node.children().any(|child| is_visible(child, selection)))
}

/// Writes a resource, or a complex element, as an object.
pub(crate) fn write_node(node: NodeRef<'_>, out: &mut Vec<u8>) {
    write_selected(node, &Whole, out);
}

/// Writes the selected elements of a resource, or of a complex element, as an object.
pub(crate) fn write_selected<S: Selection>(node: NodeRef<'_>, selection: &S, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    if node.is_resource() {
        out.extend_from_slice(b"\"resourceType\":");
        write_string(node.type_name(), out);
        first = false;
    }
    write_members(node, |_| true, selection, &mut first, out);
    out.push(b'}');
}

/// `{"resourceType":"T","id":"I","meta":{"versionId":"V","lastUpdated":"L"`
pub fn write_head(type_name: &str, id: &str, version: u32, time: Instant, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"resourceType\":\"");
    out.extend_from_slice(type_name.as_bytes());
    out.extend_from_slice(b"\",\"id\":");
    write_string(id, out);
    out.extend_from_slice(b",\"meta\":{\"versionId\":\"");
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{version}");
    out.extend_from_slice(b"\",\"lastUpdated\":\"");
    out.extend_from_slice(time.to_fhir().as_bytes());
    out.push(b'"');
}

/// What follows [`write_head`]: the rest of `meta`, its end, all other elements, and the end.
pub fn write_tail(resource: &Resource) -> Vec<u8> {
    let root = resource.root();
    let mut out = Vec::with_capacity(resource.text_bytes());
    let mut first = false;
    if let Some(meta) = root.first("meta") {
        let rest = |name: &str| !matches!(name, "versionId" | "lastUpdated");
        write_members(meta, rest, &Whole, &mut first, &mut out);
    }
    out.push(b'}');
    if let Some(id) = root.first("id").filter(|id| id.children().next().is_some()) {
        out.extend_from_slice(b",\"_id\":");
        write_node(id, &mut out);
    }
    let others = |name: &str| !matches!(name, "id" | "meta");
    write_members(root, others, &Whole, &mut first, &mut out);
    out.push(b'}');
    out
}

/// Writes the selected members of an object whose element names pass; `first` says whether a comma
/// is due.
pub(crate) fn write_members<S: Selection>(
    node: NodeRef<'_>,
    passes: impl Fn(&str) -> bool,
    selection: &S,
    first: &mut bool,
    out: &mut Vec<u8>,
) {
    let mut children = node.children().peekable();
    let mut items: Vec<NodeRef<'_>> = Vec::new();
    while let Some(child) = children.next() {
        if !passes(child.name()) || !is_visible(child, selection) {
            continue;
        }
        items.clear();
        items.push(child);
        if child.in_array() {
            while let Some(next) = children.next_if(|n| n.element_id() == child.element_id()) {
                if is_visible(next, selection) {
                    items.push(next);
                }
            }
        }
        write_element(&items, child, selection, first, out);
    }
}

/// Writes one element with all its items: `"name":…` and, for a primitive, `"_name":…`.
fn write_element<S: Selection>(
    items: &[NodeRef<'_>],
    child: NodeRef<'_>,
    selection: &S,
    first: &mut bool,
    out: &mut Vec<u8>,
) {
    if !child.is_primitive() {
        write_name("", child, first, out);
        write_items(items, child.in_array(), out, |item, out| {
            write_selected(item, selection, out);
        });
        return;
    }
    if items.iter().any(|item| item.scalar().is_some()) {
        write_name("", child, first, out);
        write_items(items, child.in_array(), out, |item, out| match item.scalar() {
            Some(Scalar::Bool(true)) => out.extend_from_slice(b"true"),
            Some(Scalar::Bool(false)) => out.extend_from_slice(b"false"),
            Some(Scalar::Number(digits)) => out.extend_from_slice(digits.as_bytes()),
            Some(Scalar::String(text)) => write_string(text, out),
            None => out.extend_from_slice(b"null"),
        });
    }
    let more = |item: &NodeRef<'_>| item.children().any(|below| is_visible(below, selection));
    if items.iter().any(more) {
        write_name("_", child, first, out);
        write_items(items, child.in_array(), out, |item, out| {
            if more(&item) {
                write_selected(item, selection, out);
            } else {
                out.extend_from_slice(b"null");
            }
        });
    }
}

fn write_items<'a>(
    items: &[NodeRef<'a>],
    array: bool,
    out: &mut Vec<u8>,
    one: impl Fn(NodeRef<'a>, &mut Vec<u8>),
) {
    if array {
        out.push(b'[');
    }
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        one(*item, out);
    }
    if array {
        out.push(b']');
    }
}

fn write_name(prefix: &str, node: NodeRef<'_>, first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(first) {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(node.name().as_bytes());
    if node.element().is_choice
        && let Some((initial, rest)) = node.type_name().as_bytes().split_first()
    {
        out.push(initial.to_ascii_uppercase());
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(b"\":");
}

/// Writes a JSON string with its quotes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (position, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(bytes.get(written..position).unwrap_or_default());
        written = position + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // Writing to a Vec cannot fail.
            control => drop(write!(out, "\\u{control:04x}")),
        }
    }
    out.extend_from_slice(bytes.get(written..).unwrap_or_default());
    out.push(b'"');
}
