"""The arrangement that HTML and Markdown share."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from evidence.model import Digest, Level, Outcome
from evidence.report.outline import outline

EXAMPLES = ("rich", "quiet", "flaskless", "two_repositories")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_cell_and_every_found_signal_has_one_place(name: str, request: pytest.FixtureRequest) -> None:
    """Nothing of the digest is lost or shown twice."""
    digest = request.getfixturevalue(name)
    page = outline(digest)
    cells = [e.cell for d in page.domains for r in d.rows for e in r.cells]
    assert sorted(map(id, cells)) == sorted(map(id, digest.cells))
    found = [s.id for s in digest.signals if s.outcome is Outcome.FOUND]
    assert sorted(e.signal.id for e in page.evidence) == sorted(found)


def test_rows_keep_the_order_of_the_digest_and_levels_rise(rich: Digest) -> None:
    """Domains and rows stand as the digest has them; cells from Junior to Staff whatever their order in it."""
    page = outline(replace(rich, cells=tuple(reversed(rich.cells))))
    rows = [r for d in page.domains for r in d.rows]
    assert [r.competency for r in rows] == list(rich.competencies)
    assert all([e.cell.level for e in r.cells] == list(Level) for r in rows)


def test_a_role_orders_and_folds_rows_and_hides_none(rich: Digest) -> None:
    """The role's core rows stand first in their domain; what it does not ask about is apart, with its evidence."""
    scopes = {"templating": "core", "app-structure": "out_of_scope"}
    rows = tuple(replace(c, scope=scopes.get(c.id, "relevant")) for c in rich.competencies)
    page = outline(replace(rich, competencies=rows, subject={"candidate": None, "profile": "template-heavy"}))
    first = page.domains[0]
    assert [r.competency.id for r in first.rows] == ["templating", "app-structure", "routing"]
    assert [r.competency.id for r in first.outside] == ["app-structure"]
    assert {e.target for e in first.outside[0].cells} == {first.outside[0].anchor}
    assert {r.competency.id for d in page.domains for r in d.rows} == {c.id for c in rich.competencies}
    assert {e.anchor for e in page.evidence} == {e.anchor for e in outline(rich).evidence}


def test_a_cell_in_a_folded_row_is_reached_through_its_row(rich: Digest) -> None:
    """Links lead to a place that is visible: the cell, or the row that is folded around it."""
    for domain in outline(rich).domains:
        for row in domain.rows:
            assert {e.target for e in row.cells} == ({e.anchor for e in row.cells} if row.speaks else {row.anchor})


def test_a_statement_is_told_once_per_row(rich: Digest) -> None:
    """Higher levels rest on the same findings; only the first cell repeats the sentence."""
    row = next(r for r in outline(rich).domains[0].rows if r.competency.id == "app-structure")
    assert [[g.told for g in e.grounds] for e in row.cells] == [[False], [True], [True], []]


def test_only_flask_rows_rest_without_flask(flaskless: Digest, quiet: Digest) -> None:
    """Rows rest only where no repository has Flask, and never one that has something to show."""
    assert [r.competency.id for d in outline(quiet).domains for r in d.resting] == []
    resting = [r.competency.id for d in outline(flaskless).domains for r in d.resting]
    assert {"app-structure", "routing", "templating"} <= set(resting) and "migrations" not in resting


def test_unknown_findings_are_left_out(rich: Digest) -> None:
    """A cell that names a finding the digest lacks does not end the page."""
    broken = replace(rich, findings=rich.findings[:1])
    grounds = [g for d in outline(broken).domains for r in d.rows for e in r.cells for g in (*e.grounds, *e.against)]
    assert {g.finding.id for g in grounds} == {rich.findings[0].id}


def test_ledger_entries_are_grouped_by_code(rich: Digest) -> None:
    """One group per code with the sum of its counts."""
    counts = Counter[str]()
    for entry in rich.ledger:
        counts[entry.code] += entry.count
    assert {g.name: g.count for g in outline(rich).ledger} == counts
