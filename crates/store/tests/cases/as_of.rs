//! Search values of earlier versions: what later pages of a search are answered from.

use std::sync::Arc;
use std::sync::mpsc::channel;

use akson_access::{Actor, Policy, WritePermit};
use akson_base::{FixedClock, Instant};
use akson_fhir::definitions::Definitions;
use akson_fhir::json;
use akson_store::Store;
use akson_store::drafts::Draft;
use akson_store::engine::fjall_engine::Options;
use akson_store::facets::Facets;
use akson_store::keys;

fn commit(store: &Store, draft: impl FnOnce(&mut Draft<'_>, &WritePermit)) -> u64 {
    let permit = Policy::Open.may_write(&Arc::new(Actor::open())).unwrap();
    let snapshot = store.snapshot();
    let mut made = store.draft(snapshot.as_ref());
    draft(&mut made, &permit);
    let (sender, receiver) = channel();
    store.submit(made.transaction, Box::new(move |outcome| sender.send(outcome).unwrap()));
    receiver.recv().unwrap().unwrap().commit
}

#[test]
fn facets_are_told_as_they_were_at_each_commit() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let clock = Arc::new(FixedClock::at(Instant(1_717_243_200_000)));
    let store = Store::open(folder.path(), &options, clock).unwrap();
    let patient = Definitions::r4().resource_type("Patient").unwrap();
    let before = store.snapshot();
    let locate = || store.locate(store.snapshot().as_ref(), patient, "p").unwrap();
    let put = |family: &str| {
        let text =
            format!(r#"{{"resourceType":"Patient","id":"p","name":[{{"family":"{family}"}}]}}"#);
        let resource = json::parse(text.as_bytes()).unwrap();
        let located = locate();
        commit(&store, |draft, permit| {
            draft.put(permit, patient, "p", &resource, located.as_ref()).unwrap();
        })
    };
    let first = put("Alfa");
    let second = put("Beta");
    let stored = {
        let key = locate().unwrap().key;
        store.snapshot().get(&keys::facets(key)).unwrap().unwrap()
    };
    let located = locate();
    let third = commit(&store, |draft, permit| {
        draft.delete(permit, patient, "p", located.as_ref()).unwrap();
    });

    let permit = Policy::Open.may_read(&Arc::new(Actor::open())).unwrap();
    let key = locate().unwrap().key;
    let snapshot = store.snapshot();
    let then = |at| store.facets_as_of(&permit, snapshot.as_ref(), key, at).unwrap();
    let has = |at, form: &[u8]| {
        let bytes = then(at).unwrap();
        Facets::of(&bytes).unwrap().iter().any(|entry| entry.value.starts_with(form))
    };
    assert_eq!(then(first - 1), None, "not there yet");
    assert!(has(first, b"alfa") && !has(first, b"beta"));
    assert!(has(second, b"beta") && !has(second, b"alfa"));
    assert_eq!(then(second).unwrap(), stored, "as they were stored, stamp included");
    assert_eq!(then(third), None, "deleted");
    assert_eq!(store.facets_as_of(&permit, before.as_ref(), key, third).unwrap(), None);
}
