//! The search mix: six classes of search, equally many of each, with values that the server holds.
//!
//! The classes and parameters are those of the published comparison of FHIR servers: string, date
//! (three parameters with eight prefixes), token (with OR lists), quantity, composite, reference.

use crate::client::Address;
use crate::harvest::{Harvest, measured_codes, reference_of, scattered, texts, token_of};
use crate::probe::{at, escape, text_at};

/// Requests of each class in the ring.
const REQUESTS_PER_CLASS: usize = 120;
/// Dates of a parameter that each prefix is tried with.
const DATES_PER_PARAMETER: usize = 5;
/// R4's prefixes but `ap`, whose meaning servers choose themselves.
const PREFIXES: [&str; 8] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"];

/// One class with its searches, `/Type?query`, without `_count`.
pub(crate) struct Class {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its searches.
    pub(crate) searches: Vec<String>,
}

/// The classes for which the server holds anything to ask for.
pub(crate) fn classes(harvest: &Harvest) -> Vec<Class> {
    let classes = [
        ("string", strings(harvest)),
        ("date", dates(harvest)),
        ("token", tokens(harvest)),
        ("quantity", quantities(harvest)),
        ("composite", composites(harvest)),
        ("reference", references(harvest)),
    ];
    let classes = classes.into_iter().filter(|(_, searches)| !searches.is_empty());
    classes.map(|(name, searches)| Class { name, searches: thin(searches) }).collect()
}

/// All classes in turn, one request of each after the other.
pub(crate) fn requests(classes: &[Class], address: &Address) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for round in 0..REQUESTS_PER_CLASS {
        for class in classes {
            if let Some(search) = class.searches.get(round % class.searches.len().max(1)) {
                requests.push(address.request("GET", &format!("{search}&_count=20"), b""));
            }
        }
    }
    requests
}

/// At most [`REQUESTS_PER_CLASS`], evenly from the whole list and far apart in it.
fn thin(searches: Vec<String>) -> Vec<String> {
    let length = searches.len();
    let places = scattered(length).take(REQUESTS_PER_CLASS);
    places.filter_map(|place| searches.get(place).cloned()).collect()
}

fn strings(harvest: &Harvest) -> Vec<String> {
    let patients = &harvest.patients;
    let mut searches = Vec::new();
    let mut add = |search: &str, values: Vec<String>| {
        searches.extend(values.iter().map(|value| format!("{search}={}", escape(value))));
    };
    let families = texts(patients, &["name", "0", "family"]);
    let middle = |text: &String| text.chars().skip(1).take(4).collect::<String>();
    add("/Patient?name", texts(patients, &["name", "0", "given", "0"]));
    add("/Patient?family", families.clone());
    add("/Patient?name:contains", families.iter().map(middle).collect());
    add("/Patient?address", texts(patients, &["address", "0", "line", "0"]));
    add("/Patient?address-city", texts(patients, &["address", "0", "city"]));
    let names = texts(&harvest.organizations, &["name"]);
    add("/Organization?name", names.clone());
    let words = names.iter().filter_map(|name| name.split(' ').nth(1).map(str::to_owned));
    add("/Organization?name:contains", words.collect());
    searches
}

fn dates(harvest: &Harvest) -> Vec<String> {
    let mut searches = Vec::new();
    let birth = texts(&harvest.patients, &["birthDate"]);
    let observed = texts(&harvest.observations, &["effectiveDateTime"]);
    let met = texts(&harvest.encounters, &["period", "start"]);
    let parameters =
        [("/Patient?birthdate", birth), ("/Observation?date", observed), ("/Encounter?date", met)];
    for (search, values) in parameters {
        let step = values.len().div_ceil(DATES_PER_PARAMETER).max(1);
        for value in values.iter().step_by(step) {
            let day: String = value.chars().take(10).collect();
            searches.extend(PREFIXES.iter().map(|prefix| format!("{search}={prefix}{day}")));
        }
    }
    searches
}

fn tokens(harvest: &Harvest) -> Vec<String> {
    let mut searches = Vec::new();
    let mut add = |search: &str, values: &[String]| {
        let escaped: Vec<String> = values.iter().map(|value| escape(value)).collect();
        searches.extend(escaped.iter().map(|value| format!("{search}={value}")));
        for list in escaped.chunks(3).filter(|list| list.len() > 1) {
            searches.push(format!("{search}={}", list.join(",")));
        }
    };
    let codes = harvest.observations.iter().filter_map(|o| at(o, &["code", "coding", "0"]));
    let mut full: Vec<String> = codes.filter_map(token_of).collect();
    full.sort_unstable();
    full.dedup();
    add("/Observation?code", &full);
    add("/Observation?code", &texts(&harvest.observations, &["code", "coding", "0", "code"]));
    let categories = texts(&harvest.observations, &["category", "0", "coding", "0", "code"]);
    add("/Observation?category", &categories);
    add("/Encounter?status", &["finished".into(), "in-progress".into(), "planned".into()]);
    add("/Encounter?class", &texts(&harvest.encounters, &["class", "code"]));
    searches
}

fn quantities(harvest: &Harvest) -> Vec<String> {
    let own = measured_codes(&harvest.observations, None);
    let parts = measured_codes(&harvest.observations, Some("component"));
    let mut searches = Vec::new();
    let mut add = |parameter: &str, measured: &[crate::harvest::MeasuredCode]| {
        for one in measured {
            let (value, unit) = (&one.value, escape(&one.unit));
            searches.push(format!("/Observation?{parameter}={value}"));
            searches.push(format!("/Observation?{parameter}=gt{value}%7C{unit}"));
            searches.push(format!("/Observation?{parameter}=le{value}%7C{unit}"));
        }
    };
    add("value-quantity", &own);
    add("component-value-quantity", &parts);
    add("combo-value-quantity", &own);
    searches
}

fn composites(harvest: &Harvest) -> Vec<String> {
    let measured = measured_codes(&harvest.observations, None);
    let each = measured.iter().flat_map(|one| {
        let token = escape(&one.token);
        ["", "gt", "lt"]
            .map(|prefix| format!("/Observation?code-value-quantity={token}${prefix}{}", one.value))
    });
    each.collect()
}

fn references(harvest: &Harvest) -> Vec<String> {
    let patients = harvest.patient_references();
    let encounters: Vec<String> = harvest.encounters.iter().filter_map(reference_of).collect();
    let providers = texts(&harvest.encounters, &["serviceProvider", "reference"]);
    let practitioners =
        texts(&harvest.encounters, &["participant", "0", "individual", "reference"]);
    let ids = patients.iter().filter_map(|reference| reference.split('/').nth(1));
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    let parameters = [
        ("/Observation?subject", &patients),
        ("/Observation?patient", &ids),
        ("/Observation?encounter", &encounters),
        ("/Encounter?subject", &patients),
        ("/Encounter?service-provider", &providers),
        ("/Encounter?participant", &practitioners),
        ("/Condition?subject", &patients),
        ("/DiagnosticReport?subject", &patients),
    ];
    let mut searches = Vec::new();
    for (search, values) in parameters {
        let step = values.len().div_ceil(REQUESTS_PER_CLASS / parameters.len()).max(1);
        let values = values.iter().step_by(step).filter(|value| !value.contains('?'));
        searches.extend(values.map(|value| format!("{search}={value}")));
    }
    searches
}

/// How a class's name is told from a search, for messages.
pub(crate) fn example(class: &Class) -> &str {
    class.searches.first().map_or("", String::as_str)
}

/// Whether an answer is a searchset.
pub(crate) fn is_searchset(page: &serde_json::Value) -> bool {
    text_at(page, &["type"]) == Some("searchset")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_thinned_without_repetition() {
        let many: Vec<String> = (0..999).map(|n| n.to_string()).collect();
        let mut thinned = thin(many);
        thinned.sort_unstable();
        thinned.dedup();
        assert_eq!(thinned.len(), REQUESTS_PER_CLASS);
        assert_eq!(thin(vec!["a".into(), "b".into()]).len(), 2);
        assert!(thin(Vec::new()).is_empty());
    }

    #[test]
    fn every_class_has_searches_for_what_the_server_holds() {
        let patient = serde_json::json!({"resourceType": "Patient", "id": "1",
            "name": [{"family": "Berg", "given": ["Ada"]}], "birthDate": "1950-01-02"});
        let observation = serde_json::json!({"resourceType": "Observation", "id": "2",
            "effectiveDateTime": "2020-02-03T10:00:00Z",
            "code": {"coding": [{"system": "s", "code": "c"}]},
            "valueQuantity": {"value": 1.50, "system": "u", "code": "cm"}});
        let harvest = Harvest {
            patients: vec![patient],
            observations: vec![observation],
            ..Harvest::default()
        };
        let classes = classes(&harvest);
        let names: Vec<&str> = classes.iter().map(|class| class.name).collect();
        assert_eq!(names, ["string", "date", "token", "quantity", "composite", "reference"]);
        let all: Vec<&str> =
            classes.iter().flat_map(|class| class.searches.iter().map(String::as_str)).collect();
        assert!(all.contains(&"/Patient?birthdate=eq1950-01-02"), "{all:?}");
        assert!(all.contains(&"/Observation?code-value-quantity=s%7Cc$gt1.5"), "{all:?}");
    }
}
