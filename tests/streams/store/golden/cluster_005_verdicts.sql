CREATE TABLE IF NOT EXISTS verdicts_local ON CLUSTER 'main' (
    repo         LowCardinality(String),
    sha          String CODEC(ZSTD(1)),
    profile      LowCardinality(String),
    language     LowCardinality(String),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    round        UInt32,
    final        Bool,
    version      UInt64 CODEC(ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, profile, language)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS verdicts ON CLUSTER 'main' AS verdicts_local ENGINE = Distributed('main', 'commitwire', 'verdicts_local', cityHash64(repo));

ALTER TABLE scores_local ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS language LowCardinality(String) DEFAULT 'any';

ALTER TABLE scores ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS language LowCardinality(String) DEFAULT 'any';

CREATE OR REPLACE VIEW v_scores ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM scores FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';
