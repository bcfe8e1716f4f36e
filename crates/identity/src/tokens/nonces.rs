//! Nonces that clients must put into DPoP proofs, so that none can be made long before its use.
//!
//! Nothing is stored: a nonce is the number of a two-minute window and a keyed hash of it.
//! Standard: RFC 9449 sections 8 and 9

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// How long one nonce is handed out. It is accepted in this window and the next.
const WINDOW_SECONDS: i64 = 120;
const WINDOW_BYTES: usize = 8;
const TAG_BYTES: usize = 16;

/// Makes and knows nonces.
#[derive(Debug)]
pub(crate) struct Nonces {
    key: hmac::Key,
}

/// What a nonce in a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The one that is handed out now.
    Current,
    /// Of the window before: accepted, and the answer brings the current one.
    Previous,
    /// Too old, or not ours.
    Unknown,
}

impl Nonces {
    /// Nonces by a secret of this process.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// The nonce to hand out, at a time in seconds.
    pub(crate) fn current(&self, now: i64) -> String {
        self.of_window(now.div_euclid(WINDOW_SECONDS))
    }

    pub(crate) fn standing(&self, nonce: &str, now: i64) -> Standing {
        let window = now.div_euclid(WINDOW_SECONDS);
        if self.is_of(nonce, window) {
            Standing::Current
        } else if self.is_of(nonce, window - 1) {
            Standing::Previous
        } else {
            Standing::Unknown
        }
    }

    fn is_of(&self, nonce: &str, window: i64) -> bool {
        // A nonce is shown to whoever asks: there is nothing to learn from timing.
        nonce == self.of_window(window)
    }

    fn of_window(&self, window: i64) -> String {
        let mut bytes = [0; WINDOW_BYTES + TAG_BYTES];
        let (number, tag) = bytes.split_at_mut(WINDOW_BYTES);
        number.copy_from_slice(&window.to_be_bytes());
        let made = hmac::sign(&self.key, number);
        for (to, from) in tag.iter_mut().zip(made.as_ref()) {
            *to = *from;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_lives_for_its_window_and_the_next_to_the_second() {
        let nonces = Nonces::new(&[7; 32]);
        let start = 1_800_000_000 / WINDOW_SECONDS * WINDOW_SECONDS;
        let nonce = nonces.current(start);
        assert_eq!(nonces.standing(&nonce, start + 119), Standing::Current);
        assert_eq!(nonces.standing(&nonce, start + 120), Standing::Previous);
        assert_eq!(nonces.standing(&nonce, start + 239), Standing::Previous);
        assert_eq!(nonces.standing(&nonce, start + 240), Standing::Unknown);
        assert_eq!(nonces.standing(&nonce, start - 1), Standing::Unknown);
    }

    #[test]
    fn a_nonce_of_another_process_or_of_nobody_is_unknown() {
        let nonces = Nonces::new(&[7; 32]);
        assert_eq!(nonces.standing(&Nonces::new(&[8; 32]).current(0), 0), Standing::Unknown);
        assert_eq!(nonces.standing("", 0), Standing::Unknown);
    }
}
