//! Which doses a dosage instruction plans on a day: `Timing` read as a nurse reads it.
//!
//! Pure: no clock, no record. Times are local. What is not understood is never left out in silence:
//! [`Plan::Unclear`] asks for a look at the words.
//! Standard: <https://hl7.org/fhir/R4/datatypes.html#Timing>,
//! <https://hl7.org/fhir/R4/valueset-event-timing.html>

use jiff::civil::{Date, Time, Weekday};
use serde_json::Value;

use crate::dates::days_between;
use crate::fields::list;

/// What a dosage instruction asks for on a day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// At these times, in order; none when nothing is due that day.
    Times(Vec<Time>),
    /// When needed, at most so many times in a day and night where that is stated.
    AsNeeded(Option<f64>),
    /// The timing does not say when: the words must be read.
    Unclear,
}

/// Times of a dose a day, by how many there are.
const ONCE: [i8; 1] = [8];
const TWICE: [i8; 2] = [8, 20];
const THRICE: [i8; 3] = [8, 14, 20];
const FOUR: [i8; 4] = [8, 12, 18, 22];
const FIVE: [i8; 5] = [6, 10, 14, 18, 22];
const SIX: [i8; 6] = [2, 6, 10, 14, 18, 22];
/// Days that are counted through for `count`.
const COUNTED_DAYS_MAX: i64 = 400;

/// What a `Dosage` plans on `day`. `since` is when the prescription began, where the timing itself
/// does not say: rhythms of several days are counted from there.
pub(crate) fn plan(dosage: &Value, day: Date, since: Date) -> Plan {
    let timing = dosage.get("timing");
    let repeat = timing.and_then(|timing| timing.get("repeat"));
    if is_as_needed(dosage) {
        return match repeat.is_none_or(|repeat| is_within(repeat, day, since)) {
            true => Plan::AsNeeded(most(dosage, repeat)),
            false => Plan::Times(Vec::new()),
        };
    }
    let Some(timing) = timing else { return Plan::Unclear };
    let events = list(timing, "/event");
    if !events.is_empty() {
        return Plan::Times(sorted(events.iter().filter_map(|event| on_day(event, day)).collect()));
    }
    match repeat {
        Some(repeat) if !is_within(repeat, day, since) => Plan::Times(Vec::new()),
        Some(repeat) => repeated(repeat, timing, day, since),
        None => coded(timing).map_or(Plan::Unclear, |hours| Plan::Times(at_hours(hours))),
    }
}

fn is_as_needed(dosage: &Value) -> bool {
    dosage.get("asNeededBoolean").and_then(Value::as_bool) == Some(true)
        || dosage.get("asNeededCodeableConcept").is_some()
}

/// Most doses in 24 hours: `maxDosePerPeriod` over the size of a dose, else the highest frequency.
fn most(dosage: &Value, repeat: Option<&Value>) -> Option<f64> {
    let ratio = dosage.get("maxDosePerPeriod");
    let of = |part: &str| ratio.and_then(|ratio| ratio.get(part));
    if let (Some(numerator), Some(denominator)) = (of("numerator"), of("denominator")) {
        let unit = denominator.get("code").or(denominator.get("unit")).and_then(Value::as_str);
        let hours = match unit {
            Some("d" | "døgn" | "dag") => 24.0,
            Some("h" | "time" | "timer") => 1.0,
            Some(_) | None => 0.0,
        } * number(denominator, "value").unwrap_or(1.0);
        let dose = dosage.pointer("/doseAndRate/0/doseQuantity");
        let same_unit = dose.and_then(|dose| dose.get("unit")) == numerator.get("unit");
        if let (Some(most), Some(one), true) =
            (number(numerator, "value"), dose.and_then(|dose| number(dose, "value")), same_unit)
            && hours > 0.0
            && one > 0.0
        {
            return Some((most / one) * (24.0 / hours));
        }
    }
    let repeat = repeat?;
    let times = number(repeat, "frequencyMax").or_else(|| number(repeat, "frequency"))?;
    let days = period_days(repeat)?;
    // "Every four to six hours": the shorter one is the most.
    Some(times / days).filter(|most| *most > 0.0)
}

/// The rhythm's length in days, fractions for hours; `None` without one, and for months and years.
fn period_days(repeat: &Value) -> Option<f64> {
    let period = number(repeat, "period").unwrap_or(1.0);
    let unit = match repeat.get("periodUnit").and_then(Value::as_str)? {
        "min" => 1.0 / 1440.0,
        "h" => 1.0 / 24.0,
        "d" => 1.0,
        "wk" => 7.0,
        _ => return None,
    };
    Some(period * unit).filter(|days| *days > 0.0)
}

/// Whether a day lies within `bounds[x]`; the last day counts.
fn is_within(repeat: &Value, day: Date, since: Date) -> bool {
    if let Some(bounds) = repeat.get("boundsPeriod") {
        let edge = |name| bounds.get(name).and_then(date);
        return edge("start").is_none_or(|start| start <= day)
            && edge("end").is_none_or(|end| day <= end);
    }
    let length = repeat.get("boundsDuration").or_else(|| repeat.pointer("/boundsRange/high"));
    let Some(length) = length else { return true };
    let unit = length.get("code").or(length.get("unit")).and_then(Value::as_str);
    let days = number(length, "value").zip(match unit {
        Some("d" | "dag" | "dager") => Some(1.0),
        Some("wk" | "uke" | "uker") => Some(7.0),
        Some("mo" | "måned" | "måneder") => Some(30.0),
        Some(_) | None => None,
    });
    days.is_none_or(|(value, unit)| (days_between(since, day) as f64) < value * unit)
}

/// Where rhythms of several days are counted from.
fn anchor(repeat: &Value, since: Date) -> Date {
    repeat.pointer("/boundsPeriod/start").and_then(date).unwrap_or(since)
}

fn repeated(repeat: &Value, timing: &Value, day: Date, since: Date) -> Plan {
    let start = anchor(repeat, since);
    if day < start {
        return Plan::Times(Vec::new());
    }
    let Some(times) = times_of_day(repeat, timing, day, start) else { return Plan::Unclear };
    let mut times = sorted(times);
    if let Some(count) = number(repeat, "count") {
        times.truncate(left_of(repeat, timing, day, start, count));
    }
    Plan::Times(times)
}

/// How many of `count` doses are left when `day` begins.
fn left_of(repeat: &Value, timing: &Value, day: Date, start: Date, count: f64) -> usize {
    let mut left = count;
    let mut one = start;
    for _ in 0..days_between(start, day).min(COUNTED_DAYS_MAX) {
        left -= times_of_day(repeat, timing, one, start).map_or(0.0, |times| times.len() as f64);
        let Ok(next) = one.tomorrow() else { break };
        one = next;
    }
    left.max(0.0) as usize
}

/// The times on a day within the bounds; `None` when the timing does not say.
fn times_of_day(repeat: &Value, timing: &Value, day: Date, start: Date) -> Option<Vec<Time>> {
    let days = list(repeat, "/dayOfWeek");
    if !days.is_empty() && !days.iter().any(|code| weekday(code) == Some(day.weekday())) {
        return Some(Vec::new());
    }
    let stated = stated_times(repeat)?;
    let unit = repeat.get("periodUnit").and_then(Value::as_str);
    let period = number(repeat, "period").unwrap_or(1.0);
    let Some(unit) = unit else {
        return match (stated.is_empty(), days.is_empty(), coded(timing)) {
            (false, ..) => Some(stated),
            (true, _, Some(hours)) => Some(at_hours(hours)),
            (true, false, None) => Some(at_hours(&ONCE)),
            (true, true, None) => None,
        };
    };
    if unit == "h" || unit == "min" {
        let hours = period * if unit == "h" { 1.0 } else { 1.0 / 60.0 };
        return match stated.is_empty() {
            true => every_hours(repeat, hours, day, start),
            false => Some(stated),
        };
    }
    let due = doses_due(repeat, unit, period, day, start, !days.is_empty())?;
    Some(match (due, stated.is_empty()) {
        (0, _) => Vec::new(),
        (_, false) => stated,
        (due, true) => at_hours(hours_of(due)?),
    })
}

/// Times that the timing names: `timeOfDay` and `when`. `None` for a `when` that nobody knows.
fn stated_times(repeat: &Value) -> Option<Vec<Time>> {
    let mut times: Vec<Time> = list(repeat, "/timeOfDay")
        .iter()
        .map(|text| text.as_str().and_then(|text| text.parse().ok()))
        .collect::<Option<_>>()?;
    let offset = number(repeat, "offset").unwrap_or(0.0) as i64;
    for event in list(repeat, "/when") {
        let (minutes, sign) = event_minutes(event.as_str()?)?;
        let at = (minutes + sign * offset).clamp(0, 24 * 60 - 1);
        times.push(time_of(at)?);
    }
    Some(times)
}

/// Minute of the day of an event, and which way an offset counts.
fn event_minutes(code: &str) -> Option<(i64, i64)> {
    let at = |hour: i64, minute: i64| hour * 60 + minute;
    Some(match code {
        "MORN" | "C" | "CM" | "PCM" => (at(8, 0), 1),
        "MORN.early" | "WAKE" => (at(7, 0), 1),
        "MORN.late" => (at(10, 0), 1),
        "NOON" => (at(12, 0), 1),
        "AFT" | "AFT.early" | "CD" | "PCD" | "PC" => (at(14, 0), 1),
        "AFT.late" => (at(16, 0), 1),
        "EVE.early" | "CV" | "PCV" => (at(18, 0), 1),
        "EVE" => (at(20, 0), 1),
        "EVE.late" | "NIGHT" | "PHS" => (at(22, 0), 1),
        "HS" => (at(22, 0), -1),
        "ACM" | "AC" => (at(7, 30), -1),
        "ACD" => (at(13, 30), -1),
        "ACV" => (at(17, 30), -1),
        _ => return None,
    })
}

/// How many doses are due on a day that the days of the week allow.
fn doses_due(
    repeat: &Value,
    unit: &str,
    period: f64,
    day: Date,
    start: Date,
    has_days: bool,
) -> Option<usize> {
    let frequency = number(repeat, "frequency").unwrap_or(1.0).max(1.0) as i64;
    let whole = period as i64;
    if period.fract() != 0.0 || whole < 1 {
        return None;
    }
    let since_start = days_between(start, day);
    match unit {
        "d" => Some(spread(frequency, whole, since_start)),
        "wk" if has_days => {
            // Weeks begin on Mondays; the first is the one of the start.
            let monday = |date: Date| {
                days_between(start, date) + i64::from(start.weekday().to_monday_zero_offset())
            };
            let is_week = monday(day).div_euclid(7) % whole == 0;
            Some(usize::from(is_week))
        }
        "wk" => Some(spread(frequency, whole * 7, since_start)),
        "mo" | "a" => {
            let months = (i64::from(day.year()) - i64::from(start.year())) * 12
                + i64::from(day.month())
                - i64::from(start.month());
            let every = if unit == "mo" { whole } else { whole * 12 };
            // The 31st is given on the last day of shorter months.
            let on = start.day().min(day.days_in_month());
            Some(usize::from(months % every == 0 && day.day() == on))
        }
        _ => None,
    }
}

/// Doses on the day that lies so many days after the start, of `frequency` in `period` days: evenly.
fn spread(frequency: i64, period: i64, since_start: i64) -> usize {
    let place = since_start.rem_euclid(period);
    let before = |days: i64| (days * frequency + period - 1).div_euclid(period);
    usize::try_from(before(place + 1) - before(place)).unwrap_or(0)
}

/// Every so many hours, counted from eight o'clock on the first day.
fn every_hours(repeat: &Value, hours: f64, day: Date, start: Date) -> Option<Vec<Time>> {
    let frequency = number(repeat, "frequency").unwrap_or(1.0).max(1.0);
    let step = ((hours / frequency) * 60.0).round() as i64;
    if !(30..=60 * 24 * 60).contains(&step) {
        return None;
    }
    let first = 8 * 60;
    let begin = days_between(start, day) * 24 * 60 - first;
    // The first dose is at eight: nothing before it.
    let mut at = begin.div_euclid(step) * step + if begin.rem_euclid(step) == 0 { 0 } else { step };
    at = at.max(0);
    let mut times = Vec::new();
    while at < begin + 24 * 60 {
        times.push(time_of(at - begin)?);
        at += step;
    }
    Some(times)
}

/// Hours of the day of a `Timing.code` (`GTSAbbreviation`).
fn coded(timing: &Value) -> Option<&'static [i8]> {
    let codings = timing.pointer("/code/coding").and_then(Value::as_array)?;
    codings.iter().find_map(|coding| {
        Some(match coding.get("code").and_then(Value::as_str)? {
            "QD" | "AM" => &ONCE[..],
            "BID" => &TWICE,
            "TID" => &THRICE,
            "QID" | "Q6H" => &FOUR,
            "Q4H" => &SIX,
            "Q8H" => &THRICE,
            "PM" => &[20],
            "BED" => &[22],
            _ => return None,
        })
    })
}

fn hours_of(times: usize) -> Option<&'static [i8]> {
    Some(match times {
        1 => &ONCE[..],
        2 => &TWICE,
        3 => &THRICE,
        4 => &FOUR,
        5 => &FIVE,
        6 => &SIX,
        _ => return None,
    })
}

fn at_hours(hours: &[i8]) -> Vec<Time> {
    hours.iter().filter_map(|hour| Time::new(*hour, 0, 0, 0).ok()).collect()
}

fn time_of(minutes: i64) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}

fn sorted(mut times: Vec<Time>) -> Vec<Time> {
    times.sort_unstable();
    times.dedup();
    times
}

/// The time of a stated moment, if it lies on the day.
fn on_day(event: &Value, day: Date) -> Option<Time> {
    let moment = crate::dates::Moment::parse(event.as_str()?)?;
    (moment.date() == day).then(|| moment.time())
}

fn date(value: &Value) -> Option<Date> {
    crate::dates::Moment::parse(value.as_str()?).map(crate::dates::Moment::date)
}

fn weekday(code: &Value) -> Option<Weekday> {
    Some(match code.as_str()? {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

fn number(value: &Value, name: &str) -> Option<f64> {
    value.get(name).and_then(Value::as_f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A Saturday.
    const DAY: Date = Date::constant(2026, 11, 21);
    /// A Monday.
    const START: Date = Date::constant(2026, 11, 2);

    fn times(repeat: Value, day: Date) -> String {
        words(&plan(&json!({"timing": {"repeat": repeat}}), day, START))
    }

    fn words(plan: &Plan) -> String {
        match plan {
            Plan::Times(times) => {
                let all: Vec<String> =
                    times.iter().map(|t| format!("{:02}:{:02}", t.hour(), t.minute())).collect();
                all.join(" ")
            }
            Plan::AsNeeded(most) => format!("as needed {most:?}"),
            Plan::Unclear => "unclear".into(),
        }
    }

    #[test]
    fn the_forms_that_prescriptions_have_are_planned() {
        for (repeat, expected) in [
            (
                json!({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN", "EVE"]}),
                "08:00 20:00",
            ),
            (json!({"when": ["HS"]}), "22:00"),
            (json!({"when": ["ACM"], "offset": 30}), "07:00"),
            (json!({"frequency": 1, "period": 1, "periodUnit": "d"}), "08:00"),
            (json!({"frequency": 2, "period": 1, "periodUnit": "d"}), "08:00 20:00"),
            (json!({"frequency": 3, "period": 1, "periodUnit": "d"}), "08:00 14:00 20:00"),
            (json!({"frequency": 4, "period": 1, "periodUnit": "d"}), "08:00 12:00 18:00 22:00"),
            (json!({"timeOfDay": ["19:00:00", "07:30:00"]}), "07:30 19:00"),
            (json!({"frequency": 1, "period": 8, "periodUnit": "h"}), "00:00 08:00 16:00"),
            (json!({"frequency": 1, "period": 12, "periodUnit": "h"}), "08:00 20:00"),
            (json!({"dayOfWeek": ["sat"], "timeOfDay": ["09:00:00"]}), "09:00"),
            (json!({"dayOfWeek": ["sat", "mon"]}), "08:00"),
            (json!({"dayOfWeek": ["fri"], "when": ["MORN"]}), ""),
            (json!({"when": ["WITHTHEMOON"]}), "unclear"),
            (json!({"frequency": 9, "period": 1, "periodUnit": "d"}), "unclear"),
            (json!({}), "unclear"),
        ] {
            assert_eq!(times(repeat.clone(), DAY), expected, "{repeat}");
        }
    }

    #[test]
    fn rhythms_of_several_days_are_counted_from_the_start() {
        let given = |repeat: Value| -> String {
            let days = (0..28).map(|n| START.checked_add(jiff::ToSpan::days(n)).unwrap());
            let due = days.filter(|day| !times(repeat.clone(), *day).is_empty());
            due.map(|day| days_between(START, day).to_string()).collect::<Vec<_>>().join(" ")
        };
        let wk = |f: i32, p: i32| json!({"frequency": f, "period": p, "periodUnit": "wk"});
        let d = |f: i32, p: i32| json!({"frequency": f, "period": p, "periodUnit": "d"});
        assert_eq!(given(wk(1, 1)), "0 7 14 21");
        assert_eq!(given(wk(1, 2)), "0 14");
        assert_eq!(given(d(1, 2)), "0 2 4 6 8 10 12 14 16 18 20 22 24 26");
        assert_eq!(given(d(1, 3)), "0 3 6 9 12 15 18 21 24 27");
        assert_eq!(given(wk(3, 1)), "0 2 4 7 9 11 14 16 18 21 23 25");
        let every_other =
            json!({"frequency": 1, "period": 2, "periodUnit": "wk", "dayOfWeek": ["wed"]});
        assert_eq!(given(every_other), "2 16");
        let hours = json!({"frequency": 1, "period": 36, "periodUnit": "h"});
        assert_eq!(times(hours.clone(), START), "08:00");
        assert_eq!(times(hours.clone(), START.tomorrow().unwrap()), "20:00");
        assert_eq!(times(hours, Date::constant(2026, 11, 4)), "");
        let patch = json!({"frequency": 1, "period": 72, "periodUnit": "h"});
        assert_eq!(given(patch), "0 3 6 9 12 15 18 21 24 27");
    }

    #[test]
    fn months_are_given_on_the_day_of_the_month_or_its_last() {
        let monthly =
            json!({"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}}});
        let since = Date::constant(2026, 1, 31);
        for (day, due) in [
            (Date::constant(2026, 2, 28), true),
            (Date::constant(2026, 3, 28), false),
            (Date::constant(2026, 3, 31), true),
        ] {
            assert_eq!(plan(&monthly, day, since) != Plan::Times(Vec::new()), due, "{day}");
        }
    }

    #[test]
    fn bounds_hold_with_their_first_and_last_day() {
        let until = |end: &str| {
            json!({"frequency": 1, "period": 1, "periodUnit": "d",
                   "boundsPeriod": {"start": "2026-11-20", "end": end}})
        };
        assert_eq!(times(until("2026-11-21"), DAY), "08:00");
        assert_eq!(times(until("2026-11-20"), DAY), "");
        assert_eq!(times(until("2026-11-25"), Date::constant(2026, 11, 19)), "");
        let days = |n: i32| {
            json!({"frequency": 1, "period": 1, "periodUnit": "d",
                   "boundsDuration": {"value": n, "unit": "d", "code": "d"}})
        };
        assert_eq!(times(days(20), DAY), "08:00");
        assert_eq!(times(days(19), DAY), "");
        let counted = |n: i32| json!({"frequency": 2, "period": 1, "periodUnit": "d", "count": n});
        assert_eq!(times(counted(39), DAY), "08:00");
        assert_eq!(times(counted(38), DAY), "");
    }

    #[test]
    fn as_needed_has_the_most_of_a_day_where_it_is_stated() {
        let repeat = json!({"frequency": 1, "frequencyMax": 4, "period": 1, "periodUnit": "d"});
        let dosage = json!({"asNeededBoolean": true, "timing": {"repeat": repeat}});
        assert_eq!(plan(&dosage, DAY, START), Plan::AsNeeded(Some(4.0)));
        let dosage = json!({"asNeededCodeableConcept": {"text": "smerter"},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "g"}}],
            "maxDosePerPeriod": {"numerator": {"value": 4, "unit": "g"},
                                 "denominator": {"value": 1, "code": "d"}}});
        assert_eq!(plan(&dosage, DAY, START), Plan::AsNeeded(Some(4.0)));
        assert_eq!(plan(&json!({"asNeededBoolean": true}), DAY, START), Plan::AsNeeded(None));
        let over = json!({"asNeededBoolean": true,
            "timing": {"repeat": {"boundsPeriod": {"end": "2026-11-01"}}}});
        assert_eq!(plan(&over, DAY, START), Plan::Times(Vec::new()));
    }

    #[test]
    fn events_and_codes_are_read_and_what_says_nothing_is_unclear() {
        let events = json!({"timing": {"event": ["2026-11-21T10:00:00+01:00", "2026-11-22"]}});
        assert_eq!(words(&plan(&events, DAY, START)), "10:00");
        let code = |code: &str| json!({"timing": {"code": {"coding": [{"code": code}]}}});
        assert_eq!(words(&plan(&code("BID"), DAY, START)), "08:00 20:00");
        assert_eq!(words(&plan(&code("XYZ"), DAY, START)), "unclear");
        assert_eq!(words(&plan(&json!({"text": "som før"}), DAY, START)), "unclear");
    }
}
