//! What was taken out of a text and what was put in, word by word.
//!
//! The longest common subsequence of words; texts that differ much more than people correct are told line
//! by line instead, so that the work stays bounded.

/// A piece of one text or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Same(String),
    Removed(String),
    Added(String),
}

/// Words that are compared with words; more are compared as lines.
const CELLS_MAX: usize = 4_000_000;

/// From one text to another.
pub(crate) fn difference(old: &str, new: &str) -> Vec<Piece> {
    let (a, b) = (split(old, false), split(new, false));
    if a.len().saturating_mul(b.len()) <= CELLS_MAX {
        return compare(&a, &b);
    }
    let (a, b) = (split(old, true), split(new, true));
    if a.len().saturating_mul(b.len()) <= CELLS_MAX {
        return compare(&a, &b);
    }
    vec![Piece::Removed(old.to_owned()), Piece::Added(new.to_owned())]
}

/// Words with the space after them, or lines.
fn split(text: &str, lines: bool) -> Vec<&str> {
    if lines {
        return text.split_inclusive('\n').collect();
    }
    text.split_inclusive(char::is_whitespace).collect()
}

fn compare(a: &[&str], b: &[&str]) -> Vec<Piece> {
    let width = b.len() + 1;
    // lengths[i * width + j]: the longest common subsequence of what follows a[i] and b[j].
    let mut lengths = vec![0_u32; (a.len() + 1) * width];
    let at = |lengths: &[u32], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or(0);
    for (i, one) in a.iter().enumerate().rev() {
        for (j, other) in b.iter().enumerate().rev() {
            let length = match one == other {
                true => at(&lengths, i + 1, j + 1) + 1,
                false => at(&lengths, i + 1, j).max(at(&lengths, i, j + 1)),
            };
            if let Some(cell) = lengths.get_mut(i * width + j) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pieces = Vec::new();
    loop {
        match (a.get(i), b.get(j)) {
            (Some(one), Some(other)) if one == other => {
                push(&mut pieces, Piece::Same((*one).to_owned()));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other)
                if other.is_none() || at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) =>
            {
                push(&mut pieces, Piece::Removed((*one).to_owned()));
                i += 1;
            }
            (_, Some(other)) => {
                push(&mut pieces, Piece::Added((*other).to_owned()));
                j += 1;
            }
            (Some(_) | None, None) => return pieces,
        }
    }
}

/// Adds a piece; what is of the same kind as the last one joins it.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Same(last)), Piece::Same(more))
        | (Some(Piece::Removed(last)), Piece::Removed(more))
        | (Some(Piece::Added(last)), Piece::Added(more)) => last.push_str(&more),
        (_, piece) => pieces.push(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> String {
        let pieces = difference(old, new);
        let told = pieces.iter().map(|piece| match piece {
            Piece::Same(text) => text.clone(),
            Piece::Removed(text) => format!("[-{text}]"),
            Piece::Added(text) => format!("[+{text}]"),
        });
        told.collect()
    }

    #[test]
    fn what_was_changed_is_told_word_by_word() {
        for (old, new, expected) in [
            ("venstre kne hovent", "høyre kne hovent", "[-venstre ][+høyre ]kne hovent"),
            ("a b c", "a b c", "a b c"),
            ("", "ny tekst", "[+ny tekst]"),
            ("borte", "", "[-borte]"),
            ("a c", "a b c", "a [+b ]c"),
            ("en\nto\n", "en\ntre\nto\n", "en\n[+tre\n]to\n"),
        ] {
            assert_eq!(told(old, new), expected);
        }
    }

    #[test]
    fn both_texts_can_be_put_together_again_however_long_they_are() {
        let long = "ord og flere ord ".repeat(2_000);
        for (old, new) in
            [(long.as_str(), "kort"), (long.as_str(), &*format!("{long}x")), ("a", "b")]
        {
            let pieces = difference(old, new);
            let (mut left, mut right) = (String::new(), String::new());
            for piece in pieces {
                match piece {
                    Piece::Same(text) => {
                        left.push_str(&text);
                        right.push_str(&text);
                    }
                    Piece::Removed(text) => left.push_str(&text),
                    Piece::Added(text) => right.push_str(&text),
                }
            }
            assert_eq!((left.as_str(), right.as_str()), (old, new));
        }
    }
}
