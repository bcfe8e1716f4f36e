//! Whoever can be logged in as is in the registers, with the role and the relationship that the
//! list promises.

use super::town::{charts, of_kind, options};
use akson_base::identifiers;
use akson_testkit::municipality::{self, Login};
use serde_json::Value;

fn logins() -> Vec<Login> {
    municipality::logins(&options(400, 1))
}

fn login(name_or_title: &str) -> Login {
    let wanted = |login: &Login| login.title == name_or_title || login.name == name_or_title;
    logins().into_iter().find(wanted).unwrap()
}

fn all(wanted: &'static str) -> impl Iterator<Item = &'static Value> {
    charts().iter().flat_map(move |chart| of_kind(chart, wanted))
}

fn has_identifier(resource: &Value, system: &str, value: &str) -> bool {
    let identifiers = resource["identifier"].as_array().into_iter().flatten();
    identifiers.into_iter().any(|one| one["system"] == system && one["value"] == value)
}

fn practitioner(login: &Login) -> &'static Value {
    let (system, value) = match &login.hpr_number {
        Some(hpr) => (identifiers::HPR, hpr),
        None => (identifiers::FNR, &login.national_number),
    };
    let mut found = all("Practitioner").filter(|one| has_identifier(one, system, value));
    let practitioner = found.next().unwrap_or_else(|| panic!("{} is not registered", login.name));
    assert!(found.next().is_none());
    practitioner
}

fn reference(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

fn roles(login: &Login) -> Vec<&'static Value> {
    let me = reference(practitioner(login));
    all("PractitionerRole")
        .filter(|role| role["practitioner"]["reference"] == me.as_str())
        .collect()
}

fn organisation(number: &str) -> &'static Value {
    let found = |one: &&Value| has_identifier(one, identifiers::ORGANISATION, number);
    all("Organization").find(found).unwrap()
}

/// The chart of a patient by name.
fn chart(given: &str, family: &str) -> &'static [Value] {
    let is_it = |chart: &&Vec<Value>| {
        of_kind(chart, "Patient").any(|patient| {
            let names = patient["name"][0]["given"].as_array().unwrap();
            let first: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            first.join(" ") == given && patient["name"][0]["family"] == family
        })
    };
    charts().iter().find(is_it).unwrap()
}

#[test]
fn the_list_is_in_the_order_in_which_people_are_offered() {
    let titles: Vec<&str> = logins().iter().map(|login| login.title).collect();
    let expected = [
        "Fastlege",
        "Sykepleier",
        "Sykehjemslege",
        "Helsesykepleier",
        "Saksbehandler",
        "Resepsjonist",
        "Vikar",
        "Personvernombud",
        "Administrator",
        "Lege",
        "Sykepleier på sykehjem",
        "Helsefagarbeider",
        "Sykepleiervikar",
        "Innbygger",
        "Forelder",
        "Forelder",
        "Verge",
        "Fullmektig",
    ];
    assert_eq!(titles, expected);
    // In the smallest municipality the services are there, and one inhabitant.
    assert_eq!(municipality::logins(&options(1, 1)).len(), 13);
    // A larger town does not change who these people are.
    assert_eq!(municipality::logins(&options(500, 1)), logins());
}

#[test]
fn everybody_at_work_has_a_role_in_the_organisation_that_the_login_names() {
    for login in logins().iter().filter(|login| !login.is_citizen) {
        assert!(identifiers::has_person_check_digits(&login.national_number), "{}", login.name);
        assert!(login.national_number[2..4].parse::<u8>().unwrap() > 80, "{}", login.name);
        let roles = roles(login);
        let place = |role: &&Value| role["organization"]["reference"].as_str().unwrap().to_owned();
        match &login.organisation_number {
            Some(number) => {
                let unit = organisation(number);
                assert_eq!(roles.iter().map(place).collect::<Vec<_>>(), [reference(unit)]);
                assert_eq!(unit["name"], login.organisation.unwrap());
            }
            None => assert_eq!(roles.len(), 2, "{}", login.name),
        }
        organisation(login.legal_entity_number.as_deref().unwrap());
    }
}

#[test]
fn roles_carry_the_codes_that_the_rules_are_by() {
    let cases = [
        ("Fastlege", "LE"),
        ("Sykepleier", "SP"),
        ("Sykehjemslege", "LE"),
        ("Helsesykepleier", "health-station-nurse"),
        ("Saksbehandler", "case-worker"),
        ("Resepsjonist", "receptionist"),
        ("Vikar", "HF"),
        ("Personvernombud", "privacy-officer"),
        ("Administrator", "administrator"),
        ("Lege", "LE"),
    ];
    for (title, code) in cases {
        for role in roles(&login(title)) {
            let coding = &role["code"][0]["coding"][0];
            let system = match code.len() {
                2 => "urn:oid:2.16.578.1.12.4.1.1.9060",
                _ => "https://akson.no/fhir/CodeSystem/role",
            };
            assert_eq!((&coding["code"], &coding["system"]), (&code.into(), &system.into()));
        }
    }
}

#[test]
fn the_temp_begins_today_and_stays_for_some_weeks() {
    let role = roles(&login("Vikar"))[0];
    assert_eq!(role["period"]["start"], super::town::TODAY);
    assert_eq!(role["period"]["end"], "2027-01-02");
}

#[test]
fn the_relationships_that_the_list_promises_are_in_the_charts() {
    let ingrid = chart("Ingrid", "Solbakken");
    let patient = of_kind(ingrid, "Patient").next().unwrap();
    let doctor = reference(practitioner(&login("Fastlege")));
    assert_eq!(patient["generalPractitioner"][0]["reference"], doctor.as_str());
    let nurse = login("Sykepleier");
    let team = of_kind(ingrid, "CareTeam").next().unwrap();
    assert_eq!(team["status"], "active");
    let me = reference(practitioner(&nurse));
    assert_eq!(team["participant"][0]["member"]["reference"], me.as_str());

    let followed = |chart: &[Value], title: &str| {
        let login = login(title);
        let number = login.organisation_number.as_deref().unwrap();
        let unit = reference(organisation(number));
        of_kind(chart, "EpisodeOfCare").any(|episode| {
            episode["status"] == "active"
                && episode["managingOrganization"]["reference"] == unit.as_str()
        })
    };
    assert!(followed(ingrid, "Sykepleier"));
    assert!(followed(chart("Asbjørn", "Lunde"), "Sykehjemslege"));
    for (given, family) in [("Emil", "Haugland"), ("Sara", "Nygård"), ("Marte", "Tveit Haugland")]
    {
        assert!(followed(chart(given, family), "Helsesykepleier"), "{given}");
    }
    assert!(!followed(chart("Jonas", "Myklebust"), "Helsesykepleier"));
    let office = login("Saksbehandler").organisation_number.unwrap();
    let office = reference(organisation(&office));
    let waiting = of_kind(ingrid, "ServiceRequest").filter(|request| {
        request["status"] == "active" && request["performer"][0]["reference"] == office.as_str()
    });
    assert_eq!(waiting.count(), 1, "an application to decide on");
}

#[test]
fn parents_guardian_and_attorney_stand_in_the_charts_of_those_they_act_for() {
    let cases = [
        ("Marte Tveit Haugland", "Emil", "Haugland", "MTH"),
        ("Hilde Nygård", "Sara", "Nygård", "MTH"),
        ("Bente Lunde Moen", "Asbjørn", "Lunde", "GUARD"),
        ("Marit Solbakken Lie", "Ingrid", "Solbakken", "POWATT"),
    ];
    for (name, given, family, code) in cases {
        let number = login(name).national_number;
        let related: Vec<&Value> = of_kind(chart(given, family), "RelatedPerson")
            .filter(|related| has_identifier(related, identifiers::FNR, &number))
            .collect();
        assert_eq!(related.len(), 1, "{name}");
        assert_eq!(related[0]["relationship"][0]["coding"][0]["code"], code);
        let lasts = related[0]["period"]["end"].as_str();
        assert_eq!(lasts.is_some_and(|end| end > super::town::TODAY), code != "MTH");
        // They have a chart of their own, too.
        let own = |one: &&Value| has_identifier(one, identifiers::FNR, &number);
        assert!(all("Patient").any(|one| own(&one)), "{name}");
    }
}

#[test]
fn somebody_comes_to_the_office_and_to_the_health_station_today() {
    for title in ["Resepsjonist", "Helsesykepleier"] {
        let login = login(title);
        let unit = organisation(login.organisation_number.as_deref().unwrap());
        let place =
            reference(unit).replace("Organization", "Location").replace("virksomhet", "sted");
        let today = all("Appointment").filter(|appointment| {
            let actors = appointment["participant"].as_array().unwrap();
            appointment["start"].as_str().unwrap().starts_with(super::town::TODAY)
                && actors.iter().any(|one| one["actor"]["reference"] == place.as_str())
        });
        assert!(today.count() >= 2, "{title}");
    }
}
