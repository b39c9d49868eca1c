"""Thresholds that lint configuration sets on code: where a complexity gate stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.facts.records import Data, Node

_RUFF_FILES = ("ruff.toml", ".ruff.toml")
_FLAKE8_FILES = (".flake8", "setup.cfg", "tox.ini", "flake8.cfg")
# Ruff's rule codes that switch mccabe on: the whole group, its prefix, or the rule itself.
_MCCABE = frozenset({"C", "C9", "C90", "C901", "ALL", "PLR0912", "PLR"})


def complexity_gates(data: Mapping[str, Data]) -> Iterator[tuple[str, int]]:
    """(path, line) of every setting that makes a linter refuse complex functions: ruff's mccabe rules, and the
    ``max-complexity`` of flake8 and pylint."""
    for path, item in data.items():
        name = path.rpartition("/")[2]
        root = item.root
        if name in _RUFF_FILES:
            yield from ((path, line) for line in _ruff(root))
        elif name == "pyproject.toml":
            tools = root.get("tool")
            if tools is not None:
                yield from ((path, line) for line in _ruff(tools.get("ruff")))
                yield from ((path, line) for line in _limits(tools.get("flake8")))
                yield from ((path, line) for line in _limits(tools.get("pylint", "design")))
        elif name in _FLAKE8_FILES:
            yield from ((path, line) for line in _limits(root.get("flake8")))


def _ruff(root: Node | None) -> Iterator[int]:
    for table in (root, root.get("lint")) if root is not None else ():
        if table is None:
            continue
        ignored = {t for key in ("ignore", "extend-ignore") for n in [table.get(key)] if n for t in n.texts()}
        for key in ("select", "extend-select"):
            node = table.get(key)
            if node is not None:
                yield from (
                    n.start
                    for n in node.each()
                    if n.text in _MCCABE and n.text not in ignored and "C901" not in ignored
                )


def _limits(table: Node | None) -> Iterator[int]:
    for key, node in table.pairs() if table is not None else ():
        if key.replace("_", "-") == "max-complexity" and node.text.lstrip("-").isdigit() and int(node.text) > 0:
            yield node.start
