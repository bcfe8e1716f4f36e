//! The administrator's people: `/ansatte`, one of them with the roles, and changes of roles.
//!
//! A person is a Practitioner, a role a PractitionerRole with its time; both are written with the
//! administrator's own rights. For everybody else these addresses are not there.
//! Not here: a new employee (`hiring`), who may change the registers (`access`, asked by `record`),
//! HTML (`pages::people_page`, `pages::employee_page`).
//! Standard: <https://hl7.org/fhir/R4/practitionerrole.html>

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::decide::Situation;
use akson_access::rules::{Class, rights};
use akson_base::identifiers::{DNR, FNR, HPR};
use akson_base::{Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::model::{NodeRef, Resource};
use akson_record::request::{SearchRequest, Version};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::datatypes::{concept, display, human_name, moment, target_id, text};
use crate::dates::{Moment, parse_date};
use crate::forms::Form;
use crate::hiring;
use crate::messages::t;
use crate::pages::{employee_page, people_page};
use crate::response::{self, to};
use crate::routes::no_page;
use crate::sight::{Desk, Reader, parse};
use crate::who::Who;

/// The list's address.
pub(crate) const LIST: &str = "/ansatte";
/// People on one page of the list.
const PEOPLE_MAX: usize = 50;
/// Roles of one person, and roles that end soon, that are read.
const ROLES_MAX: usize = 100;
/// Organisations that a role can be in.
const UNITS_MAX: usize = 1_000;
/// A role that ends within so many days stands first.
const SOON_DAYS: i64 = 60;
/// Words of a search that are looked at.
const WORDS_MAX: usize = 5;

/// Somebody who works here, or did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Employee {
    pub id: String,
    pub name: String,
    pub hpr: Option<String>,
    /// Whether the register has a national number to log in by.
    pub has_national_number: bool,
    pub roles: Vec<Post>,
}

/// A role that somebody has, had or will have.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub id: String,
    pub version: u32,
    pub practitioner: String,
    pub title: String,
    /// `Organization/…`.
    pub unit: String,
    pub unit_name: String,
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    pub state: PostState,
}

/// Where a role is in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PostState {
    Now,
    Coming,
    Ended,
}

/// What somebody made of a role.
#[derive(Clone, Debug)]
pub(crate) struct PostChange {
    pub at: Moment,
    pub by: String,
    pub now: Post,
    /// As it was before; nothing for a new role.
    pub before: Option<Post>,
}

/// A page of the list.
pub(crate) struct People {
    pub query: String,
    pub soon: Vec<(Employee, Post)>,
    pub people: Vec<Employee>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The addresses of people and roles.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route(LIST, get(list))
        .route("/ansatte/ny", get(hiring::offer).post(hiring::hire))
        .route("/ansatte/{id}", get(one))
        .route("/ansatte/{id}/rolle/{role}", post(change))
}

/// Whether somebody keeps the registers of people and roles.
pub(crate) fn keeps_registers(who: &Who) -> bool {
    who.actor.role().is_some_and(|role| rights(role, Situation::None).may_write(Class::Directory))
}

type Asked = Query<HashMap<String, String>>;

/// The first page of the list; also the administrator's home.
pub(crate) async fn home(reader: Reader) -> Response {
    shown(&reader, "", None).await
}

async fn list(reader: Reader, Query(asked): Asked) -> Response {
    let query = asked.get("q").map_or("", |q| q.trim());
    shown(&reader, query, asked.get("videre").map(String::as_str)).await
}

async fn shown(reader: &Reader, query: &str, cursor: Option<&str>) -> Response {
    let people = reader.people(query, cursor).await;
    let page = |people| people_page::people(&people, &reader.who, reader.today());
    response::drawn(people.map(page), &reader.who)
}

async fn one(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let said = match asked.get("sagt").map(String::as_str) {
        Some("ny") => Some(t("employee.said-new")),
        Some("endret") => Some(t("employee.said-changed")),
        Some("avsluttet") => Some(t("employee.said-ended")),
        Some(_) | None => None,
    };
    response::drawn(reader.employee_page(&id, said, None).await, &reader.who)
}

async fn change(reader: Reader, Path((id, role)): Path<(String, String)>, form: Form) -> Response {
    let ends = form.field("gjor") == "avslutt";
    let changed = match ends {
        true => reader.end_role(&id, &role, &form).await,
        false => reader.change_end(&id, &role, &form).await,
    };
    let problem = match changed {
        Ok(()) if ends => return to(&format!("/ansatte/{id}?sagt=avsluttet")),
        Ok(()) => return to(&format!("/ansatte/{id}?sagt=endret")),
        Err(problem) => problem,
    };
    let Some(words) = words(&problem) else {
        return response::problem(&problem, Some(&reader.who), false);
    };
    let wrong = Wrong { role: &role, words, typed: form.field("til") };
    match reader.employee_page(&id, None, Some(&wrong)).await {
        Ok(markup) => response::told(&problem, markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What was wrong with a change of a role, and what was typed.
pub(crate) struct Wrong<'a> {
    pub role: &'a str,
    pub words: &'static str,
    pub typed: &'a str,
}

/// A problem with a role in the user's words; `None` for what the user cannot mend.
pub(crate) fn words(problem: &Problem) -> Option<&'static str> {
    Some(match problem.code {
        "REC-080" => t("employee.own-role"),
        "REC-081" => t("employee.own-number"),
        "REC-014" | "REC-002" => t("employee.changed-meanwhile"),
        NO_DATE => t("employee.wrong-date"),
        ENDS_BEFORE => t("employee.wrong-order"),
        _ => return None,
    })
}

/// Code of a text that is no date.
pub(crate) const NO_DATE: &str = "WEB-080";
/// Code of a role that would end before it begins, or in the past.
pub(crate) const ENDS_BEFORE: &str = "WEB-081";

pub(crate) fn no_date() -> Problem {
    Problem::new(Kind::Invalid, NO_DATE, "A date is written as 31.12.2026 or 2026-12-31.")
}

pub(crate) fn ends_before() -> Problem {
    let text = "A role ends today or later, and not before it begins. To end it at once, use the \
                button for it.";
    Problem::new(Kind::Invalid, ENDS_BEFORE, text)
}

pub(crate) fn type_of(name: &str) -> Result<ResourceType, Problem> {
    let missing = || Problem::fault("WEB-082", "the definitions lack a type of R4");
    Definitions::r4().resource_type(name).ok_or_else(missing)
}

fn no_role() -> Problem {
    Problem::new(Kind::NotFound, "WEB-083", "This person has no such role.")
}

pub(crate) fn quoted(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Reader {
    /// Refuses everybody who does not keep the registers, as if the page were not there.
    pub(crate) fn must_keep_registers(&self) -> Result<(), Problem> {
        if keeps_registers(&self.who) { Ok(()) } else { Err(no_page()) }
    }

    /// One page of a search, with the cursor of the next.
    async fn page_of(
        &self,
        name: &str,
        query: String,
    ) -> Result<(Vec<Resource>, Option<String>), Problem> {
        let request = SearchRequest {
            resource_type: Some(type_of(name)?),
            compartment: None,
            query,
            strict: true,
        };
        let page = self.record().search(&self.caller(), request).await?;
        let next = page.next_link.as_deref().and_then(|link| link.split_once("_cursor="));
        let next = next.map(|(_, cursor)| cursor.split('&').next().unwrap_or_default().to_string());
        let found = page.entries.iter().map(|(version, _)| parse(version));
        Ok((found.collect::<Result<_, _>>()?, next))
    }

    async fn people(&self, query: &str, cursor: Option<&str>) -> Result<People, Problem> {
        self.must_keep_registers()?;
        let today = self.today();
        let units = self.unit_names().await?;
        let soon = match (query, cursor) {
            ("", None) => self.ending_soon(&units, today).await?,
            _ => Vec::new(),
        };
        let mut asked = criteria(query);
        asked.push_str(&format!(
            "_sort=family&_count={PEOPLE_MAX}&_revinclude=PractitionerRole:practitioner"
        ));
        if let Some(cursor) = cursor {
            asked.push_str(&format!("&_cursor={}", quoted(cursor)));
        }
        let (found, next) = self.page_of("Practitioner", asked).await?;
        Ok(People {
            query: query.to_string(),
            soon,
            people: employees(&found, &units, today),
            next,
        })
    }

    /// The roles that end within [`SOON_DAYS`], the first to end first.
    async fn ending_soon(
        &self,
        units: &HashMap<String, String>,
        today: Date,
    ) -> Result<Vec<(Employee, Post)>, Problem> {
        let Ok(after) = today.checked_add(jiff::Span::new().days(SOON_DAYS + 1)) else {
            return Ok(Vec::new());
        };
        let query = format!(
            "date=ge{today}&date=eb{after}&_include=PractitionerRole:practitioner&_count={ROLES_MAX}"
        );
        let (found, _) = self.page_of("PractitionerRole", query).await?;
        let mut soon: Vec<(Employee, Post)> = employees(&found, units, today)
            .into_iter()
            .flat_map(|person| {
                let roles = person.roles.clone();
                roles.into_iter().map(move |role| (person.clone(), role))
            })
            .filter(|(_, role)| role.state != PostState::Ended && role.until.is_some())
            .collect();
        soon.sort_by_key(|(_, role)| role.until);
        Ok(soon)
    }

    /// The organisations by reference, with their names.
    pub(crate) async fn unit_names(&self) -> Result<HashMap<String, String>, Problem> {
        let query = format!("_count={UNITS_MAX}");
        let (found, _) = self.page_of("Organization", query).await?;
        let named = found.iter().filter(|one| text(one.root(), &["active"]) != Some("false"));
        let named = named.filter_map(|one| {
            let name = text(one.root(), &["name"])?.to_string();
            Some((format!("Organization/{}", one.id()?), name))
        });
        Ok(named.collect())
    }

    /// Somebody with all their roles.
    pub(crate) async fn employee(&self, id: &str) -> Result<Employee, Problem> {
        let (person, practitioner) = (self.caller(), type_of("Practitioner")?);
        let version = self.record().read(&person, practitioner, id).await?;
        let query = format!("practitioner=Practitioner/{}&_count={ROLES_MAX}", quoted(id));
        let (mut found, _) = self.page_of("PractitionerRole", query).await?;
        found.push(parse(&version)?);
        let units = self.unit_names().await?;
        let mut people = employees(&found, &units, self.today());
        people.pop().ok_or_else(no_page)
    }

    async fn employee_page(
        &self,
        id: &str,
        said: Option<&'static str>,
        wrong: Option<&Wrong<'_>>,
    ) -> Result<maud::Markup, Problem> {
        self.must_keep_registers()?;
        let employee = self.employee(id).await?;
        let changes = self.changes_of(&employee).await?;
        let is_self = *self.who.actor.id == *format!("Practitioner/{id}");
        let shown =
            employee_page::Shown { employee: &employee, changes: &changes, is_self, said, wrong };
        Ok(employee_page::employee(&shown, &self.who, self.today()))
    }

    /// What became of somebody's roles, newest first.
    async fn changes_of(&self, employee: &Employee) -> Result<Vec<PostChange>, Problem> {
        let of = type_of("PractitionerRole")?;
        let names: HashMap<String, String> =
            employee.roles.iter().map(|role| (role.unit.clone(), role.unit_name.clone())).collect();
        let mut all = Vec::new();
        for role in &employee.roles {
            let versions = self.record().changes(&self.caller(), of, &role.id).await?;
            let posts: Vec<Option<Post>> = versions
                .iter()
                .map(|change| post_of(&change.version, &names, self.today()))
                .collect::<Result<_, _>>()?;
            for (place, change) in versions.iter().enumerate() {
                let Some(now) = posts.get(place).cloned().flatten() else { continue };
                let before = posts.get(place + 1).cloned().flatten();
                let at = Moment::from_instant(change.version.time);
                all.push(PostChange { at, by: change.by.clone(), now, before });
            }
        }
        all.sort_by_key(|change| std::cmp::Reverse(change.at));
        Ok(all)
    }

    /// The role as it is stored now, when it is this person's.
    async fn stored_role(&self, id: &str, role: &str) -> Result<(Value, Post), Problem> {
        self.must_keep_registers()?;
        let of = type_of("PractitionerRole")?;
        let version = self.record().read(&self.caller(), of, role).await?;
        let post = post_of(&version, &HashMap::new(), self.today())?;
        let post = post.filter(|post| post.practitioner == id).ok_or_else(no_role)?;
        let body = serde_json::from_slice(&version.json).map_err(|_| no_role())?;
        Ok((body, post))
    }

    async fn store_role(&self, role: &str, body: &Value, form: &Form) -> Result<(), Problem> {
        // The version that was looked at: nobody's change is written over unseen.
        let version = form.field("versjon").parse().unwrap_or(0);
        self.update("PractitionerRole", role, version, body).await
    }

    /// Ends a role now.
    async fn end_role(&self, id: &str, role: &str, form: &Form) -> Result<(), Problem> {
        let (mut body, post) = self.stored_role(id, role).await?;
        if let Some(object) = body.as_object_mut() {
            object.insert("active".into(), json!(false));
            if post.state == PostState::Now {
                let period = object.entry("period").or_insert_with(|| json!({}));
                if let Some(period) = period.as_object_mut() {
                    period.insert("end".into(), json!(self.now().to_fhir()));
                }
            }
        }
        self.store_role(role, &body, form).await
    }

    /// Gives a role another last day, or none.
    async fn change_end(&self, id: &str, role: &str, form: &Form) -> Result<(), Problem> {
        let (mut body, post) = self.stored_role(id, role).await?;
        let until = match form.field("til").trim() {
            "" => None,
            typed => Some(parse_date(typed).ok_or_else(no_date)?),
        };
        let begins = post.from.map(Moment::date);
        let earliest = begins.map_or(self.today(), |begins| begins.max(self.today()));
        if post.state == PostState::Ended || until.is_some_and(|until| until < earliest) {
            return Err(ends_before());
        }
        if let Some(object) = body.as_object_mut() {
            let period = object.entry("period").or_insert_with(|| json!({}));
            if let Some(period) = period.as_object_mut() {
                match until {
                    Some(until) => period.insert("end".into(), json!(until.to_string())),
                    None => period.remove("end"),
                };
                if period.is_empty() {
                    object.remove("period");
                }
            }
        }
        self.store_role(role, &body, form).await
    }
}

/// A search text as criteria, each followed by `&`.
fn criteria(query: &str) -> String {
    let words = query.split_whitespace().take(WORDS_MAX);
    let criterion = |word: &str| match word.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("identifier={}&", quoted(word)),
        false => format!("name:contains={}&", quoted(word)),
    };
    words.map(criterion).collect()
}

/// The Practitioners among what was found, in that order, each with their roles among it.
fn employees(found: &[Resource], units: &HashMap<String, String>, today: Date) -> Vec<Employee> {
    let mut people: Vec<Employee> = found
        .iter()
        .map(Resource::root)
        .filter(|root| root.type_name() == "Practitioner")
        .map(employee)
        .collect();
    for root in found.iter().map(Resource::root) {
        if root.type_name() == "PractitionerRole"
            && let Some(role) = post_at(root, units, today)
            && let Some(person) = people.iter_mut().find(|one| one.id == role.practitioner)
        {
            person.roles.push(role);
        }
    }
    for person in &mut people {
        person.roles.sort_by(|a, b| a.state.cmp(&b.state).then_with(|| b.from.cmp(&a.from)));
    }
    people
}

fn employee(root: NodeRef<'_>) -> Employee {
    let number = |systems: &[&str]| {
        let mut all = root.named("identifier");
        all.find(|node| text(*node, &["system"]).is_some_and(|s| systems.contains(&s)))
            .and_then(|node| text(node, &["value"]))
            .map(str::to_string)
    };
    Employee {
        id: text(root, &["id"]).unwrap_or_default().to_string(),
        name: human_name(root).unwrap_or_else(|| t("person.no-name").to_string()),
        hpr: number(&[HPR]),
        has_national_number: number(&[FNR, DNR]).is_some(),
        roles: Vec::new(),
    }
}

pub(crate) fn post_of(
    version: &Version,
    units: &HashMap<String, String>,
    today: Date,
) -> Result<Option<Post>, Problem> {
    if version.deleted {
        return Ok(None);
    }
    Ok(post_at(parse(version)?.root(), units, today))
}

fn post_at(root: NodeRef<'_>, units: &HashMap<String, String>, today: Date) -> Option<Post> {
    let unit = root.first("organization");
    let reference = unit.and_then(|unit| text(unit, &["reference"])).unwrap_or_default();
    let from = moment(root, &["period", "start"]);
    let until = moment(root, &["period", "end"]);
    let is_over = until.is_some_and(|until| until.date() < today);
    let state = if text(root, &["active"]) == Some("false") || is_over {
        PostState::Ended
    } else if from.is_some_and(|from| from.date() > today) {
        PostState::Coming
    } else {
        PostState::Now
    };
    Some(Post {
        id: text(root, &["id"])?.to_string(),
        version: text(root, &["meta", "versionId"]).and_then(|v| v.parse().ok()).unwrap_or(0),
        practitioner: target_id(root.first("practitioner")?)?.to_string(),
        title: root
            .named("code")
            .find_map(concept)
            .unwrap_or_else(|| t("employee.no-title").into()),
        unit: reference.to_string(),
        unit_name: units
            .get(reference)
            .cloned()
            .or_else(|| unit.and_then(display))
            .unwrap_or_else(|| t("employee.no-unit").to_string()),
        from,
        until,
        state,
    })
}
