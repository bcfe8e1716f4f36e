//! Numbers as Norwegians write them: decimal comma, thousands apart by a no-break space.

/// Most decimals shown. A value with more (a computed one) is rounded for the eye; the exact digits
/// stay in the record.
const DECIMALS_MAX: usize = 3;

/// Formats the digits of a JSON number: `12.1` to `12,1`, `1840` to `1 840`. Anything else (an
/// exponent) is returned with a decimal comma only.
pub(crate) fn decimal(digits: &str) -> String {
    let (sign, unsigned) = digits.strip_prefix('-').map_or(("", digits), |rest| ("−", rest));
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return digits.replace('.', ",");
    }
    let rounded;
    let unsigned = match unsigned.split_once('.') {
        Some((whole, fraction)) if fraction.len() > DECIMALS_MAX => {
            rounded = round(unsigned, whole);
            rounded.as_str()
        }
        _ => unsigned,
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut text = String::from(sign);
    text.push_str(&thousands(whole));
    // 1.0 mg says no more to a reader than 1 mg; 1.10 keeps what the laboratory wrote.
    if !fraction.bytes().all(|b| b == b'0') || fraction.len() > 1 {
        text.push(',');
        text.push_str(fraction);
    }
    text
}

fn round(unsigned: &str, whole: &str) -> String {
    let decimals = match whole.trim_start_matches('0').len() {
        0 => 3,
        1 => 2,
        2 => 1,
        _ => 0,
    };
    let value: f64 = unsigned.parse().unwrap_or_default();
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, fraction)) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
        }
        None => text,
    }
}

fn thousands(whole: &str) -> String {
    let mut text = String::with_capacity(whole.len() + 2);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// A count, thousands apart.
pub(crate) fn count(n: usize) -> String {
    thousands(&n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_the_norwegian_way() {
        for (digits, expected) in [
            ("12.1", "12,1"),
            ("1.10", "1,10"),
            ("4.0", "4"),
            ("1840", "1\u{a0}840"),
            ("1234567.5", "1\u{a0}234\u{a0}567,5"),
            ("-3.5", "−3,5"),
            ("84.39721283", "84,4"),
            ("7.3847", "7,38"),
            ("0.00712345", "0,007"),
            ("7.385", "7,385"),
            ("129.9999999", "130"),
            ("1e3", "1e3"),
        ] {
            assert_eq!(decimal(digits), expected, "{digits}");
        }
        assert_eq!(count(3419), "3\u{a0}419");
    }
}
