//! From JSON text to nodes, in one pass.
//!
//! Strict or trusting is a compile-time choice; both make the same tree of the same resource.
//! Not here: the text itself (`cursor`), the form of values (`primitive`), what objects owe when
//! they end (`owed`).

mod owed;

use std::borrow::Cow;

use akson_base::limits::{JSON_DEPTH_MAX, RESOURCE_BYTES_MAX};

use super::ISSUES_MAX;
use super::cursor::{Broken, Cursor, Span, TOO_DEEP};
use super::issue::{Issue, Issues, Rule};
use super::primitive::{self, Carrier};
use crate::definitions::TypeKind;
use crate::definitions::{Definitions, ElementDef, ElementId, JsonChild, Primitive, TypeId};
use crate::model::{NONE, Node, Resource, ScalarKind};
use crate::similar;

/// The text is broken or enough has been told; the issues say which.
struct Stop;

type Step = Result<(), Stop>;

/// One element of the object being read, over all its items.
#[derive(Clone, Copy)]
struct Seen {
    element: ElementId,
    type_id: TypeId,
    first_node: u32,
    /// The node that the second of `x` and `_x` has come to.
    merged: u32,
    items: u32,
    value: bool,
    sibling: bool,
    nulls: bool,
}

/// The pseudo element under which `resourceType` is remembered.
const RESOURCE_TYPE: ElementId = ElementId(u16::MAX);

/// The object being read.
struct Frame {
    node: u32,
    holder: ElementId,
    is_resource: bool,
    /// Where its part of [`Builder::seen`] begins.
    base: usize,
    last_child: u32,
}

struct Builder<'a, const STRICT: bool> {
    definitions: &'static Definitions,
    source: &'a str,
    cursor: Cursor<'a>,
    nodes: Vec<Node>,
    /// Strings that had escapes, without them; their offsets go on after the source.
    unescaped: String,
    seen: Vec<Seen>,
    issues: Vec<Issue>,
    depth: usize,
    /// Members of the resource itself that are passed over.
    without: &'a [&'a str],
}

/// Reads a resource, all of it but its own members that are named in `without`.
pub(super) fn parse<const STRICT: bool>(
    bytes: &[u8],
    without: &[&str],
) -> Result<Resource, Issues> {
    let stopped = |rule, location: &str, message: String| {
        Err(Issues(vec![Issue::error(rule, location, message)]))
    };
    if bytes.len() > RESOURCE_BYTES_MAX {
        let message = format!("a resource has at most {RESOURCE_BYTES_MAX} bytes of JSON");
        return stopped(Rule::TooLarge, "", message);
    }
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(e) => {
            let message = format!("the text is not UTF-8 from byte {} on", e.valid_up_to() + 1);
            return stopped(Rule::Utf8, "", message);
        }
    };
    // RFC 8259 section 8.1 lets a reader ignore a byte order mark.
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut builder = Builder::<STRICT> {
        definitions: Definitions::r4(),
        source,
        cursor: Cursor::new(source),
        nodes: Vec::with_capacity(source.len() / 24 + 8),
        unescaped: String::new(),
        seen: Vec::with_capacity(64),
        issues: Vec::new(),
        depth: 0,
        without,
    };
    let whole = builder.whole();
    if whole.is_err() || !builder.issues.is_empty() {
        return Err(Issues(builder.issues));
    }
    let mut text = String::with_capacity(source.len() + builder.unescaped.len());
    text.push_str(source);
    text.push_str(&builder.unescaped);
    Ok(Resource { text, nodes: builder.nodes })
}

impl<'a, const STRICT: bool> Builder<'a, STRICT> {
    /// The one resource, and nothing after it.
    fn whole(&mut self) -> Step {
        if self.cursor.next_mark() != Some(b'{') {
            let message = "a resource is a JSON object: { \"resourceType\": \"…\", … }";
            return Err(self.stop(Rule::Json, "line 1, column 1", message));
        }
        let Some(type_id) = self.resource_type("Resource")? else {
            return Err(Stop);
        };
        let root = self.definitions.type_def(type_id).root;
        self.nodes.push(Node::new(root, type_id, false, NONE));
        self.object(0, root, true)?;
        if self.cursor.next_mark().is_some() {
            let broken = self.cursor.broken("nothing may follow the resource");
            return Err(self.broken(broken));
        }
        Ok(())
    }

    // ---- issues ----

    /// Tells an issue; in trusting mode nothing is judged.
    fn issue(&mut self, rule: Rule, location: String, message: impl Into<String>) -> Step {
        if STRICT {
            self.issues.push(Issue::error(rule, location, message));
            if self.issues.len() >= ISSUES_MAX {
                return Err(Stop);
            }
        }
        Ok(())
    }

    /// Tells the issue that ends the reading.
    fn stop(&mut self, rule: Rule, location: &str, message: impl Into<String>) -> Stop {
        self.issues.push(Issue::error(rule, location, message));
        Stop
    }

    fn broken(&mut self, broken: Broken) -> Stop {
        self.issues.push(Issue::broken(&self.cursor, broken));
        Stop
    }

    fn json<T>(&mut self, outcome: Result<T, Broken>) -> Result<T, Stop> {
        outcome.map_err(|broken| self.broken(broken))
    }

    /// FHIRPath of a node.
    fn location(&self, node: u32) -> String {
        let Some(this) = self.nodes.get(node as usize) else {
            return String::new();
        };
        if node == 0 {
            return self.definitions.type_def(this.type_id).name.to_string();
        }
        let element = self.definitions.element(this.element);
        let mut location = self.location(this.parent);
        location.push('.');
        location.push_str(&element.name);
        if this.in_array {
            let same = |n: &&Node| n.parent == this.parent && n.element == this.element;
            let before = self.nodes.iter().take(node as usize).filter(same).count();
            location.push_str(&format!("[{before}]"));
        }
        location
    }

    /// FHIRPath of something below a node.
    fn below(&self, node: u32, name: &str) -> String {
        format!("{}.{name}", self.location(node))
    }

    // ---- objects ----

    /// The members of an object, standing at its `{`.
    fn object(&mut self, node: u32, holder: ElementId, is_resource: bool) -> Step {
        self.enter()?;
        let base = self.seen.len();
        let mut frame = Frame { node, holder, is_resource, base, last_child: NONE };
        if self.cursor.next_mark() == Some(b'}') {
            self.cursor.at += 1;
            let message = "an object cannot be empty: leave the element out";
            self.issue(Rule::Empty, self.location(node), message)?;
        } else {
            loop {
                let key = self.cursor.key();
                let key = self.json(key)?;
                self.member(&mut frame, key)?;
                let goes_on = self.cursor.goes_on(b'}', "a comma or } is expected");
                if !self.json(goes_on)? {
                    break;
                }
            }
        }
        self.depth -= 1;
        if STRICT {
            self.settle(&frame)?;
        }
        self.seen.truncate(base);
        Ok(())
    }

    /// One level deeper, passing the `{` or `[`.
    fn enter(&mut self) -> Step {
        if self.depth >= JSON_DEPTH_MAX {
            let broken = self.cursor.broken(TOO_DEEP);
            return Err(self.broken(broken));
        }
        self.depth += 1;
        self.cursor.at += 1;
        Ok(())
    }

    fn skip(&mut self) -> Step {
        let skipped = self.cursor.skip_value(self.depth);
        self.json(skipped)
    }

    fn member(&mut self, frame: &mut Frame, key: Span) -> Step {
        let name: Cow<'a, str> = self.cursor.unescaped(key);
        if frame.node == 0 && self.without.contains(&&*name) {
            return self.skip();
        }
        if frame.is_resource && name == "resourceType" {
            return self.resource_type_again(frame);
        }
        let (plain, sibling) = match name.strip_prefix('_') {
            Some(plain) => (plain, true),
            None => (&*name, false),
        };
        let definitions = self.definitions;
        let Some(child) = definitions.json_child(frame.holder, plain) else {
            return self.unknown(frame, &name);
        };
        let element = definitions.element(child.element);
        let primitive = definitions.type_def(child.type_id).primitive;
        if element.max == Some(0) || (sibling && primitive.is_none()) {
            return self.unknown(frame, &name);
        }
        let position = match self.remember(frame, child, sibling)? {
            Some(position) => position,
            None => return self.skip(),
        };
        let is_array = self.cursor.peek() == Some(b'[');
        let repeats = element.max != Some(1);
        if is_array != repeats {
            let message = if repeats {
                format!("\"{name}\" may repeat: write an array, \"{name}\": [ … ]")
            } else {
                format!("\"{name}\" does not repeat: write one value, not an array")
            };
            self.issue(Rule::Repetition, self.below(frame.node, &element.name), message)?;
            return self.skip();
        }
        let place = Place { child, element, primitive, sibling, in_array: repeats, position };
        if is_array { self.array(frame, &place) } else { self.item(frame, &place, 0) }
    }

    /// Notes that a member is there. `None` when it must not be: told, and to be skipped.
    fn remember(
        &mut self,
        frame: &Frame,
        child: &JsonChild,
        sibling: bool,
    ) -> Result<Option<usize>, Stop> {
        let mine = self.seen.iter().skip(frame.base);
        let found = mine.enumerate().find(|(_, seen)| seen.element == child.element);
        let Some((offset, seen)) = found.map(|(offset, seen)| (offset, *seen)) else {
            self.seen.push(Seen {
                element: child.element,
                type_id: child.type_id,
                first_node: NONE,
                merged: NONE,
                items: 0,
                value: !sibling,
                sibling,
                nulls: false,
            });
            return Ok(Some(self.seen.len() - 1));
        };
        if seen.type_id != child.type_id {
            let name = &self.definitions.element(child.element).name;
            let message =
                format!("{name}[x] has one type at a time; \"{}\" is one more", child.name);
            self.issue(Rule::OneType, self.below(frame.node, name), message)?;
            return Ok(None);
        }
        if if sibling { seen.sibling } else { seen.value } {
            let prefix = if sibling { "_" } else { "" };
            let message = format!("the key \"{prefix}{}\" stands twice", child.name);
            self.issue(Rule::DuplicateKey, self.below(frame.node, &child.name), message)?;
            return Ok(None);
        }
        let position = frame.base + offset;
        if let Some(seen) = self.seen.get_mut(position) {
            seen.value |= !sibling;
            seen.sibling |= sibling;
        }
        Ok(Some(position))
    }

    fn resource_type_again(&mut self, frame: &Frame) -> Step {
        if self.seen.iter().skip(frame.base).any(|seen| seen.element == RESOURCE_TYPE) {
            let message = "the key \"resourceType\" stands twice";
            self.issue(Rule::DuplicateKey, self.location(frame.node), message)?;
        } else {
            self.seen.push(Seen {
                element: RESOURCE_TYPE,
                type_id: TypeId(0),
                first_node: NONE,
                merged: NONE,
                items: 0,
                value: true,
                sibling: false,
                nulls: false,
            });
        }
        self.skip()
    }

    fn unknown(&mut self, frame: &Frame, name: &str) -> Step {
        /// Longer keys are not repeated in messages.
        const KEY_CHARS_MAX: usize = 64;
        if STRICT {
            let names = self.definitions.json_names(frame.holder);
            let plain = name.strip_prefix('_').unwrap_or(name);
            let shown: String = name.chars().take(KEY_CHARS_MAX).collect();
            let path = &self.definitions.element(frame.holder).path;
            let mut message = format!("{path} has no element \"{shown}\"");
            let choice = names.iter().find(|known| {
                known.strip_prefix(plain).is_some_and(|t| t.starts_with(char::is_uppercase))
            });
            if name != plain && names.iter().any(|known| **known == *plain) {
                message = format!("\"{plain}\" is not a primitive: \"{shown}\" means nothing");
            } else if let Some(choice) = choice {
                message.push_str(&format!(": say its type, as in \"{choice}\""));
            } else if let Some(near) = similar::nearest(plain, names.iter().map(|n| &**n)) {
                message.push_str(&format!(". Did you mean \"{near}\"?"));
            }
            self.issue(Rule::UnknownElement, self.location(frame.node), message)?;
        }
        self.skip()
    }

    // ---- values ----

    fn array(&mut self, frame: &mut Frame, place: &Place<'_>) -> Step {
        self.enter()?;
        if self.cursor.next_mark() == Some(b']') {
            self.cursor.at += 1;
            self.depth -= 1;
            let location = self.below(frame.node, &place.element.name);
            let message = "an array cannot be empty: leave the element out";
            return self.issue(Rule::Empty, location, message);
        }
        let mut index = 0;
        loop {
            self.cursor.next_mark();
            self.item(frame, place, index)?;
            index += 1;
            let goes_on = self.cursor.goes_on(b']', "a comma or ] is expected");
            if !self.json(goes_on)? {
                break;
            }
        }
        self.depth -= 1;
        if STRICT { self.count(frame, place, index) } else { Ok(()) }
    }

    /// How many items an array had, against the definition and against its `_sibling`.
    fn count(&mut self, frame: &Frame, place: &Place<'_>, items: u32) -> Step {
        let name = &place.child.name;
        if let Some(max) = place.element.max.filter(|max| items > *max) {
            let message = format!("\"{name}\" has {items} items; {max} is the most");
            self.issue(Rule::Repetition, self.below(frame.node, &place.element.name), message)?;
        }
        let Some(seen) = self.seen.get_mut(place.position) else {
            return Ok(());
        };
        let both = seen.value && seen.sibling;
        if both && seen.items != items {
            let message =
                format!("\"{name}\" and \"_{name}\" need as many items: fill up with null");
            self.issue(Rule::Repetition, self.below(frame.node, &place.element.name), message)?;
        }
        Ok(())
    }

    /// One value: standing at its first character.
    fn item(&mut self, frame: &mut Frame, place: &Place<'_>, index: u32) -> Step {
        let mark = self.cursor.peek();
        if mark == Some(b'n') {
            return self.null(frame, place, index);
        }
        let Some(primitive) = place.primitive else {
            return self.complex(frame, place, index, mark);
        };
        let Some(node) = self.primitive_node(frame, place, index) else {
            return self.skip();
        };
        if place.sibling {
            if mark != Some(b'{') {
                let message =
                    format!("\"_{}\" is an object with id and extension", place.child.name);
                self.issue(Rule::JsonType, self.location(node), message)?;
                return self.skip();
            }
            let holder = self.definitions.type_def(place.child.type_id).root;
            return self.object(node, holder, false);
        }
        self.scalar(node, place, primitive, mark)
    }

    fn null(&mut self, frame: &mut Frame, place: &Place<'_>, index: u32) -> Step {
        let word = self.cursor.word();
        self.json(word)?;
        if place.primitive.is_some() && place.in_array {
            self.primitive_node(frame, place, index);
            if let Some(seen) = self.seen.get_mut(place.position) {
                seen.nulls = true;
            }
            return Ok(());
        }
        let message = "null stands only in arrays of primitives: leave the element out";
        self.issue(Rule::Null, self.item_location(frame, place, index), message)
    }

    /// The node of a primitive item: made now, or by the other of `x` and `_x` before. `None` for
    /// an item beyond the other's length, which `count` tells.
    fn primitive_node(&mut self, frame: &mut Frame, place: &Place<'_>, index: u32) -> Option<u32> {
        let seen = self.seen.get_mut(place.position)?;
        if seen.value && seen.sibling {
            if index >= seen.items {
                return None;
            }
            seen.merged = match index {
                0 => seen.first_node,
                _ => self.nodes.get(seen.merged as usize)?.next_sibling,
            };
            return Some(seen.merged);
        }
        let node = self.add(frame, place.child.element, place.child.type_id, place.in_array);
        let seen = self.seen.get_mut(place.position)?;
        seen.items += 1;
        if seen.items == 1 {
            seen.first_node = node;
        }
        Some(node)
    }

    /// FHIRPath of an item that has no node.
    fn item_location(&self, frame: &Frame, place: &Place<'_>, index: u32) -> String {
        let location = self.below(frame.node, &place.element.name);
        if place.in_array { format!("{location}[{index}]") } else { location }
    }

    fn complex(
        &mut self,
        frame: &mut Frame,
        place: &Place<'_>,
        index: u32,
        mark: Option<u8>,
    ) -> Step {
        let declared = self.definitions.type_def(place.child.type_id);
        if mark != Some(b'{') {
            let location = self.item_location(frame, place, index);
            let message =
                format!("\"{}\" is of type {}: write an object", place.child.name, declared.name);
            self.issue(Rule::JsonType, location, message)?;
            return self.skip();
        }
        if declared.kind == TypeKind::Resource {
            let location = self.item_location(frame, place, index);
            let Some(type_id) = self.resource_type(&location)? else {
                return self.skip();
            };
            let node = self.add(frame, place.child.element, type_id, place.in_array);
            return self.object(node, self.definitions.type_def(type_id).root, true);
        }
        let type_id = place.child.type_id;
        let node = self.add(frame, place.child.element, type_id, place.in_array);
        self.object(node, self.definitions.holder(place.child.element, type_id), false)?;
        if STRICT && let Some(set) = place.element.required_codes {
            self.coded(node, set)?;
        }
        Ok(())
    }

    /// Adds a node as the last child of the frame's.
    fn add(&mut self, frame: &mut Frame, element: ElementId, type_id: TypeId, array: bool) -> u32 {
        let index = self.nodes.len() as u32;
        self.nodes.push(Node::new(element, type_id, array, frame.node));
        let before = if frame.last_child == NONE { frame.node } else { frame.last_child };
        if let Some(before_node) = self.nodes.get_mut(before as usize) {
            if frame.last_child == NONE {
                before_node.first_child = index;
            } else {
                before_node.next_sibling = index;
            }
        }
        frame.last_child = index;
        index
    }

    fn scalar(
        &mut self,
        node: u32,
        place: &Place<'_>,
        primitive: Primitive,
        mark: Option<u8>,
    ) -> Step {
        let (found, kind) = match mark {
            Some(b'"') => (Some(Carrier::String), ScalarKind::String),
            Some(b'-' | b'0'..=b'9') => (Some(Carrier::Number), ScalarKind::Number),
            Some(b't' | b'f') => (Some(Carrier::Bool), ScalarKind::Bool),
            _ => (None, ScalarKind::None),
        };
        let expected = primitive::carrier(primitive);
        if STRICT && found != Some(expected) {
            let what = match expected {
                Carrier::Bool => "true or false, without quotes",
                Carrier::Number => "a number, without quotes",
                Carrier::String => "a string in double quotes",
            };
            let type_name = &self.definitions.type_def(place.child.type_id).name;
            let message = format!("\"{}\" is of type {type_name}: write {what}", place.child.name);
            self.issue(Rule::JsonType, self.location(node), message)?;
            return self.skip();
        }
        let span = match found {
            Some(Carrier::String) => self.cursor.string(),
            Some(Carrier::Number) => self.cursor.number(),
            Some(Carrier::Bool) => self.cursor.word(),
            None => return self.skip(),
        };
        let span = self.json(span)?;
        let (start, end) = self.keep(span);
        if let Some(node) = self.nodes.get_mut(node as usize) {
            (node.kind, node.start, node.end) = (kind, start as u32, end as u32);
        }
        if STRICT { self.judge(node, place, primitive) } else { Ok(()) }
    }

    /// The place of a span in the resource's text; an escaped string is unescaped behind it.
    fn keep(&mut self, span: Span) -> (usize, usize) {
        if !span.escaped {
            return (span.start, span.end);
        }
        let start = self.source.len() + self.unescaped.len();
        self.unescaped.push_str(&self.cursor.unescaped(span));
        (start, self.source.len() + self.unescaped.len())
    }

    /// The text of a primitive node.
    fn text(&self, node: u32) -> &str {
        let Some(node) = self.nodes.get(node as usize) else {
            return "";
        };
        let (start, end) = (node.start as usize, node.end as usize);
        match start.checked_sub(self.source.len()) {
            None => self.cursor.slice(start, end),
            Some(start) => self.unescaped.get(start..end - self.source.len()).unwrap_or_default(),
        }
    }

    fn judge(&mut self, node: u32, place: &Place<'_>, primitive: Primitive) -> Step {
        if let Err(what) = primitive::check(primitive, self.text(node)) {
            let rule =
                if primitive == Primitive::Xhtml { Rule::Narrative } else { Rule::Primitive };
            return self.issue(rule, self.location(node), what);
        }
        if let Some(set) = place.element.required_codes {
            return self.code(node, set);
        }
        Ok(())
    }

    // ---- resource types ----

    /// The type of the resource whose `{` the cursor stands at; `None` when told that it has none.
    fn resource_type(&mut self, location: &str) -> Result<Option<TypeId>, Stop> {
        let mut ahead = self.cursor.clone();
        ahead.at += 1;
        let found = find_resource_type(&mut ahead, self.depth + 1);
        let named = self.json(found)?;
        let Some(name) = named else {
            let message = "a resource says its type: \"resourceType\": \"Patient\"";
            self.resource_issue(location, message.into())?;
            return Ok(None);
        };
        let definitions = self.definitions;
        let known = definitions.type_named(&name);
        if let Some(id) = known.filter(|id| definitions.type_def(*id).resource_type.is_some()) {
            return Ok(Some(id));
        }
        let names = definitions.resource_types().map(|t| definitions.resource_name(t));
        let mut message = String::from("\"resourceType\" is not one of R4's resource types");
        if let Some(near) = similar::nearest(&name, names) {
            message.push_str(&format!(". Did you mean \"{near}\"?"));
        }
        self.resource_issue(location, message)?;
        Ok(None)
    }

    /// Told in trusting mode too: without a type there is no tree.
    fn resource_issue(&mut self, location: &str, message: String) -> Step {
        self.issues.push(Issue::error(Rule::ResourceType, location, message));
        if self.issues.len() >= ISSUES_MAX { Err(Stop) } else { Ok(()) }
    }
}

/// Where a value stands, by definition.
struct Place<'d> {
    child: &'d JsonChild,
    element: &'d ElementDef,
    primitive: Option<Primitive>,
    sibling: bool,
    in_array: bool,
    /// Of its entry among the seen.
    position: usize,
}

/// Looks through an object's members for `resourceType`, standing after its `{`.
fn find_resource_type<'a>(
    cursor: &mut Cursor<'a>,
    depth: usize,
) -> Result<Option<Cow<'a, str>>, Broken> {
    if cursor.next_mark() == Some(b'}') {
        return Ok(None);
    }
    loop {
        let key = cursor.key()?;
        if cursor.unescaped(key) == "resourceType" {
            if cursor.peek() != Some(b'"') {
                return Ok(None);
            }
            let name = cursor.string()?;
            return Ok(Some(cursor.unescaped(name)));
        }
        cursor.skip_value(depth)?;
        if !cursor.goes_on(b'}', "a comma or } is expected")? {
            return Ok(None);
        }
    }
}
