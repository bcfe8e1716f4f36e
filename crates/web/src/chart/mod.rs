//! A patient's chart as a reader sees it, built in one pass from the parsed resources.
//!
//! Pure: resources and a day in, a view model out. One file per section.
//! Not here: reading the resources (`load`), HTML (`pages`).

mod contacts;
mod diagnoses;
mod documents;
mod lines;
mod lists;
mod medication;
mod news;
mod orders;
mod person;
mod results;
mod safety;
mod todo;
mod warnings;

use std::collections::HashMap;

use akson_fhir::model::{NodeRef, Resource};
use jiff::civil::Date;

pub(crate) use contacts::{Contact, Filter, kind_of};
pub(crate) use diagnoses::{Diagnoses, Diagnosis};
pub(crate) use documents::{Attachment, Document, NoteMark, attachments};
pub(crate) use lines::Line;
pub(crate) use lists::Lists;
pub(crate) use medication::{Course, Medication, Medications, Prescription};
pub(crate) use news::{News, NewsKind};
pub(crate) use orders::{Order, expected};
pub(crate) use person::{Kin, Person, Sex};
pub(crate) use results::{Direction, Group, Point, Range, Series, read as read_series};
pub(crate) use safety::Safety;
pub(crate) use todo::Todo;
pub(crate) use warnings::{Severity, Warning};

use crate::datatypes::concept;
use crate::growth::Growth;
use crate::messages::{language, speaking};
use crate::vaccines::Vaccinations;

/// The types that the chart reads; others of the patient's range are not parsed.
pub(crate) const TYPES: [&str; 19] = [
    "Patient",
    "AllergyIntolerance",
    "Flag",
    "Condition",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Encounter",
    "DocumentReference",
    "DiagnosticReport",
    "Immunization",
    "Procedure",
    "CarePlan",
    "Goal",
    "ServiceRequest",
    "RelatedPerson",
    "Appointment",
    "Communication",
    "List",
];

/// What the banner tells: every page of a patient reads these.
pub(crate) const BANNER_TYPES: [&str; 4] =
    ["Patient", "AllergyIntolerance", "Flag", "RelatedPerson"];

/// Everything of one patient that the pages show, each list newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    pub person: Person,
    pub warnings: Vec<Warning>,
    pub diagnoses: Diagnoses,
    pub medications: Medications,
    pub safety: Safety,
    pub orders: Vec<Order>,
    pub lists: Lists,
    pub series: Vec<Series>,
    pub contacts: Vec<Contact>,
    pub documents: Vec<Document>,
    pub vaccinations: Vec<Line>,
    /// What is due of vaccines, and what comes next.
    pub vaccines: Vaccinations,
    /// How a child grows.
    pub growth: Growth,
    pub procedures: Vec<Line>,
    pub plans: Vec<Line>,
    pub todo: Vec<Todo>,
    pub news: Vec<News>,
}

/// Words for what references point to, by id: a prescription's reason, a request's drug.
pub(crate) struct Index<'a> {
    by_id: HashMap<&'a str, NodeRef<'a>>,
}

impl<'a> Index<'a> {
    fn new(resources: &'a [Resource]) -> Self {
        let by_id = resources
            .iter()
            .filter_map(|resource| Some((resource.id()?, resource.root())))
            .collect();
        Self { by_id }
    }

    /// The resource that a reference points to, if it is among the patient's own or contained.
    fn target(&self, reference: NodeRef<'a>) -> Option<NodeRef<'a>> {
        let id = crate::datatypes::target_id(reference)?;
        if let Some(local) = id.strip_prefix('#') {
            let root = reference.resource().root();
            return root
                .named("contained")
                .find(|c| crate::datatypes::text(*c, &["id"]) == Some(local));
        }
        self.by_id.get(id).copied()
    }

    /// The target's `code` in words, else what the reference itself calls it.
    fn words(&self, reference: NodeRef<'a>) -> Option<String> {
        self.target(reference)
            .and_then(|target| target.first("code").and_then(concept))
            .or_else(|| crate::datatypes::display(reference))
    }
}

/// Measurements that are read along with the rest.
const READ_ALONE_MAX: usize = 1_000;

/// Builds the chart. `resources` are the patient's own plus the Medications they refer to and the
/// Tasks about the patient, in any
/// order; `today` is the reader's local day.
pub(crate) fn build(resources: &[Resource], today: Date) -> Chart {
    let index = Index::new(resources);
    let mut by_type: HashMap<&str, Vec<NodeRef<'_>>> = HashMap::new();
    for resource in resources {
        let root = resource.root();
        by_type.entry(root.type_name()).or_default().push(root);
    }
    let of = |name: &str| by_type.get(name).map_or(&[][..], Vec::as_slice);
    // Measurements are most of a large journal: they are read beside the rest.
    let observations = of("Observation");
    std::thread::scope(|scope| {
        let language = language();
        let read = move || speaking(language, || results::read(observations));
        let series = (observations.len() > READ_ALONE_MAX).then(|| scope.spawn(read));
        let mut chart = build_rest(&of, &index, today);
        chart.series = match series.map(std::thread::ScopedJoinHandle::join) {
            Some(Ok(series)) => series,
            // It panicked there: here it does so where that is answered.
            Some(Err(_)) | None => read(),
        };
        chart.news = news::read(&chart, of("Communication"), today);
        chart
    })
}

/// Everything but the series and what is new.
fn build_rest<'a>(of: &dyn Fn(&str) -> &'a [NodeRef<'a>], index: &Index<'a>, today: Date) -> Chart {
    let mut chart = Chart {
        person: of("Patient").first().map(|p| Person::read(*p)).unwrap_or_default(),
        warnings: warnings::read(of("AllergyIntolerance"), of("Flag")),
        diagnoses: diagnoses::read(of("Condition")),
        medications: medication::read(
            of("MedicationRequest"),
            of("MedicationStatement"),
            index,
            today,
        ),
        lists: lists::read(of("List")),
        orders: orders::read(
            of("ServiceRequest"),
            of("DiagnosticReport"),
            of("Observation"),
            today,
        ),
        safety: safety::read(of("AllergyIntolerance")),
        documents: documents::read(of("DocumentReference"), of("DiagnosticReport")),
        vaccinations: lines::vaccinations(of("Immunization")),
        procedures: lines::procedures(of("Procedure")),
        plans: lines::plans(of("CarePlan"), of("Goal"), of("ServiceRequest"), index),
        todo: todo::read(of("Task"), of("Appointment"), today),
        ..Chart::default()
    };
    chart.vaccines = crate::vaccines::read(of("Immunization"), &chart.person, today);
    chart.growth = crate::growth::read(of("Observation"), &chart.person, today);
    chart.contacts = contacts::read(of("Encounter"), &chart.documents, index);
    let mut related = of("RelatedPerson").to_vec();
    // The nearest first: a guardian or attorney need not be one to call.
    related.sort_by_key(|r| !person::is_nearest_kin(*r));
    chart.person.kin = related.into_iter().filter_map(person::kin).collect();
    if chart.person.kin.is_empty() {
        chart.person.kin = of("Patient").first().map(|p| person::contacts(*p)).unwrap_or_default();
    }
    chart
}
