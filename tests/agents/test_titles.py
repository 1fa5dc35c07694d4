"""Titles as people write them."""

from __future__ import annotations

import pytest

from agents.analyzers.static import analyze
from agents.analyzers.titles import looks_like_merge, read
from tests.agents.commits import titled

TYPES = [
    # conventional commits, in any case, with scopes and breaks
    ("feat: add router-level Prometheus metrics and centralize request tracking (#6146)", "feature"),
    ("feat(frontend)!: gate nvext response metadata behind extra_fields", "feature"),
    ("FEAT(Frontend): x", "feature"),
    ("Fix: handle empty input", "fix"),
    ("fix : spaces before the colon", "fix"),
    ("fix:no space", "fix"),
    ("fix：full-width colon", "fix"),
    ("fix(kvbm): set CUDA device per rank before ncclCommInitRank (#8147)", "fix"),
    ("perf: fuse kernels in gdn", "performance"),
    ("refactor: extract FanOutCommunicator and use declarative spec table (#22967)", "refactor"),
    ("chore: rename terminate_existing to terminate_all_matching_processes (#5923)", "chore"),
    ("ci: remove release branch docs deploy workflow (#6039)", "ci"),
    ("docs: fix markdown formatting in Distributed_Inference README (#5947)", "docs"),
    ("doc: git-checkout: deduplicate --detach explanation", "docs"),
    ("tests: t2206-add-submodule-ignored: ignore=all and add --force tests", "test"),
    ("test(serve): skip mm_agg_qwen2-audio-7b vLLM deployment on post-merge (#8411)", "test"),
    ("style: run the formatter", "style"),
    ("build: tolerate use of _Generic from glibc 2.43 with Clang", "build"),
    ("security: refuse unsigned packages", "security"),
    ("hotfix: stop the loop", "fix"),
    ("bugfix/feature: both at once", "fix,feature"),
    ("feat(parser) add arrays", "feature"),
    ("Fix/nemotron mtp quantaized (#19433)", "fix"),
    # the scope says what the type does not
    ("build(deps): bump actions/checkout from 4 to 5", "dependency"),
    ("chore(deps-dev): bump pytest from 8.0.0 to 8.1.0", "dependency"),
    ("chore(release): 1.4.0", "release"),
    ("fix(ci): raise fd limit and disable piecewise CUDA graphs in GMS tests (#8661)", "fix,ci"),
    ("fix(docs): Fix mermaid chart in MM doc and remove extra table (#7111)", "fix,docs"),
    ("fix(deps): pin mio after lockfile drift (#8080)", "fix,dependency"),
    # brackets
    ("[Bugfix] Make `kaldi_native_fbank` optional (#35996)", "fix"),
    ("[BugFix][Frontend] Fix the thing", "fix"),
    ("[Bug Fix] x", "fix"),
    ("[BUG] Fix workspace manager `_current_workspaces` size (#38853)", "fix"),
    ("[CI/Build] Enable Qwen3.5 tests on CI (#35763)", "ci,build"),
    ("[ROCm][CI] get_cu_count was renamed to num_compute_units in #35042 (#37764)", "ci"),
    ("[Bugfix][Test] Steady the clock", "fix,test"),
    ("[MoE Refactor][Test] FusedMoE layer test (#24675)", "refactor,test"),
    ("[AMD CI] Retry downloads", "ci"),
    ("[CI]: Add CI For HiMambaRadixTree and qwen3.5 (#20540)", "ci"),
    ("[diffusion] feat: support FLUX.2-small-decoder (#22414)", "feature"),
    ("[PD] doc: Document SGLANG_MOONCAKE_CUSTOM_MEM_POOL and supported values (#18259)", "docs"),
    ("[Performance] Enable Triton autotuning disk cache by default (#37188)", "performance"),
    ("[skip ci] docs: wording", "docs"),
    ("[PATCH v2 3/4] fix: count again", "fix"),
    ("[DYN-2086] fix: count again", "fix"),
    # other prefixes
    ("BUG: Fix the reduction", "fix"),
    ("ENH: Add a keyword", "feature"),
    ("MAINT: Sweep", "chore"),
    ("✨ feat: sparkle", "feature"),
    (":bug: the list was one short", "fix"),
    ("fixup! fix: the list was one short", "fix"),
    ("squash! feat: longer lists", "feature"),
    ("GH-1234: Fix the parser", "fix"),
    ("KAFKA-77: Add a header", "feature"),
    # subsystems: the verb decides
    ("builtin/gc: fix signedness issues in ODB-related functionality", "fix"),
    ('builtin/history: implement "split" subcommand', "feature"),
    ("sparse-checkout: remove use of the_repository", "refactor"),
    ("rebase -i: fix counting of fixups after rebase --skip", "fix"),
    ("net: phy: dp83867: fix the delay", "fix"),
    ("completion: clarify support for short options and arguments", "docs"),
    ("shallow: fix NULL dereference", "fix"),
    ("revert: add --reference option", "feature"),
    ("reftable/table: release filter on error path", "other"),
    # verbs and turns of phrase
    ("Add short flag `-sc` for `--speculative-config` argument (#38380)", "feature"),
    ("Adds stream.filter(lambda v: v > 1000)", "feature"),
    ("Fixed assumption made on session implementations.", "fix"),
    ("Remove redundant test_page_size.py (#22571)", "refactor"),
    ("rename  nemotron reasoning parser (#19865)", "refactor"),
    ("speed up sgl-kernel build (#18586)", "performance"),
    ("[diffusion] reduce LayerwiseOffloadManager reserved GPU memory  (#20042)", "performance"),
    ("Fix typo in docs for error_handler_spec", "docs"),
    ("Fix Qwen2.5-VL test for Transformers v5 (#36532)", "test"),
    ("Deflake the scheduler: it was flaky", "test"),
    ("type hint fix for flask.send_file", "fix"),
    ("use envs in server_args (#22994)", "other"),
    ("", "other"),
    # releases and dependencies
    ("release version 3.0.1 (#5386)", "release"),
    ("start version 3.0.1", "release"),
    ("Bump version number to 0.12.5", "release"),
    ("Bump version: 1.10.3 → 1.10.4", "release"),
    ("updating master version", "release"),
    ("chore: bump version to 1.2.0 (#8698)", "release"),
    ("v2.1.3", "release"),
    ("Git 2.52-rc1", "release"),
    ("Bump actions/upload-artifact from 2 to 3 (#456)", "dependency"),
    ("Bump the python-requirements group in /requirements with 3 updates (#5374)", "dependency"),
    ("Update jinja2 requirement from <3.1.0 to <3.2.0 in /requirements (#360)", "dependency"),
    ("Upgrade transformers from 5.5.4 to 5.6.0 (#23525)", "dependency"),
    ("chore: bump trtllm to 1.3.0rc7 for Kimi K2.5 fix (#7408)", "dependency"),
    ("[pre-commit.ci] pre-commit autoupdate (#5377)", "dependency"),
    ("[pre-commit.ci] auto fixes from pre-commit.com hooks", "style"),
    ("update pre-commit hooks", "dependency"),
    # security
    ("[Core] Fix SSRF bypass via backslash-@ URL parsing inconsistency (#34743)", "security"),
    ("fix(security): replace unsafe pickle.loads with SafeUnpickler for CVE-2026-3989 (#20904)", "security,fix"),
    # reverts
    ('Revert "[Kernel] Add gpt-oss Router GEMM kernel (#37205)" (#38778)', "revert"),
    ('Reapply "feat: x"', "revert"),
    ("revert: feat: x", "revert"),
    ("Revert: the new parser", "revert"),
    ("[Revert] the new parser", "revert"),
    ("Reverted the new parser", "revert"),
    # merges
    ("Merge branch '3.0.x'", "merge"),
    ("Merge pull request #334 from afasseco/fix-pypi-link", "merge"),
    ("Merge remote-tracking branch 'origin/main' into dev", "merge"),
    ("Merged in feature/x (pull request #12)", "merge"),
]


@pytest.mark.parametrize(("title", "types"), TYPES)
def test_types(title: str, types: str) -> None:
    assert ",".join(analyze(titled(title)).facts.change_types) == types


SUBJECTS = [
    (
        "feat(frontend)!: Use vllm for pre and post processing (#5544)",
        "Use vllm for pre and post processing",
        "frontend",
    ),
    ("[BugFix][Frontend] Fix x (#1)", "Fix x", "Frontend"),
    ("[Bugfix][MLA][V1] Size it (#39277)", "Size it", "MLA, V1"),
    ("builtin/gc: fix signedness", "builtin/gc: fix signedness", "builtin/gc"),
    ("[diffusion] reduce memory", "[diffusion] reduce memory", "diffusion"),
    ("rebase -i: fix counting", "rebase -i: fix counting", "rebase -i"),
    ("Add this: and that", "Add this: and that", None),
    ("fix: https://example.org is down", "https://example.org is down", None),
    ("see https://example.org/a:b", "see https://example.org/a:b", None),
    ("fix:", "fix:", None),
    ("(#12)", "", None),
    ("[Bugfix]", "[Bugfix]", None),
]


@pytest.mark.parametrize(("title", "subject", "scope"), SUBJECTS)
def test_subject_and_scope(title: str, subject: str, scope: str | None) -> None:
    read_title = read(title)
    assert (read_title.subject, read_title.scope) == (subject, scope)


@pytest.mark.parametrize(
    ("title", "body", "breaking"),
    [
        ("feat(frontend)!: x", (), "title"),
        ("api!: drop v1", (), "title"),
        ("refactor!: x", ("BREAKING CHANGE: y",), "title"),
        ("[BREAKING] x", (), "title"),
        ("BREAKING CHANGE: x", (), "title"),
        ("feat: x", ("why", "BREAKING CHANGE: the flag is gone"), "body"),
        ("feat: x", ("**BREAKING CHANGES**: many",), "body"),
        ("feat: x", ("BREAKING-CHANGE: y",), "body"),
        ("feat: x", ("this is no BREAKING CHANGE: really",), None),
        ("fix: breaking change: the flag is gone", (), "title"),
        ("hooray!", (), None),
    ],
)
def test_breaking(title: str, body: tuple[str, ...], breaking: str | None) -> None:
    assert analyze(titled(title, *body)).facts.breaking == breaking


@pytest.mark.parametrize(
    ("title", "body", "pulls"),
    [
        ("fix: x (#5082)", (), (5082,)),
        ("chore: x (#5401) (#5484)", (), (5401, 5484)),
        ("Merge pull request #4487 from pallets/typing-error", (), (4487,)),
        ("Merge branch 'x' into 'main'", ("See merge request group/project!123",), (123,)),
        ('Revert "feat: x (#37205)" (#38778)', (), (38778,)),
        ("Merged in x (pull request #7)", (), (7,)),
        ("Merged PR 9: y", (), (9,)),
        ("fix #12 by hand", (), ()),
        ("fix: x (#12345678901234567890)", (), ()),
    ],
)
def test_pull_requests(title: str, body: tuple[str, ...], pulls: tuple[int, ...]) -> None:
    assert analyze(titled(title, *body)).facts.pull_requests == pulls


@pytest.mark.parametrize(
    ("title", "body", "sha", "quoted"),
    [
        ('Revert "fix: x (#1)" (#2)', ("This reverts commit 0123abc4567.",), "0123abc4567", "fix: x (#1)"),
        ('Revert "a"', ("This reverts commits", "89abcdef01, made in haste"), "89abcdef01", "a"),
        ('Reapply "a"', ("This reverts commit 0123abc.",), "0123abc", 'Revert "a"'),
        ('Revert "Revert "a""', (), None, 'Revert "a"'),
        ("revert: feat: x", ("Refs: 676104e, a215868",), "676104e", "feat: x"),
        ("Revert deadbeef12 for now", (), "deadbeef12", None),
        ("submodule: back to the old way", ("This reverts commit 0123abc.",), "0123abc", None),
        ("feat: many things", ("* Revert a", "This reverts commit 0123abc."), None, None),
    ],
)
def test_reverts(title: str, body: tuple[str, ...], sha: str | None, quoted: str | None) -> None:
    assert (analyze(titled(title, *body)).facts.reverts, read(title).reverted) == (sha, quoted)


def test_a_title_of_a_merge_is_no_merge_when_the_parents_say_otherwise() -> None:
    single = titled("Merge pull request #5 from a/b").model_copy(update={"parents": ("0" * 40,)})
    assert not analyze(single).facts.is_merge
    assert not looks_like_merge("Merge sort is stable")


def test_a_long_title_is_read_in_bounded_time() -> None:
    for title in ("[a]" * 100_000, "a: " * 100_000, "bump " * 50_000, "(" * 200_000, "fix(" + "x" * 200_000):
        assert len(read(title).subject) <= 1_000
