"""Whatever a report holds, its pages stand: in any language, in one part or in several."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.catalogue import Plain, catalogue
from reports.renderers.escape import GUARD, clean
from reports.renderers.json import render_json
from reports.renderers.markdown import render_markdown
from schemas.analyses import DEPTHS, Analysis, Call, ChangeType, Effort, Insights
from schemas.commits import Person
from schemas.definition import LANGUAGES, Definition, Language, Source
from schemas.phrase import Code, Phrase
from schemas.repo import display
from schemas.reports import (
    Changed,
    Changes,
    Coverage,
    LateCommit,
    Opening,
    ReportedCommit,
    ReportPublished,
    RepoSection,
    Retiered,
    Stats,
)
from schemas.scores import TIERS, Part
from tests.checker import checker
from tests.reports.test_escape import texts
from tests.reports.test_markdown import expected
from tests.reports.test_markdown_page import Page

START = datetime(2026, 3, 1, tzinfo=UTC)
ARGUMENTS = [
    "additions",
    "area",
    "areas",
    "areas_n",
    "commits",
    "deletions",
    "evidence",
    "files",
    "kind",
    "languages",
    "lines",
    "mode",
    "more",
    "new_mode",
    "old_mode",
    "old_path",
    "path",
    "paths",
    "reason",
    "severity",
    "sha",
    "status",
    "text",
    "tier",
    "title",
    "titles",
    "type",
    "types",
    "words",
]

counts = st.integers(0, 5000)
tiers = st.sampled_from(TIERS)
shas = st.integers(0, 40).map(lambda number: f"{number:040x}")
repos = st.sampled_from(
    ["github.com/a/b", "github.com/a/b-high", "gitlab.com/g/s/_p_", "local/x/y", "codeberg.org/a/b"]
)
values = texts | counts | st.lists(texts, max_size=10).map(tuple)
phrases = st.builds(
    Phrase, code=st.sampled_from(Code), args=st.dictionaries(st.sampled_from(ARGUMENTS), values, max_size=8)
)


def says_something(phrase: Phrase) -> bool:
    """A phrase of nothing but a title without a letter is whole, but the checker takes its field for an empty one."""
    return all(re.search(r"\w", catalogue(language).phrase(phrase, Plain())) for language in LANGUAGES)


calls = st.builds(
    Call,
    id=st.just("1" * 32),
    purpose=st.just("analysis"),
    endpoint=texts,
    model=texts,
    asked_at=st.just(START),
    seconds=st.just(1.0),
    waited=st.floats(0, 100),
    attempts=st.integers(0, 4),
    outcome=st.sampled_from(["good", "cut", "invalid", "transient", "permanent"]),
    error=texts,
)
efforts = st.builds(
    Effort,
    model=texts,
    calls=st.lists(calls, max_size=2).map(tuple),
    pieces=st.integers(1, 3),
    left_out=st.lists(texts, max_size=4).map(tuple),
    left_out_total=st.integers(0, 9),
    masked=st.integers(0, 2),
    dropped=st.integers(0, 2),
)
opinions = st.builds(
    Part,
    name=st.just("opinion"),
    points=st.integers(-2, 2),
    evidence=st.builds(
        Phrase, code=st.just(Code.PART_OPINION), args=st.fixed_dictionaries({"tier": tiers, "reason": texts})
    ),
)
several = st.lists(phrases.filter(says_something), max_size=3).map(tuple)
analyses = st.builds(
    Analysis,
    change_types=st.lists(st.sampled_from(ChangeType), max_size=2).map(tuple),
    summary=several,
    scope=several,
    insights=st.builds(Insights, architecture=several, security=several, tests=several),
    risks=several,
    suggestions=several,
)
commits = st.builds(
    ReportedCommit,
    repo=st.just(""),
    sha=shas,
    committed_at=st.integers(0, 86_399).map(lambda seconds: START + timedelta(seconds=seconds)),
    author=texts,
    co_authors=st.lists(st.builds(Person, name=texts, email=texts), max_size=2).map(tuple),
    title=texts,
    body=st.lists(texts, max_size=3).map(tuple),
    is_merge=st.booleans(),
    files=st.none() | counts,
    additions=st.none() | counts,
    deletions=st.none() | counts,
    tier=tiers,
    points=st.integers(-3, 30),
    parts=st.lists(opinions | st.builds(Part, name=texts, points=st.integers(-3, 9), evidence=phrases), max_size=2).map(
        tuple
    ),
    analyzer=texts,
    status=st.sampled_from(["done", "owed", "forgiven", "failed"]),
    reason=st.none() | texts,
    analysis=analyses,
    depth=st.sampled_from(DEPTHS),
    effort=st.none() | efforts,
    ruled=st.none() | tiers,
    opinion=st.none() | tiers,
    reverts=st.none() | shas,
    reverted_by=st.none() | shas,
)


def named(commit: ReportedCommit, repo: str) -> ReportedCommit:
    return replace(commit, repo=repo, title=commit.title if clean(commit.title) else "untitled")


@st.composite
def sections(draw: st.DrawFn) -> RepoSection:
    repo = draw(repos)
    drawn = draw(st.lists(commits, max_size=4, unique_by=lambda commit: commit.sha))
    of_repo = tuple(sorted((named(c, repo) for c in drawn), key=lambda c: c.committed_at, reverse=True))
    stats = Counter(commit.tier for commit in of_repo)
    return RepoSection(
        repo=repo,
        branch=draw(texts),
        reason=draw(st.none() | texts),
        stats=Stats(commits=len(of_repo), **{tier: stats[tier] for tier in TIERS}),
        commits=of_repo,
        missing=draw(st.lists(shas, max_size=2).map(tuple)),
    )


changed = st.lists(st.builds(Changed, repo=repos, sha=shas, title=texts), max_size=2).map(tuple)
changes = st.builds(
    Changes,
    added=changed,
    removed=changed,
    reanalyzed=changed,
    retiered=st.lists(
        st.builds(Retiered, repo=repos, sha=shas, title=texts, before=tiers, after=tiers), max_size=2
    ).map(tuple),
    late_added=counts,
    completed=st.booleans(),
    collected=st.lists(repos, max_size=2).map(tuple),
    redefined=st.booleans(),
)
late = st.builds(
    LateCommit,
    repo=repos,
    sha=shas,
    day=st.just(date(2026, 2, 1)),
    committed_at=st.just(START),
    author=texts,
    title=texts,
    tier=tiers,
)


@st.composite
def reports(draw: st.DrawFn) -> ReportPublished:
    parts = tuple(draw(st.lists(sections(), max_size=3, unique_by=lambda section: section.repo)))
    sources = tuple(Source(repo=section.repo, branch=section.branch) for section in parts)
    return ReportPublished(
        definition=Definition(name="wild", sources=sources, zone="UTC", language="en"),
        day=date(2026, 3, 1),
        revision=draw(st.integers(1, 3)),
        start=START,
        end=START + timedelta(days=1),
        complete=draw(st.booleans()),
        as_of=START + timedelta(days=1),
        coverage=Coverage(
            commits=sum(len(section.commits) for section in parts),
            repos=len(parts),
            by_analyzer=draw(st.dictionaries(texts, counts, max_size=2)),
            owed=draw(counts),
            why_owed=draw(st.dictionaries(texts, counts, max_size=2)),
            forgiven=draw(counts),
            shallower=draw(counts),
        ),
        opening=draw(st.none() | st.builds(Opening, text=texts, effort=efforts)),
        sections=parts,
        late=tuple(draw(st.lists(late, max_size=2))),
        late_total=draw(st.integers(0, 5)),
        changes=draw(st.none() | changes),
        digest=draw(texts),
        published_at=START,
    )


LENIENT = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(report=reports(), language=st.sampled_from(LANGUAGES))
@LENIENT
def test_any_report_stands(report: ReportPublished, language: Language) -> None:
    [file] = render_markdown(report, language=language, limit=10_000_000)
    page = Page(file.text)
    assert page.faults == []
    titles = Counter(clean(c.title).replace("`", "").replace(GUARD, "") for s in report.sections for c in s.commits)
    assert Counter(title.replace("`", "") for title in page.titles()) == titles
    repos_named = {display(section.repo) for section in report.sections}
    assert {text for level, text in page.headings if level == 2} >= repos_named


@given(report=reports(), language=st.sampled_from(LANGUAGES))
@LENIENT
def test_any_report_in_parts_stands(report: ReportPublished, language: Language) -> None:
    files = render_markdown(report, language=language, limit=8_000)
    pages = {file.name: Page(file.text) for file in files}
    assert [page.faults for page in pages.values()] == [[]] * len(files)
    assert sum(len(page.titles()) for page in pages.values()) == sum(len(s.commits) for s in report.sections)
    for page in pages.values():
        for href, _ in page.links:
            name, _, anchor = href.partition("#")
            assert not anchor or anchor in pages.get(name, page).anchors


@given(report=reports())
@LENIENT
def test_any_report_reads_back_from_json(report: ReportPublished) -> None:
    assert ReportPublished.model_validate_json(render_json(report).text) == report


@given(report=reports(), language=st.sampled_from(LANGUAGES))
@LENIENT
def test_the_checker_finds_no_fault_in_any_report(report: ReportPublished, language: Language) -> None:
    [file] = render_markdown(report, language=language, limit=10_000_000)
    wanted = expected(report)
    for commit in wanted["commits"]:  # where characters were replaced, what replaced them is expected
        commit.update(author=clean(commit["author"]), title=clean(commit["title"]), body=[*map(clean, commit["body"])])
    assert checker().measure(file.text, wanted)["faults"] == []
