"""What a reader may choose on a digest's page: a part of it, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from flask import current_app
from markupsafe import Markup

from evidence.matrix.load import load_matrix
from evidence.model import CellStatus, Level
from evidence.report.narrowing import OTHERS, OWN, Part
from evidence.report.words import CONTRADICTED, STATUS
from evidence.web.errors import Refused

__all__ = ["KEEPS", "Part", "days_of", "fields", "part_of"]

KEEPS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "a year", "": "until deleted"}

Choices = dict[str, tuple[str, list[tuple[str, str]]]]


def offered(with_candidate: bool) -> Choices:
    """For each field its label, and the values with their words."""
    found: Choices = {
        "domain": ("Domain", [("", "All domains"), *((each, each) for each in _domains())]),
        "level": ("Level", [("", "All levels"), *((each.value, each.value) for each in Level)]),
        "status": (
            "Status",
            [
                ("", "Any status"),
                *((s.value, STATUS[s].label) for s in CellStatus),
                ("contradicted", CONTRADICTED.label),
            ],
        ),
    }
    if with_candidate:
        found["whose"] = ("Whose", [("", "Everybody's"), (OWN, "The candidate's own"), (OTHERS, "By others")])
    return found


@lru_cache(maxsize=256)
def fields(with_candidate: bool, wanted: Part) -> Markup:
    """What is offered, as fields of a form with ``wanted`` chosen. They are the same for all readers: written once."""
    page = current_app.jinja_env.get_template("digests/_choices.html")
    return Markup(page.render(offered=offered(with_candidate), wanted=wanted))  # noqa: S704 - our own template


@lru_cache(maxsize=1)
def _domains() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.domain for row in load_matrix().rows))


def part_of(asked: Mapping[str, str], *, with_candidate: bool) -> Part:
    """The part that an address asks for; what is not offered is ignored."""
    known = _known(with_candidate)
    return Part(**{name: asked.get(name, "") for name in known if asked.get(name, "") in known[name]})


@lru_cache(maxsize=2)
def _known(with_candidate: bool) -> dict[str, frozenset[str]]:
    return {name: frozenset(value for value, _ in values) for name, (_, values) in offered(with_candidate).items()}


def days_of(text: str) -> int | None:
    """The days of one of the choices; None for "until deleted". Refused (422) for anything else."""
    if text not in KEEPS:
        raise Refused(422, "Choose one of the terms on the page.")
    return int(text) if text else None
