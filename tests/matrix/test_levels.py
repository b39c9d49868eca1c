"""Levels behave: how many cells of each level toys, tutorials and large services support, as last measured."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evidence.model import Level
from evidence.reference.accuracy import measured

# What kind of repository it is, by reading it; the figures are those of ``python -m bench.accuracy --write``.
TOYS = ("patrickloeber/flask-todo",)
TUTORIALS = ("miguelgrinberg/microblog", "gothinkster/flask-realworld-example-app")
LARGE = ("alphagov/notifications-api", "getredash/redash")
FEW, MANY = 3, 10

REACHED: Mapping[str, Mapping[str, int]] = {r.name: r.cells for each in measured() for r in each.repositories}


@pytest.mark.parametrize("name", TOYS)
def test_a_toy_of_one_file_supports_no_cell_above_junior(name: str) -> None:
    """One file with a handful of routes is a beginning, and shows nothing of the levels above."""
    cells = REACHED[name]
    assert [cells[level] for level in (Level.MID, Level.SENIOR, Level.STAFF)] == [0, 0, 0]


@pytest.mark.parametrize("name", TUTORIALS)
def test_the_end_of_a_tutorial_supports_no_staff_cell_and_few_senior_ones(name: str) -> None:
    """Following a book to its end shows Junior and some Mid work."""
    cells = REACHED[name]
    assert cells[Level.STAFF] == 0
    assert cells[Level.SENIOR] <= FEW
    assert cells[Level.JUNIOR] > cells[Level.SENIOR]


@pytest.mark.parametrize("name", LARGE)
def test_a_large_service_supports_senior_cells_in_ten_competencies(name: str) -> None:
    """Years of practice by a team show at Senior level; a competency has one cell for each level."""
    assert REACHED[name][Level.SENIOR] >= MANY
