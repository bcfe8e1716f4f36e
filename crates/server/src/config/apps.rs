//! Settings below `[apps]`: our own authorisation server. Without the table there is none.
//!
//! What they mean: `docs/operate/apps.md`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use akson_identity::Outbound;
use akson_smart::{Options, SigningKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

use crate::failure::Failure;
use crate::wiring::Place;

/// The file in the data folder that our key is in, when it is nowhere else.
const KEY_FILE: &str = "apps-key.pem";

/// How apps are let in.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AppSettings {
    /// Private key that ID tokens are signed with, PKCS#8 in PEM, on P-256.
    key_file: Option<PathBuf>,
    /// How long an access token lives.
    access_token_seconds: u32,
    /// How long an app that may outlive the login can renew it in all.
    refresh_token_days: u32,
    /// How far the clocks of others may be from ours.
    skew_seconds: u32,
    /// How old a DPoP proof may be.
    proof_seconds_max: u32,
    /// Whether a DPoP proof must carry a nonce of ours.
    dpop_nonce: bool,
    /// Whether the keys of clients are also fetched from addresses inside one's own network.
    private_addresses: bool,
    /// Time for fetching them.
    timeout_seconds: u32,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            key_file: None,
            access_token_seconds: 300,
            refresh_token_days: 90,
            skew_seconds: 10,
            proof_seconds_max: 60,
            dpop_nonce: true,
            private_addresses: false,
            timeout_seconds: 5,
        }
    }
}

impl AppSettings {
    /// With the FHIR address, and other names that it is called by on this machine.
    pub(crate) fn options(&self, base: &str, more: &[String]) -> Result<Options, Failure> {
        if !(30..=3600).contains(&self.access_token_seconds) {
            return Err(Failure::Usage("apps.access_token_seconds is not 30 to 3600".into()));
        }
        if !(1..=366).contains(&self.refresh_token_days) {
            return Err(Failure::Usage("apps.refresh_token_days is not 1 to 366".into()));
        }
        let base = base.trim_end_matches('/').to_string();
        let root = base.strip_suffix("/fhir").unwrap_or(&base).to_string();
        let audiences = std::iter::once(&base).chain(more).cloned().collect();
        Ok(Options {
            audiences,
            root,
            base,
            access_token_seconds: self.access_token_seconds,
            refresh_token_days: self.refresh_token_days,
            skew_seconds: self.skew_seconds,
            proof_seconds_max: self.proof_seconds_max,
            is_nonce_required: self.dpop_nonce,
        })
    }

    /// As in the demo, whose clients are on this machine.
    /// The key is made once in the demo's folder, also when its record is in a database.
    pub(crate) fn demo(folder: &Path) -> Result<Self, Failure> {
        let key_file = Some(made_in(folder)?);
        Ok(Self { private_addresses: true, key_file, ..Self::default() })
    }

    /// What fetches the keys of clients.
    pub(crate) fn outbound(&self) -> Result<Outbound, Failure> {
        let time_max = Duration::from_secs(self.timeout_seconds.into());
        let outbound = match self.private_addresses {
            true => Outbound::new(time_max),
            false => Outbound::public(time_max),
        };
        outbound.map_err(Failure::from)
    }

    /// The key; made once in the data folder when the settings name no file.
    pub(crate) fn key(&self, place: Place<'_>) -> Result<SigningKey, Failure> {
        let file = match (&self.key_file, place) {
            (Some(file), _) => file.clone(),
            (None, Place::Database(_)) => {
                return Err(Failure::Usage(
                    "with a database, apps.key_file must name the private key that ID tokens are \
                     signed with: every server on the database needs the same"
                        .into(),
                ));
            }
            (None, Place::Folder(data)) => made_in(data)?,
        };
        let failed =
            |why: &str| Failure::Usage(format!("apps.key_file: {}: {why}", file.display()));
        let document =
            PrivatePkcs8KeyDer::from_pem_file(&file).map_err(|error| failed(&error.to_string()))?;
        SigningKey::of_pkcs8(document.secret_pkcs8_der())
            .ok_or_else(|| failed("not a PKCS#8 key on P-256"))
    }
}

/// The file with a folder's own key, which is made when there is none.
fn made_in(folder: &Path) -> Result<PathBuf, Failure> {
    let file = folder.join(KEY_FILE);
    if !file.exists() {
        make(&file)?;
    }
    Ok(file)
}

/// A new key that only this user reads.
fn make(file: &Path) -> Result<(), Failure> {
    let document = SigningKey::generate()?;
    let text = BASE64_STANDARD.encode(document);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let failed = |error: std::io::Error| {
        Failure::Failed(format!("cannot write {}: {error}", file.display()))
    };
    // Whole or not at all: a key that was half written would keep the server from starting.
    let part = file.with_extension("part");
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
    let mut open = open.map_err(failed)?;
    open.write_all(pem.as_bytes()).and_then(|()| open.sync_all()).map_err(failed)?;
    std::fs::rename(&part, file).map_err(failed)
}
