"""Each fault of the wire, over HTTP: retried when it may pass, and told when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from agents.llm.port import Answer, NoAnswer
from tests.agents.llm.asking import asking
from tests.agents.llm.clock import Simulated
from tests.agents.llm.endpoint import Serving, serving
from tests.agents.llm.questions import failing_once, question, refusal

_SECONDS = 0.4  # after which a question counts as not answered


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving() as running:
        # the first question loads the client, which takes longer than the tests wait
        asyncio.run(_warm(running))
        yield running


async def _warm(served: Serving) -> None:
    async with asking(served.url) as endpoint:
        await endpoint.ask(question("warm"))


def ask(served: Serving, faults: str, title: str, clock: Simulated | None = None) -> Answer:
    async def one() -> Answer:
        async with asking(served.url, clock=clock, timeout_seconds=_SECONDS, attempts=3) as endpoint:
            return await endpoint.ask(question(title))

    served.control(faults=faults, reset_stats=True)
    return asyncio.run(one())


def no_answer(served: Serving, faults: str, title: str) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        ask(served, faults, title)
    return caught.value


@pytest.mark.parametrize("kind", ["429", "500", "503", "reset", "cut", "html", "hang"])
def test_what_may_pass_is_tried_again(served: Serving, kind: str) -> None:
    answer = ask(served, f"{kind}:0.5", failing_once(kind))
    assert answer.call.attempts == 2
    assert answer.call.waited > 0
    assert answer.call.error
    assert served.count("requests") == 2


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("500", "500 internal server error"),
        ("503", "503 service unavailable"),
        ("reset", "no connection"),
        ("cut", "no connection"),
        ("html", "502 bad gateway"),
        ("hang", "no answer within 0.4 seconds"),
    ],
)
def test_what_does_not_pass_ends_after_the_attempts(served: Serving, kind: str, words: str) -> None:
    error = no_answer(served, f"{kind}:1.0", f"always {kind}")
    assert error.reason.startswith(words)
    assert "<" not in error.reason
    assert [(call.outcome, call.attempts) for call in error.calls] == [("transient", 3)]
    assert served.count("requests") == 3


def test_refusals_for_the_rate_use_up_patience_but_no_attempts(served: Serving) -> None:
    error = no_answer(served, "429:1.0", "always 429")
    assert error.reason.startswith("429 too many requests")
    assert 3 < error.calls[0].attempts <= 60


@pytest.mark.parametrize(
    ("kind", "words"), [("401", "401 unauthorized"), ("403", "403 forbidden"), ("404", "404 not found")]
)
def test_what_is_permanent_is_not_tried_again(served: Serving, kind: str, words: str) -> None:
    error = no_answer(served, f"{kind}:1.0", f"always {kind}")
    assert error.reason == f"{words}: injected; next try 12:01 UTC"
    assert [(call.outcome, call.attempts) for call in error.calls] == [("permanent", 1)]
    assert served.count("requests") == 1


def test_a_wait_of_an_endpoint_is_kept(served: Serving) -> None:
    clock = Simulated()
    ask(served, "429:0.5", failing_once("keeps"), clock)
    assert clock.slept == [1.0]


def test_three_days_of_403_cost_few_calls_and_end_by_themselves(served: Serving) -> None:
    clock = Simulated()

    async def days() -> list[int]:
        counts = []
        async with asking(served.url, clock=clock) as endpoint:
            await endpoint.ask(question("before"))
            clock.advance(3600)
            await asyncio.to_thread(served.control, faults="403:1.0")
            for _ in range(3):
                await asyncio.to_thread(served.control, reset_stats=True)
                for _ in range(24 * 30):
                    clock.advance(120)
                    # as many as have slots ask at once
                    errors = await asyncio.gather(*(refusal(endpoint.ask(question("c"))) for _ in range(4)))
                    assert all("403 forbidden" in error.reason for error in errors)
                counts.append(await asyncio.to_thread(served.count, "403"))
            await asyncio.to_thread(served.control, faults="")
            clock.advance(7200)
            await endpoint.ask(question("after"))
        return counts

    served.control(faults="", reset_stats=True)
    counts = asyncio.run(days())
    assert all(0 < count < 20 for count in counts)
