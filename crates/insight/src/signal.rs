//! What makes an access stand out, and how much each sign weighs.
//!
//! The weights were tuned on simulated years (see `docs/log-analysis.md`); the sum says in which
//! order a person looks at the cases, nothing about guilt.

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// The actor's own journal, through the access that they have at work.
    OwnJournal,
    /// Same home, or registered as next of kin.
    Household,
    /// The patient works at the same unit.
    Colleague,
    /// The patient works at another unit.
    ColleagueElsewhere,
    /// Same street, at most [`NEIGHBOUR_NUMBERS`] away. `number`: how far.
    Neighbour,
    /// Same family name. `number` of the `of` patients in the log bear it.
    Surname,
    /// Access with a reason of one's own, without care relationship.
    Decided,
    /// Emergency access.
    Emergency,
    /// Found by search without care relationship.
    LookUp,
    /// Refused. `number` attempts.
    Refused,
    /// `number` patients without care relationship within an hour; `of` is what is usual in a day
    /// for the role at the unit.
    ManyPatients,
    /// Outside the actor's usual hours. `number`: the hour; `of`: looks in a thousand at that time.
    UnusualHour,
    /// `number` emergency accesses in the period, where colleagues of the same role have `of`.
    MuchEmergency,
    /// `number` people opened the journal without care relationship within three days.
    ManyReaders,
    /// Once and never again.
    OnlyOnce,
    /// On `number` days, and never with a care relationship.
    Returned,
    /// The care relationship was last used `number` days before.
    AfterRelationship,
}

/// Numbers in a street within which people are neighbours.
pub(crate) const NEIGHBOUR_NUMBERS: u32 = 4;

impl Signal {
    /// All of them, as they stand in lists.
    pub const ALL: [Self; 17] = [
        Self::OwnJournal,
        Self::Household,
        Self::Colleague,
        Self::ColleagueElsewhere,
        Self::Neighbour,
        Self::Surname,
        Self::Decided,
        Self::Emergency,
        Self::LookUp,
        Self::Refused,
        Self::ManyPatients,
        Self::UnusualHour,
        Self::MuchEmergency,
        Self::ManyReaders,
        Self::OnlyOnce,
        Self::Returned,
        Self::AfterRelationship,
    ];

    /// The word in message files and figures.
    pub fn code(self) -> &'static str {
        match self {
            Self::OwnJournal => "own-journal",
            Self::Household => "household",
            Self::Colleague => "colleague",
            Self::ColleagueElsewhere => "colleague-elsewhere",
            Self::Neighbour => "neighbour",
            Self::Surname => "surname",
            Self::Decided => "decided",
            Self::Emergency => "emergency",
            Self::LookUp => "look-up",
            Self::Refused => "refused",
            Self::ManyPatients => "many-patients",
            Self::UnusualHour => "unusual-hour",
            Self::MuchEmergency => "much-emergency",
            Self::ManyReaders => "many-readers",
            Self::OnlyOnce => "only-once",
            Self::Returned => "returned",
            Self::AfterRelationship => "after-relationship",
        }
    }
}

/// A sign with its numbers and what it weighed in one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Which sign.
    pub signal: Signal,
    /// Its part of the score.
    pub points: u32,
    /// What was counted; 0 where nothing is.
    pub number: u32,
    /// What it is compared with; 0 where nothing is.
    pub of: u32,
}

impl Reason {
    pub(crate) fn new(signal: Signal, points: u32) -> Self {
        Self { signal, points, number: 0, of: 0 }
    }

    pub(crate) fn counted(self, number: u32, of: u32) -> Self {
        Self { number, of, ..self }
    }
}
