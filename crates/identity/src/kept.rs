//! Changing what is kept (`base::kept`), from code that must not hold up its thread; and keys that all
//! processes share.

use std::sync::mpsc;

use akson_base::kept::{Change, Keeping, Place, space};
use akson_base::{Instant, Kind, Problem};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::oneshot;

use crate::tokens::key::sha256;

/// Makes changes and waits until they are durable; `false` when something else was there than was
/// expected.
///
/// # Errors
/// As the store says; `IDN-076` when the server stops meanwhile.
pub async fn commit(kept: &dyn Keeping, changes: &[Change]) -> Result<bool, Problem> {
    let (sender, receiver) = oneshot::channel();
    // A caller that went away does not undo what is durable.
    kept.change(changes, Box::new(move |outcome| drop(sender.send(outcome))));
    receiver.await.unwrap_or_else(|_| Err(stopping()))
}

/// The key of this name that all who serve one record have, made by the first who asks. It stands in
/// clear: only for what whoever reads the database gains nothing by. Waits for the disk.
pub(crate) fn shared_key(kept: &dyn Keeping, name: &str) -> Result<[u8; 32], Problem> {
    let place = Place { space: space::SHARED_KEY, digest: sha256(name.as_bytes()) };
    for _ in 0..2 {
        if let Some(entry) = kept.get(place)? {
            let key = <[u8; 32]>::try_from(&*entry.content);
            return key.map_err(|_| Problem::fault("IDN-078", "a shared key is damaged"));
        }
        let mut key = vec![0; 32];
        let no_randomness = |_| Problem::fault("IDN-063", "the system gives no randomness");
        SystemRandom::new().fill(&mut key).map_err(no_randomness)?;
        let (tell, told) = mpsc::sync_channel(1);
        let done = Box::new(move |outcome| drop(tell.send(outcome)));
        kept.change(&[Change::New(place, Instant(i64::MAX), key)], done);
        // Whoever was first, its key is there now.
        told.recv().unwrap_or_else(|_| Err(stopping()))?;
    }
    Err(Problem::fault("IDN-078", "a shared key was made and is not there"))
}

fn stopping() -> Problem {
    Problem::new(Kind::Busy, "IDN-076", "The server is shutting down; nothing was changed.")
}
