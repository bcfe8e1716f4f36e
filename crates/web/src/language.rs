//! The language in which a request is answered: what the reader chose, kept in a cookie that says
//! nothing else; bokmål until then. Everybody may choose, before logging in too.
//!
//! Not here: the texts (`messages`), where one chooses (`pages::languages`).

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::post;
use url::Url;

use crate::forms::Form;
use crate::local_path::local_path;
use crate::messages::{Language, in_language};
use crate::response::to;

/// Where a language is chosen.
pub(crate) const LANGUAGES: &str = "/sprak";

/// The name of the cookie; its value is the language's tag (BCP 47).
pub(crate) const COOKIE: &str = "akson-language";

tokio::task_local! {
    /// The page that the request being answered is about, for coming back to it.
    static ADDRESS: String;
}

/// What is the same behind every door.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(LANGUAGES, post(choose))
}

/// Answers in the language that was chosen.
pub(crate) async fn speak(request: Request, next: Next) -> Response {
    let language = chosen(request.headers());
    let address = page_of(request.method(), request.uri(), request.headers());
    ADDRESS.scope(address, in_language(language, next.run(request))).await
}

/// The page that is being answered; the start page outside of a request.
pub(crate) fn address() -> String {
    ADDRESS.try_with(String::clone).unwrap_or_else(|_| "/".to_owned())
}

/// Draws a page of a problem: what was asked may name somebody, and is not said again. Who chooses a language
/// there comes home.
pub(crate) fn without_address<T>(draw: impl FnOnce() -> T) -> T {
    ADDRESS.sync_scope("/".to_owned(), draw)
}

/// `POST /sprak`: the language from now on, back to where one was.
async fn choose(form: Form) -> Response {
    let mut answer = to(local_path(form.field("til")));
    if let Some(cookie) = cookie(form.field("sprak"))
        && let Ok(cookie) = HeaderValue::from_str(&cookie)
    {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// The address of a page that is read, or of the one that a form was sent from. Of the page of login: where
/// the login leads.
fn page_of(method: &Method, uri: &Uri, headers: &HeaderMap) -> String {
    let from = || {
        let told = headers.get(header::REFERER)?.to_str().ok()?;
        let told = Url::parse(told).ok()?;
        Some(told[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
    };
    let asked = match *method {
        Method::GET | Method::HEAD => uri.path_and_query().map(ToString::to_string),
        _ => from(),
    };
    let asked = asked.unwrap_or_default();
    match local_path(&asked) {
        "/" => {
            let query = asked.split_once('?').map_or("", |(_, query)| query);
            let mut fields = url::form_urlencoded::parse(query.as_bytes());
            let back = fields.find(|(name, _)| name == "til").map(|(_, back)| back.into_owned());
            local_path(&back.unwrap_or_default()).to_owned()
        }
        page => page.to_owned(),
    }
}

/// The cookie that remembers a language for a year; nothing for a tag that is none.
pub(crate) fn cookie(tag: &str) -> Option<String> {
    let language = Language::ALL.into_iter().find(|language| language.tag() == tag)?;
    let tag = language.tag();
    Some(format!("{COOKIE}={tag}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"))
}

pub(crate) fn chosen(headers: &HeaderMap) -> Language {
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
    fn one_comes_back_to_the_page_one_was_at() {
        let page = |method: Method, uri: &'static str, from: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(from) = from {
                headers.insert(header::REFERER, HeaderValue::from_static(from));
            }
            page_of(&method, &Uri::from_static(uri), &headers)
        };
        assert_eq!(page(Method::GET, "/pasient/1?periode=1", None), "/pasient/1?periode=1");
        assert_eq!(page(Method::GET, "/logg-inn?til=%2Fpasient%2F1", None), "/pasient/1");
        assert_eq!(page(Method::GET, "/logg-inn?til=%2F%2Fevil.example", None), "/");
        let from = Some("https://akson.example/pasient/1/resept/ny?q=a#x");
        assert_eq!(page(Method::POST, "/pasient/1/resept/ny", from), "/pasient/1/resept/ny?q=a");
        assert_eq!(page(Method::POST, "/pasient/1/resept/ny", Some("nonsense")), "/");
        assert_eq!(page(Method::POST, "/pasient/1/resept/ny", None), "/");
        assert_eq!(address(), "/", "outside of a request");
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
