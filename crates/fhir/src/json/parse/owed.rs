//! What an object owes when it ends: its mandatory elements, values behind its nulls, and codes
//! from the value sets that it is bound to.
//!
//! Standard: <https://hl7.org/fhir/R4/terminologies.html#required>

use super::{Builder, Frame, Rule, Step};
use crate::definitions::{CodeSet, ElementDef, TypeKind};
use crate::model::{NONE, ScalarKind};
use crate::similar;

/// Larger value sets are named, not listed.
const CODES_LISTED_MAX: usize = 24;
/// Longer codes are not repeated in messages: they are hardly codes.
const CODE_BYTES_MAX: usize = 40;

impl<const STRICT: bool> Builder<'_, STRICT> {
    /// Judges an object that has been read to its end.
    pub(super) fn settle(&mut self, frame: &Frame) -> Step {
        let definitions = self.definitions;
        for required in definitions.required_children(frame.holder) {
            let there = self.seen.iter().skip(frame.base).any(|seen| seen.element == *required);
            if !there {
                let element = definitions.element(*required);
                let message = self.missing(element);
                self.issue(Rule::Missing, self.below(frame.node, &element.name), message)?;
            }
        }
        for position in frame.base..self.seen.len() {
            let Some(seen) = self.seen.get(position).copied().filter(|seen| seen.nulls) else {
                continue;
            };
            let mut next = seen.first_node;
            for _ in 0..seen.items {
                let Some(node) = self.nodes.get(next as usize) else { break };
                let (this, empty) =
                    (next, node.kind == ScalarKind::None && node.first_child == NONE);
                next = node.next_sibling;
                if empty {
                    let message = "null needs an extension at its place in the \"_\" array";
                    self.issue(Rule::Null, self.location(this), message)?;
                }
            }
        }
        Ok(())
    }

    fn missing(&self, element: &ElementDef) -> String {
        let mut message = format!("{} is mandatory", element.path);
        let type_names: Vec<&str> =
            element.types.iter().map(|t| &*self.definitions.type_def(*t).name).collect();
        match type_names.as_slice() {
            [] | ["BackboneElement" | "Element"] => {}
            [one] => message.push_str(&format!(", of type {one}")),
            several if several.len() <= 6 => {
                message.push_str(&format!(", of type {}", several.join(" or ")));
            }
            _ => {}
        }
        if let Some(set) = element.required_codes.and_then(|set| self.definitions.code_set(set)) {
            message.push_str(&format!(" ({})", permitted(set)));
        }
        message
    }

    /// A code must be one of the set's.
    pub(super) fn code(&mut self, node: u32, set: u16) -> Step {
        let Some(set) = self.definitions.code_set(set) else {
            return Ok(());
        };
        if set.has_code(self.text(node)) {
            return Ok(());
        }
        let message = wrong_code(self.text(node), set);
        self.issue(Rule::Code, self.location(node), message)
    }

    /// A Coding must be one of the set's, a CodeableConcept must have one that is.
    pub(super) fn coded(&mut self, node: u32, set: u16) -> Step {
        let definitions = self.definitions;
        let Some(set) = definitions.code_set(set) else {
            return Ok(());
        };
        let Some(this) = self.nodes.get(node as usize) else {
            return Ok(());
        };
        let type_def = definitions.type_def(this.type_id);
        debug_assert_eq!(type_def.kind, TypeKind::Complex);
        let right = match &*type_def.name {
            "Coding" => self.is_coding_of(node, set),
            "CodeableConcept" => {
                let codings = self.children(node, "coding");
                codings.iter().any(|coding| self.is_coding_of(*coding, set))
            }
            // Quantities are bound by their unit, which only profiles do in R4.
            _ => true,
        };
        // A concept may be told by extensions alone (data-absent-reason).
        if right || !self.children(node, "extension").is_empty() {
            return Ok(());
        }
        let message = format!("no coding is from the required value set: {}", permitted(set));
        self.issue(Rule::Code, self.location(node), message)
    }

    fn is_coding_of(&self, coding: u32, set: &CodeSet) -> bool {
        let first = |name| self.children(coding, name).first().copied();
        let (Some(system), Some(code)) = (first("system"), first("code")) else {
            return false;
        };
        set.has_coding(self.text(system), self.text(code))
    }

    fn children(&self, node: u32, name: &str) -> Vec<u32> {
        let mut found = Vec::new();
        let mut next = self.nodes.get(node as usize).map_or(NONE, |n| n.first_child);
        while let Some(child) = self.nodes.get(next as usize).filter(|_| next != NONE) {
            if *self.definitions.element(child.element).name == *name {
                found.push(next);
            }
            next = child.next_sibling;
        }
        found
    }
}

/// The codes of a set for a message.
fn permitted(set: &CodeSet) -> String {
    let codes: Vec<&str> = set.codes.iter().map(|(code, _)| &**code).collect();
    if codes.len() > CODES_LISTED_MAX {
        return format!("a code of {}", set.url);
    }
    let systems: Vec<&str> = set.systems.iter().map(|system| &**system).collect();
    format!("{} of {}", codes.join(" | "), systems.join(", "))
}

fn wrong_code(code: &str, set: &CodeSet) -> String {
    let shown = code.len() <= CODE_BYTES_MAX
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let mut message = if shown {
        format!("\"{code}\" is not a permitted code: {}", permitted(set))
    } else {
        format!("not a permitted code: {}", permitted(set))
    };
    let codes = set.codes.iter().map(|(code, _)| &**code);
    if let Some(near) = similar::nearest(code, codes).filter(|_| set.codes.len() > CODES_LISTED_MAX)
    {
        message.push_str(&format!(". Did you mean \"{near}\"?"));
    }
    message
}
