"""A digest as a file, in the form that its reader sees on the page. File names are ours, never made of input."""

from __future__ import annotations

import threading

from flask import Response, make_response

from evidence.web import keeping
from evidence.web.context import ours, settings
from evidence.web.digests.finding import the_digest
from evidence.web.digests.reading import json_of, made
from evidence.web.digests.views import blueprint
from evidence.web.errors import Refused
from evidence.web.models import StoredDigest
from evidence.web.naming import form_for_visitor
from evidence.web.running.bounded import Bounds
from evidence.web.running.process import Ended, run_apart, work_folder
from evidence.web.running.work import printed

_PDF_SECONDS = 300
_one_at_a_time = threading.Semaphore(1)
_KINDS = {
    "json": "application/json",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}


@blueprint.get("/<digest_id>/digest.<any(json, html, md, csv, pdf):suffix>")
def download(digest_id: str, suffix: str) -> Response:
    """The digest as a file."""
    stored = the_digest(digest_id)
    return file_of(stored, suffix, form_for_visitor(stored))


def file_of(stored: StoredDigest, suffix: str, form: str) -> Response:
    """The file as an answer: saved by the browser, never shown within this origin."""
    if suffix == "json":
        content = json_of(stored, form)
    elif suffix == "pdf":
        content = _kept_pdf(stored, form)
    else:
        content = made(stored, form, suffix)
    response = make_response(content)
    response.headers["Content-Type"] = _KINDS[suffix]
    response.headers["Content-Disposition"] = f'attachment; filename="digest.{suffix}"'
    return response


def _kept_pdf(stored: StoredDigest, form: str) -> bytes:
    """The PDF: laid out for who asks first, and kept with the digest for everybody after."""
    name = f"pdf-{form}"
    kept = keeping.file_of(stored, name)
    if kept is None:
        kept = _pdf(json_of(stored, form))
        keeping.keep_file(stored, name, kept)
    return kept


def _pdf(content: bytes) -> bytes:
    """Made in a process of its own, within the bounds of a scan: laying out takes long and its input is hostile."""
    if not _one_at_a_time.acquire(blocking=False):
        raise Refused(503, "Another PDF is being made: try again in a minute.")
    try:
        with work_folder(ours().runner.folder) as folder:
            # Somebody waits for it: it stands back for readers, and not as far as scans do.
            bounds = Bounds(folder, settings().scan_memory_mib, _PDF_SECONDS, settings().scan_niceness // 2)
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
