"""PDFs of digests: made once in a process of their own, watched while they are made, kept, gone with their digest."""

from __future__ import annotations

import ctypes.util
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from evidence.web import keeping
from evidence.web.extensions import db
from evidence.web.models import Page, StoredDigest
from evidence.web.running.process import Ended
from evidence.web.running.work import Answer
from tests.source.serving import Server
from tests.web.browsing import PATIENCE, Visitor
from tests.web.conftest import MakeApp

pango = pytest.mark.skipif(
    not ctypes.util.find_library("pango-1.0"), reason="Pango is not installed (Debian: libpango-1.0-0)"
)


class Layout:
    """Stands in for the process that lays out, so that a test decides when it is done and what comes of it."""

    def __init__(self) -> None:
        self.asked = 0
        self.finish = threading.Event()
        self.comes: Answer | Ended = Answer(b"%PDF-made")

    def __call__(
        self, *_: Any, heard: Callable[[tuple[Any, ...]], None], wanted: Callable[[], bool], **__: Any
    ) -> Answer:
        """Say that page seven is laid out, and wait."""
        self.asked += 1
        heard(("page", 7))
        while not self.finish.wait(0.05):
            if not wanted():
                raise Ended("")
        if isinstance(self.comes, Ended):
            raise self.comes
        return self.comes


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Layout:
    """The layout of this test's server."""
    stand_in = Layout()
    monkeypatch.setattr("evidence.web.running.printer.run_apart", stand_in)
    return stand_in


@pytest.fixture(scope="module")
def digests(shared_app: Flask, forge: Server) -> list[str]:
    """The paths of two digests of the shared server."""
    visitor = Visitor(shared_app)
    return [visitor.digest_of(f"{forge.origin}/ada/{name}") for name in ("bazaar", "market")]


@pytest.fixture
def digest(shared_app: Flask, digests: list[str]) -> Iterator[str]:
    """The path of a digest that has no PDF yet."""
    yield digests[0]
    with shared_app.app_context():
        db.session.execute(delete(Page).where(Page.form.like("pdf-%")))
        db.session.commit()


@pango
def test_a_pdf_is_laid_out_once(visitor: Visitor, forge: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tagged; its page names the page that is laid out; who asks again gets the same file at once from the store;
    it goes with its digest."""
    from pypdf import PdfReader

    digest = visitor.digest_of(f"{forge.origin}/ada/market")
    visitor.get(f"{digest}/pdf")
    told = visitor.client.get(f"{digest}/pdf/events").get_data(as_text=True)
    assert re.search(r"Laying out page \d", told)
    assert told.rstrip().endswith("event: finished\ndata:")
    first = visitor.client.get(f"{digest}/digest.pdf")
    assert first.mimetype == "application/pdf"
    root: Any = PdfReader(io.BytesIO(first.data)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    monkeypatch.setattr("evidence.web.running.printer.run_apart", None)
    assert visitor.client.get(f"{digest}/digest.pdf").data == first.data
    visitor.get(digest)
    visitor.post(f"{digest}/delete")
    assert visitor.client.get(f"{digest}/digest.pdf").status_code == 404
    with visitor.client.application.app_context():
        assert db.session.scalars(select(Page)).all() == []


def test_its_page_tells_how_far_it_is(guest: Visitor, digest: str, layout: Layout) -> None:
    """What is done and for how long, whichever window asks; then the file, once by a page that sends it, and from then
    on at once."""
    guest.get(digest)
    assert f'href="{digest}/pdf"' in guest.page
    page = guest.until(f"{digest}/pdf", "Laying out page 7")
    assert "Being made" in page
    assert re.search(r"\d+ s so far", page)
    assert f'content="2; url={digest}/pdf?wait="' in page
    assert "Laying out page 7" in Visitor(guest.client.application).until(f"{digest}/pdf?wait=", "so far")
    layout.finish.set()
    assert f'content="0; url={digest}/digest.pdf"' in guest.until(f"{digest}/pdf?wait=", "Ready")
    kept = guest.client.get(f"{digest}/pdf")
    assert (kept.status_code, kept.location) == (303, f"{digest}/digest.pdf")
    assert guest.client.get(kept.location).data == b"%PDF-made"
    assert layout.asked == 1


def test_who_takes_the_file_directly_waits_for_it(guest: Visitor, digest: str, layout: Layout) -> None:
    """A program that asks for the file gets the one that is being made already, and no second one is begun."""
    guest.until(f"{digest}/pdf", "Laying out page 7")
    threading.Timer(0.3, layout.finish.set).start()
    assert guest.client.get(f"{digest}/digest.pdf").data == b"%PDF-made"
    assert layout.asked == 1


@pytest.mark.parametrize("wait", ["", "?wait="])
def test_one_that_is_done_meanwhile_is_not_made_again(
    guest: Visitor, digest: str, layout: Layout, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    """Just after somebody asked whether it is kept, it is: the page says so and begins nothing."""
    guest.until(f"{digest}/pdf", "Laying out page 7")
    asks, printer = keeping.has_file, guest.client.application.extensions["evidence"].printer
    begun: list[str] = []

    def slowly(stored: StoredDigest, form: str) -> bool:
        kept = asks(stored, form)
        printing = printer.find(stored.id, form.removeprefix("pdf-"))
        layout.finish.set()
        printing.content()
        return kept

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "has_file", slowly)
        patched.setattr(printer, "begin", lambda *a, **_: begun.append(str(a)))
        told = guest.client.get(f"{digest}/pdf{wait}").get_data(as_text=True)
    assert "Ready" in told
    assert not begun


def test_pdfs_wait_their_turn(guest: Visitor, digest: str, digests: list[str], layout: Layout) -> None:
    """One is made at a time: a page waits for its turn and says so, a program is told to come again."""
    guest.until(f"{digest}/pdf", "Laying out page 7")
    other = digests[1]
    assert guest.client.get(f"{other}/digest.pdf").status_code == 503
    assert "Waiting for its turn" in guest.get(f"{other}/pdf").get_data(as_text=True)
    layout.finish.set()
    guest.until(f"{other}/pdf?wait=", "Ready")
    assert layout.asked == 2


def test_one_that_cannot_be_made_says_why(guest: Visitor, digest: str, layout: Layout) -> None:
    """The reason stays on the page however often it loads itself again, and the button begins anew."""
    layout.comes = Ended("It took longer than it may take here (300 seconds), and was stopped.")
    layout.finish.set()
    guest.get(f"{digest}/pdf")
    for _ in range(2):
        page = guest.until(f"{digest}/pdf?wait=", "This could not be made")
        assert "It took longer than it may take here" in page
        assert "http-equiv" not in page
    assert layout.asked == 1
    layout.comes = Answer(b"%PDF-made")
    assert f'href="{digest}/pdf">Try again' in page
    guest.get(f"{digest}/pdf")
    guest.until(f"{digest}/pdf?wait=", "Ready")
    assert layout.asked == 2


def test_a_deleted_digest_is_not_printed_on(visitor: Visitor, forge: Server, layout: Layout, data: Path) -> None:
    """Deleting ends the making of its PDF, and nothing of it is left."""
    digest = visitor.digest_of(f"{forge.origin}/ada/market")
    visitor.until(f"{digest}/pdf", "Laying out page 7")
    visitor.get(digest)
    visitor.post(f"{digest}/delete")
    assert visitor.get(f"{digest}/pdf?wait=").status_code == 404
    give_up = time.monotonic() + PATIENCE
    while list((data / "work").iterdir()):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    with visitor.client.application.app_context():
        assert db.session.scalars(select(Page)).all() == []


def test_a_stream_that_comes_too_late_says_so(guest: Visitor, digest: str, layout: Layout) -> None:
    """Nothing is on its way after a restart: the page says that it was not made; one that is kept is ready."""
    told = guest.client.get(f"{digest}/pdf/events").get_data(as_text=True)
    assert "The server was started anew" in told
    assert told.rstrip().endswith("event: finished\ndata:")
    layout.finish.set()
    guest.get(f"{digest}/pdf")
    guest.until(f"{digest}/pdf?wait=", "Ready")
    told = guest.client.get(f"{digest}/pdf/events").get_data(as_text=True)
    assert "Ready" in told
    assert guest.client.get(f"{digest}/pdf/next").headers["HX-Redirect"] == f"{digest}/digest.pdf"


def test_without_names_it_is_another_pdf(make_app: MakeApp, forge: Server, layout: Layout) -> None:
    """Where names are hidden first, the page hides them too, and each form is made and kept by itself."""
    visitor = Visitor(make_app(anonymise=True))
    digest = visitor.digest_of(f"{forge.origin}/ada/market")
    assert re.search(
        r"The PDF of <span[^>]*>repository-[0-9a-f]{6}<", visitor.get(f"{digest}/pdf").get_data(as_text=True)
    )
    layout.finish.set()
    visitor.until(f"{digest}/pdf?wait=", "Ready")
    visitor.get(digest)
    visitor.post(f"{digest}/reveal")
    visitor.get(f"{digest}/pdf")
    assert ">market<" in visitor.until(f"{digest}/pdf?wait=", "Ready")
    assert layout.asked == 2
