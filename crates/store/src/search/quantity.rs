//! What the unit of a searched quantity must be, and where the index has such quantities.
//!
//! With the name of a unit the keys that begin with that name are walked, else those that begin
//! with the value.
//! Not here: the number (`number`), the layout of the keys (`facets::value`).
//! Standard: <https://hl7.org/fhir/R4/search.html#quantity>

use akson_fhir::search::SlotId;

use super::matcher::index_prefix;
use super::number::NumberTest;
use crate::engine::Range;
use crate::facets::decimal;
use crate::facets::value::{QUANTITY_BY_VALUE, UNIT_AS_TEXT, split_zero, unit_prefix};

/// What the unit of a quantity must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitTest {
    Any,
    /// `|system|code`; an empty code does not matter.
    Coded {
        system: Box<[u8]>,
        code: Box<[u8]>,
    },
    /// `||code`: the coded unit or the unit as text.
    Written(Box<[u8]>),
}

impl UnitTest {
    /// Whether `code 00 system 00 text` passes.
    pub(crate) fn accepts(&self, unit: &[u8]) -> bool {
        let (code, rest) = split_zero(unit);
        let (system, text) = split_zero(rest);
        match self {
            Self::Any => true,
            Self::Coded { system: wanted, code: unit } => {
                **wanted == *system && (unit.is_empty() || **unit == *code)
            }
            Self::Written(wanted) => **wanted == *code || **wanted == *text,
        }
    }

    /// The name that the unit must have; `None` when there is more than one.
    fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Any => None,
            Self::Coded { code, .. } => (!code.is_empty()).then_some(code),
            Self::Written(name) => Some(name),
        }
    }

    /// Whether index keys tell everything that is asked for: those by value have no system.
    pub(crate) fn is_in_keys(&self) -> bool {
        *self == Self::Any || self.name().is_some()
    }

    /// The index ranges of a slot outside which no quantity passes.
    pub(crate) fn ranges(&self, number: &NumberTest, slot: SlotId) -> Vec<Range> {
        match self.name() {
            Some(name) => number.ranges(&index_prefix(slot, &unit_prefix(name))),
            None => number.ranges(&index_prefix(slot, &[QUANTITY_BY_VALUE])),
        }
    }

    /// Whether the value part of an index key shows that its quantity does not pass. Either name
    /// of a unit says nothing about what the other may be.
    pub(crate) fn refutes_key(&self, number: &NumberTest, key_value: &[u8]) -> bool {
        let Some((tag, rest)) = key_value.split_first() else {
            return false;
        };
        let (name, rest) = if *tag == QUANTITY_BY_VALUE { (None, rest) } else { named(rest) };
        let Some((found, system)) = decimal::split(rest) else {
            return false;
        };
        if !number.accepts(found) {
            return true;
        }
        let (Self::Coded { system: wanted, code }, Some(name)) = (self, name) else {
            return false;
        };
        let system = system.strip_suffix(&[0]).unwrap_or(system);
        if system == UNIT_AS_TEXT {
            // A text that is not the code has a key: if it is what the code should be, the code
            // is not.
            return !code.is_empty() && is_name(name, code);
        }
        **wanted != *system || !(code.is_empty() || is_name(name, code))
    }
}

fn named(rest: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let (name, rest) = split_zero(rest);
    (Some(name), rest)
}

/// Whether a name in a key, where long ones are shortened, is `wanted`.
fn is_name(name: &[u8], wanted: &[u8]) -> bool {
    name == wanted || {
        let form = unit_prefix(wanted);
        form.get(1..form.len() - 1) == Some(name)
    }
}
