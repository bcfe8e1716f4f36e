//! Decimals as bytes that sort as the numbers do, exactly, however many digits they have.
//!
//! One byte of sign (`7f` negative, `80` zero, `81` positive); two bytes of biased exponent `e`
//! and then the digits `d` of `0.ddd… × 10^e`, two to a byte plus one, ended by a zero byte. What
//! follows the sign is complemented in a negative number. Equal numbers have equal bytes (`1.10`
//! and `1.1`), and no encoding is the beginning of another.
//! Standard for the implied precision of searched numbers:
//! <https://hl7.org/fhir/R4/search.html#number>

const NEGATIVE: u8 = 0x7f;
const ZERO: u8 = 0x80;
const POSITIVE: u8 = 0x81;
const EXPONENT_BIAS: i64 = 0x8000;

/// Appends the sortable form of `digits` (`-12.50`, `1e-3`). Answers `false`, with nothing
/// appended, when it is not a number.
pub fn encode_into(digits: &str, out: &mut Vec<u8>) -> bool {
    let Some(parts) = Parts::of(digits) else {
        return false;
    };
    let significant = || parts.significant();
    let Some(first) = significant().position(|d| d != 0) else {
        out.push(ZERO);
        return true;
    };
    let last = significant().enumerate().filter(|(_, d)| *d != 0).map(|(i, _)| i).last();
    let used = last.map_or(0, |last| last + 1 - first);
    let exponent = parts.whole.len() as i64 - first as i64 + parts.exponent;
    let biased = (exponent + EXPONENT_BIAS).clamp(0, 0xffff) as u16;
    out.push(if parts.negative { NEGATIVE } else { POSITIVE });
    let begin = out.len();
    out.extend_from_slice(&biased.to_be_bytes());
    let mut digits = significant().skip(first).take(used);
    while let Some(high) = digits.next() {
        out.push(high * 10 + digits.next().unwrap_or(0) + 1);
    }
    out.push(0);
    if parts.negative {
        for byte in out.iter_mut().skip(begin) {
            *byte = !*byte;
        }
    }
    true
}

/// The sortable form by itself.
pub fn encode(digits: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(8);
    encode_into(digits, &mut out).then_some(out)
}

/// Splits sortable bytes from what stands behind them.
pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match *bytes.first()? {
        ZERO => 1,
        POSITIVE => 4 + bytes.get(3..)?.iter().position(|byte| *byte == 0)?,
        NEGATIVE => 4 + bytes.get(3..)?.iter().position(|byte| *byte == 0xff)?,
        _ => return None,
    };
    bytes.split_at_checked(length)
}

struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn of(digits: &'a str) -> Option<Self> {
        let (negative, rest) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digit = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = (-20_000..=20_000).contains(&exponent);
        let some = !(whole.is_empty() && fraction.is_empty());
        (fits && some && digit(whole) && digit(fraction)).then_some(Self {
            negative,
            whole,
            fraction,
            exponent,
        })
    }

    fn significant(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes()).map(|byte| byte - b'0')
    }
}

/// Most digits of a number that is searched for.
pub const SEARCHED_DIGITS_MAX: usize = 30;

/// A number that is searched for: `mantissa × 10^exponent`, with the precision it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    mantissa: i128,
    exponent: i64,
    /// Exponent of ten of which half is the implied uncertainty.
    precision: i64,
}

impl Searched {
    /// Reads a number as written in a query; `None` when it is not one or has more than
    /// [`SEARCHED_DIGITS_MAX`] digits.
    pub fn parse(digits: &str) -> Option<Self> {
        let parts = Parts::of(digits)?;
        if parts.whole.len() + parts.fraction.len() > SEARCHED_DIGITS_MAX {
            return None;
        }
        let sum = parts.significant().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit));
        let exponent = parts.exponent - parts.fraction.len() as i64;
        // The standard's own example takes 1e2 for [95, 105), one digit finer than it is written.
        let finer = i64::from(parts.fraction.is_empty() && parts.exponent > 0);
        let mantissa = if parts.negative { -sum } else { sum };
        Some(Self { mantissa, exponent, precision: exponent - finer })
    }

    /// The number itself.
    pub fn exact(self) -> Vec<u8> {
        bytes(self.mantissa, self.exponent)
    }

    /// `[from, to)` of the numbers that are the same to the precision written.
    pub fn implied(self) -> (Vec<u8>, Vec<u8>) {
        // In units of a tenth of the precision, of which five are half.
        let scale = if self.precision == self.exponent { 10 } else { 100 };
        let (center, exponent) = (self.mantissa * scale, self.precision - 1);
        (bytes(center - 5, exponent), bytes(center + 5, exponent))
    }

    /// `[from, to]` of the numbers within a tenth of this one.
    pub fn approximate(self) -> (Vec<u8>, Vec<u8>) {
        let tenth = self.mantissa.abs();
        let (center, exponent) = (self.mantissa * 10, self.exponent - 1);
        (bytes(center - tenth, exponent), bytes(center + tenth, exponent))
    }
}

fn bytes(mantissa: i128, exponent: i64) -> Vec<u8> {
    encode(&format!("{mantissa}e{exponent}")).unwrap_or_else(|| vec![ZERO])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_sort_as_the_numbers() {
        let sorted = [
            "-1e300",
            "-123456789012345678901234567890.5",
            "-1000",
            "-999.99",
            "-10.1",
            "-10",
            "-1.5",
            "-1",
            "-0.5",
            "-0.01",
            "-1e-10",
            "0",
            "1e-10",
            "0.0099",
            "0.01",
            "0.011",
            "0.5",
            "0.99",
            "1",
            "1.05",
            "1.1",
            "1.11",
            "5.4",
            "9",
            "10",
            "10.000000000000000000000001",
            "11",
            "99.99",
            "100",
            "123456789012345678901234567890",
            "123456789012345678901234567890.5",
            "1e300",
        ];
        for pair in sorted.windows(2) {
            assert!(encode(pair[0]).unwrap() < encode(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn equal_numbers_have_equal_bytes_and_what_follows_is_split_off() {
        for equal in [
            ["1.10", "1.1"],
            ["0", "-0.00"],
            ["1e2", "100"],
            ["100.0", "1.000E+2"],
            ["-5", "-5.0"],
            ["0.0054", "5.40e-3"],
        ] {
            assert_eq!(encode(equal[0]), encode(equal[1]), "{equal:?}");
        }
        for digits in ["0", "5.4", "-5.4", "-100", "123.456", "9.9", "-9.99"] {
            let number = encode(digits).unwrap();
            let mut bytes = number.clone();
            bytes.extend_from_slice(b"mg\0http://unitsofmeasure.org");
            assert_eq!(split(&bytes).unwrap().0, number, "{digits}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in ["", "-", ".", "1.2.3", "1,5", "abc", "1e", "0x10", "1e99999", "٣", "NaN"] {
            assert_eq!(encode(text), None, "{text:?}");
            assert_eq!(Searched::parse(text), None, "{text:?}");
        }
        assert_eq!(Searched::parse(&"9".repeat(31)), None);
    }

    #[test]
    fn golden_table_of_implied_precision() {
        let cases = [
            ("100", "99.5", "100.5"),
            ("100.00", "99.995", "100.005"),
            ("1e2", "95", "105"),
            ("1.0e2", "95", "105"),
            ("5.4", "5.35", "5.45"),
            ("-5.4", "-5.45", "-5.35"),
            ("0", "-0.5", "0.5"),
            ("5.40e-3", "0.005395", "0.005405"),
            ("0.0", "-0.05", "0.05"),
        ];
        for (text, from, to) in cases {
            let expected = (encode(from).unwrap(), encode(to).unwrap());
            assert_eq!(Searched::parse(text).unwrap().implied(), expected, "{text}");
        }
        let ap = |text: &str| Searched::parse(text).unwrap().approximate();
        assert_eq!(ap("100"), (encode("90").unwrap(), encode("110").unwrap()));
        assert_eq!(ap("-2"), (encode("-2.2").unwrap(), encode("-1.8").unwrap()));
    }
}
