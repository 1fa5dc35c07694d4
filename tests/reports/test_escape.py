"""Untrusted text shows as it is, wherever it stands, and does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reports.renderers import escape as rules
from reports.renderers.escape import GUARD, Markdown, address, clean, code, cut, escape, prose


class Lenient(MarkdownIt):
    """Also makes the links that a cautious parser refuses, so that they are seen."""

    def validateLink(self, url: str) -> bool:
        return True


PARSER = Lenient("commonmark", {"html": True}).enable(["table", "strikethrough"])

SIGNS = "\\`*_{}[]()#+-.!|<>~$%&@:=^'\"/;?, \t\n\r\x00\x0b\x0c\x1b\x7f\x85\u2028\u202e\u2066\u200f"
SIGNS += "\u00a0\u3000\u200b中é🔴aZ17"
WORDS = """
--- === *** ``` ~~~ `` #. 1. 2) > - + | |---| :-: :--- ]( [x](javascript:alert(1)) ![i](http://x/y.png) <script> </a>
<!-- --> <b> <br> &amp; &lt &#35; &copy; https://a.example/b_c?d=e&f www.a.example javascript:alert(1) @user
a@b.example #12 !34 $5 ~label %9 &6 :smile: ::b:: [^1] [^1]: [a]: `code` `a|b` `<br>` snake_case __init__ _x_ *x*
~~x~~ $x$ {+ [-b-]
"""
FRAGMENTS = [*SIGNS, *WORDS.split(), *(f"{word} " for word in WORDS.split()), "    ", "| a | b |", "` x `"]
texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join)


def shown(text: str) -> str:
    """What a reader is to see: invisible guards apart, the text on one line with stand-ins."""
    return clean(text).replace(GUARD, "")


def read(children: list[Token]) -> str:
    """The text of inline tokens that hold nothing else."""
    assert {token.type for token in children} <= {"text"}, [(t.type, t.content) for t in children]
    return "".join(token.content for token in children).replace(GUARD, "")


def inlines(markdown: str, blocks: list[str]) -> list[Token]:
    """The inline tokens of a document that has exactly these blocks."""
    tokens = PARSER.parse(markdown)
    assert [token.type for token in tokens] == blocks
    return [token for token in tokens if token.type == "inline"]


def in_paragraph(markdown: str) -> str:
    [inline] = inlines(f"{markdown}\n", ["paragraph_open", "inline", "paragraph_close"])
    return read(inline.children or [])


def in_heading(markdown: str) -> str:
    [inline] = inlines(f"#### {markdown}\n", ["heading_open", "inline", "heading_close"])
    return read(inline.children or [])


def in_list(markdown: str) -> str:
    [inline] = inlines(f"- {markdown}\n", A_LIST)
    return read(inline.children or [])


def in_cell(markdown: str) -> str:
    tokens = PARSER.parse(f"| a | b |\n|---|---|\n| {markdown} | z |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert [cell.content for cell in cells[:2] + cells[3:]] == ["a", "b", "z"]
    return read(cells[2].children or [])


def in_label(markdown: str) -> str:
    [inline] = inlines(f"[{markdown}](#x)\n", ["paragraph_open", "inline", "paragraph_close"])
    first, *inner, last = inline.children or []
    assert (first.type, first.attrGet("href"), last.type) == ("link_open", "#x", "link_close")
    return read(inner)


def after_a_line(markdown: str) -> str:
    [inline] = inlines(f"x<br>\n{markdown}\n", ["paragraph_open", "inline", "paragraph_close"])
    children = inline.children or []
    assert [token.type for token in children[:3]] == ["text", "html_inline", "softbreak"]
    return read(children[3:])


A_LIST = ["bullet_list_open", "list_item_open", "paragraph_open", "inline"]
A_LIST += ["paragraph_close", "list_item_close", "bullet_list_close"]
PLACES = [in_paragraph, in_heading, in_list, in_cell, in_label, after_a_line]


@pytest.mark.parametrize("place", PLACES)
@given(text=texts)
@example("Use C#")
@example("#")
@example("a \\")
@example("\\|")
@example("![x](javascript:alert(1))")
@example("--")
@example("*" * 3)
@settings(max_examples=100, deadline=None)
def test_escaped_text_shows_exactly(place: Callable[[str], str], text: str) -> None:
    if shown(text):
        assert place(escape(text)) == shown(text)


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_inline_code_stays_code_and_nothing_else_appears(text: str) -> None:
    if not shown(text):
        return
    [inline] = inlines(f"#### {prose(text)}\n", ["heading_open", "inline", "heading_close"])
    children = inline.children or []
    assert {token.type for token in children} <= {"text", "code_inline"}
    again = "".join(f"`{t.content}`" if t.type == "code_inline" else t.content for t in children)
    assert again.replace(GUARD, "") == shown(text)


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_nothing_is_left_that_hosts_react_to(text: str) -> None:
    outside_code = re.sub(r"`[^`]*`", " ", prose(text))
    assert not re.search(r"@\w|(?<![\w&])#\d|<[A-Za-z/!]|https?://|\bwww\.|\]\(|!\[", outside_code)
    assert not re.search(r"(?<!\\)~|\$|![0-9]|:[a-z]+:|\|", outside_code)


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_no_control_or_bidirectional_character_is_left(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", prose(text))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("[Bugfix] Fix snake_case in a -> b & c", r"\[Bugfix\] Fix snake_case in a -> b & c"),
        ("feat: support `reasoning_content`", "feat: support `reasoning_content`"),
        ("one ` tick and `a|b`", "one &#96; tick and &#96;a&#124;b&#96;"),
        ("`` `a` ``", "&#96;&#96; `a` &#96;&#96;"),
        ("ping @team", f"ping @{GUARD}team"),
        ("\x1b[31mred\x00 \u202eabc", "␛\\[31mred␀ \ufffdabc"),
        ("see https://a.example/x_y", "see https&#58;//a.example/x_y"),
    ],
)
def test_what_is_written(text: str, markdown: str) -> None:
    assert prose(text) == markdown


def test_numbers_of_requests_become_links() -> None:
    url = "https://github.com/o/n/pull/NUMBER"
    assert prose("fix (#12)", url, "#") == "fix ([#12](https://github.com/o/n/pull/12))"
    assert prose("Merge #7, !8, o/n#9 and x#1", url, "#") == (
        f"Merge [#7](https://github.com/o/n/pull/7), !{GUARD}8, o/n#{GUARD}9 and x#{GUARD}1"
    )
    assert prose("wow!#3", url, "#") == f"wow!#{GUARD}3"  # never an image
    assert prose("!5", "https://gitlab.com/o/n/-/merge_requests/NUMBER", "!").startswith("[!5](https://gitlab.com/")


@given(path=texts)
@settings(max_examples=100, deadline=None)
def test_paths_are_code_or_text(path: str) -> None:
    if not shown(path):
        return
    [inline] = inlines(f"- x {code(path)}\n", A_LIST)
    content = "".join(token.content for token in inline.children or []).replace(GUARD, "")
    assert content == f"x {shown(path)}"


def test_cut_counts_columns() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcdef…"
    assert cut("提交信息", 6) == "提交信…"
    assert cut("  a \n b ", 6) == "a b"


def test_addresses_cannot_leave_their_link() -> None:
    assert address("https://h/a (b)<c>\n&copy;") == "https://h/a%20%28b%29%3Cc%3E%0A%26copy%3B"


def test_marks_of_markdown() -> None:
    assert Markdown().text("a*b `c`") == r"a\*b `c`"
    assert Markdown().code("a/b_c.py") == "`a/b_c.py`"


@given(st.text(alphabet="ab1 .:/@#!&%*_-+=[](){}<>|`~$\\\"'wW。🔴٣中\n\x00\u2028\u202e", max_size=30))
def test_nothing_live_is_passed_over(text: str) -> None:
    """Only where one of a set of characters stands is a text looked at."""
    assert escape(text) == rules._LIVE.sub(rules._harmless, clean(text))
    shown = rules._SPACES.sub(" ", rules._UNSHOWN.sub(rules._stand_in, text)).strip()
    assert clean(text) == shown
