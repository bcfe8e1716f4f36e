//! What can be ordered: `orders/*.tsv`. Data, so that an office can have its own favourites.

use std::sync::LazyLock;

use serde_json::{Value, json};

const ANALYSES: &str = include_str!("../../orders/analyses.tsv");
const PANELS: &str = include_str!("../../orders/panels.tsv");
const IMAGING: &str = include_str!("../../orders/imaging.tsv");

const NLK: &str = "urn:oid:2.16.578.1.12.4.1.1.7280";
const LOINC: &str = "http://loinc.org";

/// A laboratory analysis.
#[derive(Debug, PartialEq)]
pub(crate) struct Analysis {
    pub code: &'static str,
    system: &'static str,
    pub name: &'static str,
    pub group: &'static str,
}

/// Analyses that are often ordered together.
#[derive(Debug)]
pub(crate) struct Panel {
    pub slug: &'static str,
    pub name: &'static str,
    codes: &'static str,
}

impl Panel {
    /// Its analyses.
    pub(crate) fn analyses(&self) -> Vec<&'static Analysis> {
        self.codes.split(',').filter_map(analysis).collect()
    }
}

impl Analysis {
    /// As a CodeableConcept.
    pub(crate) fn to_fhir(&self) -> Value {
        let coding = json!({"system": self.system, "code": self.code, "display": self.name});
        json!({"coding": [coding], "text": self.name})
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).skip(1);
    rows.map(|line| line.split('\t').collect())
}

static ALL: LazyLock<Vec<Analysis>> = LazyLock::new(|| {
    let read = |cells: Vec<&'static str>| {
        let [code, system, name, group] = *cells.as_slice() else { return None };
        let system = if system == "loinc" { LOINC } else { NLK };
        Some(Analysis { code, system, name, group })
    };
    lines(ANALYSES).filter_map(read).collect()
});

static FAVOURITES: LazyLock<Vec<Panel>> = LazyLock::new(|| {
    let read = |cells: Vec<&'static str>| {
        let [slug, name, codes] = *cells.as_slice() else { return None };
        Some(Panel { slug, name, codes })
    };
    lines(PANELS).filter_map(read).collect()
});

/// All analyses.
pub(crate) fn analyses() -> &'static [Analysis] {
    &ALL
}

/// All favourite panels.
pub(crate) fn panels() -> &'static [Panel] {
    &FAVOURITES
}

/// The analysis of a code.
pub(crate) fn analysis(code: &str) -> Option<&'static Analysis> {
    ALL.iter().find(|analysis| analysis.code == code)
}

/// The panel of this name in addresses.
pub(crate) fn panel(slug: &str) -> Option<&'static Panel> {
    FAVOURITES.iter().find(|panel| panel.slug == slug)
}

/// Radiological examinations, by the word of the form and name.
pub(crate) fn examinations() -> impl Iterator<Item = (&'static str, &'static str)> {
    lines(IMAGING).filter_map(|cells| Some((*cells.first()?, *cells.get(1)?)))
}

/// The name of an examination.
pub(crate) fn examination(slug: &str) -> Option<&'static str> {
    examinations().find(|(known, _)| *known == slug).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_is_made_of_known_analyses() {
        assert_eq!(analyses().len(), lines(ANALYSES).count());
        assert_eq!(panels().len(), lines(PANELS).count());
        for panel in panels() {
            let named = panel.codes.split(',').count();
            assert_eq!(panel.analyses().len(), named, "{}", panel.slug);
        }
        assert_eq!(examination("rtg-thorax"), Some("Røntgen thorax"));
    }
}
