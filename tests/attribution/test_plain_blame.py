"""In the plain case - nothing moved, formatted, squashed or reverted - every line is where plain git blame has it."""

from __future__ import annotations

import subprocess

from evidence.attribution.tracing import Tracer
from evidence.source.blame import read_incremental
from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, BOB, Story, lines, text


def test_plain_histories_equal_git_blame(story: Story, ask: Ask) -> None:
    """Commits, paths and lines are those of ``git blame`` without any option."""
    one, two = lines("ada", *range(1, 31)), lines("bob", *range(1, 31))
    story.commit(ADA, {"a.py": text(one[:20])})
    story.commit(BOB, {"a.py": text(one[:10], two[:10], one[10:20])})
    story.commit(ADA, {"a.py": text(one[:10], two[:5], one[20:25], two[5:10], one[10:20])})
    folder = story.written()
    asked = ask(folder, "ada@example.org")
    tracer = Tracer(asked.repository.blame, asked.repository.commit, asked.project.history.commits)
    ours = tracer.trace({"a.py": [(3, 9), (12, 30)]})["a.py"]
    plain = subprocess.run(
        ["git", f"--git-dir={folder}", "blame", "--incremental", "main", "--", "a.py"], capture_output=True, check=True
    )
    theirs = read_incremental(plain.stdout)
    assert ours == {number: theirs[number] for number in (*range(3, 10), *range(12, 31))}
