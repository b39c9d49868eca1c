"""Whose a signal is: the work itself decides, and the beginning of it where there is no more."""

from __future__ import annotations

import pytest

from evidence.attribution.own import own
from evidence.model import Grade, Share, Signal, Site, Sites

SIGNAL = Signal(
    id="test.signal", title="Signal", competency="testing", seeds=(), counts="", strong="", not_credited="",
    clauses=("defined", "wired"), defining=("defined",), practised=lambda sites: sites.has("defined", "wired"),
    sustained=lambda sites: False, statement=lambda sites: "", how_to_show="",
)  # fmt: skip
DEFINED, WIRED = Site(path="a.py", clause="defined"), Site(path="b.py", clause="wired")


@pytest.mark.parametrize(
    ("sites", "mine", "grade"),
    [
        ((DEFINED, WIRED), (DEFINED,), Grade.PRACTISED),
        ((DEFINED, WIRED), (WIRED,), None),
        ((WIRED,), (WIRED,), Grade.TRACE),
        ((WIRED,), (), None),
    ],
    ids=["the work is theirs", "only the wiring is", "only wiring is there, and theirs", "nothing is theirs"],
)
def test_the_work_decides(sites: tuple[Site, ...], mine: tuple[Site, ...], grade: Grade | None) -> None:
    """The author of the defining places has the credit with everybody's wiring; where there is only wiring, its author
    has begun it."""

    def share(site: Site) -> Share:
        return Share(0.0, 1.0 if site in mine else 0.0, "claimed", "author")

    assert own(SIGNAL, Sites(sites), share, 0.5).grade is grade
