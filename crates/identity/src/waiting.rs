//! What waits for a short while under a secret that somebody holds: logins at a provider, witnesses,
//! requests of apps, codes. Kept (`base::kept`) under the secret's digest and sealed with the secret, so
//! that whoever reads what is kept can finish nothing; taken once in the whole house.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use akson_base::kept::{Change, Keeping, Place, Stamp};
use akson_base::{Instant, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clients::{digest, new_secret};
use crate::kept::commit;
use crate::sealed;

/// The word that it is sealed for.
const WORD: &str = "akson waiting";

/// What bounds things of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Where they are kept.
    pub space: u8,
    /// How long one waits at most.
    pub seconds: i64,
    /// How many wait at a time.
    pub count_max: usize,
    /// What is told when there is no room.
    pub full: fn() -> Problem,
}

/// Things of one kind.
pub struct Waiting<T> {
    bounds: Bounds,
    kept: Arc<dyn Keeping>,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Waiting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<T: Serialize + DeserializeOwned> Waiting<T> {
    /// Those that are kept.
    pub fn new(bounds: Bounds, kept: Arc<dyn Keeping>) -> Self {
        Self { bounds, kept, of: PhantomData }
    }

    /// Lets something wait from now on; answers the secret.
    ///
    /// # Errors
    /// [`Bounds::full`] when there is no room; else as the store says.
    pub async fn put(&self, what: &T, now: Instant) -> Result<String, Problem> {
        let secret = new_secret()?;
        self.put_under(&secret, what, now).await?;
        Ok(secret)
    }

    /// As [`Waiting::put`], under a secret of the caller's, which must be new.
    pub async fn put_under(&self, secret: &str, what: &T, now: Instant) -> Result<(), Problem> {
        let Bounds { space, seconds, count_max, full } = self.bounds;
        if !self.kept.has_room(space, count_max)? {
            return Err(full());
        }
        let failed = |why: String| Problem::fault("IDN-078", format!("what waits: {why}"));
        let told = serde_json::to_vec(what).map_err(|error| failed(error.to_string()))?;
        let content = sealed::seal(secret, WORD, &told)?;
        let until = Instant(now.0.saturating_add(seconds * 1000));
        match commit(&*self.kept, &[Change::New(self.at(secret), until, content)]).await? {
            true => Ok(()),
            false => Err(failed("a new secret was somebody's".to_owned())),
        }
    }

    /// What waits under this secret.
    ///
    /// # Errors
    /// As the store says.
    pub fn get(&self, secret: &str) -> Result<Option<T>, Problem> {
        Ok(self.read(secret)?.map(|(_, what)| what))
    }

    /// What waits under this secret, and the change that takes it: for taking it together with other
    /// changes, of which none happens if somebody else has taken it.
    ///
    /// # Errors
    /// As the store says.
    pub fn held(&self, secret: &str) -> Result<Option<(T, Change)>, Problem> {
        let found = self.read(secret)?;
        Ok(found.map(|(stamp, what)| (what, Change::Take(self.at(secret), stamp))))
    }

    /// Takes it: nobody gets it a second time, here or elsewhere.
    ///
    /// # Errors
    /// As the store says.
    pub async fn take(&self, secret: &str) -> Result<Option<T>, Problem> {
        let Some((what, take)) = self.held(secret)? else { return Ok(None) };
        let taken = commit(&*self.kept, &[take]).await?;
        Ok(taken.then_some(what))
    }

    /// What was kept in another form, or is damaged, does not wait.
    fn read(&self, secret: &str) -> Result<Option<(Stamp, T)>, Problem> {
        let Some(entry) = self.kept.get(self.at(secret))? else { return Ok(None) };
        let told = sealed::open(secret, WORD, &entry.content);
        let what = told.and_then(|told| serde_json::from_slice(&told).ok());
        Ok(what.map(|what| (entry.stamp, what)))
    }

    fn at(&self, secret: &str) -> Place {
        Place { space: self.bounds.space, digest: digest(secret) }
    }
}

#[cfg(test)]
mod tests {
    use akson_base::{Clock, FixedClock, Kind};
    use akson_store::Store;
    use akson_store::kept::Kept;

    use super::*;

    fn full() -> Problem {
        Problem::new(Kind::Busy, "full", "")
    }

    struct House {
        one: Waiting<String>,
        other: Waiting<String>,
        kept: Arc<dyn Keeping>,
        clock: Arc<FixedClock>,
        _folder: tempfile::TempDir,
    }

    impl House {
        fn now(&self) -> Instant {
            self.clock.now()
        }
    }

    fn house() -> House {
        let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
        let folder = tempfile::TempDir::new().unwrap();
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::open(folder.path(), &Default::default(), time).unwrap();
        let kept: Arc<dyn Keeping> = Arc::new(Kept::open(Arc::new(store)).unwrap());
        let bounds = Bounds { space: b'x', seconds: 60, count_max: 3, full };
        let waiting = || Waiting::new(bounds, Arc::clone(&kept));
        House { one: waiting(), other: waiting(), kept, clock, _folder: folder }
    }

    #[tokio::test]
    async fn it_waits_for_its_time_and_is_taken_once_wherever_it_was_put() {
        let house = house();
        let secret = house.one.put(&"told".into(), house.now()).await.unwrap();
        assert_eq!(secret.len(), 43);
        house.clock.advance_milliseconds(59_999);
        assert_eq!(house.other.get(&secret).unwrap().unwrap(), "told");
        assert_eq!(house.other.get("other").unwrap(), None);
        let (one, other) = tokio::join!(house.one.take(&secret), house.other.take(&secret));
        assert_ne!(one.unwrap().is_some(), other.unwrap().is_some());
        assert_eq!(house.one.take(&secret).await.unwrap(), None);
        let late = house.one.put(&"told".into(), house.now()).await.unwrap();
        house.clock.advance_milliseconds(60_000);
        assert_eq!(house.other.take(&late).await.unwrap(), None);
    }

    #[tokio::test]
    async fn who_reads_what_is_kept_has_neither_the_secret_nor_what_it_says() {
        let house = house();
        let secret = house.one.put(&"told".into(), house.now()).await.unwrap();
        let place = Place { space: b'x', digest: digest(&secret) };
        let entry = house.kept.get(place).unwrap().unwrap();
        let text = String::from_utf8_lossy(&entry.content).into_owned();
        assert!(!text.contains("told") && !text.contains(&secret));
        let mut damaged = entry.content.to_vec();
        damaged[20] ^= 1;
        commit(&*house.kept, &[Change::Set(place, entry.until, damaged)]).await.unwrap();
        assert_eq!(house.other.get(&secret).unwrap(), None);
        assert_eq!(house.other.take(&secret).await.unwrap(), None);
    }

    #[tokio::test]
    async fn over_the_limit_is_refused_until_somebody_is_done_or_time_makes_room() {
        let house = house();
        let mut secrets = Vec::new();
        for _ in 0..3 {
            secrets.push(house.one.put(&String::new(), house.now()).await.unwrap());
        }
        assert_eq!(house.one.put(&String::new(), house.now()).await.unwrap_err().code, "full");
        house.other.take(&secrets[0]).await.unwrap();
        house.one.put(&String::new(), house.now()).await.unwrap();
        house.clock.advance_milliseconds(60_000);
        house.one.put(&String::new(), house.now()).await.unwrap();
    }
}
