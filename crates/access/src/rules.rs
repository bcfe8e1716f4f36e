//! The rules as data: `rules/matrix.tsv` (role × situation × class of resources),
//! `rules/classes.tsv` (which class a resource type belongs to) and `rules/acts.tsv` (what those may
//! write who may not write everything of a class).
//!
//! A lawyer can read them; this file only looks up. Not here: which situation somebody is in, and
//! what the patient has blocked (`decide`).

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::actor::Role;
use crate::decide::Situation;

const MATRIX: &str = include_str!("../rules/matrix.tsv");
const CLASSES: &str = include_str!("../rules/classes.tsv");
const ACTS: &str = include_str!("../rules/acts.tsv");

/// A class of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is explained in rules/classes.tsv")]
pub enum Class {
    Directory,
    Definition,
    Person,
    Planning,
    Clinical,
    Medication,
    Prescription,
    Document,
    Wish,
    Log,
    Finance,
    System,
}

impl Class {
    /// All classes, in the order of the matrix's columns.
    pub const ALL: [Self; 12] = [
        Self::Directory,
        Self::Definition,
        Self::Person,
        Self::Planning,
        Self::Clinical,
        Self::Medication,
        Self::Prescription,
        Self::Document,
        Self::Wish,
        Self::Log,
        Self::Finance,
        Self::System,
    ];

    /// The word in the rules.
    pub fn code(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Definition => "definition",
            Self::Person => "person",
            Self::Planning => "planning",
            Self::Clinical => "clinical",
            Self::Medication => "medication",
            Self::Prescription => "prescription",
            Self::Document => "document",
            Self::Wish => "wish",
            Self::Log => "log",
            Self::Finance => "finance",
            Self::System => "system",
        }
    }

    /// The class of a resource type by its name; `None` for a name that is no type of R4.
    pub fn of_type(name: &str) -> Option<Self> {
        TYPES.get(name).copied()
    }

    fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}

/// What one line of the matrix allows: a bit for each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    reads: u16,
    writes: u16,
    acts: u16,
}

impl Rights {
    /// Nothing at all.
    pub const NONE: Self = Self { reads: 0, writes: 0, acts: 0 };

    /// Whether resources of the class may be read and searched.
    pub fn may_read(self, class: Class) -> bool {
        self.reads & bit(class) != 0
    }

    /// Whether they may be created, changed and deleted.
    pub fn may_write(self, class: Class) -> bool {
        self.writes & bit(class) != 0
    }

    /// What the matrix says of the class: `w`, `a`, `r` or `-`.
    pub fn word(self, class: Class) -> &'static str {
        match (self.may_write(class), self.may_act(class), self.may_read(class)) {
            (true, _, _) => "w",
            (_, true, _) => "a",
            (_, _, true) => "r",
            (false, false, false) => "-",
        }
    }

    /// Whether of the class what [`act`] knows may be written, and nothing else.
    pub fn may_act(self, class: Class) -> bool {
        self.acts & bit(class) != 0
    }
}

/// One line of `rules/acts.tsv`: something that those may write who may not write everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What it is called in the rules.
    pub name: &'static str,
    /// The elements that it may carry (of a new resource) or change.
    pub elements: Vec<&'static str>,
}

/// What an act does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// It was not there.
    New,
    /// It is there.
    Change,
    /// It is there, in preparation: nobody has got it yet.
    Draft,
}

/// The act that does this to a resource of this type; there is at most one.
pub fn act(type_name: &str, how: How) -> Option<&'static Act> {
    let mut all = ALL_ACTS.iter();
    all.find(|(of, known, _)| *of == type_name && *known == how).map(|(_, _, act)| act)
}

static ALL_ACTS: LazyLock<Vec<(&'static str, How, Act)>> =
    LazyLock::new(|| lines(ACTS).skip(1).filter_map(parse_act).collect());

fn parse_act(line: &'static str) -> Option<(&'static str, How, Act)> {
    let mut cells = line.split('\t');
    let (name, type_name, how) = (cells.next()?, cells.next()?, cells.next()?);
    let how = match how {
        "new" => How::New,
        "change" => How::Change,
        "draft" => How::Draft,
        _ => return None,
    };
    Some((type_name, how, Act { name, elements: cells.next()?.split(' ').collect() }))
}

fn bit(class: Class) -> u16 {
    1 << class as u16
}

/// The rights of a role in a situation. No line means no rights.
pub fn rights(role: Role, situation: Situation) -> Rights {
    LINES.get(&(role, situation)).copied().unwrap_or(Rights::NONE)
}

static TYPES: LazyLock<HashMap<&'static str, Class>> = LazyLock::new(|| {
    let pairs = lines(CLASSES).filter_map(|line| {
        let (name, class) = line.split_once('\t')?;
        Some((name, Class::of_code(class)?))
    });
    pairs.collect()
});

static LINES: LazyLock<HashMap<(Role, Situation), Rights>> =
    LazyLock::new(|| lines(MATRIX).skip(1).filter_map(parse).collect());

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn parse(line: &'static str) -> Option<((Role, Situation), Rights)> {
    let mut cells = line.split('\t');
    let role = Role::of_code(cells.next()?)?;
    let situation = Situation::of_code(cells.next()?)?;
    let mut rights = Rights::NONE;
    for class in Class::ALL {
        let cell = cells.next()?;
        if matches!(cell, "r" | "w" | "a") {
            rights.reads |= bit(class);
        }
        if cell == "w" {
            rights.writes |= bit(class);
        }
        if cell == "a" {
            rights.acts |= bit(class);
        }
    }
    Some(((role, situation), rights))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use akson_fhir::definitions::Definitions;

    use super::*;

    #[test]
    fn every_resource_type_has_its_class_once() {
        let definitions = Definitions::r4();
        let named: Vec<&str> = lines(CLASSES).filter_map(|l| l.split('\t').next()).collect();
        let unique: HashSet<&str> = named.iter().copied().collect();
        assert_eq!(named.len(), unique.len(), "a type has two lines");
        for resource_type in definitions.resource_types() {
            let name = definitions.resource_name(resource_type);
            assert!(Class::of_type(name).is_some(), "{name} has no line in rules/classes.tsv");
        }
        for name in named {
            assert!(definitions.resource_type(name).is_some(), "{name} is no resource type");
        }
    }

    #[test]
    fn every_line_of_the_matrix_is_understood_and_stands_once() {
        let mut seen = HashSet::new();
        let mut all = lines(MATRIX);
        let head: Vec<&str> = all.next().unwrap().split('\t').collect();
        let columns: Vec<&str> =
            ["role", "situation"].into_iter().chain(Class::ALL.map(Class::code)).collect();
        assert_eq!(head, columns);
        for line in all {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), columns.len(), "{line}");
            assert!(cells.iter().skip(2).all(|c| ["r", "w", "a", "-"].contains(c)), "{line}");
            let (key, _) = parse(line).unwrap_or_else(|| panic!("not understood: {line}"));
            assert!(seen.insert(key), "twice: {line}");
        }
        for role in Role::ALL {
            assert!(seen.contains(&(role, Situation::None)), "{} has no line", role.code());
        }
    }

    #[test]
    fn every_act_is_understood_and_belongs_to_a_class_in_which_somebody_acts() {
        let definitions = Definitions::r4();
        let all: Vec<_> = lines(ACTS).skip(1).map(|line| parse_act(line).unwrap()).collect();
        let once: HashSet<_> = all.iter().map(|(of, how, _)| (*of, *how)).collect();
        assert_eq!(all.len(), once.len(), "an act stands twice");
        for (type_name, _, act) in all {
            assert!(definitions.resource_type(type_name).is_some(), "{type_name}");
            let class = Class::of_type(type_name).unwrap();
            assert!(LINES.values().any(|rights| rights.may_act(class)), "{}", act.name);
        }
        // Nobody but citizens acts, and nobody acts on what they have no ground for.
        for ((role, situation), rights) in LINES.iter() {
            let acts = Class::ALL.into_iter().filter(|class| rights.may_act(*class));
            for class in acts {
                let is_time = *situation == Situation::None && class == Class::Directory;
                assert!(*role == Role::Citizen && (is_time || *situation != Situation::None));
                assert!(rights.may_read(class) && !rights.may_write(class));
            }
        }
    }

    #[test]
    fn without_a_ground_nobody_reads_a_journal() {
        for role in Role::ALL {
            let rights = rights(role, Situation::None);
            for class in [Class::Planning, Class::Clinical, Class::Medication, Class::Document] {
                assert!(!rights.may_read(class), "{} {}", role.code(), class.code());
            }
        }
    }
}
