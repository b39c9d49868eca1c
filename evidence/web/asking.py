"""Asking for a scan: the same checks and bounds for the page and the API."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from evidence.model import UsageError
from evidence.source.address import locate
from evidence.web.context import ours, settings
from evidence.web.errors import Refused
from evidence.web.extensions import db
from evidence.web.models import Scan, State
from evidence.web.visitor import visitor_name

_OPEN = (State.QUEUED, State.RUNNING, State.CANCELLING)


def checked_source(text: str) -> str:
    """The link as it will be fetched. Raises UsageError, one sentence, before any process or connection starts."""
    found = locate(text, settings().places)
    if isinstance(found, Path):
        raise UsageError("A folder of this machine is for the command line: give https://host/owner/name.")
    return text.strip()


def ask(sources: list[str], *, candidate: str | None, profile: str | None, anew: bool) -> list[Scan]:
    """Queue a scan of each source. Raises Refused (429) where the queue, or this person's part of it, is full."""
    _check_room(len(sources))
    scans = [
        Scan(
            source=source,
            candidate=candidate,
            profile=profile,
            anew=anew,
            asked_by=visitor_name(),
            instance=ours().runner.instance,
        )
        for source in sources
    ]
    db.session.add_all(scans)
    db.session.commit()
    for scan in scans:
        ours().runner.submit(scan.id)
    return scans


def _check_room(wanted: int) -> None:
    query = select(func.count()).select_from(Scan).where(Scan.state.in_(_OPEN))
    waiting = db.session.scalar(query) or 0
    own = db.session.scalar(query.where(Scan.asked_by == visitor_name())) or 0
    if own + wanted > settings().queue_per_person:
        raise Refused(429, f"You have {own} scans under way; {settings().queue_per_person} are possible. Wait for one.")
    if waiting + wanted > settings().queue:
        raise Refused(429, f"{waiting} scans are waiting or running here already. Try again in a few minutes.")


def cancel(scan: Scan) -> None:
    """Ask for the end of a scan; what still waits is gone at once."""
    if scan.status is State.QUEUED:
        db.session.delete(scan)
    elif scan.status is State.RUNNING:
        scan.state = State.CANCELLING
    db.session.commit()


def resume(scan: Scan) -> None:
    """Queue an interrupted or failed scan again. Raises Refused (409) for any other."""
    if scan.status not in (State.INTERRUPTED, State.FAILED):
        raise Refused(409, "Only a scan that was interrupted or failed can be started again.")
    _check_room(1)
    scan.state, scan.sentence, scan.instance = State.QUEUED, "", ours().runner.instance
    scan.started = scan.finished = None
    db.session.commit()
    ours().runner.submit(scan.id)
