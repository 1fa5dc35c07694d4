"""What a process has done and what waits, for Prometheus. docs/operations.md says what to make of each metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from schemas.analyses import Call
from streams.survey import Findings, Survey

SECONDS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300)
EVENTS = (1, 5, 20, 100, 500, 1500)
_MILLION = 1_000_000


def _nothing() -> Mapping[str, int]:
    return {}


class Metrics:
    """Implements Meter. Has a registry of its own: two in one process do not know of each other.

    Read when somebody asks: `lag` (unfinished records by topic), `windows` (reports that are not published yet, by
    state) and `survey` (what the store knows). `now` is the clock of the reports.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.lag = self.windows = _nothing
        self.survey: Survey | None = None
        self._now = now
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="commitwire", registry=self._registry)
        self._registry.register(_Present(self._present))
        Info("commitwire_build", "The version that runs.", registry=self._registry).info(
            {"version": version("commitwire")}
        )
        self._count_events()
        self._count_models()
        self._count_sources()

    def _count_events(self) -> None:
        self._in = self._counter("events_in", "Records that a stage is done with.", "stage", "topic")
        self._out = self._counter("events_out", "Records that a stage or a source said.", "stage", "topic")
        self._seconds = self._histogram("handling_seconds", "How long a stage had a batch at hand.", SECONDS, "stage")
        self._events = self._histogram("batch_events", "Events that a stage had at hand at once.", EVENTS, "stage")
        self._repeats = self._counter("retries", "Batches that were tried once more.", "stage")
        self._buried = self._counter("dead_letters", "Events that a stage gave up.", "stage")

    def _count_models(self) -> None:
        model = ("endpoint", "model")
        self._calls = self._counter("model_calls", "Questions to models, by what came of them.", *model, "outcome")
        self._answers = self._histogram("model_call_seconds", "How long questions to models took.", SECONDS, *model)
        self._tokens = self._counter("model_tokens", "Tokens of questions and answers.", *model, "direction")
        self._money = self._counter("model_money", "What models cost, in the currency of their prices.", *model)

    def _count_sources(self) -> None:
        self._collections = self._counter("collections", "Times that a source was looked at, by outcome.", "outcome")
        for outcome in ("good", "failed"):
            self._collections.labels(outcome)
        self._failing = Gauge(
            "commitwire_failing_sources", "Sources that could not be read last time.", registry=self._registry
        )

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"commitwire_{name}", words, labels, registry=self._registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"commitwire_{name}", words, labels, buckets=buckets, registry=self._registry)

    # -- as a Meter

    def begins(self, stage: str) -> None:
        """Its counters begin at nothing: a rise from no counter at all to one would not be seen as a rise."""
        self._repeats.labels(stage)
        self._buried.labels(stage)

    def tried(self, stage: str, events: int, seconds: float) -> None:
        self._seconds.labels(stage).observe(seconds)
        self._events.labels(stage).observe(events)

    def repeats(self, stage: str) -> None:
        self._repeats.labels(stage).inc()

    def buried(self, stage: str) -> None:
        self._buried.labels(stage).inc()

    def handled(self, stage: str, topics: Mapping[str, int]) -> None:
        for topic, records in topics.items():
            self._in.labels(stage, topic).inc(records)

    def said(self, source: str, topics: Mapping[str, int]) -> None:
        for topic, records in topics.items():
            self._out.labels(source, topic).inc(records)

    def called(self, call: Call) -> None:
        model = (call.endpoint, call.model)
        self._calls.labels(*model, call.outcome).inc()
        self._answers.labels(*model).observe(call.seconds)
        self._tokens.labels(*model, "asked").inc(call.prompt_tokens)
        self._tokens.labels(*model, "answered").inc(call.completion_tokens)
        self._money.labels(*model).inc(call.cost / _MILLION)

    def collected(self, good: int, failed: int) -> None:
        self._collections.labels("good").inc(good)
        self._collections.labels("failed").inc(failed)
        self._failing.set(failed)

    # -- for those who ask

    async def page(self, accept: str) -> tuple[bytes, str]:
        """All metrics in the form that an Accept header prefers, and the content type of that form."""
        if self.survey is not None:
            await self.survey.refresh()
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    async def stop(self) -> None:
        """Ask the store no more."""
        if self.survey is not None:
            await self.survey.stop()

    def _present(self) -> Iterator[Metric]:
        """What is not counted but read off, now."""
        yield _by("lag_events", "Records that are not done yet.", "topic", self.lag())
        findings = self.survey.findings if self.survey is not None else None
        published = {"published": sum(one.days for one in findings.reports)} if findings else {}
        yield _by("windows", "Days of reports, by state.", "state", {**self.windows(), **published})
        if self.survey is not None:
            words = "Time since the store said what it knows."
            yield GaugeMetricFamily("commitwire_survey_age_seconds", words, self.survey.age)
        if findings is not None:
            yield from self._found(findings)

    def _found(self, findings: Findings) -> Iterator[Metric]:
        yield GaugeMetricFamily("commitwire_owed_analyses", "Analyses that are owed.", findings.owed)
        ages = {one.definition: (self._now() - one.newest).total_seconds() for one in findings.reports}
        yield _by("report_age_seconds", "Time since the newest revision of a report.", "definition", ages)


class _Present:
    """A collector as the registry wants it."""

    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self.collect = collect

    def describe(self) -> list[Metric]:
        """Nothing: the registry would collect instead, before there is anything."""
        return []


def _by(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"commitwire_{name}", words, labels=[label])
    for value in values:
        family.add_metric([value], values[value])
    return family
