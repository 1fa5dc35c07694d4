"""How a process that works for long holds memory: what is freed goes back to the system instead of being kept."""

from __future__ import annotations

import ctypes
import gc
import os

# mallopt(3). To give a threshold at all ends glibc's habit of raising it after each large block.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 128 * 1024  # bytes
_ENGINE = "dirty_decay_ms:0,muzzy_decay_ms:0,narenas:2"  # jemalloc's, inside the embedded ClickHouse


def economise() -> None:
    """To be called before the engine is loaded. Without glibc only Python and the engine heed it."""
    os.environ.setdefault("JE_MALLOC_CONF", _ENGINE)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)
    # Events hold no cycles and modules stay: looking for garbage among them as often as usual costs a tenth.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
