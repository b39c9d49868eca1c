"""Configurations of logging, as files and as dictionaries: the formatters that they name."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.names import PyFile
from evidence.facts.operations.log_table import STRUCTURED
from evidence.facts.python.records import Assign
from evidence.facts.records import Node


def formatters(root: Node) -> Iterator[Node]:
    """The classes of formatters in a configuration of logging: below ``formatters``, or in sections ``formatter_x``."""
    below = root.get("formatters")
    sections = [node for name, node in root.pairs() if name.startswith("formatter_")]
    for node in (*(below.walk() if below is not None else ()), *sections):
        for key, value in node.pairs():
            if key in ("class", "()") and STRUCTURED.fullmatch(value.text):
                yield value


def classes(file: PyFile) -> Iterator[tuple[Assign, str]]:
    """The classes that a dictionary of logging is given themselves (``{"()": JsonFormatter}``), with its place."""
    for item in file.module.assigns:
        for part in item.value.walk() if item.value.kind == "dict" else ():
            made = (part.kwarg("()") or part.kwarg("class")) if part.kind == "dict" else None
            if made is not None and made.kind == "name":
                yield item, made.text


def factories(file: PyFile) -> Iterator[str]:
    """The ends of names that are put together under ``()`` in a configuration of logging."""
    for item in file.module.assigns:
        for part in item.value.walk() if item.value.kind == "dict" else ():
            made = part.kwarg("()") if part.kind == "dict" else None
            if made is not None and made.kind in ("op", "fstring"):
                yield from (e.text for e in made.walk() if e.kind in ("str", "fstring"))
