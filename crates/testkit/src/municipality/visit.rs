//! One contact with a service: its kind, time, place and who was there.

use super::calendar::{Day, Moment};
use super::diagnoses::Diagnosis;
use super::organisations::Service;
use super::write::{Json, object};

/// The kind of contact, in codes of v3-ActCode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Ambulatory,
    Home,
    /// With somebody who lives in an institution.
    Ward,
    Inpatient,
    Emergency,
    Virtual,
}

impl Class {
    /// As a Coding.
    pub(crate) fn json(self) -> Json {
        let (code, display) = match self {
            Class::Ambulatory => ("AMB", "ambulatory"),
            Class::Home => ("HH", "home health"),
            Class::Ward => ("NONAC", "inpatient non-acute"),
            Class::Inpatient => ("IMP", "inpatient encounter"),
            Class::Emergency => ("EMER", "emergency"),
            Class::Virtual => ("VR", "virtual"),
        };
        object! {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": code,
            "display": display,
        }
    }
}

/// A contact that a course wishes for; the chart finds a time that is free.
#[derive(Debug, Clone)]
pub(crate) struct Plan<'a> {
    pub(crate) service: Service,
    pub(crate) class: Class,
    pub(crate) title: &'a str,
    pub(crate) day: Day,
    /// Earliest and latest hour of the beginning.
    pub(crate) hours: (i32, i32),
    pub(crate) minutes: i32,
    /// Whether the service's first profession is needed (the doctor, in most).
    pub(crate) lead: bool,
    pub(crate) reasons: &'a [&'static Diagnosis],
}

/// A contact that took place.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) id: String,
    pub(crate) service: Service,
    pub(crate) begin: Moment,
    pub(crate) end: Moment,
    /// Id and name of the one who was met.
    pub(crate) worker: (String, String),
    /// Id and name of the organisation.
    pub(crate) organisation: (String, &'static str),
}

impl Visit {
    /// The day it began.
    pub(crate) fn day(&self) -> Day {
        self.begin.day
    }

    /// A moment during the visit: minutes after it began, never after its end.
    pub(crate) fn moment(&self, minutes: i32) -> Moment {
        self.begin.plus(minutes).min(self.end)
    }

    /// The morning of a day during a stay, never outside it.
    pub(crate) fn morning(&self, day: Day) -> Moment {
        day.at(7, 40).clamp(self.begin, self.end)
    }
}
