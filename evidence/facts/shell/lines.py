"""Shell command lines as simple commands: who runs, with which words, and whether a failure of it would be noticed.

Tolerant and linear in the length of the input: quotes, substitutions, here-documents, groups and ``case`` arms are
understood well enough to name the commands; what is not understood is skipped, never guessed. Nothing is expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from evidence.facts.shell.parser import Parser
from evidence.facts.shell.words import tokens

MAX_CHARS = 262_144


class Simple(Struct, frozen=True):
    """One simple command. ``words`` have quotes, redirections and leading assignments removed; ``assigned`` are those
    assignments as written. ``start`` and ``end`` are lines (see :func:`split`). ``swallowed`` says why nobody would
    notice its failure ("" when it fails the script). ``arm`` is the ``case`` pattern it stands under ("" outside);
    ``function`` the shell function it belongs to."""

    words: tuple[str, ...]
    assigned: tuple[str, ...]
    start: int
    end: int
    swallowed: str = ""
    arm: str = ""
    function: str = ""

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(self.words)


def split(script: str, *, first_line: int = 1, pipefail: bool = False, errexit: bool = True) -> tuple[Simple, ...]:
    """The simple commands of ``script`` in order, with line numbers counted from ``first_line``.

    ``pipefail`` and ``errexit`` tell how the shell that runs it was started; CI systems start it so that it stops at
    the first failure. The script may change both. At most 5,000 commands of 256 KiB are read.
    """
    parser = Parser(pipefail=pipefail, errexit=errexit)
    for token in tokens(script[:MAX_CHARS], first_line):
        parser.feed(token)
    return tuple(
        Simple(d.words, d.assigned, d.start, d.end, d.hidden, d.arm, d.function) for d in parser.finish() if d.words
    )


def runs(commands: Iterable[Simple], arguments: tuple[str, ...]) -> Iterator[Simple]:
    """Those commands of a script that run when it gets ``arguments``: of a ``case`` only the arm that the first
    fits."""
    given = arguments[0] if arguments else ""
    for command in commands:
        patterns = [p.strip(" \"'") for p in command.arm.split("|")] if command.arm else []
        if not patterns or given in patterns or not arguments:
            yield command
