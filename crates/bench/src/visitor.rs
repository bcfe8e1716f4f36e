//! A person in a browser, for loads of the pages: keeps cookies, follows redirects, sends the forms
//! that a page holds, and remembers how long the server took.
//!
//! Not here: what people do (`figures::users`). No JavaScript runs: the pages work without.

mod html;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(crate) use html::{Form, forms, links};

use crate::client::{Address, Connection};

/// Redirects followed for one page.
const REDIRECTS_MAX: usize = 4;

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET` or `POST`.
    pub(crate) method: &'static str,
    /// What was asked for.
    pub(crate) path: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// The server's own time, as it says (`Server-Timing: total`), else the whole time.
    pub(crate) server: Duration,
}

/// Somebody at one server.
pub(crate) struct Visitor {
    address: Address,
    connection: Option<Connection>,
    cookies: BTreeMap<String, String>,
    /// Given and family name of who is logged in; empty before.
    pub(crate) name: String,
    /// The page that is open.
    pub(crate) page: String,
    /// Its address.
    pub(crate) at: String,
    /// All answers so far.
    pub(crate) seen: Vec<Seen>,
}

impl Visitor {
    /// Nobody yet, at the server's first page.
    pub(crate) fn new(address: &Address) -> Self {
        let address = address.with_path("");
        Self {
            address,
            connection: None,
            cookies: BTreeMap::new(),
            name: String::new(),
            page: String::new(),
            at: "/".to_owned(),
            seen: Vec::new(),
        }
    }

    /// Logs in to the demo as somebody whose entry on the page has this title: of several the one at
    /// `place`, counted round.
    pub(crate) async fn log_in(&mut self, title: &str, place: usize) -> Result<(), String> {
        self.get("/logg-inn").await?;
        let all = forms(&self.page);
        let token = all.iter().map(|form| form.value("skjema")).find(|token| !token.is_empty());
        let token = token.ok_or("the login page has no form")?.to_owned();
        let (person, name) = somebody(&self.page, title, place)
            .ok_or_else(|| format!("nobody to log in as: {title}"))?;
        let form = Form { action: "/logg-inn".to_owned(), is_post: true, ..Form::default() };
        self.submit(&form.with("skjema", &token).with("person", &person)).await?;
        self.name = name;
        match self.at.starts_with("/logg-inn") {
            true => Err(format!("not let in as {title}")),
            false => Ok(()),
        }
    }

    /// Opens a page.
    pub(crate) async fn get(&mut self, path: &str) -> Result<u16, String> {
        self.go("GET", path, "").await
    }

    /// Sends a form.
    pub(crate) async fn submit(&mut self, form: &Form) -> Result<u16, String> {
        let body: Vec<String> = form
            .fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let (body, action) = (body.join("&"), absolute(&form.action, &self.at));
        if form.is_post {
            self.go("POST", &action, &body).await
        } else {
            self.go("GET", &format!("{action}?{body}"), "").await
        }
    }

    async fn go(&mut self, method: &'static str, path: &str, body: &str) -> Result<u16, String> {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body);
        for _ in 0..=REDIRECTS_MAX {
            let (status, location) = self.ask(method, &path, body).await?;
            match location {
                Some(to) if matches!(status, 302 | 303) => {
                    (method, path, body) = ("GET", absolute(&to, &path), "");
                }
                _ => {
                    self.at = path;
                    return Ok(status);
                }
            }
        }
        Err(format!("{path} redirects without end"))
    }

    async fn ask(
        &mut self,
        method: &'static str,
        path: &str,
        body: &str,
    ) -> Result<(u16, Option<String>), String> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (host, length) = (&self.address.authority, body.len());
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html,*/*;q=0.8\r\nCookie: {}\r\n",
            cookies.join("; ")
        );
        if method == "POST" {
            request.push_str(&format!(
                "Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {length}\r\n"
            ));
        }
        request.push_str("\r\n");
        request.push_str(body);
        // A connection that was idle may be closed by now; a new one for each page would measure TCP.
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.closes => connection,
            _ => Connection::open(&self.address).await.map_err(|error| error.to_string())?,
        };
        let begin = Instant::now();
        let answer = connection.exchange(request.as_bytes()).await;
        let answer = answer.map_err(|error| format!("{method} {path}: {error}"))?;
        let took = begin.elapsed();
        let (status, server) = (answer.status, server_time(answer.head).unwrap_or(took));
        let location = answer.header("location").map(str::to_owned);
        for cookie in set_cookies(answer.head) {
            if let Some((name, value)) = cookie.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        self.page = String::from_utf8_lossy(answer.body).into_owned();
        self.connection = Some(connection);
        self.seen.push(Seen { method, path: path.to_owned(), status, server });
        Ok((status, location))
    }
}

/// The place and the name of somebody on the demo's login page.
fn somebody(page: &str, title: &str, place: usize) -> Option<(String, String)> {
    let role = format!(">{title}</span>");
    let people: Vec<&str> = page.split("name=\"person\" value=\"").skip(1).collect();
    let fit: Vec<&&str> = people.iter().filter(|person| person.contains(&role)).collect();
    let person = fit.get(place.checked_rem(fit.len())?)?;
    let value = person.split('"').next()?;
    let name = person.split("<b>").nth(1)?.split("</b>").next()?;
    Some((value.to_owned(), name.to_owned()))
}

/// A path as a browser would take it from the page at `at`.
pub(crate) fn absolute(to: &str, at: &str) -> String {
    let to = to.split('#').next().unwrap_or_default();
    match to.find("://").and_then(|at| to.get(at + 3..)) {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/").to_owned(),
        None if to.is_empty() => at.to_owned(),
        None if to.starts_with('?') => {
            format!("{}{to}", at.split('?').next().unwrap_or_default())
        }
        None => to.to_owned(),
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &str> {
    head.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok())
}

fn valued<'h>(line: &'h str, name: &str) -> Option<&'h str> {
    let (known, value) = line.split_once(':')?;
    known.eq_ignore_ascii_case(name).then(|| value.trim())
}

fn set_cookies(head: &[u8]) -> impl Iterator<Item = &str> {
    lines(head)
        .filter_map(|line| valued(line, "set-cookie"))
        .filter_map(|cookie| cookie.split(';').next())
}

/// `total;dur=12.3`, milliseconds.
fn server_time(head: &[u8]) -> Option<Duration> {
    let mut timings = lines(head).filter_map(|line| valued(line, "server-timing"));
    let total = timings.find_map(|timing| timing.split("total;dur=").nth(1))?;
    let milliseconds: f64 = total.split([',', ';']).next()?.trim().parse().ok()?;
    Some(Duration::from_secs_f64(milliseconds / 1000.0))
}

/// `application/x-www-form-urlencoded`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_their_title_whole() {
        let page = concat!(
            r#"<button name="person" value="1"><b>Anne Vik</b><span class="role">Sykepleier på sykehjem</span>"#,
            r#"<button name="person" value="2"><b>Siri Dahl</b><span class="role">Sykepleier</span>"#,
            r#"<button name="person" value="3"><b>Per Dahl</b><span class="role">Sykepleier</span>"#,
        );
        let found = |title, place| somebody(page, title, place).map(|(value, _)| value);
        assert_eq!(found("Sykepleier", 0).as_deref(), Some("2"));
        assert_eq!(found("Sykepleier", 3).as_deref(), Some("3"));
        assert_eq!(found("Fastlege", 0), None);
    }
}
