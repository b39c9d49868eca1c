"""History of a repository with holes: missing commits cost their ancestors, missing trees their changes, no more."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from msgspec.structs import replace

from evidence.model import Change, Commit, Ledger
from evidence.source.git import MIB, Git
from evidence.source.log import LOG, WITH_CHANGES, WITHOUT_CHANGES, read_commits
from evidence.source.objects import looking, sizes

_MOST_RESTARTS = 24
_MOST_COMMITS = 250_001


class Mender:
    """Reads again, with holes walked around, what one plain pass could not."""

    def __init__(self, git: Git, commit: str, spool: Path, ledger: Ledger) -> None:
        self._git, self._commit, self._spool, self._ledger = git, commit, spool, ledger
        self._env: dict[str, str] = {}
        self._beside_holes: set[str] = set()

    def mend(self, read: list[Commit], code: int) -> list[Commit]:
        """The commits that can be reached, with the changes that can be told.

        ``read`` came out of the plain pass, which ended with ``code`` (negative: a limit or a crash ended it, and more
        of the same is not tried).
        """
        self._env = self._grafts()
        commits, _ = self._log(*WITHOUT_CHANGES, f"--max-count={_MOST_COMMITS}", self._commit)
        if len(commits) < len(read):
            commits = read
        changes = {c.sha: c.changes for c in read}
        # A commit whose parent is missing would seem to add every file.
        known = changes.keys() | self._beside_holes
        left = [c for c in commits if c.sha not in known and len(c.parents) < 2]
        if code > 0:
            left = self._resume(left, changes)
        if left:
            reason = "the changed files of these commits cannot be told: trees are missing or too large"
            self._ledger.note("history_incomplete", "changes", reason, len(left))
        return [replace(c, changes=changes.get(c.sha, ())) for c in commits]

    def _grafts(self) -> dict[str, str]:
        """Cut missing parents off: a graft file of ours gives each commit beside a hole the parents that are there."""
        boundary = shallow_boundary(self._git)
        stack, seen = [self._commit], {self._commit}
        parents_of: dict[str, list[str]] = {}
        gone: set[str] = set()
        with looking(self._git) as lookup:
            while stack and len(seen) < _MOST_COMMITS:
                sha = stack.pop()
                found = lookup.get(sha)
                if found is None or found.kind != "commit":
                    gone.add(sha)
                    continue
                parents_of[sha] = parents = [] if sha in boundary else _parents(found.content)
                fresh = [p for p in parents if p not in seen]
                seen.update(fresh)
                stack.extend(fresh)
        self._beside_holes = {sha for sha, parents in parents_of.items() if not gone.isdisjoint(parents)}
        if not self._beside_holes:
            return {}
        reason = "parents of these commits are missing from the repository"
        self._ledger.note("history_incomplete", "commits", reason, len(self._beside_holes))
        lines = (" ".join([sha, *(p for p in parents_of[sha] if p not in gone)]) for sha in sorted(self._beside_holes))
        file = self._spool / "grafts"
        file.write_text("".join(f"{line}\n" for line in lines))
        return {"GIT_GRAFT_FILE": str(file)}

    def _resume(self, left: list[Commit], changes: dict[str, tuple[Change, ...]]) -> list[Commit]:
        """Add to ``changes`` what can be told of ``left``; return the commits of which nothing can."""
        readable = self._with_trees(left)
        lost = [c for c in left if c.sha not in readable]
        todo = [c for c in left if c.sha in readable]
        for _ in range(_MOST_RESTARTS):
            if not todo:
                return lost
            told, code = self._log(*WITH_CHANGES, "--no-walk=unsorted", "--stdin", stdin=[c.sha for c in todo])
            changes.update((c.sha, c.changes) for c in told)
            if code < 0:
                break
            # git ends at the first commit whose trees it cannot read: leave that one out and go on behind it.
            lost += todo[len(told) : len(told) + 1]
            todo = todo[len(told) + 1 :]
        return lost + [c for c in todo if c.sha not in changes]

    def _with_trees(self, commits: list[Commit]) -> set[str]:
        """Those whose own root tree and whose parents' are there: most holes are found so, without a restart each."""
        names = [name for c in commits for name in (c.sha, *c.parents)]
        trees = sizes(self._git, (f"{name}^{{tree}}" for name in names))
        return {c.sha for c in commits if all(f"{name}^{{tree}}" in trees for name in (c.sha, *c.parents))}

    def _log(self, *args: str, stdin: list[str] | None = None) -> tuple[list[Commit], int]:
        limits = self._git.bounded(seconds=300.0, file=64 * MIB)
        with tempfile.TemporaryFile(dir=self._spool) as asked, tempfile.TemporaryFile(dir=self._spool) as out:
            asked.write("".join(f"{sha}\n" for sha in stdin or ()).encode())
            asked.seek(0)
            child = self._git.start(
                *LOG, *args, *(() if stdin else ("--",)), stdin=asked, stdout=out, env=self._env, limits=limits
            )
            code = child.wait()
            self._git.end(child)
            out.seek(0, os.SEEK_SET)
            commits = list(read_commits(out))
        return (commits[:-1] if code < 0 else commits), code


def shallow_boundary(git: Git) -> set[str]:
    """Commits whose parents a shallow clone left out; empty for a full one."""
    file = git.folder / "shallow"
    return set(file.read_text().split()) if file.exists() else set()


def _parents(content: bytes) -> list[str]:
    """The parents named in the header of a raw commit."""
    header = content.partition(b"\n\n")[0]
    return [line[7:47].decode("ascii", "replace") for line in header.split(b"\n") if line.startswith(b"parent ")]
