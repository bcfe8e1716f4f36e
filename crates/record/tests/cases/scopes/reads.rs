//! Every way to look, with random tokens, in random worlds.

use std::collections::BTreeMap;

use akson_base::Problem;
use akson_record::request::{Caller, HistoryRequest, HistoryScope, SearchRequest};
use futures_util::StreamExt;
use serde_json::Value;

use super::model::Token;
use super::{bounded, token};
use crate::cases::rules::model::{Asker, Item, Patient};
use crate::cases::rules::walk::{Ids, TYPES, Walk, ids, joined, of_type, same};
use crate::cases::rules::world::{Dice, World};
use crate::fixture::kind;

const WORLDS: u64 = 4;
const PATIENTS: usize = 14;
/// Tokens for each asker.
const TOKENS: usize = 4;
const AT_ONCE: usize = 64;

#[test]
fn apps_see_what_the_rules_and_their_scopes_allow_in_every_interaction() {
    let begun = std::time::Instant::now();
    let walks: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let walks: Vec<_> = (0..WORLDS).map(|seed| scope.spawn(move || walk(seed))).collect();
        walks.into_iter().map(|walk| walk.join().unwrap()).collect()
    });
    let situations: usize = walks.iter().map(|(count, _)| count).sum();
    let mut wrong: Vec<String> = walks.into_iter().flat_map(|(_, wrong)| wrong).collect();
    println!("{situations} situations, {:?}", begun.elapsed());
    assert!(situations >= 10_000, "only {situations} situations");
    let count = wrong.len();
    wrong.truncate(15);
    assert!(wrong.is_empty(), "{count} answers are not the model's:\n{}", wrong.join("\n"));
}

fn walk(seed: u64) -> (usize, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let walk = Walk::new(World::new(seed * 104_729 + 7, PATIENTS)).await;
        let world = Scoped::new(&walk);
        let mut dice = Dice(seed + 1);
        let mut tries = Vec::new();
        for (asker, caller) in &walk.callers {
            for _ in 0..TOKENS {
                let token = token(&mut dice, asker, PATIENTS);
                tries.push((asker, bounded(caller, &token), token, dice.below(1 << 20)));
            }
        }
        let mut answers = futures_util::stream::iter(&tries)
            .map(|(asker, caller, token, turn)| world.asked(asker, caller, token, *turn))
            .buffer_unordered(AT_ONCE);
        let (mut count, mut wrong) = (0, Vec::new());
        while let Some((questions, faults)) = answers.next().await {
            count += questions;
            wrong.extend(faults);
        }
        (count, wrong)
    })
}

/// A world with its resources at hand.
struct Scoped<'a> {
    walk: &'a Walk,
    bodies: BTreeMap<String, &'a Value>,
}

impl<'a> Scoped<'a> {
    fn new(walk: &'a Walk) -> Self {
        let name = |body: &Value| {
            format!("{}/{}", body["resourceType"].as_str().unwrap(), body["id"].as_str().unwrap())
        };
        Self { walk, bodies: walk.world.resources.iter().map(|body| (name(body), body)).collect() }
    }

    /// What the asker should see with the token when one of these letters is needed.
    fn visible(&self, asker: &Asker, token: &Token, letters: &str) -> Vec<(&'a Patient, &'a Item)> {
        let patients = self.walk.world.patients.iter();
        let all = patients.flat_map(|(patient, items)| items.iter().map(move |i| (patient, i)));
        all.filter(|(patient, item)| {
            let body = self.bodies[&item.reference()];
            self.walk.sees(asker, patient, item)
                && token.allows(asker, letters, Some(&patient.id), body)
        })
        .collect()
    }

    async fn asked(
        &self,
        asker: &Asker,
        caller: &Caller,
        token: &Token,
        turn: usize,
    ) -> (usize, Vec<String>) {
        let searched = self.visible(asker, token, "s");
        let read = self.visible(asker, token, "r");
        let mut wrong = Vec::new();
        let mut count = self.lists(asker, caller, token, &searched, &mut wrong).await;
        count += self.by_id(asker, caller, token, &read, turn, &mut wrong).await;
        count += self.of_patients(asker, caller, token, &searched, turn, &mut wrong).await;
        let who = format!("{} {asker:?}\n  with {token:?}", self.walk.world.town.role(asker));
        (count, wrong.into_iter().map(|line| format!("{line}\n  {who}")).collect())
    }

    async fn search(
        &self,
        caller: &Caller,
        type_name: Option<&str>,
        within: Option<&str>,
        query: &str,
    ) -> Result<(Ids, Option<u64>), Problem> {
        let mut query = query.to_string();
        let (mut found, mut total) = (Ids::new(), None);
        loop {
            let request = SearchRequest {
                resource_type: type_name.map(kind),
                compartment: within.map(|id| (kind("Patient"), id.to_string())),
                query,
                strict: true,
            };
            let page = self.walk.record.search(caller, request).await?;
            total = total.or(page.total);
            found.extend(ids(&page, None));
            match page.next_link.as_ref().and_then(|next| next.split_once('?')) {
                Some((_, next)) => query = next.to_string(),
                None => return Ok((found, total)),
            }
        }
    }

    async fn lists(
        &self,
        asker: &Asker,
        caller: &Caller,
        token: &Token,
        searched: &[(&Patient, &Item)],
        wrong: &mut Vec<String>,
    ) -> usize {
        let mut count = 0;
        for type_name in TYPES {
            let speaks = token.speaks_of(asker, type_name, "s");
            let own = of_type(searched, type_name);
            let size = if own.len().is_multiple_of(2) { 1000 } else { 3 };
            let ask = format!("_count={size}&_total=accurate");
            let got = self.search(caller, Some(type_name), None, &ask).await;
            if let Ok((found, total)) = &got
                && *total != Some(found.len() as u64)
            {
                wrong.push(format!("{type_name}: total {total:?} of {}", found.len()));
            }
            judge(&format!("{type_name}?{ask}"), speaks, &own, got.map(|(ids, _)| ids), wrong);
            let scope = HistoryScope::Type(kind(type_name));
            let request = HistoryRequest { scope, query: "_count=1000".into() };
            let got = self.walk.record.history(caller, request).await;
            let got = got.map(|page| ids(&page, None));
            judge(&format!("{type_name}/_history"), speaks, &own, got, wrong);
            count += 2;
        }
        for (ask, expected) in joined(searched) {
            let (type_name, query) = ask.split_once('?').unwrap();
            let query = format!("{query}&_count=1000");
            let got = self.search(caller, Some(type_name), None, &query).await;
            let speaks = token.speaks_of(asker, type_name, "s");
            judge(ask, speaks, &expected, got.map(|(ids, _)| ids), wrong);
            count += 1;
        }
        let of_all = TYPES.join(",");
        let got = self.search(caller, None, None, &format!("_type={of_all}&_count=1000")).await;
        let all = searched.iter().map(|(_, item)| item).filter(|item| item.type_name != "Binary");
        let all: Ids = all.map(|item| item.reference()).collect();
        let speaks = token.words.iter().any(|_| speaks_at_all(asker, token));
        judge("search over all types", speaks, &all, got.map(|(ids, _)| ids), wrong);
        let found = self.walk.record.find_patients(caller, "Nordmann", 100).await;
        let found = found.map(|all| all.iter().map(|v| format!("Patient/{}", v.id)).collect());
        let speaks = token.speaks_of(asker, "Patient", "s");
        judge("find_patients", speaks, &of_type(searched, "Patient"), found, wrong);
        self.of_the_house(asker, caller, token, wrong).await;
        count + 4
    }

    /// Registers are of no patient: a word on the type is enough, in any context.
    async fn of_the_house(
        &self,
        asker: &Asker,
        caller: &Caller,
        token: &Token,
        wrong: &mut Vec<String>,
    ) {
        for type_name in ["Organization", "PractitionerRole"] {
            let own = self.bodies.iter().filter(|(name, body)| {
                name.starts_with(&format!("{type_name}/")) && token.allows(asker, "s", None, body)
            });
            let own = own.map(|(name, _)| name.clone()).collect();
            let got = self.search(caller, Some(type_name), None, "_count=1000").await;
            let speaks = token.speaks_of(asker, type_name, "s");
            judge(type_name, speaks, &own, got.map(|(ids, _)| ids), wrong);
        }
    }

    async fn by_id(
        &self,
        asker: &Asker,
        caller: &Caller,
        token: &Token,
        read: &[(&Patient, &Item)],
        turn: usize,
        wrong: &mut Vec<String>,
    ) -> usize {
        let seen = of_all(read);
        let patients = self.walk.world.patients.iter();
        let all: Vec<&Item> = patients.flat_map(|(_, items)| items).collect();
        let mut count = 0;
        for (at, item) in all.iter().enumerate().filter(|(at, _)| (at + turn).is_multiple_of(5)) {
            count += 1;
            let way = (at + turn) / 5 % 3;
            let got = self.one(caller, way, item.type_name, &item.id).await;
            let question = format!("way {way} to {}", item.reference());
            let never = || self.one(caller, way, item.type_name, "never-was");
            if !token.speaks_of(asker, item.type_name, "r") {
                for got in [got, never().await] {
                    beyond(&question, got.map(|_| ()), wrong);
                }
                continue;
            }
            let is_seen = seen.contains(&item.reference());
            wrong.extend(same(&question, got, never, is_seen).await);
        }
        count
    }

    async fn one(
        &self,
        caller: &Caller,
        way: usize,
        type_name: &str,
        id: &str,
    ) -> Result<String, Problem> {
        let (record, of) = (&self.walk.record, kind(type_name));
        match way {
            0 => record.read(caller, of, id).await.map(|version| version.id),
            1 => record.vread(caller, of, id, "1").await.map(|version| version.id),
            _ => {
                let scope = HistoryScope::Instance(of, id.to_string());
                let request = HistoryRequest { scope, query: String::new() };
                let page = record.history(caller, request).await?;
                Ok(page.entries[0].0.id.clone())
            }
        }
    }

    async fn of_patients(
        &self,
        asker: &Asker,
        caller: &Caller,
        token: &Token,
        searched: &[(&Patient, &Item)],
        turn: usize,
        wrong: &mut Vec<String>,
    ) -> usize {
        let launch = token.launch.as_deref().unwrap();
        let other = format!("p{}", turn % PATIENTS);
        for id in [launch, &other] {
            let own: Vec<_> = searched.iter().filter(|(patient, _)| patient.id == *id).collect();
            let in_range = own.iter().filter(|(_, item)| !item.is_apart);
            let expected: Ids = in_range.map(|(_, item)| item.reference()).collect();
            let got = self.walk.bundle_of_everything(caller, id).await.map(|all| {
                let of_types = |name: &String| TYPES.contains(&name.split_once('/').unwrap().0);
                all.into_iter().filter(of_types).collect()
            });
            let speaks = token.speaks_of(asker, "Patient", "s");
            if speaks && !expected.contains(&format!("Patient/{id}")) {
                let nothing = |_: Ids| String::new();
                let never = || async {
                    self.walk.bundle_of_everything(caller, "never-was").await.map(nothing)
                };
                wrong.extend(same("$everything", got.map(nothing), never, false).await);
            } else {
                judge("$everything", speaks, &expected, got, wrong);
            }
            let name = ["Observation", "DocumentReference", "Condition"][turn % 3];
            let expected = own.iter().filter(|(_, item)| item.type_name == name);
            let expected = expected.map(|(_, item)| item.reference()).collect();
            let got = self.search(caller, Some(name), Some(id), "_count=1000").await;
            let speaks = token.speaks_of(asker, name, "s");
            judge(&format!("{id}/{name}"), speaks, &expected, got.map(|(ids, _)| ids), wrong);
        }
        4
    }
}

fn speaks_at_all(asker: &Asker, token: &Token) -> bool {
    TYPES.iter().any(|name| token.speaks_of(asker, name, "s"))
}

fn of_all(visible: &[(&Patient, &Item)]) -> Ids {
    visible.iter().map(|(_, item)| item.reference()).collect()
}

/// What no scope speaks of is refused as a whole, whether it is there or not.
fn beyond(question: &str, got: Result<(), Problem>, wrong: &mut Vec<String>) {
    match got {
        Err(problem) if problem.code == "REC-071" => {}
        other => wrong.push(format!("{question}: {other:?}, but no scope speaks of it")),
    }
}

fn judge(
    question: &str,
    speaks: bool,
    expected: &Ids,
    got: Result<Ids, Problem>,
    wrong: &mut Vec<String>,
) {
    match got {
        _ if !speaks => beyond(question, got.map(|_| ()), wrong),
        Err(problem) => wrong.push(format!("{question}: {problem:?}")),
        Ok(found) if found == *expected => {}
        Ok(found) => {
            let more: Vec<_> = found.difference(expected).take(4).collect();
            let less: Vec<_> = expected.difference(&found).take(4).collect();
            wrong.push(format!("{question}: too many {more:?}, too few {less:?}"));
        }
    }
}
