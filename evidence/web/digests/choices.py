"""What a reader may choose on a digest's page: a part of it, and how long it is kept."""

from __future__ import annotations

from evidence.matrix.load import load_matrix
from evidence.model import CellStatus, Level
from evidence.report.narrowing import OTHERS, OWN, Part
from evidence.report.words import CONTRADICTED, STATUS
from evidence.web.errors import Refused

__all__ = ["FIELDS", "KEEPS", "Part", "days_of", "offered"]

FIELDS = ("domain", "level", "status", "whose")
KEEPS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "a year", "": "until deleted"}

Choices = dict[str, tuple[str, list[tuple[str, str]]]]


def offered(with_candidate: bool) -> Choices:
    """For each field its label, and the values with their words."""
    domains = dict.fromkeys(row.domain for row in load_matrix().rows)
    found: Choices = {
        "domain": ("Domain", [("", "All domains"), *((each, each) for each in domains)]),
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


def days_of(text: str) -> int | None:
    """The days of one of the choices; None for "until deleted". Refused (422) for anything else."""
    if text not in KEEPS:
        raise Refused(422, "Choose one of the terms on the page.")
    return int(text) if text else None
