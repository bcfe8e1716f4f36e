//! What an expression works on: elements of a resource, and values computed on the way.

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

use super::decimal::Decimal;
use super::temporal::Moment;
use super::units::CalendarUnit;
use crate::model::{NodeRef, Scalar};

/// An ordered collection; most hold one item.
pub type Collection<'a> = SmallVec<[Item<'a>; 2]>;

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// An element of a resource.
    Node(NodeRef<'a>),
    /// A computed value.
    Value(Value<'a>),
}

/// A value of one of FHIRPath's own types.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `System.Boolean`.
    Boolean(bool),
    /// `System.Integer`.
    Integer(i64),
    /// `System.Decimal`.
    Decimal(Decimal),
    /// `System.String`.
    String(Cow<'a, str>),
    /// `System.Date`.
    Date(Moment),
    /// `System.DateTime`.
    DateTime(Moment),
    /// `System.Time`.
    Time(Moment),
    /// `System.Quantity`.
    Quantity(Box<Quantity<'a>>),
    /// What `type()` answers: namespace and name.
    Type(&'static str, Cow<'a, str>),
}

/// A number with a unit.
#[derive(Clone, Debug)]
pub struct Quantity<'a> {
    /// The number.
    pub value: Decimal,
    /// The unit.
    pub unit: Unit<'a>,
}

/// The unit of a quantity.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit<'a> {
    /// `4 days`.
    Calendar(CalendarUnit),
    /// `4 'mg'`; `1` when there is none.
    Ucum(Cow<'a, str>),
}

impl fmt::Debug for NodeRef<'_> {
    /// Where the element stands; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.location())
    }
}

impl<'a> Item<'a> {
    pub(crate) fn boolean(value: bool) -> Item<'a> {
        Item::Value(Value::Boolean(value))
    }

    pub(crate) fn integer(value: i64) -> Item<'a> {
        Item::Value(Value::Integer(value))
    }

    pub(crate) fn string(value: impl Into<Cow<'a, str>>) -> Item<'a> {
        Item::Value(Value::String(value.into()))
    }

    /// The element, if it is one.
    pub fn node(&self) -> Option<NodeRef<'a>> {
        match self {
            Item::Node(node) => Some(*node),
            Item::Value(_) => None,
        }
    }

    /// The value: of a primitive element, a Quantity, or computed. `None` for other elements and
    /// for a primitive without a value.
    pub fn value(&self) -> Option<Value<'a>> {
        match self {
            Item::Value(value) => Some(value.clone()),
            Item::Node(node) => node_value(*node),
        }
    }

    /// The value as text where it is a string.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.value()? {
            Value::String(text) => Some(text),
            Value::Boolean(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Time(_)
            | Value::Quantity(_)
            | Value::Type(..) => None,
        }
    }

    /// `System.Integer`, `FHIR.HumanName`: for messages and `type()`.
    pub fn type_name(&self) -> (&'static str, Cow<'a, str>) {
        match self {
            Item::Node(node) => ("FHIR", Cow::Borrowed(node.type_name())),
            Item::Value(value) => ("System", Cow::Borrowed(value.type_name())),
        }
    }
}

impl Value<'_> {
    /// `Integer`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Boolean(_) => "Boolean",
            Value::Integer(_) => "Integer",
            Value::Decimal(_) => "Decimal",
            Value::String(_) => "String",
            Value::Date(_) => "Date",
            Value::DateTime(_) => "DateTime",
            Value::Time(_) => "Time",
            Value::Quantity(_) => "Quantity",
            Value::Type(..) => "SimpleTypeInfo",
        }
    }

    /// Integers and decimals as a decimal.
    pub(crate) fn number(&self) -> Option<Decimal> {
        match self {
            Value::Integer(value) => Some(Decimal::from_integer(*value)),
            Value::Decimal(value) => Some(*value),
            Value::Boolean(_)
            | Value::String(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Time(_)
            | Value::Quantity(_)
            | Value::Type(..) => None,
        }
    }
}

impl fmt::Display for Value<'_> {
    /// As `toString()` answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Decimal(value) => write!(f, "{value}"),
            Value::String(value) => f.write_str(value),
            Value::Date(value) => f.write_str(&value.date_text()),
            Value::DateTime(value) => f.write_str(&value.date_time_text()),
            Value::Time(value) => f.write_str(&value.time_text()),
            Value::Quantity(value) => write!(f, "{value}"),
            Value::Type(namespace, name) => write!(f, "{namespace}.{name}"),
        }
    }
}

impl fmt::Display for Quantity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Calendar(unit) if self.value == Decimal::ONE => {
                write!(f, "{} {}", self.value, unit.word())
            }
            Unit::Calendar(unit) => write!(f, "{} {}s", self.value, unit.word()),
            Unit::Ucum(unit) => write!(f, "{} '{unit}'", self.value),
        }
    }
}

/// The system value of an element.
/// Standard: <https://hl7.org/fhir/R4/fhirpath.html#types>
fn node_value<'a>(node: NodeRef<'a>) -> Option<Value<'a>> {
    let Some(scalar) = node.scalar() else {
        return quantity_of(node).map(|quantity| Value::Quantity(Box::new(quantity)));
    };
    match scalar {
        Scalar::Bool(value) => Some(Value::Boolean(value)),
        Scalar::Number(digits) => {
            if node.type_name() == "decimal" {
                Decimal::parse(digits).map(Value::Decimal)
            } else {
                digits.parse().ok().map(Value::Integer)
            }
        }
        Scalar::String(text) => match node.type_name() {
            "date" => Moment::parse_date(text).map(Value::Date),
            "dateTime" | "instant" => Moment::parse_date_time(text).map(Value::DateTime),
            "time" => Moment::parse_time(text).map(Value::Time),
            _ => Some(Value::String(Cow::Borrowed(text))),
        },
    }
}

/// A FHIR Quantity (or Age, Duration …) as a System.Quantity; `None` for other types, without a
/// value, or with a comparator, which makes it a range.
fn quantity_of<'a>(node: NodeRef<'a>) -> Option<Quantity<'a>> {
    if !super::types::is_quantity(node.type_id()) {
        return None;
    }
    let (mut value, mut unit, mut code, mut system) = (None, None, None, None);
    for child in node.children() {
        match child.name() {
            "value" => value = child.text().and_then(Decimal::parse),
            "unit" => unit = child.text(),
            "code" => code = child.text(),
            "system" => system = child.text(),
            "comparator" => return None,
            _ => {}
        }
    }
    let unit = match code.or(unit) {
        None => Unit::Ucum(Cow::Borrowed("1")),
        Some(code) if system.is_none() => match CalendarUnit::named(code) {
            Some(unit) => Unit::Calendar(unit),
            None => Unit::Ucum(Cow::Borrowed(code)),
        },
        Some(code) => Unit::Ucum(Cow::Borrowed(code)),
    };
    Some(Quantity { value: value?, unit })
}
