//! Breaking text into lines (UAX 14), with a word that is wider than the line broken where it must be.

use unicode_linebreak::{BreakOpportunity, linebreaks};

use crate::document::{Span, Text};

/// One line, its spans in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<Span>);

/// The text as lines no wider than `width`; `measure` tells the width of a character. An empty text has
/// one line, which is empty.
pub(crate) fn lines(text: &Text, width: f32, measure: &dyn Fn(char, bool) -> f32) -> Vec<Line> {
    let whole = text.plain();
    let mut setting =
        Setting { width, measure, done: Vec::new(), line: Line::default(), used: 0.0 };
    let bolds: Vec<bool> =
        text.0.iter().flat_map(|span| span.text.chars().map(|_| span.is_bold)).collect();
    let characters: Vec<(char, bool)> = whole.chars().zip(bolds).collect();
    let (mut bytes, mut begin) = (0, 0);
    for (end, kind) in linebreaks(&whole) {
        let mut until = begin;
        while bytes < end {
            let Some((c, _)) = characters.get(until) else { break };
            bytes += c.len_utf8();
            until += 1;
        }
        setting.segment(characters.get(begin..until).unwrap_or_default());
        begin = until;
        if kind == BreakOpportunity::Mandatory && end < whole.len() {
            setting.flush();
        }
    }
    setting.flush();
    setting.done
}

/// Lines that are being made.
struct Setting<'m> {
    width: f32,
    measure: &'m dyn Fn(char, bool) -> f32,
    done: Vec<Line>,
    line: Line,
    used: f32,
}

impl Setting<'_> {
    /// Puts in what may not be broken, up to the next place where it may.
    fn segment(&mut self, segment: &[(char, bool)]) {
        let wide = |part: &[(char, bool)]| -> f32 {
            part.iter().map(|(c, is_bold)| (self.measure)(*c, *is_bold)).sum()
        };
        let end = segment.iter().rposition(|(c, _)| !c.is_whitespace()).map_or(0, |at| at + 1);
        let needed = wide(segment.get(..end).unwrap_or_default());
        if self.used > 0.0 && self.used + needed > self.width {
            self.flush();
        }
        for (at, (c, is_bold)) in segment.iter().enumerate() {
            if *c == '\n' || *c == '\r' {
                continue;
            }
            let advance = (self.measure)(*c, *is_bold);
            // Spaces at the end of a line hang over it.
            if at < end && self.used > 0.0 && self.used + advance > self.width {
                self.flush();
            }
            self.push(*c, *is_bold);
            self.used += advance;
        }
    }

    fn push(&mut self, c: char, is_bold: bool) {
        match self.line.0.last_mut() {
            Some(last) if last.is_bold == is_bold => last.text.push(c),
            Some(_) | None => self.line.0.push(Span { text: c.into(), is_bold }),
        }
    }

    fn flush(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
        self.used = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character one wide.
    fn set(text: &str, width: f32) -> Vec<String> {
        let made = lines(&Text::from(text), width, &|_, _| 1.0);
        made.iter().map(|line| line.0.iter().map(|span| span.text.as_str()).collect()).collect()
    }

    #[test]
    fn words_stay_whole_as_long_as_they_can() {
        assert_eq!(set("en to tre fire", 7.0), ["en to ", "tre ", "fire"]);
        assert_eq!(set("en to", 5.0), ["en to"]);
        assert_eq!(set("", 5.0), [""]);
        assert_eq!(set("blå-bær", 4.0), ["blå-", "bær"]);
    }

    #[test]
    fn a_word_that_is_wider_than_the_line_is_broken_and_nothing_is_lost() {
        assert_eq!(set("spesialisthelsetjeneste", 10.0), ["spesialist", "helsetjene", "ste"]);
        let text = "æøå ".repeat(50) + &"x".repeat(99);
        let joined: String = set(&text, 13.0).concat();
        assert_eq!(joined, text);
        assert!(set(&text, 13.0).iter().all(|line| line.trim_end().chars().count() <= 13));
    }

    #[test]
    fn lines_of_the_text_are_kept_and_bold_stays_bold() {
        assert_eq!(set("a\nb\n\nc", 9.0), ["a", "b", "", "c"]);
        let text = Text::from("Mot ").then_bold("Penicillin").then(" og mer");
        let made = lines(&text, 12.0, &|_, _| 1.0);
        let bold: Vec<&str> = made
            .iter()
            .flat_map(|line| &line.0)
            .filter(|span| span.is_bold)
            .map(|span| span.text.as_str())
            .collect();
        assert_eq!(bold, ["Penicillin"]);
    }
}
