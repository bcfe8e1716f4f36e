//! A new employee, or one more role for somebody who works here: `/ansatte/ny`.
//!
//! There is nothing to send out: whoever has the role and shows the number by HelseID is in. What
//! was typed stays in the form until it is right.
//! Not here: the list and changes of roles (`people`), HTML (`pages::hiring_page`).

use std::collections::{BTreeMap, HashMap};

use akson_access::{ROLE_SYSTEM, Role};
use akson_base::identifiers::{FHN, HPR, is_hpr_number, person_number_system};
use akson_base::{Kind, Problem};
use axum::extract::Query;
use axum::response::Response;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::dates::parse_date;
use crate::forms::Form;
use crate::messages::{code, recorded_code, t};
use crate::pages::hiring_page;
use crate::people::{Employee, PostState, ends_before, no_date, quoted, words};
use crate::response::{self, to};
use crate::sight::Reader;
use crate::writing::Together;

/// The register of health personnel's categories (Volven 9060).
const HPR_CATEGORIES: &str = "urn:oid:2.16.578.1.12.4.1.1.9060";
/// Longest name that is taken.
const NAME_CHARACTERS_MAX: usize = 100;
/// What somebody can be employed as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// In forms, and in the table of titles.
    pub code: &'static str,
    pub role: Role,
    /// The category of an authorisation; such a role needs an HPR number.
    pub category: Option<&'static str>,
}

const fn template(code: &'static str, role: Role, category: Option<&'static str>) -> Template {
    Template { code, role, category }
}

/// In the order in which they are offered.
pub(crate) const TEMPLATES: [Template; 14] = [
    template("nurse", Role::Nurse, Some("SP")),
    template("healthcare-worker", Role::HealthcareWorker, Some("HF")),
    template("assistant", Role::HealthcareWorker, None),
    template("doctor", Role::Doctor, Some("LE")),
    template("health-station-nurse", Role::HealthStationNurse, Some("SP")),
    template("midwife", Role::Nurse, Some("JO")),
    template("social-educator", Role::HealthcareWorker, Some("VP")),
    template("psychologist", Role::Doctor, Some("PS")),
    template("physiotherapist", Role::Therapist, Some("FT")),
    template("occupational-therapist", Role::Therapist, Some("ET")),
    template("case-worker", Role::CaseWorker, None),
    template("receptionist", Role::Receptionist, None),
    template("privacy-officer", Role::PrivacyOfficer, None),
    template("administrator", Role::Administrator, None),
];

impl Template {
    /// The title as the registers have it.
    pub(crate) fn title(&self) -> &'static str {
        recorded_code("job", self.code).unwrap_or(self.code)
    }

    /// The title as the reader has it.
    pub(crate) fn shown(&self) -> &'static str {
        code("job", self.code).unwrap_or(self.code)
    }
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed {
    pub number: String,
    pub given: String,
    pub family: String,
    pub role: String,
    pub unit: String,
    pub from: String,
    pub until: String,
}

/// The form as it is shown.
pub(crate) struct Hiring<'a> {
    pub typed: &'a Typed,
    /// Somebody whom the register has already: gets one more role.
    pub person: Option<&'a Employee>,
    /// Units by name, with their references.
    pub units: &'a [(String, String)],
    /// By field what is wrong with it; under "" what is wrong with the whole.
    pub wrong: &'a BTreeMap<&'static str, &'static str>,
    /// Whether the person was found by the number just now, and is to be confirmed.
    pub is_found: bool,
}

/// What was typed, understood.
struct Understood {
    template: &'static Template,
    unit: (String, String),
    from: Date,
    until: Option<Date>,
}

type Wrong = BTreeMap<&'static str, &'static str>;

fn of_form(form: &Form) -> Typed {
    let field = |name: &str| form.field(name).trim().to_string();
    Typed {
        number: form.field("nummer").chars().filter(|c| !c.is_whitespace()).collect(),
        given: field("fornavn"),
        family: field("etternavn"),
        role: field("rolle"),
        unit: field("enhet"),
        from: field("fra"),
        until: field("til"),
    }
}

pub(crate) async fn offer(
    reader: Reader,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let shown = async {
        reader.must_keep_registers()?;
        let typed = Typed { from: reader.today().to_string(), ..Typed::default() };
        let person = match asked.get("person") {
            Some(id) => Some(reader.employee(id).await?),
            None => None,
        };
        reader.hiring(&typed, person.as_ref(), &Wrong::new(), false).await
    };
    response::drawn(shown.await, &reader.who)
}

pub(crate) async fn hire(reader: Reader, form: Form) -> Response {
    match reader.hire(&form).await {
        Ok(Hired::As(id)) => to(&format!("/ansatte/{id}?sagt=ny")),
        Ok(Hired::NotYet(problem, markup)) => response::told(&problem, markup),
        Ok(Hired::Confirm(markup)) => response::html(markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What became of a form.
enum Hired {
    /// `Practitioner.id`.
    As(String),
    /// The form again, with what is wrong.
    NotYet(Problem, maud::Markup),
    /// The form again, with whom the number belongs to.
    Confirm(maud::Markup),
}

impl Reader {
    async fn hiring(
        &self,
        typed: &Typed,
        person: Option<&Employee>,
        wrong: &Wrong,
        is_found: bool,
    ) -> Result<maud::Markup, Problem> {
        let units = self.units().await?;
        let hiring = Hiring { typed, person, units: &units, wrong, is_found };
        Ok(hiring_page::hiring(&hiring, &self.who))
    }

    /// Names and references of the units, by name.
    async fn units(&self) -> Result<Vec<(String, String)>, Problem> {
        let names = self.unit_names().await?;
        let mut units: Vec<(String, String)> =
            names.into_iter().map(|(reference, name)| (name, reference)).collect();
        units.sort();
        Ok(units)
    }

    async fn hire(&self, form: &Form) -> Result<Hired, Problem> {
        self.must_keep_registers()?;
        let typed = of_form(form);
        let units = self.units().await?;
        let mut wrong = Wrong::new();
        let understood = understand(&typed, &units, self.today(), &mut wrong);
        let chosen = match form.field("person") {
            "" => None,
            id => Some(self.employee(id).await?),
        };
        let system = match &chosen {
            Some(_) => None,
            None => number_system(&typed.number, &mut wrong),
        };
        let found = match system {
            Some(system) => self.by_number(system, &typed.number, &mut wrong).await?,
            None => None,
        };
        let person = chosen.as_ref().or(found.as_ref());
        if person.is_none() {
            check_names(&typed, &mut wrong);
        }
        let has_hpr = person.map_or(system == Some(HPR), |person| person.hpr.is_some());
        if let Some(understood) = &understood {
            check_role(understood, person, has_hpr, &mut wrong);
        }
        let understood = match understood {
            Some(understood) if wrong.is_empty() => understood,
            Some(_) | None => {
                let markup = self.hiring(&typed, person, &wrong, false).await?;
                return Ok(Hired::NotYet(not_complete(), markup));
            }
        };
        if found.is_some() {
            return Ok(Hired::Confirm(self.hiring(&typed, person, &wrong, true).await?));
        }
        let hired = match (person, system) {
            (Some(person), _) => self.give_role(person, &understood).await,
            (None, Some(system)) => self.give_first_role(system, &typed, &understood).await,
            (None, None) => Err(not_complete()),
        };
        match hired {
            Ok(id) => Ok(Hired::As(id)),
            Err(problem) => {
                let Some(said) = words(&problem) else { return Err(problem) };
                wrong.insert("", said);
                let markup = self.hiring(&typed, person, &wrong, false).await?;
                Ok(Hired::NotYet(problem, markup))
            }
        }
    }

    /// Whom the register has under a number.
    async fn by_number(
        &self,
        system: &str,
        number: &str,
        wrong: &mut Wrong,
    ) -> Result<Option<Employee>, Problem> {
        let query = format!("identifier={}%7C{number}&_count=2", quoted(system));
        let found = self.search(&self.caller(), "Practitioner", query).await?;
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(self.employee(one.id().unwrap_or_default()).await?)),
            [..] => {
                wrong.insert("nummer", t("hiring.wrong-twice"));
                Ok(None)
            }
        }
    }

    async fn give_role(&self, person: &Employee, role: &Understood) -> Result<String, Problem> {
        let body = practitioner_role(&format!("Practitioner/{}", person.id), &person.name, role);
        self.create(&body).await?;
        Ok(person.id.clone())
    }

    /// Registers the person and the role, both or neither; `Practitioner.id`.
    async fn give_first_role(
        &self,
        system: &'static str,
        typed: &Typed,
        role: &Understood,
    ) -> Result<String, Problem> {
        let name = format!("{} {}", typed.given, typed.family);
        let given: Vec<&str> = typed.given.split_whitespace().collect();
        let person = json!({
            "resourceType": "Practitioner",
            "identifier": [{"system": system, "value": typed.number}],
            "active": true,
            "name": [{"use": "official", "text": name, "family": typed.family, "given": given}],
        });
        let condition = format!("identifier={}%7C{}", quoted(system), typed.number);
        let mut together = Together::default();
        let new = together.create_unless(&condition, &person);
        together.create(&practitioner_role(&new, &name, role));
        let stored = self.store(together).await?;
        let id = stored.first().and_then(|person| person.split_once('/'));
        Ok(id.map_or_else(String::new, |(_, id)| id.to_owned()))
    }
}

fn not_complete() -> Problem {
    let text = "The form is not complete, or something in it is wrong; the page says what.";
    Problem::new(Kind::Invalid, "WEB-084", text)
}

fn understand(
    typed: &Typed,
    units: &[(String, String)],
    today: Date,
    wrong: &mut Wrong,
) -> Option<Understood> {
    let template = TEMPLATES.iter().find(|template| template.code == typed.role);
    if template.is_none() {
        wrong.insert("rolle", t("hiring.wrong-role"));
    }
    let unit = units.iter().find(|(_, reference)| *reference == typed.unit).cloned();
    if unit.is_none() {
        wrong.insert("enhet", t("hiring.wrong-unit"));
    }
    let from = if typed.from.is_empty() { Some(today) } else { parse_date(&typed.from) };
    if from.is_none() {
        wrong.insert("fra", words(&no_date()).unwrap_or_default());
    }
    let until = match typed.until.as_str() {
        "" => Some(None),
        text => parse_date(text).map(Some),
    };
    if until.is_none() {
        wrong.insert("til", words(&no_date()).unwrap_or_default());
    }
    let (from, until) = (from?, until?);
    if until.is_some_and(|until| until < from.max(today)) {
        wrong.insert("til", words(&ends_before()).unwrap_or_default());
    }
    Some(Understood { template: template?, unit: unit?, from, until })
}

/// The system of a number that somebody can log in by.
fn number_system(number: &str, wrong: &mut Wrong) -> Option<&'static str> {
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    match (number.len(), person_number_system(number)) {
        (7..=9, _) if is_hpr_number(number) => Some(HPR),
        (11, Some(system)) if system != FHN => Some(system),
        (11, _) if digits => {
            wrong.insert("nummer", t("hiring.wrong-check"));
            None
        }
        _ => {
            wrong.insert("nummer", t("hiring.wrong-number"));
            None
        }
    }
}

fn check_names(typed: &Typed, wrong: &mut Wrong) {
    for (field, name) in [("fornavn", &typed.given), ("etternavn", &typed.family)] {
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
            wrong.insert(field, t("hiring.wrong-name"));
        }
    }
}

fn check_role(role: &Understood, person: Option<&Employee>, has_hpr: bool, wrong: &mut Wrong) {
    if role.template.category.is_some() && !has_hpr {
        wrong.insert("rolle", t("hiring.wrong-licence"));
    }
    let has_it = person.is_some_and(|person| {
        person.roles.iter().any(|post| {
            post.state != PostState::Ended
                && post.unit == role.unit.1
                && post.title == role.template.title()
                && post.until.is_none_or(|until| until.date() >= role.from)
        })
    });
    if has_it {
        wrong.insert("rolle", t("hiring.wrong-has"));
    }
}

fn practitioner_role(person: &str, name: &str, role: &Understood) -> Value {
    let title = role.template.title();
    let own = json!({"coding": [{
        "system": ROLE_SYSTEM, "code": role.template.role.code()}], "text": title});
    let category = role.template.category.map(
        |category| json!({"coding": [{"system": HPR_CATEGORIES, "code": category}], "text": title}),
    );
    let code: Vec<Value> = [Some(own), category].into_iter().flatten().collect();
    let mut period = json!({"start": role.from.to_string()});
    if let (Some(until), Some(period)) = (role.until, period.as_object_mut()) {
        period.insert("end".into(), json!(until.to_string()));
    }
    json!({
        "resourceType": "PractitionerRole",
        "active": true,
        "period": period,
        "practitioner": {"reference": person, "display": name},
        "organization": {"reference": role.unit.1, "display": role.unit.0},
        "code": code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_title_and_a_role_that_the_registers_understand() {
        for template in &TEMPLATES {
            assert!(code("job", template.code).is_some(), "{}", template.code);
            assert_eq!(Role::of_code(template.role.code()), Some(template.role));
        }
    }

    #[test]
    fn numbers_are_told_apart_and_checked() {
        for (number, expected) in [
            ("565108922", Some(HPR)),
            ("02013299997", Some(akson_base::identifiers::FNR)),
            ("02013299998", None),
            ("123", None),
            ("", None),
            ("abcdefgh", None),
        ] {
            let mut wrong = Wrong::new();
            assert_eq!(number_system(number, &mut wrong), expected, "{number}");
            assert_eq!(wrong.is_empty(), expected.is_some(), "{number}");
        }
    }
}
