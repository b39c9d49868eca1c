"""Every detector through its cases, and the contract that all of them keep."""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import detect
from evidence.matrix.load import load_matrix, load_pending, load_vocabulary
from evidence.model import Finding, Grade, Ledger, Outcome, Signal, Site, Sites, any_site, never
from evidence.testkit import Case, cases_in, check_results, project_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = cases_in(FIXTURES)
DETECTORS = detect.discover()
SIGNALS = {signal.id: signal for signal in detect.signals()}

# A detector reads names, calls and shapes; from these pieces come projects that nobody would write.
NAMES = st.sampled_from(
    ("app", "bp", "db", "api", "self", "create_app", "views", "models", "flask", "Blueprint", "año")
)
WORDS = st.sampled_from(
    [
        *(
            "Flask",
            "Blueprint",
            "SQLAlchemy",
            "Api",
            "create_app",
            "register_blueprint",
            "init_app",
            "route",
            "environ",
        ),
        *(
            "errorhandler",
            "before_request",
            "cli.command",
            "namespace",
            "add_namespace",
            "add_resource",
            "import_module",
        ),
        *("test_client", "get", "app", "bp", "models"),
    ]
)
PACKAGES = st.sampled_from(
    ["flask", ".", "..", ".models", "app", "app.models", "flask_restx", "os", "importlib", "click"]
)
TEXTS = st.sampled_from(
    ['"/"', '"/<int:x>/{}"', '""', "404", "None", "'app.models:create_app'", '"%s/x" % x', 'f"{app}/x"']
)
PATHS = st.sampled_from(
    [
        "app/__init__.py",
        "app/models.py",
        "app/views.py",
        "wsgi.py",
        "tests/test_app.py",
        "tests/__init__.py",
        "a/b/c.py",
    ]
)
STATEMENTS = st.one_of(
    st.builds("from {} import {} as {}".format, PACKAGES, WORDS, NAMES),
    st.builds("from {} import *".format, PACKAGES),
    st.builds("{} = {}({}, {}={})".format, NAMES, NAMES, TEXTS, NAMES, NAMES),
    st.builds("{} = {}.{}({})".format, NAMES, NAMES, WORDS, NAMES),
    st.builds("{} = [{}, {}, {}]".format, NAMES, NAMES, NAMES, TEXTS),
    st.builds("{}.{}({}, {})".format, NAMES, WORDS, NAMES, TEXTS),
    st.builds("for {} in {}:\n    {}.{}({})".format, NAMES, NAMES, NAMES, WORDS, NAMES),
    st.builds("for {}, {} in {}.items():\n    {}({})".format, NAMES, NAMES, NAMES, WORDS, NAMES),
    st.builds("@{}.{}({})\ndef {}({}):\n    return {}()".format, NAMES, WORDS, TEXTS, NAMES, NAMES, NAMES),
    st.builds("def {}({}):\n    {} = {}({})\n    return {}".format, NAMES, NAMES, NAMES, WORDS, TEXTS, NAMES),
    st.builds("class {}({}):\n    def get(self):\n        return self.{}({})".format, NAMES, NAMES, WORDS, TEXTS),
    st.builds("def test_{}({}):\n    assert {}.get({}).status_code == {}".format, NAMES, NAMES, NAMES, TEXTS, TEXTS),
)
BROKEN = st.text(string.ascii_letters + " ()[]:.,=@\n\t'\"#{}%é", max_size=200)
FILES = st.one_of(*[st.lists(STATEMENTS, max_size=12).map("\n".join)] * 9, BROKEN)
PROJECTS = st.dictionaries(PATHS, FILES, max_size=6)


@cache
def _run(name: str) -> tuple[dict[str, tuple[Finding, Sites]], Ledger]:
    """What the detectors say of a case, for all tests that ask: running them is what takes time here."""
    ledger = Ledger()
    return detect.run(DETECTORS, project_of(CASES[name]), "fixture", ledger), ledger


def _results(name: str) -> dict[str, tuple[Finding, Sites]]:
    return _run(name)[0]


def _expected(signal: str) -> Iterator[str]:
    for case in CASES.values():
        yield from (e.result for e in case.expectations if e.signal == signal)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    """What a case says of each signal is what the installed detectors find, and none of them stops."""
    assert check_results(CASES[name], *_run(name)) == []


def test_what_stands_alone_asks_for_nothing_joined() -> None:
    """A detector that says so finds in its cases what there is without an index of modules, a web graph or reach."""
    alone = [d for d in DETECTORS if getattr(d, "ALONE", False)]
    asked = [(n, d) for n, case in CASES.items() for d in alone if {s.id for s in d.SIGNALS} & _judged(case)]
    assert len({detector.__name__ for _, detector in asked}) == len(alone) > 0
    for name, detector in asked:
        project = project_of(CASES[name])
        list(detector.detect(project))
        assert not {"names", "imports", "web", "reach"} & vars(project).keys(), name


def _judged(case: Case) -> set[str]:
    return {e.signal for e in case.expectations}


def test_cases_are_filed_under_a_signal_they_judge() -> None:
    """A case lies in the folder of a signal that it expects something of."""
    assert not [name for name, case in CASES.items() if name.partition("/")[0] not in _judged(case)]


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_each_grade_has_a_case(signal: Signal) -> None:
    """Each grade that a signal's bars can reach is reached in some case, and some case shows it absent."""
    bars = {"trace": signal.trace, "practised": signal.practised, "sustained": signal.sustained}
    reachable = {grade for grade, bar in bars.items() if bar is not never}
    assert reachable | {"absent"} <= set(_expected(signal.id))


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_declarations_are_whole(signal: Signal) -> None:
    """Every clause is listed once, those that define or only count are among them, and no text is left out."""
    assert len(set(signal.clauses)) == len(signal.clauses)
    assert signal.defining
    assert set(signal.defining) | set(signal.uncited) <= set(signal.clauses)
    assert signal.applies in ("flask", "python", "any")
    texts = (signal.title, signal.counts, signal.strong, signal.not_credited, signal.how_to_show)
    assert all(text.strip() == text and text for text in texts)
    assert all(text.endswith(".") for text in texts[1:])
    assert signal.seeds


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_the_matrix_knows_the_signal(signal: Signal) -> None:
    """The matrix files a signal under the same competency, and asks for no measure that its detector does not give."""
    askable = load_vocabulary()[signal.id]
    assert askable.competency == signal.competency
    assert askable.polarity == signal.polarity
    assert signal.competency in {row.id for row in load_matrix().rows}
    assert askable.can_be_sustained == (signal.sustained is not never)
    for _, sites in _found(signal.id):
        assert set(askable.measures) <= set(signal.measures(sites))


def test_every_signal_is_answered_or_pending() -> None:
    """No signal is both answered and pending, and no other is in the matrix's vocabulary."""
    pending = {signal.id for signal in load_pending()}
    assert not pending & set(SIGNALS)
    assert pending | set(SIGNALS) == set(load_vocabulary())


def _judging(signal: str) -> Iterator[str]:
    """The cases that say something of ``signal``: with these each process runs a part of them, instead of all."""
    return (name for name, case in CASES.items() if any(e.signal == signal for e in case.expectations))


def _found(signal: str) -> Iterator[tuple[Finding, Sites]]:
    for name in _judging(signal):
        finding, sites = _results(name)[signal]
        if finding.outcome is Outcome.FOUND:
            yield finding, sites


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_grades_depend_on_the_sites_alone(signal: Signal) -> None:
    """Grade, measures and statement come out the same whatever the order of the sites, and again when recomputed."""
    seen = list(_found(signal.id))
    assert seen
    for finding, sites in seen:
        for order in (sites, Sites(reversed(sites)), Sites((*sites[1:], *sites[:1]))):
            assert signal.grade(order) is finding.grade
            assert dict(sorted(signal.measures(order).items())) == finding.measures
            assert signal.statement(order) == finding.statement


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_statements_are_sentences(signal: Signal) -> None:
    """What a finding says is one line that ends like a sentence, for every set of sites that a case brings."""
    for finding, _ in _found(signal.id):
        assert "\n" not in finding.statement
        assert finding.statement.endswith(".")
        assert finding.statement[0].isupper() or finding.statement[0].isdigit()


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_clauses_are_all_used(signal: Signal) -> None:
    """Every clause that a signal declares is proved by a site of some case that judges it."""
    used = {site.clause for name in _judging(signal.id) for site in _results(name)[signal.id][1]}
    assert used == set(signal.clauses)


def test_nothing_is_found_in_nothing() -> None:
    """An empty project has no finding, and says of each signal whether looking made sense."""
    ledger = Ledger()
    results = detect.run(DETECTORS, project_of(Case("Nothing", {}, (), ())), "empty", ledger)
    assert set(results) == set(SIGNALS)
    assert not ledger.entries()
    for signal, (finding, sites) in results.items():
        assert not sites
        expected = Outcome.ABSENT if SIGNALS[signal].applies == "any" else Outcome.NOT_APPLICABLE
        assert finding.outcome is (Outcome.UNAVAILABLE if SIGNALS[signal].where == "forge" else expected)


@pytest.mark.no_cover
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PROJECTS)
def test_detectors_survive_any_python(files: dict[str, str]) -> None:
    """Whatever the files hold, no detector stops, and every site is a place in one of them."""
    ledger = Ledger()
    project = project_of(Case("Any", files, (), ()))
    results = detect.run(DETECTORS, project, "any", ledger)
    assert not [e for e in ledger.entries() if e.code == "detector_failed"]
    for signal, (finding, sites) in results.items():
        assert (finding.outcome is Outcome.FOUND) == (SIGNALS[signal].grade(sites) is not None)
        for site in sites:
            assert site.clause in SIGNALS[signal].clauses
            assert 1 <= site.start <= site.end <= max(1, files[site.path].count("\n") + 1)


def test_grades_are_ordered() -> None:
    """Of the bars, the higher one wins; without sites there is no grade."""
    some = Sites((Site(path="a.py", clause="x"),))
    signal = next(iter(SIGNALS.values()))
    assert signal.grade(Sites()) is None
    assert any_site(some)
    assert Grade.TRACE < Grade.PRACTISED < Grade.SUSTAINED
