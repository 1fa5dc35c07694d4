"""Clients of ClickHouse, embedded and served. A client belongs to one thread.

Importing the engine takes a second, so it is imported when it is first needed.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from streams.store.address import Address

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

# `limits` of what a person may ask; `readonly` stands last: nothing can be set after it
_PEOPLE: dict[str, int] = {
    "max_execution_time": 120,
    "max_memory_usage": 4 * 1024**3,
    "readonly": 1,
}


def _import(address: Address) -> None:
    if address.embedded:
        # the engine takes the zone of DateTime functions from the process when it is loaded
        os.environ["TZ"] = "UTC"
        import_module("chdb")
    import_module("clickhouse_connect")
    # An insert would import pandas (half a second, 60 MB) to ask whether the rows are a data frame: they never are.
    options: Any = import_module("clickhouse_connect.driver.options")
    options.pd, options.pd_time_test = None, None


def connect(address: Address, *, database: bool = True, people: bool = False) -> Client:
    """A client of the store's database, or of none yet; `people` makes it read-only and limited."""
    _import(address)
    import clickhouse_connect

    settings = {"async_insert": 0, **(_PEOPLE if people else {})}
    if address.embedded:
        client = clickhouse_connect.get_client(dsn=f"chdb://{address.directory}", tz_mode="aware")
    else:
        client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            secure=address.secure,
            tz_mode="aware",
            autogenerate_session_id=False,
            connect_timeout=5,
            send_receive_timeout=300,
        )
    try:
        if database:
            client.database = address.database
        for name, value in settings.items():
            client.set_client_setting(name, value)
    except Exception:
        client.close()
        raise
    return client
