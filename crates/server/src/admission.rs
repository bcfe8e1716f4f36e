//! How many requests are answered at a time, and who is sent away first when it gets too many: whoever
//! sends much at once, then whoever writes, and last those who read.
//!
//! A request that waits for the database holds a thread. Without this bound a database that is away for
//! half a minute would use them all up, and `/health` would be silent as well.
//!
//! Not here: how often one caller may call (`limits`).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use akson_base::limits::REQUESTS_UNDER_WAY_MAX;
use akson_base::{Kind, Problem};
use axum::http::{Method, Uri};

/// Threads beyond those of requests, for the work that goes on beside them.
const OTHER_THREADS: usize = 128;
/// What the runtime needs so that no request waits for a thread.
pub(crate) const THREADS_MAX: usize = REQUESTS_UNDER_WAY_MAX + OTHER_THREADS;

/// What a request is about, in the order in which requests are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Batches, transactions, and the history of everything.
    Bulk,
    /// Everything else that changes something.
    Write,
    /// Looking something up.
    Read,
}

impl Work {
    /// By method and address, before anything else of the request is looked at.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Self {
        let path = uri.path().trim_end_matches('/');
        let fhir = path.strip_prefix("/fhir");
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            // A history without an id is of a type, or of everything.
            let is_long = fhir
                .is_some_and(|rest| rest.ends_with("/_history") && rest.matches('/').count() < 3);
            return if is_long { Self::Bulk } else { Self::Read };
        }
        match fhir {
            Some("") => Self::Bulk,
            Some(rest) if rest.ends_with("/_search") => Self::Read,
            Some(_) | None => Self::Write,
        }
    }

    /// How many requests may be under way for one more of this kind to be taken.
    fn room(self) -> usize {
        match self {
            Self::Bulk => REQUESTS_UNDER_WAY_MAX / 2,
            Self::Write => REQUESTS_UNDER_WAY_MAX / 4 * 3,
            Self::Read => REQUESTS_UNDER_WAY_MAX,
        }
    }
}

/// The requests under way.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    under_way: AtomicUsize,
    bulk: AtomicU64,
    writes: AtomicU64,
    reads: AtomicU64,
}

/// A request that is under way for as long as this is held.
#[derive(Debug)]
pub(crate) struct Admitted<'a>(&'a AtomicUsize);

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Admission {
    /// Takes a request, or says why not (`SRV-004`).
    pub(crate) fn take(&self, work: Work) -> Result<Admitted<'_>, Problem> {
        let before = self.under_way.fetch_add(1, Ordering::AcqRel);
        let admitted = Admitted(&self.under_way);
        if before < work.room() {
            return Ok(admitted);
        }
        self.counter(work).fetch_add(1, Ordering::Relaxed);
        let text = "The server has more to do than it can take. Try again in a moment.";
        Err(Problem::new(Kind::Busy, "SRV-004", text))
    }

    fn counter(&self, work: Work) -> &AtomicU64 {
        match work {
            Work::Bulk => &self.bulk,
            Work::Write => &self.writes,
            Work::Read => &self.reads,
        }
    }

    /// Requests under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How many were sent away, by kind.
    pub(crate) fn refused(&self) -> [(&'static str, u64); 3] {
        [("bulk", Work::Bulk), ("write", Work::Write), ("read", Work::Read)]
            .map(|(name, work)| (name, self.counter(work).load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_address_tell_what_a_request_is_about() {
        let of = |method: &str, path: &'static str| {
            Work::of(&method.parse().unwrap(), &Uri::from_static(path))
        };
        for (method, path) in [
            ("GET", "/fhir/Patient/1"),
            ("GET", "/fhir/Patient/1/_history"),
            ("GET", "/fhir/Patient/1/_history/2"),
            ("GET", "/fhir/Observation?patient=1"),
            ("POST", "/fhir/Patient/_search"),
            ("GET", "/pasienter"),
        ] {
            assert_eq!(of(method, path), Work::Read, "{method} {path}");
        }
        for (method, path) in [
            ("POST", "/fhir"),
            ("POST", "/fhir/"),
            ("GET", "/fhir/_history"),
            ("GET", "/fhir/Patient/_history?_since=2026"),
        ] {
            assert_eq!(of(method, path), Work::Bulk, "{method} {path}");
        }
        for (method, path) in
            [("POST", "/fhir/Patient"), ("DELETE", "/fhir/Patient/1"), ("POST", "/logg-inn")]
        {
            assert_eq!(of(method, path), Work::Write, "{method} {path}");
        }
    }

    #[test]
    fn readers_are_sent_away_last_and_whoever_is_done_makes_room() {
        let admission = Admission::default();
        let take = |count: usize| -> Vec<_> {
            (0..count).map(|_| admission.take(Work::Read).unwrap()).collect()
        };
        let half = take(REQUESTS_UNDER_WAY_MAX / 2);
        assert_eq!(admission.take(Work::Bulk).unwrap_err().code, "SRV-004");
        let quarter = take(REQUESTS_UNDER_WAY_MAX / 4);
        assert!(admission.take(Work::Write).is_err());
        let rest = take(REQUESTS_UNDER_WAY_MAX / 4);
        assert!(admission.take(Work::Read).is_err());
        assert_eq!(admission.refused(), [("bulk", 1), ("write", 1), ("read", 1)]);
        drop(rest);
        assert!(admission.take(Work::Read).is_ok());
        assert!(admission.take(Work::Write).is_err());
        drop((half, quarter));
        assert!(admission.take(Work::Bulk).is_ok());
        assert_eq!(admission.under_way(), 0);
    }
}
