//! Locking a sheet: AES-256-GCM with a key from a passphrase, by PBKDF2 with SHA-256.
//!
//! The key is made once, with a salt of its own; each file gets a nonce of its own. The browser does the
//! same the other way (`web::downtime`).
//! Standards: RFC 8018 (PBKDF2), NIST SP 800-38D (GCM); rounds: OWASP's least for PBKDF2-HMAC-SHA256.

use std::num::NonZeroU32;
use std::path::Path;

use akson_web::downtime::Locked;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use ring::rand::{SecureRandom, SystemRandom};
use unicode_normalization::UnicodeNormalization;

/// Rounds of PBKDF2.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(599_999);
const SALT_BYTES: usize = 16;
/// Shortest passphrase, in characters: five short words.
const PASSPHRASE_MIN: usize = 16;
/// Longest, in bytes of its file.
const PASSPHRASE_BYTES_MAX: u64 = 4_096;

/// A key and what it was made with.
pub(super) struct Lock {
    key: LessSafeKey,
    salt: [u8; SALT_BYTES],
    random: SystemRandom,
}

impl Lock {
    /// Of the passphrase on the first line of a file.
    pub(super) fn from_file(file: &Path) -> Result<Self, String> {
        let cannot = |why: String| format!("{}: {why}", file.display());
        let size = std::fs::metadata(file).map_err(|error| cannot(error.to_string()))?.len();
        if size > PASSPHRASE_BYTES_MAX {
            return Err(cannot(format!("a passphrase has at most {PASSPHRASE_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| cannot(error.to_string()))?;
        Self::of(text.lines().next().unwrap_or_default().trim()).map_err(cannot)
    }

    fn of(passphrase: &str) -> Result<Self, String> {
        if passphrase.chars().count() < PASSPHRASE_MIN {
            return Err(format!(
                "the passphrase needs at least {PASSPHRASE_MIN} characters, such as five words"
            ));
        }
        let random = SystemRandom::new();
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt).map_err(|_| "the machine gives no random numbers".to_owned())?;
        let normal: String = passphrase.nfc().collect();
        let mut key = [0; 32];
        derive(PBKDF2_HMAC_SHA256, ROUNDS, &salt, normal.as_bytes(), &mut key);
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| "no key was made".to_owned())?;
        Ok(Self { key: LessSafeKey::new(key), salt, random })
    }

    /// A content, locked.
    pub(super) fn close(&self, content: &[u8]) -> Result<Locked, String> {
        let mut nonce = [0; 12];
        let failed = |_| "a sheet could not be locked".to_owned();
        self.random.fill(&mut nonce).map_err(failed)?;
        let mut locked = content.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(unique, Aad::empty(), &mut locked).map_err(failed)?;
        Ok(Locked { salt: self.salt.to_vec(), rounds: ROUNDS.get(), nonce, content: locked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "fem små ord på rad";

    #[test]
    fn what_was_locked_opens_with_the_passphrase_alone_and_no_two_are_alike() {
        let lock = Lock::of(PASSPHRASE).unwrap();
        let (one, two) = (lock.close(b"Kari").unwrap(), lock.close(b"Kari").unwrap());
        assert!(one.nonce != two.nonce && one.content != two.content && one.rounds >= 600_000);
        let opened = |passphrase: &str| {
            let mut key = [0; 32];
            derive(PBKDF2_HMAC_SHA256, ROUNDS, &one.salt, passphrase.as_bytes(), &mut key);
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
            let mut content = one.content.clone();
            let nonce = Nonce::assume_unique_for_key(one.nonce);
            key.open_in_place(nonce, Aad::empty(), &mut content).ok().map(|text| text.to_vec())
        };
        assert_eq!(opened(PASSPHRASE).as_deref(), Some(b"Kari".as_slice()));
        assert_eq!(opened("fem små ord på rek"), None);
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        assert!(Lock::of("for kort").is_err_and(|why| why.contains("16")));
    }
}
