//! What users read, by key, from the message files in `messages/`: a folder for each language, in it
//! any number of files, each table in one of them.
//!
//! A key is `table.name` in the TOML file. Texts of codes (encounter classes, well-known analyses)
//! stand in tables named `code-…` and are looked up with [`code`].
//! Not here: dates and numbers (`dates`, `numbers`), which language somebody reads in (`language`).
//!
//! What is shown is in the reader's language ([`t`], [`tf`], [`code`]); what becomes part of the record is
//! in bokmål, so that all read the same words ([`recorded`], [`recorded_with`], [`recorded_code`]).
//! Tests prove that every key used exists and that none is unused, that every language has every text, and
//! that no resource is built of a text in the reader's language.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Language and content of every message file; written by `build.rs`.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/messages.rs"));

/// A language that texts are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// Norwegian bokmål.
    #[default]
    Bokmal,
    /// Norwegian nynorsk.
    Nynorsk,
    /// English.
    English,
}

impl Language {
    /// All, bokmål first.
    pub(crate) const ALL: [Self; 3] = [Self::Bokmal, Self::Nynorsk, Self::English];

    /// The subtag of BCP 47, which is also the name of the folder of messages.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Bokmal => "nb",
            Self::Nynorsk => "nn",
            Self::English => "en",
        }
    }

    /// What it is called by those who read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bokmal => "Bokmål",
            Self::Nynorsk => "Nynorsk",
            Self::English => "English",
        }
    }
}

tokio::task_local! {
    /// The language of the request that is being answered.
    static LANGUAGE: Language;
}

/// Answers a request in a language: whatever [`t`], [`tf`] and [`code`] give while `work` runs.
pub(crate) async fn in_language<T>(language: Language, work: impl Future<Output = T>) -> T {
    LANGUAGE.scope(language, work).await
}

/// The language of the request that is being answered; bokmål outside of one.
pub(crate) fn language() -> Language {
    LANGUAGE.try_with(|language| *language).unwrap_or_default()
}

/// Does work in a language, on whatever thread: another thread does not know the request's.
pub(crate) fn speaking<T>(language: Language, work: impl FnOnce() -> T) -> T {
    LANGUAGE.sync_scope(language, work)
}

/// The texts of each language, in the order of [`Language::ALL`].
static TEXTS: LazyLock<[HashMap<String, String>; 3]> = LazyLock::new(|| {
    Language::ALL.map(|language| {
        let files = FILES.iter().filter(|(tag, _)| *tag == language.tag());
        files.flat_map(|(_, file)| parse(file)).collect()
    })
});

/// The text of a key in the language of the request, else in bokmål.
fn text(key: &str) -> Option<&'static str> {
    let [nb, nn, en] = &*TEXTS;
    let own = match language() {
        Language::Bokmal => None,
        Language::Nynorsk => nn.get(key),
        Language::English => en.get(key),
    };
    own.or_else(|| nb.get(key)).map(String::as_str)
}

/// The file as `table.key` to text. A file that is not TOML gives no texts; the tests refuse it.
pub(crate) fn parse(file: &str) -> HashMap<String, String> {
    let tables: HashMap<String, HashMap<String, String>> = toml::from_str(file).unwrap_or_default();
    tables
        .into_iter()
        .flat_map(|(table, texts)| {
            texts.into_iter().map(move |(key, text)| (format!("{table}.{key}"), text))
        })
        .collect()
}

/// The text of a key; the key itself when there is none (which the tests do not let through).
pub(crate) fn t(key: &'static str) -> &'static str {
    text(key).unwrap_or(key)
}

/// The text of a key with `{name}` replaced by each value.
pub(crate) fn tf(key: &'static str, values: &[(&str, &str)]) -> String {
    let mut text = t(key).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// A text that becomes part of the record, as [`t`]: in bokmål, whatever language its writer reads in.
pub(crate) fn recorded(key: &'static str) -> &'static str {
    speaking(Language::Bokmal, || t(key))
}

/// A text with values that becomes part of the record, as [`tf`]: in bokmål.
pub(crate) fn recorded_with(key: &'static str, values: &[(&str, &str)]) -> String {
    speaking(Language::Bokmal, || tf(key, values))
}

/// The text of a code that becomes part of the record, as [`code`]: in bokmål.
pub(crate) fn recorded_code(table: &str, of: &str) -> Option<&'static str> {
    speaking(Language::Bokmal, || code(table, of))
}

/// The text of a code, if the table `code-<table>` has one.
pub(crate) fn code(table: &str, code: &str) -> Option<&'static str> {
    text(&format!("code-{table}.{code}"))
}
