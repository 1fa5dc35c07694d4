-- What a model said, what it took, and what is owed.

-- wanted: the depth asked for. importance: the tier a model thinks right. attempts, tokens and cost (millionths of the
-- price's currency): of the calls made for this analysis, none when its answer had been given before (cached).
ALTER TABLE analyses
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

-- ruled: the tier without a model's opinion. Both are empty where no model was asked.
ALTER TABLE scores
    ADD COLUMN IF NOT EXISTS ruled   LowCardinality(String),
    ADD COLUMN IF NOT EXISTS opinion LowCardinality(String);

-- The ledger: one row per call of a model. repo and sha are empty for a report's opening, definition for all others.
-- version: the earlier the round of the analysis that tells of the call, the higher; 0 where its answer was cached.
CREATE TABLE IF NOT EXISTS model_calls (
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
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(asked_at), 1990), 2060)
ORDER BY (asked_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Answers by what was asked (answer: a hash of it), so that nothing is asked twice. event: the whole analysis, JSON.
CREATE TABLE IF NOT EXISTS answers (
    answer  String CODEC(ZSTD(1)),
    repo    LowCardinality(String),
    sha     String CODEC(ZSTD(1)),
    event   String CODEC(ZSTD(3)),
    version UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY (answer, repo, sha)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 256;

-- What is remembered of an endpoint (health: JSON). version: counts the times it was kept.
CREATE TABLE IF NOT EXISTS endpoints (
    endpoint String,
    health   String,
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY endpoint
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW v_analyses AS
SELECT *, change_types[1] AS change_type
FROM analyses FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The best analysis of each commit: what is done beats what is owed, forgiven or failed; then the one made of more of
-- the commit, then the deeper, then the later one.
CREATE OR REPLACE VIEW v_best_analyses AS
SELECT * EXCEPT (version)
FROM v_analyses
ORDER BY status = 'done' DESC, version DESC, analyzer, language
LIMIT 1 BY repo, sha;

CREATE OR REPLACE VIEW v_scores AS
SELECT * EXCEPT (version)
FROM scores FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row per question to a model. day: UTC. cost: millionths of the price's currency.
CREATE OR REPLACE VIEW v_calls AS
SELECT * EXCEPT (version), toDate32(asked_at) AS day, prompt_tokens + completion_tokens AS tokens
FROM model_calls FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The debts: analyses by a model that could not be made yet.
CREATE OR REPLACE VIEW v_owed AS
SELECT repo, sha, language, committed_at, reason, round, wanted
FROM analyses FINAL
WHERE analyzer = 'llm' AND status = 'owed' AND (repo, sha) IN (SELECT repo, sha FROM analyses WHERE status = 'owed')
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Commits about whose tier the rubric and a model disagree: ruled without the model, opinion the model's, tier both.
CREATE OR REPLACE VIEW v_disagreements AS
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
SETTINGS do_not_merge_across_partitions_select_final = 1;
