//! What one process commits, another hears of before any of its snapshots shows it.

use std::sync::{Arc, Mutex};

use akson_store::engine::{Engine, Touched, commit_and_wait};
use akson_testkit::postgres::Postgres;

use super::engines;

type Heard = Arc<Mutex<Vec<[u8; 10]>>>;

/// The head of a resource.
fn head(number: u32) -> Vec<u8> {
    [b"H".as_slice(), &[0; 6], &number.to_be_bytes()].concat()
}

fn resource(number: u32) -> [u8; 10] {
    head(number)[1..].try_into().unwrap()
}

fn watch(engine: &dyn Engine) -> Heard {
    let heard = Heard::default();
    let writing = Arc::clone(&heard);
    engine.watch(Box::new(move |touched| match touched {
        Touched::Resources(resources) => writing.lock().unwrap().extend_from_slice(resources),
        Touched::Anything => panic!("nothing of that size was written"),
    }));
    heard
}

#[test]
fn what_another_process_commits_is_heard_of_before_it_is_seen() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let [one, two] = [(); 2].map(|()| engines::open_postgres(&server.url()));
    let heard = watch(&two);
    for number in 0..50 {
        let old = two.snapshot();
        assert_eq!(old.get(&head(number)).unwrap(), None);
        let moment = two.moment();
        let key = head(number);
        commit_and_wait(&one, engines::ops(vec![engines::put(key.clone(), b"x")])).unwrap();
        // A snapshot from before shows nothing of it.
        assert_eq!(old.get(&key).unwrap(), None);
        match number % 4 {
            0 => assert!(two.snapshot().get(&key).unwrap().is_some()),
            1 => {
                let range = akson_store::keys::under(&key);
                let up = akson_store::engine::Direction::Ascending;
                assert_eq!(two.snapshot().scan(&range, up, 9).unwrap().len(), 1);
            }
            2 => two.snapshot().fix().unwrap(),
            _ => {
                two.hear_up_to(moment).unwrap();
                two.hear_up_to(two.moment()).unwrap();
            }
        }
        assert_eq!(heard.lock().unwrap().last(), Some(&resource(number)), "{number}");
        // Its own commits it hears of when they are answered for.
        let own = 1_000 + number;
        commit_and_wait(&two, engines::ops(vec![engines::put(head(own), b"x")])).unwrap();
        two.hear_up_to(two.moment()).unwrap();
        assert_eq!(heard.lock().unwrap().last(), Some(&resource(own)));
    }
    assert_eq!(heard.lock().unwrap().len(), 100, "each is told once");
}

#[test]
fn a_process_whose_writes_are_the_only_ones_asks_for_nothing_more() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let engine = engines::open_postgres(&server.url());
    let heard = watch(&engine);
    for number in 0..20 {
        let key = head(number);
        commit_and_wait(&engine, engines::ops(vec![engines::put(key, b"x")])).unwrap();
        assert_eq!(heard.lock().unwrap().len(), number as usize + 1);
    }
    let touched = "SELECT count(*), sum(length(resources)) FROM akson_touched";
    assert_eq!(server.sql("postgres", touched).unwrap(), "20|200");
}
