//! Who may do what, and why. Facts in, decision and reason out; no I/O, nobody else decides.
//!
//! A [`ReadPermit`] or [`WritePermit`] is the only way to patient data in `store`, and only this
//! crate can make one. Default is no.

mod actor;
pub mod decide;
pub mod explain;
pub mod facts;
pub mod rules;
pub mod scopes;

use std::sync::Arc;

use akson_base::{Kind, Problem};

pub use actor::{Actor, Identity, Personnel, ROLE_SYSTEM, Role, Standing};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Look at a resource or a list.
    Read,
    /// Make, change or remove a resource.
    Write,
}

/// Why it is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ground {
    /// The server runs with `--open` on loopback: synthetic data, no login.
    Open,
    /// An operator's command on the data folder.
    Operator,
    /// What belongs to no patient: who, where, definitions.
    Directory,
    /// A person was looked up by name or number: no journal.
    LookUp,
    /// A care relationship.
    CareRelationship,
    /// Decided by the one who needs it, with a written reason; or with the patient's consent.
    Decided,
    /// An emergency.
    Emergency,
    /// The citizen's own journal.
    Own,
    /// A parent.
    Parent,
    /// A guardian.
    Guardian,
    /// A power of attorney.
    Attorney,
    /// Somebody new was registered.
    Registration,
    /// Nothing: it was asked for and not given.
    Refused,
}

impl Ground {
    /// The word in the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Operator => "operator",
            Self::Directory => "directory",
            Self::LookUp => "look-up",
            Self::CareRelationship => "care-relationship",
            Self::Decided => "decided",
            Self::Emergency => "emergency",
            Self::Own => "own",
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Attorney => "attorney",
            Self::Registration => "registration",
            Self::Refused => "refused",
        }
    }
}

/// The rules in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// No request has a ground: neither login nor tokens are set up. The default.
    Closed,
    /// Everyone who reaches the server may do everything, as actor `open`.
    Open,
    /// The process is an operator's command that holds the data folder itself.
    Operator,
    /// Everyone logs in, or brings a token, and sees what the rules say.
    Rules,
}

/// Proof that reading was allowed to this actor on this ground.
#[derive(Clone, Debug)]
pub struct ReadPermit {
    actor: Arc<Actor>,
    ground: Ground,
}

/// Proof that writing was allowed to this actor on this ground.
#[derive(Clone, Debug)]
pub struct WritePermit {
    actor: Arc<Actor>,
    ground: Ground,
}

macro_rules! permit {
    ($permit:ty) => {
        impl $permit {
            /// Who was allowed.
            pub fn actor(&self) -> &Arc<Actor> {
                &self.actor
            }

            /// Why.
            pub fn ground(&self) -> Ground {
                self.ground
            }
        }
    };
}
impl ReadPermit {
    /// For reading what a decision is made of: registers, and the facts about a patient. What is
    /// read under it goes to nobody.
    pub fn for_deciding() -> Self {
        Self::for_deciding_of(&Arc::new(Actor::operator()))
    }

    /// As [`ReadPermit::for_deciding`], about what this actor asked for.
    pub fn for_deciding_of(actor: &Arc<Actor>) -> Self {
        Self { actor: Arc::clone(actor), ground: Ground::Directory }
    }
}

permit!(ReadPermit);
permit!(WritePermit);

impl Policy {
    fn ground(self, actor: &Actor) -> Result<Ground, Problem> {
        if actor.scopes.is_some() && self != Self::Rules {
            return Err(Problem::new(
                Kind::Refused,
                "ACC-006",
                "Where no rules apply, nobody is bounded by scopes.",
            ));
        }
        match self {
            Self::Open if &*actor.id == "open" => Ok(Ground::Open),
            Self::Operator if &*actor.id == "operator" => Ok(Ground::Operator),
            // Each patient's ground is decided when the patient is met.
            Self::Rules if actor.role().is_some() => Ok(Ground::Directory),
            Self::Closed | Self::Open | Self::Operator | Self::Rules => Err(Problem::new(
                Kind::Unauthenticated,
                "ACC-001",
                "No one is logged in, and this server lets nobody in without. \
                 Start it with --open on loopback to try it with synthetic data.",
            )),
        }
    }

    /// May this actor read?
    pub fn may_read(self, actor: &Arc<Actor>) -> Result<ReadPermit, Problem> {
        let ground = self.ground(actor)?;
        Ok(ReadPermit { actor: Arc::clone(actor), ground })
    }

    /// May this actor write?
    pub fn may_write(self, actor: &Arc<Actor>) -> Result<WritePermit, Problem> {
        let ground = self.ground(actor)?;
        Ok(WritePermit { actor: Arc::clone(actor), ground })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_matrix_of_policies_and_actors() {
        let open = Arc::new(Actor::open());
        let operator = Arc::new(Actor::operator());
        let cases = [
            (Policy::Closed, &open, None),
            (Policy::Closed, &operator, None),
            (Policy::Open, &open, Some(Ground::Open)),
            (Policy::Open, &operator, None),
            (Policy::Operator, &open, None),
            (Policy::Operator, &operator, Some(Ground::Operator)),
        ];
        for (policy, actor, expected) in cases {
            assert_eq!(policy.may_read(actor).ok().map(|p| p.ground()), expected);
            assert_eq!(policy.may_write(actor).ok().map(|p| p.ground()), expected);
        }
    }
}
