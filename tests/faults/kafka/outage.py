"""A server that dies and comes back, again and again, and then is away for long."""

from __future__ import annotations

import random
import time
from typing import Protocol

from tests.faults.conftest import REDUCED
from tests.faults.kafka.record import Record, moments

AWAY_SECONDS = 10 if REDUCED else 120
ABSENCES = 3 if REDUCED else 1


class Server(Protocol):
    def kill(self) -> None: ...

    def start(self) -> None: ...


def strike(record: Record, server: Server, name: str, draw: random.Random) -> None:
    """Under two workers."""
    organisation = record.organisation
    organisation.begin(workers=2)
    for moment in moments(draw, 3):
        organisation.until_said(moment)
        with record.strike(f"{name} killed with -9 and started again"):
            server.kill()
            server.start()
    for _ in range(ABSENCES):
        with record.strike(f"{name} away for {AWAY_SECONDS} s"):
            server.kill()
            time.sleep(AWAY_SECONDS)
            server.start()
