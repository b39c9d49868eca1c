"""A server within the test's own process, and what stands in its database: every state that a page can show."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from evidence.model import Digest
from evidence.pipeline import ScanRequest, scan
from evidence.web import keeping
from evidence.web.context import ours, settings
from evidence.web.extensions import db
from evidence.web.models import Correction, Scan, Share, State, now
from evidence.web.running.work import product
from tests.source.building import Builder
from tests.web.conftest import SHOP

OWNER = "wolfeschlegelsteinhausenbergerdorff-the-third"
NAME = "an_extraordinarily_long_name_without_any_hyphen_in_it"
TOKEN = "t" * 43


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """The address of ``app``, answered by the server that its command uses."""
    from waitress.server import create_server

    server: Any = create_server(app, host="127.0.0.1", port=0, threads=8, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(10)


class _Silent:
    """Progress that nobody watches."""

    def source(self, number: int, total: int, name: str) -> None: ...
    def stage(self, name: str, total: int | None) -> None: ...
    def advance(self, count: int = 1) -> None: ...
    def warn(self, sentence: str) -> None: ...


def digest_of_long_names(folder: Path) -> Digest:
    """The digest of a repository whose owner and name are long."""
    Builder(folder / "long").commit(SHOP, "Begin")
    address = f"https://github.com/{OWNER}/{NAME}"
    return scan(ScanRequest(source=str(folder / "long"), identity=address, workers=1), _Silent())


def keep(digest: Digest, asked_by: str = "you") -> str:
    """Keep a digest as the answer to a scan: the path of its page. Needs an application's context."""
    asked = _scan(asked_by=asked_by)
    stored = keeping.store(product(digest, ours().runner.pseudonyms), asked, settings())
    stages = [{"name": "Reading files", "count": 6, "total": 6, "seconds": 1.5, "part": ""}]
    asked.state, asked.digest_id, asked.started, asked.finished, asked.stages = (
        *(State.DONE, stored.id, now(), now()),
        stages,
    )
    db.session.add(asked)
    db.session.commit()
    return f"/digests/{stored.id}"


def share(digest: str) -> str:
    """A link for the candidate, who has corrected a finding and the whole: its path."""
    digest_id = digest.rpartition("/")[2]
    hashed = hashlib.sha256(TOKEN.encode()).hexdigest()
    db.session.add(Share(digest_id=digest_id, token_hash=hashed, made_by="you", expires=now() + timedelta(days=1)))
    for signal in ("flask.app_factory", None):
        db.session.add(Correction(digest_id=digest_id, signal=signal, text=f"It began elsewhere.\n{OWNER} knows."))
    db.session.commit()
    return f"/shared/{TOKEN}"


def scans() -> dict[str, str]:
    """A scan in each state: the paths of their pages. None of them goes on by itself."""
    part = f"2 of 3: {OWNER}/{NAME}"
    stages = [{"name": "Fetching the repository", "count": 0, "total": None, "seconds": 3.2, "part": part}]
    running = {"started": now(), "stage": "Reading files", "count": 311, "total": 2048, "stages": stages}
    made = {
        "queued": _scan(),
        "running": _scan(state=State.RUNNING, warnings=["The forge's limit is near."], **running),
        "several": _scan(state=State.RUNNING, further=["https://github.com/ada/app"], part=part, **running),
        "cancelling": _scan(state=State.CANCELLING, **running),
        "failed": _scan(state=State.FAILED, finished=now(), sentence=f"github.com/{OWNER}/{NAME} is not there."),
        "interrupted": _scan(state=State.INTERRUPTED, finished=now(), candidate=f"{OWNER}@example.org"),
    }
    db.session.add_all(made.values())
    db.session.commit()
    return {state: f"/scans/{each.id}" for state, each in made.items()}


def _scan(**given: Any) -> Scan:
    usual = {"source": f"https://github.com/{OWNER}/{NAME}", "further": [], "most": 10, "include": [], "exclude": []}
    return Scan(**{**usual, "asked_by": "you", "instance": "another", **given})
