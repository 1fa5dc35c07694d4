"""Questions the program asks the store, and rows as events again. Each function uses the client of one thread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from schemas.analyses import CommitAnalyzed
from schemas.commits import Brought, CommitObserved, Detail, FileChange, Person
from schemas.definition import Definition, Source
from schemas.phrase import Phrase
from schemas.reports import ReportPublished
from schemas.scores import CommitScored, Part
from schemas.seals import DaySealed, LateArrival
from streams.store.tables import COMMITS, FILE_CHANGES, SCORES, SEALS, Relation

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Key = tuple[str, str]  # (repo, sha)
Fields = dict[str, Any]
KEYS_LIMIT = 1_000  # keys in one statement: its text stays well below what servers accept
_FINAL = "SETTINGS do_not_merge_across_partitions_select_final = 1"


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A commit as the store knows it.

    `observed` comes without its patch, and without its files when they were not asked for. `analyzed` is the best
    analysis: done beats owed beats failed, then the deeper, then the later round.
    """

    observed: CommitObserved
    analyzed: CommitAnalyzed | None
    scored: CommitScored | None


def _chunks(keys: Iterable[Key]) -> Iterator[tuple[Key, ...]]:
    ordered = sorted(set(keys))
    for at in range(0, len(ordered), KEYS_LIMIT):
        yield tuple(ordered[at : at + KEYS_LIMIT])


def _query(client: Client, sql: str, **parameters: Any) -> Sequence[Sequence[Any]]:
    return client.query(f"{sql} {_FINAL}", parameters=parameters).result_rows


def _select(client: Client, table: Relation, where: str, **parameters: Any) -> Iterator[Fields]:
    columns = ", ".join(f"`{column}`" for column in table.columns)
    for row in _query(client, f"SELECT {columns} FROM {table.name} FINAL WHERE {where}", **parameters):
        yield dict(zip(table.columns, row, strict=True))


def complete(client: Client, keys: Collection[Key], profile: str) -> set[Key]:
    """The keys that have a commit, and an analysis and a final score of the profile made of all that is known of it."""
    sql = """SELECT repo, sha FROM (SELECT repo, sha, max(version) AS known FROM commits
            WHERE (repo, sha) IN %(keys)s GROUP BY repo, sha) AS observed
        JOIN (SELECT repo, sha, max(round) AS analyzed FROM analyses
            WHERE (repo, sha) IN %(keys)s GROUP BY repo, sha) AS analyses USING (repo, sha)
        JOIN (SELECT repo, sha, round AS scored FROM scores FINAL
            WHERE (repo, sha) IN %(keys)s AND profile = %(profile)s AND final) AS scores USING (repo, sha)
        WHERE analyzed >= known AND scored >= known"""
    return {(repo, sha) for chunk in _chunks(keys) for repo, sha in _query(client, sql, keys=chunk, profile=profile)}


def details(client: Client, keys: Collection[Key]) -> dict[Key, Detail]:
    """How much is known of each key that has a commit."""
    sql = "SELECT repo, sha, detail FROM commits FINAL WHERE (repo, sha) IN %(keys)s"
    return {(repo, sha): detail for chunk in _chunks(keys) for repo, sha, detail in _query(client, sql, keys=chunk)}


def commits(client: Client, keys: Collection[Key], profile: str, files: bool) -> list[CommitRow]:
    """The commits of the keys that the store knows, newest first."""
    found = [row for chunk in _chunks(keys) for row in _commits(client, chunk, profile, files)]
    return sorted(found, key=lambda row: (-row.observed.committed_at.timestamp(), row.observed.key))


def _commits(client: Client, keys: tuple[Key, ...], profile: str, files: bool) -> Iterator[CommitRow]:
    changes = _files(client, keys) if files else {}
    analyses = _best_analyses(client, keys)
    scores = _scores(client, keys, profile)
    for row in _select(client, COMMITS, "(repo, sha) IN %(keys)s", keys=keys):
        key = (row["repo"], row["sha"])
        observed = _observed(row, changes.get((*key, row["version"]), ()))
        yield CommitRow(observed, analyses.get(key), scores.get(key))


def _files(client: Client, keys: tuple[Key, ...]) -> dict[tuple[str, str, int], list[FileChange]]:
    """The files that travelled in the events, in their order, by (repo, sha, version)."""
    found: dict[tuple[str, str, int], list[FileChange]] = defaultdict(list)
    for row in _select(client, FILE_CHANGES, "(repo, sha) IN %(keys)s ORDER BY repo, sha, position", keys=keys):
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


def _observed(row: Fields, files: Iterable[FileChange]) -> CommitObserved:
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
        patch_bytes=row["patch_bytes"],
        brought=tuple(
            Brought(sha=sha, title=title) for sha, title in zip(row["brought.sha"], row["brought.title"], strict=True)
        ),
        brought_total=row["brought_total"],
        notes=tuple(row["notes"]),
        observed_at=row["observed_at"],
    )


def _best_analyses(client: Client, keys: tuple[Key, ...]) -> dict[Key, CommitAnalyzed]:
    sql = """SELECT repo, sha, event FROM analyses FINAL WHERE (repo, sha) IN %(keys)s
        ORDER BY version DESC, analyzer, language LIMIT 1 BY repo, sha"""
    rows = _query(client, sql, keys=keys)
    return {(repo, sha): CommitAnalyzed.model_validate_json(event) for repo, sha, event in rows}


def _scores(client: Client, keys: tuple[Key, ...], profile: str) -> dict[Key, CommitScored]:
    where = "(repo, sha) IN %(keys)s AND profile = %(profile)s"
    return {
        (row["repo"], row["sha"]): _scored(row) for row in _select(client, SCORES, where, keys=keys, profile=profile)
    }


def _scored(row: Fields) -> CommitScored:
    parts = zip(row["parts.name"], row["parts.points"], row["parts.evidence"], strict=True)
    return CommitScored(
        repo=row["repo"],
        sha=row["sha"],
        committed_at=row["committed_at"],
        profile=row["profile"],
        rubric=row["rubric"],
        round=row["round"],
        points=row["points"],
        parts=tuple(
            Part(name=name, points=points, evidence=Phrase.model_validate_json(evidence))
            for name, points, evidence in parts
        ),
        tier=row["tier"],
        final=row["final"],
    )


def seals(client: Client, sources: Iterable[Source], zone: str, days: Iterable[date] | None) -> list[DaySealed]:
    """The last statement about each of the days (None: all days) of each source, by source, then day."""
    keys = tuple(sorted({(source.repo, source.branch) for source in sources}))
    wanted = None if days is None else tuple(sorted(set(days)))
    if not keys or wanted == ():
        return []
    on_days = "" if wanted is None else "AND day IN %(days)s"
    where = f"""(repo, branch) IN %(keys)s AND zone = %(zone)s {on_days}
        ORDER BY repo, branch, day, number DESC LIMIT 1 BY repo, branch, day"""
    return [_sealed(row) for row in _select(client, SEALS, where, keys=keys, zone=zone, days=wanted)]


def restated(client: Client, source: Source, zone: str) -> list[DaySealed]:
    """All statements about the finished days about which the source said more than one."""
    of_source = "repo = %(repo)s AND branch = %(branch)s AND zone = %(zone)s AND complete"
    where = f"""{of_source} AND day IN (
        SELECT day FROM seals WHERE {of_source} GROUP BY day HAVING min(number) < max(number))"""
    rows = _select(client, SEALS, where, repo=source.repo, branch=source.branch, zone=zone)
    return [_sealed(row) for row in rows]


def _sealed(row: Fields) -> DaySealed:
    return DaySealed(
        repo=row["repo"],
        branch=row["branch"],
        zone=row["zone"],
        day=row["day"],
        start=row["day_start"],
        end=row["day_end"],
        number=row["number"],
        complete=row["complete"],
        shas=tuple(row["shas"]),
        late=tuple(LateArrival(sha=sha, day=day) for sha, day in zip(row["late.sha"], row["late.day"], strict=True)),
        late_total=row["late_total"],
        tip=row["tip"],
        reason=row["reason"] or None,
        sealed_at=row["sealed_at"],
    )


def latest_reports(client: Client, name: str, days: Collection[date]) -> dict[date, ReportPublished]:
    """The whole event of the highest revision of each day that has one."""
    sql = """SELECT day, event FROM reports FINAL WHERE definition = %(name)s AND day IN %(days)s
        ORDER BY revision DESC LIMIT 1 BY day"""
    rows = _query(client, sql, name=name, days=tuple(days)) if days else ()
    return {day: ReportPublished.model_validate_json(event) for day, event in rows}


def published(client: Client, name: str, days: Collection[date]) -> dict[date, int]:
    """The highest revision of each day whose event is on the topic."""
    sql = "SELECT day, max(revision) FROM windows WHERE definition = %(name)s AND day IN %(days)s GROUP BY day"
    rows = _query(client, sql, name=name, days=tuple(days)) if days else ()
    return {row[0]: row[1] for row in rows}


def behind(client: Client, name: str) -> dict[date, int]:
    """The latest revision of each day of which only an earlier one was delivered."""
    sql = """SELECT day, latest FROM
            (SELECT day, max(revision) AS latest FROM reports WHERE definition = %(name)s GROUP BY day) AS reports
        JOIN (SELECT day, max(revision) AS delivered FROM deliveries WHERE definition = %(name)s GROUP BY day)
            AS deliveries USING (day)
        WHERE latest > delivered"""
    return {row[0]: row[1] for row in _query(client, sql, name=name)}


def definitions(client: Client, name: str | None = None) -> list[tuple[int, Definition]]:
    """The present binding of each name (or of one) with its number, by name."""
    where = "" if name is None else "WHERE name = %(name)s"
    sql = f"SELECT number, binding FROM definitions FINAL {where} ORDER BY name, number DESC LIMIT 1 BY name"
    rows = _query(client, sql, name=name)
    return [(number, Definition.model_validate_json(binding)) for number, binding in rows]
