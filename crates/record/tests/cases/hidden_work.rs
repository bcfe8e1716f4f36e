//! What is hidden costs the store the same work as what never was, however much of it there is: time
//! tells nothing. Counted, not timed; what the clock says, `cargo xtask bench hidden` measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use akson_access::{Actor, Policy, Role};
use akson_base::{FixedClock, Instant, Problem};
use akson_record::Record;
use akson_record::request::{
    Caller, EverythingRequest, HistoryRequest, HistoryScope, SearchRequest,
};
use akson_store::Store;
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::{
    Committed, Direction, Done, Engine, Range, Snapshot, Transaction, Visit,
};
use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::rules::writes::{at_work, patient};
use crate::fixture::kind;

/// Counts keys that were asked for and entries that were met.
struct Counting {
    engine: Arc<dyn Engine>,
    work: Arc<AtomicU64>,
}

struct CountingSnapshot {
    whole: Arc<dyn Snapshot>,
    work: Arc<AtomicU64>,
}

impl Engine for Counting {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        let work = Arc::clone(&self.work);
        Arc::new(CountingSnapshot { whole: self.engine.snapshot(), work })
    }

    fn submit(&self, transaction: Transaction, done: Done) {
        self.engine.submit(transaction, done);
    }

    fn last_commit(&self) -> Committed {
        self.engine.last_commit()
    }

    fn writable(&self) -> Result<(), Problem> {
        self.engine.writable()
    }

    fn stats(&self) -> Vec<(&'static str, u64)> {
        self.engine.stats()
    }

    fn settle(&self) -> Result<(), Problem> {
        self.engine.settle()
    }
}

impl Snapshot for CountingSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        self.work.fetch_add(1, Ordering::SeqCst);
        self.whole.get(key)
    }

    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem> {
        self.work.fetch_add(keys.len() as u64, Ordering::SeqCst);
        self.whole.multi_get(keys)
    }

    fn visit(
        &self,
        range: &Range,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        self.whole.visit(range, direction, &mut |key, value| {
            self.work.fetch_add(1, Ordering::SeqCst);
            visit(key, value)
        })
    }
}

struct House {
    record: Record,
    work: Arc<AtomicU64>,
    _folder: TempDir,
}

impl House {
    /// A patient with a long journal that is closed to Kari.
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
        let engine = FjallEngine::open(folder.path(), &Options::default(), Arc::clone(&clock) as _);
        let work = Arc::new(AtomicU64::new(0));
        let engine = Counting { engine: Arc::new(engine.unwrap()), work: Arc::clone(&work) };
        let store = Arc::new(Store::over(Arc::new(engine), clock).unwrap());
        let open = Record::new(Arc::clone(&store), Policy::Open);
        let mut all = vec![json!({"resourceType": "Patient", "id": "hidden",
            "meta": {"security": [{"code": "V",
                "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"}]},
            "name": [{"family": "Nordmann"}]})];
        for at in 0..200 {
            all.push(json!({"resourceType": "Observation", "id": format!("o{at}"),
                "status": "final", "code": {"text": "x"}, "subject": patient("hidden")}));
        }
        let entry = |body: &Value| {
            let url = format!(
                "{}/{}",
                body["resourceType"].as_str().unwrap(),
                body["id"].as_str().unwrap()
            );
            json!({"resource": body, "request": {"method": "PUT", "url": url}})
        };
        let entries: Vec<Value> = all.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        let caller = Caller { actor: Arc::new(Actor::open()), ..at_work(Role::Nurse, "kari") };
        open.bundle(&caller, Bytes::from(bundle.to_string())).await.unwrap();
        Self { record: Record::new(store, Policy::Rules), work, _folder: folder }
    }

    /// The work of asking, and what is answered.
    async fn ask(&self, way: &str, id: &str, patient: &str) -> (u64, String) {
        let caller = at_work(Role::Nurse, "kari");
        let before = self.work.load(Ordering::SeqCst);
        let told = self.told(&caller, way, id, patient).await;
        (self.work.load(Ordering::SeqCst) - before, told)
    }

    async fn told(&self, caller: &Caller, way: &str, id: &str, patient: &str) -> String {
        let record = &self.record;
        let of = kind("Observation");
        let body = json!({"resourceType": "Observation", "id": id, "status": "final",
            "code": {"text": "y"}});
        let shown = |problem: Problem| problem.to_string();
        let search = async |compartment: bool, query: String| {
            let compartment = compartment.then(|| (kind("Patient"), patient.to_string()));
            let request =
                SearchRequest { resource_type: Some(of), compartment, query, strict: true };
            let page = record.search(caller, request).await.unwrap();
            format!("{:?} {}", page.total, page.entries.len())
        };
        match way {
            "read" => record.read(caller, of, id).await.map(|v| v.id).unwrap_or_else(shown),
            "vread" => record.vread(caller, of, id, "1").await.map(|v| v.id).unwrap_or_else(shown),
            "history" => {
                let scope = HistoryScope::Instance(of, id.into());
                let request = HistoryRequest { scope, query: String::new() };
                let page = record.history(caller, request).await;
                page.map(|page| page.entries.len().to_string()).unwrap_or_else(shown)
            }
            "update" => {
                let body = Bytes::from(body.to_string());
                let written = record.update(caller, of, id, body, None).await;
                written.map(|written| format!("{:?}", written.did)).unwrap_or_else(shown)
            }
            "delete" => {
                let written = record.delete(caller, of, id, None).await;
                written.map(|written| format!("{:?}", written.did)).unwrap_or_else(shown)
            }
            "everything" => {
                let request = EverythingRequest { id: patient.into(), query: String::new() };
                record
                    .everything(caller, request)
                    .await
                    .map(|_| "there".into())
                    .unwrap_or_else(shown)
            }
            "search" => search(false, format!("patient={patient}&_total=accurate")).await,
            "search with a chain" => {
                search(false, format!("subject:Patient._id={patient}&_total=accurate")).await
            }
            "search a compartment" => search(true, "_count=20".into()).await,
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn hidden_and_absent_cost_the_same_work() {
    let house = House::new().await;
    // Facts about a patient are gathered once and kept.
    house.ask("read", "o1", "hidden").await;
    let mut told = Vec::new();
    for way in [
        "read",
        "vread",
        "history",
        "update",
        "delete",
        "everything",
        "search",
        "search with a chain",
        "search a compartment",
    ] {
        let (hidden, answer) = house.ask(way, "o1", "hidden").await;
        let (absent, other) = house.ask(way, "x1", "absent").await;
        assert_eq!(answer, other, "{way}");
        told.push(format!("{way}: {hidden}"));
        assert_eq!(hidden, absent, "{way}: for what is hidden, and for what is not there");
    }
    println!("{}", told.join(", "));
}
