//! Waiting for durability, and what a lost race means.

use akson_base::{Kind, Problem};
use akson_store::Store;
use akson_store::engine::{CommitError, Committed, Transaction};
use tokio::sync::oneshot;

/// Submits and waits until it is durable or refused. `once_settled` runs before the answer, also
/// when the caller has gone away meanwhile and nobody waits any more.
pub(crate) async fn submit(
    store: &Store,
    transaction: Transaction,
    once_settled: impl FnOnce() + Send + 'static,
) -> Result<Committed, CommitError> {
    let (sender, receiver) = oneshot::channel();
    store.submit(
        transaction,
        Box::new(move |outcome| {
            once_settled();
            // A caller that went away does not undo what is durable.
            let _ = sender.send(outcome);
        }),
    );
    receiver.await.unwrap_or_else(|_| {
        Err(CommitError::Problem(Problem::new(
            Kind::Busy,
            "REC-001",
            "The server is shutting down; nothing was stored.",
        )))
    })
}

/// What to tell a caller whose transaction was not applied and is not tried again.
pub(crate) fn problem(error: CommitError) -> Problem {
    match error {
        CommitError::Problem(problem) => problem,
        CommitError::Precondition { .. } => Problem::new(
            Kind::Conflict,
            "REC-002",
            "Others kept changing the same resources at the same time. Read again and retry.",
        ),
    }
}
