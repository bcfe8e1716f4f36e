//! The nearest of several known names, for "Did you mean …?".

/// The candidate nearest to `name`, ignoring case: at most two changes of a letter apart, and less
/// than half the name. Of several equally near, the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer names are compared no further: they come from outside.
    const NAME_CHARS_MAX: usize = 64;
    let name: Vec<char> = name.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let allowed = (name.len().saturating_sub(1) / 2).clamp(1, 2);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if letters.len().abs_diff(name.len()) > allowed {
            continue;
        }
        let distance = distance(&name, &letters);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (at(&above, j) + usize::from(x != y))
                .min(at(&above, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    at(&above, b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["birthdate", "name", "gender", "given", "family"];
        assert_eq!(nearest("birthdat", known), Some("birthdate"));
        assert_eq!(nearest("birthDate", known), Some("birthdate"));
        assert_eq!(nearest("gneder", known), Some("gender"));
        assert_eq!(nearest("Famly", known), Some("family"));
        assert_eq!(nearest("x", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("address", known), None);
    }
}
