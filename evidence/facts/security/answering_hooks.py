"""Hooks before requests that answer with what a function of the project says that asks who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Definition
from evidence.facts.security import purpose as purposes

if TYPE_CHECKING:
    from evidence.facts.project import Project


def answered_by(project: Project, file: PyFile, function: Definition) -> str:
    """The function of the project whose name says that it asks who it is, and whose answer a hook gives instead of the
    view's, whatever its status: ``res = authenticate(request.headers)``, then ``return res``. "" for none."""
    given = {v.text for v in function.returns if v.kind in ("name", "call")}
    for call in file.calls_in(file.scopes.get(function.qualname, 0)):
        asks = call.name and purposes.named(call.name) == purposes.WHO
        if asks and (call.target in given or call.name in given) and project.defined(file, call.name):
            return call.name
    return ""
