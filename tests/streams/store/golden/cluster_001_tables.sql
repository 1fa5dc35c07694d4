CREATE TABLE IF NOT EXISTS commits_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS commits ON CLUSTER 'main' AS commits_local ENGINE = Distributed('main', 'commitwire', 'commits_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS file_changes_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, path)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS file_changes ON CLUSTER 'main' AS file_changes_local ENGINE = Distributed('main', 'commitwire', 'file_changes_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS patches_local ON CLUSTER 'main' (
    repo         LowCardinality(String),
    sha          String CODEC(ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    text         String CODEC(ZSTD(3)),
    version      UInt64 CODEC(ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 256;

CREATE TABLE IF NOT EXISTS patches ON CLUSTER 'main' AS patches_local ENGINE = Distributed('main', 'commitwire', 'patches_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS file_overflow_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (repo, sha, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS file_overflow ON CLUSTER 'main' AS file_overflow_local ENGINE = Distributed('main', 'commitwire', 'file_overflow_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS patch_overflow_local ON CLUSTER 'main' (
    repo  LowCardinality(String),
    sha   String CODEC(ZSTD(1)),
    piece UInt64,
    path  String CODEC(ZSTD(3)),
    text  String CODEC(ZSTD(3))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (repo, sha, piece)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 256;

CREATE TABLE IF NOT EXISTS patch_overflow ON CLUSTER 'main' AS patch_overflow_local ENGINE = Distributed('main', 'commitwire', 'patch_overflow_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS analyses_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, analyzer, language)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS analyses ON CLUSTER 'main' AS analyses_local ENGINE = Distributed('main', 'commitwire', 'analyses_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS scores_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(committed_at), 1990), 2060)
ORDER BY (repo, sha, profile)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS scores ON CLUSTER 'main' AS scores_local ENGINE = Distributed('main', 'commitwire', 'scores_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS seals_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (repo, branch, zone, day, slot)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS seals ON CLUSTER 'main' AS seals_local ENGINE = Distributed('main', 'commitwire', 'seals_local', cityHash64(repo));

CREATE TABLE IF NOT EXISTS windows_local ON CLUSTER 'main' (
    definition LowCardinality(String),
    day        Date32,
    revision   UInt64,
    version    UInt64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (definition, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS windows ON CLUSTER 'main' AS windows_local ENGINE = Distributed('main', 'commitwire', 'windows_local', cityHash64(definition));

CREATE TABLE IF NOT EXISTS reports_local ON CLUSTER 'main' (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (definition, day, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 64;

CREATE TABLE IF NOT EXISTS reports ON CLUSTER 'main' AS reports_local ENGINE = Distributed('main', 'commitwire', 'reports_local', cityHash64(definition));

CREATE TABLE IF NOT EXISTS definitions_local ON CLUSTER 'main' (
    name    String,
    number  UInt64,
    binding String CODEC(ZSTD(3)),
    version UInt64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
ORDER BY (name, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS definitions ON CLUSTER 'main' AS definitions_local ENGINE = Distributed('main', 'commitwire', 'definitions_local', cityHash64(name));

CREATE TABLE IF NOT EXISTS deliveries_local ON CLUSTER 'main' (
    definition LowCardinality(String),
    day        Date32,
    target     String,
    revision   UInt64,
    language   LowCardinality(String),
    digest     String,
    version    UInt64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY least(greatest(toYear(day), 1990), 2060)
ORDER BY (definition, day, target)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS deliveries ON CLUSTER 'main' AS deliveries_local ENGINE = Distributed('main', 'commitwire', 'deliveries_local', cityHash64(definition));
