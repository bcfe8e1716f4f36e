//! The municipality's streets and postcodes: all made up.
//!
//! "Fjordvik kommune" with number 9901 does not exist; county "Nordfjell" neither. The postcodes
//! lie outside the ranges in use, and so do the telephone numbers: no Norwegian number begins
//! with 000.

use super::random::Random;
use super::write::{Json, object};

/// Name of the municipality.
pub(crate) const MUNICIPALITY: &str = "Fjordvik kommune";
const MUNICIPALITY_NUMBER: &str = "9901";
const COUNTY: &str = "Nordfjell";

/// A built-up area of the municipality.
#[derive(Debug)]
struct Place {
    postcode: &'static str,
    city: &'static str,
    /// Which home-care zone serves it: 0 west, 1 east.
    zone: usize,
    streets: &'static [&'static str],
}

const PLACES: [Place; 4] = [
    Place {
        postcode: "9990",
        city: "Fjordvik",
        zone: 0,
        streets: &[
            "Fjordgata",
            "Strandveien",
            "Kirkegata",
            "Skoleveien",
            "Havnegata",
            "Torggata",
            "Bryggeveien",
            "Prestegårdsveien",
            "Storgata",
            "Øvre Bakke",
        ],
    },
    Place {
        postcode: "9992",
        city: "Nesbygda",
        zone: 0,
        streets: &["Nesveien", "Fyrveien", "Sjøgata", "Naustbakken", "Skarvveien"],
    },
    Place {
        postcode: "9994",
        city: "Øvre Fjordvik",
        zone: 1,
        streets: &[
            "Lyngveien",
            "Bjørkeveien",
            "Furulia",
            "Elveveien",
            "Mølleveien",
            "Granittveien",
            "Solbakken",
            "Tyttebærstien",
        ],
    },
    Place {
        postcode: "9996",
        city: "Storvatn",
        zone: 1,
        streets: &["Vatnsveien", "Seterveien", "Fjellveien", "Sagveien", "Gamleveien"],
    },
];

/// Where someone lives.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) line: String,
    postcode: &'static str,
    pub(crate) city: &'static str,
    /// Home-care zone: 0 west, 1 east.
    pub(crate) zone: usize,
}

impl Address {
    /// A home somewhere in the municipality; half of the people live in the centre.
    pub(crate) fn draw(random: &mut Random) -> Address {
        let index = match random.between(0, 99) {
            0..=49 => 0,
            50..=64 => 1,
            65..=86 => 2,
            _ => 3,
        };
        let place = PLACES.get(index).unwrap_or(&PLACES[0]);
        let number = random.between(1, 68);
        let letter = if random.chance(0.12) { *random.pick(&["A", "B", "C"]) } else { "" };
        let line = format!("{} {number}{letter}", random.pick(place.streets));
        Address { line, postcode: place.postcode, city: place.city, zone: place.zone }
    }

    /// A given street and number in the centre.
    pub(crate) fn central(line: &str) -> Address {
        let [centre, ..] = &PLACES;
        Address {
            line: line.to_owned(),
            postcode: centre.postcode,
            city: centre.city,
            zone: centre.zone,
        }
    }

    /// As an Address with the Norwegian municipality code.
    pub(crate) fn json(&self, purpose: &'static str) -> Json {
        object! {
            "use": purpose,
            "type": "both",
            "line": [Json::from(&self.line)],
            "city": self.city,
            "district": MUNICIPALITY,
            "_district": object! { "extension": [object! {
                "url": "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode",
                "valueCoding": object! {
                    "system": "https://register.geonorge.no/sosi-kodelister/kommunenummer",
                    "code": MUNICIPALITY_NUMBER,
                    "display": MUNICIPALITY,
                },
            }] },
            "state": COUNTY,
            "postalCode": self.postcode,
            "country": "NO",
        }
    }
}

/// A telephone number that cannot belong to anybody.
pub(crate) fn phone(random: &mut Random) -> String {
    format!("000 {:02} {:03}", random.between(10, 99), random.between(0, 999))
}

/// A telephone number as a ContactPoint.
pub(crate) fn phone_json(number: &str, purpose: &'static str) -> Json {
    object! { "system": "phone", "value": number.to_owned(), "use": purpose }
}
