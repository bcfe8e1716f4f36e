//! What was probably meant by an unknown name.

/// ` Did you mean "…"?` for the nearest of `known` (at most a third of the letters off), else
/// nothing.
pub(super) fn suggestion<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> String {
    let allowed = unknown.chars().count().div_ceil(3);
    let nearest = known
        .map(|name| (distance(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min();
    nearest.map_or_else(String::new, |(_, name)| format!(" Did you mean \"{name}\"?"))
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let up = *cell;
            left = (diagonal + usize::from(from != to)).min(up + 1).min(left + 1);
            diagonal = up;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["birthdate", "name", "address", "general-practitioner"];
        let near = |unknown| suggestion(unknown, known.into_iter());
        assert_eq!(near("birthdat"), " Did you mean \"birthdate\"?");
        assert_eq!(near("birthDate"), " Did you mean \"birthdate\"?");
        assert_eq!(near("adress"), " Did you mean \"address\"?");
        assert_eq!(near("nmae"), " Did you mean \"name\"?");
        assert_eq!(near("colour"), "");
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
