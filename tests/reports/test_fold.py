"""The fold: what a day's report says, and that the same day folds to the same content."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from reports.fold import digest, fold
from reports.notebook import Known
from reports.window import Window
from schemas.definition import Source
from schemas.phrase import Code, Phrase
from schemas.reports import ReportPublished
from schemas.scores import TIERS, Tier
from tests.samples import AFTER, DAY, DEFINITION, NOON, SOURCE, analyzed, commit, minutes, scored, seal, sha


def known(number: int, tier: Tier = "low", title: str = "") -> Known:
    seen = commit(number, title, at=NOON + minutes(number))
    return Known(seen, analyzed(seen), scored(seen, tier))


def folded(rows: list[Known], *numbers: int, previous: ReportPublished | None = None) -> ReportPublished:
    window = Window(DEFINITION, DAY, {SOURCE: seal(*numbers)})
    return fold(window, rows, previous=previous, now=AFTER)


@given(st.lists(st.sampled_from(TIERS), max_size=12), st.randoms())
def test_statistics_add_up_and_order_does_not_matter(tiers: list[Tier], random: object) -> None:
    rows = [known(n, tier) for n, tier in enumerate(tiers)]
    report = folded(rows, *range(len(tiers)))
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert folded(shuffled, *range(len(tiers))).digest == report.digest
    stats = report.sections[0].stats
    assert stats.commits == stats.high + stats.medium + stats.low == len(tiers) == report.coverage.commits
    times = [shown.committed_at for shown in report.sections[0].commits]
    assert times == sorted(times, reverse=True)


def test_a_revision_follows_the_previous_one_and_says_what_changed() -> None:
    first = folded([known(1), known(2)], 1, 2)
    second = folded([known(1, "high"), known(3)], 1, 3, previous=first)
    assert (first.revision, second.revision) == (1, 2)
    assert first.changes is None
    assert second.changes is not None
    assert [c.sha for c in second.changes.added] == [sha(3)]
    assert [c.sha for c in second.changes.removed] == [sha(2)]
    assert [(c.before, c.after) for c in second.changes.retiered] == [("low", "high")]
    assert second.digest != first.digest


def test_when_it_was_folded_is_no_content() -> None:
    report = folded([known(1)], 1)
    later = report.model_copy(update={"published_at": AFTER + timedelta(days=1), "revision": 7, "as_of": AFTER})
    assert digest(later) == report.digest


def test_a_commit_without_an_answer_is_missing_and_said_so() -> None:
    report = folded([known(1)], 1, 2)
    assert report.sections[0].missing == (sha(2),)
    assert report.coverage.missing == 1
    assert report.sections[0].stats.commits == 1


def test_a_commit_without_an_analysis_is_owed() -> None:
    report = folded([Known(commit(1))], 1)
    assert report.coverage.owed == 1
    assert report.sections[0].commits[0].status == "owed"


def test_a_revert_and_what_it_reverts_name_each_other() -> None:
    seen = commit(2, 'Revert "commit 1"', at=NOON + minutes(2))
    by_sha = analyzed(seen, Phrase(code=Code.SUMMARY_REVERT, args={"title": "commit 1", "sha": sha(1)[:12]}))
    by_title = analyzed(seen, Phrase(code=Code.SUMMARY_REVERT, args={"title": "commit 1", "sha": ""}))
    for said in (by_title, by_sha):
        report = folded([known(1), Known(seen, said, scored(seen))], 1, 2)
        revert, reverted = report.sections[0].commits
        assert (revert.reverts, reverted.reverted_by) == (sha(1), sha(2))


def test_late_commits_stand_apart() -> None:
    yesterday = DAY - timedelta(days=1)
    window = Window(DEFINITION, DAY, {SOURCE: seal(1, late={2: yesterday})})
    report = fold(window, [known(1), known(2)], previous=None, now=AFTER)
    assert [(late.sha, late.day) for late in report.late] == [(sha(2), yesterday)]
    assert report.coverage.commits == 1


def test_a_source_that_could_not_be_collected_keeps_its_reason() -> None:
    window = Window(DEFINITION, DAY, {SOURCE: seal(reason="connection refused")})
    report = fold(window, [], previous=None, now=AFTER)
    assert report.sections[0].reason == "connection refused"
    assert report.coverage.not_collected == 1


def test_a_late_commit_of_two_branches_is_listed_and_counted_once() -> None:
    yesterday, develop = DAY - timedelta(days=1), Source(repo=SOURCE.repo, branch="develop")
    definition = DEFINITION.model_copy(update={"sources": (SOURCE, develop)})
    main = seal(1, late={2: yesterday, 3: yesterday})
    seals = {SOURCE: main.model_copy(update={"late_total": 7}), develop: seal(source=develop, late={2: yesterday})}
    report = fold(Window(definition, DAY, seals), [known(1), known(2), known(3)], previous=None, now=AFTER)
    assert [late.sha for late in report.late] == [sha(2), sha(3)]
    assert report.late_total == 7


def test_a_commit_on_two_branches_is_counted_once() -> None:
    develop = Source(repo=SOURCE.repo, branch="develop")
    definition = DEFINITION.model_copy(update={"sources": (SOURCE, develop)})
    window = Window(definition, DAY, {SOURCE: seal(1, 2), develop: seal(2, 3, source=develop)})
    report = fold(window, [known(1), known(2)], previous=None, now=AFTER)
    assert [section.stats.commits for section in report.sections] == [2, 1]
    assert (report.coverage.commits, report.coverage.by_analyzer) == (2, {"static/1": 2})
    assert (report.coverage.repos, report.coverage.missing) == (1, 1)
