"""What models were asked, what it took, and what is owed. Each function uses the client of one thread."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from schemas.analyses import CommitAnalyzed, Depth
from schemas.definition import Language
from streams.store.selection import OF_KEYS, Key, query, query_of

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

CALLS_LIMIT = 4_000  # ids in one statement: servers read at most 256 KB


def analyses(client: Client, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], CommitAnalyzed]:
    """What a model said about (repo, sha) in a language, or why it has not."""
    sql = f"SELECT repo, sha, language, event FROM analyses FINAL WHERE {OF_KEYS} AND analyzer = 'llm'"
    return {
        (repo, sha, language): CommitAnalyzed.model_validate_json(event)
        for repo, sha, language, event in query_of(client, {(repo, sha) for repo, sha, _ in keys}, sql)
        if (repo, sha, language) in keys
    }


def static(client: Client, keys: Collection[Key]) -> dict[Key, CommitAnalyzed]:
    """What is known of (repo, sha) without a model, where the commit is stored and where it is not yet."""
    sql = f"SELECT repo, sha, event FROM analyses FINAL WHERE {OF_KEYS} AND analyzer != 'llm' ORDER BY round"
    return {
        (repo, sha): CommitAnalyzed.model_validate_json(event) for repo, sha, event in query_of(client, keys, sql)
    }  # of several the last


class Debt(NamedTuple):
    """An analysis that is owed: of which commit, in which language, how deep, and why it could not be made."""

    repo: str
    sha: str
    language: Language
    committed_at: datetime
    round: int
    wanted: Depth
    reason: str


def debts(client: Client, repos: Collection[str] | None) -> list[Debt]:
    """The debts (of these repositories, if any are named), the oldest commits first."""
    if repos is not None and not repos:
        return []
    of_repos = "" if repos is None else "WHERE repo IN %(repos)s"
    sql = f"""SELECT {", ".join(Debt._fields)} FROM v_owed {of_repos} ORDER BY committed_at, repo, sha, language"""
    return [Debt(*row) for row in query(client, sql, repos=repos and tuple(repos))]


def answers(client: Client, keys: Collection[str]) -> dict[str, str]:
    """The analyses (JSON) that were made when these were asked before."""
    sql = """SELECT answer, event FROM answers FINAL
        WHERE answer IN %(keys)s ORDER BY version DESC, repo, sha LIMIT 1 BY answer"""
    return {row[0]: row[1] for row in query(client, sql, keys=tuple(keys))}


class Account(NamedTuple):
    """Tokens, and millionths of money, that the calls of a UTC day took; which of those asked about are among them."""

    tokens: int
    cost: int
    entered: tuple[str, ...]


def account(client: Client, day: date, calls: Collection[str] = ()) -> Account:
    """What the ledger has of a day, all at one moment. Of the ids of calls it looks for the first CALLS_LIMIT."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    sql = """SELECT sum(prompt_tokens + completion_tokens), sum(cost),
            groupArrayIf(id, id IN splitByChar(' ', %(calls)s))
        FROM model_calls FINAL WHERE asked_at >= %(begin)s AND asked_at < %(end)s"""
    ids = " ".join(islice(calls, CALLS_LIMIT))
    [(tokens, cost, entered)] = query(client, sql, begin=begin, end=begin + timedelta(days=1), calls=ids)
    return Account(tokens, cost, tuple(entered))
