-- Leases: which workers live. Each says again, before it ends, until when; version counts how often it did.
CREATE TABLE IF NOT EXISTS workers (
    worker  String CODEC(ZSTD(1)),
    until   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
ORDER BY worker
TTL toDateTime(until) + INTERVAL 1 DAY;
