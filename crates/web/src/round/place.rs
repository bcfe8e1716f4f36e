//! Where somebody is in the rounds: ward, day and round, as the addresses and forms carry it.

use jiff::civil::Date;

use super::read::Asked;
use super::slot::{Slot, slot_at};
use crate::dates::{Moment, parse_date};
use crate::forms::Form;
use crate::sight::Reader;

/// A ward's round on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Id of the ward; the first one when nothing is said.
    pub ward: Option<String>,
    pub day: Date,
    pub slot: Slot,
}

impl Place {
    /// The round of now.
    pub(crate) fn now(reader: &Reader) -> Self {
        let (day, slot) = slot_at(Moment::from_instant(reader.now()).start());
        Self { ward: None, day, slot }
    }

    /// What an address or a form says; of what it does not, the round of now.
    pub(crate) fn of<'a>(reader: &Reader, said: impl Fn(&str) -> Option<&'a str>) -> Self {
        let now = Self::now(reader);
        let given = |name| said(name).filter(|value| !value.is_empty());
        let is_id = |id: &&str| {
            id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        };
        Self {
            ward: given("avdeling").filter(is_id).map(str::to_owned),
            day: given("dato").and_then(parse_date).unwrap_or(now.day),
            slot: given("runde").and_then(Slot::of_hour).unwrap_or(now.slot),
        }
    }

    /// What a form says.
    pub(crate) fn of_form(reader: &Reader, form: &Form) -> Self {
        Self::of(reader, |name| Some(form.field(name)))
    }

    /// The page.
    pub(crate) fn address(&self) -> String {
        format!("/runde?{}", self.query())
    }

    /// As a query.
    pub(crate) fn query(&self) -> String {
        let ward = self.ward.as_deref().unwrap_or_default();
        format!("avdeling={ward}&dato={}&runde={}", self.day, self.slot.hour())
    }

    /// The same day and ward in another round.
    pub(crate) fn at(&self, slot: Slot) -> Self {
        Self { slot, ..self.clone() }
    }

    pub(crate) fn asked(&self) -> Asked {
        Asked { ward: self.ward.clone(), day: self.day, slot: self.slot }
    }
}
