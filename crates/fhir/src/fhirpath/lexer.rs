//! Text of a FHIRPath expression into tokens with their byte offsets.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#lexical-elements>

use super::error::SyntaxError;
use super::temporal::Moment;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// An identifier or a keyword, undelimited.
    Word(Box<str>),
    /// `` `given` ``.
    Delimited(Box<str>),
    /// `'text'`, unescaped.
    Text(Box<str>),
    /// Digits with at most one point.
    Number(Box<str>),
    /// `@2015-02`.
    Date(Moment),
    /// `@2015-02T`, `@2015-02-04T14:30+01:00`.
    DateTime(Moment),
    /// `@T14:30`.
    Time(Moment),
    /// `$this`, `$index`, `$total`, without the sign.
    Dollar(Box<str>),
    /// `( ) [ ] { } . , + - * / & | = ~ != !~ < <= > >= %`.
    Symbol(&'static str),
    End,
}

/// A token and where it stood.
#[derive(Clone, Debug)]
pub(crate) struct Spanned {
    pub(crate) token: Token,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 23] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|",
    "=", "~", "<", ">", "%",
];

/// Splits an expression into tokens; the last one is [`Token::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<Spanned>, SyntaxError> {
    let mut lexer = Lexer { source, at: 0 };
    let mut out = Vec::new();
    loop {
        lexer.skip_space()?;
        let start = lexer.at;
        let token = lexer.next_token()?;
        let done = token == Token::End;
        out.push(Spanned { token, start: start as u32, end: lexer.at as u32 });
        if done {
            return Ok(out);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(message, self.at as u32)
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    fn skip_space(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.take_while(char::is_whitespace);
            let rest = self.rest();
            if rest.starts_with("//") {
                self.take_while(|c| c != '\n' && c != '\r');
            } else if rest.starts_with("/*") {
                let Some(length) = rest.find("*/") else {
                    return Err(self.error("The comment that begins here is not closed with */."));
                };
                self.at += length + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn next_token(&mut self) -> Result<Token, SyntaxError> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(Token::End);
        };
        match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                Ok(Token::Word(word.into()))
            }
            '0'..='9' => Ok(self.number()),
            '\'' => Ok(Token::Text(self.quoted('\'')?)),
            '`' => Ok(Token::Delimited(self.quoted('`')?)),
            '"' => Ok(Token::Delimited(self.quoted('"')?)),
            '@' => self.temporal(),
            '$' => {
                self.at += 1;
                let word = self.take_while(|c| c.is_ascii_alphabetic());
                Ok(Token::Dollar(word.into()))
            }
            _ => match SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(Token::Symbol(symbol))
                }
                None => Err(self.error(format!("\"{first}\" has no meaning here."))),
            },
        }
    }

    /// `12`, `1.5`; the point of `1.toString()` is left alone.
    fn number(&mut self) -> Token {
        let start = self.at;
        self.take_while(|c| c.is_ascii_digit());
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        Token::Number(self.source.get(start..self.at).unwrap_or("").into())
    }

    fn quoted(&mut self, quote: char) -> Result<Box<str>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.at = start;
                return Err(
                    self.error(format!("The text that begins here is not closed with {quote}."))
                );
            };
            if c == '\\' {
                out.push(self.escape()?);
                continue;
            }
            self.at += c.len_utf8();
            if c == quote {
                return Ok(out.into());
            }
            out.push(c);
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let code = self.rest().chars().nth(1);
        let unescaped = match code {
            Some(c @ ('\\' | '/' | '\'' | '"' | '`')) => c,
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits = self.rest().get(2..6);
                let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let Some(c) = number.and_then(char::from_u32) else {
                    return Err(self.error("\\u must be followed by four hexadecimal digits."));
                };
                self.at += 4;
                c
            }
            _ => {
                return Err(self.error(
                    "Unknown escape. Use \\\\ \\/ \\' \\\" \\` \\f \\n \\r \\t or \\u and four hexadecimal digits.",
                ));
            }
        };
        self.at += 2;
        Ok(unescaped)
    }

    fn temporal(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let wrong = "Not a date, dateTime or time. Write @2015-02-04, @2015-02-04T14:30:00+01:00 or @T14:30.";
        if self.rest().starts_with('T') {
            self.at += 1;
            let text = self.time_text();
            let time = Moment::parse_time(text);
            return time.map(Token::Time).ok_or_else(|| SyntaxError::new(wrong, start as u32));
        }
        let from = self.at;
        self.take_while(|c| c.is_ascii_digit());
        for _ in 0..2 {
            let mut after = self.rest().chars();
            if after.next() == Some('-') && after.next().is_some_and(|c| c.is_ascii_digit()) {
                self.at += 1;
                self.take_while(|c| c.is_ascii_digit());
            }
        }
        let date = self.source.get(from..self.at).unwrap_or("");
        if !self.rest().starts_with('T') {
            let date = Moment::parse_date(date);
            return date.map(Token::Date).ok_or_else(|| SyntaxError::new(wrong, start as u32));
        }
        self.at += 1;
        let time = self.time_text();
        if !time.is_empty() {
            self.zone_text();
        }
        let text = self.source.get(from..self.at).unwrap_or("");
        let moment = Moment::parse_date_time(text);
        moment.map(Token::DateTime).ok_or_else(|| SyntaxError::new(wrong, start as u32))
    }

    /// `14`, `14:30`, `14:30:28.123`; not the point of `@T14:30.is(Time)`.
    fn time_text(&mut self) -> &'s str {
        let start = self.at;
        self.take_while(|c| c.is_ascii_digit() || c == ':');
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        self.source.get(start..self.at).unwrap_or("")
    }

    fn zone_text(&mut self) {
        let rest = self.rest();
        if rest.starts_with('Z') {
            self.at += 1;
        } else if let Some(zone) = rest.get(..6)
            && zone.starts_with(['+', '-'])
            && zone.get(3..4) == Some(":")
        {
            self.at += 6;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_after_a_number_belongs_to_a_function() {
        let tokens: Vec<Token> =
            tokens("1.5.round() // end").unwrap().into_iter().map(|t| t.token).collect();
        assert_eq!(tokens[0], Token::Number("1.5".into()));
        assert_eq!(tokens[1], Token::Symbol("."));
        assert_eq!(tokens[2], Token::Word("round".into()));
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(tokens("a + 'b").unwrap_err().offset, 4);
        assert_eq!(tokens("a /* b").unwrap_err().offset, 2);
        assert_eq!(tokens("'\\q'").unwrap_err().offset, 1);
    }
}
