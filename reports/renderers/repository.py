"""What is said of a repository's day beside its commits: what is missing, and why there may be none."""

from __future__ import annotations

from reports.catalogue import Catalogue
from reports.renderers.commit import SHORT, commit_address
from reports.renderers.coverage import branch_name
from reports.renderers.escape import code, prose
from reports.renderers.outline import Group

MISSING_SHOWN = 100  # shas without a result that are listed


def notices(group: Group, words: Catalogue, complete: bool) -> list[str]:
    """Sentences, in the order in which they are read. `complete` says that the day is over."""
    said = [*_state(group, words, complete), *_branches(group, words)]
    if group.missing:
        shas = words.listed((_sha(group.repo, sha) for sha in group.missing), MISSING_SHOWN)
        said.append("⚠️ " + words.say("missing_listed", n=len(group.missing), shas=shas))
    return [words.whole(line) for line in said]


def note(group: Group, words: Catalogue, complete: bool) -> str:
    """The repository's day in a few words, for the contents."""
    commits = words.say("repository", n=group.stats.commits)
    if group.missing:
        return f"{commits} · {words.say('missing', n=len(group.missing))}"
    if group.stats.commits:
        return commits
    return words.punctuation["sentence"].join(map(words.whole, _state(group, words, complete)))


def _state(group: Group, words: Catalogue, complete: bool) -> list[str]:
    return [*_reasons(group, words), *_emptiness(group, words, complete)]


def _branches(group: Group, words: Catalogue) -> list[str]:
    """Where the commits come from; nothing where nothing could be collected."""
    if not group.stats.commits and all(section.reason is not None for section in group.sections):
        return []
    return [words.say("branches", branches=words.listed(branch_name(one.branch, words) for one in group.sections))]


def _reasons(group: Group, words: Catalogue) -> list[str]:
    name = "reason" if len(group.sections) == 1 else "reason_branch"
    return [
        "⚠️ " + words.say(name, branch=branch_name(section.branch, words), reason=prose(section.reason))
        for section in group.sections
        if section.reason is not None
    ]


def _emptiness(group: Group, words: Catalogue, complete: bool) -> list[str]:
    """Why no commits are shown, in different words for different reasons."""
    failed = any(section.reason is not None for section in group.sections)
    if group.commits:
        return [words.say("reason_kept")] if failed and len(group.sections) == 1 else []
    if group.stats.commits:
        return [words.say("statistics", **group.stats.model_dump()), words.say("elsewhere")]
    if failed or group.missing:
        return []
    return [words.say("no_commits" if complete else "no_commits_yet")]


def _sha(repo: str, sha: str) -> str:
    url = commit_address(repo, sha)
    return f"[{code(sha[:SHORT])}]({url})" if url else code(sha)
