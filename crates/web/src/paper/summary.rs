//! A chart in short, for paper: who, what can kill, what the patient has and takes, what happened lately.
//!
//! What the reader's role is not shown is left out, as on the chart.

use akson_base::Instant;
use akson_pdf::{Block, Column, Text};

use super::{Paper, alerts, medicines, or_nothing};
use crate::chart::{Group, Kin};
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::pages::chart_page::Sight;
use crate::pages::section::Section;

/// Analyses of which the latest value is shown.
const RESULTS: usize = 24;
/// Latest contacts.
const CONTACTS: usize = 10;
/// Latest former diagnoses.
const FORMER: usize = 10;

/// The document.
pub(super) fn summary(sight: &Sight<'_>, now: Instant) -> Paper {
    let person = &sight.chart.person;
    let mut paper = Paper::about(person, t("paper.summary"), "journalsammendrag", (sight.who, now));
    if sight.may(Section::Diagnoses) {
        paper.push(alerts(sight));
    }
    who(sight, &mut paper);
    if sight.may(Section::Diagnoses) {
        diagnoses(sight, &mut paper);
    }
    if sight.may(Section::Medication) {
        medicines::in_use(sight, &mut paper);
    }
    if sight.may(Section::Laboratory) {
        results(sight, &mut paper);
    }
    if sight.may(Section::Contacts) {
        contacts(sight, &mut paper);
    }
    if sight.may(Section::Plans) {
        plans(sight, &mut paper);
    }
    if sight.may(Section::Todo) {
        to_come(sight, &mut paper);
    }
    paper
}

fn who(sight: &Sight<'_>, paper: &mut Paper) {
    let person = &sight.chart.person;
    let kin = |kin: &Kin| {
        let parts = [Some(&kin.name), kin.relationship.as_ref(), kin.telephone.as_ref()];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let kin: Vec<String> = person.kin.iter().map(kin).collect();
    let facts = [
        (t("paper.age"), person.age(sight.today)),
        (t("paper.sex"), person.sex.map(str::to_owned)),
        (t("paper.telephone"), person.telephone.clone()),
        (t("paper.doctor"), person.practitioner.clone()),
        (t("paper.kin"), (!kin.is_empty()).then(|| kin.join("\n"))),
    ];
    let known =
        facts.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?.into())));
    paper.push(Block::Facts(known.collect()));
}

fn diagnoses(sight: &Sight<'_>, paper: &mut Paper) {
    let all = &sight.chart.diagnoses;
    let rows = |diagnoses: &[crate::chart::Diagnosis], is_over: bool| -> Vec<Vec<Text>> {
        diagnoses
            .iter()
            .map(|one| {
                let when = if is_over { one.until.or(one.latest) } else { one.since };
                vec![
                    one.text.as_str().into(),
                    one.code.as_ref().map(|code| code.code.clone()).unwrap_or_default().into(),
                    when.map(Moment::long).unwrap_or_default().into(),
                    or_nothing(one.note.as_deref()),
                ]
            })
            .collect()
    };
    let columns = |when: &'static str| {
        vec![
            Column::new(t("paper.diagnosis"), 40),
            Column::new(t("paper.code"), 12),
            Column::new(when, 18),
            Column::new(t("paper.note"), 30),
        ]
    };
    let former = all.former.get(..FORMER.min(all.former.len())).unwrap_or_default();
    paper.table(t("paper.diagnoses"), columns(t("medication.since")), rows(&all.active, false));
    paper.table(t("diagnoses.former"), columns(t("paper.until")), rows(former, true));
    if former.len() < all.former.len() {
        paper.push(more(former.len(), all.former.len()));
    }
}

/// That only the newest stand here.
fn more(shown: usize, all: usize) -> Block {
    Block::Note(tf("paper.newest", &[("n", &shown.to_string()), ("all", &all.to_string())]).into())
}

fn results(sight: &Sight<'_>, paper: &mut Paper) {
    let mut latest: Vec<_> = sight
        .chart
        .series
        .iter()
        .filter(|series| series.group != Group::Other)
        .filter_map(|series| Some((series, series.latest()?)))
        .collect();
    latest.sort_by(|a, b| (b.1.date, &a.0.name).cmp(&(a.1.date, &b.0.name)));
    let all = latest.len();
    let row = |(series, point): &(&crate::chart::Series, &crate::chart::Point)| -> Vec<Text> {
        let value = match point.direction.map(crate::chart::Direction::word) {
            Some(words) => Text::bold(format!("{} ({words})", point.value.text)),
            None => Text::from(&point.value.text),
        };
        vec![
            series.name.as_str().into(),
            value,
            or_nothing(point.range_text.as_deref()),
            point.date.map(Moment::long).unwrap_or_default().into(),
        ]
    };
    let rows: Vec<Vec<Text>> = latest.iter().take(RESULTS).map(row).collect();
    let shown = rows.len();
    let columns = vec![
        Column::new(t("results.analysis"), 34),
        Column::new(t("results.latest"), 26),
        Column::new(t("results.range"), 22),
        Column::new(t("results.date"), 18),
    ];
    paper.table(t("paper.results"), columns, rows);
    if shown < all {
        paper.push(more(shown, all));
    }
}

fn contacts(sight: &Sight<'_>, paper: &mut Paper) {
    let told: Vec<_> = sight.chart.contacts.iter().filter(|one| !one.is_routine()).collect();
    let rows: Vec<Vec<Text>> = told
        .iter()
        .take(CONTACTS)
        .map(|one| {
            let by = [one.practitioner.as_deref(), one.organisation.as_deref()];
            vec![
                one.start.map(Moment::long).unwrap_or_default().into(),
                one.title.as_str().into(),
                or_nothing(one.reason.as_deref()),
                by.into_iter().flatten().collect::<Vec<_>>().join(", ").into(),
            ]
        })
        .collect();
    let shown = rows.len();
    let columns = vec![
        Column::new(t("results.date"), 16),
        Column::new(t("paper.contact"), 26),
        Column::new(t("paper.why"), 28),
        Column::new(t("paper.with"), 30),
    ];
    paper.table(t("paper.contacts"), columns, rows);
    if shown < told.len() {
        paper.push(more(shown, told.len()));
    }
}

fn plans(sight: &Sight<'_>, paper: &mut Paper) {
    let current = sight.chart.plans.iter().filter(|line| !line.is_over);
    let rows = current.map(|line| {
        vec![
            line.text.as_str().into(),
            or_nothing(line.detail.as_deref()),
            line.date.map(Moment::long).unwrap_or_default().into(),
        ]
    });
    let columns = vec![
        Column::new(t("paper.plan"), 40),
        Column::new(t("paper.detail"), 42),
        Column::new(t("results.date"), 18),
    ];
    paper.table(t("paper.plans"), columns, rows.collect());
}

fn to_come(sight: &Sight<'_>, paper: &mut Paper) {
    let rows = sight.chart.todo.iter().map(|one| {
        vec![
            one.text.as_str().into(),
            or_nothing(one.detail.as_deref()),
            one.when.map(Moment::with_time).unwrap_or_default().into(),
        ]
    });
    let columns = vec![
        Column::new(t("paper.what"), 44),
        Column::new(t("paper.with"), 30),
        Column::new(t("paper.when"), 26),
    ];
    paper.table(t("paper.to-come"), columns, rows.collect());
}
