"""People read the store and nothing else."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import pytest

from schemas.errors import CommitwireError, Misuse
from tests.streams.store import history
from tests.streams.store.memory import Memory

READING = [
    "SELECT 1",
    "select 1;",
    "WITH 1 AS x SELECT x -- and a comment",
    "(SELECT 1)",
    "SHOW TABLES",
    "DESCRIBE TABLE v_commits",
    "EXPLAIN SELECT 1",
    "SELECT count() FROM numbers(3)",
    "SELECT 'INSERT INTO t; url(1) INTO OUTFILE file('",
    "SELECT format('{}', 'a'), sum(points) FROM v_scores",
    "SELECT count() AS file FROM v_file_changes",
    "SELECT number file, count() FROM numbers(2) GROUP BY file ORDER BY file DESC",
    "SELECT file FROM (SELECT number AS file FROM numbers(2)) WHERE file > 0",
    "SELECT t.file, (SELECT max(number) AS file FROM numbers(2)) FROM (SELECT 1 AS file) AS t",
    "WITH one AS (SELECT 1 AS sleep) SELECT sleep FROM one",
]
WRITING = [
    "",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE commits",
    "INSERT INTO commits (repo) VALUES ('x')",
    "WITH 1 AS x INSERT INTO migrations (number) SELECT x",
    "DROP TABLE commits",
    "ALTER TABLE commits DELETE WHERE 1",
    "TRUNCATE TABLE commits",
    "CREATE TABLE t (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE t (a Int8)",
    "CREATE FUNCTION f AS x -> x",
    "RENAME TABLE commits TO others",
    "OPTIMIZE TABLE commits",
    "SYSTEM FLUSH LOGS",
    "KILL QUERY WHERE 1",
    "SET readonly = 0",
    "USE default",
    "GRANT ALL ON *.* TO CURRENT_USER",
    "SELECT 1 PARALLEL WITH DROP TABLE commits",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 FORMAT CSV",
]


@pytest.mark.parametrize("sql", READING)
def test_reading_is_answered(memory: Memory, sql: str) -> None:
    table = memory.run(memory.store.select(sql))
    assert len(table.columns) >= 1
    assert len(table.rows) >= 1


@pytest.mark.parametrize("sql", WRITING)
def test_writing_is_misuse_in_one_sentence(memory: Memory, sql: str) -> None:
    memory.write(history.commit(history.ROCKET, 1))
    with pytest.raises(Misuse) as caught:
        memory.run(memory.store.select(sql))
    assert "\n" not in str(caught.value)
    assert memory.rows("SELECT count() > 0 FROM commits") == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 INTO OUTFILE '{out}'",
        "SELECT 1 INTO/**/OUTFILE '{out}' TRUNCATE",
        "SELECT 1 UNION ALL SELECT 2 INTO OUTFILE '{out}' FORMAT CSV",
        "INSERT INTO FUNCTION file('{out}', 'CSV', 'a Int8') SELECT 1",
        "INSERT INTO TABLE FUNCTION file('{out}', 'CSV', 'a Int8') SELECT 1",
    ],
)
def test_no_file_is_written(memory: Memory, tmp_path: Path, sql: str) -> None:
    out = tmp_path / "out"
    with pytest.raises(Misuse):
        memory.run(memory.store.select(sql.format(out=out)))
    assert not out.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file('{path}')",
        "SELECT `fi\\x6ce`('{path}')",
        "SELECT file/* */\n('{path}')",
        "SELECT arrayMap(file, ['{path}'])",
        "SELECT arrayMap(x -> file(x), ['{path}'])",
        "SELECT * APPLY(file) FROM (SELECT '{path}' AS a)",
        "SELECT * APPLY file FROM (SELECT '{path}' AS a)",
        "SELECT * APPLY (file) FROM (SELECT '{path}' AS a)",
        "WITH file AS f SELECT arrayMap(f, ['{path}'])",
        "SELECT file f, arrayMap(f, ['{path}'])",
        "SELECT f FROM (SELECT file AS f, arrayMap(f, ['{path}']))",
        "SELECT arrayMap((file), ['{path}'])",
        "SELECT arrayMap(x -> file(x), ['{path}']) AS file",
        "SELECT (SELECT arrayMap(file, ['{path}']))",
        "SELECT 1 AS file, arrayMap(file, ['{path}'])",
        "SELECT 1 AS `file`, `file`('{path}')",
        "WITH 'x' AS file SELECT file('{path}')",
        "SELECT * FROM file('{path}', 'LineAsString')",
        "DESCRIBE TABLE file('{path}')",
        "EXPLAIN SELECT * FROM file('{path}', 'LineAsString')",
        "SELECT * FROM '{path}'",
        "SELECT * FROM `{path}`",
        "SELECT * FROM default.`{path}`",
        "SELECT * FROM filesystem('{path}')",
        "SELECT * FROM sqlite('{path}', 'a')",
        "SELECT * FROM executable('{path}', 'TSV', 'a String')",
        "SELECT * FROM eval('SELECT 1')",
    ],
)
def test_no_file_is_read(memory: Memory, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("hidden\n")
    with pytest.raises(Misuse) as caught:
        memory.run(memory.store.select(sql.format(path=secret)))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM url('http://{at}/a', 'LineAsString')",
        "SELECT * FROM URL('http://{at}/a', 'LineAsString')",
        "SELECT * FROM s3('http://{at}/bucket/a', 'LineAsString')",
        "SELECT * FROM remote('{at}', 'system.one')",
        "SELECT * FROM mysql('{at}', 'a', 'b', 'c', 'd')",
        "SELECT hasColumnInTable('{at}', 'system', 'one', 'dummy')",
        "SELECT reverseDNSQuery('127.0.0.1')",
        "SELECT aiGenerate('{at}', 'a')",
    ],
)
def test_nothing_is_called(memory: Memory, sql: str) -> None:
    called: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def parse_request(self) -> bool:
            called.append("called")
            return False

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        with pytest.raises(Misuse):
            memory.run(memory.store.select(sql.format(at=f"127.0.0.1:{server.server_port}")))
        server.shutdown()
        serving.join()
    assert called == []


def test_a_name_that_a_function_has_too_is_told_so(memory: Memory) -> None:
    with pytest.raises(Misuse, match=r"^file is not allowed here: it is also a function .*; choose another name$"):
        memory.run(memory.store.select("SELECT upper(file) FROM (SELECT 'a' AS file)"))


def test_wrong_sql_says_what_the_engine_says(memory: Memory) -> None:
    with pytest.raises(Misuse, match=r"^Syntax error: failed at position 7 \(1\): 1$"):
        memory.run(memory.store.select("SELEC 1"))
    with pytest.raises(Misuse, match="UNKNOWN_TABLE"):
        memory.run(memory.store.select("SELECT * FROM nothing"))
    with pytest.raises(CommitwireError):
        memory.run(memory.store.select("SELECT {a:String}"))


def test_a_limit_ends_the_query_early(memory: Memory) -> None:
    sql = "SELECT number FROM numbers(1000000000000)"
    assert memory.run(memory.store.select(sql, limit_rows=3)).rows == [(0,), (1,), (2,)]
    with pytest.raises(Misuse, match="LIMIT"):
        memory.run(memory.store.select(sql))
    assert memory.rows("SELECT 1") == [(1,)]


def test_the_engine_has_no_function_of_these_families_that_passes(memory: Memory) -> None:
    sql = "SELECT name FROM system.functions WHERE match(name, '^(ai|AI|dictGet)[A-Z]') OR name ILIKE '%dns%'"
    for (name,) in memory.rows(sql):
        with pytest.raises(Misuse, match="is not allowed"):
            memory.run(memory.store.select(f"SELECT {name}('a')"))
