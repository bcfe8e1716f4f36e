//! What is ordered and done around the contacts: procedures, referrals, appointments, warnings,
//! messages and tasks.
//!
//! Part of the chart (`chart.rs`); as resources in the same breath, since each is used by several
//! courses and has no state that changes later.

use super::calendar::{Day, Moment};
use super::chart::Chart;
use super::diagnoses::Diagnosis;
use super::directory::{location_id, reference};
use super::documents::{Kind, Letter, Matter, lower};
use super::organisations::Service;
use super::resources::{TASKS, coding, concept, hl7, reference_to, words};
use super::visit::Visit;
use super::write::{Json, object};

impl Chart<'_> {
    /// Something done to the patient during a contact.
    pub(crate) fn procedure(&mut self, visit: &Visit, name: &str, day: Day) {
        let at = if day == visit.day() { visit.moment(12) } else { visit.morning(day) };
        let id = self.new_id();
        let members = object! {
            "status": "completed",
            "code": words(name),
            "subject": self.subject(),
            "encounter": reference_to("Encounter", &visit.id),
            "performedDateTime": at.iso(),
            "performer": [object! {
                "actor": reference("Practitioner", &visit.worker.0, &visit.worker.1),
            }],
        };
        self.push("Procedure", id, members);
    }

    /// Refer to another service: the order, and the letter that went with it.
    pub(crate) fn refer(
        &mut self,
        visit: &Visit,
        to: Service,
        diagnosis: &'static Diagnosis,
        question: &str,
    ) {
        let Some(receiver) = self.town.organisation(to) else { return };
        let id = self.new_id();
        // Whatever was ordered more than four months ago has been done.
        let done = self.end.since(visit.day()) > 120;
        let members = object! {
            "status": if done { "completed" } else { "active" },
            "intent": "order",
            "priority": "routine",
            "code": words(&format!("Henvisning til {}", receiver.name)),
            "subject": self.subject(),
            "encounter": reference_to("Encounter", &visit.id),
            "authoredOn": visit.end.iso(),
            "requester": reference("Practitioner", &visit.worker.0, &visit.worker.1),
            "performer": [reference("Organization", &receiver.id, receiver.name)],
            "reasonCode": [words(diagnosis.name)],
        };
        self.push("ServiceRequest", id, members);
        let title = format!("Henvisning: {}", lower(diagnosis.name));
        let matter = Matter::Referral { receiver: receiver.name, question: question.to_owned() };
        self.later(Letter { visit: visit.clone(), kind: Kind::Referral, title, matter });
    }

    /// A booked appointment some days from today, if the person lives.
    pub(crate) fn appoint(&mut self, service: Service, days: i32, title: &str, minutes: i32) {
        if !self.alive() {
            return;
        }
        let day = self.today.plus(days.max(1)).workday();
        let minute = self.random.between(17, 29) * 30;
        self.appoint_at(service, day.at(minute / 60, minute % 60), title, minutes);
    }

    /// A booked appointment at this moment.
    pub(crate) fn appoint_at(
        &mut self,
        service: Service,
        begin: Moment,
        title: &str,
        minutes: i32,
    ) {
        let end = begin.plus(minutes);
        let own = matches!(service, Service::Office(_));
        let doctor = self.doctor().map(|(_, doctor)| doctor).filter(|_| own);
        let Some(organisation) = self.town.organisation(service) else { return };
        let Some(worker) = doctor.or_else(|| organisation.someone(true, &mut self.random)) else {
            return;
        };
        let id = self.new_id();
        let actor = |actor: Json| object! { "actor": actor, "status": "accepted" };
        let members = object! {
            "status": "booked",
            "serviceType": [words(title)],
            "description": title.to_owned(),
            "start": begin.iso(),
            "end": end.iso(),
            "minutesDuration": minutes,
            "created": self.end.iso(),
            "participant": [
                actor(self.subject()),
                actor(reference("Practitioner", &worker.id, &worker.name())),
                actor(reference("Location", &location_id(organisation), organisation.name)),
            ],
        };
        self.push("Appointment", id, members);
    }

    /// A warning that everybody who opens the chart should see.
    pub(crate) fn flag(&mut self, text: &str, category: &'static str, from: Day) {
        if from > self.end || !self.is_new_flag(text) {
            return;
        }
        let id = self.new_id();
        let over = (!self.alive()).then(|| self.end.iso());
        let members = object! {
            "status": if over.is_some() { "inactive" } else { "active" },
            "category": [hl7("http://terminology.hl7.org/CodeSystem/flag-category", category)],
            "code": words(text),
            "subject": self.subject(),
            "period": object! { "start": from.iso(), "end": over },
        };
        self.push("Flag", id, members);
    }

    /// A message from the patient or the next of kin to the doctor.
    pub(crate) fn message(&mut self, days_ago: i32, text: &str) {
        let day = self.end.plus(-days_ago);
        let Some((_, doctor)) = self.doctor() else { return };
        if !self.alive() || day < self.start {
            return;
        }
        let id = self.new_id();
        let sent = day.at(19, 10 + days_ago % 40);
        let members = object! {
            "status": "completed",
            "category": [words("Melding fra pasienten")],
            "medium": [words("Helsenorge")],
            "subject": self.subject(),
            "sent": sent.iso(),
            "recipient": [reference("Practitioner", &doctor.id, &doctor.name())],
            "sender": self.subject(),
            "payload": [object! { "contentString": text.to_owned() }],
        };
        self.push("Communication", id, members);
    }

    /// Something for the doctor to do about the patient within some days.
    pub(crate) fn task(&mut self, text: &str, within_days: i32) {
        self.write_task(None, text, within_days);
    }

    /// As [`Chart::task`], of one of Akson's own kinds of tasks.
    pub(crate) fn task_of(
        &mut self,
        (code, name): (&'static str, &'static str),
        text: &str,
        within_days: i32,
    ) {
        let code = concept(coding(TASKS, code, name), name);
        self.write_task(Some(code), text, within_days);
    }

    fn write_task(&mut self, code: Option<Json>, text: &str, within_days: i32) {
        let Some((_, doctor)) = self.doctor() else { return };
        if !self.alive() {
            return;
        }
        let id = self.new_id();
        let authored = self.end.at(15, 5);
        let members = object! {
            "status": "requested",
            "intent": "order",
            "priority": if within_days == 0 { "urgent" } else { "routine" },
            "code": code,
            "description": text.to_owned(),
            "for": self.subject(),
            "authoredOn": authored.iso(),
            "lastModified": authored.iso(),
            "owner": reference("Practitioner", &doctor.id, &doctor.name()),
            "restriction": object! {
                "period": object! { "end": self.today.plus(within_days).iso() },
            },
        };
        self.push("Task", id, members);
    }
}
