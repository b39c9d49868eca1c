"""The texts outside Python that may name a module or object to run: commands, container starts, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from evidence.facts.records import Commands, Data, Dockerfile, Node

_STARTING = frozenset({"CMD", "ENTRYPOINT", "RUN", "ENV"})
# Settings that name the application without a dot or colon that would tell them from any other word.
_SETTINGS = frozenset({"FLASK_APP", "QUART_APP"})
_MAX_TEXT = 400


class Mention(NamedTuple):
    """A text and where it stands; a setting's text is ``NAME=value``."""

    path: str
    start: int
    end: int
    text: str


def mentions(
    commands: Mapping[str, Commands], dockerfiles: Mapping[str, Dockerfile], data: Mapping[str, Data]
) -> Iterator[Mention]:
    """Every such text, file by file."""
    for path, item in commands.items():
        yield from (Mention(path, line.start, line.end, line.text) for line in item.lines)
        yield from (Mention(path, line, line, f"{name}={value}") for name, (value, line) in item.variables.items())
    for path, dockerfile in dockerfiles.items():
        for step in dockerfile.instructions:
            if step.word in _STARTING:
                yield Mention(path, step.start, step.end, " ".join(step.words) or step.text)
    for path, file in data.items():
        for root in file.roots:
            yield from _values(path, root)


def _values(path: str, root: Node) -> Iterator[Mention]:
    for node in root.walk():
        if node.kind == "str" and 3 < len(node.text) < _MAX_TEXT and ("." in node.text or ":" in node.text):
            yield Mention(path, node.start, node.end, node.text)
        for key, value in node.pairs():
            if key in _SETTINGS:
                yield Mention(path, value.start, value.end, f"{key}={value.text[:_MAX_TEXT]}")
