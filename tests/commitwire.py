"""The program as its users run it: a process with arguments, output, and an exit code."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.forked import run

SECONDS = 240


@dataclass(frozen=True)
class Result:
    """How a run ended. `lines` is standard output, `err` standard error."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Commitwire:
    """Runs commands in a directory of its own, with a clock that stands still."""

    home: Path
    now: str = "2026-02-12T06:00:00+00:00"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def broker(self) -> str:
        """The URL of the program's broker."""
        return self.environment.get("COMMITWIRE_BROKER", f"embedded://{self.data}/log")

    @property
    def out(self) -> Path:
        return self.home / "out"

    def __call__(self, *arguments: object, code: int | None = 0) -> Result:
        """Run one command. It never shows a traceback; `code` is what it must exit with (None: anything)."""
        result = Result(*run(tuple(map(str, arguments)), self.home, self._environ(), SECONDS))
        assert "Traceback" not in result.err, result.err
        if code is not None:
            assert result.code == code, f"exit {result.code}\n{result.out}{result.err}"
        return result

    def report(self, *arguments: object, code: int | None = 0) -> Result:
        """`commitwire report` on this home's data, in UTC unless the arguments say otherwise."""
        zone = () if "--tz" in arguments else ("--tz", "UTC")
        return self("report", *arguments, *zone, "--data", self.data, "--out", self.out, code=code)

    def event(self, day: str, name: str = "daily") -> dict[str, Any]:
        """The report event of a day as it stands in its file."""
        found: dict[str, Any] = json.loads((self.out / name / f"{day}.json").read_text())
        return found

    def markdown(self, day: str, language: str = "zh-CN", name: str = "daily") -> str:
        return (self.out / name / f"{day}.{language}.md").read_text()

    def sql(self, query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self("sql", query, "--format", "json", "--data", self.data).out)
        return rows

    def tell_time(self) -> Path:
        """Set the clock to `now`, at once for processes that run: they never see half of an instant. Its file."""
        clock = self.home / "clock"
        new = clock.with_suffix(".new")
        new.write_text(self.now)
        return new.replace(clock)

    def _environ(self) -> dict[str, str]:
        clock = self.tell_time()
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("COMMITWIRE_", "GIT_", "OPENAI_"))
        }
        return {**kept, "COMMITWIRE_CLOCK": str(clock), "PYTHONUNBUFFERED": "1", **self.environment}
