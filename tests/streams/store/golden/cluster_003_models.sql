ALTER TABLE analyses_local ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS wanted            LowCardinality(String) DEFAULT 'static',
    ADD COLUMN IF NOT EXISTS model             LowCardinality(String),
    ADD COLUMN IF NOT EXISTS prompt            LowCardinality(String),
    ADD COLUMN IF NOT EXISTS cached            Bool,
    ADD COLUMN IF NOT EXISTS importance        LowCardinality(String),
    ADD COLUMN IF NOT EXISTS importance_reason String CODEC(ZSTD(3)),
    ADD COLUMN IF NOT EXISTS attempts          UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tokens            UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost              UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS left_out_total    UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS masked            UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dropped           UInt64 CODEC(ZSTD(1));

ALTER TABLE analyses ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS wanted            LowCardinality(String) DEFAULT 'static',
    ADD COLUMN IF NOT EXISTS model             LowCardinality(String),
    ADD COLUMN IF NOT EXISTS prompt            LowCardinality(String),
    ADD COLUMN IF NOT EXISTS cached            Bool,
    ADD COLUMN IF NOT EXISTS importance        LowCardinality(String),
    ADD COLUMN IF NOT EXISTS importance_reason String CODEC(ZSTD(3)),
    ADD COLUMN IF NOT EXISTS attempts          UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tokens            UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost              UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS left_out_total    UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS masked            UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dropped           UInt64 CODEC(ZSTD(1));

ALTER TABLE scores_local ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS ruled   LowCardinality(String),
    ADD COLUMN IF NOT EXISTS opinion LowCardinality(String);

ALTER TABLE scores ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS ruled   LowCardinality(String),
    ADD COLUMN IF NOT EXISTS opinion LowCardinality(String);

CREATE TABLE IF NOT EXISTS model_calls_local ON CLUSTER 'main' (
    repo              LowCardinality(String),
    sha               String CODEC(ZSTD(1)),
    asked_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    id                String CODEC(ZSTD(1)),
    purpose           LowCardinality(String),
    endpoint          LowCardinality(String),
    model             LowCardinality(String),
    seconds           Float64 CODEC(ZSTD(1)),
    waited            Float64 CODEC(ZSTD(1)),
    attempts          UInt64 CODEC(ZSTD(1)),
    prompt_tokens     UInt64 CODEC(ZSTD(1)),
    completion_tokens UInt64 CODEC(ZSTD(1)),
    cost              UInt64 CODEC(ZSTD(1)),
    outcome           LowCardinality(String),
    error             String CODEC(ZSTD(3)),
    definition        LowCardinality(String),
    prompt            LowCardinality(String),
    depth             LowCardinality(String),
    language          LowCardinality(String),
    version           UInt64 CODEC(ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(asked_at), 1990), 2060)
ORDER BY (asked_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS model_calls ON CLUSTER 'main' AS model_calls_local ENGINE = Distributed('main', 'commitwire', 'model_calls_local', cityHash64(asked_at));

CREATE TABLE IF NOT EXISTS answers_local ON CLUSTER 'main' (
    answer  String CODEC(ZSTD(1)),
    repo    LowCardinality(String),
    sha     String CODEC(ZSTD(1)),
    event   String CODEC(ZSTD(3)),
    version UInt64 CODEC(ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
ORDER BY (answer, repo, sha)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 256;

CREATE TABLE IF NOT EXISTS answers ON CLUSTER 'main' AS answers_local ENGINE = Distributed('main', 'commitwire', 'answers_local', cityHash64(answer));

CREATE TABLE IF NOT EXISTS endpoints_local ON CLUSTER 'main' (
    endpoint String,
    health   String,
    version  UInt64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
ORDER BY endpoint
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS endpoints ON CLUSTER 'main' AS endpoints_local ENGINE = Distributed('main', 'commitwire', 'endpoints_local', cityHash64(endpoint));

CREATE OR REPLACE VIEW v_analyses ON CLUSTER 'main' AS
SELECT *, change_types[1] AS change_type
FROM analyses FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_best_analyses ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM v_analyses
ORDER BY status = 'done' DESC, version DESC, analyzer, language
LIMIT 1 BY repo, sha
SETTINGS distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_scores ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM scores FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_calls ON CLUSTER 'main' AS
SELECT * EXCEPT (version), toDate32(asked_at) AS day, prompt_tokens + completion_tokens AS tokens
FROM model_calls FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_owed ON CLUSTER 'main' AS
SELECT repo, sha, language, committed_at, reason, round, wanted
FROM analyses FINAL
WHERE analyzer = 'llm' AND status = 'owed' AND (repo, sha) IN (SELECT repo, sha FROM analyses WHERE status = 'owed')
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_disagreements ON CLUSTER 'main' AS
WITH disputed AS (
    SELECT repo, sha, profile, committed_at, ruled, opinion, tier, points
    FROM scores FINAL
    WHERE ruled != '' AND opinion != '' AND ruled != opinion
)
SELECT
    s.repo AS repo, s.sha AS sha, s.profile AS profile, s.committed_at AS committed_at, c.title AS title,
    s.ruled AS ruled, s.opinion AS opinion, s.tier AS tier, s.points AS points, a.importance_reason AS reason
FROM disputed AS s
LEFT JOIN (
    SELECT repo, sha, title FROM commits FINAL WHERE (repo, sha) IN (SELECT repo, sha FROM disputed)
) AS c ON c.repo = s.repo AND c.sha = s.sha
LEFT JOIN (
    SELECT repo, sha, importance_reason
    FROM analyses FINAL
    WHERE (repo, sha) IN (SELECT repo, sha FROM disputed) AND importance != ''
    ORDER BY version DESC, analyzer, language
    LIMIT 1 BY repo, sha
) AS a ON a.repo = s.repo AND a.sha = s.sha
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';
