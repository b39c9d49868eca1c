"""Renderers of the digest. Each reads the one complete form and adds nothing.

JSON (:func:`to_json`, :func:`from_json`), HTML (:func:`to_html`) and Markdown (:func:`to_markdown`). The JSON form is
published as a schema in ``schema/digest-1.json``.
"""

from __future__ import annotations

from evidence.report.html import to_html
from evidence.report.json_form import SCHEMA_VERSION, from_json, to_json
from evidence.report.markdown import to_markdown

__all__ = ["SCHEMA_VERSION", "from_json", "to_html", "to_json", "to_markdown"]
