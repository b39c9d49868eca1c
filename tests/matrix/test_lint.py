"""The product's matrix passes every check, and every check can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from evidence.matrix.lint import (
    CHECKS,
    SEED_ITEMS,
    Subject,
    cells_complete,
    higher_asks_no_less,
    more_evidence_never_costs,
    names_known,
    rows_complete,
    rules_distinguish,
    seed_items_answered,
    signals_feed_their_row,
    texts_distinct,
    texts_shaped,
)
from evidence.matrix.load import CellSpec, Matrix, load_features, load_matrix, load_vocabulary
from evidence.matrix.rules import conjoin, parse_rule
from evidence.model import Level

Check = Callable[[Subject], Iterator[str]]


@pytest.fixture(scope="module")
def subject() -> Subject:
    """The matrix that the product ships."""
    return Subject(load_matrix(), load_vocabulary(), load_features())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_matrix_holds(subject: Subject, check: Check) -> None:
    """The shipped data has no fault of this kind."""
    assert list(check(subject)) == []


def test_there_are_fifty_two_seed_items() -> None:
    """The items to answer are those of the two documents: 27 and 25."""
    assert len(SEED_ITEMS) == 27 + 25


def _with_cell(subject: Subject, row_id: str, level: Level, **changes: object) -> Subject:
    """The subject with one cell changed; the row's other cells stay as they are."""

    def changed(cell: CellSpec) -> CellSpec:
        return replace(cell, **changes) if cell.level is level else cell

    rows = (
        replace(row, cells=tuple(map(changed, row.cells))) if row.id == row_id else row for row in subject.matrix.rows
    )
    return replace(subject, matrix=Matrix(tuple(rows)))


def _with_rule(subject: Subject, row_id: str, level: Level, text: str) -> Subject:
    rule = parse_rule(text)
    return _with_cell(subject, row_id, level, rule=rule, effective=conjoin(rule))


def _faults(check: Check, subject: Subject) -> str:
    return "\n".join(check(subject))


def test_an_unanswered_seed_item_is_reported(subject: Subject) -> None:
    """Leaving out a row, or naming an item that does not exist, is a fault."""
    rows = tuple(row for row in subject.matrix.rows if row.id != "caching")
    assert "S4.3" in _faults(seed_items_answered, replace(subject, matrix=Matrix(rows)))
    strange = replace(subject.features[0], seeds=("C9.9",))
    assert "no seed item C9.9" in _faults(seed_items_answered, replace(subject, features=(strange,)))


def test_a_missing_level_or_double_row_is_reported(subject: Subject) -> None:
    """A row of three cells and a row that appears twice are faults."""
    first, *others = subject.matrix.rows
    short = replace(first, cells=first.cells[:3])
    assert first.id in _faults(rows_complete, replace(subject, matrix=Matrix((short, *others))))
    assert "used twice" in _faults(rows_complete, replace(subject, matrix=Matrix((first, first))))


@pytest.mark.parametrize(
    ("row", "level", "changes"),
    [
        ("routing", Level.MID, {"seen": ("Only one?",)}),
        ("routing", Level.MID, {"example": None}),
        ("routing", Level.STAFF, {"unseen": ()}),
        ("routing", Level.STAFF, {"example": "An example of what no repository can show."}),
    ],
)
def test_an_incomplete_cell_is_reported(subject: Subject, row: str, level: Level, changes: dict[str, object]) -> None:
    """Each kind of cell must have all its parts, and none of the other kind's."""
    assert f"{row}, {level}" in _faults(cells_complete, _with_cell(subject, row, level, **changes))


def test_a_signal_without_a_cell_is_reported(subject: Subject) -> None:
    """A signal that decides a cell of another row only does not feed its own."""
    rows = tuple(row for row in subject.matrix.rows if row.id != "streaming")
    assert "scale.streaming feeds no cell of streaming" in _faults(
        signals_feed_their_row, replace(subject, matrix=Matrix(rows))
    )


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("flask.app_factories >= practised", "no signal is called flask.app_factories"),
        ("flask.app_factory.speed >= 3", "flask.app_factory has no measure speed"),
        ("history.tenure >= sustained", "history.tenure is never sustained"),
        ("flask.blueprints >= practised and not flask.debugging >= practised", "no signal is called flask.debugging"),
    ],
)
def test_an_unknown_name_is_reported(subject: Subject, rule: str, fault: str) -> None:
    """Rules may not name signals, measures or grades that do not exist."""
    assert fault in _faults(names_known, _with_rule(subject, "routing", Level.MID, rule))


def test_an_unknown_counter_signal_is_reported(subject: Subject) -> None:
    """A row's list of counter-evidence names known signals only."""
    first, *others = subject.matrix.rows
    broken = replace(first, against=("flask.nonsense",))
    assert "flask.nonsense" in _faults(names_known, replace(subject, matrix=Matrix((broken, *others))))


@pytest.mark.parametrize(
    "rule",
    ["routing.x >= practised and not flask.request_hooks >= practised", "flask.debug_enabled >= practised"],
)
def test_evidence_that_would_cost_is_reported(subject: Subject, rule: str) -> None:
    """``not`` over a supporting signal and credit for counter-evidence are faults."""
    assert "routing, Mid" in _faults(more_evidence_never_costs, _with_rule(subject, "routing", Level.MID, rule))


def test_two_levels_with_one_rule_are_reported(subject: Subject) -> None:
    """A level whose rule is met by whatever meets a lower one is no level of its own."""
    lower = subject.matrix.rows[1].cells[0].effective
    same = _with_cell(subject, "routing", Level.MID, rule=lower, effective=lower)
    assert "Mid asks for nothing that Junior does not" in _faults(rules_distinguish, same)


def test_a_level_that_asks_less_is_reported(subject: Subject) -> None:
    """A higher level that can be met without the one below it is a fault."""
    cheaper = _with_rule(subject, "routing", Level.SENIOR, "flask.request_hooks >= practised")
    assert "Senior can be met without Mid" in _faults(higher_asks_no_less, cheaper)


def test_a_text_told_twice_is_reported(subject: Subject) -> None:
    """Two probes that differ in a word or two are one probe."""
    probe = subject.matrix.rows[0].cells[1].seen[0]
    nearly = probe.replace("blueprint", "module", 1)
    assert nearly != probe
    told_twice = _with_cell(subject, "routing", Level.MID, seen=(nearly, "Something else entirely, is it not so?"))
    assert "nearly the same" in _faults(texts_distinct, told_twice)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"marker": "Too short."}, "words"),
        ({"marker": "Routes are grouped in blueprints and. " * 9}, "words"),
        ({"marker": "The application has handlers. It also has hooks that do some work."}, "one sentence"),
        ({"marker": "The application has handlers and hooks that do some work"}, "ends as a sentence"),
        ({"seen": ("You should say something about your hooks here.", "And this one asks what, exactly?")}, "asks"),
    ],
)
def test_a_text_out_of_shape_is_reported(subject: Subject, changes: dict[str, object], fault: str) -> None:
    """Texts that are too short or long, run on, or ask nothing are faults."""
    assert fault in _faults(texts_shaped, _with_cell(subject, "routing", Level.MID, **changes))
