//! Pages as Bundles: entries are copied from stored bytes, nothing is parsed.
//!
//! Standard: <https://hl7.org/fhir/R4/bundle.html>

use akson_fhir::definitions::Definitions;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::outcome::status_line;
use crate::request::{Mode, Page, Version};

/// A string as a JSON literal.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `"fullUrl":…`
pub(crate) fn push_full_url(out: &mut Vec<u8>, base: &str, version: &Version) {
    let name = Definitions::r4().resource_name(version.resource_type);
    out.extend_from_slice(b"\"fullUrl\":");
    out.extend_from_slice(quoted(&format!("{base}/{name}/{}", version.id)).as_bytes());
}

/// A search or history page as a whole Bundle. `bundle_type` is `searchset` or `history`.
pub fn page_json(page: &Page, base: &str, bundle_type: &str) -> Bytes {
    let bytes: usize = page.entries.iter().map(|(v, _)| v.json.len() + 256).sum();
    let mut out = Vec::with_capacity(bytes + 512);
    out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"type\":\"");
    out.extend_from_slice(bundle_type.as_bytes());
    out.push(b'"');
    if let Some(total) = page.total {
        out.extend_from_slice(format!(",\"total\":{total}").as_bytes());
    }
    push_links(&mut out, page, base);
    if !page.entries.is_empty() || !page.warnings.is_empty() {
        out.extend_from_slice(b",\"entry\":[");
        for (position, (version, mode)) in page.entries.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            push_entry(&mut out, base, version, *mode, bundle_type == "history");
        }
        if !page.warnings.is_empty() {
            if !page.entries.is_empty() {
                out.push(b',');
            }
            push_warnings(&mut out, &page.warnings);
        }
        out.push(b']');
    }
    out.push(b'}');
    Bytes::from(out)
}

fn push_links(out: &mut Vec<u8>, page: &Page, base: &str) {
    out.extend_from_slice(b",\"link\":[{\"relation\":\"self\",\"url\":");
    out.extend_from_slice(quoted(&format!("{base}/{}", page.self_link)).as_bytes());
    out.push(b'}');
    if let Some(next) = &page.next_link {
        out.extend_from_slice(b",{\"relation\":\"next\",\"url\":");
        out.extend_from_slice(quoted(&format!("{base}/{next}")).as_bytes());
        out.push(b'}');
    }
    out.push(b']');
}

fn push_entry(out: &mut Vec<u8>, base: &str, version: &Version, mode: Mode, history: bool) {
    out.push(b'{');
    push_full_url(out, base, version);
    if !version.json.is_empty() {
        out.extend_from_slice(b",\"resource\":");
        out.extend_from_slice(&version.json);
    }
    if history {
        push_history(out, version);
    } else {
        out.extend_from_slice(match mode {
            Mode::Match => b",\"search\":{\"mode\":\"match\"}".as_slice(),
            Mode::Include => b",\"search\":{\"mode\":\"include\"}".as_slice(),
        });
    }
    out.push(b'}');
}

/// What made the version, as the standard wants it in a history.
fn push_history(out: &mut Vec<u8>, version: &Version) {
    let name = Definitions::r4().resource_name(version.resource_type);
    let (method, url, status) = match (version.deleted, version.version) {
        (true, _) => ("DELETE", format!("{name}/{}", version.id), 204),
        (false, 1) => ("PUT", format!("{name}/{}", version.id), 201),
        (false, _) => ("PUT", format!("{name}/{}", version.id), 200),
    };
    let request = json!({"method": method, "url": url});
    let response = json!({
        "status": status_line(status),
        "etag": format!("W/\"{}\"", version.version),
        "lastModified": version.time.to_fhir(),
    });
    out.extend_from_slice(format!(",\"request\":{request},\"response\":{response}").as_bytes());
}

fn push_warnings(out: &mut Vec<u8>, warnings: &[String]) {
    let issues: Vec<Value> = warnings
        .iter()
        .map(|text| json!({"severity": "warning", "code": "not-supported", "diagnostics": text}))
        .collect();
    let entry = json!({
        "resource": {"resourceType": "OperationOutcome", "issue": issues},
        "search": {"mode": "outcome"},
    });
    out.extend_from_slice(entry.to_string().as_bytes());
}
