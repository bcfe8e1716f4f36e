//! Whose journal a citizen looks at: their own, or that of somebody for whom they act. Everything of
//! the citizen's pages lies under `/min/{id}`.
//!
//! Not here: whether they may (`access`, asked by `record`), what the pages show (`my_*`), the frame
//! around them (`pages::my_frame`).

use akson_access::{Ground, Standing};
use akson_base::identifiers::{DNR, FNR, person_number_system};
use akson_base::{Kind, Problem};
use akson_record::PatientStanding;
use serde_json::{Value, json};

use crate::chart::Person;
use crate::sight::Reader;
use crate::standing::ActedFor;

/// The one whose journal is looked at, and the others that could be.
pub(crate) struct Mine {
    pub person: Person,
    pub standing: PatientStanding,
    /// Everybody whose journal this citizen may open, this one among them.
    pub all: Vec<ActedFor>,
}

impl Mine {
    /// Whether it is the citizen's own journal.
    pub(crate) fn is_own(&self) -> bool {
        self.standing.ground == Ground::Own
    }

    /// `/min/{id}` and what follows.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/min/{}{rest}", self.person.id)
    }

    /// The name by which one is called.
    pub(crate) fn first_name(&self) -> &str {
        let name = self.person.name_or_unknown();
        name.split(' ').next().unwrap_or(name)
    }
}

impl Reader {
    /// The citizen's own national number.
    pub(crate) fn own_number(&self) -> Option<&str> {
        match &self.who.actor.standing {
            Standing::Citizen(number) => Some(number),
            Standing::Open | Standing::Operator | Standing::System(_) | Standing::Personnel(_) => {
                None
            }
        }
    }

    /// The journal of `id`, or the one that a citizen begins at; `NotFound` when the citizen may open
    /// none, or not this one.
    pub(crate) async fn mine(&self, id: Option<&str>) -> Result<Mine, Problem> {
        let all: Vec<ActedFor> =
            self.acted_for().await?.into_iter().filter(|one| one.standing.opens).collect();
        let found = match id {
            Some(id) => all.iter().find(|one| one.person.id == id),
            None => {
                let mut own = all.iter().filter(|one| one.standing.ground == Ground::Own);
                own.next().or(all.first())
            }
        };
        let Some(ActedFor { person, standing }) = found else { return Err(no_journal()) };
        Ok(Mine { person: person.clone(), standing: standing.clone(), all })
    }

    /// The citizen as the one who says something in this journal: the patient, or by number and name
    /// the one who acts for the patient. The record takes nobody else.
    pub(crate) fn author(&self, mine: &Mine) -> Value {
        let display = self.who.display();
        if mine.is_own() {
            let to = format!("Patient/{}", mine.person.id);
            return json!({"reference": to, "display": display});
        }
        let Some(number) = self.own_number() else { return json!({}) };
        let system = if person_number_system(number) == Some(DNR) { DNR } else { FNR };
        json!({
            "type": "RelatedPerson",
            "identifier": {"system": system, "value": number},
            "display": display,
        })
    }
}

/// There is no such journal for this citizen.
fn no_journal() -> Problem {
    let text = "There is no journal here that this citizen may open.";
    Problem::new(Kind::NotFound, "WEB-200", text)
}
