"""What models were asked, what it took, and what is owed. Each function uses the client of one thread."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from schemas.analyses import CommitAnalyzed
from streams.store.selection import chunks, query

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def analyses(client: Client, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], CommitAnalyzed]:
    """What a model said about (repo, sha) in a language, or why it has not."""
    sql = """SELECT repo, sha, language, event FROM analyses FINAL
        WHERE (repo, sha) IN %(keys)s AND analyzer = 'llm'"""
    return {
        (repo, sha, language): CommitAnalyzed.model_validate_json(event)
        for chunk in chunks((repo, sha) for repo, sha, _ in keys)
        for repo, sha, language, event in query(client, sql, keys=chunk)
        if (repo, sha, language) in keys
    }


def debts(client: Client, limit: int | None, repos: Collection[str] | None) -> list[CommitAnalyzed]:
    """The debts (of these repositories, if any are named), the oldest commits first."""
    of_repos = "" if repos is None else "WHERE repo IN %(repos)s"
    at_most = "" if limit is None else "LIMIT %(limit)s"
    sql = f"""SELECT repo, sha, language FROM v_owed {of_repos}
        ORDER BY committed_at, repo, sha, language {at_most}"""
    if repos is not None and not repos:
        return []
    owed = {
        (repo, sha, language) for repo, sha, language in query(client, sql, repos=repos and tuple(repos), limit=limit)
    }
    return sorted(_owed(client, owed), key=lambda event: (event.committed_at, event.key, event.language))


def _owed(client: Client, owed: Collection[tuple[str, str, str]]) -> list[CommitAnalyzed]:
    """The events of debts: apart from finding them, which reads much less."""
    sql = """SELECT repo, sha, language, event FROM analyses FINAL
        WHERE (repo, sha) IN %(keys)s AND analyzer = 'llm' AND status = 'owed'"""
    return [
        CommitAnalyzed.model_validate_json(event)
        for keys in chunks((repo, sha) for repo, sha, _ in owed)
        for repo, sha, language, event in query(client, sql, keys=keys)
        if (repo, sha, language) in owed
    ]


def answers(client: Client, keys: Collection[str]) -> dict[str, str]:
    """The analyses (JSON) that were made when these were asked before."""
    sql = """SELECT answer, event FROM answers FINAL
        WHERE answer IN %(keys)s ORDER BY version DESC, repo, sha LIMIT 1 BY answer"""
    return dict(query(client, sql, keys=tuple(keys)))


def spent(client: Client, day: date) -> tuple[int, int]:
    """Tokens, and millionths of money, that the calls of a UTC day took."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    sql = """SELECT sum(prompt_tokens + completion_tokens), sum(cost) FROM model_calls FINAL
        WHERE asked_at >= %(begin)s AND asked_at < %(end)s"""
    [(tokens, cost)] = query(client, sql, begin=begin, end=begin + timedelta(days=1))
    return tokens, cost
