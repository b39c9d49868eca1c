"""Small projects made of texts, read like real ones."""

from __future__ import annotations

from collections.abc import Mapping

from evidence.facts.project import Project
from evidence.facts.web import WebGraph
from evidence.testkit import Case, project_of

HEAD = "from flask import Blueprint, Flask\n\napp = Flask(__name__)\nbp = Blueprint('shop', __name__)\n"


def project(files: Mapping[str, str]) -> Project:
    """The project of these files (content by path), without a history."""
    return project_of(Case("A project", files, (), ()))


def web(text: str, **files: str) -> WebGraph:
    """The web graph of ``app.py`` and of other modules by name (``a__b`` is ``a/b.py``)."""
    return project({"app.py": text, **{f"{n.replace('__', '/')}.py": t for n, t in files.items()}}).web
