//! Vaccines: what was given, what is due, what comes next; what cannot be told is said to need assessment.
//!
//! Pure: what stands in the journal and a day in, answers out. The programme is data
//! (`clinical/vaccines.tsv`, read by [`programme`]). Not here: Immunization resources (`record`), HTML
//! (`pages::vaccines`).

mod programme;
mod record;

use jiff::civil::Date;

pub(crate) use self::record::{Vaccinations, read};

use self::programme::{Age, At, Kind, Offer, PROGRAMME};
use crate::chart::Sex;

/// The programme for children is offered to this age.
const CHILDHOOD: Age = Age::Years(20);
/// A dose so long before its time may not count.
const EARLY_DAYS: i64 = 42;
const EARLY_AT_SCHOOL_DAYS: i64 = 365;

/// Something that the journal says of a vaccine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub day: Date,
    /// ATC.
    pub codes: Vec<String>,
    /// Which dose, where that is said.
    pub number: Option<usize>,
    /// Why it was not given; `None` when it was.
    pub declined: Option<String>,
}

/// One offer and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// In `code-vaccine`.
    pub name: &'static str,
    pub dose: Option<usize>,
    pub state: State,
    /// A clinician must decide: the table does not.
    pub assess: Option<Assess>,
}

/// How an offer stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Should have been given; since then.
    Overdue(Date),
    /// Is offered now; since then.
    Due(Date),
    /// Is offered from then on.
    Coming(Date),
    /// Was offered and not given, and why.
    Declined(Date, String),
    Given(Date),
}

/// Why the table does not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assess {
    /// The time for it is over: whether and how it is caught up is assessed.
    Late,
    /// A dose before it is missing.
    Gap,
    /// It was given well before its time.
    Early,
    /// Nothing is recorded; it may have been given before there was a record.
    Unknown,
    /// It was given so long ago that another may be needed.
    Again,
}

/// How every offer of the programme stands for somebody, in the order of the programme. `sex`: offers
/// to one sex need it.
pub(crate) fn standing(birth: Date, sex: Option<Sex>, events: &[Event], today: Date) -> Vec<Item> {
    let is_child = today < CHILDHOOD.after(birth);
    let offers = PROGRAMME.offers.iter().filter(|offer| {
        let for_sex = offer.sex.is_none() || offer.sex == sex;
        for_sex && offer.born.is_none_or(|born| birth >= born)
    });
    let mut items = Vec::new();
    for offer in offers {
        let of_line = Line::of(offer.line, events);
        items.extend(match offer.kind {
            Kind::Dose { .. } if !is_child => None,
            Kind::Dose { number, at, late, apart, until } => {
                let dose = Dose { number, at, late, apart, until };
                dose.item(offer, birth, &of_line, today)
            }
            Kind::Every { from, years } => {
                (!is_child).then(|| again(offer, from.after(birth), years, &of_line, today, true))
            }
            Kind::Once { from, years } => {
                let begin = from.after(birth);
                (today >= begin).then(|| again(offer, begin, years, &of_line, today, false))
            }
            Kind::Season { from, first, last } => {
                let begin = from.after(birth);
                (today >= begin).then(|| season(offer, (first, last), &of_line, today))
            }
        });
    }
    items
}

/// The addresses that the table has its lines from, with their hosts.
pub(crate) fn sources() -> Vec<(&'static str, &'static str)> {
    let host = |source: &'static str| {
        let rest = source.trim_start_matches("https://").trim_start_matches("www.");
        rest.split('/').next().unwrap_or(rest)
    };
    let mut all: Vec<(&str, &str)> = Vec::new();
    for offer in &PROGRAMME.offers {
        if !all.iter().any(|(known, _)| *known == offer.source) {
            all.push((offer.source, host(offer.source)));
        }
    }
    all
}

/// What was given, and what was declined, of one vaccine; the oldest first, one dose a day.
struct Line<'a> {
    given: Vec<&'a Event>,
    declined: Vec<&'a Event>,
}

impl<'a> Line<'a> {
    fn of(line: &str, events: &'a [Event]) -> Self {
        let is_of = |event: &&Event| {
            event.codes.iter().any(|code| PROGRAMME.lines_of(code).any(|known| known == line))
        };
        let mut all: Vec<&Event> = events.iter().filter(is_of).collect();
        all.sort_by_key(|event| event.day);
        let (declined, mut given): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|event| event.declined.is_some());
        given.dedup_by_key(|event| event.day);
        Self { given, declined }
    }

    /// What was declined on or after a day.
    fn declined_since(&self, day: Date) -> Option<State> {
        let event = self.declined.iter().rev().find(|event| event.day >= day)?;
        Some(State::Declined(event.day, event.declined.clone().unwrap_or_default()))
    }
}

struct Dose {
    number: usize,
    at: At,
    late: Option<Age>,
    apart: Option<Age>,
    until: Option<Age>,
}

impl Dose {
    fn item(&self, offer: &Offer, birth: Date, line: &Line<'_>, today: Date) -> Option<Item> {
        let item =
            |state, assess| Item { name: offer.name, dose: Some(self.number), state, assess };
        let own = self.at.first_day(birth);
        // A dose that was given is the one that it says it is, else the next in turn.
        let said = line.given.iter().find(|event| event.number == Some(self.number));
        let in_turn = line.given.get(self.number.saturating_sub(1));
        if let Some(event) = said.or(in_turn) {
            let days = crate::dates::days_between(event.day, own);
            let margin = match self.at {
                At::Age(_) => EARLY_DAYS,
                At::Grade(_) => EARLY_AT_SCHOOL_DAYS,
            };
            return Some(item(State::Given(event.day), (days > margin).then_some(Assess::Early)));
        }
        let missing = line.given.len() + 1 < self.number;
        let before = line.given.last().map(|event| event.day);
        // After the dose before, and where that is not given yet, after its time.
        let first = self.apart.map_or(own, |apart| apart.after(before.unwrap_or(own)).max(own));
        if let Some(state) = self.declined(line, own) {
            return Some(item(state, None));
        }
        if self.until.is_some_and(|until| today >= until.after(birth)) {
            return None;
        }
        let late = self.at.late_day(birth, self.late).max(first);
        let gap = missing.then_some(Assess::Gap);
        Some(if today < first {
            item(State::Coming(first), None)
        } else if today < late {
            item(State::Due(first), gap)
        } else {
            item(State::Overdue(first), Some(Assess::Late))
        })
    }

    /// Whether this dose was declined: by its number, else at a time that lies near its own.
    fn declined(&self, line: &Line<'_>, own: Date) -> Option<State> {
        let is_it = |event: &&&Event| match event.number {
            Some(number) => number == self.number,
            None => {
                let days = crate::dates::days_between(own, event.day);
                (-EARLY_DAYS..EARLY_AT_SCHOOL_DAYS).contains(&days)
            }
        };
        let event = line.declined.iter().rev().find(is_it)?;
        Some(State::Declined(event.day, event.declined.clone().unwrap_or_default()))
    }
}

/// What is given again after years: due then (`repeats`), or assessed.
fn again(
    offer: &Offer,
    begin: Date,
    years: i16,
    line: &Line<'_>,
    today: Date,
    repeats: bool,
) -> Item {
    let item = |state, assess| Item { name: offer.name, dose: None, state, assess };
    let next = |day: Date| day.saturating_add(jiff::Span::new().years(years));
    // A refusal holds as long as a dose would.
    let back = today.saturating_sub(jiff::Span::new().years(years));
    let last = line.given.last().map(|event| event.day);
    match last {
        Some(last) if next(last) > today && repeats => item(State::Coming(next(last)), None),
        Some(last) if next(last) > today => item(State::Given(last), None),
        _ if line.declined_since(back).is_some() => {
            item(line.declined_since(back).unwrap_or(State::Due(begin)), None)
        }
        Some(last) if repeats => item(State::Due(next(last)), None),
        Some(last) => item(State::Given(last), Some(Assess::Again)),
        None if repeats => item(State::Due(begin), Some(Assess::Unknown)),
        None => item(State::Due(begin), None),
    }
}

/// What is given every winter.
fn season(offer: &Offer, (first, last): (i8, i8), line: &Line<'_>, today: Date) -> Item {
    let item = |state| Item { name: offer.name, dose: None, state, assess: None };
    let month = today.month();
    let begins_in = if month <= last { today.year() - 1 } else { today.year() };
    let begin = Date::new(begins_in, first, 1).unwrap_or(today);
    let is_open = month >= first || month <= last;
    let since = |day: &Date| *day >= begin.saturating_sub(jiff::Span::new().months(1));
    let given = line.given.iter().map(|event| event.day).rfind(since);
    match given {
        Some(day) if is_open => item(State::Given(day)),
        _ if is_open => item(line.declined_since(begin).unwrap_or(State::Due(begin))),
        _ => item(State::Coming(begin)),
    }
}

#[cfg(test)]
mod tests;
