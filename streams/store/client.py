"""Clients of ClickHouse, embedded and served. A client belongs to one thread.

Importing the engine takes a second, so it is imported when it is first needed.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from schemas.errors import Misuse
from streams.store.address import Address

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

CONNECT_SECONDS = 5
READ_SECONDS = 60  # without a byte: a server that works on a question sends its progress meanwhile
ROWS_LIMIT = 1_000_000  # of one answer to a person
_ALWAYS: dict[str, int | str] = {
    "async_insert": 0,
    # rows of one key are in one partition: FINAL need not look into the others
    "do_not_merge_across_partitions_select_final": 1,
    # conditions on the sorting key, and no others, are looked at before FINAL, and before other columns are read
    "optimize_move_to_prewhere_if_final": 1,
}
# what a person may ask; `readonly` stands last: nothing can be set after it
_PEOPLE: dict[str, int | str] = {
    "max_execution_time": 120,
    "max_memory_usage": 4 * 1024**3,
    # the first row too many ends the query: a client that stops reading would have to read the rest all the same
    "max_result_rows": ROWS_LIMIT + 1,
    "result_overflow_mode": "break",
    "readonly": 1,
}
# an insert has reached its shards, and most replicas of each, on return; it is read where it was written first
_CLUSTER: dict[str, int | str] = {
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    "load_balancing": "in_order",
    "prefer_localhost_replica": 0,
    # a subquery about all shards is answered once, whatever shard asks
    "distributed_product_mode": "global",
    "optimize_skip_unused_shards": 1,
    "distributed_ddl_task_timeout": READ_SECONDS - 10,
}

_loading = Lock()  # lanes make their clients at the same time


def _import(address: Address) -> None:
    if address.embedded:
        # the engine takes the zone of DateTime functions from the process when it is loaded
        os.environ["TZ"] = "UTC"
        _import_engine()
    import_module("clickhouse_connect")
    # An insert would import pandas and numpy (0.6 s, 80 MB) to ask whether the rows are theirs: they never are.
    options: Any = import_module("clickhouse_connect.driver.options")
    options.np, options.pd, options.pd_time_test = None, None, None
    for name in ("clickhouse_connect", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)  # what they warn of is raised, too


def _import_engine() -> None:
    """Without pyarrow, and numpy behind it: 0.2 s and 40 MB for a format of results that nobody here asks for."""
    with _loading, _hidden("pyarrow"):
        try:
            import_module("chdb")
        except ModuleNotFoundError as error:
            raise Misuse(
                "the engine of chdb:// is not installed here: install chdb-core, or name a server, as in"
                " clickhouse://user:password@host:8123/commitwire"
            ) from error


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """As if the module were not installed, unless somebody has it already."""
    modules: dict[str, Any] = sys.modules
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]


def connect(address: Address, *, database: bool = True, people: bool = False) -> Client:
    """A client of the store's database, or of none yet; `people` makes it read-only and limited."""
    _import(address)
    client = _embedded(address) if address.embedded else _served(address)
    try:
        if database:
            client.database = address.database
        for name, value in _settings(address, people).items():
            known = client.server_settings.get(name)
            if known is None or not known.readonly:  # what the user may not change stays as the server has it
                client.set_client_setting(name, value)
    except Exception:
        client.close()
        raise
    return client


def _embedded(address: Address) -> Client:
    import clickhouse_connect

    return clickhouse_connect.get_client(dsn=f"chdb://{address.directory}", tz_mode="aware")


def _served(address: Address) -> Client:
    import clickhouse_connect

    return clickhouse_connect.get_client(
        interface="https" if address.secure else "http",
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        ca_cert=str(address.authority) if address.authority else None,
        tz_mode="aware",
        autogenerate_session_id=False,
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=READ_SECONDS,
    )


def _settings(address: Address, people: bool) -> dict[str, int | str]:
    """`readonly` comes last."""
    return {**_ALWAYS, **(_CLUSTER if address.cluster else {}), **(_PEOPLE if people else {})}
