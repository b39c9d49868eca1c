"""Where a scan stands, in the words of its page; and the same, live."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, render_template
from sqlalchemy.orm import Session

from evidence.web.extensions import db
from evidence.web.models import Scan, State, now
from evidence.web.naming import part_name
from evidence.web.streams import Told, streamed


@dataclass(frozen=True)
class Standing:
    """Where a scan stands, in the words of the page. ``elapsed`` is seconds; ``total`` is None where nobody knows."""

    heading: str
    part: str
    stage: str
    elapsed: float
    count: int
    total: int | None
    over: bool


_HEADINGS = {
    State.QUEUED: "Waiting for its turn",
    State.RUNNING: "Reading",
    State.CANCELLING: "Stopping",
    State.DONE: "Read",
    State.FAILED: "This could not be read",
    State.INTERRUPTED: "Interrupted",
}


def standing(scan: Scan) -> Standing:
    """The scan as it is now."""
    began = scan.started or scan.created
    return Standing(
        heading=_HEADINGS[scan.status],
        part=part_name(scan, scan.part),
        stage=scan.stage,
        elapsed=((scan.finished or now()) - began).total_seconds(),
        count=scan.count,
        total=scan.total,
        over=scan.status.over,
    )


def live(scan_id: str) -> Response:
    """The stream of a scan's page."""
    return streamed(lambda: _told(scan_id))


def _told(scan_id: str) -> Told:
    with Session(db.engine) as session:
        scan = session.get(Scan, scan_id)
        if scan is None:
            return Told(render_template("scans/_gone.html"), "", over=True)
        page = render_template("scans/_progress.html", scan=scan, standing=standing(scan), live=True)
        return Told(page, scan.stage, scan.status.over)
