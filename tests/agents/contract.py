"""The arguments of every code, as the comments in schemas/phrase.py name them: int, str, or tuple for lists."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.analyses import DIMENSIONS, Analysis, CommitAnalyzed
from schemas.phrase import Code, Phrase

_Arguments = dict[str, type]
_PATHS: _Arguments = {"paths": tuple}
_COUNTED_PATHS: _Arguments = {"files": int, "paths": tuple}
_LINES: _Arguments = {"additions": int, "deletions": int}

_NONE: dict[Code, _Arguments] = {code: {} for code in Code}
ARGUMENTS: dict[Code, _Arguments] = {
    **_NONE,
    Code.TEXT: {"text": str},
    Code.SUMMARY_TITLE: {"types": tuple, "title": str},
    Code.SUMMARY_BODY: {"text": str},
    Code.SUMMARY_SIZE: {"files": int, **_LINES},
    Code.SUMMARY_AREAS: {"areas": tuple, "more": int},
    Code.SUMMARY_MERGE: {"commits": int, "titles": tuple, "more": int},
    Code.SUMMARY_REVERT: {"title": str, "sha": str},
    Code.SUMMARY_FAILED: {"reason": str},
    Code.SCOPE_AREA: {"area": str, "files": int, **_LINES},
    Code.SCOPE_FILE: {"path": str, "status": str, **_LINES},
    Code.SCOPE_BINARY_FILE: {"path": str, "status": str},
    Code.SCOPE_RENAME: {"path": str, "old_path": str, **_LINES},
    Code.SCOPE_SUBMODULE: {"path": str},
    Code.SCOPE_MODE: {"path": str, "old_mode": str, "new_mode": str},
    Code.SCOPE_MORE_FILES: {"files": int},
    Code.SCOPE_MORE_AREAS: {"areas_n": int},
    Code.SCOPE_LANGUAGES: {"languages": tuple},
    Code.SCOPE_MERGE: {"commits": int},
    Code.INSIGHT_AREAS: {"areas_n": int, "areas": tuple},
    Code.INSIGHT_NEW_FILES: _COUNTED_PATHS,
    Code.INSIGHT_DELETED_FILES: _COUNTED_PATHS,
    Code.INSIGHT_MOVED_FILES: _COUNTED_PATHS,
    Code.INSIGHT_PERFORMANCE_PATHS: _PATHS,
    Code.INSIGHT_SECURITY_PATHS: _PATHS,
    Code.INSIGHT_SECURITY_WORDS: {"words": tuple},
    Code.INSIGHT_DEPENDENCIES: _PATHS,
    Code.INSIGHT_BUILD: _PATHS,
    Code.INSIGHT_WORKFLOWS: _PATHS,
    Code.INSIGHT_SIZE: {"lines": int, "files": int},
    Code.INSIGHT_GENERATED: {"files": int},
    Code.INSIGHT_BREAKING: {"evidence": str},
    Code.INSIGHT_API: _PATHS,
    Code.INSIGHT_MIGRATIONS: _PATHS,
    Code.INSIGHT_TESTS: _COUNTED_PATHS,
    Code.RISK_NO_TESTS: {"lines": int},
    Code.RISK_LARGE: {"lines": int, "files": int},
    Code.RISK_DELETIONS: {"deletions": int, "additions": int},
    Code.RISK_DEPENDENCIES: _PATHS,
    Code.RISK_BUILD: _PATHS,
    Code.RISK_WORKFLOWS: _PATHS,
    Code.RISK_MIGRATIONS: _PATHS,
    Code.RISK_SECURITY: _PATHS,
    Code.RISK_API: _PATHS,
    Code.RISK_BINARY: {"files": int},
    Code.RISK_SUBMODULE: _PATHS,
    Code.SUGGEST_TESTS: {"areas": tuple},
    Code.SUGGEST_SPLIT_REVIEW: {"areas": tuple},
    Code.SUGGEST_DEPENDENCIES: _PATHS,
    Code.SUGGEST_BUILD: _PATHS,
    Code.SUGGEST_WORKFLOWS: _PATHS,
    Code.SUGGEST_MIGRATIONS: _PATHS,
    Code.SUGGEST_SECURITY: _PATHS,
    Code.SUGGEST_API: _PATHS,
    Code.SUGGEST_SUBMODULE: _PATHS,
    Code.PART_TYPE: {"type": str},
    Code.PART_LINES: {"lines": int},
    Code.PART_FILES: {"files": int},
    Code.PART_KIND: {"kind": str},
    Code.PART_SECURITY: _PATHS,
    Code.PART_DEPENDENCIES: _PATHS,
    Code.PART_MIGRATIONS: _PATHS,
    Code.PART_API: _PATHS,
}


def check(phrase: Phrase) -> None:
    """Asserts that a phrase has exactly the arguments of its code."""
    assert {name: type(value) for name, value in phrase.args.items()} == ARGUMENTS[phrase.code], phrase


def phrases_of(analyzed: CommitAnalyzed) -> Iterator[Phrase]:
    """Every phrase of an analysis."""
    analysis: Analysis = analyzed.analysis
    yield from (*analysis.summary, *analysis.scope, *analysis.risks, *analysis.suggestions)
    for name in DIMENSIONS:
        yield from getattr(analysis.insights, name)


def codes_of(phrases: tuple[Phrase, ...]) -> list[Code]:
    """The codes alone."""
    return [phrase.code for phrase in phrases]
