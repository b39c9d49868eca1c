"""Pictures of a repository's history as plain shapes: bars over time, shares of ownership, areas that change together.

Only geometry is worked out here; what is drawn, and every number beside it, is the digest's. Coordinates are whole or
have one decimal, so the bytes are the same on every machine. Colours come from the page's style sheet, so that pictures
follow dark mode and paper. No chart library: see docs/decisions/pictures.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evidence.model import AreaHistory, Digest, Repository, RepositoryHistory, Together
from evidence.report.words import counted

_STEP, _GAP, _HEIGHT = 8, 2, 28
_SHARE_WIDTH = 200
_CENTRE, _RADIUS, _NODE = 110.0, 88.0, 10
_THINNEST, _THICKEST = 1.0, 9.0


@dataclass(frozen=True)
class Bar:
    """A rectangle: left, top, width and height, and the class that colours it."""

    x: float
    y: float
    width: float
    height: float
    css: str = "bar"


@dataclass(frozen=True)
class AreaPicture:
    """One area's row: bars over time, the stacked share of its owners, and both in words."""

    area: AreaHistory
    bars: tuple[Bar, ...]
    width: int
    height: int
    told: str
    shares: tuple[Bar, ...]
    percents: tuple[tuple[str, str, int], ...]
    rest: int


@dataclass(frozen=True)
class Node:
    """A numbered place on the circle."""

    number: int
    x: float
    y: float
    area: str


@dataclass(frozen=True)
class Edge:
    """A line between two places, as thick as the pair changes together."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    one: int
    other: int
    pair: Together


@dataclass(frozen=True)
class HistoryPicture:
    """All pictures of one repository."""

    repository: Repository
    history: RepositoryHistory
    code: frozenset[str]
    areas: tuple[AreaPicture, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def drawn(digest: Digest) -> list[HistoryPicture]:
    """The pictures of each repository whose history can be told."""
    return [_picture(r, r.history) for r in digest.repositories if r.history is not None and r.history.areas]


def _picture(repository: Repository, history: RepositoryHistory) -> HistoryPicture:
    highest = max(max(area.periods, default=0) for area in history.areas)
    areas = tuple(_area(area, history.periods, highest) for area in history.areas)
    nodes = _nodes(history)
    code = frozenset(area.area for area in history.areas if area.code)
    return HistoryPicture(repository, history, code, areas, tuple(nodes.values()), _edges(history, nodes))


def _area(area: AreaHistory, periods: tuple[str, ...], highest: int) -> AreaPicture:
    bars = []
    for position, count in enumerate(area.periods):
        if count:
            height = max(1, round(_HEIGHT * count / highest))
            bars.append(Bar(position * _STEP, _HEIGHT - height, _STEP - _GAP, height))
    told = ", ".join(f"{name}: {count}" for name, count in zip(periods, area.periods, strict=True) if count)
    percents = tuple(
        (f"share-{rank}", owner.name, round(100 * owner.commits / max(1, area.commits)))
        for rank, owner in enumerate(area.owners, 1)
    )
    rest = max(0, 100 - sum(percent for _, _, percent in percents))
    width = max(1, len(periods)) * _STEP
    return AreaPicture(area, tuple(bars), width, _HEIGHT, told, _shares(percents, rest), percents, rest)


def _shares(percents: tuple[tuple[str, str, int], ...], rest: int) -> tuple[Bar, ...]:
    bars, x = [], 0
    for css, percent in [*((css, percent) for css, _, percent in percents), ("share-rest", rest)]:
        width = min(_SHARE_WIDTH * percent // 100, _SHARE_WIDTH - x)
        if width > 0:
            bars.append(Bar(x, 0, width, 12, css))
        x += width
    return tuple(bars)


def _nodes(history: RepositoryHistory) -> dict[str, Node]:
    """The areas that change with others, on a circle in the order of their size."""
    linked = {name for pair in history.together for name in (pair.one, pair.other)}
    names = [area.area for area in history.areas if area.area in linked]
    found = {}
    for position, name in enumerate(names):
        angle = 2 * math.pi * position / len(names) - math.pi / 2
        x, y = _CENTRE + _RADIUS * math.cos(angle), _CENTRE + _RADIUS * math.sin(angle)
        found[name] = Node(position + 1, round(x, 1), round(y, 1), name)
    return found


def _edges(history: RepositoryHistory, nodes: dict[str, Node]) -> tuple[Edge, ...]:
    most = max((pair.commits for pair in history.together), default=1)
    found = []
    for pair in history.together:
        if pair.one in nodes and pair.other in nodes:
            a, b = nodes[pair.one], nodes[pair.other]
            width = round(_THINNEST + (_THICKEST - _THINNEST) * pair.commits / most, 1)
            found.append(Edge(a.x, a.y, b.x, b.y, width, a.number, b.number, pair))
    return tuple(found)


def unit_of(periods: tuple[str, ...]) -> str:
    """What one bar stands for, by the form of the periods' names."""
    if not periods or len(periods[0]) == 4:
        return "year"
    return "quarter" if "Q" in periods[0] else "month"


def span_of(history: RepositoryHistory) -> str:
    """The time that the bars cover, in words: "2019 to 2024, a bar for each year"."""
    periods = history.periods
    if not periods:
        return ""
    span = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"
    return f"{span}, {counted(len(periods), 'bar')}, one for each {unit_of(periods)}"
