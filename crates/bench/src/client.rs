//! One kept-alive HTTP/1.1 connection that sends prepared bytes and reads answers.
//!
//! Hand-written so that the client costs less than the server it measures: no allocation per
//! request, no header map. Not here: TLS, redirects, compression.
//! Standard: <https://www.rfc-editor.org/rfc/rfc9112>

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where a FHIR server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `127.0.0.1:8080`.
    pub(crate) authority: String,
    /// `/fhir`, without a slash at its end; may be empty.
    pub(crate) path: String,
}

impl Address {
    /// Reads `http://host:port/path`. TLS is not offered.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| {
            format!("{url} is not an http:// address; TLS would measure something else")
        })?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(format!("{url} names no host"));
        }
        let authority =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Self { authority, path })
    }

    /// The same server with another path.
    pub(crate) fn with_path(&self, path: &str) -> Self {
        Self { authority: self.authority.clone(), path: path.to_owned() }
    }

    /// Appends a request. `path` begins with `/` and is put after the address's own path.
    pub(crate) fn write_request(&self, out: &mut Vec<u8>, method: &str, path: &str, body: &[u8]) {
        for part in [method, " ", &self.path, path, " HTTP/1.1\r\nHost: ", &self.authority] {
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(b"\r\nAccept: application/fhir+json\r\n");
        if matches!(method, "POST" | "PUT") {
            let head = format!(
                "Content-Type: application/fhir+json\r\nContent-Length: {}\r\n",
                body.len()
            );
            out.extend_from_slice(head.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
    }

    /// A request without body, with further header lines.
    pub(crate) fn request_with(&self, method: &str, path: &str, headers: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + headers.len());
        self.write_request(&mut out, method, path, b"");
        out.truncate(out.len() - 2);
        out.extend_from_slice(headers.as_bytes());
        out.extend_from_slice(b"\r\n");
        out
    }

    /// A request as bytes of its own.
    pub(crate) fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + body.len());
        self.write_request(&mut out, method, path, body);
        out
    }
}

/// What the server answered. Borrowed from the connection until the next exchange.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// HTTP status.
    pub(crate) status: u16,
    /// All headers, as they stood, with the status line.
    pub(crate) head: &'a [u8],
    /// The body, chunks put together.
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// A header's value, name compared without case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.split(|byte| *byte == b'\n').find_map(|line| header_value(line, name))
    }

    /// Every value of a header that is there more than once.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.split(|byte| *byte == b'\n');
        lines.filter_map(move |line| header_value(line, name))
    }
}

fn header_value<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    start
        .eq_ignore_ascii_case(name.as_bytes())
        .then(|| std::str::from_utf8(value).ok())?
        .map(str::trim)
}

/// How the body's end is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// Status and framing of a head that ends with an empty line.
struct Head {
    status: u16,
    framing: Framing,
    closes: bool,
}

fn read_head(head: &[u8]) -> Option<Head> {
    let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok())?;
    let status = status.parse().ok()?;
    let mut framing = if matches!(status, 100..=199 | 204 | 304) {
        Framing::Length(0)
    } else {
        Framing::UntilClose
    };
    let mut closes = false;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        // Most lines are told apart by their first letter.
        match line.first().map(u8::to_ascii_lowercase) {
            Some(b'c') => {
                if let Some(length) = header_value(line, "content-length") {
                    framing = Framing::Length(length.parse().ok()?);
                } else if let Some(value) = header_value(line, "connection") {
                    closes = value.eq_ignore_ascii_case("close");
                }
            }
            Some(b't') if header_value(line, "transfer-encoding") == Some("chunked") => {
                framing = Framing::Chunked;
            }
            Some(_) | None => {}
        }
    }
    Some(Head { status, framing, closes })
}

/// One connection. After an error it must be thrown away.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read: head, then body.
    buffer: Vec<u8>,
    /// A chunked body, put together.
    chunks: Vec<u8>,
    /// Whether the server closes after this answer.
    pub(crate) closes: bool,
}

const READ_BYTES: usize = 16 * 1024;

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Connection {
    /// Connects, without delaying small segments.
    pub(crate) async fn open(address: &Address) -> io::Result<Self> {
        let stream = TcpStream::connect(&address.authority).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::with_capacity(READ_BYTES);
        Ok(Self { stream, buffer, chunks: Vec::new(), closes: false })
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.stream.read_buf(&mut self.buffer).await
    }

    async fn more_or_fail(&mut self) -> io::Result<()> {
        match self.more().await? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => Ok(()),
        }
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        self.chunks.clear();
        let mut searched = 0;
        let head_end = loop {
            self.more_or_fail().await?;
            let from = usize::saturating_sub(searched, 3);
            if let Some(at) = find_empty_line(self.buffer.get(from..).unwrap_or_default()) {
                break from + at;
            }
            searched = self.buffer.len();
        };
        let head = self.buffer.get(..head_end).and_then(read_head);
        let head = head.ok_or_else(|| broken("the answer's head is not HTTP/1.1"))?;
        self.closes = head.closes || head.framing == Framing::UntilClose;
        match head.framing {
            Framing::Length(length) => {
                while self.buffer.len() < head_end + length {
                    self.more_or_fail().await?;
                }
            }
            Framing::Chunked => self.read_chunks(head_end).await?,
            Framing::UntilClose => while self.more().await? > 0 {},
        }
        let (head_bytes, rest) = self.buffer.split_at(head_end);
        let body = if head.framing == Framing::Chunked { self.chunks.as_slice() } else { rest };
        Ok(Answer { status: head.status, head: head_bytes, body })
    }

    async fn read_chunks(&mut self, mut at: usize) -> io::Result<()> {
        loop {
            let (size, start) = loop {
                if let Some(found) = chunk_head(self.buffer.get(at..).unwrap_or_default())? {
                    break (found.0, at + found.1);
                }
                self.more_or_fail().await?;
            };
            // Each chunk ends with an empty line, the last one (of size 0) too.
            let end = start + size + 2;
            while self.buffer.len() < end {
                self.more_or_fail().await?;
            }
            if size == 0 {
                return Ok(());
            }
            self.chunks.extend_from_slice(self.buffer.get(start..start + size).unwrap_or_default());
            at = end;
        }
    }
}

/// The position after `\r\n\r\n`.
fn find_empty_line(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// A chunk's size, and where its data begins; `None` when the line is not whole yet.
fn chunk_head(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = bytes.get(..end).and_then(|line| std::str::from_utf8(line).ok()).unwrap_or("");
    let digits = line.trim().split(';').next().unwrap_or_default();
    let size = usize::from_str_radix(digits, 16).map_err(|_| broken("a chunk has no size"))?;
    Ok(Some((size, end + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let address = Address::parse("http://127.0.0.1:8080/fhir/").unwrap();
        assert_eq!(address, Address { authority: "127.0.0.1:8080".into(), path: "/fhir".into() });
        assert_eq!(Address::parse("http://example").unwrap().authority, "example:80");
        assert!(Address::parse("https://example/fhir").is_err());
    }

    #[test]
    fn requests_have_a_length_only_with_a_body() {
        let address = Address::parse("http://h:1/fhir").unwrap();
        assert_eq!(
            address.request("GET", "/Patient/1", b""),
            b"GET /fhir/Patient/1 HTTP/1.1\r\nHost: h:1\r\nAccept: application/fhir+json\r\n\r\n"
        );
        let post = address.request("POST", "/Patient", b"{}");
        assert!(post.ends_with(b"Content-Length: 2\r\n\r\n{}"));
    }

    /// Serves each of `answers` to one request, byte group by byte group.
    async fn exchange_with(parts: Vec<&'static [u8]>) -> (u16, Option<String>, Vec<u8>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            for part in parts {
                stream.write_all(part).await.unwrap();
                stream.flush().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let client = async {
            let address = Address { authority, path: String::new() };
            let mut connection = Connection::open(&address).await.unwrap();
            let answer = connection.exchange(&address.request("GET", "/x", b"")).await.unwrap();
            (answer.status, answer.header("LOCATION").map(str::to_owned), answer.body.to_vec())
        };
        tokio::join!(server, client).1
    }

    #[tokio::test]
    async fn answers_of_every_framing_are_read() {
        let length: Vec<&[u8]> = vec![
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"ngth: 5\r\nLocation: /a\r\n\r",
            b"\nhel",
            b"lo",
        ];
        assert_eq!(exchange_with(length).await, (200, Some("/a".into()), b"hello".to_vec()));
        let chunked: Vec<&[u8]> = vec![
            b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe",
            b"llo\r\n1",
            b"\r\n!\r\n0\r\n\r\n",
        ];
        assert_eq!(exchange_with(chunked).await, (201, None, b"hello!".to_vec()));
        let nothing: Vec<&[u8]> = vec![b"HTTP/1.1 204 No Content\r\n\r\n"];
        assert_eq!(exchange_with(nothing).await, (204, None, Vec::new()));
        let closed: Vec<&[u8]> = vec![b"HTTP/1.1 200 OK\r\n\r\nall of it"];
        assert_eq!(exchange_with(closed).await, (200, None, b"all of it".to_vec()));
    }
}
