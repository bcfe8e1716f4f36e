//! The forms that come with Akson, as Questionnaires; nobody fills one in before somebody has taken it
//! into use.
//!
//! Each file in `forms/` says where the instrument is from and why it may be used freely (`copyright`),
//! and what it is for (`purpose`). Not here: taking one into use (`web`).

/// The forms as JSON, in the order in which they are offered.
pub const SHIPPED: [&str; 10] = [
    include_str!("../forms/news2.json"),
    include_str!("../forms/phq-9.json"),
    include_str!("../forms/gad-7.json"),
    include_str!("../forms/4at.json"),
    include_str!("../forms/stratify.json"),
    include_str!("../forms/mst.json"),
    include_str!("../forms/barthel.json"),
    include_str!("../forms/iplos.json"),
    include_str!("../forms/audit-c.json"),
    include_str!("../forms/before-consultation.json"),
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::SHIPPED;
    use crate::Questionnaire;

    #[test]
    fn every_form_can_be_filled_in_here_and_says_where_it_is_from() {
        let mut addresses = Vec::new();
        for json in SHIPPED {
            let form: Value = serde_json::from_str(json).unwrap();
            let url = form["url"].as_str().unwrap().to_owned();
            let parsed = Questionnaire::parse(&form);
            assert!(parsed.is_ok(), "{url}: {:?}", parsed.err());
            for element in ["title", "version", "date", "description", "purpose", "copyright"] {
                assert!(!form[element].as_str().unwrap_or_default().is_empty(), "{url} {element}");
            }
            assert!(form["copyright"].as_str().unwrap().contains("Fri bruk: "), "{url}");
            addresses.push(url);
        }
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), SHIPPED.len());
    }
}
