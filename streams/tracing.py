"""Spans for OpenTelemetry, one per handled batch, and the traces of events. Unless asked for, nothing is imported."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from streams.decoder import Incoming

ASKED_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
HEADER = "ce_traceparent"  # CloudEvents: the attribute `traceparent` of the distributed tracing extension
_log = logging.getLogger(__name__)
_trace: Any = None  # opentelemetry.trace, once it is configured
_form: Any = None  # how a trace stands in headers


def configure(environ: Mapping[str, str]) -> None:
    """Send spans to where the environment says, if it does; what else it says is OpenTelemetry's business."""
    global _trace, _form
    if not any(environ.get(name) for name in ASKED_BY):
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError:
        _log.warning("OpenTelemetry has an endpoint, but is not installed: pip install 'commitwire[otel]'")
        return
    name = environ.get("OTEL_SERVICE_NAME", "commitwire")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _trace, _form = trace, TraceContextTextMapPropagator()


@contextmanager
def span(stage: str, records: Sequence[Incoming]) -> Iterator[None]:
    """A stage handles these records: in the trace of a single one, linked to the traces of several."""
    if _trace is None:
        yield
        return
    traces = [_form.extract({"traceparent": _said(record)}) for record in records]
    contexts = [_trace.get_current_span(one).get_span_context() for one in traces]
    told = {"stage": stage, "topics": sorted({record.topic for record in records}), "events": len(records)}
    alone = traces[0] if len(traces) == 1 else None
    links = [_trace.Link(one) for one in contexts if one.is_valid and alone is None]
    tracer = _trace.get_tracer("commitwire")
    with tracer.start_as_current_span(stage, alone, _trace.SpanKind.CONSUMER, told, links):
        yield


def headers() -> dict[str, bytes]:
    """What is said now belongs to the trace of the span at hand: the header that says so, if there is one."""
    carrier: dict[str, str] = {}
    if _trace is not None:
        _form.inject(carrier)
    return {HEADER: carrier["traceparent"].encode()} if carrier else {}


def _said(record: Incoming) -> str:
    return bytes(dict(record.headers or {}).get(HEADER, b"")).decode("ascii", "replace")
