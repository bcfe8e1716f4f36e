//! Work that is done again and again beside the requests: on a thread that may wait for the disk, the
//! next time only when the last is over. What fails is in the log, and is tried again.

use std::sync::Arc;
use std::time::Duration;

use akson_base::Problem;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Does it at once, and then so often, for as long as the runtime lives. `failure` begins the line of
/// the log when it fails.
pub(crate) fn repeat(
    every: Duration,
    failure: &'static str,
    work: impl Fn() -> Result<usize, Problem> + Send + Sync + 'static,
) -> JoinHandle<()> {
    let work = Arc::new(work);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let work = Arc::clone(&work);
            match tokio::task::spawn_blocking(move || work()).await {
                Ok(Ok(_)) => {}
                Ok(Err(problem)) => tracing::warn!("{failure}: {problem}"),
                Err(error) => tracing::error!("{failure}: {error}"),
            }
        }
    })
}
