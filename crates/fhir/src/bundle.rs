//! A Bundle taken apart without reading its resources: its type, and for each entry the raw JSON
//! of the resource and the request.
//!
//! One pass over the bytes, nothing copied: 25,000 entries of 100 MB cost a few megabytes beside
//! the text. Each resource is read and judged later, by itself (`json::parse`).
//! Standard: <https://hl7.org/fhir/R4/bundle.html>

use std::borrow::Cow;

use akson_base::limits::{BUNDLE_ENTRIES_MAX, REQUEST_BYTES_MAX};

use crate::definitions::{Definitions, ElementId, ResourceType};
use crate::json::cursor::{Broken, Cursor};
use crate::json::{Issue, Issues, Rule};

/// `Bundle.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the standard's own words")]
pub enum BundleType {
    Document,
    Message,
    Transaction,
    TransactionResponse,
    Batch,
    BatchResponse,
    History,
    Searchset,
    Collection,
}

impl BundleType {
    const ALL: [(&'static str, Self); 9] = [
        ("document", Self::Document),
        ("message", Self::Message),
        ("transaction", Self::Transaction),
        ("transaction-response", Self::TransactionResponse),
        ("batch", Self::Batch),
        ("batch-response", Self::BatchResponse),
        ("history", Self::History),
        ("searchset", Self::Searchset),
        ("collection", Self::Collection),
    ];

    /// The standard's code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, t)| *t == self).map_or("", |(code, _)| code)
    }
}

/// `Bundle.entry.request.method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the standard's own words")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Patch,
}

impl Method {
    const ALL: [(&'static str, Self); 6] = [
        ("GET", Self::Get),
        ("HEAD", Self::Head),
        ("POST", Self::Post),
        ("PUT", Self::Put),
        ("DELETE", Self::Delete),
        ("PATCH", Self::Patch),
    ];

    /// As in HTTP.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, m)| *m == self).map_or("", |(code, _)| code)
    }
}

/// A Bundle taken apart. Borrows from its bytes.
#[derive(Clone, Debug)]
pub struct BundleParts<'a> {
    /// What sort of Bundle.
    pub type_: BundleType,
    /// In order.
    pub entries: Vec<Entry<'a>>,
}

/// One entry.
#[derive(Clone, Debug, Default)]
pub struct Entry<'a> {
    /// `fullUrl`.
    pub full_url: Option<Cow<'a, str>>,
    /// The resource as it stands in the Bundle, not yet read: any JSON object.
    pub resource: Option<&'a [u8]>,
    /// The resource's type, when it says a known one.
    pub resource_type: Option<ResourceType>,
    /// The resource's id as it says it, not yet judged.
    pub resource_id: Option<Cow<'a, str>>,
    /// `request.method`.
    pub method: Option<Method>,
    /// `request.url`, as it stands.
    pub url: Option<Cow<'a, str>>,
    /// `request.ifNoneExist`.
    pub if_none_exist: Option<Cow<'a, str>>,
    /// `request.ifMatch`.
    pub if_match: Option<Cow<'a, str>>,
    /// `request.ifNoneMatch`.
    pub if_none_match: Option<Cow<'a, str>>,
    /// `request.ifModifiedSince`.
    pub if_modified_since: Option<Cow<'a, str>>,
}

/// Takes a Bundle apart.
///
/// # Errors
/// The first thing that is wrong with the Bundle itself: not JSON, not a Bundle, an unknown type,
/// method, or element, more than the permitted bytes or entries. What the resources hold is not
/// looked at.
pub fn split(bytes: &[u8]) -> Result<BundleParts<'_>, Issues> {
    if bytes.len() > REQUEST_BYTES_MAX {
        let message = format!("a Bundle has at most {REQUEST_BYTES_MAX} bytes of JSON");
        return Err(wrong(Rule::TooLarge, "Bundle", message));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let message = format!("the text is not UTF-8 from byte {} on", e.valid_up_to() + 1);
        wrong(Rule::Utf8, "Bundle", message)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut splitter = Splitter { cursor: Cursor::new(text), definitions: Definitions::r4() };
    splitter.bundle()
}

fn wrong(rule: Rule, location: impl Into<String>, message: impl Into<String>) -> Issues {
    Issues(vec![Issue::error(rule, location, message)])
}

struct Splitter<'a> {
    cursor: Cursor<'a>,
    definitions: &'static Definitions,
}

/// The members of the request that are kept.
const REQUEST: &str = "Bundle.entry.request";

impl<'a> Splitter<'a> {
    fn json<T>(&self, outcome: Result<T, Broken>) -> Result<T, Issues> {
        outcome.map_err(|broken| Issues(vec![Issue::broken(&self.cursor, broken)]))
    }

    fn bundle(&mut self) -> Result<BundleParts<'a>, Issues> {
        let mut type_ = None;
        let mut entries = Vec::new();
        let mut named = false;
        let not_an_object = "a Bundle is a JSON object: { \"resourceType\": \"Bundle\", … }";
        if self.cursor.next_mark() != Some(b'{') {
            return Err(wrong(Rule::Json, "Bundle", not_an_object));
        }
        let root = self.root("Bundle");
        self.members(root, "Bundle", |this, name| {
            match name {
                "resourceType" => {
                    named = this.text("Bundle.resourceType")? == "Bundle";
                    if !named {
                        let message = "a Bundle is expected here: \"resourceType\": \"Bundle\"";
                        return Err(wrong(Rule::Bundle, "Bundle.resourceType", message));
                    }
                }
                "type" => type_ = Some(this.one_of("Bundle.type", &BundleType::ALL)?),
                "entry" => entries = this.entries()?,
                _ => this.skip(1)?,
            }
            Ok(())
        })?;
        if self.cursor.next_mark().is_some() {
            let broken = self.cursor.broken("nothing may follow the Bundle");
            return self.json(Err(broken));
        }
        if !named {
            let message = "a Bundle is expected here: \"resourceType\": \"Bundle\"";
            return Err(wrong(Rule::Bundle, "Bundle.resourceType", message));
        }
        let missing = || wrong(Rule::Missing, "Bundle.type", "Bundle.type is mandatory: a code");
        Ok(BundleParts { type_: type_.ok_or_else(missing)?, entries })
    }

    fn root(&self, type_name: &str) -> ElementId {
        let type_id = self.definitions.type_named(type_name);
        type_id.map_or(ElementId(0), |id| self.definitions.type_def(id).root)
    }

    /// The holder of a backbone element's children.
    fn backbone(&self, holder: ElementId, name: &str) -> ElementId {
        self.definitions
            .json_child(holder, name)
            .map_or(holder, |child| self.definitions.holder(child.element, child.type_id))
    }

    /// Every member of an object once, standing at its `{`; `visit` stands at the value and passes
    /// it.
    fn members(
        &mut self,
        holder: ElementId,
        location: &str,
        mut visit: impl FnMut(&mut Self, &str) -> Result<(), Issues>,
    ) -> Result<(), Issues> {
        self.cursor.at += 1;
        if self.cursor.next_mark() == Some(b'}') {
            self.cursor.at += 1;
            return Ok(());
        }
        let mut seen: Vec<Cow<'a, str>> = Vec::new();
        loop {
            let key = self.cursor.key();
            let key = self.json(key)?;
            let name = self.cursor.unescaped(key);
            if seen.contains(&name) {
                let message = format!("the key \"{name}\" stands twice");
                return Err(wrong(Rule::DuplicateKey, format!("{location}.{name}"), message));
            }
            let plain = name.strip_prefix('_').unwrap_or(&name);
            let known = self.definitions.json_child(holder, plain).is_some()
                || (name == "resourceType" && location == "Bundle");
            if !known {
                let path = &self.definitions.element(holder).path;
                let names = self.definitions.json_names(holder);
                let near = crate::similar::nearest(plain, names.iter().map(|n| &**n));
                let near = near.map(|n| format!(". Did you mean \"{n}\"?")).unwrap_or_default();
                let shown: String = name.chars().take(64).collect();
                let message = format!("{path} has no element \"{shown}\"{near}");
                return Err(wrong(Rule::UnknownElement, location, message));
            }
            visit(self, &name)?;
            seen.push(name);
            let goes_on = self.cursor.goes_on(b'}', "a comma or } is expected");
            if !self.json(goes_on)? {
                return Ok(());
            }
        }
    }

    fn skip(&mut self, depth: usize) -> Result<(), Issues> {
        let skipped = self.cursor.skip_value(depth);
        self.json(skipped)
    }

    fn text(&mut self, location: &str) -> Result<Cow<'a, str>, Issues> {
        if self.cursor.peek() != Some(b'"') {
            return Err(wrong(Rule::JsonType, location, "write a string in double quotes"));
        }
        let span = self.cursor.string();
        Ok(self.cursor.unescaped(self.json(span)?))
    }

    fn one_of<T: Copy>(&mut self, location: &str, all: &[(&str, T)]) -> Result<T, Issues> {
        let text = self.text(location)?;
        let found = all.iter().find(|(code, _)| **code == *text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let codes: Vec<&str> = all.iter().map(|(code, _)| *code).collect();
            let message = format!("not a permitted code: {}", codes.join(" | "));
            wrong(Rule::Code, location, message)
        })
    }

    fn entries(&mut self) -> Result<Vec<Entry<'a>>, Issues> {
        if self.cursor.peek() != Some(b'[') {
            let message = "\"entry\" may repeat: write an array, \"entry\": [ … ]";
            return Err(wrong(Rule::Repetition, "Bundle.entry", message));
        }
        let root = self.root("Bundle");
        let holder = self.backbone(root, "entry");
        let mut entries = Vec::new();
        self.cursor.at += 1;
        if self.cursor.next_mark() == Some(b']') {
            let message = "an array cannot be empty: leave the element out";
            return Err(wrong(Rule::Empty, "Bundle.entry", message));
        }
        loop {
            if entries.len() >= BUNDLE_ENTRIES_MAX {
                let message = format!("a Bundle has at most {BUNDLE_ENTRIES_MAX} entries");
                return Err(wrong(Rule::TooLarge, "Bundle.entry", message));
            }
            let entry = self.entry(holder, entries.len())?;
            entries.push(entry);
            let goes_on = self.cursor.goes_on(b']', "a comma or ] is expected");
            if !self.json(goes_on)? {
                return Ok(entries);
            }
        }
    }

    fn entry(&mut self, holder: ElementId, index: usize) -> Result<Entry<'a>, Issues> {
        let location = format!("Bundle.entry[{index}]");
        self.object_at(&location)?;
        let mut entry = Entry::default();
        self.members(holder, &location, |this, name| {
            match name {
                "fullUrl" => entry.full_url = Some(this.text(&format!("{location}.fullUrl"))?),
                "resource" => this.resource(&format!("{location}.resource"), &mut entry)?,
                "request" => {
                    let request = this.backbone(holder, "request");
                    this.request(request, &format!("{location}.request"), &mut entry)?;
                }
                _ => this.skip(3)?,
            }
            Ok(())
        })?;
        Ok(entry)
    }

    fn object_at(&mut self, location: &str) -> Result<(), Issues> {
        if self.cursor.next_mark() == Some(b'{') {
            return Ok(());
        }
        Err(wrong(Rule::JsonType, location, "write an object"))
    }

    /// Passes a resource, and remembers where it stands and what it says of itself.
    fn resource(&mut self, location: &str, entry: &mut Entry<'a>) -> Result<(), Issues> {
        self.object_at(location)?;
        let start = self.cursor.at;
        let mut ahead = self.cursor.clone();
        let skipped = ahead.skip_value(0);
        self.json(skipped)?;
        entry.resource = Some(self.cursor.slice(start, ahead.at).as_bytes());
        let named = peek(&mut self.cursor, entry);
        self.json(named)?;
        self.cursor = ahead;
        Ok(())
    }

    fn request(
        &mut self,
        holder: ElementId,
        location: &str,
        entry: &mut Entry<'a>,
    ) -> Result<(), Issues> {
        debug_assert_eq!(&*self.definitions.element(holder).path, REQUEST);
        self.object_at(location)?;
        self.members(holder, location, |this, name| {
            let place = format!("{location}.{name}");
            match name {
                "method" => entry.method = Some(this.one_of(&place, &Method::ALL)?),
                "url" => entry.url = Some(this.text(&place)?),
                "ifNoneExist" => entry.if_none_exist = Some(this.text(&place)?),
                "ifMatch" => entry.if_match = Some(this.text(&place)?),
                "ifNoneMatch" => entry.if_none_match = Some(this.text(&place)?),
                "ifModifiedSince" => entry.if_modified_since = Some(this.text(&place)?),
                _ => this.skip(4)?,
            }
            Ok(())
        })
    }
}

/// Reads `resourceType` and `id` of a resource, standing at its `{`; stops when it has both. The
/// object is known to be JSON.
fn peek<'a>(cursor: &mut Cursor<'a>, entry: &mut Entry<'a>) -> Result<(), Broken> {
    cursor.at += 1;
    if cursor.next_mark() == Some(b'}') {
        return Ok(());
    }
    loop {
        let key = cursor.key()?;
        let name = cursor.unescaped(key);
        match (&*name, cursor.peek()) {
            ("resourceType", Some(b'"')) => {
                let span = cursor.string()?;
                let name = cursor.unescaped(span);
                entry.resource_type = Definitions::r4().resource_type(&name);
            }
            ("id", Some(b'"')) => {
                let span = cursor.string()?;
                entry.resource_id = Some(cursor.unescaped(span));
            }
            _ => cursor.skip_value(0)?,
        }
        let both = entry.resource_type.is_some() && entry.resource_id.is_some();
        if both || !cursor.goes_on(b'}', "a comma or } is expected")? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_taken_apart() {
        let json = br#" { "resourceType": "Bundle", "id": "x", "type": "transaction", "entry": [
            { "fullUrl": "urn:uuid:1", "resource": { "id": "p", "resourceType": "Patient", "a": [1] },
              "request": { "method": "PUT", "url": "Patient/p", "ifMatch": "W/\"1\"" } },
            { "request": { "method": "DELETE", "url": "Patient?x=1" } } ] } "#;
        let parts = split(json).unwrap();
        assert_eq!(parts.type_, BundleType::Transaction);
        let [first, second] = parts.entries.as_slice() else { panic!() };
        assert_eq!(first.full_url.as_deref(), Some("urn:uuid:1"));
        let raw = std::str::from_utf8(first.resource.unwrap()).unwrap();
        assert_eq!(raw, r#"{ "id": "p", "resourceType": "Patient", "a": [1] }"#);
        assert_eq!(first.resource_type, Definitions::r4().resource_type("Patient"));
        assert_eq!(first.resource_id.as_deref(), Some("p"));
        assert_eq!(first.method, Some(Method::Put));
        assert_eq!(first.if_match.as_deref(), Some("W/\"1\""));
        assert_eq!(second.method.map(Method::code), Some("DELETE"));
        assert_eq!(second.url.as_deref(), Some("Patient?x=1"));
        assert!(second.resource.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (json, expected) in [
            ("[]", "Bundle: a Bundle is a JSON object: { \"resourceType\": \"Bundle\", … }"),
            (
                "{",
                "line 1, column 2: this is not JSON: a member's name in double quotes is expected",
            ),
            (
                r#"{"resourceType":"Patient"}"#,
                "Bundle.resourceType: a Bundle is expected here: \"resourceType\": \"Bundle\"",
            ),
            (
                r#"{"type":"batch"}"#,
                "Bundle.resourceType: a Bundle is expected here: \"resourceType\": \"Bundle\"",
            ),
            (r#"{"resourceType":"Bundle"}"#, "Bundle.type: Bundle.type is mandatory: a code"),
            (
                r#"{"resourceType":"Bundle","typ":"batch"}"#,
                "Bundle: Bundle has no element \"typ\". Did you mean \"type\"?",
            ),
            (
                r#"{"resourceType":"Bundle","type":"batch","type":"batch"}"#,
                "Bundle.type: the key \"type\" stands twice",
            ),
            (
                r#"{"resourceType":"Bundle","type":"batch","entry":{}}"#,
                "Bundle.entry: \"entry\" may repeat: write an array, \"entry\": [ … ]",
            ),
            (
                r#"{"resourceType":"Bundle","type":"batch","entry":[{},{"request":{"method":"get"}}]}"#,
                "Bundle.entry[1].request.method: not a permitted code: GET | HEAD | POST | PUT | DELETE | PATCH",
            ),
            (
                r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":[]}]}"#,
                "Bundle.entry[0].resource: write an object",
            ),
            (
                r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"uri":"x"}}]}"#,
                "Bundle.entry[0].request: Bundle.entry.request has no element \"uri\". Did you mean \"url\"?",
            ),
        ] {
            assert_eq!(split(json.as_bytes()).unwrap_err().to_string(), expected, "{json}");
        }
    }
}
