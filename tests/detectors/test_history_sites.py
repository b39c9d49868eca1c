"""Sites of the history signals: each is one person's, so that the same bars can be put to one person's sites alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence import detect
from evidence.model import Grade, Ledger, Signal, Sites
from evidence.testkit import Case, cases_in, project_of
from evidence.testkit.history import read_history

DETECTORS = tuple(d for d in detect.discover() if d.__name__.startswith("detectors.history."))
SIGNALS = {signal.id: signal for detector in DETECTORS for signal in detector.SIGNALS}
CASES = cases_in(Path(__file__).parents[2] / "fixtures")
HISTORY = """
2025-01-01 ada app/__init__.py
2025-01-02 bob *8 app/views{n}.py merged:ada
""".strip().splitlines()


def _own(signal: Signal, sites: Sites, author: str) -> Sites:
    return Sites(s for s in sites if s.subject == author and s.clause in signal.defining)


def test_a_change_is_its_authors_and_not_the_mergers() -> None:
    """Who merged others' work has one change of their own; whoever wrote it has eight, cited by their commits."""
    project = project_of(Case("Flow", {}, read_history(HISTORY), ()))
    signal = SIGNALS["history.pr_flow"]
    _, sites = detect.run(DETECTORS, project, "r", Ledger())[signal.id]
    by_sha = {c.sha: c for c in project.history.commits}
    ada, bob = (project.people.with_email(f"{name}@example.org") for name in ("ada", "bob"))
    assert ada and bob
    written = _own(signal, sites, bob.key)
    assert {by_sha[s.commit].author.name for s in written} == {"bob"}
    assert (len(written), signal.grade(written)) == (8, Grade.SUSTAINED)
    assert (len(_own(signal, sites, ada.key)), signal.grade(_own(signal, sites, ada.key))) == (1, None)
    assert {by_sha[s.commit].author.name for s in sites.of("merge")} == {"ada"}


LEFT = """
2024-01-01 ada app/__init__.py
2024-02-01 bob *30 app/views{n}.py merged:ada
2025-01-01 eve *250 app/models{n}.py
""".strip().splitlines()


def test_who_left_is_told_by_what_they_did_then() -> None:
    """The window has none of theirs: their own newest twenty changes count for them, and nothing of it for the team."""
    project = project_of(Case("Left", {}, read_history(LEFT), ()))
    signal = SIGNALS["history.pr_flow"]
    _, sites = detect.run(DETECTORS, project, "r", Ledger())[signal.id]
    ada, bob, eve = (project.people.with_email(f"{name}@example.org") for name in ("ada", "bob", "eve"))
    assert ada and bob and eve
    written = _own(signal, sites, bob.key)
    assert (len(written), signal.grade(written)) == (20, Grade.SUSTAINED)
    assert signal.measures(written) == {"requests": 20, "by_others": 20, "percent": 100}
    assert (len(_own(signal, sites, eve.key)), signal.grade(_own(signal, sites, eve.key))) == (200, None)
    assert signal.grade(_own(signal, sites, ada.key)) is None
    told = "0 of the last 200 changes on the main line came through requests; earlier ones did."
    assert (signal.grade(sites), signal.statement(sites)) == (Grade.TRACE, told)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("history.")])
def test_sites_are_commits_of_the_person_they_name(name: str) -> None:
    """Every site cites a commit that is there, and names its author."""
    project = project_of(CASES[name])
    by_sha = {c.sha: c for c in project.history.commits}
    for _, sites in detect.run(DETECTORS, project, "r", Ledger()).values():
        for site in sites:
            assert not site.path
            assert project.people.author(by_sha[site.commit]).key == site.subject


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_all_that_is_one_persons_is_defining(signal: Signal) -> None:
    """Nobody else's commits speak for or against a person: only the merge that brings a change is somebody else's."""
    assert set(signal.clauses) - set(signal.defining) <= {"merge"}
