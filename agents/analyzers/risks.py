"""What may go wrong, and what to do about it: each suggestion belongs to a risk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agents.analyzers.facts import Classified
from agents.analyzers.phrases import first, say
from agents.analyzers.size import is_large
from schemas.analyses import ChangeType, Facts, FileKind
from schemas.phrase import Code, Phrase

_UNTESTED_LINES = 20  # lines of source from which on a missing test is a risk
_MANY_DELETIONS = 100
_DELETIONS_TO_ADDITIONS = 3
_Pair = tuple[Phrase, Phrase]  # a risk and its suggestion


def risks_and_suggestions(
    facts: Facts, files: Sequence[Classified] | None
) -> tuple[tuple[Phrase, ...], tuple[Phrase, ...]]:
    """Both lists, in the same order; one phrase says so when nothing was found or the files are unknown."""
    pairs = [*_by_message(facts), *_by_size(facts, files or ()), *_by_paths(facts)]
    if files is None:
        pairs.append((say(Code.RISK_UNKNOWN), say(Code.SUGGEST_UNKNOWN)))
    elif not pairs:
        pairs.append((say(Code.RISK_NOTHING), say(Code.SUGGEST_NOTHING)))
    return tuple(risk for risk, _ in pairs), tuple(suggestion for _, suggestion in pairs)


def _by_message(facts: Facts) -> Iterator[_Pair]:
    if facts.breaking:
        yield say(Code.RISK_BREAKING), say(Code.SUGGEST_BREAKING)
    if ChangeType.REVERT in facts.change_types:
        yield say(Code.RISK_REVERT), say(Code.SUGGEST_REVERT)


def _by_size(facts: Facts, files: Sequence[Classified]) -> Iterator[_Pair]:
    additions, deletions = facts.additions or 0, facts.deletions or 0
    if _untested(facts):
        source = dict.fromkeys(entry.path.area for entry in files if entry.path.kind is FileKind.SOURCE)
        yield say(Code.RISK_NO_TESTS, lines=facts.source_lines), say(Code.SUGGEST_TESTS, areas=first(list(source)))
    if is_large(facts, files):
        areas = first([area.name for area in facts.areas])
        risk = say(Code.RISK_LARGE, lines=additions + deletions, files=facts.files or 0)
        yield risk, say(Code.SUGGEST_SPLIT_REVIEW, areas=areas)
    if deletions >= max(_MANY_DELETIONS, _DELETIONS_TO_ADDITIONS * additions):
        yield say(Code.RISK_DELETIONS, deletions=deletions, additions=additions), say(Code.SUGGEST_DELETIONS)


def _untested(facts: Facts) -> bool:
    reverts = ChangeType.REVERT in facts.change_types
    return facts.tests_touched is False and facts.source_lines >= _UNTESTED_LINES and not reverts


def _by_paths(facts: Facts) -> Iterator[_Pair]:
    for paths, risk, suggestion in (
        (facts.security_paths, Code.RISK_SECURITY, Code.SUGGEST_SECURITY),
        (facts.migration_paths, Code.RISK_MIGRATIONS, Code.SUGGEST_MIGRATIONS),
        (facts.api_paths, Code.RISK_API, Code.SUGGEST_API),
        (facts.dependency_paths, Code.RISK_DEPENDENCIES, Code.SUGGEST_DEPENDENCIES),
        (facts.build_paths, Code.RISK_BUILD, Code.SUGGEST_BUILD),
        (facts.workflow_paths, Code.RISK_WORKFLOWS, Code.SUGGEST_WORKFLOWS),
        (facts.submodule_paths, Code.RISK_SUBMODULE, Code.SUGGEST_SUBMODULE),
    ):
        if paths:
            yield say(risk, paths=first(paths)), say(suggestion, paths=first(paths))
    if facts.binary_files:
        yield say(Code.RISK_BINARY, files=facts.binary_files), say(Code.SUGGEST_BINARY)
