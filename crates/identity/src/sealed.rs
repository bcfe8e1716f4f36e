//! What is kept so that only who holds a secret can read it: AES-256-GCM by a key that is made of the
//! secret and a word for what it is. We keep the secret's digest alone, so whoever reads what is kept
//! reads nothing of it.
//!
//! Standard: NIST SP 800-38D (GCM); the key is HMAC-SHA256 of the word by the secret (RFC 2104).

use akson_base::Problem;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

fn key(secret: &str, word: &str) -> Option<LessSafeKey> {
    let by_secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let made = hmac::sign(&by_secret, word.as_bytes());
    Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, made.as_ref()).ok()?))
}

/// A nonce, and what is told, sealed.
pub(crate) fn seal(secret: &str, word: &str, told: &[u8]) -> Result<Vec<u8>, Problem> {
    let failed = || Problem::fault("IDN-078", "something could not be sealed");
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| failed())?;
    let mut sealed = told.to_vec();
    let key = key(secret, word).ok_or_else(failed)?;
    let unique = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed).map_err(|_| failed())?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What was sealed with this secret for this word; `None` for anything else.
pub(crate) fn open(secret: &str, word: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut told = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key(secret, word)?.open_in_place(nonce, Aad::empty(), &mut told).ok()?.len();
    told.truncate(length);
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_secret_reads_it_and_nobody_else() {
        let sealed = seal("secret", "word", b"told").unwrap();
        assert_eq!(open("secret", "word", &sealed).unwrap(), b"told");
        assert!(open("other", "word", &sealed).is_none());
        assert!(open("secret", "other", &sealed).is_none());
        assert_ne!(sealed, seal("secret", "word", b"told").unwrap());
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(open("secret", "word", &damaged).is_none(), "{place}");
            assert!(open("secret", "word", &sealed[..place]).is_none(), "{place}");
        }
    }
}
