"""Take-homes: what the seed had is nobody's here, wherever it was moved to."""

from __future__ import annotations

import pytest

from evidence.attribution import Seed
from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, Story, lines, text

FRAME = lines("seed", *range(1, 21))
OWN = lines("ada", *range(1, 11))


def seed(files: dict[str, str], scanned: dict[str, str]) -> Seed:
    """A seed with these files, asked about these scanned ones."""
    contents = {path: content.encode() for path, content in scanned.items()}
    return Seed("local/seed@" + "a" * 40, {path: c.encode() for path, c in files.items()}, contents.get)


@pytest.mark.parametrize(
    ("scanned", "had"),
    [
        (text(FRAME), set(range(1, 21))),
        (text(OWN), set()),
        (text(FRAME[:10], OWN, FRAME[10:]), {*range(1, 11), *range(21, 31)}),
        (text(["    " + line for line in FRAME[:5]], OWN), set(range(1, 6))),
        ("import os\n" + text(OWN), set()),
        ("", set()),
    ],
    ids=["untouched", "own", "between", "indented", "one common line", "empty"],
)
def test_lines_of_the_seed_are_known_by_content(scanned: str, had: set[int]) -> None:
    """In the file of the same name, and in one of another name, the seed's lines are the same."""
    start = {"a.py": text(FRAME), "other.py": "import os\n"}
    assert seed(start, {"a.py": scanned}).lines("a.py") == had
    assert seed(start, {"moved/b.py": scanned}).lines("moved/b.py") == had


def test_only_what_was_added_counts(story: Story, ask: Ask) -> None:
    """The candidate committed the seed in their own name and moved it about: its lines are left out."""
    story.commit(ADA, {"a.py": text(FRAME)})
    story.commit(ADA, {"a.py": None, "pkg/b.py": text(FRAME[:10], OWN, FRAME[10:])})
    scanned = {"pkg/b.py": text(FRAME[:10], OWN, FRAME[10:])}
    asked = ask(story.written(), "ada@example.org", seed=seed({"a.py": text(FRAME)}, scanned))
    assert asked.agreement("ada") == 1.0
    assert {s.left_out for site, s in asked.shares().items() if asked.text(site).startswith("seed")} == {"baseline"}
