//! What is done with a signed note: read its versions, sign it too, mark it as entered in error, release
//! it later or now.
//!
//! Not here: correcting, which is writing and signing again (`signing`), HTML (`pages::note_page`).

use akson_base::{Kind, Problem};
use akson_record::request::{HistoryRequest, HistoryScope};
use serde_json::{Value, json};

use super::note::{Note, State, Withheld, myself, own_unit, say_why, withhold};
use super::saving::not_yours;
use super::signing::{CO_SIGN, co_sign};
use crate::dates::{Moment, iso};
use crate::fields::text_at;
use crate::people::{quoted, type_of};
use crate::sight::{Reader, as_json};
use crate::systems::TASK_SYSTEM;
use crate::writing::{Together, set};

/// Versions of one note that are read.
const VERSIONS_MAX: usize = 200;

/// One who signed a note too, or is asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoSigner {
    pub name: String,
    /// When it was signed; not yet, without.
    pub at: Option<Moment>,
    /// Whether it is the reader who is asked.
    pub is_me: bool,
}

/// A version of a signed note.
#[derive(Clone, Debug)]
pub(crate) struct SignedVersion {
    pub note: Note,
    pub at: Moment,
}

impl Reader {
    /// Who signed a note besides its author, and who is asked to.
    pub(crate) async fn co_signers(&self, note: &str) -> Result<Vec<CoSigner>, Problem> {
        let caller = self.caller();
        let query = format!("target=DocumentReference/{}&_count=50", quoted(note));
        let signed = self.search_json(&caller, "Provenance", query).await?;
        let mut all: Vec<CoSigner> = signed
            .iter()
            .filter_map(|one| {
                let text = |path: &str| text_at(one, path);
                let at = text("/recorded").and_then(Moment::parse);
                let name = text("/agent/0/who/display")?.to_owned();
                Some(CoSigner { name, at, is_me: false })
            })
            .collect();
        let own = self.who.actor.practitioner();
        all.extend(self.asked(note).await?.iter().map(|(task, _, _)| {
            let text = |path: &str| text_at(task, path);
            CoSigner {
                name: text("/owner/display").unwrap_or_default().to_owned(),
                at: None,
                is_me: own.is_some() && text("/owner/reference") == own,
            }
        }));
        Ok(all)
    }

    /// The open requests to sign a note too: resource, id and version.
    async fn asked(&self, note: &str) -> Result<Vec<(Value, String, u32)>, Problem> {
        let code = quoted(&format!("{TASK_SYSTEM}|{CO_SIGN}"));
        let note = quoted(note);
        let query = format!("focus=DocumentReference/{note}&code={code}&status=requested");
        let tasks = self.search_json(&self.caller(), "Task", query).await?;
        let with_version = tasks.into_iter().filter_map(|task| {
            let text = |path: &str| text_at(&task, path);
            let version = text("/meta/versionId")?.parse().ok()?;
            let id = text("/id")?.to_owned();
            Some((task, id, version))
        });
        Ok(with_version.collect())
    }

    /// Asks a colleague to sign a note too.
    pub(crate) async fn ask_to_sign(
        &self,
        patient: &str,
        note: &Note,
        colleague: &str,
    ) -> Result<(), Problem> {
        let all = self.colleagues().await?;
        let Some((to, name)) = all.iter().find(|(one, _)| one == colleague) else {
            let text = "Nobody of this name works here.";
            return Err(Problem::new(Kind::Invalid, "WEB-165", text));
        };
        let note = (note.id.as_str(), note.content.title.as_str());
        let task = co_sign(patient, note, (to, name), &iso(self.now()), self);
        self.create(&task).await.map(drop)
    }

    /// Signs a note that the reader was asked to sign too.
    pub(crate) async fn co_sign(&self, patient: &str, note: &Note) -> Result<(), Problem> {
        let own = self.who.actor.practitioner().unwrap_or_default();
        let mut asked = self.asked(&note.id).await?.into_iter();
        let mine = asked.find(|(task, _, _)| {
            task.pointer("/owner/reference").and_then(Value::as_str) == Some(own)
        });
        let Some((mut task, id, version)) = mine else {
            let text = "You are not asked to sign this note.";
            return Err(Problem::new(Kind::Refused, "WEB-166", text));
        };
        let now = iso(self.now());
        set(&mut task, "status", json!("completed"));
        set(&mut task, "lastModified", json!(now));
        let mut agent = json!({
            "type": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                "code": "verifier"}]},
            "who": myself(&self.who.actor),
        });
        if let Some(unit) = own_unit(&self.who.actor) {
            set(&mut agent, "onBehalfOf", unit);
        }
        let provenance = json!({
            "resourceType": "Provenance", "recorded": now, "agent": [agent],
            "target": [{"reference": format!("DocumentReference/{}", note.id)},
                {"reference": format!("Patient/{patient}")}],
        });
        let mut together = Together::default();
        together.update("Task", &id, version, &task);
        together.create(&provenance);
        self.store(together).await.map(drop)
    }

    /// Marks a note as entered in error. The text stays readable for those who read the journal.
    pub(crate) async fn withdraw_note(&self, note: &Note, why: &str) -> Result<(), Problem> {
        self.only_mine(note)?;
        if why.trim().is_empty() {
            let text = "It must be said why a note is marked as entered in error.";
            return Err(Problem::new(Kind::Invalid, "WEB-167", text));
        }
        let mut resource = note.resource.clone();
        set(&mut resource, "status", json!("entered-in-error"));
        set(&mut resource, "authenticator", myself(&self.who.actor));
        say_why(&mut resource, why);
        self.update("DocumentReference", &note.id, note.version, &resource).await
    }

    /// Sets until when a note is not released to the citizen, or releases it: with it the contact, and
    /// the diagnoses that came of it.
    pub(crate) async fn release(
        &self,
        patient: &str,
        note: &Note,
        withheld: Option<&Withheld>,
    ) -> Result<(), Problem> {
        self.only_mine(note)?;
        let mut together = Together::default();
        let mut resource = note.resource.clone();
        withhold(&mut resource, withheld);
        together.update("DocumentReference", &note.id, note.version, &resource);
        if let Some((_, id)) = note.encounter.as_deref().and_then(|to| to.split_once('/')) {
            let (mut encounter, version) = self.read_json("Encounter", id).await?;
            withhold(&mut encounter, withheld);
            together.update("Encounter", id, version, &encounter);
            let (patient, id) = (quoted(patient), quoted(id));
            let query = format!("patient={patient}&encounter=Encounter/{id}&_count=50");
            for condition in self.search_json(&self.caller(), "Condition", query).await? {
                let text = |path: &str| text_at(&condition, path);
                let version = text("/meta/versionId").and_then(|version| version.parse().ok());
                let (Some(id), Some(version)) = (text("/id"), version) else { continue };
                let mut new = condition.clone();
                withhold(&mut new, withheld);
                together.update("Condition", id, version, &new);
            }
        }
        self.store(together).await.map(drop)
    }

    fn only_mine(&self, note: &Note) -> Result<(), Problem> {
        let own = self.who.actor.practitioner();
        let signed = own.is_some() && note.signer.as_ref().map(|(to, _)| to.as_str()) == own;
        if note.is_by(&self.who.actor) || signed { Ok(()) } else { Err(not_yours()) }
    }

    /// The signed versions of a note, newest first. What was a draft is nobody's to read any more.
    pub(crate) async fn versions(&self, id: &str) -> Result<Vec<SignedVersion>, Problem> {
        let request = HistoryRequest {
            scope: HistoryScope::Instance(type_of("DocumentReference")?, id.to_owned()),
            query: format!("_count={VERSIONS_MAX}"),
        };
        let page = self.record().history(&self.caller(), request).await?;
        let mut versions = Vec::new();
        for (version, _) in page.entries.iter().filter(|(version, _)| !version.deleted) {
            let note = Note::read(as_json(version)?, version.version);
            let is_draft = |state| matches!(state, State::Draft | State::Discarded | State::Merged);
            let signed = note.filter(|note| !is_draft(note.state));
            let at = Moment::from_instant(version.time);
            versions.extend(signed.map(|note| SignedVersion { note, at }));
        }
        Ok(versions)
    }
}
