"""Pictures of a history: shapes that say what the numbers beside them say, without script or style of their own."""

from __future__ import annotations

import re

from msgspec.structs import replace

from evidence.model import AreaHistory, Digest, Owner, RepositoryHistory, Together
from evidence.report import to_html
from evidence.report.pictures import drawn, span_of, unit_of


def _with(digest: Digest, history: RepositoryHistory | None) -> Digest:
    return replace(digest, repositories=tuple(replace(r, history=history) for r in digest.repositories[:1]))


def _area(name: str, periods: tuple[int, ...], *owners: Owner) -> AreaHistory:
    return AreaHistory(area=name, code=True, commits=sum(periods), periods=periods, owners=owners)


def test_bars_are_as_high_as_their_counts(quiet: Digest) -> None:
    """The highest count of all areas is a full bar, none is lower than a line, and nothing has no bar."""
    history = RepositoryHistory(
        periods=("2020", "2021", "2022"), areas=(_area("app", (100, 0, 50)), _area("lib", (1, 0, 0))), together=()
    )
    (picture,) = drawn(_with(quiet, history))
    app, lib = picture.areas
    assert [(bar.x, bar.height) for bar in app.bars] == [(0, 28), (16, 14)]
    assert [bar.height for bar in lib.bars] == [1]
    assert app.told == "2020: 100, 2022: 50"


def test_shares_fill_their_bar(quiet: Digest) -> None:
    """Owners' shares stand side by side, the largest first, and the others have what is left."""
    history = RepositoryHistory(
        periods=("2020",), areas=(_area("app", (10,), Owner("Ada", 5), Owner("Bo", 3), Owner("Cy", 1)),), together=()
    )
    (picture,) = drawn(_with(quiet, history))
    row = picture.areas[0]
    assert [(bar.css, bar.x, bar.width) for bar in row.shares] == [
        ("share-1", 0, 100),
        ("share-2", 100, 60),
        ("share-3", 160, 20),
        ("share-rest", 180, 20),
    ]
    assert ([percent for _, _, percent in row.percents], row.rest) == ([50, 30, 10], 10)


def test_pairs_are_lines_between_their_areas(quiet: Digest) -> None:
    """The pair that changes together most has the thickest line, and areas without a pair are not on the circle."""
    areas = tuple(_area(name, (9,)) for name in ("a", "b", "c", "d"))
    history = RepositoryHistory(periods=("2020",), areas=areas, together=(Together("a", "c", 8), Together("c", "d", 2)))
    (picture,) = drawn(_with(quiet, history))
    assert [(node.number, node.area) for node in picture.nodes] == [(1, "a"), (2, "c"), (3, "d")]
    assert [(edge.one, edge.other, edge.width) for edge in picture.edges] == [(1, 2, 9.0), (2, 3, 3.0)]


def test_every_picture_is_told_in_words(rich: Digest) -> None:
    """Each drawing is beside a text that says the same, and none has script, style or colours of its own."""
    page = to_html(rich)
    section = page[page.index('<section id="history"') :]
    section = section[: section.index("</section>")]
    drawings = re.findall(r"<svg [^>]*>", section)
    assert len(drawings) > 5
    assert all('aria-hidden="true"' in each for each in drawings)
    assert not re.search(r"style=|<script|fill=|stroke=|<style", section)
    assert "2023-12: 12, 2024-02: 8" in section
    assert "others 15 %" in section
    assert "nine commits" in section


def test_no_history_no_pictures(quiet: Digest) -> None:
    """Where the history cannot be told, neither the section nor a link to it is there."""
    page = to_html(_with(quiet, None))
    assert 'id="history"' not in page
    assert "#history" not in page.split("</style>")[1]


def test_what_a_bar_stands_for() -> None:
    """The form of the periods' names tells the unit and the span."""
    assert [unit_of((name,)) for name in ("2020", "2020-Q1", "2020-01")] == ["year", "quarter", "month"]
    history = RepositoryHistory(periods=("2020-01", "2020-02"), areas=(), together=())
    assert span_of(history) == "2020-01 to 2020-02, two bars, one for each month"
