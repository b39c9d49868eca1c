"""The page of a PDF that is being made: a kept one is sent at once, another is watched until it is there.

Without JavaScript the page loads itself again, under an address that never begins anew what could not be made.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from evidence.web import keeping
from evidence.web.context import ours
from evidence.web.digests.finding import the_digest
from evidence.web.digests.reading import json_of
from evidence.web.digests.views import blueprint
from evidence.web.extensions import limiter
from evidence.web.models import StoredDigest, now
from evidence.web.naming import form_for_visitor, named
from evidence.web.running.printer import MOST_WAITING, Printing
from evidence.web.streams import Told, streamed


@dataclass(frozen=True)
class Standing:
    """How far a PDF is, in the words of its page. ``elapsed`` is seconds since it was asked for."""

    heading: str
    doing: str
    elapsed: float
    ready: bool
    sentence: str

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.ready or bool(self.sentence)


_READY = Standing("Ready", "", 0.0, True, "")
_LOST = Standing("Not made", "", 0.0, False, "The server was started anew before it was done.")


def pdf_of(stored: StoredDigest, form: str) -> bytes:
    """The PDF, waiting for it where it is not kept. Refused (503) where another one is being made."""
    found = ours().printer.find(stored.id, form)
    kept = keeping.file_of(stored, f"pdf-{form}")
    return kept if kept is not None else _begun(stored, form, found, most=1).content()


def _begun(stored: StoredDigest, form: str, found: Printing | None, most: int = MOST_WAITING) -> Printing:
    """``found`` is what was on its way before it was asked whether the PDF is kept: one that is done is kept first and
    off its way afterwards, so that asked in this order nothing is made twice."""
    if found is not None and not found.sentence:
        return found
    return ours().printer.begin(stored.id, form, json_of(stored, form), most=most)


@blueprint.get("/<digest_id>/pdf")
def pdf(digest_id: str) -> Answer | str:
    """To the PDF where it is kept; else how far it is."""
    stored = the_digest(digest_id)
    form = form_for_visitor(stored)
    found = ours().printer.find(stored.id, form)  # see _begun
    waits, kept = "wait" in request.args, keeping.has_file(stored, f"pdf-{form}")
    if kept and not waits:
        return redirect(url_for("digests.download", digest_id=stored.id, suffix="pdf"), 303)
    standing = _READY if kept else _standing(found if found is not None and waits else _begun(stored, form, found))
    return render_template("digests/pdf.html", **_named(stored), standing=standing)


@blueprint.get("/<digest_id>/pdf/events")
@limiter.exempt
def pdf_events(digest_id: str) -> Response:
    """The same, live, as server-sent events."""
    stored = the_digest(digest_id)
    form = form_for_visitor(stored)
    found, names = ours().printer.find(stored.id, form), _named(stored)
    lost = _READY if found is None and keeping.has_file(stored, f"pdf-{form}") else _LOST

    def tell() -> Told:
        standing = lost if found is None else _standing(found)
        page = render_template("digests/_printing.html", **names, standing=standing, live=True)
        return Told(page, standing.heading if standing.over else "", standing.over)

    return streamed(tell)


@blueprint.get("/<digest_id>/pdf/next")
def pdf_next(digest_id: str) -> Response:
    """Tell a page that watched to the end where the file is."""
    response = make_response("", 204)
    response.headers["HX-Redirect"] = url_for("digests.download", digest_id=digest_id, suffix="pdf")
    return response


def _named(stored: StoredDigest) -> dict[str, str]:
    return {"digest_id": stored.id, "name": named(stored).name}


def _standing(printing: Printing) -> Standing:
    elapsed = (now() - printing.asked).total_seconds()
    if printing.over and not printing.sentence:
        return _READY
    if printing.over:
        return Standing("This could not be made", "", elapsed, False, printing.sentence)
    if not printing.begun:
        return Standing("Waiting for its turn", "Another PDF is being made", elapsed, False, "")
    doing = f"Laying out page {printing.page}" if printing.page else "Preparing the pages"
    return Standing("Being made", doing, elapsed, False, "")
