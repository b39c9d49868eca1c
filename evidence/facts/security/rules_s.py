"""Linters that carry bandit's rules: where ruff's S rules are selected, or a plug-in of flake8 is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.facts.ci import Place
from evidence.facts.records import Data, Node, Requirements
from evidence.patterns import regex

_RUFF_FILES = ("ruff.toml", ".ruff.toml")
# ruff's own rule codes: the whole group S, one of its hundreds or rules, or everything.
_S_RULE = regex(r"S(?:[1-7][0-9]{0,2})?|ALL")
_PLUGINS = frozenset({"flake8-bandit"})


def security_rules(data: Mapping[str, Data], dependencies: Mapping[str, Requirements]) -> dict[str, Place]:
    """For ruff and flake8, the first place that switches security rules on; nothing for a linter without them."""
    found: dict[str, Place] = {}
    for path, item in data.items():
        for line in _ruff(path, item.root):
            found.setdefault("ruff", Place(path, line, line))
    for path, listed in dependencies.items():
        for entry in () if listed.lock else listed.items:
            if entry.name in _PLUGINS:
                found.setdefault("flake8", Place(path, entry.line, entry.line))
    return found


def _ruff(path: str, root: Node) -> Iterator[int]:
    name = path.rpartition("/")[2]
    base = root if name in _RUFF_FILES else root.get("tool", "ruff") if name == "pyproject.toml" else None
    for table in (base, base.get("lint")) if base is not None else ():
        if table is None:
            continue
        ignored = {
            t for key in ("ignore", "extend-ignore") for n in [table.get(key)] if n is not None for t in n.texts()
        }
        for key in ("select", "extend-select"):
            node = table.get(key)
            for item in node.each() if node is not None and "S" not in ignored else ():
                if _S_RULE.fullmatch(item.text):
                    yield item.start
