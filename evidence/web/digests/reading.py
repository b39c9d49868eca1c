"""A digest as one visitor reads it: in their form, narrowed to a part, completed with what is theirs."""

from __future__ import annotations

from flask import Response, render_template, request

from evidence.model import Digest, UsageError
from evidence.report.json_form import from_json
from evidence.report.narrowing import Part
from evidence.web import keeping
from evidence.web.context import ours
from evidence.web.errors import Refused
from evidence.web.models import Correction, StoredDigest
from evidence.web.running.rendering import Order
from evidence.web.running.work import ANONYMOUS, PLAIN
from evidence.web.slots import Kept

_WHOLE = Part()


def made(stored: StoredDigest, form: str, suffix: str, wanted: Part = _WHOLE) -> bytes:
    """The digest as a file, or its page with slots, made now in another process. Refused: 409 where another version
    of evidence wrote it, 503 where it takes too long."""
    order = Order(stored.id, suffix, form == ANONYMOUS, wanted)
    try:
        found = ours().renderer.rendered(order, keeping.packed_content_of(stored))
    except TimeoutError:
        raise Refused(503, "The server is too busy to prepare this: try again in a minute.") from None
    if found is None:
        raise Refused(409, "An earlier evidence made this digest: read its page, or scan the repository anew.")
    return found


def json_of(stored: StoredDigest, form: str) -> bytes:
    """The JSON form, as the scan gave it or without names."""
    return keeping.content_of(stored) if form == PLAIN else made(stored, form, "json")


def digest_in(stored: StoredDigest, form: str) -> Digest:
    """The digest in this form. Raises as :func:`made` does."""
    try:
        return from_json(json_of(stored, form))
    except UsageError:
        raise Refused(409, "An earlier evidence made this digest: scan the repository anew.") from None


def page_in(stored: StoredDigest, form: str, wanted: Part = _WHOLE) -> Kept:
    """The page with slots: as the scan made it, or rendered now where only a part is asked for."""
    return ours().pages.get((stored.id, form, wanted), lambda: Kept.of(_page(stored, form, wanted)))


def _page(stored: StoredDigest, form: str, wanted: Part) -> str:
    kept = keeping.page_of(stored, form) if wanted.whole else None
    return kept if kept is not None else made(stored, form, "page", wanted).decode()


def completed(page: Kept, stored: StoredDigest, *, top: str, foot: str, form: str) -> Response:
    """The page with its slots filled: the server's head, ``top`` and ``foot``, and notes beside their findings."""
    notes = _notes(stored, form)
    parts = {"head": render_template("digests/_head.html"), "top": top, "foot": foot}

    def fill(name: str, of: str) -> str:
        return parts.get(name) or notes.get(of, "")

    packed = request.accept_encodings["gzip"] > 0
    response = Response(page.gzipped(fill) if packed else page.plain(fill), mimetype="text/html")
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _notes(stored: StoredDigest, form: str) -> dict[str, str]:
    """Corrections by their signal. They are in the candidate's words, so they wait for the names."""
    if form == ANONYMOUS:
        return {}
    by_signal: dict[str, list[Correction]] = {}
    for each in stored.corrections:
        if each.signal:
            by_signal.setdefault(each.signal, []).append(each)
    return {signal: render_template("sharing/_notes.html", notes=notes) for signal, notes in by_signal.items()}
