"""The process of a ClickHouse server: the engine of a shared library, listening until SIGTERM.

python clickhouse_engine.py LIBRARY CONFIG DATA HTTP_PORT TCP_PORT
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

STATEMENTS = (
    "SYSTEM START LISTEN TCP",
    "SYSTEM START LISTEN HTTP",  # last: who has waited for it may use both
    "SELECT * FROM file('stdin', 'LineAsString', 'line String') FORMAT Null",  # lasts as long as the input
)


class Result(ctypes.Structure):
    """What the library returns."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("owner", ctypes.c_void_p),
        ("seconds", ctypes.c_double),
        ("rows", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("error", ctypes.c_char_p),
    )


def serve(library: str, config: str, data: str, http_port: str, tcp_port: str) -> None:
    """Serve until the standard input ends, then end the process; what the library does at its exit is of no use."""
    run = ctypes.CDLL(library).query_stable_v2
    run.restype = ctypes.POINTER(Result)
    arguments = [
        "clickhouse",
        f"--config-file={config}",
        f"--path={data}",
        "--listen_host=127.0.0.1",
        f"--http_port={http_port}",
        f"--tcp_port={tcp_port}",
        "--multiquery",
        f"--query={'; '.join(STATEMENTS)}",
    ]
    result = run(len(arguments), (ctypes.c_char_p * len(arguments))(*(one.encode() for one in arguments)))
    error = result.contents.error if result else b"the engine returned nothing"
    os.write(2, error or b"")
    os._exit(1 if error else 0)


def main() -> None:
    # all threads leave SIGTERM to this one
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    engine = threading.Thread(target=serve, args=sys.argv[1:])
    engine.start()
    signal.sigwait({signal.SIGTERM})
    os.close(writing)
    engine.join()


if __name__ == "__main__":
    main()
