//! A form that carries files, `multipart/form-data`, read whole into fields and files.
//!
//! Small and strict: what is not plainly a part is refused. Not here: who sent it (`door`), how much is
//! taken in (`forms`).
//! Standard: <https://www.rfc-editor.org/rfc/rfc7578>, RFC 2046 § 5.1

/// Parts of one form.
const PARTS_MAX: usize = 100;

/// One field, or one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub name: String,
    /// The file's name; nothing for a field.
    pub file_name: Option<String>,
    /// As the browser says; `text/plain` when it says nothing.
    pub media_type: String,
    pub content: Vec<u8>,
}

/// The boundary that a `Content-Type` names.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (media_type, rest) = content_type.split_once(';')?;
    if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = rest.split(';').filter_map(|part| part.trim().split_once('='));
    let (_, boundary) =
        named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim_matches('"');
    (1..=70).contains(&boundary.len()).then_some(boundary)
}

/// The parts of a body; nothing when it is not what it says it is.
pub(crate) fn parts(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(first.as_bytes())?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, between.as_bytes())?;
        let (one, after) = rest.split_at_checked(end)?;
        parts.push(part(one)?);
        if parts.len() > PARTS_MAX {
            return None;
        }
        rest = after.strip_prefix(between.as_bytes())?;
    }
}

fn part(bytes: &[u8]) -> Option<Part> {
    let end = find(bytes, b"\r\n\r\n")?;
    let (head, content) = bytes.split_at_checked(end)?;
    let content = content.get(4..)?.to_vec();
    let head = std::str::from_utf8(head).ok()?;
    let mut name = None;
    let mut file_name = None;
    let mut media_type = "text/plain".to_string();
    for line in head.split("\r\n") {
        let (key, value) = line.split_once(':')?;
        if key.eq_ignore_ascii_case("content-disposition") {
            name = parameter(value, "name");
            file_name = parameter(value, "filename");
        } else if key.eq_ignore_ascii_case("content-type") {
            let plain = value.split(';').next().unwrap_or_default();
            media_type = plain.trim().to_ascii_lowercase();
        }
    }
    Some(Part { name: name?, file_name, media_type, content })
}

/// A quoted parameter. Browsers write a quote in it as `%22`.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let start = value.find(&format!("; {wanted}=\""))?;
    let from = start + wanted.len() + 4;
    let rest = value.get(from..)?;
    let quoted = rest.split('"').next()?;
    Some(quoted.replace("%22", "\""))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--xx\r\nContent-Disposition: form-data; name=\"tekst\"\r\n\r\nHei\r\n--nei\r\n\
        --xx\r\nContent-Disposition: form-data; name=\"fil\"; filename=\"a%22b.png\"\r\n\
        Content-Type: image/PNG\r\n\r\n\u{1}\r\n\r\n--xx--\r\n";

    #[test]
    fn fields_and_files_are_read() {
        let read = parts(BODY.as_bytes(), "xx").unwrap();
        let told: Vec<_> = read
            .iter()
            .map(|p| (&*p.name, p.file_name.as_deref(), &*p.media_type, p.content.len()))
            .collect();
        let expected =
            [("tekst", None, "text/plain", 10), ("fil", Some("a\"b.png"), "image/png", 3)];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_not_a_form_is_nothing() {
        for cut in 0..BODY.len() - 4 {
            assert_eq!(parts(&BODY.as_bytes()[..cut], "xx"), None, "{cut}");
        }
        for broken in ["", "--xx", "--xx\r\n\r\n--xx--", "--yy--", "--xx\r\nA\r\n\r\nb\r\n--xx--"] {
            assert_eq!(parts(broken.as_bytes(), "xx"), None, "{broken}");
        }
    }

    #[test]
    fn the_boundary_is_read() {
        for (told, expected) in [
            ("multipart/form-data; boundary=----WebKit", Some("----WebKit")),
            ("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"", Some("a b")),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=a", None),
            ("application/x-www-form-urlencoded", None),
        ] {
            assert_eq!(boundary(told), expected, "{told}");
        }
    }
}
