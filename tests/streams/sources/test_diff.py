import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.diff import PIECE, Output, unquote


@pytest.mark.parametrize(
    ("printed", "path"),
    [
        (b"plain name", "plain name"),
        (rb'"tab\there\n\"q\" \\\\ \303\244"', 'tab\there\n"q" \\\\ ä'),
        (rb'"\377"', "\ufffd"),
        (rb'"\a\b\v\f\r"', "\a\b\v\f\r"),
    ],
)
def test_quoted_paths(printed: bytes, path: str) -> None:
    assert unquote(printed) == path


@given(st.lists(st.tuples(st.sampled_from("+é漢"), st.sampled_from([0, 1, 30_000, PIECE - 1, 90_000])), max_size=8))
def test_a_section_comes_in_whole_characters_and_bounded_pieces(lines: list[tuple[str, int]]) -> None:
    content = "".join(character * length + "\n" for character, length in lines).encode()
    output = Output(io.BufferedReader(io.BytesIO(b"diff --git 1\n" + content + b"diff --git 2\n")))
    pieces = list(output.section(b"\ndiff --git ", b""))
    assert b"".join(pieces) == b"diff --git 1\n" + content
    assert all(len(piece) <= PIECE for piece in pieces)
    for piece in pieces:
        piece.decode()
    assert output.line() == b"diff --git 2\n"
    assert output.line() == b""


class Trickle(io.BytesIO):
    """Hands its bytes out in parts of its own choice, as a pipe does."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = sizes

    def read1(self, size: int | None = -1) -> bytes:
        return self.read(self._sizes.pop() if self._sizes else size)


@given(
    st.lists(st.tuples(st.sampled_from("+é漢"), st.sampled_from([0, 30, 30_000, PIECE - 1, 90_000])), max_size=8),
    st.lists(st.integers(1, 3 * PIECE), max_size=20),
)
def test_the_pieces_do_not_depend_on_how_the_output_arrives(lines: list[tuple[str, int]], sizes: list[int]) -> None:
    content = "".join(character * length + "\n" for character, length in lines).encode()
    data = b"diff --git 1\n" + content + b"diff --git 2\n"
    whole = list(Output(io.BufferedReader(io.BytesIO(data))).section(b"\ndiff --git ", b""))
    assert list(Output(Trickle(data, sizes)).section(b"\ndiff --git ", b"")) == whole
