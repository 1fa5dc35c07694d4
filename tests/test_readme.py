"""What is sent to a model: what the README names, and no more."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

from agents.analyzers import static
from agents.analyzers.llm.analyst import Analyst
from agents.llm.scripted import Scripted
from schemas.analyses import AnalysisRequested
from schemas.commits import CommitObserved, FileChange
from tests.samples import NOON, commit

ROOT = Path(__file__).parents[1]

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


def sent_about(seen: CommitObserved) -> str:
    """All that a model is asked about it."""
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
    model = Scripted(lambda: datetime(2026, 2, 12, tzinfo=UTC))
    asyncio.run(Analyst(model).analyze(seen, None, facts, request))
    [question] = model.asked
    return "\n".join(message.content for message in question.messages)


def test_message_paths_and_diff_are_sent_and_people_and_dates_are_not() -> None:
    assert "Message, paths and diff of each commit then go to that endpoint" in (ROOT / "README.md").read_text()
    seen = observed()
    sent = sent_about(seen)
    assert seen.title in sent
    assert "src/upload.py" in sent
    assert "for _ in range(3):" in sent
    for kept in (seen.author.name, seen.author.email, f"{seen.committed_at:%Y-%m-%d}"):
        assert not re.search(rf"\b{re.escape(kept)}\b", sent)
