"""Records of `commits` that nobody can read: undecodable, of a later version, too large for any of ours."""

from __future__ import annotations

from tests.faults.kafka.watch import Written

LARGE = 20 * 2**20
READERS = 2  # stages that read commits: each makes a dead letter of what it cannot read
TYPE = "ce_type"
OURS = (TYPE, b"commitwire.CommitObserved.v1")
UNREADABLE = (
    Written(b"no event", b"no event", []),
    Written(b"no body", None, [OURS]),
    Written(b"cut", b'{"repo": "github.com/acme/ro', [OURS]),
    Written(b"later", b"{}", [(TYPE, b"commitwire.CommitObserved.v99")]),
    Written(b"large", b"x" * LARGE, [OURS]),
)
