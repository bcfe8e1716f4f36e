//! What the house itself must know of registers and of consents to apps, to decide who calls: read
//! for deciding, given to nobody, so not logged.
//!
//! Not here: who may read registers (`access`, through the other interactions), what an app is
//! (`smart`).

use akson_access::ReadPermit;
use akson_access::rules::Class;
use akson_base::Problem;
use akson_fhir::definitions::Definitions;
use akson_fhir::model::Resource;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::version;
use crate::Record;
use crate::elements::codings;
use crate::request::Version;
use crate::searching::{Searching, parse_stored};

/// Code system of `Consent.category` for what a patient lets an app do; its only code is `app`.
pub const APP_CONSENT_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/app-consent";

impl Record {
    /// The one resource of a register with this identifier; `None` when there is none, or several
    /// that could be taken for each other. Only of types of the class `directory`.
    pub fn register_entry(
        &self,
        type_name: &str,
        system: &str,
        value: &str,
    ) -> Result<Option<Version>, Problem> {
        if Class::of_type(type_name) != Some(Class::Directory) {
            return Ok(None);
        }
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let quoted = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query = format!("identifier={}%7C{}&_count=2", quoted(system), quoted(value));
        let resource_type = Definitions::r4().resource_type(type_name);
        let found = searching.execute(&searching.parse(resource_type, None, &query, true)?)?;
        let [key] = found.matches.as_slice() else { return Ok(None) };
        let stored = self.store.current(&permit, snapshot.as_ref(), *key)?;
        Ok(stored.filter(|stored| !stored.deleted).map(version))
    }

    /// What a search of a register finds, at most a page of it. Only of types of the class
    /// `directory`.
    pub fn register_search(&self, type_name: &str, query: &str) -> Result<Vec<Version>, Problem> {
        if Class::of_type(type_name) != Some(Class::Directory) {
            return Ok(Vec::new());
        }
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let resource_type = Definitions::r4().resource_type(type_name);
        let found = searching.execute(&searching.parse(resource_type, None, query, true)?)?;
        let stored = self.store.current_of_many(&permit, snapshot.as_ref(), &found.matches)?;
        Ok(stored.into_iter().filter(|stored| !stored.deleted).map(version).collect())
    }

    /// A resource of a register by its id, if it is there and not deleted. Only of types of the
    /// class `directory`.
    pub fn register_resource(&self, type_name: &str, id: &str) -> Result<Option<Version>, Problem> {
        if Class::of_type(type_name) != Some(Class::Directory) {
            return Ok(None);
        }
        self.current_for_deciding(type_name, id)
    }

    /// A Consent to an app by its id, if it is there and not deleted; none of any other kind.
    pub fn app_consent(&self, id: &str) -> Result<Option<Version>, Problem> {
        let Some(found) = self.current_for_deciding("Consent", id)? else { return Ok(None) };
        let consent = parse_stored(&found.json)?;
        Ok(is_app_consent(&consent).then_some(found))
    }

    fn current_for_deciding(&self, type_name: &str, id: &str) -> Result<Option<Version>, Problem> {
        let Some(of) = Definitions::r4().resource_type(type_name) else { return Ok(None) };
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let Some(located) = self.store.locate(snapshot.as_ref(), of, id)? else { return Ok(None) };
        let stored = self.store.current(&permit, snapshot.as_ref(), located.key)?;
        Ok(stored.filter(|stored| !stored.deleted).map(version))
    }
}

/// Whether a Consent is about an app.
pub(crate) fn is_app_consent(consent: &Resource) -> bool {
    let mut categories = consent.root().named("category").flat_map(codings);
    categories.any(|(system, _, _)| system == Some(APP_CONSENT_SYSTEM))
}
