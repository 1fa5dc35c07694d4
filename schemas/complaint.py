"""What pydantic found wrong, for people."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError


class Complaint(NamedTuple):
    """`path` leads to the value, `kind` is pydantic's name of the error."""

    path: tuple[int | str, ...]
    kind: str
    message: str

    def at(self, root: str) -> str:
        """With its place, names with dots between; that of the whole is `root`."""
        return f"{'.'.join(map(str, self.path)) or root}: {self.message}"


def complaints(error: ValidationError) -> list[Complaint]:
    """At least one, in the order in which they were found."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [Complaint(one["loc"], one["type"], one["msg"].removeprefix("Value error, ")) for one in found]
