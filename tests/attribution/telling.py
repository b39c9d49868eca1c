"""Histories whose truth is known: each line of a file begins with the name of whoever really wrote it.

A history is a stream for ``git fast-import`` with fixed dates, so it is the same on every machine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

START = 1_600_000_000
HOUR = 3_600
ADA, BOB, EVE = ("Ada <ada@example.org>", "Bob <bob@example.org>", "Eve <eve@example.org>")


def lines(who: str, *numbers: int, form: str = "{who}_{n} = compute_value({n}, {n})  # line {n} of {who}") -> list[str]:
    """Lines that ``who`` writes; each is long enough to be known again where it is moved to."""
    return [form.format(who=who, n=n) for n in numbers]


def text(*parts: list[str]) -> str:
    """A file of these lines."""
    return "".join(line + "\n" for part in parts for line in part)


@dataclass
class Story:
    """A repository under construction, told commit by commit; each is an hour after the one before."""

    folder: Path
    clock: int = START
    _stream: list[bytes] = field(default_factory=list)
    _marks: int = 0

    def commit(
        self,
        author: str,
        files: Mapping[str, str | None],
        message: str = "Change\n",
        *,
        parents: tuple[int, ...] | None = None,
        branch: str = "refs/heads/main",
        committer: str = "",
        authored: int = 0,
        committed: int = 0,
    ) -> int:
        """Add a commit (None takes a file away) and return its mark. Without ``parents`` it follows the last one."""
        self._marks += 1
        self.clock += HOUR
        above = parents if parents is not None else ((self._marks - 1,) if self._marks > 1 else ())
        head = [
            f"commit {branch}",
            f"mark :{self._marks}",
            f"author {author} {authored or self.clock} +0000",
            f"committer {committer or author} {committed or self.clock} +0000",
            f"data {len(message.encode())}\n{message}",
            *(f"{'merge' if n else 'from'} :{mark}" for n, mark in enumerate(above)),
        ]
        self._stream.append("\n".join(head).encode() + b"\n")
        for path, content in files.items():
            if content is None:
                self._stream.append(f"D {path}\n".encode())
            else:
                raw = content.encode()
                self._stream.append(f"M 100644 inline {path}\ndata {len(raw)}\n".encode() + raw + b"\n")
        if not above:
            self._stream.insert(-1 - len(files), f"reset {branch}\n".encode())
        return self._marks

    def written(self) -> Path:
        """The repository, with everything told so far."""
        quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        subprocess.run(
            ["git", "init", "-q", "--bare", "-b", "main", str(self.folder)], check=True, env=os.environ | quiet
        )
        subprocess.run(
            ["git", f"--git-dir={self.folder}", "fast-import", "--quiet", "--force", "--export-marks=marks"],
            input=b"".join(self._stream),
            cwd=self.folder,
            check=True,
            env=os.environ | quiet,
        )
        return self.folder

    def sha(self, mark: int) -> str:
        """The id of a commit of the written repository."""
        marks = dict(line.split(" ") for line in (self.folder / "marks").read_text().splitlines())
        return marks[f":{mark}"]

    def lose(self, name: str) -> None:
        """Take one object out of the written repository, as a partial clone lacks it."""
        git = ["git", f"--git-dir={self.folder}"]
        oid = subprocess.run([*git, "rev-parse", name], capture_output=True, check=True).stdout.decode().strip()
        packs = list((self.folder / "objects" / "pack").glob("*.pack"))
        for pack in packs:
            content = pack.read_bytes()
            for file in pack.parent.glob(f"{pack.stem}.*"):
                file.unlink()
            subprocess.run([*git, "unpack-objects", "-q"], input=content, check=True)
        (self.folder / "objects" / oid[:2] / oid[2:]).unlink()
