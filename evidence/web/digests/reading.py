"""A digest as one visitor reads it: in their form, narrowed to a part, completed with what is theirs."""

from __future__ import annotations

from flask import render_template

from evidence.anonymous import anonymised
from evidence.model import Digest, UsageError
from evidence.report.narrowing import Part, narrowed
from evidence.web import keeping
from evidence.web.context import ours
from evidence.web.errors import Refused
from evidence.web.models import Correction, StoredDigest
from evidence.web.running.work import ANONYMOUS
from evidence.web.slots import filled, with_slots

_WHOLE = Part()


def digest_in(stored: StoredDigest, form: str) -> Digest:
    """The digest in this form. Refused (409) where another version of evidence wrote it."""
    try:
        digest = keeping.digest_of(stored)
    except UsageError:
        raise Refused(
            409, "An earlier evidence made this digest: read its page, or scan the repository anew."
        ) from None
    return anonymised(digest, ours().runner.pseudonyms) if form == ANONYMOUS else digest


def page_in(stored: StoredDigest, form: str, wanted: Part = _WHOLE) -> str:
    """The page with slots: as the scan made it, or rendered now where only a part is asked for."""
    return ours().pages.get((stored.id, form, wanted), lambda: _made(stored, form, wanted))


def _made(stored: StoredDigest, form: str, wanted: Part) -> str:
    kept = keeping.page_of(stored, form) if wanted.whole else None
    return kept if kept is not None else with_slots(narrowed(digest_in(stored, form), wanted))


def completed(page: str, stored: StoredDigest, *, top: str, foot: str, form: str) -> str:
    """The page with its slots filled: the server's head, ``top`` and ``foot``, and notes beside their findings."""
    notes = _notes(stored, form)

    def fill(name: str, number: int) -> str:
        if name == "head":
            return render_template("digests/_head.html")
        return {"top": top, "foot": foot}.get(name, notes.get(number, ""))

    return filled(page, fill)


def _notes(stored: StoredDigest, form: str) -> dict[int, str]:
    """Corrections by the number of their signal. They are in the candidate's words, so they wait for the names."""
    about = [each for each in stored.corrections if each.signal]
    if not about or form == ANONYMOUS:
        return {}
    numbers = {signal.id: number for number, signal in enumerate(digest_in(stored, form).signals)}
    by_number: dict[int, list[Correction]] = {}
    for each in about:
        by_number.setdefault(numbers.get(each.signal or "", -1), []).append(each)
    return {number: render_template("sharing/_notes.html", notes=notes) for number, notes in by_number.items()}
