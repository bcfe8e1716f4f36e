//! What an app was let do on somebody's behalf: SMART's clinical scopes, read and kept.
//!
//! An actor with [`Scopes`] sees and does what the rules *and* the scopes allow. Not here: what a
//! search parameter in a scope means and which resources fit it (`record` has the definitions and
//! the store), granting (whoever issues the token).
//! Standard: SMART App Launch 2.2, "Scopes and Launch Context",
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>

use akson_base::limits::{SCOPE_BYTES_MAX, SCOPES_MAX};
use akson_base::{Kind, Problem};

use crate::rules::Class;

/// Whose data a scope speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// `patient/`: the patient in the launch context alone.
    Patient,
    /// `user/`: whatever the person who logged in may see.
    User,
    /// `system/`: whatever the system that acts for itself may see.
    System,
}

impl Context {
    /// The word before the slash.
    pub fn code(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::User => "user",
            Self::System => "system",
        }
    }
}

/// What a scope lets somebody do; a letter of `cruds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// `c`: create.
    Create,
    /// `r`: read, vread, and the history of one resource.
    Read,
    /// `u`: update and patch.
    Update,
    /// `d`: delete.
    Delete,
    /// `s`: search, and the history of a type or of everything.
    Search,
}

impl Permission {
    /// All of them, in the order that SMART demands.
    pub const ALL: [Self; 5] = [Self::Create, Self::Read, Self::Update, Self::Delete, Self::Search];

    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
            Self::Search => 's',
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// One scope word, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    text: Box<str>,
    context: Context,
    of: Option<Box<str>>,
    permissions: u8,
    query: Option<Box<str>>,
}

impl Scope {
    /// The word as it was granted.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose data.
    pub fn context(&self) -> Context {
        self.context
    }

    /// The resource type; `None` for all (`*`).
    pub fn resource_type(&self) -> Option<&str> {
        self.of.as_deref()
    }

    /// Whether the letter is there.
    pub fn permits(&self, permission: Permission) -> bool {
        self.permissions & permission.bit() != 0
    }

    /// The search parameters that narrow it, still percent-encoded: `category=laboratory`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Whether it speaks of this resource type.
    pub fn is_of(&self, type_name: &str) -> bool {
        self.of.as_deref().is_none_or(|of| of == type_name)
    }

    /// Whether everything that `other` allows is allowed by this one too. Of two scopes with search
    /// parameters only those count that are written alike.
    pub fn covers(&self, other: &Self) -> bool {
        self.context == other.context
            && (self.of.is_none() || self.of == other.of)
            && self.permissions & other.permissions == other.permissions
            && (self.query.is_none() || self.query == other.query)
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let (head, query) = match text.split_once('?') {
            Some((head, query)) => (head, Some(query)),
            None => (text, None),
        };
        if text.len() > SCOPE_BYTES_MAX || !head.bytes().all(is_of_head) {
            let right = format!("a scope is at most {SCOPE_BYTES_MAX} characters of ASCII");
            return Err(malformed("", &right));
        }
        let wrong = |right: &str| malformed(head, right);
        let (context, rest) = head.split_once('/').ok_or_else(|| wrong("a / is missing"))?;
        let context = match context {
            "patient" => Context::Patient,
            "user" => Context::User,
            "system" => Context::System,
            _ => return Err(wrong("it should begin with patient/, user/ or system/")),
        };
        let (of, letters) = rest
            .split_once('.')
            .ok_or_else(|| wrong("a full stop should stand between type and permissions"))?;
        let of = match of {
            "*" => None,
            name if Class::of_type(name).is_some() => Some(name.into()),
            _ => {
                let text = format!("The scope \"{head}\" names no resource type of FHIR R4.");
                return Err(Problem::new(Kind::Invalid, "ACC-003", text));
            }
        };
        let (permissions, is_first_version) = permissions(letters).ok_or_else(|| {
            wrong(
                "permissions are some of the letters cruds in this order, or read, write or * \
                 as in SMART 1.0",
            )
        })?;
        if let Some(query) = query {
            if is_first_version {
                return Err(wrong("search parameters stand after letters of cruds only"));
            }
            check_query(query).map_err(|right| wrong(&right))?;
        }
        Ok(Self { text: text.into(), context, of, permissions, query: query.map(Into::into) })
    }
}

fn is_of_head(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/.*_-".contains(&byte)
}

/// The bits of `cruds`, and whether they are written as in SMART 1.0.
fn permissions(letters: &str) -> Option<(u8, bool)> {
    use Permission::{Create, Delete, Read, Search, Update};
    let bits = |permissions: &[Permission]| permissions.iter().fold(0, |all, p| all | p.bit());
    match letters {
        "read" => return Some((bits(&[Read, Search]), true)),
        "write" => return Some((bits(&[Create, Update, Delete]), true)),
        "*" => return Some((bits(&Permission::ALL), true)),
        "" => return None,
        _ => {}
    }
    let mut left = Permission::ALL.into_iter();
    let mut found = 0;
    for letter in letters.chars() {
        // Each letter at most once, and none before one that has passed.
        found |= left.find(|permission| permission.letter() == letter)?.bit();
    }
    Some((found, false))
}

/// Parameters that say how a result is presented, or reach beyond the resource itself: a resource
/// by itself does not tell whether it fits them.
const UNFIT: [&str; 18] = [
    "_count",
    "_sort",
    "_include",
    "_revinclude",
    "_summary",
    "_elements",
    "_total",
    "_contained",
    "_containedType",
    "_format",
    "_pretty",
    "_cursor",
    "_type",
    "_has",
    "_text",
    "_content",
    "_filter",
    "_query",
];

/// The form of a scope's query; that its parameters exist, `record` checks.
fn check_query(query: &str) -> Result<(), String> {
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name.is_empty() || value.is_empty() {
            return Err("search parameters are name=value with & between them".into());
        }
        let (code, modifier) = name.split_once(':').unwrap_or((name, "-"));
        let is_word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        if UNFIT.contains(&code) || code == "_list" {
            return Err(format!("\"{code}\" does not say which resources are meant"));
        }
        if !is_word(code) || !is_word(modifier) {
            let text = "a search parameter is a name, perhaps with one modifier; \
                        chains are not offered in scopes";
            return Err(text.into());
        }
        if !is_percent_encoded(value) {
            return Err(format!("the value of \"{code}\" is not percent-encoded"));
        }
    }
    Ok(())
}

/// Only what a scope-token may hold (RFC 6749, 3.3), each `%` with two hexadecimal digits.
fn is_percent_encoded(value: &str) -> bool {
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let mut is_digit = || bytes.next().is_some_and(|b| b.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            b'"' | b'\\' => false,
            other => other.is_ascii_graphic(),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// The clinical scopes of one token, and the patient in its launch context. Immutable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    words: Vec<Scope>,
    patient: Option<Box<str>>,
}

impl Scopes {
    /// Reads what was granted. Words that are not clinical scopes (`openid`, `launch/patient`) are
    /// passed over; of none at all comes a bound that lets nothing through. `patient` is the id of
    /// the patient in the launch context.
    ///
    /// # Errors
    /// `Invalid`, with what would be right: ACC-002 for a word of another form, ACC-003 for an
    /// unknown resource type, ACC-004 for `patient/` without a patient or with an id that cannot be
    /// one, ACC-005 for too many.
    pub fn parse<'a>(
        granted: impl IntoIterator<Item = &'a str>,
        patient: Option<&str>,
    ) -> Result<Self, Problem> {
        if patient.is_some_and(|id| !is_id(id)) {
            let text = "The patient in the launch context should be the id of a Patient.";
            return Err(Problem::new(Kind::Invalid, "ACC-004", text));
        }
        let mut words: Vec<Scope> = Vec::new();
        for word in granted.into_iter().filter(|word| Self::is_clinical(word)) {
            let scope = Scope::parse(word)?;
            if scope.context == Context::Patient && patient.is_none() {
                let text =
                    "A scope that begins with patient/ needs a patient in the launch context.";
                return Err(Problem::new(Kind::Invalid, "ACC-004", text));
            }
            if !words.contains(&scope) {
                words.push(scope);
            }
            if words.len() > SCOPES_MAX {
                let text = format!("More than {SCOPES_MAX} scopes in one token.");
                return Err(Problem::new(Kind::Invalid, "ACC-005", text));
            }
        }
        Ok(Self { words, patient: patient.map(Into::into) })
    }

    /// Whether a scope word is one of SMART's clinical ones, well-formed or not.
    pub fn is_clinical(scope: &str) -> bool {
        ["patient/", "user/", "system/"].iter().any(|context| scope.starts_with(context))
    }

    /// The words, in the order granted, each once.
    pub fn words(&self) -> &[Scope] {
        &self.words
    }

    /// Id of the patient in the launch context.
    pub fn patient(&self) -> Option<&str> {
        self.patient.as_deref()
    }
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn malformed(head: &str, right: &str) -> Problem {
    let named = if head.is_empty() { String::new() } else { format!(" \"{head}\"") };
    Problem::new(Kind::Invalid, "ACC-002", format!("The scope{named} cannot be read: {right}."))
}

#[cfg(test)]
mod tests;
