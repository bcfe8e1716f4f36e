//! Exact decimals that know how precisely they were written.
//!
//! `1.10` and `1.1` are equal in value and differ in precision: the first stands for
//! [1.095, 1.105), the second for [1.05, 1.15).
//! Standard: <https://hl7.org/fhir/R4/datatypes.html#decimal>, `search.html#number`

use std::cmp::Ordering;
use std::fmt;

/// Most significant digits kept; a number with more is not a [`Decimal`].
pub const DECIMAL_DIGITS_MAX: u32 = 36;
/// Largest power of ten, up or down.
pub const DECIMAL_EXPONENT_MAX: i32 = 10_000;

/// `mantissa × 10^-scale`. Compares by value, not by precision.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: i32,
}

impl Decimal {
    /// Reads a JSON number (`-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`). `None` when it has
    /// another form, more than [`DECIMAL_DIGITS_MAX`] significant digits, or an exponent beyond
    /// [`DECIMAL_EXPONENT_MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        if !is_json_number(text) {
            return None;
        }
        Self::parse_lenient(text)
    }

    /// As [`Decimal::parse`], but with a leading `+`, leading zeros or a bare point (`.5`, `5.`)
    /// let through, as people type them in searches.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match number.as_bytes().split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, number.as_bytes()),
        };
        let mut mantissa: i128 = 0;
        let mut scale: Option<i32> = None;
        let mut seen = 0u32;
        let mut any = false;
        for byte in digits {
            match byte {
                b'.' if scale.is_none() => scale = Some(0),
                b'0'..=b'9' => {
                    any = true;
                    seen += u32::from(mantissa != 0 || *byte != b'0');
                    if seen > DECIMAL_DIGITS_MAX {
                        return None;
                    }
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    scale = scale.map(|s| s + 1);
                }
                _ => return None,
            }
        }
        let scale = scale.unwrap_or(0).checked_sub(exponent)?;
        let within = scale.abs() <= DECIMAL_EXPONENT_MAX;
        (any && within)
            .then_some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// Digits after the point (negative: the last digit stands for tens, hundreds …).
    pub fn scale(self) -> i32 {
        self.scale
    }

    /// The whole number that the digits make without the point; with [`Decimal::scale`] the value.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// The range that a number of this precision stands for in a search, `[low, high)`: half a
    /// unit of the last digit to either side. `1e2` stands for [95, 105), as the standard's table
    /// has it (one digit more than written).
    pub fn implied_range(self) -> (Self, Self) {
        let (mantissa, scale) = if self.scale < 0 {
            (self.mantissa * 10, self.scale + 1)
        } else {
            (self.mantissa, self.scale)
        };
        let at = |half: i128| Self { mantissa: mantissa * 10 + half, scale: scale + 1 };
        (at(-5), at(5))
    }

    /// A tenth of the value's size to either side, for the prefix `ap`.
    pub fn about(self) -> (Self, Self) {
        let at = |tenths: i128| Self { mantissa: self.mantissa * tenths, scale: self.scale + 1 };
        if self.mantissa < 0 { (at(11), at(9)) } else { (at(9), at(11)) }
    }

    /// Power of ten of the first digit, and the digits as a fraction of 10^38; `None` for zero.
    fn normal(self) -> Option<(i32, u128)> {
        const PLACES: u32 = 38;
        let magnitude = self.mantissa.unsigned_abs();
        let digits = magnitude.checked_ilog10()? + 1;
        let aligned = magnitude * 10u128.pow(PLACES.saturating_sub(digits));
        Some((digits as i32 - self.scale, aligned))
    }

    /// Bytes that sort as the values do; equal values (`1.0`, `1`) have equal bytes, and none is
    /// the beginning of another. 1 byte for zero, else 4 and one for every two digits.
    pub fn order_key(self) -> Vec<u8> {
        let Some((exponent, mut digits)) = self.normal() else {
            return vec![0x80];
        };
        let mut key = vec![0xc0];
        key.extend_from_slice(&((exponent + i32::from(i16::MAX)) as u16).to_be_bytes());
        // The first pair of digits stands highest; 1 is added so that the end, 0, sorts first.
        let mut unit = 10u128.pow(36);
        while digits != 0 {
            key.push((digits / unit) as u8 + 1);
            digits %= unit;
            unit = (unit / 100).max(1);
        }
        key.push(0);
        if self.mantissa < 0 {
            key.iter_mut().for_each(|byte| *byte = !*byte);
        }
        key
    }
}

/// Whether a text is a JSON number.
pub fn is_json_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(bytes);
    if whole == 0 || (whole > 1 && bytes.first() == Some(&b'0')) {
        return false;
    }
    let mut rest = bytes.get(whole..).unwrap_or_default();
    if let Some(after) = rest.strip_prefix(b".") {
        let count = digits(after);
        if count == 0 {
            return false;
        }
        rest = after.get(count..).unwrap_or_default();
    }
    if let Some(after) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let after = after.strip_prefix(b"+").or_else(|| after.strip_prefix(b"-")).unwrap_or(after);
        let count = digits(after);
        if count == 0 {
            return false;
        }
        rest = after.get(count..).unwrap_or_default();
    }
    rest.is_empty()
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        let sizes = self.normal().cmp(&other.normal());
        signs.then(if self.mantissa < 0 { sizes.reverse() } else { sizes })
    }
}

impl fmt::Display for Decimal {
    /// Plain digits with the precision kept: `1.10`, `100` for `1e2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.mantissa.unsigned_abs().to_string();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let Ok(places) = usize::try_from(self.scale) else {
            let zeros = if self.mantissa == 0 { 0 } else { self.scale.unsigned_abs() as usize };
            return write!(f, "{sign}{digits}{}", "0".repeat(zeros));
        };
        if places == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn the_form_is_json() {
        for good in ["0", "-0", "1.10", "1e2", "1E+2", "1.5e-10", "-12.0"] {
            assert!(Decimal::parse(good).is_some(), "{good}");
        }
        for bad in ["", "-", "+1", "01", ".5", "5.", "1e", "1e+", "NaN", "1,5", " 1", "0x1"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
        assert!(Decimal::parse(&"9".repeat(37)).is_none());
        assert!(Decimal::parse("1e20000").is_none());
        assert_eq!(Decimal::parse_lenient("+05.").map(|d| d.to_string()).as_deref(), Some("5"));
        assert!(Decimal::parse_lenient(".").is_none());
    }

    #[test]
    fn values_are_compared_exactly() {
        assert_eq!(decimal("1.10"), decimal("1.1"));
        assert_eq!(decimal("1e2"), decimal("100.00"));
        assert_eq!(decimal("0"), decimal("-0.00"));
        let ordered = ["-1e30", "-100", "-99.5", "-0.001", "0", "1e-30", "0.1", "0.11", "9", "10"];
        for pair in ordered.windows(2) {
            assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
            assert!(decimal(pair[0]).order_key() < decimal(pair[1]).order_key(), "{pair:?}");
        }
    }

    #[test]
    fn precision_gives_a_range() {
        let range = |text: &str| {
            let (low, high) = decimal(text).implied_range();
            format!("{low} {high}")
        };
        assert_eq!(range("100"), "99.5 100.5");
        assert_eq!(range("100.00"), "99.995 100.005");
        assert_eq!(range("1e2"), "95 105");
        assert_eq!(range("0"), "-0.5 0.5");
        assert_eq!(range("-1.10"), "-1.105 -1.095");
        let (low, high) = decimal("-10").about();
        assert_eq!(format!("{low} {high}"), "-11.0 -9.0");
    }

    #[test]
    fn it_is_written_with_its_precision() {
        for text in ["0", "1.10", "-0.050", "100", "123456789012345678.9012"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("1e2").to_string(), "100");
        assert_eq!(decimal("15e-3").to_string(), "0.015");
    }

    proptest! {
        #[test]
        fn keys_sort_as_values(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000,
                               s in 0usize..6, t in 0usize..6) {
            let text = |n: i64, s: usize| format!("{n}e-{s}");
            let (x, y) = (decimal(&text(a, s)), decimal(&text(b, t)));
            prop_assert_eq!(x.cmp(&y), x.order_key().cmp(&y.order_key()));
            let exact = (i128::from(a) * 10i128.pow(t as u32)).cmp(&(i128::from(b) * 10i128.pow(s as u32)));
            prop_assert_eq!(x.cmp(&y), exact);
        }
    }
}
