"""PDFs on their way: one is made at a time, in a process of its own within the bounds of a scan, and then kept with its
digest. Laying out takes long, and what is laid out is hostile."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from flask import Flask

from evidence.web import keeping
from evidence.web.errors import Refused
from evidence.web.extensions import db
from evidence.web.models import now
from evidence.web.running.bounded import Bounds
from evidence.web.running.process import Ended, run_apart, work_folder
from evidence.web.running.runner import Runner
from evidence.web.running.work import Answer, printed
from evidence.web.settings import Settings

_PDF_SECONDS = 300
MOST_WAITING = 8
_log = structlog.get_logger("evidence.web.printer")


class Printing:
    """One PDF on its way. ``page`` is the page that is laid out, 0 before the first one; ``begun`` is set when it has
    its turn; ``sentence`` is why there is none."""

    def __init__(self, digest_id: str, form: str) -> None:
        self.digest_id, self.form = digest_id, form
        self.asked = now()
        self.page, self.begun, self.gone = 0, False, False
        self.sentence = ""
        self._made: Future[bytes] = Future()

    @property
    def over(self) -> bool:
        """Whether it is made, or will not be."""
        return self._made.done()

    def content(self) -> bytes:
        """The file, as soon as it is there. Refused (503) where it cannot be made."""
        return self._made.result()

    def heard(self, message: tuple[Any, ...]) -> None:
        """Take in which page is laid out."""
        if message[0] == "page":
            self.page = int(message[1])

    def done(self, content: bytes) -> None:
        """It is made, and kept."""
        self._made.set_result(content)

    def failed(self, sentence: str) -> None:
        """It is not made, for this reason."""
        self.sentence = sentence
        self._made.set_exception(Refused(503, sentence))


class Printer:
    """Makes the PDFs of one server. ``close`` ends what is under way within seconds, once the runner is closing."""

    def __init__(self, app: Flask, settings: Settings, runner: Runner) -> None:
        self._app, self._settings, self._runner = app, settings, runner
        self._turns = ThreadPoolExecutor(1, thread_name_prefix="print")
        self._lock = threading.Lock()
        self._printings: dict[tuple[str, str], Printing] = {}

    def find(self, digest_id: str, form: str) -> Printing | None:
        """The PDF of a digest in this form that is on its way, or that could not be made."""
        with self._lock:
            return self._printings.get((digest_id, form))

    def begin(self, digest_id: str, form: str, content: bytes, *, most: int = MOST_WAITING) -> Printing:
        """Have the PDF made of the digest whose JSON form is ``content``, unless it is on its way already. Refused
        (503) where ``most`` are on their way."""
        with self._lock:
            found = self._printings.get((digest_id, form))
            if found is not None and not found.over:
                return found
            on_their_way = {key: each for key, each in self._printings.items() if not each.over}
            if len(on_their_way) >= most:
                raise Refused(503, "Another PDF is being made: try again in a minute.")
            printing = Printing(digest_id, form)
            self._printings = {**on_their_way, (digest_id, form): printing}
        self._turns.submit(self._run, printing, content)
        return printing

    def forget(self) -> None:
        """End what is on its way of digests that are gone. Needs an application's context."""
        with self._lock:
            under_way = [each for each in self._printings.values() if not each.over]
        for each in under_way:
            each.gone = keeping.find(each.digest_id) is None

    def close(self) -> None:
        """Wait for what is under way to be ended, and make no more."""
        self._turns.shutdown(wait=True, cancel_futures=True)

    def _run(self, printing: Printing, content: bytes) -> None:
        with self._app.app_context():
            try:
                printing.begun = True
                answer = self._answer(printing, content)
                if answer.content is None:
                    printing.failed(answer.sentence)
                    return
                keeping.keep_file(printing.digest_id, f"pdf-{printing.form}", answer.content)
            except Ended as ended:
                printing.failed(str(ended) or "The server is stopping: ask again in a minute.")
            except Exception as error:
                _log.error("a PDF could not be kept", kind=type(error).__name__)
                printing.failed("The server could not keep the PDF: ask its operator.")
            else:
                with self._lock:
                    del self._printings[printing.digest_id, printing.form]
                printing.done(answer.content)
            finally:
                db.session.remove()

    def _answer(self, printing: Printing, content: bytes) -> Answer:
        given = self._settings
        with work_folder(self._runner.folder) as folder:
            # Somebody waits for it: it stands back for readers, and not as far as scans do.
            bounds = Bounds(folder, given.scan_memory_mib, _PDF_SECONDS, given.scan_niceness // 2)
            return run_apart(
                printed,
                content,
                bounds,
                bounds=bounds,
                heard=printing.heard,
                wanted=lambda: not (self._runner.closing or printing.gone),
            )
