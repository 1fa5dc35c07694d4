"""The store: an asynchronous face over threads that own the clients of ClickHouse, embedded or served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from schemas.analyses import CommitAnalyzed, Effort
from schemas.commits import CommitObserved, Detail
from schemas.definition import Definition, Source
from schemas.errors import Misuse
from schemas.model import Event
from schemas.reports import Opening, ReportPublished
from schemas.seals import DaySealed
from streams.failpoint import failpoint
from streams.store import commits, directory, ledger, reading, rows, workers
from streams.store.address import Address, parse
from streams.store.batch import insert
from streams.store.client import connect
from streams.store.commits import CommitRow
from streams.store.failure import failures
from streams.store.health import StoreHealth
from streams.store.lane import Lane
from streams.store.ledger import Account, Debt
from streams.store.migration import available, migrate
from streams.store.overflow import StoreOverflow
from streams.store.question import Table, ask
from streams.store.selection import Key
from streams.store.tables import ANSWERS, DEFINITIONS, MODEL_CALLS, REPORTS, WINDOWS, WRITING, Relation
from streams.store.together import Together

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

K = TypeVar("K")
V = TypeVar("V")


class Store:
    """The memory of commits, analyses, scores, seals and reports.

    Every write may be repeated, in any order and any batching. Errors: Retry (network, overload), DiskFull,
    CorruptData, Reject (a value that no table can hold: write the events one by one to find it), Stop.
    """

    def __init__(self, address: Address, readers: int, claim: directory.Claim | None, keeper: Client) -> None:
        self._claim = claim
        self._is_shared = not address.embedded
        self._keeper = keeper  # keeps the engine running while lanes begin and end
        self._writer = Lane(address, "writer", 1)
        # a server takes two tables at once; the embedded engine would only need more memory
        self._inserters = self._writer if address.embedded else Lane(address, "inserter", 2)
        self._readers = Lane(address, "reader", readers)
        self._people = Lane(address, "people", 1, people=True)
        # models are asked about one commit after the other, dozens at a time
        self._wholes = Together[Key, CommitObserved](self._reading(commits.whole))
        self._statics = Together[Key, CommitAnalyzed](self._reading(ledger.static))
        self._analyses = Together[tuple[str, str, str], CommitAnalyzed](self._reading(ledger.analyses))
        self._answers = Together[str, str](self._reading(ledger.answers))

    @classmethod
    async def open(cls, url: str, *, readers: int = 2, create: bool = True) -> Store:
        """Open the store at a URL and bring its tables up to date.

        Raises DataInUse when another process owns the directory, CorruptData when the directory is damaged or not
        ours, Misuse for a wrong address or password, and, unless `create`, for a directory without a store.
        """
        address = parse(url)
        if not create and address.directory is not None and not directory.is_made(address.directory):
            raise Misuse(f"there is no store at {address.directory} yet; run a report first")
        return cls(address, readers, *await asyncio.to_thread(_prepare, address))

    @classmethod
    @asynccontextmanager
    async def existing(cls, url: str) -> AsyncIterator[Store]:
        """The store at a URL, for as long as the body runs. Raises as `open` does, Misuse where no report was made."""
        store = await cls.open(url, create=False)
        try:
            yield store
        finally:
            await store.close()

    async def close(self) -> None:
        """Finish what is running, join the threads, close the clients."""
        for lane in (self._people, self._readers, self._inserters, self._writer):
            await asyncio.to_thread(lane.close)
        self._keeper.close()
        if self._claim is not None:
            self._claim.release()

    async def write(self, events: Sequence[Event]) -> None:
        """Keep commits, analyses with their calls, scores, seals and deliveries, in any mix; durable on return."""
        of_kind: dict[type[Event], list[Event]] = {}
        for event in events:
            of_kind.setdefault(type(event), []).append(event)
        failpoint("store.before_write")
        for tables in WRITING:
            await asyncio.gather(*(self._keep(of_kind.get(kind, ()), table, of) for table, kind, of in tables))
        failpoint("store.after_write")

    async def _keep(self, events: Sequence[Event], table: Relation, of: Callable[[Any], Iterable[rows.Row]]) -> None:
        if events:
            await self._inserters.run(lambda client: insert(client, table, chain.from_iterable(map(of, events))))
        failpoint("store.between_tables")

    async def seals(self, sources: Iterable[Source], zone: str, days: Iterable[date] | None) -> list[DaySealed]:
        """The last statement about each of the days (None: all days) of each source, by source, then day."""
        return await self._readers.run(partial(reading.seals, sources=sources, zone=zone, days=days))

    async def restated(self, source: Source, zone: str) -> list[DaySealed]:
        """All statements about the finished days about which the source said more than one."""
        return await self._readers.run(partial(reading.restated, source=source, zone=zone))

    async def sealed_until(self, sources: Iterable[Source], zone: str) -> dict[Source, date]:
        """The last day of each source that is over and could be read, of those that have one."""
        return await self._readers.run(partial(reading.sealed_until, sources=sources, zone=zone))

    async def unsettled(self, definition: Definition, since: datetime) -> list[date]:
        """The finished days about which a source has said something since, and no report after that is on the topic."""
        return await self._readers.run(partial(reading.unsettled, definition=definition, since=since))

    async def complete(self, keys: Collection[Key], profile: str, language: str | None = None) -> dict[Key, int]:
        """The (repo, sha) that have a commit, an analysis and a score of the profile made of all that is known.

        Each with a number that rises with every further word of an analyzer or a scorer.

        With a language: those whose score is final and about which a model was asked in that language, whatever came
        of it (done, owed, forgiven, failed); of merges, and of what could not be analyzed at all, none is asked.
        """
        return await self._readers.run(partial(commits.complete, keys=keys, profile=profile, language=language))

    async def commits(
        self, keys: Collection[Key], profile: str, language: str | None = None, *, files: bool = False
    ) -> list[CommitRow]:
        """What is known of the (repo, sha) that have a commit, newest first; without patches, and files if wanted.

        Analyses in other languages are left out (None: in none).
        """
        read = partial(commits.commits, keys=keys, profile=profile, language=language, files=files)
        return await self._readers.run(read)

    async def whole(self, repo: str, sha: str) -> CommitObserved | None:
        """The commit with the files and the patch of its event."""
        return await self._wholes.get((repo, sha))

    async def pieces(self, repo: str, sha: str) -> AsyncIterator[tuple[str, str]]:
        """(path, text) of the pieces of a patch that is too large for its event, in order, a few in memory at a time.

        The patch of the event is not among them.
        """
        after = -1
        while some := await self._readers.run(partial(commits.patch_pieces, repo=repo, sha=sha, after=after)):
            after = some[-1][0]
            for _, path, text in some:
                yield path, text

    async def analysis(self, repo: str, sha: str, language: str) -> CommitAnalyzed | None:
        """What a model said about the commit in the language, or why it has not."""
        return await self._analyses.get((repo, sha, language))

    async def static(self, repo: str, sha: str) -> CommitAnalyzed | None:
        """What is known of the commit without a model, even where the commit itself is not stored yet."""
        return await self._statics.get((repo, sha))

    async def debts(self, repos: Collection[str] | None = None) -> list[Debt]:
        """What is owed (of these repositories, None: of all), the oldest commits first."""
        return await self._readers.run(partial(ledger.debts, repos=repos))

    async def answer(self, key: str) -> str | None:
        """The analysis (a CommitAnalyzed, JSON) that a model made when the same was asked before (`effort.answer`)."""
        return await self._answers.get(key)

    async def spent(self, day: date) -> tuple[int, int]:
        """What the calls of a UTC day took: tokens, and millionths of the price's currency."""
        return (await self.account(day, ()))[:2]

    async def account(self, day: date, calls: Collection[str]) -> Account:
        """The same, and which of these calls (ids of the same day) are in it."""
        return await self._readers.run(partial(ledger.account, day=day, calls=tuple(calls)))

    async def renew(self, worker: str, version: int, seconds: float) -> int:
        """Say that a worker lives for so long at least; how many do now. `version` rises with each call of a worker."""
        return await self._writer.run(partial(workers.renew, worker=worker, version=version, seconds=seconds))

    async def save_opening(self, report: ReportPublished, opening: Opening | None, effort: Effort) -> None:
        """Enter the calls for the opening of a report that is not saved yet, and keep what came of them."""
        await self._writer.run(partial(_save_opening, report=report, opening=opening, effort=effort))

    async def opening(self, report: ReportPublished) -> Opening | None:
        """What was kept last as the opening of the report's day."""
        found = await self._answers.get(rows.opening_key(report))
        return Opening.model_validate_json(found) if found is not None else None

    def health(self) -> StoreHealth:
        """What is remembered of endpoints."""
        return StoreHealth(self._readers, self._writer)

    async def details(self, keys: Collection[Key]) -> dict[Key, Detail]:
        """How much the source told of each (repo, sha) that has a commit."""
        return await self._readers.run(partial(commits.details, keys=keys))

    async def latest_reports(self, name: str, days: Collection[date]) -> dict[date, ReportPublished]:
        """The whole event of the highest revision of each day that has one."""
        return await self._readers.run(partial(reading.latest_reports, name=name, days=days))

    async def save_reports(self, reports: Sequence[ReportPublished], knowledge: Mapping[date, int]) -> set[date]:
        """Keep these revisions of one definition, whole, and the calls that their openings took.

        Of two versions of one revision that stays which has the higher `knowledge` of its day. Returns the days whose
        last revision is the one given: on a server others may have made one since.
        """
        await self._writer.run(partial(_save_reports, reports=reports, knowledge=knowledge))
        given = {(report.day, report.revision, report.digest) for report in reports}
        if not self._is_shared or not reports:
            return {day for day, _, _ in given}
        name, days = reports[0].definition.name, [report.day for report in reports]
        return {row[0] for row in await self._readers.run(partial(reading.last, name=name, days=days)) if row in given}

    async def published(self, name: str, days: Collection[date]) -> dict[date, int]:
        """The highest revision of each day whose event is known to be on the topic."""
        return await self._readers.run(partial(reading.published, name=name, days=days))

    async def mark_published(self, reports: Sequence[ReportPublished]) -> None:
        """The events of these revisions are on the topic."""
        marks = [(r.definition.name, r.day, r.revision, r.revision) for r in reports]
        await self._writer.run(lambda client: insert(client, WINDOWS, marks))

    async def behind(self, name: str) -> dict[date, int]:
        """The latest revision of each day of which only an earlier one was delivered."""
        return await self._readers.run(partial(reading.behind, name=name))

    async def definition(self, name: str) -> Definition | None:
        """What the name is bound to."""
        found = await self._readers.run(partial(reading.definitions, name=name))
        return found[0][1] if found else None

    async def bind(self, definition: Definition) -> None:
        """Bind the definition's name to it; the newest binding wins."""
        await self._writer.run(partial(_bind, definition=definition))

    async def definitions(self) -> list[Definition]:
        """All definitions, by name."""
        return [definition for _, definition in await self._readers.run(reading.definitions)]

    async def select(self, sql: str, limit_rows: int | None = None) -> Table:
        """Answer a person: one reading statement. Raises Misuse, in one sentence, for anything else or wrong SQL."""
        return await self._people.run(partial(ask, sql=sql, limit_rows=limit_rows))

    def _reading(
        self, read: Callable[[Client, Collection[K]], dict[K, V]]
    ) -> Callable[[Collection[K]], Awaitable[dict[K, V]]]:
        return lambda keys: self._readers.run(lambda client: read(client, keys))

    def overflow(self) -> StoreOverflow:
        """Where files and patches too large for an event go; called from other threads."""
        return StoreOverflow(self._insert)

    def _insert(self, relation: Relation, values: Iterable[rows.Row]) -> None:
        self._writer.submit(lambda client: insert(client, relation, values)).result()
        failpoint("store.after_overflow")


def _prepare(address: Address) -> tuple[directory.Claim | None, Client]:
    with failures(address), ExitStack() as undo:
        claim = directory.claim(address.directory) if address.directory is not None else None
        if claim is not None:
            undo.callback(claim.release)
        client = connect(address, database=False)
        undo.callback(client.close)
        migrate(client, address, available())
        if address.directory is not None:
            directory.inspect(address.directory, client)
        undo.pop_all()
        return claim, client


def _save_reports(client: Client, reports: Sequence[ReportPublished], knowledge: Mapping[date, int]) -> None:
    failpoint("store.before_report")
    openings = ((report.definition, report.opening.effort) for report in reports if report.opening)
    insert(client, MODEL_CALLS, (row for opening in openings for row in rows.opening_calls(*opening)))
    insert(client, REPORTS, (rows.report(report, knowledge[report.day]) for report in reports))
    failpoint("store.after_report")


def _save_opening(client: Client, report: ReportPublished, opening: Opening | None, effort: Effort) -> None:
    insert(client, MODEL_CALLS, rows.opening_calls(report.definition, effort))
    if opening is not None:
        insert(client, ANSWERS, [rows.opening(report, opening)])


def _bind(client: Client, definition: Definition) -> None:
    bound = reading.definitions(client, definition.name)
    number, present = bound[0] if bound else (0, None)
    if present != definition:
        insert(client, DEFINITIONS, [rows.definition(definition, number + 1)])
