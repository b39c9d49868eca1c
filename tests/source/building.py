"""Repositories built by git itself, with fixed names and dates."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

START = 1_700_000_000


class Builder:
    """A repository under construction; each commit is one hour after the one before."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.clock = START
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options, ".")

    def git(self, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> str:
        """Run git here and return what it printed."""
        who = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": f"{self.clock} +0000"}
        names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(self.folder)}
        done = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            check=True,
            env={**os.environ, **quiet, **names, **(env or {})},
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, files: dict[str, str | bytes]) -> None:
        """Put files into the work tree."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "Change", *options: str) -> str:
        """Commit these files and return the commit's id."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-F", "-", *options, stdin=message.encode())
        self.clock += 3600
        return self.git("rev-parse", "HEAD")

    def tree(self, entries: list[tuple[str, str, bytes]]) -> str:
        """Write a raw tree of (mode, oid, name), as odd as asked."""
        raw = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, oid, name in entries)
        return self.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)

    def commit_tree(self, tree: str, *parents: str) -> str:
        """Commit a tree as it is, move HEAD's branch there, and return the commit's id."""
        options = [word for parent in parents for word in ("-p", parent)]
        sha = self.git("commit-tree", tree, "-m", "Raw", *options)
        self.git("update-ref", "HEAD", sha)
        return sha

    def blob(self, content: bytes) -> str:
        """Write a blob and return its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def drop(self, oid: str) -> None:
        """Delete a loose object."""
        self.object_file(oid).unlink()

    def object_file(self, oid: str) -> Path:
        """Where a loose object lies."""
        objects = self.folder / self.git("rev-parse", "--git-path", "objects")
        return objects / oid[:2] / oid[2:]


Build = Callable[..., Builder]
