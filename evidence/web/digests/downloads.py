"""A digest as a file, in the form that its reader sees on the page. File names are ours, never made of input."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Response, make_response

from evidence.model import Digest
from evidence.report.csv import to_csv
from evidence.report.html import to_html
from evidence.report.json_form import to_json
from evidence.report.markdown import to_markdown
from evidence.web import keeping
from evidence.web.context import ours, settings
from evidence.web.digests.finding import the_digest
from evidence.web.digests.reading import digest_in
from evidence.web.digests.views import blueprint
from evidence.web.errors import Refused
from evidence.web.models import StoredDigest
from evidence.web.naming import form_for_visitor
from evidence.web.running.process import Ended, run_apart, work_folder
from evidence.web.running.work import PLAIN, Bounds, printed

_PDF_SECONDS = 300
_one_at_a_time = threading.Semaphore(1)
_FORMS: dict[str, tuple[str, Callable[[Digest], str]]] = {
    "html": ("text/html; charset=utf-8", to_html),
    "md": ("text/markdown; charset=utf-8", to_markdown),
    "csv": ("text/csv; charset=utf-8", to_csv),
}


@blueprint.get("/<digest_id>/digest.<any(json, html, md, csv, pdf):suffix>")
def download(digest_id: str, suffix: str) -> Response:
    """The digest as a file."""
    stored = the_digest(digest_id)
    return file_of(stored, suffix, form_for_visitor(stored))


def file_of(stored: StoredDigest, suffix: str, form: str) -> Response:
    """The file as an answer: saved by the browser, never shown within this origin."""
    if suffix == "json":
        content, kind = json_of(stored, form), "application/json"
    elif suffix == "pdf":
        content, kind = _pdf(json_of(stored, form)), "application/pdf"
    else:
        kind, render = _FORMS[suffix]
        content = render(digest_in(stored, form)).encode("utf-8", "backslashreplace")
    response = make_response(content)
    response.headers["Content-Type"] = kind
    response.headers["Content-Disposition"] = f'attachment; filename="digest.{suffix}"'
    return response


def json_of(stored: StoredDigest, form: str) -> bytes:
    """The JSON form, as the scan gave it or without names."""
    return keeping.content_of(stored) if form == PLAIN else to_json(digest_in(stored, form))


def _pdf(content: bytes) -> bytes:
    """Made in a process of its own, within the bounds of a scan: laying out takes long and its input is hostile."""
    if not _one_at_a_time.acquire(blocking=False):
        raise Refused(503, "Another PDF is being made: try again in a minute.")
    try:
        with work_folder(ours().runner.folder) as folder:
            bounds = Bounds(folder, settings().scan_memory_mib, _PDF_SECONDS)
            answer = run_apart(
                printed, content, bounds, bounds=bounds, heard=lambda _: None, wanted=lambda: not ours().runner.closing
            )
    except Ended as ended:
        raise Refused(503, str(ended) or "The server is stopping.") from None
    finally:
        _one_at_a_time.release()
    if answer.content is None:
        raise Refused(503, answer.sentence)
    return bytes(answer.content)
