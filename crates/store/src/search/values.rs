//! Reading the values of one parameter into matchers, by the parameter's type.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#ptypes>

use akson_base::{Kind, Problem, limits};
use akson_fhir::definitions::SearchKind;
use akson_fhir::reference::is_id;

use super::date::DateTest;
use super::matcher::{Matcher, ReferenceTest, TextTest, TokenTest, UriTest};
use super::number::NumberTest;
use super::prefix::Prefix;
use super::quantity::UnitTest;
use super::syntax::{split, unescape};
use crate::facets::{text, value};

/// What value readers need to know.
pub(super) struct Reading<'a> {
    /// The parameter as written, for messages.
    pub(super) name: &'a str,
    /// Milliseconds since 1970, for `ap`.
    pub(super) now: i64,
    /// This server's own base address, without a slash at the end.
    pub(super) base: Option<&'a str>,
}

/// How strings, uris and references are to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way<'a> {
    Plain,
    Exact,
    Contains,
    Below,
    Above,
    Identifier,
    /// `subject:Patient`, or a parameter that only counts this type.
    OfType(&'a str),
}

impl Reading<'_> {
    /// Reads an OR list.
    pub(super) fn list(
        &self,
        kind: SearchKind,
        way: Way<'_>,
        text: &str,
    ) -> Result<Vec<Matcher>, Problem> {
        self.pieces(text)?.into_iter().map(|piece| self.one(kind, way, piece)).collect()
    }

    /// Splits an OR list, empty alternatives dropped.
    pub(super) fn pieces<'t>(&self, text: &'t str) -> Result<Vec<&'t str>, Problem> {
        let pieces: Vec<_> = split(text, ',').into_iter().filter(|p| !p.is_empty()).collect();
        if pieces.len() > limits::SEARCH_VALUES_MAX {
            let text = format!(
                "\"{}\" has {} alternatives; {} are allowed. Split the search in several.",
                self.name,
                pieces.len(),
                limits::SEARCH_VALUES_MAX
            );
            return Err(Problem::new(Kind::TooCostly, "SEA-002", text));
        }
        Ok(pieces)
    }

    /// Reads one value, escapes still in it.
    pub(super) fn one(
        &self,
        kind: SearchKind,
        way: Way<'_>,
        text: &str,
    ) -> Result<Matcher, Problem> {
        match kind {
            SearchKind::Token => self.token(text).map(Matcher::Token),
            SearchKind::String => self.string(way, &unescape(text)).map(Matcher::Text),
            SearchKind::Date => self.date(text).map(Matcher::Date),
            SearchKind::Number => {
                let (prefix, digits) = Prefix::split(text);
                self.number(prefix, digits).map(Matcher::Number)
            }
            SearchKind::Quantity => self.quantity(text),
            SearchKind::Reference => self.reference(way, text).map(Matcher::Reference),
            SearchKind::Uri => Ok(Matcher::Uri(uri(way, unescape(text).into()))),
            SearchKind::Composite | SearchKind::Special => Err(self.wrong("a value of its own")),
        }
    }

    /// A value that is not of the right form. The value itself is not repeated: it may name a
    /// patient.
    pub(super) fn wrong(&self, right: &str) -> Problem {
        let text = format!("The value of \"{}\" is not right: it should be {right}.", self.name);
        Problem::new(Kind::Invalid, "SEA-003", text)
    }

    fn token(&self, text: &str) -> Result<TokenTest, Problem> {
        let bytes = |text: &str| unescape(text).into_bytes().into_boxed_slice();
        match split(text, '|').as_slice() {
            [code] => Ok(TokenTest { system: None, code: Some(bytes(code)) }),
            [system, ""] if !system.is_empty() => {
                Ok(TokenTest { system: Some(bytes(system)), code: None })
            }
            [system, code] if !code.is_empty() => {
                Ok(TokenTest { system: Some(bytes(system)), code: Some(bytes(code)) })
            }
            _ => Err(self.wrong("code, system|code, |code or system|")),
        }
    }

    fn string(&self, way: Way<'_>, original: &str) -> Result<TextTest, Problem> {
        let form = text::normalise(original);
        if form.is_empty() {
            return Err(self.wrong("a text with something in it"));
        }
        Ok(match way {
            Way::Exact => TextTest::Exact { original: original.into(), form },
            Way::Contains => TextTest::Contains(form),
            Way::Plain | Way::Below | Way::Above | Way::Identifier | Way::OfType(_) => {
                TextTest::Starts(form)
            }
        })
    }

    /// Reads a date with its prefix.
    pub(super) fn date(&self, text: &str) -> Result<DateTest, Problem> {
        let (prefix, date) = Prefix::split(text);
        DateTest::parse(prefix, date, self.now).ok_or_else(|| {
            self.wrong(
                "a date such as 2024, 2024-05, 2024-05-17 or 2024-05-17T10:00:00+02:00, after a \
                 prefix (eq, ne, gt, lt, ge, le, sa, eb, ap) if wanted",
            )
        })
    }

    fn number(&self, prefix: Prefix, digits: &str) -> Result<NumberTest, Problem> {
        NumberTest::parse(prefix, digits).ok_or_else(|| {
            self.wrong(
                "a number of at most 30 digits such as 5.4 or 1e3, after a prefix (eq, ne, gt, \
                 lt, ge, le, sa, eb, ap) if wanted",
            )
        })
    }

    fn quantity(&self, text: &str) -> Result<Matcher, Problem> {
        let (prefix, rest) = Prefix::split(text);
        let bytes = |text: &str| unescape(text).into_bytes().into_boxed_slice();
        let (digits, unit) = match split(rest, '|').as_slice() {
            [digits] | [digits, "", ""] => (*digits, UnitTest::Any),
            [digits, "", code] => (*digits, UnitTest::Written(bytes(code))),
            [digits, system, code] => {
                (*digits, UnitTest::Coded { system: bytes(system), code: bytes(code) })
            }
            _ => return Err(self.wrong("number, number|system|code or number||unit")),
        };
        Ok(Matcher::Quantity(self.number(prefix, digits)?, unit))
    }

    fn reference(&self, way: Way<'_>, text: &str) -> Result<ReferenceTest, Problem> {
        if way == Way::Identifier {
            return self.token(text).map(ReferenceTest::Identifier);
        }
        let text = unescape(text);
        let own = self.base.and_then(|base| text.strip_prefix(base)?.strip_prefix('/'));
        let text = own.unwrap_or(&text);
        let type_name = match way {
            Way::OfType(name) => Some(name),
            Way::Plain | Way::Exact | Way::Contains | Way::Below | Way::Above | Way::Identifier => {
                None
            }
        };
        let resource =
            |type_name: Option<&str>, id: &str, version: Option<&str>| ReferenceTest::Resource {
                id: id.into(),
                type_name: type_name.map(Into::into),
                version: version.map(Into::into),
                owner: None,
            };
        if let Some((found, id, version)) = value::relative(text) {
            // `subject:Patient=Group/1` asks for two types at once: an id that no resource has.
            let id = if type_name.is_none_or(|name| name == found) { id } else { "" };
            return Ok(resource(Some(found), id, version));
        }
        if is_id(text) {
            return Ok(resource(type_name, text, None));
        }
        if text.contains(':') {
            let (url, version) = match text.split_once("/_history/") {
                Some((url, version)) => (url, Some(version.into())),
                None => (text, None),
            };
            return Ok(ReferenceTest::Url { url: url.into(), version });
        }
        Err(self.wrong("an id, Type/id or an absolute url"))
    }
}

fn uri(way: Way<'_>, uri: Box<str>) -> UriTest {
    match way {
        Way::Below => UriTest::Below(uri),
        Way::Above => UriTest::Above(uri),
        Way::Plain | Way::Exact | Way::Contains | Way::Identifier | Way::OfType(_) => {
            UriTest::Exact(uri)
        }
    }
}
