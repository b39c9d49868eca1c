"""Debug mode in settings that the application loads from a file which does not end in ``.py``: Flask reads
``from_pyfile("config.cfg")`` as Python, whatever the file is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.debug.places import DebugSwitch, apart
from evidence.facts.names import PyFile

if TYPE_CHECKING:
    from evidence.facts.project import Project

_ON = frozenset({"true", "1"})


def loaded(project: Project) -> Iterator[DebugSwitch]:
    """``DEBUG = True`` in files of settings that live code loads by their names."""
    for file, call in project.settings.loads:
        given = call.expr.args[0] if call.expr.args else None
        if not call.name.endswith("from_pyfile") or given is None or given.kind != "str":
            continue
        if not project.reach.live(file.path, call.scope):
            continue
        path = _found(project, file, given.text)
        node = project.data[path].root.get("DEBUG") if path and not apart(path) else None
        if node is not None and node.text.lower() in _ON:
            yield DebugSwitch(path, node.start, node.end, "setting", True)


def _found(project: Project, file: PyFile, name: str) -> str:
    """The path of a file of settings: beside the module that makes the application, a folder up (a package beside its
    settings: ``"../config.cfg"``), or in the folder for instances."""
    up = file.folder.rpartition("/")[0]
    plain = name.removeprefix("./")
    folders = (up,) if plain.startswith("../") else (file.folder, f"{file.folder}/instance", "instance")
    tries = (f"{folder}/{plain.removeprefix('../')}".lstrip("/") for folder in folders)
    return next((path for path in tries if path in project.data), "")
