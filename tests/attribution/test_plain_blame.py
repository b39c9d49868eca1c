"""In the plain case - nothing moved, formatted, squashed or reverted - every line is where plain git blame has it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evidence.attribution.tracing import Tracer
from evidence.model import Inquiry, Ledger, Origin, Site
from evidence.source import open_source
from evidence.source.blame import read_incremental
from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, BOB, Story, lines, text

ROOT = Path(__file__).parents[2]
_FILES = 5


def blamed(folder: Path, commit: str, path: str, *options: str) -> dict[int, Origin]:
    """What git itself says, asked as a user would."""
    command = ["git", "-c", "safe.directory=*", "blame", "--incremental", *options, commit, "--", path]
    return read_incremental(subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout)


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
    theirs = blamed(folder, "main", "a.py")
    assert ours == {number: theirs[number] for number in (*range(3, 10), *range(12, 31))}


def test_shares_are_what_blame_counts(story: Story, ask: Ask) -> None:
    """The share of each cited range is the part of its lines that plain ``git blame`` gives to the candidate."""
    one, two = lines("ada", *range(1, 31)), lines("bob", *range(1, 31))
    story.commit(ADA, {"a.py": text(one[:12], two[:3])})
    story.commit(BOB, {"a.py": text(one[:6], two[10:17], one[6:12], two[:3])})
    story.commit(ADA, {"a.py": text(one[:6], two[10:13], one[20:22], two[13:17], one[6:12], two[:3])})
    folder = story.written()
    asked = ask(folder, "ada@example.org")
    plain = blamed(folder, "main", "a.py")
    ada = {c.sha for c in asked.project.history.commits if c.author.email == "ada@example.org"}
    for start, end in [(1, 24), (5, 9), (7, 12), (20, 24)]:
        site = Site(path="a.py", start=start, end=end, clause="defined")
        asked.attribution.settle([site])
        share = asked.attribution.share(site)
        count = sum(plain[n].commit in ada for n in range(start, end + 1))
        assert share is not None
        assert (share.high, share.unknown) == (round(count / (end + 1 - start), 4), 0.0)


def test_the_projects_own_history_equals_git_blame() -> None:
    """Files of this very repository: each line is where ``git blame -w -M`` has it, however many are asked at once."""
    git = ["git", "-c", "safe.directory=*", "rev-parse", "--is-shallow-repository"]
    done = subprocess.run(git, cwd=ROOT, capture_output=True, check=False)
    if done.stdout.strip() != b"false":
        pytest.skip("this copy of the project has no history, or a part of it only")
    with open_source(str(ROOT), ledger=Ledger()) as opened:
        files = [
            b.path
            for b in opened.snapshot.blobs
            if b.path.startswith("evidence/") and b.path.endswith(".py") and b.size > 7_500
        ]
        chosen = files[:: len(files) // _FILES][:_FILES]
        ours = opened.blame.trace([Inquiry(opened.commit, path, ((3, 30), (12, 40), (55, 60))) for path in chosen])
        for path, found in zip(chosen, ours, strict=True):
            assert found == blamed(ROOT, opened.commit, path, "-w", "-M", "-L3,40", "-L55,60")
            assert len(found) == 44
