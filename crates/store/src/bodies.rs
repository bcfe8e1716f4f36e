//! Compression of resource bodies: zstd with a dictionary per resource type, trained on the first
//! bodies of that type and kept in the store under `D`.
//!
//! A dictionary is used only after it is durable; bodies written before keep the number of the
//! dictionary (or none) they were written with.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use akson_base::Problem;
use akson_fhir::definitions::ResourceType;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::engine::{Engine, Snapshot};
use crate::keys;

const LEVEL: i32 = 3;
/// Bodies of one type that are looked at before a dictionary is made.
const SAMPLES: usize = 400;
/// Largest part of a body used as a sample.
const SAMPLE_BYTES_MAX: usize = 8 * 1024;
const DICTIONARY_BYTES_MAX: usize = 32 * 1024;

/// One dictionary, ready for both directions. Leaked on purpose: compressors borrow it for the life
/// of the process, and there are at most a few per resource type.
struct Dictionary {
    number: u16,
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

impl Dictionary {
    fn leak(number: u16, bytes: &[u8]) -> &'static Self {
        Box::leak(Box::new(Self {
            number,
            encoder: EncoderDictionary::copy(bytes, LEVEL),
            decoder: DecoderDictionary::copy(bytes),
        }))
    }
}

/// Bodies waiting to become a dictionary, for one type.
#[derive(Default)]
enum Samples {
    #[default]
    None,
    Collecting(Vec<Vec<u8>>),
    Done,
}

/// All dictionaries of a store.
pub(crate) struct Bodies {
    /// By (type, number).
    known: RwLock<HashMap<(ResourceType, u16), &'static Dictionary>>,
    /// Newest by type.
    current: RwLock<HashMap<ResourceType, &'static Dictionary>>,
    samples: Mutex<HashMap<ResourceType, Samples>>,
    /// Where another process may have put a dictionary meanwhile.
    engine: Option<Arc<dyn Engine>>,
}

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    static PLAIN_COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static PLAIN_DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn fault(error: &std::io::Error) -> Problem {
    Problem::fault("STO-002", format!("zstd: {error}"))
}

/// A compressed body and the number of its dictionary.
pub(crate) struct Compressed {
    pub(crate) dictionary: u16,
    pub(crate) bytes: Vec<u8>,
}

/// A type that has enough samples for a dictionary of this number.
pub(crate) struct Trainable {
    pub(crate) resource_type: ResourceType,
    pub(crate) samples: Vec<Vec<u8>>,
}

impl Bodies {
    /// Reads the dictionaries of a store. Later ones are fetched from `engine`, if there is one.
    pub(crate) fn open(
        snapshot: &dyn Snapshot,
        engine: Option<Arc<dyn Engine>>,
    ) -> Result<Self, Problem> {
        let bodies = Self {
            known: RwLock::default(),
            current: RwLock::default(),
            samples: Mutex::default(),
            engine,
        };
        snapshot.visit(
            &keys::under(b"D"),
            crate::engine::Direction::Ascending,
            &mut |key, value| {
                if let [_, t, n0, n1] = key {
                    bodies.adopt(ResourceType(*t), u16::from_be_bytes([*n0, *n1]), value);
                }
                Ok(true)
            },
        )?;
        Ok(bodies)
    }

    /// Takes a durable dictionary into use.
    pub(crate) fn adopt(&self, resource_type: ResourceType, number: u16, bytes: &[u8]) {
        let dictionary = Dictionary::leak(number, bytes);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert((resource_type, number), dictionary);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.insert(resource_type, dictionary);
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.insert(resource_type, Samples::Done);
    }

    fn current(&self, resource_type: ResourceType) -> Option<&'static Dictionary> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.get(&resource_type).copied()
    }

    /// Compresses one body.
    pub(crate) fn compress(
        &self,
        resource_type: ResourceType,
        body: &[u8],
    ) -> Result<Compressed, Problem> {
        match self.current(resource_type) {
            Some(dictionary) => COMPRESSOR.with_borrow_mut(|slot| {
                let compressor = match slot {
                    Some(compressor) => compressor,
                    None => slot.insert(new_compressor().map_err(|e| fault(&e))?),
                };
                compressor
                    .set_prepared_dictionary(&dictionary.encoder)
                    .and_then(|()| compressor.compress(body))
                    .map(|bytes| Compressed { dictionary: dictionary.number, bytes })
                    .map_err(|e| fault(&e))
            }),
            None => PLAIN_COMPRESSOR.with_borrow_mut(|slot| {
                let compressor = match slot {
                    Some(compressor) => compressor,
                    None => slot.insert(new_compressor().map_err(|e| fault(&e))?),
                };
                compressor
                    .compress(body)
                    .map(|bytes| Compressed { dictionary: 0, bytes })
                    .map_err(|e| fault(&e))
            }),
        }
    }

    /// A dictionary by its number; one that another process made is fetched.
    fn find(
        &self,
        resource_type: ResourceType,
        number: u16,
    ) -> Result<&'static Dictionary, Problem> {
        let look = || {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&(resource_type, number)).copied()
        };
        if let Some(known) = look() {
            return Ok(known);
        }
        if let Some(engine) = &self.engine
            && let Some(bytes) = engine.snapshot().get(&keys::dictionary(resource_type, number))?
        {
            self.adopt(resource_type, number, &bytes);
        }
        let text = "a body names a dictionary that is not in the store";
        look().ok_or_else(|| Problem::fault("STO-003", text))
    }

    /// Appends the body to `out`. `body_bytes` is its length before compression.
    pub(crate) fn decompress_into(
        &self,
        resource_type: ResourceType,
        dictionary: u16,
        compressed: &[u8],
        body_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let slot = if dictionary == 0 { &PLAIN_DECOMPRESSOR } else { &DECOMPRESSOR };
        let found =
            if dictionary == 0 { None } else { Some(self.find(resource_type, dictionary)?) };
        slot.with_borrow_mut(|slot| {
            let decompressor = match slot {
                Some(decompressor) => decompressor,
                None => slot.insert(Decompressor::new().map_err(|e| fault(&e))?),
            };
            if let Some(dictionary) = found {
                decompressor.set_prepared_dictionary(&dictionary.decoder).map_err(|e| fault(&e))?;
            }
            out.reserve(body_bytes);
            let start = out.len() as u64;
            let mut cursor = Cursor::new(&mut *out);
            cursor.set_position(start);
            let written = decompressor
                .decompress_to_buffer(compressed, &mut cursor)
                .map_err(|e| fault(&e))?;
            if written == body_bytes {
                Ok(())
            } else {
                Err(Problem::fault("STO-004", "a body has another length than its head says"))
            }
        })
    }

    /// Notes a body as a sample; answers once per type, when there are enough.
    pub(crate) fn sample(&self, resource_type: ResourceType, body: &[u8]) -> Option<Trainable> {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = samples.entry(resource_type).or_default();
        match entry {
            Samples::Done => return None,
            Samples::None => *entry = Samples::Collecting(Vec::with_capacity(SAMPLES)),
            Samples::Collecting(_) => {}
        }
        let Samples::Collecting(list) = entry else { return None };
        list.push(body.get(..body.len().min(SAMPLE_BYTES_MAX)).unwrap_or_default().to_vec());
        if list.len() < SAMPLES {
            return None;
        }
        let list = std::mem::take(list);
        *entry = Samples::Done;
        Some(Trainable { resource_type, samples: list })
    }

    /// Whether a dictionary for this type is still wanted.
    pub(crate) fn wants_samples(&self, resource_type: ResourceType) -> bool {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(samples.get(&resource_type), Some(Samples::Done))
    }
}

/// Makes a dictionary from samples; `None` when they have too little in common.
pub(crate) fn train(trainable: &Trainable) -> Option<Arc<[u8]>> {
    zstd::dict::from_samples(&trainable.samples, DICTIONARY_BYTES_MAX).ok().map(Arc::from)
}

fn new_compressor() -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(LEVEL)?;
    // The head carries the length, and the engine's blocks carry checksums.
    compressor.include_contentsize(false)?;
    compressor.include_checksum(false)?;
    compressor.include_dictid(false)?;
    Ok(compressor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Bodies {
        Bodies {
            known: RwLock::default(),
            current: RwLock::default(),
            samples: Mutex::default(),
            engine: None,
        }
    }

    fn body(n: usize) -> Vec<u8> {
        format!(
            r#"}},"status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"{}"}}]}},"valueQuantity":{{"value":{n}.{},"unit":"mmol/L"}}}}"#,
            n % 40,
            n * 7919 % 100
        )
        .into_bytes()
    }

    #[test]
    fn bodies_read_back_with_and_without_a_dictionary() {
        let bodies = empty();
        let kind = ResourceType(9);
        let before = bodies.compress(kind, &body(1)).unwrap();
        assert_eq!(before.dictionary, 0);
        let trainable = (0..SAMPLES).find_map(|n| bodies.sample(kind, &body(n))).unwrap();
        assert!(!bodies.wants_samples(kind));
        bodies.adopt(kind, 1, &train(&trainable).unwrap());
        let after = bodies.compress(kind, &body(1)).unwrap();
        assert_eq!(after.dictionary, 1);
        assert!(after.bytes.len() * 2 < before.bytes.len(), "a dictionary should help");
        for compressed in [before, after] {
            let mut out = b"head".to_vec();
            bodies
                .decompress_into(
                    kind,
                    compressed.dictionary,
                    &compressed.bytes,
                    body(1).len(),
                    &mut out,
                )
                .unwrap();
            assert_eq!(out, [b"head".as_slice(), &body(1)].concat());
        }
    }

    #[test]
    fn a_wrong_length_or_damaged_body_is_a_fault() {
        let bodies = empty();
        let kind = ResourceType(9);
        let compressed = bodies.compress(kind, &body(1)).unwrap();
        let mut out = Vec::new();
        let wrong = bodies.decompress_into(kind, 0, &compressed.bytes, 7, &mut out);
        assert!(wrong.is_err());
        let unknown = bodies.decompress_into(kind, 5, &compressed.bytes, 7, &mut out);
        assert_eq!(unknown.unwrap_err().code, "STO-003");
    }
}
