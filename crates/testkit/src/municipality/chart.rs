//! One person's chart under construction: contacts, problems, treatments, measurements and
//! documents are added by the courses, and written as resources at the end.
//!
//! The chart keeps what must agree: nothing before the history begins, nothing after death or
//! today, nobody at the doctor's while in hospital. Not here: which illness does what
//! (`courses/`), what a resource looks like (`resources.rs`).

use super::analyses::{Lab, Score, Vital};
use super::body::Body;
use super::calendar::{Day, Moment};
use super::diagnoses::Diagnosis;
use super::documents::{Kind, Letter};
use super::drugs::{Dose, Drug};
use super::health::Health;
use super::organisations::{Organisation, Service, Town, Worker};
use super::people::Person;
use super::random::Random;
use super::resources;
use super::visit::{Class, Plan, Visit};
use super::ward::Bed;
use super::wishes;
use super::write::{Entry, Json, object};

/// Years of history before today.
const HISTORY_YEARS: i32 = 10;

/// How delicate something is: a code of v3-ActCode's information sensitivity policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Psychiatry.
    Psychiatry,
    /// What an adolescent has told in confidence.
    Adolescent,
}

impl Label {
    /// As a Coding of `meta.security`.
    pub(crate) fn json(self) -> Json {
        let (code, display) = match self {
            Label::Psychiatry => ("PSY", "psychiatry disorder information sensitivity"),
            Label::Adolescent => ("ADOL", "adolescent information sensitivity"),
        };
        object! { "system": wishes::ACT_CODE, "code": code, "display": display }
    }
}

/// A problem or an ailment of the chart.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) id: String,
    pub(crate) diagnosis: &'static Diagnosis,
    pub(crate) onset: Day,
    pub(crate) abated: Option<Day>,
    pub(crate) visit: Option<Visit>,
    /// On the problem list, not only the diagnosis of one contact.
    pub(crate) lasting: bool,
    pub(crate) note: Option<String>,
    label: Option<Label>,
}

/// A medicine over a time.
#[derive(Debug, Clone)]
pub(crate) struct Treatment {
    pub(crate) id: String,
    pub(crate) drug: &'static Drug,
    pub(crate) dose: Dose,
    pub(crate) from: Day,
    pub(crate) until: Option<Day>,
    /// Prescribed for a limited time from the beginning.
    pub(crate) limited: bool,
    pub(crate) why_stopped: Option<&'static str>,
    pub(crate) problem: Option<usize>,
    pub(crate) visit: Option<Visit>,
    /// Taken by the patient's own choice, without a prescription.
    pub(crate) own: bool,
    label: Option<Label>,
}

/// A result as a sentence has it.
#[derive(Debug, Clone)]
struct Finding {
    visit: String,
    day: Day,
    text: String,
}

/// The chart.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    pub(crate) person: &'a Person,
    pub(crate) town: &'a Town,
    pub(crate) random: Random,
    pub(crate) health: Health,
    pub(crate) body: Body,
    pub(crate) today: Day,
    /// First day of the history.
    pub(crate) start: Day,
    /// Last day with a contact: yesterday, or the day before death.
    pub(crate) end: Day,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    treatments: Vec<Treatment>,
    findings: Vec<Finding>,
    letters: Vec<(Letter, Option<Label>)>,
    flags: Vec<String>,
    stays: Vec<(Day, Day)>,
    /// The mark of what is told now.
    label: Option<Label>,
    next: u32,
    turn: usize,
    /// Letter before the numbers of ids that are counted apart, and how many there are.
    apart: Option<(char, u32)>,
}

impl<'a> Chart<'a> {
    /// An empty chart, with illnesses decided.
    pub(crate) fn new(person: &'a Person, town: &'a Town, seed: u64, today: Day) -> Chart<'a> {
        let mut random = Random::new(seed, "chart", person.index as u64);
        let health = Health::plan(person, today, &mut random);
        let body = Body::new(person, &mut random);
        let start = today.plus_years(-HISTORY_YEARS).max(person.born);
        let end = health.death.unwrap_or(today).plus(-1);
        Chart {
            person,
            town,
            random,
            health,
            body,
            today,
            start,
            end,
            entries: Vec::new(),
            problems: Vec::new(),
            treatments: Vec::new(),
            findings: Vec::new(),
            letters: Vec::new(),
            flags: Vec::new(),
            stays: Vec::new(),
            label: None,
            next: 0,
            turn: person.index,
            apart: None,
        }
    }

    /// Tell something with ids and chance of its own, so that the rest of the chart stays as it is.
    pub(crate) fn tell_apart(
        &mut self,
        letter: char,
        random: Random,
        tell: impl FnOnce(&mut Self),
    ) {
        let random = std::mem::replace(&mut self.random, random);
        self.apart = Some((letter, 0));
        tell(self);
        self.apart = None;
        self.random = random;
    }

    /// The medicines told of so far.
    pub(crate) fn treatments(&self) -> &[Treatment] {
        &self.treatments
    }

    /// The bed in the nursing home that the person lies in.
    pub(crate) fn bed(&self) -> Option<&'a Bed> {
        self.town.ward.bed_of(self.person.index)
    }

    /// Whether the person is alive today.
    pub(crate) fn alive(&self) -> bool {
        self.health.death.is_none()
    }

    /// Whether a contact could take place that day.
    pub(crate) fn covers(&self, day: Day) -> bool {
        (self.start..=self.end).contains(&day)
    }

    /// Age in whole years on a day.
    pub(crate) fn age(&self, day: Day) -> i32 {
        self.person.age(day)
    }

    /// The next id of this chart, unique over all types.
    pub(crate) fn new_id(&mut self) -> String {
        if let Some((letter, count)) = &mut self.apart {
            *count += 1;
            return format!("{}-{letter}{count}", self.person.id);
        }
        self.next += 1;
        format!("{}-{}", self.person.id, self.next)
    }

    /// Add a finished resource, marked as what is told now.
    pub(crate) fn push(&mut self, kind: &'static str, id: String, mut members: Json) {
        if let (Some(label), Json::Object(members)) = (self.label, &mut members) {
            members.insert(0, ("meta", object! { "security": [label.json()] }));
        }
        self.entries.push(Entry { kind, id, members });
    }

    /// Tell something delicate: all that it adds to the chart is marked.
    pub(crate) fn in_confidence(&mut self, label: Label, tell: impl FnOnce(&mut Self)) {
        let before = self.label.replace(label);
        tell(self);
        self.label = before;
    }

    /// The contact that was written last.
    pub(crate) fn last_contact(&self) -> Option<&str> {
        let mut contacts = self.entries.iter().rev().filter(|entry| entry.kind == "Encounter");
        contacts.next().map(|entry| entry.id.as_str())
    }

    /// A reference to the patient.
    pub(crate) fn subject(&self) -> Json {
        resources::reference_to("Patient", &self.person.id)
    }

    /// Whether the person is in hospital that day.
    pub(crate) fn away(&self, day: Day) -> bool {
        self.stays.iter().any(|(begin, end)| (*begin..=*end).contains(&day))
    }

    fn home_again(&self, day: Day) -> Day {
        let stay = self.stays.iter().find(|(begin, end)| (*begin..=*end).contains(&day));
        stay.map_or(day, |(_, end)| end.plus(2))
    }

    /// A contact, if its day is inside the history; after a stay if the day is in one.
    pub(crate) fn contact(&mut self, plan: &Plan<'_>) -> Option<Visit> {
        let mut day = self.home_again(plan.day);
        if plan.class == Class::Ambulatory || plan.class == Class::Virtual {
            day = self.home_again(day.workday()).workday();
        }
        if !self.covers(day) || self.away(day) {
            return None;
        }
        let (first, last) = plan.hours;
        let minute = self.random.between(first * 12, last * 12) * 5;
        let begin = Moment { day, minute };
        let end = begin.plus(plan.minutes);
        self.record(plan, begin, end)
    }

    /// A stay of some nights in a hospital department, if all of it is inside the history.
    pub(crate) fn stay(
        &mut self,
        service: Service,
        day: Day,
        nights: i32,
        reasons: &[&'static Diagnosis],
    ) -> Option<Visit> {
        let out = day.plus(nights);
        let taken =
            self.stays.iter().any(|(begin, end)| day <= end.plus(3) && *begin <= out.plus(3));
        if taken || !self.covers(day) || !self.covers(out) {
            return None;
        }
        self.stays.push((day, out));
        let begin = Moment { day, minute: self.random.between(60, 260) * 5 };
        let end = Moment { day: out, minute: self.random.between(132, 186) * 5 };
        let (begin, end) = (begin.min(end), end);
        let plan = Plan {
            service,
            class: Class::Inpatient,
            title: "Innleggelse",
            day,
            hours: (0, 0),
            minutes: 0,
            lead: true,
            reasons,
        };
        self.record(&plan, begin, end)
    }

    fn record(&mut self, plan: &Plan<'_>, begin: Moment, end: Moment) -> Option<Visit> {
        let (organisation, worker) = self.whom(plan.service, plan.lead)?;
        let visit = Visit {
            id: self.new_id(),
            service: plan.service,
            begin,
            end,
            worker: (worker.id.clone(), worker.name()),
            organisation: (organisation.id.clone(), organisation.name),
        };
        let entry = resources::encounter(self.subject(), plan, &visit);
        self.push("Encounter", visit.id.clone(), entry);
        Some(visit)
    }

    fn whom(&mut self, service: Service, lead: bool) -> Option<(&'a Organisation, &'a Worker)> {
        let town = self.town;
        if let Service::Office(_) = service {
            let (office, own) = town.general_practitioner(self.person.doctor)?;
            let same = self.random.chance(0.88);
            let worker = if lead && same { own } else { office.someone(lead, &mut self.random)? };
            return Some((office, worker));
        }
        let organisation = town.organisation(service)?;
        let worker = organisation.someone(lead, &mut self.random)?;
        Some((organisation, worker))
    }

    /// The service of the person's own general practitioner.
    pub(crate) fn office(&self) -> Service {
        let office = self.town.general_practitioner(self.person.doctor);
        office.map_or(Service::Office(0), |(office, _)| office.service)
    }

    /// The doctor whose list the person is on.
    pub(crate) fn doctor(&self) -> Option<(&'a Organisation, &'a Worker)> {
        self.town.general_practitioner(self.person.doctor)
    }

    /// The service and class of a doctor's contact that day: the nursing home's own for residents.
    pub(crate) fn primary(&self, day: Day) -> Service {
        if self.health.nursing_home.is_some_and(|begin| begin <= day) {
            Service::NursingHome
        } else {
            self.office()
        }
    }

    /// A consultation with the general practitioner, or with the nursing home's doctor.
    pub(crate) fn consultation(
        &mut self,
        day: Day,
        title: &str,
        reasons: &[&'static Diagnosis],
    ) -> Option<Visit> {
        let service = self.primary(day);
        let title = if service == Service::NursingHome { "Legevisitt" } else { title };
        self.contact(&Plan {
            service,
            class: Class::Ambulatory,
            title,
            day,
            hours: (8, 14),
            minutes: 20,
            lead: true,
            reasons,
        })
    }

    /// A visit to the out-of-hours clinic in the evening.
    pub(crate) fn emergency(&mut self, day: Day, reasons: &[&'static Diagnosis]) -> Option<Visit> {
        self.contact(&Plan {
            service: Service::OutOfHours,
            class: Class::Emergency,
            title: "Legevaktkonsultasjon",
            day,
            hours: (17, 22),
            minutes: 35,
            lead: true,
            reasons,
        })
    }

    /// An outpatient visit at the hospital.
    pub(crate) fn outpatient(
        &mut self,
        service: Service,
        day: Day,
        reasons: &[&'static Diagnosis],
    ) -> Option<Visit> {
        self.contact(&Plan {
            service,
            class: Class::Ambulatory,
            title: "Poliklinisk kontroll",
            day,
            hours: (8, 14),
            minutes: 40,
            lead: true,
            reasons,
        })
    }

    /// A lasting problem, known since a day that may lie before the history.
    pub(crate) fn problem(
        &mut self,
        diagnosis: &'static Diagnosis,
        onset: Day,
        visit: Option<&Visit>,
    ) -> usize {
        self.add_problem(diagnosis, onset, None, visit, true)
    }

    /// An ailment that passes after some days.
    pub(crate) fn ailment(
        &mut self,
        diagnosis: &'static Diagnosis,
        visit: &Visit,
        days: i32,
    ) -> usize {
        let onset = visit.day();
        self.add_problem(diagnosis, onset, Some(onset.plus(days)), Some(visit), false)
    }

    fn add_problem(
        &mut self,
        diagnosis: &'static Diagnosis,
        onset: Day,
        abated: Option<Day>,
        visit: Option<&Visit>,
        lasting: bool,
    ) -> usize {
        let id = self.new_id();
        let (visit, label) = (visit.cloned(), self.label);
        self.problems.push(Problem {
            id,
            diagnosis,
            onset,
            abated,
            visit,
            lasting,
            note: None,
            label,
        });
        self.problems.len() - 1
    }

    /// The problem is over.
    pub(crate) fn resolve(&mut self, problem: usize, day: Day) {
        if let Some(problem) = self.problems.get_mut(problem) {
            problem.abated = Some(day.max(problem.onset));
        }
    }

    /// A remark on a problem: a stage, a finding.
    pub(crate) fn remark(&mut self, problem: usize, text: String) {
        if let Some(problem) = self.problems.get_mut(problem) {
            problem.note = Some(text);
        }
    }

    /// Begin a medicine for a lasting time.
    pub(crate) fn treat(
        &mut self,
        drug: &'static Drug,
        dose: Dose,
        from: Day,
        problem: usize,
        visit: Option<&Visit>,
    ) -> usize {
        let id = self.new_id();
        self.treatments.push(Treatment {
            id,
            drug,
            dose,
            from,
            until: None,
            limited: false,
            why_stopped: None,
            problem: Some(problem),
            visit: visit.cloned(),
            own: false,
            label: self.label,
        });
        self.treatments.len() - 1
    }

    /// A medicine for some days, from this contact on.
    pub(crate) fn cure(
        &mut self,
        drug: &'static Drug,
        dose: Dose,
        visit: &Visit,
        days: i32,
        problem: usize,
    ) {
        let from = visit.end.day;
        let treatment = self.treat(drug, dose, from, problem, Some(visit));
        if let Some(treatment) = self.treatments.get_mut(treatment) {
            treatment.until = Some(from.plus(days));
            treatment.limited = true;
        }
    }

    /// Something that the patient takes without a prescription.
    pub(crate) fn own_medicine(&mut self, drug: &'static Drug, dose: Dose, from: Day) {
        let treatment = self.treat(drug, dose, from, usize::MAX, None);
        if let Some(treatment) = self.treatments.get_mut(treatment) {
            treatment.own = true;
            treatment.problem = None;
        }
    }

    /// Stop a medicine.
    pub(crate) fn stop(&mut self, treatment: usize, day: Day, why: &'static str) {
        if let Some(treatment) = self.treatments.get_mut(treatment) {
            treatment.until = Some(day.max(treatment.from));
            treatment.why_stopped = Some(why);
        }
    }

    /// Stop every running medicine whose ATC code begins so.
    pub(crate) fn stop_class(&mut self, atc: &str, day: Day, why: &'static str) {
        let open = |treatment: &&mut Treatment| {
            treatment.until.is_none()
                && treatment.from <= day
                && treatment.drug.atc.starts_with(atc)
        };
        for treatment in self.treatments.iter_mut().filter(open) {
            treatment.until = Some(day);
            treatment.why_stopped = Some(why);
        }
    }

    /// Whether a medicine of this ATC class is taken that day.
    pub(crate) fn takes(&self, atc: &str, day: Day) -> bool {
        self.on(day).any(|treatment| treatment.drug.atc.starts_with(atc))
    }

    fn on(&self, day: Day) -> impl Iterator<Item = &Treatment> {
        self.treatments.iter().filter(move |treatment| {
            treatment.from <= day && treatment.until.is_none_or(|until| until > day)
        })
    }

    /// A prescription that runs: its id, and of what.
    pub(crate) fn running_prescription(&self) -> Option<(String, &'static Drug)> {
        let mut running = self
            .treatments
            .iter()
            .filter(|one| !one.own && !one.limited && one.until.is_none() && one.from <= self.end);
        running.next().map(|one| (one.id.clone(), one.drug))
    }

    /// Measure the bedside values at a contact.
    pub(crate) fn vitals(&mut self, visit: &Visit, list: &[Vital]) {
        for vital in list {
            self.vital_at(visit, visit.moment(4), *vital);
        }
    }

    /// Measure on a morning of a stay.
    pub(crate) fn vitals_on(&mut self, visit: &Visit, day: Day, list: &[Vital]) {
        for vital in list {
            self.vital_at(visit, visit.morning(day), *vital);
        }
    }

    fn vital_at(&mut self, visit: &Visit, at: Moment, vital: Vital) {
        let (person, health, day) = (self.person, &self.health, at.day);
        let random = &mut self.random;
        let value = match vital {
            Vital::Pressure => {
                let (systolic, diastolic) = self.body.pressure(person, health, day, random);
                return self.pressure_as(visit, at, systolic, diastolic);
            }
            Vital::Pulse => self.body.pulse(person, health, day, random),
            Vital::Temperature => 36.8 + 0.25 * random.normal(),
            Vital::Saturation => self.body.saturation(health, day, random),
            Vital::Respiration => self.body.respiration(health, day, random),
            Vital::Weight => self.body.weight(person, health, day, random),
            Vital::Height => self.body.height(person, day),
            Vital::HeadCircumference => self.body.head(person, day),
            Vital::BodyMassIndex => {
                let metres = self.body.height(person, day) / 100.0;
                self.body.weight(person, health, day, random) / (metres * metres)
            }
        };
        self.vital_as(visit, at, vital, value);
    }

    /// A bedside value that the course knows better.
    pub(crate) fn vital_as(&mut self, visit: &Visit, at: Moment, vital: Vital, value: f64) {
        let id = self.new_id();
        let report = vital.report();
        self.found(visit, at.day, report.name, value, report.decimals, report.unit.0, "");
        let members = resources::vital(self.subject(), visit, at, vital, value);
        self.push("Observation", id, members);
    }

    /// A blood pressure that the course knows better.
    pub(crate) fn pressure_as(&mut self, visit: &Visit, at: Moment, systolic: f64, diastolic: f64) {
        let id = self.new_id();
        let text = format!("BT {systolic:.0}/{diastolic:.0}");
        self.findings.push(Finding { visit: visit.id.clone(), day: at.day, text });
        let members = resources::pressure(self.subject(), visit, at, systolic, diastolic);
        self.push("Observation", id, members);
    }

    /// Take blood at a contact.
    pub(crate) fn labs(&mut self, visit: &Visit, list: &[Lab]) {
        self.labs_at(visit, visit.moment(8), list);
    }

    /// Take blood on a morning of a stay.
    pub(crate) fn labs_on(&mut self, visit: &Visit, day: Day, list: &[Lab]) {
        self.labs_at(visit, visit.morning(day), list);
    }

    fn labs_at(&mut self, visit: &Visit, at: Moment, list: &[Lab]) {
        for lab in list {
            let value = self.body.lab(*lab, self.person, &self.health, at.day, &mut self.random);
            self.lab_as(visit, at, *lab, value);
        }
    }

    /// A laboratory value that the course knows better.
    pub(crate) fn lab_as(&mut self, visit: &Visit, at: Moment, lab: Lab, value: f64) {
        let id = self.new_id();
        let report = lab.report();
        let range = lab.range(self.person, self.age(at.day));
        let mark = match resources::interpretation(value, range, report.decimals) {
            "H" => " (H)",
            "L" => " (L)",
            _ => "",
        };
        // "P-Kreatinin" is read as "Kreatinin"; other hyphens belong to the name.
        let name = match report.name.split_once('-') {
            Some((system, name)) if system.len() == 1 => name,
            Some(_) | None => report.name,
        };
        self.found(visit, at.day, name, value, report.decimals, report.unit.0, mark);
        let members = resources::lab(self.subject(), visit, at, lab, value, range);
        self.push("Observation", id, members);
    }

    /// A score or special examination.
    pub(crate) fn score(&mut self, visit: &Visit, score: &'static Score, value: f64) {
        let id = self.new_id();
        let report = &score.report;
        self.found(visit, visit.day(), report.name, value, report.decimals, report.unit.0, "");
        let members = resources::score(self.subject(), visit, score, value);
        self.push("Observation", id, members);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one printed result")]
    fn found(
        &mut self,
        visit: &Visit,
        day: Day,
        name: &str,
        value: f64,
        decimals: usize,
        unit: &str,
        mark: &str,
    ) {
        let digits = format!("{value:.decimals$}").replace('.', ",");
        let space = if unit.is_empty() { "" } else { " " };
        let text = format!("{name} {digits}{space}{unit}{mark}");
        self.findings.push(Finding { visit: visit.id.clone(), day, text });
    }

    /// What was measured at a contact, as a sentence fragment.
    pub(crate) fn findings(&self, visit: &Visit) -> String {
        self.findings_where(|finding| finding.visit == visit.id)
    }

    /// What was measured on one day of a stay.
    pub(crate) fn findings_on(&self, visit: &Visit, day: Day) -> String {
        self.findings_where(|finding| finding.visit == visit.id && finding.day == day)
    }

    fn findings_where(&self, which: impl Fn(&Finding) -> bool) -> String {
        let texts: Vec<&str> = self
            .findings
            .iter()
            .filter(|finding| which(finding))
            .map(|finding| finding.text.as_str())
            .collect();
        texts.join(", ")
    }

    /// What is taken on a day, one line for each medicine.
    pub(crate) fn medicines(&self, day: Day) -> Vec<String> {
        self.on(day)
            .map(|treatment| {
                let Drug { substance, strength, .. } = treatment.drug;
                format!("{substance} {strength}: {}", treatment.dose.text)
            })
            .collect()
    }

    /// Names of the lasting problems on a day.
    pub(crate) fn known(&self, day: Day) -> Vec<&'static str> {
        self.problems
            .iter()
            .filter(|problem| problem.lasting && problem.onset < day)
            .filter(|problem| problem.abated.is_none_or(|abated| abated > day))
            .map(|problem| problem.diagnosis.name)
            .collect()
    }

    /// Whether a warning with these words is new to the chart.
    pub(crate) fn is_new_flag(&mut self, text: &str) -> bool {
        let new = self.flags.iter().all(|flag| flag != text);
        if new {
            self.flags.push(text.to_owned());
        }
        new
    }

    /// One of the texts, in turn, so that neighbouring notes differ.
    pub(crate) fn in_turn<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        self.turn += 1;
        texts.get(self.turn % texts.len().max(1)).copied().unwrap_or("")
    }

    /// A letter that tells what is known and taken: written when all courses have been told.
    pub(crate) fn later(&mut self, letter: Letter) {
        self.letters.push((letter, self.label));
    }

    /// A document written at the end of a contact.
    pub(crate) fn document(&mut self, visit: &Visit, kind: Kind, title: &str, text: &str) {
        let id = self.new_id();
        let pronoun = if self.person.is_woman() { "hun" } else { "han" };
        // The courses' texts are for everybody.
        let text = text.replace("hun eller han", pronoun);
        let members = resources::document(self.subject(), visit, kind, title, &text);
        self.push("DocumentReference", id, members);
    }

    /// A picture taken soon after the contact began, and what the radiologist saw.
    pub(crate) fn image(&mut self, visit: &Visit, title: &str, text: &str) {
        let Some((organisation, worker)) = self.whom(Service::Radiology, true) else { return };
        let answer = Visit {
            end: visit.moment(95),
            worker: (worker.id.clone(), worker.name()),
            organisation: (organisation.id.clone(), organisation.name),
            ..visit.clone()
        };
        self.procedure(visit, title, visit.day());
        self.document(&answer, Kind::Imaging, title, text);
    }

    /// A note of the contact.
    pub(crate) fn note(&mut self, visit: &Visit, title: &str, text: &str) {
        self.document(visit, Kind::Note, title, text);
    }

    /// Everything as resources: problems and medicines get the state they have at the end.
    pub(crate) fn finish(mut self) -> Vec<Entry> {
        for (letter, label) in std::mem::take(&mut self.letters) {
            self.label = label;
            let text = letter.text(&self);
            self.document(&letter.visit, letter.kind, &letter.title, &text);
        }
        let last = if self.alive() { self.today } else { self.end };
        let problems: Vec<Problem> = std::mem::take(&mut self.problems).into_iter().collect();
        let end = self.end;
        for problem in problems.iter().filter(|problem| problem.onset <= end) {
            let members = resources::condition(self.subject(), problem, last);
            self.label = problem.label;
            self.push("Condition", problem.id.clone(), members);
        }
        for treatment in std::mem::take(&mut self.treatments) {
            let over = treatment.until.is_some_and(|until| until < self.start);
            if treatment.from > self.end || over {
                continue;
            }
            let problem = treatment
                .problem
                .and_then(|index| problems.get(index))
                .filter(|problem| problem.onset <= self.end);
            let doctor = self.doctor();
            let (kind, members) = resources::medication(&self, &treatment, problem, doctor, last);
            self.label = treatment.label;
            self.push(kind, treatment.id, members);
        }
        self.entries
    }
}
