"""Finding the detectors, running them, and turning what they saw into findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from evidence import detect
from evidence.api import Detector, Project
from evidence.model import EvidenceError, Finding, Grade, Ledger, Outcome, Polarity, Signal, Site, Sites, never
from evidence.testkit import Case, project_of
from evidence.timer import Timer

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
SIGNAL = Signal(
    id="x.one",
    title="One thing",
    competency="app-structure",
    seeds=("S2.1",),
    counts="Something is there.",
    strong="It is tested.",
    not_credited="A word of it.",
    clauses=("defined", "tested", "named"),
    defining=("defined",),
    practised=lambda sites: sites.has("defined"),
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {"zeros": 0, "count": len(sites)},
    statement=lambda sites: f"{len(sites)} there.",
    how_to_show="Show it.",
)


def _site(clause: str, line: int = 1, **more: Any) -> Site:
    return Site(path="app.py", start=line, end=line, clause=clause, **more)


def _detector(name: str, work: Callable[[Project], Iterable[tuple[Signal, Site]]], *signals: Signal) -> Detector:
    return cast(Detector, SimpleNamespace(__name__=name, SIGNALS=signals or (SIGNAL,), detect=work))


def _seeing(*sites: Site) -> Detector:
    return _detector("plugin", lambda _project: [(SIGNAL, s) for s in sites])


def _project(**files: str) -> Project:
    return project_of(Case("A project", {f"{name}.py": text for name, text in files.items()}, (), ()))


def _run(*detectors: Detector, ledger: Ledger | None = None, project: Project | None = None) -> dict[str, Finding]:
    results = detect.run(detectors, project or _project(app=FLASK), "repo", ledger or Ledger())
    return {signal: finding for signal, (finding, _) in results.items()}


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Stands in for the installed entry points: name and value of each."""

    def install(*entries: tuple[str, str]) -> None:
        found = [EntryPoint(name, value, detect.GROUP) for name, value in entries]
        monkeypatch.setattr(detect, "entry_points", lambda group: found if group == detect.GROUP else [])
        detect.discover.cache_clear()

    yield install
    detect.discover.cache_clear()


def test_detectors_are_found_by_entry_point(entry_points: Callable[..., None]) -> None:
    """Whatever the order in which they are installed, detectors come in the order of their names."""
    entry_points(("b", "detectors.flask.blueprints"), ("a", "detectors.flask.app_factory"))
    assert [d.__name__ for d in detect.discover()] == ["detectors.flask.app_factory", "detectors.flask.blueprints"]
    assert [s.id for s in detect.signals()] == ["flask.app_factory", "flask.blueprint_topology", "flask.blueprints"]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("detectors.nowhere", "cannot be loaded"),
        ("evidence.model", "has no SIGNALS tuple or no detect function"),
        ("evidence.detect", "has no SIGNALS tuple or no detect function"),
    ],
)
def test_a_broken_plugin_is_named(entry_points: Callable[..., None], value: str, complaint: str) -> None:
    """A detector that cannot be loaded, or is none, is refused in a sentence that names it."""
    entry_points(("mine", value))
    with pytest.raises(EvidenceError, match=f"'mine'.*{value}.*{complaint}"):
        detect.discover()


def test_two_answers_to_one_signal_are_refused() -> None:
    """Two detectors of the same signal would make the digest depend on which runs last."""
    with pytest.raises(EvidenceError, match=r"x\.one; remove one"):
        detect.signals([_seeing(), _seeing()])


@pytest.mark.parametrize(
    ("clauses", "grade"),
    [
        (["named"], Grade.TRACE),
        (["defined"], Grade.PRACTISED),
        (["defined", "tested"], Grade.SUSTAINED),
        (["tested"], Grade.TRACE),
    ],
)
def test_bars_decide_the_grade(clauses: list[str], grade: Grade) -> None:
    """The grade is what the signal's bars say of the sites, and a higher bar needs the lower one."""
    finding = _run(_seeing(*(_site(c) for c in clauses)))["x.one"]
    assert (finding.outcome, finding.grade) == (Outcome.FOUND, grade)
    assert finding.statement == f"{len(clauses)} there."
    assert list(finding.measures) == ["count", "zeros"]


def test_equal_sites_count_once() -> None:
    """A detector that sees the same place twice does not make two of it, and the order of seeing does not matter."""
    sites = [_site("defined", 3), _site("named", 1, value=2), _site("named", 1, value=1), _site("defined", 3)]
    one, other = (_run(_seeing(*order))["x.one"] for order in (sites, sites[::-1]))
    assert one == other
    assert one.site_count == 3
    assert [s.value for s in one.sites] == [1, 2, None]


def test_without_sites_a_signal_is_absent() -> None:
    """Nothing seen is the neutral outcome, with no grade and no measures."""
    finding = _run(_seeing())["x.one"]
    assert (finding.outcome, finding.grade, finding.measures, finding.site_count) == (Outcome.ABSENT, None, {}, 0)


def test_sites_below_every_bar_are_absent() -> None:
    """Sites that only count, of a signal without a trace, are not evidence and are not shown."""
    strict = replace(SIGNAL, trace=never)
    finding = _run(_detector("plugin", lambda _: [(strict, _site("named"))], strict))["x.one"]
    assert (finding.outcome, finding.sites) == (Outcome.ABSENT, ())


@pytest.mark.parametrize(
    ("applies", "files", "outcome"),
    [
        ("any", {}, Outcome.ABSENT),
        ("python", {}, Outcome.NOT_APPLICABLE),
        ("python", {"app": "x = 1\n"}, Outcome.ABSENT),
        ("python", {"test_app": "x = 1\n"}, Outcome.NOT_APPLICABLE),
        ("flask", {"app": "x = 1\n"}, Outcome.NOT_APPLICABLE),
        ("flask", {"app": FLASK}, Outcome.ABSENT),
    ],
)
def test_looking_must_make_sense(applies: str, files: dict[str, str], outcome: Outcome) -> None:
    """A signal of Flask is not missing without Flask, nor one of Python without code of the project's own."""
    signal = replace(SIGNAL, applies=applies)
    finding = _run(_detector("plugin", lambda _: [], signal), project=_project(**files))["x.one"]
    assert finding.outcome is outcome
    assert bool(finding.reason) == (outcome is Outcome.NOT_APPLICABLE)


def _raises(_project: Project) -> Iterator[tuple[Signal, Site]]:
    yield SIGNAL, _site("defined")
    raise KeyError("of the plugin")


def _undeclared(_project: Project) -> Iterator[tuple[Signal, Site]]:
    yield SIGNAL, _site("no clause of this signal")


def _foreign(_project: Project) -> Iterator[tuple[Signal, Site]]:
    yield replace(SIGNAL, id="x.other"), _site("defined")


def _bad_bar(_sites: Sites) -> bool:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (_detector("broken", _raises), "KeyError"),
        (_detector("broken", _undeclared), "ValueError"),
        (_detector("broken", _foreign), "ValueError"),
        (_detector("broken", lambda _: 3), "TypeError"),  # type: ignore[arg-type,return-value]
        (
            _detector("broken", lambda _: [(SIGNAL, _site("defined"))], replace(SIGNAL, practised=_bad_bar)),
            "ZeroDivision",
        ),
    ],
)
def test_a_failing_detector_costs_its_own_signals(broken: Detector, error: str) -> None:
    """The others are found as ever; what failed has the outcome error, never absent, and is in the ledger."""
    other = replace(SIGNAL, id="x.two")
    ledger = Ledger()
    found = _run(broken, _detector("sound", lambda _: [(other, _site("defined"))], other), ledger=ledger)
    assert found["x.one"].outcome is Outcome.ERROR
    assert error in (found["x.one"].reason or "")
    assert found["x.one"].sites == ()
    assert found["x.two"].grade is Grade.PRACTISED
    assert [(e.code, e.subject) for e in ledger.entries()] == [("detector_failed", "broken")]
    assert "of the plugin" not in ledger.entries()[0].reason


def test_many_sites_are_capped_and_counted() -> None:
    """A finding lists the first two hundred sites, keeps the true number, and the ledger tells."""
    ledger = Ledger()
    finding = _run(_seeing(*(_site("defined", n) for n in range(500, 0, -1))), ledger=ledger)["x.one"]
    assert [s.start for s in finding.sites] == list(range(1, detect.MAX_SITES + 1))
    assert finding.site_count == 500
    assert finding.statement == "500 there."
    assert [(e.code, e.subject, e.reason) for e in ledger.entries()] == [
        ("sites_capped", "x.one", "200 of 500 sites are listed")
    ]


def test_findings_are_named_by_repository_and_signal() -> None:
    """The same signal of two repositories has two names, and the same ones on every run."""
    names = [
        {f.id for f, _ in detect.run([_seeing()], _project(), repository, Ledger()).values()}
        for repository in ("one", "two", "one")
    ]
    assert names[0] == names[2]
    assert not names[0] & names[1]


def test_counter_evidence_keeps_its_polarity() -> None:
    """Whether a signal speaks for or against a practice is in its finding, found or not."""
    against = replace(SIGNAL, polarity=Polarity.AGAINST)
    for sites in ([], [(against, _site("defined"))]):
        assert _run(_detector("plugin", lambda _, s=sites: s, against))["x.one"].polarity is Polarity.AGAINST  # type: ignore[misc]


def test_time_is_counted_per_detector() -> None:
    """The timer knows how long each detector took, also one that failed."""
    timer = Timer()
    detect.run([_seeing(), _detector("broken", _raises)], _project(), "repo", Ledger(), timer)
    assert set(timer.seconds) == {"plugin", "broken"}
    assert all(seconds >= 0 for seconds in timer.seconds.values())
