"""From a name of a revision to its commit, through GitPython on the scratch repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evidence.model import UsageError
from evidence.source.child import Child
from evidence.source.git import Git
from evidence.source.quoting import visible

if TYPE_CHECKING:
    from git import Repo

_LONGEST = 256


def check_revision(revision: str) -> None:
    """Refuse what cannot be a revision, above all anything that git could take for an option. Raises UsageError."""
    odd = any(ord(c) <= 32 or ord(c) == 127 for c in revision)
    if not revision or len(revision) > _LONGEST or revision.startswith("-") or odd or ".." in revision:
        raise UsageError(f"'{visible(revision)}' is not a revision: give a branch, a tag or a commit id.")


def no_such(revision: str) -> UsageError:
    """The sentence for a revision that is not there."""
    return UsageError(
        f"The revision '{visible(revision)}' names no commit of this repository: "
        "give one of its branches, tags or commit ids."
    )


def resolve(git: Git, revision: str) -> str:
    """The id (40 hex digits) of the commit that ``revision`` names. Raises UsageError when it names none."""
    check_revision(revision)
    children: list[Child] = []
    repo = _repository(git, children)
    try:
        return str(repo.commit(revision).hexsha)
    except Exception:  # GitPython raises many kinds for one thing
        raise no_such(revision) from None
    finally:
        repo.close()
        for child in children:
            git.end(child)


def _repository(git: Git, children: list[Child]) -> Repo:
    """GitPython's view of the scratch repository; every process that it starts goes through :class:`Git`."""
    with _no_git_variables():  # GitPython reads some of them whatever it is told, and asks git's version when imported
        import git as gitpython

        class Hardened(gitpython.Git):
            """Runs nothing with the machine's environment or configuration."""

            def execute(  # type: ignore[override]  # its overloads tell apart what callers here never ask for
                self, command: Any, istream: Any = None, as_process: bool = False, **_: Any
            ) -> Any:
                words = [str(word) for word in command[1:]]
                if not as_process:
                    return git.run(*words).out.decode("utf-8", "replace").strip()
                children.append(git.start(*words, stdin=subprocess.DEVNULL if istream is None else istream))
                return self.AutoInterrupt(children[-1].process, command)

        class View(gitpython.Repo):
            GitCommandWrapperType = Hardened

        return View(str(git.folder), expand_vars=False)


@contextmanager
def _no_git_variables() -> Iterator[None]:
    """Without the ``GIT_`` variables that a hook or a CI job around us may have set."""
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    try:
        yield
    finally:
        os.environ.update(taken)
