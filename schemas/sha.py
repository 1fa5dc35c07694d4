"""The id of a commit."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

# Letters and digits: stores are asked for many at once, with blanks between them.
Sha = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z]+$")]
