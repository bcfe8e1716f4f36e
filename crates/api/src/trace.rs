//! The trace id of a request: the caller's own, or one we make.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use akson_base::Instant;
use axum::http::HeaderMap;

/// Longest trace id that is taken from a caller.
const TRACE_CHARS_MAX: usize = 64;

/// Makes ids that no other start of the server makes: its start time and a counter.
#[derive(Debug)]
pub(crate) struct Traces {
    start: String,
    next: AtomicU64,
}

impl Traces {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start: format!("{:x}", start.0), next: AtomicU64::new(1) }
    }

    /// `X-Request-Id` when it is plain, the trace of a W3C `traceparent`, or a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> String {
        if let Some(id) = headers.get("x-request-id").and_then(|v| v.to_str().ok())
            && !id.is_empty()
            && id.len() <= TRACE_CHARS_MAX
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
        {
            return id.to_string();
        }
        if let Some(parent) = headers.get("traceparent").and_then(|v| v.to_str().ok())
            && let Some(id) = parent.split('-').nth(1)
            && id.len() == 32
            && id.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return id.to_string();
        }
        let mut id = String::with_capacity(self.start.len() + 12);
        id.push_str(&self.start);
        // Writing to a String cannot fail.
        let _ = write!(id, "-{}", self.next.fetch_add(1, Ordering::Relaxed));
        id
    }
}
