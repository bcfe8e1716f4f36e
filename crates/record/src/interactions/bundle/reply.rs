//! The response Bundle of a batch or transaction.

use akson_base::{Kind, Problem};
use bytes::Bytes;
use serde_json::json;

use crate::interactions::target;
use crate::outcome::{operation_outcome, status_and_code, status_line};
use crate::page::page_json;
use crate::request::{BundleAnswer, Did, Page, Version, Written};

/// What became of one entry.
pub(super) enum Reply {
    Written(Written),
    Version(Version),
    Page(Page, &'static str),
    Failed(Problem),
    /// Nothing to tell (an entry that asked for nothing).
    Empty,
}

impl Reply {
    /// Whether it may be the answer about what is hidden.
    fn says_no(&self) -> bool {
        match self {
            Self::Failed(problem) => {
                matches!(problem.kind, Kind::NotFound | Kind::Gone | Kind::Refused)
            }
            Self::Page(..) | Self::Written(_) | Self::Version(_) | Self::Empty => false,
        }
    }
}

/// The whole response Bundle.
pub(super) fn bundle(bundle_type: &str, replies: &[Reply], base: &str) -> BundleAnswer {
    let mut out = Vec::with_capacity(replies.len() * 160 + 128);
    out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"type\":\"");
    out.extend_from_slice(bundle_type.as_bytes());
    out.push(b'"');
    for (position, reply) in replies.iter().enumerate() {
        let before: &[u8] = if position == 0 { b",\"entry\":[{" } else { b",{" };
        out.extend_from_slice(before);
        push(&mut out, reply, base);
        out.push(b'}');
    }
    if !replies.is_empty() {
        out.push(b']');
    }
    out.push(b'}');
    BundleAnswer { json: Bytes::from(out), says_no: replies.iter().any(Reply::says_no) }
}

fn push(out: &mut Vec<u8>, reply: &Reply, base: &str) {
    match reply {
        Reply::Empty => out.extend_from_slice(b"\"response\":{\"status\":\"200 OK\"}"),
        Reply::Failed(problem) => {
            let (status, _) = status_and_code(problem.kind);
            let response = json!({
                "status": status_line(status),
                "outcome": operation_outcome(problem),
            });
            out.extend_from_slice(format!("\"response\":{response}").as_bytes());
        }
        Reply::Page(page, bundle_type) => {
            out.extend_from_slice(b"\"resource\":");
            out.extend_from_slice(&page_json(page, base, bundle_type));
            out.extend_from_slice(b",\"response\":{\"status\":\"200 OK\"}");
        }
        Reply::Version(version) => {
            out.extend_from_slice(b"\"resource\":");
            out.extend_from_slice(&version.json);
            out.push(b',');
            push_response(out, 200, version, base);
        }
        Reply::Written(written) => {
            let status = match written.did {
                Did::Created => 201,
                Did::Updated | Did::Found => 200,
                Did::Deleted => 204,
            };
            match &written.version {
                Some(version) => push_response(out, status, version, base),
                None => out.extend_from_slice(b"\"response\":{\"status\":\"204 No Content\"}"),
            }
        }
    }
}

fn push_response(out: &mut Vec<u8>, status: u16, version: &Version, base: &str) {
    // Status, etag and time have no character that JSON would escape; the base is ours.
    out.extend_from_slice(
        format!(
            "\"response\":{{\"status\":\"{}\",\"location\":{},\"etag\":\"W/\\\"{}\\\"\",\"lastModified\":\"{}\"}}",
            status_line(status),
            crate::page::quoted(&format!(
                "{base}/{}/_history/{}",
                target(version.resource_type, &version.id),
                version.version
            )),
            version.version,
            version.time.to_fhir(),
        )
        .as_bytes(),
    );
}
