"""Functions that are given to a queue by name, by text, or by the module that a text begins with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.python.records import Definition

if TYPE_CHECKING:
    from evidence.facts.project import Project

_TAKES = ("cron", "enqueue", "enqueue_at", "enqueue_call", "enqueue_in", "schedule")


def handed(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Functions given to ``enqueue`` and ``schedule``."""
    for file, call in (place for name in _TAKES for place in project.called.get(name, ())):
        for item in call.expr.items[:3]:
            if item.kind == "name":
                found = project.defined(file, item.text)
                if found is not None and found[1].kind == "function":
                    yield found
            texts = [e.text for e in item.walk() if e.kind in ("str", "fstring")]
            for text in texts:
                yield from _told(project, file, text)


def _told(project: Project, file: PyFile, text: str) -> Iterator[tuple[PyFile, Definition]]:
    dotted, _, last = text.partition("{")[0].rpartition(".")
    path = project.names.module(file.path, dotted) if "." in text and dotted else ""
    if not path:
        return
    folder = path.removesuffix("__init__.py") if path.endswith("__init__.py") else ""
    if "{" in text and folder:
        homes = [f for p, f in project.python.items() if p.startswith(folder) and p.endswith("/tasks.py")]
    else:
        homes = [project.python[path]]
    for home in homes:
        for definition in home.module.definitions:
            wanted = definition.name == last if last else not definition.name.startswith("_")
            if definition.kind == "function" and not definition.parent and wanted:
                yield home, definition
