"""The scope: areas, then the most changed files, then languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agents.analyzers.facts import Classified
from agents.analyzers.phrases import first, say
from agents.analyzers.summary import brought_unknown
from schemas.analyses import Area, Facts
from schemas.commits import CommitObserved, FileChange
from schemas.phrase import Code, Phrase

_AREAS = 5
_FILES = 8
_LANGUAGES = 6


def scope_of(commit: CommitObserved, facts: Facts, files: Sequence[Classified] | None) -> tuple[Phrase, ...]:
    """Where the change is."""
    if facts.is_merge:
        unknown = brought_unknown(commit)
        return (say(Code.SCOPE_UNKNOWN) if unknown else say(Code.SCOPE_MERGE, commits=commit.brought_total),)
    if files is None:
        return (say(Code.SCOPE_UNKNOWN),)
    return tuple(_parts(facts, files)) or (say(Code.SCOPE_NOTHING),)


def _parts(facts: Facts, files: Sequence[Classified]) -> Iterator[Phrase]:
    yield from map(_area, facts.areas[:_AREAS])
    if len(facts.areas) > _AREAS:
        yield say(Code.SCOPE_MORE_AREAS, areas_n=len(facts.areas) - _AREAS)
    ordered = sorted(files, key=lambda entry: (-entry.lines, entry.file.path))[:_FILES]
    yield from (_file(entry.file) for entry in ordered)
    if (facts.files or 0) > len(ordered):
        yield say(Code.SCOPE_MORE_FILES, files=(facts.files or 0) - len(ordered))
    if facts.languages:
        yield say(Code.SCOPE_LANGUAGES, languages=first(facts.languages, _LANGUAGES))


def _area(area: Area) -> Phrase:
    counts = {"files": area.files, "additions": area.additions, "deletions": area.deletions}
    return say(Code.SCOPE_AREA, area=area.name, **counts)


def _file(file: FileChange) -> Phrase:
    if file.is_submodule:
        return say(Code.SCOPE_SUBMODULE, path=file.path)
    if file.is_mode_only:
        return say(Code.SCOPE_MODE, path=file.path, old_mode=file.old_mode, new_mode=file.new_mode)
    if file.additions is None or file.deletions is None:
        return say(Code.SCOPE_BINARY_FILE, path=file.path, status=file.status)
    lines = {"additions": file.additions, "deletions": file.deletions}
    if file.status == "R" and file.old_path is not None:
        return say(Code.SCOPE_RENAME, path=file.path, old_path=file.old_path, **lines)
    return say(Code.SCOPE_FILE, path=file.path, status=file.status, **lines)
