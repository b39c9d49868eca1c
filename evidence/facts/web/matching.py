"""Which route answers a path or an endpoint name, without running Flask's own router."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evidence.facts.web.records import Route

_VARIABLE = re.compile(r"<[^<>]{1,80}>")
_MAX_SEGMENTS = 20
_ANY = "*"


class RuleIndex:
    """Routes by their full rule. ``prefixes`` and ``names`` are given per blueprint key."""

    def __init__(self, routes: list[Route], prefixes: Mapping[str, set[str]], names: Mapping[str, str]) -> None:
        self._by_endpoint: dict[str, Route] = {}
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        self._loose: list[tuple[list[str], Route]] = []
        for route in routes:
            owner = names.get(route.owner, "")
            self._by_endpoint.setdefault(f"{owner}.{route.endpoint}" if owner else route.endpoint, route)
            for prefix in sorted(prefixes.get(route.owner, {""})):
                self._add(prefix, route)

    def _add(self, prefix: str, route: Route) -> None:
        if prefix.startswith("?") or "?" in route.rule:
            self._loose.append((_segments(route.rule), route))
        else:
            segments = _segments(prefix.rstrip("/") + "/" + route.rule.lstrip("/"))
            self._by_length.setdefault(len(segments), []).append((segments, route))

    def match(self, target: str) -> Route | None:
        """The route for a path (``{}`` stands for anything) or an endpoint; the most literal one wins.

        A path whose beginning is not known matches by its end, with at least one literal part."""
        if target.startswith("{}/"):
            return self._by_end(_segments(target[2:].partition("?")[0].replace("{}", "<x>")))
        if not target.startswith("/"):
            return self._by_endpoint.get(target)
        wanted = _segments(target.partition("?")[0].partition("#")[0].replace("{}", "<x>"))
        exact = [
            (_literal(rule, wanted), route)
            for rule, route in self._by_length.get(len(wanted), ())
            if _fits(rule, wanted)
        ]
        if exact:
            return max(exact, key=lambda e: e[0])[1]
        ends = [(len(rule), route) for rule, route in self._loose if rule and _fits(rule, wanted[-len(rule) :])]
        return max(ends, key=lambda e: e[0])[1] if ends else None

    def _by_end(self, wanted: list[str]) -> Route | None:
        found: tuple[int, Route | None] = (0, None)
        for length, rules in sorted(self._by_length.items()):
            for rule, route in rules if wanted and length >= len(wanted) else ():
                tail = rule[length - len(wanted) :]
                if _fits(tail, wanted) and _literal(tail, wanted) > found[0]:
                    found = (_literal(tail, wanted), route)
        return found[1]


def _segments(rule: str) -> list[str]:
    parts = [p for p in rule.split("/") if p][:_MAX_SEGMENTS]
    return [_ANY if _VARIABLE.search(p) else p for p in parts]


def _fits(rule: list[str], wanted: list[str]) -> bool:
    return len(rule) == len(wanted) and all(_ANY in (a, b) or a == b for a, b in zip(rule, wanted, strict=True))


def _literal(rule: list[str], wanted: list[str]) -> int:
    return sum(a == b != _ANY for a, b in zip(rule, wanted, strict=True))
