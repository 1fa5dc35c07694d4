"""Reports as Markdown and JSON: the golden cases, parts, templates."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports.catalogue import catalogue
from reports.renderers.coverage import coverage_lines
from reports.renderers.file import File
from reports.renderers.json import render_json
from reports.renderers.markdown import render_markdown
from schemas.analyses import Analysis, ChangeType
from schemas.definition import LANGUAGES, Definition, Language, Source
from schemas.errors import Misuse
from schemas.repo import commit_url, display
from schemas.reports import Coverage, ReportedCommit, ReportPublished, RepoSection, Stats
from schemas.scores import TIERS
from tests.checker import checker
from tests.reports.test_markdown_page import Page

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/report.json"))


def case(name: str) -> ReportPublished:
    return ReportPublished.model_validate_json((GOLDEN / name / "report.json").read_bytes())


def one(files: list[File]) -> str:
    [file] = files
    return file.text


def expected(report: ReportPublished) -> dict[str, Any]:
    """What the checker must find."""
    commits = {(c.repo, c.sha): c for section in report.sections for c in section.commits}
    listed = [
        {
            "repo": display(commit.repo),
            "sha": commit.sha,
            "committed_at": commit.committed_at.isoformat(),
            "author": commit.author,
            "title": commit.title,
            "body": list(commit.body),
            "tier": commit.tier,
        }
        for commit in commits.values()
    ]
    links = all(commit_url(commit.repo, commit.sha) for commit in commits.values())
    return {"date": str(report.day), "timezone": report.definition.zone, "links": links, "commits": listed}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, language: Language) -> None:
    for file in render_markdown(case(name), language=language):
        path = GOLDEN / name / file.name
        if os.environ.get("GOLDEN") == "write":
            path.write_text(file.text, encoding="utf-8")
        assert file.text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_golden_pages_have_no_faults(name: str, language: Language) -> None:
    report = case(name)
    page = Page(one(render_markdown(report, language=language)))
    assert page.faults == []
    commits = {(c.repo, c.sha): c for section in report.sections for c in section.commits}
    assert len(page.titles()) == len(commits)
    assert [
        text for level, text in page.headings if level == 2 and text in {display(s.repo) for s in report.sections}
    ] == (list(dict.fromkeys(display(section.repo) for section in report.sections)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted({*CASES} - {"hostile"}))
def test_the_checker_finds_no_fault(name: str, language: Language) -> None:
    report = case(name)
    result = checker().measure(one(render_markdown(report, language=language)), expected(report))
    assert result["faults"] == []


def test_golden_json_is_what_is_rendered() -> None:
    for name in CASES:
        file, path = render_json(case(name)), GOLDEN / name / "report.json"
        if os.environ.get("GOLDEN") == "write":
            path.write_text(file.text, encoding="utf-8")
        assert file.name == "2026-03-01.json"
        assert file.text == path.read_text(encoding="utf-8")
        assert ReportPublished.model_validate_json(file.text) == case(name)


SINCE_MODELS = {
    "": {"opening"},
    "coverage": {"why_owed", "forgiven", "shallower"},
    "commits": {"depth", "effort", "ruled", "opinion"},
}


def without(value: Any, name: str = "") -> Any:
    """What an event said before models were in use."""
    if isinstance(value, list):
        return [without(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without(item, key) for key, item in value.items() if key not in SINCE_MODELS.get(name, ())}


@pytest.mark.parametrize("name", ["day", "revision"])
def test_an_event_from_before_models_reads_the_same(name: str) -> None:
    raw = (GOLDEN / name / "report.json").read_text(encoding="utf-8")
    old = without(json.loads(raw))
    assert "depth" not in json.dumps(old)
    report = ReportPublished.model_validate(old)
    for language in LANGUAGES:
        assert render_markdown(report, language=language) == render_markdown(case(name), language=language)


def test_the_language_is_the_definitions_unless_said() -> None:
    assert render_markdown(case("day"))[0].name == "2026-03-01.zh-CN.md"
    assert render_markdown(case("day"), language="en")[0].name == "2026-03-01.en.md"


def test_nothing_and_not_collected_read_differently() -> None:
    chinese = one(render_markdown(case("quiet"), language="zh-CN"))
    english = one(render_markdown(case("quiet"), language="en"))
    assert chinese.count("没有提交") == english.count("No commits") == 2  # in the contents and in the section
    assert "未能采集：the host answered 503" in chinese
    assert "could not be collected: the host answered 503" in english
    missing = case("quiet").sections[2].missing
    assert all(sha in english for sha in missing)


def collected(*sections: RepoSection) -> dict[Language, list[str]]:
    """The coverage of a day with these sections in both languages."""
    commits, failed = sum(s.stats.commits for s in sections), sum(s.reason is not None for s in sections)
    coverage = Coverage(commits=commits, repos=len({s.repo for s in sections}), not_collected=failed)
    report = case("nothing").model_copy(update={"sections": sections, "coverage": coverage})
    return {language: coverage_lines(report, catalogue(language)) for language in LANGUAGES}


def test_where_nothing_could_be_collected_nothing_is_counted() -> None:
    failed = RepoSection(repo="github.com/acme/a", branch="main", reason="no way")
    kept = failed.model_copy(update={"stats": Stats(commits=2, low=2)})
    quiet = RepoSection(repo="github.com/acme/b", branch="-")
    busy = quiet.model_copy(update={"stats": Stats(commits=1, low=1)})
    said: list[tuple[tuple[RepoSection, ...], str, str]] = [
        ((failed,), "Nothing could be collected from 1 repository; committer", "共 1 个仓库，都未能采集；时间"),
        ((kept,), "Nothing could be collected from 1 repository; 2 commits collected before", "以前采集到 2 个提交"),
        ((failed, quiet), "No commits in 1 of 2 repositories, and the rest could", "其中 1 个没有提交，其余未能采集"),
        ((failed, busy), "1 commit in 1 of 2 repositories", "共 2 个仓库，采集到其中 1 个、1 个提交"),
        ((kept, busy), "3 commits in 2 repositories", "共 2 个仓库、3 个提交"),
        ((quiet,), "No commits in 1 repository", "共 1 个仓库，都没有提交"),
    ]
    for sections, english, chinese in said:
        lines = collected(*sections)
        assert english in lines["en"][0]
        assert chinese in lines["zh-CN"][0]


def test_where_commits_come_from_is_said_in_words() -> None:
    file = RepoSection(repo="github.com/acme/a", branch="-", reason="no way")
    assert "acme/a (a file) could not be collected" in collected(file)["en"][-1]
    assert "acme/a (文件)" in collected(file)["zh-CN"][-1]
    text = one(render_markdown(case("day"), language="en"))
    assert "## acme/widgets\n\nSource: branch main.\n\n| Time" in text
    text = one(render_markdown(case("revision"), language="zh-CN"))
    assert "来源：分支 main、分支 stable。" in text
    assert "来源：文件。" in text


def test_a_commit_on_two_branches_stands_once() -> None:
    report = case("revision")
    page = Page(one(render_markdown(report, language="en")))
    shas = [commit.sha for section in report.sections for commit in section.commits]
    assert len(shas) == len(set(shas)) + 1
    assert len(page.titles()) == len(set(shas))


def test_reverts_link_both_ways() -> None:
    page = Page(one(render_markdown(case("revision"), language="en")))
    first, second = (commit.sha[:12] for commit in case("revision").sections[0].commits[1::-1])
    text = page.markdown
    assert f"Reverts [feat: sign every widget (#\u206061)](#acme-widgets-{first})" in text
    assert f'Reverted by [Revert "feat: sign every widget (#\u206061)" (#\u206064)](#acme-widgets-{second})' in text


def test_an_incomplete_day_says_so() -> None:
    assert "as of 21:30 Asia/Shanghai" in one(render_markdown(case("revision"), language="en"))
    later = case("revision").model_copy(update={"as_of": datetime(2026, 3, 3, 1, tzinfo=UTC)})
    assert "as of 2026-03-03 09:00 Asia/Shanghai" in one(render_markdown(later, language="en"))
    assert "as of" not in one(render_markdown(case("day"), language="en"))


def test_a_summary_without_its_commits_says_so() -> None:
    report = case("day")
    sections = tuple(section.model_copy(update={"commits": ()}) for section in report.sections)
    text = one(render_markdown(report.model_copy(update={"sections": sections, "reference": "x"}), language="en"))
    assert "without the commits" in text
    assert "No commits" not in text


def large(commits: int, title: str = "feat: something (#1)") -> ReportPublished:
    """A report of two repositories with this many commits each, a third of them in each tier."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    sources = (Source(repo="github.com/acme/a", branch="main"), Source(repo="github.com/acme/b", branch="main"))
    analysis = Analysis(change_types=(ChangeType.FEATURE,), summary=(), scope=())
    sections = []
    for source in sources:
        of_repo = [
            ReportedCommit(
                repo=source.repo,
                sha=f"{number:040x}",
                committed_at=start + timedelta(seconds=commits - number),
                author="Ada",
                title=title,
                tier=TIERS[number % 3],
                points=1,
                analyzer="static/1",
                status="done",
                analysis=analysis,
                reverts=f"{number - 1:040x}" if number else None,
            )
            for number in range(commits)
        ]
        sections.append(RepoSection(repo=source.repo, branch="main", commits=tuple(of_repo)))
    return ReportPublished(
        definition=Definition(name="large", sources=sources, zone="UTC", language="en"),
        day=date(2026, 3, 1),
        revision=1,
        start=start,
        end=start + timedelta(days=1),
        complete=True,
        as_of=start + timedelta(days=1),
        coverage=Coverage(commits=2 * commits, repos=2, by_analyzer={"static/1": 2 * commits}),
        sections=tuple(sections),
        digest="0" * 32,
        published_at=start + timedelta(days=1),
    )


@pytest.mark.parametrize("limit", [200_000, 130_000, 60_000, 20_000])
def test_a_large_report_comes_in_parts(limit: int) -> None:
    report = large(90)
    files = render_markdown(report, limit=limit)
    assert [file.name for file in files[1:]] == [f"2026-03-01.en.{n}.md" for n in range(2, len(files) + 1)]
    assert all(len(file.text.encode()) <= limit for file in files)
    pages = {file.name: Page(file.text) for file in files}
    assert [page.faults for page in pages.values()] == [[]] * len(files)
    titles = Counter(text for page in pages.values() for text in page.titles())
    assert titles == {"feat: something (#1)": 180}
    assert files[0].text.count("> 90 commits | 🔴 high 30 | 🟡 medium 30 | 🟢 low 30") == 2
    assert all(f"({file.name}" in files[0].text for file in files[1:])
    for page in pages.values():
        for href, _ in page.links:
            name, _, anchor = href.partition("#")
            if name in pages and anchor:
                assert anchor in pages[name].anchors


def test_low_commits_leave_the_first_page_first() -> None:
    whole = len(one(render_markdown(large(90))).encode())
    first, *rest = render_markdown(large(90), limit=whole - 1)
    assert rest
    assert first.text.count("#### ") == 120
    assert "Not in this file: " in first.text
    assert all("🔴" not in file.text and "🟡" not in file.text for file in rest)


def test_a_small_report_has_one_part_up_to_the_last_byte() -> None:
    whole = len(one(render_markdown(large(3))).encode())
    assert len(render_markdown(large(3), limit=whole)) == 1
    assert len(render_markdown(large(3), limit=whole - 1)) > 1


def test_very_many_quiet_repositories_stay_on_one_page() -> None:
    sections = tuple(RepoSection(repo=f"github.com/acme/quiet-{number}", branch="main") for number in range(500))
    report = large(3)
    report = report.model_copy(update={"sections": (*sections, *report.sections)})
    whole = len(one(render_markdown(report)).encode())
    first, *rest = (Page(file.text) for file in render_markdown(report, limit=whole // 2))
    assert len(first.markdown.encode()) <= whole // 2
    assert [page.faults for page in (first, *rest)] == [[], []]
    text = first.text()
    assert all(f"acme/quiet-{number} · No commits" in text for number in range(500))


def test_a_users_template_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "low.md.j2").write_text("LOW {{ commit.title }}\n")
    text = one(render_markdown(case("day"), language="en", templates=tmp_path))
    assert "LOW docs: say how a widget is signed" in text
    assert "**🎯 Scope**" in text


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("x\n{{ commit.no_such }}\n", 2, "no_such"),
        ("x\n\n{% if %}\n", 3, "expression"),
        ("{% include 'missing.j2' %}", 1, "missing.j2"),
        ("\n{{ 1 / 0 }}", 2, "division"),
        ("{{ nothing_of_the_kind }}", 1, "nothing_of_the_kind"),
    ],
)
def test_a_faulty_template_is_named_with_its_line(tmp_path: Path, source: str, line: int, reason: str) -> None:
    (tmp_path / "low.md.j2").write_text(source)
    with pytest.raises(Misuse, match=rf"low\.md\.j2, line {line} is faulty: .*{reason}"):
        render_markdown(case("day"), templates=tmp_path)


def test_templates_need_a_directory_and_utf8(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="is no directory"):
        render_markdown(case("day"), templates=tmp_path / "none")
    (tmp_path / "report.md.j2").write_bytes(b"\xff")
    with pytest.raises(Misuse, match=r"report\.md\.j2"):
        render_markdown(case("day"), templates=tmp_path)
