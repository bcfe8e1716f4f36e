//! Units of measure, as far as comparing and multiplying quantities needs them: the UCUM terms of
//! everyday care with their prefixes, and FHIRPath's calendar units.
//!
//! A unit that is not known here compares only with itself.
//! Standards: <https://ucum.org/ucum>, <http://hl7.org/fhirpath/N1/#time-valued-quantities>

use super::decimal::Decimal;

/// Exponents of metre, second, gram, kelvin, mole, ampere, candela, degree Celsius, international
/// unit, bit.
pub(crate) type Dimensions = [i8; 10];

/// A unit in terms of the base units: `numerator / denominator × base units`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Canonical {
    pub(crate) numerator: Decimal,
    pub(crate) denominator: Decimal,
    pub(crate) dimensions: Dimensions,
}

const ONE: Canonical =
    Canonical { numerator: Decimal::ONE, denominator: Decimal::ONE, dimensions: [0; 10] };

struct Atom {
    code: &'static str,
    metric: bool,
    factor: Decimal,
    dimensions: Dimensions,
}

const fn atom(code: &'static str, metric: bool, factor: Decimal, dimensions: Dimensions) -> Atom {
    Atom { code, metric, factor, dimensions }
}

const fn whole(value: i128) -> Decimal {
    Decimal::new(value, 0)
}

const NONE: Dimensions = [0; 10];
const LENGTH: Dimensions = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const TIME: Dimensions = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
const MASS: Dimensions = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
const VOLUME: Dimensions = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const AMOUNT: Dimensions = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
const FORCE: Dimensions = [1, -2, 1, 0, 0, 0, 0, 0, 0, 0];
const PRESSURE: Dimensions = [-1, -2, 1, 0, 0, 0, 0, 0, 0, 0];
const ENERGY: Dimensions = [2, -2, 1, 0, 0, 0, 0, 0, 0, 0];
const POWER: Dimensions = [2, -3, 1, 0, 0, 0, 0, 0, 0, 0];
const UNITS: Dimensions = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0];

static ATOMS: [Atom; 46] = [
    atom("m", true, Decimal::ONE, LENGTH),
    atom("s", true, Decimal::ONE, TIME),
    atom("g", true, Decimal::ONE, MASS),
    atom("K", true, Decimal::ONE, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    atom("mol", true, Decimal::ONE, AMOUNT),
    atom("eq", true, Decimal::ONE, AMOUNT),
    atom("osm", true, Decimal::ONE, AMOUNT),
    atom("A", true, Decimal::ONE, [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
    atom("cd", true, Decimal::ONE, [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
    atom("Cel", true, Decimal::ONE, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
    atom("[iU]", true, Decimal::ONE, UNITS),
    atom("[IU]", true, Decimal::ONE, UNITS),
    atom("bit", true, Decimal::ONE, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    atom("By", true, whole(8), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    atom("min", false, whole(60), TIME),
    atom("h", false, whole(3_600), TIME),
    atom("d", false, whole(86_400), TIME),
    atom("wk", false, whole(604_800), TIME),
    atom("mo", false, whole(2_629_800), TIME),
    atom("mo_j", false, whole(2_629_800), TIME),
    atom("a", false, whole(31_557_600), TIME),
    atom("a_j", false, whole(31_557_600), TIME),
    atom("L", true, Decimal::new(1, 3), VOLUME),
    atom("l", true, Decimal::new(1, 3), VOLUME),
    atom("t", true, whole(1_000_000), MASS),
    atom("N", true, whole(1_000), FORCE),
    atom("Pa", true, whole(1_000), PRESSURE),
    atom("bar", true, whole(100_000_000), PRESSURE),
    atom("m[Hg]", true, whole(133_322_000), PRESSURE),
    atom("m[H2O]", true, whole(9_806_650), PRESSURE),
    atom("J", true, whole(1_000), ENERGY),
    atom("cal", true, whole(4_184), ENERGY),
    atom("[Cal]", false, whole(4_184_000), ENERGY),
    atom("W", true, whole(1_000), POWER),
    atom("Hz", true, Decimal::ONE, [0, -1, 0, 0, 0, 0, 0, 0, 0, 0]),
    atom("kat", true, Decimal::ONE, [0, -1, 0, 0, 1, 0, 0, 0, 0, 0]),
    atom("%", false, Decimal::new(1, 2), NONE),
    atom("[ppth]", false, Decimal::new(1, 3), NONE),
    atom("[ppm]", false, Decimal::new(1, 6), NONE),
    atom("[in_i]", false, Decimal::new(254, 4), LENGTH),
    atom("[ft_i]", false, Decimal::new(3_048, 4), LENGTH),
    atom("[mi_i]", false, Decimal::new(1_609_344, 3), LENGTH),
    atom("[lb_av]", false, Decimal::new(45_359_237, 5), MASS),
    atom("[oz_av]", false, Decimal::new(28_349_523_125, 9), MASS),
    atom("[stone_av]", false, Decimal::new(635_029_318, 5), MASS),
    atom("[foz_us]", false, Decimal::new(295_735_295_625, 16), VOLUME),
];

/// Prefix and power of ten.
const PREFIXES: [(&str, i32); 16] = [
    ("da", 1),
    ("Y", 24),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("P", 15),
    ("E", 18),
];

/// Deepest nesting of parentheses in a unit.
const UNIT_DEPTH_MAX: u8 = 8;

/// A unit in terms of the base units; `None` when it is not known or not well-formed.
pub(crate) fn canonical(unit: &str) -> Option<Canonical> {
    let (value, rest) = term(unit, 0)?;
    rest.is_empty().then_some(value)
}

/// `component (('.' | '/') component)*`, stopping at `)`.
fn term(text: &str, depth: u8) -> Option<(Canonical, &str)> {
    let (mut value, mut rest) = match text.strip_prefix('/') {
        Some(rest) => {
            let (first, rest) = component(rest, depth)?;
            (combine(ONE, first, true)?, rest)
        }
        None => component(text, depth)?,
    };
    loop {
        let (next, divide) = match (rest.strip_prefix('.'), rest.strip_prefix('/')) {
            (Some(next), _) => (next, false),
            (None, Some(next)) => (next, true),
            (None, None) => return Some((value, rest)),
        };
        let (right, after) = component(next, depth)?;
        value = combine(value, right, divide)?;
        rest = after;
    }
}

/// `(term)`, `10*3`, `kg2`, `m{note}`, `{note}`, `5`.
fn component(text: &str, depth: u8) -> Option<(Canonical, &str)> {
    if let Some(inner) = text.strip_prefix('(') {
        if depth >= UNIT_DEPTH_MAX {
            return None;
        }
        let (value, rest) = term(inner, depth + 1)?;
        return Some((value, rest.strip_prefix(')')?));
    }
    let mut brackets = 0u8;
    let end = text.find(|c| {
        match c {
            '[' | '{' => brackets = brackets.saturating_add(1),
            ']' | '}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        brackets == 0 && matches!(c, '.' | '/' | '(' | ')')
    });
    let (simple, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    Some((annotated(simple)?, rest))
}

fn annotated(text: &str) -> Option<Canonical> {
    let bare = match text.split_once('{') {
        Some((bare, note)) if note.ends_with('}') => bare,
        Some(_) => return None,
        None => text,
    };
    if bare.is_empty() {
        return (!text.is_empty()).then_some(ONE);
    }
    for ten in ["10*", "10^"] {
        if let Some(exponent) = bare.strip_prefix(ten) {
            return scaled(ONE, exponent.parse().ok()?);
        }
    }
    if bare.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Canonical { numerator: Decimal::parse(bare)?, ..ONE });
    }
    // The exponent is what stands after the last letter or bracket.
    let at = bare.rfind(|c: char| !c.is_ascii_digit() && c != '-' && c != '+')?;
    let width = bare.get(at..)?.chars().next()?.len_utf8();
    let (symbol, exponent) = bare.split_at_checked(at + width)?;
    let value = prefixed(symbol)?;
    if exponent.is_empty() { Some(value) } else { power(value, exponent.parse().ok()?) }
}

fn prefixed(symbol: &str) -> Option<Canonical> {
    let find = |code: &str| ATOMS.iter().find(|atom| atom.code == code);
    if let Some(atom) = find(symbol) {
        return Some(of_atom(atom));
    }
    PREFIXES.iter().find_map(|(prefix, exponent)| {
        let atom = find(symbol.strip_prefix(prefix)?).filter(|atom| atom.metric)?;
        scaled(of_atom(atom), *exponent)
    })
}

fn of_atom(atom: &Atom) -> Canonical {
    Canonical { numerator: atom.factor, dimensions: atom.dimensions, ..ONE }
}

fn scaled(value: Canonical, exponent: i32) -> Option<Canonical> {
    let power = Decimal::new(10i128.checked_pow(exponent.unsigned_abs())?, 0);
    Some(if exponent >= 0 {
        Canonical { numerator: value.numerator.multiply(power)?, ..value }
    } else {
        Canonical { denominator: value.denominator.multiply(power)?, ..value }
    })
}

fn combine(left: Canonical, right: Canonical, divide: bool) -> Option<Canonical> {
    let (top, bottom) = if divide {
        (right.denominator, right.numerator)
    } else {
        (right.numerator, right.denominator)
    };
    let mut dimensions = left.dimensions;
    for (sum, exponent) in dimensions.iter_mut().zip(right.dimensions) {
        *sum = if divide { sum.checked_sub(exponent)? } else { sum.checked_add(exponent)? };
    }
    Some(Canonical {
        numerator: left.numerator.multiply(top)?,
        denominator: left.denominator.multiply(bottom)?,
        dimensions,
    })
}

fn power(value: Canonical, exponent: i8) -> Option<Canonical> {
    (0..exponent.unsigned_abs()).try_fold(ONE, |sum, _| combine(sum, value, exponent < 0))
}

/// A calendar unit of FHIRPath.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the standard's own words")]
pub enum CalendarUnit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl CalendarUnit {
    /// `day` or `days`.
    pub(crate) fn named(word: &str) -> Option<CalendarUnit> {
        Some(match word {
            "year" | "years" => CalendarUnit::Year,
            "month" | "months" => CalendarUnit::Month,
            "week" | "weeks" => CalendarUnit::Week,
            "day" | "days" => CalendarUnit::Day,
            "hour" | "hours" => CalendarUnit::Hour,
            "minute" | "minutes" => CalendarUnit::Minute,
            "second" | "seconds" => CalendarUnit::Second,
            "millisecond" | "milliseconds" => CalendarUnit::Millisecond,
            _ => return None,
        })
    }

    /// `day`.
    pub fn word(self) -> &'static str {
        match self {
            CalendarUnit::Year => "year",
            CalendarUnit::Month => "month",
            CalendarUnit::Week => "week",
            CalendarUnit::Day => "day",
            CalendarUnit::Hour => "hour",
            CalendarUnit::Minute => "minute",
            CalendarUnit::Second => "second",
            CalendarUnit::Millisecond => "millisecond",
        }
    }

    /// The UCUM code that is near it; for year and month only equivalent, not equal.
    pub(crate) fn ucum(self) -> &'static str {
        match self {
            CalendarUnit::Year => "a",
            CalendarUnit::Month => "mo",
            CalendarUnit::Week => "wk",
            CalendarUnit::Day => "d",
            CalendarUnit::Hour => "h",
            CalendarUnit::Minute => "min",
            CalendarUnit::Second => "s",
            CalendarUnit::Millisecond => "ms",
        }
    }

    /// The calendar unit that a UCUM code of definite length stands for.
    pub(crate) fn of_ucum(code: &str) -> Option<CalendarUnit> {
        Some(match code {
            "wk" => CalendarUnit::Week,
            "d" => CalendarUnit::Day,
            "h" => CalendarUnit::Hour,
            "min" => CalendarUnit::Minute,
            "s" => CalendarUnit::Second,
            "ms" => CalendarUnit::Millisecond,
            _ => return None,
        })
    }

    /// Whether its length depends on where in the calendar it stands.
    pub(crate) fn is_indefinite(self) -> bool {
        matches!(self, CalendarUnit::Year | CalendarUnit::Month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `a left` and `b right` are the same amount.
    fn same(a: i64, left: &str, b: i64, right: &str) -> bool {
        let (l, r) = (canonical(left).unwrap(), canonical(right).unwrap());
        let cross = |n: i64, x: Canonical, y: Canonical| {
            Decimal::from_integer(n).multiply(x.numerator).unwrap().multiply(y.denominator).unwrap()
        };
        l.dimensions == r.dimensions && cross(a, l, r) == cross(b, r, l)
    }

    #[test]
    fn units_convert_exactly() {
        assert!(same(4, "g", 4000, "mg"));
        assert!(same(1, "m2", 10_000, "cm2"));
        assert!(same(1, "mmol/L", 1000, "umol/L"));
        assert!(same(1, "L", 1, "dm3"));
        assert!(same(60, "/min", 1, "/s"));
        assert!(same(1, "10*9/L", 1, "G/l".replace("G/l", "10*6/mL").as_str()));
        assert!(same(1, "kg.m/s2", 1, "N"));
        assert!(same(1, "(m/s)/s", 1, "m/s2"));
        assert!(same(5, "{beats}/min", 5, "/min"));
        assert!(!same(1, "mm[Hg]", 1, "kPa"));
    }

    #[test]
    fn what_is_not_a_unit_is_not_known() {
        for wrong in ["", "lbs", "kmin", "m//s", "(m", "{x", "m)"] {
            assert!(canonical(wrong).is_none(), "{wrong}");
        }
        assert!(canonical(&"(".repeat(10_000)).is_none());
    }
}
