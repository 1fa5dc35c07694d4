"""A small program that is traced: two commits, one with a trace of its own, pass a stage.

python -m tests.streams.traced DIRECTORY

It prints what a batch of both would say of its trace, what each analysis said, and whether OpenTelemetry was imported.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from schemas.commits import CommitObserved
from schemas.envelope import encode
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS
from streams import tracing
from streams.clock import SystemClock
from streams.decoder import Incoming
from streams.flow import Flow
from streams.stage import Stage
from streams.transports.log import Log
from streams.transports.log_reader import LogReader
from tests.samples import AFTER, analyzed, commit

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def analyze(events: Sequence[Event]) -> Sequence[Event]:
    return [analyzed(event) for event in events if isinstance(event, CommitObserved)]


async def run(directory: Path) -> None:
    """The records are on the log before the flow starts."""
    flow = Flow(f"embedded://{directory}", SystemClock(), [Stage("analyze", (COMMITS,), analyze, batch=1)])
    await flow.start()
    await flow.drained()
    await flow.stop()


def main(directory: Path) -> None:
    tracing.configure(os.environ)
    with Log(directory) as log:
        log.create_topic(COMMITS.name)
        for number, header in ((1, {tracing.HEADER: TRACE.encode()}), (2, {})):
            key, body, headers = encode(commit(number), source="test", time=AFTER)
            log.append(COMMITS.name, key, body, headers | header)
    asyncio.run(run(directory))
    with LogReader(directory) as reader:
        commits, analyses = (cast(list[Incoming], list(reader.records(topic.name))) for topic in (COMMITS, ANALYSES))
    with tracing.span("both", commits):
        sys.stdout.write(f"{tracing.headers().get(tracing.HEADER, b'').decode()}\n")
    for record in analyses:
        sys.stdout.write(f"{record.headers.get(tracing.HEADER, b'').decode()}\n")
    sys.stdout.write(f"{'opentelemetry' in sys.modules}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
