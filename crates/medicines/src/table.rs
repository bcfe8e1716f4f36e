//! Reading the rules: lines of cells between tabs, below one line of headings.
//!
//! A line that cannot be read is left out; a test proves that there is none.

/// The lines of a table as cells, without comments and the headings.
pub(crate) fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split('\t').collect())
}

/// A number as Norwegians write it; nothing for `-`.
pub(crate) fn number(cell: &str) -> Option<f64> {
    cell.replace(',', ".").parse().ok()
}
