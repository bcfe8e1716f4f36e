//! Vital signs and results: one series per analysis, with reference range, direction and trend.
//!
//! Direction: what the laboratory said (`interpretation`), else the value against its range.
//! Not here: drawing (`pages/trend_figure`).

use std::cmp::Reverse;
use std::collections::HashMap;

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use super::Observed;
use crate::datatypes::{Code, concept, moment, number, quantity, text, unit};
use crate::dates::Moment;
use crate::messages::{code, t, tf};
use crate::numbers::decimal;

/// Which table a series stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Group {
    /// `vital-signs`
    Vital,
    /// `laboratory`
    Laboratory,
    /// Everything else: surveys, social history, examinations.
    Other,
}

/// Outside what is normal, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Above the range.
    High,
    /// Far above.
    Critical,
    /// Below the range.
    Low,
    /// Far below.
    CriticalLow,
    /// Abnormal without a direction (a positive test).
    Abnormal,
}

/// Limits of what is normal; at least one is there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Range {
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// A value in words and, when it can be drawn, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    /// As read: `121 µmol/L`, `138/82 mmHg`, `Negativ`.
    pub text: String,
    /// One number, or two for a blood pressure (systolic, diastolic).
    pub numbers: Vec<f64>,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub date: Option<Moment>,
    pub value: Value,
    pub direction: Option<Direction>,
    pub range_text: Option<String>,
    pub range: Option<Range>,
    pub note: Option<String>,
    pub performer: Option<String>,
}

/// All measurements of one analysis, newest first; never empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// Unique within the chart, safe in a URL.
    pub key: String,
    pub name: String,
    pub group: Group,
    pub code: Option<Code>,
    pub unit: Option<String>,
    pub points: Vec<Point>,
}

impl Series {
    /// The newest measurement.
    pub(crate) fn latest(&self) -> Option<&Point> {
        self.points.first()
    }

    /// Measurements that can be drawn: dated and numeric.
    pub(crate) fn drawable(&self) -> impl Iterator<Item = (&Point, Moment)> {
        self.points
            .iter()
            .filter(|point| !point.value.numbers.is_empty())
            .filter_map(|point| Some((point, point.date?)))
    }

    /// Whether this is a blood pressure: two curves in one figure.
    pub(crate) fn is_pair(&self) -> bool {
        self.points.iter().any(|point| point.value.numbers.len() == 2)
    }
}

const SYSTOLIC: &str = "8480-6";
const DIASTOLIC: &str = "8462-4";

/// The series among Observations.
pub(crate) fn read(observations: impl IntoIterator<Item = Observed>) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::new();
    // An analysis without a code is known by its name.
    let mut places: HashMap<(Option<Code>, Option<String>), usize> = HashMap::new();
    for one in observations {
        let (Some(name), Some(point), false) = (one.name, one.point, one.is_void) else { continue };
        let known_by = match one.code {
            Some(code) => (Some(code), None),
            None => (None, Some(name.clone())),
        };
        if let Some(known) = places.get(&known_by).and_then(|place| series.get_mut(*place)) {
            known.points.push(point);
            continue;
        }
        series.push(Series {
            key: String::new(),
            name,
            group: one.group,
            code: known_by.0.clone(),
            unit: one.unit,
            points: vec![point],
        });
        places.insert(known_by, series.len() - 1);
    }
    for one in &mut series {
        one.points.sort_by_key(|point| Reverse(point.date));
    }
    series.sort_by(|a, b| order(a).cmp(&order(b)));
    give_keys(&mut series);
    series
}

/// Newest day first; within a day the abnormal first, then what is measured most, then by name.
fn order(series: &Series) -> (Group, Reverse<Option<Date>>, bool, Reverse<usize>, &str) {
    let latest = series.latest();
    (
        series.group,
        Reverse(latest.and_then(|p| p.date).map(Moment::date)),
        latest.is_none_or(|p| p.direction.is_none()),
        Reverse(series.drawable().count()),
        &series.name,
    )
}

fn give_keys(series: &mut [Series]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for one in series {
        let base: String = match &one.code {
            Some(code) => code.code.clone(),
            None => one.name.clone(),
        };
        let base: String = base
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
            .collect();
        let count = seen.entry(base.clone()).or_default();
        *count += 1;
        one.key = if *count == 1 { base } else { format!("{base}.{count}") };
    }
}

impl Group {
    pub(super) fn of(observation: NodeRef<'_>) -> Self {
        let mut codes = observation
            .named("category")
            .flat_map(|category| category.named("coding"))
            .filter_map(|coding| text(coding, &["code"]));
        codes
            .find_map(|code| match code {
                "vital-signs" => Some(Self::Vital),
                "laboratory" => Some(Self::Laboratory),
                _ => None,
            })
            .unwrap_or(Self::Other)
    }
}

impl Point {
    /// Nothing where the Observation tells of no value.
    pub(super) fn read(observation: NodeRef<'_>) -> Option<Self> {
        let value = value(observation)?;
        let range_node = observation.first("referenceRange");
        let range = range_node.and_then(range);
        let direction = interpretation(observation).unwrap_or_else(|| against(&value, range));
        Some(Self {
            date: moment(observation, &["effective"])
                .or_else(|| moment(observation, &["effective", "start"]))
                .or_else(|| moment(observation, &["issued"])),
            value,
            direction,
            range_text: range_node.and_then(range_words),
            range,
            note: text(observation, &["note", "text"]).map(str::to_owned),
            performer: text(observation, &["performer", "display"]).map(str::to_owned),
        })
    }
}

fn value(observation: NodeRef<'_>) -> Option<Value> {
    if let Some(node) = observation.first("value") {
        return Some(Value {
            text: value_words(node)?,
            numbers: number(node).into_iter().collect(),
        });
    }
    if let Some(pressure) = blood_pressure(observation) {
        return Some(pressure);
    }
    let parts: Vec<String> = observation
        .named("component")
        .filter_map(|component| {
            let name = component.first("code").and_then(concept)?;
            let value = component.first("value").and_then(value_words)?;
            Some(tf("results.component", &[("name", &name), ("value", &value)]))
        })
        .collect();
    if !parts.is_empty() {
        return Some(Value { text: parts.join("; "), numbers: Vec::new() });
    }
    let absent = observation.first("dataAbsentReason").and_then(concept)?;
    let text = tf("results.absent", &[("reason", &absent)]);
    Some(Value { text, numbers: Vec::new() })
}

fn blood_pressure(observation: NodeRef<'_>) -> Option<Value> {
    let part = |wanted: &str| {
        observation
            .named("component")
            .find(|c| crate::datatypes::has_code(c.first("code"), wanted))
            .and_then(|c| c.first("value"))
    };
    let (systolic, diastolic) = (part(SYSTOLIC)?, part(DIASTOLIC)?);
    let words = format!(
        "{}/{}",
        decimal(text(systolic, &["value"])?),
        decimal(text(diastolic, &["value"])?)
    );
    let words = unit(systolic).map_or(words.clone(), |unit| format!("{words}\u{a0}{unit}"));
    Some(Value { text: words, numbers: vec![number(systolic)?, number(diastolic)?] })
}

/// Any `value[x]` in words.
fn value_words(node: NodeRef<'_>) -> Option<String> {
    match node.type_name() {
        "Quantity" => quantity(node),
        "CodeableConcept" => concept(node),
        "boolean" => {
            Some(t(if node.text()? == "true" { "results.yes" } else { "results.no" }).into())
        }
        "integer" | "decimal" => node.text().map(decimal),
        "dateTime" | "date" => node.text().and_then(Moment::parse).map(Moment::with_time),
        "Range" => range_words(node),
        "Ratio" => {
            let numerator = node.first("numerator").and_then(quantity)?;
            let denominator = node.first("denominator").and_then(quantity)?;
            Some(format!("{numerator} / {denominator}"))
        }
        _ => node.text().map(str::to_owned),
    }
}

/// What the laboratory said of the value; `None` when it said nothing.
fn interpretation(observation: NodeRef<'_>) -> Option<Option<Direction>> {
    let said = observation.first("interpretation")?;
    let code = said.named("coding").find_map(|c| text(c, &["code"]))?;
    Some(match code {
        "H" | "HU" => Some(Direction::High),
        "HH" => Some(Direction::Critical),
        "L" | "LU" => Some(Direction::Low),
        "LL" => Some(Direction::CriticalLow),
        "A" | "AA" | "POS" | "DET" | "R" => Some(Direction::Abnormal),
        _ => None,
    })
}

fn against(value: &Value, range: Option<Range>) -> Option<Direction> {
    let range = range?;
    let [number] = value.numbers.as_slice() else { return None };
    if range.high.is_some_and(|high| *number > high) {
        Some(Direction::High)
    } else if range.low.is_some_and(|low| *number < low) {
        Some(Direction::Low)
    } else {
        None
    }
}

fn range(node: NodeRef<'_>) -> Option<Range> {
    let limit = |name: &str| node.first(name).and_then(number);
    let range = Range { low: limit("low"), high: limit("high") };
    (range.low.is_some() || range.high.is_some()).then_some(range)
}

/// `45–90`, `< 5`, `> 60`, or the laboratory's own words.
fn range_words(node: NodeRef<'_>) -> Option<String> {
    let limit = |name: &str| text(node, &[name, "value"]).map(decimal);
    match (limit("low"), limit("high")) {
        (Some(low), Some(high)) => Some(format!("{low}–{high}")),
        (None, Some(high)) => Some(format!("<\u{a0}{high}")),
        (Some(low), None) => Some(format!(">\u{a0}{low}")),
        (None, None) => text(node, &["text"]).map(str::to_owned),
    }
}

impl Direction {
    /// The sign beside the value.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::High => "↑",
            Self::Critical => "↑↑",
            Self::Low => "↓",
            Self::CriticalLow => "↓↓",
            Self::Abnormal => "!",
        }
    }

    /// The word for it, for those who cannot see the sign.
    pub(crate) fn word(self) -> &'static str {
        let key = match self {
            Self::High => "high",
            Self::Critical => "critical-high",
            Self::Low => "low",
            Self::CriticalLow => "critical-low",
            Self::Abnormal => "abnormal",
        };
        code("direction", key).unwrap_or("")
    }

    /// The CSS class that colours it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::High | Self::Critical | Self::CriticalLow | Self::Abnormal => "value-alarm",
            Self::Low => "value-low",
        }
    }
}
