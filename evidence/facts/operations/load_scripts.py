"""Load tests and benchmarks that are files of their own: scenarios of k6, JMeter and Gatling, and the project's own
scripts and tests that ask many times and take the time.

Sources: the documents of k6 (``import http from "k6/http"``, ``options.thresholds``), of JMeter (a plan's root element)
and of Gatling (``io.gatling``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence, at, between
from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_K6 = regex(r"(?m)^[ \t]{0,8}(?:import\b[^\n]{0,200}|.{0,80}\brequire\()[\"']k6(?:/[\w./-]{1,60})?[\"']")
_K6_LIMITS = regex(r"(?m)^[ \t]{0,20}[\"']?thresholds[\"']?\s{0,4}:\s{0,4}\{")
_PLAN = regex(r"<jmeterTestPlan\b")
_GATLING = regex(r"(?m)^import\s+(?:static\s+)?io\.gatling\.")
# What a team calls such a script; ``test_load_users`` tests that something is loaded.
_NAMED = regex(
    r"(?:^|[/_-])(?:load[_-]?test(?:s|ing|er)?|test[_-]load(?=\.)|stress(?:[_-]?test(?:s|ing|er)?)?"
    r"|bench(?:es|marks?|marking)?|(?:perf|performance)[_-]?tests?|test[_-](?:perf|performance|throughput|latency|stress)"
    r"|soak[_-]?tests?|throughput|latency[_-]?test)(?=[/_.-])",
)
_OUT = ("requests.", "httpx.", "aiohttp.", "urllib.request.", "urllib3.", "grequests.", "http.client.")
_CLOCKS = ("time.time", "time.perf_counter", "time.monotonic", "time.process_time", "timeit.default_timer")
_TIMERS = ("timeit.timeit", "timeit.repeat", "timeit.Timer")
_MANY = frozenset({
    "Thread", "Pool", "ThreadPool", "ThreadPoolExecutor", "ProcessPoolExecutor", "Process", "gather", "range", "spawn",
    "GreenletPool", "TaskGroup", "repeat", "as_completed",
})  # fmt: skip
# A start and an end.
_TAKEN = 2


def load_scripts(project: Project) -> tuple[Occurrence, ...]:
    """Every one, in path and line order. ``kind``: scenario, benchmark, or threshold (a limit beside a scenario)."""
    found = {*_texts(project), *_scripts(project), *_tests(project)}
    return tuple(sorted(found))


def _texts(project: Project) -> Iterator[Occurrence]:
    for path, text in project.texts.items():
        if project.role(path) not in (Role.APP, Role.TEST):
            continue
        match = _K6.search(text.text) or _PLAN.search(text.text) or _GATLING.search(text.text)
        if match is None:
            continue
        start = text.text.count("\n", 0, match.start()) + 1
        yield between(path, start, text.lines, "scenario", path)
        if limits := _K6_LIMITS.search(text.text):
            line = text.text.count("\n", 0, limits.start()) + 1
            yield between(path, line, line, "threshold", path)


def _scripts(project: Project) -> Iterator[Occurrence]:
    """Scripts that are named so, and ask the service or run the project's code many times with a clock beside it."""
    for file in project.python_of(Role.APP, Role.TEST):
        if not file.module.main or not _NAMED.search(file.path.lower()):
            continue
        calls = [c for c in file.module.calls if c.target != "decorator"]
        many = any(c.last in _MANY for c in calls) or any(a.value.text == "for" for a in file.module.assigns)
        timed = [c for c in calls if _clock(project, file, c.name)]
        if many and timed and any(_works(project, file, c.name) for c in calls):
            around = next((d for c in timed if (d := file.function_of(c.scope)) is not None), None)
            yield at(file, around or timed[0], "scenario", file.path)


def _tests(project: Project) -> Iterator[Occurrence]:
    """Tests in files named so that take the time of what they run and check something."""
    for test in project.scenarios:
        if test.checks and _NAMED.search(test.file.path.lower()):
            clocks = [c for c in test.calls if _clock(project, test.file, c.name)]
            timers = any(c.name.endswith(_TIMERS) for c in clocks)
            if (timers or len(clocks) >= _TAKEN) and len(test.calls) > len(clocks):
                yield at(test.file, test.definition, "benchmark", test.name)


def _clock(project: Project, file: PyFile, name: str) -> bool:
    return bool(name) and project.external(file, name) in (*_CLOCKS, *_TIMERS)


def _works(project: Project, file: PyFile, name: str) -> bool:
    """Whether a call leaves over HTTP or runs code of the project that lies elsewhere."""
    if not name:
        return False
    if project.external(file, name).startswith(_OUT):
        return True
    found = project.defined(file, name)
    return found is not None and found[0] is not file
