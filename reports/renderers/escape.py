"""Untrusted text as Markdown that shows exactly that text, wherever on a page it stands, and does nothing else.

What is shown differs from the text in three ways: control and bidirectional characters become visible stand-ins, runs
of white space become one space, and U+2060 (word joiner, invisible) stands behind characters that GitHub or GitLab
would make a mention, a reference or an emoji of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

GUARD = "\u2060"

# Characters without which a text is clean: most texts have none of them, and a search for one character of a set is
# ten times as fast as one for anything else.
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSHOWN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")

# One alternative per thing that Markdown or a host gives a meaning to. At the start of a text, what would begin a
# block; at its end, what would act on what follows.
_LIVE = re.compile(
    r"""
      ^(?P<start_entity>[\#>🔴🟡🟢]|:(?=-))       # a heading, a quote, a tier's mark, a table's rule
    | ^(?P<start>[-+=])                             # a list, a rule, an underlined heading
    | ^(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)     # a numbered list
    | (?P<end>[\#!]+$)                              # the closing of a heading, an image with the link that follows
    | (?P<link>\]\()                                # the target of a link
    | (?P<diff>[{\[](?=[+-]))                       # GitLab's inline diff
    | (?P<slash>[*\[\]])
    | (?P<underscores>_+)
    | (?P<entity>[`\\<|]|&(?=[\#A-Za-z])|:(?=//)|(?<=\b[Ww]{3})\.)
    | (?P<tilde>~)
    | (?P<dollar>\$)
    | (?P<guard>@|\#(?=\w)|[!&](?=\d)|(?<!\w)%(?=[\w"'])|:(?=[A-Za-z0-9_+-]+:))
    """,
    re.VERBOSE,
)
# Where one of them may be, but for the start of a text.
_SUSPECT = re.compile(r"[*\[\]{_`\\<|&:.~$@\#!%]")
_REFERENCED = re.compile(r"[\w\"']")
_CODE = r"(?<!`)`(?P<code>(?! )(?:(?!<br)[^`|\\\[\]])+(?<! ))`(?!`)"
_IN_TEXT = {
    "": re.compile(_CODE, re.I),
    "#": re.compile(rf"{_CODE}|(?<![\w/!&#])(?P<request>#(?P<number>[1-9]\d{{0,9}}))(?!\w)", re.I),
    "!": re.compile(rf"{_CODE}|(?<![\w/!&#])(?P<request>!(?P<number>[1-9]\d{{0,9}}))(?!\w)", re.I),
}


def clean(text: str) -> str:
    """The text on one line, with visible stand-ins for what has no shape or turns the line around."""
    if "  " in text or _UNCLEAN.search(text):
        text = _SPACES.sub(" ", _UNSHOWN.sub(_stand_in, text))
    return text.strip()


def _stand_in(match: re.Match[str]) -> str:
    number = ord(match.group())
    if number < 0x20:
        return chr(0x2400 + number)
    return "\u2421" if number == 0x7F else "\ufffd"


def escape(text: str) -> str:
    """The text as inline Markdown; good in a paragraph, heading, table cell, list item or link label."""
    return _escape(clean(text))


def _escape(text: str) -> str:
    pieces: list[str] = []
    at = 0
    for start in _suspects(text):
        if start >= at and (match := _LIVE.match(text, start)):
            pieces += (text[at:start], _harmless(match))
            at = match.end()
    return "".join((*pieces, text[at:])) if pieces else text


def _suspects(text: str) -> Iterator[int]:
    yield 0
    for found in _SUSPECT.finditer(text, 1):
        yield found.start()


def _harmless(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match.group()
    if kind in ("entity", "start_entity", "end"):
        return _entities(found)
    if kind == "dot":
        return f"{match['number']}\\{match['dot']}"
    if kind == "underscores":
        return found if _inside_word(match) else found.replace("_", r"\_")
    if kind == "guard":
        return found + GUARD
    return _slashed(kind, match)


def _slashed(kind: str | None, match: re.Match[str]) -> str:
    found = match.group()
    following = match.string[match.end() : match.end() + 1]
    if kind == "link":
        return r"\]\("
    if kind == "diff":
        return f"\\{found}{GUARD}"
    if kind == "tilde":
        return r"\~" + (GUARD if _REFERENCED.match(following) else "")
    if kind == "dollar":  # GitHub reads formulas before it reads backslashes
        return "&#36;" + (GUARD if following.isdigit() else "")
    return f"\\{found}"


def _entities(text: str) -> str:
    named = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return "".join(named.get(c) or f"&#{ord(c)};" for c in text)


def _inside_word(match: re.Match[str]) -> bool:
    start, end, text = *match.span(), match.string
    return start > 0 and end < len(text) and text[start - 1].isalnum() and text[end].isalnum()


def prose(text: str, request_url: str = "", sign: str = "") -> str:
    """As `escape`, but well-formed inline code stays code.

    With a `sign` ("#", or "!" on GitLab) numbers of pull requests link to `request_url`, in which NUMBER stands for
    them.
    """
    text = clean(text)
    if "`" not in text and (not sign or sign not in text):
        return _escape(text)
    pieces: list[str] = []
    at = 0
    for match in _IN_TEXT[sign].finditer(text):
        pieces.append(_escape(text[at : match.start()]))
        at = match.end()
        if match["code"] is not None:
            pieces.append(match.group())
        else:
            pieces.append(f"[{match['request']}]({request_url.replace('NUMBER', match['number'])})")
    pieces.append(_escape(text[at:]))
    return "".join(pieces)


def code(text: str) -> str:
    """A path or the like as inline code, as plain text where inline code cannot hold it."""
    text = clean(text)
    return f"`{text}`" if re.fullmatch(_CODE, f"`{text}`", re.I) else _escape(text)


def address(url: str) -> str:
    """A web address that can stand as the target of a link."""
    return quote(url, safe=":/-._~+@%!", errors="replace")


def cut(text: str, columns: int) -> str:
    """The text, shortened to a number of columns, of which wide characters take two."""
    text = clean(text)
    used = 0
    for at, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns:
            return text[:at].rstrip() + "…"
    return text


class Markdown:
    """Marks of Markdown, for the catalogue."""

    def text(self, raw: str) -> str:
        return prose(raw)

    def code(self, raw: str) -> str:
        return code(raw)
