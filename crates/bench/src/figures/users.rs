//! Two hundred people at once in the pages of the demo, of all roles: they read, think, write, and read
//! on; then the server is killed, and everything that it had acknowledged is looked for.
//!
//! A person follows links of the page that is open, goes home, searches, and sends some of the forms
//! that the page holds ([`DEEDS`]). What they write carries a mark that nothing else has, and is looked
//! for at the address that the server led to. Every journal that was opened is looked for in the log.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::Bench;
use crate::load::microseconds;
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;
use crate::visitor::{Form, Seen, Visitor, absolute, forms, links};

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
/// Patients whose log is compared with what was opened.
const COMPARED_MAX: usize = 40;
/// What is typed into the search box.
const SEARCHED: [&str; 8] =
    ["Hansen", "Solbakken", "Haug", "Lunde", "Myklebust", "Nilsen", "Berg", "Kari"];

/// A form that people send: a part of its address, a field that it has, and what they type (`{mark}`
/// becomes their mark).
struct Deed {
    action: &'static str,
    has: &'static str,
    typed: &'static [(&'static str, &'static str)],
}

const fn deed(
    action: &'static str,
    has: &'static str,
    typed: &'static [(&'static str, &'static str)],
) -> Deed {
    Deed { action, has, typed }
}

/// Everything that is written. Of those that fit a form the first is taken.
const DEEDS: [Deed; 13] = [
    deed("/meldinger/ny", "om", &[("om", "Kontroll"), ("tekst", "Når bør jeg komme? {mark}")]),
    deed("/meldinger/", "tekst", &[("tekst", "Takk for svaret. {mark}")]),
    deed("/timer/ny", "time", &[]),
    deed("/journal/malinger", "kilo", &[("kilo", "81,5")]),
    deed("/journal/malinger", "over", &[("over", "132"), ("under", "78")]),
    deed("/melding/", "tekst", &[("tekst", "Kom innom i morgen. {mark}")]),
    deed(
        "/notat",
        "nokkel",
        &[("tittel", "Konsultasjon"), ("tekst", "Hoste i tre dager. {mark}"), ("gjor", "signer")],
    ),
    deed("/bestill/prover", "panel", &[]),
    deed("/time/", "skjema", &[]),
    deed("/runde/gi", "skjema", &[]),
    deed("/runde/behov", "skjema", &[]),
    deed("/runde/news/", "skjema", &[]),
    deed("/oppgave/", "skjema", &[]),
];

/// Something that the server has acknowledged.
struct Kept {
    who: &'static str,
    at: String,
    mark: String,
}

/// What one person did.
struct Day {
    seen: Vec<Seen>,
    kept: Vec<Kept>,
    failed: Vec<String>,
}

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
        for text in failed.iter().take(10) {
            say(&format!("  {text}"));
        }
        let figure = Figure::new("answers that should not be", failed.len() as f64, "");
        self.add(figure.target(Target::AtMost(0.0)));
        Ok(())
    }
}

/// Everybody's day, side by side.
async fn crowd_of(program: &Program, seconds: Duration) -> Result<Vec<Day>, String> {
    let everybody = CROWD.iter().flat_map(|(who, many)| std::iter::repeat_n(*who, *many));
    let end = Instant::now() + ARRIVAL + seconds;
    let days: Vec<_> = everybody
        .enumerate()
        .map(|(number, who)| {
            let visitor = Visitor::new(&program.address);
            tokio::spawn(day(visitor, who, number as u64, end))
        })
        .collect();
    let mut all = Vec::with_capacity(days.len());
    for day in days {
        all.push(day.await.map_err(|error| error.to_string())?);
    }
    Ok(all)
}

async fn day(mut visitor: Visitor, who: &'static str, number: u64, end: Instant) -> Day {
    let mut chance = Chance(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut done = Day { seen: Vec::new(), kept: Vec::new(), failed: Vec::new() };
    let arrival = chance.below(ARRIVAL.as_millis() as u64);
    tokio::time::sleep(Duration::from_millis(arrival)).await;
    if let Err(error) = visitor.log_in(who).await {
        done.failed.push(format!("{who}: {error}"));
        return done;
    }
    let mut turn = 0;
    while Instant::now() < end {
        let (least, most) = THINKING;
        let thinking = least + chance.below(most - least);
        tokio::time::sleep(Duration::from_millis(thinking)).await;
        turn += 1;
        let mark = format!("merke{number}x{turn}");
        match act(&mut visitor, &mut chance, &mark).await {
            Ok(did) => {
                let status = visitor.seen.last().map_or(0, |seen| seen.status);
                if did && status == 200 {
                    done.kept.push(Kept { who, at: visitor.at.clone(), mark });
                }
                if !is_fine(&visitor, status) {
                    let at = &visitor.at;
                    done.failed.push(format!("{who}: {status} at {at}"));
                }
            }
            Err(error) => done.failed.push(format!("{who}: {error}")),
        }
    }
    done.seen = visitor.seen;
    done
}

/// A reason is asked for (403) where somebody else's journal is opened; two who do the same thing at
/// once are told so (409).
fn is_fine(visitor: &Visitor, status: u16) -> bool {
    let is_journal = visitor.at.starts_with("/pasient/");
    status == 200 || (status == 403 && is_journal) || status == 409
}

/// One thing that somebody does; whether something with the mark was written.
async fn act(visitor: &mut Visitor, chance: &mut Chance, mark: &str) -> Result<bool, String> {
    let dice = chance.below(100);
    if dice < 30
        && let Some(form) = filled(&visitor.page, chance, mark)
    {
        let is_marked = form.fields.iter().any(|(_, value)| value.contains(mark));
        visitor.submit(&form).await?;
        return Ok(is_marked);
    }
    if dice < 40 {
        visitor.get("/").await?;
        return Ok(false);
    }
    if dice < 50 && visitor.page.contains("action=\"/pasienter\"") {
        let text = chance.of(&SEARCHED).copied().unwrap_or_default();
        visitor.get(&format!("/pasienter?q={text}")).await?;
        return Ok(false);
    }
    let ways: Vec<String> = links(&visitor.page).into_iter().filter(|href| is_way(href)).collect();
    let way = chance.of(&ways).map_or("/", String::as_str);
    visitor.get(way).await?;
    Ok(false)
}

/// A form of the page that people send, filled in.
fn filled(page: &str, chance: &mut Chance, mark: &str) -> Option<Form> {
    let mut known: Vec<(Form, &Deed)> = Vec::new();
    for form in forms(page).into_iter().filter(|form| form.is_post) {
        let fits = |deed: &&Deed| form.action.contains(deed.action) && form.has(deed.has);
        if let Some(deed) = DEEDS.iter().find(fits) {
            known.push((form, deed));
        }
    }
    let (form, deed) = chance.of(&known)?;
    let filled = deed
        .typed
        .iter()
        .fold(form.clone(), |form, (name, text)| form.with(name, &text.replace("{mark}", mark)));
    Some(filled)
}

/// Whether people go there: not to files, to FHIR, or out.
fn is_way(href: &str) -> bool {
    let not = ["/assets/", "/fhir", "/fil/", "/logg", "/rolle", "/oauth", "/sprak"];
    !not.iter().any(|part| href.contains(part))
}

/// How many of the marks are not where the server had put them.
async fn lost(program: &Program, days: &[Day]) -> Result<usize, String> {
    let mut visitors: HashMap<&'static str, Visitor> = HashMap::new();
    let mut lost = 0;
    for kept in days.iter().flat_map(|day| &day.kept) {
        if !visitors.contains_key(kept.who) {
            let mut visitor = Visitor::new(&program.address);
            visitor.log_in(kept.who).await?;
            visitors.insert(kept.who, visitor);
        }
        let Some(visitor) = visitors.get_mut(kept.who) else { continue };
        visitor.get(&kept.at).await?;
        if !visitor.page.contains(&kept.mark) {
            say(&format!("  {} is not at {}", kept.mark, kept.at));
            lost += 1;
        }
    }
    Ok(lost)
}

/// Openings of journals that were looked for, and how many of them the log lacks.
async fn unlogged(program: &Program, days: &[Day]) -> Result<(u64, u64), String> {
    let mut opened: HashMap<String, u64> = HashMap::new();
    let pages = days.iter().flat_map(|day| &day.seen);
    for seen in pages.filter(|seen| seen.status == 200 && seen.method == "GET") {
        if let Some(patient) = patient_of(&seen.path) {
            *opened.entry(patient.to_owned()).or_default() += 1;
        }
    }
    let mut most: Vec<(String, u64)> = opened.into_iter().collect();
    most.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    most.truncate(COMPARED_MAX);
    let mut officer = Visitor::new(&program.address);
    officer.log_in("Personvernombud").await?;
    let (mut looked_for, mut missing) = (0, 0);
    for (patient, times) in most {
        let total = entries(&mut officer, &patient).await?;
        looked_for += times;
        missing += times.saturating_sub(total);
    }
    Ok((looked_for, missing))
}

/// How many entries the log has about a patient.
async fn entries(officer: &mut Visitor, patient: &str) -> Result<u64, String> {
    let mut next = Some(format!("/fhir/AuditEvent?patient={patient}&_count=1000"));
    let mut total = 0;
    while let Some(page) = next {
        officer.get(&page).await?;
        let bundle: serde_json::Value =
            serde_json::from_str(&officer.page).map_err(|error| format!("the log: {error}"))?;
        let entries = bundle.get("entry").and_then(serde_json::Value::as_array);
        total += entries.map_or(0, Vec::len) as u64;
        let links = bundle.get("link").and_then(serde_json::Value::as_array);
        let mut links = links.into_iter().flatten();
        let link = links.find(|link| link.get("relation").is_some_and(|name| name == "next"));
        let url = link.and_then(|link| link.get("url")).and_then(serde_json::Value::as_str);
        next = url.map(|url| absolute(url, "/"));
    }
    Ok(total)
}

/// The patient of `/pasient/{id}…`.
fn patient_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/pasient/")?;
    rest.split(['/', '?']).next().filter(|id| !id.is_empty())
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

/// Chance that comes out the same each time (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.checked_rem(end).unwrap_or(0)
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(usize::try_from(self.below(list.len() as u64)).unwrap_or(0))
    }
}
