"""A digest as a file, in the form that its reader sees on the page. File names are ours, never made of input."""

from __future__ import annotations

from flask import Response, make_response

from evidence.web.digests.finding import the_digest
from evidence.web.digests.printing import pdf_of
from evidence.web.digests.reading import json_of, made
from evidence.web.digests.views import blueprint
from evidence.web.models import StoredDigest
from evidence.web.naming import form_for_visitor

_KINDS = {
    "json": "application/json",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}


@blueprint.get("/<digest_id>/digest.<any(json, html, md, csv, pdf):suffix>")
def download(digest_id: str, suffix: str) -> Response:
    """The digest as a file. A PDF that is not kept is made first; its own page tells how far it is meanwhile."""
    stored = the_digest(digest_id)
    return file_of(stored, suffix, form_for_visitor(stored))


def file_of(stored: StoredDigest, suffix: str, form: str) -> Response:
    """The file as an answer: saved by the browser, never shown within this origin."""
    if suffix == "json":
        content = json_of(stored, form)
    elif suffix == "pdf":
        content = pdf_of(stored, form)
    else:
        content = made(stored, form, suffix)
    response = make_response(content)
    response.headers["Content-Type"] = _KINDS[suffix]
    response.headers["Content-Disposition"] = f'attachment; filename="digest.{suffix}"'
    return response
