//! Asks the record everything that can be asked, as everybody, and holds the answers against the
//! model.

use std::collections::BTreeSet;
use std::sync::Arc;

use akson_access::{Actor, Identity, Policy, Standing};
use akson_base::Problem;
use akson_record::Record;
use akson_record::request::{
    Caller, EverythingRequest, HistoryRequest, HistoryScope, Mode, Page, SearchRequest,
};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::model::{Asker, Item, Patient, Tables};
use super::world::World;
use crate::fixture::{Fixture, kind};

/// Questions asked at the same time, so that their log entries share commits.
const AT_ONCE: usize = 64;
/// Of how many items one is asked for by itself.
const SHARE: usize = 4;
/// What the worlds have, by type.
pub(crate) const TYPES: [&str; 18] = [
    "Patient",
    "RelatedPerson",
    "Appointment",
    "CareTeam",
    "EpisodeOfCare",
    "Encounter",
    "Observation",
    "Condition",
    "ServiceRequest",
    "MedicationRequest",
    "MedicationStatement",
    "DocumentReference",
    "List",
    "Consent",
    "Coverage",
    "AuditEvent",
    "Task",
    "Device",
];

pub(crate) struct Walk {
    /// Whose folder must outlive the walk.
    pub(crate) open: Fixture,
    pub(crate) record: Arc<Record>,
    pub(crate) world: World,
    pub(crate) tables: Tables,
    pub(crate) callers: Vec<(Asker, Caller)>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) situations: usize,
    pub(crate) questions: usize,
    pub(crate) wrong: Vec<String>,
}

pub(crate) type Ids = BTreeSet<String>;

impl Walk {
    pub(crate) async fn new(world: World) -> Self {
        let fixture = Fixture::new();
        let entries: Vec<Value> = world
            .resources
            .iter()
            .map(|resource| {
                let name = resource["resourceType"].as_str().unwrap();
                let url = format!("{name}/{}", resource["id"].as_str().unwrap());
                json!({"resource": resource, "request": {"method": "PUT", "url": url}})
            })
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        fixture.bundle(bundle).await.unwrap();
        let record = Arc::new(Record::new(Arc::clone(fixture.record.store()), Policy::Rules));
        let callers = world.askers.iter().map(|asker| {
            let actor = actor(&record, &world, asker);
            let base = Arc::from("http://localhost/fhir");
            (asker.clone(), Caller { actor: Arc::new(actor), trace: "walk".into(), base })
        });
        let callers = callers.collect();
        Self { open: fixture, record, world, tables: Tables::read(), callers }
    }

    pub(crate) fn sees(&self, asker: &Asker, patient: &Patient, item: &Item) -> bool {
        self.world.town.right(&self.tables, asker, patient, item) != '-'
    }

    /// Everything about patients that the asker should see.
    fn visible(&self, asker: &Asker) -> Vec<(&Patient, &Item)> {
        let all =
            self.world.patients.iter().flat_map(|(p, items)| items.iter().map(move |i| (p, i)));
        all.filter(|(patient, item)| self.sees(asker, patient, item)).collect()
    }

    fn describe(&self, asker: &Asker, patient: Option<&Patient>) -> String {
        let role = self.world.town.role(asker);
        let place = match asker {
            Asker::Personnel(at) => format!("{:?}", self.world.town.places[*at]),
            Asker::Citizen(_) | Asker::System(_) => String::new(),
        };
        format!("{role} {asker:?} {place}\n  with {patient:?}\n")
    }

    pub(crate) async fn all(&self) -> Seen {
        let mut seen = Seen::default();
        let mut answers = futures_util::stream::iter(&self.callers)
            .map(|(asker, caller)| self.as_one(asker, caller))
            .buffer_unordered(AT_ONCE);
        while let Some(one) = answers.next().await {
            seen.situations += one.situations;
            seen.questions += one.questions;
            seen.wrong.extend(one.wrong);
        }
        seen
    }

    async fn as_one(&self, asker: &Asker, caller: &Caller) -> Seen {
        let visible = self.visible(asker);
        let mut seen = Seen::default();
        for (question, expected, got) in self.lists(asker, caller, &visible).await {
            seen.questions += 1;
            if expected != got {
                let (more, less) = differences(&expected, &got);
                let about = self.whose(more.iter().chain(&less).next());
                let who = self.describe(asker, about);
                seen.wrong
                    .push(format!("{question}: too many {more:?}, too few {less:?}\n  {who}"));
            }
        }
        let mut answers = futures_util::stream::iter(&self.world.patients)
            .map(|(patient, items)| self.with_patient(asker, caller, patient, items))
            .buffer_unordered(AT_ONCE);
        while let Some((questions, wrong)) = answers.next().await {
            seen.situations += 1;
            seen.questions += questions;
            seen.wrong.extend(wrong);
        }
        seen
    }

    fn whose(&self, reference: Option<&String>) -> Option<&Patient> {
        let reference = reference?;
        let has = |items: &[Item]| items.iter().any(|item| item.reference() == *reference);
        self.world.patients.iter().find(|(_, items)| has(items)).map(|(patient, _)| patient)
    }

    /// What is asked without a patient in mind: the question, what it should find, what it finds.
    async fn lists(
        &self,
        asker: &Asker,
        caller: &Caller,
        visible: &[(&Patient, &Item)],
    ) -> Vec<(String, Ids, Ids)> {
        let mut answers = Vec::new();
        for type_name in TYPES {
            let own = of_type(visible, type_name);
            for ask in ["_count=1000&_total=accurate", "_count=3&_total=accurate"] {
                let (found, total) = self.pages(caller, type_name, ask).await;
                assert_eq!(total, Some(found.len() as u64), "{type_name}?{ask}");
                answers.push((format!("{type_name}?{ask}"), own.clone(), found));
            }
            let scope = HistoryScope::Type(kind(type_name));
            let request = HistoryRequest { scope, query: "_count=1000".into() };
            let page = self.record.history(caller, request).await.unwrap();
            answers.push((format!("{type_name}/_history"), own.clone(), ids(&page, None)));
            answers.push((
                format!("{type_name} kept"),
                own,
                self.kept(caller, type_name, true).await,
            ));
            let none = self.kept(caller, type_name, false).await;
            answers.push((format!("{type_name} not kept"), Ids::new(), none));
        }
        for (ask, expected) in joined(visible) {
            let (type_name, query) = ask.split_once('?').unwrap();
            let page = self.search(caller, type_name, None, &format!("{query}&_count=1000")).await;
            answers.push((ask.to_string(), expected, ids(&page, None)));
        }
        let found = self.record.find_patients(caller, "Nordmann", 100).await.unwrap();
        let found = found.iter().map(|v| format!("Patient/{}", v.id)).collect();
        answers.push(("find_patients".into(), of_type(visible, "Patient"), found));
        let for_whom = self.record.acted_for(caller).await.unwrap();
        let for_whom = for_whom.iter().map(|(v, _)| format!("Patient/{}", v.id)).collect();
        let expected = match asker {
            Asker::Citizen(_) => of_type(visible, "Patient"),
            Asker::Personnel(_) | Asker::System(_) => Ids::new(),
        };
        answers.push(("acted_for".into(), expected, for_whom));
        self.refuses_the_whole(caller).await;
        answers
    }

    /// A search of which everything is kept, or nothing.
    async fn kept(&self, caller: &Caller, type_name: &str, is_kept: bool) -> Ids {
        let request = SearchRequest {
            resource_type: Some(kind(type_name)),
            compartment: None,
            query: "_count=1000".into(),
            strict: true,
        };
        let page = self.record.search_keeping(caller, request, &|_| is_kept).await.unwrap();
        ids(&page, None)
    }

    /// What tells of the whole record tells nobody who logs in.
    async fn refuses_the_whole(&self, caller: &Caller) {
        let scope = HistoryScope::System;
        let request = HistoryRequest { scope, query: String::new() };
        let history = self.record.history(caller, request).await.unwrap_err();
        let request = SearchRequest {
            resource_type: Some(kind("Observation")),
            compartment: None,
            query: String::new(),
            strict: true,
        };
        let explained = self.record.explain(caller, request).await.unwrap_err();
        assert_eq!((history.code, explained.code), ("REC-042", "REC-042"));
    }

    /// All pages of a search, and the total that the first one tells.
    async fn pages(&self, caller: &Caller, type_name: &str, query: &str) -> (Ids, Option<u64>) {
        let mut page = self.search(caller, type_name, None, query).await;
        let total = page.total;
        let mut found = ids(&page, None);
        while let Some(next) = page.next_link.take() {
            let (_, query) = next.split_once('?').unwrap();
            page = self.search(caller, type_name, None, query).await;
            assert_eq!(page.total.or(total), total);
            found.extend(ids(&page, None));
        }
        (found, total)
    }

    async fn search(
        &self,
        caller: &Caller,
        type_name: &str,
        within: Option<&str>,
        query: &str,
    ) -> Page {
        let request = SearchRequest {
            resource_type: Some(kind(type_name)),
            compartment: within.map(|id| (kind("Patient"), id.to_string())),
            query: query.into(),
            strict: true,
        };
        let page = self.record.search(caller, request).await;
        page.unwrap_or_else(|p| panic!("{type_name}?{query}: {p}"))
    }

    /// What is asked about one patient; the number of questions, and what is wrong.
    async fn with_patient(
        &self,
        asker: &Asker,
        caller: &Caller,
        patient: &Patient,
        items: &[Item],
    ) -> (usize, Vec<String>) {
        let mut wrong = Vec::new();
        let visible: Vec<&Item> = items.iter().filter(|i| self.sees(asker, patient, i)).collect();
        // Each item is asked for by a share of the askers, each time in another way.
        let turn = caller.actor.id.len() + patient.id.len() + items.len();
        let mut questions = 4;
        for (at, item) in
            items.iter().enumerate().filter(|(at, _)| (at + turn).is_multiple_of(SHARE))
        {
            questions += 1;
            let seen = visible.iter().any(|one| one.id == item.id);
            let faults = match (at + turn) / SHARE % 3 {
                0 => self.reads(caller, item, seen).await,
                1 => self.older(caller, item, seen).await,
                _ => self.history(caller, item, seen).await,
            };
            wrong.extend(faults);
        }
        wrong.extend(self.everything(caller, patient, &visible).await);
        wrong.extend(self.stands(asker, caller, patient, &visible));
        let opens = self.world.town.opens(&self.tables, asker, patient);
        let charted = self.record.chart(caller, &patient.id, &[]).await.unwrap();
        let charted: Ids = charted.iter().map(name_of).collect();
        let in_range = visible.iter().filter(|item| opens && !item.is_apart);
        let in_range: Ids = in_range.map(|item| item.reference()).collect();
        compare("chart", &in_range, &charted, &mut wrong);
        let lent = |_, json: &[u8]| Ok(reference_of(json));
        let lent = self.record.read_chart(caller, &patient.id, &[], &lent).await.unwrap();
        compare("read_chart", &in_range, &lent.into_iter().collect(), &mut wrong);
        let one = [patient.id.clone()];
        let copied = self.record.standby(caller, &one, &[]).await.unwrap();
        let copied: Ids = copied.iter().flat_map(|one| &one.versions).map(name_of).collect();
        compare("standby", &in_range, &copied, &mut wrong);
        let name = ["Observation", "DocumentReference"][turn % 2];
        let page = self.search(caller, name, Some(&patient.id), "_count=1000").await;
        let own = visible.iter().filter(|item| item.type_name == name);
        let own = own.map(|item| item.reference()).collect();
        compare(&format!("{}/{name}", patient.id), &own, &ids(&page, None), &mut wrong);
        let who = self.describe(asker, Some(patient));
        (questions, wrong.into_iter().map(|line| format!("{line}\n  {who}")).collect())
    }

    async fn reads(&self, caller: &Caller, item: &Item, seen: bool) -> Option<String> {
        let of = kind(item.type_name);
        let got = self.record.read(caller, of, &item.id).await.map(|v| v.id);
        let never = || async { self.record.read(caller, of, "never-was").await.map(|v| v.id) };
        same(&format!("read {}", item.reference()), got, never, seen).await
    }

    async fn older(&self, caller: &Caller, item: &Item, seen: bool) -> Option<String> {
        let of = kind(item.type_name);
        let got = self.record.vread(caller, of, &item.id, "1").await.map(|v| v.id);
        let never =
            || async { self.record.vread(caller, of, "never-was", "1").await.map(|v| v.id) };
        same(&format!("vread {}", item.reference()), got, never, seen).await
    }

    async fn history(&self, caller: &Caller, item: &Item, seen: bool) -> Option<String> {
        let ask = |id: &str| HistoryRequest {
            scope: HistoryScope::Instance(kind(item.type_name), id.to_string()),
            query: String::new(),
        };
        let got = self.record.history(caller, ask(&item.id)).await;
        let got = got.map(|page| page.entries[0].0.id.clone());
        let never = || async {
            let page = self.record.history(caller, ask("never-was")).await?;
            Ok(page.entries[0].0.id.clone())
        };
        same(&format!("history of {}", item.reference()), got, never, seen).await
    }

    async fn everything(
        &self,
        caller: &Caller,
        patient: &Patient,
        visible: &[&Item],
    ) -> Option<String> {
        let is_there = visible.iter().any(|item| item.type_name == "Patient");
        let got = self.bundle_of_everything(caller, &patient.id).await;
        let Ok(got) = got else {
            let nothing = |_| String::new();
            let never =
                || async { self.bundle_of_everything(caller, "never-was").await.map(nothing) };
            return same("$everything", got.map(nothing), never, is_there).await;
        };
        // What is no part of the patient's compartment does not come along; the directory does.
        let expected = visible.iter().filter(|item| !item.is_apart);
        let expected = expected.map(|item| item.reference()).collect();
        let about_patients = |name: &&String| TYPES.contains(&name.split_once('/').unwrap().0);
        let got = got.iter().filter(about_patients).cloned().collect();
        let mut wrong = Vec::new();
        compare("$everything", &expected, &got, &mut wrong);
        wrong.pop()
    }

    /// Whether somebody is told of a patient, and whether the journal opens.
    fn stands(
        &self,
        asker: &Asker,
        caller: &Caller,
        patient: &Patient,
        visible: &[&Item],
    ) -> Option<String> {
        let opens = self.world.town.opens(&self.tables, asker, patient);
        let is_there =
            opens || visible.iter().any(|item| ["Patient", "AuditEvent"].contains(&item.type_name));
        let stands = self.record.standing(caller, &patient.id).unwrap();
        let got = stands.as_ref().map(|standing| standing.opens);
        let expected = is_there.then_some(opens);
        (got != expected).then(|| format!("standing: {stands:?}, not {expected:?}"))
    }

    pub(crate) async fn bundle_of_everything(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Ids, Problem> {
        let request = EverythingRequest { id: id.into(), query: String::new() };
        let mut pages = self.record.everything(caller, request).await?;
        let mut body = Vec::new();
        while let Some(piece) = pages.next().await {
            let piece: Bytes = piece?;
            body.extend_from_slice(&piece);
        }
        let bundle: Value = serde_json::from_slice(&body).unwrap();
        let entries = bundle["entry"].as_array().unwrap();
        let name = |entry: &Value| {
            let full_url = entry["fullUrl"].as_str().unwrap();
            full_url.strip_prefix("http://localhost/fhir/").unwrap().to_string()
        };
        Ok(entries.iter().map(name).collect())
    }
}

fn name_of(version: &akson_record::request::Version) -> String {
    let definitions = akson_fhir::definitions::Definitions::r4();
    format!("{}/{}", definitions.resource_name(version.resource_type), version.id)
}

fn reference_of(json: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(json).unwrap();
    format!("{}/{}", body["resourceType"].as_str().unwrap(), body["id"].as_str().unwrap())
}

pub(crate) fn ids(page: &Page, mode: Option<Mode>) -> Ids {
    let wanted = page.entries.iter().filter(|(_, m)| mode.is_none_or(|mode| mode == *m));
    wanted.map(|(version, _)| name_of(version)).collect()
}

pub(crate) fn of_type(visible: &[(&Patient, &Item)], type_name: &str) -> Ids {
    let own = visible.iter().filter(|(_, item)| item.type_name == type_name);
    own.map(|(_, item)| item.reference()).collect()
}

/// Searches over more than one resource, each with what it should find and bring along.
pub(crate) fn joined(visible: &[(&Patient, &Item)]) -> Vec<(&'static str, Ids)> {
    let all: Ids = visible.iter().map(|(_, item)| item.reference()).collect();
    let of = |name: &'static str| visible.iter().filter(move |(_, i)| i.type_name == name);
    let patient = |p: &Patient| format!("Patient/{}", p.id);
    let contact = |i: &Item| i.contacts.last().cloned().unwrap_or_default();
    let observations: Ids = of_type(visible, "Observation");
    let contacts: Ids = of("Observation").map(|(_, i)| contact(i)).collect();
    let subjects: Ids = of("Observation").map(|(p, _)| patient(p)).collect();
    let mut included = observations.clone();
    included.extend(contacts.union(&subjects).filter(|one| all.contains(*one)).cloned());
    let people: Ids = of_type(visible, "Patient");
    let mut referring = people.clone();
    for name in ["Observation", "Consent", "Task", "Device"] {
        let theirs = of(name).filter(|(p, _)| all.contains(&patient(p)));
        referring.extend(theirs.map(|(_, item)| item.reference()));
    }
    let in_contact = of("Observation").filter(|(_, i)| all.contains(&contact(i)));
    let born = of("Observation").filter(|(p, _)| p.birth.is_some() && all.contains(&patient(p)));
    let asked = |name: &'static str| {
        people.intersection(&of(name).map(|(p, _)| patient(p)).collect()).cloned().collect()
    };
    vec![
        ("Observation?_include=Observation:encounter&_include=Observation:subject", included),
        (
            "Patient?_revinclude=Observation:subject&_revinclude=Consent:patient\
             &_revinclude=Task:patient&_revinclude=Device:patient",
            referring,
        ),
        ("Observation?encounter.status=finished", in_contact.map(|(_, i)| i.reference()).collect()),
        (
            "Observation?subject:Patient.birthdate=gt1900",
            born.map(|(_, i)| i.reference()).collect(),
        ),
        ("Patient?_has:Observation:subject:status=final", asked("Observation")),
        ("Patient?_has:Consent:patient:status=active", asked("Consent")),
        ("Patient?_has:Device:patient:status=active", asked("Device")),
        (
            "Encounter?_has:Observation:encounter:status=final",
            contacts.intersection(&all).cloned().collect(),
        ),
    ]
}

fn differences(expected: &Ids, got: &Ids) -> (Vec<String>, Vec<String>) {
    let less = |a: &Ids, b: &Ids| a.difference(b).take(5).cloned().collect();
    (less(got, expected), less(expected, got))
}

fn compare(question: &str, expected: &Ids, got: &Ids, wrong: &mut Vec<String>) {
    if expected != got {
        let (more, less) = differences(expected, got);
        wrong.push(format!("{question}: too many {more:?}, too few {less:?}"));
    }
}

/// What is seen must be there, and what is not must look like what never was.
pub(crate) async fn same<F: Future<Output = Result<String, Problem>>>(
    question: &str,
    got: Result<String, Problem>,
    never: impl FnOnce() -> F,
    seen: bool,
) -> Option<String> {
    match (got, seen) {
        (Ok(_), true) => None,
        (Ok(_), false) => Some(format!("{question}: seen, but should be hidden")),
        (Err(problem), true) => Some(format!("{question}: hidden, but should be seen: {problem}")),
        (Err(problem), false) => {
            let never = told(&never().await.expect_err("what never was is there"));
            let as_absent = told(&problem) == never;
            (!as_absent).then(|| format!("{question}: {problem:?}, but absent is {never}"))
        }
    }
}

/// All that a caller can learn from a problem.
pub(crate) fn told(problem: &Problem) -> String {
    let Problem { kind, code, for_caller, locations, further, .. } = problem;
    format!("{kind:?} {code} {for_caller} {locations:?} {further:?}")
}

/// The actor that the registers make of an asker.
fn actor(record: &Record, world: &World, asker: &Asker) -> Actor {
    let identity = match asker {
        Asker::Personnel(place) => Identity {
            hpr_number: Some(format!("90000{:04}", world.town.places[*place].practitioner)),
            ..Identity::default()
        },
        Asker::Citizen(number) => Identity {
            national_number: Some(number.clone()),
            is_citizen: true,
            ..Identity::default()
        },
        Asker::System(organisation) => Identity {
            client: "journal-x".into(),
            unit: organisation.map(|o| format!("31000000{o}")),
            ..Identity::default()
        },
    };
    let actors = record.actors(&identity).unwrap();
    let wanted = |actor: &Actor| match (&actor.standing, asker) {
        (Standing::Personnel(personnel), Asker::Personnel(place)) => {
            personnel.references.iter().any(|r| **r == *format!("PractitionerRole/r{place}"))
        }
        _ => true,
    };
    let found = actors.into_iter().find(wanted);
    found.unwrap_or_else(|| panic!("nobody is {asker:?}"))
}
