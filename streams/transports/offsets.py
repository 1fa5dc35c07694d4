"""The offsets of one partition as it is read: what was delivered, what is finished, what may be committed."""

from __future__ import annotations


class Offsets:
    """Finishing may happen in any order; only what has no unfinished record before it may be committed.

    Offsets rise but need not be contiguous: retention, compaction and transactions leave gaps, which count as finished.
    """

    def __init__(self, start: int) -> None:
        self._next = start
        self._open: dict[int, int] = {}  # offset -> bytes, in rising order
        self.bytes = 0  # of the records that are delivered and not finished

    @property
    def records(self) -> int:
        """How many records are delivered and not finished."""
        return len(self._open)

    @property
    def next(self) -> int:
        """The offset after the last one that was delivered."""
        return self._next

    @property
    def committable(self) -> int:
        """The offset to go on from after a crash: that of the first unfinished record."""
        return next(iter(self._open), self._next)

    def deliver(self, offset: int, size: int) -> bool:
        """Note a delivery of `size` bytes. False when this record was delivered before."""
        if offset < self._next:
            return False
        self._next = offset + 1
        self._open[offset] = size
        self.bytes += size
        return True

    def finish(self, offset: int) -> None:
        """Note that a record is finished; one that is not open (of an earlier assignment) is ignored."""
        self.bytes -= self._open.pop(offset, 0)
