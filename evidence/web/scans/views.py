"""Pages of scans. All of them work without JavaScript, by loading again."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from evidence.web import asking
from evidence.web.extensions import db, limiter
from evidence.web.models import Scan
from evidence.web.naming import scan_name
from evidence.web.scans.live import live, standing

blueprint = Blueprint("scans", __name__, url_prefix="/scans")
_LISTED = 50


def _scan(scan_id: str) -> Scan:
    found = db.session.get(Scan, scan_id)
    if found is None:
        abort(404)
    return found


@blueprint.get("")
def listing() -> str:
    """The latest scans."""
    scans = db.session.scalars(select(Scan).order_by(Scan.created.desc()).limit(_LISTED))
    return render_template("scans/listing.html", scans=list(scans))


@blueprint.get("/<scan_id>")
def watch(scan_id: str) -> Answer | str:
    """Where the scan stands; its digest as soon as there is one."""
    scan = _scan(scan_id)
    if scan.digest_id:
        return redirect(url_for("digests.read", digest_id=scan.digest_id), 303)
    return render_template("scans/watch.html", scan=scan, standing=standing(scan))


@blueprint.get("/<scan_id>/events")
@limiter.exempt
def events(scan_id: str) -> Response:
    """The same, live, as server-sent events."""
    return live(scan_id)


@blueprint.get("/<scan_id>/next")
def follow(scan_id: str) -> Response:
    """Tell a page that watched to the end where to go."""
    scan = db.session.get(Scan, scan_id)
    target = url_for("home.show")
    if scan is not None:
        page = url_for("scans.watch", scan_id=scan_id)
        target = url_for("digests.read", digest_id=scan.digest_id) if scan.digest_id else page
    response = make_response("", 204)
    response.headers["HX-Redirect"] = target
    return response


@blueprint.post("/<scan_id>/cancel")
def cancel(scan_id: str) -> Answer:
    """End it, keep nothing of it, and say so."""
    scan = _scan(scan_id)
    name = scan_name(scan)
    asking.cancel(scan)
    flash(f"Cancelled: {name}. Nothing of it is kept.")
    return redirect((request.form.get("back") == "list" and url_for("scans.listing")) or url_for("home.show"), 303)


@blueprint.post("/<scan_id>/resume")
def resume(scan_id: str) -> Answer:
    """Start it again."""
    asking.resume(_scan(scan_id))
    return redirect(url_for("scans.watch", scan_id=scan_id), 303)
