"""A cluster: the same migrations in another form, as text; and two real shards, which show what one server shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import Retry
from schemas.model import Event
from streams.store.address import Address, parse
from streams.store.client import connect
from streams.store.cluster import clustered
from streams.store.migration import LEDGER, Migration, available, wanted
from streams.store.tables import TABLES
from tests.servers.clickhouse import PASSWORD, USER, ClickHouse, fresh_database, started
from tests.streams.store import history
from tests.streams.store.memory import VIEWS, Memory, opened

GOLDEN = Path(__file__).parent / "golden"
CLUSTER = Address(host="127.0.0.1", cluster="main")
OF_SERVERS = [one for one in available() if wanted(one, CLUSTER)]
ALL_VIEWS = (*VIEWS, "v_reports", "v_deliveries", "v_definitions")


def forms(found: Sequence[Migration]) -> list[str]:
    """All statements for a cluster `main`, in their order."""
    made = [LEDGER, *(one for each in found for one in wanted(each, CLUSTER))]
    return [form for statement in made for form in clustered(statement, "commitwire", "main")]


def text(applied: Migration) -> str:
    made = [form for statement in wanted(applied, CLUSTER) for form in clustered(statement, "commitwire", "main")]
    return ";\n\n".join(made) + ";\n"


@pytest.mark.parametrize("applied", OF_SERVERS, ids=lambda one: str(one.name))
def test_the_form_for_clusters_is_the_expected_text(applied: Migration) -> None:
    """`python -m tests.streams.store.test_cluster` writes the files; look at what it changed."""
    assert text(applied) == (GOLDEN / f"cluster_{applied.name}").read_text("utf-8")


def test_every_statement_runs_on_all_servers_and_may_be_run_again() -> None:
    for form in forms(available()):
        assert form.count(" ON CLUSTER 'main'") == 1, form
        assert form.startswith(("CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE VIEW", "ALTER TABLE")), form


def test_rows_that_replace_each_other_are_on_one_shard() -> None:
    made = forms(available())
    keys = {name: key for form in made for name, key in re.findall(r"'(\w+)_local', cityHash64\((\w+)\)\)", form)}
    assert keys.keys() == {"migrations", *(table.name for table in TABLES)}
    for form in made:
        for name, sorted_by in re.findall(r"EXISTS (\w+)_local .*ORDER BY \(?([\w, ]+)", form, re.DOTALL):
            assert keys[name] in sorted_by.split(", "), f"{name}: the shard is no function of the sorting key"
    of_commits = [table.name for table in TABLES if list(table.columns)[:2] == ["repo", "sha"]]
    together = {name: keys[name] for name in of_commits if name != "model_calls"}
    assert set(together.values()) == {"repo"}, "what is said of a commit is with the commit"


@pytest.mark.parametrize("statement", ["DROP TABLE commits", "CREATE TABLE t (a Int8) ENGINE = Memory", "SELECT 1"])
def test_a_statement_without_a_form_is_a_defect(statement: str) -> None:
    with pytest.raises(ValueError, match="has no form"):
        clustered(statement, "commitwire", "main")


# -- two shards


def here(form: str) -> str:
    """The statement for one of the servers, which have no keeper: there are no replicas, and each is told by itself."""
    alone = re.sub(r"ReplicatedReplacingMergeTree\('[^']*', '[^']*'(?:, )?", "ReplacingMergeTree(", form)
    return alone.replace(" ON CLUSTER 'main'", "")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ClickHouse]]:
    """Two servers with the tables of the cluster `main`, whose shards they are."""
    servers = [ClickHouse(tmp_path_factory.mktemp("shard")) for _ in range(2)]
    known = "".join(
        f"<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host>"
        f"<port>{server.tcp_port}</port><user>{USER}</user><password>{PASSWORD}</password></replica></shard>"
        for server in servers
    )
    with ExitStack() as undo:
        for server in servers:
            server.more = f"<remote_servers><main>{known}</main></remote_servers>"
            undo.callback(started(server).close)
        for server in servers:
            make_tables(server)
        note_migrations(servers[0])
        yield servers


def make_tables(server: ClickHouse) -> None:
    """What the migrations do on each server of a cluster."""
    client = connect(parse(server.url()), database=False)
    client.command("CREATE DATABASE commitwire")
    client.database = "commitwire"
    for form in forms(available()):
        client.command(here(form))
    client.close()


def note_migrations(server: ClickHouse) -> None:
    client = connect(parse(f"{server.url()}?cluster=main"))
    applied = [[one.number, one.name, one.checksum] for one in available()]
    client.insert("migrations", applied, ["number", "name", "checksum"])
    client.close()


def everything() -> list[Event]:
    """The history of the two repositories, and a little of a dozen others, for which one shard is not enough."""
    others = [history.commit(f"github.com/others/n{number}", 9) for number in range(12)]
    said: list[Event] = [history.by_model(one, 9) for one in others]
    return [*history.events(), *others, *said, *(history.scored(one, 9) for one in others)]


def fill(memory: Memory) -> None:
    """Everything, in two orders: most rows are there twice."""
    events = everything()
    for told in (events, events[::-1]):
        memory.write(*told)
    for report in history.reports():
        memory.run(memory.store.save_reports([report], {report.day: 1}))
    memory.run(memory.store.bind(history.DEFINITION))


@pytest.fixture(scope="module")
def cluster(shards: list[ClickHouse]) -> Iterator[Memory]:
    with opened(f"{shards[0].url()}?cluster=main") as memory:
        fill(memory)
        yield memory


def test_two_shards_show_what_one_server_shows(cluster: Memory, clickhouse: ClickHouse) -> None:
    with opened(clickhouse.url(fresh_database())) as alone:
        fill(alone)
        assert cluster.dump(views=ALL_VIEWS) == alone.dump(views=ALL_VIEWS)


def test_each_shard_has_whole_repositories(cluster: Memory, shards: list[ClickHouse]) -> None:
    found = []
    for server in shards:
        client = connect(parse(server.url()))
        found.append({repo for (repo,) in client.query("SELECT DISTINCT repo FROM commits_local").result_rows})
        client.close()
    assert all(found)
    assert not found[0] & found[1]


def test_the_program_reads_a_cluster(cluster: Memory, clickhouse: ClickHouse) -> None:
    with opened(clickhouse.url(fresh_database())) as alone:
        fill(alone)
        assert answers(cluster) == answers(alone)


def answers(memory: Memory) -> list[Any]:
    """What the program asks of a store."""
    store, days = memory.store, [history.FIRST.date()]
    keys = [(repo, history.sha(repo, number)) for repo in (history.ROCKET, history.WEB) for number in range(10)]
    asked = (
        store.seals(history.SOURCES, "UTC", None),
        store.restated(history.SOURCES[0], "UTC"),
        store.complete(keys, "default"),
        store.complete(keys, "default", "en"),
        store.commits(keys, "default", "en", files=True),
        store.details(keys),
        store.debts([history.ROCKET]),
        store.debts(),
        store.spent(days[0]),
        store.latest_reports("daily", days),
        store.published("daily", days),
        store.behind("daily"),
        store.definitions(),
    )
    return [memory.run(one) for one in asked]


def test_a_shard_that_is_away_is_waited_for(cluster: Memory, shards: list[ClickHouse]) -> None:
    shards[1].kill()
    try:
        with pytest.raises(Retry, match="try again later"):
            cluster.write(*history.events())
        with pytest.raises(Retry, match="try again later"):
            cluster.run(cluster.store.definitions())
    finally:
        for server in shards:
            server.restart()
    cluster.write(*history.events())
    assert cluster.rows("SELECT count() FROM v_commits") == [(2 * history.COMMITS + 12,)]


if __name__ == "__main__":
    for one in OF_SERVERS:
        (GOLDEN / f"cluster_{one.name}").write_text(text(one), "utf-8")
