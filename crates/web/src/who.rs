//! Who reads a page: the actor, and what the top bar offers them.
//!
//! Not here: finding out (`door`).

use std::sync::Arc;

use akson_access::decide::Situation;
use akson_access::rules::{Class, rights};
use akson_access::{Actor, Standing};
use serde_json::{Value, json};

use crate::messages::t;

/// Who reads. Only `door` makes one.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// In the record's eyes.
    pub actor: Arc<Actor>,
    /// What belongs to a login; `None` without one (`--open`).
    pub login: Option<Login>,
    /// What waited when the reader's home was last drawn; `None` before, and for those without such
    /// a home.
    pub waits: Option<Waits>,
}

/// How much waits for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Messages and requests.
    pub inbox: usize,
    /// Results to sign.
    pub signing: usize,
    /// Things to do.
    pub tasks: usize,
    /// Whether the reader begins at a ward's round, and the day's work is a page beside it.
    pub at_round: bool,
}

/// What a page needs to know of the login.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// For every form on the page.
    pub form_token: String,
    /// Whether there is another role to change to.
    pub may_switch: bool,
    /// Whether apps can be let in here.
    pub has_apps: bool,
}

impl Who {
    /// Name and title, as the patient will see them.
    pub(crate) fn display(&self) -> &str {
        &self.actor.display
    }

    /// Where they work, or that they are here as a citizen.
    pub(crate) fn place(&self) -> Option<&str> {
        place(&self.actor)
    }

    /// Whether the reader's role is ever shown resources of this class. Where it is not, that none
    /// are seen says nothing of whether there are any.
    pub(crate) fn may_ever_read(&self, class: Class) -> bool {
        self.actor.role().is_none_or(|role| {
            Situation::ALL.into_iter().any(|situation| rights(role, situation).may_read(class))
        })
    }

    /// Whether the reader's role ever writes resources of this class.
    pub(crate) fn may_ever_write(&self, class: Class) -> bool {
        self.actor.role().is_none_or(|role| {
            Situation::ALL.into_iter().any(|situation| rights(role, situation).may_write(class))
        })
    }

    /// The token that every form of this login carries; empty without a login.
    pub(crate) fn form_token(&self) -> &str {
        self.login.as_ref().map_or("", |login| login.form_token.as_str())
    }

    /// The reader as an author: a reference to the Practitioner; nothing for one who is none.
    pub(crate) fn author(&self) -> Option<Value> {
        let own = self.actor.practitioner()?;
        Some(json!({"reference": own, "display": self.display()}))
    }
}

/// Where an actor works, or that it is a citizen.
pub(crate) fn place(actor: &Actor) -> Option<&str> {
    match &actor.standing {
        Standing::Personnel(personnel) => Some(&personnel.organisation_name),
        Standing::Citizen(_) => Some(t("login.citizen")),
        Standing::Open | Standing::Operator | Standing::System(_) => None,
    }
}
