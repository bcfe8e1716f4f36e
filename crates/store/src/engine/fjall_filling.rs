//! Filling a data folder: batches straight into the engine's files, the folder's format last.
//!
//! How far it came is an entry of the same batch, under a key that no record has; it is removed at the
//! end.

use std::path::Path;
use std::sync::Arc;

use akson_base::{Clock, Problem};

use super::filling::{Again, Entry, Filling, Reached};
use super::fjall_backend::Backend;
use super::fjall_engine::{FjallEngine, Options};
use super::folder::{DataFolder, io_problem};
use super::high_water::{HighWater, Mark};
use super::{Op, Snapshot};

/// Before every key of a record.
const REACHED: &[u8] = b"\0filling";

/// A data folder that is being filled.
pub(super) struct FolderFilling {
    backend: Backend,
    folder: DataFolder,
    options: Options,
    clock: Arc<dyn Clock>,
    mark: Mark,
    reached: Option<Reached>,
}

impl FolderFilling {
    pub(super) fn begin(
        path: &Path,
        options: &Options,
        clock: Arc<dyn Clock>,
        mark: Mark,
        again: Again,
    ) -> Result<Self, Problem> {
        let folder = DataFolder::to_fill(path)?;
        let engine = folder.engine_path();
        let mut reached = None;
        if engine.exists() {
            // Files that were being made at the kill may not open: then nothing was there yet.
            if again == Again::GoOn
                && let Ok(backend) = Backend::open(&engine, options)
            {
                let stored = backend.snapshot().get(REACHED)?;
                backend.close();
                reached = stored.as_deref().and_then(Reached::decode);
                reached = reached.filter(|reached| reached.of == mark);
            }
            if reached.is_none() {
                std::fs::remove_dir_all(&engine)
                    .map_err(|e| io_problem("remove the folder", &engine, &e))?;
            }
        }
        let backend = Backend::open(&engine, options)?;
        Ok(Self { backend, folder, options: options.clone(), clock, mark, reached })
    }
}

fn put(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Op {
    Op::Put { key: key.into(), value: value.into(), stamp_key_at: None, stamp_value_at: None }
}

impl Filling for FolderFilling {
    fn reached(&self) -> Option<&Reached> {
        self.reached.as_ref()
    }

    fn put(&mut self, entries: Vec<Entry>, reached: Option<Reached>) -> Result<(), Problem> {
        let count = entries.len() + 1;
        let ops = entries.into_iter().map(|(key, value)| put(key, value));
        let reached = reached.map(|reached| put(REACHED, reached.encode()));
        self.backend.write(ops.chain(reached), count)
    }

    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Problem> {
        Ok(Arc::new(self.backend.snapshot()))
    }

    fn finish(self: Box<Self>) -> Result<(), Problem> {
        let Self { backend, folder, options, clock, mark, .. } = *self;
        backend.settle(u64::MAX)?;
        backend.write(std::iter::once(Op::Delete { key: REACHED.to_vec() }), 1)?;
        backend.close();
        drop(backend);
        HighWater::create(&folder.high_water_path(), mark)?;
        folder.finish()?;
        // The last proof: it opens.
        drop(FjallEngine::open_in(folder, &options, clock)?);
        Ok(())
    }
}
