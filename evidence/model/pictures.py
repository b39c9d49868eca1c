"""What the pictures of a repository's history show: counts by area, period and person, and what changes together."""

from __future__ import annotations

from msgspec import Struct


class Owner(Struct, frozen=True):
    """A person by the name that most of their commits carry, and how many of an area's commits are theirs."""

    name: str
    commits: int


class AreaHistory(Struct, frozen=True, kw_only=True):
    """One area of a repository: how many commits of people touched it, in all and in each period, and whose they are.
    ``owners`` are the three with most commits; ``code`` tells application code from what lies beside it."""

    area: str
    code: bool
    commits: int
    periods: tuple[int, ...]
    owners: tuple[Owner, ...]


class Together(Struct, frozen=True):
    """Two areas, and how many commits touched both."""

    one: str
    other: str
    commits: int


class RepositoryHistory(Struct, frozen=True, kw_only=True):
    """``periods`` are names of months (2024-03), quarters (2024-Q1) or years, oldest first; ``areas`` those with most
    commits first; ``together`` the pairs of areas that change together most often."""

    periods: tuple[str, ...]
    areas: tuple[AreaHistory, ...]
    together: tuple[Together, ...]
