"""The log of a long-running process: lines on standard error, for people or for machines, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from schemas.errors import Misuse

FORMATS = ("text", "json")
# what a line is about; `event` is the id of one, the first where `events` says that it is about several
FIELDS = ("stage", "topic", "repo", "sha", "event", "events")
OURS = ("streams", "agents", "reports", "schemas")
SERVICES = ("streams.application", "streams.transports")  # where Faust's classes tell of themselves in our name
SELDOM_SECONDS = 30.0
_about: ContextVar[Mapping[str, str]] = ContextVar("about")
# after the last @ before the host; a user alone is no secret
_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/]*@")
_KEY = re.compile(
    r"(?i)\b(bearer|basic)\s+[\w.~+/-]{8,}=*"
    r"|\b(?:sk|nvapi|gsk|hf|xai|pplx|ghp|gho|ghs|github_pat|glpat)[-_][\w-]{12,}|\bAIza[\w-]{20,}"
)
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def configure(format: str, verbose: bool) -> None:
    """From now on all that is logged goes to standard error like this. Raises Misuse for another format.

    We are heard from INFO on (`verbose`: DEBUG), others from WARNING on (INFO): Faust and the clients of brokers tell
    of every heartbeat.
    """
    if format not in FORMATS:
        raise Misuse(f"--log-format: {format!r} is no format of the log; write text or json")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    handler.addFilter(Seldom())
    logging.basicConfig(handlers=[handler], level=logging.INFO if verbose else logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in SERVICES:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """What is logged meanwhile, in this task, is about this: one or more of FIELDS."""
    token = _about.set({**_about.get({}), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def without_secrets(text: str) -> str:
    """The text without passwords in URLs, credentials of headers, and keys that show what they are."""
    return _KEY.sub("***", _PASSWORD.sub(r"\1:***@", text))


class Seldom(logging.Filter):
    """Of what others say again and again, as clients do while a broker is away, one line in half a minute is enough."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int, str], float] = {}  # logger, level, message without its arguments -> when

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(OURS) and not record.name.startswith(SERVICES):
            return True
        words = record.getMessage() if record.msg == "%s" else str(record.msg)
        key = (record.name, record.levelno, words)
        if record.created - self._said.get(key, 0.0) < SELDOM_SECONDS:
            return False
        recent = {one: at for one, at in self._said.items() if record.created - at < SELDOM_SECONDS}
        self._said = {**recent, key: record.created}  # a new one: other threads may be looking through it
        return True


class Lines(logging.Formatter):
    """What both formats have in common."""

    def fields(self, record: logging.LogRecord) -> dict[str, str]:
        """What the record is about: as its call says, else as its task says."""
        known = {**_about.get({}), **{name: str(getattr(record, name)) for name in FIELDS if hasattr(record, name)}}
        return {name: known[name] for name in FIELDS if name in known}

    def trace(self, record: logging.LogRecord) -> str:
        """The traceback, if there is one."""
        traced = self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        return without_secrets(traced)


class JsonLines(Lines):
    """One JSON object a line, in ASCII; `error` is a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _utc(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            **self.fields(record),
        }
        if traced := self.trace(record):
            line["error"] = traced
        return json.dumps(line)


class TextLines(Lines):
    """A line each, whatever the message holds; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in self.fields(record).items())
        said = f"{record.levelname} {record.name}: {without_secrets(record.getMessage())}{fields}"
        line = f"{_utc(record):%Y-%m-%dT%H:%M:%SZ} {said.translate(_CONTROL)}"
        return "\n".join(filter(None, (line, self.trace(record))))


def _utc(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
