"""What runs: this program, its plugins and Python's packages, told apart from another by names, sizes and times."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DISTRIBUTIONS = (".dist-info", ".egg-info")


@cache
def program() -> str:
    """A hash that is another one when Python, git, an installed distribution or a file of this package is."""
    told = sha256(repr((sys.version, sys.prefix, sys.path)).encode("utf-8", "surrogatepass"))
    for folder in sys.path:
        told.update("\n".join(_distributions(folder)).encode("utf-8", "surrogatepass"))
    told.update(files_of([str(_PACKAGE), shutil.which("git") or ""]).encode())
    return told.hexdigest()


def _distributions(folder: str) -> list[str]:
    """Names and versions of what is installed here, as pip writes them into the names of folders."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(_DISTRIBUTIONS))
    except OSError:
        return []


def files_of(roots: Iterable[str]) -> str:
    """A hash over the files at or under these paths by name, size and time; what Python compiles is left out."""
    told = sha256()
    for root in roots:
        for line in sorted(_told(root)):
            told.update(line.encode("utf-8", "surrogatepass"))
    return told.hexdigest()


def _told(root: str) -> Iterator[str]:
    """A line for each file; a path where nothing is gives none."""
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        yield from _told(entry.path)
                else:
                    yield _line(entry.path, entry.stat())
    except NotADirectoryError:
        yield _line(root, os.stat(root))
    except OSError:
        return


def _line(path: str, found: os.stat_result) -> str:
    return f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n"
