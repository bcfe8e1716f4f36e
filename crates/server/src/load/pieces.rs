//! Cutting documents into transactions.
//!
//! A transaction goes as it is. A batch's entries, which do not depend on each other, and resources
//! (a collection's, an NDJSON file's, one alone; put by their ids) go several in one transaction.

use std::borrow::Cow;
use std::io::BufRead;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::open::Document;
use super::target::Refusal;
use crate::failure::Failure;

/// Resources in one transaction of an NDJSON file.
const LINES_PER_PIECE: usize = 500;
/// Bytes of resources in one transaction of an NDJSON file.
const BYTES_PER_PIECE: usize = 4 * 1024 * 1024;

/// One request's worth.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The file it is from.
    pub(crate) file: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The file's own transaction, and its number of entries.
    Bundle(Bytes, usize),
    /// Entries that do not depend on each other.
    Entries(Vec<Entry>),
}

#[derive(Clone, Debug)]
struct Entry {
    /// `line 12`, `entry 3`.
    place: String,
    /// `Patient/12`, or the type alone.
    what: String,
    /// The entry of a transaction, as JSON.
    json: String,
}

impl Piece {
    /// The transaction's JSON.
    pub(crate) fn body(&self) -> Bytes {
        match &self.content {
            Content::Bundle(bytes, _) => bytes.clone(),
            Content::Entries(entries) => {
                let size: usize = entries.iter().map(|entry| entry.json.len() + 1).sum();
                let mut body = String::with_capacity(size + 80);
                body.push_str(r#"{"resourceType":"Bundle","type":"transaction","entry":["#);
                for (position, entry) in entries.iter().enumerate() {
                    if position > 0 {
                        body.push(',');
                    }
                    body.push_str(&entry.json);
                }
                body.push_str("]}");
                Bytes::from(body)
            }
        }
    }

    /// What the record remembers so that this piece is applied once: a digest of its content.
    pub(crate) fn key(&self) -> String {
        let digest = Sha256::digest(self.body());
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("load-{hex}")
    }

    /// How many resources.
    pub(crate) fn len(&self) -> usize {
        match &self.content {
            Content::Bundle(_, entries) => *entries,
            Content::Entries(entries) => entries.len(),
        }
    }

    /// Two halves, if it may be divided.
    pub(crate) fn halves(&self) -> Option<(Piece, Piece)> {
        match &self.content {
            Content::Entries(entries) if entries.len() > 1 => {
                let (left, right) = entries.split_at(entries.len() / 2);
                let piece = |entries: &[Entry]| Piece {
                    file: self.file.clone(),
                    content: Content::Entries(entries.to_vec()),
                };
                Some((piece(left), piece(right)))
            }
            Content::Bundle(..) | Content::Entries(_) => None,
        }
    }

    /// Where in the file it stands.
    pub(crate) fn place(&self) -> String {
        match &self.content {
            Content::Bundle(..) => String::new(),
            Content::Entries(entries) => {
                entries.first().map(|entry| entry.place.clone()).unwrap_or_default()
            }
        }
    }

    /// Which resource it is.
    pub(crate) fn what(&self) -> String {
        match &self.content {
            Content::Bundle(..) => "Bundle".into(),
            Content::Entries(entries) => {
                entries.first().map(|entry| entry.what.clone()).unwrap_or_default()
            }
        }
    }
}

/// As much of a document as decides what to do with it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    #[serde(borrow)]
    resource_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    bundle_type: Option<&'a RawValue>,
    #[serde(borrow)]
    entry: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BundleEntry<'a> {
    #[serde(borrow)]
    full_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// Where pieces go, and what cannot become one.
pub(crate) trait Sink {
    fn send(&self, piece: &Piece) -> Result<(), Failure>;
    fn refuse(&self, file: &str, place: &str, refusal: &Refusal) -> Result<(), Failure>;
}

/// Cuts a document and hands on its pieces.
pub(crate) fn cut(mut document: Document<'_>, sink: &dyn Sink) -> Result<(), Failure> {
    if document.lines {
        return lines(document, sink);
    }
    let content =
        document.whole().map_err(|reason| Refusal::ours("SRV-001", reason)).and_then(content);
    match content {
        Ok(content) => sink.send(&Piece { file: document.name, content }),
        Err(refusal) => sink.refuse(&document.name, "", &refusal),
    }
}

fn content(bytes: Vec<u8>) -> Result<Content, Refusal> {
    let bytes = Bytes::from(bytes);
    let outline: Outline<'_> = serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::ours("SRV-002", format!("not a JSON resource: {error}")))?;
    let is_bundle = outline.resource_type.as_deref() == Some("Bundle");
    let bundle_type = outline.bundle_type.map(RawValue::get).filter(|_| is_bundle);
    match bundle_type {
        Some(r#""transaction""#) => {
            let entries: Vec<&RawValue> = entries_of(&outline)?;
            let count = entries.len();
            Ok(Content::Bundle(bytes, count))
        }
        Some(r#""batch""#) => {
            let entries: Vec<&RawValue> = entries_of(&outline)?;
            let entries = entries.iter().enumerate().map(|(position, entry)| Entry {
                place: format!("entry {}", position + 1),
                what: String::new(),
                json: entry.get().to_string(),
            });
            Ok(Content::Entries(entries.collect()))
        }
        Some(r#""collection""# | r#""searchset""#) => {
            let entries: Vec<BundleEntry<'_>> = entries_of(&outline)?;
            let entries = entries.iter().enumerate().filter_map(|(position, entry)| {
                let place = format!("entry {}", position + 1);
                Some(put(place, entry.full_url.as_deref(), entry.resource?.get()))
            });
            entries.collect::<Result<Vec<_>, _>>().map(Content::Entries)
        }
        Some(r#""history""#) => Err(Refusal::ours(
            "SRV-003",
            "a history bundle cannot be loaded: versions are made by the record".into(),
        )),
        // A document or message bundle is a resource of its own, kept whole.
        Some(_) | None => {
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Refusal::ours("SRV-002", "not UTF-8".into()))?;
            put(String::new(), None, text).map(|entry| Content::Entries(vec![entry]))
        }
    }
}

fn entries_of<'a, T: Deserialize<'a>>(outline: &Outline<'a>) -> Result<Vec<T>, Refusal> {
    let entries = outline.entry.map_or("[]", RawValue::get);
    serde_json::from_str(entries)
        .map_err(|error| Refusal::ours("SRV-002", format!("Bundle.entry is wrong: {error}")))
}

/// The transaction entry that puts a resource by its id, or makes a new one when it has none.
fn put(place: String, full_url: Option<&str>, resource: &str) -> Result<Entry, Refusal> {
    let outline: Outline<'_> = serde_json::from_str(resource)
        .map_err(|error| Refusal::ours("SRV-002", format!("not a JSON resource: {error}")))?;
    let Some(resource_type) = outline.resource_type else {
        return Err(Refusal::ours("SRV-002", "a JSON object without resourceType".into()));
    };
    let full_url = match full_url {
        Some(url) => format!("\"fullUrl\":{},", serde_json::Value::from(url)),
        None => String::new(),
    };
    let (method, url) = match &outline.id {
        Some(id) => ("PUT", format!("{resource_type}/{id}")),
        None => ("POST", resource_type.into_owned()),
    };
    let address = serde_json::Value::from(url.as_str());
    let request = format!("\"request\":{{\"method\":\"{method}\",\"url\":{address}}}");
    let json = format!("{{{full_url}\"resource\":{resource},{request}}}");
    Ok(Entry { place, what: url, json })
}

fn lines(document: Document<'_>, sink: &dyn Sink) -> Result<(), Failure> {
    let file = document.name;
    let mut entries = Vec::new();
    let mut bytes = 0;
    for (position, line) in document.reader.lines().enumerate() {
        let place = format!("line {}", position + 1);
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                let refusal = Refusal::ours("SRV-001", format!("cannot be read: {error}"));
                sink.refuse(&file, &place, &refusal)?;
                break;
            }
        };
        if line.trim().is_empty() {
            continue;
        }
        match put(place.clone(), None, &line) {
            Ok(entry) => entries.push(entry),
            Err(refusal) => sink.refuse(&file, &place, &refusal)?,
        }
        bytes += line.len();
        if entries.len() >= LINES_PER_PIECE || bytes >= BYTES_PER_PIECE {
            let content = Content::Entries(std::mem::take(&mut entries));
            sink.send(&Piece { file: file.clone(), content })?;
            bytes = 0;
        }
    }
    if !entries.is_empty() {
        sink.send(&Piece { file, content: Content::Entries(entries) })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl Sink for Seen {
        fn send(&self, piece: &Piece) -> Result<(), Failure> {
            let body = String::from_utf8(piece.body().into()).unwrap();
            self.0.lock().unwrap().push(format!("{} {body}", piece.len()));
            Ok(())
        }
        fn refuse(&self, _: &str, place: &str, refusal: &Refusal) -> Result<(), Failure> {
            self.0.lock().unwrap().push(format!("{} at {place}", refusal.code));
            Ok(())
        }
    }

    fn cut_text(text: &str, lines: bool) -> Vec<String> {
        let seen = Seen::default();
        let reader = Box::new(text.as_bytes());
        cut(Document { name: "f".into(), lines, reader }, &seen).unwrap();
        seen.0.into_inner().unwrap()
    }

    #[test]
    fn a_transaction_goes_byte_for_byte() {
        let text = r#"{"resourceType":"Bundle","type":"transaction","entry":[{},{}]}"#;
        assert_eq!(cut_text(text, false), [format!("2 {text}")]);
    }

    #[test]
    fn a_resource_is_put_by_its_id_and_posted_without() {
        let with = cut_text(r#"{"resourceType":"Patient","id":"a","x":1.10}"#, false);
        assert!(with[0].contains(r#""method":"PUT","url":"Patient/a""#), "{with:?}");
        assert!(with[0].contains("1.10"), "{with:?}");
        let without = cut_text(r#"{"resourceType":"Patient"}"#, false);
        assert!(without[0].contains(r#""method":"POST","url":"Patient""#), "{without:?}");
    }

    #[test]
    fn a_bad_line_is_refused_with_its_place_and_the_others_go() {
        let lines = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\nnonsense\n";
        let seen = cut_text(lines, true);
        assert_eq!(seen[0], "SRV-002 at line 3");
        assert!(seen[1].starts_with("1 "), "{seen:?}");
    }

    #[test]
    fn the_entries_of_a_collection_keep_their_full_urls() {
        let text = r#"{"resourceType":"Bundle","type":"collection","entry":[
            {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"}}]}"#;
        let seen = cut_text(text, false);
        assert!(seen[0].contains(r#""fullUrl":"urn:uuid:1","#), "{seen:?}");
    }
}
