"""Many git commands run by few shells: what each of them says is what it says alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.model import Inquiry, Ledger
from evidence.source import open_source
from tests.attribution.telling import ADA, BOB, Story, lines, text

ODD = [
    "plain.py",
    "with space.py",
    "$(touch ran).py",
    "`touch ran`.py",
    'it\'s "quoted".py',
    "-L1,1",
    "täglich.py",
    ";x",
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Files with names that a shell would read, one line of each by Bob."""
    story = Story(tmp_path / "odd")
    for number, name in enumerate(ODD):
        path = f'"{name.translate({34: chr(92) + chr(34)})}"'
        story.commit(ADA, {path: text(lines("ada", *range(1, 6)))})
        story.commit(BOB, {path: text(lines("ada", *range(1, 6)), lines("bob", number))})
    return story.written()


def test_no_name_is_read_by_a_shell(repository: Path) -> None:
    """Every file is blamed, whatever it is called, and nothing that a name says is run."""
    with open_source(str(repository), ledger=Ledger()) as opened:
        blame = opened.blame
        asked = [Inquiry(opened.commit, blob.path, ((1, 1), (5, 6))) for blob in opened.snapshot.blobs]
        assert len(asked) == len(ODD)
        found = blame.trace(asked)
        alone = [blame.trace([inquiry])[0] for inquiry in asked]
        folder = opened.git.folder
        assert not [*folder.rglob("ran*")]
    assert found == alone
    assert {tuple(sorted(lines_)) for lines_ in found} == {(1, 5, 6)}
    assert all(lines_[1].commit != lines_[6].commit for lines_ in found)


def test_one_that_fails_costs_no_other(repository: Path) -> None:
    """A file that is not there, and a range beyond the end, have no lines; the others have theirs, in their order."""
    with open_source(str(repository), ledger=Ledger()) as opened:
        commit = opened.commit
        good = Inquiry(commit, "plain.py", ((1, 6),))
        asked = [Inquiry(commit, "missing.py", ((1, 1),)), good, Inquiry(commit, "plain.py", ((90, 95),)), good]
        found = opened.blame.trace(asked)
    assert [sorted(lines_) for lines_ in found] == [[], [1, 2, 3, 4, 5, 6], [], [1, 2, 3, 4, 5, 6]]
