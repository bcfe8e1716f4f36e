//! Reading one version of a resource.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#vread>

use akson_audit::Entry;
use akson_base::{Kind, Problem};
use akson_fhir::definitions::ResourceType;

use super::{gone, not_found, target, type_name, version};
use crate::Record;
use crate::bounds::READ;
use crate::request::{Caller, Version};

impl Record {
    /// One version, current or older.
    ///
    /// # Errors
    /// `NotFound` when there is no such version, `Gone` when that version is a deletion.
    pub async fn vread(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
        wanted: &str,
    ) -> Result<Version, Problem> {
        let sight = self.sight(caller, READ)?;
        let of = Some(resource_type);
        let entry = || {
            Entry::reading(&sight.permit, "vread", &caller.trace)
                .about(format!("{}/_history/{wanted}", target(resource_type, id)))
        };
        self.refuse_beyond_scopes(&sight, of, entry).await?;
        let located;
        let stored = {
            let snapshot = sight.snapshot(&self.store);
            located = self.store.locate(snapshot.as_ref(), resource_type, id)?;
            match (&located, wanted.parse::<u32>()) {
                (Some(at), Ok(number)) => {
                    let key = at.key;
                    let found =
                        self.store.version(&sight.permit, snapshot.as_ref(), key, number)?;
                    sight.versions(found.into_iter().collect())?.pop()
                }
                (None, _) | (_, Err(_)) => None,
            }
        };
        let entry = entry();
        match &located {
            Some(located) => self.log_seen(&sight, entry, [located.key]).await?,
            None => self.log_missed(&sight, entry, resource_type, id).await?,
        }
        match stored {
            Some(stored) if stored.deleted => Err(gone(resource_type)),
            Some(stored) => Ok(version(stored)),
            None if located.is_some() => Err(Problem::new(
                Kind::NotFound,
                "REC-006",
                format!("This {} has no such version.", type_name(resource_type)),
            )),
            None => Err(not_found(resource_type)),
        }
    }
}
