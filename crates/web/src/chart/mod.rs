//! A patient's chart as a reader sees it, built in one pass from its [`Parts`].
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
mod observed;
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
pub(crate) use documents::{Attachment, Document, Filed, NoteMark, attachments};
pub(crate) use lines::Line;
pub(crate) use lists::Lists;
pub(crate) use medication::{Course, Medication, Medications, Prescription};
pub(crate) use news::{News, NewsKind};
pub(crate) use observed::{OBSERVED_WITHOUT, Observed};
pub(crate) use orders::{Order, expected};
pub(crate) use person::{Kin, Person, Sex};
pub(crate) use results::{Direction, Group, Point, Range, Series, read as read_series};
pub(crate) use safety::Safety;
pub(crate) use todo::Todo;
pub(crate) use warnings::{Severity, Warning};

use crate::datatypes::concept;
use crate::growth::Growth;
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
    /// Of Observations there are only the words.
    observed: HashMap<&'a str, &'a str>,
}

impl<'a> Index<'a> {
    fn new(resources: &'a [Resource], observed: &'a [Observed]) -> Self {
        let by_id = resources
            .iter()
            .filter_map(|resource| Some((resource.id()?, resource.root())))
            .collect();
        let words = |one: &'a Observed| Some((one.id.as_str(), one.name.as_deref()?));
        Self { by_id, observed: observed.iter().filter_map(words).collect() }
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
        let observed = || self.observed.get(crate::datatypes::target_id(reference)?).copied();
        self.target(reference)
            .and_then(|target| target.first("code").and_then(concept))
            .or_else(|| observed().map(str::to_owned))
            .or_else(|| crate::datatypes::display(reference))
    }
}

/// What a chart is built of: the patient's own resources, the Medications they refer to, the Tasks about the
/// patient. What there may be very much of is taken apart already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub resources: Vec<Resource>,
    observed: Vec<Observed>,
    filed: Vec<Filed>,
}

impl Parts {
    /// Takes in pieces, in their order.
    pub(crate) fn of(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut parts = Self::default();
        for piece in pieces {
            match piece {
                Piece::Observed(one) => parts.observed.push(*one),
                Piece::Filed(one) => parts.filed.push(one),
                Piece::Whole(one) => parts.resources.push(one),
            }
        }
        parts
    }
}

/// A resource as the chart takes it in.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Observed(Box<Observed>),
    Filed(Filed),
    Whole(Resource),
}

impl Piece {
    /// Takes apart what there are many of.
    pub(crate) fn of(resource: Resource) -> Self {
        match resource.root().type_name() {
            "Observation" => Self::Observed(Box::new(Observed::of(resource))),
            "DocumentReference" => Self::Filed(Filed::read(resource.root())),
            _ => Self::Whole(resource),
        }
    }
}

/// Builds the chart of resources in any order; `today` is the reader's local day.
pub(crate) fn build(resources: &[Resource], today: Date) -> Chart {
    let of = |name| resources.iter().filter(move |one| one.root().type_name() == name);
    let observed = of("Observation").cloned().map(Observed::of).collect();
    let filed = of("DocumentReference").map(|one| Filed::read(one.root())).collect();
    assembled(resources, observed, filed, today)
}

/// As [`build`], of parts.
pub(crate) fn build_of(parts: Parts, today: Date) -> Chart {
    assembled(&parts.resources, parts.observed, parts.filed, today)
}

fn assembled(
    resources: &[Resource],
    observed: Vec<Observed>,
    filed: Vec<Filed>,
    today: Date,
) -> Chart {
    let mut by_type: HashMap<&str, Vec<NodeRef<'_>>> = HashMap::new();
    for resource in resources {
        let root = resource.root();
        by_type.entry(root.type_name()).or_default().push(root);
    }
    let reports = by_type.get("DiagnosticReport").map_or(&[][..], Vec::as_slice);
    let documents = documents::read(filed, reports);
    let mut chart = {
        let of = |name: &str| by_type.get(name).map_or(&[][..], Vec::as_slice);
        build_rest(&of, &Index::new(resources, &observed), &observed, documents, today)
    };
    chart.series = results::read(observed);
    let messages = by_type.get("Communication").map_or(&[][..], Vec::as_slice);
    chart.news = news::read(&chart, messages, today);
    chart
}

/// Everything but the series and what is new.
fn build_rest<'a>(
    of: &dyn Fn(&str) -> &'a [NodeRef<'a>],
    index: &Index<'a>,
    observed: &[Observed],
    documents: Vec<Document>,
    today: Date,
) -> Chart {
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
        orders: orders::read(of("ServiceRequest"), of("DiagnosticReport"), observed, today),
        safety: safety::read(of("AllergyIntolerance")),
        documents,
        vaccinations: lines::vaccinations(of("Immunization")),
        procedures: lines::procedures(of("Procedure")),
        plans: lines::plans(of("CarePlan"), of("Goal"), of("ServiceRequest"), index),
        todo: todo::read(of("Task"), of("Appointment"), today),
        ..Chart::default()
    };
    chart.vaccines = crate::vaccines::read(of("Immunization"), &chart.person, today);
    let measured = observed.iter().filter_map(|one| one.whole.as_ref()).map(Resource::root);
    let measured: Vec<NodeRef<'_>> = measured.collect();
    chart.growth = crate::growth::read(&measured, &chart.person, today);
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
