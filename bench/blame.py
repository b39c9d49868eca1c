"""Blame of cited ranges against one blame per range, in time and in what it says.

    python bench/blame.py REPOSITORY... [--ranges 100]

For each local repository: so many ranges of fifteen lines in files spread over the tree are traced as a scan with a
candidate traces them (one process per file, two at a time, over a changed-paths commit-graph, copies looked for), and
then by one ``git blame`` per range with the same flags in the repository itself. ``ratio`` is the first over the
second. ``behind`` counts lines that were traced on behind a squash, to commits that only its change has; ``differ``
those of which the two name different commits for any other reason. The goal is a ratio of at most 0.35.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from pathlib import Path

from evidence.attribution.tracing import Tracer
from evidence.model import Ledger, Origin
from evidence.source import OpenRepository, open_source
from evidence.source.blame import read_incremental

_LONG = 15
_SMALLEST = 1_500
_PER_FILE = 2


def ranges(repository: OpenRepository, count: int) -> dict[str, list[tuple[int, int]]]:
    """Ranges in Python files spread evenly over the tree, two a file."""
    files = [b for b in repository.snapshot.blobs if b.path.endswith(".py") and _SMALLEST < b.size < 200_000]
    step = max(1, len(files) * _PER_FILE // count)
    chosen = files[::step][: count // _PER_FILE]
    lengths = {oid: content.count(b"\n") for oid, content in repository.snapshot.read([b.oid for b in chosen])}
    wanted = {}
    for blob in chosen:
        last = max(1, lengths[blob.oid] - _LONG)
        wanted[blob.path] = [(at, min(at + _LONG - 1, lengths[blob.oid])) for at in (last // 4 + 1, last * 3 // 4 + 1)]
    return wanted


def one_by_one(folder: Path, commit: str, wanted: dict[str, list[tuple[int, int]]]) -> dict[str, dict[int, Origin]]:
    """One process per range, as a user would ask."""
    found: dict[str, dict[int, Origin]] = {}
    for path, places in wanted.items():
        for start, end in places:
            words = ["blame", "--incremental", "-w", "-M", "-C", "-L", f"{start},{end}", commit, "--", path]
            done = subprocess.run(["git", f"--git-dir={folder}", *words], capture_output=True, check=False)  # noqa: S607
            found.setdefault(path, {}).update(read_incremental(done.stdout))
    return found


def measure(folder: Path, count: int) -> str:
    """One row of the table."""
    with open_source(str(folder), ledger=Ledger()) as repository:
        history = repository.history()
        wanted = ranges(repository, count)
        begun = time.perf_counter()
        repository.blame.ready()
        graph = time.perf_counter() - begun
        begun = time.perf_counter()
        ours = Tracer(repository.blame, repository.commit, history.commits).trace(wanted)
        traced = time.perf_counter() - begun
        begun = time.perf_counter()
        theirs = one_by_one(folder, repository.commit, wanted)
        single = time.perf_counter() - begun
    lines = sum(map(len, theirs.values()))
    known = {commit.sha for commit in history.commits}
    other = [
        ours[path][number].commit in known
        for path, found in theirs.items()
        for number, origin in found.items()
        if number in ours[path] and ours[path][number].commit != origin.commit
    ]
    name = "/".join(folder.parts[-2:])
    return (
        f"{name:<40} graph {graph:6.2f} s  traced {traced:6.2f} s  one by one {single:6.2f} s  "
        f"ratio {traced / single:5.2f}  lines {lines}  behind {other.count(False)}  differ {other.count(True)}"
    )


def main() -> None:
    """Print a row for each repository."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--ranges", type=int, default=100)
    asked = parser.parse_args()
    for folder in asked.repositories:
        print(measure(folder, asked.ranges), flush=True)


if __name__ == "__main__":
    main()
