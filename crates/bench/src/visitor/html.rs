//! Links and forms of one of our own pages.
//!
//! Our pages quote every attribute and close every form, so this needs no parser of HTML at large.

/// A form as it stands in the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it goes.
    pub(crate) action: String,
    /// Whether it is sent with POST.
    pub(crate) is_post: bool,
    /// Names and values, as a browser would send them when nothing is typed and the first button
    /// pressed; of radio buttons that none of is chosen the first.
    pub(crate) fields: Vec<(String, String)>,
    /// What there is to choose: the buttons of a name, and what a list offers; no empty choices.
    pub(crate) choices: Vec<(String, String)>,
    /// Names of its buttons, each once for each of them.
    pub(crate) buttons: Vec<String>,
    /// Names of what a browser does not send empty.
    pub(crate) required: Vec<String>,
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

    /// What stands in a field; nothing where it has none of this name.
    pub(crate) fn value(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        fields.find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The values that are offered of a name.
    pub(crate) fn offers(&self, name: &str) -> Vec<&str> {
        let choices = self.choices.iter().filter(|(known, _)| known == name);
        choices.map(|(_, value)| value.as_str()).collect()
    }

    /// What a browser would not send: a field that must be filled in and is not.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.required.iter().map(String::as_str).find(|name| self.value(name).trim().is_empty())
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
            let mut form = Form {
                action: attribute(tag, "action").unwrap_or_default(),
                is_post: attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post")),
                ..Form::default()
            };
            form.read_inputs(inside);
            form.read_texts(inside);
            form.read_lists(inside);
            form.read_buttons(inside);
            form
        })
        .collect()
}

impl Form {
    fn read_inputs(&mut self, inside: &str) {
        for (tag, _) in tags(inside, "input") {
            let Some(name) = attribute(tag, "name") else { continue };
            let kind = attribute(tag, "type").unwrap_or_default();
            let value = attribute(tag, "value").unwrap_or_default();
            let is_chosen = has_word(tag, "checked");
            self.must(tag, &name);
            match kind.as_str() {
                "checkbox" if !is_chosen => {}
                "submit" | "file" => {}
                "radio" if self.has(&name) && !is_chosen => {}
                "radio" => *self = std::mem::take(self).with(&name, &value),
                _ => self.fields.push((name, value)),
            }
        }
    }

    fn read_texts(&mut self, inside: &str) {
        for (tag, rest) in tags(inside, "textarea") {
            let Some(name) = attribute(tag, "name") else { continue };
            self.must(tag, &name);
            let text = plain(rest.split("</textarea>").next().unwrap_or_default());
            self.fields.push((name, text));
        }
    }

    fn read_lists(&mut self, inside: &str) {
        for (tag, rest) in tags(inside, "select") {
            let Some(name) = attribute(tag, "name") else { continue };
            self.must(tag, &name);
            let inside = rest.split("</select>").next().unwrap_or_default();
            let options = || tags(inside, "option");
            let value = |tag: &str| attribute(tag, "value").unwrap_or_default();
            let chosen = options().find(|(tag, _)| has_word(tag, "selected"));
            let first = chosen.or_else(|| options().next());
            let offered = options().map(|(tag, _)| value(tag)).filter(|value| !value.is_empty());
            self.choices.extend(offered.map(|value| (name.clone(), value)));
            self.fields.push((name, first.map(|(tag, _)| value(tag)).unwrap_or_default()));
        }
    }

    fn read_buttons(&mut self, inside: &str) {
        let mut has_button = false;
        for (tag, _) in tags(inside, "button") {
            let Some(name) = attribute(tag, "name") else { continue };
            let value = attribute(tag, "value").unwrap_or_default();
            self.choices.push((name.clone(), value.clone()));
            self.buttons.push(name.clone());
            if !has_button {
                self.fields.push((name, value));
                has_button = true;
            }
        }
    }

    fn must(&mut self, tag: &str, name: &str) {
        if has_word(tag, "required") {
            self.required.push(name.to_owned());
        }
    }
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
        value="2"><input type="radio" name="q" value="1"><input type="radio" name="q" value="2" checked>
        <input type="checkbox" name="c" value="on"><textarea name="tekst">a &lt; b</textarea>
        <input name="puls" value="" required><select name="s"><option value="">-</option>
        <option value="1">a</option><option value="2" selected>b</option></select>
        <button name="gjor" value="send">s</button><button name="gjor" value="lagre">l</button></form>"#;

    #[test]
    fn links_of_this_site_once_each() {
        assert_eq!(links(PAGE), ["/", "/pasient/1"]);
    }

    #[test]
    fn a_form_is_what_a_browser_would_send() {
        let page = PAGE.replace('\n', " ").replace("        ", "");
        let [form] = forms(&page).try_into().unwrap();
        let fields = [
            ("skjema", "t\"t"),
            ("r", "1"),
            ("q", "2"),
            ("puls", ""),
            ("tekst", "a < b"),
            ("s", "2"),
            ("gjor", "send"),
        ];
        assert_eq!(form.action, "/x?a=1&b=2");
        assert!(form.is_post);
        assert_eq!(form.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_must_be_filled_in_and_what_can_be_chosen() {
        let page = PAGE.replace('\n', " ").replace("        ", "");
        let [form] = forms(&page).try_into().unwrap();
        assert_eq!(
            (form.offers("s"), form.offers("gjor")),
            (vec!["1", "2"], vec!["send", "lagre"])
        );
        assert_eq!(form.missing(), Some("puls"));
        assert_eq!(form.with("puls", "72").missing(), None);
    }
}
