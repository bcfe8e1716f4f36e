//! The access log as FHIR AuditEvents: `AuditEvent?patient=…`, `AuditEvent?type=…|110114` (logins and
//! logouts) and `AuditEvent/log-…`.
//!
//! The log is no resource that somebody wrote: it is told as one to those who may read it. Who
//! looked, on what ground, at what; to the patient without the words of searches, which may be
//! about others.
//! Standard: <https://profiles.ihe.net/ITI/BALP> (PatientRead, PatientQuery and so on),
//! <https://hl7.org/fhir/R4/auditevent.html>

use akson_access::decide::may_review_log;
use akson_access::{Ground, Role};
use akson_audit::{AUTHENTICATIONS, Access, Action, Entry, Place};
use akson_base::{Kind, Problem, limits};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::keys::PatientNumber;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{authentications, not_found, target};
use crate::Record;
use crate::bounds::{READ, SEARCH};
use crate::request::{Caller, Mode, Page, SearchRequest, Version};
use crate::sight::Sight;

/// Ids of AuditEvents that tell an entry of the log: `log-[commit]-[position]`, or with the
/// patient whose they are.
const ID_PREFIX: &str = "log-";
/// Entries looked at for one page, when only some of them are wanted.
const LOOKED_AT_MAX: usize = 100_000;
/// Entries read at a time.
const STEP: usize = 500;

/// What a search for entries asks.
struct Asked {
    /// Empty when logins and logouts are asked for.
    patient: String,
    is_of_logins: bool,
    /// `[start, end)` of times, milliseconds since 1970.
    times: Vec<(i64, i64)>,
    agent: Option<String>,
    count: usize,
    before: Place,
    /// The query without its cursor.
    used: String,
}

impl Record {
    /// A page of the log, when that is what a search for AuditEvents asks for: those of one patient,
    /// by time and agent. `None` for any other.
    pub(crate) async fn log_page(
        &self,
        caller: &Caller,
        request: &SearchRequest,
    ) -> Result<Option<Page>, Problem> {
        let Some(asked) = Asked::of(request)? else { return Ok(None) };
        let sight = self.sight(caller, SEARCH)?;
        let entry = || {
            Entry::reading(&sight.permit, "search-type", &caller.trace)
                .about("AuditEvent")
                .asked(&request.query)
        };
        self.refuse_beyond_scopes(&sight, request.resource_type, entry).await?;
        let mut page = Page { self_link: link(&asked.used, None), ..Page::default() };
        if asked.is_of_logins {
            if reads_authentications(&sight, caller, asked.agent.as_deref()) {
                self.fill(&sight, caller, &asked, AUTHENTICATIONS, &mut page)?;
            }
            self.log(&sight, entry(), None).await?;
            return Ok(Some(page));
        }
        let number = {
            let snapshot = self.store.snapshot();
            self.store.patient_number(snapshot.as_ref(), &asked.patient)?
        };
        // Hidden and absent look the same: nobody's log is empty.
        if let Some(number) = number
            && sight.reads_log(Some(number))?
        {
            self.fill(&sight, caller, &asked, number, &mut page)?;
        }
        let entry = entry();
        if sight.reads_log(number)? {
            self.log(&sight, entry, number).await?;
        } else {
            self.log_entries(&[entry.on(Ground::Refused).concerning(number)]).await?;
        }
        Ok(Some(page))
    }

    fn fill(
        &self,
        sight: &Sight,
        caller: &Caller,
        asked: &Asked,
        number: PatientNumber,
        page: &mut Page,
    ) -> Result<(), Problem> {
        let with_query = caller.actor.role() != Some(Role::Citizen);
        let mut before = asked.before;
        let mut looked_at = 0;
        if asked.before == Place::NONE {
            return Ok(());
        }
        while looked_at < LOOKED_AT_MAX {
            let found = self.accesses.accesses(&sight.permit, number, before, STEP)?;
            looked_at += found.len();
            let ends = found.len() < STEP;
            for access in found {
                if page.entries.len() == asked.count {
                    page.next_link = Some(link(&asked.used, Some(before)));
                    return Ok(());
                }
                before = access.place;
                if asked.wants(&access) {
                    let version = audit_event(&access, &asked.patient, with_query)?;
                    if sight.told_is_within(&version, number)? {
                        page.entries.push((version, Mode::Match));
                    }
                }
            }
            if ends {
                // A full page says that there may be more: what others have sent in.
                let is_full = page.entries.len() == asked.count;
                page.next_link = is_full.then(|| link(&asked.used, Some(Place::NONE)));
                return Ok(());
            }
        }
        page.next_link = Some(link(&asked.used, Some(before)));
        Ok(())
    }

    /// One entry of the log by its id; `None` when the id is not of that form.
    pub(crate) async fn log_entry(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Option<Version>, Problem> {
        let Some(place) = place_of(resource_type, id) else { return Ok(None) };
        let sight = self.sight(caller, READ)?;
        let entry = || {
            Entry::reading(&sight.permit, "read", &caller.trace).about(target(resource_type, id))
        };
        self.refuse_beyond_scopes(&sight, Some(resource_type), entry).await?;
        let access = self.accesses.at(&sight.permit, place)?;
        let access = access.ok_or_else(|| not_found(resource_type))?;
        if access.entry.is_authentication() {
            if !reads_authentications(&sight, caller, Some(&access.entry.actor)) {
                return Err(not_found(resource_type));
            }
            self.log(&sight, entry(), None).await?;
            return audit_event(&access, "", false).map(Some);
        }
        for patient in access.entry.patients.iter().map(|number| PatientNumber(*number)) {
            if sight.reads_log(Some(patient))?
                && let Some(patient_id) = self.patient_id(patient)?
            {
                let with_query = caller.actor.role() != Some(Role::Citizen);
                let version = audit_event(&access, &patient_id, with_query)?;
                if !sight.told_is_within(&version, patient)? {
                    continue;
                }
                self.log(&sight, entry(), [patient]).await?;
                return Ok(Some(version));
            }
        }
        Err(not_found(resource_type))
    }

    fn patient_id(&self, patient: PatientNumber) -> Result<Option<String>, Problem> {
        Ok(Some(self.known.of(patient)?.id.clone()).filter(|id| !id.is_empty()))
    }
}

/// Whether the caller may see who logged in and out: the privacy officer everybody, everybody else
/// themselves. No app does: no scope is about it.
fn reads_authentications(sight: &Sight, caller: &Caller, agent: Option<&str>) -> bool {
    if caller.actor.scopes.is_some() {
        return false;
    }
    sight.judge().is_none()
        || may_review_log(&caller.actor)
        || agent.is_some_and(|agent| *agent == *caller.actor.id)
}

/// Whether a search is for AuditEvents: no other is the log's to answer.
pub(super) fn is_of_log(request: &SearchRequest) -> bool {
    request.resource_type == Definitions::r4().resource_type("AuditEvent")
}

/// Whether an id has the form of those that tell entries of the log.
pub(super) fn is_log_entry(id: &str) -> bool {
    id.starts_with(ID_PREFIX)
}

fn place_of(resource_type: ResourceType, id: &str) -> Option<Place> {
    if Some(resource_type) != Definitions::r4().resource_type("AuditEvent") {
        return None;
    }
    place(id.strip_prefix(ID_PREFIX)?)
}

/// `commit-position`.
fn place(text: &str) -> Option<Place> {
    let (commit, position) = text.split_once('-')?;
    Some(Place { commit: commit.parse().ok()?, position: position.parse().ok()? })
}

fn link(used: &str, before: Option<Place>) -> String {
    match before {
        None => format!("AuditEvent?{used}"),
        Some(place) => {
            format!("AuditEvent?{used}&_cursor={ID_PREFIX}{}-{}", place.commit, place.position)
        }
    }
}

impl Asked {
    fn of(request: &SearchRequest) -> Result<Option<Self>, Problem> {
        if request.compartment.is_some() {
            return Ok(None);
        }
        let mut asked = Self {
            patient: String::new(),
            is_of_logins: false,
            times: Vec::new(),
            agent: None,
            count: limits::PAGE_ENTRIES_DEFAULT,
            before: Place::END,
            used: String::new(),
        };
        let mut used = Vec::new();
        for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let Ok(value) = percent_decode_str(raw).decode_utf8() else { return Ok(None) };
            if !asked.take(name, &value)? {
                return Ok(None);
            }
            if name != "_cursor" {
                used.push(pair);
            }
        }
        asked.used = used.join("&");
        Ok(Some(asked).filter(|asked| asked.patient.is_empty() == asked.is_of_logins))
    }

    /// Takes one parameter; `false` for one that the log does not answer.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        match name {
            "patient" | "patient.identifier" if value.contains([',', '|']) => return Ok(false),
            "patient" => {
                self.patient = value.strip_prefix("Patient/").unwrap_or(value).to_string();
            }
            "type" if authentications::is_asked_for(value) => self.is_of_logins = true,
            "agent" => self.agent = Some(value.to_string()),
            "date" => self.times.push(times(value)?),
            "_count" => {
                let count: usize = value.parse().map_err(|_| wrong())?;
                self.count = count.clamp(1, limits::PAGE_ENTRIES_MAX);
            }
            "_cursor" => match value.strip_prefix(ID_PREFIX).and_then(place) {
                Some(place) => self.before = place,
                None => return Ok(false),
            },
            "_sort" => return Ok(value == "-date"),
            // A server may leave the total out, and the log has none at hand.
            "_total" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn wants(&self, access: &Access) -> bool {
        let time = access.time.0;
        let agent = self.agent.as_ref().is_none_or(|agent| **agent == *access.entry.actor);
        agent && self.times.iter().all(|(start, end)| (*start..*end).contains(&time))
    }
}

/// The moments that a date parameter lets through.
fn times(value: &str) -> Result<(i64, i64), Problem> {
    let prefix = value.get(..2).unwrap_or_default();
    let rest = value.get(2..).unwrap_or_default();
    let interval = |text: &str| super::interval(text).ok_or_else(wrong);
    Ok(match prefix {
        "ge" => (interval(rest)?.0, i64::MAX),
        "sa" | "gt" => (interval(rest)?.1, i64::MAX),
        "le" => (i64::MIN, interval(rest)?.1),
        "lt" | "eb" => (i64::MIN, interval(rest)?.0),
        "eq" => interval(rest)?,
        _ => interval(value)?,
    })
}

fn wrong() -> Problem {
    Problem::new(
        Kind::Invalid,
        "REC-050",
        "A search of the log takes patient (or type 110114), date (eq, ge, gt, le, lt), agent, \
         _count and _sort=-date; one of them has a value that cannot be read.",
    )
}

/// An entry as an AuditEvent about one patient; about none, of a login or logout.
fn audit_event(access: &Access, patient: &str, with_query: bool) -> Result<Version, Problem> {
    let entry = &access.entry;
    let of = Definitions::r4()
        .resource_type("AuditEvent")
        .ok_or_else(|| Problem::fault("REC-049", "the definitions lack a type of R4"))?;
    let id = format!("{ID_PREFIX}{}-{}", access.place.commit, access.place.position);
    let recorded = access.time.to_fhir();
    let is_refused = *entry.ground == *Ground::Refused.code();
    let is_authentication = entry.is_authentication();
    let (kind, subtype) = match is_authentication {
        true => authentications::codings(entry),
        false => {
            let rest = coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest");
            (rest, subtype(&entry.interaction))
        }
    };
    let mut body = json!({
        "resourceType": "AuditEvent",
        "id": id,
        "meta": {"versionId": "1", "lastUpdated": recorded},
        "type": kind,
        "subtype": [subtype],
        "action": action(entry.action),
        "recorded": recorded,
        "outcome": if is_refused { "4" } else { "0" },
        "agent": agents(entry),
        "source": {"observer": {"display": "Akson"}, "type": [coding(
            "http://terminology.hl7.org/CodeSystem/security-source-type", "4")]},
        "entity": entities(entry, patient, with_query),
    });
    if is_refused {
        let told = if is_authentication { entry.said.as_str() } else { "no access" };
        add(&mut body, "outcomeDesc", json!(told));
    }
    if !is_authentication {
        add(&mut body, "purposeOfEvent", purposes(entry));
    }
    Ok(Version {
        resource_type: of,
        id,
        version: 1,
        time: access.time,
        deleted: false,
        json: Bytes::from(body.to_string()),
    })
}

fn add(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.into(), value);
    }
}

fn coding(system: &str, code: &str) -> Value {
    json!({"system": system, "code": code})
}

fn subtype(interaction: &str) -> Value {
    // What is not an interaction of the standard is a page or a step of ours.
    let of_standard = [
        "read",
        "vread",
        "update",
        "delete",
        "create",
        "transaction",
        "batch",
        "search-type",
        "search-system",
        "history-instance",
        "history-type",
        "history-system",
    ];
    match of_standard.contains(&interaction) {
        true => coding("http://hl7.org/fhir/restful-interaction", interaction),
        false => coding("https://akson.no/fhir/CodeSystem/interaction", interaction),
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::C => "C",
        Action::R => "R",
        Action::U => "U",
        Action::D => "D",
        Action::E => "E",
    }
}

const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// The ground that we found, then what the caller said that it was for.
fn purposes(entry: &Entry) -> Value {
    let found = json!({"text": &*entry.ground, "coding": purpose(&entry.ground)});
    match &*entry.purpose {
        "" => json!([found]),
        said => json!([found, {"coding": [coding(REASON, said)]}]),
    }
}

/// The ground in HL7's words, beside our own.
fn purpose(ground: &str) -> Value {
    let own = coding("https://akson.no/fhir/CodeSystem/ground", ground);
    let known = match ground {
        "care-relationship" | "decided" => "TREAT",
        "emergency" => "ETREAT",
        "own" => "PATRQT",
        "parent" | "guardian" | "attorney" => "FAMRQT",
        _ => return json!([own]),
    };
    json!([coding(REASON, known), own])
}

fn agents(entry: &Entry) -> Value {
    let is_person =
        ["Practitioner/", "Patient/", "RelatedPerson/"].iter().any(|t| entry.actor.starts_with(t));
    let who = match is_person {
        true => json!({"display": &*entry.display, "reference": &*entry.actor}),
        false => json!({"display": &*entry.display, "identifier": {"value": &*entry.actor}}),
    };
    let mut person = json!({
        "type": {"coding": [coding(
            "http://terminology.hl7.org/CodeSystem/extra-security-role-type", "humanuser")]},
        "who": who,
        "requestor": true,
    });
    if !entry.role.is_empty() {
        let role = coding(akson_access::ROLE_SYSTEM, &entry.role);
        add(&mut person, "role", json!([{"coding": [role], "text": &*entry.role}]));
    }
    let mut all = vec![person];
    if !entry.organisation.is_empty() {
        all.push(json!({
            "type": {"coding": [coding(
                "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "CST")]},
            "who": {"display": &*entry.organisation},
            "requestor": false,
        }));
    }
    if !entry.client.is_empty() {
        all.push(json!({
            "type": {"coding": [coding("http://dicom.nema.org/resources/ontology/DCM", "110150")]},
            "who": {"display": &*entry.client},
            "requestor": false,
        }));
    }
    Value::Array(all)
}

fn entities(entry: &Entry, patient: &str, with_query: bool) -> Value {
    const TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
    const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
    let mut all = vec![match entry.is_authentication() {
        true => authentications::provider(entry),
        false => json!({
            "what": {"reference": format!("Patient/{patient}")},
            "type": coding(TYPE, "1"),
            "role": coding(ROLE, "1"),
        }),
    }];
    let is_resource = entry.target.contains('/') && entry.target != format!("Patient/{patient}");
    if is_resource {
        all.push(json!({
            "what": {"reference": &entry.target},
            "type": coding(TYPE, "2"),
            "role": coding(ROLE, "4"),
        }));
    }
    if with_query && !entry.query.is_empty() {
        all.push(json!({
            "description": format!("{}?{}", entry.target, entry.query),
            "type": coding(TYPE, "2"),
            "role": coding(ROLE, "24"),
        }));
    }
    all.push(json!({
        "what": {"identifier": {"value": &entry.trace}},
        "type": coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
            "XrequestId"),
    }));
    Value::Array(all)
}
