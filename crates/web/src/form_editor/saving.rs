//! Drafts of forms are stored at each change, on the version that the change was made from.
//!
//! Two administrators may work on one draft: what one of them does to an item that the other left alone is
//! put on top of the other's; who changes the same item at the same time is shown both texts.
//! Not here: publishing (`publishing`), HTML (`pages::form_editor_page`).
//! Standard: <https://hl7.org/fhir/R4/http.html#concurrency>

use akson_access::decide::Situation;
use akson_access::rules::{Class, rights};
use akson_base::{Kind, Problem};
use serde_json::Value;

use super::definition::{Definition, State};
use super::tree;
use crate::dates::Moment;
use crate::people::type_of;
use crate::routes::no_page;
use crate::sight::{Reader, as_json};
use crate::who::Who;

/// Forms and versions of forms that are listed.
const FORMS_MAX: usize = 1_000;
/// Times that a change is tried on top of others' changes before somebody is told to try again.
const ATTEMPTS_MAX: usize = 5;

/// What a change is about: what of it must not have been changed by another meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Touched<'a> {
    /// One item's own elements.
    Item(&'a str),
    /// Title and description.
    About,
    /// Where items stand, which does not depend on their texts.
    Order,
}

/// How storing a change ended.
pub(crate) enum Changed {
    Stored(Definition),
    /// Another has changed the same: the form as it is now.
    Conflict(Definition),
    /// It is no draft any more.
    Over(Definition),
}

/// Somebody's change of a form.
#[derive(Clone, Debug)]
pub(crate) struct Latest {
    pub by: String,
    pub at: Moment,
}

/// Whether somebody keeps the forms.
pub(crate) fn keeps_forms(who: &Who) -> bool {
    who.actor.role().is_some_and(|role| rights(role, Situation::None).may_write(Class::Definition))
}

/// There is no such form.
pub(crate) fn no_form() -> Problem {
    Problem::new(Kind::NotFound, "WEB-240", "There is no such form.")
}

fn busy() -> Problem {
    let text =
        "Others are changing this form at the same moment. Nothing of yours is stored; try again.";
    Problem::new(Kind::Busy, "WEB-241", text)
}

impl Reader {
    /// Refuses everybody who does not keep the forms, as if the page were not there.
    pub(crate) fn must_keep_forms(&self) -> Result<(), Problem> {
        if keeps_forms(&self.who) { Ok(()) } else { Err(no_page()) }
    }

    /// A form.
    pub(crate) async fn definition(&self, id: &str) -> Result<Definition, Problem> {
        self.must_keep_forms()?;
        let read = self.read_json("Questionnaire", id).await;
        let (resource, _) = read.map_err(|problem| {
            let is_none = matches!(problem.kind, Kind::NotFound | Kind::Gone | Kind::Invalid);
            if is_none { no_form() } else { problem }
        })?;
        Ok(Definition::read(resource))
    }

    /// The forms that a search finds, all versions.
    pub(crate) async fn definitions(&self, query: &str) -> Result<Vec<Definition>, Problem> {
        self.must_keep_forms()?;
        let query = format!("{query}_count={FORMS_MAX}");
        let found = self.search_json(&self.caller(), "Questionnaire", query).await?;
        Ok(found.into_iter().map(Definition::read).collect())
    }

    /// A form as it was after its `stored`th change.
    pub(crate) async fn definition_at(&self, id: &str, stored: u32) -> Result<Definition, Problem> {
        let of = type_of("Questionnaire")?;
        let version = self.record().vread(&self.caller(), of, id, &stored.to_string()).await?;
        Ok(Definition::read(as_json(&version)?))
    }

    /// Who changed a form last.
    pub(crate) async fn latest_change(&self, id: &str) -> Result<Option<Latest>, Problem> {
        let of = type_of("Questionnaire")?;
        let changes = self.record().changes(&self.caller(), of, id).await?;
        Ok(changes.first().map(|change| Latest {
            by: change.by.clone(),
            at: Moment::from_instant(change.version.time),
        }))
    }

    /// Changes a draft. `base`: the version that the change was made from. `edit` answers whether there
    /// was something to change; when not, nothing is stored.
    pub(crate) async fn change_form(
        &self,
        id: &str,
        base: u32,
        touched: Touched<'_>,
        edit: impl Fn(&mut Value) -> bool,
    ) -> Result<Changed, Problem> {
        for _ in 0..ATTEMPTS_MAX {
            let current = self.definition(id).await?;
            if current.state != State::Draft {
                return Ok(Changed::Over(current));
            }
            let mut resource = current.resource.clone();
            if !edit(&mut resource) || resource == current.resource {
                return Ok(Changed::Stored(current));
            }
            if base != current.stored && self.is_changed(id, base, touched, &current).await? {
                return Ok(Changed::Conflict(current));
            }
            match self.update("Questionnaire", id, current.stored, &resource).await {
                Ok(()) => return Ok(Changed::Stored(self.definition(id).await?)),
                Err(problem) if problem.kind == Kind::Conflict => {}
                Err(problem) => return Err(problem),
            }
        }
        Err(busy())
    }

    /// Whether what a change is about is another than it was at its base.
    async fn is_changed(
        &self,
        id: &str,
        base: u32,
        touched: Touched<'_>,
        current: &Definition,
    ) -> Result<bool, Problem> {
        if matches!(touched, Touched::Order) {
            return Ok(false);
        }
        let before = match self.definition_at(id, base).await {
            Ok(before) => before,
            // A base that nobody was given.
            Err(problem) if problem.kind == Kind::NotFound => return Ok(true),
            Err(problem) => return Err(problem),
        };
        Ok(match touched {
            Touched::Item(link) => {
                own(tree::find(&before.resource, link)) != own(tree::find(&current.resource, link))
            }
            Touched::About => ABOUT
                .iter()
                .any(|(_, element)| before.resource.get(element) != current.resource.get(element)),
            Touched::Order => false,
        })
    }
}

/// The fields about a form as a whole, and the elements that they are.
pub(crate) const ABOUT: [(&str, &str); 4] = [
    ("tittel", "title"),
    ("beskrivelse", "description"),
    ("formal", "purpose"),
    ("kilde", "copyright"),
];

/// An item without the items below it, but with its explanation.
fn own(item: Option<&Value>) -> Option<Value> {
    let mut item = item?.clone();
    if let Some(members) = item.as_object_mut()
        && let Some(Value::Array(below)) = members.get_mut("item")
    {
        below.retain(tree::is_help);
    }
    Some(item)
}
