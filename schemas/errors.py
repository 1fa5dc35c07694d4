"""The error tree, named by what the caller does.

CommitwireError
├── Retry                   try again after a while, the same call may succeed
├── Reject                  this one event is hopeless: dead-letter it, go on with the next
│   ├── Undecodable         its bytes are not what the topic carries
│   └── TooNew              its schema version is newer than this program
├── SourceFailed            a source cannot be collected now: seal the day with the reason
└── Stop                    the process cannot go on; one sentence says why and what to do
    ├── Misuse              options, configuration or data directory in use (exit 2)
    │   ├── DataInUse       another process owns the data directory
    │   └── Conflict        a name is bound to another definition
    ├── DiskFull            no room left; nothing acknowledged was lost
    ├── CorruptData         a file of ours cannot be read, or is not ours
    └── TooManyFailures     most events fail: stopping beats emptying a topic into the dead letters
"""

from __future__ import annotations


class CommitwireError(Exception):
    """The root. Every message is one clear sentence for a person."""


class Retry(CommitwireError):
    pass


class Reject(CommitwireError):
    pass


class Undecodable(Reject):
    pass


class TooNew(Reject):
    pass


class SourceFailed(CommitwireError):
    pass


class Stop(CommitwireError):
    exit_code = 1


class Misuse(Stop):
    exit_code = 2


class DataInUse(Misuse):
    pass


class Conflict(Misuse):
    pass


class DiskFull(Stop):
    pass


class CorruptData(Stop):
    pass


class TooManyFailures(Stop):
    pass
