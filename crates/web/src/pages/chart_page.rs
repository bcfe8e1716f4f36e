//! The patient's chart, and each of its sections unfolded on a page of its own.

use std::sync::Arc;

use akson_access::rules::Class;
use akson_record::PatientStanding;
use akson_smart::App;
use jiff::civil::Date;
use maud::{Markup, html};

use super::banner::banner;
use super::layout::{Page, page};
use super::medication::Deeds;
use super::section::{Extent, Section};
use super::{
    accesses, contacts, diagnoses, documents, growth_page, journal_search_page, line_sections,
    medication, news, results, todo, vaccines,
};
use crate::chart::{Chart, Filter, Group};
use crate::launches::launch_at;
use crate::messages::t;
use crate::reconciling::reconciles;
use crate::sight::Look;
use crate::who::Who;

/// What a page of a patient is made from.
pub(crate) struct Sight<'a> {
    pub chart: &'a Chart,
    pub looks: &'a [Look],
    /// Apps that can be opened for this patient.
    pub apps: &'a [Arc<App>],
    pub who: &'a Who,
    pub standing: &'a PatientStanding,
    pub today: Date,
    pub filter: Filter,
}

impl Sight<'_> {
    /// One section.
    pub(crate) fn section(&self, section: Section, extent: Extent) -> Markup {
        let (chart, today) = (self.chart, self.today);
        match section {
            Section::News => news::section(chart, extent, today),
            Section::Todo => todo::section(chart, extent, today),
            Section::Diagnoses => diagnoses::section(chart, extent, today),
            Section::Medication => {
                let may = self.who.may_ever_write(Class::Prescription);
                let may = Deeds { prescribe: may, reconcile: reconciles(self.who) };
                medication::section(chart, extent, today, may)
            }
            Section::Vitals => results::section(chart, Group::Vital, extent, today),
            Section::Laboratory => results::section(chart, Group::Laboratory, extent, today),
            Section::OtherResults => results::section(chart, Group::Other, extent, today),
            Section::Contacts => contacts::section(chart, &self.filter, extent, today),
            Section::Documents => documents::section(chart, extent, today),
            Section::Vaccinations => vaccines::section(chart, extent, today),
            Section::Growth => growth_page::section(chart),
            Section::Procedures => line_sections::procedures(chart, extent, today),
            Section::Plans => line_sections::plans(chart, extent, today),
            Section::Kin => line_sections::kin(chart),
            Section::Accesses => accesses::section(&chart.person.id, self.looks, extent, today),
        }
    }

    fn short(&self, section: Section) -> Markup {
        self.section(section, Extent::Short)
    }

    /// Whether the reader's role is shown what a section is about.
    pub(crate) fn may(&self, section: Section) -> bool {
        let class = match section {
            Section::News
            | Section::Diagnoses
            | Section::Vitals
            | Section::Laboratory
            | Section::OtherResults
            | Section::Contacts
            | Section::Vaccinations
            | Section::Growth
            | Section::Procedures
            | Section::Plans => Class::Clinical,
            Section::Medication => Class::Medication,
            Section::Documents => Class::Document,
            Section::Todo => Class::Planning,
            Section::Kin => Class::Person,
            // The record itself says who may see who has looked.
            Section::Accesses => return true,
        };
        self.who.may_ever_read(class)
    }

    /// Whether the chart has room for a section: empty ones of lesser weight are left out, and what
    /// the reader is not shown.
    fn has(&self, section: Section) -> bool {
        if !self.may(section) {
            return false;
        }
        match section {
            Section::OtherResults => self.chart.series.iter().any(|s| s.group == Group::Other),
            Section::Todo => !self.chart.todo.is_empty(),
            Section::Plans => !self.chart.plans.is_empty(),
            Section::Growth => !self.chart.growth.is_empty(),
            Section::Procedures => !self.chart.procedures.is_empty(),
            Section::Kin => !self.chart.person.kin.is_empty(),
            Section::Accesses => self.standing.may_read_log,
            Section::News
            | Section::Diagnoses
            | Section::Medication
            | Section::Vitals
            | Section::Laboratory
            | Section::Contacts
            | Section::Documents
            | Section::Vaccinations => true,
        }
    }

    /// The whole chart.
    pub(crate) fn chart_page(&self) -> Markup {
        let columns: [&[Section]; 3] = [
            &[Section::News, Section::Todo, Section::Diagnoses, Section::Plans, Section::Kin],
            &[Section::Medication, Section::Laboratory, Section::Vitals, Section::Growth],
            &[
                Section::Contacts,
                Section::Documents,
                Section::Vaccinations,
                Section::Procedures,
                Section::OtherResults,
                Section::Accesses,
            ],
        ];
        let main = html! {
            (contents(self))
            div.columns {
                @for (number, column) in columns.into_iter().enumerate() {
                    div.column {
                        @if number == 2 && self.may(Section::Documents) { (self.search()) }
                        @for section in column.iter().filter(|section| self.has(**section)) {
                            (self.short(*section))
                        }
                    }
                }
            }
            (self.apps())
        };
        let banner = banner(self, true);
        page(&self.page(self.chart.person.name_or_unknown()), banner, main)
    }

    /// Text search in the journal, and what it finds as one types.
    fn search(&self) -> Markup {
        html! {
            (journal_search_page::field(&self.chart.person.id, ""))
            div id="journal-treff" aria-live="polite" {}
        }
    }

    /// The way into apps for this patient.
    fn apps(&self) -> Markup {
        html! {
            @if !self.apps.is_empty() {
                nav.apps aria-label=(t("apps.chart")) {
                    h2 { (t("apps.chart")) }
                    ul {
                        @for app in self.apps {
                            li {
                                a.ds-button data-variant="secondary" data-size="sm" target="_blank"
                                    rel="noopener" href=(launch_at(&self.chart.person.id, app)) {
                                    (app.name)
                                    span.ds-sr-only { " " (t("apps.new-window")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// One section on its own page.
    pub(crate) fn section_page(&self, section: Section) -> Markup {
        self.own_page(section.heading(), self.section(section, Extent::Whole))
    }

    /// A page below the chart: banner, the way back, one heading and its content.
    pub(crate) fn own_page(&self, heading: &str, content: Markup) -> Markup {
        let name = self.chart.person.name_or_unknown();
        let main = html! {
            div.single {
                nav.ds-breadcrumbs.back aria-label=(t("chart.you-are-here")) {
                    ol {
                        li { a href=(format!("/pasient/{}", self.chart.person.id)) { (t("chart.back")) } }
                        li { a href="#main" aria-current="page" { (heading) } }
                    }
                }
                h1.ds-sr-only { (heading) " – " (name) }
                (content)
            }
        };
        let banner = banner(self, false);
        page(&self.page(&format!("{heading} – {name}")), banner, main)
    }

    /// The chart in short beside something that is written: what one looks at while writing.
    pub(crate) fn beside(&self, title: &str, written: &Markup) -> Markup {
        let sections = [
            Section::News,
            Section::Diagnoses,
            Section::Medication,
            Section::Laboratory,
            Section::Vitals,
            Section::Contacts,
        ];
        let main = html! {
            div.writing {
                div.writing-desk { (written) }
                div.column.writing-chart {
                    @for section in sections.into_iter().filter(|section| self.has(*section)) {
                        (self.short(section))
                    }
                }
            }
        };
        let name = self.chart.person.name_or_unknown();
        page(&self.page(&format!("{title} – {name}")), banner(self, false), main)
    }

    fn page<'p>(&'p self, title: &'p str) -> Page<'p> {
        Page { title, who: Some(self.who), query: "", search_in_top: true }
    }
}

/// Links to the sections, for screens where they lie below each other.
fn contents(sight: &Sight<'_>) -> Markup {
    html! {
        nav.contents aria-label=(t("chart.contents")) {
            ul {
                @for section in Section::ALL.into_iter().filter(|section| sight.has(*section)) {
                    li { a href=(format!("#{}", section.slug())) { (section.heading()) } }
                }
            }
        }
    }
}
