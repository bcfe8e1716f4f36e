//! Exact decimals: digits and a scale, so that `1.10` stays `1.10` and `0.1 + 0.2 = 0.3`.
//!
//! Not here: decimals in stored resources, which stay as text.

use std::cmp::Ordering;
use std::fmt;

/// `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// Most digits after the point that arithmetic keeps.
const SCALE_MAX: u8 = 28;
/// Digits after the point of a quotient that does not end.
const QUOTIENT_SCALE: u8 = 18;

fn power_of_ten(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend / divisor;
    let rest = dividend % divisor;
    // Away from zero at a half.
    if rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs() {
        quotient + if (dividend < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { mantissa: 1, scale: 0 };

    /// A whole number.
    pub fn from_integer(value: i64) -> Decimal {
        Decimal { mantissa: i128::from(value), scale: 0 }
    }

    /// `mantissa / 10^scale`.
    pub(crate) const fn new(mantissa: i128, scale: u8) -> Decimal {
        Decimal { mantissa, scale }
    }

    /// Reads `1.10`, `-0.5`, `1e2`; `None` when it is not a number or has more digits than fit
    /// (38, or 28 after the point).
    pub fn parse(text: &str) -> Option<Decimal> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || (digits.contains('.') && fraction.is_empty()) {
            return None;
        }
        let mut mantissa: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
        }
        let mantissa = if negative { -mantissa } else { mantissa };
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale < 0 {
            let factor = power_of_ten(scale.unsigned_abs())?;
            return Some(Decimal { mantissa: mantissa.checked_mul(factor)?, scale: 0 });
        }
        let scale = u8::try_from(scale).ok()?;
        (scale <= SCALE_MAX).then_some(Decimal { mantissa, scale })
    }

    /// The nearest decimal of a computed float; `None` when it is not finite or too large.
    pub fn from_f64(value: f64) -> Option<Decimal> {
        if !value.is_finite() {
            return None;
        }
        // Fifteen digits are what a float holds for sure: the noise after them is not shown.
        Decimal::parse(&format!("{value:.15e}"))
            .or_else(|| Decimal::parse(&format!("{value:.12}")))
            .map(|exact| exact.round(15).map_or(exact, Decimal::trimmed))
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 / 10f64.powi(i32::from(self.scale))
    }

    /// Digits after the point.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The same value with this many digits after the point; `None` when digits would be lost.
    fn with_scale(self, scale: u8) -> Option<i128> {
        let more = scale.checked_sub(self.scale)?;
        self.mantissa.checked_mul(power_of_ten(u32::from(more))?)
    }

    /// Without zeros at the end of the fraction.
    pub(crate) fn trimmed(mut self) -> Decimal {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u8)> {
        let scale = self.scale.max(other.scale);
        Some((self.with_scale(scale)?, other.with_scale(scale)?, scale))
    }

    /// Sum; `None` on overflow.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        let (left, right, scale) = self.aligned(other)?;
        Some(Decimal { mantissa: left.checked_add(right)?, scale })
    }

    /// Difference; `None` on overflow.
    pub fn minus(self, other: Decimal) -> Option<Decimal> {
        self.plus(other.negated())
    }

    /// Product; `None` on overflow.
    pub fn multiply(self, other: Decimal) -> Option<Decimal> {
        let exact = |left: Decimal, right: Decimal| {
            let mantissa = left.mantissa.checked_mul(right.mantissa)?;
            Some(Decimal { mantissa, scale: left.scale.checked_add(right.scale)? })
        };
        let product = exact(self, other).or_else(|| exact(self.trimmed(), other.trimmed()))?;
        if product.scale > SCALE_MAX { product.round(SCALE_MAX) } else { Some(product) }
    }

    /// Quotient to 18 digits after the point; `None` when dividing by zero or on overflow.
    pub fn divide(self, other: Decimal) -> Option<Decimal> {
        if other.mantissa == 0 {
            return None;
        }
        let (left, right) = (self.trimmed(), other.trimmed());
        // left.m / 10^left.s / (right.m / 10^right.s), brought to QUOTIENT_SCALE.
        let shift = i32::from(QUOTIENT_SCALE) + i32::from(right.scale) - i32::from(left.scale);
        let factor = power_of_ten(shift.unsigned_abs())?;
        let mantissa = if shift >= 0 {
            divide_half_up(left.mantissa.checked_mul(factor)?, right.mantissa)
        } else {
            divide_half_up(left.mantissa, right.mantissa.checked_mul(factor)?)
        };
        Some(Decimal { mantissa, scale: QUOTIENT_SCALE }.trimmed())
    }

    /// How many times `other` goes into it, whole, toward zero.
    pub fn whole_quotient(self, other: Decimal) -> Option<i128> {
        let (left, right, _) = self.aligned(other)?;
        left.checked_div(right)
    }

    /// What is left after [`Decimal::whole_quotient`].
    pub fn remainder(self, other: Decimal) -> Option<Decimal> {
        let (left, right, scale) = self.aligned(other)?;
        Some(Decimal { mantissa: left.checked_rem(right)?, scale })
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Decimal {
        Decimal { mantissa: -self.mantissa, scale: self.scale }
    }

    /// Without its sign.
    #[must_use]
    pub fn absolute(self) -> Decimal {
        Decimal { mantissa: self.mantissa.abs(), scale: self.scale }
    }

    /// Rounded, a half away from zero, to this many digits after the point.
    pub fn round(self, scale: u8) -> Option<Decimal> {
        if scale >= self.scale {
            return Some(Decimal { mantissa: self.with_scale(scale)?, scale });
        }
        let factor = power_of_ten(u32::from(self.scale - scale))?;
        Some(Decimal { mantissa: divide_half_up(self.mantissa, factor), scale })
    }

    /// The largest with this many digits after the point that is not larger.
    pub(crate) fn floor_to(self, scale: u8) -> Option<Decimal> {
        if scale >= self.scale {
            return self.round(scale);
        }
        let factor = power_of_ten(u32::from(self.scale - scale))?;
        Some(Decimal { mantissa: self.mantissa.div_euclid(factor), scale })
    }

    /// The smallest with this many digits after the point that is not smaller.
    pub(crate) fn ceiling_to(self, scale: u8) -> Option<Decimal> {
        self.negated().floor_to(scale).map(Decimal::negated)
    }

    /// The whole part as an integer, toward zero; `None` when it does not fit.
    pub fn truncate(self) -> Option<i64> {
        let factor = power_of_ten(u32::from(self.scale))?;
        i64::try_from(self.mantissa / factor).ok()
    }

    /// Equal for `~`: after rounding to the digits of the less precise.
    pub(crate) fn equivalent(self, other: Decimal) -> bool {
        let scale = self.trimmed().scale.min(other.trimmed().scale);
        match (self.round(scale), other.round(scale)) {
            (Some(left), Some(right)) => left == right,
            (None, _) | (_, None) => self == other,
        }
    }

    /// Half of one unit of the last digit: `0.05` for `1.5`.
    pub(crate) fn half_step(self) -> Option<Decimal> {
        Some(Decimal { mantissa: 5, scale: self.scale.checked_add(1)? })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let (left, right) = (self.trimmed(), other.trimmed());
        match left.aligned(right) {
            Some((left, right, _)) => left.cmp(&right),
            // One has so many more digits before the point that a float tells them apart.
            None => left.to_f64().total_cmp(&right.to_f64()),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) =
            padded.split_at_checked(padded.len() - scale).unwrap_or((&padded, ""));
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn digits_are_kept() {
        for text in ["1.10", "-0.50", "0.00000001", "1234567890987654321.0", "0"] {
            assert_eq!(d(text).to_string(), text);
        }
        assert_eq!(d("1e2").to_string(), "100");
        assert_eq!(d("1.5e-3").to_string(), "0.0015");
        for wrong in ["", "-", "1.", ".5", "1a", "1e", "1e999999999"] {
            assert!(Decimal::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(d("0.1").plus(d("0.2")).unwrap(), d("0.3"));
        assert_eq!(d("1.2").multiply(d("1.8")).unwrap().to_string(), "2.16");
        assert_eq!(d("1").divide(d("8")).unwrap().to_string(), "0.125");
        assert_eq!(d("2").divide(d("3")).unwrap().to_string(), "0.666666666666666667");
        assert_eq!(d("2.2").remainder(d("1.8")).unwrap().to_string(), "0.4");
        assert!(d("1").divide(d("0.0")).is_none());
        assert!(d("1").remainder(d("0")).is_none());
    }

    #[test]
    fn rounding_goes_away_from_zero_at_a_half() {
        assert_eq!(d("2.5").round(0).unwrap().to_string(), "3");
        assert_eq!(d("-2.5").round(0).unwrap().to_string(), "-3");
        assert_eq!(d("-2.1").floor_to(0).unwrap().to_string(), "-3");
        assert_eq!(d("-2.1").ceiling_to(0).unwrap().to_string(), "-2");
    }

    #[test]
    fn equivalence_looks_at_the_less_precise() {
        assert!(d("1.10").equivalent(d("1.1")));
        assert!(d("0.666666666").equivalent(d("0.67")));
        assert!(!d("1.1").equivalent(d("1.2")));
    }
}
