"""A digest's page with slots: rendered once, in the process that scanned, and completed for each visitor.

A slot is a comment of HTML. Quoted text is escaped, so that no repository can bring one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from evidence.model import Digest
from evidence.report.html import Frame, to_html

_SLOT = "<!-- slot {} -->"
_SLOTS = re.compile(r"<!-- slot ([a-z]+)(?: (\d+))? -->")


def with_slots(digest: Digest) -> str:
    """The page, with slots for ``head``, ``top``, ``foot``, and ``note`` (with the signal's number)."""
    notes = {signal.id: _SLOT.format(f"note {number}") for number, signal in enumerate(digest.signals)}
    head, top, foot = (_SLOT.format(name) for name in ("head", "top", "foot"))
    return to_html(digest, Frame(head, top, foot, notes))


def filled(page: str, fill: Callable[[str, int], str]) -> str:
    """The page with each slot filled by ``fill(name, number)``."""
    return _SLOTS.sub(lambda found: fill(found[1], int(found[2] or 0)), page)
