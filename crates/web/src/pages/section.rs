//! The frame of a chart section: heading, count, and the link that unfolds or folds it.

use maud::{Markup, html};

use crate::chart::{BANNER_TYPES, TYPES};
use crate::messages::{t, tf};
use crate::numbers::count;

/// How much of a section is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// On the chart: the first few.
    Short,
    /// Unfolded in the chart, or on a page of its own.
    Whole,
}

impl Extent {
    /// How many of a list to show when the short form shows `short`.
    pub(crate) fn limit(self, short: usize) -> usize {
        match self {
            Self::Short => short,
            Self::Whole => usize::MAX,
        }
    }
}

/// Which section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    News,
    Todo,
    Diagnoses,
    Medication,
    Vitals,
    Laboratory,
    OtherResults,
    Contacts,
    Documents,
    Vaccinations,
    Growth,
    Procedures,
    Plans,
    Kin,
    Accesses,
}

impl Section {
    /// All, in the order of the chart.
    pub(crate) const ALL: [Self; 15] = [
        Self::News,
        Self::Todo,
        Self::Diagnoses,
        Self::Medication,
        Self::Laboratory,
        Self::Vitals,
        Self::Growth,
        Self::OtherResults,
        Self::Contacts,
        Self::Documents,
        Self::Plans,
        Self::Kin,
        Self::Vaccinations,
        Self::Procedures,
        Self::Accesses,
    ];

    /// The word in the address, which is also the section's id in the page.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::News => "nytt",
            Self::Todo => "gjoremal",
            Self::Diagnoses => "diagnoser",
            Self::Medication => "legemidler",
            Self::Vitals => "malinger",
            Self::Laboratory => "prover",
            Self::OtherResults => "kartlegging",
            Self::Contacts => "kontakter",
            Self::Documents => "dokumenter",
            Self::Vaccinations => "vaksiner",
            Self::Growth => "vekst",
            Self::Procedures => "prosedyrer",
            Self::Plans => "planer",
            Self::Kin => "parorende",
            Self::Accesses => "innsyn",
        }
    }

    /// The section of a word in an address.
    pub(crate) fn of_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.slug() == slug)
    }

    /// What a page of the section alone reads of the patient, the banner's included. Those that tell
    /// in words what others refer to read everything: it may be any resource.
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Documents => &[
                "Patient",
                "AllergyIntolerance",
                "Flag",
                "RelatedPerson",
                "DocumentReference",
                "DiagnosticReport",
            ],
            // Reasons and diagnoses may be told by reference.
            Self::Contacts => &[
                "Patient",
                "AllergyIntolerance",
                "Flag",
                "RelatedPerson",
                "Encounter",
                "DocumentReference",
                "DiagnosticReport",
                "Condition",
                "Procedure",
                "Observation",
            ],
            Self::Vaccinations => {
                &["Patient", "AllergyIntolerance", "Flag", "RelatedPerson", "Immunization"]
            }
            Self::Growth => {
                &["Patient", "AllergyIntolerance", "Flag", "RelatedPerson", "Observation"]
            }
            Self::Kin | Self::Accesses => &BANNER_TYPES,
            Self::Vitals | Self::OtherResults => {
                &["Patient", "AllergyIntolerance", "Flag", "RelatedPerson", "Observation"]
            }
            Self::Laboratory => &[
                "Patient",
                "AllergyIntolerance",
                "Flag",
                "RelatedPerson",
                "Observation",
                "ServiceRequest",
            ],
            Self::News
            | Self::Todo
            | Self::Diagnoses
            | Self::Medication
            | Self::Procedures
            | Self::Plans => &TYPES,
        }
    }

    /// The heading.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::News => t("news.heading"),
            Self::Todo => t("todo.heading"),
            Self::Diagnoses => t("diagnoses.heading"),
            Self::Medication => t("medication.heading"),
            Self::Vitals => t("results.heading-vitals"),
            Self::Laboratory => t("results.heading-laboratory"),
            Self::OtherResults => t("results.heading-other"),
            Self::Contacts => t("contacts.heading"),
            Self::Documents => t("documents.heading"),
            Self::Vaccinations => t("vaccinations.heading"),
            Self::Growth => t("growth.heading"),
            Self::Procedures => t("procedures.heading"),
            Self::Plans => t("plans.heading"),
            Self::Kin => t("kin.heading"),
            Self::Accesses => t("accesses.heading"),
        }
    }
}

/// A section's frame. `note` stands at the right of the heading.
pub(crate) fn frame(section: Section, note: &str, body: Markup) -> Markup {
    let slug = section.slug();
    let heading = format!("{slug}-h");
    html! {
        section.card id=(slug) aria-labelledby=(heading) {
            header {
                h2 id=(heading) tabindex="-1" { (section.heading()) }
                @if !note.is_empty() { p.note { (note) } }
            }
            (body)
        }
    }
}

/// `Vis alle (n)` when the short form leaves something out; `Vis færre` when unfolded. Works as a
/// plain link; with JavaScript it swaps the section in place.
pub(crate) fn fold(
    patient: &str,
    section: Section,
    extent: Extent,
    shown: usize,
    all: usize,
) -> Markup {
    let slug = section.slug();
    let target = format!("#{slug}");
    match extent {
        Extent::Short if all > shown => {
            let href = format!("/pasient/{patient}/{slug}");
            html! {
                a.more href=(href) data-hx-get=(href) data-hx-target=(target)
                    data-hx-swap="outerHTML" {
                    (tf("fold.all", &[("n", &count(all))]))
                    span.ds-sr-only { " " (section.heading()) }
                }
            }
        }
        Extent::Whole => {
            let short = format!("/pasient/{patient}/{slug}?utdrag=1");
            html! {
                a.more href=(format!("/pasient/{patient}#{slug}")) data-hx-get=(short)
                    data-hx-target=(target) data-hx-swap="outerHTML" {
                    (t("fold.fewer"))
                    span.ds-sr-only { " " (section.heading()) }
                }
            }
        }
        Extent::Short => html! {},
    }
}

/// What stands where there is nothing to show.
pub(crate) fn empty(text: &str) -> Markup {
    html! { p.muted { (text) } }
}
