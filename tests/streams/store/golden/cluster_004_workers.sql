CREATE TABLE IF NOT EXISTS workers_local ON CLUSTER 'main' (
    worker  String CODEC(ZSTD(1)),
    until   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
ORDER BY worker
TTL toDateTime(until) + INTERVAL 1 DAY;

CREATE TABLE IF NOT EXISTS workers ON CLUSTER 'main' AS workers_local ENGINE = Distributed('main', 'commitwire', 'workers_local', cityHash64(worker));
