//! The pass over the log: every look is taken in once, in any order, and kept as counts.
//!
//! What is kept grows with the number of (actor, patient, day) and of looks without a care
//! relationship, both at most [`DAYS_MAX`], not with the log.

use akson_base::{Kind, Problem};
use jiff::civil::{Date, Weekday};
use jiff::tz::Offset;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::case::Case;
use crate::facts::{ActorFacts, Basis, Facts, Look};
use crate::neighbourhood::{Ties, Weighing};
use crate::signal::{Reason, Signal};

/// Most (actor, patient, day) in one analysis, and most looks without relationship.
pub const DAYS_MAX: usize = 2_000_000;
/// Looks before an actor's usual hours are known.
const LOOKS_FOR_HABITS: u32 = 60;
/// Of an actor's looks, in a thousand: below this an hour (with its neighbours) is unusual.
const UNUSUAL_PER_THOUSAND: u32 = 15;
const MINUTES_OF_BURST: i64 = 60;
const MINUTES_OF_CROWD: i64 = 3 * 24 * 60;
/// Patients without relationship within an hour, from which on they are many.
const MANY_PATIENTS: u32 = 6;
/// Readers without relationship within three days, from which on they are many.
const MANY_READERS: u32 = 4;
/// Days after the last use of a relationship, from which on it counts as ended.
const ENDED_DAYS: i32 = 30;
/// Days after an access without relationship within which one that follows explains it.
const FOLLOWED_DAYS: i32 = 14;
/// Patients without relationship a day that are the everyday of a role at a unit.
const ROUTINE_PER_DAY: u32 = 3;
/// Emergency accesses in the period, from which on they can be much.
const MUCH_EMERGENCY: u32 = 3;

/// One actor's looks at one patient on one day.
#[derive(Clone, Copy, Default)]
struct Tally {
    looks: u32,
    refused: u32,
    /// A bit for each hour.
    hours: u32,
    /// A bit for each [`Basis`].
    bases: u8,
    /// Patients of the fullest hour that it stands in.
    burst: u32,
    /// Readers of the fullest three days that it stands in.
    crowd: u32,
}

impl Tally {
    fn has(&self, basis: Basis) -> bool {
        self.bases & (1 << basis as u8) != 0
    }
}

/// A look without relationship.
#[derive(Clone, Copy)]
struct Unrelated {
    minute: i64,
    day: i32,
    actor: u32,
    patient: u32,
}

/// The pass.
#[derive(Default)]
pub struct Analysis {
    days: FxHashMap<(u32, u32, i32), Tally>,
    unrelated: Vec<Unrelated>,
    /// By actor: looks in each hour of working days, then of weekends.
    hours: FxHashMap<u32, [u32; 48]>,
}

fn day_number(day: Date) -> i32 {
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or_default();
    (midnight.as_second() / 86_400) as i32
}

fn date(day: i32) -> Date {
    let seconds = i64::from(day) * 86_400;
    let midnight = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    Offset::UTC.to_datetime(midnight).date()
}

fn slot(day: i32, hour: u32) -> usize {
    let is_weekend = matches!(date(day).weekday(), Weekday::Saturday | Weekday::Sunday);
    hour as usize + if is_weekend { 24 } else { 0 }
}

impl Analysis {
    /// Takes in one look.
    ///
    /// # Errors
    /// `INS-001` when the period holds more than [`DAYS_MAX`]: a shorter one must be chosen.
    pub fn add(&mut self, look: Look) -> Result<(), Problem> {
        if self.days.len() >= DAYS_MAX || self.unrelated.len() >= DAYS_MAX {
            return Err(Problem::new(
                Kind::TooCostly,
                "INS-001",
                "The log of this period is too large for one analysis. Choose a shorter period.",
            ));
        }
        let day = day_number(look.at.date());
        let hour = u32::from(look.at.hour().unsigned_abs());
        let tally = self.days.entry((look.actor, look.patient, day)).or_default();
        tally.looks += 1;
        tally.refused += u32::from(look.basis == Basis::Refused);
        tally.hours |= 1 << hour;
        tally.bases |= 1 << look.basis as u8;
        let hours = self.hours.entry(look.actor).or_insert([0; 48]);
        if let Some(count) = hours.get_mut(slot(day, hour)) {
            *count += 1;
        }
        if look.basis != Basis::Relationship {
            let minute = i64::from(day) * 1_440 + i64::from(hour) * 60;
            let minute = minute + i64::from(look.at.minute());
            let (actor, patient) = (look.actor, look.patient);
            self.unrelated.push(Unrelated { minute, day, actor, patient });
        }
        Ok(())
    }

    /// The cases that score at least `floor`, the highest first, at most `limit`. The same looks
    /// and facts give the same cases, in whatever order they came.
    pub fn cases(&self, facts: &Facts, floor: u32, limit: usize) -> Vec<Case> {
        let counted = Counted::new(self, facts);
        let ties = Ties::new(facts);
        let unknown = ActorFacts::default();
        let mut cases = Vec::new();
        for (&(actor, patient, day), tally) in &counted.days {
            let known = facts.actors.get(&actor).unwrap_or(&unknown);
            let is_unrelated = !tally.has(Basis::Relationship) || tally.has(Basis::Refused);
            let weighing = match is_unrelated {
                true if counted.usual(known) >= ROUTINE_PER_DAY => Weighing::Routine,
                true => Weighing::Unrelated,
                false => Weighing::Related,
            };
            let mut reasons = Vec::new();
            if let Some(patient) = facts.patients.get(&patient) {
                ties.add(known, patient, weighing, &mut reasons);
            }
            if is_unrelated {
                counted.without_relationship((actor, patient, day), tally, known, &mut reasons);
            }
            self.unusual_hour(actor, day, tally, &mut reasons);
            let score = reasons.iter().map(|reason| reason.points).sum();
            if score >= floor && score > 0 {
                reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.points), reason.signal));
                let (day, looks) = (date(day), tally.looks);
                cases.push(Case { actor, patient, day, looks, score, reasons });
            }
        }
        cases.sort_by_key(|case| {
            (std::cmp::Reverse((case.score, case.day)), case.actor, case.patient)
        });
        cases.truncate(limit);
        cases
    }

    fn unusual_hour(&self, actor: u32, day: i32, tally: &Tally, reasons: &mut Vec<Reason>) {
        let Some(hours) = self.hours.get(&actor) else { return };
        let all: u32 = hours.iter().sum();
        if all < LOOKS_FOR_HABITS {
            return;
        }
        let share = |hour: u32| {
            let near = [hour + 23, hour, hour + 1].map(|near| slot(day, near % 24));
            let looks: u32 = near.iter().filter_map(|at| hours.get(*at)).sum();
            looks * 1_000 / all
        };
        let of_day = (0..24).filter(|hour| tally.hours & (1 << hour) != 0);
        let rarest = of_day.map(|hour| (share(hour), hour)).min();
        if let Some((share, hour)) = rarest.filter(|(share, _)| *share < UNUSUAL_PER_THOUSAND) {
            reasons.push(Reason::new(Signal::UnusualHour, 12).counted(hour, share));
        }
    }
}

/// What the whole period says, for judging each day.
struct Counted<'a> {
    days: FxHashMap<(u32, u32, i32), Tally>,
    /// By actor and patient: days with relationship, days without, sorted.
    pairs: FxHashMap<(u32, u32), (Vec<i32>, Vec<i32>)>,
    /// By role and unit: patients without relationship that are usual in a working day.
    usual: FxHashMap<(&'a str, &'a str), u32>,
    emergencies: FxHashMap<u32, u32>,
    /// By role: emergency accesses, actors.
    of_role: FxHashMap<&'a str, (u32, u32)>,
}

impl<'a> Counted<'a> {
    fn new(analysis: &Analysis, facts: &'a Facts) -> Self {
        let mut days = analysis.days.clone();
        let mut looks = analysis.unrelated.clone();
        looks.sort_by_key(|look| (look.actor, look.minute, look.patient));
        fullest(
            &looks,
            |l| l.actor,
            |l| l.patient,
            MINUTES_OF_BURST,
            |look, count| {
                if let Some(tally) = days.get_mut(&(look.actor, look.patient, look.day)) {
                    tally.burst = tally.burst.max(count);
                }
            },
        );
        looks.sort_by_key(|look| (look.patient, look.minute, look.actor));
        fullest(
            &looks,
            |l| l.patient,
            |l| l.actor,
            MINUTES_OF_CROWD,
            |look, count| {
                if let Some(tally) = days.get_mut(&(look.actor, look.patient, look.day)) {
                    tally.crowd = tally.crowd.max(count);
                }
            },
        );
        let mut pairs: FxHashMap<(u32, u32), (Vec<i32>, Vec<i32>)> = FxHashMap::default();
        let mut emergencies: FxHashMap<u32, u32> = FxHashMap::default();
        let mut worked: FxHashMap<(u32, i32), u32> = FxHashMap::default();
        for (&(actor, patient, day), tally) in &days {
            let pair = pairs.entry((actor, patient)).or_default();
            let is_related = tally.has(Basis::Relationship);
            if is_related {
                pair.0.push(day)
            } else {
                pair.1.push(day)
            };
            *worked.entry((actor, day)).or_default() += u32::from(!is_related);
            *emergencies.entry(actor).or_default() += u32::from(tally.has(Basis::Emergency));
        }
        for (related, unrelated) in pairs.values_mut() {
            related.sort_unstable();
            unrelated.sort_unstable();
        }
        let mut of_role: FxHashMap<&str, (u32, u32)> = FxHashMap::default();
        for (actor, count) in &emergencies {
            if let Some(known) = facts.actors.get(actor) {
                let (all, actors) = of_role.entry(&known.role).or_default();
                *all += count;
                *actors += 1;
            }
        }
        Self { days, pairs, usual: usual(&worked, facts), emergencies, of_role }
    }

    fn usual(&self, actor: &ActorFacts) -> u32 {
        self.usual.get(&(&*actor.role, &*actor.unit)).copied().unwrap_or(0)
    }

    fn without_relationship(
        &self,
        (actor, patient, day): (u32, u32, i32),
        tally: &Tally,
        known: &ActorFacts,
        reasons: &mut Vec<Reason>,
    ) {
        let usual = self.usual(known);
        let empty = (Vec::new(), Vec::new());
        let (related, unrelated) = self.pairs.get(&(actor, patient)).unwrap_or(&empty);
        let is_followed = related.iter().any(|then| (day..=day + FOLLOWED_DAYS).contains(then));
        let is_routine = usual >= ROUTINE_PER_DAY;
        for (basis, signal, points) in [
            (Basis::Decided, Signal::Decided, 10),
            (Basis::Emergency, Signal::Emergency, 12),
            (Basis::LookUp, Signal::LookUp, 5),
        ] {
            if tally.has(basis) && !is_followed {
                reasons.push(Reason::new(signal, if is_routine { points / 3 } else { points }));
            }
        }
        if tally.refused > 0 {
            let points = (4 + 4 * tally.refused).min(24);
            reasons.push(Reason::new(Signal::Refused, points).counted(tally.refused, 0));
        }
        let many = MANY_PATIENTS.max(usual * 2);
        if tally.burst >= many {
            let points = (20 + 4 * (tally.burst - many)).min(48);
            reasons.push(Reason::new(Signal::ManyPatients, points).counted(tally.burst, usual));
        }
        if tally.crowd >= MANY_READERS {
            let points = (16 + 4 * (tally.crowd - MANY_READERS)).min(32);
            reasons.push(Reason::new(Signal::ManyReaders, points).counted(tally.crowd, 0));
        }
        if tally.has(Basis::Emergency) {
            self.much_emergency(actor, known, reasons);
        }
        if related.is_empty() && unrelated.len() == 1 && !is_routine {
            reasons.push(Reason::new(Signal::OnlyOnce, 4));
        }
        if related.is_empty() && unrelated.len() > 1 && !is_routine {
            let days = unrelated.len() as u32;
            reasons.push(Reason::new(Signal::Returned, 8).counted(days, 0));
        }
        let before = related.iter().rev().find(|then| **then < day);
        if let Some(days) = before.map(|then| day - then).filter(|days| *days >= ENDED_DAYS) {
            let ended = Reason::new(Signal::AfterRelationship, if is_followed { 0 } else { 8 });
            if ended.points > 0 {
                reasons.push(ended.counted(days.unsigned_abs(), 0));
            }
        }
    }

    fn much_emergency(&self, actor: u32, known: &ActorFacts, reasons: &mut Vec<Reason>) {
        let own = self.emergencies.get(&actor).copied().unwrap_or(0);
        let (all, actors) = self.of_role.get(&*known.role).copied().unwrap_or((own, 1));
        let others = all.saturating_sub(own) / actors.saturating_sub(1).max(1);
        if actors > 1 && own >= MUCH_EMERGENCY && own >= others.saturating_mul(3) {
            reasons.push(Reason::new(Signal::MuchEmergency, 10).counted(own, others));
        }
    }
}

/// The median of patients without relationship in a day, over the actors of a role at a unit: of
/// each actor first, so that one with very many does not make it usual for the others.
fn usual<'a>(
    worked: &FxHashMap<(u32, i32), u32>,
    facts: &'a Facts,
) -> FxHashMap<(&'a str, &'a str), u32> {
    let mut by_actor: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for ((actor, _), patients) in worked {
        by_actor.entry(*actor).or_default().push(*patients);
    }
    let mut by_place: FxHashMap<(&str, &str), Vec<u32>> = FxHashMap::default();
    for (actor, days) in &mut by_actor {
        if let Some(known) = facts.actors.get(actor) {
            by_place.entry((&known.role, &known.unit)).or_default().push(median(days));
        }
    }
    // One alone has no colleagues to say what is usual.
    let compared = by_place.iter_mut().filter(|(_, medians)| medians.len() > 1);
    compared.map(|(place, medians)| (*place, median(medians))).collect()
}

fn median(numbers: &mut [u32]) -> u32 {
    numbers.sort_unstable();
    numbers.get(numbers.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// For each look the number of different members in the window that begins with it or the one that
/// ends with it, whichever is fuller. `looks` are sorted by group and time.
fn fullest(
    looks: &[Unrelated],
    group: impl Fn(&Unrelated) -> u32,
    member: impl Fn(&Unrelated) -> u32,
    minutes: i64,
    mut give: impl FnMut(&Unrelated, u32),
) {
    for group in looks.chunk_by(|one, next| group(one) == group(next)) {
        let mut inside: FxHashMap<u32, u32> = FxHashMap::default();
        let mut begin = group.iter().peekable();
        for look in group {
            *inside.entry(member(look)).or_default() += 1;
            while let Some(first) = begin.next_if(|first| look.minute - first.minute > minutes) {
                // Before this look came, the window that begins with `first` was full.
                let of_look = usize::from(inside.get(&member(look)) == Some(&1));
                give(first, (inside.len() - of_look) as u32);
                if let Some(count) = inside.get_mut(&member(first)) {
                    *count -= 1;
                    if *count == 0 {
                        inside.remove(&member(first));
                    }
                }
            }
            give(look, inside.len() as u32);
        }
        let rest: FxHashSet<u32> = inside.keys().copied().collect();
        for first in begin {
            give(first, rest.len() as u32);
        }
    }
}
