"""Every query of docs/sql.md runs, and finds something in a small history."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.streams.store import history
from tests.streams.store.memory import Memory

DOC = Path(__file__).parents[3] / "docs" / "sql.md"
QUERIES = re.findall(r"^### (.+?)\n.*?^```sql\n(.*?)^```", DOC.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def filled(memory: Memory) -> Memory:
    for _ in range(2):
        memory.write(*history.events())
        for report in history.reports():
            memory.run(memory.store.save_reports([report], {report.day: 1}))
    memory.run(memory.store.bind(history.DEFINITION))
    return memory


def test_every_query_answers_a_question() -> None:
    assert len(QUERIES) == DOC.read_text("utf-8").count("```sql") >= 8


@pytest.mark.parametrize(("question", "sql"), QUERIES, ids=[question for question, _ in QUERIES])
def test_a_query_finds_something(filled: Memory, question: str, sql: str) -> None:
    assert filled.rows(sql), question


def test_every_view_is_listed_and_shows_something(filled: Memory) -> None:
    sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name"
    views = [name for (name,) in filled.rows(sql)]
    assert sorted(re.findall(r"^\| `(v_\w+)`", DOC.read_text("utf-8"), re.MULTILINE)) == views
    for view in views:
        assert filled.rows(f"SELECT * FROM {view} LIMIT 1"), view


def test_every_table_is_listed(filled: Memory) -> None:
    sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View'"
    listed = DOC.read_text("utf-8").split("## Tables")[1]
    assert all(f"`{name}`" in listed for (name,) in filled.rows(sql))


def test_counts_are_those_of_the_history(filled: Memory) -> None:
    counts = {view: filled.rows(f"SELECT count() FROM {view}")[0][0] for view in ("v_commits", "v_commit_tiers")}
    assert counts == {"v_commits": 2 * history.COMMITS, "v_commit_tiers": 2 * history.COMMITS}
    assert filled.rows("SELECT count() FROM v_file_changes") == [(6 * history.COMMITS,)]
    tiers = filled.rows("SELECT tier, count() FROM v_commit_tiers GROUP BY tier ORDER BY tier")
    assert tiers == [("high", 28), ("low", 26), ("medium", 26)]
    reverts = filled.rows("SELECT count(), countIf(reverted_sha != '') FROM v_reverts")
    assert reverts == [(8, 8)]


def test_late_commits_prefer_the_day_of_their_arrival(filled: Memory) -> None:
    first = history.sha(history.ROCKET, 0)
    [(day, arrived)] = filled.rows(f"SELECT day, arrived FROM v_late_commits WHERE sha = '{first}'")
    assert (day, arrived.month, arrived.day) == (history.FIRST.date(), 1, 20)
