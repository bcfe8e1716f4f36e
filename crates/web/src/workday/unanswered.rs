//! What somebody has ordered, and an answer should have come to: laboratory tests and radiology.
//!
//! What is not late yet is not shown, and not in the log.
//! Not here: when an answer is expected (`chart::orders`), HTML (`pages::signing_panel`).

use std::collections::HashSet;

use akson_access::Personnel;
use akson_base::Problem;
use akson_fhir::definitions::Definitions;
use akson_fhir::model::{NodeRef, Resource};
use akson_record::request::SearchRequest;
use jiff::ToSpan;
use jiff::civil::Date;

use super::people;
use crate::chart::{Person, expected};
use crate::datatypes::{concept, moment, target_id, text};
use crate::dates::Moment;
use crate::people::quoted;
use crate::sight::Reader;

/// Orders of one reader that are looked through.
const ORDERS_MAX: usize = 200;
/// What was ordered longer ago is no news.
const LATEST_DAYS: i64 = 180;

/// What was ordered together and has not been answered in time.
#[derive(Clone, Debug)]
pub(crate) struct Unanswered {
    pub person: Person,
    pub items: Vec<String>,
    pub ordered: Option<Moment>,
    /// The day by which an answer was expected.
    pub expected: Date,
    requisition: Option<String>,
}

impl Reader {
    /// What is late of the reader's own orders, the longest waited for first.
    pub(super) async fn unanswered(
        &self,
        personnel: &Personnel,
    ) -> Result<Vec<Unanswered>, Problem> {
        let Some(own) = personnel.practitioner() else { return Ok(Vec::new()) };
        let today = self.today();
        let since = today.checked_sub(LATEST_DAYS.days()).unwrap_or(today);
        let request = SearchRequest {
            resource_type: Definitions::r4().resource_type("ServiceRequest"),
            compartment: None,
            query: format!(
                "requester={}&status=active&authored=ge{since}&_count={ORDERS_MAX}",
                quoted(own)
            ),
            strict: true,
        };
        let keep = |json: &[u8]| {
            let request = akson_fhir::json::parse_stored(json).ok();
            request.and_then(|one| expected(one.root())).is_some_and(|day| day < today)
        };
        let page = self.record().search_keeping(&self.caller(), request, &keep).await?;
        let ids: Vec<&str> = page.entries.iter().map(|(version, _)| version.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = format!(
            "_id={}&_count={ORDERS_MAX}&_include=ServiceRequest:patient\
             &_revinclude=Observation:based-on&_revinclude=DiagnosticReport:based-on",
            ids.join(",")
        );
        Ok(late(&self.search(&self.caller(), "ServiceRequest", query).await?))
    }
}

fn late(found: &[Resource]) -> Vec<Unanswered> {
    let people = people(found);
    let roots = || found.iter().map(Resource::root);
    let results =
        roots().filter(|one| matches!(one.type_name(), "Observation" | "DiagnosticReport"));
    let answered: HashSet<&str> =
        results.flat_map(|one| one.named("basedOn").filter_map(target_id)).collect();
    let mut all: Vec<Unanswered> = Vec::new();
    let open = roots().filter(|one| {
        one.type_name() == "ServiceRequest"
            && text(*one, &["id"]).is_some_and(|id| !answered.contains(id))
    });
    for request in open {
        let patient = request.first("subject").and_then(target_id);
        let person = patient.and_then(|id| people.get(id));
        let Some(one) = person.and_then(|person| unanswered(request, person)) else { continue };
        let same = |known: &&mut Unanswered| {
            one.requisition.is_some() && known.requisition == one.requisition
        };
        match all.iter_mut().find(same) {
            Some(known) => known.items.extend(one.items),
            None => all.push(one),
        }
    }
    all.sort_by(|a, b| (a.expected, &a.items).cmp(&(b.expected, &b.items)));
    all
}

fn unanswered(request: NodeRef<'_>, person: &Person) -> Option<Unanswered> {
    Some(Unanswered {
        person: person.clone(),
        items: vec![request.first("code").and_then(concept)?],
        ordered: moment(request, &["authoredOn"]),
        expected: expected(request)?,
        requisition: text(request, &["requisition", "value"]).map(str::to_owned),
    })
}
