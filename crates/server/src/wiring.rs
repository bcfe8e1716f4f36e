//! From a data folder to a record: the one place where the parts are put together.

use std::path::Path;
use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_base::Clock;
use akson_record::Record;
use akson_record::request::Caller;
use akson_store::Store;
use akson_store::engine::fjall_engine::Options;

use crate::clock::WallClock;
use crate::failure::Failure;
use crate::memory;

/// An open record and what it stands on.
pub(crate) struct House {
    pub(crate) store: Arc<Store>,
    pub(crate) record: Arc<Record>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Opens (or makes) the record in a folder. Takes the folder: a second process is refused.
pub(crate) fn open(data: &Path, policy: Policy) -> Result<House, Failure> {
    open_with_cache(data, policy, None)
}

/// As [`open`], with so many mebibytes of tables' blocks in memory.
pub(crate) fn open_with_cache(
    data: &Path,
    policy: Policy,
    cache_mebibytes: Option<u64>,
) -> Result<House, Failure> {
    open_by_clock(data, policy, cache_mebibytes, Arc::new(WallClock))
}

/// As [`open_with_cache`], by another clock than the machine's.
pub(crate) fn open_by_clock(
    data: &Path,
    policy: Policy,
    cache_mebibytes: Option<u64>,
    clock: Arc<dyn Clock>,
) -> Result<House, Failure> {
    let mebibytes = cache_mebibytes.unwrap_or_else(memory::cache_mebibytes);
    let options = Options { cache_bytes: mebibytes.saturating_mul(1 << 20), ..Options::default() };
    let store = Arc::new(Store::open(data, &options, Arc::clone(&clock))?);
    let record = Arc::new(Record::new(Arc::clone(&store), policy));
    Ok(House { store, record, clock })
}

/// The caller that a command on the data folder is.
pub(crate) fn operator(command: &str) -> Caller {
    Caller {
        actor: Arc::new(Actor::operator()),
        trace: command.to_string(),
        base: Arc::from("http://localhost/fhir"),
    }
}
