//! The items of a Questionnaire as a tree that is changed: add, remove and put back, move, indent.
//!
//! Pure, on the resource's JSON: what this program does not know of an item is kept as it is. An item's
//! explanation, its child with the control `help`, is a part of it and no row of its own.
//! Not here: what one item asks (`question`), storing (`saving`).
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item>

use serde_json::{Map, Value, json};

use crate::fields::{list, text};
use crate::writing::{set, unset};

/// One item as the editor lists it.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub item: &'a Value,
    /// `2.1`: its place.
    pub number: String,
    /// Levels above it.
    pub depth: usize,
    pub is_first: bool,
    pub is_last: bool,
    /// The item that it would come below when it is indented.
    pub may_indent: bool,
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `linkId` of the item above it; nothing at the top.
    pub parent: Option<String>,
    pub index: usize,
}

/// A step that an item is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Up,
    Down,
    /// Below the item before it.
    In,
    /// Out to the level of the item that it is below.
    Out,
}

impl Step {
    /// By its name in forms.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "opp" => Self::Up,
            "ned" => Self::Down,
            "inn" => Self::In,
            "ut" => Self::Out,
            _ => return None,
        })
    }
}

/// The `linkId` of an item.
pub(crate) fn link_id(item: &Value) -> &str {
    text(item, "/linkId")
}

/// The items below one, or of the whole form.
pub(crate) fn below(item: &Value) -> &[Value] {
    list(item, "/item")
}

/// Whether an item is the explanation of the one that it is below.
pub(crate) fn is_help(item: &Value) -> bool {
    let controls = list(item, "/extension").iter().filter(|extension| {
        text(extension, "/url")
            == "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
    });
    text(item, "/type") == "display"
        && controls
            .flat_map(|control| list(control, "/valueCodeableConcept/coding"))
            .any(|coding| text(coding, "/code") == "help")
}

/// The items that are rows, in the order in which they are asked.
pub(crate) fn rows(root: &Value) -> Vec<Row<'_>> {
    let mut found = Vec::new();
    gather(root, "", 0, &mut found);
    found
}

fn gather<'a>(above: &'a Value, number: &str, depth: usize, found: &mut Vec<Row<'a>>) {
    let siblings: Vec<&Value> = below(above).iter().filter(|item| !is_help(item)).collect();
    let mut before: Option<&Value> = None;
    for (place, item) in siblings.iter().enumerate() {
        let own = match number {
            "" => format!("{}", place + 1),
            above => format!("{above}.{}", place + 1),
        };
        found.push(Row {
            item,
            number: own.clone(),
            depth,
            is_first: place == 0,
            is_last: place + 1 == siblings.len(),
            may_indent: before.is_some_and(|before| text(before, "/type") != "display"),
        });
        gather(item, &own, depth + 1, found);
        before = Some(item);
    }
}

/// The item of a `linkId`.
pub(crate) fn find<'a>(root: &'a Value, link: &str) -> Option<&'a Value> {
    below(root).iter().find_map(|item| match link_id(item) == link {
        true => Some(item),
        false => find(item, link),
    })
}

/// Where the item of a `linkId` stands.
pub(crate) fn place_of(root: &Value, link: &str) -> Option<Place> {
    for (index, item) in below(root).iter().enumerate() {
        if link_id(item) == link {
            let parent = Some(link_id(root)).filter(|parent| !parent.is_empty());
            return Some(Place { parent: parent.map(str::to_owned), index });
        }
        if let Some(found) = place_of(item, link) {
            return Some(found);
        }
    }
    None
}

/// The list of items below the item of a `linkId`, or of the form; made when there is none.
fn siblings_mut<'a>(root: &'a mut Value, parent: Option<&str>) -> Option<&'a mut Vec<Value>> {
    let above = match parent {
        None => root,
        Some(link) => find_mut(root, link)?,
    };
    let members = above.as_object_mut()?;
    members.entry("item").or_insert_with(|| json!([])).as_array_mut()
}

fn find_mut<'a>(root: &'a mut Value, link: &str) -> Option<&'a mut Value> {
    let items = root.get_mut("item")?.as_array_mut()?;
    for item in items {
        if link_id(item) == link {
            return Some(item);
        }
        if let Some(found) = find_mut(item, link) {
            return Some(found);
        }
    }
    None
}

/// Puts another item in the place of one; whether there was one.
pub(crate) fn replace(root: &mut Value, link: &str, item: Value) -> bool {
    match find_mut(root, link) {
        Some(old) => {
            *old = item;
            true
        }
        None => false,
    }
}

/// Puts an item at a place, or last when the place is gone.
pub(crate) fn insert(root: &mut Value, place: &Place, item: Value) {
    let parent = place.parent.as_deref().filter(|parent| find(root, parent).is_some());
    let index = if place.parent.as_deref() == parent { place.index } else { usize::MAX };
    if let Some(siblings) = siblings_mut(root, parent) {
        let index = index.min(siblings.len());
        siblings.insert(index, item);
    }
}

/// Takes an item out with all below it, and the conditions of others that ask for them.
pub(crate) fn remove(root: &mut Value, link: &str) -> Option<Value> {
    let removed = take(root, link)?;
    let mut gone = vec![link_id(&removed).to_owned()];
    links(&removed, &mut gone);
    forget(root, &gone);
    Some(removed)
}

/// Takes an item out and nothing else.
fn take(root: &mut Value, link: &str) -> Option<Value> {
    let place = place_of(root, link)?;
    let siblings = siblings_mut(root, place.parent.as_deref())?;
    let removed = (place.index < siblings.len()).then(|| siblings.remove(place.index))?;
    let is_empty = siblings.is_empty();
    if is_empty {
        let above = match place.parent.as_deref() {
            None => Some(root),
            Some(parent) => find_mut(root, parent),
        };
        if let Some(above) = above {
            unset(above, "item");
        }
    }
    Some(removed)
}

/// The `linkId`s of all items below one.
pub(crate) fn links(root: &Value, found: &mut Vec<String>) {
    for item in below(root) {
        found.push(link_id(item).to_owned());
        links(item, found);
    }
}

/// Takes out the conditions that ask for items that are gone.
fn forget(root: &mut Value, gone: &[String]) {
    let Some(items) = root.get_mut("item").and_then(Value::as_array_mut) else { return };
    for item in items {
        let mut left = None;
        if let Some(conditions) = item.get_mut("enableWhen").and_then(Value::as_array_mut) {
            conditions.retain(|one| !gone.iter().any(|link| link == text(one, "/question")));
            left = Some(conditions.len());
        }
        if left == Some(0) {
            unset(item, "enableWhen");
        }
        if left.is_some_and(|left| left < 2) {
            unset(item, "enableBehavior");
        }
        forget(item, gone);
    }
}

/// Gives items that have none the conditions on an item that they had before.
pub(crate) fn conditions_back(root: &mut Value, before: &Value, link: &str) {
    let asks =
        |item: &Value| list(item, "/enableWhen").iter().any(|one| text(one, "/question") == link);
    let mut all = Vec::new();
    links(before, &mut all);
    for other in all.iter().filter_map(|other| find(before, other)).filter(|item| asks(item)) {
        let Some(now) = find_mut(root, link_id(other)) else { continue };
        let had: Vec<&Value> = list(other, "/enableWhen")
            .iter()
            .filter(|one| text(one, "/question") != link)
            .collect();
        // Where the conditions were changed since, they stay as they are now.
        if list(now, "/enableWhen").iter().eq(had) {
            for element in ["enableWhen", "enableBehavior"] {
                if let Some(value) = other.get(element) {
                    set(now, element, value.clone());
                }
            }
        }
    }
}

/// Moves an item a step; whether it could.
pub(crate) fn move_by(root: &mut Value, link: &str, step: Step) -> bool {
    let Some(place) = place_of(root, link) else { return false };
    let parent = place.parent.clone();
    match step {
        Step::Up | Step::Down => {
            let Some(other) = neighbour(root, &place, step) else { return false };
            let Some(siblings) = siblings_mut(root, parent.as_deref()) else { return false };
            siblings.swap(place.index, other);
            true
        }
        Step::In => {
            let Some(before) = neighbour(root, &place, Step::Up) else { return false };
            let Some(siblings) = siblings_mut(root, parent.as_deref()) else { return false };
            let Some(above) = siblings.get(before).cloned() else { return false };
            if text(&above, "/type") == "display" {
                return false;
            }
            let Some(item) = take(root, link) else { return false };
            let new = Place { parent: Some(link_id(&above).to_owned()), index: usize::MAX };
            insert(root, &new, item);
            true
        }
        Step::Out => {
            let Some(above) = parent.and_then(|parent| place_of(root, &parent)) else {
                return false;
            };
            let Some(item) = take(root, link) else { return false };
            insert(root, &Place { index: above.index + 1, ..above }, item);
            true
        }
    }
}

/// The nearest row before or after a place, past explanations.
fn neighbour(root: &Value, place: &Place, step: Step) -> Option<usize> {
    let siblings = match place.parent.as_deref() {
        None => below(root),
        Some(parent) => below(find(root, parent)?),
    };
    let is_row = |(_, item): &(usize, &Value)| !is_help(item);
    let mut all = siblings.iter().enumerate().filter(is_row);
    match step {
        Step::Up | Step::In => {
            all.take_while(|(index, _)| *index < place.index).last().map(|(index, _)| index)
        }
        Step::Down | Step::Out => {
            all.find(|(index, _)| *index > place.index).map(|(index, _)| index)
        }
    }
}

/// A `linkId` that no item of the form has: one after the largest.
pub(crate) fn new_link_id(root: &Value) -> String {
    let mut known = Vec::new();
    links(root, &mut known);
    let number = |link: &String| link.strip_prefix('s').and_then(|rest| rest.parse::<u32>().ok());
    let largest = known.iter().filter_map(number).max().unwrap_or(0);
    format!("s{}", largest + 1)
}

/// A new item of a type.
pub(crate) fn new_item(link: &str, kind: &str, words: &str) -> Value {
    let mut item = Value::Object(Map::new());
    set(&mut item, "linkId", json!(link));
    set(&mut item, "text", json!(words));
    set(&mut item, "type", json!(kind));
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Value {
        json!({"item": [
            {"linkId": "s1", "type": "choice", "item": [{"linkId": "s1-help", "type": "display",
                "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl",
                    "valueCodeableConcept": {"coding": [{"code": "help"}]}}]}]},
            {"linkId": "s2", "type": "group", "item": [
                {"linkId": "s3", "type": "string",
                 "enableWhen": [{"question": "s1", "operator": "exists", "answerBoolean": true}]},
                {"linkId": "s4", "type": "string", "enableBehavior": "all", "enableWhen": [
                    {"question": "s1", "operator": "exists", "answerBoolean": true},
                    {"question": "s3", "operator": "exists", "answerBoolean": true}]}]},
            {"linkId": "s5", "type": "display"}]})
    }

    fn outline(root: &Value) -> String {
        let all = rows(root);
        all.iter()
            .map(|row| format!("{} {}", row.number, link_id(row.item)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn rows_are_numbered_and_know_their_ends() {
        let root = form();
        assert_eq!(outline(&root), "1 s1, 2 s2, 2.1 s3, 2.2 s4, 3 s5");
        let all = rows(&root);
        assert!(all[0].is_first && all[4].is_last && all[3].is_last && !all[2].is_last);
        assert!(!all[0].may_indent && all[1].may_indent);
    }

    #[test]
    fn items_move_within_their_level_and_between_levels() {
        for (link, step, expected) in [
            ("s2", Step::Up, "1 s2, 1.1 s3, 1.2 s4, 2 s1, 3 s5"),
            ("s3", Step::Down, "1 s1, 2 s2, 2.1 s4, 2.2 s3, 3 s5"),
            ("s5", Step::In, "1 s1, 2 s2, 2.1 s3, 2.2 s4, 2.3 s5"),
            ("s4", Step::Out, "1 s1, 2 s2, 2.1 s3, 3 s4, 4 s5"),
            ("s2", Step::In, "1 s1, 1.1 s2, 1.1.1 s3, 1.1.2 s4, 2 s5"),
        ] {
            let mut root = form();
            assert!(move_by(&mut root, link, step), "{link} {step:?}");
            assert_eq!(outline(&root), expected, "{link} {step:?}");
        }
        for (link, step) in [
            ("s1", Step::Up),
            ("s5", Step::Down),
            ("s1", Step::In),
            ("s1", Step::Out),
            ("x", Step::Up),
        ] {
            let mut root = form();
            assert!(!move_by(&mut root, link, step), "{link} {step:?}");
            assert_eq!(root, form());
        }
    }

    #[test]
    fn what_is_removed_takes_its_conditions_along_and_comes_back_to_its_place() {
        let mut root = form();
        let place = place_of(&root, "s1").unwrap();
        let removed = remove(&mut root, "s1").unwrap();
        assert_eq!(outline(&root), "1 s2, 1.1 s3, 1.2 s4, 2 s5");
        assert_eq!(find(&root, "s3").unwrap().get("enableWhen"), None);
        let left = find(&root, "s4").unwrap();
        assert_eq!(list(left, "/enableWhen").len(), 1);
        assert_eq!(left.get("enableBehavior"), None);
        insert(&mut root, &place, removed);
        conditions_back(&mut root, &form(), "s1");
        assert_eq!(root, form());
        let mut root = form();
        let place = place_of(&root, "s3").unwrap();
        let removed = remove(&mut root, "s3").unwrap();
        remove(&mut root, "s2").unwrap();
        insert(&mut root, &place, removed);
        assert_eq!(outline(&root), "1 s1, 2 s5, 3 s3", "its group is gone: it comes last");
    }

    #[test]
    fn the_last_one_out_leaves_no_empty_list() {
        let mut root = json!({"item": [{"linkId": "s1", "type": "group",
            "item": [{"linkId": "s2", "type": "string"}]}]});
        remove(&mut root, "s2").unwrap();
        assert_eq!(root, json!({"item": [{"linkId": "s1", "type": "group"}]}));
        remove(&mut root, "s1").unwrap();
        assert_eq!(root, json!({}));
    }

    #[test]
    fn a_new_item_has_a_name_of_its_own() {
        assert_eq!(new_link_id(&form()), "s6");
        assert_eq!(new_link_id(&json!({})), "s1");
        assert_eq!(new_link_id(&json!({"item": [{"linkId": "phq9-1"}]})), "s1");
    }
}
