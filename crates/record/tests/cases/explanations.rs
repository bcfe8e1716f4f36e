//! `$explain-access`: it says visible of what is visible, each reason comes up and is the right one,
//! and nobody learns by it what they do not see.

use std::collections::BTreeSet;

use akson_access::{Actor, Role};
use akson_base::Problem;
use akson_record::Record;
use akson_record::request::Caller;
use serde_json::{Value, json};

use super::rules::model::Asker;
use super::rules::walk::Walk;
use super::rules::world::{ACT_CODE, Dice, World};
use super::rules::writes::{House, at_work, citizen, patient};

const WORLDS: u64 = 3;
const PATIENTS: usize = 20;

async fn ask(record: &Record, caller: &Caller, query: &str) -> Result<Value, Problem> {
    record.explain_access(caller, query).await
}

/// The value of the part with this name.
fn part<'v>(parts: &'v Value, name: &str) -> &'v Value {
    let mut all = parts.as_array().into_iter().flatten();
    let Some(found) = all.find(|one| one["name"] == name) else { return &Value::Null };
    let values = found.as_object().unwrap().iter();
    values.filter(|(key, _)| *key != "name").map(|(_, value)| value).next().unwrap()
}

fn decisions(answer: &Value) -> Vec<&Value> {
    let all = answer["parameter"].as_array().unwrap().iter();
    all.filter(|one| one["name"] == "decision").map(|one| &one["part"]).collect()
}

fn because(answer: &Value) -> (bool, String) {
    let decision = decisions(answer)[0];
    let word = part(decision, "because").as_str().unwrap().to_string();
    (part(decision, "visible").as_bool().unwrap(), word)
}

fn reference_of(asker: &Asker, caller: &Caller) -> String {
    match asker {
        Asker::Personnel(place) => format!("PractitionerRole/r{place}"),
        Asker::System(organisation) => format!("Organization/o{}", organisation.unwrap_or(99)),
        Asker::Citizen(_) => caller.actor.id.to_string(),
    }
}

#[tokio::test]
async fn it_says_of_everybody_what_the_rules_say_and_every_reason_comes_up() {
    let mut said: BTreeSet<String> = BTreeSet::new();
    let mut asked = 0;
    for seed in 0..WORLDS {
        let walk = Walk::new(World::new(seed * 17 + 5, PATIENTS)).await;
        let is_officer = |caller: &Caller| caller.actor.role() == Some(Role::PrivacyOfficer);
        let (_, officer) = walk.callers.iter().find(|(_, caller)| is_officer(caller)).unwrap();
        let mut dice = Dice(seed);
        for (asker, caller) in &walk.callers {
            if matches!(asker, Asker::System(None)) {
                continue;
            }
            for (patient, items) in &walk.world.patients {
                for item in items {
                    if dice.below(15) != 0 {
                        continue;
                    }
                    asked += 1;
                    let actor = reference_of(asker, caller);
                    let query = format!("actor={actor}&resource={}", item.reference());
                    let answer = ask(&walk.record, officer, &query).await.unwrap();
                    let (visible, word) = because(&answer);
                    let expected = walk.sees(asker, patient, item);
                    assert_eq!(visible, expected, "{query}: {answer}");
                    let opens = ["ground", "look-up", "log"].contains(&word.as_str());
                    assert_eq!(visible, opens, "{query}: {word}");
                    let rule = rule_cell(&answer);
                    assert!(!visible || rule != "-", "{query}: {word} by {rule}");
                    said.insert(word);
                }
            }
        }
    }
    println!("{asked} explanations: {said:?}");
    assert!(asked > 2_000, "{asked}");
    for word in [
        "apart-from-what-is-hidden",
        "blocked",
        "blocked-person",
        "ground",
        "hidden-part",
        "log",
        "look-up",
        "no-ground",
        "protected-address",
        "represents-no-longer",
        "rule",
        "too-young",
    ] {
        assert!(said.contains(word), "{word} has not come up: {said:?}");
    }
}

fn rule_cell(answer: &Value) -> String {
    let about = part(decisions(answer)[0], "about");
    part(part(about, "rule"), "right").as_str().unwrap().to_string()
}

/// Kari at the office of two patients, one of whom has blocked her.
async fn house() -> (House, Caller, Caller) {
    let house = House::new();
    let put = async |body: Value| house.open.put(body).await;
    put(json!({"resourceType": "Organization", "id": "o", "name": "Sted"})).await;
    for (id, role, hpr) in
        [("kari", "doctor", "900000001"), ("ove", "privacy-officer", "900000002")]
    {
        put(json!({"resourceType": "Practitioner", "id": id, "name": [{"family": "Lege"}],
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": hpr}]}))
        .await;
        put(json!({"resourceType": "PractitionerRole", "id": format!("{id}-o"),
            "practitioner": {"reference": format!("Practitioner/{id}")},
            "organization": {"reference": "Organization/o"},
            "code": [{"coding": [{"system": "https://akson.no/fhir/CodeSystem/role",
                "code": role}]}]}))
        .await;
    }
    for (id, number) in [("a", "01018011111"), ("b", "01018022222")] {
        house.person(id, number, "1980-01-01").await;
        house.team(id, "Practitioner/kari").await;
    }
    for (id, of, label) in [("oa", "a", "PSY"), ("ob", "b", "PSY"), ("oc", "a", "ETH")] {
        put(json!({"resourceType": "Observation", "id": id, "status": "final",
            "meta": {"security": [{"system": ACT_CODE, "code": label}]},
            "code": {"text": "hemmelig innhold"}, "subject": patient(of)}))
        .await;
    }
    let deny = |of: &str, more: Value| {
        let mut provision = json!({"type": "deny"});
        for (name, value) in more.as_object().unwrap() {
            provision[name] = value.clone();
        }
        json!({"resourceType": "Consent", "id": format!("deny-{of}"), "status": "active",
            "patient": patient(of), "policyRule": {"text": "x"}, "category": [{"text": "x"}],
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                "code": "patient-privacy"}]},
            "provision": provision})
    };
    let kari = json!([{"role": {"text": "x"}, "reference": {"reference": "Practitioner/kari"}}]);
    put(deny("b", json!({"actor": kari}))).await;
    put(deny("a", json!({"securityLabel": [{"system": ACT_CODE, "code": "PSY"}]}))).await;
    let (kari, ove) = (at_work(Role::Doctor, "kari"), at_work(Role::PrivacyOfficer, "ove"));
    (house, kari, ove)
}

#[tokio::test]
async fn facts_rules_blocks_and_scopes_are_told_and_no_content() {
    let (house, _, ove) = house().await;
    let explain = async |query: &str| ask(&house.record, &ove, query).await.unwrap();
    let hidden = explain("actor=Practitioner/kari&resource=Observation/oa").await;
    assert_eq!(because(&hidden), (false, "hidden-part".into()));
    let about = part(decisions(&hidden)[0], "about");
    assert_eq!(part(about, "situation"), "care-relationship");
    assert_eq!(part(part(about, "fact"), "kind"), "care-team");
    assert_eq!(part(part(about, "fact"), "with")["reference"], "Practitioner/kari");
    assert_eq!(part(part(about, "fact"), "holds"), true);
    assert_eq!(part(part(about, "block"), "against"), "everyone");
    assert_eq!(part(part(about, "block"), "hides"), "part");
    assert_eq!(part(part(about, "block"), "applies"), true);
    assert!(!hidden.to_string().contains("hemmelig") && !hidden.to_string().contains("PSY"));
    // The same block, of something else of hers.
    let seen = explain("actor=Practitioner/kari&resource=Observation/oc").await;
    assert_eq!(because(&seen), (true, "ground".into()));
    let about = part(decisions(&seen)[0], "about");
    assert_eq!(part(part(about, "block"), "applies"), false);
    assert_eq!(part(part(about, "rule"), "right"), "w");
    let blocked = explain("actor=PractitionerRole/kari-o&resource=Observation/ob").await;
    assert_eq!(because(&blocked), (false, "blocked-person".into()));
    let about = part(decisions(&blocked)[0], "about");
    assert_eq!(part(part(about, "block"), "against"), "person");
    assert_eq!(part(part(about, "block"), "hides"), "journal");
    // Registers are nobody's; a role without the right is told so.
    let register = explain("actor=Practitioner/kari&resource=Organization/o").await;
    assert_eq!(because(&register), (true, "register".into()));
    let own = explain("actor=Practitioner/ove&resource=Observation/oc").await;
    assert_eq!(because(&own), (false, "no-ground".into()));
    // Scopes that an app is thought to have.
    let query = "actor=Practitioner/kari&resource=Observation/oc&scope=";
    let wide = explain(&format!("{query}user/Patient.rs+user/*.rs")).await;
    assert_eq!(because(&wide), (true, "ground".into()));
    assert_eq!(part(decisions(&wide)[0], "scope"), "user/*.rs");
    let narrow = explain(&format!("{query}user/Observation.rs%3Fstatus%3Damended")).await;
    assert_eq!(because(&narrow), (false, "scope".into()));
    assert_eq!(part(decisions(&narrow)[0], "scope"), "none");
    let launched = explain(&format!("{query}patient/*.rs&launch=b")).await;
    assert_eq!(because(&launched), (false, "scope".into()));
    // A citizen, and a Binary whose context is hidden.
    let citizen = explain("actor=Patient/a&resource=Observation/oa").await;
    assert_eq!(because(&citizen), (true, "ground".into()));
    assert_eq!(part(part(part(decisions(&citizen)[0], "about"), "fact"), "kind"), "own");
    house
        .open
        .put(json!({"resourceType": "Binary", "id": "bin", "contentType": "text/plain",
            "data": "aGVp", "securityContext": {"reference": "Observation/oa"}}))
        .await;
    let binary = explain("actor=Practitioner/kari&resource=Binary/bin").await;
    assert_eq!(because(&binary), (false, "context".into()));
}

#[tokio::test]
async fn hidden_and_absent_look_the_same_to_who_asks_and_it_is_logged() {
    let (house, kari, ove) = house().await;
    let own = citizen("01018011111");
    let code = async |caller: &Caller, query: &str| match ask(&house.record, caller, query).await {
        Ok(answer) => because(&answer).1,
        Err(problem) => problem.code.to_string(),
    };
    // About oneself: what one sees, and nothing of what one does not.
    assert_eq!(code(&kari, "actor=Practitioner/kari&resource=Observation/oc").await, "ground");
    for hidden in ["Observation/oa", "Observation/ob", "Observation/never-was"] {
        let query = format!("actor=Practitioner/kari&resource={hidden}");
        assert_eq!(code(&kari, &query).await, "REC-073", "{hidden}");
    }
    // About colleagues: no.
    assert_eq!(code(&kari, "actor=Practitioner/ove&resource=Observation/oc").await, "REC-073");
    // Patients about people at work and their own; not about other citizens, nor others' journals.
    let of_kari = "actor=Practitioner/kari&resource=Observation/oa";
    assert_eq!(code(&own, of_kari).await, "hidden-part");
    assert_eq!(code(&own, "actor=Patient/b&resource=Observation/oa").await, "REC-073");
    assert_eq!(code(&own, "actor=Practitioner/kari&resource=Observation/ob").await, "REC-073");
    let admin = at_work(Role::Administrator, "adm");
    assert_eq!(code(&admin, of_kari).await, "REC-073");
    assert_eq!(code(&ove, "actor=Practitioner/kari&resource=Observation/never").await, "REC-073");
    let scopes = akson_access::scopes::Scopes::parse(["user/Observation.rs"], None).unwrap();
    let app = Actor { scopes: Some(std::sync::Arc::new(scopes)), ..(*ove.actor).clone() };
    let app = Caller { actor: std::sync::Arc::new(app), ..ove.clone() };
    assert_eq!(code(&app, of_kari).await, "REC-073");
    // What cannot be read.
    for query in [
        "resource=Observation/oa",
        "actor=Practitioner/kari",
        "actor=Practitioner/kari&resource=Observation",
        "actor=Practitioner/kari&resource=Nothing/1",
        "actor=Practitioner/kari&actor=x&resource=Observation/oa",
        "actor=Practitioner/kari&resource=Observation/oa&more=1",
        "actor=Practitioner/nobody&resource=Observation/oa",
        "actor=Practitioner/kari'&resource=Observation/oa",
    ] {
        assert_eq!(code(&ove, query).await, "REC-074", "{query}");
    }
    let scoped = "actor=Practitioner/kari&resource=Observation/oa&scope=user/Observation.sr";
    assert_eq!(code(&ove, scoped).await, "ACC-002");
    let open = &house.open;
    assert_eq!(ask(&open.record, &open.caller, of_kari).await.unwrap_err().code, "REC-075");
    // Each that concerned the patient stands in the patient's log.
    house.record.index_accesses().unwrap();
    let log = house.record.accesses(&own, "a", 1000).await.unwrap();
    let of = |ground: &str| {
        let told = log.iter().filter(|one| &*one.entry.interaction == "explain-access");
        told.filter(|one| (&*one.entry.ground == "refused") == (ground == "refused")).count()
    };
    assert!(of("refused") >= 4 && of("given") >= 2, "{} {}", of("refused"), of("given"));
}
