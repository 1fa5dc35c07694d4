"""A report of repositories: what stands in it, where it stands, and what the same command does again."""

from __future__ import annotations

import json

import pytest

from tests.cli.scene import commit_of, counts, titles, utc, with_origin
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo
from tests.servers.brokers import KNOWS_ITS_ENDS


@pytest.mark.embedded
def test_without_options_it_reports_on_the_last_day_of_the_clone_in_the_current_directory(
    commitwire: Commitwire,
) -> None:
    repo = with_origin(GitRepo(commitwire.home, work_tree=True))
    repo.commit("Begin", {"a.py": "1\n"}, when=utc("2026-02-10 15:59:59"))
    sha = repo.commit("feat: fly (#7)", {"a.py": "2\n"}, when=utc("2026-02-10 16:00:00"))
    repo.commit("From a clock that is wrong", {"a.py": "3\n"}, when=utc("2031-01-01 00:00"))
    commitwire.environment["TZ"] = "Asia/Shanghai"
    commitwire.environment["XDG_DATA_HOME"] = str(commitwire.home / "user-data")
    result = commitwire("report")
    assert result.lines == ["out/daily/2026-02-11.zh-CN.md", "out/daily/2026-02-11.json"]
    assert result.err == ""
    event = commitwire.event("2026-02-11")
    assert event["definition"]["sources"] == [{"repo": "github.com/acme/rocket", "branch": "main"}]
    assert (event["definition"]["zone"], event["definition"]["language"]) == ("Asia/Shanghai", "zh-CN")
    assert titles(event) == ["feat: fly (#7)"]
    text = commitwire.markdown("2026-02-11")
    assert text.startswith("# 每日更新报告（2026-02-11）\n")
    assert f"(https://github.com/acme/rocket/commit/{sha})" in text
    assert "2026-02-11 00:00:00" in text
    assert (commitwire.home / "user-data" / "commitwire" / "log").is_dir()


def test_several_repositories_make_one_report_with_a_section_each(commitwire: Commitwire, repo: GitRepo) -> None:
    with_origin(repo, "https://github.com/someone/else.git")
    repo.commit("Begin", {"a.py": "1\n"}, when=utc("2026-02-01 10:00"))
    repo.branch("topic")
    repo.commit("fix: on the topic", {"b.py": "1\n"}, branch="topic", when=utc("2026-02-11 09:00"))
    repo.branch("never-merged")
    repo.commit("Not on the branch", {"c.py": "1\n"}, branch="never-merged", when=utc("2026-02-11 09:30"))
    repo.commit("On main", {"a.py": "2\n"}, when=utc("2026-02-11 08:00"), authored=utc("2026-01-01 08:00"))
    repo.merge("topic", title="Merge topic", files={"b.py": "1\n"}, when=utc("2026-02-11 11:00"))
    saw = GitRepo(repo.path.parent / "saw.git")
    cut = saw.commit("docs: cut", {"README.md": "x\n"}, when=utc("2026-02-11 10:00"))
    loose = GitRepo(repo.path.parent / "loose ends.git")
    loose.commit("Quiet", when=utc("2026-02-10 10:00"))
    arguments = (f"acme/rocket={repo.path}", f"git.example.org/tools/saw={saw.path}", loose.path)
    result = commitwire.report(*arguments, "--date", "2026-02-11", "--lang", "en")
    assert [line.rpartition("/out/")[2] for line in result.lines] == ["daily/2026-02-11.en.md", "daily/2026-02-11.json"]

    event = commitwire.event("2026-02-11")
    assert titles(event, "github.com/acme/rocket") == ["Merge topic", "fix: on the topic", "On main"]
    assert titles(event, "git.example.org/tools/saw") == ["docs: cut"]
    assert titles(event, "local/loose-ends") == []
    merge = commit_of(event, "Merge topic")
    assert (merge["is_merge"], merge["tier"], merge["additions"], merge["deletions"]) == (True, "low", 0, 0)
    text = commitwire.markdown("2026-02-11", "en")
    assert text.count("\n## ") == 4, "the contents, and a section for each"
    assert "A merge that brought 1 commit: fix: on the topic." in text
    assert f"https://git.example.org/tools/saw/commit/{cut}" in text
    assert "## local/loose-ends\n\nNo commits on this day." in text
    assert "Begin" not in text
    assert "4 commits in 3 repositories" in text


def test_a_repository_without_a_host_has_no_links(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this (#12)", {"a.py": "1\n"}, when=utc("2026-02-11 10:00"))
    commitwire.report(repo.path, "--format", "md")
    text = commitwire.markdown("2026-02-11")
    assert "\n## local/rocket\n" in text
    assert "http" not in text
    assert not (commitwire.out / "daily" / "2026-02-11.json").exists()


@KNOWS_ITS_ENDS
def test_the_same_command_again_does_only_what_is_new(commitwire: Commitwire, repo: GitRepo) -> None:
    for number in range(3):
        repo.commit(f"fix: {number}", {"a.py": f"{number}\n"}, when=utc(f"2026-02-10 1{number}:00"))
    first = commitwire.report(repo.path)
    files = [commitwire.out / "daily" / "2026-02-10.zh-CN.md", commitwire.out / "daily" / "2026-02-10.json"]
    assert first.lines == [str(file) for file in files]
    content = [file.read_bytes() for file in files]
    done = counts(commitwire)
    assert done == {"commits": 3, "analyses": 3, "scores": 3, "reports": 1}
    tailed = commitwire("topics", "tail", "commits", "--from-start", "--json", "--data", commitwire.data).lines
    assert [json.loads(one)["data"]["title"] for one in tailed] == ["fix: 0", "fix: 1", "fix: 2"]

    again = commitwire.report(repo.path)
    assert again.lines == first.lines
    assert counts(commitwire) == done

    files[0].unlink()
    files[1].write_text('{"damaged": true}')
    repaired = commitwire.report(repo.path)
    assert repaired.lines == first.lines
    assert [file.read_bytes() for file in files] == content
    assert counts(commitwire) == done, "putting a file right is no new revision"

    repo.commit("fix: of the next day", {"a.py": "next\n"}, when=utc("2026-02-11 10:00"))
    later = commitwire.report(repo.path)
    assert [line.rpartition("/")[2] for line in later.lines] == ["2026-02-11.zh-CN.md", "2026-02-11.json"]
    assert counts(commitwire) == {"commits": 4, "analyses": 4, "scores": 4, "reports": 2}
    assert [file.read_bytes() for file in files] == content
