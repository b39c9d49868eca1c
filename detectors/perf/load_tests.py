"""Load tests and benchmarks of the project's own endpoints and code.

**What it sees.** Users of Locust, scenarios of k6, JMeter, Gatling and Artillery, commands that run these, vegeta, wrk
and their kin, tests with pytest-benchmark, scripts and tests of the project's own that are named for load or benchmarks
and take the time of many calls; whether CI runs them, and thresholds and recorded baselines.

**Why it matters.** How much a service bears is not known until someone has tried.

**What it cannot tell.** Whether the load resembles real use, and what became of the results.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Observations, Project, Role, Signal, Site, Sites, plural, regex

_TOOLS = regex(
    r"(?:^|[\s/;&|(\"'])(?:k6\s+(?:run|cloud)\b|locust\s+-|locust$|jmeter\s+-|artillery\s+(?:run|quick)\b|vegeta\s+attack\b|wrk2?\s+-|oha\s+-|hey\s+-|bombardier\s+-"
    r"|ab\s+-[nck]|gatling(?:\.sh)?\s|drill\s+--benchmark|siege\s+-|autocannon\s|asv\s+(?:run|continuous)\b|pyperf\s|pytest\b.{0,200}--benchmark-)"
)
_THRESHOLD = regex(r"--benchmark-compare-fail|--exit-code-on-error|--threshold|--max-fail-ratio|--check-fail")
_SCRIPT = regex(r"(?:^|\s)((?:[\w.\-]{1,80}/){0,8}[\w.\-]{1,80}\.(?:js|ts|jmx|scala|lua))(?=\s|$)")
_RECORDED = regex(r"(?:^|/)\.benchmarks/|(?:^|/)(?:asv\.conf\.json|benchmark[-_]?results?\.(?:json|csv|md))$")
# ... and reports kept in a folder of results beside the scenario, or written by Locust
_RESULTS = regex(
    r"(?:^|/)(?:results?|reports?|baselines?)/(?:.{0,200}/)?[^/]+\.(?:csv|json|md|html)$|_stats_history\.csv$"
)
_SHOWN_RESULTS = 3
_USERS = (
    "locust.HttpUser",
    "locust.User",
    "locust.FastHttpUser",
    "locust.contrib.fasthttp.FastHttpUser",
    "locust.HttpLocust",
    "locust.TaskSet",
)
_PACKAGES = frozenset({"locust", "pytest-benchmark", "locustio", "molotov", "asv"})
_ROLES = (Role.APP, Role.TEST)
_KINDS = ("scenario", "benchmark", "command")
_LONGEST = 40


def _statement(sites: Sites) -> str:
    if not sites.kinds(*_KINDS):
        return "A tool for load tests is a dependency, and no scenario uses it."
    told = {"scenario": "load scenario", "benchmark": "benchmark", "command": "command that runs load tests"}
    many = {"command": "commands that run load tests"}
    parts = ", ".join(plural(sites.count(k), w, many.get(k, "")) for k, w in told.items() if sites.has(k))
    more = [
        w
        for c, w in (("run_by_ci", "CI runs them"), ("threshold", "limits are set"), ("baseline", "results are kept"))
        if sites.has(c)
    ]
    return f"The repository has {parts}{'; ' + ', '.join(more) if more else ''}."


LOAD_TESTS = Signal(
    id="perf.load_tests",
    title="Load tests or benchmarks",
    competency="performance",
    seeds=("S1.3", "S4.2", "C4.3"),
    counts="Scenarios of Locust, k6, JMeter, Gatling, Artillery, vegeta, wrk or pytest-benchmark, or scripts"
    " and tests of its own that take the time of many calls, for the project's own endpoints or code.",
    strong="CI runs them, or thresholds or baselines are recorded.",
    not_credited="A sentence in the README; the dependency alone.",
    how_to_show="Commit the scenario, the command that runs it, and the numbers that it must not fall behind.",
    clauses=("scenario", "command", "benchmark", "run_by_ci", "threshold", "baseline", "dependency"),
    leads=("dependency",),
    defining=("scenario", "command", "benchmark", "threshold", "baseline"),
    practised=lambda sites: sites.kinds(*_KINDS) > 0,
    sustained=lambda sites: sites.count("run_by_ci", "threshold", "baseline") > 0,
    measures=lambda sites: {"scenarios": sites.count("scenario", "benchmark")},
    statement=_statement,
)
SIGNALS = (LOAD_TESTS,)


def detect(project: Project) -> Observations:
    """Scenarios, benchmarks and commands; what makes them count; dependencies where there are none."""
    written = [_site(o.path, o.start, o.end, o.kind, o.subject) for o in project.load_scripts]
    found = [*_users(project), *_benchmarks(project), *_scenarios(project), *written, *_commands(project, written)]
    near = [s for s in found if project.in_flask_part(s.path) and _has_part(project, s.path)]
    found = near if any(s.clause in _KINDS for s in near) else found
    if found:
        runs = (
            r for r in project.ci_runs if r.effective and ("load" in r.kinds or _TOOLS.search(" ".join(r.words[:40])))
        )
        found += [_site(r.place.path, r.place.start, r.place.end, "run_by_ci", r.tool) for r in runs]
        kept = [p for p in sorted(project.paths) if _RECORDED.search(p)] or _results(project, found)
        found += [_site(p, 1, 1, "baseline", p) for p in kept]
    yield from ((LOAD_TESTS, s) for s in found or _dependencies(project))


def _results(project: Project, found: list[Site]) -> list[str]:
    """Reports in the folders of the scenarios, the first few."""
    folders = tuple({s.path.rpartition("/")[0] + "/" for s in found if "/" in s.path and s.clause == "scenario"})
    return [p for p in sorted(project.paths) if p.startswith(folders) and _RESULTS.search(p)][:_SHOWN_RESULTS]


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=subject)


def _has_part(project: Project, path: str) -> bool:
    """Whether a path lies in a folder with dependencies of its own, below the root."""
    folder = path.rpartition("/")[0]
    while folder and not project.is_part(folder):
        folder = folder.rpartition("/")[0]
    return bool(folder)


def _users(project: Project) -> Iterator[Site]:
    """Users of Locust with tasks of their own."""
    for file in project.python_of(*_ROLES):
        if not any(i.target.startswith("locust") for i in file.module.imports):
            continue
        for number, definition in enumerate(file.module.definitions, 1):
            tasks = any(d.parent == number and d.decorators for d in file.module.definitions) or any(
                a.scope == number and a.target.endswith("tasks") for a in file.module.assigns
            )
            if (
                definition.kind == "class"
                and tasks
                and any(project.class_of(file, b.text).startswith(_USERS) for b in definition.bases)
            ):
                yield _site(file.path, definition.start, definition.end, "scenario", definition.name)


def _benchmarks(project: Project) -> Iterator[Site]:
    """Tests that measure with pytest-benchmark's fixture."""
    for file in project.tests:
        for definition in file.module.definitions:
            if definition.name.startswith(("test", "bench")) and "benchmark" in definition.params:
                scope = file.scopes.get(definition.qualname, 0)
                if any(c.name in ("benchmark", "benchmark.pedantic") for c in file.calls_in(scope)):
                    yield _site(file.path, definition.start, definition.end, "benchmark", definition.name)


def _scenarios(project: Project) -> Iterator[Site]:
    """Scenarios of Artillery: a target, phases of load, and what is asked; limits where some are given."""
    for path, data in project.data.items():
        config, steps = data.root.get("config"), data.root.get("scenarios")
        if (
            config is None
            or steps is None
            or project.role(path) not in _ROLES
            or not (config.get("phases") or config.get("environments"))
        ):
            continue
        yield _site(path, data.root.start, data.root.end, "scenario", path)
        for limits in (config.get("ensure"), config.get("plugins", "ensure")):
            if limits is not None and limits.items:
                yield _site(path, limits.start, limits.end, "threshold", path)


def _commands(project: Project, written: list[Site]) -> Iterator[Site]:
    """Commands of scripts, Makefiles, containers and manifests that put load on something, and the scripts they
    name."""
    lines = [(s.path, s.start, s.end, s.text) for s in project.starts]
    lines += [(w.path, w.start, w.end, w.text) for w in project.written_lines]
    # a workflow that names the script it runs is the command
    lines += [
        (r.place.path, r.place.start, r.place.end, " ".join(r.words))
        for r in project.ci_runs
        if r.effective and "load" in r.kinds and any(_SCRIPT.search(w) for w in r.words)
    ]
    seen = set()
    for path, start, end, text in lines:
        if (path, start) in seen or project.role(path) not in _ROLES or not _TOOLS.search(text):
            continue
        seen.add((path, start))
        yield _site(path, start, end, "command", path)
        if _THRESHOLD.search(text):
            yield _site(path, start, end, "threshold", path)
        for match in _SCRIPT.finditer(text[:4_000]):
            named = sorted(
                p
                for p in project.paths
                if p == match[1] or p.endswith("/" + match[1].removeprefix("./").rpartition("/")[2])
            )
            near = [p for p in named if p.startswith(path.rpartition("/")[0])]
            known = {s.path for s in written}
            yield from (_site(p, 1, 1, "scenario", p) for p in (near or named)[:1] if p not in known)


def _dependencies(project: Project) -> Iterator[Site]:
    for path, listed in project.dependencies.items():
        if project.role(path) in _ROLES and not listed.lock and not listed.compiled:
            yield from (_site(path, i.line, i.line, "dependency", i.name) for i in listed.items if i.name in _PACKAGES)
