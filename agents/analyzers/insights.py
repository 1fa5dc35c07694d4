"""What a change means, dimension by dimension; each phrase follows from a fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agents.analyzers.facts import Classified, marked
from agents.analyzers.phrases import first, say
from agents.analyzers.references import body_text
from agents.analyzers.size import is_large
from agents.analyzers.titles import READ_LIMIT
from agents.analyzers.vocabulary import vocabulary
from schemas.analyses import DIMENSIONS, ChangeType, Facts, FileKind, Insights
from schemas.commits import CommitObserved
from schemas.phrase import Code, Phrase

_CROSSING = 3  # areas from which on a change crosses the tree


def insights_of(commit: CommitObserved, facts: Facts, files: Sequence[Classified] | None) -> Insights:
    """All dimensions; one without a fact is empty, or says that the files are unknown."""
    known = files or ()
    found = {
        "architecture": _architecture(facts, known),
        "performance": _performance(facts, known),
        "security": _security(commit, facts),
        "maintainability": _maintainability(facts, known),
        "compatibility": _compatibility(facts),
        "tests": _tests(facts, known),
    }
    return Insights(**{name: tuple(phrases) or _nothing(files) for name, phrases in found.items()})


def unknown_insights() -> Insights:
    """Every dimension says that the files are unknown."""
    return Insights(**{name: _nothing(None) for name in DIMENSIONS})


def _nothing(files: Sequence[Classified] | None) -> tuple[Phrase, ...]:
    return (say(Code.INSIGHT_UNKNOWN),) if files is None else ()


def _architecture(facts: Facts, files: Sequence[Classified]) -> Iterator[Phrase]:
    if len(facts.areas) >= _CROSSING:
        names = first([area.name for area in facts.areas])
        yield say(Code.INSIGHT_AREAS, areas_n=len(facts.areas), areas=names)
    yield from _with_status(Code.INSIGHT_NEW_FILES, files, "A")
    yield from _with_status(Code.INSIGHT_DELETED_FILES, files, "D")
    yield from _with_status(Code.INSIGHT_MOVED_FILES, files, "R")
    yield from _paths(Code.INSIGHT_DEPENDENCIES, facts.dependency_paths)


def _performance(facts: Facts, files: Sequence[Classified]) -> Iterator[Phrase]:
    if ChangeType.PERFORMANCE in facts.change_types:
        yield say(Code.INSIGHT_PERFORMANCE_TITLE)
    yield from _paths(Code.INSIGHT_PERFORMANCE_PATHS, marked(files, "performance"))


def _security(commit: CommitObserved, facts: Facts) -> Iterator[Phrase]:
    yield from _paths(Code.INSIGHT_SECURITY_PATHS, facts.security_paths)
    text = f"{commit.title[:READ_LIMIT]}\n{body_text(commit)}".lower()
    words = dict.fromkeys(match[0] for match in vocabulary().security_words.finditer(text))
    if words:
        yield say(Code.INSIGHT_SECURITY_WORDS, words=first(list(words)))


def _maintainability(facts: Facts, files: Sequence[Classified]) -> Iterator[Phrase]:
    if is_large(facts, files):
        lines = (facts.additions or 0) + (facts.deletions or 0)
        yield say(Code.INSIGHT_SIZE, lines=lines, files=facts.files or 0)
    if facts.kinds.get(FileKind.GENERATED):
        yield say(Code.INSIGHT_GENERATED, files=facts.kinds[FileKind.GENERATED])
    yield from _paths(Code.INSIGHT_BUILD, facts.build_paths)
    yield from _paths(Code.INSIGHT_WORKFLOWS, facts.workflow_paths)


def _compatibility(facts: Facts) -> Iterator[Phrase]:
    if facts.breaking:
        yield say(Code.INSIGHT_BREAKING, evidence=facts.breaking)
    yield from _paths(Code.INSIGHT_API, facts.api_paths)
    yield from _paths(Code.INSIGHT_MIGRATIONS, facts.migration_paths)


def _tests(facts: Facts, files: Sequence[Classified]) -> Iterator[Phrase]:
    tests = [entry.file.path for entry in files if entry.path.kind is FileKind.TEST]
    if tests:
        yield say(Code.INSIGHT_TESTS, files=len(tests), paths=first(tests))
    elif facts.source_lines:
        yield say(Code.INSIGHT_NO_TESTS)


def _with_status(code: Code, files: Iterable[Classified], status: str) -> Iterator[Phrase]:
    paths = [entry.file.path for entry in files if entry.file.status == status]
    if paths:
        yield say(code, files=len(paths), paths=first(paths))


def _paths(code: Code, paths: Sequence[str]) -> Iterator[Phrase]:
    if paths:
        yield say(code, paths=first(paths))
