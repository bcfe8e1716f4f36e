//! Whatever somebody asks, they get what the rules give them: the record under `Policy::Rules`
//! against an independent model, over many small worlds. What is hidden looks like what never was.

mod log;
pub(crate) mod model;
pub(crate) mod walk;
pub(crate) mod world;
mod writes;

use std::time::Instant;

use walk::Walk;
use world::World;

/// Worlds walked, and patients in each.
const WORLDS: u64 = 11;
const PATIENTS: usize = 22;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_the_rules_give_them_in_every_interaction() {
    let begun = Instant::now();
    let mut situations = 0;
    let mut questions = 0;
    let mut wrong = Vec::new();
    for seed in 0..WORLDS {
        let walk = Walk::new(World::new(seed * 7919 + 1, PATIENTS)).await;
        let seen = walk.all().await;
        situations += seen.situations;
        questions += seen.questions;
        wrong.extend(seen.wrong.into_iter().map(|line| format!("world {seed}: {line}")));
    }
    println!("{situations} situations, {questions} questions, {:?}", begun.elapsed());
    assert!(situations >= 10_000, "only {situations} situations");
    let count = wrong.len();
    wrong.truncate(25);
    assert!(wrong.is_empty(), "{count} answers are not the rules':\n{}", wrong.join("\n"));
}
