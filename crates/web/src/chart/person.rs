//! Who the patient is: the banner, the lines of a search result, next of kin.

use akson_base::identifiers::{DNR, FHN, FNR};
use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use crate::datatypes::{address, concept, human_name, moment, telephone, text};
use crate::dates::{Moment, age};
use crate::messages::{code, t, tf};

/// The person of a Patient resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub id: String,
    pub name: Option<String>,
    /// National number (fødselsnummer, D-nummer or hjelpenummer), grouped `DDMMYY NNNNN`.
    pub number: Option<String>,
    pub birth: Option<Moment>,
    /// Death: the moment, when known; `Some(None)` when it is only known that it happened.
    pub death: Option<Option<Moment>>,
    /// As registered; never derived from the number.
    pub sex: Option<&'static str>,
    /// The same where what is normal, or offered, differs; as registered.
    pub gender: Option<Sex>,
    pub address: Option<String>,
    pub telephone: Option<String>,
    /// The general practitioner by name.
    pub practitioner: Option<String>,
    pub kin: Vec<Kin>,
}

/// The sexes that references of growth and offers of vaccines tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sex {
    Female,
    Male,
}

impl Sex {
    /// Of `Patient.gender`; `None` for what is neither, or not known.
    pub(crate) fn of(gender: &str) -> Option<Self> {
        match gender {
            "female" => Some(Self::Female),
            "male" => Some(Self::Male),
            _ => None,
        }
    }
}

/// Next of kin or another contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kin {
    pub name: String,
    pub relationship: Option<String>,
    pub telephone: Option<String>,
}

impl Person {
    /// Reads a Patient.
    pub(crate) fn read(patient: NodeRef<'_>) -> Self {
        let death = match (patient.first("deceased"), moment(patient, &["deceased"])) {
            (Some(_), Some(moment)) => Some(Some(moment)),
            (Some(node), None) if node.text() == Some("true") => Some(None),
            _ => None,
        };
        Self {
            id: text(patient, &["id"]).unwrap_or_default().to_owned(),
            name: human_name(patient),
            number: national_number(patient),
            birth: moment(patient, &["birthDate"]),
            death,
            sex: text(patient, &["gender"]).and_then(|gender| code("gender", gender)),
            gender: text(patient, &["gender"]).and_then(Sex::of),
            address: address(patient),
            telephone: telephone(patient),
            practitioner: text(patient, &["generalPractitioner", "display"]).map(str::to_owned),
            kin: Vec::new(),
        }
    }

    /// The name, or a clear word for its absence.
    pub(crate) fn name_or_unknown(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| t("person.no-name"))
    }

    /// `74 år`, or `død 12.03.2015, 83 år`.
    pub(crate) fn age(&self, today: Date) -> Option<String> {
        match self.death {
            None => self.birth.and_then(|birth| age(birth, today)),
            Some(None) => Some(t("person.dead").to_owned()),
            Some(Some(death)) => {
                let date = death.long();
                let years = self.birth.and_then(|birth| age(birth, death.date()));
                Some(match years {
                    Some(age) => tf("person.dead-at-age", &[("date", &date), ("age", &age)]),
                    None => tf("person.dead-on", &[("date", &date)]),
                })
            }
        }
    }
}

fn national_number(patient: NodeRef<'_>) -> Option<String> {
    let of = |system: &str| {
        patient
            .named("identifier")
            .find(|i| text(*i, &["system"]) == Some(system))
            .and_then(|i| text(i, &["value"]))
    };
    let number = [FNR, DNR, FHN].into_iter().find_map(of)?;
    Some(match (number.len(), number.get(..6), number.get(6..)) {
        (11, Some(date), Some(rest)) => format!("{date}\u{a0}{rest}"),
        _ => number.to_owned(),
    })
}

/// Whether a RelatedPerson is the next of kin (v2-0131 `N`).
pub(super) fn is_nearest_kin(related: NodeRef<'_>) -> bool {
    let mut codings =
        related.named("relationship").flat_map(|relationship| relationship.named("coding"));
    codings.any(|coding| {
        text(coding, &["system"]) == Some("http://terminology.hl7.org/CodeSystem/v2-0131")
            && text(coding, &["code"]) == Some("N")
    })
}

/// A RelatedPerson as next of kin.
pub(super) fn kin(related: NodeRef<'_>) -> Option<Kin> {
    Some(Kin {
        name: human_name(related)?,
        relationship: related.first("relationship").and_then(relationship),
        telephone: telephone(related),
    })
}

/// `Patient.contact`, for those without RelatedPersons.
pub(super) fn contacts(patient: NodeRef<'_>) -> Vec<Kin> {
    patient.named("contact").filter_map(kin).collect()
}

fn relationship(node: NodeRef<'_>) -> Option<String> {
    let known = node.named("coding").find_map(|c| code("relationship", text(c, &["code"])?));
    known.map(str::to_owned).or_else(|| concept(node))
}
