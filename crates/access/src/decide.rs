//! The decision: what this actor may do with this patient's journal, and why.
//!
//! Pure: facts in, [`Decision`] out. Default is no.
//! Law: pasientjournalloven §§ 16, 17, 19; pasient- og brukerrettighetsloven §§ 3-4, 3-6, 4-3, 5-1,
//! 5-3 (Norwegian: what personnel may look up, what the patient may block, who acts for children).

use akson_base::Instant;
use jiff::civil::Date;

use crate::Ground;
use crate::actor::{Actor, Personnel, Role, Standing};
use crate::facts::{
    Against, CONFIDENCE_LABEL, Capacity, Grant, GrantKind, Hides, Part, PatientFacts, RelationKind,
    Wish,
};
use crate::rules::{Class, Rights, rights};

/// From this age (years) a child has a say, and confidences that parents do not see.
const CONFIDENCES_FROM_YEARS: i16 = 12;
/// From this age (years) the citizen decides alone.
const ALONE_FROM_YEARS: i16 = 16;
/// From this age (years) a power of attorney can be given.
pub const ATTORNEY_FROM_YEARS: i16 = 18;

/// The situation that somebody is in with a patient: the second column of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is a word of rules/matrix.tsv, explained there")]
pub enum Situation {
    None,
    CareRelationship,
    Decided,
    Emergency,
    Own,
    ParentUnder12,
    Parent12To15,
    Guardian,
    Attorney,
    Unregistered,
}

impl Situation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::CareRelationship,
        Self::Decided,
        Self::Emergency,
        Self::Own,
        Self::ParentUnder12,
        Self::Parent12To15,
        Self::Guardian,
        Self::Attorney,
        Self::Unregistered,
    ];

    /// The word in the rules.
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CareRelationship => "care-relationship",
            Self::Decided => "decided",
            Self::Emergency => "emergency",
            Self::Own => "own",
            Self::ParentUnder12 => "parent-under-12",
            Self::Parent12To15 => "parent-12-to-15",
            Self::Guardian => "guardian",
            Self::Attorney => "attorney",
            Self::Unregistered => "unregistered",
        }
    }

    /// The situation of this word.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|situation| situation.code() == code)
    }

    /// The ground that stands in the log.
    pub fn ground(self) -> Ground {
        match self {
            Self::None => Ground::LookUp,
            Self::CareRelationship => Ground::CareRelationship,
            Self::Decided => Ground::Decided,
            Self::Emergency => Ground::Emergency,
            Self::Own => Ground::Own,
            Self::ParentUnder12 | Self::Parent12To15 => Ground::Parent,
            Self::Guardian => Ground::Guardian,
            Self::Attorney => Ground::Attorney,
            Self::Unregistered => Ground::Registration,
        }
    }
}

/// Why a decision is as it is, for those who may ask and for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing ties the actor to the patient.
    NoGround,
    /// A care relationship of this kind.
    Relation(RelationKind),
    /// Access for a time.
    Granted(GrantKind),
    /// The citizen's own journal.
    Own,
    /// The child is too young to look alone.
    TooYoung,
    /// Acts for the patient.
    Represents(Capacity),
    /// Would act for the patient, but the patient is old enough to decide alone, or too young for
    /// a power of attorney.
    RepresentsNoLonger(Capacity),
    /// Nobody has registered the patient yet: there is no journal to open.
    NotRegistered,
    /// The patient has blocked the journal against this actor.
    Blocked,
    /// The patient has blocked it against this person, which holds in an emergency too.
    BlockedPerson,
}

impl Reason {
    /// The word in explanations and in the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoGround => "no-ground",
            Self::Relation(kind) => kind.code(),
            Self::Granted(GrantKind::Decided) => "decided",
            Self::Granted(GrantKind::Emergency) => "emergency",
            Self::Granted(GrantKind::Consent) => "consent",
            Self::Own => "own",
            Self::TooYoung => "too-young",
            Self::Represents(Capacity::Parent) => "parent",
            Self::Represents(Capacity::Guardian) => "guardian",
            Self::Represents(Capacity::Attorney) => "attorney",
            Self::RepresentsNoLonger(_) => "represents-no-longer",
            Self::NotRegistered => "unregistered",
            Self::Blocked => "blocked",
            Self::BlockedPerson => "blocked-person",
        }
    }
}

/// What an actor may do with one patient's journal now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The situation it was decided in.
    pub situation: Situation,
    /// Why.
    pub reason: Reason,
    /// What the rules allow.
    pub rights: Rights,
    /// Those of [`PatientFacts::parts`] that are hidden, sorted.
    pub hidden_parts: Vec<u16>,
    /// Until when it holds by itself, for access for a time.
    pub until: Option<Instant>,
}

impl Decision {
    fn new(role: Role, situation: Situation, reason: Reason) -> Self {
        let hidden_parts = Vec::new();
        match rights(role, situation) {
            // The rules have no line for it: this role is never in that situation.
            Rights::NONE => {
                let (situation, reason) = (Situation::None, Reason::NoGround);
                let rights = rights(role, situation);
                Self { situation, reason, rights, hidden_parts, until: None }
            }
            rights => Self { situation, reason, rights, hidden_parts, until: None },
        }
    }

    /// Whether it opens the journal, not only the person's name.
    pub fn opens_journal(&self) -> bool {
        self.situation != Situation::None
    }

    /// Whether a resource of the class that belongs to none of the hidden parts may be read.
    /// `is_protected`: the address is, so that the person is not looked up without a ground.
    pub fn may_read(&self, class: Class, is_protected: bool) -> bool {
        let looked_up = self.situation == Situation::None && class == Class::Person;
        self.rights.may_read(class) && !(looked_up && is_protected)
    }

    /// Whether any part is hidden.
    pub fn hides_parts(&self) -> bool {
        !self.hidden_parts.is_empty()
    }
}

/// What an actor may do with a patient whom this very write registers; `None` for one whose role
/// registers nobody. Not for anybody who is in the record already.
pub fn registering(actor: &Actor) -> Option<Decision> {
    let role = actor.role()?;
    let situation = Situation::Unregistered;
    let decision = Decision::new(role, situation, Reason::NotRegistered);
    Some(decision).filter(|one| one.situation == situation && one.rights.may_write(Class::Person))
}

/// Whether somebody works through everybody's log, without regard to one patient.
pub fn may_review_log(actor: &Actor) -> bool {
    actor.role().is_some_and(|role| rights(role, Situation::None).may_read(Class::Log))
}

/// Decides. `None` for an actor to whom no rules apply: `--open` and the operator see everything.
pub fn decide(actor: &Actor, facts: &PatientFacts, now: Instant, today: Date) -> Option<Decision> {
    match &actor.standing {
        Standing::Open | Standing::Operator => None,
        Standing::Personnel(personnel) => Some(personnel_decision(personnel, facts, now)),
        Standing::Citizen(number) => Some(citizen_decision(number, facts, now, today)),
        Standing::System(organisation) => {
            let with = organisation.as_deref();
            let relation = facts
                .relations
                .iter()
                .find(|r| r.window.contains(now) && with == Some(&*r.with))
                .map(|r| r.kind);
            let mut decision = match relation {
                Some(kind) => {
                    Decision::new(Role::System, Situation::CareRelationship, Reason::Relation(kind))
                }
                None => Decision::new(Role::System, Situation::None, Reason::NoGround),
            };
            let organisations: Vec<&str> = with.into_iter().collect();
            let consents = granted(GrantKind::Consent, &organisations, facts, now).is_some();
            obey(&mut decision, Role::System, &[], &organisations, consents, facts, now);
            Some(decision)
        }
    }
}

fn personnel_decision(personnel: &Personnel, facts: &PatientFacts, now: Instant) -> Decision {
    let role = personnel.role;
    let persons: Vec<&str> = personnel.references.iter().map(|r| &**r).collect();
    let organisations: Vec<&str> = personnel.organisations.iter().map(|r| &**r).collect();
    let is_theirs = |with: &str| persons.contains(&with) || organisations.contains(&with);
    let theirs: Vec<&str> = persons.iter().chain(&organisations).copied().collect();
    let granted = |kind: GrantKind| granted(kind, &theirs, facts, now);
    let relation = facts
        .relations
        .iter()
        .filter(|relation| relation.window.contains(now) && is_theirs(&relation.with))
        .map(|relation| relation.kind)
        .min();
    let emergency = granted(GrantKind::Emergency);
    let consents = granted(GrantKind::Consent).is_some();
    let mut decision = if let Some(kind) = relation {
        Decision::new(role, Situation::CareRelationship, Reason::Relation(kind))
    } else if let Some(grant) = granted(GrantKind::Consent) {
        let reason = Reason::Granted(GrantKind::Consent);
        let decision = Decision::new(role, Situation::Decided, reason);
        Decision { until: grant.window.until, ..decision }
    } else if let Some(grant) = granted(GrantKind::Decided) {
        let reason = Reason::Granted(GrantKind::Decided);
        let decision = Decision::new(role, Situation::Decided, reason);
        Decision { until: grant.window.until, ..decision }
    } else {
        Decision::new(role, Situation::None, Reason::NoGround)
    };
    obey(&mut decision, role, &persons, &organisations, consents, facts, now);
    let has_least = decision.reason != Reason::BlockedPerson
        && rights(role, Situation::Emergency) != Rights::NONE;
    let wanting = !decision.opens_journal() || decision.hides_parts();
    if let Some(grant) = emergency.filter(|_| has_least && wanting) {
        let reason = Reason::Granted(GrantKind::Emergency);
        decision = Decision::new(role, Situation::Emergency, reason);
        decision.until = grant.window.until;
        obey(&mut decision, role, &persons, &organisations, true, facts, now);
    }
    decision
}

/// Access of a kind that one of these was given and has now.
fn granted<'f>(
    kind: GrantKind,
    to: &[&str],
    facts: &'f PatientFacts,
    now: Instant,
) -> Option<&'f Grant> {
    let mut grants = facts.grants.iter();
    grants.find(|g| g.kind == kind && g.window.contains(now) && to.contains(&&*g.to))
}

/// Takes away what the patient has blocked against these. `yields`: whether an emergency or the
/// patient's consent lets all blocks yield that name no person.
fn obey(
    decision: &mut Decision,
    role: Role,
    persons: &[&str],
    organisations: &[&str],
    yields: bool,
    facts: &PatientFacts,
    now: Instant,
) {
    for wish in facts.wishes.iter().filter(|wish| wish.window.contains(now)) {
        let reason = match &wish.against {
            Against::Person(person) if persons.contains(&&**person) => Reason::BlockedPerson,
            Against::Organisation(one) if !yields && organisations.contains(&&**one) => {
                Reason::Blocked
            }
            Against::Everyone | Against::OtherOrganisations if !yields => Reason::Blocked,
            Against::Person(_)
            | Against::Organisation(_)
            | Against::Everyone
            | Against::OtherOrganisations => continue,
        };
        hide(decision, role, reason, wish, organisations, facts);
    }
    decision.hidden_parts.sort_unstable();
    decision.hidden_parts.dedup();
}

fn hide(
    decision: &mut Decision,
    role: Role,
    reason: Reason,
    wish: &Wish,
    organisations: &[&str],
    facts: &PatientFacts,
) {
    if wish.against == Against::OtherOrganisations {
        for (number, part) in facts.parts.iter().enumerate() {
            let written_elsewhere = match part {
                Part::Organisation(one) => !organisations.contains(&&**one),
                Part::Resource(_) | Part::Label(_) | Part::Withheld(_) => false,
            };
            if written_elsewhere {
                decision.hidden_parts.push(number as u16);
            }
        }
        return;
    }
    match &wish.hides {
        Hides::Parts(parts) => decision.hidden_parts.extend(parts),
        Hides::Everything => {
            if decision.opens_journal() || reason == Reason::BlockedPerson {
                *decision = Decision::new(role, Situation::None, reason);
            }
        }
    }
}

fn citizen_decision(number: &str, facts: &PatientFacts, now: Instant, today: Date) -> Decision {
    // Without a birth date nobody is taken for a child.
    let age = facts.age(today).unwrap_or(i16::MAX);
    let of = |situation, reason| Decision::new(Role::Citizen, situation, reason);
    if facts.national_numbers.iter().any(|own| &**own == number) {
        if age < CONFIDENCES_FROM_YEARS {
            return of(Situation::None, Reason::TooYoung);
        }
        let hidden_parts = withheld(facts, now);
        return Decision { hidden_parts, ..of(Situation::Own, Reason::Own) };
    }
    let mut refused = of(Situation::None, Reason::NoGround);
    let mut best: Option<Decision> = None;
    for representative in &facts.representatives {
        let is_one =
            &*representative.national_number == number && representative.window.contains(now);
        if !is_one {
            continue;
        }
        let capacity = representative.capacity;
        let situation = match capacity {
            Capacity::Parent if age < CONFIDENCES_FROM_YEARS => Situation::ParentUnder12,
            Capacity::Parent if age < ALONE_FROM_YEARS => Situation::Parent12To15,
            Capacity::Guardian => Situation::Guardian,
            Capacity::Attorney if age >= ATTORNEY_FROM_YEARS => Situation::Attorney,
            Capacity::Parent | Capacity::Attorney => {
                refused.reason = Reason::RepresentsNoLonger(capacity);
                continue;
            }
        };
        let mut decision = of(situation, Reason::Represents(capacity));
        decision.until = representative.window.until;
        decision.hidden_parts = withheld(facts, now);
        if situation == Situation::Parent12To15 {
            decision.hidden_parts.extend(confidences(facts));
            decision.hidden_parts.sort_unstable();
        }
        // Who is more than one thing to the patient is what may do most.
        if best.as_ref().is_none_or(|best| reach(&decision) > reach(best)) {
            best = Some(decision);
        }
    }
    best.unwrap_or(refused)
}

/// Orders what one citizen may be to another.
fn reach(decision: &Decision) -> u8 {
    match decision.situation {
        Situation::Guardian | Situation::ParentUnder12 => 3,
        Situation::Attorney => 2,
        Situation::Parent12To15 => 1,
        Situation::None
        | Situation::CareRelationship
        | Situation::Decided
        | Situation::Emergency
        | Situation::Own
        | Situation::Unregistered => 0,
    }
}

/// The part of the journal that a child has told in confidence.
fn confidences(facts: &PatientFacts) -> Vec<u16> {
    let is_confidence = |part: &Part| matches!(part, Part::Label(l) if **l == *CONFIDENCE_LABEL);
    let parts = (0u16..).zip(&facts.parts).filter(|(_, part)| is_confidence(part));
    parts.map(|(number, _)| number).collect()
}

/// The parts that are not released to the citizen yet, nor to anybody who acts for the citizen.
fn withheld(facts: &PatientFacts, now: Instant) -> Vec<u16> {
    let parts = (0u16..).zip(&facts.parts);
    let held = parts.filter(|(_, part)| match part {
        Part::Withheld(until) => until.is_none_or(|until| now < until),
        Part::Resource(_) | Part::Label(_) | Part::Organisation(_) => false,
    });
    held.map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests;
