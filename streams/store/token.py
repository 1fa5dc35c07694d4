"""SQL as tokens: enough to split a file into statements and to see what a statement calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.errors import Misuse

_TOKEN = re.compile(
    r"""
      (?P<blank> \s+ | --[^\n]* | \#[\ !][^\n]* | /\*.*?\*/ )
    | (?P<text> '(?:[^'\\]|\\.|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<name> "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*` | [^\W\d]\w* )
    | (?P<number> \d[\w.]* )
    | (?P<sign> [^'"`] )
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL: `kind` is blank, text, name, number or sign."""

    kind: str
    text: str

    @property
    def word(self) -> str:
        """The name in lower case without its quotes, "" for what is no name."""
        return self.text.strip('`"').lower() if self.kind == "name" else ""


def tokens(sql: str) -> Iterator[Token]:
    """All tokens of the text, blanks and comments too. Raises Misuse for an open quote."""
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise Misuse(f"a quote is never closed: {sql[at : at + 40]!r}")
        kind = "text" if match["text"] else match.lastgroup or "sign"
        yield Token(kind, match[0])
        at = match.end()


def statements(sql: str) -> list[str]:
    """The statements of a file, without comments between them; a `;` in a quote or comment ends nothing."""
    done: list[str] = []
    open_: list[Token] = []
    for token in [*tokens(sql), Token("sign", ";")]:
        if token.text != ";":
            open_.append(token)
        elif any(t.kind != "blank" for t in open_):
            done.append("".join(_text(t) for t in open_).strip())
            open_ = []
    return done


def _text(token: Token) -> str:
    is_comment = token.kind == "blank" and not token.text.isspace()
    return " " if is_comment else token.text
