"""The history stage against the least that any reading of a history costs.

    python bench/history.py GIT_DIR [GIT_DIR ...] [--rounds 5]

Columns: ``git log --raw --no-renames``; the stage of a scan that is called "Reading history" (git's own log, read into
records), and with it all that a scan makes of them (rows and people, the sample's counted lines, all signals of history
and the pictures), in a process that has its modules loaded already. Below: what pandas would add. Medians by the clock,
and in brackets of processor time, children included, which a busy machine disturbs less; git works while its output is
read, so with two idle processors the ratio by the clock is the smaller one.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from evidence import detect
from evidence.facts.project import Project
from evidence.model import Ledger
from evidence.pipeline import ScanRequest, open_repository

_IMPORT = "import time; t = time.perf_counter(); import pandas; print(time.perf_counter() - t)"


def spent() -> tuple[float, float]:
    """Seconds by the clock, and of the processors in this process and its ended children."""
    return time.perf_counter(), sum(sum(getrusage(who)[:2]) for who in (RUSAGE_SELF, RUSAGE_CHILDREN))


def since(start: tuple[float, float]) -> tuple[float, float]:
    """What was spent since then."""
    now = spent()
    return now[0] - start[0], now[1] - start[1]


def log(git_dir: Path) -> tuple[float, float]:
    """What ``git log --raw --no-renames`` takes."""
    start = spent()
    command = ["git", "--git-dir", str(git_dir), "log", "--raw", "--no-renames", "HEAD"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return since(start)


def stage(git_dir: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """What it takes from the start of reading to the last commit, and to the last finding and picture."""
    detectors = [d for d in detect.discover() if d.__name__.startswith("detectors.history.")]
    ledger = Ledger()
    with open_repository(ScanRequest(source=str(git_dir)), ledger) as repository:
        blobs = repository.snapshot.blobs
        start = spent()
        history = repository.history()
        read = since(start)
        project = Project(blobs, {}, history)
        project.past.begin()
        detect.run(detectors, project, repository.id, ledger)
        project.past.pictured()
        return read, since(start)


def pandas_import() -> float:
    """Seconds that a fresh process spends on importing pandas."""
    done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def median(work: Callable[[], float], rounds: int) -> float:
    """The median of several rounds, after one that is not counted."""
    work()
    return statistics.median(work() for _ in range(rounds))


def main() -> int:
    """Measure each repository and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    gc.disable()  # as a scan does
    print(
        "| repository | git log --raw s | read s | ratio (of processors) | read and judged s | ratio (of processors) |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for git_dir in args.repositories:
        # in turns, so that a machine that grows slow slows all
        rounds = [(log(git_dir), *stage(git_dir)) for _ in range(args.rounds + 1)][1:]
        base, read, judged = (
            [statistics.median(each) for each in zip(*side, strict=True)] for side in zip(*rounds, strict=True)
        )
        cells = (f"{ours[0]:.2f} | {ours[0] / base[0]:.2f} ({ours[1] / base[1]:.2f})" for ours in (read, judged))
        print(f"| {git_dir.parent.name} | {base[0]:.2f} | {' | '.join(cells)} |", flush=True)
    print(f"\nimporting pandas: {median(pandas_import, 3):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
