"""``/api/v1/scans``."""

from __future__ import annotations

from flask import Response, abort, url_for
from sqlalchemy import select

from evidence.matrix.load import load_profiles
from evidence.model import UsageError
from evidence.web import asking
from evidence.web.api.records import NewScan, Paging, ScanList, ScanRecord
from evidence.web.api.routes import answer, blueprint, body_of, query_of
from evidence.web.context import settings
from evidence.web.errors import Refused
from evidence.web.extensions import db, limiter
from evidence.web.models import Scan


def _scan(scan_id: str) -> Scan:
    found = db.session.get(Scan, scan_id)
    if found is None:
        abort(404)
    return found


@blueprint.get("/scans")
def list_scans() -> Response:
    """The latest scans."""
    paging = query_of(Paging)
    query = select(Scan).order_by(Scan.created.desc(), Scan.id).offset(paging.offset).limit(paging.limit)
    return answer(ScanList(items=[ScanRecord.of(scan) for scan in db.session.scalars(query)]))


@blueprint.post("/scans")
@limiter.limit(lambda: settings().rate_scans)
def begin_scan() -> Response:
    """Queue a scan; its record tells where it stands."""
    wanted = body_of(NewScan)
    try:
        source = asking.checked_source(wanted.source)
    except UsageError as wrong:
        raise Refused(422, str(wrong)) from None
    if wanted.profile is not None and wanted.profile not in {profile.id for profile in load_profiles()}:
        raise Refused(422, "There is no such profile.")
    scan = asking.ask([source], candidate=wanted.candidate, profile=wanted.profile, anew=wanted.anew)[0]
    response = answer(ScanRecord.of(scan), 202)
    response.headers["Location"] = url_for("api.show_scan", scan_id=scan.id)
    return response


@blueprint.get("/scans/<scan_id>")
def show_scan(scan_id: str) -> Response:
    """Where it stands."""
    return answer(ScanRecord.of(_scan(scan_id)))


@blueprint.delete("/scans/<scan_id>")
def cancel_scan(scan_id: str) -> Response:
    """Cancel it: what it has done so far goes. 409 where it is over."""
    scan = _scan(scan_id)
    if scan.status.over:
        raise Refused(409, "This scan is over.")
    asking.cancel(scan)
    return Response(status=204)
