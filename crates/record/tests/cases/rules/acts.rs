//! What citizens may write where the matrix says `a`: each act as it should be, and every way of
//! bending it that somebody could try through the API.

use akson_base::Kind;
use akson_record::request::Caller;
use bytes::Bytes;
use serde_json::{Value, json};

use super::writes::{House, citizen, patient};
use crate::fixture::kind;

const OWN: &str = "01818010001";
const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const PARENT: &str = "02818020002";
/// The fixture's clock.
const NOW: &str = "2026-11-21T22:08:00Z";

fn message() -> Value {
    json!({"resourceType": "Communication", "status": "completed",
        "category": [{"coding": [
            {"system": "https://akson.no/fhir/CodeSystem/message", "code": "message"}]}],
        "subject": patient("p1"), "sender": patient("p1"), "sent": NOW,
        "recipient": [{"reference": "Practitioner/gp"}],
        "payload": [{"contentString": "Jeg er svimmel."}]})
}

fn appointment() -> Value {
    json!({"resourceType": "Appointment", "status": "booked", "slot": [{"reference": "Slot/s1"}],
        "start": "2026-11-24T09:00:00+01:00", "end": "2026-11-24T09:20:00+01:00",
        "participant": [
            {"actor": patient("p1"), "status": "accepted"},
            {"actor": {"reference": "Practitioner/gp"}, "status": "accepted"}]})
}

fn measurement() -> Value {
    json!({"resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"code": "vital-signs",
            "system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": patient("p1"), "performer": [patient("p1")],
        "effectiveDateTime": "2026-11-21T21:00:00Z", "valueQuantity": {"value": 72.1, "unit": "kg"}})
}

fn renewal() -> Value {
    json!({"resourceType": "Task", "status": "requested", "intent": "order",
        "code": {"coding": [{"system": "https://akson.no/fhir/CodeSystem/task", "code": "renew"}]},
        "focus": {"reference": "MedicationRequest/m1"}, "for": patient("p1"),
        "requester": patient("p1"), "authoredOn": NOW, "owner": {"reference": "Practitioner/gp"}})
}

fn slot(id: &str, status: &str, start: &str, end: &str) -> Value {
    let schedule = if id == "s9" { "Schedule/other" } else { "Schedule/gp" };
    json!({"resourceType": "Slot", "id": id, "status": status, "start": start, "end": end,
        "schedule": {"reference": schedule}})
}

/// p1 with her doctor's times, p2 a stranger, p3 her child.
async fn house() -> House {
    let house = House::new();
    house.person("p1", OWN, "1980-01-01").await;
    house.person("p2", "01818010009", "1980-01-01").await;
    house.person("p3", "01818010003", "2020-01-01").await;
    for id in ["gp", "other"] {
        house.open.put(json!({"resourceType": "Practitioner", "id": id})).await;
        house
            .open
            .put(json!({"resourceType": "Schedule", "id": id,
            "actor": [{"reference": format!("Practitioner/{id}")}]}))
            .await;
    }
    for id in ["p1", "p2", "p3"] {
        house.team(id, "Practitioner/gp").await;
        house
            .open
            .put(json!({"resourceType": "MedicationRequest", "id": id.replace('p', "m"),
            "status": "active", "intent": "order", "subject": patient(id),
            "medicationCodeableConcept": {"text": "Metoprolol"}}))
            .await;
        let mut to = message();
        to["id"] = json!(id.replace('p', "c"));
        to["subject"] = patient(id);
        to["sender"] = json!({"reference": "Practitioner/gp"});
        to["recipient"] = json!([patient(id)]);
        house.open.put(to).await;
    }
    house
        .open
        .put(json!({"resourceType": "RelatedPerson", "id": "mother", "patient": patient("p3"),
        "identifier": [{"system": FNR, "value": PARENT}], "relationship": [{"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}]}))
        .await;
    let (start, end) = ("2026-11-24T09:00:00+01:00", "2026-11-24T09:20:00+01:00");
    for (id, status) in [("s1", "free"), ("s2", "busy"), ("s9", "free")] {
        house.open.put(slot(id, status, start, end)).await;
    }
    let past = slot("s3", "free", "2026-11-20T09:00:00+01:00", "2026-11-20T09:20:00+01:00");
    house.open.put(past).await;
    let mut booked = appointment();
    booked["id"] = json!("a2");
    booked["slot"] = json!([{"reference": "Slot/s2"}]);
    house.open.put(booked).await;
    house
}

fn with(mut body: Value, path: &str, value: Value) -> Value {
    *body.pointer_mut(path).unwrap() = value;
    body
}

fn and(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

async fn refused(house: &House, who: &Caller, bodies: &[Value], why: &str) {
    let problem = house.together(who, bodies).await.expect_err(why);
    let is_no = matches!(problem.kind, Kind::Refused | Kind::Conflict | Kind::NotFound);
    assert!(is_no && problem.kind != Kind::Fault, "{why}: {problem:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_sends_measures_and_asks_for_renewal() {
    let house = house().await;
    let own = citizen(OWN);
    for body in [message(), measurement(), renewal()] {
        let of = kind(body["resourceType"].as_str().unwrap());
        let bytes = Bytes::from(body.to_string());
        house.record.create(&own, of, bytes, None).await.unwrap();
    }
    let read = and(house.open.read("Communication", "c1").await.unwrap(), "received", json!(NOW));
    house.together(&own, std::slice::from_ref(&read)).await.unwrap();
    refused(&house, &own, &[and(read, "received", json!("2026-11-21T22:09:00Z"))], "twice").await;
    let answer = and(message(), "inResponseTo", json!([{"reference": "Communication/c1"}]));
    house.together(&own, &[answer]).await.unwrap();
    house.open.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_kept_while_it_is_written_and_sent_once() {
    let house = house().await;
    let own = citizen(OWN);
    let mut draft = message();
    let members = draft.as_object_mut().unwrap();
    members.remove("sent");
    let to = members.remove("recipient").unwrap();
    draft = and(and(draft, "status", json!("preparation")), "about", to.clone());
    for (why, body) in [
        ("sent already", and(draft.clone(), "sent", json!(NOW))),
        ("to somebody already", and(draft.clone(), "recipient", to.clone())),
        ("for a stranger", with(draft.clone(), "/about/0/reference", json!("Practitioner/other"))),
        ("of another", and(draft.clone(), "subject", patient("p2"))),
    ] {
        refused(&house, &own, &[body], why).await;
    }
    let bytes = Bytes::from(draft.to_string());
    let made = house.record.create(&own, kind("Communication"), bytes, None).await.unwrap();
    let id = made.version.unwrap().id;
    let stored = house.open.read("Communication", &id).await.unwrap();
    let more = and(stored, "payload", json!([{"contentString": "Jeg er svimmel og kvalm."}]));
    house.together(&own, std::slice::from_ref(&more)).await.unwrap();
    refused(&house, &citizen("01818010009"), std::slice::from_ref(&more), "another's").await;
    refused(&house, &own, &[and(more.clone(), "subject", patient("p3"))], "moved").await;
    refused(&house, &own, &[and(more.clone(), "status", json!("completed"))], "half sent").await;
    let mut sent = and(and(more, "status", json!("completed")), "sent", json!(NOW));
    sent.as_object_mut().unwrap().remove("about");
    let sent = and(sent, "recipient", to);
    house.together(&own, std::slice::from_ref(&sent)).await.unwrap();
    let later = and(sent, "payload", json!([{"contentString": "Nei."}]));
    refused(&house, &own, &[later], "changed after it was sent").await;
    house.open.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_acts_for_somebody_writes_in_their_own_name() {
    let house = house().await;
    let mother = citizen(PARENT);
    let by = json!({"type": "RelatedPerson", "display": "En innbygger",
        "identifier": {"system": FNR, "value": PARENT}});
    let of_child =
        |sender: &Value| and(and(message(), "subject", patient("p3")), "sender", sender.clone());
    house.together(&mother, &[of_child(&by)]).await.unwrap();
    refused(&house, &mother, &[of_child(&patient("p3"))], "as the child").await;
    let other = with(by.clone(), "/identifier/value", json!(OWN));
    refused(&house, &mother, &[of_child(&other)], "another's number").await;
    let doctor = with(by.clone(), "/display", json!("Dr. Dahl"));
    refused(&house, &mother, &[of_child(&doctor)], "another's name").await;
    // The answer is to her, and read by her.
    let mut answer = and(of_child(&json!({"reference": "Practitioner/gp"})), "id", json!("c9"));
    answer["recipient"] = json!([by]);
    house.open.put(answer).await;
    let answer = house.open.read("Communication", "c9").await.unwrap();
    house.together(&mother, &[and(answer, "received", json!(NOW))]).await.unwrap();
    let child = citizen("01818010003");
    refused(&house, &child, &[of_child(&patient("p3"))], "a child of six").await;
    let own = and(and(message(), "subject", patient("p3")), "sender", by);
    refused(&house, &citizen(OWN), &[own], "another's child").await;
}

#[expect(clippy::too_many_lines, reason = "one table of attacks")]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_written_however_it_is_put() {
    let house = house().await;
    let own = citizen(OWN);
    let gp = json!({"reference": "Practitioner/gp"});
    let clinical = "https://akson.no/fhir/CodeSystem/notice";
    let hidden = json!({"security": [{"code": "NOPAT",
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"}]});
    let file = json!([{"contentAttachment": {"contentType": "text/html", "data": "aGVp"}}]);
    let outside =
        json!([{"contentAttachment": {"contentType": "image/png", "url": "http://x.no/a"}}]);
    let extension = json!([{"url": "http://x", "valueString": "y"}]);
    let other_way = json!({"coding": [{"system": "http://loinc.org", "code": "x"}]});
    let attacks = [
        ("another patient", and(message(), "subject", patient("p2"))),
        ("a third of mine", and(message(), "sender", patient("p2"))),
        ("as the doctor", and(message(), "sender", gp.clone())),
        (
            "as a named doctor",
            with(
                message(),
                "/sender",
                json!({"reference": "Patient/p1",
            "display": "Dr. Dahl"}),
            ),
        ),
        (
            "to a stranger",
            and(message(), "recipient", json!([{"reference": "Practitioner/other"}])),
        ),
        ("to two", and(message(), "recipient", json!([gp, {"reference": "Practitioner/other"}]))),
        ("to another patient", and(message(), "recipient", json!([patient("p2")]))),
        ("of yesterday", and(message(), "sent", json!("2026-11-20T22:08:00Z"))),
        ("of tomorrow", and(message(), "sent", json!("2026-11-22T22:08:00Z"))),
        ("a notice", with(message(), "/category/0/coding/0/system", json!(clinical))),
        ("not sent", and(message(), "status", json!("preparation"))),
        ("about something", and(message(), "about", json!([{"reference": "Patient/p1"}]))),
        ("hidden", and(message(), "meta", hidden)),
        ("a script", and(message(), "payload", file)),
        ("outside", and(message(), "payload", outside)),
        ("extended", and(message(), "extension", extension)),
        (
            "another's answer",
            and(message(), "inResponseTo", json!([{"reference": "Communication/c2"}])),
        ),
        ("measured by a doctor", and(measurement(), "performer", json!([gp]))),
        ("measured of another", and(measurement(), "subject", patient("p2"))),
        ("by nobody", and(measurement(), "performer", json!([]))),
        ("a laboratory's", with(measurement(), "/category/0/coding/0/code", json!("laboratory"))),
        ("in a contact", and(measurement(), "encounter", json!({"reference": "Encounter/e"}))),
        ("interpreted", and(measurement(), "interpretation", json!([{"text": "H"}]))),
        ("to come", and(measurement(), "effectiveDateTime", json!("2026-11-23T21:00:00Z"))),
        ("another's drug", with(renewal(), "/focus/reference", json!("MedicationRequest/m2"))),
        ("no drug", with(renewal(), "/focus/reference", json!("Communication/c1"))),
        ("to no doctor of mine", with(renewal(), "/owner/reference", json!("Practitioner/other"))),
        ("done", and(renewal(), "status", json!("completed"))),
        ("for another", and(renewal(), "for", patient("p2"))),
        ("another task", and(renewal(), "code", other_way)),
        (
            "with output",
            and(renewal(), "output", json!([{"type": {"text": "x"}, "valueString": "y"}])),
        ),
        ("without its time", appointment()),
        (
            "a note",
            json!({"resourceType": "DocumentReference", "status": "current",
            "subject": patient("p1"), "content": [{"attachment": {"title": "x"}}]}),
        ),
        ("a diagnosis", json!({"resourceType": "Condition", "subject": patient("p1")})),
        (
            "a drug",
            json!({"resourceType": "MedicationRequest", "status": "active",
            "intent": "order", "subject": patient("p1"),
            "medicationCodeableConcept": {"text": "x"}}),
        ),
        (
            "a time",
            json!({"resourceType": "Slot", "status": "free",
            "start": NOW, "end": NOW, "schedule": {"reference": "Schedule/gp"}}),
        ),
        ("a place", json!({"resourceType": "Location", "name": "x"})),
    ];
    for (why, body) in attacks {
        let body: Value = body;
        if body.pointer("/performer/0").is_none() && why == "by nobody" {
            let mut nobody = body.clone();
            nobody.as_object_mut().unwrap().remove("performer");
            refused(&house, &own, &[nobody], why).await;
            continue;
        }
        refused(&house, &own, &[body], why).await;
    }
    for (of, id) in [("Communication", "c1"), ("MedicationRequest", "m1"), ("Communication", "c2")]
    {
        let stored = house.open.read(of, id).await.unwrap();
        let changed = and(stored.clone(), "note", json!([{"text": "x"}]));
        refused(&house, &own, &[changed], "a change").await;
        if id == "c2" {
            let read = and(stored, "received", json!(NOW));
            refused(&house, &own, &[read], "not a message to me").await;
        }
        assert_eq!(house.version(of, id).await, 1);
    }
    house.open.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_booked_moved_and_cancelled_whole_or_not_at_all() {
    let house = house().await;
    let own = citizen(OWN);
    let stored = async |id: &str| house.open.read("Slot", id).await.unwrap();
    let busy = async |id: &str| and(stored(id).await, "status", json!("busy"));
    let free = async |id: &str| and(stored(id).await, "status", json!("free"));
    let cancelled = async |id: &str| {
        and(house.open.read("Appointment", id).await.unwrap(), "status", json!("cancelled"))
    };
    let at = |slot: &str| with(appointment(), "/slot/0/reference", json!(format!("Slot/{slot}")));
    refused(&house, &own, &[busy("s1").await], "a time without an appointment").await;
    refused(&house, &own, &[appointment(), busy("s9").await], "another time").await;
    refused(&house, &own, &[at("s2"), busy("s2").await], "a time that is taken").await;
    refused(&house, &own, &[at("s9"), busy("s9").await], "with a stranger").await;
    refused(&house, &own, &[at("s3"), busy("s3").await], "at another time than its own").await;
    let late = and(
        and(at("s3"), "start", json!("2026-11-20T09:00:00+01:00")),
        "end",
        json!("2026-11-20T09:20:00+01:00"),
    );
    refused(&house, &own, &[late, busy("s3").await], "in the past").await;
    let other = with(appointment(), "/participant/0/actor", patient("p2"));
    refused(&house, &own, &[other, busy("s1").await], "for another").await;
    refused(&house, &own, &[free("s2").await], "freeing without cancelling").await;
    refused(&house, &own, &[cancelled("a2").await], "cancelling without freeing").await;
    let over =
        and(house.open.read("Appointment", "a2").await.unwrap(), "status", json!("fulfilled"));
    refused(&house, &own, &[over, free("s2").await], "a jump").await;
    let later = and(cancelled("a2").await, "start", json!("2026-11-24T10:00:00+01:00"));
    refused(&house, &own, &[later, free("s2").await], "another start").await;
    refused(
        &house,
        &citizen("01818010009"),
        &[cancelled("a2").await, free("s2").await],
        "not mine",
    )
    .await;
    // Moved: the one is let go of and the other taken, in one commit.
    let all = [cancelled("a2").await, free("s2").await, appointment(), busy("s1").await];
    house.together(&own, &all).await.unwrap();
    assert_eq!(stored("s2").await["status"], "free");
    assert_eq!(stored("s1").await["status"], "busy");
    refused(&house, &own, &[cancelled("a2").await, free("s2").await], "twice").await;
    // What has begun is not cancelled.
    house.open.clock.advance_milliseconds(301_120_000);
    let id = house.open.search("Appointment?status=booked").await.remove(0);
    refused(&house, &own, &[cancelled(&id).await, free("s1").await], "begun").await;
    house.open.check();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_who_want_the_same_time_one_gets_it() {
    let house = std::sync::Arc::new(house().await);
    for number in 0..200 {
        let id = format!("q{number}");
        house.person(&id, &format!("0181801{:04}", 1000 + number), "1980-01-01").await;
        house.team(&id, "Practitioner/gp").await;
    }
    let busy = slot("s1", "busy", "2026-11-24T09:00:00+01:00", "2026-11-24T09:20:00+01:00");
    let mut racing = Vec::new();
    for number in 0..200 {
        let (house, busy) = (std::sync::Arc::clone(&house), busy.clone());
        racing.push(tokio::spawn(async move {
            let who = citizen(&format!("0181801{:04}", 1000 + number));
            let mine = with(appointment(), "/participant/0/actor", patient(&format!("q{number}")));
            house.together(&who, &[mine, busy]).await
        }));
    }
    let mut won = 0;
    for one in racing {
        match one.await.unwrap() {
            Ok(()) => won += 1,
            Err(problem) => assert_eq!((problem.kind, problem.code), (Kind::Conflict, "REC-111")),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(house.open.search("Appointment?slot=Slot/s1").await.len(), 1);
    assert_eq!(house.open.read("Slot", "s1").await.unwrap()["meta"]["versionId"], "2");
    house.open.check();
}
