"""``/api/v1/scans``."""

from __future__ import annotations

from flask import Response, abort, url_for
from sqlalchemy import select

from evidence.matrix.load import load_profiles
from evidence.model import UsageError
from evidence.web import asking, links
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
    new = body_of(NewScan)
    _check(new)
    digest = asking.wanted(
        [source.strip() for source in new.sources],
        candidate=new.candidate,
        profile=new.profile,
        most=min(new.most, settings().portfolio),
        include=tuple(new.include),
        exclude=tuple(new.exclude),
    )
    scan = asking.ask([digest], anew=new.anew)[0]
    response = answer(ScanRecord.of(scan), 202)
    response.headers["Location"] = url_for("api.show_scan", scan_id=scan.id)
    return response


def _check(new: NewScan) -> None:
    """Refuse (422) what the page refuses, in the same sentences."""
    most = settings().links_at_once
    if len(new.sources) > most:
        raise Refused(422, f"That is {len(new.sources)} links; {most} can be read at once.")
    if wrong := links.wrong(new.sources):
        raise Refused(422, " ".join(wrong))
    try:
        links.checked_globs([*new.include, *new.exclude])
    except UsageError as error:
        raise Refused(422, str(error)) from None
    if new.profile is not None and new.profile not in {profile.id for profile in load_profiles()}:
        raise Refused(422, "There is no such profile.")


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
