//! What was ordered and has not been answered: laboratory tests, radiology, referrals; what was ordered
//! together once.

use akson_fhir::model::NodeRef;

use crate::datatypes::{concept, display, has_code, moment, text};
use crate::dates::Moment;

/// Requests of one requisition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// `ServiceRequest.requisition`, by which it is taken back.
    pub requisition: Option<String>,
    pub is_laboratory: bool,
    pub is_urgent: bool,
    /// What was asked for.
    pub items: Vec<String>,
    pub reason: Option<String>,
    pub requester: Option<String>,
    pub date: Option<Moment>,
}

/// Whether a request is a laboratory test (SNOMED CT 108252007).
pub(super) fn is_laboratory(request: NodeRef<'_>) -> bool {
    request.named("category").any(|category| has_code(Some(category), "108252007"))
}

/// Newest first.
pub(super) fn read(requests: &[NodeRef<'_>]) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    let open = requests.iter().filter(|request| text(**request, &["status"]) == Some("active"));
    for one in open.filter_map(|request| order(*request)) {
        let same =
            |known: &&mut Order| one.requisition.is_some() && known.requisition == one.requisition;
        match orders.iter_mut().find(same) {
            Some(known) => known.items.extend(one.items),
            None => orders.push(one),
        }
    }
    orders.sort_by(|a, b| (b.date, &a.items).cmp(&(a.date, &b.items)));
    orders
}

fn order(request: NodeRef<'_>) -> Option<Order> {
    Some(Order {
        requisition: text(request, &["requisition", "value"]).map(str::to_owned),
        is_laboratory: is_laboratory(request),
        is_urgent: matches!(text(request, &["priority"]), Some("urgent" | "asap" | "stat")),
        items: vec![request.first("code").and_then(concept)?],
        reason: request.first("reasonCode").and_then(concept),
        requester: request.first("requester").and_then(display),
        date: moment(request, &["authoredOn"]),
    })
}
