"""The id of a commit."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Predicate

Sha = Annotated[str, Predicate(str.isalnum)]  # stores are asked for many at once, with blanks between them
