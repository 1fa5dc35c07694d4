"""Events as rows: one function per table, in the order of its columns in tables.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from schemas import phrase
from schemas.analyses import ANY_LANGUAGE, ROUNDS, Call, CommitAnalyzed, Effort
from schemas.commits import CommitObserved, FileChange
from schemas.definition import Definition
from schemas.reports import Opening, ReportDelivered, ReportPublished
from schemas.scores import CommitScored
from schemas.seals import DaySealed

Row = tuple[Any, ...]
NO_EFFORT = Effort()

STATUS_RANK = {"failed": 1, "owed": 2, "forgiven": 3, "done": 4}
DEPTH_RANK = {"static": 1, "brief": 2, "standard": 3, "deep": 4}


def analysis_version(event: CommitAnalyzed) -> int:
    """The rank of an analysis among those by the same analyzer in the same language.

    What was made of more of the commit replaces what was made of less: a debt must not hide behind an analysis of the
    message alone. Then done beats forgiven beats owed beats failed, then the deeper wins, then the later round.
    """
    detail = event.round // ROUNDS
    return detail << 48 | STATUS_RANK[event.status] << 40 | DEPTH_RANK[event.depth] << 32 | event.round


def score_version(event: CommitScored) -> int:
    """A later round replaces an earlier one; in the same round the final score replaces the preliminary one."""
    return event.round * 2 + event.final


def commit(event: CommitObserved) -> Iterator[Row]:
    yield (
        event.repo,
        event.sha,
        event.committed_at,
        event.authored_at,
        event.observed_at,
        event.parents or (),
        event.parents is not None,
        event.author.name,
        event.author.email,
        event.committer.name,
        event.committer.email,
        event.title,
        event.body,
        [person.name for person in event.co_authors],
        [person.email for person in event.co_authors],
        event.detail,
        event.files_total,
        event.additions,
        event.deletions,
        event.patch_bytes,
        [brought.sha for brought in event.brought],
        [brought.title for brought in event.brought],
        event.brought_total,
        event.notes,
        event.version,
    )


def file_changes(event: CommitObserved) -> Iterator[Row]:
    for position, file in enumerate(event.files):
        yield (event.repo, event.sha, event.committed_at, position, event.version, *_file(file))


def _file(file: FileChange) -> Row:
    return (
        file.path,
        file.old_path or "",
        file.status,
        file.additions,
        file.deletions,
        file.old_mode,
        file.new_mode,
    )


def file_overflow(repo: str, sha: str, position: int, file: FileChange) -> Row:
    return (repo, sha, position, *_file(file))


def patch(event: CommitObserved) -> Iterator[Row]:
    if event.patch:
        yield (event.repo, event.sha, event.committed_at, event.patch, event.version)


def analysis(event: CommitAnalyzed) -> Iterator[Row]:
    facts, effort = event.facts, event.effort or NO_EFFORT
    made = () if effort.cached else effort.calls
    yield (
        event.repo,
        event.sha,
        event.analyzer,
        event.language,
        event.committed_at,
        event.round,
        event.depth,
        event.status,
        event.reason or "",
        event.analysis.change_types or facts.change_types,
        facts.breaking is not None,
        facts.source_lines,
        facts.tests_touched,
        facts.main_kind or "",
        facts.languages,
        [area.name for area in facts.areas],
        [area.files for area in facts.areas],
        [area.additions for area in facts.areas],
        [area.deletions for area in facts.areas],
        facts.pull_requests,
        facts.reverts or "",
        event.wanted,
        effort.model,
        effort.prompt,
        effort.cached,
        event.importance.tier if event.importance else "",
        event.importance.reason if event.importance else "",
        sum(call.attempts for call in made),
        sum(call.prompt_tokens + call.completion_tokens for call in made),
        sum(call.cost for call in made),
        effort.left_out_total,
        effort.masked,
        effort.dropped,
        event.model_dump_json(),
        analysis_version(event),
    )


def calls(event: CommitAnalyzed) -> Iterator[Row]:
    """The ledger's rows of an analysis. A call belongs to the first analysis that tells of it."""
    effort = event.effort or NO_EFFORT
    depth = event.depth if event.status == "done" else event.wanted
    version = 0 if effort.cached else (1 << 32) - event.round
    for call in effort.calls:
        yield (event.repo, event.sha, *_call(call), "", effort.prompt, depth, event.language, version)


def opening_calls(definition: Definition, effort: Effort) -> Iterator[Row]:
    """The ledger's rows of a report's opening."""
    for call in effort.calls:
        yield ("", "", *_call(call), definition.name, effort.prompt, "", definition.language, 1)


def opening_key(event: ReportPublished) -> str:
    """Where the opening of a report's day is kept among the answers."""
    return f"opening of {event.key}"


def opening(event: ReportPublished, said: Opening) -> Row:
    """What need not be asked again."""
    return (opening_key(event), "", "", said.model_dump_json(), event.revision)


def _call(call: Call) -> Row:
    return (
        call.asked_at,
        call.id,
        call.purpose,
        call.endpoint,
        call.model,
        call.seconds,
        call.waited,
        call.attempts,
        call.prompt_tokens,
        call.completion_tokens,
        call.cost,
        call.outcome,
        call.error,
    )


def answer(event: CommitAnalyzed) -> Iterator[Row]:
    """What need not be asked again."""
    effort = event.effort
    if event.status == "done" and effort is not None and effort.answer and not effort.cached:
        yield (effort.answer, event.repo, event.sha, event.model_dump_json(), event.round)


def score(event: CommitScored) -> Iterator[Row]:
    yield (
        event.repo,
        event.sha,
        event.profile,
        event.committed_at,
        event.rubric,
        event.round,
        event.points,
        event.tier,
        event.final,
        [part.name for part in event.parts],
        [part.points for part in event.parts],
        [phrase.to_json(part.evidence) for part in event.parts],
        event.ruled or "",
        event.opinion or "",
        event.language,
        score_version(event),
    )


def verdict(event: CommitScored) -> Iterator[Row]:
    """The scorer's last word on the analysis in a language; of the static one nobody awaits any."""
    if event.language != ANY_LANGUAGE:
        key = (event.repo, event.sha, event.profile, event.language, event.committed_at)
        yield (*key, event.round, event.final, score_version(event))


def seal(event: DaySealed) -> Iterator[Row]:
    yield (
        event.repo,
        event.branch,
        event.zone,
        event.day,
        event.number if event.complete else 0,
        event.number,
        event.complete,
        event.start,
        event.end,
        event.shas,
        [late.sha for late in event.late],
        [late.day for late in event.late],
        event.late_total,
        event.tip,
        event.reason or "",
        event.sealed_at,
        event.number,
    )


def delivery(event: ReportDelivered) -> Iterator[Row]:
    yield (event.definition, event.day, event.target, event.revision, event.language, event.digest, event.revision)


def report(event: ReportPublished, knowledge: int) -> Row:
    """`knowledge` is the version: two that were made of one revision differ in what they knew."""
    commits = {(commit.repo, commit.sha): commit.tier for section in event.sections for commit in section.commits}
    tiers = Counter(commits.values())
    return (
        event.definition.name,
        event.day,
        event.revision,
        event.definition.zone,
        event.definition.language,
        event.definition.profile,
        event.complete,
        event.as_of,
        event.published_at,
        event.coverage.commits,
        tiers["high"],
        tiers["medium"],
        tiers["low"],
        event.coverage.owed,
        event.coverage.failed,
        event.coverage.missing,
        event.coverage.not_collected,
        event.late_total,
        event.digest,
        event.model_dump_json(),
        knowledge,
    )


def definition(binding: Definition, number: int) -> Row:
    return (binding.name, number, binding.model_dump_json(), number)
