"""What a model said, what is owed, what it took: found again, whatever was delivered twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count, permutations
from typing import TYPE_CHECKING, Any, cast

import pytest

from agents.llm.port import Health
from schemas.analyses import ROUNDS, Call, CommitAnalyzed, Effort
from schemas.commits import CommitObserved, FileChange
from schemas.scores import CommitScored
from streams.sources.overflow import PatchPiece
from streams.store import batch, rows
from streams.store.commits import PIECES_AT_ONCE, CommitRow
from streams.store.ledger import Debt
from streams.store.tables import ANSWERS, MODEL_CALLS
from tests.samples import analyzed
from tests.streams.store import history
from tests.streams.store.memory import Memory

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

NUMBERS = count()


def fresh(number: int = 9) -> CommitObserved:
    """A commit of a repository that no other test uses."""
    return history.commit(f"github.com/models/n{next(NUMBERS)}", number)


def answers(seen: CommitObserved) -> tuple[CommitAnalyzed, CommitAnalyzed]:
    """What a model said, and the debt before it."""
    return history.by_model(seen, 9), history.owed(seen, 9)


def changed(event: CommitAnalyzed, **changes: Any) -> CommitAnalyzed:
    return event.model_copy(update=changes)


def complete(memory: Memory, seen: CommitObserved, language: str | None) -> bool:
    key = (seen.repo, seen.sha)
    return set(memory.run(memory.store.complete([key], "default", language))) == {key}


def row(memory: Memory, seen: CommitObserved, language: str | None) -> CommitRow:
    [found] = memory.run(memory.store.commits([(seen.repo, seen.sha)], "default", language))
    return found


def after(seen: CommitObserved, said: CommitAnalyzed) -> CommitScored:
    """The score made of what a model said."""
    return history.scored(seen, 9).model_copy(update={"round": said.round, "language": said.language})


@pytest.mark.parametrize("status", ["done", "owed", "forgiven", "failed"])
def test_a_model_must_have_been_asked_in_the_language(memory: Memory, status: str) -> None:
    seen = fresh()
    said = changed(answers(seen)[0], status=status)
    memory.write(seen, history.analyzed(seen, 9), history.scored(seen, 9))
    assert complete(memory, seen, None)
    assert not complete(memory, seen, "en")
    memory.write(said)
    assert not complete(memory, seen, "en"), "the score is not made of what the model said"
    memory.write(after(seen, said))
    assert complete(memory, seen, "en")
    assert not complete(memory, seen, "zh-CN")


def test_a_preliminary_score_is_enough_without_a_model_only(memory: Memory) -> None:
    seen = fresh()
    said = answers(seen)[0]
    score = after(seen, said)
    memory.write(seen, history.analyzed(seen, 9), said, score.model_copy(update={"final": False}))
    assert complete(memory, seen, None)
    assert not complete(memory, seen, "en")
    memory.write(score)
    assert complete(memory, seen, "en")
    memory.write(score.model_copy(update={"round": score.round + 1, "final": False}))
    assert not complete(memory, seen, "en")


@pytest.mark.parametrize("first", ["zh-CN", "en"])
def test_a_deeper_analysis_is_awaited_in_its_language(memory: Memory, first: str) -> None:
    """Whatever the other language's says in the meantime, before or after, with a higher round or a lower one."""
    for other_first in (True, False):
        seen = fresh()
        rounds = {"zh-CN": seen.version * ROUNDS + 1, "en": seen.version * ROUNDS + 2}
        other = "en" if first == "zh-CN" else "zh-CN"
        said, others = (changed(answers(seen)[0], language=name, round=rounds[name]) for name in (first, other))
        memory.write(seen, history.analyzed(seen, 9), history.scored(seen, 9))
        if other_first:
            memory.write(others, after(seen, others))
        memory.write(said)
        assert not complete(memory, seen, first), "the scorer has not seen it yet"
        memory.write(after(seen, said).model_copy(update={"final": False}))
        if not other_first:
            memory.write(others, after(seen, others))
        assert not complete(memory, seen, first)
        deeper = changed(said, round=said.round + 2)
        memory.write(deeper)
        assert not complete(memory, seen, first)
        memory.write(after(seen, deeper))
        assert complete(memory, seen, first)
        assert complete(memory, seen, other)


def test_an_answer_to_less_than_is_known_is_none(memory: Memory) -> None:
    whole = fresh()
    brief = whole.model_copy(update={"detail": "message", "files": ()})
    said = answers(brief)[0]
    memory.write(brief, history.analyzed(brief, 9), said, after(brief, said))
    assert complete(memory, brief, "en")
    memory.write(whole, history.analyzed(whole, 9), history.scored(whole, 9))
    assert not complete(memory, whole, "en")
    debt = answers(whole)[1]
    memory.write(debt, after(whole, debt))
    assert complete(memory, whole, "en")
    assert row(memory, whole, "en").debt == debt


def test_merges_and_what_could_not_be_analyzed_need_no_model(memory: Memory) -> None:
    merge = fresh().model_copy(update={"parents": ("a" * 40, "b" * 40)})
    hopeless = fresh()
    failed = changed(history.analyzed(hopeless, 9), status="failed", reason="broken")
    memory.write(merge, history.analyzed(merge, 9), history.scored(merge, 9))
    memory.write(hopeless, failed, history.scored(hopeless, 9))
    assert complete(memory, merge, "en")
    assert complete(memory, hopeless, "en")


def test_only_what_the_reader_understands(memory: Memory) -> None:
    seen = fresh()
    static, (said, debt) = history.analyzed(seen, 9), answers(seen)
    chinese = changed(debt, language="zh-CN")
    memory.write(seen, static, said, chinese)
    english = row(memory, seen, "en")
    assert (english.analyzed, english.debt) == (said, None)
    other = row(memory, seen, "zh-CN")
    assert (other.analyzed, other.debt) == (static, chinese)
    assert row(memory, seen, None).analyzed == said


@pytest.mark.parametrize("status", ["owed", "forgiven", "failed"])
@pytest.mark.parametrize("round_", [ROUNDS, 3 * ROUNDS])
def test_a_debt_hides_no_analysis(memory: Memory, status: str, round_: int) -> None:
    seen = fresh()
    static, debt = changed(history.analyzed(seen, 9), round=round_), changed(answers(seen)[1], status=status)
    memory.write(seen, debt)
    assert row(memory, seen, "en").analyzed == row(memory, seen, "en").debt == debt
    memory.write(static)
    found = row(memory, seen, "en")
    assert (found.analyzed, found.debt) == (static, debt)
    best = memory.rows(f"SELECT analyzer, status FROM v_best_analyses WHERE repo = '{seen.repo}'")
    assert best == [("static/1", "done")]


RIVALS = ["failed owed", "owed forgiven", "owed done", "forgiven done", "failed owed forgiven done"]


@pytest.mark.parametrize("statuses", RIVALS)
def test_the_later_status_wins_in_any_order(memory: Memory, statuses: str) -> None:
    """Whatever the rounds: the earlier of two statuses comes with the later round."""
    ranked = statuses.split()
    for order in permutations(range(len(ranked))):
        seen = fresh()
        rounds = {status: 3_010 - at for at, status in enumerate(ranked)}
        told = [changed(answers(seen)[1], status=ranked[at], round=rounds[ranked[at]]) for at in order]
        for event in told:
            memory.write(event)
        memory.write(*told)
        found = memory.run(memory.store.analysis(seen.repo, seen.sha, "en"))
        assert found is not None
        assert found.status == ranked[-1]


def test_the_present_analysis_of_a_language(memory: Memory) -> None:
    seen = fresh()
    said, debt = answers(seen)
    assert memory.run(memory.store.analysis(seen.repo, seen.sha, "en")) is None
    memory.write(history.analyzed(seen, 9), debt)
    assert memory.run(memory.store.analysis(seen.repo, seen.sha, "en")) == debt
    memory.write(said)
    assert memory.run(memory.store.analysis(seen.repo, seen.sha, "en")) == said
    assert memory.run(memory.store.analysis(seen.repo, seen.sha, "zh-CN")) is None


def test_debts_are_listed_oldest_first_until_they_are_paid(memory: Memory) -> None:
    repo = fresh().repo
    owed = [history.owed(history.commit(repo, number), number) for number in range(6)]
    chinese = changed(owed[2], language="zh-CN")
    memory.write(*reversed(owed), chinese)
    memory.write(*owed)

    def debts(repos: list[str] | None = None) -> list[Debt]:
        return memory.run(memory.store.debts(repos))

    assert debts([repo]) == [debt_of(event) for event in (*owed[:3], chinese, *owed[3:])]
    assert debts([]) == []
    assert {debt.repo for debt in debts()} >= {repo}
    paid = history.by_model(history.commit(repo, 0), 0)
    memory.write(paid, changed(owed[1], status="forgiven"))
    memory.write(owed[0], owed[1])
    assert debts([repo])[:2] == [debt_of(owed[2]), debt_of(chinese)]


def debt_of(event: CommitAnalyzed) -> Debt:
    return Debt(**{name: getattr(event, name) for name in Debt._fields})


def with_answer(event: CommitAnalyzed, key: str, **changes: Any) -> CommitAnalyzed:
    assert event.effort is not None
    return changed(event, effort=event.effort.model_copy(update={"answer": key, **changes}))


def test_an_answer_is_found_again_by_what_was_asked(memory: Memory) -> None:
    seen = fresh()
    said, debt = answers(seen)
    first, second = (
        with_answer(said, f"{seen.key} 1"),
        with_answer(changed(said, round=3 * ROUNDS + 7), f"{seen.key} 2"),
    )
    assert memory.run(memory.store.answer(f"{seen.key} 1")) is None
    for _ in range(2):
        memory.write(second, first)
    for event in (first, second):
        assert event.effort is not None
        assert memory.run(memory.store.answer(event.effort.answer)) == event.model_dump_json()
    unheard = [with_answer(debt, f"{seen.key} 3"), with_answer(said, f"{seen.key} 3", cached=True), said]
    memory.write(*unheard)
    assert memory.run(memory.store.answer(f"{seen.key} 3")) is None
    assert memory.run(memory.store.answer("")) is None


def test_the_same_answer_for_two_commits_is_one(memory: Memory) -> None:
    events = [with_answer(answers(fresh())[0], "twin") for _ in range(2)]
    for told in (events, events[::-1]):
        memory.write(*told)
        assert memory.run(memory.store.answer("twin")) == events[0].model_dump_json()


def of_day(memory: Memory, day: date) -> tuple[int, int]:
    return memory.run(memory.store.spent(day))


def test_every_call_is_counted_once(memory: Memory) -> None:
    seen, noon = fresh(), datetime(2031, 5, 1, 12, tzinfo=UTC)
    times = [noon, noon.replace(hour=0), noon.replace(hour=23, minute=59, second=59, microsecond=999_000)]
    times += [noon + timedelta(hours=12), noon.replace(hour=0) - timedelta(milliseconds=1)]
    calls = tuple(history.call(f"{seen.key} {at}", at) for at in times)
    said = changed(answers(seen)[0], effort=Effort(model="small", calls=calls))
    copy = changed(said, sha="c" * 40, effort=Effort(cached=True, calls=calls))
    for told in permutations([said, changed(said, round=said.round + 5, depth="brief"), copy]):
        memory.write(*told)
        assert of_day(memory, noon.date()) == (3_000, 750)
        where = f"WHERE repo = '{seen.repo}' AND day = '2031-05-01'"
        assert memory.rows(f"SELECT DISTINCT sha, depth FROM v_calls {where}") == [(seen.sha, "standard")]
    assert of_day(memory, date(2031, 5, 2)) == of_day(memory, date(2031, 4, 30)) == (1_000, 250)
    assert of_day(memory, date(2031, 5, 3)) == (0, 0)
    sums = memory.rows(f"SELECT attempts, tokens, cost FROM v_analyses WHERE repo = '{seen.repo}' ORDER BY sha")
    assert sums == [(5, 5_000, 1_250), (0, 0, 0)]


def test_the_ledger_says_which_calls_it_has(memory: Memory) -> None:
    seen, noon = fresh(), datetime(2034, 5, 1, 12, tzinfo=UTC)
    entered, other, absent = (history.call(f"{seen.key} {name}", noon) for name in ("entered", "other", "absent"))
    memory.write(changed(answers(seen)[0], effort=Effort(calls=(entered, other))))
    account = memory.run(memory.store.account(noon.date(), [entered.id, absent.id]))
    assert account == (2_000, 500, (entered.id,))
    assert memory.run(memory.store.account(noon.date(), [])) == (2_000, 500, ())


def test_what_is_known_without_a_model_is_there_before_the_commit_is(memory: Memory) -> None:
    seen = fresh()
    assert memory.run(memory.store.static(seen.repo, seen.sha)) is None
    first = analyzed(seen)
    better = changed(first, round=first.round + ROUNDS)
    memory.write(answers(seen)[0], better, first)
    assert memory.run(memory.store.static(seen.repo, seen.sha)) == better
    assert memory.run(memory.store.whole(seen.repo, seen.sha)) is None


def test_calls_for_openings_are_in_the_ledger(memory: Memory) -> None:
    day = date(2032, 1, 1)
    report = history.report(day, 1)
    for _ in range(2):
        memory.run(
            memory.store.save_reports(
                [report, report.model_copy(update={"opening": None, "revision": 2})], {report.day: 1}
            )
        )
    vain = history.call("vain", report.end, purpose="opening", outcome="refused")
    memory.run(memory.store.save_opening(report, None, Effort(calls=(vain,))))
    assert of_day(memory, report.end.date()) == (2_000, 500)
    found = memory.rows("SELECT repo, sha, definition, outcome FROM v_calls WHERE day = '2032-01-02' ORDER BY outcome")
    assert found == [("", "", "daily", "good"), ("", "", "daily", "refused")]


def test_a_call_comes_back_whole(memory: Memory) -> None:
    seen = fresh()
    asked = history.call(seen.key, datetime(2033, 1, 1, tzinfo=UTC), error="it's \0 'ü'", waited=0.25, seconds=1 / 3)
    memory.write(changed(answers(seen)[0], effort=Effort(calls=(asked,))))
    columns = ", ".join(Call.model_fields)
    [found] = memory.rows(f"SELECT {columns} FROM v_calls WHERE repo = '{seen.repo}'")
    assert Call.model_validate(dict(zip(Call.model_fields, found, strict=True))) == asked


def test_the_health_saved_last_is_loaded(memory: Memory) -> None:
    health = memory.store.health()
    well = Health(state="well", formats={"small": "json_object"})
    banned = Health(state="banned", retry_at="2026-02-11T12:00:00+00:00", wait_seconds=60.5, reason="403: 'no'")
    assert memory.run(health.load("local")) == Health()
    for state in (well, banned, well, well, Health(), banned):
        memory.run(health.save("local", state))
        assert memory.run(health.load("local")) == state
    assert memory.run(memory.store.health().load("other")) == Health()


def test_a_commit_comes_back_with_files_and_patch(memory: Memory) -> None:
    seen = fresh()
    brief = seen.model_copy(update={"detail": "message", "files": (), "patch": ""})
    assert memory.run(memory.store.whole(seen.repo, seen.sha)) is None
    memory.write(brief)
    assert memory.run(memory.store.whole(seen.repo, seen.sha)) == brief
    memory.write(seen, fresh(), brief)
    assert memory.run(memory.store.whole(seen.repo, seen.sha)) == seen


def pieces(memory: Memory, seen: CommitObserved) -> list[tuple[str, str]]:
    async def read() -> list[tuple[str, str]]:
        return [piece async for piece in memory.store.pieces(seen.repo, seen.sha)]

    return memory.run(read())


@pytest.mark.parametrize("number", [0, 1, PIECES_AT_ONCE, 2 * PIECES_AT_ONCE + 1])
def test_the_rest_of_a_patch_comes_in_order(memory: Memory, number: int) -> None:
    seen = fresh()
    kept = [PatchPiece(at * 1_000, f"src/{at % 3}.py", f"+{at}\n") for at in range(number)]
    overflow = memory.store.overflow()
    overflow.keep_patch(fresh().repo, seen.sha, [PatchPiece(0, "other", "")])
    for some in (kept[::-1], kept[::2]):
        overflow.keep_patch(seen.repo, seen.sha, some)
    assert pieces(memory, seen) == [(path, text) for _, path, text in kept]


def test_files_beyond_the_event_are_not_among_its_files(memory: Memory) -> None:
    seen = fresh()
    memory.store.overflow().keep_files(seen.repo, seen.sha, 3, [FileChange(path="more", status="A")])
    memory.write(seen)
    assert memory.run(memory.store.whole(seen.repo, seen.sha)) == seen


def test_nothing_to_insert_asks_nothing() -> None:
    nobody = cast("Client", None)
    batch.insert(nobody, MODEL_CALLS, [])
    static = history.analyzed(fresh(), 9)
    batch.insert(nobody, MODEL_CALLS, rows.calls(static))
    batch.insert(nobody, ANSWERS, rows.answer(static))
