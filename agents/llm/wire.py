"""What can go wrong on the wire, named by what is done about it.

WireError
├── Transient           the same request may succeed a little later
│   └── Limited         refused for its rate; the endpoint itself is well
├── Permanent           it will not
│   ├── Denied          nor will any other: the key, the model, the address, the account
│   └── Rejected        this request is at fault
├── Oversized           the request is longer than the model reads
├── FormatRefused       the endpoint does not know this `response_format`
└── Unsupported         the endpoint does not know this parameter, or not this value of it
"""

from __future__ import annotations


class WireError(Exception):
    """The root. The message is one short line without keys."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Transient(WireError):
    """`retry_after`: the seconds that the endpoint asks to wait, if it does."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Limited(Transient):
    pass


class Permanent(WireError):
    pass


class Denied(Permanent):
    pass


class Rejected(Permanent):
    pass


class Oversized(WireError):
    """`limit`: how many tokens the model reads, if the endpoint says so."""

    def __init__(self, message: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit


class FormatRefused(WireError):
    pass


class Unsupported(WireError):
    """`parameter` is the field of the request; `limit` its greatest value, if the endpoint says so."""

    def __init__(self, message: str, parameter: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.limit = limit
