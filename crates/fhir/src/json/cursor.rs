//! A place in a JSON text that moves forward: spaces, strings, numbers, whole values.
//!
//! Knows JSON (RFC 8259), not FHIR. Offsets are bytes.

use std::borrow::Cow;

use akson_base::limits::JSON_DEPTH_MAX;

/// Why the text is not JSON, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// The deepest nesting was passed.
pub(crate) const TOO_DEEP: &str = "objects and arrays are nested too deeply";

/// A string or number in the text; for a string without its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// A string with a backslash in it.
    pub(crate) escaped: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn broken(&self, what: &'static str) -> Broken {
        Broken { at: self.at, what }
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Skips white space and tells what follows.
    #[inline]
    pub(crate) fn next_mark(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Skips white space and takes one mark.
    #[inline]
    pub(crate) fn expect(&mut self, mark: u8, what: &'static str) -> Result<(), Broken> {
        if self.next_mark() == Some(mark) {
            self.at += 1;
            return Ok(());
        }
        Err(self.broken(what))
    }

    /// After a member or item: goes on at a comma (`true`), ends at `end` (`false`).
    #[inline]
    pub(crate) fn goes_on(&mut self, end: u8, what: &'static str) -> Result<bool, Broken> {
        match self.next_mark() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(mark) if mark == end => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.broken(what)),
        }
    }

    /// A member's name and its colon; stands at the value afterwards.
    pub(crate) fn key(&mut self) -> Result<Span, Broken> {
        if self.next_mark() != Some(b'"') {
            return Err(self.broken("a member's name in double quotes is expected"));
        }
        let key = self.string()?;
        self.expect(b':', "a colon is expected after a member's name")?;
        self.next_mark();
        Ok(key)
    }

    /// A string, standing at its opening quote.
    pub(crate) fn string(&mut self) -> Result<Span, Broken> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(Span { start, end, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.broken("a control character must be escaped")),
                None => return Err(self.broken("a string does not end")),
            }
        }
    }

    /// Goes to the next quote, backslash or control character, eight bytes at a time.
    #[inline]
    fn skip_plain(&mut self) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGHS: u64 = 0x8080_8080_8080_8080;
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut passed = 0;
        for chunk in bytes.chunks_exact(8) {
            let Ok(chunk) = <[u8; 8]>::try_from(chunk) else { break };
            let word = u64::from_le_bytes(chunk);
            let quote = word ^ (ONES * u64::from(b'"'));
            let slash = word ^ (ONES * u64::from(b'\\'));
            // A byte below 0x20 (below 1 for the two others) borrows into its high bit.
            let found = (word.wrapping_sub(ONES * 0x20) & !word)
                | (quote.wrapping_sub(ONES) & !quote)
                | (slash.wrapping_sub(ONES) & !slash);
            let found = found & HIGHS;
            if found != 0 {
                self.at += passed + (found.trailing_zeros() / 8) as usize;
                return;
            }
            passed += 8;
        }
        let rest = bytes.get(passed..).unwrap_or_default();
        let plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
        self.at += passed + rest.iter().take_while(plain).count();
    }

    /// Passes one escape, standing at its backslash.
    fn escape(&mut self) -> Result<(), Broken> {
        let bytes = self.text.as_bytes();
        match bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(self.at + 2)?;
                self.at += 6;
                if (0xd800..0xdc00).contains(&unit) {
                    let low = bytes.get(self.at..self.at + 2) == Some(b"\\u");
                    if !low || !(0xdc00..0xe000).contains(&self.unit(self.at + 2)?) {
                        return Err(self.broken("half a surrogate pair"));
                    }
                    self.at += 6;
                } else if (0xdc00..0xe000).contains(&unit) {
                    return Err(self.broken("half a surrogate pair"));
                }
            }
            _ => return Err(self.broken("no such escape")),
        }
        Ok(())
    }

    fn unit(&self, at: usize) -> Result<u32, Broken> {
        let digits = self.text.as_bytes().get(at..at + 4).unwrap_or_default();
        let four = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        let wrong = Broken { at, what: "four hexadecimal digits are expected after \\u" };
        if !four {
            return Err(wrong);
        }
        u32::from_str_radix(self.slice(at, at + 4), 16).map_err(|_| wrong)
    }

    /// The characters of a string span.
    pub(crate) fn unescaped(&self, span: Span) -> Cow<'a, str> {
        let raw = self.slice(span.start, span.end);
        if span.escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) }
    }

    /// A number, standing at its first character.
    pub(crate) fn number(&mut self) -> Result<Span, Broken> {
        let start = self.at;
        let bytes = self.text.as_bytes().get(start..).unwrap_or_default();
        let part = |b: &&u8| matches!(**b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let end = start + bytes.iter().take_while(part).count();
        if !crate::decimal::is_json_number(self.slice(start, end)) {
            return Err(self.broken("not a JSON number"));
        }
        self.at = end;
        Ok(Span { start, end, escaped: false })
    }

    /// `true`, `false` or `null`.
    pub(crate) fn word(&mut self) -> Result<Span, Broken> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        for word in ["true", "false", "null"] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(Span { start, end: self.at, escaped: false });
            }
        }
        Err(self.broken("a value is expected"))
    }

    /// Passes any value, standing at its first character. `depth` is the nesting so far.
    pub(crate) fn skip_value(&mut self, depth: usize) -> Result<(), Broken> {
        match self.next_mark() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            Some(b'{') => self.skip_within(b'}', depth),
            Some(b'[') => self.skip_within(b']', depth),
            _ => self.word().map(|_| ()),
        }
    }

    fn skip_within(&mut self, end: u8, depth: usize) -> Result<(), Broken> {
        if depth >= JSON_DEPTH_MAX {
            return Err(self.broken(TOO_DEEP));
        }
        self.at += 1;
        if self.next_mark() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            if end == b'}' {
                self.key()?;
            }
            self.skip_value(depth + 1)?;
            if !self.goes_on(end, "a comma or the end is expected")? {
                return Ok(());
            }
        }
    }

    /// Line and column of a byte, from one.
    pub(crate) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
        (line, column)
    }
}

/// Undoes the escapes of a string that [`Cursor::string`] has passed.
pub(crate) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        match chars.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let unit = |at: usize| {
                    escape.get(at..at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok())
                };
                let high = unit(1).unwrap_or(0xfffd);
                let (code, length) = match (high, unit(7)) {
                    (0xd800..0xdc00, Some(low)) => {
                        (0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff), 11)
                    }
                    _ => (high, 5),
                };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = escape.get(length..).unwrap_or_default();
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_where_they_should() {
        for (json, expected) in [
            (r#""""#, ""),
            (r#""1234567""#, "1234567"),
            (r#""12345678""#, "12345678"),
            (r#""æøå og 漢字 og mer""#, "æøå og 漢字 og mer"),
            (r#""a\"b\\c\/d\n\t""#, "a\"b\\c/d\n\t"),
            (r#""\u00e5\ud83d\ude00x""#, "å😀x"),
        ] {
            let mut cursor = Cursor::new(json);
            let span = cursor.string().unwrap();
            assert_eq!(cursor.unescaped(span), expected);
            assert_eq!(cursor.at, json.len());
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for json in [
            "",
            "{",
            "[",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"a\nb\"",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "01",
            "1.",
            "-",
            "tru",
            "nul",
            "'a'",
            "\"\\ud800\\u0041\"",
        ] {
            assert!(Cursor::new(json).skip_value(0).is_err(), "{json}");
        }
        let deep = format!("{}1{}", "[".repeat(JSON_DEPTH_MAX), "]".repeat(JSON_DEPTH_MAX));
        assert!(Cursor::new(&deep).skip_value(0).is_ok());
        let deep = format!("[{deep}]");
        assert_eq!(Cursor::new(&deep).skip_value(0).unwrap_err().what, TOO_DEEP);
    }
}
