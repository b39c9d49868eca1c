"""Renderers of the digest. Each reads the one complete form and adds nothing.

JSON (:func:`to_json`, :func:`from_json`), HTML (:func:`to_html`) and Markdown (:func:`to_markdown`). The JSON form is
published as a schema in ``schema/digest-1.json``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evidence.report.html import to_html
    from evidence.report.json_form import SCHEMA_VERSION, from_json, to_json
    from evidence.report.markdown import to_markdown

# A form is imported when it is asked for: a scan that writes JSON needs no templates.
_HOME = {
    "SCHEMA_VERSION": "json_form",
    "from_json": "json_form",
    "to_html": "html",
    "to_json": "json_form",
    "to_markdown": "markdown",
}

__all__ = ["SCHEMA_VERSION", "from_json", "to_html", "to_json", "to_markdown"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
