//! One person's day: look at a page, think, follow a link, go home, search, or send a form.
//!
//! Not here: which forms (`deeds`), what is looked for afterwards (`kept`).

use std::time::{Duration, Instant};

use super::deeds::{Looked, filled};
use super::{ARRIVAL, SEARCHED, THINKING};
use crate::visitor::{Seen, Visitor, links};

/// Something that the server has acknowledged.
pub(super) struct Kept {
    /// Title and place of who wrote it, as for [`Visitor::log_in`].
    pub(super) who: (&'static str, usize),
    pub(super) looked: Looked,
}

/// What one person did.
pub(super) struct Day {
    /// Given and family name.
    pub(super) name: String,
    pub(super) seen: Vec<Seen>,
    pub(super) kept: Vec<Kept>,
    /// Where somebody else had been faster.
    pub(super) overtaken: usize,
    pub(super) failed: Vec<String>,
}

/// Works until `end` as the `number`th of all, the `place`th of this title.
pub(super) async fn day(
    mut visitor: Visitor,
    who: (&'static str, usize),
    number: u64,
    end: Instant,
) -> Day {
    let mut chance = Chance::new(number);
    let mut done = Day {
        name: String::new(),
        seen: Vec::new(),
        kept: Vec::new(),
        overtaken: 0,
        failed: Vec::new(),
    };
    let arrival = chance.below(ARRIVAL.as_millis() as u64);
    tokio::time::sleep(Duration::from_millis(arrival)).await;
    if let Err(error) = visitor.log_in(who.0, who.1).await {
        done.failed.push(format!("{}: {error}", who.0));
        return done;
    }
    let mut turn = 0;
    while Instant::now() < end {
        let (least, most) = THINKING;
        let thinking = least + chance.below(most - least);
        tokio::time::sleep(Duration::from_millis(thinking)).await;
        turn += 1;
        // Ends with what is no digit: `merke1x1` would be found in `merke1x12`.
        let mark = format!("merke{number}x{turn}slutt");
        done.turn(&mut visitor, &mut chance, who, &mark).await;
    }
    done.name = visitor.name;
    done.seen = visitor.seen;
    done
}

impl Day {
    async fn turn(
        &mut self,
        visitor: &mut Visitor,
        chance: &mut Chance,
        who: (&'static str, usize),
        mark: &str,
    ) {
        let from = visitor.at.clone();
        let looked = match act(visitor, chance, mark).await {
            Ok(looked) => looked,
            Err(error) => return self.failed.push(format!("{}: {error}, from {from}", who.0)),
        };
        let status = visitor.seen.last().map_or(0, |seen| seen.status);
        match status {
            200 => self.kept.extend(looked.into_iter().map(|looked| Kept { who, looked })),
            // Two who do the same thing at once are told so.
            409 => self.overtaken += 1,
            // A reason is asked for where somebody else's journal is opened.
            403 if visitor.at.starts_with("/pasient/") => {}
            _ => {
                let code = code(&visitor.page);
                self.failed
                    .push(format!("{}: {status} {code} at {}, from {from}", who.0, visitor.at));
            }
        }
    }
}

/// The code of a problem that a page tells of.
fn code(page: &str) -> &str {
    let mut bold = page.split("<b>").skip(1).filter_map(|rest| rest.split("</b>").next());
    bold.find(|text| text.len() == 7 && text.as_bytes().get(3) == Some(&b'-')).unwrap_or_default()
}

/// One thing that somebody does; what was written, if the answer says that it was.
async fn act(
    visitor: &mut Visitor,
    chance: &mut Chance,
    mark: &str,
) -> Result<Vec<Looked>, String> {
    let dice = chance.below(100);
    if dice < 30
        && let Some(filled) = filled(&visitor.page, chance, mark)?
    {
        visitor.submit(&filled.form).await?;
        return Ok(filled.traces);
    }
    let way = if dice < 40 {
        "/".to_owned()
    } else if dice < 50 && visitor.page.contains("action=\"/pasienter\"") {
        format!("/pasienter?q={}", chance.of(&SEARCHED).copied().unwrap_or_default())
    } else {
        let ways: Vec<String> =
            links(&visitor.page).into_iter().filter(|href| is_way(href)).collect();
        chance.of(&ways).cloned().unwrap_or_else(|| "/".to_owned())
    };
    visitor.get(&way).await?;
    Ok(Vec::new())
}

/// Whether people go there: not to files, to FHIR, or out.
fn is_way(href: &str) -> bool {
    let not = ["/assets/", "/fhir", "/fil/", "/vedlegg/", "/logg", "/rolle", "/oauth", "/sprak"];
    !not.iter().any(|part| href.contains(part))
}

/// Chance that comes out the same each time (xorshift64).
pub(super) struct Chance(u64);

impl Chance {
    /// Of the `number`th person.
    pub(super) fn new(number: u64) -> Self {
        Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.checked_rem(end).unwrap_or(0)
    }

    /// One of a list.
    pub(super) fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(usize::try_from(self.below(list.len() as u64)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_problem_stands_in_bold() {
        assert_eq!(code("<p><b>Kari</b> Kode: <b>WEB-120</b></p>"), "WEB-120");
        assert_eq!(code("<p>fint</p>"), "");
    }

    #[test]
    fn files_and_the_way_out_are_no_ways() {
        for href in ["/assets/x.css", "/logg-ut", "/melding/c/vedlegg/1", "/fhir/Patient"] {
            assert!(!is_way(href), "{href}");
        }
        assert!(is_way("/pasient/p/notat/ny"));
    }
}
