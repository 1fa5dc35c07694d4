"""Traces through a flow, as a collector of OpenTelemetry receives them; and that nobody pays who did not ask."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schemas.topics import COMMITS
from streams.tracing import ASKED_BY
from tests.streams.traced import TRACE

ROOT = Path(__file__).parents[2]
SECONDS = 60  # the longest that the program may take


class Collector(HTTPServer):
    """Keeps the spans that are sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.spans: list[Span] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Receiving(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def traced(directory: Path, **environment: str) -> list[str]:
    """What tests.streams.traced prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    command = [sys.executable, "-m", "tests.streams.traced", str(directory / "log")]
    environment = {**kept, "NO_PROXY": "*", "OTEL_EXPORTER_OTLP_COMPRESSION": "none", **environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_batch_is_a_span_and_what_is_said_belongs_to_it(collector: Collector, tmp_path: Path) -> None:
    both, first, second, imported = traced(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    spans = {span.span_id.hex(): span for span in collector.spans}
    assert len(spans) == 3
    assert imported == "True"
    one, other, together = (spans[header.split("-")[2]] for header in (first, second, both))
    _, trace, parent, _ = TRACE.split("-")
    assert (one.name, one.trace_id.hex(), one.parent_span_id.hex()) == ("analyze", trace, parent)
    assert (other.name, other.parent_span_id.hex()) == ("analyze", "")
    assert other.trace_id.hex() not in (trace, together.trace_id.hex())
    assert [link.span_id.hex() for link in together.links] == [parent]
    told = {attribute.key: attribute.value for attribute in one.attributes}
    assert told["stage"].string_value == "analyze"
    assert told["events"].int_value == 1
    assert [value.string_value for value in told["topics"].array_value.values] == [COMMITS.name]


def test_unasked_nothing_is_imported_and_nothing_is_said(tmp_path: Path) -> None:
    assert traced(tmp_path) == ["", "", "", "False"]


@pytest.mark.parametrize("name", ASKED_BY)
def test_without_the_library_the_flow_goes_on(name: str, tmp_path: Path) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    assert traced(tmp_path, PYTHONPATH=path, PYTHONSAFEPATH="1", **{name: "http://127.0.0.1:9"})[:3] == ["", "", ""]
