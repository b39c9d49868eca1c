"""What a scan has read so far, kept while it runs: one that is interrupted goes on from there when it is resumed.

Each scan has a folder of its own with its clone, the facts of its files and the answers of its forge. It goes as soon
as the scan is over for good, and a day after it was interrupted.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import or_, select

from evidence.pipeline import ScanRequest
from evidence.web.extensions import db
from evidence.web.models import Scan, State, now

KEPT_HOURS = 24


class Begun:
    """The folders of scans that have begun, below ``folder``; their names are the scans' ids, which are ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def request(self, request: ScanRequest, scan_id: str) -> ScanRequest:
        """The request that keeps what it reads, and goes on from what is there."""
        own = self.folder / scan_id
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        return replace(request, cache=own / "cache", keep_clone=own / "clones", resume=True)

    def has(self, scan_id: str) -> bool:
        """Whether there is something to go on from."""
        return (self.folder / scan_id).is_dir()

    def drop(self, scan_id: str) -> None:
        """Remove what a scan has read."""
        shutil.rmtree(self.folder / scan_id, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what belongs to no scan that may still go on. Needs an application's context."""
        since = now() - timedelta(hours=KEPT_HOURS)
        fresh = (Scan.state == State.INTERRUPTED) & (Scan.finished > since)
        open_ones = Scan.state.in_([State.QUEUED, State.RUNNING, State.CANCELLING])
        kept = set(db.session.scalars(select(Scan.id).where(or_(open_ones, fresh))))
        for each in self.folder.glob("*"):
            if each.name not in kept:
                self.drop(each.name)
