"""Automated tests of the app: tests that can fail when the code is wrong.

**What it sees.** Functions that pytest or unittest would collect and not skip, with an assertion that depends on a
value (or a helper that holds one), and that reach the project's code: by import, through a fixture, or through their
class. The CI step that runs them.

**Why it matters.** A change is safe to make when something fails that should fail. Ten tests that check are worth more
than a thousand that only run.

**What it cannot tell.** Whether the tests pass, what they leave out, or whether a check is a good one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from evidence.api import CollectedTest, Observations, Project, Signal, Site, Sites, plural, regex

# Catalogue: "at least ten tests with assertions".
_BAR = 10
_SHOWN_LINES = 40
# A request through a client object; a client of something else (``self.client_id``) has no such methods.
_REQUESTS = regex(
    r"client\w{0,20}(?:\(\)|\[\])?\.(?:get|post|put|patch|delete|head|options|open|request|simulate|session_transaction)"
    r"|test_client|testapp\w{0,20}(?:\(\))?\.(?:get|post|put|patch|delete|head|options|request|do_request|post_json|put_json)",
    re.IGNORECASE,
)

_MAKES_CLIENT = regex(r"(?:^|\.)(?:TestApp|test_client)\b|client", re.IGNORECASE)


def _checking(sites: Sites) -> int:
    return sites.count("client", "direct")


def _statement(sites: Sites) -> str:
    checking, client = _checking(sites), sites.count("client")
    if not checking:
        return f"{plural(sites.count('unchecked'), 'test')}, none of which checks the project's code."
    through = f", {client:,} of them through a test client" if client else ""
    run = "; CI runs them" if sites.has("run_by_ci") else ""
    few = f", below the bar of {_BAR}" if checking < _BAR else ""
    return f"{plural(checking, 'test')} with checks{few}{through}{run}."


SUITE = Signal(
    id="test.suite",
    title="Automated tests of the app",
    competency="testing",
    seeds=("S8.1", "C7.3"),
    counts="At least ten tests with assertions that use the Flask test client or call the project's code.",
    strong="CI runs them on changes.",
    not_credited="Empty tests, tests without an assertion, skipped tests, and tests that only check constants.",
    how_to_show=(
        "Write tests that call your views through the test client and assert on the answer, and run pytest in CI."
    ),
    clauses=("run_by_ci", "client", "direct", "unchecked"),
    defining=("client", "direct", "unchecked"),
    practised=lambda sites: _checking(sites) >= _BAR,
    sustained=lambda sites: sites.has("run_by_ci"),
    measures=lambda sites: {"tests": _checking(sites), "client_tests": sites.count("client")},
    statement=_statement,
)
SIGNALS = (SUITE,)


def detect(project: Project) -> Observations:
    """Every effective test, else the ineffective ones; and the steps of CI that run them."""
    tests = [t for t in project.suite.functions if project.in_flask_part(t.file.path)]
    effective = [t for t in tests if t.effective]
    for test in effective:
        yield SUITE, _site(test, "client" if _uses_client(project, test) else "direct")
    if not effective:
        yield from ((SUITE, _site(t, "unchecked")) for t in tests if t.definition.statements)
    else:
        yield from ((SUITE, site) for site in _runs(project))


def _site(test: CollectedTest, clause: str) -> Site:
    start = test.definition.start
    end = min(test.definition.end, start + _SHOWN_LINES - 1)
    return Site(path=test.file.path, start=start, end=end, clause=clause, subject=test.file.path)


def _uses_client(project: Project, test: CollectedTest) -> bool:
    """Whether a test asks for a client, or calls something on one."""
    asked = any("client" in name.lower() for name in test.definition.params)
    if asked or any(map(_requests, test.file.module.refs[test.scope])):
        return True
    return any("testapp" in name and _is_client(project, name) for name in test.definition.params)


def _is_client(project: Project, name: str) -> bool:
    """Whether ``testapp`` is WebTest's, which is a client; a fixture of that name may hand out the application."""
    own = [f for f in project.suite.fixtures if f.definition.name == name]
    return not own or any(_MAKES_CLIENT.search(ref) for f in own for ref in f.file.module.refs[f.scope])


@lru_cache(1 << 14)
def _requests(name: str) -> bool:
    """Whether a name is of a request that a client makes; tests refer to few names many times."""
    return _REQUESTS.search(name) is not None


def _runs(project: Project) -> Iterator[Site]:
    runs = [
        run
        for run in project.ci_runs
        if "test" in run.kinds and run.effective and run.pipeline.on_change and not run.job.checks_out_other
    ]
    for run in [r for r in runs if project.of_flask_part(r)] or runs:
        place = run.place
        yield Site(path=place.path, start=place.start, end=place.end, clause="run_by_ci", subject=run.job.name)
