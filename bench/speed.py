"""How long a scan takes against R, the least that any scan of history and code must do, measured in one run.

    python bench/speed.py GIT_DIR [GIT_DIR ...] [--rounds 5]

R is ``git log --raw --no-renames HEAD`` plus one Python process that only parses every Python file of HEAD with
``ast``. Each round runs every row once, so that a drift of the machine's speed touches all of them alike; the table
shows medians and the ratio to R, by the clock and by the processors' time (which a busy machine disturbs less).
``cold`` scans without a cache, ``with a candidate`` tells the work of whoever has most commits from others' besides,
``warm`` rescans the same commit with the cache that a first scan filled; its ratio to the cold scan is in the column
``of cold``. ``detectors`` is the time that all detectors take within the cold scan, by the clock; joining the facts of
files into graphs before is no part of it, and what is looked at meanwhile costs nothing. Memory is the peak of the
largest single process. Byte code is there in every row, as after an installation.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_PARSE = """
import ast, gc, subprocess, sys, warnings
gc.disable(); warnings.simplefilter("ignore")
git = ["git", "--git-dir", sys.argv[1]]
tree = subprocess.run([*git, "ls-tree", "-r", "HEAD"], capture_output=True, text=True, errors="replace").stdout
oids = [line.split()[2] for line in tree.splitlines() if line.endswith(".py") and not line.startswith("120000")]
asked = "\\n".join(oids).encode() + b"\\n"
data = subprocess.run([*git, "cat-file", "--batch"], input=asked, capture_output=True).stdout
at = 0
while at < len(data):
    end = data.index(b"\\n", at)
    head = data[at:end].split()
    at = end + 1
    if head[-1] == b"missing":
        continue
    size = int(head[2])
    try:
        ast.parse(data[at : at + size])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    at += size + 1
"""


R = ("git log --raw", "ast.parse")
COLD = "scan, cold"
CANDIDATE = "scan, cold, with a candidate"
DETECTORS = "detectors, within the cold scan"


@dataclass(frozen=True)
class Run:
    """One finished process with its children: seconds by the clock and of the processors, and the peak memory of its
    largest process in MiB; ``detectors`` are the seconds by the clock that the detectors took, 0 when not told."""

    wall: float
    cpu: float
    memory: float
    detectors: float = 0.0


def run(command: list[str]) -> Run:
    """Run one command to its end. Raises CalledProcessError when it fails."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    process.returncode = os.waitstatus_to_exitcode(status)
    # a partial clone makes git log end with an error after the last commit that is there
    if process.returncode not in (0, 128):
        raise subprocess.CalledProcessError(process.returncode, command)
    detectors = float(lines[-1].split()[0]) if lines and lines[-1].endswith("by the clock") else 0.0
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, detectors)


def main_author(git_dir: Path) -> str:
    """The address with most commits."""
    command = ["git", "--git-dir", str(git_dir), "log", "--no-merges", "--format=%ae", "HEAD"]
    told = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    return Counter(told.split("\n")).most_common(1)[0][0]


def rows(git_dir: Path, scratch: Path) -> dict[str, list[str]]:
    """The commands of one repository by the name of their row."""
    scan = [
        sys.executable,
        "-m",
        "evidence",
        "scan",
        str(git_dir),
        "--format",
        "json",
        "-o",
        str(scratch / "digest.json"),
    ]
    return {
        "git log --raw": ["git", "--git-dir", str(git_dir), "log", "--raw", "--no-renames", "--no-abbrev", "HEAD"],
        "ast.parse": [sys.executable, "-c", _PARSE, str(git_dir)],
        COLD: [*scan, "--no-cache", "--profile-detectors"],
        CANDIDATE: [*scan, "--no-cache", "--candidate", main_author(git_dir)],
        "scan, cold, one worker": [*scan, "--no-cache", "--workers", "1"],
        "scan, warm": scan,
    }


def measure(git_dir: Path, rounds: int) -> dict[str, list[Run]]:
    """Every row, once per round, after one round that is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        commands = rows(git_dir, Path(folder))
        found: dict[str, list[Run]] = {name: [] for name in commands}
        for number in range(rounds + 1):
            for name, command in commands.items():
                result = run(command)
                if number:
                    found[name].append(result)
    return found


def table(git_dir: Path, found: dict[str, list[Run]]) -> str:
    """The medians of one repository as Markdown rows."""
    wall = {name: statistics.median(r.wall for r in runs) for name, runs in found.items()}
    cpu = {name: statistics.median(r.cpu for r in runs) for name, runs in found.items()}
    base, least = sum(wall[name] for name in R), sum(cpu[name] for name in R)
    lines = []
    for name, runs in found.items():
        memory = max(r.memory for r in runs)
        of_cold = f"{wall[name] / wall[COLD]:.2f}" if name.startswith("scan") else ""
        figures = f"{wall[name]:.2f} | {wall[name] / base:.2f} | {cpu[name] / least:.2f} | {of_cold} | {memory:.0f}"
        lines.append(f"| {git_dir.parent.name} | {name} | {figures} |")
    looking = statistics.median(r.detectors for r in found[COLD])
    share = statistics.median(r.detectors / r.wall for r in found[COLD])
    lines.append(f"| {git_dir.parent.name} | {DETECTORS} | {looking:.2f} | {looking / base:.2f} | | {share:.2f} | |")
    return "\n".join(lines)


def main() -> int:
    """Measure each repository and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    # an installed package has its byte code; a checkout gets it in the round that is not counted
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, medians of {args.rounds} rounds\n")
    print("| repository | what | wall s | ratio to R | CPU's ratio to R's | of cold | peak MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for git_dir in args.repositories:
        print(table(git_dir, measure(git_dir, args.rounds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
