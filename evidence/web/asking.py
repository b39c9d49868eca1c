"""Asking for a scan: the same checks and bounds for the page and the API."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import func, select

from evidence.web import keeping, links
from evidence.web.context import ours, settings
from evidence.web.errors import Refused
from evidence.web.extensions import db
from evidence.web.models import MOST, Asked, Scan, State
from evidence.web.visitor import visitor_name

_OPEN = (State.QUEUED, State.RUNNING, State.CANCELLING)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One digest that somebody wants: the fields of :class:`Asked`. The links have been checked."""

    source: str
    further: list[str]
    candidate: str | None = None
    profile: str | None = None
    most: int = MOST
    include: list[str]
    exclude: list[str]


def wanted(
    sources: list[str],
    *,
    candidate: str | None,
    profile: str | None,
    most: int = MOST,
    include: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
) -> Wanted:
    """One digest of these links. What chooses among a page's repositories is left out where no link is such a page."""
    first, *further = dict.fromkeys(sources)
    if not any(map(links.is_of_owner, sources)):
        most, include, exclude = MOST, (), ()
    return Wanted(
        source=first,
        further=further,
        candidate=candidate,
        profile=profile,
        most=most,
        include=list(include),
        exclude=list(exclude),
    )


def again(asked: Asked) -> Wanted:
    """The same as was asked for before."""
    return Wanted(**{name: getattr(asked, name) for name in Wanted.__dataclass_fields__})


def ask(digests: list[Wanted], *, anew: bool) -> list[Scan]:
    """Queue a scan for each digest. Raises Refused (429) where the queue, or this person's part of it, is full."""
    _check_room(len(digests))
    who, where = visitor_name(), ours().runner.instance
    scans = [Scan(**asdict(each), anew=anew, asked_by=who, instance=where) for each in digests]
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
    """Ask for the end of a scan; what still waits is gone at once. Refused (403) where it is another's."""
    _check_own(scan)
    if scan.status is State.QUEUED:
        ours().runner.begun.drop(scan.id)
        db.session.delete(scan)
        db.session.commit()
        keeping.scrub()
    elif scan.status is State.RUNNING:
        scan.state = State.CANCELLING
        db.session.commit()


def _check_own(scan: Scan) -> None:
    if settings().team and scan.asked_by != visitor_name():
        raise Refused(403, "Whoever asked for this scan can do that.")


def resume(scan: Scan) -> None:
    """Queue an interrupted or failed scan again. Refused: 409 for any other, 403 for another's."""
    _check_own(scan)
    if scan.status not in (State.INTERRUPTED, State.FAILED):
        raise Refused(409, "Only a scan that was interrupted or failed can be started again.")
    _check_room(1)
    scan.state, scan.sentence, scan.instance = State.QUEUED, "", ours().runner.instance
    scan.started = scan.finished = None
    db.session.commit()
    ours().runner.submit(scan.id)
