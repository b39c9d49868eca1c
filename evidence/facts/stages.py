"""Folders that keep earlier stages of the code beside it: ``step_1``, ``chapter02`` of a tutorial's result."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.patterns import regex

_NUMBERED = regex(
    r"(?:step|stage|chapter|lesson|lecture|part|section|tutorial|episode)s?[ _.-]?\d{1,3}(?:[ _.-].{0,60})?"
)
# One folder may be anything; several in a row that hold the same files are stages.
_SEVERAL = 2


def stages(paths: Iterable[str]) -> tuple[str, ...]:
    """Prefixes (with their slash) of numbered folders whose files carry most of the names that stand beside them."""
    names: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        names.setdefault(folder, set()).add(name)
    beside: dict[str, list[str]] = {}
    for folder, held in names.items():
        above, _, last = folder.rpartition("/")
        own = names.get(above, set())
        if folder and _NUMBERED.fullmatch(last.lower()) and len(own) > 1 and 2 * len(own & held) > len(own):
            beside.setdefault(above, []).append(f"{folder}/")
    return tuple(sorted(f for found in beside.values() if len(found) >= _SEVERAL for f in found))
