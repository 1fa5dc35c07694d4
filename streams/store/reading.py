"""Questions about days and reports, and rows as events again. Each function uses the client of one thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from schemas.definition import Definition, Source
from schemas.reports import ReportPublished
from schemas.seals import DaySealed, LateArrival
from streams.store.selection import Fields, chunks, query, select
from streams.store.tables import SEALS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def seals(client: Client, sources: Iterable[Source], zone: str, days: Iterable[date] | None) -> list[DaySealed]:
    """The last statement about each of the days (None: all days) of each source, by source, then day."""
    keys = [(source.repo, source.branch) for source in sources]
    wanted = None if days is None else tuple(sorted(set(days)))
    if wanted == ():
        return []
    on_days = "" if wanted is None else "AND day IN %(days)s"
    where = f"""(repo, branch) IN %(keys)s AND zone = %(zone)s {on_days}
        ORDER BY repo, branch, day, number DESC LIMIT 1 BY repo, branch, day"""
    return [
        _sealed(row)
        for chunk in chunks(keys)
        for row in select(client, SEALS, where, keys=chunk, zone=zone, days=wanted)
    ]


def sealed_until(client: Client, sources: Iterable[Source], zone: str) -> dict[Source, date]:
    """The last day of each source that is over and could be read, of those that have one."""
    sql = """SELECT repo, branch, max(day) FROM
        (SELECT repo, branch, day, argMax(complete AND reason = '', number) AS good FROM seals
            WHERE (repo, branch) IN %(keys)s AND zone = %(zone)s GROUP BY repo, branch, day) AS days
        WHERE good GROUP BY repo, branch"""
    keys = [(source.repo, source.branch) for source in sources]
    rows = (row for chunk in chunks(keys) for row in query(client, sql, keys=chunk, zone=zone))
    return {Source(repo=repo, branch=branch): day for repo, branch, day in rows}


def unsettled(client: Client, definition: Definition, since: datetime) -> list[date]:
    """The finished days about which a source has said something since, and no report after that is on the topic."""
    keys = [(source.repo, source.branch) for source in definition.sources]
    said: dict[date, datetime] = {}
    for chunk in chunks(keys):
        sql = """SELECT day, max(sealed_at) FROM seals WHERE (repo, branch) IN %(keys)s AND zone = %(zone)s
            AND complete AND sealed_at >= %(since)s GROUP BY day"""
        for day, at in query(client, sql, keys=chunk, zone=definition.zone, since=since):
            said[day] = max(at, said.get(day, at))
    if not said:
        return []
    days = tuple(said)
    sql = """SELECT day, max(published_at), max(revision) FROM reports
        WHERE definition = %(name)s AND day IN %(days)s GROUP BY day"""
    made = {day: (at, revision) for day, at, revision in query(client, sql, name=definition.name, days=days)}
    on_topic = published(client, definition.name, days)
    settled = {day for day, (at, revision) in made.items() if at >= said[day] and on_topic.get(day, 0) >= revision}
    return sorted(said.keys() - settled)


def restated(client: Client, source: Source, zone: str) -> list[DaySealed]:
    """All statements about the finished days about which the source said more than one."""
    of_source = "repo = %(repo)s AND branch = %(branch)s AND zone = %(zone)s AND complete"
    where = f"""{of_source} AND day IN (
        SELECT day FROM seals WHERE {of_source} GROUP BY day HAVING min(number) < max(number))"""
    rows = select(client, SEALS, where, repo=source.repo, branch=source.branch, zone=zone)
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
    rows = _last(client, "day, event", name, days)
    return {day: ReportPublished.model_validate_json(event) for day, event in rows}


def last(client: Client, name: str, days: Collection[date]) -> list[tuple[date, int, str]]:
    """Day, number and digest of the highest revision of each day that has one."""
    return [(row[0], row[1], row[2]) for row in _last(client, "day, revision, digest", name, days)]


def _last(client: Client, columns: str, name: str, days: Collection[date]) -> list[tuple[Any, ...]]:
    """Of the highest revision of each day that has one."""
    sql = f"""SELECT {columns} FROM reports FINAL WHERE definition = %(name)s AND day IN %(days)s
        ORDER BY revision DESC LIMIT 1 BY day"""
    return query(client, sql, name=name, days=tuple(days)) if days else []


def published(client: Client, name: str, days: Collection[date]) -> dict[date, int]:
    """The highest revision of each day whose event is on the topic."""
    sql = "SELECT day, max(revision) FROM windows WHERE definition = %(name)s AND day IN %(days)s GROUP BY day"
    rows = query(client, sql, name=name, days=tuple(days)) if days else ()
    return {row[0]: row[1] for row in rows}


def behind(client: Client, name: str) -> dict[date, int]:
    """The latest revision of each day of which only an earlier one was delivered."""
    sql = """SELECT day, latest FROM
            (SELECT day, max(revision) AS latest FROM reports WHERE definition = %(name)s GROUP BY day) AS reports
        JOIN (SELECT day, max(revision) AS delivered FROM deliveries WHERE definition = %(name)s GROUP BY day)
            AS deliveries USING (day)
        WHERE latest > delivered"""
    return {row[0]: row[1] for row in query(client, sql, name=name)}


def definitions(client: Client, name: str | None = None) -> list[tuple[int, Definition]]:
    """The present binding of each name (or of one) with its number, by name."""
    where = "" if name is None else "WHERE name = %(name)s"
    sql = f"SELECT number, binding FROM definitions FINAL {where} ORDER BY name, number DESC LIMIT 1 BY name"
    rows = query(client, sql, name=name)
    return [(number, Definition.model_validate_json(binding)) for number, binding in rows]
