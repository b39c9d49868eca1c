"""A scan written down while it runs, so that a page can be loaded again, from anywhere, at any time."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import delete, select, update

from evidence.web.extensions import db
from evidence.web.models import Scan, State, now

_WRITE_SECONDS = 0.4
_MOST_WARNINGS = 50


class Record:
    """The row of one running scan. Writes are gathered: a few in a second."""

    def __init__(self, scan_id: str) -> None:
        self.id = scan_id
        self._count = 0
        self._part = ""
        self._warnings: list[str] = []
        self._stages: list[dict[str, Any]] = []
        self._stage: dict[str, Any] = {}
        self._began = self._written = time.monotonic()
        self._dirty = False

    def scan(self) -> Scan:
        """The row as it is. LookupError when it is gone."""
        found = db.session.get(Scan, self.id)
        if found is None:
            raise LookupError(self.id)
        return found

    def begin(self) -> bool:
        """Turn it from queued to running; False when somebody cancelled it or another server has it."""
        fresh = {"started": now(), "beat": now(), "count": 0, "total": None, "stages": [], "warnings": []}
        fresh |= {"stage": "", "part": ""}
        waiting = (Scan.id == self.id) & (Scan.state == State.QUEUED)
        done = db.session.execute(update(Scan).where(waiting).values(state=State.RUNNING, **fresh))
        db.session.commit()
        return bool(done.rowcount)  # type: ignore[attr-defined]

    def heard(self, message: tuple[Any, ...]) -> None:
        """Take in what the scan tells: a source, a stage, steps or a warning."""
        kind, *rest = message
        if kind == "source":
            number, total, name = rest
            self._part = f"{number} of {total}: {name}"
        elif kind == "stage":
            self._close_stage()
            self._stage = {"name": str(rest[0]), "total": rest[1], "part": self._part}
            self._count, self._began, self._written = 0, time.monotonic(), 0.0
        elif kind == "advance":
            self._count += int(rest[0])
        elif kind == "warn" and len(self._warnings) < _MOST_WARNINGS:
            self._warnings.append(str(rest[0]))
        self._dirty = True

    def still_wanted(self) -> bool:
        """Write down where it stands, and see whether somebody cancelled it."""
        if time.monotonic() - self._written < _WRITE_SECONDS:
            return True
        self._write()
        state = db.session.scalar(select(Scan.state).where(Scan.id == self.id))
        db.session.rollback()
        return state == State.RUNNING

    def over(self, state: State, sentence: str, digest_id: str | None = None) -> None:
        """The last word on it."""
        self._close_stage()
        values = {
            "state": state,
            "sentence": sentence,
            "digest_id": digest_id,
            "finished": now(),
            "stage": "",
            "part": "",
        }
        db.session.execute(
            update(Scan)
            .where(Scan.id == self.id)
            .values(**values, stages=list(self._stages), warnings=list(self._warnings))
        )
        db.session.commit()

    def forget(self) -> None:
        """Remove it: what was cancelled leaves nothing."""
        db.session.execute(delete(Scan).where(Scan.id == self.id))
        db.session.commit()

    def _close_stage(self) -> None:
        if self._stage:
            self._stages.append({**self._stage, "count": self._count, "seconds": self._seconds()})
            self._stage = {}

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)

    def _write(self) -> None:
        self._written = time.monotonic()
        values: dict[str, Any] = {"beat": now()}
        if self._dirty:
            values |= {"stage": self._stage.get("name", ""), "total": self._stage.get("total"), "count": self._count}
            values |= {"part": self._part, "stages": list(self._stages), "warnings": list(self._warnings)}
            self._dirty = False
        db.session.execute(update(Scan).where(Scan.id == self.id).values(**values))
        db.session.commit()
