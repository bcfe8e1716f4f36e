//! Lists of a day for paper: the agenda at a desk, and the round of a ward with boxes to tick.

use akson_base::{Kind, Problem};
use akson_pdf::{Block, Column, Text};

use super::{Paper, told};
use crate::chart::Severity;
use crate::dates::weekday_and_date;
use crate::messages::{t, tf};
use crate::round::{Kind as RowKind, Outcome, Place, Resident, Round, Row, State};
use crate::sight::Reader;
use crate::workday::{Scope, Slot, SlotState};

/// An empty box.
const BOX: &str = "\u{2610}";

/// Today's appointments.
pub(super) async fn agenda(reader: &Reader, asked: Option<&str>) -> Result<Paper, Problem> {
    let none = || Problem::new(Kind::NotFound, "WEB-272", "This reader has no list of this day.");
    let personnel = reader.who.actor.personnel().ok_or_else(none)?;
    let scope = asked.and_then(Scope::of_word).unwrap_or(Scope::usual(personnel.role));
    let agenda = reader.day(personnel, scope).await?.ok_or_else(none)?;
    let place = reader.who.place().unwrap_or_default().to_owned();
    let whose = match scope {
        Scope::Mine => reader.who.display().to_owned(),
        Scope::Unit => place,
    };
    let day = weekday_and_date(reader.today());
    let about = format!("{whose}, {day}");
    let mut paper = Paper::new(&about, t("paper.day"), "dagliste", (&reader.who, reader.now()));
    paper.push(Block::Text(Text::bold(about)));
    let written = paper.document.written.clone();
    paper.push(Block::Note(written.into()));
    if agenda.slots.is_empty() {
        paper.push(Block::Text(t("workday.no-slots").into()));
    }
    let count = agenda.slots.len().to_string();
    let columns = vec![
        Column::new(t("downtime.time"), 9),
        Column::new(t("downtime.patient"), 36),
        Column::new(t("downtime.why"), 37),
        Column::new(t("downtime.here"), 18),
    ];
    let rows = agenda.slots.iter().map(appointment).collect();
    paper.table(&tf("downtime.appointments", &[("n", &count)]), columns, rows);
    Ok(paper)
}

fn appointment(slot: &Slot) -> Vec<Text> {
    let patient = match &slot.person {
        Some(person) => Text::bold(person.name_or_unknown())
            .then(person.number.as_ref().map(|one| format!("\n{one}")).unwrap_or_default()),
        None => Text::default(),
    };
    let why = [slot.reason.as_deref(), slot.kind.as_deref(), slot.with.as_deref()];
    vec![
        slot.start.clock().unwrap_or_default().into(),
        patient,
        why.into_iter().flatten().collect::<Vec<_>>().join("\n").into(),
        match slot.state {
            SlotState::Booked | SlotState::Late => BOX.into(),
            SlotState::Arrived => t("downtime.arrived").into(),
            SlotState::Done => t("downtime.done").into(),
            SlotState::Missed => t("downtime.missed").into(),
        },
    ]
}

/// A round of a ward: of each resident what can kill, and the doses.
pub(super) async fn round<'a>(
    reader: &Reader,
    said: impl Fn(&str) -> Option<&'a str>,
) -> Result<Paper, Problem> {
    let place = Place::of(reader, said);
    let none = || Problem::new(Kind::NotFound, "WEB-272", "This reader has no list of this day.");
    let round = reader.round(&place.asked()).await?.ok_or_else(none)?;
    let heading = tf("round.title", &[("hour", round.slot.hour())]);
    let about = format!("{}, {}", round.ward.name, weekday_and_date(round.day));
    let mut paper = Paper::new(&about, &heading, "runde", (&reader.who, reader.now()));
    paper.back = place.address();
    let count = round.residents.len().to_string();
    let lead = format!("{about} · {}", tf("round.residents", &[("n", &count)]));
    paper.push(Block::Text(Text::bold(lead)));
    let written = paper.document.written.clone();
    paper.push(Block::Note(written.into()));
    for resident in &round.residents {
        one_resident(&mut paper, &round, resident);
    }
    Ok(paper)
}

fn one_resident(paper: &mut Paper, round: &Round, resident: &Resident) {
    let person = &resident.person;
    let number = person.number.as_deref().unwrap_or_default();
    paper.push(Block::Heading(format!("{} {} {number}", resident.room, person.name_or_unknown())));
    let grave = |one: &&crate::chart::Warning| one.is_allergy || one.severity == Severity::Stop;
    let warnings: Vec<Text> = resident.warnings.iter().filter(grave).map(told).collect();
    if !warnings.is_empty() {
        paper.push(Block::Alert(warnings));
    }
    let rows: Vec<Vec<Text>> = round.rows(resident).map(dose).collect();
    if rows.is_empty() {
        paper.push(Block::Text(t("round.no-doses").into()));
        return;
    }
    let columns = vec![
        Column::new(t("downtime.time"), 14),
        Column::new(t("medication.drug"), 44),
        Column::new(t("downtime.amount"), 16),
        Column::new(t("downtime.given"), 26),
    ];
    paper.push(Block::Table(akson_pdf::Table { columns, rows }));
}

fn dose(row: &Row) -> Vec<Text> {
    let time = match (row.planned, &row.kind) {
        (Some(at), _) => format!("{:02}.{:02}", at.hour(), at.minute()),
        (None, RowKind::Unclear) => t("round.unclear").to_owned(),
        (None, RowKind::Single | RowKind::Pouch(_) | RowKind::AsNeeded(_)) => {
            t("round.as-needed").to_owned()
        }
    };
    let mut what = match &row.kind {
        RowKind::Pouch(content) => Text::bold(match content.len() {
            1 => t("round.pouch-one").to_owned(),
            n => tf("round.pouch", &[("n", &n.to_string())]),
        })
        .then(format!("\n{}", content.join("\n"))),
        RowKind::Single => Text::bold(&row.title),
        RowKind::AsNeeded(_) | RowKind::Unclear => {
            Text::bold(&row.title).then(format!("\n{}", row.dosage))
        }
    };
    let marks = [row.is_controlled.then(|| t("round.controlled")), row.change.as_deref()];
    for mark in marks.into_iter().flatten() {
        what = what.then(format!(" [{mark}]"));
    }
    vec![time.into(), what, row.amount.clone().unwrap_or_default().into(), done(row).into()]
}

/// What is said of it, or a box.
fn done(row: &Row) -> String {
    let State::Done(all) = &row.state else { return BOX.to_owned() };
    let Some(one) = all.first() else { return BOX.to_owned() };
    let time = one.at.clock().unwrap_or_default();
    let said = [("time", time.as_str()), ("who", one.by.1.as_str())];
    match one.outcome {
        Outcome::Given => tf("round.given-at", &said),
        Outcome::Unwitnessed => tf("round.unwitnessed", &said),
        Outcome::NotGiven => match &one.why {
            Some(why) => format!("{}: {why}", tf("round.left-out", &said)),
            None => tf("round.left-out", &said),
        },
    }
}
