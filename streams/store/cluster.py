"""Statements of migrations as a cluster needs them: one transformation of the same files.

A table NAME becomes NAME_local, replicated on each shard, under a Distributed table NAME that spreads its rows; views
and queries read NAME, so that they are the same with a cluster and without.

The sharding key is the hash of the first column of the table's sorting key. Rows that replace each other have the same
sorting key, therefore the same first column and the same shard: FINAL, which every shard does for itself, sees all of
them. Of commits, and of all that is said about them, this column is the repository: a commit, its analyses and its
scores are on one shard, and a question about a repository asks one shard only.
"""

from __future__ import annotations

import re

_TABLE = re.compile(
    r"CREATE TABLE IF NOT EXISTS (?P<name>\w+) (?P<columns>\(.*\)) ENGINE = ReplacingMergeTree(?:\((?P<version>\w+)\))?"
    r"(?P<rest>\s.*)",
    re.DOTALL,
)
_SORTED_BY = re.compile(r"\bORDER BY \(?(\w+)")
_ALTER = re.compile(r"ALTER TABLE (?P<name>\w+)(?P<rest>\s.*)", re.DOTALL)
_VIEW = re.compile(r"CREATE OR REPLACE VIEW (?P<name>\w+) AS\s(?P<query>.*)", re.DOTALL)
_ENDS_WITH_SETTINGS = re.compile(r"\bSETTINGS [^()]+\Z")
# macros of the servers' configuration: of which shard a server is, and what it is called among its replicas
_REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
# for users whose settings do not say so
_ANY_SHARD = "distributed_product_mode = 'global'"


def clustered(statement: str, database: str, cluster: str) -> list[str]:
    """What to run, in order, in place of a statement of a migration. Raises ValueError for one of an unknown form."""
    for form, made in ((_TABLE, _table), (_ALTER, _alter), (_VIEW, _view)):
        if match := form.fullmatch(statement):
            return made(match, database, cluster)
    raise ValueError(f"a statement that has no form for clusters: {statement[:80]}")


def on_cluster(cluster: str) -> str:
    """The clause that makes a statement run on all servers of the cluster; nothing without one."""
    return f" ON CLUSTER '{cluster}'" if cluster else ""


def _table(match: re.Match[str], database: str, cluster: str) -> list[str]:
    name, where = match["name"], on_cluster(cluster)
    sorted_by = _SORTED_BY.search(match["rest"])
    if sorted_by is None:
        raise ValueError(f"table {name} has no sorting key, and so no shard for its rows")
    version = f", {match['version']}" if match["version"] else ""
    return [
        f"CREATE TABLE IF NOT EXISTS {name}_local{where} {match['columns']}"
        f" ENGINE = ReplicatedReplacingMergeTree({_REPLICA}{version}){match['rest']}",
        f"CREATE TABLE IF NOT EXISTS {name}{where} AS {name}_local"
        f" ENGINE = Distributed('{cluster}', '{database}', '{name}_local', cityHash64({sorted_by[1]}))",
    ]


def _alter(match: re.Match[str], database: str, cluster: str) -> list[str]:
    names = (f"{match['name']}_local", match["name"])
    return [f"ALTER TABLE {name}{on_cluster(cluster)}{match['rest']}" for name in names]


def _view(match: re.Match[str], database: str, cluster: str) -> list[str]:
    query = match["query"]
    more = f", {_ANY_SHARD}" if _ENDS_WITH_SETTINGS.search(query) else f"\nSETTINGS {_ANY_SHARD}"
    return [f"CREATE OR REPLACE VIEW {match['name']}{on_cluster(cluster)} AS\n{query}{more}"]
