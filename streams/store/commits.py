"""Commits as events again, with what was said about them. Each function uses the client of one thread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas import phrase
from schemas.analyses import ANY_LANGUAGE, ROUNDS, CommitAnalyzed
from schemas.commits import Brought, CommitObserved, Detail, FileChange, Person
from schemas.scores import CommitScored, Part
from streams.store.selection import OF_KEYS, Fields, Key, query, query_of, select_of
from streams.store.tables import COMMITS, FILE_CHANGES, SCORES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

PIECES_AT_ONCE = 16  # of a patch, 64 KB each

Piece = tuple[int, str, str]  # where it begins in the whole patch, path, text


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A commit as the store knows it.

    `observed` comes without its patch, and without its files when they were not asked for. `analyzed` is the best
    analysis: done beats forgiven, owed and failed, then what was made of more of the commit, then the deeper, then the
    later round. `debt` is what a model said last where it is not done: owed, forgiven or failed.
    """

    observed: CommitObserved
    analyzed: CommitAnalyzed | None
    scored: CommitScored | None
    debt: CommitAnalyzed | None = None


def complete(client: Client, keys: Collection[Key], profile: str, language: str | None) -> dict[Key, int]:
    """The keys that have a commit, an analysis and a score of the profile made of all that is known of it.

    Each with a number that rises with every further word of an analyzer or a scorer.

    With a language: the score is final, and so is what the scorer said of the model's last word in that language,
    whatever that is; of merges, and of what could not be analyzed at all, no model is asked.
    """
    sql = _ANSWERED if language is None else f"{_ANSWERED} {_BY_MODEL}"
    rows = query_of(client, keys, sql, profile=profile, language=language, rounds=ROUNDS)
    return {(repo, sha): said for repo, sha, said in rows}


_ANSWERED = f"""SELECT repo, sha, rounds + 2 * score + final + settled FROM
    (SELECT repo, sha, max(version) AS known, argMax(length(parents) > 1, version) AS merge FROM commits
        WHERE {OF_KEYS} GROUP BY repo, sha) AS observed
    JOIN (SELECT repo, sha, sum(round) AS rounds, max(intDiv(round, %(rounds)s)) AS analyzed,
            maxIf(round, analyzer = 'llm' AND language = %(language)s) AS asked,
            maxIf(intDiv(round, %(rounds)s), analyzer != 'llm' AND status = 'failed') AS failed
        FROM analyses FINAL WHERE {OF_KEYS} GROUP BY repo, sha) AS analyses USING (repo, sha)
    JOIN (SELECT repo, sha, round AS score, intDiv(round, %(rounds)s) AS scored, final FROM scores FINAL
        WHERE {OF_KEYS} AND profile = %(profile)s) AS scores USING (repo, sha)
    LEFT JOIN (SELECT repo, sha, if(final, round, 0) AS settled FROM verdicts FINAL
        WHERE {OF_KEYS} AND profile = %(profile)s AND language = %(language)s) AS verdicts
        USING (repo, sha)
    WHERE analyzed >= known AND scored >= known"""
_BY_MODEL = """AND final AND (merge OR failed >= known OR (intDiv(asked, %(rounds)s) >= known AND settled >= asked))"""


def details(client: Client, keys: Collection[Key]) -> dict[Key, Detail]:
    """How much is known of each key that has a commit."""
    sql = f"SELECT repo, sha, detail FROM commits FINAL WHERE {OF_KEYS}"
    return {(repo, sha): detail for repo, sha, detail in query_of(client, keys, sql)}


def commits(client: Client, keys: Collection[Key], profile: str, language: str | None, files: bool) -> list[CommitRow]:
    """The commits of the keys that the store knows, newest first."""
    found = _commits(client, keys, profile, language, files)
    return sorted(found, key=lambda row: (-row.observed.committed_at.timestamp(), row.observed.key))


def _commits(
    client: Client, keys: Collection[Key], profile: str, language: str | None, files: bool
) -> Iterator[CommitRow]:
    changes = _files(client, keys) if files else {}
    analyses = _analyses(client, keys, language)
    scores = _scores(client, keys, profile)
    for row in select_of(client, keys, COMMITS):
        key = (row["repo"], row["sha"])
        observed = _observed(row, changes.get((*key, row["version"]), ()))
        analyzed, debt = analyses.get(key, (None, None))
        yield CommitRow(observed, analyzed, scores.get(key), debt)


def whole(client: Client, keys: Collection[Key]) -> dict[Key, CommitObserved]:
    """The commits as their events had them, with files and patch."""
    return dict(_whole(client, keys))


def _whole(client: Client, keys: Collection[Key]) -> Iterator[tuple[Key, CommitObserved]]:
    rows = list(select_of(client, keys, COMMITS))  # first: they are written last
    files = _files(client, keys)
    sql = f"SELECT repo, sha, version, text FROM patches FINAL WHERE {OF_KEYS}"
    patches = {(repo, sha, version): text for repo, sha, version, text in query_of(client, keys, sql)}
    for row in rows:
        key, version = (row["repo"], row["sha"]), row["version"]
        yield key, _observed(row, files.get((*key, version), ()), patches.get((*key, version), ""))


def patch_pieces(client: Client, repo: str, sha: str, after: int) -> list[Piece]:
    """The next few pieces of a patch too large for its event, in order; `after` is where the last one began, or -1."""
    sql = """SELECT piece, path, text FROM patch_overflow FINAL
        WHERE repo = %(repo)s AND sha = %(sha)s AND piece > %(after)s ORDER BY piece LIMIT %(limit)s"""
    rows = query(client, sql, repo=repo, sha=sha, after=after, limit=PIECES_AT_ONCE)
    return [(piece, path, text) for piece, path, text in rows]


def _files(client: Client, keys: Collection[Key]) -> dict[tuple[str, str, int], list[FileChange]]:
    """The files that travelled in the events, in their order, by (repo, sha, version)."""
    found: dict[tuple[str, str, int], list[FileChange]] = defaultdict(list)
    for row in select_of(client, keys, FILE_CHANGES, "ORDER BY repo, sha, position"):
        found[row["repo"], row["sha"], row["version"]].append(
            FileChange(
                path=row["path"],
                status=row["status"],
                old_path=row["old_path"] or None,
                additions=row["additions"],
                deletions=row["deletions"],
                old_mode=row["old_mode"],
                new_mode=row["new_mode"],
            )
        )
    return found


def _observed(row: Fields, files: Iterable[FileChange], patch: str = "") -> CommitObserved:
    return CommitObserved(
        repo=row["repo"],
        sha=row["sha"],
        parents=tuple(row["parents"]) if row["parents_known"] else None,
        author=Person(name=row["author_name"], email=row["author_email"]),
        committer=Person(name=row["committer_name"], email=row["committer_email"]),
        authored_at=row["authored_at"],
        committed_at=row["committed_at"],
        title=row["title"],
        body=tuple(row["body"]),
        co_authors=tuple(
            Person(name=name, email=email)
            for name, email in zip(row["co_authors.name"], row["co_authors.email"], strict=True)
        ),
        detail=row["detail"],
        files=tuple(files),
        files_total=row["files_total"],
        additions=row["additions"],
        deletions=row["deletions"],
        patch=patch,
        patch_bytes=row["patch_bytes"],
        brought=tuple(
            Brought(sha=sha, title=title) for sha, title in zip(row["brought.sha"], row["brought.title"], strict=True)
        ),
        brought_total=row["brought_total"],
        notes=tuple(row["notes"]),
        observed_at=row["observed_at"],
    )


Answer = tuple[CommitAnalyzed, CommitAnalyzed | None]  # the best analysis, and the debt


def _analyses(client: Client, keys: Collection[Key], language: str | None) -> dict[Key, Answer]:
    """Of each key the best analysis that a reader of the language can read (None: of any), and the debt."""
    readable = "" if language is None else "AND language IN %(languages)s"
    sql = f"""SELECT repo, sha, event FROM analyses FINAL WHERE {OF_KEYS} {readable}
        ORDER BY status = 'done' DESC, version DESC, analyzer, language
        LIMIT 1 BY repo, sha, analyzer = 'llm' AND status != 'done'"""
    found: dict[Key, list[CommitAnalyzed]] = defaultdict(list)
    for repo, sha, event in query_of(client, keys, sql, languages=(ANY_LANGUAGE, language)):
        found[repo, sha].append(CommitAnalyzed.model_validate_json(event))
    return {key: (best[0], next(filter(_is_debt, best), None)) for key, best in found.items()}


def _is_debt(event: CommitAnalyzed) -> bool:
    return event.analyzer == "llm" and event.status != "done"


def _scores(client: Client, keys: Collection[Key], profile: str) -> dict[Key, CommitScored]:
    rows = select_of(client, keys, SCORES, "AND profile = %(profile)s", profile=profile)
    return {(row["repo"], row["sha"]): _scored(row) for row in rows}


def _scored(row: Fields) -> CommitScored:
    parts = zip(row["parts.name"], row["parts.points"], row["parts.evidence"], strict=True)
    return CommitScored(
        repo=row["repo"],
        sha=row["sha"],
        committed_at=row["committed_at"],
        profile=row["profile"],
        rubric=row["rubric"],
        language=row["language"],
        round=row["round"],
        points=row["points"],
        parts=tuple(
            Part(name=name, points=points, evidence=phrase.from_json(evidence)) for name, points, evidence in parts
        ),
        tier=row["tier"],
        ruled=row["ruled"] or None,
        opinion=row["opinion"] or None,
        final=row["final"],
    )
