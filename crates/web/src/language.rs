//! The language in which a request is answered: what the reader chose, kept in a cookie that says
//! nothing else; bokmål until then.
//!
//! Not here: the texts (`messages`).

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::messages::{Language, in_language};

/// The name of the cookie; its value is the language's tag (BCP 47).
pub(crate) const COOKIE: &str = "akson-language";

/// Answers in the language that was chosen.
pub(crate) async fn speak(request: Request, next: Next) -> Response {
    let language = chosen(request.headers());
    in_language(language, next.run(request)).await
}

/// The cookie that remembers a language for a year; nothing for a tag that is none.
pub(crate) fn cookie(tag: &str) -> Option<String> {
    let language = Language::ALL.into_iter().find(|language| language.tag() == tag)?;
    let tag = language.tag();
    Some(format!("{COOKIE}={tag}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"))
}

fn chosen(headers: &HeaderMap) -> Language {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|c| c.split_once('='));
    let tags = pairs.filter(|(name, _)| name.trim() == COOKIE).map(|(_, tag)| tag.trim());
    let mut known =
        tags.filter_map(|tag| Language::ALL.into_iter().find(|language| language.tag() == tag));
    known.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(cookie: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        chosen(&headers)
    }

    #[test]
    fn a_language_that_is_not_known_is_bokmal() {
        assert_eq!(of("akson-language=en"), Language::English);
        assert_eq!(of("a=b; akson-language=nn"), Language::Nynorsk);
        for cookie in ["", "akson-language=", "akson-language=../nb", "akson-language2=en"] {
            assert_eq!(of(cookie), Language::Bokmal, "{cookie}");
        }
        assert_eq!(chosen(&HeaderMap::new()), Language::Bokmal);
    }
}
