"""Small files that are dear to read cost at most themselves: the rest of the repository has its digest, in time."""

from __future__ import annotations

import pytest

from tests.end_to_end.bombs import APP, BOMBS, crates
from tests.end_to_end.conftest import Make
from tests.end_to_end.trial import Trial
from tests.source.building import Build

_NAMED_IN_LEDGER = ("brackets", "attributes", "lambdas", "yaml brackets", "toml dotted key", "json arrays", "jinja")


@pytest.mark.parametrize("names", crates(), ids=", ".join)
def test_a_crate_of_bombs(names: tuple[str, ...], make: Make, trial: Trial) -> None:
    """The application beside the bombs is found, all of them together stay within the bounds, and what could not be
    read has its line in the ledger."""
    files = {BOMBS[name].path: BOMBS[name].content for name in names}
    project = make({"shop/__init__.py": APP, **files})
    outcome = trial.scan(project.folder, "--no-cache").demand_sound()
    assert outcome.code == 0
    assert outcome.signal("flask.app_factory")["outcome"] == "found"
    subjects = {entry["subject"] for entry in outcome.digest["ledger"]}
    assert {BOMBS[name].path for name in names if name in _NAMED_IN_LEDGER} <= subjects


def test_every_bomb_is_in_a_crate_once() -> None:
    """No bomb is lost when they are put together."""
    assert sorted(name for crate in crates() for name in crate) == sorted(BOMBS)


def test_fifty_thousand_files(build: Build, trial: Trial) -> None:
    """Fifty thousand files of one byte are read, or counted where they are not."""
    project = build()
    stream = [b"blob\nmark :1\ndata 1\na\n", b"commit refs/heads/main\ncommitter A <a@b> 1 +0000\ndata 1\nx\n"]
    stream += [b"M 100644 :1 d%d/f%d.py\n" % (n % 500, n) for n in range(50_000)]
    project.git("fast-import", "--quiet", stdin=b"".join(stream))
    outcome = trial.scan(project.folder, "--no-cache").demand_sound()
    assert outcome.digest["repositories"][0]["files"] == 50_000
    assert len(outcome.forms["json"]) < 2 << 20


def test_a_tree_that_repeats_itself(build: Build, trial: Trial) -> None:
    """Ten levels of ten equal folders are ten thousand million paths and a few objects: a digest in time."""
    project = build()
    tree = project.tree([("100644", project.blob(b"import flask\n"), b"a.py")])
    for _ in range(10):
        tree = project.tree([("40000", tree, b"d%d" % n) for n in range(10)])
    project.commit_tree(tree)
    outcome = trial.scan(project.folder, "--no-cache").demand_sound()
    assert outcome.ledger("too_many_files")


def test_broken_files_without_number(build: Build, trial: Trial) -> None:
    """Thousands of files that do not parse are counted, not listed one by one."""
    project = build()
    commit = b"commit refs/heads/main\ncommitter A <a@b> 1 +0000\ndata 1\nx\n"
    blobs = [b"blob\nmark :%d\ndata 12\nx = (((%05d\n" % (n, n) for n in range(1, 5_001)]
    stream = [*blobs, commit, *(b"M 100644 :%d d/f%d.py\n" % (n, n) for n in range(1, 5_001))]
    project.git("fast-import", "--quiet", stdin=b"".join(stream))
    outcome = trial.scan(project.folder, "--no-cache").demand_sound()
    broken = outcome.ledger("python_syntax")
    assert sum(broken.values()) >= 5_000 and len(broken) <= 201
