//! Figures with their limits, as a table on the terminal and as JSON in a file.

use std::fmt::Write;

use serde_json::{Value, json};

/// What a figure is held against, measured in the same run.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    /// What it is: `same HTTP stack, a constant`.
    pub(crate) name: String,
    /// In the figure's own unit.
    pub(crate) value: f64,
}

/// One measured figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// Limit or peer of the same run.
    pub(crate) limit: Option<Limit>,
    /// What it should be.
    pub(crate) target: Option<Target>,
    /// Latencies, counts: one line.
    pub(crate) details: String,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// The value, at least.
    AtLeast(f64),
    /// The value, at most.
    AtMost(f64),
    /// The ratio to the limit, at least.
    Ratio(f64),
    /// The ratio to the limit, at most.
    RatioAtMost(f64),
}

impl Figure {
    /// A figure alone.
    pub(crate) fn new(name: &str, value: f64, unit: &'static str) -> Self {
        let details = String::new();
        Self { name: name.to_owned(), value, unit, limit: None, target: None, details }
    }

    /// With what it should be.
    #[must_use]
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// With its limit.
    #[must_use]
    pub(crate) fn limit(mut self, name: &str, value: f64) -> Self {
        self.limit = Some(Limit { name: name.to_owned(), value });
        self
    }

    /// With a line about it.
    #[must_use]
    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }

    /// The value as a share of the limit.
    fn ratio(&self) -> Option<f64> {
        let limit = self.limit.as_ref()?;
        (limit.value > 0.0).then(|| self.value / limit.value)
    }

    /// Whether it is what it should be; `None` without a target.
    fn holds(&self) -> Option<bool> {
        Some(match self.target? {
            Target::AtLeast(least) => self.value >= least,
            Target::AtMost(most) => self.value <= most,
            Target::Ratio(least) => self.ratio()? >= least,
            Target::RatioAtMost(most) => self.ratio()? <= most,
        })
    }

    fn cells(&self) -> [String; 6] {
        let target = match self.target {
            None => String::new(),
            Some(Target::AtLeast(least)) => format!("≥ {}", number(least)),
            Some(Target::AtMost(most)) => format!("≤ {}", number(most)),
            Some(Target::Ratio(least)) => format!("ratio ≥ {}", number(least)),
            Some(Target::RatioAtMost(most)) => format!("ratio ≤ {}", number(most)),
        };
        let limit = self.limit.as_ref();
        let limit = limit.map(|limit| format!("{} ({})", number(limit.value), limit.name));
        let verdict = match self.holds() {
            None => "",
            Some(true) => "yes",
            Some(false) => "NO",
        };
        [
            self.name.clone(),
            format!("{} {}", number(self.value), self.unit),
            limit.unwrap_or_default(),
            self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            target,
            verdict.to_owned(),
        ]
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "limit": self.limit.as_ref().map(|limit| json!({"name": limit.name, "value": limit.value})),
            "ratio": self.ratio(),
            "holds": self.holds(),
            "details": self.details,
        })
    }
}

/// Three digits that matter, thousands apart.
fn number(value: f64) -> String {
    if value >= 1_000.0 {
        let digits = format!("{value:.0}");
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out
    } else if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// The figures as a Markdown table, with the details below it.
pub(crate) fn table(figures: &[Figure]) -> String {
    let head = ["figure", "value", "limit or peer in this run", "ratio", "target", "holds"];
    let rows: Vec<[String; 6]> = figures.iter().map(Figure::cells).collect();
    let mut widths = head.map(|cell| cell.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let mut line = |cells: &[String]| {
        for (cell, width) in cells.iter().zip(widths) {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            // Writing into a String cannot fail.
            let _ = write!(out, "| {cell}{padding} ");
        }
        out.push_str("|\n");
    };
    line(&head.map(str::to_owned));
    line(&widths.map(|width| "-".repeat(width)));
    for row in &rows {
        line(row);
    }
    out.push('\n');
    for figure in figures.iter().filter(|figure| !figure.details.is_empty()) {
        let _ = writeln!(out, "- {}: {}", figure.name, figure.details);
    }
    out
}

/// The figures as JSON, with the command that made them.
pub(crate) fn to_json(figures: &[Figure], command: &str) -> Value {
    json!({
        "command": command,
        "figures": figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_thousands_stand_apart() {
        let shown = [1_234_567.0, 1_000.4, 123.4, 12.34, 0.456, 30.0].map(number);
        assert_eq!(shown, ["1,234,567", "1,000", "123", "12.3", "0.46", "30"]);
    }

    #[test]
    fn a_figure_is_held_against_its_target() {
        let figure = Figure::new("reads", 50.0, "req/s").limit("constant", 100.0);
        assert_eq!(figure.clone().target(Target::Ratio(0.45)).holds(), Some(true));
        assert_eq!(figure.clone().target(Target::RatioAtMost(0.45)).holds(), Some(false));
        assert_eq!(figure.clone().target(Target::AtLeast(51.0)).holds(), Some(false));
        assert_eq!(figure.holds(), None);
        let table = table(&[figure]);
        assert!(table.contains("| reads  | 50 req/s | 100 (constant)"), "{table}");
    }
}
