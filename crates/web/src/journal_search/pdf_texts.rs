//! The text of PDFs among a journal's documents, so that it can be searched.
//!
//! Reading a PDF takes longer than all the rest of a search; its text is therefore remembered in memory by
//! the digest of the file's bytes, and found again only with those very bytes in hand. The newest documents
//! come first, and a search waits for them no longer than [`SEARCH_TIME_MAX`]: what is then not read is read
//! by the next. Scans have no text.
//! Not here: reading one file safely (`akson_pdf::text_of`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use akson_fhir::model::Resource;
use sha2::{Digest, Sha256};

use super::{Binaries, with_documents};
use crate::base64;
use crate::chart::attachments;

/// Time for one file.
const FILE_TIME_MAX: Duration = Duration::from_millis(1_500);
/// Time for all files of one search.
const SEARCH_TIME_MAX: Duration = Duration::from_millis(2_500);
/// Files of one search.
const FILES_MAX: usize = 200;
/// Bytes of text that are remembered; beyond it all is forgotten and begun anew.
const REMEMBERED_BYTES_MAX: usize = 32 * 1024 * 1024;

pub(super) const PDF: &str = "application/pdf";

type FileDigest = [u8; 32];

#[derive(Default)]
struct Remembered {
    texts: HashMap<FileDigest, Arc<str>>,
    bytes: usize,
}

static REMEMBERED: LazyLock<Mutex<Remembered>> = LazyLock::new(Mutex::default);

fn remembered() -> MutexGuard<'static, Remembered> {
    REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// By what the text of a PDF that lies in a resource is found among [`Binaries`]. No id looks like it.
pub(super) fn name_in_place(data: &str) -> String {
    let digest = Sha256::digest(data.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("pdf:{hex}")
}

/// Puts the texts of all PDFs into `binaries`, in the place of the files.
pub(super) async fn read_into(resources: &[Resource], binaries: &mut Binaries) {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for root in with_documents(resources) {
        for attachment in attachments(root).into_iter().filter(|one| one.media_type == PDF) {
            let file = match (&attachment.data, attachment.binary) {
                (Some(data), _) => base64::decode(data).map(|file| (name_in_place(data), file)),
                (None, Some(id)) => binaries.remove(&id).map(|file| (id, file)),
                (None, None) => None,
            };
            files.extend(file.filter(|_| files.len() < FILES_MAX));
        }
    }
    if files.is_empty() {
        return;
    }
    let read = tokio::task::spawn_blocking(move || read_all(files)).await;
    binaries.extend(read.unwrap_or_default());
}

fn read_all(files: Vec<(String, Vec<u8>)>) -> Binaries {
    let until = Instant::now() + SEARCH_TIME_MAX;
    let texts = files.into_iter().filter_map(|(name, file)| {
        let text = text_of(&file, until.saturating_duration_since(Instant::now()))?;
        Some((name, text.as_bytes().to_vec()))
    });
    texts.collect()
}

/// The text of a file, empty where it has none; nothing where there is no time for it now.
fn text_of(file: &[u8], left: Duration) -> Option<Arc<str>> {
    let digest: FileDigest = Sha256::digest(file).into();
    if let Some(text) = remembered().texts.get(&digest) {
        return Some(Arc::clone(text));
    }
    if left.is_zero() {
        return None;
    }
    let text: Arc<str> =
        akson_pdf::text_of(file, FILE_TIME_MAX.min(left)).unwrap_or_default().into();
    let mut held = remembered();
    if held.bytes + text.len() > REMEMBERED_BYTES_MAX {
        *held = Remembered::default();
    }
    held.bytes += text.len() + digest.len();
    held.texts.insert(digest, Arc::clone(&text));
    Some(text)
}
