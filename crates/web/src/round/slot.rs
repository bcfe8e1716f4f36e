//! The four rounds of a day, and which of them a time belongs to.
//!
//! Pure. The night's round goes on after midnight: what is planned before five belongs to the evening
//! before.

use jiff::civil::{Date, DateTime, Time};

/// One of the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    Morning,
    Midday,
    Evening,
    Night,
}

impl Slot {
    /// All, in the order of the day.
    pub(crate) const ALL: [Self; 4] = [Self::Morning, Self::Midday, Self::Evening, Self::Night];

    /// What the round is called, and its value in addresses: the hour.
    pub(crate) fn hour(self) -> &'static str {
        match self {
            Self::Morning => "08",
            Self::Midday => "14",
            Self::Evening => "20",
            Self::Night => "22",
        }
    }

    /// The round of this hour in an address.
    pub(crate) fn of_hour(hour: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.hour() == hour)
    }

    fn of_time(time: Time) -> Self {
        match time.hour() {
            5..11 => Self::Morning,
            11..17 => Self::Midday,
            17..21 => Self::Evening,
            _ => Self::Night,
        }
    }
}

/// The round that a moment belongs to, with the day that the round began on.
pub(crate) fn slot_at(at: DateTime) -> (Date, Slot) {
    let day = match at.hour() {
        ..5 => at.date().yesterday().unwrap_or(at.date()),
        _ => at.date(),
    };
    (day, Slot::of_time(at.time()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn every_time_has_one_round_and_the_night_goes_on_after_midnight() {
        for (hour, minute, day, slot) in [
            (4, 59, 20, Slot::Night),
            (5, 0, 21, Slot::Morning),
            (10, 59, 21, Slot::Morning),
            (11, 0, 21, Slot::Midday),
            (16, 59, 21, Slot::Midday),
            (17, 0, 21, Slot::Evening),
            (21, 0, 21, Slot::Night),
            (23, 59, 21, Slot::Night),
        ] {
            let found = slot_at(datetime(2026, 11, 21, hour, minute, 0, 0));
            assert_eq!(found, (Date::constant(2026, 11, day), slot), "{hour}.{minute}");
        }
    }

    #[test]
    fn an_hour_in_an_address_is_its_round() {
        for slot in Slot::ALL {
            assert_eq!(Slot::of_hour(slot.hour()), Some(slot));
        }
        assert_eq!(Slot::of_hour("09"), None);
    }
}
