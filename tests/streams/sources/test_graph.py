from pathlib import Path

from streams.sources.git import Git
from streams.sources.graph import brought, line, span
from tests.gitrepo import GitRepo


def test_a_merge_brings_no_commit_that_was_on_the_line_already(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    repo.commit("root")
    repo.branch("one")
    first = repo.commit("1", branch="one")
    repo.commit("main")
    older = repo.merge("one")
    between = repo.commit("between")
    repo.branch("two")
    second = repo.commit("2", branch="two")
    third = repo.merge("one", into="two", files={"f": "x"})
    newer = repo.merge("two")
    graph = span(Git(repo.path), newer, older)
    assert line(graph.parents, newer) == [newer, between, older]
    assert brought(graph, [older, between, newer]) == {older: [first], between: [], newer: [third, second]}
