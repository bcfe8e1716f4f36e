//! What is decided of each difference, and how far somebody has come: a `List` in the making (`mode`
//! `working`) whose entries are the differences in their order.
//!
//! The list is the author's own until it is done: it carries the label of what is not released.
//! Not here: what comes of the choices (`reconciling::storing`).
//! Standard: <https://hl7.org/fhir/R4/list.html>

use std::collections::BTreeMap;

use akson_base::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::sources::{LIST_SYSTEM, Listed, Row};
use crate::fields::{list, text};
use crate::forms::Form;
use crate::notes::{Withheld, withhold};
use crate::prescribing::prescription::Writing;
use crate::sight::Reader;
use crate::writing::set;

/// The kind of list that somebody is at work on.
const BEGUN: &str = "reconciling";
/// What the lists were when the choices were made.
const BASIS: &str = "https://akson.no/fhir/NamingSystem/reconciling-basis";
/// Stands where nothing is decided yet.
const OPEN: &str = "open";

/// What was decided of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// As it stands with us.
    Keep,
    /// No longer taken.
    Stop,
    /// As this source has it.
    Take(usize),
    /// Only others have it, and it is not taken.
    Leave,
}

impl Choice {
    /// The word of the form.
    pub(crate) fn word(self) -> String {
        match self {
            Self::Keep => "behold".to_owned(),
            Self::Stop => "seponer".to_owned(),
            Self::Take(source) => format!("bruk-{source}"),
            Self::Leave => "utelat".to_owned(),
        }
    }

    /// What can be chosen of a row.
    pub(crate) fn offered(row: &Row) -> Vec<Self> {
        let mut all = Vec::new();
        let own = row.ours.as_ref();
        all.extend(own.map(|_| Self::Keep));
        all.extend(row.versions().into_iter().map(Self::Take));
        match own {
            Some(ours) => all.extend(ours.prescription.as_ref().map(|_| Self::Stop)),
            None => all.push(Self::Leave),
        }
        all
    }

    /// The choice of this word, when the row offers it.
    fn of_word(word: &str, row: &Row) -> Option<Self> {
        Self::offered(row).into_iter().find(|one| one.word() == word)
    }
}

/// What has been decided so far.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// By the row's number.
    pub(crate) choices: BTreeMap<usize, Choice>,
    pub(crate) reason: String,
    /// What is wrong.
    pub(crate) wrong: Option<&'static str>,
    /// The list in the making, when there is one.
    pub(crate) begun: Option<Begun>,
}

/// A list in the making, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub id: String,
    pub version: u32,
    json: Value,
}

/// The differences, each with its number among the rows.
pub(crate) fn different(rows: &[Row]) -> impl Iterator<Item = (usize, &Row)> {
    rows.iter().enumerate().filter(|(_, row)| !row.is_equal())
}

impl Chosen {
    /// How many differences are not decided.
    pub(crate) fn open(&self, rows: &[Row]) -> usize {
        different(rows).filter(|(number, _)| !self.choices.contains_key(number)).count()
    }

    /// What the row takes from elsewhere, as it is chosen.
    pub(crate) fn taken<'a>(&self, number: usize, row: &'a Row) -> Option<&'a Listed> {
        match self.choices.get(&number)? {
            Choice::Take(at) => row.listed(*at),
            Choice::Keep | Choice::Stop | Choice::Leave => None,
        }
    }

    /// Takes in what the form says.
    pub(crate) fn hear(&mut self, sent: &Form, rows: &[Row]) {
        for (number, row) in different(rows) {
            let word = sent.field(&format!("valg-{number}"));
            self.choices.extend(Choice::of_word(word, row).map(|choice| (number, choice)));
        }
        sent.field("begrunnelse").trim().clone_into(&mut self.reason);
    }

    /// What the reader had decided of these very lists.
    pub(crate) async fn read(
        reader: &Reader,
        patient: &str,
        rows: &[Row],
        basis: &str,
    ) -> Result<Self, Problem> {
        let Some(own) = reader.who.actor.practitioner() else { return Ok(Self::default()) };
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query = format!(
            "patient={}&source={}&status=current&code={LIST_SYSTEM}%7C{BEGUN}&_count=1",
            escaped(patient),
            escaped(own)
        );
        let found = reader.search_json(&reader.caller(), "List", query).await?;
        let Some(id) = found.first().and_then(|list| list.get("id")?.as_str()) else {
            return Ok(Self::default());
        };
        let (json, version) = reader.read_json("List", id).await?;
        let mut chosen = Self::default();
        if text(&json, "/identifier/0/value") == basis {
            for (entry, (number, row)) in list(&json, "/entry").iter().zip(different(rows)) {
                let word = text(entry, "/flag/coding/0/code");
                chosen.choices.extend(Choice::of_word(word, row).map(|choice| (number, choice)));
            }
            text(&json, "/note/0/text").clone_into(&mut chosen.reason);
        }
        chosen.begun = Some(Begun { id: id.to_owned(), version, json });
        Ok(chosen)
    }

    /// Stores how far the reader has come.
    pub(crate) async fn keep(
        &mut self,
        reader: &Reader,
        patient: &str,
        rows: &[Row],
        (basis, by): (&str, &Writing),
    ) -> Result<(), Problem> {
        let entries = different(rows).map(|(number, row)| {
            let word = self.choices.get(&number).map_or(OPEN.to_owned(), |choice| choice.word());
            let flag = json!({"coding": [{"system": LIST_SYSTEM, "code": word}]});
            json!({"flag": flag, "item": {"display": row.name}})
        });
        let mut list = json!({
            "resourceType": "List",
            "identifier": [{"system": BASIS, "value": basis}],
            "status": "current",
            "mode": "working",
            "code": {"coding": [{"system": LIST_SYSTEM, "code": BEGUN}]},
            "subject": {"reference": format!("Patient/{patient}")},
            "date": by.now,
            "entry": entries.collect::<Vec<_>>(),
        });
        withhold(&mut list, Some(&Withheld::default()));
        if let Some(author) = &by.author {
            set(&mut list, "source", author.clone());
        }
        if !self.reason.is_empty() {
            set(&mut list, "note", json!([{"text": self.reason}]));
        }
        match &self.begun {
            Some(begun) => {
                set(&mut list, "id", json!(begun.id));
                reader.update("List", &begun.id, begun.version, &list).await
            }
            None => reader.create(&list).await.map(drop),
        }
    }
}

impl Begun {
    /// The list in the making when it is done with: the result stands in a list of its own.
    pub(crate) fn done(&self) -> Value {
        let mut json = self.json.clone();
        set(&mut json, "status", json!("retired"));
        json
    }
}
