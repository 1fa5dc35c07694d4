"""Lines of the log: what stands in them, what must not, and who is heard."""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import Misuse, Reject, Retry
from schemas.model import Event
from schemas.topics import COMMITS
from streams import logs
from streams.clock import SystemClock
from streams.flow import Flow
from streams.logs import about, configure, without_secrets
from streams.stage import Stage
from tests.samples import REPO, commit, sha
from tests.streams.test_stage import Raw, raw, run

OURS = logging.getLogger("streams.flow")
Written = Callable[[], str]
SECONDS = 30  # the longest that anything here may take


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """What stands on standard error; the loggers are as before afterwards."""
    root = logging.getLogger()
    handlers, loggers = root.handlers[:], [root, *map(logging.getLogger, (*logs.OURS, *logs.SERVICES))]
    levels = [logger.level for logger in loggers]
    root.handlers[:] = []
    yield lambda: capsys.readouterr().err
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def lines(written: Written) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written().splitlines()]


def test_what_a_client_says_again_and_again_is_said_once_in_a_while(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("json", verbose=False)
    client = logging.getLogger("aiokafka")
    for number in range(1000):
        client.error("cannot reach node %d", number)
    client.error("something else")
    OURS.error("ours")
    OURS.error("ours")
    assert [line["message"] for line in lines(written)] == ["cannot reach node 0", "something else", "ours", "ours"]
    monkeypatch.setattr(logs, "SELDOM_SECONDS", 0.0)
    client.error("cannot reach node %d", 1000)
    assert [line["message"] for line in lines(written)] == ["cannot reach node 1000"]


def test_a_json_line_says_when_how_bad_who_and_what(written: Written) -> None:
    configure("json", verbose=False)
    before = datetime.now(UTC)
    OURS.info("read %s records of «%s»\n\udcff", 3, "commits")
    [line] = lines(written)
    at = datetime.fromisoformat(line.pop("time"))
    assert abs((at - before).total_seconds()) < SECONDS
    assert at.utcoffset() == before.utcoffset()
    said = "read 3 records of «commits»\n\udcff"
    assert line == {"level": "info", "logger": "streams.flow", "message": said}


def test_a_line_says_what_it_is_about(written: Written) -> None:
    configure("json", verbose=False)
    with about(stage="models", topic="requests"):
        with about(repo="acme/rocket", sha="a" * 40):
            OURS.info("deep")
        OURS.info("call", extra={"topic": "seals", "event": "e1"})
    OURS.info("nothing")
    names = [{name: line[name] for name in logs.FIELDS if name in line} for line in lines(written)]
    assert names == [
        {"stage": "models", "topic": "requests", "repo": "acme/rocket", "sha": "a" * 40},
        {"stage": "models", "topic": "seals", "event": "e1"},
        {},
    ]


def test_tasks_do_not_mix_what_they_are_about(written: Written) -> None:
    configure("json", verbose=False)

    async def work(name: str, mine: asyncio.Event, others: asyncio.Event) -> None:
        with about(stage=name):
            mine.set()
            await others.wait()
            OURS.info("at work", extra={})

    async def run() -> None:
        one, two = asyncio.Event(), asyncio.Event()
        await asyncio.gather(work("one", one, two), work("two", two, one))

    asyncio.run(run())
    assert sorted(line["stage"] for line in lines(written)) == ["one", "two"]


def test_a_text_line_is_one_line_whatever_it_holds(written: Written) -> None:
    configure("text", verbose=False)
    with about(stage="store"):
        OURS.warning("the title is %s", "x\nERROR streams: forged\x1b[31m\r\x9b")
    [line] = written().splitlines()
    time, _, rest = line.partition(" ")
    assert datetime.fromisoformat(time).tzinfo == UTC
    forged = r"the title is x\x0aERROR streams: forged\x1b[31m\x0d\x9b"
    assert rest == f"WARNING streams.flow: {forged} stage=store"


@pytest.mark.parametrize("format", ["text", "json"])
def test_tracebacks_are_kept_and_hold_no_password(written: Written, format: str) -> None:
    configure(format, verbose=False)
    try:
        raise OSError("clickhouse://ada:s3cret@db:8123 refuses")
    except OSError:
        OURS.exception("kafka://ada:s3cret@[::1]:9092 failed, too")
    said = written()
    assert "test_logs.py" in said
    assert "s3cret" not in said
    assert "clickhouse://ada:***@db:8123 refuses" in said
    assert "kafka://ada:***@[::1]:9092 failed" in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kafka://ada:p@ss:w@host:9092,host2", "kafka://ada:***@host:9092,host2"),
        ("clickhouse://:only@host/db and kafka://a:b@c", "clickhouse://:***@host/db and kafka://a:***@c"),
        ("https://ada@host:8123/a:b@c", "https://ada@host:8123/a:b@c"),
        ("git@github.com:acme/rocket.git", "git@github.com:acme/rocket.git"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
        ("authorization: basic YWRhOnNlY3JldA==", "authorization: ***"),
        ("the key sk-proj-0123456789abcdef is wrong", "the key *** is wrong"),
        ("token ghp_0123456789abcdefghij", "token ***"),
        ("token glpat-0123456789abcdefghij", "token ***"),
        ("key gsk_0123456789abcdefghij", "key ***"),
        ("key=AIzaSyA0123456789abcdefghijklm", "key=***"),
        ("a bearer of news, basic types, risk-averse", "a bearer of news, basic types, risk-averse"),
    ],
)
def test_secrets_are_not_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@pytest.mark.parametrize(("verbose", "ours", "theirs"), [(False, "info", "warning"), (True, "debug", "info")])
def test_we_are_heard_and_others_when_it_matters(written: Written, verbose: bool, ours: str, theirs: str) -> None:
    configure("json", verbose=verbose)
    heard: dict[str, list[str]] = {}
    for name in ("streams.flow", "agents.llm.gate", "reports.aggregator", "faust", "mode", "aiokafka", "httpx"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(name).log(level, "x")
    for line in lines(written):
        heard.setdefault(line["logger"], []).append(line["level"])
    levels = ["debug", "info", "warning", "error"]
    for name, said in heard.items():
        least = ours if name.split(".")[0] in logs.OURS else theirs
        assert said == levels[levels.index(least) :], name
    assert len(heard) == 7


def test_warnings_of_python_are_lines_too(written: Written) -> None:
    configure("json", verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("this will go away", DeprecationWarning, stacklevel=1)
    [line] = lines(written)
    assert line["logger"] == "py.warnings"
    assert "this will go away" in line["message"]


def test_another_format_is_refused() -> None:
    with pytest.raises(Misuse, match="--log-format: 'xml' is no format"):
        configure("xml", verbose=False)


def test_a_stage_tells_of_the_commit_at_hand(written: Written, tmp_path: Path) -> None:
    """Through a real flow: what a handler logs, what is tried again, what is given up."""
    errors = [Retry("busy"), Reject("hopeless")]

    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        logging.getLogger("agents.llm.endpoint").info("asked")
        if errors:
            raise errors.pop(0)
        return ()

    async def run() -> None:
        stage = Stage("analyze", (COMMITS,), handle)
        flow = Flow(f"embedded://{tmp_path / 'log'}", SystemClock(), [stage])
        async with asyncio.timeout(SECONDS):
            await flow.start()
            try:
                await flow.send([commit(1)], source="test")
                await flow.drained()
            finally:
                await flow.stop()

    configure("json", verbose=False)
    asyncio.run(run())
    told = [line for line in lines(written) if "stage" in line]
    batch = {"stage": "analyze", "topic": COMMITS.name}
    subject = {**batch, "repo": REPO, "sha": sha(1), "event": commit(1).id}
    assert [line["message"].partition(" in ")[0] for line in told] == [
        *("asked", "trying again", "asked", "dead letter after 2 tries: Reject: hopeless"),
    ]
    assert [{name: line[name] for name in logs.FIELDS if name in line} for line in told] == [subject] * 4


def test_a_stage_tells_of_the_first_of_a_batch_and_of_each_that_it_gives_up(written: Written) -> None:
    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        logging.getLogger("streams.store").info("%d events", len(events))
        if commit(2) in events:
            raise Reject("hopeless")
        return ()

    configure("json", verbose=False)
    undecodable = replace(raw(4)[0], value=b"{")
    run(handle, [*raw(1, 2, 3), undecodable])
    assert [(line["message"].partition(":")[0], *about_what(line)) for line in lines(written)] == [
        ("dead letter after 1 tries", REPO, sha(4), commit(4).id, None),
        ("3 events", REPO, sha(1), commit(1).id, "3"),
        ("1 events", REPO, sha(1), commit(1).id, None),
        ("1 events", REPO, sha(2), commit(2).id, None),
        ("dead letter after 2 tries", REPO, sha(2), commit(2).id, None),
        ("1 events", REPO, sha(3), commit(3).id, None),
    ]


def about_what(line: dict[str, Any]) -> list[Any]:
    return [line.get(name) for name in ("repo", "sha", "event", "events")]


def test_a_dead_letter_whose_key_names_no_commit_is_told_of_all_the_same(written: Written) -> None:
    configure("json", verbose=False)
    run(
        nothing_fails, [Raw(b"{", {}, key=None), Raw(b"{", {}, key=b"a/b"), Raw(b"{", {}, b"r@s", "commitwire.reports")]
    )
    told = [{name: line[name] for name in logs.FIELDS if name in line} for line in lines(written)]
    known = {"stage": "tested", "topic": COMMITS.name}
    assert told == [known, {**known, "repo": "a/b"}, {**known, "topic": "commitwire.reports"}]


async def nothing_fails(events: Sequence[Event]) -> Sequence[Event]:
    return ()
