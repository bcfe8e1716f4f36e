//! What is known of a patient that a decision needs. `record` gathers it from the patient's
//! resources; nothing here fetches anything.

use std::sync::Arc;

use akson_base::Instant;
use jiff::civil::Date;

/// A time in which something holds; open where there is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// First moment.
    pub from: Option<Instant>,
    /// First moment after.
    pub until: Option<Instant>,
}

impl Window {
    /// Whether it holds at this moment.
    pub fn contains(&self, now: Instant) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// Why somebody at work has to do with a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RelationKind {
    /// On the doctor's list: `Patient.generalPractitioner`.
    GeneralPractitioner,
    /// `CareTeam.participant`.
    CareTeam,
    /// `EpisodeOfCare`: a service that the patient has now.
    EpisodeOfCare,
    /// `Encounter` in progress.
    Encounter,
    /// `Appointment` today.
    Appointment,
    /// `ServiceRequest` sent to them and not completed.
    Referral,
}

impl RelationKind {
    /// The word in the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::GeneralPractitioner => "general-practitioner",
            Self::CareTeam => "care-team",
            Self::EpisodeOfCare => "episode-of-care",
            Self::Encounter => "encounter",
            Self::Appointment => "appointment",
            Self::Referral => "referral",
        }
    }
}

/// A care relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Of which kind.
    pub kind: RelationKind,
    /// With whom: `Practitioner/…`, `PractitionerRole/…` or `Organization/…`.
    pub with: Arc<str>,
    /// When.
    pub window: Window,
}

/// In what capacity somebody acts for a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// Mother, father or other holder of parental responsibility.
    Parent,
    /// Guardian appointed by the authorities.
    Guardian,
    /// Holder of a power of attorney.
    Attorney,
}

/// Somebody who may act for the patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Representative {
    /// Their fødselsnummer or D-number.
    pub national_number: Box<str>,
    /// As what.
    pub capacity: Capacity,
    /// When.
    pub window: Window,
}

/// Access that somebody took or was given for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Of which kind.
    pub kind: GrantKind,
    /// To whom: `Practitioner/…` or `Organization/…`.
    pub to: Arc<str>,
    /// When.
    pub window: Window,
}

/// Why access was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantKind {
    /// Decided by the one who needs it, with a written reason.
    Decided,
    /// Taken in an emergency.
    Emergency,
    /// Given by the patient.
    Consent,
}

/// Against whom a block stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// Everybody at work.
    Everyone,
    /// One person: `Practitioner/…`. Holds in an emergency too.
    Person(Arc<str>),
    /// One organisation and its parts: `Organization/…`.
    Organisation(Arc<str>),
    /// Every organisation but the one where something was written.
    OtherOrganisations,
}

/// What a block hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hides {
    /// The whole journal.
    Everything,
    /// These of [`PatientFacts::parts`].
    Parts(Vec<u16>),
}

/// A block that the patient wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Against whom.
    pub against: Against,
    /// What it hides.
    pub hides: Hides,
    /// When.
    pub window: Window,
}

/// A part of the journal that can be hidden by itself. Which resources belong to it, `record`
/// knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// One resource and what refers to it: a contact with all that was written in it, a document.
    Resource(Arc<str>),
    /// Everything with this security label: `system|code`.
    Label(Arc<str>),
    /// What an organisation wrote (`Organization/…`); empty for what no organisation is known for.
    Organisation(Arc<str>),
    /// What is not released to the citizen before this moment; `None` when nobody has said when.
    Withheld(Option<Instant>),
}

/// The label of what a child has told in confidence (v3-ActCode: adolescent information
/// sensitivity).
pub const CONFIDENCE_LABEL: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode|ADOL";

/// The label of what is not released to the citizen: drafts, and what is released later (v3-ActCode:
/// no disclosure to patient, family or caregivers without the author's authorisation).
pub const WITHHELD_LABEL: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode|NOPAT";

/// What a decision about one patient is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientFacts {
    /// The patient's fødselsnummer, D-number, older ones too.
    pub national_numbers: Vec<Box<str>>,
    /// `Patient.birthDate`, the first day it can mean.
    pub birth: Option<Date>,
    /// Whether the address is protected.
    pub is_protected: bool,
    /// Who has to do with the patient.
    pub relations: Vec<Relation>,
    /// Who may act for the patient.
    pub representatives: Vec<Representative>,
    /// Access for a time.
    pub grants: Vec<Grant>,
    /// The patient's blocks.
    pub wishes: Vec<Wish>,
    /// The parts that the wishes speak of, and the rules about children's confidences and about what
    /// is withheld from the citizen (known when it is a citizen who asks).
    pub parts: Vec<Part>,
}

impl PatientFacts {
    /// Completed years at this day; `None` without a birth date.
    pub fn age(&self, today: Date) -> Option<i16> {
        let birth = self.birth?;
        let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
        Some(today.year() - birth.year() - i16::from(!had_birthday))
    }
}
