//! Numbers that are searched for.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#number>: `eq` and `ne` take the precision that
//! the number was written in, the inequalities take it as exact.

use super::prefix::Prefix;
use crate::engine::Range;
use crate::facets::decimal::Searched;
use crate::keys;

/// How a number must be, in sortable bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NumberTest {
    /// `from <= n < to`
    Within(Vec<u8>, Vec<u8>),
    /// not that
    Outside(Vec<u8>, Vec<u8>),
    /// `from <= n <= to`
    Near(Vec<u8>, Vec<u8>),
    AtLeast(Vec<u8>),
    MoreThan(Vec<u8>),
    AtMost(Vec<u8>),
    LessThan(Vec<u8>),
}

impl NumberTest {
    /// `None` when the digits are not a number that can be searched for.
    pub(crate) fn parse(prefix: Prefix, digits: &str) -> Option<Self> {
        let number = Searched::parse(digits)?;
        let (from, to) = number.implied();
        Some(match prefix {
            Prefix::Eq => Self::Within(from, to),
            Prefix::Ne => Self::Outside(from, to),
            Prefix::Ap => {
                let (from, to) = number.approximate();
                Self::Near(from, to)
            }
            Prefix::Ge => Self::AtLeast(number.exact()),
            Prefix::Gt | Prefix::Sa => Self::MoreThan(number.exact()),
            Prefix::Le => Self::AtMost(number.exact()),
            Prefix::Lt | Prefix::Eb => Self::LessThan(number.exact()),
        })
    }

    /// Whether a sortable number passes.
    pub(crate) fn accepts(&self, number: &[u8]) -> bool {
        match self {
            Self::Within(from, to) => from.as_slice() <= number && number < to.as_slice(),
            Self::Outside(from, to) => number < from.as_slice() || to.as_slice() <= number,
            Self::Near(from, to) => from.as_slice() <= number && number <= to.as_slice(),
            Self::AtLeast(from) => from.as_slice() <= number,
            Self::MoreThan(from) => from.as_slice() < number,
            Self::AtMost(to) => number <= to.as_slice(),
            Self::LessThan(to) => number < to.as_slice(),
        }
    }

    /// The ranges of keys that begin with `prefix` and then a number that passes.
    pub(crate) fn ranges(&self, prefix: &[u8]) -> Vec<Range> {
        let whole = keys::under(prefix);
        let at = |number: &[u8]| [prefix, number].concat();
        let after = |number: &[u8]| keys::under(&at(number)).end;
        let (from, to) = match self {
            Self::Within(from, to) => (at(from), at(to)),
            Self::Near(from, to) => (at(from), after(to)),
            Self::AtLeast(from) => (at(from), whole.end),
            Self::MoreThan(from) => (after(from), whole.end),
            Self::AtMost(to) => (whole.start, after(to)),
            Self::LessThan(to) => (whole.start, at(to)),
            Self::Outside(from, to) => {
                let below = Range { start: whole.start, end: at(from) };
                return vec![below, Range { start: at(to), end: whole.end }];
            }
        };
        vec![Range { start: from, end: to }]
    }
}
