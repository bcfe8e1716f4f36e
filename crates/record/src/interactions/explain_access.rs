//! Why somebody sees or does not see a resource: `$explain-access`.
//!
//! For whoever works through the log, for the patient and those who read the patient's log, and for
//! oneself about what one sees. Tells facts, ground, rule, block and scope, never content; of what the
//! one who asks does not see, hidden and absent look the same. Not here: the decision (`access`).

use std::sync::Arc;

use akson_access::decide::{Reason, may_review_log};
use akson_access::explain::{Block, Evidence, blocks, evidence};
use akson_access::facts::Window;
use akson_access::rules::Class;
use akson_access::scopes::Scopes;
use akson_access::{Actor, Ground, Standing};
use akson_audit::Entry;
use akson_base::{Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::reference::is_id;
use akson_store::engine::Snapshot;
use akson_store::keys::{NO_PATIENT, PatientNumber, ResourceKey};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::Record;
use crate::bounds::{ANY, READ, check_scopes};
use crate::request::Caller;
use crate::sight::{
    AUDIT_EVENT, Judge, Judged, Sight, class, is_of_house, may_name_patients, of_patient,
};

/// What is asked, understood.
struct Asked {
    actor: String,
    resource_type: ResourceType,
    id: String,
    /// Scopes that the actor's app is thought to have, and the patient in its launch context.
    scope: Option<String>,
    launch: Option<String>,
}

/// What is asked about, as it stands.
struct About<'a> {
    key: ResourceKey,
    whole: &'a dyn Snapshot,
    /// The patients whom it concerns, with their ids.
    patients: Vec<PatientNumber>,
    with_blocks: bool,
}

impl Record {
    /// A `Parameters` resource that tells, for each capacity in which `actor` can act now, whether
    /// `resource` is visible and why. Logged as a look at the resource.
    ///
    /// # Errors
    /// `REC-073` (not found) for those who may not ask, and for what is not there; `REC-074` for
    /// parameters that cannot be read; `REC-075` where no rules apply.
    pub async fn explain_access(&self, caller: &Caller, query: &str) -> Result<Value, Problem> {
        let sight = self.sight(caller, READ)?;
        let asked = Asked::parse(query)?;
        let Some(judge) = sight.judge() else {
            let text = "No rules apply on this server: everybody sees everything.";
            return Err(Problem::new(Kind::Unsupported, "REC-075", text));
        };
        let target = super::target(asked.resource_type, &asked.id);
        let entry = Entry::reading(&sight.permit, "explain-access", &caller.trace)
            .about(target)
            .asked(query);
        let answered = self.explained(caller, &sight, judge, &asked);
        let patients = match &answered {
            Ok((_, patients)) => patients.clone(),
            Err(_) => {
                let whole = self.store.snapshot();
                let located = self.store.locate(whole.as_ref(), asked.resource_type, &asked.id)?;
                sight.patients_of(located.map(|located| located.key))?
            }
        };
        match answered {
            Ok((parameters, _)) => {
                self.log(&sight, entry, patients).await?;
                Ok(parameters)
            }
            Err(problem) => {
                self.log_entries(&[entry.on(Ground::Refused).concerning(patients)]).await?;
                Err(problem)
            }
        }
    }

    fn explained(
        &self,
        caller: &Caller,
        sight: &Sight,
        judge: &Judge,
        asked: &Asked,
    ) -> Result<(Value, Vec<PatientNumber>), Problem> {
        let whole = self.store.snapshot();
        let whole = whole.as_ref();
        let reviews = may_review_log(&caller.actor) && caller.actor.scopes.is_none();
        let located = self.store.locate(whole, asked.resource_type, &asked.id)?;
        let key = located.map(|located| located.key).ok_or_else(nothing)?;
        let patients = concerned(judge, key, whole)?;
        let is_self = is_named(&caller.actor, &asked.actor);
        let reads_log = !patients.is_empty()
            && patients
                .iter()
                .try_fold(true, |all, one| Ok::<_, Problem>(all && sight.reads_log(Some(*one))?))?;
        let sees = judge.sees(key, ANY, whole)?;
        let is_at_work = ["Practitioner/", "PractitionerRole/", "Organization/"]
            .iter()
            .any(|register| asked.actor.starts_with(register));
        let may = reviews || (sees && (is_self || (reads_log && is_at_work)));
        if !may || (caller.actor.scopes.is_some() && sight.may_ask_of(*AUDIT_EVENT).is_err()) {
            return Err(nothing());
        }
        let mut actors = match is_self {
            true => vec![(*caller.actor).clone()],
            false => self.actors_named(&asked.actor)?,
        };
        if actors.is_empty() {
            let text = "The registers know no actor by this reference who can act now.";
            return Err(Problem::new(Kind::Invalid, "REC-074", text).at("actor"));
        }
        asked.put_scopes(&mut actors)?;
        let with_blocks = reviews || reads_log;
        let about = About { key, whole, patients, with_blocks };
        let mut parts = vec![
            json!({"name": "resource", "valueString": super::target(asked.resource_type, &asked.id)}),
            json!({"name": "at", "valueInstant": self.store.clock().now().to_fhir()}),
        ];
        for actor in actors {
            parts.push(self.decision(&Arc::new(actor), &about)?);
        }
        Ok((json!({"resourceType": "Parameters", "parameter": parts}), about.patients))
    }

    /// One `decision`: a capacity of the actor, and the resource.
    fn decision(&self, actor: &Arc<Actor>, about: &About<'_>) -> Result<Value, Problem> {
        let sight = self.sight_of(actor, READ)?;
        let judge = sight.judge().ok_or_else(nothing)?;
        let is_visible = judge.sees(about.key, READ, about.whole)?;
        let mut part = vec![
            json!({"name": "actor", "valueString": &*actor.id}),
            json!({"name": "role", "valueCode": actor.role().map_or("", akson_access::Role::code)}),
        ];
        if let Standing::Personnel(personnel) = &actor.standing
            && let Some(organisation) = personnel.organisations.first()
        {
            part.push(json!({"name": "organization", "valueString": &**organisation}));
        }
        part.push(json!({"name": "visible", "valueBoolean": is_visible}));
        part.push(json!({"name": "because", "valueCode": because(judge, about)?}));
        if let Some(scopes) = &actor.scopes {
            let word = judge.word_that_allows(about.key, READ, about.whole)?;
            let told = word.unwrap_or_else(|| "none".into());
            part.push(json!({"name": "scope", "valueString": told}));
            let launch = scopes.patient().map(|id| json!({"name": "launch", "valueId": id}));
            part.extend(launch);
        }
        if about.patients.is_empty() {
            part.push(rule(judge, "none", class(about.key.resource_type()), |class| {
                judge.base().word(class)
            }));
        }
        for patient in &about.patients {
            part.push(of_one(judge, about, *patient)?);
        }
        Ok(json!({"name": "decision", "part": part}))
    }
}

/// The patients that a resource concerns.
fn concerned(
    judge: &Judge,
    key: ResourceKey,
    whole: &dyn Snapshot,
) -> Result<Vec<PatientNumber>, Problem> {
    if key.patient() != NO_PATIENT {
        return Ok(vec![key.patient()]);
    }
    let of = key.resource_type();
    if is_of_house(class(of)) && !may_name_patients(of) {
        return Ok(Vec::new());
    }
    Ok(judge.spoken_of(key, whole)?.unwrap_or_default())
}

/// Why it is visible or not, in one word; see `docs/access.md`.
fn because(judge: &Judge, about: &About<'_>) -> Result<&'static str, Problem> {
    let of = about.key.resource_type();
    let by_rules = judge.sees_by_rules(about.key, about.whole)?;
    if by_rules && !judge.is_within(about.key, READ, about.whole)? {
        return Ok("scope");
    }
    if about.patients.is_empty() {
        return Ok(match (by_rules, is_of_house(class(of))) {
            (true, _) => "register",
            (false, true) => "rule",
            (false, false) => "unknown-patient",
        });
    }
    let mut told = None;
    for patient in &about.patients {
        let judged = judge.on(*patient)?;
        let (is_open, word) = match of_patient_word(about.key, by_rules, &judged) {
            (true, _) if judged.is_unsent_of_another(judge, about.key) => (false, "unsent"),
            told => told,
        };
        if !is_open {
            return Ok(word);
        }
        told = told.or(Some(word));
    }
    match by_rules {
        true => Ok(told.unwrap_or("ground")),
        // Each patient lets it be seen, and still it is not: a Binary whose context is hidden.
        false => Ok("context"),
    }
}

/// Whether a decision on one patient lets a resource be seen, and the word for it.
fn of_patient_word(key: ResourceKey, by_rules: bool, judged: &Judged) -> (bool, &'static str) {
    let decision = &judged.decision;
    let of = key.resource_type();
    let is_apart = key.patient() == NO_PATIENT;
    let is_person = !is_apart && super::type_name(of) == "Patient";
    let class = if is_apart { of_patient(class(of)) } else { class(of) };
    let may_read = decision.rights.may_read(class);
    if !decision.opens_journal() {
        let is_withheld = decision.reason == Reason::NoGround && is_person && may_read;
        let refused = if is_withheld { "protected-address" } else { decision.reason.code() };
        return match (is_apart, is_person, class) {
            (false, true, _) if decision.may_read(class, judged.gathered.facts.is_protected) => {
                (true, "look-up")
            }
            (false, _, Class::Log) if may_read => (true, "log"),
            _ => (false, refused),
        };
    }
    if !may_read {
        return (false, "rule");
    }
    if !decision.hides_parts() || is_person {
        return (true, "ground");
    }
    if is_apart {
        let is_binary = super::type_name(of) == "Binary";
        let is_open = is_binary || by_rules;
        return if is_open { (true, "ground") } else { (false, "apart-from-what-is-hidden") };
    }
    let parts = judged.gathered.members.get(&key);
    let is_hidden = |part: &u16| decision.hidden_parts.binary_search(part).is_ok();
    match parts.is_none_or(|parts| parts.iter().any(is_hidden)) {
        true => (false, "hidden-part"),
        false => (true, "ground"),
    }
}

/// What one patient's facts say.
fn of_one(judge: &Judge, about: &About<'_>, patient: PatientNumber) -> Result<Value, Problem> {
    let judged = judge.on(patient)?;
    let (decision, gathered) = (&judged.decision, &judged.gathered);
    let of = class(about.key.resource_type());
    let of = if about.key.patient() == NO_PATIENT { of_patient(of) } else { of };
    let mut part = vec![
        json!({"name": "patient", "valueReference": {"reference": format!("Patient/{}", gathered.id)}}),
        json!({"name": "situation", "valueCode": decision.situation.code()}),
        json!({"name": "ground", "valueCode": decision.situation.ground().code()}),
        json!({"name": "reason", "valueCode": decision.reason.code()}),
    ];
    if let Some(until) = decision.until {
        part.push(json!({"name": "until", "valueInstant": until.to_fhir()}));
    }
    part.push(rule(judge, decision.situation.code(), of, |class| decision.rights.word(class)));
    let actor = judge.actor();
    part.extend(evidence(actor, &gathered.facts, judge.now()).iter().map(fact));
    if about.with_blocks {
        let none = Vec::new();
        let parts = gathered.members.get(&about.key).unwrap_or(&none);
        let aimed = blocks(actor, &gathered.facts, judge.now());
        part.extend(aimed.iter().map(|one| block(one, parts, &judged)));
    }
    Ok(json!({"name": "about", "part": part}))
}

fn rule(
    judge: &Judge,
    situation: &str,
    class: Class,
    word: impl Fn(Class) -> &'static str,
) -> Value {
    let role = judge.actor().role().map_or("", akson_access::Role::code);
    json!({"name": "rule", "part": [
        {"name": "role", "valueCode": role},
        {"name": "situation", "valueCode": situation},
        {"name": "class", "valueCode": class.code()},
        {"name": "right", "valueCode": word(class)},
    ]})
}

fn window(window: &Window, holds: bool, part: &mut Vec<Value>) {
    part.extend(window.from.map(|at| json!({"name": "from", "valueInstant": at.to_fhir()})));
    part.extend(window.until.map(|at| json!({"name": "until", "valueInstant": at.to_fhir()})));
    part.push(json!({"name": "holds", "valueBoolean": holds}));
}

fn fact(one: &Evidence) -> Value {
    let mut part = vec![json!({"name": "kind", "valueCode": one.kind})];
    if !one.with.is_empty() {
        part.push(json!({"name": "with", "valueReference": {"reference": &*one.with}}));
    }
    window(&one.window, one.holds, &mut part);
    json!({"name": "fact", "part": part})
}

/// A block: against whom, of what, and whether it hides this resource now.
fn block(one: &Block<'_>, parts: &[u16], judged: &Judged) -> Value {
    let decision = &judged.decision;
    let (hides, applies) = match one.parts {
        None => ("journal", matches!(decision.reason, Reason::Blocked | Reason::BlockedPerson)),
        Some(named) => {
            let is_named = |part: &&u16| named.is_empty() || named.contains(part);
            let mut here = parts.iter().filter(is_named);
            ("part", here.any(|part| decision.hidden_parts.binary_search(part).is_ok()))
        }
    };
    let mut part = vec![
        json!({"name": "against", "valueCode": one.against}),
        json!({"name": "hides", "valueCode": hides}),
    ];
    window(&one.window, one.holds, &mut part);
    part.push(json!({"name": "applies", "valueBoolean": applies && one.holds}));
    json!({"name": "block", "part": part})
}

fn is_named(actor: &Actor, reference: &str) -> bool {
    let own = match &actor.standing {
        Standing::Personnel(personnel) => personnel.references.iter().any(|r| **r == *reference),
        Standing::Open | Standing::Operator | Standing::Citizen(_) | Standing::System(_) => false,
    };
    own || *actor.id == *reference
}

fn nothing() -> Problem {
    Problem::new(
        Kind::NotFound,
        "REC-073",
        "There is nothing here that you may have explained. Who reads a patient's log may ask about \
         people at work, and everybody about themself and what they see.",
    )
}

impl Asked {
    fn parse(query: &str) -> Result<Self, Problem> {
        let wrong = |name: &str, right: &str| {
            let text = format!("$explain-access: the parameter {name} should be {right}.");
            Err(Problem::new(Kind::Invalid, "REC-074", text).at(name))
        };
        let (mut actor, mut resource, mut scope, mut launch) = (None, None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let raw = raw.replace('+', " ");
            let Ok(value) = percent_decode_str(&raw).decode_utf8() else {
                return wrong(name, "percent-encoded UTF-8");
            };
            let place = match name {
                "actor" => &mut actor,
                "resource" => &mut resource,
                "scope" => &mut scope,
                "launch" => &mut launch,
                "_format" | "_pretty" => continue,
                _ => return wrong(name, "left out: there are actor, resource, scope and launch"),
            };
            if place.replace(value.into_owned()).is_some() {
                return wrong(name, "given once");
            }
        }
        let Some(actor) = actor.filter(|actor: &String| !actor.is_empty()) else {
            return wrong("actor", "given: Practitioner/…, PractitionerRole/…, Organization/…");
        };
        let (name, id) = resource.as_deref().and_then(|r| r.split_once('/')).unwrap_or_default();
        let (Some(resource_type), true) = (Definitions::r4().resource_type(name), is_id(id)) else {
            return wrong("resource", "given, as Type/id");
        };
        Ok(Self { actor, resource_type, id: id.to_string(), scope, launch })
    }

    /// Gives the actors the scopes that were asked about, instead of their own.
    fn put_scopes(&self, actors: &mut [Actor]) -> Result<(), Problem> {
        let Some(scope) = &self.scope else { return Ok(()) };
        let scopes = Scopes::parse(scope.split_whitespace(), self.launch.as_deref())?;
        check_scopes(&scopes)?;
        let scopes = Arc::new(scopes);
        actors.iter_mut().for_each(|actor| actor.scopes = Some(Arc::clone(&scopes)));
        Ok(())
    }
}
