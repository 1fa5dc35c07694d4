-- What a scorer said last of the analysis in a language: whether a deeper one is awaited (final is false). The score of a
-- commit has one row for all languages, and cannot tell. One row per (repo, sha, profile, language). version: round,
-- then final.
CREATE TABLE IF NOT EXISTS verdicts (
    repo         LowCardinality(String),
    sha          String CODEC(ZSTD(1)),
    profile      LowCardinality(String),
    language     LowCardinality(String),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    round        UInt32,
    final        Bool,
    version      UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, profile, language)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- language: of the analysis that the score is made of.
ALTER TABLE scores ADD COLUMN IF NOT EXISTS language LowCardinality(String) DEFAULT 'any';

CREATE OR REPLACE VIEW v_scores AS
SELECT * EXCEPT (version)
FROM scores FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
