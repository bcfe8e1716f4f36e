//! Norwegian words: where they are in a text, and what is left of them without their endings.
//!
//! Bokmål and nynorsk both bend words by endings; Snowball's Norwegian stemmer takes both.
//! Standard: <https://snowballstem.org/algorithms/norwegian/stemmer.html>

use std::borrow::Cow;
use std::sync::LazyLock;

use snowball_stemmers_rs::{Algorithm, Stemmer};

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::Norwegian));

/// Words that say nothing by themselves.
const STOP_WORDS: [&str; 34] = [
    "og",
    "i",
    "på",
    "med",
    "for",
    "av",
    "til",
    "som",
    "er",
    "en",
    "et",
    "ei",
    "det",
    "den",
    "de",
    "har",
    "ved",
    "om",
    "fra",
    "eller",
    "ika",
    "uspesifisert",
    "annen",
    "andre",
    "ukomplisert",
    "uten",
    "hos",
    "kan",
    "var",
    "plager",
    "symptomer",
    "bekreftet",
    "kronisk",
    "akutt",
];

/// A word: where it begins and ends in the text, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'t> {
    /// As it stands in the text.
    pub text: &'t str,
    /// Where it begins.
    pub from: usize,
}

/// The words of a text, in order. Letters and digits belong to words, and a hyphen or point between
/// them: `kols-forverring`, `J44.1`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let from = loop {
            let (at, letter) = rest.next()?;
            if letter.is_alphanumeric() {
                break at;
            }
        };
        let mut end = text.len();
        while let Some(&(at, letter)) = rest.peek() {
            let follows = text.get(at + letter.len_utf8()..).and_then(|t| t.chars().next());
            let joins = matches!(letter, '-' | '.') && follows.is_some_and(char::is_alphanumeric);
            if !letter.is_alphanumeric() && !joins {
                end = at;
                break;
            }
            rest.next();
        }
        text.get(from..end).map(|text| Word { text, from })
    })
}

/// A word without its ending, lower case: `hosten` and `hoster` are `host`.
pub(crate) fn stem(word: &str) -> String {
    let lower = word.to_lowercase();
    match STEMMER.stem(&lower) {
        Cow::Borrowed(stem) => stem.to_owned(),
        Cow::Owned(stem) => stem,
    }
}

/// Whether a word says nothing by itself.
pub(crate) fn is_stop_word(lower: &str) -> bool {
    STOP_WORDS.contains(&lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_stand() {
        let text = "Kols-forverring (J44.1). Økt hoste, 38.5!";
        let found: Vec<&str> = words(text).map(|word| word.text).collect();
        assert_eq!(found, ["Kols-forverring", "J44.1", "Økt", "hoste", "38.5"]);
        for word in words(text) {
            assert_eq!(&text[word.from..word.from + word.text.len()], word.text);
        }
        assert_eq!(words("").count() + words(" – . -").count(), 0);
    }

    #[test]
    fn bent_words_are_one() {
        for (one, other) in [
            ("hosten", "hoste"),
            ("allergiene", "allergi"),
            ("Lungebetennelsen", "lungebetennelse"),
            ("diagnoser", "diagnose"),
            ("blodtrykket", "blodtrykk"),
            ("smertene", "smerter"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        assert_ne!(stem("hoste"), stem("hofte"));
    }
}
