//! `children descendants`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#tree-navigation>

use super::{Function, Invocation, function};
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::value::{Collection, Item};
use crate::model::NodeRef;

pub(super) static FUNCTIONS: [Function; 2] = [
    function("children", 0, 0, |call| {
        let nodes = call.input.iter().filter_map(Item::node);
        Ok(nodes.flat_map(NodeRef::children).map(Item::Node).collect())
    }),
    function("descendants", 0, 0, descendants),
];

fn descendants<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut out = Collection::new();
    for node in call.input.iter().filter_map(Item::node) {
        let mut queue = vec![node];
        while let Some(next) = queue.pop() {
            call.spend(1)?;
            if next.index() != node.index() {
                out.push(Item::Node(next));
            }
            let at = queue.len();
            queue.extend(next.children());
            if let Some(added) = queue.get_mut(at..) {
                added.reverse();
            }
        }
    }
    Ok(out)
}
