//! The planner: which list to walk, and whether it comes in the order asked for.
//!
//! Every clause that can be answered from keys is a candidate; what decides is how many keys each
//! really has, counted in growing steps until one is exhausted. A patient's own range always
//! wins: it is small, lies together and carries the facets with it.
//! Not here: walking (`driver`), judging (`run`).

use std::sync::Mutex;

use akson_base::{Kind, Problem, limits};
use akson_fhir::search::SlotId;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::changes::commit_range;
use super::driver::{Driver, Pass, Ranged, merged, owned};
use super::matcher::Matcher;
use super::query::{Clause, Part, Sort, SortBy, Test};
use super::run::Run;
use crate::engine::Direction;
use crate::engine::Range;
use crate::facets::value::KEY_VALUE_BYTES_MAX;
use crate::keys::PatientNumber;

/// Keys counted before the next larger step.
const STEPS: [usize; 3] = [64, 512, 4096];
/// Up to this many candidates, sorting them costs less than walking an index in order.
const SORTED_IN_MEMORY_MAX: usize = 4096;
/// Chains are resolved first up to this many targets when there is another list to walk.
const TARGETS_BESIDE_OTHERS_MAX: usize = 2_000;
/// Uses of a remembered count before it is counted again.
const COUNT_USES_MAX: u32 = 256;
/// Counts remembered; when full, it starts over.
const COUNTS_MAX: usize = 4_096;

/// Remembered counts of key ranges: only what a plan costs depends on them, never its outcome.
#[derive(Debug, Default)]
pub struct Counts(Mutex<FxHashMap<u64, (usize, u32)>>);

impl Counts {
    fn get(&self, identity: u64) -> Option<usize> {
        let mut counts = self.0.lock().ok()?;
        let (count, uses) = counts.get_mut(&identity)?;
        *uses += 1;
        (*uses <= COUNT_USES_MAX).then_some(*count)
    }

    fn put(&self, identity: u64, count: usize) {
        if let Ok(mut counts) = self.0.lock() {
            if counts.len() >= COUNTS_MAX {
                counts.clear();
            }
            counts.insert(identity, (count, 0));
        }
    }
}

/// One list to walk.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) driver: Driver,
    pub(super) direction: Direction,
    /// The clause that the driver answers for.
    pub(super) covers: Option<usize>,
    /// What must hold besides the clauses.
    pub(super) extra: Option<Clause>,
    /// Whether what the driver meets matches without a look at the facets.
    pub(super) bare: bool,
}

/// How the order comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// None was asked for: the driver's.
    Driver,
    /// All matches are sorted.
    Memory,
    /// An index is walked in order.
    Index,
}

/// What was decided; kept in cursors so that later pages walk the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// 0 for all resources of the type, else see [`option_id`].
    pub(super) option: u16,
    pub(super) order: Order,
}

/// The lists to walk one after the other.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) stages: Vec<Stage>,
    pub(super) choice: Choice,
    considered: Vec<Value>,
    chosen: String,
}

impl Plan {
    pub(super) fn explain(&self) -> Value {
        let order = match self.choice.order {
            Order::Driver => "as walked",
            Order::Memory => "sorted in memory",
            Order::Index => "index in order",
        };
        json!({ "considered": self.considered, "walked": self.chosen, "order": order })
    }
}

/// A list that could be walked.
struct Choosable {
    id: u16,
    label: String,
    driver: Driver,
    covers: Option<usize>,
    /// Chosen without counting.
    direct: bool,
    counted: Option<Counted>,
}

#[derive(Clone, Copy)]
struct Counted {
    count: usize,
    /// Whether there are no more than that.
    all: bool,
}

fn option_id(clause: usize, part: usize) -> u16 {
    (1 + clause * 8 + part.min(7)) as u16
}

impl Run<'_> {
    /// Decides how to find the matches of a part. `forced` repeats an earlier decision.
    pub(super) fn plan(
        &self,
        part: &Part,
        sort: &[Sort],
        forced: Option<Choice>,
    ) -> Result<Plan, Problem> {
        if part.clauses.iter().any(|clause| matches!(clause.test, Test::Never)) {
            let choice = Choice { option: 0, order: Order::Driver };
            let chosen = "nothing: no resource can match".into();
            return Ok(Plan { stages: Vec::new(), choice, considered: Vec::new(), chosen });
        }
        let mut options = self.options(part)?;
        let picked = match forced {
            Some(Choice { option, .. }) => {
                if !options.iter().any(|o| o.id == option) {
                    self.add_links(part, &mut options, limits::CHAIN_FANOUT_MAX)?;
                }
                let found = options.iter().position(|o| o.id == option);
                if found.is_none() && option != 0 {
                    return Err(cannot_go_on());
                }
                found
            }
            None => self.pick(part, &mut options, !sort.is_empty())?,
        };
        let order = match forced {
            Some(choice) => choice.order,
            None => order(part, sort, picked.and_then(|at| options.get(at))),
        };
        let considered = options.iter().map(Choosable::explain).collect();
        let picked = picked.map(|at| options.swap_remove(at));
        let option = picked.as_ref().map_or(0, |picked| picked.id);
        let changes = picked.as_ref().map(|p| p.driver.clone());
        let chosen = match (&picked, order) {
            (_, Order::Index) => "sort index".to_string(),
            (Some(picked), _) => picked.label.clone(),
            (None, _) => "all of the type".to_string(),
        };
        let stages = match (order, index_stages(part, sort, changes)) {
            (Order::Index, Some(stages)) => stages,
            (Order::Driver | Order::Memory | Order::Index, _) => vec![stage(part, picked)],
        };
        Ok(Plan { stages, choice: Choice { option, order }, considered, chosen })
    }

    fn pick(
        &self,
        part: &Part,
        options: &mut Vec<Choosable>,
        sorted: bool,
    ) -> Result<Option<usize>, Problem> {
        if let Some(direct) = options.iter().position(|option| option.direct) {
            return Ok(Some(direct));
        }
        let links = part
            .clauses
            .iter()
            .any(|clause| matches!(clause.test, Test::Chain { .. } | Test::Has { .. }));
        if options.len() == 1 && !sorted && !links {
            return Ok(Some(0));
        }
        let few = self.count_in_steps(options)?;
        let enough = few.is_some_and(|at| {
            options.get(at).and_then(|o| o.counted).is_some_and(|c| c.count <= 512)
        });
        if links && !enough {
            let limit = if options.is_empty() {
                limits::CHAIN_FANOUT_MAX
            } else {
                TARGETS_BESIDE_OTHERS_MAX
            };
            if self.add_links(part, options, limit)? {
                return self.count_in_steps(options).map(|at| at.or(Some(options.len() - 1)));
            }
        }
        // All are long: an exact value is the best guess at the shortest.
        let exact = |o: &Choosable| matches!(&o.driver, Driver::Ranged(r) if r.is_exact());
        Ok(few.or_else(|| options.iter().position(exact)).or((!options.is_empty()).then_some(0)))
    }

    /// Counts all options up to each step until one is exhausted: that is the shortest.
    fn count_in_steps(&self, options: &mut [Choosable]) -> Result<Option<usize>, Problem> {
        for step in STEPS {
            for option in options.iter_mut() {
                if option.counted.is_none_or(|c| !c.all && c.count < step) {
                    option.counted = Some(self.count(&option.driver, step)?);
                }
            }
            let counted = options.iter().enumerate();
            let exhausted = counted.filter_map(|(at, o)| Some((o.counted.filter(|c| c.all)?, at)));
            if let Some((_, at)) = exhausted.min_by_key(|(counted, _)| counted.count) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn count(&self, driver: &Driver, bound: usize) -> Result<Counted, Problem> {
        let told = |count: usize| Counted { count: count.min(bound), all: count < bound };
        if let Driver::Keys(keys) = driver {
            return Ok(Counted { count: keys.len(), all: true });
        }
        // A count below its bound is a whole one; one at its bound only says "at least".
        let counts = self.context().counts;
        let identity = driver.identity().map(|hash| hash ^ bound as u64);
        if let Some(known) = identity.and_then(|identity| counts.get(identity)) {
            return Ok(told(known));
        }
        let count = driver.count(self.snapshot(), bound)?;
        if let Some(identity) = identity {
            counts.put(identity, count);
        }
        Ok(told(count))
    }

    fn options(&self, part: &Part) -> Result<Vec<Choosable>, Problem> {
        let mut options = Vec::new();
        for (at, clause) in part.clauses.iter().enumerate() {
            let mut add = |driver, sub, covers: bool, direct| {
                let label = clause.label.clone();
                let covers = covers.then_some(at);
                let id = option_id(at, sub);
                options.push(Choosable { id, label, driver, covers, direct, counted: None });
            };
            match &clause.test {
                Test::Any { slots, matchers, negated: false } => {
                    let (mut ranged, direct) = ranged(part, slots, matchers);
                    ranged.once = ranged.once || self.is_one_token(&ranged)?;
                    let covers = ranged.once;
                    add(Driver::Ranged(ranged), 0, covers, direct);
                }
                Test::Missing { slots, missing: false, references: false, .. } => {
                    let (ranged, _) = ranged(part, slots, &[Matcher::Anything]);
                    let covers = ranged.once;
                    add(Driver::Ranged(ranged), 0, covers, false);
                }
                Test::Id { ids, negated: false } => {
                    let mut keys = Vec::with_capacity(ids.len());
                    for id in ids {
                        keys.extend(self.located(part.resource_type, id)?);
                    }
                    keys.sort_unstable();
                    keys.dedup();
                    add(Driver::Keys(keys), 0, true, true);
                }
                Test::LastUpdated(tests) => {
                    let (from, to) = commit_range(self.snapshot(), tests)?;
                    let resource_type = part.resource_type;
                    add(Driver::Changes { resource_type, from, to }, 0, false, false);
                }
                Test::Composite { alternatives, slots, .. } => {
                    for (sub, slots) in slots.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
                        let matchers = alternatives.iter().filter_map(|a| a.get(sub)).cloned();
                        let (ranged, _) = ranged(part, slots, &matchers.collect::<Vec<_>>());
                        add(Driver::Ranged(ranged), sub, false, false);
                    }
                }
                Test::Any { .. }
                | Test::Missing { .. }
                | Test::Id { .. }
                | Test::Chain { .. }
                | Test::Has { .. }
                | Test::Never => {}
            }
        }
        Ok(options)
    }

    /// Whether a range of a code without its system holds one system only: then each resource is
    /// met once, as by `system|code`. Two looks at the ends of the range tell.
    fn is_one_token(&self, ranged: &Ranged) -> Result<bool, Problem> {
        let one_code = matches!(
            &ranged.pass,
            Pass::Matchers(matchers)
                if matches!(matchers.as_slice(), [Matcher::Token(token)] if token.is_code_only())
        );
        let ([range], true) = (ranged.ranges.as_slice(), one_code) else {
            return Ok(false);
        };
        let mut ends = [Vec::new(), Vec::new()];
        for (end, direction) in ends.iter_mut().zip([Direction::Ascending, Direction::Descending]) {
            self.snapshot().visit(range, direction, &mut |key, _| {
                end.extend_from_slice(key.get(..key.len().saturating_sub(10)).unwrap_or(key));
                Ok(false)
            })?;
        }
        let [first, last] = &ends;
        Ok(first == last && first.len() <= KEY_VALUE_BYTES_MAX)
    }

    /// Resolves chains up to `limit` targets and adds them as options. Answers whether any was.
    fn add_links(
        &self,
        part: &Part,
        options: &mut Vec<Choosable>,
        limit: usize,
    ) -> Result<bool, Problem> {
        let before = options.len();
        for (at, clause) in part.clauses.iter().enumerate() {
            let (driver, covers) = match &clause.test {
                Test::Chain { slots, targets, number } => {
                    let Some(targets) = self.targets(targets, *number, limit)? else { continue };
                    let ranges = merged(targets.ranges(part.resource_type, slots));
                    let pass = Pass::Targets(targets);
                    let slots = slots.clone();
                    (Driver::Ranged(Ranged { ranges, slots, pass, once: false }), None)
                }
                Test::Has { part: source, slots, number } => {
                    let found = self.referred(part.resource_type, source, slots, *number, limit)?;
                    let Some(keys) = found else { continue };
                    (Driver::Keys(keys.to_vec()), Some(at))
                }
                Test::Any { .. }
                | Test::Missing { .. }
                | Test::Id { .. }
                | Test::LastUpdated(_)
                | Test::Composite { .. }
                | Test::Never => continue,
            };
            let (id, label) = (option_id(at, 0), clause.label.clone());
            options.push(Choosable { id, label, driver, covers, direct: false, counted: None });
        }
        Ok(options.len() > before)
    }
}

/// A chain that was resolved for the first page stands for too much by now.
fn cannot_go_on() -> Problem {
    let text = "So much has changed since the first page that the search cannot go on from here. \
                Search again from the start, or narrow the chain down.";
    Problem::new(Kind::TooCostly, "SEA-025", text)
}

impl Choosable {
    fn explain(&self) -> Value {
        let counted = match self.counted {
            Some(Counted { count, all: true }) => json!(count),
            Some(Counted { count, all: false }) => json!(format!("at least {count}")),
            None => json!("not counted"),
        };
        json!({ "parameter": self.label, "keys": counted })
    }
}

/// The ranges of one clause, and whether they are the range of a patient's own resources.
fn ranged(part: &Part, slots: &[SlotId], matchers: &[Matcher]) -> (Ranged, bool) {
    let owners: Vec<PatientNumber> = matchers.iter().filter_map(Matcher::owner).collect();
    let direct = !owners.is_empty() && owners.len() == matchers.len();
    let mut once = owners.is_empty();
    let mut ranges: Vec<Range> =
        owners.into_iter().map(|owner| owned(owner, part.resource_type)).collect();
    for slot in slots {
        for matcher in matchers {
            let found = matcher.ranges(*slot);
            once &= found.once;
            ranges.extend(found.ranges);
        }
    }
    let ranges = merged(ranges);
    once &= ranges.len() == 1 || (slots.len() == 1 && matchers.len() == 1);
    let pass = Pass::Matchers(matchers.to_vec());
    (Ranged { ranges, slots: slots.into(), pass, once }, direct)
}

fn stage(part: &Part, picked: Option<Choosable>) -> Stage {
    let direction = Direction::Ascending;
    let Some(Choosable { driver, covers, .. }) = picked else {
        let bare = part.clauses.is_empty();
        let driver = Driver::All(part.resource_type);
        return Stage { driver, direction, covers: None, extra: None, bare };
    };
    let bare = covers.is_some() && part.clauses.len() == 1;
    Stage { driver, direction, covers, extra: None, bare }
}

fn order(part: &Part, sort: &[Sort], picked: Option<&Choosable>) -> Order {
    if sort.is_empty() {
        return Order::Driver;
    }
    let few = picked.is_some_and(|picked| {
        picked.direct || picked.counted.is_some_and(|c| c.all && c.count <= SORTED_IN_MEMORY_MAX)
    });
    if !few && index_stages(part, sort, None).is_some() { Order::Index } else { Order::Memory }
}

/// The stages that yield the order asked for, when there is an index in that order. `picked` is
/// used when it is in the right order itself.
fn index_stages(part: &Part, sort: &[Sort], picked: Option<Driver>) -> Option<Vec<Stage>> {
    let [Sort { by, descending }] = sort else {
        return None;
    };
    let direction = if *descending { Direction::Descending } else { Direction::Ascending };
    let bare = part.clauses.is_empty();
    let resource_type = part.resource_type;
    let stage =
        |driver, direction, extra, bare| Stage { driver, direction, covers: None, extra, bare };
    match by {
        SortBy::Id => Some(vec![stage(Driver::All(resource_type), direction, None, bare)]),
        SortBy::LastUpdated => {
            let driver = picked
                .filter(|driver| matches!(driver, Driver::Changes { .. }))
                .unwrap_or(Driver::Changes { resource_type, from: 0, to: u64::MAX });
            Some(vec![stage(driver, direction, None, false)])
        }
        SortBy::Slots { slots, indexed: true } => {
            let [slot] = &**slots else {
                return None;
            };
            let found = Matcher::Anything.ranges(*slot);
            let slots: Box<[SlotId]> = slots.clone();
            let pass = Pass::Matchers(vec![Matcher::Anything]);
            let driver = Driver::Ranged(Ranged {
                ranges: found.ranges,
                slots: slots.clone(),
                pass,
                once: found.once,
            });
            let bare = bare && found.once;
            let test = Test::Missing { slots, only: None, missing: true, references: false };
            let without = Clause { label: "without the sorted value".into(), test };
            Some(vec![
                stage(driver, direction, None, bare),
                stage(Driver::All(resource_type), Direction::Ascending, Some(without), false),
            ])
        }
        SortBy::Slots { indexed: false, .. } => None,
    }
}
