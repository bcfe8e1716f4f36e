//! One page of a search: in the order asked for, going on where the page before ended, with the
//! number of all matches when it is wanted.
//!
//! Not here: which list is walked (`plan`), what else comes along (`include`).

use akson_base::{Kind, Problem, limits};
use serde_json::{Value, json};

use super::changes::newest_commit;
use super::cursor::Cursor;
use super::matcher::{Matcher, ReferenceTest};
use super::plan::{Choice, Order, Plan};
use super::query::{Part, Query, Summary, Test, Total};
use super::run::Run;
use super::since::Since;
use super::sort::SortKey;
use super::{Found, SearchContext};
use crate::engine::{Direction, Snapshot};
use crate::keys::{self, PatientNumber, ResourceKey};

/// Runs a search.
///
/// # Errors
/// `TooCostly` when a limit is reached, with advice; `Invalid` for a cursor that is not this
/// search's.
pub fn execute(context: &SearchContext<'_>, query: &Query) -> Result<Found, Problem> {
    let run = Run::new(context);
    let parts = run.bound(&query.parts)?;
    let cursor = query.cursor.as_deref();
    let cursor = cursor.map(|text| Cursor::decode(text, query.fingerprint)).transpose()?;
    let mut page = Page::new(&run, query, &parts);
    if query.summary == Summary::Count {
        let total = page.count()?;
        return Ok(Found { total: Some(total), explain: page.explained(0), ..Found::default() });
    }
    page.fill(cursor.as_ref())?;
    let total = page.total(cursor.as_ref())?;
    let next_cursor = match page.next.take() {
        None => None,
        Some(next) => {
            let commit = match &cursor {
                Some(cursor) => cursor.commit,
                None => newest_commit(context.snapshot)?,
            };
            Some(Cursor { commit, total, ..next }.encode())
        }
    };
    let included = run.included(query, &page.matches)?;
    let explain = page.explained(included.len());
    Ok(Found { matches: page.matches, included, total, next_cursor, explain })
}

/// Which list is being walked.
#[derive(Clone, Copy)]
struct Place {
    part: u16,
    choice: Choice,
    stage: u8,
}

struct Page<'a> {
    run: &'a Run<'a>,
    query: &'a Query,
    parts: &'a [Part],
    matches: Vec<ResourceKey>,
    /// Where the next page begins, when there is one.
    next: Option<Cursor>,
    /// The number of all matches, when the way taken told it.
    known_total: Option<u64>,
    plans: Vec<Value>,
}

impl<'a> Page<'a> {
    fn new(run: &'a Run<'a>, query: &'a Query, parts: &'a [Part]) -> Self {
        let (matches, plans) = (Vec::with_capacity(query.count.min(64)), Vec::new());
        Self { run, query, parts, matches, next: None, known_total: None, plans }
    }

    fn fill(&mut self, cursor: Option<&Cursor>) -> Result<(), Problem> {
        let sorted = self.parts.iter().any(|part| !part.sort.is_empty());
        if let Some(cursor) = cursor.filter(|cursor| cursor.choice.order == Order::Memory) {
            return self.fill_sorted(None, Some(cursor));
        }
        if sorted && self.parts.len() > 1 {
            return self.fill_sorted(None, None);
        }
        let mut last = None;
        let from = cursor.map_or(0, |cursor| usize::from(cursor.part));
        for (at, part) in self.parts.iter().enumerate().skip(from) {
            let resumed = cursor.filter(|_| at == from);
            let plan = self.run.plan(part, &part.sort, resumed.map(|cursor| cursor.choice))?;
            if plan.choice.order == Order::Memory {
                return self.fill_sorted(Some(plan), None);
            }
            self.explain(&plan);
            let since = match cursor {
                Some(cursor) => self.run.since(part, cursor.commit)?,
                None => Since::default(),
            };
            self.walk(at, part, &plan, &since, resumed, &mut last)?;
            if self.next.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Takes matches in the order of the plan; `last` is the place of the last one of a full page.
    fn walk(
        &mut self,
        at: usize,
        part: &Part,
        plan: &Plan,
        since: &Since,
        resumed: Option<&Cursor>,
        last: &mut Option<Cursor>,
    ) -> Result<(), Problem> {
        let from = resumed.map_or(0, |cursor| usize::from(cursor.stage));
        let run = self.run;
        for (number, stage) in plan.stages.iter().enumerate().skip(from) {
            let after = resumed.filter(|_| number == from).map(|cursor| cursor.position.as_slice());
            let at = Place { part: at as u16, choice: plan.choice, stage: number as u8 };
            let mut moved = run.moved(part, stage, since, after)?.into_iter().peekable();
            let ascending = stage.direction == Direction::Ascending;
            run.stream(part, stage, after, false, &mut |met, _| {
                if since.hides(met.key) {
                    return Ok(true);
                }
                let earlier = |position: &[u8]| {
                    if ascending { position < met.position } else { position > met.position }
                };
                while let Some((position, key)) = moved.next_if(|(p, _)| earlier(p)) {
                    if !self.take(at, &position, key, last) {
                        return Ok(false);
                    }
                }
                Ok(self.take(at, met.position, met.key, last))
            })?;
            for (position, key) in moved {
                if self.next.is_some() || !self.take(at, &position, key, last) {
                    break;
                }
            }
            if self.next.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Takes one match, or notes that there is another page. Answers whether to go on.
    fn take(
        &mut self,
        at: Place,
        position: &[u8],
        key: ResourceKey,
        last: &mut Option<Cursor>,
    ) -> bool {
        if self.matches.len() == self.query.count {
            self.next = last.take();
            return false;
        }
        self.matches.push(key);
        if self.matches.len() == self.query.count {
            *last = Some(Cursor {
                fingerprint: self.query.fingerprint,
                part: at.part,
                choice: at.choice,
                stage: at.stage,
                commit: 0,
                total: None,
                position: position.to_vec(),
            });
        }
        true
    }

    /// Finds all matches and sorts them. `plan` is used for a search on one type, if given.
    fn fill_sorted(&mut self, plan: Option<Plan>, cursor: Option<&Cursor>) -> Result<(), Problem> {
        let Some(sort) = self.parts.first().map(|part| &part.sort) else { return Ok(()) };
        let mut all: Vec<SortKey> = Vec::new();
        let mut plan = plan;
        for part in self.parts {
            let plan = match plan.take() {
                Some(plan) => plan,
                None => self.run.plan(part, &[], None)?,
            };
            self.explain(&plan);
            let since = match cursor {
                Some(cursor) => self.run.since(part, cursor.commit)?,
                None => Since::default(),
            };
            all.extend(self.run.moved_sorted(part, &part.sort, &since)?);
            for stage in &plan.stages {
                self.run.stream(part, stage, None, true, &mut |met, facets| {
                    if since.hides(met.key) {
                        return Ok(true);
                    }
                    if all.len() >= limits::SORT_ENTRIES_MAX {
                        return Err(too_many_to_sort());
                    }
                    all.extend(facets.map(|facets| SortKey::of(&part.sort, facets, met.key)));
                    Ok(true)
                })?;
            }
        }
        all.sort_unstable_by(|a, b| a.compare(b, sort));
        let begin = match cursor.and_then(|cursor| SortKey::decode(&cursor.position)) {
            Some(last) => all.partition_point(|key| !key.compare(&last, sort).is_gt()),
            None => 0,
        };
        let page = all.get(begin..).unwrap_or_default();
        let page = page.get(..self.query.count).unwrap_or(page);
        self.matches.extend(page.iter().map(|key| key.resource));
        self.known_total = Some(all.len() as u64);
        if let Some(last) = page.last().filter(|_| begin + page.len() < all.len()) {
            self.next = Some(Cursor {
                fingerprint: self.query.fingerprint,
                part: 0,
                choice: Choice { option: 0, order: Order::Memory },
                stage: 0,
                commit: 0,
                total: None,
                position: last.encode(),
            });
        }
        Ok(())
    }

    fn total(&mut self, cursor: Option<&Cursor>) -> Result<Option<u64>, Problem> {
        if let Some(told) = cursor.and_then(|cursor| cursor.total) {
            return Ok(Some(told));
        }
        if let Some(known) = self.known_total {
            return Ok(Some(known));
        }
        if cursor.is_none() && self.next.is_none() {
            return Ok(Some(self.matches.len() as u64));
        }
        match self.query.total {
            Total::None => Ok(None),
            Total::Accurate => self.count().map(Some),
        }
    }

    fn count(&mut self) -> Result<u64, Problem> {
        let mut count = 0;
        for part in self.parts {
            let plan = self.run.plan(part, &[], None)?;
            self.explain(&plan);
            for stage in &plan.stages {
                self.run.stream(part, stage, None, false, &mut |_, _| {
                    count += 1;
                    Ok(true)
                })?;
            }
        }
        Ok(count)
    }

    fn explain(&mut self, plan: &Plan) {
        // Of a search over many types the first few plans tell enough.
        if self.plans.len() < 8 {
            self.plans.push(plan.explain());
        }
    }

    fn explained(&self, included: usize) -> Value {
        json!({
            "plans": self.plans,
            "examined": self.run.examined(),
            "matches": self.matches.len(),
            "included": included,
        })
    }
}

fn too_many_to_sort() -> Problem {
    let text = format!(
        "More than {} resources match, and no index has them in this order. Narrow the search \
         down, or sort by one parameter only.",
        limits::SORT_ENTRIES_MAX
    );
    Problem::new(Kind::TooCostly, "SEA-023", text)
}

impl Run<'_> {
    /// The parts with cheap clauses first and every reference to a patient knowing its number.
    pub(super) fn bound(&self, parts: &[Part]) -> Result<Vec<Part>, Problem> {
        let mut parts = parts.to_vec();
        for part in &mut parts {
            self.bind(part)?;
        }
        Ok(parts)
    }

    fn bind(&self, part: &mut Part) -> Result<(), Problem> {
        part.clauses.sort_by_key(super::query::Clause::is_costly);
        for clause in &mut part.clauses {
            match &mut clause.test {
                Test::Any { matchers, .. } => {
                    for matcher in matchers {
                        bind_owner(self.snapshot(), matcher)?;
                    }
                }
                Test::Chain { targets, .. } => {
                    for target in targets {
                        self.bind(target)?;
                    }
                }
                Test::Has { part, .. } => self.bind(part)?,
                Test::Composite { alternatives, .. } => {
                    for matcher in alternatives.iter_mut().flatten() {
                        bind_owner(self.snapshot(), matcher)?;
                    }
                }
                Test::Missing { .. } | Test::Id { .. } | Test::LastUpdated(_) | Test::Never => {}
            }
        }
        Ok(())
    }
}

/// Gives a reference that can be to a patient the patient's number.
pub(super) fn bind_owner(snapshot: &dyn Snapshot, matcher: &mut Matcher) -> Result<(), Problem> {
    if let Matcher::Reference(ReferenceTest::Resource { id, type_name, owner, .. }) = matcher
        && type_name.as_deref().is_none_or(|name| name == "Patient")
        && !id.is_empty()
    {
        let number = snapshot.get(&keys::patient(id))?;
        let number = number.and_then(|number| <[u8; 4]>::try_from(number.as_ref()).ok());
        *owner = number.map(|number| PatientNumber(u32::from_be_bytes(number)));
    }
    Ok(())
}
