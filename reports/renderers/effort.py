"""What a model's analysis took, in one short line, where that matters to a reader."""

from __future__ import annotations

from collections.abc import Iterator

from reports.catalogue import Catalogue
from reports.renderers.escape import code, cut, prose
from schemas.analyses import Call, Effort
from schemas.reports import ReportedCommit

PATHS = 3  # paths that the model did not see which are named
COLUMNS = 160  # of an error


def effort_line(commit: ReportedCommit, words: Catalogue) -> str:
    """Attempts beyond what was needed, what is less than wanted, what was held back; "" where all went as it should."""
    said = [*_depth(commit, words)]
    if commit.effort is not None:
        explained = commit.status != "done"  # by the notice of the debt
        said += [*_attempts(commit.effort.calls, words, explained=explained), *_content(commit.effort, words)]
    return "⚙️ " + " · ".join(said) if said else ""


def _depth(commit: ReportedCommit, words: Catalogue) -> Iterator[str]:
    if commit.status == "done" and commit.reason is not None:
        yield words.say("lowered", depth=words.words["depths"][commit.depth], reason=prose(words.reason(commit.reason)))


def _attempts(calls: tuple[Call, ...], words: Catalogue, *, explained: bool) -> Iterator[str]:
    """Said when one was in vain; with the last fault, unless that is explained already."""
    attempts = sum(call.attempts for call in calls)
    if attempts > sum(call.outcome == "good" for call in calls):
        faults = [_fault(call, words) for call in calls if call.error or call.outcome != "good"]
        seconds, last = round(sum(call.waited for call in calls)), "" if explained or not faults else faults[-1]
        yield words.say("attempts", n=attempts, seconds=seconds, error=last)


def _fault(call: Call, words: Catalogue) -> str:
    outcome = words.words["outcomes"][call.outcome] if call.outcome != "good" else ""
    return words.punctuation["pair"].join(part for part in (outcome, prose(cut(call.error, COLUMNS))) if part)


def _content(effort: Effort, words: Catalogue) -> Iterator[str]:
    if effort.pieces > 1:
        yield words.say("pieces", n=effort.pieces)
    unseen = max(effort.left_out_total, len(effort.left_out))
    if unseen:
        yield words.say("left_out", n=unseen, paths=words.listed(map(code, effort.left_out[:PATHS])))
    for name, n in (("masked", effort.masked), ("dropped", effort.dropped)):
        if n:
            yield words.say(name, n=n)
