//! Commits on divided tables: what preconditions ask about and what changes, shard by shard.
//!
//! Not here: the lock, the verdicts and the chain (`committer`).

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement};

use super::super::committer::{Final, Made};
use super::super::shards::{Shard, by_shard, shard_of, shard_of_range};
use super::{Sent, in_order};
use crate::engine::Range;

const VALUES: &str =
    "SELECT k, substring(v FROM 1 FOR $3) FROM akson_entry WHERE shard = $1 AND k = ANY($2)";
const RANGE: &str = "SELECT k FROM akson_entry WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3";
const RANGE_OF_ONE: &str =
    "SELECT k FROM akson_entry WHERE shard = $4 AND k >= $1 AND k < $2 ORDER BY k LIMIT $3";
const KEEP: &str = "INSERT INTO akson_past (since, until, shard, k, v) \
     SELECT since, $3, shard, k, v FROM akson_entry WHERE shard = $1 AND k = ANY($2)";
const REMOVE: &str = "DELETE FROM akson_entry WHERE shard = $1 AND k = ANY($2)";
const PUT: &str = "INSERT INTO akson_entry (since, shard, k, v) SELECT $1, p.shard, p.k, p.v \
     FROM unnest($2::smallint[], $3::bytea[], $4::bytea[]) AS p (shard, k, v) \
     ON CONFLICT (k, shard) DO UPDATE SET since = excluded.since, v = excluded.v";

/// The statements of a connection.
pub(in super::super) struct Writes {
    values: Statement,
    range: Statement,
    range_of_one: Statement,
    keep: Statement,
    remove: Statement,
    put: Statement,
}

impl Writes {
    pub(in super::super) async fn prepare(client: &Client) -> Result<Self, Error> {
        Ok(Self {
            values: client.prepare(VALUES).await?,
            range: client.prepare(RANGE).await?,
            range_of_one: client.prepare(RANGE_OF_ONE).await?,
            keep: client.prepare(KEEP).await?,
            remove: client.prepare(REMOVE).await?,
            put: client.prepare(PUT).await?,
        })
    }

    /// The beginnings of values, of so many bytes: rows of key and beginning.
    pub(in super::super) async fn values(
        &self,
        client: &Client,
        keys: &[&[u8]],
        bytes: i32,
    ) -> Result<Vec<Row>, Error> {
        let groups = by_shard(keys.iter().copied());
        let sent = groups.iter().map(|(shard, keys)| -> Sent<'_> {
            Box::pin(async move { client.query(&self.values, &[shard, keys, &bytes]).await })
        });
        let mut found = Vec::new();
        for rows in in_order(sent.collect()).await {
            found.extend(rows?);
        }
        Ok(found)
    }

    /// The first keys of a range.
    pub(in super::super) async fn range(
        &self,
        client: &Client,
        range: &Range,
        limit: i64,
    ) -> Result<Vec<Row>, Error> {
        let (start, end) = (&range.start, &range.end);
        match shard_of_range(range) {
            Some(shard) => client.query(&self.range_of_one, &[start, end, &limit, &shard]).await,
            None => client.query(&self.range, &[start, end, &limit]).await,
        }
    }

    /// Writes a group: one trip with `end`, which is sent behind it, unless it is very large.
    pub(in super::super) async fn write(
        &self,
        client: &Client,
        made: &Final<'_>,
        group: &Made,
        end: Sent<'_>,
    ) -> Result<(), Error> {
        let commit = i64::try_from(group.committed.commit).unwrap_or(i64::MAX);
        let changed = made.puts.iter().map(|(key, _)| *key).chain(made.removed.iter().copied());
        let (kept, removed) = (by_shard(changed), by_shard(made.removed.iter().copied()));
        let mut sent: Vec<Sent<'_>> = Vec::new();
        // What is replaced is kept aside before it is.
        for (shard, keys) in &kept {
            let keep = async move { client.query(&self.keep, &[shard, keys, &commit]).await };
            sent.push(Box::pin(keep));
        }
        for (shard, keys) in &removed {
            let remove = async move { client.query(&self.remove, &[shard, keys]).await };
            sent.push(Box::pin(remove));
        }
        let mut pieces = made.pieces().into_iter().peekable();
        while let Some((keys, values)) = pieces.next() {
            let shards: Vec<Shard> = keys.iter().map(|key| shard_of(key)).collect();
            sent.push(Box::pin(async move {
                let put: [&(dyn ToSql + Sync); 4] = [&commit, &shards, &keys, &values];
                client.query(&self.put, &put).await
            }));
            if pieces.peek().is_some() {
                all(std::mem::take(&mut sent)).await?;
            }
        }
        sent.push(end);
        all(sent).await
    }
}

/// In an aborted transaction COMMIT succeeds and undoes; then one of the others has failed.
async fn all(sent: Vec<Sent<'_>>) -> Result<(), Error> {
    in_order(sent).await.into_iter().try_for_each(|answer| answer.map(drop))
}
