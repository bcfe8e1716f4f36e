//! What a person at the terminal reads. The log is elsewhere (`logging`).

use std::io::Write;

/// A line on standard output. A closed pipe is not our failure.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// A line on standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A number with its thousands apart: `92 100`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_stand_apart() {
        let shown: Vec<String> = [7, 999, 1000, 92_100, 1_000_000].map(super::thousands).into();
        assert_eq!(shown, ["7", "999", "1 000", "92 100", "1 000 000"]);
    }
}
