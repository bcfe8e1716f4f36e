//! What became of an entry of the registers or of a definition: its versions, and who made each.
//!
//! Who made a version stands in the log of the same commit. Nothing about patients: who has written in a
//! journal is told by the journal and its log.

use akson_access::rules::Class;
use akson_audit::{Action, Entry, Place};
use akson_base::{Kind, Problem};
use akson_fhir::definitions::ResourceType;

use super::{not_found, target, version};
use crate::Record;
use crate::bounds::READ;
use crate::request::{Caller, Version};
use crate::sight::class;

/// Versions of one entry that are told.
const VERSIONS_MAX: usize = 100;
/// Log entries of one commit that are looked at.
const ENTRIES_MAX: u32 = 100;

/// One version and who made it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version.
    pub version: Version,
    /// Name and title as the log has them; empty when the log does not tell.
    pub by: String,
}

impl Record {
    /// The newest versions of a resource of the registers or of a definition, newest first, and who made each.
    ///
    /// # Errors
    /// `NotFound` when there is none, as far as the caller sees; `Refused` (`REC-083`) for what is
    /// neither.
    pub async fn changes(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Vec<Change>, Problem> {
        let sight = self.sight(caller, READ)?;
        let entry = || {
            Entry::reading(&sight.permit, "history-instance", &caller.trace)
                .about(format!("{}/_history", target(resource_type, id)))
        };
        self.refuse_beyond_scopes(&sight, Some(resource_type), entry).await?;
        if !matches!(class(resource_type), Class::Directory | Class::Definition) {
            let text = "Who made each version is told of the registers and of definitions only.";
            return Err(Problem::new(Kind::Refused, "REC-083", text));
        }
        let mut changes = Vec::new();
        let located;
        {
            let snapshot = sight.snapshot(&self.store);
            located = self.store.locate(snapshot.as_ref(), resource_type, id)?;
            if let Some(located) = &located {
                let (permit, snapshot) = (&sight.permit, snapshot.as_ref());
                let all = self.store.instance_history(
                    permit,
                    snapshot,
                    located.key,
                    None,
                    VERSIONS_MAX,
                )?;
                for stored in sight.versions(all)? {
                    let by = self.author(&sight.permit, stored.commit)?;
                    changes.push(Change { version: version(stored), by });
                }
            }
        }
        let entry = entry();
        match located {
            None => {
                self.log_missed(&sight, entry, resource_type, id).await?;
                Err(not_found(resource_type))
            }
            Some(located) => {
                self.log_seen(&sight, entry, [located.key]).await?;
                Ok(changes)
            }
        }
    }

    /// Who made a commit, by its log.
    pub(super) fn author(
        &self,
        permit: &akson_access::ReadPermit,
        commit: u64,
    ) -> Result<String, Problem> {
        for position in 0..ENTRIES_MAX {
            let Some(access) = self.accesses.at(permit, Place { commit, position })? else { break };
            if access.entry.action != Action::R {
                return Ok(access.entry.display.to_string());
            }
        }
        Ok(String::new())
    }
}
