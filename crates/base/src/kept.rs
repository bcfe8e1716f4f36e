//! What must outlive a request and is no resource, as its owners see it: entries under a digest, each
//! with a time at which it is over, changed by compare-and-set. Everybody who serves one record sees
//! the same entries: what one process has written, every other finds from then on.
//!
//! Here: the contract, and who has which space. Not here: how entries lie on a disk (`store::kept`),
//! what they mean (`identity` keeps logins, `smart` what apps were given).

use bytes::Bytes;

use crate::{Instant, Problem};

/// The spaces that are taken: one owner each.
pub mod space {
    /// Logins of the pages (`identity::sessions`).
    pub const LOGIN: u8 = b'l';
    /// Which logins came from which login at a provider (`identity::sessions`).
    pub const LOGIN_OF_PROVIDER: u8 = b'i';
    /// Logins that are under way at a provider (`identity::logins`).
    pub const LOGIN_UNDER_WAY: u8 = b'p';
    /// Attempts to log in, by address (`identity::attempts`).
    pub const ATTEMPT: u8 = b't';
    /// DPoP proofs that were used (`identity::tokens`).
    pub const PROOF: u8 = b'd';
    /// Keys that all processes share (`identity::tokens`).
    pub const SHARED_KEY: u8 = b'k';
    /// Witnesses who have proved who they are (`web`).
    pub const WITNESS: u8 = b'w';
    /// Requests of apps that wait for a person's answer (`smart`).
    pub const REQUEST: u8 = b'q';
    /// Charts that apps were opened from (`smart`).
    pub const LAUNCH: u8 = b'o';
    /// Codes that apps exchange (`smart`).
    pub const CODE: u8 = b'c';
    /// What a code gave that was exchanged (`smart`).
    pub const SPENT_CODE: u8 = b's';
    /// What an app was given (`smart`).
    pub const GRANT: u8 = b'g';
    /// Access tokens (`smart`).
    pub const ACCESS_TOKEN: u8 = b'a';
    /// Refresh tokens (`smart`).
    pub const REFRESH_TOKEN: u8 = b'r';
    /// Assertions of clients that were used (`smart`).
    pub const ASSERTION: u8 = b'j';
    /// When a token was last given under a Consent (`smart`).
    pub const LAST_USE: u8 = b'u';
}

/// Where an entry is: the owner's space and a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// One of [`space`]; entries of different spaces never meet.
    pub space: u8,
    /// SHA-256 of what the entry is about, never the secret itself.
    pub digest: [u8; 32],
}

/// Bytes of a [`Stamp`].
pub const STAMP_BYTES: usize = 16;

/// Which version of an entry was read, for the compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub [u8; STAMP_BYTES]);

/// An entry that is not over.
#[derive(Clone, Debug)]
pub struct Entry {
    /// For a change that must meet this very version.
    pub stamp: Stamp,
    /// When it is over.
    pub until: Instant,
    /// What the owner wrote.
    pub content: Bytes,
}

/// One change. All of a call happen together, or none.
#[derive(Clone, Debug)]
pub enum Change {
    /// Writes an entry where there is none; one that is over counts as none.
    New(Place, Instant, Vec<u8>),
    /// Writes over the version that was read.
    Replace(Place, Stamp, Instant, Vec<u8>),
    /// Writes, whatever is there.
    Set(Place, Instant, Vec<u8>),
    /// Removes the version that was read: of all who try, one succeeds.
    Take(Place, Stamp),
    /// Removes, whatever is there.
    Remove(Place),
}

/// Called once with the outcome: whether the change happened (`false`: something else was there
/// than was expected), or why nothing can be written.
pub type Done = Box<dyn FnOnce(Result<bool, Problem>) + Send>;

/// The entries of one record.
pub trait Keeping: Send + Sync {
    /// The entry at a place, if it is not over. Sees every change that was acknowledged to anybody
    /// before the call.
    ///
    /// # Errors
    /// `STO-075` for an entry that cannot be read; else as the store says.
    fn get(&self, place: Place) -> Result<Option<Entry>, Problem>;

    /// As [`Keeping::get`], of several at one moment and in their order.
    ///
    /// # Errors
    /// As [`Keeping::get`].
    fn get_all(&self, places: &[Place]) -> Result<Vec<Option<Entry>>, Problem>;

    /// The digests and entries of a space that are not over and whose digests begin so.
    ///
    /// # Errors
    /// As [`Keeping::get`].
    fn under(&self, space: u8, prefix: &[u8]) -> Result<Vec<([u8; 32], Entry)>, Problem>;

    /// Makes changes, together and durably; `done` hears of it from a thread of the store's, or at
    /// once when it cannot be.
    fn change(&self, changes: &[Change], done: Done);

    /// Whether a space has fewer entries than so many. What other processes have added or taken away
    /// meanwhile may be counted some minutes late.
    ///
    /// # Errors
    /// As [`Keeping::get`].
    fn has_room(&self, space: u8, count_max: usize) -> Result<bool, Problem>;

    /// Whether other processes may serve the same record. Where they cannot, an owner may remember in
    /// memory what needs not outlive a restart.
    fn is_shared(&self) -> bool;
}
