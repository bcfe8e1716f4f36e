-- Makes the record's large tables, divided by shard into native hash partitions (shards.md), in an empty
-- database before the first start, as the role that the servers use:
--   psql --set=ON_ERROR_STOP=1 --set=parts=16 --single-transaction --file=partitions.sql \
--     "postgresql://akson@127.0.0.1:5432/akson"
\if :{?parts}
\else
    \set parts 16
\endif

CREATE TABLE akson_entry (
    since bigint NOT NULL, shard smallint NOT NULL, k bytea NOT NULL, v bytea NOT NULL,
    PRIMARY KEY (k, shard)
) PARTITION BY HASH (shard);
CREATE TABLE akson_past (
    since bigint NOT NULL, until bigint NOT NULL, shard smallint NOT NULL, k bytea NOT NULL,
    v bytea NOT NULL, PRIMARY KEY (k, since, shard)
) PARTITION BY HASH (shard);
CREATE INDEX akson_past_until ON akson_past (until);
ALTER TABLE akson_entry ALTER COLUMN v SET STORAGE EXTERNAL;
ALTER TABLE akson_past ALTER COLUMN v SET STORAGE EXTERNAL;

SELECT format('CREATE TABLE %s_%s PARTITION OF %s FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
        whole, part, whole, :parts, part)
    FROM unnest(ARRAY['akson_entry', 'akson_past']) AS whole, generate_series(0, :parts - 1) AS part
\gexec
