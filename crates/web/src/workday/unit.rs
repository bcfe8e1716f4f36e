//! Who works at the reader's unit and where it is, as the registers have it; kept for a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use akson_access::Personnel;
use akson_base::{Instant, Problem};

use crate::datatypes::text;
use crate::people::quoted;
use crate::sight::Reader;

/// How long what the registers say is kept, milliseconds.
const KEPT_MILLISECONDS: i64 = 60_000;
/// Roles and places of one unit that are read.
const FOUND_MAX: usize = 300;

/// The colleagues and places of a unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    /// `Practitioner/…` of everybody with a role there, each once.
    pub colleagues: Vec<String>,
    /// `Location/…`
    pub places: Vec<String>,
}

/// Units by `Organization/…`, each with when it was read.
pub(crate) type Units = Mutex<HashMap<Arc<str>, (Instant, Arc<Unit>)>>;

impl Reader {
    /// The unit of somebody at work.
    pub(crate) async fn unit(&self, personnel: &Personnel) -> Result<Arc<Unit>, Problem> {
        let Some(organisation) = personnel.organisations.first() else {
            return Ok(Arc::default());
        };
        let now = self.now();
        let units = self.desk().units();
        {
            let units = units.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, unit)) = units.get(organisation)
                && now.0 - at.0 < KEPT_MILLISECONDS
            {
                return Ok(Arc::clone(unit));
            }
        }
        let caller = self.caller();
        let of = quoted(organisation);
        let roles = format!("organization={of}&active=true&_count={FOUND_MAX}");
        let places = format!("organization={of}&_count={FOUND_MAX}");
        let (roles, places) = tokio::try_join!(
            self.search(&caller, "PractitionerRole", roles),
            self.search(&caller, "Location", places),
        )?;
        let mut colleagues: Vec<String> = roles
            .iter()
            .filter_map(|role| text(role.root(), &["practitioner", "reference"]))
            .map(str::to_owned)
            .collect();
        colleagues.sort_unstable();
        colleagues.dedup();
        let ids = places.iter().filter_map(|place| place.id());
        let places = ids.map(|id| format!("Location/{id}")).collect();
        let unit = Arc::new(Unit { colleagues, places });
        let mut units = units.lock().unwrap_or_else(PoisonError::into_inner);
        units.insert(Arc::clone(organisation), (now, Arc::clone(&unit)));
        Ok(unit)
    }
}
