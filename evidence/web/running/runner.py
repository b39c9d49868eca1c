"""The queue of scans: so many at once, each written down as it goes, none of them ever in the way of a page."""

from __future__ import annotations

import hmac
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import structlog
from flask import Flask
from sqlalchemy import select, update

from evidence.pipeline import ScanRequest
from evidence.web import keeping, links
from evidence.web.extensions import db
from evidence.web.models import Scan, State, now
from evidence.web.running.begun import Begun
from evidence.web.running.bounded import Bounds
from evidence.web.running.process import Ended, run_apart, sweep, work_folder
from evidence.web.running.record import Record
from evidence.web.running.work import Answer, Known, scanned
from evidence.web.settings import Settings
from evidence.web.tracing import span

_SILENT_SECONDS = 60
_log = structlog.get_logger("evidence.web.runner")


def pseudonym_key(app: Flask) -> bytes:
    """The key that makes this server's pseudonyms."""
    return hmac.new(str(app.config["SECRET_KEY"]).encode(), b"pseudonyms", "sha256").digest()


class Runner:
    """Runs the scans of one server. ``submit`` takes the id of a queued scan; ``close`` ends all within seconds."""

    def __init__(self, app: Flask, settings: Settings, instance: str) -> None:
        self._app, self._settings, self.instance = app, settings, instance
        self.pseudonyms = pseudonym_key(app)
        self.begun = Begun(settings.data / "begun")
        self._slots = ThreadPoolExecutor(settings.parallel_scans, thread_name_prefix="scan")
        self._closing = threading.Event()

    @property
    def folder(self) -> Path:
        """Where scans have their temporary files."""
        return self._settings.data / "work"

    @property
    def closing(self) -> bool:
        """Whether the server is about to stop."""
        return self._closing.is_set()

    def take_up(self) -> None:
        """After a start: what ran here when the server stopped is marked interrupted, what waited waits again."""
        sweep(self.folder)
        with self._app.app_context():
            silent = now() - timedelta(seconds=_SILENT_SECONDS)
            here = (Scan.instance == self.instance) | (Scan.beat < silent)
            begun = Scan.state.in_([State.RUNNING, State.CANCELLING]) & here
            db.session.execute(update(Scan).where(begun).values(state=State.INTERRUPTED, finished=now()))
            waiting = select(Scan.id).where(Scan.state == State.QUEUED, Scan.instance == self.instance)
            ids = db.session.scalars(waiting.order_by(Scan.created)).all()
            db.session.commit()
            self.begun.sweep()
        for each in ids:
            self.submit(each)

    def submit(self, scan_id: str) -> None:
        """Run this scan as soon as there is room."""
        self._slots.submit(self._run, scan_id)

    def close(self) -> None:
        """End the running scans (they are marked interrupted) and take no more."""
        self._closing.set()
        self._slots.shutdown(wait=True, cancel_futures=True)

    def _run(self, scan_id: str) -> None:
        with self._app.app_context(), span("scan", {"evidence.scan": scan_id}):
            try:
                self._one(scan_id)
            except Exception as error:
                # Whatever went wrong with one scan, the next one still has its turn.
                _log.error("scan broke off", scan=scan_id, kind=type(error).__name__)
                db.session.rollback()
                Record(scan_id).over(State.FAILED, "The server could not keep what the scan found: ask its operator.")
            finally:
                db.session.remove()

    def _one(self, scan_id: str) -> None:
        record = Record(scan_id)
        if self._closing.is_set() or not record.begin():
            return
        _log.info("scan begins", scan=scan_id)
        scan = record.scan()
        if wrong := links.wrong(scan.sources):
            # What waited or was interrupted may be on hosts that the operator has taken off the list since.
            record.over(State.FAILED, " ".join(wrong))
            return
        stays = False
        try:
            answer = self._answer(scan, record)
        except Ended as ended:
            stays = self._closing.is_set() and not str(ended)
            self._ended(record, str(ended))
        else:
            self._finish(scan_id, answer, record)
        finally:
            if not stays:
                self.begun.drop(scan_id)

    def _answer(self, scan: Scan, record: Record) -> Answer:
        request = self.begun.request(self._request(scan), scan.id)
        known = frozenset[str]() if scan.anew else keeping.known_standings(scan)
        db.session.commit()
        with work_folder(self.folder) as folder:
            given = self._settings
            bounds = Bounds(folder, given.scan_memory_mib, given.scan_seconds, given.scan_niceness)
            return run_apart(
                scanned,
                request,
                bounds,
                known,
                self.pseudonyms,
                bounds=bounds,
                heard=record.heard,
                wanted=lambda: not self._closing.is_set() and record.still_wanted(),
            )

    def _request(self, scan: Scan) -> ScanRequest:
        return ScanRequest(
            source=scan.source,
            further=tuple(scan.further),
            limit=scan.most,
            include=tuple(scan.include),
            exclude=tuple(scan.exclude),
            profile=scan.profile,
            candidates=tuple(word.strip() for word in (scan.candidate or "").split(",") if word.strip()),
            hosts=self._settings.forges,
            insecure_hosts=self._settings.insecure_hosts,
            workers=self._settings.parse_workers,
        )

    def _ended(self, record: Record, sentence: str) -> None:
        if sentence:
            record.over(State.FAILED, sentence)
        elif self._closing.is_set():
            record.over(State.INTERRUPTED, "")
        else:
            # First what was read: when the row is gone, and its page with it, nothing is left.
            self.begun.drop(record.id)
            record.forget()
            keeping.scrub()
        _log.info("scan ended", scan=record.id, cancelled=not sentence)

    def _finish(self, scan_id: str, answer: Answer, record: Record) -> None:
        if answer.content is None:
            record.over(State.FAILED, answer.sentence)
            _log.info("scan refused", scan=scan_id)
            return
        scan = record.scan()
        if isinstance(answer.content, Known):
            stored = keeping.same(scan, answer.content.standing)
        else:
            stored = keeping.store(answer.content, scan, self._settings)
        if stored is None:
            record.over(State.INTERRUPTED, "The digest of this commit was deleted meanwhile: begin again.")
            return
        record.over(State.DONE, "", stored.id)
        _log.info("scan done", scan=scan_id)
