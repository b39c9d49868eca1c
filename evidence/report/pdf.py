"""The digest as a tagged PDF: the HTML page, laid out for paper by WeasyPrint.

WeasyPrint needs the Pango library of the system (Debian: libpango-1.0-0, libpangoft2-1.0-0). Nothing is fetched: the
page asks for nothing, and whatever would be asked for all the same is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import Element

from evidence.model import Digest, EvidenceError
from evidence.report.html import to_html

MISSING = (
    "PDF needs the Pango library, which this machine lacks: install libpango-1.0-0 and libpangoft2-1.0-0, "
    "or print the page from the browser."
)

# Sizing grids, flexible boxes, and tables by what is in them takes WeasyPrint most of its time; paper needs none of it.
_PAPER = """
body { overflow-wrap: break-word !important; }
.domains > div, .inputs > div, .legend, .level, .excerpt code, .mark { display: block !important; }
.domains > div, .inputs > div, .legend, .level, .excerpt code { width: auto !important; }
.mark { height: auto !important; }
.evidence h5, .folded > summary { display: block !important; }
.line::before { position: static !important; }
.folded .strip { float: right; }
.index, .pictures { table-layout: fixed !important; }
.segment { display: inline !important; }
h1 { font-size: 2rem !important; }
"""
# WeasyPrint fills pictures by their attributes alone: the colours that page.css gives them on paper.
_ACCENT = "#0b5c63"
_INKS = {
    "bar": {"fill": _ACCENT},
    "share-1": {"fill": _ACCENT},
    "share-2": {"fill": "#689a9e"},
    "share-3": {"fill": "#acc8ca"},
    "share-rest": {"fill": "#c9ccc6"},
    "edge": {"fill": "none", "stroke": _ACCENT, "stroke-opacity": ".45"},
    "node": {"fill": "#ffffff", "stroke": _ACCENT, "stroke-width": "1.5"},
    "node-number": {"font-size": "10", "text-anchor": "middle"},
}


def to_pdf(digest: Digest, laid_out: Callable[[int], None] | None = None) -> bytes:
    """The document, PDF/UA-1, the same bytes for the same digest. ``laid_out`` is told the number of each page as it
    begins. EvidenceError where the machine cannot make it."""
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError):
        raise EvidenceError(MISSING) from None
    page = HTML(string=to_html(digest), base_url="about:blank", url_fetcher=_refuse)
    _fold(page.etree_element)
    with _told(laid_out):
        made = page.write_pdf(
            stylesheets=[CSS(string=_PAPER)], pdf_variant="pdf/ua-1", pdf_identifier=_identifier(digest)
        )
    return bytes(made)


class _Pages(logging.Handler):
    """WeasyPrint tells its log which page it lays out, and nobody else."""

    def __init__(self, laid_out: Callable[[int], None]) -> None:
        super().__init__(logging.INFO)
        self._laid_out = laid_out

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on the number of a page."""
        if "Page %d" in str(record.msg) and isinstance(record.args, tuple):
            self._laid_out(int(str(record.args[0])))


@contextmanager
def _told(laid_out: Callable[[int], None] | None) -> Iterator[None]:
    log = logging.getLogger("weasyprint.progress")
    if laid_out is None:
        yield
        return
    handler, level = _Pages(laid_out), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def _fold(element: Element, *, silent: bool = False) -> None:
    """Take out what a printed page does not show, as a browser does that prints it: WeasyPrint unfolds everything, and
    lays out twice as many boxes. ``silent`` cells keep their questions folded, others do not. Pictures get their
    colours."""
    for child in list(element):
        if not isinstance(child.tag, str):
            continue
        css = (child.get("class") or "").split()
        for name in css:
            child.attrib.update(_INKS.get(name, {}))
        folded = child.tag == "details" and child.get("open") is None
        if child.tag == "nav" or {"skip", "screen"} & set(css) or (folded and (not css or "excerpt" in css)):
            _take_out(element, child)
            continue
        if folded and ("folded" in css or ("ask" in css and silent)):
            for inner in [each for each in child if each.tag != "summary"]:
                child.remove(inner)
        _fold(child, silent=silent or "silent" in css)


def _take_out(element: Element, child: Element) -> None:
    """Remove a child, and leave the text that follows it where it is."""
    at = list(element).index(child)
    if at:
        element[at - 1].tail = (element[at - 1].tail or "") + (child.tail or "")
    else:
        element.text = (element.text or "") + (child.tail or "")
    element.remove(child)


def _identifier(digest: Digest) -> bytes:
    return str(digest.inputs.get("content_sha256", "")).encode()[:32] or b"evidence"


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"nothing is fetched for a PDF: {url[:80]}")
