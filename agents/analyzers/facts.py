"""The facts of a commit: what its message, its parents and its paths say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from agents.analyzers.bodies import says_breaking
from agents.analyzers.paths import Mark, PathFacts, classify
from agents.analyzers.references import pull_requests, reverted_sha
from agents.analyzers.titles import Title, looks_like_merge
from schemas.analyses import Area, ChangeType, Facts, FileKind
from schemas.commits import CommitObserved, FileChange

PATHS_LIMIT = 50  # paths that a fact names
BOUNDARY = "shallow-boundary"
_TYPE_OF_KIND = {
    FileKind.DOCS: ChangeType.DOCS,
    FileKind.TEST: ChangeType.TEST,
    FileKind.WORKFLOW: ChangeType.CI,
    FileKind.DEPENDENCY: ChangeType.DEPENDENCY,
    FileKind.BUILD: ChangeType.BUILD,
}
_Evidence = Literal["title", "paths", "parents", "nothing"]


@dataclass(frozen=True, slots=True)
class Classified:
    """A changed file and what its path says."""

    file: FileChange
    path: PathFacts

    @property
    def lines(self) -> int:
        """Added and deleted lines; 0 for what git does not count."""
        return (self.file.additions or 0) + (self.file.deletions or 0)


def is_boundary(commit: CommitObserved) -> bool:
    """Whether a shallow clone ends here: then neither its change nor its parents are known."""
    return BOUNDARY in commit.notes


def is_merge(commit: CommitObserved) -> bool:
    """By its parents; by its title where they are unknown."""
    known = commit.parents is not None and not (is_boundary(commit) and len(commit.parents) < 2)
    return commit.is_merge if known else looks_like_merge(commit.title)


def classified(commit: CommitObserved) -> tuple[Classified, ...] | None:
    """The changed files; None when they are unknown. A merge changes none of its own."""
    if is_merge(commit):
        return ()
    if commit.detail == "message" or is_boundary(commit):
        return None
    return tuple(Classified(file, classify(file.path)) for file in commit.files)


def facts_of(commit: CommitObserved, title: Title, files: Sequence[Classified] | None) -> Facts:
    """All facts; those of files are None or empty for merges and where `files` is None."""
    message = message_facts(commit, title, files or ())
    if files is None or message.is_merge:
        return message
    return replace(message, **_file_facts(commit, files))


def message_facts(commit: CommitObserved, title: Title, files: Sequence[Classified] = ()) -> Facts:
    """The facts of title, body and parents; the files help to find the type where the title says nothing."""
    reverts = reverted_sha(commit, title)
    merge = is_merge(commit)
    types, evidence = _types(commit, title, merge, reverts, files)
    in_body: Literal["body"] | None = "body" if says_breaking(commit.body) else None
    return Facts(
        change_types=types,
        type_evidence=evidence,
        title_scope=title.scope,
        breaking="title" if title.breaking else in_body,
        pull_requests=pull_requests(commit),
        reverts=None if merge else reverts,
        is_merge=merge,
    )


def _types(
    commit: CommitObserved, title: Title, merge: bool, reverts: str | None, files: Sequence[Classified]
) -> tuple[tuple[ChangeType, ...], _Evidence]:
    if merge:
        return (ChangeType.MERGE,), "parents" if commit.is_merge else "title"
    if reverts and ChangeType.REVERT not in title.types:
        return (ChangeType.REVERT, *title.types), "title"
    if title.types:
        return title.types, "title"
    by_paths = _type_of_paths(files)
    if by_paths and title.verb is not ChangeType.REVERT:
        return (by_paths,), "paths"
    return ((title.verb,), "title") if title.verb else ((ChangeType.OTHER,), "nothing")


def _type_of_paths(files: Sequence[Classified]) -> ChangeType | None:
    """The type of a change that touches one kind of file only; what is generated from them follows along."""
    if files and all("dependency" in entry.path.marks for entry in files):
        return ChangeType.DEPENDENCY
    kinds = {entry.path.kind for entry in files} - {FileKind.GENERATED}
    return _TYPE_OF_KIND.get(kinds.pop()) if len(kinds) == 1 else None


def _file_facts(commit: CommitObserved, files: Sequence[Classified]) -> dict[str, Any]:
    lines = _lines_by_kind(files)
    kinds = Counter(entry.path.kind for entry in files)
    return {
        "files": _or(commit.files_total, len(files)),
        "additions": _or(commit.additions, sum(entry.file.additions or 0 for entry in files)),
        "deletions": _or(commit.deletions, sum(entry.file.deletions or 0 for entry in files)),
        "source_lines": lines[FileKind.SOURCE],
        "kinds": dict(kinds),
        "main_kind": max(kinds, key=lambda kind: (lines[kind], kinds[kind])) if kinds else None,
        "languages": _languages(files),
        "areas": _areas(files),
        "tests_touched": FileKind.TEST in kinds,
        "binary_files": sum(_is_binary(entry.file) for entry in files),
        "submodule_paths": _paths(entry for entry in files if entry.file.is_submodule),
        **{f"{mark}_paths": marked(files, mark) for mark in _MARKED},
    }


_MARKED: tuple[Mark, ...] = ("dependency", "build", "workflow", "security", "migration", "api")


def marked(files: Iterable[Classified], mark: Mark) -> tuple[str, ...]:
    """The paths that bear the mark, at most PATHS_LIMIT."""
    return _paths(entry for entry in files if mark in entry.path.marks)


def _paths(files: Iterable[Classified]) -> tuple[str, ...]:
    return tuple(entry.file.path for entry in files)[:PATHS_LIMIT]


def _or(counted: int | None, known: int) -> int:
    return known if counted is None else counted


def _is_binary(file: FileChange) -> bool:
    return (file.additions is None or file.deletions is None) and not file.is_submodule


def _lines_by_kind(files: Iterable[Classified]) -> Counter[FileKind]:
    lines: Counter[FileKind] = Counter()
    for entry in files:
        lines[entry.path.kind] += entry.lines
    return lines


def _languages(files: Iterable[Classified]) -> tuple[str, ...]:
    lines: Counter[str] = Counter()
    for entry in files:
        if entry.path.language and entry.path.kind is not FileKind.GENERATED:
            lines[entry.path.language] += entry.lines
    return tuple(sorted(lines, key=lambda name: (-lines[name], name)))


def _areas(files: Iterable[Classified]) -> tuple[Area, ...]:
    counts: dict[str, list[int]] = {}
    for entry in files:
        area = counts.setdefault(entry.path.area, [0, 0, 0])
        area[0] += 1
        area[1] += entry.file.additions or 0
        area[2] += entry.file.deletions or 0
    areas = sorted(counts.items(), key=lambda item: (-item[1][1] - item[1][2], -item[1][0], item[0]))
    return tuple(Area(name=n, files=f, additions=a, deletions=d) for n, (f, a, d) in areas)
