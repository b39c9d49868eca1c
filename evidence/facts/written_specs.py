"""Descriptions of an API that the application's own code puts together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Assign

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SHOWN_LINES = 40
# What OpenAPI and Swagger demand at the top of a document, beside the version.
_DEMANDED = frozenset({"info", "paths"})


def written_specs(project: Project) -> Iterator[tuple[PyFile, Assign]]:
    """Functions that can run and build ``{"openapi": "3.0.3", "info": ..., "paths": ...}``: each where it begins."""
    for file in project.app:
        for item in file.module.assigns:
            version = item.value.kwarg("openapi") or item.value.kwarg("swagger") if item.value.kind == "dict" else None
            if version is None or version.kind != "str" or not set(item.value.keys) >= _DEMANDED or not item.scope:
                continue
            if project.reach.live(file.path, item.scope) and project.in_flask_part(file.path):
                yield file, replace(item, end=min(item.end, item.start + _SHOWN_LINES - 1))
