//! Signed checkpoints of the commit chain, for keeping elsewhere.
//!
//! The chain tells of every altered commit, as long as its newest digest is known from somewhere
//! else than the disk that it is on. A checkpoint is such a digest with a signature: whoever holds
//! the file of checkpoints and the public key can tell later that the log up to there is the one
//! that was signed. `akson check --checkpoints` compares.
//!
//! One JSON object a line: `{"commit":…,"time":…,"digest":…,"signature":…}`; the signature is
//! Ed25519 (RFC 8032) over `akson checkpoint 1`, commit, time and digest, a line each.
//! Not here: the chain (`store::engine::chain`).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use akson_base::{Instant, Problem};
use akson_store::Store;
use akson_store::engine::{Snapshot, chain};
use akson_store::keys;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::failure::Failure;

/// `[checkpoints]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckpointSettings {
    /// File that checkpoints are appended to.
    pub(crate) file: PathBuf,
    /// File of the private key, PKCS#8 in PEM.
    pub(crate) key_file: PathBuf,
    /// How often one is written, if anything was committed since.
    #[serde(default = "every_seconds")]
    pub(crate) every_seconds: u64,
}

fn every_seconds() -> u64 {
    300
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Checkpoint {
    commit: u64,
    /// When the commit was made, as a FHIR instant.
    time: String,
    /// SHA-256 of the commit's record, hexadecimal.
    digest: String,
    /// Base64.
    signature: String,
}

impl Checkpoint {
    /// What is signed.
    fn said(commit: u64, time: &str, digest: &str) -> String {
        format!("akson checkpoint 1\n{commit}\n{time}\n{digest}\n")
    }
}

/// Writes checkpoints while the server runs.
pub(crate) struct Checkpoints {
    file: File,
    path: PathBuf,
    key: Ed25519KeyPair,
    every: Duration,
    last: u64,
}

impl Checkpoints {
    /// Opens file and key.
    pub(crate) fn open(settings: &CheckpointSettings) -> Result<Self, Failure> {
        let failed = |path: &Path, why: &str| {
            Failure::Usage(format!("[checkpoints] {}: {why}", path.display()))
        };
        let document = PrivatePkcs8KeyDer::from_pem_file(&settings.key_file)
            .map_err(|error| failed(&settings.key_file, &error.to_string()))?;
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(document.secret_pkcs8_der())
            .map_err(|error| failed(&settings.key_file, &format!("not an Ed25519 key: {error}")))?;
        let file = OpenOptions::new().append(true).create(true).open(&settings.file);
        let file = file.map_err(|error| failed(&settings.file, &error.to_string()))?;
        if settings.every_seconds == 0 {
            return Err(failed(&settings.file, "every_seconds must be at least 1"));
        }
        let every = Duration::from_secs(settings.every_seconds);
        Ok(Self { file, path: settings.file.clone(), key, every, last: 0 })
    }

    /// Writes one now and then, the first at once, and a last one when `stop` changes.
    pub(crate) fn keep_up(
        mut self,
        store: Arc<Store>,
        mut stop: watch::Receiver<()>,
    ) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(self.every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut is_last = false;
            while !is_last {
                is_last = tokio::select! {
                    _ = ticks.tick() => false,
                    _ = stop.changed() => true,
                };
                let store = Arc::clone(&store);
                let written = tokio::task::spawn_blocking(move || {
                    let outcome = self.write(&store);
                    (self, outcome)
                });
                match written.await {
                    Ok((checkpoints, Ok(()))) => self = checkpoints,
                    Ok((checkpoints, Err(why))) => {
                        tracing::error!("no checkpoint was written: {why}");
                        self = checkpoints;
                    }
                    Err(error) => {
                        tracing::error!("checkpoints have ended: {error}");
                        return;
                    }
                }
            }
        })
    }

    fn write(&mut self, store: &Store) -> Result<(), String> {
        let snapshot = store.snapshot();
        let newest = chain::newest(snapshot.as_ref()).map_err(|problem| problem.to_string())?;
        let newest = newest.map_or(0, |record| record.commit);
        if newest == self.last || newest == 0 {
            return Ok(());
        }
        let (time, digest) = digest_of(snapshot.as_ref(), newest)
            .map_err(|problem| problem.to_string())?
            .ok_or_else(|| format!("commit {newest} is not there"))?;
        let said = Checkpoint::said(newest, &time, &digest);
        let signature = BASE64_STANDARD.encode(self.key.sign(said.as_bytes()).as_ref());
        let line = Checkpoint { commit: newest, time, digest, signature };
        let mut line = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| format!("{}: {error}", self.path.display()))?;
        self.last = newest;
        Ok(())
    }
}

/// Time and digest of a commit; `None` when it is not there.
fn digest_of(snapshot: &dyn Snapshot, commit: u64) -> Result<Option<(String, String)>, Problem> {
    let Some(value) = snapshot.get(&keys::commit(commit))? else { return Ok(None) };
    let record = chain::decode(&value)?;
    let digest: String = record.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some((Instant(record.time).to_fhir(), digest)))
}

/// Signed checkpoints that the chain of a store is compared with.
pub(crate) struct Signed {
    checkpoints: Vec<Checkpoint>,
}

impl Signed {
    /// Reads a file of checkpoints and checks every signature with the public key (SPKI in PEM).
    pub(crate) fn read(file: &Path, key_file: &Path) -> Result<Self, Failure> {
        let usage = |path: &Path, why: String| Failure::Usage(format!("{}: {why}", path.display()));
        let spki = SubjectPublicKeyInfoDer::from_pem_file(key_file)
            .map_err(|error| usage(key_file, error.to_string()))?;
        // An Ed25519 SubjectPublicKeyInfo is 12 bytes of header and the key (RFC 8410, section 4).
        let key = match spki.split_at_checked(12) {
            Some((header, key)) if header.ends_with(&[0x03, 0x21, 0x00]) && key.len() == 32 => key,
            Some(_) | None => {
                return Err(usage(key_file, "it is not the public key of an Ed25519 key".into()));
            }
        };
        let key = UnparsedPublicKey::new(&ED25519, key);
        let text = std::fs::read_to_string(file).map_err(|error| usage(file, error.to_string()))?;
        let mut checkpoints = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let wrong = |why: String| usage(file, format!("line {}: {why}", number + 1));
            let one: Checkpoint =
                serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            let said = Checkpoint::said(one.commit, &one.time, &one.digest);
            let signature = BASE64_STANDARD.decode(&one.signature);
            let signature = signature.map_err(|error| wrong(error.to_string()))?;
            key.verify(said.as_bytes(), &signature)
                .map_err(|_| wrong("the signature is not by this key".into()))?;
            checkpoints.push(one);
        }
        checkpoints.sort_by_key(|one| one.commit);
        Ok(Self { checkpoints })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.checkpoints.len()
    }

    /// What in the store is not as it was signed: at most one sentence, which says where.
    pub(crate) fn compare(&self, snapshot: &dyn Snapshot) -> Result<Option<String>, Problem> {
        let mut sound = 0;
        for one in &self.checkpoints {
            let what = match digest_of(snapshot, one.commit)? {
                Some((time, digest)) if digest == one.digest && time == one.time => {
                    sound = one.commit;
                    continue;
                }
                Some(_) => "is another than the one that was signed",
                None => "was signed and is not there",
            };
            return Ok(Some(format!(
                "commit {} {what}; up to commit {sound} all is as it was signed",
                one.commit
            )));
        }
        Ok(None)
    }
}
