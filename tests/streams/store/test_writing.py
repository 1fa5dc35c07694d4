"""What is written comes back, and writing it again, in any order and any batching, changes nothing."""

from __future__ import annotations

import gc
import re
import time
import weakref
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.analyses import ROUNDS
from schemas.commits import CommitObserved, FileChange, Person
from schemas.day import EARLIEST, LATEST, interval
from schemas.definition import Definition, Source
from schemas.errors import Reject
from schemas.model import Event
from schemas.seals import DaySealed, LateArrival
from streams.sources.overflow import PatchPiece
from streams.store import batch
from streams.store.selection import OF_KEYS
from streams.store.tables import TABLES, Relation
from tests.streams.store import history
from tests.streams.store.memory import Memory

NUMBERS = count()
SECONDS = 10.0
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMED = st.builds(Person, name=TEXT, email=TEXT)
TIMES = st.integers(0, int(LATEST.timestamp())).map(lambda seconds: EARLIEST + timedelta(seconds=seconds))
COUNTS = st.none() | st.integers(0, 2**40)


def fresh() -> str:
    """A repository that no other test uses."""
    return f"github.com/fresh/n{next(NUMBERS)}"


@st.composite
def commits(draw: st.DrawFn) -> CommitObserved:
    paths = draw(st.lists(TEXT.filter(bool), unique=True, max_size=4))
    files = [FileChange(path=path, status="M", additions=draw(COUNTS), deletions=draw(COUNTS)) for path in paths]
    seen = history.commit(fresh(), 1)
    told: dict[str, Any] = {
        "parents": draw(st.none() | st.lists(st.just("a" * 40), max_size=3).map(tuple)),
        "author": draw(NAMED),
        "committer": draw(NAMED),
        "authored_at": draw(TIMES),
        "committed_at": draw(TIMES),
        "title": draw(TEXT),
        "body": tuple(draw(st.lists(TEXT, max_size=3))),
        "co_authors": tuple(draw(st.lists(NAMED, max_size=2))),
        "files": tuple(files),
        "files_total": draw(COUNTS),
        "additions": draw(COUNTS),
        "deletions": draw(COUNTS),
        "patch": draw(TEXT),
    }
    return seen.model_copy(update=told)


@settings(max_examples=15, deadline=None)
@given(st.lists(commits(), min_size=1, max_size=4))
def test_commits_come_back_whole(memory: Memory, seen: list[CommitObserved]) -> None:
    memory.write(*seen)
    found = memory.run(memory.store.commits([(one.repo, one.sha) for one in seen], "default", files=True))
    expected = [one.model_copy(update={"patch": ""}) for one in seen]
    assert sorted((row.observed for row in found), key=key) == sorted(expected, key=key)
    patches = memory.rows(f"SELECT text FROM v_patches WHERE repo = '{seen[0].repo}'")
    assert patches == ([(seen[0].patch,)] if seen[0].patch else [])


def key(event: Event) -> str:
    return event.key


def test_analyses_scores_and_seals_come_back_whole(memory: Memory) -> None:
    seen = history.commit(fresh(), 9)
    analyzed, scored = history.analyzed(seen, 9), history.scored(seen, 9)
    late = (LateArrival(sha="b" * 40, day=date(1970, 1, 1)), LateArrival(sha="c" * 40, day=date(2261, 12, 31)))
    sealed = history.seal(seen.repo, date(2261, 12, 30), (seen.sha, "d" * 40), number=3, late=late)
    memory.write(sealed, scored, analyzed, seen)
    [row] = memory.run(memory.store.commits([(seen.repo, seen.sha)], "default"))
    assert (row.analyzed, row.scored) == (analyzed, scored)
    assert (row.observed.files, row.observed.files_total) == ((), 3)
    assert seals(memory, seen.repo) == [sealed]


def seals(memory: Memory, repo: str, days: list[date] | None = None) -> list[DaySealed]:
    source = history.SOURCES[0].model_copy(update={"repo": repo})
    return memory.run(memory.store.seals([source], "UTC", days))


def competing(repo: str) -> list[Event]:
    """Statements of which some replace others, whatever comes first."""
    seen, other = history.commit(repo, 9), history.commit(repo, 6)
    brief = seen.model_copy(update={"detail": "message", "files": (), "files_total": None, "patch": ""})
    static, owed = history.analyzed(seen, 9), history.owed(seen, 9)
    forgiven = owed.model_copy(update={"round": owed.round + 1, "status": "forgiven"})
    later = history.by_model(seen, 9).model_copy(update={"round": owed.round + 1, "wanted": "standard"})
    failed = later.model_copy(update={"round": owed.round + 2, "status": "failed"})
    again = owed.model_copy(update={"round": owed.round + 3})
    shallower = later.model_copy(update={"round": owed.round + 4, "depth": "brief"})
    unread = history.by_model(brief, 9).model_copy(update={"depth": "deep"})
    unpaid = [history.owed(other, 6), history.owed(other, 6).model_copy(update={"round": owed.round + 1})]
    score = history.scored(seen, 9)
    preliminary = score.model_copy(update={"final": False, "points": 1})
    second = score.model_copy(
        update={"round": later.round, "tier": "high", "ruled": "medium", "opinion": "high", "points": 99}
    )
    early = history.seal(repo, seen.committed_at.date(), (other.sha,), number=1).model_copy(update={"complete": False})
    earlier = early.model_copy(update={"number": 2, "shas": ()})
    complete = early.model_copy(update={"number": 3, "complete": True})
    last = complete.model_copy(update={"number": 4, "shas": (other.sha, seen.sha), "late": (), "late_total": 0})
    told: list[Event] = [seen, brief, other, static, owed, forgiven, later, failed, again, shallower, unread]
    told += [*unpaid, score, preliminary, second]
    return [*told, history.analyzed(other, 6), early, earlier, complete, last]


def batches(draw: st.DrawFn, events: Sequence[Event]) -> Iterator[list[Event]]:
    """All of the events, some more than once, in any order, in batches of any size."""
    told = draw(st.permutations([*events, *draw(st.lists(st.sampled_from(events), max_size=10))]))
    while told:
        size = draw(st.integers(1, len(told)))
        yield told[:size]
        told = told[size:]


def normal(memory: Memory, repo: str) -> str:
    """All that the views say of the repository, without its name."""
    shown = repr(memory.dump(f"repo = '{repo}'"))
    shown = shown.replace(repo, "repo").replace(history.sha(repo, 0)[8:], "sha")
    return re.sub(r"\b[0-9a-f]{32}\b", "id", shown)


@pytest.fixture(scope="module")
def undisturbed(memory: Memory) -> str:
    repo = fresh()
    memory.write(*competing(repo))
    return normal(memory, repo)


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
def test_order_and_repetition_change_nothing(memory: Memory, undisturbed: str, data: st.DataObject) -> None:
    repo = fresh()
    for events in data.draw(st.composite(lambda draw: list(batches(draw, competing(repo))))()):
        memory.write(*events)
    assert normal(memory, repo) == undisturbed


def test_the_better_statement_wins(memory: Memory) -> None:
    repo = fresh()
    memory.write(*competing(repo))
    [row, _] = memory.run(
        memory.store.commits([(repo, history.sha(repo, 9)), (repo, history.sha(repo, 6))], "default", files=True)
    )
    assert row.observed.detail == "patch"
    assert len(row.observed.files) == 3
    assert row.analyzed is not None
    assert (row.analyzed.analyzer, row.analyzed.round, row.analyzed.status) == ("llm", 3 * ROUNDS + 2, "done")
    assert row.analyzed.depth == "standard"
    assert row.scored is not None
    assert (row.scored.points, row.scored.ruled, row.scored.opinion) == (99, "medium", "high")
    assert [seal.number for seal in seals(memory, repo)] == [4]
    late = memory.rows(f"SELECT sha FROM v_late_commits WHERE repo = '{repo}'")
    assert late == [(history.sha(repo, 9),)]


def test_a_late_commit_arrived_on_the_day_it_was_noticed_in_the_zone_of_its_seal(memory: Memory) -> None:
    repo, day = fresh(), date(2026, 3, 1)
    in_tokyo = history.seal(repo, day, ("a" * 40,), number=1).model_copy(update={"zone": "Asia/Tokyo"})
    joined = {"number": 2, "shas": ("a" * 40, "b" * 40), "sealed_at": datetime(2026, 3, 3, 20, tzinfo=UTC)}
    again = {**joined, "number": 3, "sealed_at": datetime(2026, 3, 9, tzinfo=UTC)}
    told = [in_tokyo, in_tokyo.model_copy(update=joined), in_tokyo.model_copy(update=again)]
    memory.write(*told)
    arrived = f"SELECT sha, day, arrived FROM v_late_commits WHERE repo = '{repo}'"
    assert memory.rows(arrived) == [("b" * 40, day, date(2026, 3, 4))]
    source = history.SOURCES[0].model_copy(update={"repo": repo})
    assert memory.run(memory.store.restated(source, "Asia/Tokyo")) == told
    gone = in_tokyo.model_copy(update={"number": 4, "sealed_at": datetime(2026, 3, 10, tzinfo=UTC)})
    memory.write(gone)
    assert memory.rows(arrived) == []


def test_only_days_asked_for(memory: Memory) -> None:
    repo, day = fresh(), date(2026, 3, 1)
    told = [history.seal(repo, day + timedelta(days=n), ("a" * 40,), number=n + 1) for n in range(4)]
    memory.write(*told)
    assert seals(memory, repo) == told
    assert seals(memory, repo, [told[3].day, told[1].day]) == [told[1], told[3]]
    assert seals(memory, repo, []) == []
    assert memory.run(memory.store.seals([], "UTC", None)) == []


def test_complete_needs_commit_analysis_and_score(memory: Memory) -> None:
    repo = fresh()
    seen = [history.commit(repo, number) for number in range(5)]
    scores = [history.scored(one, 1) for one in seen]
    memory.write(*seen[1:], *[history.analyzed(one, 1) for one in (seen[0], *seen[2:])])
    memory.write(*scores[:3], scores[3].model_copy(update={"final": False}))
    keys = [(repo, one.sha) for one in seen]
    assert set(memory.run(memory.store.complete(keys, "default"))) == {keys[2], keys[3]}
    assert set(memory.run(memory.store.complete(keys, "other"))) == set()
    assert set(memory.run(memory.store.complete([], "default"))) == set()


def test_answers_to_less_than_is_known_do_not_count(memory: Memory) -> None:
    whole = history.commit(fresh(), 1)
    brief = whole.model_copy(update={"detail": "message", "files": ()})
    key = (whole.repo, whole.sha)
    memory.write(brief, history.analyzed(brief, 1), history.scored(brief, 1))
    assert set(memory.run(memory.store.complete([key], "default"))) == {key}
    memory.write(whole, history.analyzed(whole, 1))
    assert set(memory.run(memory.store.complete([key], "default"))) == set()
    memory.write(history.scored(whole, 1))
    assert set(memory.run(memory.store.complete([key], "default"))) == {key}


def test_details_of_known_commits(memory: Memory) -> None:
    seen = history.commit(fresh(), 1)
    brief = seen.model_copy(update={"detail": "message", "files": ()})
    memory.write(brief)
    keys = [(seen.repo, seen.sha), (seen.repo, "e" * 40)]
    assert memory.run(memory.store.details(keys)) == {keys[0]: "message"}
    memory.write(seen)
    memory.write(brief)
    assert memory.run(memory.store.details(keys)) == {keys[0]: "patch"}


def test_more_keys_than_fit_one_statement(memory: Memory) -> None:
    repo = fresh()
    seen = [history.commit(repo, number) for number in range(2_100)]
    memory.write(*seen)
    rows = memory.run(memory.store.commits([(repo, one.sha) for one in seen], "default"))
    assert [row.observed.sha for row in rows] == [one.sha for one in reversed(seen)]


def test_keys_and_sources_with_long_names(memory: Memory) -> None:
    repo = f"github.com/{'ö' * 200}/{'x' * 100}"
    seen = [history.commit(f"{repo}{number}", 1) for number in range(1_100)]
    memory.write(seen[-1], history.analyzed(seen[-1], 1), history.scored(seen[-1], 1))
    sealed = [history.seal(one.repo, date(2026, 6, 1), (one.sha,), number=1) for one in (seen[0], seen[-1])]
    memory.write(*sealed)
    keys = [(one.repo, one.sha) for one in seen]
    assert set(memory.run(memory.store.complete(keys, "default"))) == {keys[-1]}
    sources = [Source(repo=one.repo, branch="main") for one in seen]
    found = memory.run(memory.store.seals(sources, "UTC", None))
    assert sorted(found, key=key) == sorted(sealed, key=key)


@pytest.mark.parametrize(("type_", "value"), [("String", "x" * 1_000), ("Array(String)", ["x" * 10] * 100)])
def test_large_batches_are_written_in_pieces(type_: str, value: Any) -> None:
    table = Relation("any", {"number": "UInt64", "large": type_})
    found = list(batch.pieces(table, ((number, value) for number in range(50_000))))
    assert [number for numbers, _ in found for number in numbers] == list(range(50_000))
    assert 2 < len(found) < 10
    assert max(len(numbers) for numbers, _ in found) <= batch.SIZE_LIMIT // 1_000 + batch.MEASURED
    small = list(batch.pieces(table, ((number, "") for number in range(50_000))))
    assert [len(numbers) for numbers, _ in small] == [batch.ROW_LIMIT, batch.ROW_LIMIT, 10_000]


def test_a_value_that_no_table_holds_is_rejected(memory: Memory) -> None:
    seen = history.commit(fresh(), 1)
    with pytest.raises(Reject):
        memory.write(seen.model_copy(update={"additions": 2**70}))
    memory.write(seen)


def test_reports_keep_every_revision(memory: Memory) -> None:
    day = date(2026, 5, 1)
    assert memory.run(memory.store.latest_reports("daily", [day])) == {}
    first, second = history.report(day, 1), history.report(day, 2, high=2)
    for report in (second, first, second):
        memory.run(memory.store.save_reports([report], {day: 1}))
    assert memory.run(memory.store.latest_reports("daily", [day])) == {day: second}
    assert memory.rows(f"SELECT revision, high FROM v_reports WHERE day = '{day}' ORDER BY 1") == [(1, 1), (2, 2)]


def test_of_two_versions_of_a_revision_that_stays_which_knew_more(memory: Memory) -> None:
    """One of two workers that take a window for theirs was paused between reading and saving."""
    day, next_day = date(2026, 5, 13), date(2026, 5, 14)
    more = history.report(day, 1)
    less = more.model_copy(update={"digest": "what was known before the pause"})
    other = history.report(next_day, 1)
    assert memory.run(memory.store.save_reports([more], {day: 8})) == {day}
    standing = memory.run(memory.store.save_reports([less, other], {day: 7, next_day: 1}))
    assert memory.run(memory.store.latest_reports("daily", [day])) == {day: more}
    if memory.url.startswith("chdb:"):
        return  # one process has it: nobody else is asked about
    assert standing == {next_day}
    memory.run(memory.store.save_reports([history.report(day, 2)], {day: 9}))
    assert memory.run(memory.store.save_reports([more], {day: 8})) == set()


def test_a_day_is_settled_when_its_report_is_younger_than_its_seals(memory: Memory) -> None:
    day = date(2026, 6, 1)
    source = Source(repo=fresh(), branch="main")
    definition = Definition(name=source.repo.rpartition("/")[2], sources=(source,), zone="UTC", language="en")

    def unsettled(since: int = 0) -> list[date]:
        start = interval(day, "UTC")[0] + timedelta(days=since)
        return memory.run(memory.store.unsettled(definition, start))

    def sealed(number: int, hours: int, *, complete: bool = True) -> None:
        told = history.seal(source.repo, day, (), number=number)
        at = told.end + timedelta(hours=hours)
        memory.write(told.model_copy(update={"sealed_at": at, "complete": complete}))

    assert unsettled() == []
    sealed(1, hours=0, complete=False)
    assert unsettled() == [], "a day that is not over"
    sealed(2, hours=1)
    assert unsettled() == [day]
    assert unsettled(since=2) == [], "long ago"
    report = history.report(day, 1).model_copy(update={"definition": definition})
    memory.run(memory.store.save_reports([report], {day: 1}))
    assert unsettled() == [day], "it may not be on the topic"
    memory.run(memory.store.mark_published([report]))
    assert unsettled() == []
    sealed(3, hours=2)
    assert unsettled() == [day]


def test_days_are_sealed_for_good_when_they_are_over_and_were_read(memory: Memory) -> None:
    source, other = (Source(repo=fresh(), branch="main") for _ in range(2))
    day, after = date(2026, 6, 4), date(2026, 6, 5)

    def until() -> dict[Source, date]:
        return memory.run(memory.store.sealed_until([source, other], "UTC"))

    memory.write(history.seal(source.repo, day, (), number=1).model_copy(update={"reason": "no route"}))
    memory.write(history.seal(source.repo, after, (), number=1).model_copy(update={"complete": False}))
    assert until() == {}
    memory.write(history.seal(source.repo, day, (), number=2))
    assert until() == {source: day}
    memory.write(history.seal(source.repo, after, (), number=2))
    assert until() == {source: after}


def test_published_never_falls(memory: Memory) -> None:
    day = date(2026, 5, 2)
    assert memory.run(memory.store.published("daily", [day])) == {}
    for revision in (1, 3, 2):
        memory.run(memory.store.mark_published([history.report(day, revision)]))
    assert memory.run(memory.store.published("daily", [day])) == {day: 3}


def test_the_newest_binding_of_a_name_wins(memory: Memory) -> None:
    first = Definition(name="bound", sources=history.SOURCES, zone="UTC", language="en")
    second = first.model_copy(update={"zone": "Asia/Shanghai"})
    for definition in (first, second, second, first):
        memory.run(memory.store.bind(definition))
        assert memory.run(memory.store.definition("bound")) == definition
    assert memory.run(memory.store.definition("unbound")) is None
    assert memory.run(memory.store.definitions()) == [first]
    assert memory.rows("SELECT count() FROM definitions FINAL") == [(3,)]


def test_deliveries_keep_the_last_revision(memory: Memory) -> None:
    day = date(2026, 5, 13)
    memory.write(history.delivered(day, 2), history.delivered(day, 1))
    assert memory.rows(f"SELECT revision FROM v_deliveries WHERE day = '{day}'") == [(2,)]


def test_overflow_is_seen_with_its_commit(memory: Memory) -> None:
    seen = history.commit(fresh(), 2)
    overflow = memory.store.overflow()
    more = [FileChange(path=f"more/{n}", status="A", additions=n) for n in range(3)]
    for _ in range(2):
        overflow.keep_files(seen.repo, seen.sha, 3, more)
        overflow.keep_patch(seen.repo, seen.sha, [PatchPiece(5_000_000_000, "more/1", "+\0ü\n")])
    sql = f"SELECT path FROM v_file_changes WHERE repo = '{seen.repo}' ORDER BY path"
    assert memory.rows(sql) == []
    memory.write(seen)
    assert {path for (path,) in memory.rows(sql)} == {file.path for file in (*seen.files, *more)}
    pieces = memory.rows(f"SELECT piece, text FROM v_patches WHERE repo = '{seen.repo}' ORDER BY piece NULLS FIRST")
    assert pieces == [(None, seen.patch), (5_000_000_000, "+\0ü\n")]
    [row] = memory.run(memory.store.commits([(seen.repo, seen.sha)], "default", files=True))
    assert row.observed.files == seen.files


def test_the_types_we_send_are_the_types_of_the_tables(memory: Memory) -> None:
    sql = "SELECT table, name, type FROM system.columns WHERE database = currentDatabase()"
    made = {(table, name): type_ for table, name, type_ in memory.rows(sql) if not table.startswith("v_")}
    told = {(table.name, name): type_ for table in TABLES for name, type_ in table.columns.items()}
    assert told == {column: type_ for column, type_ in made.items() if column[0] != "migrations"}


def test_the_best_analysis_is_the_same_in_sql(memory: Memory) -> None:
    repo = fresh()
    memory.write(*competing(repo))
    found = memory.rows(f"SELECT analyzer, round FROM v_best_analyses WHERE repo = '{repo}' ORDER BY sha DESC")
    assert found == [("llm", 3 * ROUNDS + 2), ("static/1", 3 * ROUNDS)]


class Title(str):
    """Can be referred to weakly."""


def test_what_was_written_is_let_go_at_once(memory: Memory) -> None:
    title = Title("feat: a title of its own")
    kept = weakref.ref(title)
    gc.disable()
    try:
        memory.write(history.commit(fresh(), 1).model_copy(update={"title": title}))
        del title
        end = time.monotonic() + SECONDS
        while kept() is not None and time.monotonic() < end:  # the thread that wrote may not be done with it yet
            time.sleep(0.01)
        assert kept() is None
    finally:
        gc.enable()


def test_of_commits_asked_about_rows_are_chosen_before_they_are_read_and_by_their_key_only(memory: Memory) -> None:
    repo = fresh()
    memory.write(*competing(repo))
    keys = OF_KEYS.replace("%(repos)s", f"('{repo}')").replace("%(shas)s", "'a b'")
    asked = f"SELECT event FROM analyses FINAL WHERE {keys} AND status = 'done'"
    plan = [line for (line,) in memory.rows(f"EXPLAIN actions = 1 {asked}")]
    (chosen,) = [line for line in plan if "Prewhere filter column" in line]
    assert [name in chosen for name in (repo, "sha", "status")] == [True, True, False]


def test_events_of_no_table_are_passed_over(memory: Memory) -> None:
    memory.write(history.report(date(2026, 5, 4), 1))
    assert memory.rows("SELECT count() FROM v_reports WHERE day = '2026-05-04'") == [(0,)]


def test_instants_are_utc(memory: Memory) -> None:
    seen = history.commit(fresh(), 1).model_copy(update={"committed_at": datetime(2026, 7, 1, 12, tzinfo=UTC)})
    memory.write(seen)
    sql = f"SELECT committed_at, toString(committed_at), toDate(committed_at) FROM v_commits WHERE repo = '{seen.repo}'"
    assert memory.rows(sql) == [(seen.committed_at, "2026-07-01 12:00:00.000", date(2026, 7, 1))]
