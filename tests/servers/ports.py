"""Ports of loopback that stay one test's own, also while its server is down."""

from __future__ import annotations

import random
import socket

# Below the range from which systems take the source ports of outgoing connections: a client that keeps knocking at a
# server that is down could otherwise be given that very port, and talk to itself.
FIRST, LAST = 20_000, 32_000


class Port:
    """A TCP port that nothing listens on. The UDP port of the same number is held as a sign to other tests."""

    def __init__(self) -> None:
        self.number, self._sign = _reserved()

    def release(self) -> None:
        self._sign.close()


def _reserved() -> tuple[int, socket.socket]:
    for number in random.sample(range(FIRST, LAST), 200):
        sign = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sign.bind(("127.0.0.1", number))
            _must_be_free(number)
        except OSError:
            sign.close()
            continue
        return number, sign
    raise RuntimeError(f"no free port on 127.0.0.1 among 200 tried between {FIRST} and {LAST}")


def _must_be_free(number: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", number))
