"""Environment variables in compose files, manifests, dotenv files and their like."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.records import Node


def variables(root: Node) -> Iterator[tuple[str, str, int]]:
    """(name, value, line) of what could be variables: ``NAME: value``, ``- NAME=value``, ``- name: NAME`` with a value.

    A value that stands elsewhere (``valueFrom``) is the empty text.
    """
    for node in root.walk():
        for key, item in node.pairs():
            if item.kind not in ("map", "list"):
                yield key, item.text, item.start
        named = node.get("name") or node.get("key")
        if named is not None and named.text:
            value = node.get("value")
            yield named.text, value.text if value is not None else "", named.start
        if node.kind == "str" and "=" in node.text[:80]:
            name, _, text = node.text.partition("=")
            yield name, text, node.start
