//! The rules, once more: written from the law and the matrix as text, knowing nothing of how
//! `access` decides or of how the facts are stored. What the record does is held against it.
//!
//! Law: pasientjournalloven §§ 16, 17, 22; pasient- og brukerrettighetsloven §§ 3-4, 5-1, 5-3;
//! helsepersonelloven § 45.

use std::collections::HashMap;

const MATRIX: &str = include_str!("../../../../access/rules/matrix.tsv");
const CLASSES: &str = include_str!("../../../../access/rules/classes.tsv");

/// Both tables, as a reader sees them.
pub(crate) struct Tables {
    rows: HashMap<(String, String), HashMap<String, char>>,
    classes: HashMap<String, String>,
}

impl Tables {
    pub(crate) fn read() -> Self {
        let mut lines = MATRIX.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        let heads: Vec<&str> = lines.next().unwrap().split('\t').collect();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), heads.len(), "{line}");
            let rights = heads[2..].iter().zip(&cells[2..]);
            let rights = rights.map(|(h, c)| (h.to_string(), c.chars().next().unwrap())).collect();
            ((cells[0].to_string(), cells[1].to_string()), rights)
        };
        let rows = lines.map(row).collect();
        let classes = CLASSES.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        let classes = classes.map(|line| line.split_once('\t').unwrap());
        Self { rows, classes: classes.map(|(t, c)| (t.to_string(), c.to_string())).collect() }
    }

    pub(crate) fn class(&self, type_name: &str) -> &str {
        &self.classes[type_name]
    }

    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.classes.values().map(String::as_str)
    }

    /// Role and situation of every row.
    pub(crate) fn situations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows.keys().map(|(role, situation)| (role.as_str(), situation.as_str()))
    }

    fn has_row(&self, role: &str, situation: &str) -> bool {
        self.rows.contains_key(&(role.into(), situation.into()))
    }

    pub(crate) fn cell(&self, role: &str, situation: &str, class: &str) -> char {
        let row = self.rows.get(&(role.into(), situation.into()));
        row.map_or('-', |row| row[class])
    }
}

/// Somebody or something that a wish, a relation or a grant names. Numbers are places in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Practitioner(usize),
    /// A place of work (`PractitionerRole`).
    Place(usize),
    Organisation(usize),
}

/// One place of work.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) practitioner: usize,
    pub(crate) role: &'static str,
    pub(crate) organisation: usize,
    pub(crate) is_current: bool,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Asker {
    /// By place of work.
    Personnel(usize),
    /// By national number.
    Citizen(String),
    /// Of an organisation.
    System(Option<usize>),
}

/// Who relates to the patient, and whether that holds at the moment of the question.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    pub(crate) with: Who,
    pub(crate) holds: bool,
    /// By `Patient.generalPractitioner`: those who work where the doctor works come along.
    pub(crate) is_doctor_of_the_list: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Representative {
    pub(crate) number: String,
    pub(crate) capacity: Capacity,
    pub(crate) holds: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    Parent,
    Guardian,
    Attorney,
    /// An aunt.
    Nothing,
}

#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Nobody named: everybody at work.
    pub(crate) against: Vec<Who>,
    pub(crate) hides: Hides,
    pub(crate) holds: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Hides {
    Everything,
    /// `Encounter/…`, `DocumentReference/…`, and what refers to it.
    Resource(String),
    Label(&'static str),
    /// What an organisation wrote.
    WrittenBy(usize),
    /// All that the asker's own organisation has not written.
    ByOthers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantKind {
    Decided,
    Emergency,
    Consent,
}

#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) kind: GrantKind,
    pub(crate) to: Who,
    pub(crate) holds: bool,
}

/// A patient as the rules see one.
#[derive(Clone, Debug)]
pub(crate) struct Patient {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) birth: Option<String>,
    /// Completed years; `None` without a birth date.
    pub(crate) age: Option<u32>,
    pub(crate) is_protected: bool,
    pub(crate) ties: Vec<Tie>,
    pub(crate) representatives: Vec<Representative>,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) grants: Vec<Grant>,
    /// Whether anything in the patient's own range is not released to the citizen yet.
    pub(crate) withholds: bool,
}

/// A resource about a patient.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    pub(crate) type_name: &'static str,
    pub(crate) id: String,
    pub(crate) label: Option<&'static str>,
    /// Not released to the citizen at the moment of the question.
    pub(crate) is_withheld: bool,
    /// What it refers to of the patient's own: `Encounter/…`.
    pub(crate) refers: Vec<String>,
    /// Contacts that it was made in, also as part of a greater one.
    pub(crate) contacts: Vec<String>,
    /// Who wrote it.
    pub(crate) organisation: Option<usize>,
    /// Whether it lies outside the patient's own range, so that it is hidden with whatever it refers
    /// to, and when it would have to be known who wrote it.
    pub(crate) is_apart: bool,
    /// The items that it refers to, when it lies apart.
    pub(crate) about: Vec<Item>,
}

impl Item {
    pub(crate) fn reference(&self) -> String {
        format!("{}/{}", self.type_name, self.id)
    }
}

/// What surrounds the patients.
pub(crate) struct Town {
    /// Of each organisation, the one it is part of.
    pub(crate) part_of: Vec<Option<usize>>,
    pub(crate) places: Vec<Place>,
}

/// The label of what adolescents have told in confidence.
pub(crate) const CONFIDENCE: &str = "ADOL";

/// The label of what is not released to the citizen yet.
pub(crate) const WITHHELD: &str = "NOPAT";

impl Town {
    /// An organisation and all that it is part of.
    fn up(&self, organisation: usize) -> Vec<usize> {
        let mut all = vec![organisation];
        while let Some(parent) = self.part_of[*all.last().unwrap()] {
            all.push(parent);
        }
        all
    }

    fn organisations(&self, asker: &Asker) -> Vec<usize> {
        match asker {
            Asker::Personnel(place) => self.up(self.places[*place].organisation),
            Asker::System(Some(organisation)) => self.up(*organisation),
            Asker::System(None) | Asker::Citizen(_) => Vec::new(),
        }
    }

    /// Whether a wish that names `who` is about the asker: a person is the same person at every
    /// place of work, and an organisation's parts are the organisation.
    fn is_named(&self, asker: &Asker, who: Who) -> bool {
        let person = |practitioner: usize| match asker {
            Asker::Personnel(place) => self.places[*place].practitioner == practitioner,
            Asker::Citizen(_) | Asker::System(_) => false,
        };
        match who {
            Who::Practitioner(practitioner) => person(practitioner),
            Who::Place(place) => person(self.places[place].practitioner),
            Who::Organisation(one) => self.organisations(asker).contains(&one),
        }
    }

    /// Whether a relation or a grant with `who` is with the asker.
    fn is_with(&self, asker: &Asker, who: Who) -> bool {
        match (asker, who) {
            (Asker::Personnel(own), Who::Place(place)) => *own == place,
            // A system is not a unit of another organisation than its own.
            (Asker::System(own), Who::Organisation(one)) => *own == Some(one),
            (_, who) => self.is_named(asker, who),
        }
    }

    fn is_tied(&self, asker: &Asker, tie: &Tie) -> bool {
        if !tie.holds {
            return false;
        }
        if self.is_with(asker, tie.with) {
            return true;
        }
        let works = |place: &&Place| match tie.with {
            Who::Practitioner(one) => place.practitioner == one && place.is_current,
            Who::Place(_) | Who::Organisation(_) => false,
        };
        let offices = self.places.iter().filter(works).map(|place| place.organisation);
        let place = match tie.with {
            Who::Place(place) => Some(self.places[place].organisation),
            Who::Practitioner(_) | Who::Organisation(_) => None,
        };
        let mut offices = offices.chain(place);
        tie.is_doctor_of_the_list && offices.any(|o| self.is_with(asker, Who::Organisation(o)))
    }

    pub(crate) fn role(&self, asker: &Asker) -> &'static str {
        match asker {
            Asker::Personnel(place) => self.places[*place].role,
            Asker::Citizen(_) => "citizen",
            Asker::System(_) => "system",
        }
    }

    /// The situations of the matrix that the asker is in with a patient, and whether the patient's
    /// wishes yield (those that do not name a person).
    fn situations(
        &self,
        tables: &Tables,
        asker: &Asker,
        patient: &Patient,
    ) -> (Vec<&'static str>, bool) {
        let mut all = Vec::new();
        if let Asker::Citizen(number) = asker {
            if *number == patient.number && patient.age.is_none_or(|age| age >= 12) {
                all.push("own");
            }
            let acting = patient.representatives.iter().filter(|r| r.holds && r.number == *number);
            all.extend(acting.filter_map(|one| acting_for(one.capacity, patient.age)));
            return (all, true);
        }
        let granted = |kind: GrantKind| {
            let mut grants = patient.grants.iter().filter(|g| g.holds && g.kind == kind);
            grants.any(|grant| self.is_with(asker, grant.to))
        };
        if patient.ties.iter().any(|tie| self.is_tied(asker, tie)) {
            all.push("care-relationship");
        }
        if granted(GrantKind::Decided) || granted(GrantKind::Consent) {
            all.push("decided");
        }
        if granted(GrantKind::Emergency) {
            all.push("emergency");
        }
        all.retain(|situation| tables.has_row(self.role(asker), situation));
        let yields = granted(GrantKind::Consent) || all.contains(&"emergency");
        (all, yields)
    }

    /// The wishes that hold against the asker now.
    fn wishes<'p>(&self, asker: &Asker, patient: &'p Patient, yields: bool) -> Vec<&'p Wish> {
        if matches!(asker, Asker::Citizen(_)) {
            return Vec::new();
        }
        let holds = |wish: &&Wish| {
            if !wish.holds {
                return false;
            }
            let mut named = wish.against.iter().filter(|who| self.is_named(asker, **who));
            let names_person = |who: &Who| !matches!(who, Who::Organisation(_));
            match (wish.against.is_empty(), yields) {
                (true, yields) => !yields,
                (false, true) => named.any(names_person),
                (false, false) => named.next().is_some(),
            }
        };
        patient.wishes.iter().filter(holds).collect()
    }

    fn is_hidden(&self, asker: &Asker, wish: &Wish, item: &Item) -> bool {
        if matches!(wish.hides, Hides::Everything) {
            return true;
        }
        // The name stays in a journal that is open.
        if item.type_name == "Patient" {
            return false;
        }
        // It is as open as what it belongs to, which here is the whole patient.
        if item.type_name == "Binary" {
            return true;
        }
        if item.about.iter().any(|one| self.is_hidden(asker, wish, one)) {
            return true;
        }
        if item.is_apart && matches!(wish.hides, Hides::WrittenBy(_) | Hides::ByOthers) {
            return true;
        }
        // A wish is the patient's own, whomever it names.
        let is_wish = item.type_name == "Consent";
        match &wish.hides {
            Hides::Everything => true,
            Hides::WrittenBy(_) | Hides::ByOthers if is_wish => false,
            Hides::Resource(hidden) => {
                item.reference() == *hidden
                    || item.refers.contains(hidden)
                    || item.contacts.contains(hidden)
            }
            Hides::Label(label) => item.label == Some(label),
            Hides::WrittenBy(one) => item.organisation == Some(*one),
            Hides::ByOthers => {
                let own = match asker {
                    // A system is not a unit of another organisation than its own.
                    Asker::System(own) => own.iter().copied().collect(),
                    Asker::Personnel(_) | Asker::Citizen(_) => self.organisations(asker),
                };
                item.organisation.is_none_or(|by| !own.contains(&by))
            }
        }
    }

    /// What the matrix gives for a resource about a patient: `-`, `r`, `a` or `w`.
    pub(crate) fn right(
        &self,
        tables: &Tables,
        asker: &Asker,
        patient: &Patient,
        item: &Item,
    ) -> char {
        let role = self.role(asker);
        let class = match tables.class(item.type_name) {
            // A thing that belongs to a patient is not a thing of the house.
            "directory" | "definition" => "clinical",
            class => class,
        };
        let mut best = self.without_ground(tables, role, patient, item, class);
        let (situations, yields) = self.situations(tables, asker, patient);
        let wishes = self.wishes(asker, patient, yields);
        if wishes.iter().any(|wish| self.is_hidden(asker, wish, item)) {
            return best;
        }
        for situation in situations {
            let confides = situation == "parent-12-to-15"
                && item.type_name != "Patient"
                && (item.type_name == "Binary"
                    || item.label == Some(CONFIDENCE)
                    || item.about.iter().any(|one| one.label == Some(CONFIDENCE)));
            // A draft is no part of the journal yet, and some of it is released later: to nobody
            // who asks as a citizen, whomever they act for.
            let withheld = role == "citizen"
                && item.type_name != "Patient"
                && (item.is_withheld
                    || item.about.iter().any(|one| one.is_withheld)
                    || (item.type_name == "Binary" && patient.withholds));
            let cell = tables.cell(role, situation, class);
            if !confides && !withheld && (cell == 'w' || best == '-') {
                best = cell;
            }
        }
        best
    }

    fn without_ground(
        &self,
        tables: &Tables,
        role: &str,
        patient: &Patient,
        item: &Item,
        class: &str,
    ) -> char {
        let cell = tables.cell(role, "none", class);
        let looked_up = item.type_name == "Patient" && !patient.is_protected;
        if class == "person" && !looked_up { '-' } else { cell }
    }

    /// Whether the journal opens at all.
    pub(crate) fn opens(&self, tables: &Tables, asker: &Asker, patient: &Patient) -> bool {
        let (situations, yields) = self.situations(tables, asker, patient);
        let wishes = self.wishes(asker, patient, yields);
        !situations.is_empty() && !wishes.iter().any(|w| matches!(w.hides, Hides::Everything))
    }
}

/// Parents until sixteen, with less from twelve; who gives a power of attorney is of age, a guardian
/// is for any. Who has no known age is taken for grown up.
fn acting_for(capacity: Capacity, age: Option<u32>) -> Option<&'static str> {
    match (capacity, age) {
        (Capacity::Parent, Some(0..=11)) => Some("parent-under-12"),
        (Capacity::Parent, Some(12..=15)) => Some("parent-12-to-15"),
        (Capacity::Guardian, _) => Some("guardian"),
        (Capacity::Attorney, Some(18..) | None) => Some("attorney"),
        (Capacity::Parent | Capacity::Attorney | Capacity::Nothing, _) => None,
    }
}
