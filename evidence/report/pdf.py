"""The digest as a tagged PDF: the HTML page, laid out for paper by WeasyPrint.

WeasyPrint needs the Pango library of the system (Debian: libpango-1.0-0, libpangoft2-1.0-0). Nothing is fetched: the
page asks for nothing, and whatever would be asked for all the same is refused.
"""

from __future__ import annotations

from typing import Any

from evidence.model import Digest, EvidenceError
from evidence.report.html import to_html

MISSING = (
    "PDF needs the Pango library, which this machine lacks: install libpango-1.0-0 and libpangoft2-1.0-0, "
    "or print the page from the browser."
)

# Sizing grids takes WeasyPrint four fifths of its time, and paper needs none of them.
_PAPER = """
.domains > div, .inputs > div, .legend, .level, .excerpt code { display: block !important; width: auto !important; }
.evidence h5, .folded > summary { display: block !important; }
.line::before { position: static !important; }
.folded .strip { float: right; }
"""


def to_pdf(digest: Digest) -> bytes:
    """The document, PDF/UA-1, the same bytes for the same digest. EvidenceError where the machine cannot make it."""
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError):
        raise EvidenceError(MISSING) from None
    page = HTML(string=to_html(digest), base_url="about:blank", url_fetcher=_refuse)
    made = page.write_pdf(stylesheets=[CSS(string=_PAPER)], pdf_variant="pdf/ua-1", pdf_identifier=_identifier(digest))
    return bytes(made)


def _identifier(digest: Digest) -> bytes:
    return str(digest.inputs.get("content_sha256", "")).encode()[:32] or b"evidence"


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"nothing is fetched for a PDF: {url[:80]}")
