//! Running a search on one type: judging candidates, and remembering within one request what
//! chains came to.
//!
//! Not here: choosing the driver (`plan`), pages and order (`page`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use akson_base::{Kind, Problem, limits};
use rustc_hash::FxHashMap;

use super::SearchContext;
use super::driver::{Driver, Met, Reads, commit_of, facets_of, view};
use super::links::Targets;
use super::matcher::Matcher;
use super::plan::Stage;
use super::query::{Clause, Part, Test};
use crate::engine::Snapshot;
use crate::facets::value::{REFERENCE_OWNER, REFERENCE_RELATIVE, split_zero};
use crate::facets::{Entry, Facets, ValueKind};
use crate::keys::{PatientNumber, ResourceKey};

/// Candidates that may be examined for each one that an attempt to list all may find.
const EFFORT_PER_RESULT_MAX: usize = 16;
const EFFORT_MIN: usize = 4096;

/// The state of one request.
pub(super) struct Run<'a> {
    context: &'a SearchContext<'a>,
    examined: Cell<usize>,
    outcomes: RefCell<FxHashMap<(usize, ResourceKey), bool>>,
    targets: RefCell<FxHashMap<usize, Rc<Targets>>>,
    referred: RefCell<FxHashMap<usize, Rc<Vec<ResourceKey>>>>,
    patients: RefCell<FxHashMap<PatientNumber, Option<ResourceKey>>>,
}

/// Hears of a match; answers whether to go on.
pub(super) type OnMatch<'m> =
    dyn FnMut(&Met<'_>, Option<&Facets<'_>>) -> Result<bool, Problem> + 'm;

impl<'a> Run<'a> {
    pub(super) fn new(context: &'a SearchContext<'a>) -> Self {
        Self {
            context,
            examined: Cell::new(0),
            outcomes: RefCell::default(),
            targets: RefCell::default(),
            referred: RefCell::default(),
            patients: RefCell::default(),
        }
    }

    pub(super) fn context(&self) -> &'a SearchContext<'a> {
        self.context
    }

    pub(super) fn snapshot(&self) -> &'a dyn Snapshot {
        self.context.snapshot
    }

    /// How many candidates were looked at.
    pub(super) fn examined(&self) -> usize {
        self.examined.get()
    }

    /// Counts one more candidate.
    pub(super) fn examine(&self) -> Result<(), Problem> {
        self.examined.set(self.examined.get() + 1);
        if self.examined.get() <= limits::SEARCH_CANDIDATES_MAX {
            return Ok(());
        }
        let text = format!(
            "The search would have to look at more than {} resources. Narrow it down: by patient, \
             by a code with its system, or by date.",
            limits::SEARCH_CANDIDATES_MAX
        );
        Err(Problem::new(Kind::TooCostly, "SEA-020", text))
    }

    pub(super) fn known(&self, number: usize, key: ResourceKey) -> Option<bool> {
        self.outcomes.borrow().get(&(number, key)).copied()
    }

    pub(super) fn know(&self, number: usize, key: ResourceKey, outcome: bool) {
        self.outcomes.borrow_mut().insert((number, key), outcome);
    }

    pub(super) fn known_targets(&self, number: usize) -> Option<Rc<Targets>> {
        self.targets.borrow().get(&number).cloned()
    }

    pub(super) fn know_targets(&self, number: usize, targets: Rc<Targets>) {
        self.targets.borrow_mut().insert(number, targets);
    }

    pub(super) fn known_referred(&self, number: usize) -> Option<Rc<Vec<ResourceKey>>> {
        self.referred.borrow().get(&number).cloned()
    }

    pub(super) fn know_referred(&self, number: usize, keys: Rc<Vec<ResourceKey>>) {
        self.referred.borrow_mut().insert(number, keys);
    }

    pub(super) fn known_patient(&self, number: PatientNumber) -> Option<Option<ResourceKey>> {
        self.patients.borrow().get(&number).copied()
    }

    pub(super) fn know_patient(&self, number: PatientNumber, key: Option<ResourceKey>) {
        self.patients.borrow_mut().insert(number, key);
    }

    /// Walks a stage behind `after` and tells every match with its facets, if they were needed or
    /// `with_facets` asks for them.
    pub(super) fn stream(
        &self,
        part: &Part,
        stage: &Stage,
        after: Option<&[u8]>,
        with_facets: bool,
        on_match: &mut OnMatch<'_>,
    ) -> Result<(), Problem> {
        let mut previous = after.map(<[u8]>::to_vec).unwrap_or_default();
        let how = (stage.direction, reads(part, stage, with_facets));
        stage.driver.walk(self.snapshot(), how, after, &mut |met| {
            self.examine()?;
            if matches!(stage.driver, Driver::Changes { .. }) {
                // Two versions in one commit are one candidate.
                let repeated = previous.get(..20) == met.position.get(..20);
                previous.clear();
                previous.extend_from_slice(met.position);
                if repeated {
                    return Ok(true);
                }
            }
            self.consider(part, stage, met, with_facets, on_match)
        })
    }

    fn consider(
        &self,
        part: &Part,
        stage: &Stage,
        met: &Met<'_>,
        with_facets: bool,
        on_match: &mut OnMatch<'_>,
    ) -> Result<bool, Problem> {
        // Whether the driver answers for its clause here.
        let mut told = true;
        if let Driver::Ranged(ranged) = &stage.driver {
            if ranged.refuted(met.position, stage.direction) {
                return Ok(true);
            }
            told = ranged.tells(met.position);
        }
        if stage.bare && told && !with_facets {
            return on_match(met, None);
        }
        let fetched;
        let bytes = match met.facets {
            Some(bytes) => bytes,
            None => {
                fetched = facets_of(self.snapshot(), met.key)?;
                match &fetched {
                    Some(bytes) => bytes.as_ref(),
                    None => return Ok(true),
                }
            }
        };
        let facets = view(bytes)?;
        let met_first = match &stage.driver {
            Driver::Changes { .. } => facets.commit() == commit_of(met.position),
            Driver::Ranged(ranged) => {
                ranged.is_first(met.position, met.key, &facets, stage.direction)
            }
            Driver::All(_) | Driver::Keys(_) => true,
        };
        let covers = stage.covers.filter(|_| told);
        if !met_first || !self.holds_rest(part, stage, covers, met.key, &facets)? {
            return Ok(true);
        }
        on_match(met, Some(&facets))
    }

    /// Whether all clauses hold that the driver does not already answer for.
    fn holds_rest(
        &self,
        part: &Part,
        stage: &Stage,
        covers: Option<usize>,
        key: ResourceKey,
        facets: &Facets<'_>,
    ) -> Result<bool, Problem> {
        if let Some(extra) = &stage.extra
            && !self.holds(extra, key, facets)?
        {
            return Ok(false);
        }
        for (position, clause) in part.clauses.iter().enumerate() {
            if covers != Some(position) && !self.holds(clause, key, facets)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a resource matches all clauses.
    pub(super) fn holds_all(
        &self,
        part: &Part,
        key: ResourceKey,
        facets: &Facets<'_>,
    ) -> Result<bool, Problem> {
        for clause in &part.clauses {
            if !self.holds(clause, key, facets)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn holds(
        &self,
        clause: &Clause,
        key: ResourceKey,
        facets: &Facets<'_>,
    ) -> Result<bool, Problem> {
        if let Some(holds) = holds_by_itself(&clause.test, key, facets) {
            return Ok(holds);
        }
        match &clause.test {
            Test::Any { .. }
            | Test::Missing { .. }
            | Test::Id { .. }
            | Test::LastUpdated(_)
            | Test::Never => Ok(false),
            Test::Chain { slots, targets, number } => {
                self.follows_chain(slots, targets, *number, key, facets)
            }
            Test::Has { part: source, slots, number } => {
                self.is_referred(source, slots, *number, key, facets)
            }
            Test::Composite { index, alternatives, slots, whole } => {
                // Parts that are not there at all are not there together: no need to load.
                let mut possible = alternatives.iter().filter(|parts| {
                    parts.iter().zip(slots).all(|(matcher, slots)| {
                        slots.is_empty()
                            || slots.iter().any(|slot| {
                                let mut entries = facets.slot(*slot);
                                entries.any(|e| matcher.accepts(e.kind, e.value, key.patient()))
                            })
                    })
                });
                let possible = possible.next().is_some();
                Ok(possible && (*whole || self.composite(*index, alternatives, key)?))
            }
        }
    }

    /// Whether one tuple of a composite passes: its parts must be right together, which only the
    /// resource itself tells.
    fn composite(
        &self,
        index: usize,
        alternatives: &[Vec<Matcher>],
        key: ResourceKey,
    ) -> Result<bool, Problem> {
        let Some(resource) = (self.context.load)(key)? else {
            return Ok(false);
        };
        let tuples = self.context.extractor.composite_values(index, &resource);
        Ok(tuples.iter().any(|tuple| {
            alternatives.iter().any(|matchers| {
                matchers.len() == tuple.len()
                    && matchers.iter().zip(tuple).all(|(matcher, values)| {
                        values.iter().any(|value| accepts_value(matcher, value, key))
                    })
            })
        }))
    }

    /// All matches of a part in no particular order; `None` when they are more than `limit`, or
    /// finding them would be out of proportion.
    pub(super) fn all_of(
        &self,
        part: &Part,
        limit: usize,
    ) -> Result<Option<Vec<ResourceKey>>, Problem> {
        let begin = self.examined();
        let effort = EFFORT_MIN.max(limit.saturating_mul(EFFORT_PER_RESULT_MAX));
        let mut keys = Vec::new();
        let plan = self.plan(part, &[], None)?;
        for stage in &plan.stages {
            let how = (stage.direction, reads(part, stage, false));
            stage.driver.walk(self.snapshot(), how, None, &mut |met| {
                self.examine()?;
                if self.examined() - begin > effort {
                    keys.clear();
                    keys.resize(limit + 1, met.key);
                    return Ok(false);
                }
                self.consider(part, stage, met, false, &mut |met, _| {
                    keys.push(met.key);
                    Ok(keys.len() <= limit)
                })
            })?;
        }
        Ok((keys.len() <= limit).then_some(keys))
    }

    /// Whether anything matches.
    pub(super) fn exists(&self, part: &Part) -> Result<bool, Problem> {
        let mut found = false;
        let plan = self.plan(part, &[], None)?;
        for stage in &plan.stages {
            self.stream(part, stage, None, false, &mut |_, _| {
                found = true;
                Ok(false)
            })?;
        }
        Ok(found)
    }
}

/// What is read of the candidates of a stage.
fn reads(part: &Part, stage: &Stage, with_facets: bool) -> Reads {
    let is_loaded = |clause: &Clause| matches!(clause.test, Test::Composite { whole: false, .. });
    let tells = !matches!(&stage.driver, Driver::Ranged(ranged) if !ranged.once);
    if stage.bare && tells && !with_facets {
        Reads::Nothing
    } else if part.clauses.iter().any(is_loaded) {
        Reads::Whole
    } else {
        Reads::Facets
    }
}

/// Whether a resource passes, when its facets alone tell.
pub(super) fn holds_by_itself(test: &Test, key: ResourceKey, facets: &Facets<'_>) -> Option<bool> {
    match test {
        Test::Any { slots, matchers, negated } => {
            let found = slots
                .iter()
                .any(|slot| facets.slot(*slot).any(|entry| passes(matchers, &entry, key)));
            Some(found != *negated)
        }
        Test::Missing { slots, only, missing, .. } => {
            let mut entries = slots.iter().flat_map(|slot| facets.slot(*slot));
            let present =
                entries.any(|entry| only.as_ref().is_none_or(|only| refers_to(&entry, only)));
            Some(present != *missing)
        }
        Test::Id { ids, negated } => Some(ids.iter().any(|id| id == facets.id()) != *negated),
        Test::LastUpdated(tests) => {
            let time = facets.time();
            Some(tests.iter().any(|test| test.accepts(time, time + 1)))
        }
        Test::Never => Some(false),
        Test::Chain { .. } | Test::Has { .. } | Test::Composite { .. } => None,
    }
}

/// Whether an entry passes one of the matchers.
pub(super) fn passes(matchers: &[Matcher], entry: &Entry<'_>, key: ResourceKey) -> bool {
    matchers.iter().any(|matcher| matcher.accepts(entry.kind, entry.value, key.patient()))
}

fn accepts_value(
    matcher: &Matcher,
    value: &akson_fhir::search::SearchValue<'_>,
    key: ResourceKey,
) -> bool {
    let mut found = false;
    crate::facets::value::encode(value, None, &mut Vec::new(), &mut |kind, bytes| {
        found = found || matcher.accepts(kind, bytes, key.patient());
    });
    found
}

/// Whether an entry is a reference to a resource of the type.
fn refers_to(entry: &Entry<'_>, type_name: &str) -> bool {
    if entry.kind != ValueKind::Reference {
        return false;
    }
    match entry.value.split_first() {
        Some((&REFERENCE_OWNER, _)) => type_name == "Patient",
        Some((&REFERENCE_RELATIVE, rest)) => {
            let (_id, rest) = split_zero(rest);
            split_zero(rest).0 == type_name.as_bytes()
        }
        _ => false,
    }
}
