"""What a run leaves behind, as its readers see it: the report files and the rows of every view."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.commitwire import SECONDS, Commitwire

View = list[dict[str, Any]]


@dataclass(frozen=True)
class Traces:
    """`files` by their path below the directory of the reports, `views` by name."""

    files: dict[str, bytes]
    views: dict[str, View]

    def differences(self, other: Traces) -> list[str]:
        """The files and views that are not equal, each with the first thing that only one of them has."""
        return [
            *(
                f"{name}: {_first(self.files.get(name), other.files.get(name))}"
                for name in _unequal(self.files, other.files)
            ),
            *(f"{name}: {_only(self.views[name], other.views[name])}" for name in _unequal(self.views, other.views)),
        ]


def traces(home: Commitwire) -> Traces:
    """What the runs in this home left behind. Homes may differ: their paths are written as HOME."""
    files = {str(path.relative_to(home.out)): path.read_bytes() for path in home.out.rglob("*") if path.is_file()}
    return Traces(files, views(home))


def views(home: Commitwire) -> dict[str, View]:
    """The rows of every view of the home's store; a store that is not there is begun."""
    command = [sys.executable, "-m", "tests.faults.views", f"chdb://{home.data}/store"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, View] = json.loads(done.stdout.replace(str(home.home), "HOME"))
    return found


def _dump(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _unequal(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _first(one: bytes | None, other: bytes | None) -> str:
    if one is None or other is None:
        return "there" if one is not None else "only in the other"
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"{a[:200]!r} and {b[:200]!r}" for a, b in lines if a != b), "one is longer")


def _only(one: View, other: View) -> str:
    ours, theirs = ({_dump(row) for row in rows} for rows in (one, other))
    found = next(iter(ours ^ theirs), b"rows are repeated")
    return f"{len(one)} and {len(other)} rows, one has {found[:300]!r}"
