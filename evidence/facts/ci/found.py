"""What following one command found: a record that every way of following shares."""

from __future__ import annotations

from msgspec import Struct

from evidence.facts.ci.records import Place
from evidence.facts.shell.lines import Simple


class Found(Struct, frozen=True):
    """Commands at a place, or the ``words`` of one (``final`` when they need no further following).

    ``directory`` is where they run when that changes; ``arguments`` are those the script was given; ``swallowed`` says
    why their failure is lost ("" when it is not).
    """

    place: Place
    words: tuple[str, ...] = ()
    commands: tuple[Simple, ...] = ()
    directory: str | None = None
    arguments: tuple[str, ...] = ()
    swallowed: str = ""
    final: bool = False
