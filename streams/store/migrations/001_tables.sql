-- Every table is a ReplacingMergeTree: rows with the same key are one row, the highest logical version wins, and a
-- redelivery changes nothing. Partitions are years, clamped so that no batch can touch more than 71 of them.
-- Rows are on the disk when an insert returns: what has been acknowledged survives a power cut.

-- One row per (repo, sha). version: how much the source told (1 message, 2 files, 3 patch).
CREATE TABLE IF NOT EXISTS commits (
    repo            LowCardinality(String),
    sha             String CODEC(ZSTD(1)),
    committed_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    authored_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    observed_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    parents         Array(String) CODEC(ZSTD(1)),
    parents_known   Bool,
    author_name     LowCardinality(String),
    author_email    LowCardinality(String),
    committer_name  LowCardinality(String),
    committer_email LowCardinality(String),
    title           String CODEC(ZSTD(3)),
    body            Array(String) CODEC(ZSTD(3)),
    co_authors      Nested(name String, email String),
    detail          LowCardinality(String),
    files_total     Nullable(UInt64) CODEC(ZSTD(1)),
    additions       Nullable(UInt64) CODEC(ZSTD(1)),
    deletions       Nullable(UInt64) CODEC(ZSTD(1)),
    patch_bytes     UInt64 CODEC(ZSTD(1)),
    brought         Nested(sha String, title String),
    brought_total   UInt64 CODEC(ZSTD(1)),
    notes           Array(LowCardinality(String)),
    version         UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- One row per path of a commit. position: its place in the event.
CREATE TABLE IF NOT EXISTS file_changes (
    repo         LowCardinality(String),
    sha          String CODEC(ZSTD(1)),
    path         String CODEC(ZSTD(3)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    old_path     String CODEC(ZSTD(3)),
    status       LowCardinality(String),
    additions    Nullable(UInt64) CODEC(ZSTD(1)),
    deletions    Nullable(UInt64) CODEC(ZSTD(1)),
    old_mode     LowCardinality(String),
    new_mode     LowCardinality(String),
    position     UInt32 CODEC(ZSTD(1)),
    version      UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, path)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The patch that travels in the event: most relevant files first.
CREATE TABLE IF NOT EXISTS patches (
    repo         LowCardinality(String),
    sha          String CODEC(ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    text         String CODEC(ZSTD(3)),
    version      UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 256;

-- Files of a commit beyond those in the event. It is written before the event is said: nothing else is known then.
CREATE TABLE IF NOT EXISTS file_overflow (
    repo      LowCardinality(String),
    sha       String CODEC(ZSTD(1)),
    position  UInt32,
    path      String CODEC(ZSTD(3)),
    old_path  String CODEC(ZSTD(3)),
    status    LowCardinality(String),
    additions Nullable(UInt64) CODEC(ZSTD(1)),
    deletions Nullable(UInt64) CODEC(ZSTD(1)),
    old_mode  LowCardinality(String),
    new_mode  LowCardinality(String)
) ENGINE = ReplacingMergeTree
ORDER BY (repo, sha, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Pieces of a patch too large for its event. piece: where it begins in the whole patch, in bytes.
CREATE TABLE IF NOT EXISTS patch_overflow (
    repo  LowCardinality(String),
    sha   String CODEC(ZSTD(1)),
    piece UInt64,
    path  String CODEC(ZSTD(3)),
    text  String CODEC(ZSTD(3))
) ENGINE = ReplacingMergeTree
ORDER BY (repo, sha, piece)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 256;

-- One row per (repo, sha, analyzer, language). version: status, then depth, then round. event: the whole event, JSON.
CREATE TABLE IF NOT EXISTS analyses (
    repo          LowCardinality(String),
    sha           String CODEC(ZSTD(1)),
    analyzer      LowCardinality(String),
    language      LowCardinality(String),
    committed_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    round         UInt32,
    depth         LowCardinality(String),
    status        LowCardinality(String),
    reason        String CODEC(ZSTD(1)),
    change_types  Array(LowCardinality(String)),
    breaking      Bool,
    source_lines  UInt64 CODEC(ZSTD(1)),
    tests_touched Nullable(Bool),
    main_kind     LowCardinality(String),
    languages     Array(LowCardinality(String)),
    areas         Nested(name String, files UInt64, additions UInt64, deletions UInt64),
    pull_requests Array(UInt64),
    reverts       String,
    event         String CODEC(ZSTD(3)),
    version       UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, analyzer, language)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

-- One row per (repo, sha, profile). version: round, then final. parts.evidence: a phrase, JSON.
CREATE TABLE IF NOT EXISTS scores (
    repo         LowCardinality(String),
    sha          String CODEC(ZSTD(1)),
    profile      LowCardinality(String),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    rubric       LowCardinality(String),
    round        UInt32,
    points       Int64 CODEC(ZSTD(1)),
    tier         LowCardinality(String),
    final        Bool,
    parts        Nested(name LowCardinality(String), points Int64, evidence String),
    version      UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, profile)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- slot: the seal's number once the day is over, 0 before. So every statement about a finished day stays, and of an
-- unfinished one only the last: it says something new with every commit.
CREATE TABLE IF NOT EXISTS seals (
    repo       LowCardinality(String),
    branch     LowCardinality(String),
    zone       LowCardinality(String),
    day        Date32,
    slot       UInt64,
    number     UInt64,
    complete   Bool,
    day_start  DateTime64(3, 'UTC'),
    day_end    DateTime64(3, 'UTC'),
    shas       Array(String) CODEC(ZSTD(3)),
    late       Nested(sha String, day Date32),
    late_total UInt64,
    tip        String,
    reason     String,
    sealed_at  DateTime64(3, 'UTC'),
    version    UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (repo, branch, zone, day, slot)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

-- The highest revision of a report whose event is known to be on the topic.
CREATE TABLE IF NOT EXISTS windows (
    definition LowCardinality(String),
    day        Date32,
    revision   UInt64,
    version    UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (definition, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Every revision stays. event: the whole event, JSON.
CREATE TABLE IF NOT EXISTS reports (
    definition    LowCardinality(String),
    day           Date32,
    revision      UInt64,
    zone          LowCardinality(String),
    language      LowCardinality(String),
    profile       LowCardinality(String),
    complete      Bool,
    as_of         DateTime64(3, 'UTC'),
    published_at  DateTime64(3, 'UTC'),
    commits       UInt64,
    high          UInt64,
    medium        UInt64,
    low           UInt64,
    owed          UInt64,
    failed        UInt64,
    missing       UInt64,
    not_collected UInt64,
    late_total    UInt64,
    digest        String,
    event         String CODEC(ZSTD(6)),
    version       UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (definition, day, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 64;

-- Every binding of a name stays; the highest number wins. binding: the definition, JSON.
CREATE TABLE IF NOT EXISTS definitions (
    name    String,
    number  UInt64,
    binding String CODEC(ZSTD(3)),
    version UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (name, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The last revision of a report that reached a target.
CREATE TABLE IF NOT EXISTS deliveries (
    definition LowCardinality(String),
    day        Date32,
    target     String,
    revision   UInt64,
    language   LowCardinality(String),
    digest     String,
    version    UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (definition, day, target)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
