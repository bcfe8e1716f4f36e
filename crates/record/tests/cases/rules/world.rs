//! Small worlds: a town with its organisations and people at work, and patients with everything
//! that the rules ask about, each as the model knows it and as FHIR resources.

use serde_json::{Value, json};

use super::model::{
    Asker, CONFIDENCE, Capacity, Grant, GrantKind, Hides, Item, Patient, Place, Representative,
    Tie, Town, WITHHELD, Who, Wish,
};

pub(crate) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const HPR: &str = "urn:oid:2.16.578.1.12.4.1.4.4";
const ORGNR: &str = "urn:oid:2.16.578.1.12.4.1.4.101";
const ROLE: &str = "https://akson.no/fhir/CodeSystem/role";
const DECISION: &str = "https://akson.no/fhir/CodeSystem/access-decision";

const WITHHELD_UNTIL: &str = "https://akson.no/fhir/StructureDefinition/withheld-until";

/// Numbers that always come in the same order from the same seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub(crate) struct World {
    pub(crate) town: Town,
    pub(crate) patients: Vec<(Patient, Vec<Item>)>,
    pub(crate) askers: Vec<Asker>,
    /// All resources, in an order in which they can be stored.
    pub(crate) resources: Vec<Value>,
}

/// The roles that people have at the organisations below.
const PLACES: [(&str, usize); 18] = [
    ("doctor", 3),
    ("doctor", 4),
    ("doctor", 5),
    ("nurse", 1),
    ("nurse", 2),
    ("nurse", 5),
    ("health-station-nurse", 0),
    ("healthcare-worker", 1),
    ("healthcare-worker", 2),
    ("therapist", 0),
    ("therapist", 2),
    ("case-worker", 0),
    ("receptionist", 3),
    ("receptionist", 4),
    ("privacy-officer", 0),
    ("privacy-officer", 4),
    ("administrator", 0),
    ("doctor", 3),
];

/// Fjordvik and its home care west and east, a doctor's office, a hospital and its ward.
const PART_OF: [Option<usize>; 6] = [None, Some(0), Some(0), None, None, Some(4)];

pub(crate) fn reference(to: &str) -> Value {
    json!({"reference": to})
}

fn of(town: &Town, who: Who) -> Value {
    let _ = town;
    reference(&match who {
        Who::Practitioner(one) => format!("Practitioner/d{one}"),
        Who::Place(one) => format!("PractitionerRole/r{one}"),
        Who::Organisation(one) => format!("Organization/o{one}"),
    })
}

fn town(dice: &mut Dice) -> (Town, Vec<Value>) {
    let mut resources = Vec::new();
    for (at, parent) in PART_OF.iter().enumerate() {
        let mut body = json!({"resourceType": "Organization", "id": format!("o{at}"),
            "name": format!("Sted {at}"),
            "identifier": [{"system": ORGNR, "value": format!("31000000{at}")}]});
        if let Some(parent) = parent {
            body["partOf"] = reference(&format!("Organization/o{parent}"));
        }
        resources.push(body);
    }
    let mut places: Vec<Place> = Vec::new();
    for (at, (role, organisation)) in PLACES.into_iter().enumerate() {
        // Some have two places; a few of those have left one of them.
        let earlier = places.iter().rposition(|p| p.role == role);
        let practitioner = match earlier.filter(|_| dice.one_in(3)) {
            Some(earlier) => places[earlier].practitioner,
            None => at,
        };
        let is_current = practitioner == at || !dice.one_in(3);
        let place = Place { practitioner, role, organisation, is_current };
        if practitioner == at {
            resources.push(json!({"resourceType": "Practitioner", "id": format!("d{at}"),
                "identifier": [{"system": HPR, "value": format!("90000{at:04}")}],
                "name": [{"family": "Lege", "given": [format!("Nr{at}")]}]}));
        }
        let period = if is_current { json!({"start": "2020-01-01"}) } else { past() };
        resources.push(json!({"resourceType": "PractitionerRole", "id": format!("r{at}"),
            "active": true, "period": period,
            "practitioner": reference(&format!("Practitioner/d{practitioner}")),
            "organization": reference(&format!("Organization/o{organisation}")),
            "code": [{"coding": [{"system": ROLE, "code": role}], "text": role}]}));
        places.push(place);
    }
    (Town { part_of: PART_OF.to_vec(), places }, resources)
}

impl World {
    pub(crate) fn new(seed: u64, patients: usize) -> Self {
        let mut dice = Dice(seed);
        let (town, resources) = town(&mut dice);
        let current = (0..town.places.len()).filter(|at| town.places[*at].is_current);
        let mut askers: Vec<Asker> = current.map(Asker::Personnel).collect();
        askers.extend([None, Some(1), Some(3), Some(4), Some(5)].map(Asker::System));
        let mut world = Self { town, patients: Vec::new(), askers, resources };
        for number in 0..patients {
            let mut teller = Teller::new(&mut dice, &world.town, number, patients);
            teller.tell();
            let Teller { patient, items, resources, .. } = teller;
            world.askers.push(Asker::Citizen(patient.number.clone()));
            world.patients.push((patient, items));
            world.resources.extend(resources);
        }
        world
    }
}

fn national_number(at: usize) -> String {
    format!("0181801{at:04}")
}

fn past() -> Value {
    json!({"start": "2020-01-01", "end": "2026-11-20"})
}

/// A time in which something holds, and whether that is now (2026-11-21, 23:08 in Norway).
fn time(dice: &mut Dice) -> (Option<Value>, bool) {
    match dice.below(8) {
        0 => (Some(past()), false),
        1 => (Some(json!({"start": "2026-11-22"})), false),
        2 => (Some(json!({"start": "2026-11-21", "end": "2026-11-21"})), true),
        3 => (Some(json!({"start": "2026-01-01"})), true),
        4 => (Some(json!({"end": "2026-11-21T22:08:00Z"})), true),
        _ => (None, true),
    }
}

/// When something is released to the citizen, and whether that is still to come.
fn released(dice: &mut Dice) -> (Option<&'static str>, bool) {
    *dice.pick(&[
        (None, true),
        (Some("2026-11-22"), true),
        (Some("2026-11-21"), false),
        (Some("2026-11-21T22:00:00Z"), false),
        (Some("2026-12-01T08:00:00+01:00"), true),
    ])
}

fn born(dice: &mut Dice) -> (Option<String>, Option<u32>) {
    let (date, age) = *dice.pick(&[
        ("1950-11-18", 76),
        ("1985-03-02", 41),
        ("2008-11-21", 18),
        ("2008-11-22", 17),
        ("2010-11-21", 16),
        ("2010-11-22", 15),
        ("2012-02-29", 14),
        ("2014-11-21", 12),
        ("2014-11-22", 11),
        ("2021-05-17", 5),
        ("", 0),
    ]);
    if date.is_empty() { (None, None) } else { (Some(date.into()), Some(age)) }
}

/// Tells one patient's story, to the model and in FHIR.
struct Teller<'a> {
    dice: &'a mut Dice,
    town: &'a Town,
    number: usize,
    of: usize,
    patient: Patient,
    items: Vec<Item>,
    resources: Vec<Value>,
}

impl<'a> Teller<'a> {
    fn new(dice: &'a mut Dice, town: &'a Town, number: usize, of: usize) -> Self {
        let (birth, age) = born(dice);
        let patient = Patient {
            id: format!("p{number}"),
            number: national_number(number),
            birth,
            age,
            is_protected: dice.one_in(5),
            ties: Vec::new(),
            representatives: Vec::new(),
            wishes: Vec::new(),
            grants: Vec::new(),
            withholds: false,
        };
        Self { dice, town, number, of, patient, items: Vec::new(), resources: Vec::new() }
    }

    fn subject(&self) -> Value {
        reference(&format!("Patient/{}", self.patient.id))
    }

    fn put(&mut self, mut item: Item, mut body: Value) {
        body["resourceType"] = item.type_name.into();
        body["id"] = item.id.as_str().into();
        if let Some(label) = item.label {
            let mut coding = json!({"system": ACT_CODE, "code": label});
            if label == WITHHELD {
                let (until, holds) = released(self.dice);
                item.is_withheld = holds;
                self.patient.withholds |= holds && !item.is_apart;
                if let Some(until) = until {
                    coding["extension"] = json!([{"url": WITHHELD_UNTIL, "valueDateTime": until}]);
                }
            }
            body["meta"] = json!({"security": [coding]});
        }
        self.items.push(item);
        self.resources.push(body);
    }

    fn item(&self, type_name: &'static str) -> Item {
        let letters = type_name.to_lowercase();
        let at = self.items.iter().filter(|i| i.type_name == type_name).count();
        Item { type_name, id: format!("{letters}-{}-{at}", self.number), ..Item::default() }
    }

    fn anybody(&mut self) -> Who {
        let place = self.dice.below(self.town.places.len());
        match self.dice.below(3) {
            0 => Who::Practitioner(self.town.places[place].practitioner),
            1 => Who::Place(place),
            _ => Who::Organisation(self.dice.below(self.town.part_of.len())),
        }
    }

    fn tell(&mut self) {
        self.person();
        for _ in 0..self.dice.below(4) {
            match self.dice.below(5) {
                0 => self.care_team(),
                1 => self.episode(),
                2 => self.appointment(),
                3 => self.referral(),
                _ => self.visit(),
            }
        }
        self.contacts();
        self.journal();
        for _ in 0..1 + self.dice.below(2) {
            self.relative();
        }
        for _ in 0..self.dice.below(3) {
            self.wish();
        }
        for _ in 0..self.dice.below(3) {
            self.grant();
        }
    }

    fn person(&mut self) {
        let mut body = json!({
            "identifier": [{"system": FNR, "value": self.patient.number}],
            "name": [{"family": "Nordmann", "given": [format!("Nr{}", self.number)]}]});
        if let Some(birth) = &self.patient.birth {
            body["birthDate"] = birth.as_str().into();
        }
        if self.dice.one_in(2) {
            let with = match self.dice.below(3) {
                0 => Who::Practitioner(0),
                1 => Who::Place(0),
                _ => Who::Organisation(3),
            };
            body["generalPractitioner"] = json!([of(self.town, with)]);
            self.patient.ties.push(Tie { with, holds: true, is_doctor_of_the_list: true });
        }
        let item = Item { type_name: "Patient", id: self.patient.id.clone(), ..Item::default() };
        self.put(item, body);
        if self.patient.is_protected {
            let code = if self.dice.one_in(2) { "V" } else { "R" };
            let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
            let last = self.resources.last_mut().unwrap();
            last["meta"] = json!({"security": [{"system": system, "code": code}]});
        }
    }

    fn tie(&mut self, with: Who, holds: bool) {
        self.patient.ties.push(Tie { with, holds, is_doctor_of_the_list: false });
    }

    fn care_team(&mut self) {
        let with = self.anybody();
        let (period, in_period) = time(self.dice);
        let is_active = !self.dice.one_in(4);
        let mut participant = json!({"member": of(self.town, with)});
        if let Some(period) = period {
            participant["period"] = period;
        }
        let status = if is_active { "active" } else { "inactive" };
        self.tie(with, in_period && is_active);
        let organisation = match with {
            Who::Organisation(one) => Some(one),
            Who::Practitioner(_) | Who::Place(_) => None,
        };
        let item = Item { organisation, ..self.item("CareTeam") };
        let body = json!({"status": status, "subject": self.subject(),
            "participant": [participant]});
        self.put(item, body);
    }

    fn episode(&mut self) {
        let organisation = self.dice.below(self.town.part_of.len());
        let (period, in_period) = time(self.dice);
        let is_active = !self.dice.one_in(4);
        let status = if is_active { "active" } else { "finished" };
        self.tie(Who::Organisation(organisation), in_period && is_active);
        let item = Item { organisation: Some(organisation), ..self.item("EpisodeOfCare") };
        let mut body = json!({"status": status, "patient": self.subject(),
            "managingOrganization": of(self.town, Who::Organisation(organisation))});
        if let Some(period) = period {
            body["period"] = period;
        }
        self.put(item, body);
    }

    fn appointment(&mut self) {
        let with = match self.anybody() {
            // An organisation is no participant of an appointment.
            Who::Organisation(_) => Who::Practitioner(self.town.places[0].practitioner),
            with @ (Who::Practitioner(_) | Who::Place(_)) => with,
        };
        let (start, today) = *self.dice.pick(&[
            ("2026-11-21T08:00:00+01:00", true),
            ("2026-11-21T23:50:00+01:00", true),
            ("2026-11-21T23:10:00Z", false),
            ("2026-11-20T23:50:00+01:00", false),
        ]);
        let statuses = [("booked", true), ("noshow", true), ("cancelled", false)];
        let (status, stands) = *self.dice.pick(&statuses);
        self.tie(with, today && stands);
        let item = self.item("Appointment");
        let body = json!({"status": status, "start": start, "end": "2026-11-22T12:00:00Z",
            "participant": [
                {"actor": self.subject(), "status": "accepted"},
                {"actor": of(self.town, with), "status": "accepted"}]});
        self.put(item, body);
    }

    fn referral(&mut self) {
        let with = self.anybody();
        let (status, stands) = *self.dice.pick(&[("active", true), ("completed", false)]);
        self.tie(with, stands);
        let organisation = match with {
            Who::Organisation(one) => Some(one),
            Who::Practitioner(_) | Who::Place(_) => None,
        };
        let item = Item { organisation, ..self.item("ServiceRequest") };
        let body = json!({"status": status, "intent": "order", "subject": self.subject(),
            "performer": [of(self.town, with)]});
        self.put(item, body);
    }

    /// A contact that is going on.
    fn visit(&mut self) {
        let organisation = self.dice.below(self.town.part_of.len());
        let (status, stands) = *self.dice.pick(&[("in-progress", true), ("planned", false)]);
        self.tie(Who::Organisation(organisation), stands);
        self.encounter(status, organisation, None);
    }

    fn encounter(&mut self, status: &str, organisation: usize, part_of: Option<&str>) -> String {
        let item = Item {
            organisation: Some(organisation),
            contacts: part_of.map(str::to_string).into_iter().collect(),
            ..self.item("Encounter")
        };
        let mut body = json!({"status": status, "subject": self.subject(),
            "class": {"system": ACT_CODE, "code": "AMB"},
            "serviceProvider": of(self.town, Who::Organisation(organisation))});
        if let Some(part_of) = part_of {
            body["partOf"] = reference(part_of);
        }
        let reference = item.reference();
        self.put(item, body);
        reference
    }

    /// Contacts that are over, one of them with a contact that is part of it, and what was written.
    fn contacts(&mut self) {
        for _ in 0..1 + self.dice.below(2) {
            let organisation = self.dice.below(self.town.part_of.len());
            let whole = self.encounter("finished", organisation, None);
            let mut contacts = vec![whole.clone()];
            if self.dice.one_in(3) {
                contacts.push(self.encounter("finished", organisation, Some(&whole)));
            }
            let at = contacts.last().cloned().unwrap_or_default();
            for type_name in ["Observation", "MedicationRequest", "DocumentReference"] {
                self.note(type_name, &at, &contacts, organisation);
            }
        }
    }

    fn note(&mut self, type_name: &'static str, at: &str, contacts: &[String], by: usize) {
        let label = *self.dice.pick(&[None, None, Some("PSY"), Some(CONFIDENCE), Some(WITHHELD)]);
        let contacts = contacts.to_vec();
        let item = Item { label, contacts, organisation: Some(by), ..self.item(type_name) };
        let code = json!({"text": "noe"});
        let body = match type_name {
            "Observation" => json!({"status": "final", "code": code, "subject": self.subject(),
                "encounter": reference(at)}),
            "MedicationRequest" => json!({"status": "active", "intent": "order",
                "subject": self.subject(), "encounter": reference(at),
                "medicationCodeableConcept": code}),
            _ => json!({"status": "current", "subject": self.subject(),
                "context": {"encounter": [reference(at)]},
                "content": [{"attachment": {"title": "Notat"}}]}),
        };
        self.put(item, body);
    }

    /// What was written in no contact, and what lies outside the patient's own range.
    fn journal(&mut self) {
        let label = self.dice.one_in(2).then_some("PSY");
        let item = Item { label, ..self.item("Condition") };
        let body = json!({"subject": self.subject(), "code": {"text": "noe"}});
        self.put(item, body);
        let document = self.item("DocumentReference");
        let of_document = document.reference();
        let body = json!({"status": "current", "subject": self.subject(),
            "content": [{"attachment": {"title": "Brev"}}]});
        self.put(document, body);
        let composition = Item { refers: vec![of_document.clone()], ..self.item("List") };
        let body = json!({"status": "current", "mode": "working", "subject": self.subject(),
            "entry": [{"item": reference(&of_document)}]});
        self.put(composition, body);
        let payer = self.subject();
        let body = json!({"status": "active", "beneficiary": self.subject(), "payor": [payer]});
        self.put(self.item("Coverage"), body);
        let body = json!({"status": "active", "subject": self.subject(),
            "medicationCodeableConcept": {"text": "noe"}});
        self.put(self.item("MedicationStatement"), body);
        let body = json!({
            "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
                "code": "rest"},
            "recorded": "2026-11-01T12:00:00Z",
            "agent": [{"who": {"display": "noen"}, "requestor": true}],
            "source": {"observer": {"display": "et system"}},
            "entity": [{"what": self.subject()}]});
        self.put(self.item("AuditEvent"), body);
        let apart = |item: Item| Item { is_apart: true, ..item };
        for _ in 0..1 + self.dice.below(3) {
            self.task();
        }
        let label = self.dice.one_in(3).then_some("PSY");
        let body = json!({"patient": self.subject(), "status": "active"});
        self.put(Item { label, ..apart(self.item("Device")) }, body);
        let body = json!({"contentType": "text/plain", "data": "aGVp",
            "securityContext": self.subject()});
        self.put(apart(self.item("Binary")), body);
    }

    /// Something to be done, perhaps about what was written: as its focus, or where no search
    /// parameter looks.
    fn task(&mut self) {
        let labels = [None, None, None, Some("PSY"), Some(CONFIDENCE), Some(WITHHELD)];
        let label = *self.dice.pick(&labels);
        let mut body = json!({"status": "requested", "intent": "order", "for": self.subject()});
        let possible: Vec<Item> =
            self.items.iter().filter(|item| !item.is_apart).cloned().collect();
        let mut about = Vec::new();
        if self.dice.one_in(2) {
            let item = self.dice.pick(&possible).clone();
            body["focus"] = reference(&item.reference());
            about.push(item);
        }
        if self.dice.one_in(4) {
            let item = self.dice.pick(&possible).clone();
            body["input"] = json!([{"type": {"text": "x"},
                "valueReference": reference(&item.reference())}]);
            about.push(item);
        }
        // The person is named in a journal of which parts are hidden.
        about.retain(|item| item.type_name != "Patient");
        let item = Item { label, about, is_apart: true, ..self.item("Task") };
        self.put(item, body);
    }

    fn relative(&mut self) {
        let (code, capacity) = *self.dice.pick(&[
            ("MTH", Capacity::Parent),
            ("FTH", Capacity::Parent),
            ("GUARD", Capacity::Guardian),
            ("POWATT", Capacity::Attorney),
            ("AUNT", Capacity::Nothing),
        ]);
        let number = national_number(self.dice.below(self.of));
        let (period, in_period) = time(self.dice);
        let is_active = !self.dice.one_in(5);
        if self.number > 0 && number != self.patient.number {
            let holds = in_period && is_active;
            let number = number.clone();
            self.patient.representatives.push(Representative { number, capacity, holds });
        } else {
            return;
        }
        if code == "POWATT" && is_active && self.dice.one_in(2) {
            return self.appoint(&number, period);
        }
        let mut body = json!({"patient": self.subject(), "active": is_active,
            "identifier": [{"system": FNR, "value": number}],
            "relationship": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}]}]});
        if let Some(period) = period {
            body["period"] = period;
        }
        self.put(self.item("RelatedPerson"), body);
    }

    /// A power of attorney that the patient has given by a Consent.
    fn appoint(&mut self, number: &str, period: Option<Value>) {
        let code = *self.dice.pick(&["POWATT", "HPOWATT"]);
        let mut provision = json!({"type": "permit", "actor": [{
            "role": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}]},
            "reference": {"display": "En", "identifier": {"system": FNR, "value": number}}}]});
        if let Some(period) = period {
            provision["period"] = period;
        }
        let category = json!({"coding": [{"system": "http://loinc.org", "code": "59284-0"}]});
        self.consent(provision, category, Vec::new());
    }

    fn consent(&mut self, provision: Value, category: Value, refers: Vec<String>) {
        let item = Item { refers, ..self.item("Consent") };
        let body = json!({"status": "active", "patient": self.subject(),
            "scope": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                "code": "patient-privacy"}]},
            "category": [category], "policyRule": {"text": "ønske"}, "provision": provision});
        self.put(item, body);
    }

    fn wish(&mut self) {
        let named = 2 - self.dice.below(3).min(2);
        let against: Vec<Who> = (0..named).map(|_| self.anybody()).collect();
        let (period, holds) = time(self.dice);
        let mut provision = json!({"type": "deny"});
        let (hides, mut refers) = (self.hides(&mut provision, against.is_empty()), Vec::new());
        if let Hides::Resource(hidden) = &hides {
            refers.push(hidden.clone());
            // What is about a contact is about what the contact is part of.
            let is_it = |item: &&Item| item.type_name == "Encounter" && item.reference() == *hidden;
            let contact = self.items.iter().find(is_it);
            refers.extend(contact.iter().flat_map(|contact| contact.contacts.clone()));
        }
        if let Some(period) = period {
            provision["period"] = period;
        }
        if !against.is_empty() {
            provision["actor"] = against.iter().map(|who| self.actor(*who)).collect();
        }
        let category = json!({"coding": [{"system": "http://loinc.org", "code": "59284-0"}]});
        self.consent(provision, category, refers);
        self.patient.wishes.push(Wish { against, hides, holds });
    }

    fn actor(&self, who: Who) -> Value {
        json!({"reference": of(self.town, who), "role": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
            "code": "IRCP"}]}})
    }

    fn hides(&mut self, provision: &mut Value, names_nobody: bool) -> Hides {
        let instance = |to: &str| json!([{"meaning": "instance", "reference": reference(to)}]);
        let kind = self.dice.below(6);
        let of_type = |items: &[Item], name: &str, dice: &mut Dice| {
            let all: Vec<String> =
                items.iter().filter(|i| i.type_name == name).map(Item::reference).collect();
            dice.pick(&all).clone()
        };
        match kind {
            0 => Hides::Everything,
            1 | 2 => {
                let name = if kind == 1 { "Encounter" } else { "DocumentReference" };
                let hidden = of_type(&self.items, name, self.dice);
                provision["data"] = instance(&hidden);
                Hides::Resource(hidden)
            }
            3 => {
                let label = *self.dice.pick(&["PSY", CONFIDENCE]);
                provision["securityLabel"] = json!([{"system": ACT_CODE, "code": label}]);
                Hides::Label(label)
            }
            4 => {
                let by = self.dice.below(self.town.part_of.len());
                provision["data"] = instance(&format!("Organization/o{by}"));
                Hides::WrittenBy(by)
            }
            _ if names_nobody => {
                provision["action"] = json!([{"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/consentaction",
                    "code": "disclose"}]}]);
                Hides::ByOthers
            }
            _ => Hides::Everything,
        }
    }

    fn grant(&mut self) {
        let to = self.anybody();
        let (period, holds) = time(self.dice);
        let (kind, category) = match self.dice.below(3) {
            0 => (GrantKind::Decided, json!({"coding": [{"system": DECISION, "code": "decided"}]})),
            1 => (
                GrantKind::Emergency,
                json!({"coding": [{"system": DECISION, "code": "emergency"}]}),
            ),
            _ => (
                GrantKind::Consent,
                json!({"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}),
            ),
        };
        let mut provision = json!({"type": "permit", "actor": [self.actor(to)]});
        if let Some(period) = period {
            provision["period"] = period;
        }
        self.consent(provision, category, Vec::new());
        self.patient.grants.push(Grant { kind, to, holds });
    }
}
