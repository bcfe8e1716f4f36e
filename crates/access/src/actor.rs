//! Who is calling: a person in a role at an organisation, a citizen, a system.
//!
//! [`Identity`] is what a login or a token proves; the record finds the person's place in the
//! registers and makes an [`Actor`] of it. Not here: checking logins and tokens (`identity`), what
//! the actor may see (`decide`).

use std::sync::Arc;

use crate::scopes::Scopes;

/// What a login or a token proved, in the words of HelseID's and ID-porten's claims. Nothing in it
/// is taken on trust from the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `helseid://claims/identity/pid`: fødselsnummer or D-number, 11 digits. `None` for a system
    /// that acts for itself.
    pub national_number: Option<String>,
    /// `helseid://claims/hpr/hpr_number`: the number in the register of health personnel.
    pub hpr_number: Option<String>,
    /// `helseid://claims/client/claims/orgnr_parent`: the legal entity's organisation number.
    pub legal_entity: Option<String>,
    /// `helseid://claims/client/claims/orgnr_child`: the unit's organisation number.
    pub unit: Option<String>,
    /// `helseid://claims/identity/security_level`: 3 or 4; 0 when there is no person.
    pub security_level: u8,
    /// `client_id`: the system that calls.
    pub client: String,
    /// `helseid://claims/client/client_name`, else the client's id.
    pub client_name: String,
    /// The scopes that were granted to the client, each as it stands in the token.
    pub scopes: Vec<String>,
    /// `patient`: id of the Patient in SMART's launch context.
    pub patient: Option<String>,
    /// What the caller says it is for, by the trust framework: a code of
    /// 2.16.840.1.113883.1.11.20448 (`TREAT`, `COC`, `ETREAT` …).
    pub purpose: Option<String>,
    /// Whether the person came as a citizen (ID-porten) and not as personnel.
    pub is_citizen: bool,
}

/// What somebody works as. Rows of the rules are by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Doctor, dentist, psychologist: HPR categories LE, TL, PS.
    Doctor,
    /// Nurse, midwife: HPR categories SP, JO.
    Nurse,
    /// Nurse at the health station, for children, adolescents and the pregnant.
    HealthStationNurse,
    /// Healthcare worker, also a temp: HPR categories HF, HP, OM, AA.
    HealthcareWorker,
    /// Physiotherapist, occupational therapist and other therapists: HPR categories FT, ET, KI, MT.
    Therapist,
    /// Case worker who decides on services.
    CaseWorker,
    /// Receptionist, medical secretary: HPR category HE, or none.
    Receptionist,
    /// Privacy officer, who reads the log and not the journal.
    PrivacyOfficer,
    /// Administrator of people, roles and systems, without clinical access.
    Administrator,
    /// Somebody about themself, or about those whom they may act for.
    Citizen,
    /// A system that acts for itself: integration, statistics, backup.
    System,
}

impl Role {
    /// All roles, in the order of the rules.
    pub const ALL: [Self; 11] = [
        Self::Doctor,
        Self::Nurse,
        Self::HealthStationNurse,
        Self::HealthcareWorker,
        Self::Therapist,
        Self::CaseWorker,
        Self::Receptionist,
        Self::PrivacyOfficer,
        Self::Administrator,
        Self::Citizen,
        Self::System,
    ];

    /// The word in rules, log and `PractitionerRole.code` of system [`ROLE_SYSTEM`].
    pub fn code(self) -> &'static str {
        match self {
            Self::Doctor => "doctor",
            Self::Nurse => "nurse",
            Self::HealthStationNurse => "health-station-nurse",
            Self::HealthcareWorker => "healthcare-worker",
            Self::Therapist => "therapist",
            Self::CaseWorker => "case-worker",
            Self::Receptionist => "receptionist",
            Self::PrivacyOfficer => "privacy-officer",
            Self::Administrator => "administrator",
            Self::Citizen => "citizen",
            Self::System => "system",
        }
    }

    /// The role of this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// The role that a category of the register of health personnel (Volven 9060) works in, when
    /// nothing more is said.
    pub fn of_hpr_category(category: &str) -> Option<Self> {
        Some(match category {
            "LE" | "TL" | "PS" => Self::Doctor,
            "SP" | "JO" => Self::Nurse,
            "HF" | "HP" | "OM" | "AA" | "VP" => Self::HealthcareWorker,
            "FT" | "ET" | "KI" | "MT" | "FO" | "TP" => Self::Therapist,
            "HE" => Self::Receptionist,
            _ => return None,
        })
    }
}

/// Code system of [`Role::code`], for roles that HPR has no category for.
pub const ROLE_SYSTEM: &str = "https://akson.no/fhir/CodeSystem/role";

/// A person at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personnel {
    /// What they work as now.
    pub role: Role,
    /// `Practitioner/…`, and `PractitionerRole/…` of the chosen role.
    pub references: Vec<Arc<str>>,
    /// `Organization/…` of the unit that they work for now and of all that it is part of, the unit
    /// first.
    pub organisations: Vec<Arc<str>>,
    /// What the patient reads about the organisation.
    pub organisation_name: Arc<str>,
    /// The numbers by which they can log in, as far as the login and the register tell: HPR number,
    /// fødselsnummer or D-number. Whoever keeps the registers may not give them to somebody else.
    pub numbers: Vec<Arc<str>>,
}

/// In what capacity somebody calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Whoever is at this machine, under `--open`.
    Open,
    /// The operator's own command on a closed store.
    Operator,
    /// A person at work.
    Personnel(Personnel),
    /// A person about themself, or about somebody whom they may act for, by national number.
    Citizen(Arc<str>),
    /// A system that acts for itself, of an organisation (`Organization/…`).
    System(Option<Arc<str>>),
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Stable identity for the log: `open`, `operator`, `Practitioner/…`, `citizen/…`, a client.
    pub id: Arc<str>,
    /// What the patient reads in the log: "Kari Nordmann, sykepleier".
    pub display: Arc<str>,
    /// In what capacity.
    pub standing: Standing,
    /// The system through which the call came; empty for our own pages.
    pub client: Arc<str>,
    /// What the caller says it is for ([`Identity::purpose`]); empty when nothing was said. For the
    /// log: no rule believes it.
    pub purpose: Arc<str>,
    /// The clinical scopes of the token: the actor sees and does nothing outside them. `None` for
    /// one who is not bounded by scopes.
    pub scopes: Option<Arc<Scopes>>,
}

impl Personnel {
    /// `Practitioner/…` among the references.
    pub fn practitioner(&self) -> Option<&str> {
        let mut references = self.references.iter();
        references.find(|one| one.starts_with("Practitioner/")).map(|one| &**one)
    }
}

impl Actor {
    /// The actor of a server that was started with `--open`: whoever is at this machine.
    pub fn open() -> Self {
        Self {
            id: "open".into(),
            display: "Åpen tilgang (uten innlogging)".into(),
            standing: Standing::Open,
            client: "".into(),
            purpose: "".into(),
            scopes: None,
        }
    }

    /// The operator's own commands on a closed store (`akson load --data`).
    pub fn operator() -> Self {
        Self {
            id: "operator".into(),
            display: "Driftspersonell (kommandolinje)".into(),
            standing: Standing::Operator,
            client: "".into(),
            purpose: "".into(),
            scopes: None,
        }
    }

    /// What is known of somebody who is at work; nothing of anybody else.
    pub fn personnel(&self) -> Option<&Personnel> {
        match &self.standing {
            Standing::Personnel(personnel) => Some(personnel),
            Standing::Open | Standing::Operator | Standing::Citizen(_) | Standing::System(_) => {
                None
            }
        }
    }

    /// `Practitioner/…` of somebody at work.
    pub fn practitioner(&self) -> Option<&str> {
        self.personnel()?.practitioner()
    }

    /// The role, of those who have one.
    pub fn role(&self) -> Option<Role> {
        match &self.standing {
            Standing::Open | Standing::Operator => None,
            Standing::Personnel(personnel) => Some(personnel.role),
            Standing::Citizen(_) => Some(Role::Citizen),
            Standing::System(_) => Some(Role::System),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_back_from_their_codes() {
        for role in Role::ALL {
            assert_eq!(Role::of_code(role.code()), Some(role));
        }
        assert_eq!(Role::of_code("Doctor"), None);
        assert_eq!(Role::of_hpr_category("LE"), Some(Role::Doctor));
        assert_eq!(Role::of_hpr_category("XX"), None);
    }
}
