//! Narrative: one `<div>` of well-formed XHTML, without anything that acts.
//!
//! Standard: <https://hl7.org/fhir/R4/narrative.html#xhtml> (and invariant txt-1)

const NOT_A_DIV: &str = "a narrative is one <div xmlns=\"http://www.w3.org/1999/xhtml\"> element";
const NOT_WELL_FORMED: &str =
    "the narrative is not well-formed XHTML: every tag is closed, in order, and & is written &amp;";
const NOT_ALLOWED: &str =
    "a narrative has no scripts, forms, frames, objects, style sheets or event attributes";

/// Elements of XHTML that txt-1 lets through.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// Checks a narrative; if it is wrong, tells what would be right.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let text = text.trim();
    if !text.starts_with("<div") || !text.ends_with('>') {
        return Err(NOT_A_DIV);
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    loop {
        let Some(at) = rest.find(['<', '&']) else {
            return if open.is_empty() && rest.trim().is_empty() {
                Ok(())
            } else {
                Err(NOT_WELL_FORMED)
            };
        };
        let (before, from) = rest.split_at_checked(at).ok_or(NOT_WELL_FORMED)?;
        // Only the one <div> stands at the top.
        if open.is_empty() && (!before.trim().is_empty() || rest.len() != text.len()) {
            return Err(NOT_A_DIV);
        }
        rest = if from.starts_with('&') { entity(from)? } else { markup(from, &mut open)? };
    }
}

/// `&amp;`, `&#160;`, `&#xA0;`: passes it.
fn entity(from: &str) -> Result<&str, &'static str> {
    const NAME_BYTES_MAX: usize = 32;
    let end = from.find(';').filter(|end| *end > 1 && *end <= NAME_BYTES_MAX);
    let end = end.ok_or(NOT_WELL_FORMED)?;
    let name = from.get(1..end).unwrap_or_default();
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#') {
        return Err(NOT_WELL_FORMED);
    }
    Ok(from.get(end + 1..).unwrap_or_default())
}

/// A tag or comment: passes it and keeps count of what is open.
fn markup<'a>(from: &'a str, open: &mut Vec<&'a str>) -> Result<&'a str, &'static str> {
    if let Some(comment) = from.strip_prefix("<!--") {
        return comment.split_once("-->").map(|(_, rest)| rest).ok_or(NOT_WELL_FORMED);
    }
    if let Some(closing) = from.strip_prefix("</") {
        let (name, rest) = closing.split_once('>').ok_or(NOT_WELL_FORMED)?;
        let matches = open.pop() == Some(name.trim_end());
        return if matches { Ok(rest) } else { Err(NOT_WELL_FORMED) };
    }
    let tag = from.get(1..).unwrap_or_default();
    let length = tag.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, mut rest) = tag.split_at_checked(length).ok_or(NOT_WELL_FORMED)?;
    if name.is_empty() {
        return Err(NOT_WELL_FORMED);
    }
    if !ELEMENTS.contains(&name) {
        return Err(NOT_ALLOWED);
    }
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            return Ok(after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            open.push(name);
            return Ok(after);
        }
        rest = attribute(rest)?;
    }
}

/// `name="value"`: passes it.
fn attribute(from: &str) -> Result<&str, &'static str> {
    let (name, rest) = from.split_once('=').ok_or(NOT_WELL_FORMED)?;
    let name = name.trim_end();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(NOT_WELL_FORMED);
    }
    if name.len() > 2 && name.get(..2).is_some_and(|on| on.eq_ignore_ascii_case("on")) {
        return Err(NOT_ALLOWED);
    }
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(NOT_WELL_FORMED)?;
    let (value, rest) = rest.get(1..).and_then(|r| r.split_once(quote)).ok_or(NOT_WELL_FORMED)?;
    if value.contains('<') {
        return Err(NOT_WELL_FORMED);
    }
    let acting =
        value.trim_start().get(..11).is_some_and(|v| v.eq_ignore_ascii_case("javascript:"));
    if acting { Err(NOT_ALLOWED) } else { Ok(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_quiet_div_is_a_narrative() {
        for good in [
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; b<br/>c</div>",
            "<div>\n<!-- x < y --><p class='a'>&#160;</p></div>",
            "<div/>",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("text", NOT_A_DIV),
            ("<p>a</p>", NOT_A_DIV),
            ("<div>a</div><div>b</div>", NOT_A_DIV),
            ("<div>a</div>b<p/>", NOT_A_DIV),
            ("<div><p>a</div>", NOT_WELL_FORMED),
            ("<div>a & b</div>", NOT_WELL_FORMED),
            ("<div><br></div>", NOT_WELL_FORMED),
            ("<div class=a></div>", NOT_WELL_FORMED),
            ("<div><script>1</script></div>", NOT_ALLOWED),
            ("<div onclick=\"x()\">a</div>", NOT_ALLOWED),
            ("<div><a href=\" JavaScript:x()\">a</a></div>", NOT_ALLOWED),
            ("<divan></divan>", NOT_ALLOWED),
        ] {
            assert_eq!(check(bad), Err(why), "{bad}");
        }
    }
}
