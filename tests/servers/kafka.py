"""Apache Kafka itself: one broker, or a cluster of several, each of them also a controller (KRaft)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.answering import wait_until_answering
from tests.servers.fetch import kafka_jars
from tests.servers.java import java
from tests.servers.kafka_node import CLUSTER_ID, SCRAM, Listeners, keystore, properties
from tests.servers.process import ServerProcess

SECONDS = 120
# A broker for tests: a small heap, and a compiler that is quick to start rather than fast at length.
FLAGS = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dlog4j2.level=WARN")


class Kafka:
    """`nodes` brokers with their data under `folder`, on ports of their own that stay the same across restarts.

    Topics are not created by use. `overrides` are broker properties (`message.max.bytes`); `users` (name to password)
    adds two listeners that ask for credentials (PLAIN, SCRAM): `sasl`, and `tls` with `certificate`.
    Use it as a context manager. Nodes are numbered from 1.
    """

    durable = True
    idempotent = True

    def __init__(
        self,
        folder: Path,
        *,
        nodes: int = 1,
        overrides: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._users = dict(users or {})
        self._overrides = dict(overrides or {})
        self._listeners = {number: Listeners.reserve() for number in range(1, nodes + 1)}
        self._processes = {number: self._process(number) for number in self._listeners}

    @property
    def bootstrap(self) -> str:
        """host:port of every node, with commas between; no credentials."""
        return self._addresses(lambda listeners: listeners.client)

    @property
    def sasl(self) -> str:
        """host:port of every node, for one of `users` without TLS."""
        return self._addresses(lambda listeners: listeners.sasl)

    @property
    def tls(self) -> str:
        """host:port of every node, for one of `users` with TLS."""
        return self._addresses(lambda listeners: listeners.tls)

    @property
    def certificate(self) -> Path:
        """The authority (PEM) to trust when connecting to `tls`."""
        return self._folder / "authority.pem"

    def start(self, *nodes: int) -> None:
        """Start these nodes, or all, and wait until each answers and knows the other running ones.

        Blocks for some seconds: from a running event loop, use `await asyncio.to_thread(kafka.start)`.
        """
        chosen = [number for number in nodes or self._processes if not self._processes[number].running]
        self._format([number for number in chosen if not self._data(number).exists()])
        for number in chosen:
            self._processes[number].start()
        for number in chosen:
            self._wait(number)

    def kill(self, *nodes: int) -> None:
        """SIGKILL to these nodes, or to all."""
        for number in nodes or self._processes:
            self._processes[number].kill()

    def stop(self, *nodes: int) -> None:
        """End these nodes, or all, in good order as far as they are able to within seconds."""
        with ThreadPoolExecutor(len(self._processes)) as pool:
            list(pool.map(lambda number: self._processes[number].stop(), nodes or self._processes))

    def pause(self, *nodes: int) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        for number in nodes or self._processes:
            self._processes[number].pause()

    def resume(self, *nodes: int) -> None:
        for number in nodes or self._processes:
            self._processes[number].resume()

    def pid(self, node: int = 1) -> int:
        return self._processes[node].pid

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.kill()
        for listeners in self._listeners.values():
            listeners.release()

    def _addresses(self, port: Callable[[Listeners], int]) -> str:
        return ",".join(f"127.0.0.1:{port(listeners)}" for listeners in self._listeners.values())

    def _data(self, node: int) -> Path:
        return self._folder / f"node-{node}"

    def _settings(self, node: int) -> Path:
        return self._folder / f"node-{node}.properties"

    def _process(self, node: int) -> ServerProcess:
        return ServerProcess(self._java("kafka.Kafka", str(self._settings(node))), self._folder / f"node-{node}.log")

    def _java(self, *arguments: str) -> list[str]:
        return [java(), *FLAGS, "-cp", f"{kafka_jars()}/*", *arguments]

    def _format(self, nodes: list[int]) -> None:
        """Make the data directories of `nodes`, as the broker's own tool does it."""
        if not nodes:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        stores = keystore(self.certificate) if self._users else {}
        for number in nodes:
            made = properties(number, self._listeners, self._data(number), self._users)
            lines = {**made, **stores, **self._overrides}
            self._settings(number).write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        with ThreadPoolExecutor(len(nodes)) as pool:
            list(pool.map(self._format_one, nodes))

    def _format_one(self, node: int) -> None:
        users = [f"[name={name},password={word}]" for name, word in self._users.items()]
        scram = [f"--add-scram={mechanism}={user}" for mechanism in SCRAM for user in users]
        tool = self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._settings(node)))
        done = subprocess.run([*tool, *scram], capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(f"Apache Kafka could not format {self._data(node)}: {done.stdout}{done.stderr}")

    def _wait(self, node: int) -> None:
        process = self._processes[node]
        running = sum(each.running for each in self._processes.values())
        try:
            address = f"127.0.0.1:{self._listeners[node].client}"
            wait_until_answering(address, running, lambda: process.running, SECONDS)
        except (RuntimeError, TimeoutError) as error:
            raise RuntimeError(f"Apache Kafka node {node} did not start: {error}\n{process.said()}") from error
