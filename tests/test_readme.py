"""The README's example of a model's analysis is what the program makes of it, and what is sent for it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

from agents.analyzers import static
from agents.analyzers.llm.analyst import Analyst
from agents.llm.scripted import Scripted
from agents.scorers.rubric import Rubric, score
from reports.fold import fold
from reports.notebook import Known
from reports.renderers.markdown import render_markdown
from reports.window import Window
from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.commits import CommitObserved, FileChange
from tests.samples import AFTER, DAY, DEFINITION, NOON, SOURCE, commit, seal

README = Path(__file__).parents[1] / "README.md"
PATCH = """diff --git a/src/upload.py b/src/upload.py
--- a/src/upload.py
+++ b/src/upload.py
@@ -8,2 +8,5 @@ def upload(file):
-    send(file)
+    for _ in range(3):
+        if send(file):
+            return
+    raise UploadFailed(file)
"""


def observed() -> CommitObserved:
    """A commit of some weight."""
    files = (FileChange(path="src/upload.py", status="M", additions=4, deletions=1),)
    size = {"files": files, "additions": 4, "deletions": 1, "patch": PATCH, "patch_bytes": len(PATCH)}
    return commit(1, "refactor: send files in one place", at=NOON).model_copy(update=size)


def scripted() -> Scripted:
    return Scripted(lambda: datetime(2026, 2, 12, tzinfo=UTC))


def by_scripted_model(seen: CommitObserved, model: Scripted) -> CommitAnalyzed:
    """What the scripted model says of it."""
    facts = static.analyze(seen)
    request = AnalysisRequested(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        language="en",
        depth="standard",
        reason="first",
        round=facts.round + 1,
    )
    return asyncio.run(Analyst(model).analyze(seen, None, facts, request))


def example() -> str:
    """The commit's section in the report, without its anchor."""
    seen = observed()
    said = by_scripted_model(seen, scripted())
    row = Known(seen, said, score(said, Rubric.shipped()))
    report = fold(Window(DEFINITION, DAY, {SOURCE: seal(1)}), [row], previous=None, now=AFTER)
    [page] = render_markdown(report)
    section = re.search(r"^#### .*?(?=\n+<a id=|\n+---|\Z)", page.text, re.MULTILINE | re.DOTALL)
    assert section
    return section[0].strip()


def test_the_example_is_what_the_program_makes() -> None:
    shown = re.findall(r"^```md\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert shown == [f"{example()}\n"]


def test_people_and_dates_are_not_sent() -> None:
    model, seen = scripted(), observed()
    by_scripted_model(seen, model)
    [question] = model.asked
    sent = "\n".join(message.content for message in question.messages)
    assert seen.title in sent
    assert "src/upload.py" in sent
    assert "for _ in range(3):" in sent
    for kept in (seen.author.name, seen.author.email, f"{seen.committed_at:%Y-%m-%d}"):
        assert not re.search(rf"\b{re.escape(kept)}\b", sent)
