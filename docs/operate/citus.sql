-- Makes the record's large tables, distributed by shard over the workers of Citus (shards.md; NOT RUN on
-- Citus yet), in an empty database of the coordinator before the first start. The extension and its workers
-- are there already (CREATE EXTENSION citus; citus_add_node).
--   psql --set=ON_ERROR_STOP=1 --file=citus.sql "postgresql://akson@127.0.0.1:5432/akson"
CREATE TABLE akson_entry (
    since bigint NOT NULL, shard smallint NOT NULL, k bytea NOT NULL, v bytea NOT NULL,
    PRIMARY KEY (k, shard)
);
CREATE TABLE akson_past (
    since bigint NOT NULL, until bigint NOT NULL, shard smallint NOT NULL, k bytea NOT NULL,
    v bytea NOT NULL, PRIMARY KEY (k, since, shard)
);
CREATE INDEX akson_past_until ON akson_past (until);
ALTER TABLE akson_entry ALTER COLUMN v SET STORAGE EXTERNAL;
ALTER TABLE akson_past ALTER COLUMN v SET STORAGE EXTERNAL;

SELECT create_distributed_table('akson_entry', 'shard');
SELECT create_distributed_table('akson_past', 'shard', colocate_with => 'akson_entry');
