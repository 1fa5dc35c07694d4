"""From the last seal of a day to its report files, on the embedded log and on Apache Kafka with a ClickHouse server.

python -m benchmarks.closing REPOSITORY [--repetitions 5]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import main
from benchmarks.pipeline import days_of
from streams.transports.reading import reader
from tests.servers.clickhouse import ClickHouse, fresh_database
from tests.servers.kafka import Kafka


def seconds(repository: Path, home: Path, environment: dict[str, str]) -> float:
    """Between the record of the seal and the last of the files, of the newest day of a repository."""
    _, day = days_of(repository, 50)
    places = ["--data", str(home / "data"), "--out", str(home / "out")]
    command = [sys.executable, "-c", "from streams.cli import main; main()", "report", str(repository)]
    done = subprocess.run(
        [*command, "--tz", "UTC", "--date", str(day), "-q", *places],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    with reader(environment.get("COMMITWIRE_BROKER", f"embedded://{home}/data/log")) as topics:
        (seal,) = topics.records("commitwire.seals")
    return max(Path(path).stat().st_mtime for path in done.stdout.splitlines()) - seal.timestamp


def measure(repository: Path, repetitions: int = 5) -> str:
    """The medians, in seconds."""
    embedded, served = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Kafka(Path(folder) / "kafka") as kafka,
        ClickHouse(Path(folder) / "clickhouse") as clickhouse,
    ):
        for turn in range(repetitions):
            servers = {
                "COMMITWIRE_BROKER": f"kafka://{kafka.bootstrap}/turn{turn}",
                "COMMITWIRE_STORE": clickhouse.url(fresh_database()),
            }
            embedded.append(seconds(repository, Path(folder) / f"embedded{turn}", {}))
            served.append(seconds(repository, Path(folder) / f"served{turn}", servers))
    return f"{statistics.median(embedded):.2f} s embedded, {statistics.median(served):.2f} s on Kafka and ClickHouse"


if __name__ == "__main__":
    main(measure, __doc__)
