"""What never leaves the machine, and what models say that never stands in a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.llm.endpoint import serving
from tests.checker import faults
from tests.cli.scene import utc
from tests.commitwire import Commitwire
from tests.configured import by_environment, by_models, coverage
from tests.faults.traces import views
from tests.gitrepo import GitRepo
from tests.recorder import recording

DAY = "2026-02-11"
# put together here: a scanner of this repository should find nothing
AWS_KEY = "AKIA" + "Q3EGRZT7KJWLPX5M"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzT3q9LmKw2"
GITHUB_TOKEN = "ghp_" + "a8Xk29dLmQpR7tVw3ZbYcN5fHjG1sE0uKi4o"
KEY_LINES = [
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7",
    "Vb2k0Z3J1c3RlZC1rZXktZm9yLXRlc3RzLW9ubHktMDEyMzQ1",
]
PRIVATE_KEY = "\n".join(["-----BEGIN " + "PRIVATE KEY-----", *KEY_LINES, "-----END " + "PRIVATE KEY-----"])
SECRETS = (AWS_KEY, AWS_SECRET, GITHUB_TOKEN, *KEY_LINES)


@pytest.fixture
def leaking(repo: GitRepo) -> str:
    """A day on which secrets were committed: in sources, in settings, in messages."""
    settings = f'aws_access_key_id = "{AWS_KEY}"\naws_secret_access_key = "{AWS_SECRET}"\nregion = "eu-west-1"\n'
    repo.commit("fix: connect", {"deploy/settings.ini": settings, "src/a.py": "x = 1\n"}, when=utc(f"{DAY} 09:00"))
    repo.commit("feat: sign", {"deploy/key.pem": PRIVATE_KEY + "\n"}, body=PRIVATE_KEY, when=utc(f"{DAY} 10:00"))
    repo.commit(
        f"chore: use {GITHUB_TOKEN}",
        {"src/fetch.py": f'TOKEN = "{GITHUB_TOKEN}"\n', "deploy/settings.ini": None},
        body=f"Call it with {AWS_KEY} and {AWS_SECRET}.",
        when=utc(f"{DAY} 11:00"),
    )
    return f"acme/rocket={repo.path}"


def test_secrets_do_not_reach_the_endpoint(commitwire: Commitwire, leaking: str) -> None:
    with serving() as endpoint, recording(endpoint.url) as recorder:
        by_environment(commitwire, recorder.url, opening="true")
        commitwire.report(leaking)
    sent = "\n".join(recorder.bodies)
    assert "region = " in "\n".join(recorder.prompts), "the diffs did leave"
    assert [secret for secret in SECRETS if secret in sent] == []
    assert by_models(commitwire, DAY) == 3
    commits = commitwire.event(DAY)["sections"][0]["commits"]
    assert all(commit["effort"]["masked"] > 0 for commit in commits)


def test_every_prompt_says_what_it_is_about_before_anything_untrusted(commitwire: Commitwire, repo: GitRepo) -> None:
    sha = repo.commit("fix: fly", {"src/a.py": "Title: not this one\n"}, when=utc(f"{DAY} 09:00"))
    with serving() as endpoint, recording(endpoint.url) as recorder:
        by_environment(commitwire, recorder.url)
        commitwire.report(f"acme/rocket={repo.path}", "--lang", "en")
    assert recorder.prompts
    for prompt in recorder.prompts:
        lines = prompt.splitlines()
        places = [lines.index(line) for line in (f"Commit: acme/rocket@{sha}", "Title: fix: fly", "Language: en")]
        assert max(places) < next(at for at, line in enumerate(lines) if "not this one" in line)


@pytest.fixture
def repo_of_a_day(repo: GitRepo) -> str:
    for n, title in enumerate(("feat: fly", "fix: the valve leaks", "docs: explain")):
        repo.commit(title, {f"src/part{n}.py": f"def part_{n}():\n    return {n}\n" * 30}, when=utc(f"{DAY} 1{n}:00"))
    return f"acme/rocket={repo.path}"


def test_hostile_answers_stay_text(commitwire: Commitwire, repo: GitRepo, repo_of_a_day: str) -> None:
    with serving("--faults", "hostile:1.0") as endpoint:
        by_environment(commitwire, endpoint.url, opening="true")
        commitwire.report(repo_of_a_day)
    assert coverage(commitwire, DAY)["commits"] == 3
    assert by_models(commitwire, DAY) + coverage(commitwire, DAY)["owed"] == 3
    assert faults(commitwire, repo, DAY) == []
    text = commitwire.markdown(DAY)
    structure = (
        "\n### 🔥",
        "\n## owner/name",
        "\n===",
        "\n| 2026-01-01",
        "<script",
        "<!--",
        "](javascript",
        "](https://evil",
    )
    assert [one for one in (*structure, "![p]", "<img", "\x1b", "\u202e") if one in text] == []
    assert text.count("\n```") == 0


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_is_invented_does_not_stand_as_fact(
    commitwire: Commitwire, repo: GitRepo, repo_of_a_day: str, language: str
) -> None:
    with serving("--faults", "invented:1.0") as endpoint:
        by_environment(commitwire, endpoint.url, opening="true")
        commitwire.report(repo_of_a_day, "--lang", language)
    assert faults(commitwire, repo, DAY, language) == []
    text = commitwire.markdown(DAY, language)
    invented = ("made_up_module", "no_such_function", "37.5", "2019-01-01", "evil.example")
    assert [one for one in invented if one in text] == []
    (dropped,) = commitwire.sql("SELECT sum(dropped) AS dropped FROM v_analyses WHERE analyzer = 'llm'")
    assert by_models(commitwire, DAY) == 3
    assert int(dropped["dropped"]) > 0


def test_keys_are_never_shown(commitwire: Commitwire, repo_of_a_day: str) -> None:
    key = "sk-" + "rocket-secret-0123456789abcdef"
    with serving("--api-key", "another") as endpoint:
        by_environment(commitwire, endpoint.url)
        commitwire.environment["OPENAI_API_KEY"] = key
        told = [commitwire.report(repo_of_a_day, "-v"), commitwire("check", "--data", commitwire.data, code=None)]
    assert coverage(commitwire, DAY)["owed"] == 3
    shown = [result.out + result.err for result in told]
    written = [path.read_bytes() for path in _files(commitwire)]
    assert not any(key in text for text in shown)
    assert not any(key.encode() in data for data in written)
    assert key not in json.dumps(views(commitwire))


def _files(home: Commitwire) -> Iterator[Path]:
    return (path for path in home.home.rglob("*") if path.is_file())
