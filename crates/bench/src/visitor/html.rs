//! Links and forms of one of our own pages.
//!
//! Our pages quote every attribute and close every form, so this needs no parser of HTML at large.

/// A form as it stands in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it goes.
    pub(crate) action: String,
    /// Whether it is sent with POST.
    pub(crate) is_post: bool,
    /// Names and values, as a browser would send them when nothing is typed and the first button
    /// pressed; of radio buttons the first.
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// With a field set, whether it stood in the form or not.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Whether it has a field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }
}

/// The addresses of a page's links on this site, without fragments, each once.
pub(crate) fn links(page: &str) -> Vec<String> {
    let mut found: Vec<String> = tags(page, "a")
        .filter_map(|(tag, _)| attribute(tag, "href"))
        .map(|href| href.split('#').next().unwrap_or_default().to_owned())
        .filter(|href| href.starts_with('/') && !href.starts_with("//"))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The forms of a page.
pub(crate) fn forms(page: &str) -> Vec<Form> {
    tags(page, "form")
        .map(|(tag, rest)| {
            let inside = rest.split("</form>").next().unwrap_or_default();
            Form {
                action: attribute(tag, "action").unwrap_or_default(),
                is_post: attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post")),
                fields: fields(inside),
            }
        })
        .collect()
}

fn fields(form: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut has_button = false;
    let mut add = |name: String, value: String, once: bool| {
        if !once || !fields.iter().any(|(known, _)| *known == name) {
            fields.push((name, value));
        }
    };
    for (tag, _) in tags(form, "input") {
        let Some(name) = attribute(tag, "name") else { continue };
        let kind = attribute(tag, "type").unwrap_or_default();
        let value = attribute(tag, "value").unwrap_or_default();
        match kind.as_str() {
            "checkbox" if !has_word(tag, "checked") => {}
            "submit" | "file" => {}
            _ => add(name, value, kind == "radio"),
        }
    }
    for (tag, rest) in tags(form, "textarea") {
        let Some(name) = attribute(tag, "name") else { continue };
        add(name, plain(rest.split("</textarea>").next().unwrap_or_default()), false);
    }
    for (tag, rest) in tags(form, "select") {
        let Some(name) = attribute(tag, "name") else { continue };
        let options = rest.split("</select>").next().unwrap_or_default();
        let chosen = tags(options, "option").find(|(tag, _)| has_word(tag, "selected"));
        let first = chosen.or_else(|| tags(options, "option").next());
        add(name, first.and_then(|(tag, _)| attribute(tag, "value")).unwrap_or_default(), false);
    }
    for (tag, _) in tags(form, "button") {
        let Some(name) = attribute(tag, "name") else { continue };
        if !has_button {
            add(name, attribute(tag, "value").unwrap_or_default(), false);
            has_button = true;
        }
    }
    fields
}

/// The start tags of a name, each with what follows it.
fn tags<'p>(page: &'p str, name: &'static str) -> impl Iterator<Item = (&'p str, &'p str)> {
    page.match_indices('<').filter_map(move |(at, _)| {
        let rest = page.get(at + 1..)?.strip_prefix(name)?;
        rest.starts_with([' ', '>']).then_some(())?;
        let end = rest.find('>')?;
        Some((rest.get(..end)?, rest.get(end + 1..)?))
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))?;
    let value = tag.get(at + name.len() + 3..)?;
    Some(plain(value.split('"').next()?))
}

fn has_word(tag: &str, word: &str) -> bool {
    tag.split(' ').any(|part| part == word)
}

fn plain(text: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    known.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<a href="/">h</a><a class="x" href="/pasient/1#a">p</a><a href="https://b">
        b</a><a href="/pasient/1">p</a><form action="/x?a=1&amp;b=2" method="post"><input type="hidden"
        name="skjema" value="t&quot;t"><input type="radio" name="r" value="1"><input type="radio" name="r"
        value="2"><input type="checkbox" name="c" value="on"><textarea name="tekst">a &lt; b</textarea>
        <select name="s"><option value="1">a</option><option value="2" selected>b</option></select>
        <button name="gjor" value="send">s</button><button name="gjor" value="lagre">l</button></form>"#;

    #[test]
    fn links_of_this_site_once_each() {
        assert_eq!(links(PAGE), ["/", "/pasient/1"]);
    }

    #[test]
    fn a_form_is_what_a_browser_would_send() {
        let page = PAGE.replace('\n', " ").replace("        ", "");
        let [form] = forms(&page).try_into().unwrap();
        let fields =
            [("skjema", "t\"t"), ("r", "1"), ("tekst", "a < b"), ("s", "2"), ("gjor", "send")];
        assert_eq!(form.action, "/x?a=1&b=2");
        assert!(form.is_post);
        assert_eq!(form.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
