//! A parsed resource: a flat array of typed nodes over one text buffer.
//!
//! Every element of the JSON is one node (an array is as many nodes as it has items; a primitive
//! and its `_sibling` are one node), in document order, each with its definition and its actual
//! type. Numbers keep their digits.
//! Not here: making one from bytes (`json`), judging it (`json`, `validate`), walking it by
//! expression (`fhirpath`).

use crate::definitions::{Definitions, ElementDef, ElementId, NameKey, ResourceType, TypeId};

/// A whole resource, contained resources and data-type subtrees included.
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) text: String,
    pub(crate) nodes: Vec<Node>,
}

/// "No node" in the links of [`Node`]; index 0 is the root, which is nobody's child or sibling.
pub(crate) const NONE: u32 = 0;

/// One element. Links are indexes into the resource's node array.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The definition that this element follows (`Observation.value[x]`, `Quantity.unit`).
    pub(crate) element: ElementId,
    /// The actual type (`Quantity` for `valueQuantity`).
    pub(crate) type_id: TypeId,
    pub(crate) kind: ScalarKind,
    /// Whether the JSON had it inside an array.
    pub(crate) in_array: bool,
    /// The primitive's text in the buffer, unescaped; `start == end` and kind `None` when absent.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) parent: u32,
    pub(crate) first_child: u32,
    pub(crate) next_sibling: u32,
}

impl Node {
    /// A node without value, children or siblings yet.
    pub(crate) fn new(element: ElementId, type_id: TypeId, in_array: bool, parent: u32) -> Self {
        Self {
            element,
            type_id,
            kind: ScalarKind::None,
            in_array,
            start: 0,
            end: 0,
            parent,
            first_child: NONE,
            next_sibling: NONE,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    /// A complex element, or a primitive that has only extensions.
    None,
    Bool,
    Number,
    String,
}

/// The value of a primitive element, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// The digits exactly as they stood (`1.10`, `1e2`).
    Number(&'a str),
    /// The unescaped string.
    String(&'a str),
}

impl Resource {
    /// The root node: the resource itself.
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef { resource: self, index: 0 }
    }

    /// The resource type of the root.
    pub fn resource_type(&self) -> Option<ResourceType> {
        Definitions::r4().type_def(self.root().type_id()).resource_type
    }

    /// `Resource.id`, if present.
    pub fn id(&self) -> Option<&str> {
        self.root().first("id").and_then(NodeRef::text)
    }

    /// The node with this index, as told by [`NodeRef::index`].
    pub fn node(&self, index: u32) -> Option<NodeRef<'_>> {
        ((index as usize) < self.nodes.len()).then_some(NodeRef { resource: self, index })
    }

    /// Size of the text buffer, about that of the JSON.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// All nodes, parents before children, in document order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        (0..self.nodes.len() as u32).map(|index| NodeRef { resource: self, index })
    }

    /// Replaces the string value of a primitive node (a reference rewritten in a transaction).
    /// Does nothing when the node is not a string.
    pub fn set_string(&mut self, index: u32, value: &str) {
        if let Some(node) = self.nodes.get_mut(index as usize)
            && node.kind == ScalarKind::String
        {
            node.start = self.text.len() as u32;
            self.text.push_str(value);
            node.end = self.text.len() as u32;
        }
    }
}

/// A borrowed element of a resource.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    resource: &'a Resource,
    index: u32,
}

impl<'a> NodeRef<'a> {
    #[expect(clippy::indexing_slicing, reason = "indexes are made by the resource itself")]
    fn raw(self) -> &'a Node {
        &self.resource.nodes[self.index as usize]
    }

    /// Index in the resource's node array: parents before children, document order.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The resource this node belongs to (the outermost, for a contained resource's node too).
    pub fn resource(self) -> &'a Resource {
        self.resource
    }

    /// The definition this element follows.
    pub fn element(self) -> &'static ElementDef {
        Definitions::r4().element(self.raw().element)
    }

    /// The number of that definition.
    pub fn element_id(self) -> ElementId {
        self.raw().element
    }

    /// Whether its type is a primitive (it has, or could have, a value).
    pub fn is_primitive(self) -> bool {
        Definitions::r4().type_def(self.type_id()).primitive.is_some()
    }

    /// Element name without the type of a choice: `value` for `valueQuantity`. The type's name for
    /// the root.
    pub fn name(self) -> &'static str {
        &self.element().name
    }

    /// The name in JSON: `valueQuantity`, `status`.
    pub fn json_name(self) -> String {
        let element = self.element();
        if element.is_choice {
            let type_name = self.type_name();
            let mut chars = type_name.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            element.name.chars().chain(first).chain(chars).collect()
        } else {
            element.name.to_string()
        }
    }

    /// The actual type.
    pub fn type_id(self) -> TypeId {
        self.raw().type_id
    }

    /// The actual type's name: `Quantity`, `code`, `BackboneElement`, `Patient`.
    pub fn type_name(self) -> &'static str {
        &Definitions::r4().type_def(self.type_id()).name
    }

    /// Whether this node is a resource: the root or a contained one.
    pub fn is_resource(self) -> bool {
        Definitions::r4().type_def(self.type_id()).resource_type.is_some()
    }

    /// Whether the JSON had it inside an array.
    pub fn in_array(self) -> bool {
        self.raw().in_array
    }

    /// The element that holds this one; `None` for the root.
    pub fn parent(self) -> Option<NodeRef<'a>> {
        (self.index != 0).then(|| NodeRef { resource: self.resource, index: self.raw().parent })
    }

    /// The elements directly below, in document order.
    pub fn children(self) -> impl Iterator<Item = NodeRef<'a>> {
        let mut next = self.raw().first_child;
        std::iter::from_fn(move || {
            if next == NONE {
                return None;
            }
            let node = NodeRef { resource: self.resource, index: next };
            next = node.raw().next_sibling;
            Some(node)
        })
    }

    /// The elements directly below with this name (`value` for every `value[x]`).
    pub fn named(self, name: &'a str) -> impl Iterator<Item = NodeRef<'a>> {
        let (definitions, key) = (Definitions::r4(), NameKey::of(name));
        self.children().filter(move |child| definitions.is_named(child.raw().element, name, key))
    }

    /// The first element directly below with this name.
    pub fn first(self, name: &str) -> Option<NodeRef<'a>> {
        // What pages call most: the definitions are asked for once.
        let (definitions, key) = (Definitions::r4(), NameKey::of(name));
        self.children().find(|child| definitions.is_named(child.raw().element, name, key))
    }

    /// Follows names from here, taking the first of each: `path(&["code", "coding", "code"])`.
    pub fn path(self, names: &[&str]) -> Option<NodeRef<'a>> {
        names.iter().try_fold(self, |node, name| node.first(name))
    }

    /// The text of a primitive: a string unescaped, a number's digits, `true` or `false`.
    pub fn text(self) -> Option<&'a str> {
        let node = self.raw();
        match node.kind {
            ScalarKind::None => None,
            ScalarKind::Bool | ScalarKind::Number | ScalarKind::String => {
                self.resource.text.get(node.start as usize..node.end as usize)
            }
        }
    }

    /// The value of a primitive, as written.
    pub fn scalar(self) -> Option<Scalar<'a>> {
        let text = self.text()?;
        match self.raw().kind {
            ScalarKind::None => None,
            ScalarKind::Bool => Some(Scalar::Bool(text == "true")),
            ScalarKind::Number => Some(Scalar::Number(text)),
            ScalarKind::String => Some(Scalar::String(text)),
        }
    }

    /// Where it stands, as a FHIRPath: `Patient.name[0].given[1]`.
    pub fn location(self) -> String {
        let Some(parent) = self.parent() else {
            return self.type_name().to_string();
        };
        let mut location = parent.location();
        location.push('.');
        location.push_str(self.name());
        if self.in_array() {
            let position = parent.named(self.name()).take_while(|n| n.index != self.index).count();
            location.push_str(&format!("[{position}]"));
        }
        location
    }
}
