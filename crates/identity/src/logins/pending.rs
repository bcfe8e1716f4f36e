//! Logins that are under way: what we must know when the browser comes back.
//!
//! In memory, bounded in number and time; each is taken once. Kept by the digest of its state, so
//! that a copy of our memory finishes nobody's login.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use akson_base::limits::LOGINS_PENDING_MAX;
use akson_base::{Kind, Problem};

use super::LoginKind;
use crate::SigningKey;
use crate::sessions::Ticket;
use crate::tokens::key::sha256;

/// How long somebody may take at the provider, seconds: to find the code device, and no longer.
const PENDING_SECONDS_MAX: i64 = 15 * 60;

/// A login that was begun.
#[derive(Debug)]
pub(crate) struct Began {
    pub(crate) kind: LoginKind,
    /// Digest of the browser's ticket.
    pub(crate) visitor: [u8; 32],
    pub(crate) nonce: String,
    /// PKCE's secret.
    pub(crate) verifier: String,
    /// The key that the tokens will be bound to.
    pub(crate) dpop: Option<SigningKey>,
    pub(crate) back: String,
    pub(crate) replaces: Option<Ticket>,
    /// The security level that it must have.
    pub(crate) level: u8,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    held: Mutex<HashMap<[u8; 32], Began>>,
}

impl Pending {
    fn held(&self) -> MutexGuard<'_, HashMap<[u8; 32], Began>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a login by its state. `IDN-104` when there are as many as may be.
    pub(crate) fn remember(&self, state: &str, began: Began, now: i64) -> Result<(), Problem> {
        let mut held = self.held();
        if held.len() >= LOGINS_PENDING_MAX {
            held.retain(|_, began| is_recent(began, now));
        }
        if held.len() >= LOGINS_PENDING_MAX {
            let text = "As many logins are under way as there is room for. Try again in a moment.";
            return Err(Problem::new(Kind::Busy, "IDN-104", text));
        }
        held.insert(sha256(state.as_bytes()), began);
        Ok(())
    }

    /// The login of this state, which nobody gets a second time.
    pub(crate) fn take(&self, state: &str, now: i64) -> Option<Began> {
        let began = self.held().remove(&sha256(state.as_bytes()));
        began.filter(|began| is_recent(began, now))
    }
}

fn is_recent(began: &Began, now: i64) -> bool {
    now - began.at < PENDING_SECONDS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn began(at: i64) -> Began {
        Began {
            kind: LoginKind::Helseid,
            visitor: [0; 32],
            nonce: String::new(),
            verifier: String::new(),
            dpop: None,
            back: "/".into(),
            replaces: None,
            level: 4,
            at,
        }
    }

    #[test]
    fn a_login_is_taken_once_and_in_time() {
        let pending = Pending::default();
        pending.remember("a", began(0), 0).unwrap();
        assert!(pending.take("b", 1).is_none());
        assert!(pending.take("a", PENDING_SECONDS_MAX - 1).is_some());
        assert!(pending.take("a", 1).is_none());
        pending.remember("a", began(0), 0).unwrap();
        assert!(pending.take("a", PENDING_SECONDS_MAX).is_none());
    }

    #[test]
    fn when_there_is_no_room_the_old_make_way_and_the_young_stay() {
        let pending = Pending::default();
        for number in 0..LOGINS_PENDING_MAX {
            pending.remember(&number.to_string(), began(number as i64 % 2), 1).unwrap();
        }
        assert_eq!(pending.remember("x", began(1), 1).unwrap_err().code, "IDN-104");
        pending.remember("x", began(1), PENDING_SECONDS_MAX).unwrap();
        assert!(pending.take("1", 2).is_some() && pending.take("0", 2).is_none());
    }
}
