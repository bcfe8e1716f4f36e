//! A citizen's answers to forms, held against a model of its own: what is asked for, by an open task, is
//! answered by whom it is about or who acts for them, and sent together with the task. Nothing else.

use serde_json::{Value, json};

use super::writes::{House, citizen, patient};

const OWN: &str = "01818010001";
const OTHER: &str = "01818010009";
const PARENT: &str = "02818020002";
const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
/// The fixture's clock.
const NOW: &str = "2026-11-21T22:08:00Z";
const MOOD: &str = "https://example.org/Questionnaire/mood|1";
const SLEEP: &str = "https://example.org/Questionnaire/sleep";

fn task(id: &str, of: &str, code: &str, status: &str, form: &str) -> Value {
    json!({"resourceType": "Task", "id": id, "status": status, "intent": "order",
        "code": {"coding": [{"system": "https://akson.no/fhir/CodeSystem/task", "code": code}]},
        "focus": {"reference": form}, "for": patient(of), "owner": patient(of),
        "requester": {"reference": "Practitioner/gp"}, "authoredOn": NOW})
}

async fn house() -> House {
    let house = House::new();
    house.person("p1", OWN, "1980-01-01").await;
    house.person("p2", OTHER, "1980-01-01").await;
    house.person("p3", "01818010003", "2020-01-01").await;
    house.open.put(json!({"resourceType": "Practitioner", "id": "gp"})).await;
    let forms = [("mood", json!("1")), ("sleep", Value::Null)];
    for (name, version) in forms {
        let mut form = json!({"resourceType": "Questionnaire", "id": name, "status": "active",
            "url": format!("https://example.org/Questionnaire/{name}")});
        if !version.is_null() {
            form["version"] = version;
        }
        house.open.put(form).await;
    }
    let mother = json!({"resourceType": "RelatedPerson", "id": "mother", "patient": patient("p3"),
        "identifier": [{"system": FNR, "value": PARENT}], "relationship": [{"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}]});
    house.open.put(mother).await;
    let mut to_doctor = task("doctors", "p1", "fill-form", "requested", "Questionnaire/mood");
    to_doctor["owner"] = json!({"reference": "Practitioner/gp"});
    for one in [
        task("open", "p1", "fill-form", "requested", "Questionnaire/mood"),
        task("again", "p1", "fill-form", "requested", "Questionnaire/sleep"),
        task("done", "p1", "fill-form", "completed", "Questionnaire/mood"),
        task("cancelled", "p1", "fill-form", "cancelled", "Questionnaire/mood"),
        task("renewal", "p1", "renew", "requested", "Questionnaire/mood"),
        task("others", "p2", "fill-form", "requested", "Questionnaire/mood"),
        task("childs", "p3", "fill-form", "requested", "Questionnaire/mood"),
        to_doctor,
    ] {
        house.open.put(one).await;
    }
    house
}

fn answers(task: &str) -> Value {
    json!({"resourceType": "QuestionnaireResponse", "status": "in-progress",
        "identifier": {"system": "https://akson.no/fhir/answered-task", "value": task},
        "questionnaire": MOOD, "subject": patient("p1"), "author": patient("p1"), "authored": NOW,
        "item": [{"linkId": "q1", "answer": [{"valueInteger": 2}]}]})
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

async fn finished(house: &House, id: &str) -> Value {
    let task = house.open.read("Task", id).await.unwrap();
    with(with(task, "status", json!("completed")), "lastModified", json!(NOW))
}

/// Every combination of whom, what and when: the record takes those that the model takes.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_answered_and_nothing_else() {
    let house = house().await;
    let own = citizen(OWN);
    let tasks = ["open", "done", "cancelled", "renewal", "others", "doctors", "nobodys"];
    let (mut taken, mut refused) = (0, 0);
    for task in tasks {
        for subject in ["p1", "p2"] {
            for author in ["Patient/p1", "Patient/p2", "Practitioner/gp"] {
                for form in [MOOD, SLEEP] {
                    for status in ["in-progress", "completed", "amended", "stopped"] {
                        let mut body = with(answers(task), "subject", patient(subject));
                        body["author"] = json!({"reference": author});
                        body["questionnaire"] = json!(form);
                        body["status"] = json!(status);
                        // Sent without its task it is refused; with it, below.
                        let may = task == "open"
                            && subject == "p1"
                            && author == "Patient/p1"
                            && form == MOOD
                            && status == "in-progress";
                        let done = house.together(&own, std::slice::from_ref(&body)).await;
                        assert_eq!(done.is_ok(), may, "{body}: {done:?}");
                        if may { taken += 1 } else { refused += 1 }
                    }
                }
            }
        }
    }
    assert_eq!((taken, refused), (1, 335));
    let stored = house.open.search("QuestionnaireResponse?_count=10").await;
    assert_eq!(stored.len(), 1);
    house.open.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_their_task_are_sent_in_one_commit_and_once() {
    let house = house().await;
    let own = citizen(OWN);
    house.together(&own, &[answers("open")]).await.unwrap();
    let id = house.open.search("QuestionnaireResponse?subject=Patient/p1").await.remove(0);
    let stored = house.open.read("QuestionnaireResponse", &id).await.unwrap();
    let other = json!([{"linkId": "q1", "answer": [{"valueInteger": 3}]}]);
    house.together(&own, &[with(stored, "item", other)]).await.unwrap();
    let stored = house.open.read("QuestionnaireResponse", &id).await.unwrap();
    let sent = with(stored.clone(), "status", json!("completed"));
    let alone = house.together(&own, std::slice::from_ref(&sent)).await.unwrap_err();
    assert_eq!(alone.code, "REC-113");
    let task = finished(&house, "open").await;
    let alone = house.together(&own, std::slice::from_ref(&task)).await.unwrap_err();
    assert_eq!(alone.code, "REC-113");
    let again = finished(&house, "again").await;
    let wrong = house.together(&own, &[sent.clone(), again]).await.unwrap_err();
    assert_eq!(wrong.code, "REC-113");
    let stranger = citizen(OTHER);
    house.together(&stranger, &[sent.clone(), task.clone()]).await.unwrap_err();
    for (why, bent) in [
        ("another task", with(sent.clone(), "identifier", answers("again")["identifier"].clone())),
        ("another form", with(sent.clone(), "questionnaire", json!(SLEEP))),
        ("of a contact", with(sent.clone(), "encounter", json!({"reference": "Encounter/e"}))),
    ] {
        let done = house.together(&own, &[bent, task.clone()]).await;
        assert_eq!(done.expect_err(why).code, "REC-044", "{why}");
    }
    for (why, bent) in [
        ("another owner", with(task.clone(), "owner", json!({"reference": "Practitioner/gp"}))),
        ("another word", with(task.clone(), "description", json!("x"))),
        ("another step", with(task.clone(), "status", json!("cancelled"))),
        ("long ago", with(task.clone(), "lastModified", json!("2026-11-20T22:08:00Z"))),
    ] {
        let done = house.together(&own, &[sent.clone(), bent]).await;
        assert_eq!(done.expect_err(why).code, "REC-044", "{why}");
    }
    house.together(&own, &[sent.clone(), task.clone()]).await.unwrap();
    assert_eq!(house.open.read("Task", "open").await.unwrap()["status"], "completed");
    let sent = house.open.read("QuestionnaireResponse", &id).await.unwrap();
    assert_eq!(sent["status"], "completed");
    // What is sent stays as it was sent, and the task is answered once.
    for status in ["amended", "in-progress", "entered-in-error"] {
        let changed = with(sent.clone(), "status", json!(status));
        house.together(&own, &[changed]).await.expect_err(status);
    }
    let second = with(answers("open"), "status", json!("completed"));
    house.together(&own, &[second, finished(&house, "open").await]).await.unwrap_err();
    // New answers may be sent at once, without having been stored before.
    let mut second = with(answers("again"), "status", json!("completed"));
    second["questionnaire"] = json!(SLEEP);
    house.together(&own, &[second, finished(&house, "again").await]).await.unwrap();
    house.open.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_nothing_along_and_who_acts_answers_in_their_own_name() {
    let house = house().await;
    let own = citizen(OWN);
    let item = |value: Value| json!([{"linkId": "q1", "answer": [value]}]);
    let known = "https://akson.no/fhir/StructureDefinition/typed";
    let typed = json!([{"linkId": "q1",
        "extension": [{"url": known, "valueString": "omtrent to"}]}]);
    let unknown = json!([{"linkId": "q1", "extension": [{"url": "http://x", "valueString": "y"}]}]);
    let page = json!({"valueAttachment": {"contentType": "text/html", "data": "aGVp"}});
    let outside = json!({"valueAttachment": {"contentType": "image/png", "url": "http://x.no/a"}});
    let hidden = json!({"security": [{"code": "NOPAT",
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"}]});
    for (why, bent) in [
        (
            "about another",
            with(answers("open"), "item", item(json!({"valueReference": patient("p2")}))),
        ),
        ("a page", with(answers("open"), "item", item(page))),
        ("outside", with(answers("open"), "item", item(outside))),
        ("extended", with(answers("open"), "item", unknown)),
        ("hidden", with(answers("open"), "meta", hidden)),
        ("of yesterday", with(answers("open"), "authored", json!("2026-11-20T22:08:00Z"))),
        ("from another", with(answers("open"), "source", patient("p2"))),
    ] {
        let done = house.together(&own, &[bent]).await;
        assert_eq!(done.expect_err(why).code, "REC-044", "{why}");
    }
    let file = json!({"valueAttachment": {"contentType": "image/png", "data": "aGVp"}});
    house.together(&own, &[with(answers("open"), "item", typed)]).await.unwrap();
    house.together(&own, &[with(answers("open"), "item", item(file))]).await.unwrap();
    let mother = citizen(PARENT);
    let by = json!({"type": "RelatedPerson", "display": "En innbygger",
        "identifier": {"system": FNR, "value": PARENT}});
    let of_child = |author: Value| {
        let body = with(with(answers("childs"), "subject", patient("p3")), "author", author);
        with(body, "status", json!("completed"))
    };
    let task = finished(&house, "childs").await;
    let as_child = [of_child(patient("p3")), task.clone()];
    house.together(&mother, &as_child).await.expect_err("as the child");
    house
        .together(&own, &[of_child(by.clone()), task.clone()])
        .await
        .expect_err("no child of hers");
    house.together(&mother, &[of_child(by), task]).await.unwrap();
    house.open.check();
}
