"""The pages of digests."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as Answer

from evidence.web import keeping
from evidence.web.context import ours, settings
from evidence.web.digests.page import page_of
from evidence.web.models import StoredDigest
from evidence.web.naming import named

blueprint = Blueprint("digests", __name__, url_prefix="/digests")
_LISTED = 200


def _stored(digest_id: str) -> StoredDigest:
    found = keeping.find(digest_id)
    if found is None:
        abort(404)
    return found


@blueprint.get("")
def listing() -> str:
    """Digests by date, latest first: never by what was found."""
    digests = [named(each) for each in keeping.listed(_LISTED)]
    return render_template("digests/listing.html", digests=digests, keep_days=settings().keep_days)


@blueprint.get("/style.css")
def style() -> Response:
    """The style sheet of the digest's own page."""
    from evidence.report.html import style_sheet

    response = make_response(style_sheet())
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/<digest_id>")
def read(digest_id: str) -> str:
    """The digest: the same page as the file, within the server's own bars."""
    return page_of(_stored(digest_id))


@blueprint.post("/<digest_id>/delete")
def delete(digest_id: str) -> Answer:
    """Remove it, from the database's files as well."""
    stored = _stored(digest_id)
    ours().pages.drop(stored.id)
    keeping.remove(stored)
    return redirect(url_for("digests.listing"), 303)
