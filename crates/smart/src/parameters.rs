//! The parameters of a request, each at most once: a second one of the same name is where attacks
//! begin.
//!
//! Standard: RFC 6749 section 3.1 ("must not be included more than once")

use akson_base::{Kind, Problem};

use crate::denied::{Denied, ErrorCode};

/// Parameters by name; those without a value count as left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query or a form of at most so many bytes.
    pub fn parse(text: &str, bytes_max: usize) -> Result<Self, Denied> {
        let bad = |text: String| {
            let problem = Problem::new(Kind::Invalid, "APP-010", text);
            Denied::new(ErrorCode::InvalidRequest, problem)
        };
        if text.len() > bytes_max {
            return Err(bad(format!("The request has more than {bytes_max} bytes.")));
        }
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            if all.iter().any(|(known, _)| *known == name) {
                let name: String = name.chars().filter(char::is_ascii_graphic).take(40).collect();
                return Err(bad(format!("The parameter {name} stands more than once.")));
            }
            all.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(all))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Denied> {
        self.get(name).ok_or_else(|| {
            let text = format!("The parameter {name} is missing.");
            Denied::invalid_request("APP-010", text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_once() {
        let read = |text: &str| Parameters::parse(text, 40);
        let parameters = read("a=1&b=%20x&c=").unwrap();
        assert_eq!(parameters.get("b"), Some(" x"));
        assert_eq!(parameters.get("c"), None);
        assert_eq!(parameters.need("c").unwrap_err().error, ErrorCode::InvalidRequest);
        assert_eq!(read("a=1&a=1").unwrap_err().problem.code, "APP-010");
        assert_eq!(read(&"a".repeat(41)).unwrap_err().problem.code, "APP-010");
    }
}
