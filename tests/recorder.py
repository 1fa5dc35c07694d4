"""An HTTP proxy before an endpoint that keeps every request: what really leaves the machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_PASSED_ON = ("content-type", "authorization", "retry-after")


class Recorder:
    """A running proxy. `url` is what a client is configured with; `bodies` are those of the requests, `paths` where
    they went and `keys` with which authorization."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[str] = []
        self.paths: list[str] = []
        self.keys: list[str] = []

    @property
    def prompts(self) -> list[str]:
        """All that models read, question by question."""
        asked: list[dict[str, Any]] = [json.loads(body) for body in self.bodies if body]
        return ["\n".join(str(message["content"]) for message in one["messages"]) for one in asked]


@contextmanager
def recording(url: str) -> Iterator[Recorder]:
    """A proxy before the endpoint at `url`."""
    target = urlsplit(url)
    recorder: Recorder

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on("GET")

        def do_POST(self) -> None:
            self._pass_on("POST")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at the requests themselves."""

        def _pass_on(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            recorder.paths.append(self.path)
            recorder.bodies.append(body.decode())
            recorder.keys.append(self.headers.get("authorization") or "")
            assert target.hostname is not None
            connection = HTTPConnection(target.hostname, target.port, timeout=60)
            kept = {name: value for name, value in self.headers.items() if name.lower() in _PASSED_ON}
            connection.request(method, self.path, body, kept)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() in _PASSED_ON:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder = Recorder(f"http://127.0.0.1:{server.server_port}/v1")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
