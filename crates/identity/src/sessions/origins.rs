//! Whether a request that changes something was sent by our own pages.
//!
//! Standard: <https://fetch.spec.whatwg.org/#origin-header>,
//! <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>.

use std::net::SocketAddr;

use http::HeaderMap;
use http::header::ORIGIN;
use url::Url;

/// The origins that our pages have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    ours: Vec<String>,
}

impl Origins {
    /// The origin of the address that callers use; without one, those of the address listened on,
    /// by its number and as `localhost`. Never what the request itself calls its host: another
    /// site's name can be made to lead here.
    pub fn of(base_url: Option<&str>, listen: SocketAddr) -> Self {
        let base = base_url.and_then(|base| Url::parse(base).ok());
        if let Some(base) = base {
            return Self { ours: vec![base.origin().ascii_serialization()] };
        }
        let port = listen.port();
        // A browser leaves out the port that is everybody's.
        let suffix = if port == 80 { String::new() } else { format!(":{port}") };
        let mut ours = vec![format!("http://localhost{suffix}")];
        ours.push(match listen.ip() {
            std::net::IpAddr::V4(ip) => format!("http://{ip}{suffix}"),
            std::net::IpAddr::V6(ip) => format!("http://[{ip}]{suffix}"),
        });
        Self { ours }
    }

    /// The one to send browsers to from elsewhere. Without an address that callers use it is that
    /// listened on, by its number.
    pub fn root(&self) -> &str {
        self.ours.last().map_or("", String::as_str)
    }

    /// Whether browsers come by https.
    pub fn is_https(&self) -> bool {
        self.ours.iter().all(|origin| origin.starts_with("https://"))
    }

    /// Whether a browser says that one of our own pages sent this. One that says nothing is not
    /// believed: every browser sends one of the two with what is posted.
    pub fn sent(&self, headers: &HeaderMap) -> bool {
        let site = headers.get("sec-fetch-site").map(|site| site.as_bytes() == b"same-origin");
        let origin = headers.get(ORIGIN).map(|origin| self.is_ours(origin.as_bytes()));
        match (site, origin) {
            (None, None) => false,
            (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
        }
    }

    /// Whether a request that only reads may come with a login: no other page made the browser send
    /// it. What says nothing is no browser's, or one's address bar.
    pub fn may_read(&self, headers: &HeaderMap) -> bool {
        let site = headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes);
        let origin = headers.get(ORIGIN).is_none_or(|origin| self.is_ours(origin.as_bytes()));
        origin && site.is_none_or(|site| matches!(site, b"same-origin" | b"none"))
    }

    fn is_ours(&self, origin: &[u8]) -> bool {
        self.ours.iter().any(|ours| ours.as_bytes() == origin)
    }
}
