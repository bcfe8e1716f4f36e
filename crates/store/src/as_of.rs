//! The search values of a resource as they were at an earlier commit, for searches whose later
//! pages must not notice what others have written since the first.

use akson_access::ReadPermit;
use akson_base::Problem;

use crate::Store;
use crate::engine::{Direction, Snapshot};
use crate::heads::Head;
use crate::keys::{self, ResourceKey};

impl Store {
    /// The facets of the version that was current at `commit`; `None` when there was none, or it
    /// was a deletion.
    pub fn facets_as_of(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        key: ResourceKey,
        commit: u64,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let mut found = None;
        let mut look = |value: &[u8]| {
            let right = Head::decode(value)?.commit <= commit;
            if right {
                found = Some(value.to_vec());
            }
            Ok(!right)
        };
        if let Some(value) = snapshot.get(&keys::head(key))?
            && look(&value)?
        {
            let older = keys::under(&[b"V".as_slice(), &key.0].concat());
            snapshot.visit(&older, Direction::Ascending, &mut |_, value| look(value))?;
        }
        let Some(value) = found else { return Ok(None) };
        let head = Head::decode(&value)?;
        if head.deleted || head.moved_to.is_some() {
            return Ok(None);
        }
        let stored = self.assemble(permit, key, &value)?;
        let Some(mut bytes) = self.facets_of_version(&stored)? else { return Ok(None) };
        for (byte, stamped) in bytes.iter_mut().zip(head.stamp) {
            *byte = *stamped;
        }
        Ok(Some(bytes))
    }
}
