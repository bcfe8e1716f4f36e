//! Every way to write, with random tokens, against a model that keeps the state.

use std::collections::BTreeMap;

use akson_base::Problem;
use akson_record::request::{Caller, Did, Written};
use bytes::Bytes;
use serde_json::{Value, json};

use super::model::Token;
use super::{bounded, token};
use crate::cases::rules::model::{Asker, Item, Patient};
use crate::cases::rules::walk::Walk;
use crate::cases::rules::world::{ACT_CODE, Dice, World, reference};
use crate::fixture::kind;

const WORLDS: u64 = 3;
const PATIENTS: usize = 16;
const WRITES: usize = 1500;

#[test]
fn apps_write_what_the_rules_and_their_scopes_allow_as_it_was_and_as_it_becomes() {
    let runs: Vec<Tally> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..WORLDS).map(|seed| scope.spawn(move || run(seed))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for (what, count) in runs.into_iter().flatten() {
        *all.entry(what).or_default() += count;
    }
    println!("{all:?}");
    // Each outcome must have come up, or nothing was tested.
    for what in ["done", "found", "nothing", "REC-003", "REC-044", "REC-071", "REC-072"] {
        assert!(all.get(what).is_some_and(|count| *count >= 10), "{what}: {all:?}");
    }
}

type Tally = BTreeMap<String, usize>;

fn run(seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let walk = Walk::new(World::new(seed * 31 + 900, PATIENTS)).await;
        let mut dice = Dice(seed + 77);
        let mut writer = Writer::new(&walk);
        let mut tally = Tally::new();
        for number in 0..WRITES {
            let expected = writer.one(&mut dice, number).await;
            *tally.entry(expected).or_default() += 1;
        }
        writer.compare().await;
        tally
    })
}

/// What stands now, as the model knows it.
#[derive(Clone)]
struct Standing {
    patient: usize,
    item: Item,
    body: Value,
}

struct Writer<'a> {
    walk: &'a Walk,
    /// Patients without wishes: what is hidden from a writer, `rules` tests.
    patients: Vec<usize>,
    state: BTreeMap<String, Standing>,
    gone: Vec<String>,
}

const TYPES: [&str; 4] = ["Observation", "Condition", "DocumentReference", "Task"];

impl<'a> Writer<'a> {
    fn new(walk: &'a Walk) -> Self {
        let mut state = BTreeMap::new();
        let mut patients = Vec::new();
        for (at, (patient, items)) in walk.world.patients.iter().enumerate() {
            if !patient.wishes.is_empty() {
                continue;
            }
            patients.push(at);
            for item in items.iter().filter(|item| TYPES.contains(&item.type_name)) {
                let is_it = |body: &&Value| {
                    body["resourceType"] == item.type_name && body["id"] == item.id.as_str()
                };
                let body = walk.world.resources.iter().find(is_it).unwrap().clone();
                state.insert(item.reference(), Standing { patient: at, item: item.clone(), body });
            }
        }
        assert!(patients.len() > 2, "too few patients without wishes");
        Self { walk, patients, state, gone: Vec::new() }
    }

    fn patient(&self, at: usize) -> &Patient {
        &self.walk.world.patients[at].0
    }

    /// New content: of the same patient or another, with another label and status.
    fn content(
        &self,
        dice: &mut Dice,
        type_name: &'static str,
        patient: usize,
        id: &str,
    ) -> Standing {
        let label = *dice.pick(&[None, Some("PSY"), Some("ADOL")]);
        let subject = reference(&format!("Patient/{}", self.patient(patient).id));
        let status = *dice.pick(&["final", "amended"]);
        let mut body = match type_name {
            "Observation" => json!({"status": status, "code": {"text": "x"}, "subject": subject}),
            "Condition" => json!({"code": {"text": "x"}, "subject": subject}),
            "Task" => json!({"status": "requested", "intent": "order", "for": subject}),
            _ => json!({"status": "current", "subject": subject,
                "content": [{"attachment": {"title": "x"}}]}),
        };
        body["resourceType"] = type_name.into();
        if let Some(label) = label {
            body["meta"] = json!({"security": [{"system": ACT_CODE, "code": label}]});
        }
        body["identifier"] = json!([{"value": format!("n{id}")}]);
        let is_apart = type_name == "Task";
        let item = Item { type_name, id: id.into(), label, is_apart, ..Item::default() };
        Standing { patient, item, body }
    }

    fn allows(&self, asker: &Asker, token: &Token, letters: &str, one: &Standing) -> bool {
        token.allows(asker, letters, Some(&self.patient(one.patient).id), &one.body)
    }

    fn right(&self, asker: &Asker, one: &Standing) -> char {
        let patient = self.patient(one.patient);
        self.walk.world.town.right(&self.walk.tables, asker, patient, &one.item)
    }

    /// Whether the caller finds it for writing: the rules show it, and the token says something.
    fn is_met(&self, asker: &Asker, token: &Token, letters: &str, one: &Standing) -> bool {
        self.right(asker, one) != '-' && self.allows(asker, token, letters, one)
    }

    /// What a change should come to: `done`, or the code of the refusal.
    fn change(
        &self,
        asker: &Asker,
        token: &Token,
        letter: &str,
        old: Option<&Standing>,
        new: Option<&Standing>,
    ) -> &'static str {
        // What new content is labelled with says nothing of who may write it.
        let plain = |one: &Standing| {
            let item = Item { label: None, ..one.item.clone() };
            Standing { item, ..one.clone() }
        };
        let both = [old.cloned(), new.map(plain)];
        if both.iter().flatten().any(|one| self.right(asker, one) != 'w') {
            return "REC-044";
        }
        if [old, new].iter().flatten().any(|one| !self.allows(asker, token, letter, one)) {
            return "REC-072";
        }
        "done"
    }

    async fn one(&mut self, dice: &mut Dice, number: usize) -> String {
        let names: Vec<&String> = self.state.keys().collect();
        let mut old = self.state[*dice.pick(&names)].clone();
        let (mut asker, mut caller) = dice.pick(&self.walk.callers).clone();
        // Most may write nothing: look a little for one who may, and for what a condition finds.
        for _ in 0..dice.below(30) {
            if self.right(&asker, &old) != 'w' {
                (asker, caller) = dice.pick(&self.walk.callers).clone();
            } else if old.body.get("identifier").is_none() {
                old = self.state[*dice.pick(&names)].clone();
            }
        }
        let mut token = token(dice, &asker, PATIENTS);
        if dice.one_in(2) {
            // Something to write with.
            let query = *dice.pick(&["", "?_security:missing=true", "?_security=PSY"]);
            let own = if matches!(asker, Asker::System(_)) { "system" } else { "user" };
            token.words.push(format!("{own}/*.cruds{query}"));
        }
        let caller = bounded(&caller, &token);
        let moves = dice.one_in(6);
        let patient = if moves { *dice.pick(&self.patients) } else { old.patient };
        let fresh = format!("{number}");
        match dice.below(6) {
            0 => self.create(dice, (&asker, &caller, &token), patient, &fresh).await,
            1 => {
                let new = self.content(dice, old.item.type_name, patient, &fresh);
                self.update((&asker, &caller, &token), &old, new).await
            }
            2 => self.delete((&asker, &caller, &token), &old).await,
            3 => self.conditional(dice, (&asker, &caller, &token), &old, &fresh).await,
            4 => self.delete_conditional((&asker, &caller, &token), &old).await,
            _ => self.transaction(dice, (&asker, &caller, &token), &old, &fresh).await,
        }
    }

    async fn create(
        &mut self,
        dice: &mut Dice,
        who: Who<'_>,
        patient: usize,
        fresh: &str,
    ) -> String {
        let (asker, caller, token) = who;
        let type_name = *dice.pick(&TYPES);
        let new = self.content(dice, type_name, patient, fresh);
        let expected = match token.speaks_of(asker, type_name, "c") {
            false => "REC-071",
            true => self.change(asker, token, "c", None, Some(&new)),
        };
        let body = Bytes::from(new.body.to_string());
        let got = self.walk.record.create(caller, kind(type_name), body, None).await;
        self.settle(expected, got, Some(new), None, who)
    }

    async fn update(&mut self, who: Who<'_>, old: &Standing, mut new: Standing) -> String {
        let (asker, caller, token) = who;
        let type_name = old.item.type_name;
        new.item.id.clone_from(&old.item.id);
        new.body["id"] = old.item.id.as_str().into();
        let expected = if !token.speaks_of(asker, type_name, "u") {
            "REC-071"
        } else if !self.is_met(asker, token, "ruds", old) {
            "REC-003"
        } else {
            self.change(asker, token, "u", Some(old), Some(&new))
        };
        let body = Bytes::from(new.body.to_string());
        let record = &self.walk.record;
        let got = record.update(caller, kind(type_name), &old.item.id, body, None).await;
        self.settle(expected, got, Some(new), None, who)
    }

    async fn delete(&mut self, who: Who<'_>, old: &Standing) -> String {
        let (asker, caller, token) = who;
        let type_name = old.item.type_name;
        let expected = if !token.speaks_of(asker, type_name, "d") {
            "REC-071"
        } else if !self.is_met(asker, token, "ruds", old) {
            "nothing"
        } else {
            self.change(asker, token, "d", Some(old), None)
        };
        let got = self.walk.record.delete(caller, kind(type_name), &old.item.id, None).await;
        self.settle(expected, got, None, Some(old), who)
    }

    /// A condition that only the old one fulfils, if any.
    fn condition(&self, old: &Standing) -> String {
        let value = old.body["identifier"][0]["value"].as_str().unwrap_or("none-has-this");
        format!("identifier={value}")
    }

    fn is_found(&self, who: Who<'_>, old: &Standing) -> bool {
        old.body.get("identifier").is_some() && self.is_met(who.0, who.2, "s", old)
    }

    fn may_condition(&self, who: Who<'_>, type_name: &str, letter: &str) -> bool {
        let (asker, _, token) = who;
        token.speaks_of(asker, type_name, letter) && token.speaks_of(asker, type_name, "s")
    }

    async fn conditional(
        &mut self,
        dice: &mut Dice,
        who: Who<'_>,
        old: &Standing,
        fresh: &str,
    ) -> String {
        let (asker, caller, token) = who;
        let type_name = old.item.type_name;
        let mut new = self.content(dice, type_name, old.patient, fresh);
        let is_found = self.is_found(who, old);
        let (of, condition) = (kind(type_name), self.condition(old));
        let body = Bytes::from(new.body.to_string());
        if dice.one_in(2) {
            let expected = if !self.may_condition(who, type_name, "c") {
                "REC-071"
            } else if is_found {
                "found"
            } else {
                self.change(asker, token, "c", None, Some(&new))
            };
            let got = self.walk.record.create(caller, of, body, Some(&condition)).await;
            return self.settle(expected, got, Some(new), None, who);
        }
        let expected = if !self.may_condition(who, type_name, "u") {
            "REC-071"
        } else {
            let was = is_found.then_some(old);
            self.change(asker, token, "u", was, Some(&new))
        };
        if is_found {
            new.item.id.clone_from(&old.item.id);
        }
        let got = self.walk.record.update_conditional(caller, of, &condition, body, None).await;
        self.settle(expected, got, Some(new), None, who)
    }

    async fn delete_conditional(&mut self, who: Who<'_>, old: &Standing) -> String {
        let (asker, caller, token) = who;
        let type_name = old.item.type_name;
        let expected = if !self.may_condition(who, type_name, "d") {
            "REC-071"
        } else if !self.is_found(who, old) {
            "nothing"
        } else {
            self.change(asker, token, "d", Some(old), None)
        };
        let condition = self.condition(old);
        let got = self.walk.record.delete_conditional(caller, kind(type_name), &condition).await;
        self.settle(expected, got, None, Some(old), who)
    }

    /// Two changes, of which one that may not be leaves both undone.
    async fn transaction(
        &mut self,
        dice: &mut Dice,
        who: Who<'_>,
        old: &Standing,
        fresh: &str,
    ) -> String {
        let (asker, caller, token) = who;
        let mut updated = self.content(dice, old.item.type_name, old.patient, fresh);
        updated.item.id.clone_from(&old.item.id);
        updated.body["id"] = old.item.id.as_str().into();
        let created = self.content(dice, "Observation", old.patient, &format!("t{fresh}"));
        let of = old.item.type_name;
        let may = token.speaks_of(asker, of, "u")
            && token.speaks_of(asker, "Observation", "c")
            && self.is_met(asker, token, "ruds", old)
            && self.change(asker, token, "u", Some(old), Some(&updated)) == "done"
            && self.change(asker, token, "c", None, Some(&created)) == "done";
        let url = format!("{of}/{}", old.item.id);
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": updated.body, "request": {"method": "PUT", "url": url}},
            {"resource": created.body, "request": {"method": "POST", "url": "Observation"}}]});
        let got = self.walk.record.bundle(caller, Bytes::from(bundle.to_string())).await;
        assert_eq!(got.is_ok(), may, "transaction: {got:?}\n{asker:?} {token:?}\n{bundle}");
        if let Ok(answer) = got {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let location = answer["entry"][1]["response"]["location"].as_str().unwrap();
            let id = location.split('/').rev().nth(2).unwrap().to_string();
            self.stands(updated);
            let mut created = created;
            created.item.id = id;
            self.stands(created);
            return "done".into();
        }
        "transaction undone".into()
    }

    fn stands(&mut self, one: Standing) {
        let mut one = one;
        one.body["id"] = one.item.id.as_str().into();
        self.state.insert(one.item.reference(), one);
    }

    /// Holds the answer against what was expected, and keeps the state.
    fn settle(
        &mut self,
        expected: &str,
        got: Result<Written, Problem>,
        new: Option<Standing>,
        deleted: Option<&Standing>,
        who: Who<'_>,
    ) -> String {
        let told = match &got {
            Err(problem) => problem.code,
            Ok(written) => match (written.did, &written.version) {
                (Did::Found, _) => "found",
                (Did::Deleted, None) => "nothing",
                (Did::Created | Did::Updated | Did::Deleted, _) => "done",
            },
        };
        assert_eq!(told, expected, "{got:?}\n{:?} {:?}\n{:?}", who.0, who.2, new.map(|n| n.body));
        if expected == "done" {
            if let Some(mut new) = new {
                new.item.id = got.unwrap().version.unwrap().id;
                self.stands(new);
            }
            if let Some(deleted) = deleted {
                self.state.remove(&deleted.item.reference());
                self.gone.push(deleted.item.reference());
            }
        }
        expected.to_string()
    }

    /// The whole record is as the model says.
    async fn compare(&self) {
        let open = &self.walk.open;
        for (name, standing) in &self.state {
            let (of, id) = name.split_once('/').unwrap();
            let mut body = open.read(of, id).await.unwrap();
            let security = body["meta"].get("security").cloned();
            let expected = standing.body.get("meta").and_then(|m| m.get("security")).cloned();
            assert_eq!(security, expected, "{name}");
            body.as_object_mut().unwrap().remove("meta");
            let mut expected = standing.body.clone();
            expected.as_object_mut().unwrap().remove("meta");
            assert_eq!(body, expected, "{name}");
        }
        for name in self.gone.iter().filter(|name| !self.state.contains_key(*name)) {
            let (of, id) = name.split_once('/').unwrap();
            assert_eq!(open.read(of, id).await.unwrap_err().code, "REC-004", "{name}");
        }
    }
}

type Who<'w> = (&'w Asker, &'w Caller, &'w Token);
