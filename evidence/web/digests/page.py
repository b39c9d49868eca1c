"""A digest's page: rendered once and kept, with what belongs to the visitor put in for each request."""

from __future__ import annotations

from flask import render_template

from evidence.report.html import Frame, to_html
from evidence.web import keeping
from evidence.web.context import ours
from evidence.web.models import StoredDigest

# Quoted text is escaped, so no repository can bring a comment of its own.
_TOP = "<!-- the visitor's part -->"


def page_of(stored: StoredDigest) -> str:
    """The page of this digest for the present visitor."""
    page = ours().pages.get((stored.id,), lambda: _rendered(stored))
    before, _, after = page.partition(_TOP)
    return before + render_template("digests/_top.html", stored=stored) + after


def _rendered(stored: StoredDigest) -> str:
    return to_html(keeping.digest_of(stored), Frame(head=render_template("digests/_head.html"), top=_TOP))
