//! What was ordered: laboratory tests, radiology, referrals; what was ordered together once, and what has
//! been answered of it (`basedOn` of results and reports).
//!
//! What was answered more than [`ANSWERED_DAYS`] ago is an order no longer: it is among the results.
//! Standard: <https://hl7.org/fhir/R4/servicerequest.html>

use std::collections::HashMap;

use akson_fhir::model::NodeRef;
use jiff::ToSpan;
use jiff::civil::Date;

use super::Observed;
use crate::datatypes::{concept, display, has_code, moment, target_id, text};
use crate::dates::{Moment, days_between};

/// How long an answered order is still shown as one.
const ANSWERED_DAYS: i64 = 30;
/// SNOMED CT's codes of what is ordered, with the days until an answer is expected: usually, in haste.
const EXPECTED: [(&str, i64, i64); 2] = [("108252007", 7, 2), ("363679005", 30, 7)];

/// Requests of one requisition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// `ServiceRequest.requisition`, by which it is taken back.
    pub requisition: Option<String>,
    pub is_laboratory: bool,
    pub is_urgent: bool,
    /// What was asked for.
    pub items: Vec<String>,
    /// One for each item that is answered.
    pub answers: Vec<Answer>,
    pub reason: Option<String>,
    pub requester: Option<String>,
    pub date: Option<Moment>,
    /// The day by which an answer is expected, where there is a usual time.
    pub expected: Option<Date>,
}

/// The answer to what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub date: Option<Moment>,
    /// Id of the DiagnosticReport that has a page of its own.
    pub report: Option<String>,
}

impl Order {
    /// Whether everything that was asked for is answered.
    pub(crate) fn is_answered(&self) -> bool {
        !self.answers.is_empty() && self.answers.len() >= self.items.len()
    }

    /// Whether an answer should have come.
    pub(crate) fn is_late(&self, today: Date) -> bool {
        !self.is_answered() && self.expected.is_some_and(|day| day < today)
    }
}

/// Whether a request is a laboratory test (SNOMED CT 108252007).
pub(super) fn is_laboratory(request: NodeRef<'_>) -> bool {
    request.named("category").any(|category| has_code(Some(category), "108252007"))
}

/// By id of the request, its answer: a report rather than a single value.
fn answers<'a>(reports: &[NodeRef<'a>], observed: &'a [Observed]) -> HashMap<&'a str, Answer> {
    let of_reports = reports.iter().flat_map(|report| {
        let is_void = matches!(text(*report, &["status"]), Some("entered-in-error" | "cancelled"));
        let page = report.first("presentedForm").and_then(|_| text(*report, &["id"]));
        let date = moment(*report, &["issued"]).or_else(|| moment(*report, &["effective"]));
        let to = report.named("basedOn").filter_map(target_id).filter(move |_| !is_void);
        to.map(move |to| (to, Answer { date, report: page.map(str::to_owned) }))
    });
    let of_values = observed.iter().filter(|one| !one.is_void).flat_map(|one| {
        let answer = Answer { date: one.answered, report: None };
        one.based_on.iter().map(move |to| (to.as_str(), answer.clone()))
    });
    let mut found: HashMap<&str, Answer> = HashMap::new();
    for (to, answer) in of_reports.chain(of_values) {
        match found.get_mut(to) {
            Some(known) if known.report.is_some() || answer.report.is_none() => {}
            Some(known) => *known = answer,
            None => {
                found.insert(to, answer);
            }
        }
    }
    found
}

/// Newest first.
pub(super) fn read(
    requests: &[NodeRef<'_>],
    reports: &[NodeRef<'_>],
    observed: &[Observed],
    today: Date,
) -> Vec<Order> {
    let answers = answers(reports, observed);
    let mut orders: Vec<Order> = Vec::new();
    for one in requests.iter().filter_map(|request| order(*request, &answers)) {
        let same =
            |known: &&mut Order| one.requisition.is_some() && known.requisition == one.requisition;
        match orders.iter_mut().find(same) {
            Some(known) => {
                known.items.extend(one.items);
                known.answers.extend(one.answers);
            }
            None => orders.push(one),
        }
    }
    let is_old = |order: &Order| {
        let dates = order.answers.iter().filter_map(|answer| answer.date);
        let latest = dates.max().map(|date| days_between(date.date(), today));
        order.is_answered() && latest.is_none_or(|days| days > ANSWERED_DAYS)
    };
    orders.retain(|order| !is_old(order));
    orders.sort_by(|a, b| (b.date, &a.items).cmp(&(a.date, &b.items)));
    orders
}

fn order(request: NodeRef<'_>, answers: &HashMap<&str, Answer>) -> Option<Order> {
    let answer = text(request, &["id"]).and_then(|id| answers.get(id));
    match text(request, &["status"]) {
        Some("active") => {}
        Some("completed") if answer.is_some() => {}
        _ => return None,
    }
    Some(Order {
        requisition: text(request, &["requisition", "value"]).map(str::to_owned),
        is_laboratory: is_laboratory(request),
        is_urgent: is_urgent(request),
        items: vec![request.first("code").and_then(concept)?],
        answers: answer.cloned().into_iter().collect(),
        reason: request.first("reasonCode").and_then(concept),
        requester: request.first("requester").and_then(display),
        date: moment(request, &["authoredOn"]),
        expected: expected(request),
    })
}

fn is_urgent(request: NodeRef<'_>) -> bool {
    matches!(text(request, &["priority"]), Some("urgent" | "asap" | "stat"))
}

/// The day by which an answer to a request is expected: of laboratory tests and radiology.
pub(crate) fn expected(request: NodeRef<'_>) -> Option<Date> {
    let of = |code: &str| request.named("category").any(|one| has_code(Some(one), code));
    let (_, usual, urgent) = EXPECTED.into_iter().find(|(code, ..)| of(code))?;
    let days = if is_urgent(request) { urgent } else { usual };
    moment(request, &["authoredOn"])?.date().checked_add(days.days()).ok()
}
