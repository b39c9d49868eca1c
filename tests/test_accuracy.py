"""Published accuracy: what the figures mean, and that every page is made of the same ones."""

from __future__ import annotations

import pytest

from evidence import detect
from evidence.reference.accuracy import Counts, MeasuredSet, accuracy_page, little_tested, measured, share, told, wilson


def _set(name: str, **signals: Counts) -> MeasuredSet:
    figures = dict.fromkeys(("f1", "macro_f1", "exact_grade", "citation_precision", "line_hit"), 1.0)
    return MeasuredSet(name=name, labels=1, figures=figures, signals=signals, repositories=())


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    [(0, 0, 0.0, 1.0), (1, 1, 0.2065, 1.0), (9, 10, 0.5958, 0.9821), (50, 100, 0.4038, 0.5962)],
)
def test_intervals_are_wilsons(right: int, trials: int, low: float, high: float) -> None:
    """The bounds are those of the score interval at 95 %, and everything is possible without trials."""
    assert wilson(right, trials) == pytest.approx((low, high), abs=1e-4)


def test_a_share_without_trials_is_no_number() -> None:
    """Nothing was found, so nothing can be said of its precision."""
    assert share(0, 0) == "-"
    assert share(1, 2) == "0.50 (0.09 to 0.91)"


@pytest.mark.parametrize(("positives", "little"), [(0, True), (2, True), (3, False)])
def test_little_tested_counts_positives_of_the_test_set(positives: int, little: bool) -> None:
    """Positives of the development set do not count, for the rules were written with it in view."""
    sets = [_set("development", a=Counts(tp=9)), _set("test", a=Counts(tp=positives, fp=9))]
    assert little_tested("a", sets) is little


def test_the_page_sets_both_side_by_side() -> None:
    """A row has a signal's positives, precision and recall in each set, and a note where there are few."""
    page = accuracy_page((_set("development", a=Counts(tp=1)), _set("test", a=Counts(fn=1, tn=2))))
    once, never = "1.00 (0.21 to 1.00)", "0.00 (0.00 to 0.79)"
    assert f"| `a` | 1 | {once} | {once} | 1 | - | {never} | little tested |" in page


@pytest.mark.parametrize("signal", [s.id for s in detect.signals()])
def test_what_is_told_of_a_signal_is_what_was_measured(signal: str) -> None:
    """Each set gives its positives; a signal that nobody labelled is said to be unmeasured."""
    lines = list(told(signal))
    labelled = [s for s in measured() if signal in s.signals]
    if not labelled:
        assert lines == ["- not measured: no repository is labelled for it"]
        return
    for line, each in zip(lines, measured(), strict=False):
        positives = each.signals.get(signal, Counts()).positives
        assert line.startswith(f"- {each.name} set, {positives} of {len(each.repositories)} repositories have it")
    assert any("little tested" in line for line in lines) is little_tested(signal, measured())
