"""The example of a subscriber: it knows nothing of this code, and each report becomes one line whatever happens."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer

from reports.inline import inline
from schemas.envelope import encode
from schemas.examples import REPORT, TOUCH
from schemas.model import Event
from tests.samples import AFTER
from tests.servers.records import new_topic
from tests.servers.tansu import Tansu

PROGRAM = Path(__file__).parents[1] / "docs" / "examples" / "subscriber.py"
REPORTS = [REPORT.model_copy(update={"day": REPORT.day + timedelta(days=days)}) for days in range(100)]
REVISED = inline(REPORT.model_copy(update={"revision": 2}), limit=1)
LAST = REPORT.model_copy(update={"revision": 3})


async def publish(broker: Tansu, topic: str, events: Iterable[Event]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    await producer.start()
    try:
        for event in events:
            key, body, headers = encode(event, source="aggregator", time=AFTER)
            await producer.send_and_wait(topic, body, key=key, headers=list(headers.items()))
    finally:
        await producer.stop()


@contextmanager
def subscriber(broker: Tansu, topic: str, file: Path) -> Iterator[Iterator[str]]:
    """The lines that the example prints. It is killed with -9 at the end."""
    command = [sys.executable, str(PROGRAM), broker.bootstrap, str(file), "--topic", topic, "--group", f"of-{topic}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield (line.rstrip("\n") for line in process.stdout)
        finally:
            process.kill()


def test_it_knows_nothing_of_this_code() -> None:
    found: set[str] = set()
    for node in ast.walk(ast.parse(PROGRAM.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    assert {name.partition(".")[0] for name in found} - sys.stdlib_module_names == {"aiokafka"}


def test_each_report_becomes_one_line_also_after_kill_9(tansu: Tansu, tmp_path: Path) -> None:
    file = tmp_path / "reports.txt"
    topic = asyncio.run(new_topic(tansu.bootstrap))
    asyncio.run(publish(tansu, topic, [TOUCH, *REPORTS, *REPORTS[:20]]))
    with subscriber(tansu, topic, file) as lines:
        printed = [next(lines) for _ in range(10)]
    with file.open("ab") as torn:
        torn.write(b"a line that was cut o")
    asyncio.run(publish(tansu, topic, [*REPORTS, REVISED, REVISED, LAST]))
    with subscriber(tansu, topic, file) as lines:
        for line in lines:
            printed.append(line)
            if " r3: " in line:
                break
    kept = file.read_text().splitlines()
    assert [line.split(" ", 1)[0] for line in kept] == [event.id for event in (*REPORTS, REVISED, LAST)]
    assert len(set(printed)) == len(printed)
    assert set(printed) <= {line.split(" ", 1)[1] for line in kept}
    assert printed[0] == "daily 2026-02-11 r1: 1 commits (0 high, 1 medium, 0 low), 0 owed"
    assert "2026-02-11.json among the files, reports/daily/2026-02-11/2 in the store" in kept[-2]
