//! Counts and latencies of requests, by interaction.
//!
//! The handles are made once: recording is a few atomic additions.

use std::time::Duration;

use axum::http::StatusCode;
use metrics::{Counter, Histogram};

use crate::interactions::{INTERACTIONS, Op};

struct Row {
    op: Option<Op>,
    seconds: Histogram,
    /// By first digit of the status: 2, 3, 4, 5.
    answers: [Counter; 4],
}

/// The meters of all interactions.
pub(crate) struct Meters(Vec<Row>);

impl Meters {
    /// Registers with the recorder that is installed by now.
    pub(crate) fn new() -> Self {
        metrics::describe_histogram!(
            "akson_request_seconds",
            "Time from a request's head to its answer's head, by interaction"
        );
        metrics::describe_counter!(
            "akson_requests_total",
            "Answered requests by interaction and class of status"
        );
        let named = INTERACTIONS.iter().map(|row| (Some(row.op), row.name));
        let rows = named.chain([(None, "none")]).map(|(op, name)| Row {
            op,
            seconds: metrics::histogram!("akson_request_seconds", "interaction" => name),
            answers: ["2xx", "3xx", "4xx", "5xx"].map(|class| {
                metrics::counter!(
                    "akson_requests_total", "interaction" => name, "status" => class
                )
            }),
        });
        Self(rows.collect())
    }

    /// Notes one answer; `None` for a request that fits no interaction.
    pub(crate) fn note(&self, op: Option<Op>, status: StatusCode, took: Duration) {
        if let Some(row) = self.0.iter().find(|row| row.op == op) {
            row.seconds.record(took);
            let class = usize::from(status.as_u16() / 100).saturating_sub(2);
            if let Some(counter) = row.answers.get(class) {
                counter.increment(1);
            }
        }
    }
}
