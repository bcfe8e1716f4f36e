//! Reads of divided tables: by key in one trip to the database, of ranges as of now and of what a value
//! leads to in two.
//!
//! Of a trip the newest commit is asked first, then what stands, then what is past, then the horizon: what
//! stood at the commit is found in one place or in both, and nothing of it was tidied away meanwhile.
//!
//! Not here: who waits and who is answered (`reader`).

use std::cmp::Ordering as Compared;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use akson_base::Problem;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio_postgres::{Client, Error, Row, Statement};

use super::super::connection::{may_pass, refused};
use super::super::news::{Hearing, NOTHING_NEW};
use super::super::reader::{
    Answer, Ask, Bounds, Found, Reader, Rows, What, answer, bounds_statement, headless,
};
use super::super::schema::number;
use super::super::shards::{Layout, Shard, by_shard, shard_of_range};
use super::{Sent, in_order};
use crate::engine::{Direction, Range};

const HORIZON: &str = "SELECT commit FROM akson_horizon";

/// The same question of what stands and of what is past.
struct Both {
    stands: Statement,
    past: Statement,
}

/// The same question of one shard and of all.
struct OneOrAll {
    one: Both,
    all: Both,
}

/// The statements of a connection.
pub(in super::super) struct Reads {
    bounds: Statement,
    horizon: Statement,
    keys: Both,
    up: OneOrAll,
    down: OneOrAll,
}

fn keys_statement(table: &str, until: &str) -> String {
    format!("SELECT k, since, {until}, v FROM {table} WHERE shard = $1 AND k = ANY($2)")
}

/// `$1` and `$2` are the range, `$3` the commit, `$4` the limit, `$5` the shard.
fn range_statement(table: &str, conditions: &str, order: &str) -> String {
    format!(
        "SELECT k, v FROM {table} WHERE k >= $1 AND k < $2 AND since <= $3{conditions} \
         ORDER BY k {order} LIMIT $4"
    )
}

impl OneOrAll {
    async fn prepare(client: &Client, order: &str) -> Result<Self, Error> {
        let prepare = |table: &'static str, conditions: &'static str| async move {
            client.prepare(&range_statement(table, conditions, order)).await
        };
        Ok(Self {
            one: Both {
                stands: prepare("akson_entry", " AND shard = $5").await?,
                past: prepare("akson_past", " AND until > $3 AND shard = $5").await?,
            },
            all: Both {
                stands: prepare("akson_entry", "").await?,
                past: prepare("akson_past", " AND until > $3").await?,
            },
        })
    }
}

/// A range that is asked for as of a commit; `ask` is the place of who asks.
struct Wanted<'a> {
    ask: usize,
    range: &'a Range,
    direction: Direction,
    limit: usize,
    commit: u64,
}

/// What one trip brings home.
struct Trip {
    bounds: Option<Row>,
    horizon: u64,
    /// Forms of the keys.
    keys: Vec<Row>,
    /// Of each range what stands and what is past.
    ranges: Vec<(Vec<Row>, Vec<Row>)>,
}

impl Reads {
    pub(in super::super) async fn prepare(client: &Client, layout: Layout) -> Result<Self, Error> {
        super::catch_up(client, layout).await?;
        Ok(Self {
            bounds: client.prepare(&bounds_statement("$1::bigint", layout)).await?,
            horizon: client.prepare(HORIZON).await?,
            keys: Both {
                stands: client.prepare(&keys_statement("akson_entry", "NULL::bigint")).await?,
                past: client.prepare(&keys_statement("akson_past", "until")).await?,
            },
            up: OneOrAll::prepare(client, "ASC").await?,
            down: OneOrAll::prepare(client, "DESC").await?,
        })
    }

    /// Answers all; gives them back when the connection broke.
    pub(in super::super) async fn serve(
        &self,
        reader: &Reader,
        client: &Client,
        asks: Vec<Ask>,
    ) -> Result<(), Vec<Ask>> {
        match self.answers(reader, client, &asks).await {
            Ok(answers) => asks.into_iter().zip(answers).for_each(|(ask, told)| answer(ask, told)),
            Err(error) if may_pass(&error) => return Err(asks),
            Err(error) => {
                let problem = refused(&error);
                asks.into_iter().for_each(|ask| answer(ask, Err(problem.clone())));
            }
        }
        Ok(())
    }

    async fn answers(
        &self,
        reader: &Reader,
        client: &Client,
        asks: &[Ask],
    ) -> Result<Vec<Result<Answer, Problem>>, Error> {
        let shared = reader.shared();
        shared.counters.reads.fetch_add(asks.len() as u64, Ordering::Relaxed);
        // Who asks as of now hears what is new before the answer is given.
        let hearing = asks.iter().any(|ask| ask.commit.is_none()).then(|| shared.news.begin());
        let since = hearing.map_or(NOTHING_NEW, Hearing::since);
        let count = |trip: &Trip| {
            let statements = trip.ranges.len() as u64 * 2 + 1;
            shared.counters.statements.fetch_add(statements, Ordering::Relaxed);
        };
        let known: Vec<Wanted<'_>> = wanted(asks, |ask| ask.commit).collect();
        let first = self.trip(client, Some(since), keys_of(asks), &known).await?;
        count(&first);
        let Some(mut bounds) = first.bounds.as_ref().map(Bounds::of) else {
            return Ok(asks.iter().map(|_| Err(headless())).collect());
        };
        if let Some(hearing) = hearing {
            bounds.tell(&shared.news, hearing);
        }
        let newest = bounds.newest;
        bounds.horizon = bounds.horizon.max(first.horizon);
        let mut rows = Rows::of(&first.keys);
        let mut found: FxHashMap<usize, Entries> = FxHashMap::default();
        found.extend(entries(&known, &first.ranges));
        let led: Vec<Vec<u8>> = asks.iter().filter_map(|ask| rows.leads_to(ask, newest)).collect();
        let now: Vec<Wanted<'_>> =
            wanted(asks, |ask| ask.commit.is_none().then_some(newest)).collect();
        let second;
        if !led.is_empty() || !now.is_empty() {
            let keys = led.iter().map(Vec::as_slice).collect();
            second = self.trip(client, None, keys, &now).await?;
            count(&second);
            bounds.horizon = bounds.horizon.max(second.horizon);
            rows.add(&second.keys);
            found.extend(entries(&now, &second.ranges));
        }
        rows.bounds = Some(bounds);
        let answers = asks.iter().enumerate().map(|(at, ask)| {
            // What is as of now may be past the horizon too when the database stood still for so long.
            let asked = Some(ask.commit.unwrap_or(newest));
            match &ask.what {
                What::Keys(keys) => rows.values(keys, asked),
                What::Led { key, lead } => rows.led(key, *lead, asked),
                What::Range { .. } => {
                    let commit = rows.commit(asked)?;
                    let entries = found.remove(&at).unwrap_or_default();
                    Ok(Answer { commit, found: Found::Entries(entries) })
                }
            }
        });
        Ok(answers.collect())
    }

    async fn trip(
        &self,
        client: &Client,
        since: Option<i64>,
        mut keys: Vec<&[u8]>,
        ranges: &[Wanted<'_>],
    ) -> Result<Trip, Error> {
        keys.sort_unstable();
        keys.dedup();
        let keys: BTreeMap<Shard, Vec<&[u8]>> = by_shard(keys);
        let mut sent: Vec<Sent<'_>> = Vec::new();
        if let Some(since) = since {
            sent.push(Box::pin(async move { client.query(&self.bounds, &[&since]).await }));
        }
        for statement in [&self.keys.stands, &self.keys.past] {
            for (shard, keys) in &keys {
                sent.push(Box::pin(async move { client.query(statement, &[shard, keys]).await }));
            }
        }
        for wanted in ranges {
            sent.extend(self.range(client, wanted));
        }
        sent.push(Box::pin(client.query(&self.horizon, &[])));
        let mut answers = in_order(sent).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        let bounds = if since.is_some() { next()?.into_iter().next() } else { None };
        let mut forms = Vec::new();
        for _ in 0..keys.len() * 2 {
            forms.extend(next()?);
        }
        let mut found = Vec::with_capacity(ranges.len());
        for _ in ranges {
            found.push((next()?, next()?));
        }
        let horizon = next()?.first().map_or(0, |row| number(row.get(0)));
        Ok(Trip { bounds, horizon, keys: forms, ranges: found })
    }

    /// What stands in a range, then what is past.
    fn range<'a>(&'a self, client: &'a Client, wanted: &Wanted<'a>) -> [Sent<'a>; 2] {
        let range = wanted.range;
        let commit = i64::try_from(wanted.commit).unwrap_or(i64::MAX);
        let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
        let statements = match wanted.direction {
            Direction::Ascending => &self.up,
            Direction::Descending => &self.down,
        };
        let shard = shard_of_range(range);
        let both = if shard.is_some() { &statements.one } else { &statements.all };
        [&both.stands, &both.past].map(|statement| -> Sent<'a> {
            Box::pin(async move {
                match shard {
                    Some(shard) => {
                        let asked: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                            [&range.start, &range.end, &commit, &limit, &shard];
                        client.query(statement, &asked).await
                    }
                    None => {
                        client.query(statement, &[&range.start, &range.end, &commit, &limit]).await
                    }
                }
            })
        })
    }
}

/// The keys that are asked for before it is known what they lead to.
fn keys_of(asks: &[Ask]) -> Vec<&[u8]> {
    let mut keys = Vec::new();
    for ask in asks {
        match &ask.what {
            What::Keys(wanted) => keys.extend(wanted.iter().map(Vec::as_slice)),
            What::Led { key, .. } => keys.push(key.as_slice()),
            What::Range { .. } => {}
        }
    }
    keys
}

/// The ranges that are asked for as of the commits that `commit` answers.
fn wanted<'a>(
    asks: &'a [Ask],
    commit: impl Fn(&Ask) -> Option<u64>,
) -> impl Iterator<Item = Wanted<'a>> {
    asks.iter().enumerate().filter_map(move |(at, ask)| {
        let What::Range { range, direction, limit } = &ask.what else { return None };
        let commit = commit(ask)?;
        Some(Wanted { ask: at, range, direction: *direction, limit: *limit, commit })
    })
}

type Entries = Vec<(Bytes, Bytes)>;

fn entries<'a>(
    wanted: &'a [Wanted<'_>],
    ranges: &'a [(Vec<Row>, Vec<Row>)],
) -> impl Iterator<Item = (usize, Entries)> {
    wanted.iter().zip(ranges).map(|(wanted, (stands, past))| {
        let [stands, past] = [stands, past].map(|rows| rows.iter().map(entry).collect());
        (wanted.ask, merged(stands, past, wanted.direction, wanted.limit))
    })
}

fn entry(row: &Row) -> (Bytes, Bytes) {
    let [key, value] = [0, 1].map(|column| Bytes::copy_from_slice(row.get(column)));
    (key, value)
}

/// The first of two lists in the order of their keys. An entry that was moved from one to the other while
/// they were read is in both, and is taken once.
fn merged(stands: Entries, past: Entries, direction: Direction, limit: usize) -> Entries {
    if past.is_empty() {
        return stands;
    }
    let (mut stands, mut past) = (stands.into_iter().peekable(), past.into_iter().peekable());
    let mut found = Vec::new();
    while found.len() < limit {
        let order = match (stands.peek(), past.peek(), direction) {
            (Some((a, _)), Some((b, _)), Direction::Ascending) => a.cmp(b),
            (Some((a, _)), Some((b, _)), Direction::Descending) => b.cmp(a),
            (Some(_), None, _) => Compared::Less,
            (None, _, _) => Compared::Greater,
        };
        let next = match order {
            Compared::Less => stands.next(),
            Compared::Equal => {
                past.next();
                stands.next()
            }
            Compared::Greater => past.next(),
        };
        let Some(next) = next else { break };
        found.push(next);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(keys: &[&'static str]) -> Entries {
        let entry = |key: &&'static str| (Bytes::from(*key), Bytes::from("v"));
        keys.iter().map(entry).collect()
    }

    #[test]
    fn what_stands_and_what_is_past_are_one_list_in_order() {
        let up = |limit| {
            merged(list(&["a", "c", "d"]), list(&["b", "c", "e"]), Direction::Ascending, limit)
        };
        assert_eq!(up(9), list(&["a", "b", "c", "d", "e"]));
        assert_eq!(up(3), list(&["a", "b", "c"]));
        let down = merged(list(&["d", "b"]), list(&["c", "a"]), Direction::Descending, 3);
        assert_eq!(down, list(&["d", "c", "b"]));
        assert_eq!(merged(list(&[]), list(&["a"]), Direction::Ascending, 2), list(&["a"]));
        assert_eq!(merged(list(&["a"]), list(&[]), Direction::Ascending, 2), list(&["a"]));
    }
}
