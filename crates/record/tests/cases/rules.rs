//! Whatever somebody asks, they get what the rules give them: the record under `Policy::Rules`
//! against an independent model, over many small worlds. What is hidden looks like what never was.

mod acts;
mod attorneys;
mod emergency;
mod forms;
mod log;
mod messages;
pub(crate) mod model;
mod registering;
mod registers;
mod unsent;
pub(crate) mod walk;
pub(crate) mod world;
pub(crate) mod writes;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use akson_fhir::definitions::Definitions;
use akson_fhir::search::Extractor;
use model::Tables;

use walk::{Seen, Walk};
use world::World;

/// Worlds walked, and patients in each.
const WORLDS: u64 = 11;
const PATIENTS: usize = 22;
/// Worlds walked at the same time.
const AT_ONCE: u64 = 4;

#[test]
fn everybody_sees_what_the_rules_give_them_in_every_interaction() {
    let begun = Instant::now();
    let mut situations = 0;
    let mut questions = 0;
    let mut wrong = Vec::new();
    // Walks wait for the disk more than they work.
    let walks: Vec<Vec<(u64, Seen)>> = std::thread::scope(|scope| {
        let walks: Vec<_> = (0..AT_ONCE).map(|first| scope.spawn(move || walk(first))).collect();
        walks.into_iter().map(|walk| walk.join().unwrap()).collect()
    });
    for (seed, seen) in walks.into_iter().flatten() {
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

fn walk(first: u64) -> Vec<(u64, Seen)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let seeds = (first..WORLDS).step_by(AT_ONCE as usize);
    let walk = |seed| {
        let walk = async { Walk::new(World::new(seed * 7919 + 1, PATIENTS)).await.all().await };
        (seed, runtime.block_on(walk))
    };
    seeds.map(walk).collect()
}

/// Every way into the record, and where it is asked as everybody.
const WAYS_IN: [(&str, &str); 43] = [
    ("accesses", "log"),
    ("acted_for", "walk"),
    ("actors", "walk: who everybody is"),
    ("app_consent", "the server of apps' own: consents to apps only"),
    ("bundle", "writes"),
    ("bundle_once", "writes: as bundle"),
    ("changes", "registers: no patient"),
    ("changes_of_roles", "the house's own: no caller, a number"),
    ("chart", "walk, log"),
    ("create", "writes, log"),
    ("decide_outlier", "outliers"),
    ("delete", "writes, log"),
    ("delete_conditional", "writes"),
    ("everything", "walk, log"),
    ("explain", "walk: nobody"),
    ("explain_access", "explanations"),
    ("find_patients", "walk, log"),
    ("hidden_by_number", "emergency"),
    ("history", "walk, writes, log"),
    ("index_accesses", "the house's own: no caller"),
    ("log_authentication", "audit_events: tells nothing of the record"),
    ("new", "the house's own: no caller"),
    ("newest_commit", "the house's own: no caller, a number"),
    ("open_by_number", "emergency"),
    ("open_with_reason", "writes, emergency"),
    ("outlier", "outliers"),
    ("outliers", "outliers"),
    ("read", "walk, writes, log"),
    ("read_chart", "walk"),
    ("register_entry", "the server of apps' own: registers only"),
    ("register_resource", "the server of apps' own: registers only"),
    ("register_search", "the server of apps' own: registers only"),
    ("role_changes", "registers"),
    ("search", "walk, log"),
    ("search_keeping", "walk"),
    ("standby", "walk"),
    ("standing", "walk, writes"),
    ("store", "the house's own: its reads need a permit"),
    ("stirring", "log"),
    ("touched", "the house's own: no caller, tells of whom something was written and not what"),
    ("update", "writes, log"),
    ("update_conditional", "writes"),
    ("vread", "walk, writes, log"),
];

/// The names of the public functions of `Record`.
fn ways_in() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = [source.clone(), source.join("interactions")];
    let files = files.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut names = BTreeSet::new();
    for file in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let mut is_of_record = false;
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            if line.starts_with("impl") {
                is_of_record = line.starts_with("impl Record ");
            }
            let rest = line.strip_prefix("    pub async fn ").or(line.strip_prefix("    pub fn "));
            let name = rest.and_then(|rest| rest.split(['(', '<']).next());
            names.extend(name.filter(|_| is_of_record).map(str::to_string));
        }
    }
    names
}

#[test]
fn every_way_into_the_record_is_walked() {
    let named: BTreeSet<String> = WAYS_IN.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(ways_in(), named, "walk the new one and name it in WAYS_IN");
}

/// Types that can speak of a patient without lying in a patient's range: each has to be judged by
/// those it speaks of. `walk` and `writes` ask for a Task, a Device and a Binary.
const SPEAK_OF_PATIENTS_FROM_APART: [&str; 4] = ["Contract", "Device", "GuidanceResponse", "Task"];

#[test]
fn every_type_and_every_class_has_its_walk() {
    let definitions = Definitions::r4();
    let extractor = Extractor::r4();
    let tables = Tables::read();
    let compartment = definitions.compartment("Patient").unwrap();
    let mut apart = Vec::new();
    for of in definitions.resource_types() {
        let name = definitions.resource_name(of);
        // A type without a class is no type that anybody may see.
        assert!(!tables.class(name).is_empty(), "{name}");
        let in_range =
            compartment.members.iter().any(|(one, codes)| *one == of && !codes.is_empty());
        if !in_range && name != "Patient" && extractor.binding(of, "patient").is_some() {
            apart.push(name);
        }
    }
    assert_eq!(apart, SPEAK_OF_PATIENTS_FROM_APART);
    let walked: BTreeSet<&str> = walk::TYPES.iter().map(|name| tables.class(name)).collect();
    let classes: BTreeSet<&str> = tables.classes().collect();
    let unwalked: Vec<&&str> = classes.difference(&walked).collect();
    // Of the house, and of nobody.
    assert_eq!(unwalked, [&"definition", &"system"]);
}
