"""The static analysis: golden examples, and what holds for every commit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.analyzers.phrases import say
from agents.analyzers.static import ANALYZER, analyze, failed
from schemas.analyses import CommitAnalyzed, FileKind
from schemas.commits import Brought, CommitObserved
from schemas.phrase import Code
from tests.agents.commits import change, commit, titled
from tests.agents.contract import check, codes_of, phrases_of


def test_feature() -> None:
    analyzed = analyze(
        commit(
            "feat(router): add metrics (#6146)",
            change("lib/llm/src/router.rs", 120, 10),
            change("lib/llm/src/metrics.rs", 60, 0, "A"),
            change("lib/llm/tests/router.rs", 40, 0),
            change("Cargo.lock", 900, 5),
            body=("Requests are counted where they are routed. That is new.", "Closes #12"),
        )
    )
    facts, analysis = analyzed.facts, analyzed.analysis
    assert analyzed.analyzer == ANALYZER
    assert analysis.summary == (
        say(Code.SUMMARY_TITLE, types=("feature",), title="add metrics"),
        say(Code.SUMMARY_BODY, text="Requests are counted where they are routed."),
        say(Code.SUMMARY_SIZE, files=4, additions=1120, deletions=15),
        say(Code.SUMMARY_AREAS, areas=(".", "lib/llm"), more=0),
    )
    assert analysis.scope[:3] == (
        say(Code.SCOPE_AREA, area=".", files=1, additions=900, deletions=5),
        say(Code.SCOPE_AREA, area="lib/llm", files=3, additions=220, deletions=10),
        say(Code.SCOPE_FILE, path="Cargo.lock", status="M", additions=900, deletions=5),
    )
    assert analysis.scope[-1] == say(Code.SCOPE_LANGUAGES, languages=("Rust",))
    assert (facts.source_lines, facts.tests_touched, facts.dependency_paths) == (190, True, ("Cargo.lock",))
    assert (facts.languages, facts.pull_requests, facts.title_scope) == (("Rust",), (6146,), "router")
    assert facts.kinds == {FileKind.SOURCE: 2, FileKind.TEST: 1, FileKind.GENERATED: 1}
    assert codes_of(analysis.insights.architecture) == [Code.INSIGHT_NEW_FILES, Code.INSIGHT_DEPENDENCIES]
    assert analysis.insights.tests == (say(Code.INSIGHT_TESTS, files=1, paths=("lib/llm/tests/router.rs",)),)
    assert analysis.insights.maintainability == (say(Code.INSIGHT_GENERATED, files=1),)
    assert analysis.risks == (say(Code.RISK_DEPENDENCIES, paths=("Cargo.lock",)),)
    assert analysis.suggestions == (say(Code.SUGGEST_DEPENDENCIES, paths=("Cargo.lock",)),)


def test_fix_without_a_test() -> None:
    analysis = analyze(commit("builtin/gc: fix a leak", change("builtin/gc.c", 25, 5))).analysis
    assert analysis.summary[0] == say(Code.SUMMARY_TITLE, types=("fix",), title="builtin/gc: fix a leak")
    assert analysis.insights.tests == (say(Code.INSIGHT_NO_TESTS),)
    assert analysis.risks == (say(Code.RISK_NO_TESTS, lines=30),)
    assert analysis.suggestions == (say(Code.SUGGEST_TESTS, areas=("builtin",)),)


def test_a_small_fix_has_no_risk() -> None:
    analysis = analyze(commit("fix: a leak", change("gc.c", 2, 1), change("tests/gc.c", 5))).analysis
    assert analysis.risks == (say(Code.RISK_NOTHING),)
    assert analysis.suggestions == (say(Code.SUGGEST_NOTHING),)
    assert analysis.insights.security == ()


def test_merge() -> None:
    brought = tuple(Brought(sha=str(n) * 40, title=f"commit {n}") for n in range(5))
    merge = commit("Merge branch 'x'", parents=("1" * 40, "2" * 40), brought=brought, brought_total=9)
    analyzed = analyze(merge.model_copy(update={"files_total": None, "additions": None, "deletions": None}))
    facts, analysis = analyzed.facts, analyzed.analysis
    assert (facts.is_merge, facts.type_evidence, facts.files, facts.tests_touched) == (True, "parents", None, None)
    titles = ("commit 0", "commit 1", "commit 2")
    assert analysis.summary == (say(Code.SUMMARY_MERGE, commits=9, titles=titles, more=6),)
    assert analysis.scope == (say(Code.SCOPE_MERGE, commits=9),)
    assert analysis.risks == (say(Code.RISK_NOTHING),)


def test_merge_that_brought_nothing_differs_from_one_of_which_nothing_is_known() -> None:
    nothing = analyze(commit("Merge branch 'x'", parents=("1" * 40, "2" * 40)))
    assert codes_of(nothing.analysis.summary) == [Code.SUMMARY_MERGE_NOTHING]
    unknown = analyze(titled("Merge branch 'x'"))
    assert (unknown.facts.is_merge, unknown.facts.type_evidence) == (True, "title")
    assert codes_of(unknown.analysis.summary) == [Code.SUMMARY_TITLE, Code.SUMMARY_UNKNOWN_SIZE]
    assert codes_of(unknown.analysis.scope) == [Code.SCOPE_UNKNOWN]


def test_revert() -> None:
    analyzed = analyze(
        commit('Revert "feat: x (#1)" (#2)', change("src/x.py", 0, 40), body=("This reverts commit 0123abcd.",))
    )
    summary = analyzed.analysis.summary
    assert summary[0] == say(Code.SUMMARY_REVERT, title="feat: x (#1)", sha="0123abcd")
    assert codes_of(summary) == [Code.SUMMARY_REVERT, Code.SUMMARY_SIZE, Code.SUMMARY_AREAS]
    assert analyzed.analysis.risks == (say(Code.RISK_REVERT),)
    assert (analyzed.facts.reverts, analyzed.facts.pull_requests) == ("0123abcd", (2,))


def test_paths_decide_where_the_title_is_silent() -> None:
    for path, kind in (
        ("docs/a.rst", "docs"),
        ("tests/test_a.py", "test"),
        (".github/workflows/ci.yml", "ci"),
        ("requirements/dev.txt", "dependency"),
        ("uv.lock", "dependency"),
        ("Makefile", "build"),
    ):
        facts = analyze(commit("Better wording", change(path))).facts
        assert (facts.change_types, facts.type_evidence) == ((kind,), "paths")
    mixed = analyze(commit("Better wording", change("docs/a.rst"), change("src/a.py"))).facts
    assert (mixed.change_types, mixed.type_evidence) == (("other",), "nothing")
    declared = analyze(commit("fix: wording", change("docs/a.rst"))).facts
    assert (declared.change_types, declared.type_evidence) == (("fix",), "title")


def test_huge() -> None:
    files = [change(f"src/part{n % 7}/file{n}.py", 100, 0) for n in range(60)]
    analyzed = analyze(commit("feat: everything", *files).model_copy(update={"files_total": 5000}))
    scope = codes_of(analyzed.analysis.scope)
    assert scope.count(Code.SCOPE_AREA) == 5
    assert scope.count(Code.SCOPE_FILE) == 8
    assert say(Code.SCOPE_MORE_AREAS, areas_n=2) in analyzed.analysis.scope
    assert say(Code.SCOPE_MORE_FILES, files=4992) in analyzed.analysis.scope
    assert say(Code.RISK_LARGE, lines=6000, files=5000) in analyzed.analysis.risks
    assert say(Code.INSIGHT_SIZE, lines=6000, files=5000) in analyzed.analysis.insights.maintainability


def test_generated_lines_make_no_change_large() -> None:
    analysis = analyze(commit("chore: relock", change("uv.lock", 9000, 8000), change("pyproject.toml", 1, 1))).analysis
    assert Code.RISK_LARGE not in codes_of(analysis.risks)


def test_deletions() -> None:
    analysis = analyze(commit("refactor: drop v1", change("src/v1.py", 0, 300, "D"))).analysis
    assert say(Code.RISK_DELETIONS, deletions=300, additions=0) in analysis.risks
    assert analysis.insights.architecture == (say(Code.INSIGHT_DELETED_FILES, files=1, paths=("src/v1.py",)),)


def test_kinds_of_entries() -> None:
    analyzed = analyze(
        commit(
            "chore: odds and ends",
            change("logo.png", None, None),
            change("sub/module", 1, 1, old_mode="160000", new_mode="160000"),
            change("run.sh", 0, 0, old_mode="100644", new_mode="100755"),
            change("new.py", 3, 2, "R", old_path="old.py"),
            change("copy.py", 0, 0, "C", old_path="old.py"),
        )
    )
    assert set(codes_of(analyzed.analysis.scope)) == {
        Code.SCOPE_AREA,
        Code.SCOPE_BINARY_FILE,
        Code.SCOPE_SUBMODULE,
        Code.SCOPE_MODE,
        Code.SCOPE_RENAME,
        Code.SCOPE_FILE,
        Code.SCOPE_LANGUAGES,
    }
    assert say(Code.SCOPE_MODE, path="run.sh", old_mode="100644", new_mode="100755") in analyzed.analysis.scope
    assert say(Code.RISK_SUBMODULE, paths=("sub/module",)) in analyzed.analysis.risks
    assert say(Code.RISK_BINARY, files=1) in analyzed.analysis.risks


def test_empty() -> None:
    analysis = analyze(commit("ci: run again")).analysis
    assert codes_of(analysis.summary) == [Code.SUMMARY_TITLE, Code.SUMMARY_EMPTY]
    assert codes_of(analysis.scope) == [Code.SCOPE_NOTHING]


def test_unknown_files() -> None:
    analyzed = analyze(titled("feat!: drop the password flag"))
    assert (analyzed.facts.files, analyzed.facts.tests_touched) == (None, None)
    analysis = analyzed.analysis
    assert codes_of(analysis.summary) == [Code.SUMMARY_TITLE, Code.SUMMARY_UNKNOWN_SIZE]
    assert codes_of(analysis.scope) == [Code.SCOPE_UNKNOWN]
    assert codes_of(analysis.risks) == [Code.RISK_BREAKING, Code.RISK_UNKNOWN]
    assert codes_of(analysis.suggestions) == [Code.SUGGEST_BREAKING, Code.SUGGEST_UNKNOWN]
    assert analysis.insights.security == (say(Code.INSIGHT_SECURITY_WORDS, words=("password",)),)
    assert analysis.insights.compatibility == (say(Code.INSIGHT_BREAKING, evidence="title"),)
    assert analysis.insights.tests == (say(Code.INSIGHT_UNKNOWN),)


def test_shallow_boundary() -> None:
    everything = [change(f"src/{n}.py", 100) for n in range(100)]
    analyzed = analyze(commit("fix: x", *everything, parents=(), notes=("shallow-boundary",)))
    assert codes_of(analyzed.analysis.summary) == [Code.SUMMARY_TITLE, Code.SUMMARY_BOUNDARY]
    assert codes_of(analyzed.analysis.scope) == [Code.SCOPE_UNKNOWN]
    assert analyzed.facts.files is None


def test_failed() -> None:
    analyzed = failed(commit("feat(x)!: y (#3)", change("src/x.py", 100)), "the analyzer stopped")
    assert (analyzed.status, analyzed.reason) == ("failed", "the analyzer stopped")
    assert analyzed.analysis.summary == (say(Code.SUMMARY_FAILED, reason="the analyzer stopped"),)
    assert (analyzed.facts.breaking, analyzed.facts.pull_requests, analyzed.facts.files) == ("title", (3,), None)


def test_the_body_repeats_the_title() -> None:
    analysis = analyze(commit("Fix the gap in acks (#2)", change("a.py"), body=("Fix the gap in acks",))).analysis
    assert Code.SUMMARY_BODY not in codes_of(analysis.summary)


_WORDS = st.sampled_from(
    [
        "feat",
        "fix",
        "Revert",
        "Reapply",
        "Merge branch",
        "(",
        ")",
        "[",
        "]",
        "!",
        ":",
        '"',
        "#12",
        "(#1)",
        "a/b",
        "CVE-2026-1",
        "bump",
        "to",
        "1.2.3",
    ]
)
_TITLES = st.lists(_WORDS | st.text(max_size=10), max_size=8).map(" ".join) | st.text(max_size=200)
_PARTS = st.sampled_from(
    ["src", "tests", "docs", ".github", "workflows", "auth", "migrations", "api", "x.py", "uv.lock", "a.png"]
)
_PATHS = st.lists(_PARTS | st.text(max_size=8), min_size=1, max_size=5).map("/".join)
_LINES = st.none() | st.integers(0, 3_000)
_MODES = st.sampled_from(["", "100644", "100755", "160000"])
_FILES = st.lists(
    st.builds(
        change,
        _PATHS,
        _LINES,
        _LINES,
        st.sampled_from("AMDRCT"),
        old_path=st.none() | _PATHS,
        old_mode=_MODES,
        new_mode=_MODES,
    ),
    max_size=12,
)
_SHAS = st.just("0" * 40)
_BODIES = st.lists(
    st.text(max_size=120)
    | st.sampled_from(
        ["BREAKING CHANGE: x", "This reverts commit 0123abcd.", "See merge request a/b!3", "It was wrong. So."]
    ),
    max_size=5,
).map(tuple)


@st.composite
def observed(draw: st.DrawFn) -> CommitObserved:
    """Any commit, also of shapes that no source makes."""
    counts = st.none() | st.integers(0, 10_000)
    return commit(draw(_TITLES), *draw(_FILES)).model_copy(
        update={
            "body": draw(_BODIES),
            "detail": draw(st.sampled_from(["message", "files", "patch"])),
            "parents": draw(st.none() | st.lists(_SHAS, max_size=3).map(tuple)),
            "files_total": draw(counts),
            "additions": draw(counts),
            "deletions": draw(counts),
            "brought": draw(st.lists(st.builds(Brought, sha=_SHAS, title=st.text(max_size=20)), max_size=4).map(tuple)),
            "brought_total": draw(st.integers(0, 9)),
            "notes": draw(st.sampled_from([(), ("shallow-boundary",), ("nul",)])),
        }
    )


@given(observed())
def test_every_commit_has_a_whole_analysis(any_commit: CommitObserved) -> None:
    for analyzed in (analyze(any_commit), failed(any_commit, "why")):
        for phrase in phrases_of(analyzed):
            check(phrase)
        analysis = analyzed.analysis
        assert analysis.change_types == analyzed.facts.change_types != ()
        assert analysis.summary
        assert analysis.scope
        assert len(analysis.risks) == len(analysis.suggestions) > 0
        assert CommitAnalyzed.model_validate_json(analyzed.model_dump_json()) == analyzed


@given(observed())
def test_the_same_commit_has_the_same_analysis(any_commit: CommitObserved) -> None:
    again = CommitObserved.model_validate_json(any_commit.model_dump_json())
    assert analyze(any_commit) == analyze(again)
    assert analyze(any_commit).id == analyze(again).id
