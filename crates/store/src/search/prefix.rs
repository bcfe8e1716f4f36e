//! Comparison prefixes of numbers, dates and quantities.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#prefix>

/// How a value must stand to the searched one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

impl Prefix {
    /// Splits the prefix from a value; none means equal.
    pub(crate) fn split(text: &str) -> (Self, &str) {
        let Some((head, rest)) = text.split_at_checked(2) else {
            return (Self::Eq, text);
        };
        let prefix = match head {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "lt" => Self::Lt,
            "ge" => Self::Ge,
            "le" => Self::Le,
            "sa" => Self::Sa,
            "eb" => Self::Eb,
            "ap" => Self::Ap,
            _ => return (Self::Eq, text),
        };
        (prefix, rest)
    }
}
