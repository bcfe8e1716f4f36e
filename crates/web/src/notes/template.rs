//! Templates of notes by reason for contact, and phrases: data in `clinical/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// As it stands in stored notes.
    pub key: String,
    /// What the list calls it.
    pub name: String,
    /// The note's title.
    pub title: String,
    /// Kind of contact, v3-ActCode.
    pub class: String,
    /// What in a reason for contact takes it.
    pub words: Vec<String>,
    /// Codes that are suggested at once: `ICPC-2|T90`.
    #[serde(default)]
    pub codes: Vec<String>,
    /// What the note begins as.
    pub text: String,
}

#[derive(Debug, Default, Deserialize)]
struct Templates {
    template: Vec<Template>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    // Ours; a test reads them.
    let all: Templates =
        toml::from_str(include_str!("../../clinical/templates.toml")).unwrap_or_default();
    all.template
});

static PHRASES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../clinical/phrases.toml")).unwrap_or_default()
});

/// All templates, the most usual first.
pub(crate) fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// What is typed, and what it becomes.
pub(crate) fn phrases() -> &'static BTreeMap<String, String> {
    &PHRASES
}

/// The template of a key.
pub(crate) fn of_key(key: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.key == key)
}

/// The template for a reason for contact: the one whose longest word stands in it.
pub(crate) fn for_reason(reason: &str) -> Option<&'static Template> {
    let reason = reason.to_lowercase();
    let fit = |template: &Template| {
        let hits = template.words.iter().filter(|word| reason.contains(word.as_str()));
        hits.map(String::len).max().unwrap_or(0)
    };
    // The first of several that fit as well: `max_by_key` would take the last.
    TEMPLATES.iter().rev().max_by_key(|one| fit(one)).filter(|one| fit(one) > 0)
}

/// The text without those of the template's lines to which nothing was added.
pub(crate) fn without_empty_lines(text: &str, template: Option<&Template>) -> String {
    let is_untouched = |line: &str| {
        let line = line.trim();
        line.ends_with(':')
            && template.is_some_and(|template| template.text.lines().any(|own| own.trim() == line))
    };
    let mut kept = String::new();
    for line in text.lines().map(str::trim_end).filter(|line| !is_untouched(line)) {
        let is_second_empty = line.is_empty() && (kept.is_empty() || kept.ends_with("\n\n"));
        if !is_second_empty {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminology::Terminology;

    #[test]
    fn every_template_is_whole_and_its_codes_exist() {
        let terminology = Terminology::built_in();
        assert!(templates().len() >= 10);
        for template in templates() {
            let same = templates().iter().filter(|other| other.key == template.key).count();
            assert_eq!(same, 1, "{}", template.key);
            assert!(["AMB", "HH", "IMP", "VR"].contains(&template.class.as_str()));
            assert!(template.codes.iter().all(|code| terminology.get(code).is_some()));
            assert!(!template.text.trim().is_empty() && !template.words.is_empty());
        }
        assert!(phrases().len() >= 10);
        assert!(phrases().keys().all(|key| key.starts_with('.') && !key.contains(' ')));
    }

    #[test]
    fn the_reason_for_contact_chooses_the_template() {
        for (reason, key) in [
            ("Årskontroll diabetes", Some("diabetes")),
            ("Konsultasjon", Some("konsultasjon")),
            ("Blodtrykkskontroll", Some("blodtrykk")),
            ("Kontroll av føflekk", Some("foflekk")),
            ("Hoste og feber", Some("luftvei")),
            ("Forlenget sykmelding", Some("sykmelding")),
            ("Legevisitt", Some("sykehjem")),
            ("Noe helt annet", None),
            ("", None),
        ] {
            assert_eq!(for_reason(reason).map(|one| one.key.as_str()), key, "{reason}");
        }
    }

    #[test]
    fn headings_that_nobody_wrote_below_are_left_out() {
        let template = of_key("konsultasjon");
        let text = "Aktuelt: hoste\n\nFunn: \n\n\n\nVurdering: viral\n\nEgen linje:\n\nTiltak: ";
        let kept = without_empty_lines(text, template);
        assert_eq!(kept, "Aktuelt: hoste\n\nVurdering: viral\n\nEgen linje:");
        assert_eq!(without_empty_lines("Funn: ", None), "Funn:");
        assert_eq!(without_empty_lines(&template.unwrap().text, template), "");
    }
}
