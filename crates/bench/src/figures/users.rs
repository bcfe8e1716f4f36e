//! Two hundred people at once in the pages of the demo, of all roles: they read, think, write, and read
//! on; then the server is killed, and everything that it had acknowledged is looked for.
//!
//! A person follows links of the page that is open, goes home, searches, and sends some of the forms
//! that the page holds. What they write carries a mark that nothing else has, and is looked for in the
//! record. Every journal that was opened is looked for in the log.
//! Here: who comes, and what is told of it. Not here: one person's day (`day`), the forms (`deeds`),
//! looking afterwards (`kept`).

mod day;
mod deeds;
mod kept;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use day::{Day, day};
use kept::{COMPARED_MAX, lost, unlogged};

use super::Bench;
use crate::load::microseconds;
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;
use crate::visitor::Visitor;

/// Who is there, as the login page names them, and how many of each.
const CROWD: [(&str, usize); 13] = [
    ("Fastlege", 34),
    ("Sykepleier", 30),
    ("Sykehjemslege", 10),
    ("Helsesykepleier", 10),
    ("Saksbehandler", 8),
    ("Resepsjonist", 12),
    ("Vikar", 14),
    ("Sykepleier på sykehjem", 22),
    ("Helsefagarbeider", 14),
    ("Personvernombud", 2),
    ("Administrator", 2),
    ("Innbygger", 30),
    ("Forelder", 12),
];
/// Inhabitants of the demo.
const PEOPLE: &str = "2000";
/// Everybody logs in within this time.
const ARRIVAL: Duration = Duration::from_secs(40);
/// What somebody looks at a page, milliseconds, at least and at most.
const THINKING: (u64, u64) = (2_000, 8_000);
/// Server time of 95 of 100 pages, milliseconds.
const MILLISECONDS_MAX: f64 = 100.0;
/// Answers that should not be of which the text is told.
const TOLD_MAX: usize = 40;
/// What is typed into the search box.
const SEARCHED: [&str; 8] =
    ["Hansen", "Solbakken", "Haug", "Lunde", "Myklebust", "Nilsen", "Berg", "Kari"];

impl Bench {
    /// Starts the demo, fills it with people for the seconds asked for, kills it, and looks.
    pub(super) fn users(&mut self) -> Result<(), String> {
        let crowd: usize = CROWD.iter().map(|(_, many)| many).sum();
        say(&format!("{crowd} people in the pages"));
        let (data, log) = (self.work.join("users"), self.work.join("users.log"));
        let program = Program::demo(&self.akson, &data, PEOPLE, &log)?;
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = threads.map_err(|error| error.to_string())?;
        let seconds = Duration::from_secs(self.seconds);
        let days = runtime.block_on(crowd_of(&program, seconds))?;
        let memory = program.memory();
        drop(program);
        let program = Program::demo(&self.akson, &data, PEOPLE, &log)?;
        let (lost, unlogged) = runtime.block_on(async {
            Ok::<_, String>((lost(&program, &days).await?, unlogged(&program, &days).await?))
        })?;
        program.stop()?;
        self.tell(crowd, &days, &format!("peak {:.0} MB", memory.peak))?;
        let kept: usize = days.iter().map(|day| day.kept.len()).sum();
        let lost_figure =
            Figure::new("acknowledged and lost when the server was killed", lost as f64, "");
        let details = format!("{kept} acknowledged writes looked for after a restart");
        self.add(lost_figure.target(Target::AtMost(0.0)).details(details));
        let figure = Figure::new("opened journals that the log lacks", unlogged.1 as f64, "");
        let details = format!("of {} openings of {COMPARED_MAX} journals at most", unlogged.0);
        self.add(figure.target(Target::AtMost(0.0)).details(details));
        check(&self.akson, &data)
    }

    fn tell(&mut self, crowd: usize, days: &[Day], memory: &str) -> Result<(), String> {
        let mut all = microseconds()?;
        let mut kinds: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
        for seen in days.iter().flat_map(|day| &day.seen) {
            let took = u64::try_from(seen.server.as_micros()).unwrap_or(u64::MAX);
            all.saturating_record(took);
            let kind = format!("{} {}", seen.method, kind(&seen.path));
            let of_kind = match kinds.entry(kind) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => entry.insert(microseconds()?),
            };
            of_kind.saturating_record(took);
        }
        let at =
            |times: &Histogram<u64>, share: f64| times.value_at_quantile(share) as f64 / 1_000.0;
        let mut slow: Vec<(f64, u64, &String)> =
            kinds.iter().map(|(kind, times)| (at(times, 0.95), times.len(), kind)).collect();
        slow.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (p95, times, kind) in slow.iter().take(12) {
            say(&format!("  {kind}: p95 {p95:.1} ms of {times}"));
        }
        let details = format!(
            "{} answers in {} s; p50 {:.1} ms, p99 {:.1} ms, longest {:.0} ms; {memory}",
            all.len(),
            self.seconds,
            at(&all, 0.5),
            at(&all, 0.99),
            at(&all, 1.0),
        );
        let figure =
            Figure::new(&format!("pages, {crowd} people, server time p95"), at(&all, 0.95), "ms");
        self.add(figure.target(Target::AtMost(MILLISECONDS_MAX)).details(details));
        let failed: Vec<&String> = days.iter().flat_map(|day| &day.failed).collect();
        for text in failed.iter().take(TOLD_MAX) {
            say(&format!("  {text}"));
        }
        let overtaken: usize = days.iter().map(|day| day.overtaken).sum();
        let figure = Figure::new("answers that should not be", failed.len() as f64, "");
        let details = format!("{overtaken} were told that somebody else had been faster");
        self.add(figure.target(Target::AtMost(0.0)).details(details));
        Ok(())
    }
}

/// Everybody's day, side by side.
async fn crowd_of(program: &Program, seconds: Duration) -> Result<Vec<Day>, String> {
    let of_title = |(who, many): &(&'static str, usize)| {
        let who = *who;
        (0..*many).map(move |place| (who, place))
    };
    let end = Instant::now() + ARRIVAL + seconds;
    let days: Vec<_> = CROWD
        .iter()
        .flat_map(of_title)
        .zip(0..)
        .map(|(who, number)| tokio::spawn(day(Visitor::new(&program.address), who, number, end)))
        .collect();
    let mut all = Vec::with_capacity(days.len());
    for day in days {
        all.push(day.await.map_err(|error| error.to_string())?);
    }
    Ok(all)
}

/// An address without what is somebody's: `/pasient/{}/prover`.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| {
        let is_id = part.len() > 24 || part.bytes().any(|byte| byte.is_ascii_digit());
        if is_id { "{}" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// `akson check` on the folder.
fn check(akson: &Path, data: &Path) -> Result<(), String> {
    let checked = std::process::Command::new(akson).arg("check").arg("--data").arg(data).output();
    let checked = checked.map_err(|error| error.to_string())?;
    match checked.status.success() {
        true => Ok(()),
        false => Err(format!("akson check: {}", String::from_utf8_lossy(&checked.stderr))),
    }
}
