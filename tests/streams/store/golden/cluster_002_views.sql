CREATE OR REPLACE VIEW v_commits ON CLUSTER 'main' AS
SELECT * EXCEPT (version), toBool(length(parents) > 1) AS is_merge
FROM commits FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_file_changes ON CLUSTER 'main' AS
WITH splitByChar('/', path) AS names
SELECT
    repo, sha, committed_at, path, old_path, status, additions, deletions, old_mode, new_mode,
    if(length(names) = 1, '.', arrayStringConcat(arraySlice(names, 1, least(2, length(names) - 1)), '/')) AS directory
FROM (
    SELECT repo, sha, committed_at, path, old_path, status, additions, deletions, old_mode, new_mode
    FROM file_changes FINAL
    UNION ALL
    SELECT repo, sha, c.committed_at, path, old_path, status, additions, deletions, old_mode, new_mode
    FROM file_overflow FINAL
    INNER JOIN (
        SELECT repo, sha, committed_at FROM v_commits WHERE (repo, sha) IN (SELECT repo, sha FROM file_overflow)
    ) AS c USING (repo, sha)
)
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_patches ON CLUSTER 'main' AS
SELECT repo, sha, CAST(NULL AS Nullable(UInt64)) AS piece, '' AS path, text
FROM patches FINAL
UNION ALL
SELECT repo, sha, piece, path, text
FROM patch_overflow FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_analyses ON CLUSTER 'main' AS
SELECT *, change_types[1] AS change_type
FROM analyses FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_best_analyses ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM v_analyses
ORDER BY version DESC, analyzer, language
LIMIT 1 BY repo, sha
SETTINGS distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_scores ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM scores FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_score_parts ON CLUSTER 'main' AS
SELECT
    repo, sha, profile, committed_at, tier, name, part_points AS points, evidence
FROM scores FINAL
ARRAY JOIN parts.name AS name, parts.points AS part_points, parts.evidence AS evidence
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_seals ON CLUSTER 'main' AS
SELECT * EXCEPT (slot, version)
FROM seals FINAL
ORDER BY number DESC
LIMIT 1 BY repo, branch, zone, day
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_reports ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM reports FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_deliveries ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM deliveries FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_definitions ON CLUSTER 'main' AS
SELECT * EXCEPT (version)
FROM definitions FINAL
ORDER BY number DESC
LIMIT 1 BY name
SETTINGS distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_late_commits ON CLUSTER 'main' AS
WITH arrivals AS (
    SELECT repo, branch, zone, late_sha AS sha, late_day AS day, v_seals.day AS arrived, 1 AS preferred
    FROM v_seals
    ARRAY JOIN late.sha AS late_sha, late.day AS late_day
    UNION ALL
    SELECT
        repo, branch, zone, sha, day,
        toDate32(formatDateTime(noticed_at, '%F', zone)) AS arrived, 0 AS preferred   
    FROM (
        SELECT repo, branch, zone, day, sha, min(number) AS joined, max(number) AS held,
            argMin(sealed_at, number) AS noticed_at
        FROM seals FINAL
        ARRAY JOIN shas AS sha
        WHERE complete
        GROUP BY repo, branch, zone, day, sha
    ) AS memberships
    INNER JOIN (
        SELECT repo, branch, zone, day, minIf(number, tip != '' AND reason = '') AS good, max(number) AS last
        FROM seals FINAL
        WHERE complete
        GROUP BY repo, branch, zone, day
    ) AS statements USING (repo, branch, zone, day)
    WHERE good > 0 AND joined > good AND held = last
)
SELECT
    arrivals.repo AS repo, arrivals.branch AS branch, arrivals.zone AS zone, arrivals.sha AS sha,
    arrivals.day AS day, arrivals.arrived AS arrived,
    c.committed_at AS committed_at, c.author_name AS author_name, c.title AS title
FROM arrivals
LEFT JOIN (SELECT repo, sha, committed_at, author_name, title FROM v_commits) AS c USING (repo, sha)
ORDER BY preferred DESC, arrived
LIMIT 1 BY repo, branch, zone, sha
SETTINGS distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_reverts ON CLUSTER 'main' AS
SELECT
    a.repo AS repo, a.sha AS sha, c.committed_at AS committed_at, c.author_name AS author_name, c.title AS title,
    a.reverts AS named, o.sha AS reverted_sha, o.title AS reverted_title, o.committed_at AS reverted_committed_at
FROM (SELECT repo, sha, reverts, left(reverts, 7) AS beginning FROM v_best_analyses WHERE reverts != '') AS a
INNER JOIN (SELECT repo, sha, committed_at, author_name, title FROM v_commits) AS c
    ON c.repo = a.repo AND c.sha = a.sha
LEFT JOIN (SELECT repo, sha, committed_at, title, left(sha, 7) AS beginning FROM v_commits) AS o
    ON o.repo = a.repo AND o.beginning = a.beginning AND startsWith(o.sha, a.reverts)
SETTINGS distributed_product_mode = 'global';

CREATE OR REPLACE VIEW v_commit_tiers ON CLUSTER 'main' AS
SELECT
    c.repo AS repo, c.sha AS sha, c.committed_at AS committed_at, c.author_name AS author_name,
    c.author_email AS author_email, c.title AS title, c.is_merge AS is_merge, c.files_total AS files_total,
    c.additions AS additions, c.deletions AS deletions,
    s.profile AS profile, s.tier AS tier, s.points AS points, s.final AS final,
    a.change_type AS change_type, a.change_types AS change_types, a.breaking AS breaking,
    a.tests_touched AS tests_touched, a.source_lines AS source_lines, a.analyzer AS analyzer, a.status AS status
FROM v_commits AS c
LEFT JOIN (SELECT repo, sha, profile, tier, points, final FROM v_scores) AS s ON s.repo = c.repo AND s.sha = c.sha
LEFT JOIN (
    SELECT repo, sha, change_type, change_types, breaking, tests_touched, source_lines, analyzer, status
    FROM v_best_analyses
) AS a ON a.repo = c.repo AND a.sha = c.sha
SETTINGS distributed_product_mode = 'global';
