"""One run of the real command line, watched from outside: what it says, takes and leaves behind."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MIB = 1 << 20
# Processor time, which other tests beside do not lengthen; whoever waits for ever is stopped by the clock.
MOST_SECONDS, MOST_MEMORY, MOST_DISK = 30.0, 512 * MIB, 200 * MIB
_PATIENCE = 240.0
# Each look costs the kernel a walk over every page; what a process had between two looks, it remembers by itself.
_POLL_SECONDS = 0.1
# Characters that a terminal or a reader would obey instead of seeing: C0 and C1 controls, direction, zero width.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HTML_TAG = re.compile(r"<(script|iframe|img|object|embed|link|base|form|meta\s+http-equiv=.refresh)\b", re.I)


@dataclass
class Outcome:
    """What one run came to. ``forms`` are the digests by name (``json``, ``html``, ``md``), empty where none was
    written; ``seconds`` passed on the clock, ``worked`` on processors; memory is the sum over all processes (bytes),
    disk what the temporary folder held at most."""

    code: int
    out: bytes
    err: str
    seconds: float
    worked: float = 0
    memory: int = 0
    disk: int = 0
    forms: dict[str, bytes] = field(default_factory=dict)
    cache: bytes = b""
    left: list[str] = field(default_factory=list)

    @property
    def digest(self) -> Any:
        """The digest as plain JSON values."""
        assert "json" in self.forms, self.err
        return json.loads(self.forms["json"])

    def signal(self, name: str) -> Any:
        """One signal's result."""
        return next(s for s in self.digest["signals"] if s["id"] == name)

    def ledger(self, code: str) -> dict[str, int]:
        """Subjects and counts of the ledger's entries with this code."""
        return {entry["subject"]: entry["count"] for entry in self.digest["ledger"] if entry["code"] == code}

    def everything(self) -> dict[str, bytes]:
        """All bytes that came out, by where they came out."""
        return {"stdout": self.out, "stderr": self.err.encode(), "cache": self.cache, **self.forms}

    def demand_sound(self) -> Outcome:
        """The demands on every run: a digest or one line of error, within the bounds, nothing left, nothing obeyed."""
        assert "Traceback" not in self.err and "defect" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if not line.startswith("evidence: warning: ")]
        if self.forms:
            assert self.code in (0, 3) and not lines, (self.code, self.err)
            assert self.digest["complete"] is (self.code == 0)
        else:
            assert self.code != 0 and not self.out, (self.code, self.out[:200])
            assert len(lines) == 1 and len(lines[0]) < 1000, self.err
            assert lines[0].startswith(("evidence: ", "Usage: ")), self.err
        assert self.worked < MOST_SECONDS and self.memory < MOST_MEMORY and self.disk < MOST_DISK, self
        assert self.left == [], self.left
        for place, content in self.everything().items():
            if place != "cache":
                obeyed = _OBEYED.search(content.decode().replace("\r\n", "\n"))
                assert obeyed is None, (place, obeyed)
        html = self.forms.get("html", b"").decode()
        assert _HTML_TAG.search(html) is None, _HTML_TAG.search(html)
        return self


class Trial:
    """Runs commands with a home, a cache and a temporary folder of their own."""

    def __init__(self, room: Path) -> None:
        self.room = room
        for name in ("home", "temporary", "cwd"):
            (room / name).mkdir(parents=True, exist_ok=True)
        self.cwd = room / "cwd"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(room / "home"),
            "TMPDIR": str(room / "temporary"),
            "XDG_CACHE_HOME": str(room / "cache"),
            "LANG": "C.UTF-8",
        }
        for name in ("COVERAGE_PROCESS_START", "PYTHONPATH"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    @property
    def temporary(self) -> Path:
        """The folder for temporary files."""
        return self.room / "temporary"

    @property
    def database(self) -> Path:
        """The cache's database."""
        return self.room / "cache" / "evidence" / "facts.sqlite3"

    def scan(self, source: str | Path, *options: str | Path, **more: str) -> Outcome:
        """Scan with output in all forms; ``more`` are environment variables."""
        folder = self.room / "out"
        for old in folder.glob("*"):
            old.unlink()
        outcome = self.run("scan", str(source), "--output-dir", str(folder), *options, **more)
        outcome.forms = {p.suffix[1:]: p.read_bytes() for p in sorted(folder.glob("digest.*"))}
        stored = sorted(p for p in self.database.parent.glob("facts.sqlite3*") if p.is_file())
        outcome.cache = b"".join(p.read_bytes() for p in stored)
        return outcome

    def start(self, *arguments: str | Path, **more: str) -> subprocess.Popen[bytes]:
        """A run in the background."""
        return subprocess.Popen(
            [sys.executable, "-m", "evidence", *map(str, arguments)],
            cwd=self.cwd,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *arguments: str | Path, **more: str) -> Outcome:
        """Run to the end (or until patience ends)."""
        began, worked = time.monotonic(), _worked()
        process = self.start(*arguments, **more)
        watch = _Watch(process.pid, self.temporary)
        watch.start()
        try:
            out, err = process.communicate(timeout=_PATIENCE)
        finally:
            process.kill()
            watch.stop()
        return Outcome(
            process.returncode,
            out,
            err.decode(),
            time.monotonic() - began,
            _worked() - worked,
            watch.memory,
            watch.disk,
            left=sorted(self.leftovers()),
        )

    def leftovers(self) -> Iterator[str]:
        """Files in the temporary folder, and processes that were started with it."""
        yield from (path.name for path in self.temporary.iterdir())
        yield from (f"process {pid}" for pid in self.processes())

    def processes(self) -> list[int]:
        """Living processes whose environment, at their start, named this trial's room."""
        marker = str(self.room).encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if marker in (entry / "environ").read_bytes() and _is_alive(entry):
                    found.append(int(entry.name))
        return found


def _worked() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _is_alive(entry: Path) -> bool:
    return (entry / "stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")


class _Watch(threading.Thread):
    """Samples the memory of a process with its children, and a folder's size."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self._pid, self._folder = pid, folder
        self._over = threading.Event()
        self.memory = self.disk = 0

    def run(self) -> None:
        """Sample until told to stop."""
        while not self._over.wait(_POLL_SECONDS):
            family = list(_family(self._pid))
            self.memory = max(self.memory, sum(map(_memory, family)), *map(_most_memory, family))
            self.disk = max(self.disk, _size(self._folder))

    def stop(self) -> None:
        """End the sampling."""
        self._over.set()
        self.join()


def _family(pid: int) -> Iterable[int]:
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def _memory(pid: int) -> int:
    """Proportional share of memory, bytes: pages that several processes use are counted once."""
    return _told(pid, "smaps_rollup", "Pss:")


def _most_memory(pid: int) -> int:
    """The most that one process ever had, bytes."""
    return _told(pid, "status", "VmHWM:")


def _told(pid: int, file: str, field: str) -> int:
    """What the kernel tells of a process in KiB, as bytes; 0 of one that is gone."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return 0


def _size(folder: Path) -> int:
    total = 0
    for path, _folders, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(path, file)).st_blocks * 512
    return total
