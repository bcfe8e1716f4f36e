//! Which roles were given, changed and ended lately, and by whom: for the privacy officer, so that
//! no access is given unnoticed.
//!
//! Not here: one entry of the registers (`changes`), refusing what nobody may give themself
//! (`safeguards`).
//! Law: pasientjournalloven § 22; personvernforordningen art. 39 (the privacy officer watches that the
//! rules are kept).

use akson_access::decide::may_review_log;
use akson_audit::Entry;
use akson_base::{Kind, Problem};

use super::changes::Change;
use super::ground::type_of;
use super::version;
use crate::Record;
use crate::bounds::SEARCH;
use crate::request::Caller;

/// Changes that are told.
const CHANGES_MAX: usize = 200;

/// A version of a role, who made it, and the version before.
#[derive(Clone, Debug)]
pub struct RoleChange {
    /// The version and who made it.
    pub change: Change,
    /// What it was before; `None` for a new role.
    pub before: Option<crate::request::Version>,
}

impl Record {
    /// The newest changes of roles, newest first. That they are looked at is logged.
    ///
    /// # Errors
    /// `REC-089`, not found, for everybody but the privacy officer.
    pub async fn role_changes(&self, caller: &Caller) -> Result<Vec<RoleChange>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        if !may_review_log(&caller.actor) || caller.actor.scopes.is_some() {
            return Err(Problem::new(Kind::NotFound, "REC-089", "There is no such list."));
        }
        let of = type_of("PractitionerRole")?;
        let mut told = Vec::new();
        {
            let snapshot = sight.snapshot(&self.store);
            let (permit, snapshot) = (&sight.permit, snapshot.as_ref());
            let page = self.store.type_history(permit, snapshot, of, None, CHANGES_MAX)?;
            for stored in page.versions {
                let by = self.author(permit, stored.commit)?;
                let earlier = match stored.version {
                    0 | 1 => None,
                    number => self.store.version(permit, snapshot, stored.key, number - 1)?,
                };
                let change = Change { version: version(stored), by };
                told.push(RoleChange { change, before: earlier.map(version) });
            }
        }
        let entry = Entry::reading(&sight.permit, "history-type", &caller.trace)
            .about("PractitionerRole/_history");
        self.log(&sight, entry, []).await?;
        Ok(told)
    }
}
