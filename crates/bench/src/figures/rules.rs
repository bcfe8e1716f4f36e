//! What deciding costs: reads and patient searches of the record under the rules, beside the same of
//! the record under `--open`, in turns.
//!
//! In this process on the stopped server's folder, below HTTP and tokens: the record is all that
//! differs. Every look is logged durably in both.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use akson_access::{Actor, Policy, Standing};
use akson_base::Problem;
use akson_base::identifiers::ORGANISATION as ORGANISATION_SYSTEM;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_record::Record;
use akson_record::request::{Caller, SearchRequest};
use akson_store::Store;
use akson_store::engine::fjall_engine::Options;
use bytes::Bytes;

use super::{Bench, Driven, TURNS};
use crate::report::{Figure, Target};
use crate::say;
use crate::wall_clock::WallClock;

/// Tasks that ask at the same time.
const ASKING: usize = 128;
/// The organisation that has to do with every patient.
const ORGANISATION: &str = "Organization/bench";
/// Its number in the register of legal entities; synthetic.
pub(super) const ORGANISATION_NUMBER: &str = "310000078";

/// One way in.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) record: Arc<Record>,
    pub(super) caller: Caller,
}

/// What is asked for.
#[derive(Clone)]
enum Asked {
    Read(ResourceType, String),
    Search(SearchRequest),
}

pub(super) fn shown(problem: Problem) -> String {
    problem.to_string()
}

pub(super) fn type_of(name: &str) -> Result<ResourceType, String> {
    Definitions::r4().resource_type(name).ok_or_else(|| format!("no definition of {name}"))
}

impl Bench {
    /// Measures both ways in.
    pub(super) fn rules(&mut self, data: &Path, driven: &Driven) -> Result<(), String> {
        say("the record under the rules, beside the record with everything open");
        let store = open(data)?;
        let runtime = runtime()?;
        let open = Way::new(&store, Policy::Open, Actor::open());
        let system = Actor {
            id: "client/bench".into(),
            display: "bench".into(),
            standing: Standing::System(Some(ORGANISATION.into())),
            ..Actor::open()
        };
        let ruled = Way::new(&store, Policy::Rules, system);
        let patients = driven.harvest.patient_references();
        let observation = type_of("Observation")?;
        let ids = driven.harvest.scattered_observation_ids();
        let id = |id: &&str| id.rsplit('/').next().unwrap_or_default().to_string();
        let reads = ids.iter().map(|one| Asked::Read(observation, id(one))).collect();
        let search = |patient: &String| {
            Asked::Search(SearchRequest {
                resource_type: Some(observation),
                compartment: None,
                query: format!("patient={patient}&_sort=-date&_count=20"),
                strict: true,
            })
        };
        let searches = patients.iter().map(search).collect();
        for (name, asked) in [("reads", reads), ("patient searches", searches)] {
            let asked: Arc<[Asked]> = asked;
            let turn = Duration::from_secs(self.seconds.div_ceil(TURNS));
            let (mut of_ruled, mut of_open) = (0.0, 0.0);
            for _ in 0..TURNS {
                of_open += runtime.block_on(ask(&open, &asked, turn))?;
                of_ruled += runtime.block_on(ask(&ruled, &asked, turn))?;
            }
            let turns = TURNS as f64;
            let name = format!("{name} under the rules, {ASKING} at a time, below HTTP");
            self.add(
                Figure::new(&name, of_ruled / turns, "/s")
                    .limit("the same with everything open", of_open / turns)
                    .target(Target::Ratio(0.8)),
            );
        }
        drop(open);
        drop(ruled);
        store.settle().map_err(shown)
    }
}

impl Way {
    pub(super) fn new(store: &Arc<Store>, policy: Policy, actor: Actor) -> Self {
        let caller = Caller {
            actor: Arc::new(actor),
            trace: "00000000000000000000000000000000".into(),
            base: "http://localhost/fhir".into(),
        };
        Self { record: Arc::new(Record::new(Arc::clone(store), policy)), caller }
    }
}

/// The store in a stopped server's folder.
pub(super) fn open(data: &Path) -> Result<Arc<Store>, String> {
    Store::open(data, &Options::default(), Arc::new(WallClock)).map(Arc::new).map_err(shown)
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())
}

/// Makes the organisation, in a stopped server's folder, and gives it a care relationship with every
/// patient: what the loads under the rules need.
pub(super) fn prepare(data: &Path, patients: &[String]) -> Result<(), String> {
    let store = open(data)?;
    let open = Way::new(&store, Policy::Open, Actor::open());
    runtime()?.block_on(relate(&open, patients))?;
    drop(open);
    store.settle().map_err(shown)
}

/// Makes the organisation and its care relationships.
async fn relate(way: &Way, patients: &[String]) -> Result<(), String> {
    let (_, id) = ORGANISATION.split_once('/').unwrap_or_default();
    let organisation = serde_json::json!({
        "resourceType": "Organization",
        "id": id,
        "identifier": [{"system": ORGANISATION_SYSTEM, "value": ORGANISATION_NUMBER}],
    });
    let body = Bytes::from(organisation.to_string());
    let of = type_of("Organization")?;
    way.record.update(&way.caller, of, id, body, None).await.map_err(shown)?;
    let episode = type_of("EpisodeOfCare")?;
    for patient in patients {
        let body = serde_json::json!({
            "resourceType": "EpisodeOfCare",
            "status": "active",
            "patient": {"reference": patient},
            "managingOrganization": {"reference": ORGANISATION},
        });
        let body = Bytes::from(body.to_string());
        way.record.create(&way.caller, episode, body, None).await.map_err(shown)?;
    }
    Ok(())
}

/// Answers per second; an error for the first that is not found.
async fn ask(way: &Way, asked: &Arc<[Asked]>, time: Duration) -> Result<f64, String> {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..ASKING)
        .map(|number| {
            let (way, asked) = (way.clone(), Arc::clone(asked));
            tokio::spawn(async move {
                let mut answered = 0_u64;
                let mut place = number;
                while begin.elapsed() < time {
                    place = (place + 7_919) % asked.len();
                    if let Some(one) = asked.get(place) {
                        one.ask(&way).await?;
                        answered += 1;
                    }
                }
                Ok::<u64, String>(answered)
            })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += task.await.map_err(|error| error.to_string())??;
    }
    Ok(answered as f64 / begin.elapsed().as_secs_f64())
}

impl Asked {
    async fn ask(&self, way: &Way) -> Result<(), String> {
        match self {
            Self::Read(of, id) => {
                way.record.read(&way.caller, *of, id).await.map_err(shown)?;
            }
            Self::Search(request) => {
                let page = way.record.search(&way.caller, request.clone()).await.map_err(shown)?;
                if page.entries.is_empty() {
                    return Err("a patient's observations were not found".into());
                }
            }
        }
        Ok(())
    }
}
