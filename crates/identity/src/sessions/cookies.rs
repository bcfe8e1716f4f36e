//! The two cookies of the pages: the login's ticket, and the ticket of whoever is not logged in yet.
//!
//! Standard: RFC 6265bis, <https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/>
//! (`__Host-` in section 4.1.3.2).

use http::HeaderMap;
use http::header::COOKIE;

use super::Ticket;

/// Where a cookie is sent along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Only from our own pages.
    Strict,
    /// Also when a link or redirect from elsewhere leads here: a provider's way back.
    Lax,
}

impl SameSite {
    fn word(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
        }
    }
}

/// How cookies are named and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies {
    /// Whether browsers come by https: then the names begin with `__Host-`, which a browser takes
    /// from nobody but this very host.
    pub is_https: bool,
}

impl Cookies {
    /// Name of the cookie of a login.
    pub fn login_name(self) -> &'static str {
        if self.is_https { "__Host-akson" } else { "akson" }
    }

    /// Name of the cookie of whoever looks at the login page.
    pub fn visitor_name(self) -> &'static str {
        if self.is_https { "__Host-akson-besok" } else { "akson-besok" }
    }

    /// The ticket of a login, if the request brings one.
    pub fn login(self, headers: &HeaderMap) -> Option<Ticket> {
        read(headers, self.login_name())
    }

    /// The ticket of whoever is not logged in.
    pub fn visitor(self, headers: &HeaderMap) -> Option<Ticket> {
        read(headers, self.visitor_name())
    }

    /// `Set-Cookie` of a login. It lasts until the browser is closed; we end it earlier.
    pub fn set_login(self, ticket: &Ticket) -> String {
        self.set(self.login_name(), ticket.as_str(), SameSite::Strict, "")
    }

    /// `Set-Cookie` of the visitor's ticket.
    pub fn set_visitor(self, ticket: &Ticket, same_site: SameSite) -> String {
        self.set(self.visitor_name(), ticket.as_str(), same_site, "")
    }

    /// `Set-Cookie` that takes the login's ticket away.
    pub fn clear_login(self) -> String {
        self.set(self.login_name(), "", SameSite::Strict, "; Max-Age=0")
    }

    /// `Set-Cookie` that takes the visitor's ticket away.
    pub fn clear_visitor(self) -> String {
        self.set(self.visitor_name(), "", SameSite::Strict, "; Max-Age=0")
    }

    fn set(self, name: &str, value: &str, same_site: SameSite, more: &str) -> String {
        let secure = if self.is_https { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite={}{secure}{more}", same_site.word())
    }
}

/// The value of the first cookie of this name.
fn read(headers: &HeaderMap, name: &str) -> Option<Ticket> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| known.trim() == name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| Ticket::received(value))
}
