//! What the table of definitions answers.

use akson_fhir::definitions::{Definitions, ResourceType, TypeKind};

fn r4() -> &'static Definitions {
    Definitions::r4()
}

#[test]
fn the_table_is_small() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/r4.bin.zst");
    assert!(std::fs::metadata(path).unwrap().len() < 1_000_000);
}

#[test]
fn all_of_r4_is_there() {
    assert_eq!(r4().resource_types().count(), 146);
    assert_eq!(r4().types().iter().filter(|t| t.kind == TypeKind::Primitive).count(), 20);
    assert!(r4().types().iter().all(|t| (t.kind == TypeKind::Primitive) == t.primitive.is_some()));
    assert_eq!(r4().search_parameters().len(), 1377);
    assert!(r4().search_parameters().is_sorted_by(|a, b| a.url < b.url));
    assert_eq!(r4().compartments().len(), 5);
    assert_eq!(r4().operations().len(), 46);
    let everything = r4().operations().iter().find(|o| *o.code == *"everything").unwrap();
    assert!(everything.instance && !everything.system);
}

#[test]
fn resource_types_are_numbered_from_one_in_alphabetical_order() {
    assert_eq!(r4().resource_type("Account"), Some(ResourceType(1)));
    assert_eq!(r4().resource_type("VisionPrescription"), Some(ResourceType(146)));
    assert_eq!(r4().resource_name(ResourceType(1)), "Account");
    assert_eq!(r4().resource_name(ResourceType(146)), "VisionPrescription");
    assert_eq!(r4().resource_name(ResourceType(0)), "");
    assert_eq!(r4().resource_name(ResourceType(147)), "");
    assert_eq!(r4().resource_type("Resource"), None);
    assert_eq!(r4().resource_type("HumanName"), None);
    let names: Vec<_> = r4().resource_types().map(|t| r4().resource_name(t)).collect();
    assert!(names.is_sorted());
}

#[test]
fn json_names_lead_to_elements_and_types() {
    let observation = r4().type_def(r4().type_named("Observation").unwrap()).root;
    let value = r4().json_child(observation, "valueQuantity").unwrap();
    assert_eq!(&*r4().element(value.element).path, "Observation.value[x]");
    assert_eq!(&*r4().type_def(value.type_id).name, "Quantity");
    assert!(r4().json_child(observation, "value").is_none());
    assert!(r4().json_child(observation, "valueAddress").is_none());
    assert_eq!(r4().child(observation, "value"), Some(value.element));

    let component = r4().json_child(observation, "component").unwrap();
    let inside = r4().holder(component.element, component.type_id);
    assert_eq!(&*r4().element(inside).path, "Observation.component");
    let range = r4().json_child(inside, "referenceRange").unwrap();
    let inside = r4().holder(range.element, range.type_id);
    assert_eq!(&*r4().element(inside).path, "Observation.referenceRange");
    assert!(r4().json_child(inside, "appliesTo").is_some());
}

#[test]
fn every_json_name_is_found_in_its_holder() {
    let mut found = 0;
    for type_def in r4().types() {
        for id in &r4().element(type_def.root).children {
            let element = r4().element(*id);
            for type_id in &element.types {
                let name = match element.is_choice {
                    true => akson_fhir::definitions::choice_name(
                        &element.name,
                        &r4().type_def(*type_id).name,
                    ),
                    false => element.name.to_string(),
                };
                let child = r4().json_child(type_def.root, &name).unwrap();
                assert_eq!((child.element, child.type_id), (*id, *type_id), "{name}");
                found += 1;
            }
        }
    }
    assert!(found > 3_000, "{found}");
}

#[test]
fn required_bindings_have_their_codes() {
    let patient = r4().type_def(r4().type_named("Patient").unwrap()).root;
    let gender = r4().element(r4().child(patient, "gender").unwrap());
    let set = r4().code_set(gender.required_codes.unwrap()).unwrap();
    assert_eq!(&*set.url, "http://hl7.org/fhir/ValueSet/administrative-gender");
    assert!(set.has_code("female") && !set.has_code("woman") && !set.has_code(""));
    assert!(set.has_coding("http://hl7.org/fhir/administrative-gender", "other"));
    assert!(!set.has_coding("http://example.org", "other"));

    let condition = r4().type_def(r4().type_named("Condition").unwrap()).root;
    let status = r4().element(r4().child(condition, "clinicalStatus").unwrap());
    let set = r4().code_set(status.required_codes.unwrap()).unwrap();
    // `recurrence` lies below `active` in the code system.
    assert!(set.has_code("recurrence"));
}

#[test]
fn types_know_what_they_specialise() {
    let named = |name| r4().type_named(name).unwrap();
    assert!(r4().is_a(named("code"), named("string")));
    assert!(r4().is_a(named("Age"), named("Quantity")));
    assert!(r4().is_a(named("Patient"), named("DomainResource")));
    assert!(r4().is_a(named("Bundle"), named("Resource")));
    assert!(!r4().is_a(named("Bundle"), named("DomainResource")));
}

#[test]
fn a_binding_that_reaches_outside_the_definitions_has_no_enumeration() {
    let attachment = r4().type_def(r4().type_named("Attachment").unwrap()).root;
    let content_type = r4().element(r4().child(attachment, "contentType").unwrap());
    assert_eq!(content_type.required_codes, None, "MIME types are not enumerable");
}

#[test]
fn summary_and_modifier_flags_are_kept() {
    let patient = r4().type_def(r4().type_named("Patient").unwrap()).root;
    let active = r4().element(r4().child(patient, "active").unwrap());
    assert!(active.is_summary && active.is_modifier);
    let photo = r4().element(r4().child(patient, "photo").unwrap());
    assert!(!photo.is_summary && !photo.is_modifier);
}

#[test]
fn the_patient_compartment_lists_its_links() {
    let patient = r4().compartment("Patient").unwrap();
    let observation = r4().resource_type("Observation").unwrap();
    let (_, codes) = patient.members.iter().find(|(t, _)| *t == observation).unwrap();
    assert!(codes.iter().any(|c| **c == *"subject"));
}

#[test]
fn a_damaged_table_is_refused() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/r4.bin.zst");
    let bytes = std::fs::read(path).unwrap();
    assert!(Definitions::from_compressed(&bytes).is_some());
    assert!(Definitions::from_compressed(&bytes[..bytes.len() / 2]).is_none());
    assert!(Definitions::from_compressed(b"").is_none());
}
