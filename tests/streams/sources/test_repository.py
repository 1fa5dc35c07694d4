import os
from pathlib import Path

import pytest

from schemas.errors import Misuse, SourceFailed
from streams.sources.git import mask
from streams.sources.repository import locate, name_of_url, open_repository
from tests.gitrepo import GitRepo, run


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/git/git.git", "github.com/git/git"),
        ("https://user:pw@GitHub.com/git/git/", "github.com/git/git"),
        ("ssh://git@gitlab.example.org:2222/a/b/c.git", "gitlab.example.org/a/b/c"),
        ("git@github.com:pallets/flask.git", "github.com/pallets/flask"),
        ("gitlab.com:group/sub/project", "gitlab.com/group/sub/project"),
        ("file:///srv/git/a/b.git", None),
        ("/srv/git/a/b.git", None),
        ("../elsewhere", None),
        ("https://example.org/single.git", None),
        ("git@work:o/n", None),
        ("https://git.sr.ht/~user/repo", None),
        ("https://[::1/x/y", None),
    ],
)
def test_names_of_urls(url: str, name: str | None) -> None:
    assert name_of_url(url) == name


def test_arguments(tmp_path: Path) -> None:
    place = locate("pallets/flask=https://t0k:pw@example.org/x/y?a=b")
    assert (place.name, place.url) == ("github.com/pallets/flask", "https://t0k:pw@example.org/x/y?a=b")
    assert "pw" not in repr(place)
    assert locate("gitlab.com/a/b/c=repo").name == "gitlab.com/a/b/c"
    assert locate("https://example.org/x/y?a=b").name is None
    odd = tmp_path / "a=b"
    odd.mkdir()
    assert locate(str(odd)).path == odd
    for wrong in ("flask=repo", "a/b="):
        with pytest.raises(Misuse):
            locate(wrong)


def test_a_clone_is_found_from_anywhere_in_it(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "my project!", work_tree=True)
    repo.commit("one", {"sub/f": "x"})
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other", "main")
    (repo.path / "sub").mkdir()
    for path in (repo.path, repo.path / "sub", tmp_path / "tree"):
        assert open_repository(locate(str(path)), tmp_path).name == "local/my-project-"
    repo.git("remote", "add", "origin", "git@github.com:o/n.git")
    assert open_repository(locate(str(repo.path)), tmp_path).name == "github.com/o/n"
    assert open_repository(locate(f"x/y={repo.path}"), tmp_path).name == "github.com/x/y"


@pytest.mark.parametrize("directory", ["bare.git", "-.git", ".dotted"])
def test_a_bare_clone_is_named_after_its_directory(tmp_path: Path, directory: str) -> None:
    repo = GitRepo(tmp_path / directory)
    expected = {"bare.git": "bare", "-.git": "repository", ".dotted": "dotted"}[directory]
    assert open_repository(locate(str(repo.path)), tmp_path).name == f"local/{expected}"


def test_no_repository_is_a_misuse(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="is no directory"):
        open_repository(locate(str(tmp_path / "missing")), tmp_path)
    with pytest.raises(Misuse, match="is no git repository"):
        open_repository(locate(str(tmp_path)), tmp_path)


def test_a_url_is_mirrored_and_fetched_again(tmp_path: Path) -> None:
    origin = GitRepo(tmp_path / "origin.git")
    origin.commit("one")
    origin.branch("gone")
    url = f"file://{origin.path}"
    repository = open_repository(locate(url), tmp_path / "mirrors")
    assert repository.name == "local/origin"
    newest = origin.commit("two")
    origin.git("branch", "-m", "main", "trunk")
    origin.git("branch", "-D", "gone")
    assert open_repository(locate(f"o/n={url}"), tmp_path / "mirrors").git_dir == repository.git_dir
    refs = run("git", f"--git-dir={repository.git_dir}", "for-each-ref", "--format=%(refname) %(objectname)").decode()
    assert refs == f"refs/heads/trunk {newest}\n"
    assert repository.git.say("symbolic-ref", "HEAD") == b"refs/heads/trunk\n"
    assert [path.name for path in (tmp_path / "mirrors").iterdir()] == [repository.git_dir.name]


def test_what_cannot_be_cloned_or_fetched_says_why_without_secrets(tmp_path: Path) -> None:
    origin = GitRepo(tmp_path / "origin.git")
    url = f"file://{origin.path}"
    mirrors = tmp_path / "mirrors"
    open_repository(locate(url), mirrors)
    os.rename(origin.path, tmp_path / "away")
    with pytest.raises(SourceFailed, match=r"^cannot fetch file://.*: .*origin\.git"):
        open_repository(locate(url), mirrors)
    for secret in ("https://t0ken:s3cr@et@127.0.0.1:9/o/n", "http://t0ken@127.0.0.1:9/o/n"):
        with pytest.raises(SourceFailed, match=r"^cannot clone https?://\*\*\*@127\.0\.0\.1:9/o/n: .") as failure:
            open_repository(locate(secret), mirrors)
        assert not any(hidden in str(failure.value) for hidden in ("t0ken", "s3cr", "\n"))
    assert len(list(mirrors.iterdir())) == 1


def test_masking() -> None:
    assert mask("from 'https://a:b@c/d' and ssh://git@e/f") == "from 'https://***@c/d' and ssh://***@e/f"
