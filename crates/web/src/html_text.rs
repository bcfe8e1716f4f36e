//! The text of an HTML document, for searching in it: no tags, no scripts, entities as letters.
//!
//! Not a parser and not a cleaner: what comes out is searched and shown as text, never as HTML.
//! Standard: <https://html.spec.whatwg.org/multipage/syntax.html>

/// Elements whose content nobody reads.
const UNREAD: [&str; 4] = ["script", "style", "head", "template"];
/// Longest name of an entity that is looked up.
const ENTITY_CHARACTERS_MAX: usize = 10;

/// The text, a space where a tag stood.
pub(crate) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        push_letters(&mut text, before);
        text.push(' ');
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        // Less-than in running text is no tag.
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        if !is_tag {
            text.push('<');
            rest = after;
            continue;
        }
        let (tag, following) = after.split_once('>').unwrap_or((after, ""));
        let name: String =
            tag.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        rest = match UNREAD.contains(&name.as_str()) {
            true => after_end_of(&name, following),
            false => following,
        };
    }
    push_letters(&mut text, rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands after the end tag of an element; nothing when it does not end.
fn after_end_of<'a>(name: &str, html: &'a str) -> &'a str {
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("</") {
        let begin = after.get(..name.len()).unwrap_or_default();
        if begin.eq_ignore_ascii_case(name) {
            return after.split_once('>').map_or("", |(_, rest)| rest);
        }
        rest = after;
    }
    ""
}

fn push_letters(text: &mut String, part: &str) {
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= ENTITY_CHARACTERS_MAX);
        match entity.and_then(|(name, after)| Some((letter(name)?, after))) {
            Some((letter, after)) => {
                text.push(letter);
                rest = after;
            }
            None => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
}

fn letter(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let value = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return value.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "aelig" => 'æ',
        "AElig" => 'Æ',
        "oslash" => 'ø',
        "Oslash" => 'Ø',
        "aring" => 'å',
        "Aring" => 'Å',
        "ouml" => 'ö',
        "auml" => 'ä',
        "uuml" => 'ü',
        "eacute" => 'é',
        "egrave" => 'è',
        "ndash" => '–',
        "mdash" => '—',
        "laquo" => '«',
        "raquo" => '»',
        "deg" => '°',
        "micro" => 'µ',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn text_stands_without_tags_scripts_and_entities() {
        for (html, text) in [
            ("<p>Hosten <b>varer</b></p><p>ved</p>", "Hosten varer ved"),
            ("<head><title>x</title></head><body>Lungene er rene</body>", "Lungene er rene"),
            ("<SCRIPT>var hoste = '<p>';</SCRIPT>feber", "feber"),
            ("<style>p{}</style >r&oslash;r <!-- hoste --> p&aring;", "rør på"),
            ("CRP &lt; 5 &amp; SR &#50;&#x30;", "CRP < 5 & SR 20"),
            ("CRP < 5 og a & b &ukjent; c", "CRP < 5 og a & b &ukjent; c"),
            ("brutt <p", "brutt"),
            ("<script>uten slutt", ""),
            ("", ""),
        ] {
            assert_eq!(text_of(html), text, "{html}");
        }
    }
}
