"""What a process counts, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2 as httpx
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from agents.llm.settings import EndpointSettings
from schemas.analyses import AnalysisRequested
from schemas.commits import CommitObserved
from schemas.errors import Reject, Retry
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS, DEAD_LETTERS, SCORES
from streams import survey
from streams.clock import SystemClock
from streams.config import Settings
from streams.flow import Flow
from streams.listener import Listener
from streams.metrics import Metrics
from streams.models import Models
from streams.stage import Stage
from streams.store.question import Table
from streams.store.store import Store
from streams.survey import APART_SECONDS, OWED, SHARE, Survey
from streams.transports import kafka as transport
from tests.agents.llm.endpoint import serving
from tests.samples import AFTER, analyzed, commit, scored
from tests.servers.brokers import new_namespace
from tests.servers.kafka import Kafka
from tests.streams.started import started
from tests.streams.store import history

SECONDS = 60  # the longest that anything here may take
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
Samples = dict[tuple[str, ...], float]  # (name, values of the labels in the order of their names) -> value


@asynccontextmanager
async def listening(metrics: Metrics) -> AsyncIterator[httpx.AsyncClient]:
    listener = Listener("127.0.0.1", 0, "", metrics, [])
    await listener.start()
    try:
        async with httpx.AsyncClient(base_url=listener.url, trust_env=False, timeout=SECONDS) as client:
            yield client
    finally:
        await listener.stop()


async def scraped(client: httpx.AsyncClient) -> Samples:
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return samples(response.text)


def samples(page: str) -> Samples:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in plain(page)
        for sample in family.samples
    }


async def page(metrics: Metrics) -> Samples:
    return samples((await metrics.page(""))[0].decode())


def commits(count: int) -> list[CommitObserved]:
    return [commit(number) for number in range(count)]


def stages() -> list[Stage]:
    """One that gives up the first commit and asks for patience at the second, and one that reads its results."""
    busy = [Retry("busy")]

    async def analyze(events: Sequence[Event]) -> Sequence[Event]:
        seen = [event for event in events if isinstance(event, CommitObserved)]
        if commit(0) in seen:
            raise Reject("hopeless")
        if commit(1) in seen and busy:
            raise busy.pop()
        return [said for one in seen for said in (analyzed(one), scored(one))]

    async def keep(events: Sequence[Event]) -> Sequence[Event]:
        return ()

    return [Stage("analyze", (COMMITS,), analyze), Stage("keep", (ANALYSES, SCORES), keep)]


def test_a_flow_counts_what_goes_in_and_out_and_what_fails(tmp_path: Path) -> None:
    async def run() -> None:
        metrics = Metrics(SystemClock().now)
        flow = Flow(f"embedded://{tmp_path / 'log'}", SystemClock(), stages(), meter=metrics)
        async with asyncio.timeout(SECONDS), listening(metrics) as client:
            await flow.start()
            try:
                metrics.lag = flow.lag
                begun = await scraped(client)
                assert begun["commitwire_dead_letters_total", "analyze"] == 0
                assert begun["commitwire_lag_events", COMMITS.name] == 0
                await flow.send(commits(30), source="test")
                await flow.drained()
                check(await scraped(client))
            finally:
                await flow.stop()

    asyncio.run(run())


def check(said: Samples) -> None:
    assert said["commitwire_events_out_total", "test", COMMITS.name] == 30
    assert said["commitwire_events_in_total", "analyze", COMMITS.name] == 30
    assert said["commitwire_events_out_total", "analyze", ANALYSES.name] == 29
    assert said["commitwire_events_out_total", "analyze", DEAD_LETTERS.name] == 1
    assert said["commitwire_events_in_total", "keep", ANALYSES.name] == 29
    assert said["commitwire_events_in_total", "keep", SCORES.name] == 29
    assert said["commitwire_dead_letters_total", "analyze"] == 1
    assert said["commitwire_dead_letters_total", "keep"] == 0
    assert said["commitwire_retries_total", "analyze"] == 1
    assert said["commitwire_lag_events", COMMITS.name] == said["commitwire_lag_events", ANALYSES.name] == 0
    tries = said["commitwire_handling_seconds_count", "analyze"]
    assert tries >= 30, "the batch of the culprit is handled one by one"
    assert said["commitwire_batch_events_count", "analyze"] == tries
    assert said["commitwire_batch_events_sum", "analyze"] >= 30
    assert said["commitwire_handling_seconds_sum", "analyze"] > 0


def test_unfinished_records_are_lag(tmp_path: Path) -> None:
    async def run() -> None:
        begun, may_go_on = asyncio.Event(), asyncio.Event()

        async def slow(events: Sequence[Event]) -> Sequence[Event]:
            begun.set()
            await may_go_on.wait()
            return ()

        metrics = Metrics(SystemClock().now)
        flow = Flow(f"embedded://{tmp_path / 'log'}", SystemClock(), [Stage("slow", (COMMITS,), slow)], meter=metrics)
        async with asyncio.timeout(SECONDS):
            await flow.start()
            metrics.lag = flow.lag
            try:
                await flow.send(commits(7), source="test")
                await begun.wait()
                said = await page(metrics)
                assert said["commitwire_lag_events", COMMITS.name] == 7
                assert ("commitwire_events_in_total", "slow", COMMITS.name) not in said
            finally:
                may_go_on.set()
                await flow.stop()

    asyncio.run(run())


def test_what_a_full_partition_does_not_fetch_is_lag(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others go on sending while a stage is stuck, and it falls behind."""
    monkeypatch.setattr(transport, "ENDS_SECONDS", 0.2)
    many = 2 * transport.UNFINISHED_RECORDS

    async def run() -> None:
        may_go_on = asyncio.Event()

        async def stuck(events: Sequence[Event]) -> Sequence[Event]:
            await may_go_on.wait()
            return ()

        url, metrics = new_namespace(kafka), Metrics(SystemClock().now)
        async with started(Flow(url, SystemClock(), [Stage("stuck", (COMMITS,), stuck)]), SECONDS) as flow:
            metrics.lag = flow.lag
            async with started(Flow(url, SystemClock(), []), SECONDS) as others:
                for sent in (many, 2 * many, 3 * many):
                    await others.send(commits(sent)[-many:], source="test")
                    await until_lag(metrics, sent)
            may_go_on.set()
            await until_lag(metrics, 0)

    asyncio.run(run())


async def until_lag(metrics: Metrics, records: int) -> None:
    while (await page(metrics))["commitwire_lag_events", COMMITS.name] != records:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def test_a_model_that_is_asked_is_counted_with_what_it_costs(tmp_path: Path) -> None:
    async def run() -> None:
        metrics = Metrics(SystemClock().now)
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        try:
            with serving() as endpoint:
                settings = EndpointSettings(url=endpoint.url, model="m", input_price=2.0, output_price=4.0, name="ours")
                models = await Models.of([settings], store, SystemClock(), Settings(), lambda _: None, metrics)
                seen = commit(1)
                await store.write([seen, analyzed(seen)])
                told = await models.analyze([request(seen)])
                await models.close()
            await store.write(told)
            check_model(await page(metrics), *await store.spent(SystemClock().now().date()))
            assert await models.analyze([request(seen)]) == list(told), "what is stored is not asked for again"
            assert (await page(metrics))["commitwire_model_calls_total", "ours", "m", "good"] == 1
        finally:
            await store.close()

    asyncio.run(run())


def request(seen: CommitObserved) -> AnalysisRequested:
    key = {"repo": seen.repo, "sha": seen.sha, "committed_at": seen.committed_at}
    asked = {"language": "en", "depth": "brief", "reason": "first", "round": 2_000_001}
    return AnalysisRequested.model_validate({**key, **asked})


def check_model(said: Samples, tokens: int, cost: int) -> None:
    assert said["commitwire_model_calls_total", "ours", "m", "good"] == 1
    assert said["commitwire_model_call_seconds_count", "ours", "m"] == 1
    counted = [said["commitwire_model_tokens_total", way, "ours", "m"] for way in ("asked", "answered")]
    assert sum(counted) == tokens > 0
    assert min(counted) > 0
    assert said["commitwire_model_money_total", "ours", "m"] == pytest.approx(cost / 1_000_000)


def test_collections_are_counted() -> None:
    async def run() -> None:
        metrics = Metrics(SystemClock().now)
        assert (await page(metrics))["commitwire_collections_total", "failed"] == 0
        metrics.collected(good=3, failed=2)
        metrics.collected(good=4, failed=1)
        said = await page(metrics)
        assert said["commitwire_collections_total", "good"] == 7
        assert said["commitwire_collections_total", "failed"] == 3
        assert said[("commitwire_failing_sources",)] == 1

    asyncio.run(run())


def test_two_processes_in_one_do_not_mix() -> None:
    async def run() -> None:
        ours, theirs = Metrics(SystemClock().now), Metrics(SystemClock().now)
        ours.buried("analyze")
        assert ("commitwire_dead_letters_total", "analyze") not in await page(theirs)

    asyncio.run(run())


def test_openmetrics_is_served_to_those_who_prefer_it() -> None:
    async def run() -> None:
        metrics = Metrics(SystemClock().now)
        metrics.begins("analyze")
        async with listening(metrics) as client:
            response = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
            assert response.headers["Content-Type"].startswith("application/openmetrics-text")
            assert names(response.text) >= {"commitwire_retries", "commitwire_build"}

    asyncio.run(run())


def names(page: str) -> set[str]:
    families: Iterable[Metric] = openmetrics(page)  # type: ignore[no-untyped-call]
    return {family.name for family in families}


# -- what the store knows


def test_the_store_tells_what_is_owed_and_published(tmp_path: Path) -> None:
    async def run() -> None:
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        try:
            seen = [history.commit("github.com/acme/rocket", number) for number in range(3)]
            debts = [history.owed(one, 1) for one in seen]
            await store.write([*seen, *debts, *debts])
            first, second = AFTER.date(), AFTER.date() + timedelta(days=1)
            reports = [history.report(first, 1), history.report(first, 2), history.report(second, 1)]
            await store.save_reports(reports, {one.day: one.revision for one in reports})
            newest = max(report.published_at for report in reports)
            metrics = Metrics(lambda: newest + timedelta(hours=5))
            metrics.survey, metrics.windows = Survey(store), lambda: {"waiting": 4, "held": 1}
            found = await surveyed(metrics)
            await metrics.stop()
        finally:
            await store.close()
        assert found[("commitwire_owed_analyses",)] == 3
        assert found["commitwire_report_age_seconds", "daily"] == 5 * 3_600
        assert [found["commitwire_windows", state] for state in ("waiting", "held", "published")] == [4, 1, 2]
        assert found[("commitwire_survey_age_seconds",)] >= 0

    asyncio.run(run())


async def surveyed(metrics: Metrics) -> Samples:
    """A page with findings: a first answer of the embedded engine may take longer than a page waits for it."""
    async with asyncio.timeout(SECONDS):
        while ("commitwire_owed_analyses",) not in (said := await page(metrics)):
            pass
    return said


class Timed:
    """Answers after `takes` seconds, by a clock that stands still otherwise; counts how often it was asked."""

    def __init__(self, takes: float = 0.0) -> None:
        self.now, self.takes, self.asked = 1_000.0, takes, 0
        self.error: Exception | None = None

    def seconds(self) -> float:
        return self.now

    async def select(self, sql: str, limit_rows: int | None = None) -> Table:
        self.asked += sql == OWED
        self.now += self.takes / 2
        if self.error:
            raise self.error
        return Table(["count()"], [(7,)]) if sql == OWED else Table([], [])


@pytest.mark.parametrize(("takes", "apart"), [(0.0, APART_SECONDS), (4.0, 4.0 * SHARE)])
def test_the_store_is_asked_now_and_then(takes: float, apart: float) -> None:
    async def run() -> None:
        store = Timed(takes)
        asking = Survey(store, store.seconds)
        for _ in range(3):
            await asking.refresh()
        assert store.asked == 1
        store.now += apart - 0.1
        await asking.refresh()
        assert store.asked == 1
        store.now += 0.2
        await asking.refresh()
        assert store.asked == 2

    asyncio.run(run())


def test_a_store_that_fails_leaves_what_was_known(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        store = Timed()
        asking = Survey(store, store.seconds)
        await asking.refresh()
        store.error, store.now = Retry("db:8123 does not answer"), store.now + APART_SECONDS
        await asking.refresh()
        assert store.asked == 2
        assert asking.findings is not None
        assert (asking.findings.owed, asking.findings.found_at) == (7, 1_000.0)

    asyncio.run(run())
    assert "db:8123 does not answer" in caplog.text


def test_a_store_that_does_not_answer_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "PATIENCE_SECONDS", 0.01)

    class Silent(Timed):
        async def select(self, sql: str, limit_rows: int | None = None) -> Table:
            self.asked += 1
            await asyncio.Event().wait()
            raise AssertionError

    async def run() -> None:
        store = Silent()
        metrics = Metrics(SystemClock().now)
        metrics.survey = Survey(store, store.seconds)
        async with asyncio.timeout(SECONDS):
            for _ in range(3):
                assert ("commitwire_owed_analyses",) not in await page(metrics)
            await metrics.stop()
        await metrics.survey.refresh()
        assert store.asked == 1

    asyncio.run(run())


# -- the documentation


def documented() -> set[str]:
    return set(re.findall(r"^\| `(commitwire_\w+)", OPERATIONS.read_text(), re.MULTILINE))


def test_every_metric_is_documented_and_the_reverse() -> None:
    async def run() -> set[str]:
        metrics = Metrics(SystemClock().now)
        store = Timed()
        metrics.survey = Survey(store, store.seconds)
        text = (await metrics.page(""))[0].decode()
        return {full_name(family) for family in plain(text) if not family.name.endswith("_created")}

    assert documented() == asyncio.run(run())


def full_name(family: Metric) -> str:
    """As one writes it in a query."""
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_every_alert_asks_for_metrics_that_exist() -> None:
    asked = re.findall(
        r"\bcommitwire_\w+", "\n".join(re.findall(r"^```yaml\n(.*?)^```", OPERATIONS.read_text(), re.M | re.S))
    )
    assert asked
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in asked} <= documented()
