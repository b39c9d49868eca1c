"""Which route answers a path or an endpoint name, without running Flask's own router."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from evidence.facts.web.records import Route
from evidence.patterns import regex

_VARIABLE = regex(r"<[^<>]{1,80}>")
_MAX_SEGMENTS = 20
_ANY = "*"
# A path with many unknown parts may fit very many rules: so many steps are taken to find the best of them.
_MAX_STEPS = 500


class _Node(Struct):
    """One segment of the rules that share their beginning: the first rule that goes through here, and the first that
    ends here, each with its number."""

    below: tuple[int, Route]
    children: dict[str, _Node] = field(default_factory=dict)
    ends: tuple[int, Route] | None = None


class _Rules:
    """Rules as a tree of segments."""

    def __init__(self) -> None:
        self._children: dict[str, _Node] = {}
        self._count = 0

    def add(self, segments: list[str], route: Route) -> None:
        """Put in one rule; of equal ones the first stays."""
        self._count += 1
        entry = (self._count, route)
        children, node = self._children, None
        for segment in segments or [""]:
            node = children.setdefault(segment, _Node(entry))
            children = node.children
        if node is not None and node.ends is None:
            node.ends = entry

    def fitting(self, wanted: list[str]) -> Iterator[tuple[int, int, _Node]]:
        """Every node that some beginning of ``wanted`` leads to: (segments taken, literal ones, node)."""
        stack = [(0, 0, self._children)]
        for _ in range(_MAX_STEPS):
            if not stack:
                return
            taken, literal, children = stack.pop()
            segment = wanted[taken]
            for name, node in children.items() if segment == _ANY else _choices(children, segment):
                found = (taken + 1, literal + (name == segment != _ANY), node)
                yield found
                if found[0] < len(wanted):
                    stack.append((found[0], found[1], node.children))


def _choices(children: dict[str, _Node], segment: str) -> Iterator[tuple[str, _Node]]:
    for name in (_ANY, segment):
        if name in children:
            yield name, children[name]


class RuleIndex:
    """Routes by their full rule. ``prefixes`` and ``names`` are given per blueprint key."""

    def __init__(self, routes: list[Route], prefixes: Mapping[str, set[str]], names: Mapping[str, str]) -> None:
        self._by_endpoint: dict[str, Route] = {}
        self._whole = _Rules()
        self._reversed = _Rules()
        self._loose = _Rules()
        self._known: dict[str, Route | None] = {}
        for route in routes:
            owner = names.get(route.owner, "")
            self._by_endpoint.setdefault(f"{owner}.{route.endpoint}" if owner else route.endpoint, route)
            for prefix in sorted(prefixes.get(route.owner, {""})):
                self._add(prefix, route)

    def _add(self, prefix: str, route: Route) -> None:
        if prefix.startswith("?") or "?" in route.rule:
            rule = _segments(route.rule)
            if rule:
                self._loose.add(rule[::-1], route)
            return
        segments = _segments(prefix.rstrip("/") + "/" + route.rule.lstrip("/"))
        self._whole.add(segments, route)
        self._reversed.add(segments[::-1], route)

    def match(self, target: str) -> Route | None:
        """The route for a path (``{}`` stands for anything) or an endpoint; the most literal one wins.

        A path whose beginning is not known matches by its end, with at least one literal part."""
        if target not in self._known:
            self._known[target] = self._match(target)
        return self._known[target]

    def _match(self, target: str) -> Route | None:
        if not target.startswith(("/", "{}/")):
            return self._by_endpoint.get(target)
        path = target.removeprefix("{}").partition("?")[0].partition("#")[0]
        wanted = _segments(path.replace("{}", "<x>")) or [""]
        if target.startswith("{}"):
            ends = self._reversed.fitting(wanted[::-1])
            return _best((literal, node.below) for taken, literal, node in ends if taken == len(wanted) and literal)
        whole = _best((literal, node.ends) for t, literal, node in self._whole.fitting(wanted) if t == len(wanted))
        return whole or _best((taken, node.ends) for taken, _, node in self._loose.fitting(wanted[::-1]))


def _best(found: Iterator[tuple[int, tuple[int, Route] | None]]) -> Route | None:
    """The route that scores highest; of equals, the one that came first."""
    best = max(((score, -end[0], end[1]) for score, end in found if end is not None), key=lambda f: f[:2], default=None)
    return best[2] if best is not None else None


def _segments(rule: str) -> list[str]:
    parts = [p for p in rule.split("/") if p][:_MAX_SEGMENTS]
    return [_ANY if _VARIABLE.search(p) else p for p in parts]
