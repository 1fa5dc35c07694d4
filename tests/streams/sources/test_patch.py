from hypothesis import given
from hypothesis import strategies as st

from streams.sources.patch import Patch

Piece = tuple[int, str, list[str]]  # rank, path, lines


def fill(pieces: list[Piece], limit: int) -> tuple[Patch, dict[int, str]]:
    spilled: dict[int, str] = {}
    patch = Patch(lambda beyond: spilled.update({piece.begin: piece.text for piece in beyond}), limit)
    for rank, path, lines in pieces:
        patch.add(rank, path, "".join(line + "\n" for line in lines).encode())
    patch.finish()
    return patch, spilled


def test_the_most_relevant_files_come_first() -> None:
    patch, spilled = fill([(3, "README", ["docs"]), (0, "a.py", ["source"]), (0, "b.py", ["more"])], 100)
    assert (patch.text(), spilled) == ("source\nmore\ndocs\n", {})


def test_it_is_cut_before_a_hunk_if_that_costs_little_else_after_a_line() -> None:
    lines = ["--- a", "+++ b", "@@ -1 +1 @@", "+" + "x" * 20, "@@ -9 +9 @@", "+y", "+z"]
    assert fill([(0, "a", lines)], 58)[0].text().endswith("x\n")
    assert fill([(0, "a", ["@@ 1", "+a", "+b", "+c"])], 9)[0].text() == "@@ 1\n+a\n"


def test_what_comes_behind_a_cut_is_not_kept_even_if_it_would_fit() -> None:
    patch, spilled = fill([(0, "a", ["x" * 50]), (4, "lock", ["y"])], 20)
    assert (patch.text(), len(spilled)) == ("", 2)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.just("p"), st.lists(st.text("aé漢@+\n ", max_size=9), max_size=6)), max_size=9
    ),
    st.integers(0, 60),
)
def test_nothing_is_lost_and_the_limit_holds(pieces: list[Piece], limit: int) -> None:
    patch, spilled = fill(pieces, limit)
    kept = patch.text()
    whole = ["".join(line + "\n" for line in lines) for _, _, lines in pieces]
    assert len(kept.encode()) <= limit
    assert patch.size == sum(len(text.encode()) for text in whole)
    assert len(kept.encode()) + sum(len(text.encode()) for text in spilled.values()) == patch.size
    ranked = "".join(
        text for _, text in sorted(zip((rank for rank, _, _ in pieces), whole, strict=True), key=lambda p: p[0])
    )
    assert ranked.startswith(kept)
    assert not kept or kept.endswith("\n")
