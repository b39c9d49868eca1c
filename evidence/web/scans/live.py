"""Progress as server-sent events. A stream is short, and the browser opens the next: none outlives its reader long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, abort, current_app, render_template, stream_with_context
from sqlalchemy.orm import Session

from evidence.web.context import settings
from evidence.web.extensions import db
from evidence.web.models import Scan, State, now
from evidence.web.naming import part_name

_TICK_SECONDS = 0.5
_STREAM_SECONDS = 45.0
_open = 0
_counting = threading.Lock()


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
    """The stream. 503 where so many are open that pages would have to wait: the browser asks again a little later."""
    global _open
    with _counting:
        if _open >= max(2, settings().threads // 2):
            abort(503)
        _open += 1
    response = Response(stream_with_context(_events(scan_id)), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(_closed)
    return response


def _closed() -> None:
    global _open
    with _counting:
        _open -= 1


def _events(scan_id: str) -> Iterator[str]:
    yield "retry: 1000\n\n"
    told = ""
    until = time.monotonic() + _STREAM_SECONDS
    while time.monotonic() < until and not current_app.extensions["evidence"].runner.closing:
        with Session(db.engine) as session:
            scan = session.get(Scan, scan_id)
            name, text = _told(scan)
            stage = scan.stage if scan is not None else ""
        yield _event("progress", text)
        if stage != told:
            told = stage
            yield _event("stage", stage)
        if name == "finished":
            yield _event("finished", "")
            return
        time.sleep(_TICK_SECONDS)


def _told(scan: Scan | None) -> tuple[str, str]:
    if scan is None:
        return "finished", render_template("scans/_gone.html")
    page = render_template("scans/_progress.html", scan=scan, standing=standing(scan), live=True)
    return "finished" if scan.status.over else "progress", page


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
